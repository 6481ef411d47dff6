"""Download one file: streamed, within its size, whole or not at all, and with its digests."""

from __future__ import annotations

import hashlib
import http.client
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from micrographia import __version__
from micrographia.errors import RetrievalError
from micrographia.io.atomic import atomic_path

#: Wraps the pieces of a download, with their sum [byte] if it is known, and what they are of.
Progress = Callable[[Iterator[bytes], int | None, str], Iterable[bytes]]
_PIECE = 1 << 20
#: Time without a byte after which a connection counts as dead [s].
_PATIENCE = 60.0


def silent(pieces: Iterator[bytes], total: int | None, what: str) -> Iterable[bytes]:
    """Show no progress."""
    return pieces


@dataclass(frozen=True)
class FileDigest:
    """Size and digests of a file.

    Attributes
    ----------
    size
        Length [byte].
    sha256, md5
        Digests, as hexadecimal text.
    """

    size: int
    sha256: str
    md5: str


class _Reader:
    """Takes the size and the digests of pieces that go by."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        self._sha256.update(piece)
        self._md5.update(piece)

    def result(self) -> FileDigest:
        return FileDigest(self.size, self._sha256.hexdigest(), self._md5.hexdigest())


def digest_of_file(path: str | os.PathLike[str]) -> FileDigest:
    """Return the size and the digests of a file; it is read piece by piece."""
    reader = _Reader()
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            reader.take(piece)
    return reader.result()


def download(
    url: str,
    path: str | os.PathLike[str],
    limit: int,
    check: Callable[[FileDigest], object],
    progress: Progress = silent,
) -> FileDigest:
    """Download a file; it appears under its name when it is whole and checked, or not at all.

    Parameters
    ----------
    url
        Address; a redirection away from https is refused.
    path
        Where the file goes.
    limit
        Most bytes; a longer download is broken off.
    check
        Raises an error if the digests are not those expected.
    progress
        Shows how far the download is.

    Raises
    ------
    RetrievalError
        There is no connection, the server refuses, or what it sends is too long, cut short or
        fails the check.
    """
    with _open(url) as answer, atomic_path(path) as temporary:
        total = _stated_size(answer)
        _refuse_above(limit, total, url)
        reader = _Reader()
        with temporary.open("wb") as file:
            for piece in progress(_pieces(answer, url), total, Path(path).name):
                reader.take(piece)
                _refuse_above(limit, reader.size, url)
                file.write(piece)
        if total is not None and reader.size != total:
            raise RetrievalError(
                f"The download of {url} was cut short",
                seen=f"{reader.size} bytes",
                allowed=f"{total} bytes",
            )
        check(reader.result())
        return reader.result()


@contextmanager
def _told_plainly(url: str) -> Iterator[None]:
    """Say in one sentence what the network did; faults of the disk never pass through here."""
    host = urlsplit(url).hostname
    try:
        yield
    except HTTPError as error:
        raise RetrievalError(f"{host} refuses {url}: {error.code} {error.reason}") from None
    except http.client.IncompleteRead:
        raise RetrievalError(f"The download of {url} was cut short") from None
    except http.client.HTTPException as error:
        what = f"{host} sends no valid answer ({type(error).__name__}) for {url}"
        raise RetrievalError(what) from None
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        raise RetrievalError(f"No route to {host}: {reason}") from None


class _Redirections(HTTPRedirectHandler):
    """Follows redirections, but none from https to an address that anyone can rewrite."""

    def redirect_request(  # type: ignore[no-untyped-def]
        self, req, fp, code, msg, headers, newurl
    ) -> Request | None:
        if req.full_url.startswith("https://") and not newurl.startswith("https://"):
            raise RetrievalError(f"{req.full_url} leads to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str) -> http.client.HTTPResponse:
    request = Request(url, headers={"User-Agent": f"micrographia/{__version__}"})
    with _told_plainly(url):
        opener = build_opener(_Redirections)
        answer: http.client.HTTPResponse = opener.open(request, timeout=_PATIENCE)
        return answer


def _stated_size(answer: http.client.HTTPResponse) -> int | None:
    """The length that the server states; `read` with a count does not compare it."""
    stated = answer.headers.get("Content-Length", "")
    return int(stated) if stated.isdecimal() else None


def _pieces(answer: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    while True:
        with _told_plainly(url):
            piece = answer.read(_PIECE)
        if not piece:
            return
        yield piece


def _refuse_above(limit: int, size: int | None, url: str) -> None:
    if size is not None and size > limit:
        raise RetrievalError(
            f"{url} is larger than the catalogue allows",
            seen=f"{size} bytes",
            allowed=f"at most {limit} bytes",
        )
