"""The lattice of a picture: proposed by its reflections, tested, refined over all harmonics."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import cg
from scipy.spatial import cKDTree
from scipy.stats import gamma as gamma_distribution

from micrographia.arrays import BoolArray, ComplexArray, FloatArray, IntArray
from micrographia.config import Reconstruction
from micrographia.errors import SolveError
from micrographia.physics.imaging import evaluate_series, reciprocal_vectors
from micrographia.physics.lattice import gauss_reduce
from micrographia.reconstruction.peaks import find_peaks, refine_all
from micrographia.reconstruction.spectrum import Tapered, Whitened, sample, significance, taper

_SEEDS = 24  # strongest reflections whose pairs propose lattices
_SHORTLIST = 100  # proposals that are refined
_TOLERANCE = 0.3  # of 1/extent, within which a reflection belongs to a lattice
_COST = 4.0  # log-likelihood that each reflection of a proposed lattice must pay
_EVIDENCE = 0.95  # share of it within which a lattice pays for its reflections
_LEAKAGE = 1e-3  # amplitude that a strong reflection may leave elsewhere, relative to it
_FLAT = 0.3  # taper where side lobes are solved for or absent: more of the picture counts
_RADII = (0.2, 0.4, 1.0)  # of the information limit, within which a superlattice is sought
_AT_ONCE = 8192  # pairs of reflections between two looks at the clock
_PRODUCTS = 500_000_000  # products of a sum over waves between two looks
_DOUBT = 1e-4  # chance at which a finer lattice is taken for real


@dataclass(frozen=True)
class Fit:
    """A lattice and the picture's Fourier coefficients on it.

    Attributes
    ----------
    cell
        Rows are the primitive vectors in the picture's frame (2, 2) [Å].
    indices, g
        Half-plane Miller indices (m, 2) and frequencies (m, 2) [1/Å].
    coefficients, sigma
        Complex coefficients (m,) of the picture, and the deviation of their noise (m,).
    explained
        Share of the significant reflections' power that lies on the lattice.
    """

    cell: FloatArray
    indices: IntArray
    g: FloatArray
    coefficients: ComplexArray
    sigma: FloatArray
    explained: float


def find_lattice(image: Whitened, settings: Reconstruction) -> Fit:
    """Find the primitive lattice of a picture and its Fourier coefficients.

    Raises
    ------
    SolveError
        No lattice stands out of the noise, or the picture's deadline is reached.
    """
    g, strength = find_peaks(taper(image, 1.0))
    if len(g) < 2 or not _spans_plane(g):
        raise SolveError(
            "No lattice stands out of the noise",
            seen=f"{len(g)} reflections",
            allowed="at least two in different directions",
            remedy="Use a higher dose or a larger field, or check the pixel size",
        )
    image.deadline.check()
    proposals = _propose(g, strength, image, settings)
    if not proposals:
        raise SolveError(
            "The reflections of the picture fit no lattice within the limits",
            allowed=f"cells up to {settings.max_cell_area:g} Å², "
            f"vectors from {settings.min_lattice_length:g} Å",
            remedy="Raise reconstruction.max_cell_area, or check the pixel size",
        )
    reciprocal = _refine(image, proposals[0])
    reciprocal = _refine(image, _densify(image, reciprocal, settings))
    cell = _dual(reciprocal)
    fit = coefficients_on(image, gauss_reduce(cell)[0])
    return _explained(fit, g, strength, image)


def _spans_plane(g: FloatArray) -> bool:
    spread = np.linalg.svd(g / np.linalg.norm(g, axis=1, keepdims=True), compute_uv=False)
    return bool(spread[-1] > 0.1)


def _propose(
    g: FloatArray, strength: FloatArray, image: Whitened, settings: Reconstruction
) -> list[FloatArray]:
    """Reciprocal bases, best first, from pairs of strong reflections and their fractions."""
    order = np.argsort(-strength)[:_SEEDS]
    first, second = (order[place] for place in np.triu_indices(len(order), 1))
    pairs = np.stack([g[first], g[second]], axis=1)
    forms = np.array([_dual(form) for index in range(1, 5) for form in sublattices(index)])
    bases = np.einsum("fij,pjk->pfik", forms, pairs).reshape(-1, 2, 2)
    area = np.abs(np.linalg.det(bases))
    bases = bases[(area >= 1 / settings.max_cell_area) & (area > 1e-6)]
    reach = _reach(g, strength)
    scored: list[tuple[float, FloatArray]] = []
    seen: set[tuple[int, ...]] = set()
    for place in np.argsort(-_quick_scores(bases, g, strength, image, reach)):
        basis = gauss_reduce(bases[place])[0]
        key = tuple(np.round(np.abs(basis @ basis.T).ravel() * 2e3).astype(int))
        if key in seen or 1 / np.linalg.norm(basis[1]) < 0.6 * settings.min_lattice_length:
            continue
        seen.add(key)
        scored.append(_score(basis, g, strength, image, reach))
        if len(scored) == _SHORTLIST:
            break
    scored.sort(key=lambda item: -item[0])
    return [basis for score, basis in scored if score > 0]


def _quick_scores(
    bases: FloatArray, g: FloatArray, strength: FloatArray, image: Whitened, reach: float
) -> FloatArray:
    """Evidence for unrefined bases (n, 2, 2), as `_score` weighs it but twice as tolerant."""
    indices = np.einsum("pk,nkl->npl", g, np.linalg.inv(bases))
    miss = np.einsum("npl,nlk->npk", indices - np.rint(indices), bases)
    member = np.square(miss).sum(axis=2) < (2 * _TOLERANCE / image.extent) ** 2
    count = np.pi * reach**2 / np.abs(np.linalg.det(bases)) / 2
    return np.asarray(member @ _worth(strength) - _COST * count)


def _reach(g: FloatArray, strength: FloatArray) -> float:
    """Radius that holds nearly all of the evidence [1/Å].

    Reflections fade towards the information limit. A lattice must pay for those that it
    predicts and that are not seen, but not for those that no lattice would show.
    """
    radius = np.linalg.norm(g, axis=1)
    order = np.argsort(radius)
    share = np.cumsum(_worth(strength)[order])
    return float(1.05 * radius[order][np.searchsorted(share, _EVIDENCE * share[-1])])


def _worth(strength: FloatArray) -> FloatArray:
    """What a reflection says for the lattice that it lies on.

    One a thousand times the noise is no more certain than one a hundred times it, so
    strengths count by their logarithm beyond the cap.
    """
    return np.minimum(strength, 100 + 20 * np.log1p(strength))


def sublattices(index: int) -> list[FloatArray]:
    """Bases of all sublattices of the integer lattice with an index (Hermite normal forms)."""
    return [
        np.array([[a, b], [0, index // a]], dtype=np.float64)
        for a in range(1, index + 1)
        if index % a == 0
        for b in range(index // a)
    ]


def _finer_lattices(basis: FloatArray, index: int) -> list[FloatArray]:
    """All lattices that contain a lattice with the given index."""
    return [np.linalg.inv(form.T) @ basis for form in sublattices(index)]


def _dual(basis: FloatArray) -> FloatArray:
    """Reciprocal basis of a basis, and the other way round."""
    return np.asarray(np.linalg.inv(basis).T, dtype=np.float64)


def _least_squares(matrix: FloatArray, target: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.lstsq(matrix, target, rcond=None)[0], dtype=np.float64)


def _index(basis: FloatArray, g: FloatArray, tolerance: float) -> tuple[FloatArray, BoolArray]:
    indices: FloatArray = np.rint(g @ np.linalg.inv(basis))
    miss = np.linalg.norm(g - indices @ basis, axis=1)
    return indices, (miss < tolerance) & (np.abs(indices).sum(axis=1) > 0)


def _score(
    basis: FloatArray, g: FloatArray, strength: FloatArray, image: Whitened, reach: float
) -> tuple[float, FloatArray]:
    """Evidence for a basis: log-strength it explains less the cost of its reflections."""
    tolerance = _TOLERANCE / image.extent
    current = basis
    for _ in range(3):
        indices, member = _index(current, g, tolerance)
        if member.sum() < 2 or np.linalg.matrix_rank(indices[member]) < 2:
            return -np.inf, basis
        # Long vectors magnify the basis' error, so the near ones speak first.
        weight = np.sqrt(strength[member])[:, None]
        current = _least_squares(indices[member] * weight, g[member] * weight)
    _, member = _index(current, g, tolerance)
    count = np.pi * reach**2 / abs(np.linalg.det(current)) / 2
    return float(_worth(strength)[member].sum() - _COST * count), current


def _refine(image: Whitened, reciprocal: FloatArray) -> FloatArray:
    """Refine both vectors by the tops of all significant lobes on the lattice."""
    tapered = taper(image, 1.0)
    current = reciprocal
    for _ in range(4):
        cell = _dual(current)
        indices, g = reciprocal_vectors(cell, image.limit)
        strength = significance(tapered, g)
        strong = np.argsort(-strength)[:60]
        strong = strong[strength[strong] > 12]
        if len(strong) < 2 or np.linalg.matrix_rank(indices[strong]) < 2:
            return current
        tops, power = refine_all(tapered, g[strong])
        near = np.linalg.norm(tops - g[strong], axis=1) < 0.5 / image.extent
        weight = np.sqrt(power * near / image.noise(g[strong]))[:, None]
        current = _least_squares(indices[strong] * weight, tops * weight)
    return current


def _densify(image: Whitened, reciprocal: FloatArray, settings: Reconstruction) -> FloatArray:
    """Take the sparsest lattice that leaves nothing unexplained.

    Reflections of a finer lattice are tested on what the coarser one leaves of the picture; a
    lattice whose extra reflections are noise is thinned out.
    """
    current: FloatArray = _thin(image, reciprocal)
    for _ in range(3):
        best: tuple[float, FloatArray] | None = None
        fit = coefficients_on(image, _dual(current))
        residual = taper(_subtract(image, fit), _FLAT)
        loud = float(np.square(np.abs(fit.coefficients / fit.sigma)).max())
        for index in (2, 3, 4):
            for finer in _finer_lattices(current, index):
                if abs(np.linalg.det(finer)) * settings.max_cell_area < 1:
                    continue
                image.deadline.check()
                chance = _chance(residual, finer, current, loud)
                if chance < _DOUBT and (best is None or chance < best[0]):
                    best = (chance, finer)
        if best is None:
            return current
        current = gauss_reduce(_thin(image, best[1]))[0]
    return current


def _thin(image: Whitened, reciprocal: FloatArray) -> FloatArray:
    """Drop the cosets of a reciprocal lattice that carry nothing but noise."""
    fit = coefficients_on(image, _dual(reciprocal))
    indices, strength = fit.indices, np.square(np.abs(fit.coefficients / fit.sigma))
    allowed = 1 + _LEAKAGE**2 * strength.max()
    radius = np.linalg.norm(fit.g, axis=1) / image.limit
    for index in (6, 5, 4, 3, 2):
        for form in sublattices(index):
            lost = ~_on_sublattice(indices, form)
            if _faint(strength[lost] / allowed, radius[lost]) > _DOUBT:
                return _thin(image, gauss_reduce(form @ reciprocal)[0])
    return reciprocal


def _on_sublattice(indices: IntArray, form: FloatArray) -> BoolArray:
    fractions = indices @ np.linalg.inv(form)
    return np.abs(fractions - np.rint(fractions)).max(axis=1) < 1e-6


def _chance(tapered: Tapered, finer: FloatArray, coarse: FloatArray, loud: float) -> float:
    """Chance that noise alone puts this much on the reflections a finer lattice adds."""
    _, g = reciprocal_vectors(_dual(finer), tapered.image.limit)
    fractions = g @ np.linalg.inv(coarse)
    added = np.abs(fractions - np.rint(fractions)).max(axis=1) > 1e-3
    added &= np.linalg.norm(g, axis=1) > 2.5 / tapered.image.extent
    strength = significance(tapered, g[added]) / (1 + _LEAKAGE**2 * loud)
    radius = np.linalg.norm(g[added], axis=1) / tapered.image.limit
    return _faint(strength, radius)


def _faint(strength: FloatArray, radius: FloatArray) -> float:
    """Chance that noise alone makes reflections as strong as these; `radius` over the limit.

    Reflections fade with the radius, so the sum of all up to the limit may drown a few.
    """
    chances = [_tail(strength[radius <= reach]) for reach in _RADII]
    return float(min(1.0, len(_RADII) * min(chances)))


def _tail(strength: FloatArray) -> float:
    """Upper tail of the sum and of the maximum of unit exponentials, whichever is rarer."""
    if not len(strength):
        return 1.0
    by_sum = gamma_distribution.sf(float(strength.sum()), len(strength))
    by_maximum = len(strength) * np.exp(-float(strength.max()))
    return float(min(1.0, by_sum, by_maximum))


def coefficients_on(image: Whitened, cell: FloatArray) -> Fit:
    """Least-squares Fourier coefficients of the picture on a lattice.

    The taper couples reflections closer than a few 1/extent; the normal equations
    Σ' W(g-g') c' = Y(g) undo that.

    Raises
    ------
    OutOfTimeError
        The picture's deadline is reached.
    """
    tapered = taper(image, _FLAT)
    window = tapered.window
    indices, g = reciprocal_vectors(cell, image.limit)
    both = np.concatenate([g, -g])
    spectrum = sample(tapered, g) / window.sum
    spectrum = np.concatenate([spectrum, np.conj(spectrum)])
    pairs = cKDTree(both).query_pairs(8 / image.extent, output_type="ndarray")
    size = len(both)
    matrix = eye_array(size, dtype=np.complex128, format="csr")
    if len(pairs):
        lobes = _lobes(tapered, both[pairs[:, 0]] - both[pairs[:, 1]])
        upper = csr_array((lobes, (pairs[:, 0], pairs[:, 1])), shape=(size, size))
        matrix = (matrix + upper + upper.conj().T).tocsr()
    image.deadline.check()
    solution, _ = cg(matrix, spectrum, rtol=1e-8, maxiter=200)
    radius = np.linalg.norm(g, axis=1)
    noise = np.sqrt(image.noise(g) * window.sum_squares) / window.sum
    return Fit(cell, indices, g, solution[: len(g)] / radius, noise / radius, 1.0)


def _lobes(tapered: Tapered, g: FloatArray) -> ComplexArray:
    """The window's transform at many frequencies (m, 2), of which a large cell has a million."""
    window, step = tapered.window, tapered.image.pixel_size
    lobes = np.empty(len(g), dtype=np.complex128)
    for start in range(0, len(g), _AT_ONCE):
        tapered.image.deadline.check()
        part = slice(start, start + _AT_ONCE)
        lobes[part] = window.transform(g[part], step) / window.sum
    return lobes


def _subtract(image: Whitened, fit: Fit) -> Whitened:
    """The picture without what a fit explains."""
    rows, columns = image.pixels.shape
    whitened = fit.coefficients * np.linalg.norm(fit.g, axis=1)
    left = np.empty_like(image.pixels)
    band = max(1, _PRODUCTS // (columns * max(1, len(fit.g))))
    for start in range(0, rows, band):
        image.deadline.check()
        part = slice(start, min(start + band, rows))
        shape = (part.stop - start, columns)
        turned = whitened * np.exp(2j * np.pi * fit.g[:, 1] * start * image.pixel_size)
        left[part] = image.pixels[part] - evaluate_series(fit.g, turned, shape, image.pixel_size)
    return replace(image, pixels=left)


def _explained(fit: Fit, g: FloatArray, strength: FloatArray, image: Whitened) -> Fit:
    _, member = _index(_dual(fit.cell), g, 0.5 / image.extent)
    share = float(strength[member].sum() / strength.sum())
    return Fit(fit.cell, fit.indices, fit.g, fit.coefficients, fit.sigma, share)
