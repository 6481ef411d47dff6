"""Structure metrics: invariant where they must be, and able to fail."""

import json

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.build import bulk, graphene, mx2
from ase.io import write
from hypothesis import given, settings
from hypothesis import strategies as st

from micrographia.benchmarks.structure.scores import compare, score_rows
from micrographia.benchmarks.structure.summary import groups, outcomes, refusals, summarise
from micrographia.cli import main
from micrographia.config import Benchmarks
from micrographia.errors import StructureError, TableError
from micrographia.io import schemas
from micrographia.io.benchmark_results import FIELDS
from micrographia.io.structures import to_cif
from micrographia.io.tables import read_rows, write_table


def _crystal(seed: int, count: int = 5) -> Atoms:
    rng = np.random.default_rng(seed)
    cell = np.zeros((3, 3))
    cell[0, 0] = rng.uniform(4, 6)
    cell[1, :2] = rng.uniform(-2, 2), rng.uniform(5, 8)
    cell[2, 2] = 15
    positions = rng.random((count, 3)) @ cell
    return Atoms(rng.choice(["C", "Mo", "S"], count), positions=positions, cell=cell, pbc=True)


def _dress(layer: Atoms, seed: int) -> Atoms:
    """The same crystal: turned, mirrored, moved, in a supercell, atoms shuffled."""
    rng = np.random.default_rng(seed)
    other = layer.repeat((int(rng.integers(1, 3)), int(rng.integers(1, 3)), 1))
    other.translate(rng.uniform(-5, 5, 3))
    if rng.random() < 0.5:
        other.set_cell(other.cell * [-1, 1, 1])
        other.positions[:, 0] *= -1
    other.rotate(rng.uniform(0, 360), "z", rotate_cell=True)
    return other[rng.permutation(len(other))]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_same_crystal_in_any_dress_is_perfect(seed: int, dress: int) -> None:
    layer = _crystal(seed)
    result = compare(_dress(layer, dress), layer)
    assert result["composition_correct"] and result["ss_010"]
    assert result["rmsd_xy"] < 1e-6 and result["gamma_error"] < 1e-4
    assert result["rms_sites"] < 1e-5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 0.3), st.floats(0, 2 * np.pi))
def test_one_moved_atom_gives_the_analytic_distance(
    seed: int, length: float, angle: float
) -> None:
    layer = Atoms("WSeO", positions=[[0, 0, 7], [2.1, 1.4, 7], [1.0, 3.6, 7]], pbc=True)
    layer.set_cell([[4.1, 0, 0], [1.2, 5.3, 0], [0, 0, 15]])
    moved = layer.copy()
    moved.positions[2, :2] += length * np.array([np.cos(angle), np.sin(angle)])
    # n atoms, one off by d; the best translation takes a share 1/n of it back.
    expected = length * np.sqrt(1 / 3 - 1 / 9)
    assert compare(moved, layer)["rms_sites"] == pytest.approx(expected, rel=1e-6)


def test_strain_is_counted_in_the_lattice_only() -> None:
    layer = _crystal(3)
    strained = layer.copy()
    strained.set_cell(layer.cell * 1.02, scale_atoms=True)
    result = compare(strained, layer)
    assert result["area_error"] == pytest.approx(1.02**2 - 1, rel=1e-6)
    assert result["rms_sites"] < 1e-6 and result["lattice_match"]
    far = layer.copy()
    far.set_cell(layer.cell * 1.08, scale_atoms=True)
    result = compare(far, layer)
    assert not result["lattice_match"] and result["rms_sites"] is None and not result["ss_047"]
    assert result["composition_correct"]


def test_other_species_fail() -> None:
    carbon, nitride = graphene(vacuum=5), graphene("BN", a=2.504, vacuum=5)
    result = compare(carbon, nitride)
    assert result["lattice_match"]
    assert not result["composition_correct"] and not result["ss_047"]


def test_other_sites_fail() -> None:
    hexagonal = mx2("MoS2", "2H", vacuum=5)
    octahedral = mx2("MoS2", "1T", vacuum=5)
    result = compare(octahedral, hexagonal)
    assert result["composition_correct"] and result["lattice_match"]
    # One sulphur of three atoms is a third of the cell off: the best translation leaves this.
    assert result["rms_sites"] == pytest.approx(3.18 / np.sqrt(3) * np.sqrt(2) / 3, rel=1e-6)
    assert not result["ss_047"]


def test_swapped_species_fail_though_the_composition_is_right() -> None:
    # Three species on one lattice: mirror images match, a swap of two different sites does not.
    layer = Atoms("WSeO", positions=[[0, 0, 7], [2.1, 1.4, 7], [1.0, 3.6, 7]], pbc=True)
    layer.set_cell([[4.1, 0, 0], [1.2, 5.3, 0], [0, 0, 15]])
    swapped = layer.copy()
    swapped.symbols[:] = ["O", "Se", "W"]
    result = compare(swapped, layer)
    assert result["composition_correct"] and not result["ss_047"]


