"""Kinds of damage that a picture can show; each is one departure from `plain`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator

KINDS = (
    "plain",
    "drift",
    "jitter",
    "shear",
    "pixel",
    "vacancies",
    "blur",
    "grains",
    "amorphous",
    "dose",
    "text",
    "thick",
)
BASE_DOSE = 3e4  # electrons per Å² of every kind but plain and dose
LOW_DOSE = 1e3


@dataclass(frozen=True)
class Damage:
    """What is done to a picture; the default is nothing.

    Attributes
    ----------
    drift
        Of the sample against the scan over the whole picture, x and y [Å].
    curve
        Amplitude of a slow bend of it [Å].
    jitter
        Displacement of each row, rms along one direction [Å].
    smooth_rows
        Over how many rows the jitter is correlated; 0 for white.
    distortion
        Matrix (2, 2) from where the scan should be to where it is: shear and aspect.
    pixel_error
        Relative error of the stated pixel size.
    vacancies
        Share of the atoms that are missing.
    blur
        Further blur of the picture, a full width at half maximum [Å].
    grain_angle
        Second grain's rotation against the first [degree]; 0 for one grain.
    curved
        Amplitude of the border's bend [Å].
    film
        Thickness of an amorphous carbon film [Å].
    text
        Whether a scale bar and letters are burnt in.
    """

    drift: np.ndarray = field(default_factory=lambda: np.zeros(2))
    curve: float = 0.0
    jitter: float = 0.0
    smooth_rows: int = 0
    distortion: np.ndarray = field(default_factory=lambda: np.eye(2))
    pixel_error: float = 0.0
    vacancies: float = 0.0
    blur: float = 0.0
    grain_angle: float = 0.0
    curved: float = 0.0
    film: float = 0.0
    text: bool = False

    def told(self) -> dict[str, object]:
        """As plain values, for the truth."""
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }


def draw_damage(rng: Generator, kind: str, index: int, amount: float | None = None) -> Damage:
    """The damage of a kind.

    Parameters
    ----------
    rng
        Draws directions and signs.
    kind
        One of `KINDS`.
    index
        Of the picture: even and odd ones show the two variants of a kind, where it has two
        (straight and curved drift or border, white and smooth jitter, films of 5 and 20 Å).
    amount
        Replaces the kind's usual strength, in the unit of the kind's field.

    Raises
    ------
    ValueError
        There is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}; there are {', '.join(KINDS)}")
    odd, sign = bool(index % 2), float(rng.choice((-1, 1)))
    azimuth, angle = rng.uniform(0, 2 * np.pi), float(rng.uniform(6, 28))
    usual = {"drift": 1.0, "jitter": 0.1, "shear": 0.02, "pixel": 0.03, "vacancies": 0.05}
    usual |= {"blur": 0.8, "grains": angle, "amorphous": 20.0 if odd else 5.0}
    size = usual.get(kind, 0.0) if amount is None else amount
    nothing = Damage()
    if kind == "drift":
        drift = size * np.array([np.cos(azimuth), np.sin(azimuth)])
        return replace(nothing, drift=drift, curve=0.3 * size if odd else 0.0)
    if kind == "jitter":
        return replace(nothing, jitter=size, smooth_rows=8 if odd else 0)
    if kind == "shear":
        # A shear of the whole amount and an aspect of the whole amount, of constant area.
        shear = np.array([[1, sign * size], [0, 1]])
        aspect = np.diag([1 + size / 2, 1 / (1 + size / 2)])
        return replace(nothing, distortion=shear @ (aspect if odd else np.linalg.inv(aspect)))
    if kind == "pixel":
        return replace(nothing, pixel_error=sign * size)
    if kind == "vacancies":
        return replace(nothing, vacancies=size)
    if kind == "blur":
        return replace(nothing, blur=size)
    if kind == "grains":
        return replace(nothing, grain_angle=sign * size, curved=4.0 if odd else 0.0)
    if kind == "amorphous":
        return replace(nothing, film=size)
    return replace(nothing, text=kind == "text")


def dose_of(rng: Generator, kind: str, dose: float | None) -> float:
    """Electrons per Å²: as given, else 1 to 6 times 10⁴ for plain, and the base for the rest."""
    drawn = float(rng.uniform(1e4, 6e4))
    if kind == "dose":
        return LOW_DOSE if dose is None else dose
    if dose is not None:
        return dose
    return drawn if kind == "plain" else BASE_DOSE
