"""Scores of crystals read from STEM images."""
