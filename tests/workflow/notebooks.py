"""Execute the notebooks of docs/notebooks; as a script, renew their outputs (`make notebooks`)."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
#: Longest time of one cell [s].
TIMEOUT = 120
#: What every notebook says of itself; more would change with the machine.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def execute(path: Path) -> Any:
    """Run a notebook from top to bottom on one core in an empty folder; return it.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell fails; the message shows it.
    """
    notebook = nbformat.read(path, as_version=4)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=TIMEOUT,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],
        )
        client.execute(env={**os.environ, **threads, "PYTHONPATH": str(ROOT / "src")})
    return cleaned(notebook)


def cleaned(notebook: Any) -> Any:
    """Drop what differs from machine to machine and says nothing."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
            data = output.get("data", {})
            if is_picture(output):  # its text is but the figure's size
                data.pop("text/plain", None)
    return notebook


def texts(notebook: Any) -> list[str]:
    """What the cells print and show as text, one entry per cell; pictures are left out."""
    shown = []
    for cell in notebook.cells:
        parts = []
        for output in cell.get("outputs", []):
            parts.append(output.get("text", output.get("data", {}).get("text/plain", "")))
        shown.append(re.sub(r"[ \t]+$", "", "\n".join(parts), flags=re.MULTILINE))
    return shown


def pictures(notebook: Any) -> int:
    """How many pictures the cells show."""
    return sum(is_picture(output) for cell in notebook.cells for output in cell.get("outputs", []))


def is_picture(output: Any) -> bool:
    """Whether an output of a cell is a picture."""
    return any(kind.startswith("image/") for kind in output.get("data", {}))


if __name__ == "__main__":
    for notebook in NOTEBOOKS:
        nbformat.write(execute(notebook), notebook)
        print(f"{notebook.relative_to(ROOT)}: {notebook.stat().st_size / 1000:.0f} kB")
    sys.exit(0)
