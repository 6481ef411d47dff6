"""Encoders that learn without labels, and the linear probe that makes classes of them."""
