"""Pictures of real layers under drawn conditions, each with its truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.random import Generator, default_rng
from scipy.ndimage import map_coordinates, spline_filter
from scipy.spatial import cKDTree

from . import canvas, phase_object
from .conditions import Conditions, draw
from .crystals import Layer, layers
from .detector import (
    FORMATS,
    burn_in,
    count_deflection,
    count_ring,
    integrate,
    scale_values,
    write_picture,
)
from .kinds import Damage, dose_of, draw_damage
from .scan import Scan, draw_scan

_TOO_CLOSE = 1.2  # Å, between atoms of two grains
_CARBON_DENSITY = 0.1  # atoms per Å³: 2.0 g/cm³


@dataclass(frozen=True)
class Placed:
    """A layer in the frame of the scan: in-plane cell, atoms (n, 2) [Å] and numbers."""

    cell: np.ndarray
    xy: np.ndarray
    numbers: np.ndarray

    def atoms_in(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All atoms of the crystal between two corners: positions and numbers."""
        corners = np.array([low, high, (low[0], high[1]), (high[0], low[1])])
        fractions = (corners - self.xy.mean(axis=0)) @ np.linalg.inv(self.cell)
        ranges = zip(
            np.floor(fractions.min(axis=0)) - 1, np.ceil(fractions.max(axis=0)) + 2, strict=True
        )
        shifts = np.stack(np.meshgrid(*(np.arange(*r) for r in ranges), indexing="ij"), axis=-1)
        moved = shifts.reshape(-1, 1, 2) @ self.cell + self.xy
        xy = moved.reshape(-1, 2)
        numbers = np.broadcast_to(self.numbers, moved.shape[:2]).ravel()
        inside = ((xy >= low) & (xy <= high)).all(axis=1)
        return xy[inside], numbers[inside]


def make_pictures(
    mode: str,
    kind: str = "plain",
    count: int = 10,
    split: str = "dev",
    seed: int = 0,
    dose: float | None = None,
    amount: float | None = None,
) -> Iterator[tuple[np.ndarray, float, dict[str, Any]]]:
    """Make pictures one after the other.

    Parameters
    ----------
    mode
        `idpc` or `haadf`.
    kind
        One of `kinds.KINDS`. Pictures of one seed and mode show the same crystals under the
        same conditions in every kind but `thick`.
    count
        How many; the crystals of a half are shuffled by the seed and come round.
    split
        `dev` or `apart`.
    seed
        Decides everything.
    dose
        Electrons per Å²; None for the kind's own.
    amount
        Replaces the usual strength of the kind; see `kinds.draw_damage`.

    Yields
    ------
    The picture as its file holds it (rows, columns), the pixel size that is stated [Å], and the
    truth: a row of `truth.jsonl` without `file`.
    """
    pool = [layer for layer in layers(kind == "thick") if layer.split == split]
    order = _stream(seed, "crystals", split).permutation(len(pool))
    for index in range(count):
        layer = pool[order[index % len(pool)]]
        yield make_picture(layer, mode, kind, (seed, index), dose, amount)


def _stream(*names: object) -> Generator:
    return default_rng([crc32(str(name).encode()) for name in names])


def make_picture(
    layer: Layer,
    mode: str,
    kind: str = "plain",
    seed: tuple[int, int] = (0, 0),
    dose: float | None = None,
    amount: float | None = None,
) -> tuple[np.ndarray, float, dict[str, Any]]:
    """One picture of a layer; `seed` is the series' and the index in it. See `make_pictures`."""
    series, index = seed
    fixed, unrest = _stream(series, mode, index), _stream(series, mode, kind, index)
    damage = draw_damage(unrest, kind, index, amount)
    numbers = np.asarray(layer.atoms.numbers)
    conditions = draw(fixed, mode, numbers, dose_of(fixed, kind, dose))
    angle = float(fixed.uniform(0, 360))
    origin = fixed.uniform(0, 1, size=2)
    encoding = str(fixed.choice(FORMATS))
    scan = draw_scan(fixed, damage, unrest)
    placed = place(layer, angle, origin)
    fields = signals(placed, scan, conditions, damage, unrest)
    picture = record(unrest, fields, scan, conditions)
    values = scale_values(unrest, picture, encoding)
    if damage.text:
        values = burn_in(values, scan.pixel)
    stated = scan.pixel * (1 + damage.pixel_error)
    truth = {
        "mode": mode,
        "kind": kind,
        "seed": series,
        "index": index,
        "split": layer.split,
        "structure_id": layer.name,
        "formula": layer.formula,
        "elements": layer.elements,
        "pixel_size": stated,
        "real_pixel_size": scan.pixel,
        "rotation": angle,
        "encoding": encoding,
        "conditions": conditions.told(),
        "damage": damage.told(),
        "cif": layer.cif(),
    }
    return values, stated, truth


