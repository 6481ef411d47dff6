"""Formats of electron microscopes, a module for each family, and the lengths that they state."""
