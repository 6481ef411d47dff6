"""Grey levels of particles and background, and within the particles."""

from __future__ import annotations

import cv2
import numpy as np

from micrographia.arrays import BoolArray, FloatImage, LabelMask

_NOTHING = float("nan")
_NAMES = (
    "tone_step",
    "tone_step_median",
    "tone_step_local",
    "tone_contrast",
    "inside_spread",
    "inside_skew",
    "inside_dark",
    "inside_bright",
    "inner_edges",
    "contact_step",
    "rim_step",
    "grain",
)


def tone_statistics(image: FloatImage, labels: LabelMask) -> dict[str, float]:
    """Return the grey levels of particles and ground.

    Parameters
    ----------
    image
        Grey picture, 0…1, shape (H, W).
    labels
        Label mask of the same shape.
    """
    inside = labels > 0
    if not inside.any():
        return dict.fromkeys(_NAMES, _NOTHING)
    smooth = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.2), dtype=np.float32)
    kernel = np.ones((3, 3), np.uint8)
    deep = cv2.erode(inside.astype(np.uint8), kernel, iterations=2) > 0
    outlines = _outlines(labels)
    core = deep & ~(cv2.dilate(outlines.astype(np.uint8), kernel, iterations=2) > 0)
    core = core if core.sum() >= 50 else inside
    ring = (cv2.dilate(inside.astype(np.uint8), kernel, iterations=6) > 0) & ~inside
    ground = ~inside
    values = smooth[core]
    middle, spread = float(np.median(values)), float(values.std()) + 1e-3
    step = float(image[inside].mean() - image[ground].mean()) if ground.any() else 0.0
    slope = np.hypot(
        cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125),
        cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125),
    )
    outer = ring | (inside & ~deep)
    found = (
        step,
        middle - float(np.median(smooth[ground])) if ground.any() else 0.0,
        middle - float(np.median(smooth[ring])) if ring.any() else 0.0,
        abs(step) / (float(image[ground].std()) + spread if ground.any() else spread),
        spread,
        float(np.mean((values - values.mean()) ** 3) / spread**3),
        (middle - float(np.quantile(values, 0.05))) / spread,
        (float(np.quantile(values, 0.95)) - middle) / spread,
        float(slope[core].mean() / (slope[outer].mean() + 1e-4)) if outer.any() else 1.0,
        (float(smooth[outlines].mean()) - middle) / spread if outlines.sum() > 20 else 0.0,
        (float(smooth[inside & ~deep].mean()) - middle) / spread
        if (inside & ~deep).any()
        else 0.0,
        float((image - smooth)[core].std() / spread),
    )
    return dict(zip(_NAMES, map(float, found), strict=True))


def _outlines(labels: LabelMask) -> BoolArray:
    """Pixels where two instances meet."""
    meet = np.zeros(labels.shape, dtype=bool)
    for axis in (0, 1):
        one, other = (
            np.take(labels, range(a, labels.shape[axis] + b), axis) for a, b in ((1, 0), (0, -1))
        )
        both = (one != other) & (one > 0) & (other > 0)
        if axis == 0:
            meet[1:] |= both
        else:
            meet[:, 1:] |= both
    return meet
