"""Compare our segmentation metrics with two independent implementations on random masks.

    python studies/metric_peers.py --stardist PYTHON --cellpose PYTHON

Each option names the interpreter of an environment that has the peer; neither is needed by
Micrographia or is in its lock. `pip install stardist csbdeep` (with `--no-deps` it needs no
TensorFlow, but numpy, scipy, numba, scikit-image, tqdm) and `pip install cellpose`.

stardist's `matching.matching` gives tp, fp, fn, accuracy (which is AP) and panoptic quality of an
image at a threshold; cellpose's `metrics.average_precision` the first four. Every figure of every
pair of masks is compared at IoU 0.3 and at the ten thresholds of COCO, panoptic quality where it
is defined, from 0.5 upwards. A difference is allowed where it is documented: an IoU that is just
the threshold, which counts for them and not here (as far as single precision lets them see it); an
image with neither truth nor prediction (1 here, 0 for stardist, no number for cellpose); for
cellpose, a mask without background, whose instances it counts one short. Any other difference
ends the command with an error.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

THRESHOLDS = (0.3, *(round(0.5 + 0.05 * step, 2) for step in range(10)))
#: IoUs nearer to the threshold than this are the same as it in single precision.
NEAR = 1e-6

Answer = list[dict[str, float]]


def make_pairs(count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of true and predicted label masks of many kinds; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    return [_pair(number, rng) for number in range(count)]


def _pair(number: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    side = int(rng.integers(24, 160))
    kind = number % 8
    if kind == 0:  # a coarse grid: many IoUs are simple fractions
        true = np.kron(rng.integers(0, 9, (side // 8, side // 8)), np.ones((4, 4), int))
        predicted = np.kron(rng.integers(0, 9, (side // 8, side // 8)), np.ones((4, 4), int))
        predicted = np.where(rng.random() < 0.7, np.where(predicted % 3, true, predicted), true)
        predicted = np.roll(predicted, rng.integers(0, 3, 2), axis=(0, 1))
    elif kind == 1:  # cells without background
        true, predicted = _cells(side, rng), _cells(side, rng)
    else:
        true = _cells(side, rng)
        true = np.where(np.isin(true, rng.permutation(true.max())[: true.max() // 2]), 0, true)
        predicted = _worsened(true, rng)
    if number % 25 == 24:
        true = true * 0
    if number % 50 in (23, 24):
        predicted = predicted * 0
    # Numbers mean nothing: they are shuffled, with gaps.
    names = rng.permutation(int(max(true.max(), predicted.max())) + 20)[:-1] + 1
    return tuple(np.where(part, names[part], 0).astype(np.int32) for part in (true, predicted))


def _cells(side: int, rng: np.random.Generator) -> np.ndarray:
    """Voronoi cells of up to 150 points, numbered from 1."""
    points = rng.uniform(0, side, (int(rng.integers(2, 150)), 2))
    y, x = np.mgrid[:side, :side]
    distance = (y[..., None] - points[:, 0]) ** 2 + (x[..., None] - points[:, 1]) ** 2
    return distance.argmin(axis=-1) + 1


def _worsened(true: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A prediction: moved, with instances lost, merged, cut in two and made up."""
    found = np.roll(true, rng.integers(-2, 3, 2), axis=(0, 1)).copy()
    names = np.unique(found[found > 0])
    for name in names:
        lot = rng.random()
        if lot < 0.1:
            found[found == name] = 0
        elif lot < 0.2:
            found[found == name] = rng.choice(names)
        elif lot < 0.3:
            rows, columns = np.nonzero(found == name)
            half = columns > np.median(columns)
            found[rows[half], columns[half]] = int(found.max()) + 1
    y, x = rng.integers(0, true.shape[0], 2)
    found[y : y + 6, x : x + 6] = int(found.max()) + 1
    return found


def ours(true: np.ndarray, predicted: np.ndarray) -> Answer:
    """The figures of the benchmark room, and which documented difference there may be."""
    from micrographia.benchmarks.segmentation.matching import (
        average_precision,
        count,
        panoptic_quality,
    )
    from micrographia.io.label_masks import overlaps

    found = overlaps(true, predicted)
    rows = []
    for threshold in THRESHOLDS:
        counts = count(found, threshold)
        rows.append(
            {
                "tp": counts.tp, "fp": counts.fp, "fn": counts.fn,
                "ap": average_precision(counts), "pq": panoptic_quality(counts),
                "most": count(found, threshold - NEAR).tp,
                "tie": bool((np.abs(found.iou - threshold) < NEAR).any()),
                "empty": found.n_true + found.n_predicted == 0,
                "full": bool((true > 0).all() or (predicted > 0).all()),
            }
        )  # fmt: skip
    return rows


