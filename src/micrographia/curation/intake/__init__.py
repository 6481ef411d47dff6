"""Listing, reading and judging what a user brings."""
