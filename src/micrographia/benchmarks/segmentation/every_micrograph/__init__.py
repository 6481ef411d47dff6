"""Scores on micrographs of every kind that were drawn and counted by eye."""
