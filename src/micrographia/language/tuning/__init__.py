"""Vision-language models of others, fitted to conversations by adapters of low rank."""
