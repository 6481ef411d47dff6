"""What instruments and their programs really wrote: each file right, or refused with a reason.

The sizes are those in the raw headers: DigitalMicrograph's and TIA's calibration, Velox' JSON,
Prismatic's axes, MRC's cell, and makers' TIFF tags. `../shared/data/README.md` tells their origin.
"""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest
from needed import SHARED, needs

from micrographia.errors import ImageError
from micrographia.io.images import Micrograph, read_micrograph

pytestmark = needs("shared data")
FILES = SHARED / "microscope_files"
DM, TIFF, EMD, MRC, TIA = "digitalmicrograph", "tiff", "emd", "mrc", "tia"
VELOX, HELIOS, STREAK = (
    f"{EMD}/velox_emd_version11.zip!",
    f"{TIFF}/tiff_FEI_Helios.zip!",
    f"{TIFF}/tiff_hamamatsu.zip!",
)
AXES = "DigitalMicrograph axes"
FORMATS = (".dm3", ".dm4", ".emd", ".mrc", ".ser", ".tif")

#: File, shape, pixel size [nm] and what states it.
SIZED = [
    (f"{DM}/Fei HAADF-FR_location.dm3", (4, 16), 5.506073, AXES),
    (f"{DM}/Fei HAADF-UK_location.dm3", (4, 16), 5.506073, AXES),
    (f"{DM}/multi_signal.dm3", (512, 512), 0.01775158, AXES),
    (f"{DM}/test-MonarcCL_mono-image.dm4", (2, 2), 18325.35, AXES),
    (f"{DM}/test_STEM_image.dm3", (68, 68), 0.2485380, AXES),
    (f"{DM}/test_stackbuilder_imagestack.dm3", (2, 16), 59.98290, AXES),
    (f"{TIFF}/test_dm_image_um_unit.dm3", (68, 68), 168.6747, AXES),
    (f"{EMD}/FFTComplexOdd.emd", (128, 128), 27.11530, "Velox metadata"),
    (f"{EMD}/fei_example_tem_stack.emd", (3, 3), 0.008172883, "Velox metadata"),
    (f"{VELOX}Test SI 16x16 215 kx.emd", (16, 16), 3.599249, "Velox metadata"),
    (f"{VELOX}Test SI 16x16 ReducedData 215 kx.emd", (16, 16), 3.599249, "Velox metadata"),
    (f"{EMD}/Si100_1x1x3-zStart6.7875.emd", (7, 7), 0.4, "EMD axes"),
    (f"{EMD}/Si100_2D_3D_DPC_potential_2slices.emd", (22, 22), 0.25, "EMD axes"),
    (f"{EMD}/Si100_2x1x1_3D.emd", (22, 44), 0.25, "EMD axes"),
    (f"{EMD}/Si100_3D.emd", (22, 22), 0.25, "EMD axes"),
    (f"{TIA}/128x128-TEM_search_1.ser", (128, 128), 5.261214, "TIA axes"),
    (f"{TIA}/64x64_TEM_images_acquire_1.ser", (64, 64), 6.281834, "TIA axes"),
    (f"{TIA}/64x64x5_TEM_preview_1.ser", (64, 64), 6.281834, "TIA axes"),
    (
        f"{TIA}/non_float_meta_value_zeroed.tar.gz!non_float_meta_value_zeroed_1.ser",
        (2048, 2048),
        0.6165826,
        "TIA axes",
    ),
    (f"{TIFF}/JEOL-SightX-TEM-mag-dummy.tif.gz", (556, 556), 1.820789, "JEOL tag"),
    (f"{TIFF}/olympus_SIS.tif", (101, 112), 0.02392792, "Olympus SIS tag"),
    (f"{TIFF}/test_loading_image_saved_with_DM.tif", (68, 68), 168.6747, "DigitalMicrograph tag"),
    (f"{TIFF}/test_loading_image_saved_with_imageJ.tif", (68, 68), 168.6747, "ImageJ"),
    (f"{HELIOS}FEI-Helios-Ebeam-16bits.tif", (471, 512), 3372.4, "FEI tag"),
    (f"{HELIOS}FEI-Helios-Ebeam-8bits.tif", (471, 512), 3372.4, "FEI tag"),
    (f"{HELIOS}FEI-Helios-navcam.tif", (551, 768), 263973.96, "FEI tag"),
]
NEGATIVE, WAVELENGTH = "-1 nm is not within 1 pm to 1 cm", "streak camera"
#: Pictures without a size, and what the note says of it; None: the file states nothing.
UNSIZED = [
    *[
        (f"{DM}/test-{number}.{suffix}", (2, 2), None)
        for number in (1, 2, 6, 7, 8, 9, 10, 11, 12, 14, 23)
        for suffix in ("dm3", "dm4")
    ],
    (f"{DM}/test_diffraction_pattern.dm3", (87, 87), "the axes are in 1/nm"),
    (f"{EMD}/example_metadata.emd", (3, 3), None),
    (f"{EMD}/example_signal.emd", (3, 3), None),
    (f"{MRC}/20241021_00405_1_Virt 1_sum.mrc", (4, 8), NEGATIVE),
    (f"{MRC}/20241021_00405_ext1_Ext 1.mrc", (4, 8), NEGATIVE),
    (f"{MRC}/Custom_movie.mrc", (16, 16), NEGATIVE),
    (f"{MRC}/ROI_Random_Scan_movie.mrc", (16, 16), NEGATIVE),
    (f"{TIFF}/optical_Zeiss_AxioVision_RGB.tif", (10, 13), None),
    (f"{TIFF}/test_loading_image_saved_with_DM_stack.tif", (68, 68), "(168.7 x 1687 nm)"),
    (f"{TIFF}/test_loading_image_saved_with_imageJ_no_scale.tif", (68, 68), None),
    (f"{TIFF}/test_loading_image_saved_with_imageJ_stack_no_scale.tif", (68, 68), None),
    (f"{TIFF}/test_rgba16.zip!test_rgba16.tif", (128, 128), None),
    (f"{HELIOS}FEI-Helios-navcam-with-no-IRBeam.tif", (551, 768), None),
    (f"{HELIOS}FEI-Helios-navcam-with-no-IRBeam-bad-floats.tif", (551, 768), None),
    (f"{STREAK}test_hamamatsu_streak_FOCUS.tif", (508, 672), WAVELENGTH),
    (f"{STREAK}test_hamamatsu_streak_OTHER.tif", (508, 672), WAVELENGTH),
    (f"{STREAK}test_hamamatsu_streak_SCAN.tif", (508, 672), WAVELENGTH),
]
#: Files without a picture, and what the error says is in them.
REFUSED = [
    *[(f"{DM}/test-{name}", "transform") for name in ("3.dm3", "5.dm3", "13.dm3")],
    *[(f"{DM}/test-{number}.dm4", "transform") for number in (3, 5, 13, 27, 28)],
    (f"{EMD}/example_spectrum.emd", "spectrum"),
    (f"{EMD}/fei_example_complex_fft.emd", "1 transform"),
    (f"{TIA}/16x16-2_point-spectra-2x1024_1.ser", "spectrum"),
    (f"{TIA}/16x16-diffraction_imagel_5x5x256x256_EDS_1.ser", "spectrum image"),
    (f"{TIA}/16x16-diffraction_imagel_5x5x256x256_EDS_copy_1.ser", "spectrum image"),
    (f"{TIA}/16x16-spectrum_image-5x5x1024_1.ser", "spectrum image"),
    (f"{TIA}/X - Au NP EELS_2.ser", "spectrum"),
]