def place(layer: Layer, angle: float, origin: np.ndarray) -> Placed:
    """A layer turned by an angle [degree], its origin at a fraction of the cell."""
    turn = np.deg2rad(angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    cell = layer.cell @ rotation.T
    xy = layer.atoms.positions[:, :2] @ rotation.T + origin @ cell
    return Placed(cell, xy, np.asarray(layer.atoms.numbers))


def signals(
    placed: Placed, scan: Scan, c: Conditions, damage: Damage, rng: Generator
) -> np.ndarray:
    """Noise-free channels (channels, rows, columns) at the places where the probe stood."""
    source = float(np.hypot(c.source_size, damage.blur))
    sheet = canvas.Canvas.around(scan.points, c)
    respond = canvas.ring_responses if c.detector == "haadf" else canvas.lone_responses
    low = sheet.origin
    high = low + sheet.step * np.array(sheet.shape)[::-1]
    film = _film(rng, damage.film, low, high)
    carbon = np.full(len(film), 6)
    if c.detector == "haadf" or damage.grain_angle:
        xy, numbers = grains(rng, placed, damage, low, high)
        xy, numbers = np.vstack([xy, film]), np.concatenate([numbers, carbon])
        kept = rng.random(len(xy)) >= damage.vacancies
        responses = respond(numbers, c, source, sheet.step)
        field = canvas.render(sheet, xy[kept], numbers[kept], responses, scan.points)
        return field if c.detector == "haadf" else field + phase_object.vacuum(c)[:, None, None]
    field = _periodic(placed, scan, c, source)
    if damage.vacancies:
        xy, numbers = placed.atoms_in(low, high)
        gone = rng.random(len(xy)) < damage.vacancies
        responses = respond(numbers[gone], c, source, sheet.step)
        field -= canvas.render(sheet, xy[gone], numbers[gone], responses, scan.points)
    if len(film):
        responses = respond(carbon, c, source, sheet.step)
        field += canvas.render(sheet, film, carbon, responses, scan.points)
    return field


def _periodic(placed: Placed, scan: Scan, c: Conditions, source: float) -> np.ndarray:
    """The exact channels of the periodic layer, read by spline where the probe stood."""
    fields = phase_object.patterns(placed.cell, placed.xy, placed.numbers, c, source)
    fractions = scan.points @ np.linalg.inv(placed.cell)
    at = [fractions[..., axis] * fields.shape[1 + axis] for axis in (0, 1)]
    return np.stack(
        [
            map_coordinates(
                spline_filter(field, order=3, mode="grid-wrap"),
                at,
                order=3,
                mode="grid-wrap",
                prefilter=False,
            )
            for field in fields
        ]
    )


def grains(
    rng: Generator, placed: Placed, damage: Damage, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Atoms between two corners; of two grains where the damage says so.

    The border runs through the middle third. Atoms of the second grain that would stand within
    1.2 Å of one of the first are left out; nothing relaxes.
    """
    if not damage.grain_angle:
        return placed.atoms_in(low, high)
    turn = np.deg2rad(damage.grain_angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    other = Placed(placed.cell @ rotation.T, placed.xy @ rotation.T, placed.numbers)
    azimuth = rng.uniform(0, 2 * np.pi)
    normal = np.array([np.cos(azimuth), np.sin(azimuth)])
    along = np.array([-normal[1], normal[0]])
    middle = (low + high) / 2 + rng.uniform(-1, 1, size=2) * (high - low) / 12

    def side(xy: np.ndarray) -> np.ndarray:
        bend = damage.curved * np.sin(2 * np.pi * (xy - middle) @ along / 35.0)
        return (xy - middle) @ normal - bend

    first, first_numbers = placed.atoms_in(low, high)
    second, second_numbers = other.atoms_in(low, high)
    here, there = side(first) < 0, side(second) >= 0
    first, first_numbers = first[here], first_numbers[here]
    second, second_numbers = second[there], second_numbers[there]
    if len(first) and len(second):
        free = cKDTree(first).query(second)[0] >= _TOO_CLOSE
        second, second_numbers = second[free], second_numbers[free]
    return np.vstack([first, second]), np.concatenate([first_numbers, second_numbers])


def _film(rng: Generator, thickness: float, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Carbon atoms (n, 2) of an amorphous film [Å].

    One atom at random in each box of the atom's volume: even on the scale of some atoms, without
    order, and without bonds (its structure factor has no first ring at 0.25/Å).
    """
    if not thickness:
        return np.zeros((0, 2))
    side = _CARBON_DENSITY ** (-1 / 3)
    sheets = []
    for _ in range(max(1, round(thickness / side))):
        x, y = (
            np.arange(a, b, side) + rng.uniform(0, side) for a, b in zip(low, high, strict=True)
        )
        boxes = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        sheets.append(boxes + rng.uniform(0, side, size=boxes.shape))
    return np.vstack(sheets)


def record(rng: Generator, fields: np.ndarray, scan: Scan, c: Conditions) -> np.ndarray:
    """What the detectors make of the expected channels: counted, and integrated for iDPC."""
    electrons = c.dose * scan.pixel**2
    if c.detector == "haadf":
        return count_ring(rng, fields[0], electrons)
    return integrate(count_deflection(rng, fields, c, electrons), scan.pixel, c.high_pass)


def write_pictures(folder: Path, **options: Any) -> Iterator[dict[str, Any]]:
    """Write the pictures of `make_pictures` and `truth.jsonl`; yields each row once written."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "truth.jsonl").open("w", encoding="utf-8") as table:
        for values, _, truth in make_pictures(**options):
            ending = "png" if truth["encoding"].startswith("png") else "tif"
            name = f"{truth['mode']}-{truth['kind']}-{truth['index']:04d}.{ending}"
            write_picture(folder / name, values)
            row = {"file": name, **truth}
            table.write(json.dumps(row, ensure_ascii=False) + "\n")
            table.flush()
            yield row
