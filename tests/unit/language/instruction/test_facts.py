"""Facts of drawn, measured and labelled pictures, and those that nobody can know."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from micrographia.cli import main
from micrographia.errors import TableError
from micrographia.io.facts.slots import known
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.io.images import image_id, read_labels, read_micrograph
from micrographia.io.schemas import (
    ATTRIBUTES_FINAL,
    CLASSIFIED,
    FACTS,
    INSTANCES,
    KIND_PICTURES,
    MEASURED_PICTURES,
    SYNTHETIC,
)
from micrographia.io.schemas.rows import blank
from micrographia.io.tables import read_rows, write_table
from micrographia.language.instruction.drawn import drawn_facts
from micrographia.language.instruction.facts import facts_of


def by_picture(rows: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["path"]].append(row)
    return found


def test_facts_of_drawn_pictures_are_those_of_their_masks(drawn: Path) -> None:
    truth = read_rows(drawn / "micrographs" / "truth.parquet", SYNTHETIC)
    facts = by_picture(read_rows(drawn / "facts.parquet", FACTS))
    assert len(facts) == len(truth) == 12
    scaled = 0
    for row in truth:
        path = drawn / "micrographs" / "images" / f"{row['name']}.png"
        told = known(facts[str(path)])
        labels = read_labels(drawn / "micrographs" / "masks" / f"{row['name']}.png")
        assert told["particle_count"]["number"] == len(np.unique(labels[labels > 0]))
        covered = float((labels > 0).mean())
        assert told["area_fraction"]["number"] == pytest.approx(covered)
        assert told["particle_count"]["image_id"] == image_id(read_micrograph(path).pixels)
        assert told["morphology"]["words"] == row["morphology"]
        scaled += row["annotated"]
        if row["annotated"]:
            wide = row["width"] * row["pixel_size_nm"]
            assert told["field_width"]["number"] == pytest.approx(wide)
        else:
            reasons = {one["name"]: one["failure"] for one in facts[str(path)]}
            assert reasons["pixel_size"] == "the picture carries no scale"
            assert "median_diameter" not in told or told["median_diameter"]["unit"] == "px"
        assert "subject" not in told  # drawn matter is of no material
    assert 0 < scaled < 12


def test_masks_that_were_not_measured_are_no_pictures_without_particles(drawn: Path) -> None:
    with pytest.raises(TableError, match=r"were not measured.*segmentation measure-masks"):
        list(drawn_facts(drawn / "micrographs", []))


def measured(folder: Path) -> Path:
    """What `micrographia measure` writes: a measured picture, one without a scale, a failure."""
    rows, instances = [], []
    for place, name in enumerate(("a", "b", "c")):
        path = folder / f"{name}.png"
        Image.new("L", (100, 80), 40 + place).save(path)
        row = blank(MEASURED_PICTURES) | {
            "file": path.name, "path": str(path), "group": "article 1", "width": 100,
            "height": 80, "image_id": f"id-{name}", "mask_source": "unet-small",
        }  # fmt: skip
        row |= {"pixel_size_nm": 2.0, "pixel_size_source": "bar"} if name == "a" else {}
        row |= {"why_no_pixel_size": "no label was read"} if name == "b" else {}
        row |= {"failure": "it is a strip"} if name == "c" else {}
        rows.append(row)
        for label in range(1, 4):
            instances.append(
                blank(INSTANCES)
                | {"image_id": f"id-{name}", "path": str(path), "label": label, "area_px": 78.5,
                   "centroid": [20.0 * label, 40.0], "bbox": [0, 0, 5, 5],
                   "equivalent_diameter_px": 10.0 * label, "aspect": 1.5, "neighbour_px": 20.0,
                   "cut": False}
            )  # fmt: skip
    write_table(rows, folder / "pictures.parquet", MEASURED_PICTURES)
    write_table([one for one in instances if "id-c" not in one["image_id"]],
                folder / "instances.parquet", INSTANCES)  # fmt: skip
    return folder


def test_facts_of_measured_pictures_say_who_measured_them(tmp_path: Path) -> None:
    folder = measured(tmp_path)
    words = blank(ATTRIBUTES_FINAL) | {
        "image_id": "id-a", "path": "a", "morphology": "spherical", "morphology_source": "agreed",
        "layering": "unknown", "layering_source": "none",
    }  # fmt: skip
    write_table([words], folder / "attributes.parquet", ATTRIBUTES_FINAL)
    classes = [
        blank(CLASSIFIED)
        | {"path": str(folder / f"{name}.png"), "method": "embedded", "predicted": "powder",
           "probability": 0.7, "sure": name == "a"}
        for name in "ab"
    ]  # fmt: skip
    write_table(classes, folder / "classes.parquet", CLASSIFIED)
    rows = list(facts_of(folder, None, folder / "attributes.parquet", folder / "classes.parquet"))
    facts = by_picture(rows)
    told = known(facts[str(folder / "a.png")])
    assert told["median_diameter"]["number"] == 40.0 and told["median_diameter"]["unit"] == "nm"
    assert told["median_diameter"]["source"] == "instances of measure, mask unet-small"
    assert told["pixel_size"]["source"] == "pixel size of measure, bar"
    assert told["class_name"]["words"] == "powder" and told["class_name"]["certain"] == 0.7
    assert told["morphology"]["words"] == "spherical" and "layering" not in told
    plain = facts[str(folder / "b.png")]
    reasons = {row["name"]: row["failure"] for row in plain}
    assert reasons["pixel_size"] == "the pixel size is not known: no label was read"
    assert reasons["class_name"] == "the classifier is not sure"
    assert known(plain)["median_diameter"]["unit"] == "px"
    (failed,) = facts[str(folder / "c.png")]
    assert failed["failure"] == "it is a strip" and failed["group"] == "article 1"


def test_labels_are_facts_where_they_are_sure(tmp_path: Path) -> None:
    for name, grey in (("sure", 10), ("doubtful", 20)):
        Image.new("L", (32, 32), grey).save(tmp_path / f"{name}.png")
    (tmp_path / "labels.csv").write_text(
        "file,label,group,sure,modality,material\n"
        "sure.png,nanowires,10.1/a,1,SEM,ZnO\ndoubtful.png,powder,10.1/b,0,TEM,\n"
        "gone.png,powder,10.1/c,1,TEM,\n"
    )
    facts = by_picture(facts_of(tmp_path))
    told = known(facts[str(tmp_path / "sure.png")])
    assert {name: row["words"] for name, row in told.items()} == {
        "class_name": "nanowires", "microscopy_type": "SEM", "material": "ZnO",
    }  # fmt: skip
    assert told["material"]["evidence"] == "column material, as the article states it"
    assert told["material"]["group"] == "10.1/a"
    reasons = {row["name"]: row["failure"] for row in facts[str(tmp_path / "doubtful.png")]}
    assert reasons["class_name"] == "its label is not sure"
    (gone,) = facts[str(tmp_path / "gone.png")]
    assert gone["image_id"] is None and "gone.png" in gone["failure"]


def test_a_drawn_class_has_a_scale_where_it_has_a_bar(tmp_path: Path) -> None:
    rows = []
    for name, facts in (("bar", '{"burnt_in": "500 nm", "field_of_view_nm": 3200}'), ("no", "{}")):
        Image.new("L", (64, 64), len(name)).save(tmp_path / f"{name}.png")
        rows.append(
            blank(KIND_PICTURES)
            | {"file": f"{name}.png", "label": "fibres", "modality": "SEM", "facts": facts,
               "seed": 3}
        )  # fmt: skip
    write_table(rows, tmp_path / "kinds.parquet", KIND_PICTURES)
    facts_by = by_picture(facts_of(tmp_path))
    told = known(facts_by[str(tmp_path / "bar.png")])
    assert told["pixel_size"]["number"] == 50.0 and told["scale_bar"]["number"] == 500.0
    assert told["class_name"]["certain"] == 1.0 and told["class_name"]["group"] == "seed 3/bar.png"
    assert set(known(facts_by[str(tmp_path / "no.png")])) == {"class_name", "microscopy_type"}


def test_the_command_counts_and_fails_where_nothing_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels.csv").write_text("file,label\ngone.png,powder\n")
    out = tmp_path / "facts.parquet"
    assert main(["language", "facts", str(tmp_path), "--out", str(out)]) != 0
    assert "0 facts of 0 pictures" in capsys.readouterr().out
    assert main(["language", "facts", str(tmp_path / "none"), "--out", str(out)]) == 2
    assert {row["name"] for row in read_rows(out, FACTS)} <= set(FACT_KINDS)
