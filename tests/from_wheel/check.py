"""Build the wheel, install it away from the checkout, and run it in an empty folder.

    make wheel-check

The fresh environment sees the libraries of the environment that runs this script, so that
nothing is downloaded, but neither the checkout nor its editable installation: a file of a path
configuration is read from an environment's own folder only.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from building import ROOT, build_wheel, files_in, tracked_files

PICTURES = {"count": 3, "size": 256, "annotated_share": 0.5}
CRYSTAL = "MoS2"


class Installed:
    """A fresh environment with the wheel, and an empty folder to work in."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        environment = folder / "environment"
        self.bin = environment / "bin"
        self.work = folder / "work"
        self.work.mkdir()
        self.clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        self.clean.setdefault("OMP_NUM_THREADS", "1")
        _run([sys.executable, "-m", "venv", "--without-pip", str(environment)])
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "install"]
        _run([*pip, "--quiet", "--no-deps", "--no-index", str(wheel)], env=self.clean)
        (site,) = environment.glob("lib/python*/site-packages")
        libraries = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
        (site / "libraries.pth").write_text("\n".join(sorted(libraries)) + "\n")
        self.site = site

    def __call__(self, line: str, **more: object) -> str:
        """Run a command line of micrographia in the work folder; return what it printed."""
        words = shlex.split(line)
        for name, value in more.items():
            words += [f"--{name}", json.dumps(value)]
        start = time.perf_counter()
        said = _run([str(self.bin / words[0]), *words[1:]], cwd=self.work, env=self.clean)
        print(f"  {time.perf_counter() - start:5.1f} s  {line}", flush=True)
        return said


def _run(command: list[str], **options: object) -> str:
    answer = subprocess.run(command, text=True, capture_output=True, check=False, **options)
    if answer.returncode:
        sys.exit(f"{shlex.join(command)} failed:\n{answer.stdout}{answer.stderr}")
    return answer.stdout


def _expect(holds: object, what: str) -> None:
    if not holds:
        sys.exit(f"The installed wheel does not do what it should: {what}.")


def check_place(installed: Installed) -> None:
    """The package is that of the wheel, and its hint on extras is a command that works."""
    program = (
        "import micrographia; from micrographia.errors import install_hint;"
        "print(micrographia.__file__, micrographia.__version__, install_hint('formats'), sep='|')"
    )
    python = str(installed.bin / "python")
    said = _run([python, "-c", program], cwd=installed.work, env=installed.clean)
    file, version, hint = said.strip().split("|")
    print(f"  micrographia {version} from {file}")
    _expect(Path(file).is_relative_to(installed.site), f"{file} is not of the wheel")
    words = shlex.split(hint.split("`")[1])
    command = [str(installed.bin / words[0]), *words[1:], "--dry-run", "--no-index"]
    _run(command, cwd=installed.work, env=installed.clean)


def check_micrographs(installed: Installed) -> None:
    """Pictures are made, curated, segmented and described."""
    installed("micrographia synthesis micrographs --out made --seed 1", settings=PICTURES)
    installed("micrographia curation run made --licence CC0-1.0 --out curated")
    curated = pd.read_parquet(installed.work / "curated/micrographs.parquet")
    _expect((curated.status == "kept").sum() == 3, f"kept {curated.status.tolist()} of 3")
    _expect(curated.mask_path.notna().all(), "masks are paired")
    _expect(curated.text_boxes.map(len).sum() > 0, "burnt-in text is found")
    installed("micrographia segmentation predict made/images --out predicted")
    overlaps = []
    for mask in pd.read_parquet(installed.work / "predicted/predictions.parquet")["mask"]:
        found = np.asarray(Image.open(installed.work / "predicted" / mask)) > 0
        drawn = np.asarray(Image.open(installed.work / "made/masks" / mask)) > 0
        overlaps.append((found & drawn).sum() / (found | drawn).sum())
    _expect(len(overlaps) == 3 and np.mean(overlaps) > 0.5, f"particles are found: {overlaps}")
    table = "--micrographs curated/micrographs.parquet --out attributes.parquet"
    installed(f"micrographia annotation annotate --annotator texture {table}")
    attributes = pd.read_parquet(installed.work / "attributes.parquet")
    _expect(len(attributes) == 3 and attributes.failure.isna().all(), "attributes are read")


def check_crystals(installed: Installed) -> None:
    """An embedded crystal becomes a picture, the picture a crystal, and they agree."""
    installed("micrographia stem structures prototypes --out structures.parquet")
    known = pd.read_parquet(installed.work / "structures.parquet")
    row = known[known.formula == CRYSTAL].iloc[0]
    (installed.work / "truth.cif").write_text(row.cif)
    view = "--dose 30000 --rotation 17 --field 42.7 --seed 3"
    installed(f"micrographia stem simulate truth.cif --out image.tif {view}")
    said = installed(
        "micrographia reconstruction solve image.tif --out answer.cif --elements Mo,S"
    )
    _expect(json.loads(said)["formula"] == CRYSTAL, f"{CRYSTAL} is found")
    score = json.loads(installed("micrographia benchmarks structure answer.cif truth.cif"))
    _expect(score["ss_010"] and score["rmsd_xy"] < 0.01, f"the crystal is right: {score}")


def main() -> None:
    """Run every check; the first that fails ends the run with status 1."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="micrographia-wheel-") as folder:
        wheel = build_wheel(Path(folder))
        lacking = tracked_files() - files_in(wheel) if (ROOT / ".git").exists() else set()
        _expect(not lacking, f"it lacks {sorted(lacking)}")
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
        installed = Installed(Path(folder), wheel)
        check_place(installed)
        check_micrographs(installed)
        check_crystals(installed)
    print(f"the wheel works without the checkout ({time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main()
