"""Texture features of a picture, without a segmentation: one vector of named numbers.

Local binary patterns, power spectrum, granulometry, blobs, structure tensor, tones. All pictures
are brought to one size and their tones to one spread, so that magnification and exposure count
little.
"""

from __future__ import annotations

import cv2
import numpy as np
from skimage.feature import local_binary_pattern

from micrographia.arrays import FloatImage

#: Longer side to which pictures are brought [px].
SIDE = 256
_RADII = (1, 2, 4)
_OPENINGS = (1, 2, 3, 5, 8, 12, 18, 26)
_BLOBS = (1.5, 2.5, 4.0, 6.5, 10.0, 16.0)
_RINGS = 20


def texture_features(image: FloatImage) -> dict[str, float]:
    """Return the features of a grey picture, 0…1, shape (H, W); their order is fixed."""
    scaled = _resized(image)
    smooth = np.asarray(cv2.GaussianBlur(scaled, (0, 0), 1.0), dtype=np.float32)
    low, high = np.quantile(smooth, [0.01, 0.99])
    flat = np.clip((smooth - low) / max(high - low, 1e-3), -0.2, 1.2).astype(np.float32)
    parts = (
        _tones(scaled, flat, float(high - low)),
        _patterns(flat),
        _spectrum(flat),
        _grains(flat),
        _blobs(flat),
        _gradients(flat),
    )
    return {name: value for part in parts for name, value in part.items()}


