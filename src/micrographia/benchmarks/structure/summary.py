"""Metrics of the structure benchmark by run and group, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from micrographia.benchmarks.bootstrap import Interval, bootstrap_mean, bootstrap_median
from micrographia.benchmarks.structure.calibration import calibration_error, reliability
from micrographia.benchmarks.structure.outcome import OUTCOMES, REFUSED
from micrographia.config import Benchmarks
from micrographia.io.benchmark_results import MetricRow, metric_row

Row = dict[str, Any]
_Statistic = Callable[..., Interval]

#: Shares of all images; a failure counts as one.
SHARES = {
    "S.S.@0.47": "ss_047",
    "S.S.@0.2": "ss_020",
    "S.S.@0.1": "ss_010",
    "C.C.": "composition_correct",
    "C.C. in the top 3": "composition_in_top_3",
}
#: Errors and times of the images that were answered, or of those with the right crystal alone.
ERRORS: dict[str, tuple[str, _Statistic]] = {
    "RMSD_xy median [Å]": ("rmsd_xy", bootstrap_median),
    "RMSD_xy mean [Å]": ("rmsd_xy", bootstrap_mean),
    "γ error median [°]": ("gamma_error", bootstrap_median),
    "area error median": ("area_error", bootstrap_median),
    "rms of sites median [Å]": ("rms_sites", bootstrap_median),
    "seconds per image, median": ("seconds", bootstrap_median),
}
SOLVED = "of solved: "
#: What a confidence is held against.
TRUTHS = {"S.S.@0.47": "ss_047", "C.C.": "composition_correct"}


def runs(scores: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the name and the rows of each run, in order of appearance.

    A run is a method on a track; its name joins both: `"analysis, blind"`.
    """
    if scores.empty:
        return []
    keys = scores["method"].astype(str) + ", " + scores["track"].astype(str)
    return [(str(name), scores[keys == name]) for name in dict.fromkeys(keys)]


