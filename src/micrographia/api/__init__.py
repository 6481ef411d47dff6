"""Micrographia from Python: what `import micrographia as mg` offers, such as `mg.read`.

These functions call what the command line calls, so both give the same numbers. They are the
roof of the house: they may import every room, and no room may import them. What they need is
imported when they are called.
"""
