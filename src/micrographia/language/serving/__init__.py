"""The assistant as a local server that speaks the protocol of chat completions."""