def own_images(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the images that were not made by multislice."""
    return rows[rows["engine"] != "multislice"]


def template_use(row: pd.Series) -> str:
    """Say how an answer rests on a known crystal: `none`, `in library` or `held out`.

    The column holds `in-library:NAME` or `held-out:NAME`; a bare name is in the library when it
    is that of the crystal that is shown.
    """
    text = row["template"]
    if not isinstance(text, str) or not text:
        return "none"
    kind, _, name = text.partition(":")
    if not name:
        kind = "in-library" if kind in (row["structure_id"], "in-library") else "held-out"
    return kind.replace("-", " ")


def groups(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the groups of one run: all, tiers, doses, use of templates, multislice images.

    Pictures made by multislice are apart: they test the solver on a forward model that is not
    its own, and enter no other group. Beside them stand the same crystals' other pictures.
    """
    own = own_images(rows)
    yield "all", own
    for tier in sorted({int(value) for value in own["tier"].dropna()}):
        yield f"tier {tier}", own[own["tier"] == tier]
    if own["dose"].nunique() > 1:
        for dose, group in own.groupby("dose"):
            yield f"{dose:g} e/Å²", group
    if own["template"].notna().any():
        for use, group in own.groupby(own.apply(template_use, axis=1)):
            yield f"template {use}", group
    foreign = rows[rows["engine"] == "multislice"]
    if len(foreign):
        yield "multislice images", foreign
        beside = own[own["structure_id"].isin(foreign["structure_id"])]
        if len(beside):
            yield "same crystals, phase object", beside


def summarise(scores: pd.DataFrame, settings: Benchmarks, seed: int) -> list[MetricRow]:
    """Figures of every run and group, with bootstrap intervals over crystals.

    Parameters
    ----------
    scores
        Columns of schema STRUCTURE_SCORES.
    settings
        Resamples and coverage of the intervals.
    seed
        Of the resamples.

    Returns
    -------
    Entries of a benchmark's `metrics`, `method` being the run. Shares count a failure as a
    failure; errors of the lattice and times are over the images that got an answer, and say how
    many did not. Images of one crystal are resampled together.
    """
    figures: list[MetricRow] = []
    for run, rows in runs(scores):
        for group, members in groups(rows):
            figures += _summarise_group(run, group, members, settings, seed)
        figures += _compare_engines(run, rows, settings, seed)
    return figures


def _compare_engines(
    run: str, rows: pd.DataFrame, settings: Benchmarks, seed: int
) -> Iterator[MetricRow]:
    """What pictures by multislice score beyond those by the solver's own model, in pairs.

    A pair shows the same crystal at the same dose; the mean difference of each share.
    """
    own, foreign = own_images(rows), rows[rows["engine"] == "multislice"]
    pairs = foreign.merge(own, on=["structure_id", "dose"], suffixes=("", "_own"))
    if pairs.empty:
        return
    failed = int((pairs["rmsd_xy"].isna() | pairs["rmsd_xy_own"].isna()).sum())
    for metric, column in SHARES.items():
        value, low, high = bootstrap_mean(
            (successes(pairs[column]) - successes(pairs[f"{column}_own"])).to_numpy(),
            settings.bootstrap,
            settings.confidence,
            seed,
            pairs["structure_id"].tolist(),
        )
        yield metric_row(
            f"{metric}, multislice less phase object",
            group="multislice images",
            method=run,
            value=value,
            low=low,
            high=high,
            n=len(pairs),
            n_failed=failed,
        )


def _summarise_group(
    run: str, group: str, rows: pd.DataFrame, settings: Benchmarks, seed: int
) -> Iterator[MetricRow]:
    counts = {"n": len(rows), "n_failed": int(rows["rmsd_xy"].isna().sum())}
    figures: list[tuple[str, _Statistic, pd.Series]] = [
        (metric, bootstrap_mean, successes(rows[column])) for metric, column in SHARES.items()
    ]
    solved = rows[successes(rows["ss_047"]) == 1]
    figures += [
        (metric, statistic, members[column].dropna().astype(float))
        for prefix, members in (("", rows), (SOLVED, solved))
        for metric, (column, statistic) in _errors(prefix)
    ]
    for metric, statistic, values in figures:
        value, low, high = statistic(
            values.to_numpy(),
            settings.bootstrap,
            settings.confidence,
            seed,
            rows.loc[values.index, "structure_id"].tolist(),
        )
        yield metric_row(
            metric, group=group, method=run, value=value, low=low, high=high, **counts
        )
    stated = rows[rows["confidence"].notna()]
    for metric, column in TRUTHS.items():
        value, low, high = calibration_error(
            stated["confidence"].astype(float).tolist(),
            successes(stated[column]).astype(bool).tolist(),
            settings.bootstrap,
            settings.confidence,
            seed,
            stated["structure_id"].tolist(),
        )
        yield metric_row(
            f"calibration error, {metric}",
            group=group,
            method=run,
            value=value,
            low=low,
            high=high,
            **counts,
        )


def _errors(prefix: str) -> Iterator[tuple[str, tuple[str, _Statistic]]]:
    """Names and statistics of the errors; of solved images only those of the lattice."""
    for metric, chosen in ERRORS.items():
        if not prefix or metric.startswith("RMSD_xy"):
            yield prefix + metric, chosen


def successes(column: pd.Series) -> pd.Series:
    """Return 1.0 where a score is true and 0.0 where it is false or missing."""
    return column.map(lambda value: float(value is True or value == 1)).astype(float)


def calibration(scores: pd.DataFrame) -> list[Row]:
    """Return the reliability diagrams: for each run and truth its bins, without multislice.

    Each holds `method`, `truth`, `bins` (as `structure_calibration.reliability`) and `n`, how
    many answers state a confidence.
    """
    diagrams = []
    for run, rows in runs(scores):
        own = own_images(rows)
        stated = own[own["confidence"].notna()]
        for truth, column in TRUTHS.items():
            bins = reliability(
                stated["confidence"].astype(float).tolist(),
                successes(stated[column]).astype(bool).tolist(),
            )
            diagrams.append({"method": run, "truth": truth, "n": len(stated), "bins": bins})
    return diagrams


def outcomes(scores: pd.DataFrame) -> list[Row]:
    """Count what became of the images: `method`, `group`, `n` and `counts` by outcome."""
    table = []
    for run, rows in runs(scores):
        for group, members in groups(rows):
            found = members["outcome"].value_counts()
            counts = {name: int(found[name]) for name in OUTCOMES if name in found}
            table.append({"method": run, "group": group, "n": len(members), "counts": counts})
    return table


def refusals(scores: pd.DataFrame) -> list[Row]:
    """Count the reasons of refusals: `method`, `reason`, `n`, the most frequent first."""
    return [
        {"method": run, "reason": str(reason), "n": int(count)}
        for run, rows in runs(scores)
        for reason, count in rows.loc[rows["outcome"] == REFUSED, "refusal"]
        .value_counts(sort=False)
        .sort_index()
        .sort_values(ascending=False, kind="stable")
        .items()
    ]
