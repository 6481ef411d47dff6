"""Drawn conditions: seeded, within their bounds, and in the image's file."""

import json
from pathlib import Path

import numpy as np
from ase.build import mx2
from scipy.stats import kstest

from micrographia.config import Stem, Vary
from micrographia.io.stem_images import read_stem_image
from micrographia.io.structures import to_cif
from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.draw import draw
from micrographia.stem.images import clean_images, exposures

WIDE = Vary(defocus=30, astigmatism=20, threefold=500, coma=800, field=10, drift=2, jitter=0.1)


def test_without_spread_nothing_changes() -> None:
    settings = Stem(conditions=ImagingConditions(coma=3.0, defocus=7.0))
    drawn = draw(settings, [1, 2])
    assert drawn.conditions == settings.conditions
    assert (drawn.field, drawn.drift, drawn.jitter) == (settings.field, (0.0, 0.0), 0.0)


def test_draws_fill_their_range_evenly() -> None:
    settings = Stem(conditions=ImagingConditions(defocus=-5.0), vary=WIDE)
    drawn = [draw(settings, [7, k]) for k in range(400)]
    defocus = np.array([one.conditions.defocus for one in drawn])
    coma = np.array([one.conditions.coma for one in drawn])
    field = np.array([one.field for one in drawn])
    assert kstest((defocus + 35) / 60, "uniform").pvalue > 1e-3
    assert kstest(coma / 800, "uniform").pvalue > 1e-3
    assert kstest((field - 38) / 20, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(defocus, coma)[0, 1]) < 0.15
    assert max(np.hypot(*one.drift) for one in drawn) <= 2
    for one in drawn:  # what was drawn is itself valid
        ImagingConditions(**one.conditions.model_dump())


def test_one_spread_does_not_change_what_the_others_draw() -> None:
    alone = draw(Stem(vary=Vary(coma=800)), [3]).conditions
    together = draw(Stem(vary=WIDE), [3]).conditions
    assert (alone.coma, alone.coma_angle) == (together.coma, together.coma_angle)


def test_exposures_take_their_conditions_from_the_image(tmp_path: Path) -> None:
    record = {
        "structure_id": "layer",
        "elements": ["Mo", "S"],
        "cif": to_cif(mx2("MoS2", vacuum=8)),
    }
    settings = Stem(vary=WIDE, field=20.0, doses=(1e4,))
    rows = clean_images([record], settings, 5, tmp_path, "phase-object")
    assert rows[0]["failure"] is None
    stated = read_stem_image(tmp_path / rows[0]["path"]).metadata["conditions"]
    expected = draw(settings, [5, _stream("layer"), 1]).conditions
    assert ImagingConditions(**stated) == expected
    assert rows[0]["defocus"] == expected.defocus != 0
    assert json.loads(rows[0]["aberrations"])["coma"] == expected.coma > 0
    # Settings of another microscope do not matter any more.
    other = Stem(conditions=ImagingConditions(semiangle_mrad=10.0), doses=(1e4,))
    first = _exposed(rows, tmp_path, settings, tmp_path / "a")
    second = _exposed(rows, tmp_path, other, tmp_path / "b")
    assert np.array_equal(first.pixels, second.pixels)
    assert first.metadata["conditions"] == stated and first.metadata["dose"] == 1e4


def _exposed(rows, source, settings, folder):
    folder.mkdir()
    (row,) = exposures(rows, source, settings, 5, folder)
    return read_stem_image(folder / row["path"])


def _stream(name: str) -> int:
    from micrographia.stem.images import _number

    return _number(name)
