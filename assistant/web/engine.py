"""The protocol of the engine, under the name that the rooms of the web UI use."""

from assistant.engine import Engine

__all__ = ["Engine"]
