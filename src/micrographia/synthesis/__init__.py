"""Room: synthetic micrographs with exact masks."""
