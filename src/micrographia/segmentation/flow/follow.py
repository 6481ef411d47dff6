"""Flow field to label mask: follow every pixel to its end point; end points make instances."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from micrographia.arrays import BoolArray, FloatArray, FloatImage, IntArray, LabelMask, RealArray
from micrographia.segmentation.flow.basins import basins, differences, partings, point, total
from micrographia.segmentation.flow.field import solve


@dataclass(frozen=True)
class Followed:
    """Instances found in a flow field.

    Attributes
    ----------
    labels
        Label mask, shape (H, W), int32, 1...n without gaps in reading order.
    instances
        One row per instance, in order of label: `label`, `y`, `x` (its end, px), `area_px`,
        `probability` (mean foreground probability), `flow_error` (mean squared length of the
        difference between the field and that of the found mask, 0 to 4; NaN unless
        `max_flow_error` was given).
    dropped
        One row per object that was found and not kept: the same columns without `label`, and
        `reason`.
    """

    labels: LabelMask
    instances: pd.DataFrame
    dropped: pd.DataFrame


def follow(
    field: RealArray,
    probability: RealArray,
    *,
    threshold: float = 0.5,
    min_area: int = 1,
    max_flow_error: float | None = None,
    parting: float = 0.25,
    threads: int = 1,
) -> Followed:
    """Return the instances of a flow field.

    Each pixel of the foreground points to the neighbour in the direction of its vector; all
    pixels that come to the same end are a basin; basins whose common border does not part the
    flow are one instance. A field of `flow_field` gives back its label mask exactly, apart from
    instances in several parts.

    Parameters
    ----------
    field
        Vectors (y, x) of length about 1, shape (2, H, W). Only their directions decide; an end
        whose vector is exactly 0, as at the centres of `flow_field`, is never joined to another
        such one.
    probability
        Foreground probability, shape (H, W).
    threshold
        The foreground is where the probability is greater.
    min_area
        Smallest instance [px]; smaller ones are dropped.
    max_flow_error
        Largest mean squared difference between the field and that of the found instance, 0 to
        4; None computes none.
    parting
        Two touching basins are separate instances if the paths from both sides of their border
        diverge by more than this fraction of their length, -1 to 1.
    threads
        Threads to use; the result does not depend on it.

    Raises
    ------
    ValueError
        The shapes do not fit.

    Examples
    --------
    >>> from micrographia.segmentation.flow.field import flow_field
    >>> labels = np.array([[7, 7, 2, 2, 0, 2]])
    >>> truth = flow_field(labels)
    >>> follow(truth.field, truth.foreground).labels
    array([[1, 1, 2, 2, 0, 3]], dtype=int32)
    """
    check_shapes(field.shape, probability.shape)
    parts = np.ascontiguousarray(field, np.float32)
    labels, table = _instances(parts, probability > threshold, parting, threads)
    table["probability"] = total(labels.ravel(), probability.ravel(), len(table))
    table["probability"] /= table["area_px"]
    table["flow_error"] = np.nan
    if max_flow_error is not None:
        table["flow_error"] = _flow_error(labels, parts, table["area_px"], threads)
    return sorted_out(labels, table, min_area, max_flow_error)


def check_shapes(field: Sequence[int], probability: Sequence[int]) -> None:
    """Refuse a field and a probability of different shapes; see `follow`."""
    if tuple(field) != (2, *probability):
        raise ValueError(
            f"the field has shape {tuple(field)}, the probability {tuple(probability)}; "
            "allowed: (2, H, W) and (H, W)"
        )


def sorted_out(
    labels: LabelMask, table: pd.DataFrame, min_area: int, max_flow_error: float | None
) -> Followed:
    """Drop instances that are too small or have a large flow error; renumber the others.

    Parameters
    ----------
    labels
        Label mask of all that was found, 1...n.
    table
        Its `instances`, without `label`.
    min_area, max_flow_error
        As in `follow`.
    """
    reason = np.full(len(table), "", dtype=object)
    reason[table["area_px"] < min_area] = f"smaller than {min_area} px"
    if max_flow_error is not None:
        # A field that holds NaN has an error that is no number, and is not below the limit.
        wrong = (reason == "") & ~(table["flow_error"] <= max_flow_error)
        reason[wrong] = f"flow error above {max_flow_error:g}"
    kept = reason == ""
    number = np.concatenate(([0], np.where(kept, np.cumsum(kept), 0))).astype(np.int32)
    instances = table[kept].reset_index(drop=True)
    instances.insert(0, "label", number[1:][kept])
    dropped = table[~kept].assign(reason=reason[~kept]).reset_index(drop=True)
    return Followed(labels if kept.all() else number[labels], instances, dropped)


def _instances(
    field: FloatImage, inside: BoolArray, parting: float, threads: int
) -> tuple[LabelMask, pd.DataFrame]:
    """Return the label mask, and `y`, `x`, `area_px` of each instance."""
    small = inside.size <= np.iinfo(np.int32).max
    target = np.empty(inside.shape, np.int32 if small else np.int64)
    basin = np.empty(inside.shape, np.int32)
    edges = np.linspace(0, inside.shape[0], threads + 1).astype(int)
    bands = list(pairwise(edges.tolist()))
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda band: point(field[0], field[1], inside, target, *band), bands))
        ends, area = basins(target.ravel(), basin.ravel())
        found = list(pool.map(lambda band: partings(target, basin, *band), bands))
    declared = np.all(field.reshape(2, -1)[:, ends] == 0, axis=0)
    smaller, larger, growth, way = (np.concatenate(parts) for parts in zip(*found, strict=True))
    instance = _joined(smaller, larger, growth, way, declared, parting)
    # The end of the largest basin stands for the instance.
    order = np.lexsort((-area, instance))
    first = order[np.searchsorted(instance[order], np.arange(1, instance.max(initial=0) + 1))]
    y, x = np.divmod(ends[first], inside.shape[1])
    table = pd.DataFrame({"y": y, "x": x, "area_px": np.bincount(instance, area).astype(int)[1:]})
    return np.concatenate(([0], instance)).astype(np.int32)[basin], table


def _joined(
    smaller: LabelMask,
    larger: LabelMask,
    growth: FloatImage,
    way: FloatImage,
    declared: BoolArray,
    parting: float,
) -> IntArray:
    """Return the instance, 1...n in reading order, that each basin belongs to."""
    count = len(declared)
    borders, place = np.unique(
        smaller.astype(np.int64) * (count + 1) + larger, return_inverse=True
    )
    one, two = np.array(np.divmod(borders, count + 1)) - 1
    together = np.bincount(place, growth) <= parting * np.bincount(place, way)
    together &= ~(declared[one] & declared[two])
    graph = coo_array((together[together], (one[together], two[together])), shape=(count, count))
    _, group = connected_components(graph, directed=False)
    _, first, group = np.unique(group, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(1, len(first) + 1)
    return np.asarray(rank[group])


def _flow_error(labels: LabelMask, field: FloatImage, area: pd.Series, threads: int) -> FloatArray:
    """Mean squared distance between the field and that of the labels, per instance."""
    own, _, _ = solve(labels, threads)
    return np.asarray(differences(labels, field, own, len(area)) / area)