def of_stardist(true: np.ndarray, predicted: np.ndarray) -> Answer:
    """stardist's figures; run in its environment."""
    from stardist.matching import matching

    found = matching(true, predicted, thresh=THRESHOLDS)
    return [
        {"tp": one.tp, "fp": one.fp, "fn": one.fn, "ap": one.accuracy, "pq": one.panoptic_quality}
        for one in found
    ]


def of_cellpose(true: np.ndarray, predicted: np.ndarray) -> Answer:
    """cellpose's figures; run in its environment."""
    from cellpose.metrics import average_precision

    found = average_precision(true, predicted, threshold=list(THRESHOLDS))
    return [
        {"ap": ap, "tp": tp, "fp": fp, "fn": fn} for ap, tp, fp, fn in zip(*found, strict=True)
    ]


PEERS = {"stardist": of_stardist, "cellpose": of_cellpose}


#: Documented differences of each peer, as `ours` marks them.
REASONS = {"stardist": ("empty", "tie"), "cellpose": ("empty", "full", "tie")}


def compare(mine: list[Answer], theirs: list[Answer], reasons: Sequence[str]) -> dict[str, Any]:
    """Count comparisons that are equal, and those that differ by reason.

    A comparison is one image at one threshold, with all its figures.
    """
    counts = dict.fromkeys(("compared", "equal", *reasons, "unexplained"), 0)
    for one, other in zip(mine, theirs, strict=True):
        for left, right, threshold in zip(one, other, THRESHOLDS, strict=True):
            names = [name for name in right if name != "pq" or threshold >= 0.5]
            same = all(_near(left[name], right[name]) for name in names)
            found = [name for name in reasons if left[name]]
            if "tie" in found and not left["tp"] <= right["tp"] <= left["most"]:
                found.remove("tie")  # it would explain other counts than these
            counts["compared"] += 1
            counts["equal" if same else found[0] if found else "unexplained"] += 1
    return counts


def _near(one: float, other: float | None) -> bool:
    return other is not None and abs(one - other) < 1e-5


def ask(python: str, peer: str, pairs: list[tuple[np.ndarray, np.ndarray]]) -> list[Answer]:
    """Let a peer's interpreter score the pairs."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pairs.npz"
        flat = {
            f"{i}-{side}": part for i, pair in enumerate(pairs) for side, part in enumerate(pair)
        }
        np.savez(file, **flat)
        words = [python, __file__, "--answer", peer, str(file)]
        answer = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode:
        raise SystemExit(f"{python} could not score with {peer}; is it installed there?")
    return json.loads(answer.stdout.splitlines()[-1])


def _answer(peer: str, file: str) -> None:
    """Print a peer's figures of a file of pairs as one line of JSON."""
    with np.load(file) as stored, np.errstate(all="ignore"):
        answers = [
            PEERS[peer](stored[f"{number}-0"], stored[f"{number}-1"])
            for number in range(len(stored.files) // 2)
        ]
    plain = [
        [
            {name: float(value) if np.isfinite(value) else None for name, value in row.items()}
            for row in answer
        ]
        for answer in answers
    ]
    print(json.dumps(plain))


def main() -> int:
    """Compare with every peer that is named and print the counts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for peer in PEERS:
        parser.add_argument(f"--{peer}", metavar="PYTHON", help=f"interpreter that has {peer}")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1665)
    parser.add_argument("--answer", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.answer:
        _answer(*arguments.answer)
        return 0
    named = {peer: getattr(arguments, peer) for peer in PEERS if getattr(arguments, peer)}
    if not named:
        parser.error("name at least one peer's interpreter; see the head of this file")
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
    pairs = make_pairs(arguments.pairs, arguments.seed)
    mine = [ours(*pair) for pair in pairs]
    figures = {
        peer: compare(mine, ask(python, peer, pairs), REASONS[peer])
        for peer, python in named.items()
    }
    instances = [len(np.unique(part)) - 1 for pair in pairs for part in pair]
    about = {"pairs": len(pairs), "thresholds": THRESHOLDS, "instances": sum(instances)}
    json.dump(about | figures, sys.stdout, indent=2)
    print()
    return int(any(counts["unexplained"] for counts in figures.values()))


if __name__ == "__main__":
    raise SystemExit(main())
