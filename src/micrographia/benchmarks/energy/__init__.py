"""Scores of relaxed crystals: energies against references."""
