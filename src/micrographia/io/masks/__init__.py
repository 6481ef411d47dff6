"""Shapes as pixels lie: outlines filled, runs of pixels."""
