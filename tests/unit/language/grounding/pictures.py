"""A picture whose facts are given: the tools behind it are tested in `measurement/facts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from micrographia.io.schemas import FACTS

#: Facts of a picture of colloids; a tuple is a number with its unit.
COLLOIDS: Mapping[str, Any] = {
    "particle_count": (155.0, None), "whole_count": (150.0, None),
    "median_diameter": (20.736, "nm"), "median_diameter_low": (20.2, "nm"),
    "median_diameter_high": (21.19, "nm"), "mean_diameter": (22.9, "nm"),
    "smallest_diameter": (7.16, "nm"), "largest_diameter": (34.18, "nm"),
    "diameter_spread": (0.2, None), "area_fraction": (0.148, None),
    "number_density": (402.0, "1/µm²"), "aspect_ratio": (1.18, None),
    "neighbour_distance": (19.3, "nm"), "fullest_quarter": (0.374, None),
    "pixel_size": (0.304, "nm"), "field_width": (620.3, "nm"), "scale_bar": (100.0, "nm"),
    "class_name": "particles", "microscopy_type": "TEM", "colour_profile": "dark_on_bright",
    "distribution": "clustered", "morphology": "spherical",
}  # fmt: skip


def row(name: str, value: Any) -> dict[str, Any]:
    """A row of `schemas.FACTS`; None is a fact that is not known."""
    found: dict[str, Any] = dict.fromkeys(FACTS.names)
    found |= {"image_id": "0" * 16, "name": name, "source": "test", "evidence": "given"}
    if value is None:
        return found | {"failure": "annotators differ: one reads SEM, the other TEM"}
    if isinstance(value, str):
        return found | {"words": value}
    return found | {"number": value[0], "unit": value[1]}


def rows(facts: Mapping[str, Any] = COLLOIDS) -> dict[str, dict[str, Any]]:
    """Rows of all known facts by name."""
    return {name: row(name, value) for name, value in facts.items()}


class Given:
    """A picture with given facts, which remembers what it was asked for."""

    image_id = "0" * 16

    def __init__(self, facts: Mapping[str, Any] = COLLOIDS, **reasons: str) -> None:
        self._facts, self._reasons = facts, reasons
        self.asked: list[str] = []

    def facts(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Rows by their names."""
        found = []
        for name in names:
            self.asked.append(name)
            one = row(name, self._facts.get(name))
            if name in self._reasons:
                one["failure"] = self._reasons[name]
            found.append(one)
        return found


def unscaled() -> Given:
    """The colloids without a pixel size."""
    found = {}
    for name, value in COLLOIDS.items():
        if name in ("pixel_size", "field_width", "scale_bar", "number_density"):
            continue
        scaled = isinstance(value, tuple) and value[1] == "nm"
        found[name] = (value[0] / 0.304, "px") if scaled else value
    reason = "neither the file nor a scale bar that can be read tells it"
    return Given(found, pixel_size=reason, field_width=reason, scale_bar=reason)
