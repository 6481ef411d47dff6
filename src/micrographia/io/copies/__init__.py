"""Near-copies among pictures: fingerprints, near neighbours, groups."""
