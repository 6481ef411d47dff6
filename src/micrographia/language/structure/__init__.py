"""Picture of a 2D crystal to its crystal structure, written as text (MicroscopyGPT)."""
