"""Scores of the nine attributes."""
