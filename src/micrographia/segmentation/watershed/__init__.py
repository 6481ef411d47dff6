"""The classical segmenter."""
