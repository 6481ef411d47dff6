"""Stable format of `results/benchmarks/<name>.json`, the same for every benchmark."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from micrographia.errors import TableError
from micrographia.io.atomic import write_text


class MetricRow(TypedDict):
    """One entry of a result's `metrics`; a value that is undefined is None."""

    metric: str
    group: str
    method: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_failed: int


#: What every entry of `metrics` holds.
FIELDS = tuple(MetricRow.__annotations__)
_RESERVED = ("name", "config_digest", "versions", "seed", "n", "n_failed", "metrics")


def metric_row(
    metric: str,
    *,
    group: str,
    method: str,
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    n: int,
    n_failed: int,
) -> MetricRow:
    """Return one entry of a result's `metrics`.

    Parameters
    ----------
    metric
        Its name, for example `"AP@0.5"`.
    group
        Which cases it covers, for example `"all"`.
    method
        Which method was scored.
    value, low, high
        The figure and the ends of its confidence interval; None or NaN where undefined.
    n, n_failed
        Cases covered, failures included, and how many of them failed.

    Examples
    --------
    >>> metric_row("AP@0.5", group="all", method="m", value=float("nan"), n=0, n_failed=0)["value"]
    """
    return {
        "metric": metric,
        "group": group,
        "method": method,
        "value": _finite(value),
        "low": _finite(low),
        "high": _finite(high),
        "n": int(n),
        "n_failed": int(n_failed),
    }


def write_result(
    path_json: str | os.PathLike[str],
    name: str,
    metrics: Sequence[Mapping[str, Any]],
    provenance: Mapping[str, Any],
    *,
    n: int,
    n_failed: int,
    **extra: Any,
) -> dict[str, Any]:
    """Write the values of a benchmark as JSON, atomically; return what was written.

    Parameters
    ----------
    path_json
        Where to write; parents are created.
    name
        The benchmark's name.
    metrics
        Entries made by `metric_row`.
    provenance
        What `micrographia.provenance.stamp(settings, seed)` returns.
    n, n_failed
        Cases scored, failures included, and how many of them failed.
    extra
        Further entries at the top level, JSON-like.

    Raises
    ------
    TableError
        A metric lacks a field or has an unknown one, or `extra` takes a reserved name.
    """
    for entry in metrics:
        if set(entry) != set(FIELDS):
            raise TableError(
                f"A metric of benchmark {name!r} has the wrong fields",
                seen=sorted(entry),
                allowed=", ".join(FIELDS),
            )
    taken = sorted(set(extra) & set(_RESERVED))
    if taken:
        raise TableError(f"Benchmark {name!r}: the names {taken} are reserved", remedy="Rename")
    result = {
        "name": name,
        "config_digest": provenance["settings_digest"],
        "versions": dict(provenance["versions"]),
        "seed": provenance["seed"],
        "n": int(n),
        "n_failed": int(n_failed),
        "metrics": [dict(entry) for entry in metrics],
        **extra,
    }
    # NaN is no JSON: strict parsers of other languages refuse the whole file.
    write_text(path_json, json.dumps(result, indent=2, allow_nan=False, ensure_ascii=False) + "\n")
    return result


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
