"""Near copies among micrographs: fingerprints, neighbours, groups."""
