"""Correcting masks by hand."""
