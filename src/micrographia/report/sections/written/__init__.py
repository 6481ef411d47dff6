"""Crystals that were written as text: scores, what the picture adds, and examples."""
