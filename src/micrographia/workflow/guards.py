"""Checks before a run starts, and the shell prefix of every job."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from micrographia.errors import ConfigError


def uses_conda(methods: Iterable[object]) -> bool:
    """Return whether these deployment methods include conda environments."""
    return any(str(getattr(method, "name", method)).upper() == "CONDA" for method in methods)


def deployment(methods: Iterable[object]) -> frozenset[object]:
    """Return how software is deployed: without conda if MICROGRAPHIA_ENV is 'active'.

    Raises
    ------
    ConfigError
        Conda was asked for, and there is none.
    """
    kept = frozenset(methods)
    if not uses_conda(kept):
        return kept
    if os.environ.get("MICROGRAPHIA_ENV") == "active":
        return frozenset(method for method in kept if not uses_conda([method]))
    if not shutil.which("conda"):
        raise ConfigError(
            "--use-conda was given, but there is no conda on PATH: install conda, or drop "
            "--use-conda to use the Python that runs snakemake, or set MICROGRAPHIA_ENV=active"
        )
    return kept


def shell_prefix(sources: Path, conda: bool) -> str:
    """Return the first lines of the shell script of every job.

    Parameters
    ----------
    sources
        The folder in which jobs find the package.
    conda
        Whether jobs get another Python than the one that runs snakemake.
    """
    lines = ["set -euo pipefail", f"export PYTHONPATH={shlex.quote(str(sources))}"]
    if not conda:
        here = shlex.quote(str(Path(sys.executable).parent))
        lines.append(f'export PATH={here}:"$PATH"')
    # One job is one core: numerical libraries must not each start a thread per core.
    lines.append("export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1")
    return "; ".join(lines) + "; "
