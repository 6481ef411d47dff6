"""Ranked crystals in the order of their energies, where only heights differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import fcc100

from micrographia import cli
from micrographia.config import Energy
from micrographia.energy.calculators import load_potential
from micrographia.energy.rerank import rerank
from micrographia.io.datasets.answers import read_lines, write_answers
from micrographia.io.structures import from_cif, to_cif

EMT = Energy(calculator="emt")


def _slab(rise: float, copies: int = 1) -> str:
    """Copper two layers thick; 1.8 Å apart is the distance of the crystal."""
    slab = fcc100("Cu", (1, 1, 2), a=3.6, vacuum=9).repeat((copies, 1, 1))
    slab.pbc = True
    upper = slab.positions[:, 2] > slab.positions[:, 2].mean()
    slab.positions[upper, 2] += rise - np.ptp(slab.positions[:, 2])
    return to_cif(slab)


def _row(*texts: str) -> dict[str, Any]:
    return {"picture": "a", "answers": list(texts), "confidence": 0.5}


def test_the_lowest_energy_comes_first_and_other_planes_stay() -> None:
    far, near, other = _slab(3.0), _slab(1.8), _slab(2.2, 2)
    gold = Atoms("Au", cell=[2.9, 2.9, 20], pbc=True)
    row = _row(far, other, near, to_cif(gold))
    (found,) = rerank([row], load_potential(EMT))
    assert found["answers"] == [near, other, far, to_cif(gold)]
    assert found["confidence"] == 0.5


def test_among_energies_that_are_alike_the_most_symmetric_comes_first() -> None:
    """A third layer a little off the middle costs less than energies of fixed heights tell."""
    even = fcc100("Cu", (1, 1, 3), a=3.6, vacuum=9)
    even.pbc = True
    odd = even.copy()
    odd.positions[np.argmax(odd.positions[:, 2]), 2] += 0.25
    potential = load_potential(EMT)
    assert np.ptp(potential.energies([even, odd])) / 3 < 0.08
    (found,) = rerank([_row(to_cif(odd), to_cif(even))], potential)
    assert found["answers"] == [to_cif(even), to_cif(odd)]


def test_what_has_no_energy_comes_last_and_refusals_stay() -> None:
    within = _slab(0.01)
    rows = [_row(within, _slab(1.8)), {"picture": "b", "failure": "none"}, _row("no crystal")]
    found = list(rerank(rows, load_potential(EMT)))
    assert found[0]["answers"][0] == _slab(1.8)
    assert found[1:] == rows[1:]


def test_the_best_are_given_the_heights_of_the_lowest_energy() -> None:
    potential = load_potential(EMT)
    rises = np.arange(1.2, 2.4, 0.01)
    energies = potential.energies([from_cif(_slab(rise)) for rise in rises])
    (found,) = rerank([_row(_slab(3.0), _slab(2.2), _slab(2.9))], potential, relaxed=2)
    best = from_cif(found["answers"][0])
    assert abs(np.ptp(best.positions[:, 2]) - rises[energies.argmin()]) < 0.03
    np.testing.assert_allclose(best.cell.lengths()[:2], from_cif(_slab(2.2)).cell.lengths()[:2])
    # What was not among the best keeps its own heights.
    assert found["answers"][2] == _slab(3.0)


def test_the_command(tmp_path: Path) -> None:
    answers, out = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    write_answers(answers, [_row(_slab(3.0), _slab(1.8))])
    command = ["energy", "rerank", str(answers), "--settings", EMT.model_dump_json()]
    assert cli.main([*command, "--out", str(out)]) == 0
    assert read_lines(out)[0]["answers"][0] == _slab(1.8)
    assert cli.main([*command, "--out", str(answers)]) == 2
