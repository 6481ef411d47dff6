"""Readers of the labels of scale bars."""
