"""Room: one self-contained HTML page of the results."""
