"""Micrographia: electron micrographs to data, models and crystal structures."""

__version__ = "0.2.0"
