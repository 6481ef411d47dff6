"""Pictures of the ten classes: they repeat, are labelled truly, and follow the two dials."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import ndimage

from micrographia.errors import ConfigError
from micrographia.synthesis.kinds.classes import none_of_these
from micrographia.synthesis.kinds.picture import CLASSES, OTHER, KindSettings, make_picture

SMALL = KindSettings(size=96, annotated_share=0.0)
SUB_KINDS = [
    (name, sub_kind)
    for name, kind in CLASSES.items()
    for sub_kind in (*kind.scanning, *kind.transmitted)
]
OTHERS = [*none_of_these.SCANNING, *none_of_these.TRANSMITTED]
#: Of NFFA-EUROPE (Aversa et al., Sci. Data 5, 180172, 2018, table 2), in our spelling.
PUBLISHED = {
    "biological", "fibres", "films_coated_surface", "mems_devices_electrodes", "nanowires",
    "particles", "patterned_surface", "porous_sponge", "powder", "tips",
}  # fmt: skip


def coherence(pixels: np.ndarray) -> float:
    """How far one direction rules a picture: 0 none, 1 wholly (structure tensor of the whole)."""
    smooth = ndimage.gaussian_filter(pixels.astype(np.float64), 1.5)
    dy, dx = np.gradient(smooth)
    yy, xx, xy = (dy**2).mean(), (dx**2).mean(), (dx * dy).mean()
    return float(np.hypot(xx - yy, 2 * xy) / (xx + yy))


def statistics(pixels: np.ndarray) -> np.ndarray:
    """Numbers about a picture: grey levels, contrast by scale, direction."""
    grey = pixels.astype(np.float64)
    bands = [
        ndimage.gaussian_filter(grey, s) - ndimage.gaussian_filter(grey, 2 * s)
        for s in (1, 2, 4, 8)
    ]
    contrast = [np.log(band.std() + 0.1) for band in bands]
    skew = [float((band**3).mean() / band.std() ** 3) for band in bands[1:]]
    return np.array([grey.mean() / 50, grey.std() / 20, *contrast, *skew, 3 * coherence(grey)])


def test_there_are_the_ten_published_classes() -> None:
    assert set(CLASSES) == PUBLISHED
    assert all(len(kind.scanning) >= 5 for kind in CLASSES.values())


@pytest.mark.parametrize(("name", "sub_kind"), SUB_KINDS)
def test_every_sub_kind_is_drawn_without_a_warning(name: str, sub_kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for variety, likeness in ((0.0, 0.0), (1.0, 1.0)):
            settings = KindSettings(size=96, variety=variety, likeness=likeness)
            pixels, drawn, modality = make_picture(name, 3, 7, settings, sub_kind=sub_kind)
            assert pixels.dtype == np.uint8 and pixels.shape == (96, 96)
            assert drawn == sub_kind
            assert modality == ("TEM" if sub_kind in CLASSES[name].transmitted else "SEM")
            assert pixels.std() > 2  # something is to be seen
            assert np.mean((pixels == 0) | (pixels == 255)) < 0.8


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_a_picture_follows_from_class_index_and_seed(name: str) -> None:
    first = make_picture(name, 5, 11, SMALL)
    again = make_picture(name, 5, 11, SMALL)
    assert np.array_equal(first[0], again[0]) and first[1:] == again[1:]
    assert not np.array_equal(first[0], make_picture(name, 6, 11, SMALL)[0])
    assert not np.array_equal(first[0], make_picture(name, 5, 12, SMALL)[0])


@pytest.mark.parametrize("sub_kind", OTHERS)
def test_pictures_of_no_class_are_drawn_without_a_warning(sub_kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for index, (variety, likeness) in enumerate(((0.0, 0.0), (1.0, 1.0), (1.0, 0.3))):
            settings = KindSettings(size=96, variety=variety, likeness=likeness)
            pixels, drawn, modality = make_picture(OTHER, index, 7, settings, sub_kind=sub_kind)
            assert pixels.shape == (96, 96) and pixels.std() > 2 and drawn == sub_kind
            assert modality == ("TEM" if sub_kind in none_of_these.TRANSMITTED else "SEM")


def test_pictures_of_no_class_come_on_request_alone_half_of_them_in_transmission() -> None:
    assert OTHER not in CLASSES
    drawn = [make_picture(OTHER, index, 5, KindSettings(size=32))[1:] for index in range(60)]
    assert {kind for kind, _ in drawn} == set(OTHERS)
    assert 0.3 < np.mean([modality == "TEM" for _, modality in drawn]) < 0.7


def test_layers_lie_across_and_spots_of_diffraction_mirror_each_other() -> None:
    plain = KindSettings(size=128, variety=0.0, likeness=0.0, annotated_share=0.0)
    bands = make_picture(OTHER, 0, 2, plain, sub_kind="layers")[0].astype(np.float64)
    assert bands.mean(axis=1).std() > 4 * bands.mean(axis=0).std()
    # Where a lattice has a spot, it has one on the other side of the beam as well.

    def mirrored(sub_kind: str) -> float:
        pixels = make_picture(OTHER, 3, 2, plain, sub_kind=sub_kind)[0].astype(np.float64)
        pixels -= ndimage.gaussian_filter(pixels, 12)
        spectrum = np.fft.fft2(pixels, (256, 256))
        return float(np.fft.ifft2(spectrum**2).real.max() / (pixels**2).sum())

    assert mirrored("diffraction") > 0.5 > 2 * mirrored("amorphous")


@pytest.mark.parametrize("size", [32, 65, 200])
def test_pictures_come_in_any_size(size: int) -> None:
    for name in CLASSES:
        settings = KindSettings(size=size, annotated_share=0.0)
        assert make_picture(name, 1, 2, settings)[0].shape == (size, size)


def test_a_pattern_repeats_and_a_powder_does_not() -> None:
    """The strongest period of a picture, as a share of its contrast, by Fourier transform."""

    def regularity(name: str, sub_kind: str) -> float:
        values = []
        for index in range(8):
            pixels, *_ = make_picture(
                name,
                index,
                1,
                KindSettings(size=128, annotated_share=0, likeness=0),
                sub_kind=sub_kind,
            )
            window = np.hanning(128)[:, None] * np.hanning(128)
            power = np.abs(np.fft.rfft2((pixels - pixels.mean()) * window)) ** 2
            power[:3, :3] = power[-2:, :3] = 0  # shading
            values.append(power.max() / power.sum())
        return float(np.median(values))

    patterned = [regularity("patterned_surface", kind) for kind in ("lines", "dots", "grid")]
    loose = [regularity("powder", kind) for kind in ("crushed", "agglomerates", "granules")]
    assert min(patterned) > 1.5 * max(loose)


def test_aligned_fibres_have_a_direction_and_powder_has_none() -> None:
    def median(name: str, sub_kind: str) -> float:
        return float(
            np.median(
                [
                    coherence(make_picture(name, i, 3, SMALL, sub_kind=sub_kind)[0])
                    for i in range(8)
                ]
            )
        )

    assert median("fibres", "bundle") > 0.5 > 2 * median("powder", "bed")


def test_at_no_variety_a_class_shows_one_sub_kind_and_at_full_many() -> None:
    none = KindSettings(size=64, variety=0.0, annotated_share=0.0)
    full = KindSettings(size=64, variety=1.0, annotated_share=0.0)
    for name, kind in CLASSES.items():
        assert (
            len({make_picture(name, i, 5, none)[1] for i in range(4)} - {*kind.transmitted}) <= 1
        )
        assert len({make_picture(name, i, 5, full)[1] for i in range(9)}) >= 3


def spread_and_separation(variety: float, likeness: float) -> tuple[float, float]:
    """Mean deviation within classes, and deviation between their means beside it."""
    settings = KindSettings(
        size=96, variety=variety, likeness=likeness, annotated_share=0.0, transmitted_share=0.0
    )
    features = np.array(
        [
            [statistics(make_picture(name, i, 21, settings)[0]) for i in range(14)]
            for name in CLASSES
        ]
    )
    within = float(np.sqrt(features.var(axis=1, ddof=1).sum(axis=1).mean()))
    # Of the variance between means, a part comes from the few pictures of each.
    between = features.mean(axis=1).var(axis=0, ddof=1).sum() - within**2 / features.shape[1]
    return within, float(np.sqrt(max(between, 0)) / within)


@pytest.mark.slow
def test_both_dials_have_their_effect() -> None:
    calm, calm_apart = spread_and_separation(0.1, 0.0)
    lively, apart = spread_and_separation(1.0, 0.0)
    _, alike = spread_and_separation(1.0, 1.0)
    assert lively > 1.3 * calm
    assert calm_apart > 1.3 * apart
    assert alike < 0.9 * apart


def test_transmission_pictures_come_in_their_share() -> None:
    for share in (0.0, 1.0):
        settings = KindSettings(size=48, transmitted_share=share)
        seen = {make_picture("particles", i, 9, settings)[2] for i in range(6)}
        assert seen == ({"TEM"} if share else {"SEM"})


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"size": 8}, "size"), ({"variety": 1.2}, "variety"), ({"likeness": -0.1}, "likeness")],
)
def test_settings_out_of_range_are_refused(changes: dict[str, float], word: str) -> None:
    with pytest.raises(ConfigError, match=f"{word}.*allowed"):
        KindSettings(**changes)  # type: ignore[arg-type]


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"glass.*powder"):
        make_picture("glass", 0, 0, SMALL)
    with pytest.raises(ConfigError, match=r"whale.*pollen"):
        make_picture("biological", 0, 0, SMALL, sub_kind="whale")