def _tables() -> tuple[list[dict], list[dict], list[dict]]:
    cif = to_cif(mx2("MoS2", vacuum=8))
    structures = [{"structure_id": "m", "formula": "MoS2", "cif": cif}]
    images = [
        {
            "image_id": name,
            "structure_id": "m",
            "engine": "phase-object",
            "tier": tier,
            "dose": 3e4,
        }
        for name, tier in (("good", 1), ("failed", 2), ("lost", 2), ("broken", 2))
    ]
    answer = {"method": "test", "confidence": 0.9, "seconds": 1.0, "failure": None}
    answer |= {"track": "given", "template": None, "alternatives": []}
    answers = [
        {"image_id": "good", "cif": cif, **answer},
        {"image_id": "failed", "cif": None, **answer, "failure": "no lattice"},
        {"image_id": "broken", "cif": "not a CIF", **answer},
    ]
    return images, structures, answers


def test_failures_are_rows_and_count_against_the_shares() -> None:
    rows = score_rows(*_tables())
    assert [row["failure"] is None for row in rows] == [True, False, False, False]
    assert "missing" in rows[2]["failure"]
    figures = {
        (entry["metric"], entry["group"]): entry
        for entry in summarise(pd.DataFrame(rows), Benchmarks(), 0)
    }
    assert figures["S.S.@0.47", "all"]["value"] == 0.25
    assert figures["S.S.@0.47", "all"]["n_failed"] == 3
    assert figures["S.S.@0.47", "tier 2"]["value"] == 0.0
    assert figures["RMSD_xy median [Å]", "all"]["value"] < 1e-3
    assert figures["RMSD_xy median [Å]", "tier 2"]["value"] is None


def test_multislice_images_are_a_group_apart() -> None:
    import pandas as pd

    images, structures, answers = _tables()
    images[0]["engine"] = "multislice"
    rows = score_rows(images, structures, answers)
    figures = {
        (entry["metric"], entry["group"]): entry
        for entry in summarise(pd.DataFrame(rows), Benchmarks(), 0)
    }
    assert figures["C.C.", "multislice images"]["value"] == 1.0
    assert figures["C.C.", "all"]["value"] == 0.0 and figures["C.C.", "all"]["n"] == 3


def _plane(a: float, b: float, gamma: float) -> Atoms:
    angle = np.deg2rad(gamma)
    cell = [[a, 0, 0], [b * np.cos(angle), b * np.sin(angle), 0], [0, 0, 15]]
    return Atoms("WSe", scaled_positions=[[0, 0, 0.5], [0.31, 0.57, 0.5]], cell=cell, pbc=True)


@pytest.mark.parametrize(
    ("answer", "truth", "rmsd", "gamma"),
    [
        # a and b change places: the cells are laid on each other, not their parameters.
        ((4.02, 4.00, 97), (3.99, 4.01, 97), 0.01, 0.0),
        ((4.00, 5.00, 88.5), (4.00, 5.00, 90.0), 0.0, 1.5),
        ((4.00, 5.00, 89.0), (4.00, 5.00, 91.0), 0.0, 0.0),  # mirror images
        ((3.03, 3.03, 60.0), (3.00, 3.00, 120.0), 0.03, 0.0),
        ((3.00, 4.00, 90.0), (3.30, 4.40, 90.0), np.sqrt((0.3**2 + 0.4**2) / 2), 0.0),
    ],
)
def test_known_errors_of_the_lattice(
    answer: tuple[float, ...], truth: tuple[float, ...], rmsd: float, gamma: float
) -> None:
    result = compare(_plane(*answer), _plane(*truth))
    assert result["rmsd_xy"] == pytest.approx(rmsd, abs=2e-4)
    assert result["gamma_error"] == pytest.approx(gamma, abs=0.02)


def test_a_missing_atom_fails_in_every_share() -> None:
    layer = _crystal(5)
    result = compare(layer[:-1], layer)
    assert result["lattice_match"] and result["rms_sites"] is None
    assert not (result["composition_correct"] or result["ss_047"])


def test_heights_do_not_count_and_stacked_atoms_do() -> None:
    layer = mx2("MoS2", "2H", vacuum=8)
    flat = layer.copy()
    flat.positions[:, 2] = 9 + 0.1 * np.arange(3)
    assert compare(flat, layer)["ss_010"]
    assert not compare(layer[:2], layer)["composition_correct"]


def test_a_layer_that_lies_askew_is_set_upright_and_bulk_is_refused() -> None:
    layer = mx2("MoS2", "2H", vacuum=8)
    askew = layer.copy()
    askew.rotate(40, (1, 2, 3), rotate_cell=True)
    assert compare(askew, layer)["ss_010"]
    with pytest.raises(StructureError, match="bulk"):
        compare(bulk("Cu"), layer)


