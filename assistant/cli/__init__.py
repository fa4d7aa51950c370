"""The command line, `assistant`: thin; every verb calls one function of a room and prints what it returns."""

from assistant.cli.command import app, main

__all__ = ["app", "main"]
