"""The readers of labels that are used: which are here, which were asked for, what is missing."""

from __future__ import annotations

import logging
from typing import NamedTuple

from micrographia.config import Scale
from micrographia.curation.rapidocr import installed
from micrographia.curation.scale.readers.network import Reader, load_reader
from micrographia.curation.scale.readers.rapid import Rapid, load_rapid
from micrographia.curation.scale.readers.tesseract import program
from micrographia.errors import ConfigError

LOG = logging.getLogger(__name__)

#: How each reader that comes from outside is installed.
REMEDIES = {
    "rapidocr": "pip install rapidocr-onnxruntime (there is none for Python 3.13 and later)",
    "tesseract": "install Debian's package tesseract-ocr",
}


class Tools(NamedTuple):
    """What reads labels.

    Attributes
    ----------
    reader
        The built-in network; None where it was not asked for.
    rapid
        RapidOCR; None where it is absent or was not asked for.
    use_tesseract
        Whether tesseract reads too.
    note
        What the rows say of readers that are missing; None where there is nothing to say.
    """

    reader: Reader | None
    rapid: Rapid | None
    use_tesseract: bool
    note: str | None

    @property
    def number(self) -> int:
        """How many readers there are."""
        return (self.reader is not None) + (self.rapid is not None) + self.use_tesseract


def load_tools(settings: Scale) -> Tools:
    """Load the readers that the settings ask for.

    Raises
    ------
    ConfigError
        A reader that was named is absent, or the built-in one's weights are.
    """
    here = {"network": True, "rapidocr": installed(), "tesseract": program() is not None}
    if settings.readers == "auto":
        wanted = [name for name, found in here.items() if found]
    else:
        wanted = list(settings.readers)
        for name in wanted:
            if not here[name]:
                raise ConfigError(
                    f"The reader {name!r} of curation.scale.readers is not installed",
                    seen=wanted,
                    allowed=f"'auto', or a list of {[one for one in here if here[one]]}",
                    remedy=f"{name}: {REMEDIES[name]}",
                )
    tools = Tools(
        load_reader(settings.reader) if "network" in wanted else None,
        load_rapid() if "rapidocr" in wanted else None,
        "tesseract" in wanted,
        None,
    )
    return tools._replace(note=_note(tools, settings, here))


def _note(tools: Tools, settings: Scale, here: dict[str, bool]) -> str | None:
    """Say where there is no second reader: no bar is sure enough then."""
    if tools.number >= 2:
        return None
    if settings.readers != "auto":
        return f"only {settings.readers[0]} read labels, as curation.scale.readers says"
    absent = [f"{name}: {remedy}" for name, remedy in REMEDIES.items() if not here[name]]
    note = (
        f"labels were read by the built-in reader alone; for a second one, {'; or '.join(absent)}"
    )
    LOG.warning("%s", note)
    return note
