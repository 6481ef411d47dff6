"""Memory and time of `micrographia segmentation predict` on a picture of 8000 x 6000 pixels.

    python studies/large_prediction.py
    python studies/large_prediction.py --mask voronoi-2048-5000 --options --masks-only

The picture shows the 20,000 instances of a made-up mask (`flow_masks.py`), each with a grey value
of its own, blurred, with noise. The command runs as a user would call it, in a process of its own,
whose highest resident size counts: interpreter, libraries, picture and all.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from flow_masks import make

from micrographia.benchmarks.segmentation.matching import precision_curve
from micrographia.io.images import read_labels
from micrographia.io.label_masks import overlaps
from micrographia.provenance import machine

SEED = 1665


def main() -> None:
    """Make the picture, segment it, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mask", default="ellipses-large-20000", help="see flow_masks.make")
    parser.add_argument(
        "--options", nargs=argparse.REMAINDER, default=[], help="passed on to `predict`"
    )
    parser.add_argument("--render", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.render is not None:
        cv2.imwrite(str(arguments.render), render(make(arguments.mask)))
        return
    with tempfile.TemporaryDirectory() as folder:
        picture, out = Path(folder, "large.png"), Path(folder, "out")
        # This process stays small: what it held would be counted as its child's.
        draw = [sys.executable, __file__, "--mask", arguments.mask, "--render", str(picture)]
        subprocess.run(draw, check=True)
        command = [sys.executable, "-m", "micrographia", "segmentation", "predict", str(picture)]
        command += ["--out", str(out), *arguments.options]
        began = time.perf_counter()
        _, status, used = os.wait4(subprocess.Popen(command).pid, 0)
        seconds = time.perf_counter() - began
        if status:
            raise SystemExit("the command failed")
        found = read_labels(out / picture.name)
    truth = make(arguments.mask)
    curve = precision_curve(overlaps(truth, found), (0.5, 0.75))
    here = machine()
    height, width = truth.shape
    print(f"{here['processor']}, {here['cores']} cores, no GPU used")
    print(f"{width} x {height} pixels, {truth.max()} instances, {found.max()} found")
    print(f"AP@0.5 {curve[0]:.3f}, AP@0.75 {curve[1]:.3f}")
    print(f"highest resident size {used.ru_maxrss / 1024**2:.2f} GiB")
    print(f"{seconds:.0f} s by the clock, {used.ru_utime + used.ru_stime:.0f} processor seconds")


def render(labels: np.ndarray) -> np.ndarray:
    """A grey picture (uint8) of a label mask; where cells touch, their border is darker."""
    generator = np.random.default_rng(SEED)
    grey = generator.uniform(0.5, 0.8, int(labels.max()) + 1).astype(np.float32)
    grey[0] = 0.25
    picture = grey[labels]
    for axis in (0, 1):
        picture[np.diff(labels, axis=axis, append=0) != 0] = 0.3
    picture = cv2.GaussianBlur(picture, (0, 0), 1.0)
    for band in np.array_split(picture, 64):
        band += generator.normal(0, 0.05, band.shape).astype(np.float32)
    return (picture.clip(0, 1) * 255).astype(np.uint8)


if __name__ == "__main__":
    main()
