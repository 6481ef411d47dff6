"""Crystals and micrographs in words: structure as text."""
