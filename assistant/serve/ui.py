"""The web UI on the same server."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from assistant.web.desk import Desk

USER = "assistant"


def mount(app: FastAPI, assistant: Any, api_key: str | None) -> Desk:
    """Serves the web UI at `/`.

    Who may sign in is told by the UI's own users file; without one, a server with an API key takes that key
    as the password of the user `assistant`.

    Args:
        app: The server.
        assistant: What the UI asks.
        api_key: Key of the server.

    Returns:
        The desk behind the page.
    """
    import gradio as gr

    from assistant.web.app import build
    from assistant.web.auth import load_users

    users = load_users(assistant.settings.auth)
    check: Callable[[str, str], bool] | None = users.check if users is not None else None
    if check is None and api_key is not None:

        def with_key(name: str, password: str) -> bool:
            return hmac.compare_digest(password.encode(), api_key.encode()) and name == USER

        check = with_key
    # `Guard` has looked at the host already.
    blocks, arguments, desk = build(assistant, allowed_hosts=("*",))
    threading.Thread(target=desk.prepare, name="prepare", daemon=True).start()
    gr.mount_gradio_app(app, blocks, path="/", auth=check, ssr_mode=False, mcp_server=False, **arguments)
    return desk
