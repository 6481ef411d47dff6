"""The assistant's network: sees the picture, knows the facts, and writes answers with places."""
