"""Crystals from pictures whose optics nobody stated: the optics are fitted with the atoms."""
