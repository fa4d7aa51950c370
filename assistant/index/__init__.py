"""Passages in and out of Chroma and the lexical index, kept in step with the files they come from."""
