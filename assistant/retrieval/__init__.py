"""A question to ranked passages and sentences."""
