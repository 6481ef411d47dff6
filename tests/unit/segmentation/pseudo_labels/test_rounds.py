"""Networks that learn from what networks are sure of, and from people's corrections."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage.draw import disk

from micrographia.cli import main
from micrographia.config import Rounds, SegmentationTraining
from micrographia.io.images import read_labels, write_labels
from micrographia.io.schemas import PSEUDO_LABELS, ROUNDS, TRAINING_PICTURES
from micrographia.io.tables import read_rows, read_table
from micrographia.segmentation.flow.field import flow_field
from micrographia.segmentation.networks.flow_networks import NETWORKS
from micrographia.segmentation.networks.unet import UNet
from micrographia.segmentation.pseudo_labels.select import corrections_in, pseudo_label
from micrographia.segmentation.samples.agreement import agreement
from micrographia.segmentation.samples.augment import draw_crop
from micrographia.segmentation.samples.pictures import Shelf, ignored_beside, weights_of


def draw(seed, size=128, count=7):
    """Bright discs on a dark noisy ground."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((size, size), np.int32)
    for number in range(1, count + 1):
        place = disk(rng.uniform(10, size - 10, 2), rng.uniform(9, 16), shape=labels.shape)
        if not labels[place].any():
            labels[place] = number
    image = rng.normal(60, 8, labels.shape) + 110 * (labels > 0)
    return image.clip(0, 255).astype(np.uint8), labels


def field_with_doubt():
    """Masks and flow of four discs: one points the wrong way, one is faint; and a shadow."""
    labels = np.zeros((80, 80), np.int32)
    for number, centre in enumerate([(20, 20), (20, 60), (60, 20), (60, 60)], start=1):
        labels[disk(centre, 12)] = number
    truth = flow_field(labels)
    field = np.concatenate([truth.field, 0.97 * (labels > 0)[None]]).astype(np.float32)
    field[:2, labels == 2] *= np.float32(-0.5)
    field[2, labels == 3] = 0.6
    field[2, 38:42, 38:42] = 0.3
    return labels, field


def test_sure_instances_are_kept_and_the_rest_is_not_taught():
    truth, field = field_with_doubt()
    found = pseudo_label(truth, field, Rounds())
    np.testing.assert_array_equal(found.labels, np.where(truth == 4, 2, truth == 1))
    np.testing.assert_array_equal(
        found.ignored, np.isin(truth, (2, 3)) | np.isclose(field[2], 0.3)
    )
    assert found.share == pytest.approx(0.5) and "too much in doubt" in found.fault(Rounds())
    # 1.5 times a unit vector is the error of the wrong one, 0.97 and 0.6 are the probabilities.
    assert found.flow_error == pytest.approx(1.5**2 / 4, rel=0.02)
    assert found.probability == pytest.approx((3 * 0.97 + 0.6) / 4)
    assert found.fault(Rounds(min_share=0.4)) is None
    assert "too few" in found.fault(Rounds(min_share=0.4, min_instances=3))
    lenient = pseudo_label(truth, field, Rounds(min_probability=0, max_flow_error=4, doubt=1))
    np.testing.assert_array_equal(lenient.labels, truth)
    assert not lenient.ignored.any() and lenient.share == 1
    nothing = pseudo_label(0 * truth, 0 * field, Rounds())
    assert nothing.fault(Rounds()) == "nothing was found" and np.isnan(nothing.share)
    halves = np.where((truth == 4) & (np.arange(80) > 60), 5, truth)  # these flow otherwise
    assert set(truth[pseudo_label(halves, field, Rounds(max_flow_error=0.2)).labels > 0]) == {1}


def test_what_is_in_doubt_does_not_count_in_a_crop(tmp_path):
    image, labels = draw(1)
    Image.fromarray(image).save(tmp_path / "a.png")
    mask = tmp_path / "pseudo" / "masks" / "a.png"
    write_labels(mask, np.where(labels == 1, 0, labels))
    write_labels(ignored_beside(mask), (labels == 1).astype(np.uint8))
    whole, known = Shelf().read(str(tmp_path / "a.png"), str(mask), partly=True)
    np.testing.assert_array_equal(known == -1, labels == 1)
    settings = SegmentationTraining(crop=128, zoom=(1, 1), diameters=(25, 25))
    plain, partly = (
        draw_crop(whole, some, 25.0, settings, np.random.default_rng(3))
        for some in (np.maximum(known, 0), known)
    )
    np.testing.assert_array_equal(plain.image, partly.image)  # it is seen, and not judged
    np.testing.assert_array_equal(plain.labels, partly.labels)
    assert 0.5 < (plain.inside & ~partly.inside).sum() / (labels == 1).sum() <= 1.1
    assert not Shelf().read(str(tmp_path / "a.png"), str(mask))[1].min() < 0


def test_pseudo_labels_are_drawn_in_their_share():
    table = pd.DataFrame({"source": ["real"] * 4 + ["pseudo"] * 10 + ["corrected"] * 2})
    table["n_instances"] = 20
    pseudo = (table["source"] != "real").to_numpy()
    assert weights_of(table, 0.2, 0.5)[pseudo].sum() == pytest.approx(0.5)
    few = pd.concat([table[:4], table[4:5]], ignore_index=True)
    assert weights_of(few, 0.2, 0.5)[4] == pytest.approx(1 / 5)  # no more often than a real one
    assert weights_of(table, 0.2, 0.0)[pseudo].sum() == 0


