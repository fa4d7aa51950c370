"""Build and start the web UI."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from assistant.engine import Engine
from assistant.ingest.reading import limits_of
from assistant.web.desk import Desk
from assistant.web.guard import LOCAL_HOSTS
from assistant.web.history import History
from assistant.web.transfers import Transfers

log = logging.getLogger(__name__)
TITLE = "China AI & chip desk"


def asset(name: str) -> str:
    """Text of a file of `assets/`."""
    return files("assistant.web").joinpath("assets", name).read_text("utf-8")


def _transfer_folder() -> Path:
    """Where Gradio keeps uploads: a folder of this process alone, as Gradio's own is open to all its applications."""
    if "GRADIO_TEMP_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="assistant-page-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["GRADIO_TEMP_DIR"] = folder
    return Path(os.environ["GRADIO_TEMP_DIR"])


def build(engine: Engine, *, allowed_hosts: Sequence[str] = LOCAL_HOSTS) -> tuple[Any, dict[str, Any], Desk]:
    """Build the page over an engine.

    Args:
        engine: What answers.
        allowed_hosts: Names under which the page may be addressed; `*` for any.

    Returns:
        The `gr.Blocks`, the arguments for its `launch`, and the desk behind it.
    """
    # Gradio asks its makers for its newest version when it is imported, unless told not to.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import gradio as gr
    from starlette.middleware import Middleware

    from assistant.web.early import EarlyHead
    from assistant.web.guard import PageGuard
    from assistant.web.layout import build_layout
    from assistant.web.uploads import SUFFIXES
    from assistant.web.wire_chat import wire_chat
    from assistant.web.wire_side import wire_side

    home = engine.settings.home
    desk = Desk(engine, History(home / "web.sqlite3"), home / "uploads", Transfers(_transfer_folder()))
    parts, i18n = build_layout(TITLE, SUFFIXES)
    with parts.blocks:
        wire_chat(desk, parts)
        wire_side(desk, parts)
    # A mounted page never counts as launched, and Gradio then skips its own check of paths.
    parts.blocks.has_launched = True
    parts.blocks.queue(default_concurrency_limit=16, max_size=64)
    # Fonts of the reader's system only: nothing is fetched from elsewhere.
    sans = ["system-ui", "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "sans-serif"]
    theme = gr.themes.Base(
        primary_hue="neutral",
        neutral_hue="stone",
        radius_size="sm",
        font=sans,
        font_mono=["ui-monospace", "monospace"],
    )
    early = f"<style>{asset('desk.css')}</style><script>{asset('desk.js')}</script>"
    arguments = {
        "i18n": i18n,
        "theme": theme,
        "app_kwargs": {
            "middleware": [
                Middleware(PageGuard, transfers=desk.transfers, allowed_hosts=tuple(allowed_hosts)),
                Middleware(EarlyHead, html=early),
            ]
        },
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        # Somewhat more than is read: the report on a file a little too large says more than a failed transfer.
        "max_file_size": int(1.25 * limits_of(engine.settings).file_bytes),
        "show_error": True,
    }
    return parts.blocks, arguments, desk


def launch(
    engine: Engine | None = None,
    *,
    host: str | None = None,
    port: int | None = None,
    allowed_hosts: Sequence[str] = (),
    open_browser: bool = False,
    block: bool = True,
) -> Desk:
    """Start the web UI.

    The page is there at once; the index is built and the models are loaded in the background.

    Args:
        engine: What answers; an `Assistant` with the configured settings when None.
        host: Address to listen on; this machine only when None.
        port: Port; the first free one from 7860 when None.
        allowed_hosts: Further names under which the page may be addressed; the names of this machine and numeric
            addresses always may, `*` allows any.
        open_browser: Whether to open the page in the default browser.
        block: Whether to return only when the server ends.

    Raises:
        AssistantError: A setting, the users file or the data folder cannot be used.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    if engine is None:
        from assistant.assistant import Assistant

        engine = Assistant()
    from assistant.web.auth import load_users

    users = load_users(engine.settings.auth)
    if users is None and host not in (None, "127.0.0.1", "localhost", "::1"):
        log.warning(
            "Everyone who reaches %s sees all conversations: name a users file in ASSISTANT_AUTH.", host
        )
    own = () if host in (None, "127.0.0.1", "localhost", "::1") else (socket.gethostname(), socket.getfqdn())
    blocks, arguments, desk = build(engine, allowed_hosts=(*LOCAL_HOSTS, *own, *allowed_hosts))
    threading.Thread(target=desk.prepare, name="prepare", daemon=True).start()
    blocks.launch(
        server_name=host,
        server_port=port,
        inbrowser=open_browser,
        prevent_thread_lock=not block,
        auth=users.check if users else None,
        quiet=not block,
        **arguments,
    )
    desk.blocks = blocks
    return desk


def has_screen() -> bool:
    """Whether a browser that this program opens would be seen: not in CI, nor without a display."""
    if os.environ.get("CI"):
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
