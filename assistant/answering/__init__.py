"""Passages to a checked answer."""
