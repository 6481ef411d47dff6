"""Test images from which no crystal can be determined with confidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms

from micrographia.arrays import FloatArray
from micrographia.io.stem_images import StemImage
from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.simulate import View, add_noise, draw_view, image_metadata, render

#: Kinds, and what makes each unreadable.
KINDS = {
    "low dose": "a crystal at 1000 e/Å²",
    "amorphous": "atoms at random places, no lattice",
    "blank": "noise alone",
    "contaminated": "thick, uneven dirt with or without a crystal under it",
    "wrong pixel size": "a crystal whose stated pixel size is a tenth too large or too small",
}
#: Dose of a picture that has none of its own [e/Å²], by turns.
_DOSES = (10_000.0, 30_000.0, 60_000.0)
_LOW_DOSE = 1000.0
_FIELD = 40.0  # [Å]
_PIXEL = 0.1  # [Å]
_DENSITY = 0.2  # atoms of an amorphous layer [1/Å²]; graphene has 0.38
_LEAST_DISTANCE = 1.4  # of two atoms in projection [Å]; MoS2's columns are 1.8 apart
_DIRT = (1.0, 4.0)  # phase of a patch of dirt [rad]


@dataclass(frozen=True)
class Unreadable:
    """A picture and what is known of it.

    Attributes
    ----------
    name, kind
        Name of the case; one of `KINDS`.
    image
        The noisy picture, with the pixel size that it states.
    elements
        What the operator believes the sample to hold.
    truth
        The crystal that is shown; None where there is none.
    """

    name: str
    kind: str
    image: StemImage
    elements: list[str]
    truth: Atoms | None


_Maker = Callable[[Atoms, int, ImagingConditions, np.random.Generator], StemImage]


def unreadable_images(
    crystals: Sequence[tuple[str, Atoms]],
    each: int,
    conditions: ImagingConditions,
    seed: int,
) -> Iterator[Unreadable]:
    """Make pictures of every kind, one at a time.

    Parameters
    ----------
    crystals
        Name and layer (c along z); they are shown, or lend their elements, by turns.
    each
        Pictures of each kind.
    conditions
        The microscope.
    seed
        The same seed makes the same pictures.

    Yields
    ------
    Pictures of 40 Å at 0.1 Å per pixel, kind by kind.
    """
    for number, kind in enumerate(KINDS):
        for place in range(each):
            generator = np.random.default_rng([seed, number, place])
            name, atoms = crystals[(place + number * each) % len(crystals)]
            image = _MAKERS[kind](atoms, place, conditions, generator)
            shown = kind in ("low dose", "wrong pixel size") or (
                kind == "contaminated" and _lies_on_a_crystal(place)
            )
            yield Unreadable(
                name=f"{kind} {place + 1}: {name}",
                kind=kind,
                image=image,
                elements=sorted(set(atoms.symbols)),
                truth=atoms if shown else None,
            )


def _low_dose(
    atoms: Atoms, place: int, conditions: ImagingConditions, generator: np.random.Generator
) -> StemImage:
    return _expose(_render(atoms, conditions, generator), _LOW_DOSE, generator)


def _amorphous(
    atoms: Atoms, place: int, conditions: ImagingConditions, generator: np.random.Generator
) -> StemImage:
    # The box is larger than the field, so that its own period is not seen.
    side = 1.25 * _FIELD
    xy = scatter(side, _DENSITY, _LEAST_DISTANCE, generator)
    glass = Atoms(
        numbers=generator.choice(atoms.numbers, len(xy)),
        positions=np.column_stack([xy, np.zeros(len(xy))]),
        cell=[side, side, 20],
        pbc=True,
    )
    clean = render(glass, conditions, View(_PIXEL, _FIELD), "phase-object")
    return _expose(clean, _DOSES[place % len(_DOSES)], generator)


def scatter(
    side: float, density: float, distance: float, generator: np.random.Generator
) -> FloatArray:
    """Places of atoms in a periodic square, none nearer to another than `distance`.

    Each place in turn is drawn until it is far enough from those before (random sequential
    adsorption, Feder, J. Theor. Biol. 87 (1980) 237: at most 0.547 of the area is then covered by
    discs of that diameter).

    Parameters
    ----------
    side
        [Å].
    density
        [1/Å²].
    distance
        [Å].
    generator
        Source of randomness.

    Returns
    -------
    (n, 2) [Å].

    Raises
    ------
    ValueError
        So many atoms find no place.
    """
    if density * np.pi * distance**2 / 4 > 0.5:
        raise ValueError(f"{density} atoms per Å² find no places {distance} Å apart")
    count = round(density * side**2)
    places = np.empty((0, 2))
    while len(places) < count:
        trial = generator.uniform(0, side, 2)
        delta = places - trial
        delta -= side * np.rint(delta / side)
        if not len(places) or np.hypot(*delta.T).min() >= distance:
            places = np.vstack([places, trial])
    return places


def _blank(
    atoms: Atoms, place: int, conditions: ImagingConditions, generator: np.random.Generator
) -> StemImage:
    return _expose(_empty(conditions), _DOSES[place % len(_DOSES)], generator)


def _contaminated(
    atoms: Atoms, place: int, conditions: ImagingConditions, generator: np.random.Generator
) -> StemImage:
    clean = (
        _render(atoms, conditions, generator) if _lies_on_a_crystal(place) else _empty(conditions)
    )
    pixels = clean.pixels + dirt(clean.pixels.shape[0], _PIXEL, generator)
    dirty = replace(clean, pixels=pixels.astype(np.float32))
    return _expose(dirty, _LOW_DOSE if _lies_on_a_crystal(place) else _DOSES[1], generator)


def _lies_on_a_crystal(place: int) -> bool:
    return place % 2 == 1


def dirt(side: int, pixel_size: float, generator: np.random.Generator) -> FloatArray:
    """Phase of contamination: a wedge and ten round patches of 2 to 10 Å, (side, side) [rad]."""
    axis = np.arange(side) * pixel_size
    x, y = np.meshgrid(axis, axis)
    slope = generator.uniform(-0.05, 0.05, 2)
    phase: FloatArray = slope[0] * x + slope[1] * y
    for _ in range(10):
        centre = generator.uniform(0, axis[-1], 2)
        width = generator.uniform(2, 10)
        height = generator.uniform(*_DIRT)
        squared = (x - centre[0]) ** 2 + (y - centre[1]) ** 2
        phase += height * np.exp(-squared / (2 * width**2))
    return phase


def _wrong_pixel_size(
    atoms: Atoms, place: int, conditions: ImagingConditions, generator: np.random.Generator
) -> StemImage:
    clean = _render(atoms, conditions, generator)
    noisy = _expose(clean, _DOSES[place % len(_DOSES)], generator)
    return replace(noisy, pixel_size=_PIXEL * (1.1 if place % 2 else 0.9))


def _render(
    atoms: Atoms, conditions: ImagingConditions, generator: np.random.Generator
) -> StemImage:
    seed = [int(generator.integers(2**31))]
    return render(atoms, conditions, draw_view(_PIXEL, _FIELD, None, seed), "phase-object")


def _empty(conditions: ImagingConditions) -> StemImage:
    side = round(_FIELD / _PIXEL)
    metadata = image_metadata(conditions, "phase-object", None, None)
    return StemImage(np.zeros((side, side), dtype=np.float32), _PIXEL, metadata)


def _expose(clean: StemImage, dose: float, generator: np.random.Generator) -> StemImage:
    return add_noise(clean, dose, [int(generator.integers(2**31))])


_MAKERS: dict[str, _Maker] = {
    "low dose": _low_dose,
    "amorphous": _amorphous,
    "blank": _blank,
    "contaminated": _contaminated,
    "wrong pixel size": _wrong_pixel_size,
}