def read(name: str, tmp_path: Path) -> Micrograph:
    pytest.importorskip("rsciio")
    pytest.importorskip("h5py")
    if not name.endswith(".tif.gz"):
        return read_micrograph(f"{FILES}/{name}")
    whole = tmp_path / "whole.tif"
    whole.write_bytes(gzip.decompress((FILES / name).read_bytes()))
    return read_micrograph(whole)


@pytest.mark.parametrize(("name", "shape", "size", "source"), SIZED)
def test_files_that_state_a_size(
    tmp_path: Path, name: str, shape: tuple[int, int], size: float, source: str
) -> None:
    found = read(name, tmp_path)
    assert found.pixels.shape == shape
    assert found.pixel_size_nm == pytest.approx(size, rel=1e-6)
    assert found.pixel_size_source == source


@pytest.mark.parametrize(("name", "shape", "words"), UNSIZED)
def test_files_that_state_none(
    tmp_path: Path, name: str, shape: tuple[int, int], words: str | None
) -> None:
    found = read(name, tmp_path)
    assert found.pixels.shape == shape
    assert found.pixel_size_nm is found.pixel_size_source is None
    if words is None:
        assert "pixel size" not in str(found.note)
    else:
        assert words in str(found.note)


@pytest.mark.parametrize(("name", "words"), REFUSED)
def test_files_without_a_picture(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(ImageError, match="holds no picture") as caught:
        read(name, tmp_path)
    assert f"saw '{words}" in str(caught.value) or f'saw "{words}' in str(caught.value)


def test_haadf_is_taken_from_a_file_with_spectra(tmp_path: Path) -> None:
    found = read(f"{VELOX}Test SI 16x16 ReducedData 215 kx.emd", tmp_path)
    assert found.note == "picture 'HAADF' of 10 signals"
    assert (found.microscopy, found.voltage_kV) == ("STEM", 300.0)


def test_every_file_is_in_a_table() -> None:
    listed = {row[0] for row in (*SIZED, *UNSIZED, *REFUSED)}
    for path in FILES.rglob("*"):
        name = path.relative_to(FILES).as_posix()
        names = [name]
        if path.suffix == ".zip":
            names = [f"{name}!{member}" for member in zipfile.ZipFile(path).namelist()]
        for each in names:
            known = each.lower().removesuffix(".gz").endswith(FORMATS)
            assert each in listed or not known, each
