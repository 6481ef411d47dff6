"""Drawings that several rooms make."""
