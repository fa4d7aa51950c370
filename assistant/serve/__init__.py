"""Doors for other programs: OpenAI-compatible HTTP and MCP."""