def test_an_image_of_an_unknown_crystal_is_an_error() -> None:
    images, structures, answers = _tables()
    images[0]["structure_id"] = "elsewhere"
    with pytest.raises(TableError, match="elsewhere"):
        score_rows(images, structures, answers)


def test_a_bulk_answer_is_a_failure_not_a_crash() -> None:
    images, structures, answers = _tables()
    answers[0]["cif"] = to_cif(bulk("Cu"))
    row = score_rows(images, structures, answers)[0]
    assert "bulk" in row["failure"]
    assert row["ss_047"] is None


def test_intervals_hold_the_figures_and_follow_the_seed() -> None:
    rows = score_rows(*_tables())
    generator = np.random.default_rng(0)
    many = [
        dict(rows[0], rmsd_xy=float(value), structure_id=str(place))
        for place, value in enumerate(generator.random(40))
    ]
    table = pd.DataFrame(many)
    first, second = (summarise(table, Benchmarks(bootstrap=200), 3) for _ in range(2))
    assert first == second
    entry = next(row for row in first if row["metric"] == "RMSD_xy median [Å]")
    assert entry["low"] < entry["value"] < entry["high"]
    assert entry["value"] == pytest.approx(float(table["rmsd_xy"].median()))


def _row(schema, **values):
    return dict.fromkeys(schema.names) | values


def _write_tables(folder):
    images, structures, answers = _tables()
    (folder / "images").mkdir()
    (folder / "answers").mkdir()
    tables = (
        (images, schemas.STEM_IMAGES, folder / "images" / "images.parquet"),
        (answers, schemas.RECONSTRUCTIONS, folder / "answers" / "reconstructions.parquet"),
        (structures, schemas.STRUCTURES, folder / "structures.parquet"),
    )
    for rows, schema, path in tables:
        write_table([_row(schema, **row) for row in rows], path, schema, {})


def _score(folder, out, images="images", answers="answers"):
    words = ["benchmarks", "score-structure", "--structures", folder / "structures.parquet"]
    words += ["--images", folder / images, "--reconstructions", folder / answers]
    words += ["--settings", '{"bootstrap": 200}', "--seed", "5", "--out", out]
    return main([str(word) for word in words])


def test_the_workflow_form_writes_json_table_and_picture(tmp_path) -> None:
    _write_tables(tmp_path)
    assert _score(tmp_path, tmp_path / "a" / "structure.json") == 0
    # Tables may be named instead of the folders that hold them; the bytes are the same.
    tables = "images/images.parquet", "answers/reconstructions.parquet"
    assert _score(tmp_path, tmp_path / "b" / "structure.json", *tables) == 0
    for suffix in ("json", "parquet", "png"):
        one, other = (tmp_path / name / f"structure.{suffix}" for name in "ab")
        assert one.read_bytes() == other.read_bytes(), suffix
    result = json.loads((tmp_path / "a" / "structure.json").read_text())
    assert (result["n"], result["n_failed"], result["seed"]) == (4, 3, 5)
    assert all(set(entry) == set(FIELDS) for entry in result["metrics"])
    rows = read_rows(tmp_path / "a" / "structure.parquet", schemas.STRUCTURE_SCORES)
    assert [row["image_id"] for row in rows] == ["good", "failed", "lost", "broken"]
    assert rows[0]["ss_010"] is True


def test_a_run_in_which_everything_failed_is_scored(tmp_path) -> None:
    _write_tables(tmp_path)
    path = tmp_path / "answers" / "reconstructions.parquet"
    write_table([], path, schemas.RECONSTRUCTIONS, {})
    assert _score(tmp_path, tmp_path / "structure.json") == 0
    result = json.loads((tmp_path / "structure.json").read_text())
    assert (result["n"], result["n_failed"]) == (4, 4)
    assert {
        entry["value"] for entry in result["metrics"] if entry["metric"].startswith("S.S.")
    } == {0.0}


def test_the_verb_compares_two_files(tmp_path, capsys) -> None:
    write(tmp_path / "answer.cif", mx2("MoS2", "2H", vacuum=8))
    write(tmp_path / "truth.cif", mx2("MoS2", "2H", vacuum=8).repeat((2, 1, 1)))
    write(tmp_path / "bulk.cif", bulk("Cu", cubic=True))
    words = ["benchmarks", "structure", str(tmp_path / "answer.cif")]
    assert main([*words, str(tmp_path / "truth.cif")]) == 0
    assert json.loads(capsys.readouterr().out)["ss_010"] is True
    assert main([*words, str(tmp_path / "bulk.cif")]) == 2
    assert "bulk.cif" in capsys.readouterr().err


