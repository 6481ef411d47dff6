"""A labelled double of STEM2Crystal-Bench: real 2D crystals, drawn from its description.

It shares no code with `micrographia`: atoms are points of contrast Z**n, and exponent, probe,
dose, jitter, background and readout noise are drawn anew for each picture and kept from the
solver. It is a double, never the benchmark: no score on it may be quoted as one on the original.
"""
