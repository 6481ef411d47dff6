"""Energies of reconstructed crystals against those of the true crystals and of DFT."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from micrographia.benchmarks.bootstrap import Interval, bootstrap_mean, bootstrap_median
from micrographia.benchmarks.structure.summary import SOLVED, groups, runs, successes
from micrographia.config import Benchmarks
from micrographia.errors import TableError
from micrographia.io.benchmark_results import MetricRow, metric_row
from micrographia.io.schemas.rows import (
    EnergyScoreRow,
    StructureScoreRow,
)

_Statistic = Callable[..., Interval]

#: Origins of energies, as the energy room names them.
READ, TRUE = "read from a picture", "true heights"
#: Method under which the true crystals' own error against DFT is listed: what no reading betters.
UPPER_BOUND = "true crystal"
_MEV = 1000.0
_STATISTICS: dict[str, _Statistic] = {"median": bootstrap_median, "mean": bootstrap_mean}


@dataclass(frozen=True)
class Energies:
    """Energies by name, and why others have none.

    Attributes
    ----------
    values
        Energy of each crystal that has one [eV/atom].
    failures
        Reason for each that has none.
    calculator
        By what they were computed; None where there are none.
    """

    values: Mapping[str, float]
    failures: Mapping[str, str]
    calculator: str | None = None

    def names(self) -> set[str]:
        """Every crystal whose energy was asked for."""
        return {*self.values, *self.failures}


def sort_energies(rows: Sequence[Mapping[str, Any]]) -> tuple[Energies, Energies]:
    """Sort rows of schema ENERGIES into those of answers and those of true crystals.

    Energies of true crystals whose heights were forgotten are neither, and left out.

    Raises
    ------
    TableError
        They are of several calculators.
    """
    calculators = sorted({str(row["calculator"]) for row in rows if row["calculator"]})
    if len(calculators) > 1:
        raise TableError(
            "Energies of several calculators are not comparable",
            seen=", ".join(calculators),
            allowed="one calculator",
            remedy="Compute all energies with the same settings",
        )
    return _of_origin(rows, READ, calculators), _of_origin(rows, TRUE, calculators)


def _of_origin(
    rows: Sequence[Mapping[str, Any]], origin: str, calculators: Sequence[str]
) -> Energies:
    chosen = [row for row in rows if row["origin"] == origin]
    values = {
        str(row["case_id"]): float(row["energy_per_atom"])
        for row in chosen
        if row["energy_per_atom"] is not None
    }
    failures = {
        str(row["case_id"]): str(row["failure"] or "it has no energy")
        for row in chosen
        if row["energy_per_atom"] is None
    }
    return Energies(values, failures, calculators[0] if calculators else None)


def score_energies(
    scores: Sequence[StructureScoreRow],
    found: Energies,
    true: Energies,
    dft: Mapping[str, float],
) -> list[EnergyScoreRow]:
    """Compare the energy of every answer with that of the true crystal, and both with DFT.

    Parameters
    ----------
    scores
        Rows of schema STRUCTURE_SCORES, of a single run. Pictures for whose answers no energy
        was asked are left out.
    found
        Energies of the answers by `image_id`.
    true
        Energies of the true crystals by `structure_id`, relaxed alike.
    dft
        DFT energies by `structure_id` [eV/atom]; may be empty.

    Returns
    -------
    Rows of schema ENERGY_SCORES in the order of `scores`. Errors are absolute, in meV per atom;
    what has no energy is null and has a `failure`.
    """
    asked = found.names()
    return [_score(row, found, true, dft) for row in scores if str(row["image_id"]) in asked]


def _score(
    row: StructureScoreRow, found: Energies, true: Energies, dft: Mapping[str, float]
) -> EnergyScoreRow:
    image, structure = str(row["image_id"]), str(row["structure_id"])
    energies = found.values.get(image), true.values.get(structure), dft.get(structure)
    return {
        "image_id": row["image_id"],
        "structure_id": row["structure_id"],
        "formula": row["formula"],
        "method": row["method"],
        "track": row["track"],
        "template": row["template"],
        "engine": row["engine"],
        "tier": row["tier"],
        "dose": row["dose"],
        "solved": row["ss_047"] is True,
        "energy": energies[0],
        "energy_true": energies[1],
        "energy_dft": energies[2],
        "error": _apart(energies[0], energies[1]),
        "error_dft": _apart(energies[0], energies[2]),
        "error_dft_true": _apart(energies[1], energies[2]),
        "failure": _failure(row, found, true),
    }


def _apart(one: float | None, other: float | None) -> float | None:
    """Absolute difference of two energies per atom [meV]."""
    return None if one is None or other is None else _MEV * abs(one - other)


def _failure(row: StructureScoreRow, found: Energies, true: Energies) -> str | None:
    image, structure = str(row["image_id"]), str(row["structure_id"])
    if image not in found.values:
        return str(row["failure"] or found.failures[image])
    if structure not in true.values:
        reason = true.failures.get(structure, "its energy was not computed")
        return f"the true crystal: {reason}"
    return None


def summarise_energies(scores: pd.DataFrame, settings: Benchmarks, seed: int) -> list[MetricRow]:
    """Figures of every run and group, with bootstrap intervals over crystals.

    Parameters
    ----------
    scores
        Columns of schema ENERGY_SCORES.
    settings
        Resamples and coverage of the intervals.
    seed
        Of the resamples.

    Returns
    -------
    Entries of a benchmark's `metrics`. Errors are over the answers that have one, or over those
    of solved pictures (`of solved: `); `n` counts all cases of the group (or all solved), and
    `n_failed` those of them without a figure. Errors of the true crystals against DFT have the
    method `true crystal` and count each crystal once.
    """
    rows: list[MetricRow] = []
    for run, members in runs(scores):
        for group, cases in groups(members):
            solved = cases[successes(cases["solved"]) == 1]
            for prefix, chosen in (("", cases), (SOLVED, solved)):
                for column, label in _LABELS.items():
                    rows += _figures(run, group, prefix + label, chosen, column, settings, seed)
    # Every run holds every picture: the first has all the crystals there are.
    for _, members in runs(scores)[:1]:
        for group, cases in groups(members):
            once = cases.drop_duplicates("structure_id")
            label = _LABELS["error_dft"]
            rows += _figures(UPPER_BOUND, group, label, once, "error_dft_true", settings, seed)
    return rows


_LABELS = {"error": "error of reconstruction", "error_dft": "error against DFT"}


def _figures(
    method: str,
    group: str,
    label: str,
    rows: pd.DataFrame,
    column: str,
    settings: Benchmarks,
    seed: int,
) -> Iterator[MetricRow]:
    """Median and mean of a column; nothing where no case of the group has a figure of DFT."""
    known = rows[rows[column].notna()]
    if column != "error" and known.empty:
        return
    # Pictures of crystals that DFT does not know are no failures of the method.
    asked = rows if column == "error" else rows[rows["energy_dft"].notna()]
    for name, statistic in _STATISTICS.items():
        value, low, high = statistic(
            known[column].astype(float).to_numpy(),
            settings.bootstrap,
            settings.confidence,
            seed,
            known["structure_id"].tolist(),
        )
        yield metric_row(
            f"{label} {name} [meV/atom]",
            group=group,
            method=method,
            value=value,
            low=low,
            high=high,
            n=len(asked),
            n_failed=len(asked) - len(known),
        )
