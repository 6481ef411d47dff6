"""Retrieval from a real server on the loopback: what is right, and every way to go wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from public_server import (
    TRAIN,
    catalogue_text,
    closed_port,
    emps_entry,
    emps_files,
    serve,
    train_list,
    zipped,
)

from micrographia.cli import main
from micrographia.data.retrieve import digest_of_folder, retrieve
from micrographia.errors import MicrographiaError, RetrievalError
from micrographia.io.public.catalogue import Catalogue

ARCHIVE = zipped(emps_files())
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()
MD5 = hashlib.md5(ARCHIVE, usedforsecurity=False).hexdigest()
OTHER = "0" * 64


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    files: dict[str, bytes | int | str] = {
        "/emps.zip": ARCHIVE,
        "/train.csv": train_list(),
        "/short": "cut short",
        "/nonsense": "nonsense",
        "/endless": "no length",
        "/busy": 503,
        "/moved": "/emps.zip",
        "/large": b"x" * 2_000_000,
    }
    with serve(files) as at:
        yield at


def catalogue(entry: dict[str, Any], **others: Any) -> Catalogue:
    return Catalogue.model_validate({"sets": {"emps": {**entry, **others}}})


def put(root: Path, content: bytes) -> Path:
    """What a user does who fetched the archive by hand."""
    place = root / "downloads" / "emps" / "emps.zip"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


def left_behind(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_set_becomes_what_the_settings_name(address: str, tmp_path: Path) -> None:
    receipt = retrieve(catalogue(emps_entry(address, sha256=SHA256)), "emps", tmp_path)
    folder = tmp_path / "emps"
    for part in ("images", "segmaps"):
        assert {path.stem for path in (folder / part).iterdir()} == set(TRAIN)
        assert [path.name for path in (folder / "test" / part).iterdir()] == ["dd04.png"]
    with Image.open(folder / "segmaps" / "aa01.png") as mask:
        assert np.asarray(mask).sum() == 150
    assert (folder / "sources.csv").read_bytes() == (
        b"filename,doi,figure\r\naa01.png,10.1016.j.1,gr1\r\nbb02.png,10.1016.j.2,gr2\r\n"
        b"cc03.png,10.1016.j.3,gr3\r\n"
    )
    assert not (folder / "README.md").exists()
    assert [row["checked_by"] for row in receipt["files"]] == ["sha256", "first use"]
    assert receipt["files"][0]["sha256"] == SHA256 and receipt["files"][0]["size"] == len(ARCHIVE)
    assert json.loads((folder / "retrieved.json").read_text()) == receipt
    (warning,) = receipt["warnings"]
    assert "no digest of train.csv is known" in warning and "without https" in warning


def test_a_second_time_asks_nobody_and_gives_equal_bytes(address: str, tmp_path: Path) -> None:
    first = retrieve(catalogue(emps_entry(address)), "emps", tmp_path)
    before = (tmp_path / "emps" / "retrieved.json").read_bytes()
    with serve({}) as empty:  # every file would be refused
        assert retrieve(catalogue(emps_entry(address)), "emps", tmp_path) == first
        assert (tmp_path / "emps" / "retrieved.json").read_bytes() == before
        (tmp_path / "downloads" / "emps" / "emps.zip").unlink()
        with pytest.raises(RetrievalError, match="404"):
            retrieve(catalogue(emps_entry(empty)), "emps", tmp_path)
    assert (tmp_path / "emps" / "retrieved.json").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sha256": OTHER}, rf"SHA-256 is another; saw '{SHA256}'; allowed: {OTHER}"),
        ({"md5": "f" * 32}, rf"MD5 is another; saw '{MD5}'; allowed: {'f' * 32}"),
        ({"urls": ["short"]}, r"was cut short; saw '1000 bytes'; allowed: 5000 bytes"),
        ({"urls": ["busy"]}, r"127\.0\.0\.1 refuses \S+/busy: 503 Service Unavailable"),
        ({"urls": ["absent"]}, r"refuses \S+/absent: 404 "),
        ({"urls": ["nonsense"]}, r"sends no valid answer"),
        ({"urls": ["large"]}, r"is larger than the catalogue allows; saw '2000000 bytes'"),
        ({"urls": ["endless"]}, r"is larger than the catalogue allows; saw '\d+ bytes'; allowed"),
    ],
    ids=["sha256", "md5", "short", "error", "absent", "nonsense", "large", "endless"],
)
def test_a_wrong_download_leaves_nothing(
    address: str, tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    if "urls" in changes:
        changes = {"urls": [f"{address}/{path}" for path in changes["urls"]]}
    with pytest.raises(RetrievalError, match=says) as caught:
        retrieve(catalogue(emps_entry(address, **changes)), "emps", tmp_path)
    place = tmp_path / "downloads" / "emps" / "emps.zip"
    assert f"put it at {place}; then the same command uses it" in str(caught.value)
    assert left_behind(tmp_path) == []


def test_without_a_connection_it_says_what_to_do(tmp_path: Path) -> None:
    entry = emps_entry(f"http://127.0.0.1:{closed_port()}", sha256=SHA256)
    with pytest.raises(RetrievalError, match=r"No route to 127\.0\.0\.1: .*refused") as caught:
        retrieve(catalogue(entry), "emps", tmp_path)
    assert f"fetch {entry['files'][0]['urls'][0]} yourself and put it at" in str(caught.value)
    assert left_behind(tmp_path) == []
    # The user does so, for both files; then nothing is asked for.
    put(tmp_path, ARCHIVE).with_name("train.csv").write_bytes(train_list())
    receipt = retrieve(catalogue(entry), "emps", tmp_path)
    assert receipt["files"][0]["checked_by"] == "sha256"
    assert len(list((tmp_path / "emps" / "images").iterdir())) == 3


def test_a_host_without_a_name_is_no_route(tmp_path: Path) -> None:
    entry = emps_entry("http://nowhere.invalid")
    with pytest.raises(RetrievalError, match=r"No route to nowhere\.invalid: "):
        retrieve(catalogue(entry), "emps", tmp_path)


def test_a_wrong_file_put_by_hand_is_refused_and_stays(address: str, tmp_path: Path) -> None:
    place = put(tmp_path, b"something else")
    with pytest.raises(RetrievalError, match=rf"is not used: .*allowed: {SHA256}.*Delete ") as one:
        retrieve(catalogue(emps_entry(address, sha256=SHA256)), "emps", tmp_path)
    assert hashlib.sha256(b"something else").hexdigest() in str(one.value)
    assert place.read_bytes() == b"something else"
    assert not (tmp_path / "emps").exists()


def test_the_first_digest_is_recorded_and_another_one_refused(
    address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = catalogue(emps_entry(address))
    retrieve(chosen, "emps", tmp_path)
    assert f"no digest of emps.zip is known: that of the first file was recorded, {SHA256}" in (
        caplog.text
    )
    record = tmp_path / "downloads" / "emps" / "emps.zip.sha256"
    assert record.read_text() == f"{SHA256}  emps.zip\n"
    later = emps_files() | {"emps-HEAD/README.md": b"changed\n"}
    put(tmp_path, zipped(later))
    with pytest.raises(RetrievalError, match=rf"allowed: {SHA256}.*may have changed, delete"):
        retrieve(chosen, "emps", tmp_path)
    record.unlink()
    assert retrieve(chosen, "emps", tmp_path)["files"][0]["sha256"] != SHA256


def test_the_next_address_is_tried(address: str, tmp_path: Path) -> None:
    urls = [f"{address}/busy", f"{address}/short", f"{address}/moved"]
    receipt = retrieve(catalogue(emps_entry(address, urls=urls, md5=MD5)), "emps", tmp_path)
    assert receipt["files"][0]["checked_by"] == "md5"


def test_other_contents_than_measured_on_are_a_warning(address: str, tmp_path: Path) -> None:
    plain = retrieve(catalogue(emps_entry(address)), "emps", tmp_path)
    assert plain["contents"] == []
    count, digest = digest_of_folder(tmp_path / "emps", "images/*.png")
    lines = "".join(
        f"{hashlib.sha256(emps_files()[f'emps-HEAD/images/{name}.png']).hexdigest()}"
        f"  images/{name}.png\n"
        for name in TRAIN
    )
    assert (count, digest) == (3, hashlib.sha256(lines.encode()).hexdigest())
    contents = [
        {"pattern": "images/*.png", "count": 3, "sha256": digest},
        {"pattern": "segmaps/*.png", "count": 4, "sha256": OTHER},
    ]
    found = retrieve(catalogue(emps_entry(address), contents=contents), "emps", tmp_path)
    assert [part["same"] for part in found["contents"]] == [True, False]
    assert (
        "segmaps/*.png is not what the project's figures were measured on"
        in (found["warnings"][-1])
    )


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"../images/aa01.png": b"1"}, "is refused: its member .* leads out of the archive"),
        ({"a/images/../../../x.png": b"1"}, "is refused: its member .* leads out of the archive"),
        ({"a/notes.txt": b"1"}, r"holds none of the expected files; allowed: images/\*\.png"),
        ({"a/images/aa01.png": b"1"}, "EMPS lacks segmaps, metadata.csv: its layout has changed"),
        ({"a/images/big.png": bytes(25_000_000)}, "unpacks to more than the catalogue allows"),
    ],
    ids=["leads out", "leads out below", "others", "half", "large"],
)
def test_an_unsafe_or_strange_archive_leaves_no_folder(
    tmp_path: Path, files: dict[str, bytes], says: str
) -> None:
    with (
        serve({"/emps.zip": zipped(files), "/train.csv": train_list()}) as at,
        pytest.raises(RetrievalError, match=says),
    ):
        retrieve(catalogue(emps_entry(at)), "emps", tmp_path / "data")
    assert not (tmp_path / "data" / "emps").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_a_damaged_archive_is_said_and_its_digest_not_kept(tmp_path: Path) -> None:
    with serve({"/emps.zip": ARCHIVE[:2000], "/train.csv": train_list()}) as at:
        chosen = catalogue(emps_entry(at))
        with pytest.raises(RetrievalError, match=r"emps\.zip cannot be unpacked: "):
            retrieve(chosen, "emps", tmp_path)
    assert not (tmp_path / "emps").exists()
    assert not list(tmp_path.rglob("*.sha256"))
    put(tmp_path, ARCHIVE)
    assert retrieve(chosen, "emps", tmp_path)["files"][0]["sha256"] == SHA256


def test_a_folder_of_the_users_own_is_never_replaced(address: str, tmp_path: Path) -> None:
    own = tmp_path / "emps" / "mine.txt"
    own.parent.mkdir()
    own.write_text("years of work")
    with pytest.raises(MicrographiaError, match="holds files that Micrographia did not write"):
        retrieve(catalogue(emps_entry(address)), "emps", tmp_path)
    assert own.read_text() == "years of work"


def test_a_set_by_request_says_how_to_ask(tmp_path: Path) -> None:
    entry = emps_entry("http://127.0.0.1:1")
    file = {"name": "asked.db", "limit_mb": 1}
    how = {"files": [file], "request": "Ask by the form on https://example.org", "convert": None}
    place = tmp_path / "downloads" / "emps" / "asked.db"
    with pytest.raises(RetrievalError, match=r"Ask by the form on https://example\.org") as caught:
        retrieve(catalogue(entry, **how), "emps", tmp_path)
    assert f"Put it at {place}; then the same command uses it" in str(caught.value)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"database")
    retrieve(catalogue(entry, **how), "emps", tmp_path)
    assert (tmp_path / "emps" / "asked.db").read_bytes() == b"database"


def test_the_commands(address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "catalogue.yaml"
    file.write_text(catalogue_text({"emps": emps_entry(address, sha256=SHA256)}))
    options = ["--catalogue", str(file), "--into", str(tmp_path / "data")]
    assert main(["data", "list", *options]) == 0
    assert "emps: Small EMPS (1), size not known, not here" in capfd.readouterr().out
    assert main(["data", "retrieve", "emps", *options]) == 0
    said = capfd.readouterr()
    assert "Small EMPS, MIT" in said.out and "WARNING" in said.err
    assert main(["data", "list", *options]) == 0
    assert f"in {tmp_path / 'data' / 'emps'}" in capfd.readouterr().out
    assert main(["data", "retrieve", "empx", *options]) == 2
    assert "no such public data set; saw 'empx'; allowed: emps" in capfd.readouterr().err
