"""OpenAI-compatible endpoints: transport, ledger of calls, replies, questions with pictures."""
