"""Procedural micrographs with exact masks."""
