"""Room: a folder of micrographs becomes a clean table of micrographs."""
