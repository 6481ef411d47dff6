"""The hardest tenth as test set: principal components, k-means, distance and silhouette.

The protocol of GDL-NMID: z-scored pictures of 224², flattened, reduced by principal components,
clustered by k-means with K = 10; hard is what lies far from its own centre and close to another.
The paper does not say how the two are weighed: here the ranks of both count the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import rankdata
from sklearn.cluster import KMeans
from sklearn.decomposition import IncrementalPCA
from sklearn.metrics import silhouette_samples

from micrographia.arrays import BoolArray, FloatArray, FloatImage
from micrographia.errors import MicrographiaError

#: Clusters, and components that are kept.
CLUSTERS, COMPONENTS = 10, 50
#: Starts of k-means, of which the tightest counts.
_STARTS = 10


def hardness(
    pictures: Callable[[], Iterator[FloatImage]], seed: int, clusters: int = CLUSTERS
) -> FloatArray:
    """Return how hard each picture is, 0 (easiest) … 1.

    Parameters
    ----------
    pictures
        Gives batches of z-scored pictures, shape (n, side, side), in one order each time that it
        is called: they are read twice, and never held all at once.
    seed
        Of k-means.
    clusters
        Number of clusters.

    Raises
    ------
    MicrographiaError
        There are no more pictures than clusters.
    """
    parts = _reduced(pictures)
    if len(parts) <= clusters:
        raise MicrographiaError(
            "Too few pictures to find the hard ones",
            seen=len(parts),
            allowed=f"more than {clusters}",
            remedy="Add pictures, or take the stratified split",
        )
    model = KMeans(clusters, n_init=_STARTS, random_state=seed).fit(parts)
    distance = np.linalg.norm(parts - model.cluster_centers_[model.labels_], axis=1)
    silhouette = silhouette_samples(parts, model.labels_)
    ranks = rankdata(distance) + rankdata(-silhouette)
    return (rankdata(ranks) - 1) / (len(ranks) - 1)


def hardest(values: FloatArray, share: float) -> BoolArray:
    """Return which pictures are the hardest ones; at least one, and not all.

    Examples
    --------
    >>> hardest(np.array([0.0, 1.0, 0.5]), 0.34).tolist()
    [False, True, False]
    """
    count = min(max(1, round(share * len(values))), len(values) - 1)
    chosen = np.zeros(len(values), dtype=np.bool_)
    chosen[np.argsort(-values, kind="stable")[:count]] = True
    return chosen


def _reduced(pictures: Callable[[], Iterator[FloatImage]]) -> FloatArray:
    """Return the first principal components of pictures, shape (n, components)."""
    model: IncrementalPCA | None = None
    held: list[FloatImage] = []
    for flat in _flattened(pictures):
        held.append(flat)
        # The first step needs as many pictures as there are components, the others no fewer.
        if sum(map(len, held)) >= 2 * COMPONENTS:
            model = model or IncrementalPCA(COMPONENTS)
            model.partial_fit(np.concatenate(held))
            held = []
    if model is None:
        whole = np.concatenate(held) if held else np.zeros((0, 1), np.float32)
        if len(whole) < 2:
            return np.zeros((len(whole), 1))
        return np.asarray(IncrementalPCA(min(COMPONENTS, len(whole))).fit_transform(whole))
    return np.concatenate([model.transform(flat) for flat in _flattened(pictures)])


def _flattened(pictures: Callable[[], Iterator[FloatImage]]) -> Iterator[FloatImage]:
    for batch in pictures():
        yield batch.reshape(len(batch), -1)
