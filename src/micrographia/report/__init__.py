"""Room: results become one self-contained page."""
