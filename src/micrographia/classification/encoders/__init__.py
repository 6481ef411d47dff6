"""Frozen networks that turn a picture into a vector, behind one interface."""
