"""Run the tutorial's commands and draw its pictures from what they write.

    python studies/tutorial_pictures.py --out docs/images

Every code block of `docs/tutorial.md` that is marked `bash` is run, in order, in a temporary
folder; a command that fails ends the run. So the page shows what its reader gets. The same machine
gives the same bytes. Everything is made from a random seed and from a crystal on the page itself.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from micrographia.config import Reconstruction
from micrographia.io.atomic import atomic_path
from micrographia.io.stem_images import read_stem_image
from micrographia.reconstruction.solve import solve
from micrographia.report.drawing.pictures import to_grey
from micrographia.report.sections import crystals
from micrographia.report.sections.stem import projection

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "tutorial.md"
#: Pictures beside one another are this many white pixels apart.
_GAP = 12


def main() -> int:
    """Run the page and write its pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    out = parser.parse_args().out.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_page(PAGE.read_text(encoding="utf-8"), folder)
        pictures = draw(folder)
    out.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        with atomic_path(out / name) as temporary:
            picture.save(temporary, format="WEBP", quality=82, method=6)
        print(f"{out / name}: {picture.width}×{picture.height} px")
    return 0


def run_page(text: str, folder: Path) -> None:
    """Run the page's blocks marked `bash` in `folder`, with this interpreter and these sources."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    start = 'micrographia() { "$PYTHON" -m micrographia "$@"; }'
    subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", "\n".join([start, *blocks])],
        cwd=folder,
        env={**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT / "src")},
        check=True,
    )


def draw(folder: Path) -> dict[str, Image.Image]:
    """Return the page's pictures by file name, from the folder in which its commands ran."""
    made = {path.stem[-1]: read(path) for path in sorted((folder / "made/images").glob("*.png"))}
    outlined = {path.stem[-1]: read(path) for path in (folder / "all/overlay").glob("*.png")}
    (overlay,) = (folder / "measured/overlay").glob("*.png")
    return {
        "tutorial-micrographs.webp": beside(*(made[index] for index in "0257")),
        "tutorial-overlay.webp": beside(made["7"], read(overlay)),
        "tutorial-doubt.webp": beside(outlined["5"], outlined["3"]),
        "tutorial-sizes.webp": read(folder / "measured/sizes.png"),
        "tutorial-stem.webp": beside(*crystal_pictures(folder)),
    }


def crystal_pictures(folder: Path) -> list[Image.Image]:
    """STEM picture, columns found in its average cell, and the crystal of the CIF."""
    image = read_stem_image(folder / "MoS2.tif", None)
    solution = solve(image, ["Mo", "S"], Reconstruction())
    columns = crystals.Layer(solution.cell, solution.xy, solution.numbers)
    answer = projection((folder / "found.cif").read_text(encoding="utf-8"))
    drawn = [
        crystals.draw_average(solution.average, solution.cell, columns),
        crystals.draw_balls(crystals.place(answer, columns)),
    ]
    grey: NDArray[np.uint8] = to_grey(image.pixels)
    return [Image.fromarray(part).convert("RGB").resize((360, 360)) for part in (grey, *drawn)]


def read(path: Path) -> Image.Image:
    """Read a picture in colour."""
    return Image.open(path).convert("RGB")


def beside(*pictures: Image.Image) -> Image.Image:
    """Place pictures of equal height beside one another on white."""
    width = sum(picture.width for picture in pictures) + _GAP * (len(pictures) - 1)
    row = Image.new("RGB", (width, pictures[0].height), "white")
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width + _GAP
    return row


if __name__ == "__main__":
    sys.exit(main())
