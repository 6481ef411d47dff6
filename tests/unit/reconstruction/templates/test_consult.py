"""Known crystals: described, found again, laid on pictures, and kept out when asked."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene, mx2
from hypothesis import given, settings
from hypothesis import strategies as st

from micrographia.cli import main
from micrographia.config import Reconstruction
from micrographia.errors import SolveError, TableError
from micrographia.io.schemas import HEIGHTS, LIBRARY, RECONSTRUCTIONS, STEM_IMAGES, STRUCTURES
from micrographia.io.stem_images import StemImage, write_stem_image
from micrographia.io.structures import from_cif, orient_layer, to_cif
from micrographia.io.tables import read_rows, write_table
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.matching import Projection, site_distance
from micrographia.reconstruction.solve import solve
from micrographia.reconstruction.templates.consult import (
    answer_from_templates,
    consult,
    match_templates,
    problem_of,
    solve_with_templates,
)
from micrographia.reconstruction.templates.descriptor import (
    composition_similarity,
    radial_descriptor,
    shape_descriptor,
)
from micrographia.reconstruction.templates.library import (
    Library,
    Template,
    library_row,
    library_rows,
    read_library,
    retrieve,
)
from micrographia.reconstruction.templates.placing import heights_on, place, placed_layer
from micrographia.stem.simulate import draw_view, simulate

SETTINGS = Reconstruction()


def _tin_selenide(metal: str = "Sn", shift: float = 0.4) -> Atoms:
    """A puckered monochalcogenide, whose two species nearly cover each other in projection."""
    fractions = [[0.0, 0.0], [shift / 4.3, 0.0], [0.5, 0.5], [0.5 + shift / 4.3, 0.5]]
    heights = [0.0, 2.75, 2.75, 0.0]
    cell = np.diag([4.3, 4.4, 22.0])
    xy = np.array(fractions) @ cell[:2, :2]
    return Atoms(f"{metal}Se{metal}Se", np.column_stack([xy, heights]), cell=cell, pbc=True)


def _checkerboard() -> Atoms:
    """One species up, down, up, down: the projection's cell is half of the layer's."""
    cell = np.diag([4.2, 4.2, 20.0])
    return Atoms("Pb2", [[0, 0, 0], [2.1, 2.1, 1.2]], cell=cell, pbc=True)


def _boron() -> Atoms:
    """Five light atoms on general places."""
    xy = [[0, 0], [1.7, 0.9], [3.9, 0.4], [2.8, 2.6], [0.6, 2.9]]
    cell = [[5.2, 0, 0], [0.7, 4.7, 0], [0, 0, 20]]
    return Atoms("B5", np.column_stack([xy, np.zeros(5)]), cell=cell, pbc=True)


CRYSTALS = {
    "graphene": graphene(vacuum=8),
    "bn": graphene("BN", a=2.504, vacuum=8),
    "mos2": mx2("MoS2", vacuum=8),
    "wse2": mx2("WSe2", a=3.32, thickness=3.35, vacuum=8),
    "tis2": mx2("TiS2", "1T", a=3.41, thickness=2.85, vacuum=8),
    "snse": _tin_selenide(),
    "lead": _checkerboard(),
    "boron": _boron(),
}
TEMPLATES = {name: Template.of(name, orient_layer(atoms)) for name, atoms in CRYSTALS.items()}
LIBRARY_OF_ALL = Library.of([library_row(template) for template in TEMPLATES.values()])


def _library(*names: str) -> Library:
    return Library.of([library_row(TEMPLATES[name]) for name in names])


def _picture(name: str, dose: float = 3e4, seed: int = 3) -> StemImage:
    view = draw_view(0.1, 41.3, None, [seed, 11])
    return simulate(orient_layer(CRYSTALS[name]), ImagingConditions(), view, dose=dose, seed=seed)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(sorted(CRYSTALS)),
    angle=st.floats(0, 360),
    shift=st.tuples(st.floats(0, 5), st.floats(0, 5)),
    copies=st.sampled_from([(1, 1), (2, 1), (1, 3)]),
    growth=st.floats(0.9, 1.1),
)
def test_descriptors_do_not_see_how_a_crystal_is_held(name, angle, shift, copies, growth) -> None:
    held = CRYSTALS[name].repeat((*copies, 1))
    held.positions[:, :2] += shift
    held.rotate(angle, "z", rotate_cell=True)
    one, two = (
        (np.array(atoms.cell[:2, :2]), atoms.positions[:, :2]) for atoms in (CRYSTALS[name], held)
    )
    np.testing.assert_allclose(radial_descriptor(*one), radial_descriptor(*two), atol=1e-6)
    grown = (two[0] * growth, two[1] * growth)
    # 0.5 Å, within which columns are one, is no part of the shape.
    if name != "snse":
        np.testing.assert_allclose(shape_descriptor(*one), shape_descriptor(*grown), atol=1e-6)
    assert np.linalg.norm(radial_descriptor(*one)) == pytest.approx(1)


def test_descriptors_tell_crystals_apart() -> None:
    rows = LIBRARY_OF_ALL.descriptors
    cosines = rows @ rows.T - np.eye(len(rows))
    names = list(CRYSTALS)
    # BN is graphene with other atoms, which the composition tells.
    assert names[int(cosines[names.index("graphene")].argmax())] == "bn"
    assert cosines[names.index("mos2"), names.index("tis2")] < 0.99
    assert composition_similarity({42: 1, 16: 2}, {74: 1, 34: 2}) == 0
    assert composition_similarity({}, {6: 1}) == 0


@pytest.mark.parametrize("name", CRYSTALS)
def test_a_picture_finds_its_crystal_again(name: str) -> None:
    layer = orient_layer(CRYSTALS[name])
    elements = sorted(set(layer.get_chemical_symbols()))
    problem = problem_of(_picture(name), elements, SETTINGS)
    matches = match_templates(problem, layer, LIBRARY_OF_ALL, SETTINGS.templates)
    best = matches[0]
    assert best.template.name == name
    assert best.similarity == pytest.approx(1)
    assert best.placed.displacement < 0.05
    assert best.placed.strain < 2e-3
    # Noise alone is left: its squares sum to the number of reflections.
    count = len(problem.data)
    assert best.evidence > -count - 6 * np.sqrt(count) - 40
    made = placed_layer(best.placed, problem.fit.cell, 20.0)
    assert len(made) == len(layer)
    assert np.ptp(made.positions[:, 2]) == pytest.approx(np.ptp(layer.positions[:, 2]), abs=1e-9)
    assert made.cell[2, 2] - np.ptp(made.positions[:, 2]) == pytest.approx(20)
    distances = [_sorted_distances(atoms) for atoms in (made, layer)]
    np.testing.assert_allclose(*distances, atol=0.1)


def _sorted_distances(atoms: Atoms) -> np.ndarray:
    """Distances in three dimensions: heights belong to the right sites, or these differ."""
    double = atoms.repeat((3, 3, 1))
    return np.sort(double.get_distances(0, range(len(double)), mic=True))[:12]


def test_a_mirrored_picture_is_the_layer_from_below() -> None:
    # Three species on general places: no mirror of its own.
    cell = [[4.1, 0, 0], [1.2, 5.3, 0], [0, 0, 20]]
    layer = Atoms("WSeO", [[0, 0, 0], [2.1, 1.4, 1.1], [1.0, 3.6, 2.9]], cell=cell, pbc=True)
    below = layer.copy()
    below.positions[:, [1, 2]] *= -1
    below.set_cell([[4.1, 0, 0], [-1.2, 5.3, 0], [0, 0, 20]])
    image = simulate(below, ImagingConditions(), draw_view(0.1, 41.3, None, [1]), dose=3e4)
    problem = problem_of(image, ["W", "Se", "O"], SETTINGS)
    placed = place(problem, Template.of("layer", layer), 0.05)
    assert placed is not None and np.linalg.det(placed.mapping) < 0
    made = placed_layer(placed, problem.fit.cell, 20.0)
    rise = made.positions[:, 2] - made.positions[0, 2]
    np.testing.assert_allclose(rise, [0, -1.1, -2.9], atol=1e-9)


def test_a_lattice_that_differs_cannot_be_laid_on() -> None:
    problem = problem_of(_picture("mos2"), ["Mo", "S"], SETTINGS)
    far = TEMPLATES["mos2"].renamed({42: 42, 16: 16}, 1.2)
    assert place(problem, far, 0.05) is None
    near = place(problem, TEMPLATES["mos2"].renamed({42: 42, 16: 16}, 1.03), 0.05)
    assert near is not None and near.strain == pytest.approx(0.029, abs=2e-3)


def test_a_column_that_the_search_does_not_know_cannot_be_laid_on() -> None:
    """A search that found an element only above others keeps no kind for it alone: copper,
    in one of sixty pictures with proposals, ended the whole data set with a KeyError.
    """
    problem = problem_of(_picture("mos2"), ["Mo", "S"], SETTINGS)
    left = [place for place, kind in enumerate(problem.kinds) if kind != (42,)]
    assert len(left) == len(problem.kinds) - 1
    fewer = replace(
        problem, kinds=[problem.kinds[place] for place in left], forms=problem.forms[left]
    )
    assert place(fewer, TEMPLATES["mos2"], 0.05) is None
    solution = replace(solve(_picture("mos2"), ["Mo", "S"], SETTINGS), problem=fewer)
    assert consult(solution, LIBRARY_OF_ALL, SETTINGS).solution.atoms == solution.atoms


def test_a_crystal_and_its_copies_are_held_out() -> None:
    turned = CRYSTALS["mos2"].repeat((2, 1, 1))
    turned.rotate(33, "z", rotate_cell=True)
    rows = [*LIBRARY_OF_ALL.rows, library_row(Template.of("copy", turned))]
    library = Library.of(rows)
    kept = {row["structure_id"] for row in library.without("mos2", 0.3).rows}
    assert kept == set(CRYSTALS) - {"mos2"}
    assert len(library.without("unknown", 0.3).rows) == len(rows)


def test_retrieval_keeps_to_the_elements() -> None:
    found = retrieve(LIBRARY_OF_ALL, TEMPLATES["mos2"].projection, [16, 22], 10)
    assert [template.name for _, template in found] == ["tis2"]


def test_a_better_template_replaces_a_wrong_answer() -> None:
    image = _picture("mos2")
    solution = solve(image, ["Mo", "S"], SETTINGS)
    wrong = solution.atoms.copy()
    wrong.symbols[:] = "Mo"
    found = consult(replace(solution, atoms=wrong), LIBRARY_OF_ALL, SETTINGS)
    assert (found.role, found.template) == ("rival", "mos2")
    assert found.solution.atoms.get_chemical_formula("metal") == "MoS2"
    assert found.solution.confidence > 0.9
    assert any("Mo3" in text or "Mo " in text for text in found.solution.alternatives)


def test_a_right_answer_keeps_its_plane_and_gets_heights() -> None:
    image = _picture("mos2")
    solution = solve(image, ["Mo", "S"], SETTINGS)
    found = consult(solution, LIBRARY_OF_ALL, SETTINGS)
    assert (found.role, found.template) == ("heights", "mos2")
    assert np.ptp(found.solution.atoms.positions[:, 2]) == pytest.approx(3.19)
    answers = [
        Template.of("", atoms).projection for atoms in (found.solution.atoms, solution.atoms)
    ]
    distance = site_distance(*answers)
    assert distance is not None and distance < 0.01
    alone = consult(solution, _library("graphene"), SETTINGS)
    assert (alone.role, alone.template) == ("", None)
    assert alone.solution.atoms == solution.atoms


def test_another_crystal_of_the_type_lends_heights() -> None:
    image = _picture("mos2")
    found = solve_with_templates(image, ["Mo", "S"], SETTINGS, _library("wse2", "bn", "tis2"))
    assert (found.role, found.template) == ("heights", "wse2")
    assert found.heights[0].renamed
    assert found.solution.atoms.get_chemical_formula("metal") == "MoS2"
    assert np.ptp(found.solution.atoms.positions[:, 2]) == pytest.approx(3.19, abs=0.15)


def test_a_template_answers_where_the_search_fails() -> None:
    hobbled = Reconstruction(max_atoms=1)
    image = _picture("boron")
    with pytest.raises(SolveError, match="explains the picture"):
        solve(image, ["B"], hobbled)
    found = solve_with_templates(image, ["B"], hobbled, LIBRARY_OF_ALL)
    assert (found.role, found.template) == ("answer", "boron")
    assert found.solution.confidence > 0.5
    problem = problem_of(image, ["B"], hobbled)
    assert answer_from_templates(problem, _library("graphene"), hobbled) is None
    with pytest.raises(SolveError):
        solve_with_templates(image, ["B"], hobbled, _library("graphene"))


def _tables(folder: Path, names: list[str]) -> None:
    """A structures table of all crystals, and a table of pictures of some."""
    structures = []
    for name, atoms in CRYSTALS.items():
        row = dict.fromkeys(STRUCTURES.names)
        row.update(structure_id=name, cif=to_cif(orient_layer(atoms)), status="kept")
        structures.append(row)
    structures.append(
        dict.fromkeys(STRUCTURES.names) | {"structure_id": "x", "status": "rejected"}
    )
    structures.append(
        dict.fromkeys(STRUCTURES.names)
        | {"structure_id": "y", "status": "kept", "cif": "data_y\n_cell_length_a 1\n"}
    )
    write_table(structures, folder / "structures.parquet", STRUCTURES)
    images = []
    for name in names:
        row = dict.fromkeys(STEM_IMAGES.names)
        elements = sorted(set(CRYSTALS[name].get_chemical_symbols()))
        row.update(image_id=f"i-{name}", structure_id=name, elements=elements, path=f"{name}.tif")
        images.append(row)
        write_stem_image(folder / "pictures" / f"{name}.tif", _picture(name))
    write_table(images, folder / "pictures" / "images.parquet", STEM_IMAGES)


def _plane(atoms: Atoms) -> np.ndarray:
    return atoms.cell.cellpar()[[0, 1, 5]]


def test_heights_of_one_template_for_the_atoms_of_another() -> None:
    image = _picture("mos2")
    problem = problem_of(image, ["Mo", "S"], SETTINGS)
    own = place(problem, TEMPLATES["mos2"], 0.05)
    other = place(problem, TEMPLATES["wse2"].renamed({74: 42, 34: 16}, 0.96), 0.1)
    assert own is not None and other is not None
    cell = problem.fit.cell
    lent = heights_on(own, other, cell)
    assert lent is not None
    assert lent.shape == (3,)
    assert np.ptp(lent) == pytest.approx(np.ptp(other.template.positions[:, 2]))
    assert lent[own.template.numbers == 42] == pytest.approx(np.median(lent))
    np.testing.assert_allclose(
        heights_on(own, own, cell),
        own.template.positions[:, 2] * np.sign(np.linalg.det(own.mapping)),
    )


def test_the_verbs_make_a_library_and_use_it(tmp_path: Path, capsys) -> None:
    _tables(tmp_path, ["mos2", "lead"])
    table, library = tmp_path / "structures.parquet", tmp_path / "library.parquet"
    words = ["reconstruction", "library", "--structures", str(table), "--out", str(library)]
    assert main(words) == 0
    assert [row["structure_id"] for row in read_rows(library, LIBRARY)] == list(CRYSTALS)
    image = tmp_path / "pictures" / "mos2.tif"
    words = ["reconstruction", "match", str(image), "--library", str(library)]
    assert main([*words, "--elements", "Mo,S"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["templates"][0]["structure_id"] == "mos2"
    assert told["analysis"]["formula"] == "MoS2"
    assert main([*words, "--elements", "Mo,S", "--without", "mos2"]) == 0
    assert json.loads(capsys.readouterr().out)["templates"] == []
    for held_out in (False, True):
        rules = {"templates": {"library": str(library), "leave_one_out": held_out}}
        words = ["reconstruction", "batch", str(tmp_path / "pictures")]
        words += ["--settings", json.dumps(rules), "--out", str(tmp_path / "out")]
        assert main(words) == 0
        answers = read_rows(tmp_path / "out" / "reconstructions.parquet", RECONSTRUCTIONS)
        heights = read_rows(tmp_path / "out" / "heights.parquet", HEIGHTS)
        uses = {row["image_id"]: row["template"] for row in answers}
        if held_out:
            assert uses == {"i-mos2": "held-out:wse2", "i-lead": None}
        else:
            assert uses == {"i-mos2": "in-library:mos2", "i-lead": "in-library:lead"}
            # The layer is twice the projected cell: known only from the template.
            assert len(from_cif(answers[1]["cif"])) == 2
        assert {row["method"] for row in answers} == {"analysis+templates"}
        assert heights[0]["rank"] == 1 and heights[0]["template"] == uses["i-mos2"]
        answer = from_cif(answers[0]["cif"])
        for row in [row for row in heights if row["image_id"] == "i-mos2"]:
            # The same plane, so that another room need not look for it.
            start = from_cif(row["cif"])
            np.testing.assert_allclose(_plane(start), _plane(answer), atol=1e-6)
            gaps = answer.get_scaled_positions()[:, None] - start.get_scaled_positions()[None]
            gaps = np.abs(gaps - np.rint(gaps))[..., :2].max(axis=2)
            gaps[answer.numbers[:, None] != start.numbers[None]] = 1
            assert gaps.min(axis=1).max() < 1e-6


def test_a_list_of_matches_takes_what_is_known(tmp_path: Path, capsys) -> None:
    library, picture = tmp_path / "library.parquet", tmp_path / "mos2.tif"
    write_table([library_row(one) for one in TEMPLATES.values()], library, LIBRARY)
    image = _picture("mos2")
    write_stem_image(picture, StemImage(image.pixels * 300 + 7, image.pixel_size))
    words = ["reconstruction", "match", str(picture), "--library", str(library)]
    words += ["--settings", '{"max_atoms": 4}']
    assert main([*words, "--composition", "MoS2", "--detector", "icom"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["analysis"]["formula"] == "MoS2"
    assert told["templates"][0]["structure_id"] == "mos2"
    assert main([*words, "--composition", "MoS2", "--elements", "Mo"]) == 2
    assert "Leave the elements out" in capsys.readouterr().err


def test_an_empty_library_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "library.parquet"
    write_table([], path, LIBRARY)
    with pytest.raises(TableError, match=r"is empty.*reconstruction library"):
        read_library(path)
    assert list(library_rows([])) == []
    assert retrieve(Library.of([]), TEMPLATES["mos2"].projection, [16, 42], 10) == []


def test_projections_of_the_library_are_those_of_the_crystals() -> None:
    lead = TEMPLATES["lead"]
    assert (len(lead.numbers), len(lead.projection.numbers)) == (2, 1)
    row = LIBRARY_OF_ALL.template(list(CRYSTALS).index("lead"))
    assert isinstance(row.projection, Projection)
    np.testing.assert_allclose(row.positions, lead.positions)


def test_one_picture_is_solved_with_the_library_that_the_settings_name(
    tmp_path: Path, capsys
) -> None:
    _tables(tmp_path, ["mos2"])
    table, library = tmp_path / "structures.parquet", tmp_path / "library.parquet"
    words = ["reconstruction", "library", "--structures", str(table), "--out", str(library)]
    assert main(words) == 0
    answer = tmp_path / "answer.cif"
    words = ["reconstruction", "solve", str(tmp_path / "pictures" / "mos2.tif")]
    words += ["--elements", "Mo,S", "--out", str(answer)]
    for rules, thickness in (({}, None), ({"templates": {"library": str(library)}}, 3.19)):
        assert main([*words, "--settings", json.dumps(rules)]) == 0
        said = json.loads(capsys.readouterr().out)["template"]
        if thickness is None:
            assert said is None
        else:
            assert said == "Heights are those of mos2 (in-library)."
            heights = from_cif(answer.read_text()).positions[:, 2]
            assert np.ptp(heights) == pytest.approx(thickness, abs=0.01)
