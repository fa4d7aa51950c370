"""`assistant serve` and `assistant mcp`: doors for other programs."""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.cli import options
from assistant.cli.options import AllowedHosts, Corpus, Embedding, Home, Model


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    api_key: Annotated[
        str | None,
        typer.Option(envvar="ASSISTANT_SERVE_KEY", help="Key that requests must carry as bearer token."),
    ] = None,
    ui: Annotated[bool, typer.Option(help="Serve the web UI at / too.")] = True,
    allow_open: Annotated[
        bool, typer.Option("--allow-open", help="Listen beyond this machine without a key.")
    ] = False,
    allowed_host: AllowedHosts = None,
    cors_origin: Annotated[
        list[str] | None, typer.Option(help="Origin of pages that may call; may be repeated.")
    ] = None,
    rate_limit: Annotated[
        int, typer.Option(min=0, help="Requests a minute of one client; 0: no limit.")
    ] = 120,
    max_running: Annotated[int, typer.Option(min=1, help="Questions answered at once.")] = 16,
    model: Model = None,
    home: Home = None,
    corpus: Corpus = None,
    embedding: Embedding = None,
) -> None:
    """Serve an OpenAI-compatible API, MCP and the web UI over HTTP."""
    from assistant.serve.command import run_http

    with options.open_assistant(model=model, home=home, corpus=corpus, embedding=embedding) as assistant:
        options.sync_if_possible(assistant)
        stored = assistant.settings.serve_key
        typer.echo(f"Serving at http://{f'[{host}]' if ':' in host else host}:{port}", err=True)
        run_http(
            assistant,
            host=host,
            port=port,
            api_key=api_key or (stored.get_secret_value() if stored else None),
            mount_ui=ui,
            allow_open=allow_open,
            allowed_hosts=allowed_host,
            cors_origins=cors_origin or (),
            rate_limit=rate_limit,
            max_running=max_running,
        )


def mcp(model: Model = None, home: Home = None, corpus: Corpus = None, embedding: Embedding = None) -> None:
    """Speak MCP over standard input and output, for agents on this machine."""
    from assistant.serve.command import run_mcp

    with options.open_assistant(model=model, home=home, corpus=corpus, embedding=embedding) as assistant:
        options.sync_if_possible(assistant)
        run_mcp(assistant)
