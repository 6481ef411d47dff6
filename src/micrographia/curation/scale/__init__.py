"""Pixel sizes from scale bars and banners."""
