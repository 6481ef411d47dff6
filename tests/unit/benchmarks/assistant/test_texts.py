"""Likeness of texts: known pairs, short references, WordNet as Debian has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from micrographia.benchmarks.assistant import wordnet

texts = pytest.importorskip("micrographia.benchmarks.assistant.texts")


@pytest.fixture(scope="module")
def scorer() -> object:
    return texts.TextScorer()


def test_a_short_reference_is_judged_by_the_words_that_it_has(scorer) -> None:
    found = scorer.score("47", "47")
    assert found["bleu2"] == found["bleu4"] == pytest.approx(1.0)
    assert found["rouge1"] == 1.0 and found["rouge2"] is None
    assert scorer.score("48", "47")["bleu4"] == 0.0


def test_scores_fall_with_likeness(scorer) -> None:
    reference = "The particles have a median diameter of 300 nm."
    near = scorer.score("The particles have a mean diameter of 300 nm.", reference)
    far = scorer.score("It is a porous sponge.", reference)
    assert 0.5 < near["bleu4"] < near["bleu2"] < 1 and far["bleu4"] < 0.1
    assert near["rougeL"] == pytest.approx(8 / 9)
    assert far["rougeL"] < near["rouge2"] < near["rouge1"]


def test_without_wordnet_there_is_no_meteor_and_it_is_said(tmp_path: Path) -> None:
    found = texts.TextScorer(tmp_path)
    assert found.score("a", "a")["meteor"] is None
    assert "wordnet-base and wordnet-sense-index" in found.without_meteor


def test_synonyms_count_where_wordnet_is_there() -> None:
    if wordnet.find_wordnet() is None:
        pytest.skip("needs the Debian package wordnet-base")
    found = texts.TextScorer()
    assert found.without_meteor is None
    same = found.score("the particles are large", "the particles are large")["meteor"]
    synonym = found.score("the particles are big", "the particles are large")["meteor"]
    other = found.score("the particles are green", "the particles are large")["meteor"]
    assert other < synonym <= same


def test_a_file_of_wordnet_is_read_as_debian_writes_it(tmp_path: Path) -> None:
    """A dictionary of one synset, without the names of lexicographers, as Debian has none."""
    header = "  1 This software and database is provided under its own licence.\n"
    noun = "00000067 03 n 02 grain 0 kernel 0 000 | a small hard particle\n"
    data = header + noun
    offset = data.index(noun)
    data = data.replace("00000067", f"{offset:08d}")
    for part in ("noun", "verb", "adj", "adv"):
        (tmp_path / f"data.{part}").write_text(data if part == "noun" else header)
        index = "".join(f"{word} n 1 0 1 0 {offset:08d}\n" for word in ("grain", "kernel"))
        (tmp_path / f"index.{part}").write_text(header + (index if part == "noun" else ""))
        (tmp_path / f"{part}.exc").write_text("")
    scorer = texts.TextScorer(tmp_path)
    found = scorer.score("a kernel here", "a grain here")["meteor"]
    assert found > scorer.score("a stone here", "a grain here")["meteor"]
