"""Berkeley EMD: axes as they are stored; names, where there are any, say which is which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrographia.errors import ImageError
from micrographia.io.images import read_micrograph

h5py = pytest.importorskip("h5py")
TRUTH = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60)


def write(path: Path, *groups: tuple[str, np.ndarray, str], step: float = 2.5) -> Path:
    """Groups of a name, numbers, and for each axis its name and unit ("y:n_m x:n_m")."""
    with h5py.File(path, "w") as file:
        file.attrs.update(version_major=0, version_minor=2)
        for name, data, axes in groups:
            group = file.create_group(f"data/{name}")
            group.attrs["emd_group_type"] = 1
            group["data"] = data
            for number, (axis, size) in enumerate(zip(axes.split(), data.shape, strict=True), 1):
                label, _, unit = axis.partition(":")
                group[f"dim{number}"] = step * np.arange(size)
                group[f"dim{number}"].attrs.update(name=label.strip("-"), units=f"[{unit}]")
    return path


def found(path: Path) -> Any:
    return read_micrograph(path)


@pytest.mark.parametrize(
    ("data", "axes"),
    [
        (TRUTH, "y:n_m x:n_m"),  # as the format says and ncempy writes
        (TRUTH.T, "x:n_m y:n_m"),  # as rosettasciio and Prismatic write
        (TRUTH, "-:n_m -:n_m"),  # no names: the last axis runs along rows
        (TRUTH, "R_y:n_m R_x:n_m"),
        (TRUTH.T, "R_x:n_m R_y:n_m"),
        (TRUTH, "row:nm column:nm"),
        (np.stack([TRUTH, TRUTH[::-1], TRUTH]), "t:s y:n_m x:n_m"),
        (np.stack([TRUTH, TRUTH[::-1], TRUTH]), "-: -:n_m -:n_m"),
        (np.stack([TRUTH, TRUTH[::-1]]).transpose(2, 1, 0), "x:n_m y:n_m angle:mrad"),
        (np.stack([TRUTH, TRUTH[::-1]]).transpose(1, 2, 0), "y:n_m x:n_m z:n_m"),
    ],
)
def test_rows_are_rows(tmp_path: Path, data: np.ndarray, axes: str) -> None:
    read = found(write(tmp_path / "a.emd", ("image", data, axes)))
    assert (read.pixels == TRUTH).all()
    assert read.pixel_size_nm == pytest.approx(2.5) and read.pixel_size_source == "EMD axes"
    frames = data.size // TRUTH.size
    assert (f"first of {frames} frames" in str(read.note)) == (frames > 1)


def test_hyperspy_round_trip_is_the_same_picture(tmp_path: Path) -> None:
    emd = pytest.importorskip("rsciio.emd")
    axes = [
        {"name": name, "size": size, "units": "nm", "scale": 2.5, "offset": 0.0, "navigate": False}
        for name, size in (("y", 40), ("x", 60))
    ]
    told: dict[str, Any] = {"General": {"title": "a"}, "Signal": {"signal_type": ""}}
    signal = {"data": TRUTH, "axes": axes, "metadata": told, "original_metadata": {}}
    emd.file_writer(str(tmp_path / "a.emd"), signal)
    read = found(tmp_path / "a.emd")
    assert (read.pixels == TRUTH).all() and read.pixel_size_nm == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("unit", "step", "nm"),
    [
        ("n_m", 2.5, 2.5), ("nm", 2.5, 2.5), ("u_m", 2.5e-3, 2.5), ("µ_m", 2.5e-3, 2.5),
        ("Å", 25.0, 2.5), ("p_m", 2500.0, 2.5), ("m", 2.5e-9, 2.5),
        ("n_m^-1", 2.5, None), ("1_/_n_m", 2.5, None), ("mrad", 2.5, None), ("", 1.0, None),
        ("m", 2.5, None),
    ],
)  # fmt: skip
def test_units(tmp_path: Path, unit: str, step: float, nm: float | None) -> None:
    read = found(write(tmp_path / "a.emd", ("a", TRUTH, f"y:{unit} x:{unit}"), step=step))
    assert read.pixel_size_nm == (None if nm is None else pytest.approx(nm))
    assert ("pixel size" in str(read.note)) == (nm is None and unit != "")


def test_the_picture_among_several_groups(tmp_path: Path) -> None:
    complex_ = np.fft.fft2(TRUTH).astype(np.complex64)
    cube = np.zeros((40, 60, 8), np.float32)
    path = write(
        tmp_path / "a.emd",
        ("a_fft", complex_, "y:n_m^-1 x:n_m^-1"),
        ("b_cube", cube, "y:n_m x:n_m E:eV"),
        ("c_pattern", TRUTH[:, ::-1], "qy:n_m^-1 qx:n_m^-1"),
        ("d_stack", np.stack([TRUTH[::-1]] * 3), "t:s y:n_m x:n_m"),
        ("e_haadf", TRUTH, "y:n_m x:n_m"),
        ("f_haadf", TRUTH[::-1], "y:n_m x:n_m"),
    )
    read = found(path)
    assert (read.pixels == TRUTH).all() and read.note == "picture 'e_haadf' of 6 signals"


def test_a_pattern_alone_has_no_length(tmp_path: Path) -> None:
    read = found(write(tmp_path / "a.emd", ("a", TRUTH, "qy:n_m^-1 qx:n_m^-1")))
    assert (read.pixels == TRUTH).all() and read.pixel_size_nm is None
    assert read.note == "pixel size unknown: the axes are in nm^-1"


@pytest.mark.parametrize(
    ("data", "axes", "seen"),
    [
        (np.zeros((4, 5, 6)), "y:n_m x:n_m E:eV", "spectrum 'a'"),
        (np.zeros((6, 4, 5)), "E:keV y:n_m x:n_m", "spectrum 'a'"),
        (np.zeros(50), "E:eV", "spectrum 'a'"),
        (np.zeros((4, 5), np.complex64), "y:n_m x:n_m", "transform 'a'"),
        (np.zeros((2, 3, 4, 5)), "R_y:n_m R_x:n_m Q_y:n_m^-1 Q_x:n_m^-1", "set of 4 axes 'a'"),
    ],
)
def test_refused_with_its_reason(tmp_path: Path, data: np.ndarray, axes: str, seen: str) -> None:
    with pytest.raises(ImageError, match="holds no picture") as caught:
        found(write(tmp_path / "a.emd", ("a", data, axes)))
    assert seen in str(caught.value)


def test_links_out_of_the_file_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "other.emd", ("image", TRUTH, "y:n_m x:n_m"))
    with h5py.File(tmp_path / "a.emd", "w") as file:
        group = file.create_group("data/image")
        group.attrs["emd_group_type"] = 1
        group["data"] = h5py.ExternalLink("other.emd", "/data/image/data")
    with pytest.raises(ImageError, match="holds no picture"):
        found(tmp_path / "a.emd")


def test_any_other_hdf5_file_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.emd", "w") as file:
        file["numbers"] = TRUTH
    with pytest.raises(ImageError, match="HDF5 file of another layout"):
        found(tmp_path / "a.emd")
