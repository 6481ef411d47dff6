"""Scores of crystals that were written as text."""
