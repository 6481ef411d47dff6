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
