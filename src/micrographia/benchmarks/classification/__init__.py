"""Scores of classes predicted for pictures."""