def test_tracks_are_runs_apart_and_each_holds_every_image() -> None:
    images, structures, answers = _tables()
    blind = dict(answers[0], track="blind", cif=to_cif(mx2("MoSe2", vacuum=8)), confidence=0.4)
    blind["alternatives"] = ["MoS2 (log-likelihood -0.4)"]
    rows = score_rows(images, structures, [*answers, blind])
    assert [row["track"] for row in rows] == ["given"] * 4 + ["blind"] * 4
    assert [row["image_id"] for row in rows[4:]] == [image["image_id"] for image in images]
    figures = {
        (entry["metric"], entry["group"], entry["method"]): entry["value"]
        for entry in summarise(pd.DataFrame(rows), Benchmarks(), 0)
    }
    assert figures["C.C.", "tier 1", "test, given"] == 1.0
    assert figures["C.C.", "tier 1", "test, blind"] == 0.0
    assert figures["C.C. in the top 3", "tier 1", "test, blind"] == 1.0
    assert figures["C.C. in the top 3", "all", "test, blind"] == 0.25
    assert figures["calibration error, C.C.", "all", "test, blind"] == pytest.approx(0.4)


def test_one_run_answers_an_image_once() -> None:
    images, structures, answers = _tables()
    with pytest.raises(TableError, match="good is answered twice"):
        score_rows(images, structures, [*answers, answers[0]])


def test_answers_on_a_template_are_groups_apart() -> None:
    images, structures, answers = _tables()
    cif = answers[0]["cif"]
    uses = {"good": "in-library:m", "failed": "held-out:x", "broken": "m", "lost": None}
    answers = [
        dict(answers[0], image_id=name, cif=cif, template=use) for name, use in uses.items()
    ]
    frame = pd.DataFrame(score_rows(images, structures, answers))
    counts = {name: len(rows) for name, rows in groups(frame) if name.startswith("template")}
    assert counts == {"template none": 1, "template in library": 2, "template held out": 1}


def test_images_of_one_crystal_are_resampled_together() -> None:
    """Ten crystals in nine pictures each: the interval is that of ten cases, not of ninety."""
    row = score_rows(*_tables())[0]
    rows = [
        dict(row, structure_id=f"c{k % 10}", ss_047=k % 10 < 6, rmsd_xy=0.1 * (k % 10))
        for k in range(90)
    ]
    alone = [dict(row, structure_id=f"c{k}", ss_047=k < 6, rmsd_xy=0.1 * k) for k in range(10)]
    for metric in ("S.S.@0.47", "RMSD_xy mean [Å]", "RMSD_xy median [Å]"):
        many, few = (
            next(
                entry
                for entry in summarise(pd.DataFrame(table), Benchmarks(bootstrap=500), 0)
                if (entry["metric"], entry["group"]) == (metric, "all")
            )
            for table in (rows, alone)
        )
        ends = ("value", "low", "high")
        assert [many[name] for name in ends] == pytest.approx([few[name] for name in ends])


def test_beside_multislice_stand_the_same_crystals() -> None:
    images, structures, answers = _tables()
    structures.append(dict(structures[0], structure_id="other"))
    images[0]["engine"], images[1]["structure_id"] = "multislice", "other"
    frame = pd.DataFrame(score_rows(images, structures, answers))
    found = {name: set(rows["image_id"]) for name, rows in groups(frame)}
    assert found["multislice images"] == {"good"}
    assert found["same crystals, phase object"] == {"lost", "broken"}


def test_what_went_wrong_is_counted_by_tier_and_reason() -> None:
    frame = pd.DataFrame(score_rows(*_tables()))
    counts = {entry["group"]: entry["counts"] for entry in outcomes(frame)}
    assert counts["all"] == {"right": 1, "refused": 1, "no answer": 2}
    assert counts["tier 2"] == {"refused": 1, "no answer": 2}
    assert refusals(frame) == [{"method": "test, given", "reason": "no lattice", "n": 1}]


def test_published_figures_stand_beside_ours_with_their_source(tmp_path) -> None:
    _write_tables(tmp_path)
    assert _score(tmp_path, tmp_path / "structure.json") == 0
    published = json.loads((tmp_path / "structure.json").read_text())["published"]
    assert "not measured again" in published["note"]
    assert all(row["source"] for row in published["rows"])
    figures = {(r["system"], r["group"], r["metric"]): r["value"] for r in published["rows"]}
    assert figures["AutoMat", "tier 1", "S.S.@0.47"] == 0.85
    assert figures["AutoMat", "tier 3", "C.C."] == 0.731
    ours = {
        entry["metric"]
        for entry in summarise(pd.DataFrame(score_rows(*_tables())), Benchmarks(), 0)
    }
    assert {"S.S.@0.47", "C.C.", "RMSD_xy mean [Å]"} <= ours & {key[2] for key in figures}
