"""Split into train, validation and test: balanced over clusters, each formula in one split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from micrographia.arrays import FloatArray, IntArray
from micrographia.config import Splits
from micrographia.physics.lattice import minimum_image

#: Distances up to which the histograms reach, and the width of a bin [Å].
_REACH, _STEP = 6.0, 0.25
_SMEARING = 0.25  # of the histograms [Å]
_COMPONENTS = 8


def assign_splits(
    layers: Sequence[Atoms], formulas: Sequence[str], settings: Splits, seed: int
) -> list[str]:
    """Give each crystal a side: train, validation or test.

    Crystals of one formula stay together, polymorphs and what the matcher took for different
    included. The formulas' mean fingerprints, reduced by principal components, are clustered
    by k-means; each cluster is dealt out in the stated shares.

    Parameters
    ----------
    layers, formulas
        Crystals and their reduced formulas.
    settings
        Shares and number of clusters.
    seed
        Of k-means and of the order in which formulas are dealt out.

    Returns
    -------
    Side of each crystal. At least one formula of every cluster is in train.
    """
    if not layers:
        return []
    groups, inverse, sizes = np.unique(
        np.asarray(formulas, dtype=str), return_inverse=True, return_counts=True
    )
    fingerprints = np.array([fingerprint(layer) for layer in layers])
    means = np.zeros((len(groups), fingerprints.shape[1]))
    np.add.at(means, inverse, fingerprints)
    labels = clusters(means / sizes[:, None], settings.clusters, seed)
    side_of_group = _deal(labels, sizes, settings, seed)
    return [side_of_group[group] for group in inverse]


def clusters(fingerprints: FloatArray, count: int, seed: int) -> IntArray:
    """Label fingerprints (n, features) by k-means on their first principal components."""
    n = len(fingerprints)
    if n <= 1 or count == 1:
        return np.zeros(n, dtype=np.int64)
    spread = fingerprints.std(axis=0)
    used = spread > 1e-9
    if not used.any():
        return np.zeros(n, dtype=np.int64)
    scaled = (fingerprints - fingerprints.mean(axis=0))[:, used] / spread[used]
    components = min(_COMPONENTS, n, int(used.sum()))
    reduced = PCA(components, svd_solver="full").fit_transform(scaled)
    different = len(np.unique(reduced.round(9), axis=0))
    means = KMeans(min(count, different), n_init=10, random_state=seed)
    return np.asarray(means.fit_predict(reduced), dtype=np.int64)


def _deal(labels: IntArray, sizes: IntArray, settings: Splits, seed: int) -> list[str]:
    """Deal groups of given sizes to the sides, cluster by cluster, large groups first.

    A group goes to the side that lacks most of its share. What a cluster could not divide is
    made up for in the next ones.
    """
    shares = settings.shares()
    names = list(shares)
    wanted = np.array([shares[name] for name in names])
    given = np.zeros(len(names))
    sides = [""] * len(labels)
    random = np.random.default_rng(seed)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        members = members[np.argsort(-sizes[members], kind="stable")]
        for number, member in enumerate(members.tolist()):
            lacking = wanted * (given.sum() + sizes[member]) - given
            # Train is the first side; a model must have seen every kind of crystal.
            chosen = 0 if number == 0 else int(lacking.argmax())
            given[chosen] += sizes[member]
            sides[member] = names[chosen]
    return sides


def fingerprint(layer: Atoms) -> FloatArray:
    """Describe composition and structure of a layer; no choice of cell or order changes it.

    Returns
    -------
    Mean, deviation, least and greatest of atomic number, row of the periodic table and covalent
    radius [Å]; number of elements and entropy of their shares; thickness [Å] and atoms per area
    [1/Å²]; histograms of distances between atoms and between projected atoms up to 6 Å, per
    atom and Å.
    """
    numbers = layer.numbers
    rows = np.searchsorted([2, 10, 18, 36, 54, 86], numbers).astype(float)
    statistics = [
        measure
        for values in (numbers.astype(float), rows, covalent_radii[numbers])
        for measure in (values.mean(), values.std(), values.min(), values.max())
    ]
    _, counts = np.unique(numbers, return_counts=True)
    part = counts / counts.sum()
    area = abs(float(np.linalg.det(layer.cell[:2, :2])))
    statistics += [
        len(counts),
        -float((part * np.log(part)).sum()),
        float(np.ptp(layer.positions[:, 2])),
        len(numbers) / area,
    ]
    return np.concatenate([statistics, *_histograms(layer)])


def _histograms(layer: Atoms) -> tuple[FloatArray, FloatArray]:
    """Smeared histograms of the distances in space and in projection, over 2πr."""
    cell = np.array(layer.cell[:2, :2])
    # Heights of the cell say how many copies reach 6 Å, and half a cell more for the basis.
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    first, second = (int(np.ceil((_REACH + 4 * _SMEARING) / height)) + 1 for height in heights)
    steps = np.array(
        [[i, j] for i in range(-first, first + 1) for j in range(-second, second + 1)]
    )
    fractions = layer.positions[:, :2] @ np.linalg.inv(cell)
    difference = fractions[None, :] - fractions[:, None]
    flat = (minimum_image(difference)[:, :, None] + steps) @ cell
    plane = np.linalg.norm(flat, axis=-1)
    rise = layer.positions[None, :, 2] - layer.positions[:, None, 2]
    space = np.hypot(plane, rise[:, :, None])
    return _histogram(space, len(layer)), _histogram(plane, len(layer))


def _histogram(distances: FloatArray, atoms: int) -> FloatArray:
    centres = np.arange(_STEP / 2, _REACH, _STEP)
    # An atom has no distance to itself; stacked ones have none in projection.
    near = distances[(distances > 0.05) & (distances < _REACH + 4 * _SMEARING)]
    bells = np.exp(-0.5 * ((near[:, None] - centres) / _SMEARING) ** 2)
    scale = _SMEARING * np.sqrt(2 * np.pi) * atoms * 2 * np.pi * centres
    return np.asarray(bells.sum(axis=0) / scale)
