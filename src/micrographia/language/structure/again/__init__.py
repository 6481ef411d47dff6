"""Looking again: what was written is drawn, compared with the picture, and ranked by it."""
