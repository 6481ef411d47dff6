"""A cropped micrograph: masks keep the picture's size, and scores count inside the crop alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from micrographia.benchmarks.segmentation.scores import score_tables
from micrographia.config import Segmentation
from micrographia.io.images import read_labels, write_labels
from micrographia.io.schemas import MICROGRAPHS, PREDICTIONS
from micrographia.io.tables import read_table, write_table
from micrographia.segmentation.predict import jobs_of_table, predict


def test_from_the_table_to_the_score(tmp_path: Path) -> None:
    y, x = np.mgrid[:220, :240]
    truth = np.zeros((220, 240), dtype=np.int32)
    for label, (row, column) in enumerate(((60, 60), (60, 170), (140, 110), (195, 60)), start=1):
        truth[(y - row) ** 2 + (x - column) ** 2 < 22**2] = label
    noise = np.random.default_rng(0).normal(0, 4, truth.shape)
    pixels = np.clip(np.where(truth > 0, 190, 60) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    write_labels(tmp_path / "truth.png", truth)
    row = dict.fromkeys(MICROGRAPHS.names) | {
        "image_id": "a",
        "path": str(tmp_path / "a.png"),
        "mask_path": str(tmp_path / "truth.png"),
        "status": "kept",
        "text_boxes": [[0, 172, 240, 220]],
        "text_policy": "crop",
        "crop_box": [0, 0, 240, 170],
    }
    write_table([row], tmp_path / "table.parquet", MICROGRAPHS)
    table = read_table(tmp_path / "table.parquet", MICROGRAPHS)
    out = tmp_path / "out"
    out.mkdir()
    assert predict(jobs_of_table(table, 0, 1), out, Segmentation(), "watershed") == 0
    mask = read_labels(out / "a.png")
    assert mask.shape == truth.shape and mask.max() == 3 and not mask[170:].any()
    predictions = [(out, read_table(out / "predictions.parquet", PREDICTIONS))]
    (cropped,), _ = score_tables(table, predictions, "watershed")
    assert cropped["ap50"] == 1.0 and cropped["n_predicted"] == 3
    whole = table.assign(crop_box=pd.Series([None], dtype=object))
    (uncropped,), _ = score_tables(whole, predictions, "watershed")
    assert uncropped["ap50"] == 0.75  # the particle under the text is missed
