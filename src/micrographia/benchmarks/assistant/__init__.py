"""Scores of an assistant's answers: likeness to the reference, and whether facts are right."""
