"""Formation energy: a crystal's energy less that of its elements."""

from __future__ import annotations

from collections.abc import Mapping

from ase import Atoms


def formation_energy(
    atoms: Atoms, energy_per_atom: float, references: Mapping[str, float]
) -> float | None:
    """Formation energy per atom [eV].

    Parameters
    ----------
    atoms
        The crystal.
    energy_per_atom
        Its energy without corrections [eV/atom].
    references
        Energies of the elements [eV/atom], by the same calculator.

    Returns
    -------
    E/N - Σ x_i μ_i, or None where an element has no reference.

    Examples
    --------
    >>> formation_energy(Atoms("NaCl"), -3.0, {"Na": -1.0, "Cl": -2.0})
    -1.5
    >>> formation_energy(Atoms("Xe"), -3.0, {"Na": -1.0})
    """
    symbols = atoms.get_chemical_symbols()
    if not set(symbols) <= set(references):
        return None
    return energy_per_atom - sum(references[symbol] for symbol in symbols) / len(symbols)
