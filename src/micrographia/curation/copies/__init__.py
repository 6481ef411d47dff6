"""Duplicates among micrographs: fingerprints, near neighbours, groups."""
