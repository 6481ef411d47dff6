"""One picture of a class: it follows from (class, index, seed) and the settings alone."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np

from micrographia.arrays import FloatImage, GreyImage
from micrographia.errors import ConfigError
from micrographia.synthesis.kinds.classes import (
    biological,
    fibres,
    films,
    mems,
    nanowires,
    none_of_these,
    particles,
    particles_in_transmission,
    patterns,
    powder,
    sponge,
    tips,
)
from micrographia.synthesis.kinds.drawing.exposure import banner, expose
from micrographia.synthesis.kinds.drawing.fields import fractal, smooth
from micrographia.synthesis.kinds.drawing.lot import Fact, Lot

#: Side of a drawing over that of the picture.
_FINE = 1.5

Painter = Callable[[Lot, int], FloatImage]


@dataclass(frozen=True)
class Kind:
    """One class.

    Attributes
    ----------
    scanning, transmitted
        Painters of its sub-kinds, by name, in a scanning and in a transmission microscope.
    """

    scanning: Mapping[str, Painter]
    transmitted: Mapping[str, Painter]


#: The classes of NFFA-EUROPE (Aversa et al., Sci. Data 5, 180172, 2018), in alphabetical order.
CLASSES: dict[str, Kind] = {
    "biological": Kind(biological.KINDS, biological.TRANSMITTED),
    "fibres": Kind(fibres.KINDS, {}),
    "films_coated_surface": Kind(films.KINDS, {}),
    "mems_devices_electrodes": Kind(mems.KINDS, {}),
    "nanowires": Kind(nanowires.KINDS, nanowires.TRANSMITTED),
    "particles": Kind(particles.KINDS, particles_in_transmission.TRANSMITTED),
    "patterned_surface": Kind(patterns.KINDS, {}),
    "porous_sponge": Kind(sponge.KINDS, {}),
    "powder": Kind(powder.KINDS, powder.TRANSMITTED),
    "tips": Kind(tips.KINDS, {}),
}
#: Pictures of none of them; drawn on request, for classifiers that can decline.
OTHER = "other"
_OTHERS = Kind(none_of_these.SCANNING, none_of_these.TRANSMITTED)


@dataclass(frozen=True)
class KindSettings:
    """How pictures of the classes are drawn.

    Attributes
    ----------
    size
        Side [px].
    variety
        Spread within a class, 0…1: of sub-kinds, sizes, shapes, contrast, faults.
    likeness
        Likeness between classes, 0…1: shared textures, foreign matter, shapes in between.
    annotated_share
        Share of pictures with a burnt-in scale bar, letter or banner.
    transmitted_share
        Share of transmission pictures in the classes that have them; of `other` it is half.
    """

    size: int = 256
    variety: float = 1.0
    likeness: float = 0.3
    annotated_share: float = 0.3
    transmitted_share: float = 0.25

    def __post_init__(self) -> None:
        if not 32 <= self.size <= 4096:
            raise ConfigError(
                "size is out of range", seen=str(self.size), allowed="32 to 4096 pixels"
            )
        for name in ("variety", "likeness", "annotated_share", "transmitted_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ConfigError(f"{name} is out of range", seen=str(value), allowed="0 to 1")


class Drawn(NamedTuple):
    """A picture and what is known exactly of it.

    Attributes
    ----------
    pixels
        Grey picture, uint8, shape (size, size).
    sub_kind
        What was drawn.
    modality
        "SEM" or "TEM".
    facts
        Further facts by name; lengths as shares of the picture's side, unless the name ends in a
        unit.
    """

    pixels: GreyImage
    sub_kind: str
    modality: str
    facts: dict[str, Fact]


def make_picture(
    name: str,
    index: int,
    seed: int,
    settings: KindSettings | None = None,
    *,
    sub_kind: str | None = None,
) -> tuple[GreyImage, str, str]:
    """Draw one picture; `draw_picture` without the facts.

    Returns
    -------
    pixels, sub_kind, modality
        As in `Drawn`.
    """
    return draw_picture(name, index, seed, settings, sub_kind=sub_kind)[:3]


def draw_picture(
    name: str,
    index: int,
    seed: int,
    settings: KindSettings | None = None,
    *,
    sub_kind: str | None = None,
) -> Drawn:
    """Draw one picture.

    Parameters
    ----------
    name
        One of `CLASSES`, or `other`.
    index
        Number of the picture in its class.
    seed
        Seed of the whole set.
    settings
        Size and dials; the defaults if not given.
    sub_kind
        One of the class's sub-kinds; drawn by lot if not given.

    Raises
    ------
    ConfigError
        There is no such class or sub-kind.
    """
    settings = settings or KindSettings()
    kind = _kind(name)
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), index])
    lot = Lot(rng, settings.variety, settings.likeness)
    share = 0.5 if name == OTHER else settings.transmitted_share
    through = bool(kind.transmitted) and rng.random() < share
    chosen = lot.pick(list(kind.transmitted if through else kind.scanning))
    if sub_kind is not None:
        _check(name, sub_kind, [*kind.scanning, *kind.transmitted])
        chosen, through = sub_kind, sub_kind in kind.transmitted
    painter = (kind.transmitted if through else kind.scanning)[chosen]
    # Drawn larger and averaged, so that outlines have no stairs.
    large = round(settings.size * _FINE)
    drawn = painter(lot, large)
    if not through and name != OTHER and lot.lean(lot.likeness):
        drawn = _mixed(drawn, name, lot)
    shape = (settings.size, settings.size)
    ideal = np.asarray(cv2.resize(drawn, shape, interpolation=cv2.INTER_AREA), dtype=np.float32)
    pixels = expose(ideal, lot, scanning=not through)
    if rng.random() < settings.annotated_share:
        pixels = banner(pixels, lot, scanning=not through)
    return Drawn(pixels, chosen, "TEM" if through else "SEM", lot.facts)


def _mixed(picture: FloatImage, name: str, lot: Lot) -> FloatImage:
    """Show another class in the lesser part of a picture, beyond a ragged border."""
    size = picture.shape[0]
    other = str(lot.rng.choice([each for each in CLASSES if each != name]))
    painters = list(CLASSES[other].scanning.values())
    lot.note(also_shown=other)
    # What is drawn beyond the border is no fact of the subject.
    second = painters[int(lot.rng.integers(len(painters)))](replace(lot, facts={}), size)
    second = second * np.float32(picture.mean() / max(float(second.mean()), 1e-3))
    field = fractal(size, lot.rng, 0.7 * size, 5, 0.55)
    # The middle, where the subject is, stays as it is.
    y, x = np.mgrid[:size, :size].astype(np.float32) / np.float32(size) - np.float32(0.5)
    field -= 2 * np.exp(-(y**2 + x**2) / np.float32(0.06))
    least = float(np.quantile(field, 1 - lot.rng.uniform(0.1, 0.35)))
    cover = smooth((field > least).astype(np.float32), 0.6)
    rim = 1 + np.float32(lot.between(-0.3, 0.8)) * 4 * cover * (1 - cover)
    return np.asarray((picture + cover * (second - picture)) * rim, dtype=np.float32)


def _kind(name: str) -> Kind:
    _check("classes", name, [*CLASSES, OTHER])
    return _OTHERS if name == OTHER else CLASSES[name]


def _check(where: str, name: str, allowed: list[str]) -> None:
    if name not in allowed:
        raise ConfigError(f"No such member of {where}", seen=name, allowed=", ".join(allowed))
