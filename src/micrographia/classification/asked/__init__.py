"""Identification by a vision-language model that is shown demonstrations."""
