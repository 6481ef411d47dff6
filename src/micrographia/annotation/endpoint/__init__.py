"""Annotators behind an OpenAI-compatible endpoint: prompts, transport, ledger of calls."""
