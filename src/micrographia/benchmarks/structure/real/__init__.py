"""Crystals that were read from real pictures, beside those that the pictures show."""
