"""Kinds of pictures: how well classes are told apart, and which pictures are hard."""
