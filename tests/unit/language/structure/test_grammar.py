"""Vocabulary and grammar: no loss, and whatever is written is a crystal of the formula."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.unit.language.structure.test_canonical import MOS2

from micrographia.errors import StructureError
from micrographia.language.structure.canonical import Written, read
from micrographia.language.structure.grammar import Automaton, CrystalGrammar, automaton_of
from micrographia.language.structure.tokens import (
    BEGIN,
    END,
    LONGEST,
    MOST_ELEMENTS,
    PROMPT,
    SITES,
    VOCABULARY,
    bravais_of,
    decode,
    encode,
    prompt,
)

TI3C2 = {22: 3, 6: 2}


def babble(automaton: Automaton, seed: int) -> list[int]:
    """An answer of random words, of those that are allowed."""
    generator = np.random.default_rng(seed)
    words: list[int] = []
    while not words or words[-1] != END:
        words.append(int(generator.choice(list(automaton.allowed()))))
        automaton.take(words[-1])
        assert len(words) <= LONGEST - PROMPT
    return words


def least_distance(crystal: Written) -> float:
    """Least distance of two atoms [Å], by ASE."""
    atoms = crystal.atoms()
    distances = atoms.get_all_distances(mic=True)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min())


def test_words_say_the_text_and_no_more() -> None:
    crystal = read(MOS2)
    words = encode(crystal)
    # Cell 6, contents 2 x 2, one word before the sites, 3 x 3, one at the end.
    assert len(words) == 21 and words[10] == SITES and words[-1] == END
    assert decode(words) == crystal and decode([*words, 0, 0]) == crystal
    assert max(words) < VOCABULARY


def test_a_prompt_has_its_length_whatever_is_told() -> None:
    told = [prompt(None, None), prompt({42: 1, 16: 2}, None), prompt(TI3C2, "hexagonal")]
    assert {len(words) for words in told} == {PROMPT} and {words[0] for words in told} == {BEGIN}
    assert len({tuple(words) for words in told}) == 3
    with pytest.raises(StructureError, match="too many elements"):
        prompt(dict.fromkeys(range(1, MOST_ELEMENTS + 2), 1), None)


@pytest.mark.parametrize("words", [[], [END], [SITES, END], [*range(30), END]])
def test_words_in_disorder_are_no_crystal(words: list[int]) -> None:
    with pytest.raises(StructureError, match="no crystal"):
        decode(words)


@pytest.mark.parametrize("seed", range(20))
def test_babble_under_the_grammar_is_a_crystal_of_the_formula(seed: int) -> None:
    crystal = decode(babble(Automaton(TI3C2, None), seed))
    (titanium, n_titanium), (carbon, n_carbon) = crystal.contents
    assert (titanium, carbon) == (22, 6) and 2 * n_titanium == 3 * n_carbon
    assert crystal.a <= crystal.b and 900 <= crystal.gamma <= 1200
    assert crystal.sites[0][:3] == (0, 0, 0)
    kinds = [site[0] for site in crystal.sites]
    assert kinds == sorted(kinds)
    assert least_distance(crystal) >= 0.5 - 1e-6
    assert read(crystal.text()) == crystal


@pytest.mark.parametrize("seed", range(6))
def test_nothing_told_leaves_the_elements_open(seed: int) -> None:
    crystal = decode(babble(Automaton(None, None), seed))
    numbers = [number for number, _ in crystal.contents]
    assert numbers == sorted(set(numbers), reverse=True) and len(numbers) <= MOST_ELEMENTS


@pytest.mark.parametrize(
    ("bravais", "shape"), [("hexagonal", 1200), ("square", 900), ("rectangular", 900)]
)
def test_a_lattice_that_is_told_is_obeyed(bravais: str, shape: int) -> None:
    for seed in range(4):
        crystal = decode(babble(Automaton({6: 1}, bravais), seed))
        assert crystal.gamma == shape
        assert bravais == "rectangular" or crystal.a == crystal.b


def test_the_names_of_the_five_lattices() -> None:
    sites = ((0, 0, 0, 0),)
    cells = {
        "hexagonal": (300, 300, 1200), "square": (300, 300, 900), "rectangular": (300, 400, 900),
        "centred": (300, 300, 1000), "oblique": (300, 400, 1000),
    }  # fmt: skip
    for name, cell in cells.items():
        assert bravais_of(Written(*cell, ((6, 1),), sites)) == name
    # 3 Å x 8 Å, centred: b ends above the middle of a.
    b, gamma = np.hypot(1.5, 4.0), 180 - np.degrees(np.arctan2(4.0, 1.5))
    leaning = Written(300, round(100 * b), round(10 * gamma), ((6, 1),), sites)
    assert bravais_of(leaning) == "centred"


def test_the_likelihood_is_that_of_what_was_allowed() -> None:
    """Even scores: each word has one over the number of words that may follow."""
    words = encode(read(MOS2))
    start = prompt({42: 1, 16: 2}, None)
    grammar = CrystalGrammar([automaton_of(start)])
    expected, automaton = 0.0, automaton_of(start)
    for place, word in enumerate(words):
        sequence = torch.tensor([start + words[:place]])
        masked = grammar(sequence, torch.zeros(1, VOCABULARY))
        assert sorted(automaton.allowed()) == torch.where(masked[0] == 0)[0].tolist()
        expected -= np.log(len(automaton.allowed()))
        automaton.take(word)
    assert float(grammar.log_likelihoods[0]) == pytest.approx(expected, rel=1e-5)


def test_a_certain_row_takes_its_most_likely_word() -> None:
    start = torch.tensor([prompt(None, None)] * 2)
    scores = torch.arange(VOCABULARY, dtype=torch.float32).repeat(2, 1)
    rows = [automaton_of(words) for words in start.tolist()]
    masked = CrystalGrammar(rows, [True, False])(start, scores)
    allowed = Automaton(None, None).allowed()
    assert torch.isfinite(masked).sum(dim=1).tolist() == [1, len(allowed)]
    assert int(masked[0].argmax()) == max(allowed)


@pytest.mark.parametrize("units", [1, 4])
def test_so_many_formula_units_are_written_as_are_asked_for(units: int) -> None:
    start = prompt(TI3C2, None)
    crystal = decode(babble(automaton_of(start, units), units))
    assert crystal.contents == ((22, 3 * units), (6, 2 * units))


def test_the_cell_is_the_one_that_is_held() -> None:
    words = encode(read(MOS2))[:6]
    crystal = decode(babble(automaton_of(prompt(TI3C2, None), 2, words), 3))
    assert (crystal.a, crystal.b, crystal.gamma) == (318, 318, 1200)
