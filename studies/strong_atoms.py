"""Error of the first-order model of four quadrants at defocus, without and with strong atoms.

    python studies/strong_atoms.py

Graphene, 1H-MoS₂ and 1H-WSe₂ with coma and astigmatism at three defoci, against multislice:
correlation, and multislice's contrast over the model's, without and with the strong response.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import evaluate_series, image_coefficients
from micrographia.physics.strong_object import strong_response
from micrographia.provenance import machine
from micrographia.stem.multislice import multislice_series


def main() -> None:
    """Compare the three crystals at three defoci."""
    here = machine()
    print(f"{here['processor']}, {here['cores']} cores\n")
    print("| crystal | defocus [Å] | first order: correlation, contrast | strong: the same |")
    print("|---|---|---|---|")
    crystals = (
        graphene(vacuum=5),
        mx2("MoS2", vacuum=5),
        mx2("WSe2", a=3.3, thickness=3.3, vacuum=5),
    )
    for layer in crystals:
        for defocus in (-45.0, 0.0, 45.0):
            conditions = ImagingConditions(
                detector="segments", defocus=defocus, coma=150, astigmatism=8
            )
            first, strong = _compare(layer, conditions)
            print(f"| {layer.get_chemical_formula('metal')} | {defocus:g} | {first} | {strong} |")


def _compare(layer: Atoms, conditions: ImagingConditions) -> list[str]:
    cell, xy = np.asarray(layer.cell[:2, :2]), np.round(layer.positions[:, :2], 3)
    g, coefficients = image_coefficients(cell, xy, layer.numbers, conditions)
    added = np.zeros_like(coefficients)
    for place in np.unique(xy, axis=0):
        here = np.linalg.norm(xy - place, axis=1) < 0.01
        kind = tuple(sorted(int(number) for number in layer.numbers[here]))
        response = strong_response(kind, g, abs(float(np.linalg.det(cell))), conditions)
        added += response * np.exp(-2j * np.pi * (g @ place))
    exact = evaluate_series(*multislice_series(layer, conditions), (90, 90), 0.1)
    texts = []
    for series in (coefficients, coefficients + added):
        picture = evaluate_series(g, series, (90, 90), 0.1)
        centred, target = picture - picture.mean(), exact - exact.mean()
        correlation = np.corrcoef(picture.ravel(), exact.ravel())[0, 1]
        contrast = (target * centred).sum() / np.square(centred).sum()
        texts.append(f"{correlation:.5f}, {contrast:.3f}")
    return texts


if __name__ == "__main__":
    main()
