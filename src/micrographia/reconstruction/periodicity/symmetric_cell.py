"""The cell that a crystal's own symmetry asks for, within what a microscope may have distorted.

A picture's scan has shear, aspect and scale errors of a per cent or so, so a hexagonal crystal is
never measured hexagonal. Each of the five lattices of the plane is brought as near to the measured
one as it goes at equal area; what is left is a strain that the scan must have made. A lattice that
has fewer free parameters is believed if the strain it needs is small: the evidence weighs the
strain's likelihood against the chance that an oblique lattice lies so near to a
symmetric one by accident. If the columns of the mean cell are seen to have the symmetry, or not to
have it, that counts, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from micrographia.arrays import ComplexArray, FloatArray, IntArray
from micrographia.physics.lattice import cell_parameters, lattice_mappings
from micrographia.reconstruction.symmetry.averaging import average_cell_metric

#: Lattices by their number of free parameters beside the size (oblique 2 … square 0).
_FREEDOM = {
    "oblique": 2,
    "rectangular": 1,
    "centred rectangular": 1,
    "square": 0,
    "hexagonal": 0,
}
_SPREAD = 0.35  # of aspect and shear among crystals: a volume that accidents have to fill
_TAILS = 4.0  # degrees of freedom of the distribution of strains
_ORDERS = 6  # harmonics of the mean cell that are compared


@dataclass(frozen=True)
class AllowedDistortion:
    """What the scan may have done.

    Attributes
    ----------
    stretch
        Largest principal strain: 3 % along one axis against another, which turns two vectors by up
        to 1.7° each.
    deviation
        Usual size of each component of the strain: 0.01 in general, less where the picture states
        a good calibration. Some microscopes are far worse than usual, so the tails are long
        (Student's t of 4 degrees of freedom).
    """

    stretch: float = 0.03
    deviation: float = 0.01


@dataclass(frozen=True)
class SymmetricCell:
    """A lattice of higher symmetry beside the measured one.

    Attributes
    ----------
    lattice
        oblique, rectangular, centred rectangular, square or hexagonal.
    measured, cell
        Primitive vectors (2, 2) as rows: as measured, and symmetric, of equal area and in
        the same orientation.
    distortion
        Matrix (2, 2) with `measured = cell @ distortion`; symmetric, a turn is no distortion.
    rotations
        Point group (k, 2, 2) of the lattice in the cell's basis.
    strain
        Largest component of aspect and shear in `distortion`.
    evidence
        Logarithm of the posterior odds against the oblique lattice.
    agreement
        How well the columns have the symmetry, if that was asked for: mean correlation of the mean
        cell with its images; None otherwise.
    """

    lattice: str
    measured: FloatArray
    cell: FloatArray
    distortion: FloatArray
    rotations: IntArray
    strain: float
    evidence: float
    agreement: float | None

    @property
    def sentence(self) -> str:
        """What was found, for a person."""
        a, b, gamma = cell_parameters(self.measured)
        if self.lattice == "oblique":
            return f"The cell is oblique as measured (b/a {b / a:.3f}, {gamma:.1f}°)."
        left = self.distortion - np.eye(2)
        return (
            f"The measured cell (b/a {b / a:.3f}, {gamma:.1f}°) is {self.lattice} but for a "
            f"distortion of {left[0, 0]:+.1%} along x, {left[1, 1]:+.1%} along y and a shear of "
            f"{2 * left[0, 1]:+.1%}."
        )


def symmetric_cells(
    measured: FloatArray,
    allowed: AllowedDistortion | None = None,
    columns: Callable[[FloatArray, IntArray], float] | None = None,
) -> list[SymmetricCell]:
    """All symmetric lattices near a measured one, the most credible first.

    Parameters
    ----------
    measured
        Short primitive vectors (2, 2) as rows, in any unit.
    allowed
        How far a symmetric cell may be, and how far it usually is; None for the defaults.
    columns
        How well the columns have a symmetry: of a symmetric cell (2, 2) and its point group
        (k, 2, 2) the mean correlation of the mean cell with its images; see `column_symmetry`.

    Returns
    -------
    The oblique lattice is always among them.
    """
    allowed = allowed or AllowedDistortion()
    reach = 4.5 * allowed.stretch  # two images of one vector may be strained by opposite signs
    mappings = lattice_mappings(measured, measured, reach, float(np.degrees(reach)))
    found: list[SymmetricCell] = []
    for rotations in _groups(mappings):
        cell = average_cell_metric(measured, rotations)
        cell = cell * np.sqrt(abs(np.linalg.det(measured) / np.linalg.det(cell)))
        one = _compared(measured, cell, rotations, allowed, columns)
        if one is not None and all(
            one.lattice != other.lattice
            or np.abs(one.cell - other.cell).max() > 1e-9 * np.abs(one.cell).max()
            for other in found
        ):
            found.append(one)
    return sorted(found, key=lambda one: -one.evidence)


def _groups(mappings: list[IntArray]) -> list[IntArray]:
    """Point groups generated by each one and each pair of mappings, the largest first."""
    keys: dict[frozenset[tuple[int, ...]], IntArray] = {}
    for first in mappings:
        for second in mappings:
            group = _generated([first, second])
            if group is not None:
                keys[frozenset(tuple(m.ravel().tolist()) for m in group)] = group
    return sorted(keys.values(), key=lambda group: -len(group))


def _generated(generators: list[IntArray]) -> IntArray | None:
    """The group of some mappings with the half turn, or None if it is no point group."""
    half = -np.eye(2, dtype=np.int64)
    members = {tuple(np.eye(2, dtype=np.int64).ravel().tolist()): np.eye(2, dtype=np.int64)}
    pending = [np.eye(2, dtype=np.int64)]
    while pending:
        current = pending.pop()
        for generator in [*generators, half]:
            product = current @ generator
            key = tuple(product.ravel().tolist())
            if key not in members:
                members[key] = product
                pending.append(product)
        if len(members) > 12:
            return None
    return np.array(list(members.values()), dtype=np.int64)


def _lattice_name(rotations: IntArray) -> str:
    """Which of the five lattices a point group with the half turn belongs to."""
    if len(rotations) == 12:
        return "hexagonal"
    if len(rotations) == 8:
        return "square"
    if len(rotations) == 4:
        mirror = next(m for m in rotations if round(float(np.linalg.det(m))) == -1)
        # A mirror's two eigenvectors span the lattice if it is primitive, half of it otherwise.
        return "rectangular" if not ((mirror - np.eye(2)) % 2).any() else "centred rectangular"
    return "oblique"


def _compared(
    measured: FloatArray,
    cell: FloatArray,
    rotations: IntArray,
    allowed: AllowedDistortion,
    columns: Callable[[FloatArray, IntArray], float] | None,
) -> SymmetricCell | None:
    """Weigh a symmetric cell, or None beyond what is allowed or if its group is no lattice's."""
    turns = sum(round(float(np.linalg.det(rotation))) == 1 for rotation in rotations)
    if len(rotations) not in (2, 4, 8, 12) or (len(rotations) > 2 and 2 * turns != len(rotations)):
        return None  # lattices that are more than oblique have mirrors
    name = _lattice_name(rotations)
    left, stretches, right = np.linalg.svd(np.linalg.solve(cell, measured))
    turn = left @ right
    # The turn goes into the cell: what is left is a symmetric matrix.
    cell = np.asarray(cell @ turn)
    distortion = np.asarray(right.T @ np.diag(stretches) @ right)
    if np.abs(stretches - 1).max() > allowed.stretch:
        return None
    aspect = (distortion[0, 0] - distortion[1, 1]) / np.sqrt(2)
    shear = distortion[0, 1] * np.sqrt(2)
    lost = 2 - _FREEDOM[name]
    deviation = allowed.deviation
    # Each parameter that a lattice fixes would be anything by accident, and is not.
    misfit = (aspect**2 + shear**2) / deviation**2
    evidence = -(_TAILS + 2) / 2 * np.log1p(misfit / _TAILS)
    evidence += lost * np.log(_SPREAD / (deviation * np.sqrt(2 * np.pi)))
    agreement = None if columns is None or lost == 0 else columns(cell, rotations)
    if agreement is not None:
        evidence += lost * _worth(agreement)
    return SymmetricCell(
        lattice=name,
        measured=measured,
        cell=cell,
        distortion=distortion,
        rotations=rotations,
        strain=float(max(abs(aspect), abs(shear))),
        evidence=float(evidence),
        agreement=agreement,
    )


def _worth(agreement: float) -> float:
    """What the columns say: nothing for a middling correlation, a lot against a bad one."""
    return float(np.clip(12 * (agreement - 0.75), -8.0, 3.0))


def column_symmetry(values: FloatArray) -> Callable[[FloatArray, IntArray], float]:
    """How well a mean cell has the symmetry of its lattice, for `symmetric_cells`.

    The lattice of a crystal is at least as symmetric as its columns. Columns need not have all of
    it (graphene's cell with two kinds of atoms has threefold axes only), so of each class of
    operations, turns and mirrors, the best half counts.

    Parameters
    ----------
    values
        Mean cell (m, n) at fractions (i/m, j/n), as `folding.MeanCell` holds it, of the cell that
        is given to `symmetric_cells`.
    """
    spectrum = _low_orders(values)

    def agreement(cell: FloatArray, rotations: IntArray) -> float:
        del cell  # operations are in the basis of the cell, where it does not matter
        matches = []
        for rotation in rotations:
            if (rotation == np.eye(2)).all() or (rotation == -np.eye(2)).all():
                continue
            matches.append(_match(spectrum, rotation))
        matches.sort(reverse=True)
        best = matches[: max(1, len(matches) // 2)]
        return float(np.mean(best)) if best else 1.0

    return agreement


def _low_orders(values: FloatArray) -> ComplexArray:
    """Fourier coefficients (2k+1, 2k+1) of indices -k…k, as far as the grid holds them."""
    spectrum = np.fft.fft2(values - values.mean()) / values.size
    wide = np.zeros((2 * _ORDERS + 1, 2 * _ORDERS + 1), dtype=np.complex128)
    for h in range(-_ORDERS, _ORDERS + 1):
        for k in range(-_ORDERS, _ORDERS + 1):
            if 2 * abs(h) < values.shape[0] and 2 * abs(k) < values.shape[1]:
                wide[h + _ORDERS, k + _ORDERS] = spectrum[h, k]
    return wide


def _match(spectrum: ComplexArray, rotation: IntArray) -> float:
    """Highest correlation, over all shifts, of a mean cell with its image under an operation."""
    side = 2 * _ORDERS + 1
    span = np.arange(-_ORDERS, _ORDERS + 1)
    indices = np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 2)
    # x → x R for positions takes the coefficient of h to that of h (Rᵀ)⁻¹.
    images = np.rint(indices @ np.linalg.inv(rotation.T)).astype(int)
    inside = (np.abs(images) <= _ORDERS).all(axis=1)
    grid = 32
    product = np.zeros((grid, grid), dtype=np.complex128)
    own = spectrum.ravel()
    image = np.zeros(side * side, dtype=np.complex128)
    where = (images[inside, 0] + _ORDERS) * side + images[inside, 1] + _ORDERS
    image[where] = own[inside]
    np.add.at(product, (indices[:, 0] % grid, indices[:, 1] % grid), own * np.conj(image))
    power = np.sqrt(np.square(np.abs(own)).sum() * np.square(np.abs(image)).sum())
    return float((np.fft.ifft2(product).real * grid * grid).max() / max(float(power), 1e-300))
