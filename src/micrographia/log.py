"""One logging format for the command line and the workflow's log files."""

from __future__ import annotations

import logging
import sys


def setup(level: str = "INFO") -> None:
    """Send the package's log records to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("micrographia")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
