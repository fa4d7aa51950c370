"""Language and embedding models behind LangChain's base types."""
