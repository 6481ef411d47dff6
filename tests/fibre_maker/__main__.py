"""Write pictures of crossing fibres, their masks and their truth into a folder."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from .curves import order
from .pictures import PIXEL_SIZE_NM, Drawn, draw


def truth_of(name: str, drawn: Drawn) -> dict[str, object]:
    """What is true of a picture, as plain values; lengths in px, y pointing down."""
    s2, direction = order(drawn.curves)
    fibres = [
        {
            "label": number,
            "width": curve.width,
            "length": curve.length,
            "cut": curve.cut,
            "centre_line": np.round(curve.points[::4], 3).tolist(),
        }
        for number, curve in enumerate(drawn.curves, start=1)
    ]
    return {"name": name, "s2": s2, "direction_deg": direction, "fibres": fibres}


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.fibre_maker", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="of the first picture")
    parser.add_argument("--out", type=Path, required=True, help="folder")
    arguments = parser.parse_args()
    for folder in ("images", "foreground", "labels"):
        (arguments.out / folder).mkdir(parents=True, exist_ok=True)
    told = []
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        name, drawn = f"fibres_{seed:05d}", draw(seed)
        for folder, pixels in (
            ("images", drawn.grey),
            # One value for all, as a threshold would give it.
            ("foreground", drawn.foreground.astype(np.uint8)),
            ("labels", drawn.labels.astype(np.uint8)),
        ):
            Image.fromarray(pixels).save(arguments.out / folder / f"{name}.png")
        told.append(truth_of(name, drawn))
    truth = {"pixel_size_nm": PIXEL_SIZE_NM, "pictures": told}
    (arguments.out / "truth.json").write_text(json.dumps(truth), encoding="utf-8")


if __name__ == "__main__":
    main()
