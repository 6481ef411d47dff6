"""Archives: members are read in place, and nothing leads out of them or fills the memory."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micrographia.errors import ImageError
from micrographia.io import archives
from micrographia.io.images import read_labels, read_micrograph, write_labels

PIXELS = np.arange(256, dtype=np.uint8).reshape(16, 16)


def _png(pixels: np.ndarray = PIXELS) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _pack(path: Path, content: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                archive.writestr(name, data)
        return path
    with tarfile.open(path, "w:gz" if path.suffix != ".tar" else "w") as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz"])
def test_members_are_read_in_any_order(tmp_path: Path, name: str) -> None:
    labels = tmp_path / "labels.tif"
    write_labels(labels, PIXELS.astype(int))
    made = {"in/b.png": _png(PIXELS.T), "in/a.png": _png(), "m.tif": labels.read_bytes()}
    path = _pack(tmp_path / name, made)
    assert [member.name for member in archives.members(str(path))] == list(made)
    for _ in range(2):
        assert np.array_equal(read_micrograph(f"{path}!in/a.png").pixels, PIXELS)
        assert np.array_equal(read_micrograph(f"{path}!in/b.png").pixels, PIXELS.T)
    assert np.array_equal(read_labels(f"{path}!m.tif"), PIXELS)
    with pytest.raises(ImageError, match=r"has no member in/c\.png"):
        read_micrograph(f"{path}!in/c.png")


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
@pytest.mark.parametrize("name", ["../up.png", "/abs.png", "a/../../b.png", "C:/x.png"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, suffix: str, name: str) -> None:
    path = _pack(tmp_path / f"a{suffix}", {name: _png()})
    with pytest.raises(ImageError, match="a path that leads out of the archive"):
        read_micrograph(f"{path}!{name}")
    assert archives.members(str(path))[0].fault is not None


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (("link.png", tarfile.SYMTYPE), ("dev.png", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    for name in ("link.png", "dev.png"):
        with pytest.raises(ImageError, match="is a link or a device"):
            read_micrograph(f"{path}!{name}")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = _pack(tmp_path / "a.zip", {"bomb.png": bytes(2**27)})
    assert path.stat().st_size < 2**18
    with pytest.raises(ImageError, match="too large to unpack; saw '134217728 bytes'"):
        read_micrograph(f"{path}!bomb.png", max_pixels=1000)


@pytest.mark.parametrize(
    ("name", "head", "words"),
    [
        ("small.png", _png(), "small.png of a.zip is too large to unpack; .*at most 671"),
        ("none.jpg", b"", "none.jpg is not an image whatever its name says"),
        ("wide.png", _png(np.zeros((20_000, 20_000), np.uint8)), "wide.png is too large to dec"),
    ],
)
def test_a_member_is_unpacked_as_far_as_its_header_warrants(
    tmp_path: Path, name: str, head: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that allows large pictures does not let a small one fill the memory."""
    path = _pack(tmp_path / "a.zip", {name: head + bytes(100 * 2**20)})
    unpacked = []
    read = zipfile.ZipExtFile.read
    monkeypatch.setattr(
        zipfile.ZipExtFile, "read", lambda self, n=-1: unpacked.append(n) or read(self, n)
    )
    with pytest.raises(ImageError, match=words):
        read_micrograph(f"{path}!{name}", max_pixels=100_000_000)
    assert 0 < max(unpacked) <= 2**24


def test_the_largest_member_follows_from_the_largest_picture(tmp_path: Path) -> None:
    path = _pack(tmp_path / "a.zip", {"a.mrc": bytes(110 * 2**20)})
    with pytest.raises(ImageError, match=r"too large to unpack; .*at most 107108864 bytes"):
        read_micrograph(f"{path}!a.mrc", max_pixels=10_000_000)


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_names_that_begin_with_a_dot(tmp_path: Path, suffix: str) -> None:
    path = _pack(tmp_path / f"a{suffix}", {"./in/a.png": _png(), "././b.png": _png(PIXELS.T)})
    assert [member.name for member in archives.members(str(path))] == ["in/a.png", "b.png"]
    assert np.array_equal(read_micrograph(f"{path}!in/a.png").pixels, PIXELS)
    assert np.array_equal(read_micrograph(f"{path}!./b.png").pixels, PIXELS.T)


def test_an_archive_of_a_version_that_is_not_read(tmp_path: Path) -> None:
    path = _pack(tmp_path / "a.zip", {"a.png": _png()})
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\1\2")
    data[entry + 6 : entry + 8] = (99).to_bytes(2, "little")  # version needed to extract
    path.write_bytes(data)
    with pytest.raises(ImageError, match=r"a\.zip cannot be read .*9\.9"):
        archives.members(str(path))


def test_a_member_that_lies_about_its_size(tmp_path: Path) -> None:
    data = bytearray(_pack(tmp_path / "a.zip", {"a.png": _png() + bytes(5000)}).read_bytes())
    entry = data.index(b"PK\1\2")
    data[entry + 24 : entry + 28] = (50).to_bytes(4, "little")  # uncompressed size
    (tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(ImageError, match=r"b\.zip cannot be unpacked"):
        read_micrograph(f"{tmp_path / 'b.zip'}!a.png")


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_damaged_archives(tmp_path: Path, name: str) -> None:
    path = _pack(tmp_path / name, {"a.png": _png(), "b.png": _png()})
    content = path.read_bytes()
    for bad in (b"", b"no archive", content[: min(len(content) // 3, 700)]):
        path.write_bytes(bad)
        with pytest.raises(ImageError):
            read_micrograph(f"{path}!b.png")
    path.unlink()
    with pytest.raises(ImageError, match="does not exist"):
        archives.members(str(path))
