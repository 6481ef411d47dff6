"""Scores of instance masks, methods side by side, learning curves."""
