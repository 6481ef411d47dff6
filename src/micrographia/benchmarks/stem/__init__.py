"""Scores of STEM engines against one another."""
