"""WordNet as Debian's packages have it, for METEOR."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

#: Where `wordnet-base` puts its files.
FOLDER = Path("/usr/share/wordnet")
_NEEDED = ("index.noun", "index.verb", "index.adj", "index.adv", "data.noun", "data.verb",
           "data.adj", "data.adv")  # fmt: skip
#: Files of lexicographers, whose names Debian leaves out and METEOR does not need.
_LEXICOGRAPHERS = 45


def find_wordnet(folder: Path = FOLDER) -> Any | None:
    """Return nltk's reader of WordNet; None where the files are absent.

    Parameters
    ----------
    folder
        With the files of the Debian package `wordnet-base`.
    """
    if not all((folder / name).is_file() for name in _NEEDED):
        return None
    import nltk.data
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    class Reader(WordNetCorpusReader):  # type: ignore[misc, unused-ignore]
        def open(self, file: str) -> Any:
            if file == "lexnames":
                lines = (f"{number:02d}\tfile{number}\t1\n" for number in range(_LEXICOGRAPHERS))
                return io.StringIO("".join(lines))
            return super().open(file)

        def map_wn(self, version: str = "wordnet") -> None:
            """Map no other version: it would look for nltk's own copy."""

    # nltk reads files of its data folders alone.
    if str(folder) not in nltk.data.path:
        nltk.data.path.append(str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other languages are not there
        return Reader(str(folder), None)
