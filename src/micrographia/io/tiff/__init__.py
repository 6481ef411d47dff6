"""TIFF files: stated pixel sizes, and pixels."""
