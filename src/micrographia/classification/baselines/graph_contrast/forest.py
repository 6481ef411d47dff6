"""A random forest on the vectors of graphs: how GDL-NMID classifies with encoders of graphs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from micrographia.arrays import Float32Array, FloatArray, FloatImage
from micrographia.classification.baselines.baseline import Answerer, Run
from micrographia.classification.baselines.graph_contrast.tasks import Contrast
from micrographia.classification.baselines.loop import Pace, fit
from micrographia.classification.baselines.pictures.supervised import parameters_of

#: Trees, and the least probability: a forest may be certain, a logarithm must be finite.
_TREES, _LEAST = 300, 1e-3
_AT_ONCE = 64


def forested(make: Callable[[Run], Contrast], pace: Pace) -> Callable[[Run], Answerer]:
    """Return the training of an encoder without labels and of a forest with them.

    The encoder takes the whole budget; the forest, which takes a second or two, comes on top.

    Parameters
    ----------
    make
        Makes the task; it must not read labels.
    pace
        Its learning rate and batch.
    """

    def train(run: Run) -> Answerer:
        from sklearn.ensemble import RandomForestClassifier

        torch.manual_seed(run.seed)
        task, known = make(run), run.parts.train
        took = fit(task, len(known.labels), run.budget, pace, run.seed)
        forest = RandomForestClassifier(_TREES, random_state=run.seed)
        forest.fit(_vectors(task, known.values, run), known.labels)

        def logits(pictures: FloatImage) -> FloatArray:
            shares = np.zeros((len(pictures), run.parts.outputs))
            shares[:, forest.classes_] = forest.predict_proba(_vectors(task, pictures, run))
            return np.asarray(np.log(np.maximum(shares, _LEAST)))

        return Answerer(logits, took.steps, parameters_of(task.encoder))

    return train


def _vectors(task: Contrast, pictures: FloatImage, run: Run) -> Float32Array:
    found = []
    with torch.inference_mode():
        for start in range(0, len(pictures), _AT_ONCE):
            part = torch.from_numpy(pictures[start : start + _AT_ONCE])[:, None].to(run.device)
            found.append(task.vectors(part).cpu().numpy())
    return np.concatenate(found)
