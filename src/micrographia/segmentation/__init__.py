"""Room: micrographs become instance masks and measurements."""
