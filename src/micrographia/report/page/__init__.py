"""A self-contained HTML page: blocks in, text out. Knows nothing of any workflow."""
