"""Crystals to relaxed crystals and energies."""