def _resized(image: FloatImage) -> FloatImage:
    height, width = image.shape
    factor = SIDE / max(height, width)
    size = (max(16, round(width * factor)), max(16, round(height * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image.astype(np.float32), size, interpolation=how))


def _tones(image: FloatImage, flat: FloatImage, spread: float) -> dict[str, float]:
    centred = flat - flat.mean()
    deviation = float(centred.std()) + 1e-6
    noise = cv2.Laplacian(image, cv2.CV_32F)
    found = {f"tone_{s}": float(np.quantile(flat, s / 100)) for s in (10, 25, 50, 75, 90)}
    return found | {
        "mean": float(image.mean()),
        "contrast": spread,
        "skew": float(np.mean(centred**3) / deviation**3),
        "tailedness": float(np.mean(centred**4) / deviation**4),
        "noise": float(np.median(np.abs(noise)) / max(spread, 1e-3)),
    }


def _patterns(flat: FloatImage) -> dict[str, float]:
    """Histograms of uniform rotation-invariant local binary patterns (Ojala et al., 2002)."""
    found: dict[str, float] = {}
    grey = np.clip(np.rint(flat * 255), 0, 255).astype(np.uint8)
    for radius in _RADII:
        codes = local_binary_pattern(grey, 8, radius, method="uniform")
        counts = np.bincount(codes.astype(int).ravel(), minlength=10)[:10] / codes.size
        found |= {f"pattern_{radius}_{k}": float(value) for k, value in enumerate(counts)}
    return found


def _spectrum(flat: FloatImage) -> dict[str, float]:
    """Log power by frequency, its peaks and its preferred direction, and the autocorrelation."""
    height, width = flat.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.rfft2((flat - flat.mean()) * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    edges = np.geomspace(2 / SIDE, 0.5, _RINGS + 1)
    ring = np.digitize(frequency, edges)
    total, found = power.sum() + 1e-12, {}
    peaks = []
    for k in range(1, _RINGS + 1):
        values = power[ring == k]
        mean = float(values.mean()) if values.size else 0.0
        found[f"power_{k}"] = float(np.log(mean / total + 1e-12))
        peaks.append(
            float(np.log((values.max() + 1e-12) / (mean + 1e-12))) if values.size > 8 else 0.0
        )
    found["peak_low"], found["peak_high"] = max(peaks[3:12]), max(peaks[12:])
    angle = np.arctan2(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :] + 1e-9)
    mid = (frequency > 4 / SIDE) & (frequency < 0.2)
    found["direction"] = float(
        np.abs(np.sum(power[mid] * np.exp(2j * angle[mid]))) / (power[mid].sum() + 1e-12)
    )
    return found | _autocorrelation(flat)


def _autocorrelation(flat: FloatImage) -> dict[str, float]:
    size = SIDE // 2
    small = cv2.resize(flat, (size, size), interpolation=cv2.INTER_AREA)
    power = np.abs(np.fft.fft2(small - small.mean())) ** 2
    field = np.fft.fftshift(np.fft.ifft2(power).real)
    field /= field.max() + 1e-12
    y, x = np.mgrid[-(size // 2) : size - size // 2, -(size // 2) : size - size // 2]
    radius = np.hypot(y, x).astype(int)
    counts = np.bincount(radius.ravel())
    radial = np.bincount(radius.ravel(), field.ravel()) / np.maximum(counts, 1)
    radial = radial[: size // 2]
    below = np.flatnonzero(radial < 0.5)
    first = int(below[0]) if below.size else size // 2
    dip = first + int(np.argmin(radial[first : 4 * first + 4])) if first < radial.size else first
    beyond = field[(radius > dip) & (radius < size // 2)]
    ring = radial[dip : 3 * dip + 3]
    return {
        "correlation_length": first / size,
        "correlation_dip": float(radial[min(dip, radial.size - 1)]),
        "correlation_ring": float(ring.max()) if ring.size else 0.0,
        "correlation_peak": float(beyond.max()) if beyond.size else 0.0,
    }


def _grains(flat: FloatImage) -> dict[str, float]:
    """Granulometry: how much openings and closings of growing size take away (Matheron)."""
    grey = np.clip(np.rint(flat * 200 + 25), 0, 255).astype(np.uint8)
    scale = float(grey.std()) + 1e-3
    # Large openings on smaller copies: they take the same away, and a tenth of the time.
    copies = {1: grey}
    for step in (2, 4):
        copies[step] = cv2.resize(
            grey, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA
        )
    found = {}
    for name, how in (("open", cv2.MORPH_OPEN), ("close", cv2.MORPH_CLOSE)):
        last = float(grey.mean())
        for radius in _OPENINGS:
            step = 1 if radius < 5 else 2 if radius < 12 else 4
            side = 2 * round(radius / step) + 1
            kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
            mean = float(cv2.morphologyEx(copies[step], how, kernel).mean())
            found[f"{name}_{radius}"] = abs(mean - last) / scale
            last = mean
    return found


def _blobs(flat: FloatImage) -> dict[str, float]:
    """Number and strength of bright and dark blobs by size (differences of Gaussians)."""
    found = {}
    fine = np.asarray(cv2.GaussianBlur(flat, (0, 0), _BLOBS[0]))
    kernel = np.ones((3, 3), np.uint8)
    deviation = float(flat.std()) + 1e-3
    for sigma in _BLOBS:
        coarse = np.asarray(cv2.GaussianBlur(flat, (0, 0), 1.6 * sigma))
        response = (fine - coarse) / deviation
        for name, signed in (("bright", response), ("dark", -response)):
            peaks = (cv2.dilate(signed, kernel) == signed) & (signed > 0.35)
            found[f"{name}_count_{sigma}"] = float(np.log1p(peaks.sum()))
            found[f"{name}_strength_{sigma}"] = float(np.quantile(signed, 0.98))
        fine = coarse
    return found


def _gradients(flat: FloatImage) -> dict[str, float]:
    """How strong edges are and how straight: coherence of the structure tensor, by scale."""
    dx = cv2.Sobel(flat, cv2.CV_32F, 1, 0, scale=0.125)
    dy = cv2.Sobel(flat, cv2.CV_32F, 0, 1, scale=0.125)
    strength = np.hypot(dx, dy)
    edges = strength > 0.5 * np.quantile(strength, 0.98)
    found = {f"slope_{s}": float(np.quantile(strength, s / 100)) for s in (50, 75, 90, 98)}
    found["edge_share"] = float(edges.mean())
    bins = np.histogram(np.arctan2(dy, dx)[edges], 12, (-np.pi, np.pi))[0] / max(edges.sum(), 1)
    found["edge_direction"] = float(bins.std() * 12)
    for sigma in (1.5, 4.0, 9.0):
        xx, yy, xy = (
            np.asarray(cv2.GaussianBlur(part, (0, 0), sigma))
            for part in (dx * dx, dy * dy, dx * dy)
        )
        coherence = np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-6)
        for share in (25, 50, 75):
            value = np.quantile(coherence[edges], share / 100) if edges.any() else 0.0
            found[f"coherence_{sigma}_{share}"] = float(value)
    return found
