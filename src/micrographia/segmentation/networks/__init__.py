"""Architectures of the flow networks."""
