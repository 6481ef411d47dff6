"""Symmetry of what was read from a picture: plane group, space group, averaging over both."""
