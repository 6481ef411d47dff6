"""A second maker of STEM pictures, which shares nothing with the package that is tested by them.

It imports nothing from `micrographia` (a test holds it to that), takes other scattering factors
and reaches its pictures in another way, so that a solver which has only learned the habits of its
own forward model is found out. What it does, and what it leaves out, stands in the modules:

- `crystals`: real layers from the shared table, filtered as STEM2Mat, in two halves by formula.
- `scattering`: Doyle-Turner electron factors for the potential, Waasmaier-Kirfel X-ray factors by
  Mott and Bethe for the angles of an annular detector.
- `conditions`: the hidden conditions of a picture, drawn at random.
- `optics`: the pupil and the probe.
- `phase_object`: 4D-STEM of a thin periodic object, one direction of scattering after another.
- `canvas`: pictures of atoms that are not periodic, as a sum over atoms.
- `scan`, `detector`: where the probe really is, and what is counted and written there.
- `kinds`: what damages a picture. `pictures` puts it all together.

    python -m tests.second_maker --mode idpc --kind plain --count 20 --split dev --seed 7 --out X

Left out in both modes: multiple scattering along the beam (every layer is one slice, the `thick`
ones included), chromatic spread, charge transfer by bonding (neutral free atoms), inelastic
scattering, and damage by the beam.
"""

from .pictures import make_pictures

__all__ = ["make_pictures"]
