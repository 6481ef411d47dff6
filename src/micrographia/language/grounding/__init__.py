"""Answers to questions about a picture: measured first, then put into words, then checked."""
