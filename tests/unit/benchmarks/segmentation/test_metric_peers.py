"""The metrics beside an independent implementation, and the command that asks stardist's."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

SCRIPT = Path(__file__).parents[4] / "studies" / "metric_peers.py"
spec = importlib.util.spec_from_file_location("metric_peers", SCRIPT)
peers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(peers)


def dense(true, predicted, thresholds, strict):
    """Every IoU one by one, then the assignment with most pairs and, of these, most overlap."""
    rows = [true == label for label in np.unique(true) if label]
    columns = [predicted == label for label in np.unique(predicted) if label]
    iou = np.array([[(a & b).sum() / (a | b).sum() for b in columns] for a in rows])
    iou = iou.reshape(len(rows), len(columns))
    answer = []
    for threshold in thresholds:
        above = iou > threshold if strict else iou >= threshold
        gain = np.where(above, 1 + iou / (1 + min(iou.shape)), 0)
        chosen = linear_sum_assignment(gain, maximize=True)
        matched = iou[chosen][above[chosen]]
        tp, total = len(matched), len(rows) + len(columns)
        answer.append(
            {
                "tp": tp, "fp": len(columns) - tp, "fn": len(rows) - tp,
                "ap": tp / (total - tp) if total else 1.0,
                "pq": 2 * matched.sum() / total if total else 1.0,
            }
        )  # fmt: skip
    return answer


@pytest.fixture(scope="module")
def pairs():
    # Two of them are empty on both sides; small ones, since each IoU is found by itself.
    made = peers.make_pairs(50, seed=5)
    return sorted(made, key=lambda pair: np.unique(pair[0]).size * pair[0].size)[:36]


def test_equal_to_the_dense_computation(pairs):
    mine = [peers.ours(*pair) for pair in pairs]
    theirs = [dense(*pair, peers.THRESHOLDS, strict=True) for pair in pairs]
    counts = peers.compare(mine, theirs, ())
    assert counts == {"compared": 36 * 11, "equal": 36 * 11, "unexplained": 0}
    assert sum(row["tp"] for answer in mine for row in answer) > 1000
    assert any(row["empty"] for answer in mine for row in answer)


def test_a_content_peer_differs_at_ties_alone(pairs):
    mine = [peers.ours(*pair) for pair in pairs]
    theirs = [dense(*pair, peers.THRESHOLDS, strict=False) for pair in pairs]
    counts = peers.compare(mine, theirs, ("tie",))
    assert counts["tie"] > 0 and counts["unexplained"] == 0


def test_a_wrong_peer_is_found_out(pairs):
    mine = [peers.ours(*pair) for pair in pairs]
    theirs = [dense(*pair, peers.THRESHOLDS, strict=True) for pair in pairs]
    theirs[-1][3]["tp"] += 1
    theirs[-2][5]["pq"] += 0.01
    assert peers.compare(mine, theirs, ("empty",))["unexplained"] == 2


def test_a_peer_that_is_not_installed_is_named(pairs):
    with pytest.raises(SystemExit, match="is it installed there"):
        peers.ask(sys.executable, "stardist-of-nowhere", pairs[:1])
