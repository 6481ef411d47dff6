"""Facts of pictures, and questions with answers that rest on them, to learn from."""
