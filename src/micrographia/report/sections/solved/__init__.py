"""STEM pictures and the crystals found in them."""
