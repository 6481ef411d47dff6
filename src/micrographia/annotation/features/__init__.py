"""Statistics of a picture and its masks that embedded annotators read."""
