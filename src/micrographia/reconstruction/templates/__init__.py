"""Known crystals: found by a descriptor, placed on a picture, compared."""