def test_two_corrections_of_one_name(tmp_path):
    for name in ("a.png", "a.tif"):
        write_labels(tmp_path / name, np.ones((3, 3), int))
    with pytest.raises(Exception, match="Two corrected masks share a name"):
        corrections_in(str(tmp_path))
    assert corrections_in(None) == {}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Six pictures with masks; without: five alike, a copy of a known one, noise, a torn one."""
    monkeypatch.setitem(NETWORKS, "unet-small", (UNet, {"widths": [8, 16, 32]}))
    for name in ("images", "masks", "more", "corrected"):
        (tmp_path / name).mkdir()
    for number in range(8):
        image, labels = draw(number)
        Image.fromarray(image).save(tmp_path / "images" / f"{number}.png")
        write_labels(tmp_path / "masks" / f"{number}.png", labels)
    for number in range(5):
        Image.fromarray(draw(50 + number)[0]).save(tmp_path / "more" / f"new{number}.png")
    Image.fromarray(draw(0)[0]).save(tmp_path / "more" / "copy.png")
    noise = np.random.default_rng(0).normal(60, 8, (128, 128)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "more" / "noise.png")
    (tmp_path / "more" / "torn.png").write_bytes(b"\x89PNG")
    write_labels(tmp_path / "corrected" / "new4.png", draw(54)[1])
    write_labels(tmp_path / "corrected" / "noise.tif", np.zeros((9, 9), int))
    return tmp_path


def settings_of(place, steps):
    loop = {"steps": steps, "batch": 4, "validate_every": steps, "save_every": 1000,
            "learning_rate": 0.004, "average": 0.8, "milestones": [0.7],
            "device": "cpu", "precision": "fp32"}  # fmt: skip
    real = {"images": str(place / "images"), "masks": str(place / "masks"), "licence": "MIT"}
    training = {"crop": 64, "zoom": [0.9, 1.1], "validation": 0.3, "procedural_share": 0,
                "real": [real], "loop": loop}  # fmt: skip
    rounds = {"min_probability": 0.5, "max_flow_error": 1.5, "doubt": 0.45, "min_share": 0.3,
              "corrections": str(place / "corrected")}  # fmt: skip
    network = {"diameter": 25, "device": "cpu", "precision": "fp32"}
    return json.dumps({"training": training, "rounds": rounds, "network": network})


def run(*words):
    assert main(["segmentation", *map(str, words)]) == 0


def test_two_rounds_for_real(place):
    words = ["--settings", settings_of(place, 100)]
    networks = [place / str(number) / "network.safetensors" for number in range(2)]
    run("train", "--out", networks[0], "--threads", 1, *words)
    division = place / "0" / "network-pictures.parquet"
    made = place / "0" / "pseudo"
    run("pseudo-label", place / "more", "--checkpoint", networks[0], "--known", division,
        "--out", made, *words)  # fmt: skip
    run("train", "--out", networks[1], "--threads", 1, "--pictures", division, "--pseudo", made,
        *words)  # fmt: skip
    table = read_table(made / "pseudo_labels.parquet", PSEUDO_LABELS)
    table.index = [path.rsplit("/")[-1] for path in table["path"]]
    assert table.loc["copy.png", "reason"] == "has a mask already"
    assert "another size" in table.loc["noise.png", "reason"]
    assert table.loc["torn.png", "status"] == "rejected"
    assert (table["mask"].notna() == (table["status"] == "kept")).all()
    kept = [f"new{number}.png" for number in range(5)]
    assert (table.loc[kept, "status"] == "kept").sum() >= 3  # it has learned what discs are
    assert table.loc["new4.png", ["origin", "share"]].tolist() == ["corrected", 1]
    np.testing.assert_array_equal(read_labels(made / "masks" / "new4.png") > 0, draw(54)[1] > 0)
    for number in range(4):
        if table.loc[f"new{number}.png", "status"] == "kept":
            mask = read_labels(made / "masks" / f"new{number}.png")
            assert agreement(draw(50 + number)[1], mask).ap50 > 0.4
            assert (made / "overlay" / f"new{number}.png").is_file()
    pictures = read_rows(place / "1" / "network-pictures.parquet", TRAINING_PICTURES)
    judged = {row["source"] for row in pictures if row["split"] == "validation"}
    assert judged == {"real"}
    assert sum(row["source"] == "corrected" for row in pictures) == 1
    run("rounds", *networks, "--out", place / "curve.parquet")
    curve = read_table(place / "curve.parquet", ROUNDS)
    assert curve["round"].tolist() == [0, 0, 1, 1]
    assert set(curve["metric"]) == {"AP@0.5", "PQ@0.5"} and curve["value"].between(0, 1).all()
    assert curve["n_pseudo"].iloc[0] == 0 and curve["n_corrected"].tolist() == [0, 0, 1, 1]
    assert curve.loc[curve["metric"] == "AP@0.5", "value"].iloc[-1] > 0.5
    assert (place / "curve.png").read_bytes()[:4] == b"\x89PNG"


def test_rounds_with_other_validation_pictures_are_no_curve(place, capsys):
    for number, words in enumerate((["--seed", "1"], ["--seed", "2"])):
        run("train", "--out", place / str(number) / "n.safetensors", "--threads", 1,
            "--settings", settings_of(place, 2), *words)  # fmt: skip
    names = [str(place / str(number) / "n.safetensors") for number in range(2)]
    assert main(["segmentation", "rounds", *names, "--out", str(place / "c.parquet")]) == 2
    assert "other pictures than round 0" in capsys.readouterr().err


def test_it_must_be_clear_what_to_label(tmp_path, capsys):
    assert main(["segmentation", "pseudo-label", "--out", str(tmp_path / "o")]) == 2
    assert "one kind of input" in capsys.readouterr().err
