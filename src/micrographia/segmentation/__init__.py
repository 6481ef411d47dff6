"""Room: instance masks and measurements of micrographs."""
