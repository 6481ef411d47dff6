"""Quality model of a trained network's candidates, fitted on its training pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from torch import nn

from micrographia.arrays import BoolArray, FloatArray, LabelMask
from micrographia.config import Network
from micrographia.io.label_masks import overlaps
from micrographia.segmentation.inference.candidates import Quality, settle
from micrographia.segmentation.inference.instances import candidates_of
from micrographia.segmentation.samples.agreement import agreement
from micrographia.segmentation.samples.pictures import Shelf

#: Pictures that are looked at.
_PICTURES = 60
#: Least qualities that are tried.
_LEAST = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)


def fit_quality(
    model: nn.Module, pictures: pd.DataFrame, settings: Network, seed: int
) -> Quality | None:
    """Fit the logistic model of candidates, and the quality from which they are kept.

    Parameters
    ----------
    model
        The trained network, on its device.
    pictures
        Rows of `schemas.TRAINING_PICTURES` to learn from: 60 of them, drawn by the seed, the real
        ones first.
    settings
        As it will be used.
    seed
        Of the draw.

    Returns
    -------
    The model. An instance is right when its IoU with a true one is above 0.5; the least quality
    is that of the best mean AP@0.5. None where there are no candidates.
    """
    from sklearn.linear_model import LogisticRegression

    # Masks of a network tell nothing of what a network gets wrong.
    pictures = pictures[pictures["source"] != "pseudo"]
    drawn = pictures.iloc[np.random.default_rng([seed, 2]).permutation(len(pictures))]
    drawn = drawn.sort_values("source", key=lambda source: source != "real", kind="stable")
    shelf = Shelf()
    seen: list[tuple[LabelMask, list[LabelMask], list[FloatArray]]] = []
    features, right = [], []
    for row in drawn.head(_PICTURES).to_dict("records"):
        image, truth = shelf.read(row["path"], row["mask_path"])
        masks, tables = candidates_of(model, image, settings)
        seen.append((truth, masks, tables))
        features += tables
        right += [_is_right(truth, mask) for mask in masks]
    if not sum(len(one) for one in right):
        return None
    table, target = np.concatenate(features), np.concatenate(right)
    mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-6
    if target.all() or not target.any():  # nothing tells them apart, and nothing needs to
        weights = np.zeros(len(mean))
        bias = np.log((target.sum() + 1) / ((~target).sum() + 1))
    else:
        logistic = LogisticRegression(max_iter=1000).fit((table - mean) / spread, target)
        weights, bias = logistic.coef_[0], logistic.intercept_[0]
    quality = Quality(
        tuple(mean.tolist()),
        tuple(spread.tolist()),
        tuple(weights.tolist()),
        float(bias),
        least=0.0,
    )
    scores = [_score(seen, quality, least) for least in _LEAST]
    best = _LEAST[int(np.argmax(scores))]
    return replace(quality, least=best)


def _is_right(truth: LabelMask, mask: LabelMask) -> BoolArray:
    """Whether each instance of a mask has an IoU above 0.5 with a true one."""
    right = np.zeros(int(mask.max(initial=0)) + 1, dtype=bool)
    pairs = overlaps(np.maximum(truth, 0), mask)
    right[pairs.predicted_labels[pairs.predicted[pairs.iou > 0.5]]] = True
    return right[1:]


def _score(
    seen: list[tuple[LabelMask, list[LabelMask], list[FloatArray]]], quality: Quality, least: float
) -> float:
    tried = replace(quality, least=least)
    scores = [
        agreement(truth, settle(masks, tables, tried)[0]).ap50 for truth, masks, tables in seen
    ]
    return float(np.mean(scores))
