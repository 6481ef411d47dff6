"""Sizes and shapes of instances, and their exports."""
