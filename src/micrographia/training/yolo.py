"""Import of ultralytics, offline and outside the user's home. It is AGPL-3, and optional."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile

import numpy as np

from micrographia.errors import MicrographiaError, install_hint


def quiet(what: str, otherwise: str) -> None:
    """Keep ultralytics offline, silent and out of the home folder; call before every import.

    Parameters
    ----------
    what
        What it is for, plural.
    otherwise
        What to do instead of installing it, as the end of a sentence.

    Raises
    ------
    MicrographiaError
        It is not installed.
    """
    if "YOLO_CONFIG_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="micrographia-yolo-")
        os.environ["YOLO_CONFIG_DIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["YOLO_OFFLINE"] = "true"
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["YOLO_VERBOSE"] = "false"
    from PIL import Image

    pillow = Image.open
    try:
        with np.printoptions():  # it sets its own for the whole process, which doctests see
            import ultralytics
    except ImportError as error:
        raise MicrographiaError(
            f"{what} need the package {error.name}, which is not installed",
            remedy=f"{install_hint('text-detection')}; or {otherwise}",
        ) from None
    ultralytics.settings.update({"sync": False})
    # It puts an opener of its own in Pillow's place, which asks for a package on damaged files.
    Image.open = pillow
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
