"""One interface to the potentials: CHGNet, MatterSim, EMT.

All give the energy of plain PBE (EMT: its own scale). CHGNet was trained on energies with the
Materials Project's corrections of 2020, which shift compounds of anions by a constant per anion
(Wang et al., Sci. Rep. 11 (2021) 15496); `Potential.correction` is what it holds of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from micrographia.arrays import FloatArray
from micrographia.config import Energy
from micrographia.errors import EnergyError, install_hint
from micrographia.method_names import Calculator

logger = logging.getLogger(__name__)

#: Graphs that CHGNet evaluates at once.
_BATCH = 32


@dataclass(frozen=True)
class Potential:
    """An ASE calculator with what the energies need to be compared.

    Attributes
    ----------
    name, version
        Of the calculator; together the key of cached references.
    calculator
        For `Atoms.calc`.
    correction
        Gives the part of a crystal's energy [eV] that is no part of plain PBE.
    energies
        Gives the energies [eV per cell, corrections included] of many crystals, without forces;
        NaN where there is none.
    """

    name: str
    version: str
    calculator: Any
    correction: Callable[[Atoms], float]
    energies: Callable[[Sequence[Atoms]], FloatArray]

    @property
    def key(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"


def load_potential(settings: Energy) -> Potential:
    """Load the potential that the settings name.

    Raises
    ------
    EnergyError
        Its package is not installed, or the weights are absent, damaged or not the ones meant.
    """
    try:
        return CALCULATORS[settings.calculator](settings)
    except ModuleNotFoundError as error:
        raise EnergyError(
            f"The calculator {settings.calculator!r} needs the package {error.name}",
            remedy=install_hint("energy"),
        ) from None


def _load_emt(settings: Energy) -> Potential:
    from ase.calculators.emt import EMT, parameters

    calculator = EMT()

    def energies(crystals: Sequence[Atoms]) -> FloatArray:
        known = [set(atoms.get_chemical_symbols()) <= set(parameters) for atoms in crystals]
        return _one_by_one(calculator, crystals, known)

    return Potential("emt", metadata.version("ase"), calculator, _no_correction, energies)


def _load_chgnet(settings: Energy) -> Potential:
    import torch

    with quiet():
        from chgnet.model.dynamics import CHGNetCalculator
        from chgnet.model.model import CHGNet

        # One job is one core; and sums in another order would change the last digits.
        torch.set_num_threads(1)
        model = CHGNet.load(use_device="cpu", verbose=False)
        calculator = CHGNetCalculator(model, use_device="cpu", on_isolated_atoms="ignore")

    def energies(crystals: Sequence[Atoms]) -> FloatArray:
        from pymatgen.io.ase import AseAtomsAdaptor

        with quiet():
            graphs = [
                model.graph_converter(AseAtomsAdaptor.get_structure(atoms)) for atoms in crystals
            ]
            answers = model.predict_graph(graphs, task="e", batch_size=_BATCH)
        # A single graph is answered without a list.
        answers = [answers] if isinstance(answers, dict) else answers
        pairs = zip(answers, crystals, strict=True)
        return np.array([float(answer["e"]) * len(atoms) for answer, atoms in pairs])

    version = f"{metadata.version('chgnet')}, model {model.version}"
    return Potential("chgnet", version, calculator, mp2020_correction, energies)


def _load_mattersim(settings: Energy) -> Potential:
    import torch

    path, digest = _check_weights(settings)
    torch.set_num_threads(1)
    try:
        with quiet():
            from mattersim.forcefield.potential import MatterSimCalculator

            calculator = MatterSimCalculator.from_checkpoint(
                str(path), device="cpu", load_training_state=False
            )
    except ModuleNotFoundError:
        raise
    except Exception as error:  # torch raises what it likes on files that are no checkpoint
        raise EnergyError(
            f"{path} is not a MatterSim checkpoint ({type(error).__name__})",
            remedy="Download mattersim-v1.0.0-1M.pth or -5M.pth of github.com/microsoft/mattersim",
        ) from None

    def energies(crystals: Sequence[Atoms]) -> FloatArray:
        return _one_by_one(calculator, crystals, [True] * len(crystals))

    version = f"{metadata.version('mattersim')}, weights {digest[:12]}"
    return Potential("mattersim", version, calculator, _no_correction, energies)


def _check_weights(settings: Energy) -> tuple[Path, str]:
    """Path and SHA-256 of the weights; MatterSim itself would go online for names it knows."""
    path = Path(settings.weights or "")
    if settings.weights is None or not path.is_file():
        raise EnergyError(
            "The weights of MatterSim do not exist",
            seen=settings.weights,
            remedy=(
                "Download mattersim-v1.0.0-1M.pth of github.com/microsoft/mattersim and set "
                "energy.weights to its path, or set energy.calculator: chgnet, which needs no "
                "download"
            ),
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if settings.sha256 not in (None, digest):
        raise EnergyError(
            f"{path} does not have the SHA-256 given in energy.sha256",
            seen=digest,
            allowed=str(settings.sha256),
            remedy="Download it again, or correct energy.sha256",
        )
    return path, digest


#: Loaders of potentials by the name that `energy.calculator` takes.
CALCULATORS: dict[Calculator, Callable[[Energy], Potential]] = {
    "chgnet": _load_chgnet,
    "mattersim": _load_mattersim,
    "emt": _load_emt,
}


def mp2020_correction(atoms: Atoms) -> float:
    """Anion corrections of MaterialsProject2020Compatibility for a crystal [eV per cell].

    What pymatgen adds to a plain PBE energy. Its further shift of GGA+U energies (oxides and
    fluorides of V, Cr, Mn, Fe, Co, Ni, Mo, W) puts them on the scale of PBE and is not part of
    this: to subtract it would leave that scale.
    """
    from pymatgen.analysis.compatibility import MaterialsProject2020Compatibility
    from pymatgen.entries.computed_entries import ComputedStructureEntry
    from pymatgen.io.ase import AseAtomsAdaptor

    structure = AseAtomsAdaptor.get_structure(atoms)
    # Named a GGA run without U, oxides of those metals would be refused and not corrected.
    metals = set(atoms.get_chemical_symbols()) & set(_HUBBARD)
    has_u = metals and set(atoms.get_chemical_symbols()) & {"O", "F"}
    parameters = {
        "run_type": "GGA+U" if has_u else "GGA",
        "hubbards": {metal: _HUBBARD[metal] for metal in metals} if has_u else {},
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # oxidation states that it cannot guess
        entry = MaterialsProject2020Compatibility(check_potcar=False).process_entry(
            ComputedStructureEntry(structure, 0.0, parameters=parameters), inplace=False
        )
    if entry is None:
        return 0.0
    return float(sum(part.value for part in entry.energy_adjustments if "mixing" not in part.name))


#: Hubbard U of the Materials Project's oxides and fluorides [eV].
_HUBBARD = {
    "Co": 3.32, "Cr": 3.7, "Fe": 5.3, "Mn": 3.9, "Mo": 4.38, "Ni": 6.2, "V": 3.25, "W": 6.2,
}  # fmt: skip


def _no_correction(atoms: Atoms) -> float:
    return 0.0


def _one_by_one(calculator: Any, crystals: Sequence[Atoms], known: Sequence[bool]) -> FloatArray:
    found = np.full(len(crystals), np.nan)
    for place, atoms in enumerate(crystals):
        if known[place]:
            found[place] = calculator.get_potential_energy(atoms)
    return found


def refuse_unknown(potential: Potential, atoms: Atoms) -> None:
    """Refuse elements that the potential does not know.

    Raises
    ------
    EnergyError
        EMT knows seven metals and a few light elements; the others know the first 89 or more.
    """
    if potential.name == "emt":
        from ase.calculators.emt import parameters

        allowed = set(parameters)
    else:
        allowed = set(chemical_symbols[1:95])
    unknown = sorted(set(atoms.get_chemical_symbols()) - allowed)
    if unknown:
        raise EnergyError(
            f"The calculator {potential.name} does not know {', '.join(unknown)}",
            allowed=", ".join(sorted(allowed)) if len(allowed) < 20 else "H to Pu",
        )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppress irrelevant output and warnings of the packages."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
