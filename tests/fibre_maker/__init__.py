"""A maker of pictures of fibres that cross, which shares nothing with the package it tests.

It imports nothing from `micrographia` (a test holds it to that), and draws by analytic distance:
a pixel belongs to a fibre when its centre is within half a width of the centre line. Every fibre's
centre line, width, length and place in the pile are known exactly. Ends are flat.

- `curves`: centre lines, as worm-like chains whose bends are smoothed.
- `pictures`: masks of them, and grey pictures with shading, blur and noise.

    python -m tests.fibre_maker --count 200 --seed 0 --out X

Left out: fibres whose width changes along them, branches, twisted bundles, loops out of the plane,
and fibres that leave the frame and come back.
"""

from .pictures import Drawn, draw

__all__ = ["Drawn", "draw"]
