"""Elements inferred from a calibrated picture."""

from dataclasses import replace

import pytest
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.config import Reconstruction
from micrographia.errors import SolveError
from micrographia.io.stem_images import StemImage
from micrographia.physics.conditions import ImagingConditions
from micrographia.reconstruction.blind import candidates, log_prior
from micrographia.reconstruction.solve import solve
from micrographia.stem.simulate import draw_view, simulate


def _picture(layer: Atoms, dose: float) -> StemImage:
    return simulate(layer, ImagingConditions(), draw_view(0.1, 48.0, None, [4, 2]), dose=dose)


@pytest.mark.parametrize(
    ("layer", "formula"),
    [
        (graphene(vacuum=5), "C2"),
        (mx2("MoS2", vacuum=5), "MoS2"),
        (mx2("PtSe2", "1T", a=3.75, thickness=2.6, vacuum=5), "PtSe2"),
    ],
    ids=["graphene", "MoS2-1H", "PtSe2-1T"],
)
def test_elements_are_read_from_the_contrast(layer: Atoms, formula: str) -> None:
    solution = solve(_picture(layer, 6e4), None, Reconstruction())
    others = [text.split(" ")[0] for text in solution.alternatives]
    found = solution.atoms.get_chemical_formula("metal")
    assert formula in [found, *others[:2]]


def test_a_picture_without_a_scale_needs_the_elements() -> None:
    image = _picture(mx2("MoS2", vacuum=5), 6e4)
    bare = replace(image, metadata={**image.metadata, "unit": None})
    with pytest.raises(SolveError, match="--elements"):
        solve(bare, None, Reconstruction())


def test_chemistry_prefers_balanced_charges_and_few_elements() -> None:
    magnesium, oxygen, neon = 12, 8, 10
    assert log_prior([magnesium, oxygen]) > log_prior([magnesium, oxygen, oxygen, oxygen])
    assert log_prior([oxygen]) > log_prior([oxygen, magnesium])
    assert neon not in candidates() and magnesium in candidates()
