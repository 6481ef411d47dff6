"""Answers: they parse, obey the formula, are ranked; pictures of other pixels; the commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from ase.build import mx2
from tests.unit.language.structure.test_canonical import MOS2, layer

from micrographia.cli import main
from micrographia.config import LookAgain, StructureModel, StructureText
from micrographia.errors import CheckpointError, ImageError, StructureError
from micrographia.io.schemas import CRYSTAL_TEXTS, STRUCTURES, WRITTEN_CRYSTALS
from micrographia.io.schemas.rows import blank
from micrographia.io.stem_images import StemImage, write_stem_image
from micrographia.io.structures import read_structure, to_cif
from micrographia.io.tables import read_rows, write_table
from micrographia.language.structure.canonical import read
from micrographia.language.structure.grammar import automaton_of
from micrographia.language.structure.model import KIND, Writer
from micrographia.language.structure.pictures import Plane, View, draw_picture
from micrographia.language.structure.predict import (
    open_writer,
    parse_formula,
    resample,
    write_structures,
)
from micrographia.language.structure.seen.features import features
from micrographia.language.structure.tokens import encode, prompt
from micrographia.training.checkpoint import save_checkpoint

SMALL = StructureModel(width=64, encoder_layers=1, decoder_layers=1, heads=4)
SAMPLE = {42: 1, 16: 2}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that know nothing: what they write is right by the grammar alone."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "writer.safetensors"
    card = {"kind": KIND, "architecture": SMALL.model_dump(mode="json")}
    save_checkpoint(path, Writer(SMALL).state_dict(), card)
    return path


def picture() -> np.ndarray:
    atoms = read(MOS2).atoms()
    fractions = atoms.positions[:, :2] @ np.linalg.inv(atoms.cell[:2, :2])
    plane = Plane(np.array(atoms.cell[:2, :2]), fractions, atoms.numbers)
    return draw_picture(plane, View(), np.random.default_rng(0))


def test_answers_are_crystals_of_the_formula_the_most_likely_first(checkpoint: Path) -> None:
    writer = open_writer(checkpoint, StructureText(device="cpu"))
    prompts = [prompt(SAMPLE, None), prompt({6: 1}, "hexagonal")]
    answers = write_structures(writer, [picture(), picture()], prompts, 4, 1.0, seed=2)
    again = write_structures(writer, [picture(), picture()], prompts, 4, 1.0, seed=2)
    assert answers == again and [len(one) for one in answers] == [4, 4]
    for ranked, elements in zip(answers, ({42, 16}, {6}), strict=True):
        likelihoods = [answer.log_likelihood / len(encode(answer.crystal)) for answer in ranked]
        assert likelihoods == sorted(likelihoods, reverse=True)
        assert len({answer.crystal for answer in ranked}) == 4
        for answer in ranked:
            assert {number for number, _ in answer.crystal.contents} == elements
            assert read(answer.crystal.text()) == answer.crystal
    assert all(answer.crystal.gamma == 1200 for answer in answers[1])


def test_answers_are_asked_for_again_and_ranked_by_the_picture(checkpoint: Path) -> None:
    """Of weights that know nothing, what explains the picture comes first."""
    writer = open_writer(checkpoint, StructureText(device="cpu"))
    again = LookAgain(cells=2, units=2, each=3, picture=100.0, amounts=0.0, area=0.0, further=0.0)
    found = write_structures(writer, [picture()], [prompt(SAMPLE, None)], 4, 1.0, 2, again)[0]
    told = [answer.explained for answer in found]
    assert len(told) == 4 and None not in told
    assert max(value or 0 for value in told) - (told[0] or 0) < 0.02
    # Nothing repeats in an empty picture, so there is nothing to draw an answer on.
    empty = np.zeros((256, 256), dtype=np.float32)
    blind = write_structures(writer, [empty], [prompt(SAMPLE, None)], 4, 1.0, 2, again)[0]
    assert {answer.explained for answer in blind} == {None}
    with pytest.raises(ImageError, match="Nothing repeats"):
        write_structures(writer, [empty[:140, :140]], [prompt(SAMPLE, None)], 4, 1.0, 2, again)


def test_a_likelihood_is_that_of_its_words_one_by_one(checkpoint: Path) -> None:
    """The cache of `generate` against the whole sequence at once, as in training."""
    writer = open_writer(checkpoint, StructureText(device="cpu"))
    start = prompt(SAMPLE, None)
    best = write_structures(writer, [picture()], [start], 3, 1.0, seed=5)[0][0]
    words = encode(best.crystal)
    image = torch.from_numpy(features(picture())[None])
    with torch.no_grad():
        logits = writer(image, torch.tensor([start + words]))[0, len(start) - 1 :]
    automaton, total = automaton_of(start), 0.0
    for scores, word in zip(logits, words, strict=True):
        allowed = list(automaton.allowed())
        total += float(scores[allowed].log_softmax(0)[allowed.index(word)])
        automaton.take(word)
    assert best.log_likelihood == pytest.approx(total, rel=1e-3)


def test_pixels_of_another_size_show_the_same_crystal() -> None:
    """A cosine of 3.2 Å, sampled at 0.08 and at 0.16 Å: 0.1 Å apart afterwards."""
    for size in (0.08, 0.16):
        count = round(28.8 / size)
        x = (np.arange(count) - (count - 1) / 2) * size
        wave = np.cos(2 * np.pi * x / 3.2).astype(np.float32)
        found = resample(StemImage(np.tile(wave, (count, 1)), size))
        centres = (np.arange(256) - 127.5) * 0.1
        np.testing.assert_allclose(found[100], np.cos(2 * np.pi * centres / 3.2), atol=0.03)
    plain = picture()
    np.testing.assert_allclose(resample(StemImage(plain, 0.1)), plain, rtol=1e-4, atol=1e-2)
    # A smaller field is read as far as it goes, by an even number of pixels.
    small = resample(StemImage(plain[:129, :140], 0.1))
    assert small.shape == (128, 128)
    with pytest.raises(ImageError, match=r"too small.*saw '7.7 Å'"):
        resample(StemImage(plain, 0.03))
    with pytest.raises(ImageError, match="shows nothing"):
        resample(StemImage(np.full((300, 300), 4.0, np.float32), 0.1))


def test_formulas_and_faults() -> None:
    assert parse_formula("Mo2S4") == SAMPLE and parse_formula("Ti3C2O2") == {22: 3, 6: 2, 8: 2}
    for text in ("", "Xy2", "mos2", "hello world", "Mo-1"):
        with pytest.raises(StructureError, match="no chemical formula"):
            parse_formula(text)


def test_the_command_writes_a_cif_and_prints_the_ranked_texts(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, out = tmp_path / "mos2.tif", tmp_path / "mos2.cif"
    write_stem_image(image, StemImage(picture(), 0.1))
    command = ["language", "structure", str(image), "--formula", "MoS2", "--out", str(out)]
    assert main([*command, "--checkpoint", str(checkpoint), "--samples", "3"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert 1 <= len(told["structures"]) <= 3
    assert all(0 <= one["explained"] <= 1 for one in told["structures"])
    atoms = read_structure(out)
    assert atoms.symbols.formula.reduce()[0].format("metal") == "MoS2"
    assert len(atoms) == len(read(told["structures"][0]["text"]).sites)
    assert main([*command, "--checkpoint", str(tmp_path / "none.safetensors")]) == 2
    assert main([*command, "--checkpoint", str(checkpoint), "--bravais", "round"]) == 2


def test_from_a_table_of_crystals_to_a_table_of_answers(checkpoint: Path, tmp_path: Path) -> None:
    structures = []
    for name, a in (("MoS2", 3.18), ("WS2", 3.19), ("WSe2", 3.32), ("NbSe2", 3.45), ("TaS2", 3.3)):
        row = blank(STRUCTURES) | {"structure_id": name, "formula": name, "natoms": 3}
        cif = to_cif(layer(mx2(name, "2H", a=a, thickness=3.2)))
        structures.append(row | {"cif": cif, "status": "kept", "prototype": "AB2-78-b-h"})
    table, texts = tmp_path / "structures.parquet", tmp_path / "texts.parquet"
    write_table(structures, table, STRUCTURES)
    shares = ["--settings", '{"test": 0.4, "validation": 0.2}']
    assert main(["language", "texts", str(table), "--out", str(texts), *shares]) == 0
    rows = read_rows(texts, CRYSTAL_TEXTS)
    assert sorted(row["split"] for row in rows) == ["test"] * 2 + ["train"] * 2 + ["validation"]
    answers = tmp_path / "answers.parquet"
    command = ["language", "structures", str(texts), "--checkpoint", str(checkpoint)]
    assert main([*command, "--out", str(answers), "--samples", "2"]) == 0
    written = read_rows(answers, WRITTEN_CRYSTALS)
    assert {row["structure_id"] for row in written} == {
        row["structure_id"] for row in rows if row["split"] == "test"
    }
    assert all(row["failure"] is None for row in written)
    result = tmp_path / "scores.json"
    score = ["benchmarks", "score-written", str(texts), "--answers", str(answers)]
    assert main([*score, "--out", str(result)]) == 0
    figures = {
        row["metric"]: row["value"]
        for row in json.loads(result.read_text())["metrics"] if row["group"] == "all"
    }  # fmt: skip
    assert figures["formula right"] == 1.0 and figures["valid"] == 1.0

    folder = tmp_path / "pictures"
    draw = ["language", "pictures", str(texts), "--out", str(folder)]
    for dose in ("0", "-1", "nan", "many"):
        with pytest.raises(SystemExit):
            main([*draw, "--dose", dose])
    trained = [row for row in rows if row["split"] == "train"]
    write_table(trained, tmp_path / "trained.parquet", CRYSTAL_TEXTS)
    assert main(["language", "pictures", str(tmp_path / "trained.parquet"), *draw[3:]]) == 2
    assert not folder.exists() and main(draw) == 0
    for each in folder.glob("*.npy"):
        each.write_bytes(b"torn")
    ask = ["language", "ranked", str(folder), "--out", str(tmp_path / "answers.jsonl")]
    assert main([*ask, "--samples", "1", "--checkpoint", str(checkpoint)]) == 1


def test_a_card_that_names_no_network_is_told(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "writer.safetensors"
    path.write_bytes(checkpoint.read_bytes())
    card = json.loads(checkpoint.with_suffix(".json").read_text(encoding="utf-8"))
    for wrong in (None, {"width": "wide"}, {"nothing": 1}):
        changed = json.dumps(card | {"architecture": wrong})
        path.with_suffix(".json").write_text(changed, encoding="utf-8")
        with pytest.raises(CheckpointError, match="does not say what network"):
            open_writer(path, StructureText())


def test_a_training_does_not_replace_its_own_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "writer.json"
    settings.write_text('{"judged": 8}')
    command = ["language", "train-structure", "texts.parquet", "--settings", str(settings)]
    assert main([*command, "--out", str(tmp_path / "writer.safetensors")]) == 2
    assert "would overwrite the input" in capsys.readouterr().err
    assert settings.read_text() == '{"judged": 8}'
