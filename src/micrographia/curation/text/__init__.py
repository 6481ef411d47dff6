"""Text regions burnt into micrographs."""
