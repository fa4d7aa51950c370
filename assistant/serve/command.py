"""`assistant serve`: starts the HTTP server, or speaks MCP over standard input and output."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

from assistant.engine import Engine
from assistant.errors import ConfigurationError
from assistant.web.guard import LOCAL_HOSTS

_MISSING = "Install it with `pip install 'china-ai-chip-assistant[serve]'`."


def run_http(
    assistant: Engine,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    api_key: str | None = None,
    mount_ui: bool = True,
    allow_open: bool = False,
    allowed_hosts: Sequence[str] | None = None,
    **options: Any,
) -> None:
    """Serves until interrupted.

    Args:
        assistant: Answers the questions.
        host: Address to listen on.
        port: Port to listen on.
        api_key: Key that requests must carry.
        mount_ui: Whether the web UI is served at `/` too.
        allow_open: Whether others may reach a server without a key.
        allowed_hosts: Names under which the server may be addressed; with a key any, without a key only those
            of this machine when None.
        **options: As for `create_app`.

    Raises:
        ConfigurationError: Packages are missing, the port is taken, or the server would be open to others.
    """
    local = host in ("localhost", "127.0.0.1", "::1")
    if not local and not api_key and not allow_open:
        raise ConfigurationError(
            f"A server at {host} without API key would answer everyone who reaches it.",
            "Give a key (--api-key or ASSISTANT_SERVE_KEY), or keep to 127.0.0.1.",
        )
    try:
        import uvicorn

        from assistant.serve.app import create_app
    except ImportError as error:
        raise ConfigurationError(f"The server's package {error.name} is not installed.", _MISSING) from error
    _check_free(host, port)
    if allowed_hosts is None:
        allowed_hosts = LOCAL_HOSTS if local and not api_key else ("*",)
    app = create_app(
        assistant,
        api_key=api_key or None,
        mount_ui=mount_ui,
        allowed_hosts=allowed_hosts,
        warm_up=True,
        **options,
    )
    uvicorn.run(
        app, host=host, port=port, log_level="warning", server_header=False, timeout_graceful_shutdown=5
    )


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen on {host}:{port}: {error.strerror}.", "Choose another port (--port)."
            ) from None


def run_mcp(assistant: Engine) -> None:
    """Speaks MCP over standard input and output until the client hangs up; for local agents.

    Raises:
        ConfigurationError: The package `mcp` is missing.
    """
    try:
        from assistant.serve.mcp_server import create_mcp_server
    except ImportError as error:
        raise ConfigurationError(f"The server's package {error.name} is not installed.", _MISSING) from error
    create_mcp_server(assistant).run("stdio")
