"""All statistics of a segmented picture, as one vector of named numbers."""

from __future__ import annotations

import numpy as np

from micrographia.annotation.features.arrangement import mask_statistics, point_statistics
from micrographia.annotation.features.shapes import (
    interior,
    number_statistics,
    outline_statistics,
    particles,
    size_statistics,
)
from micrographia.annotation.features.tones import tone_statistics
from micrographia.arrays import FloatImage, LabelMask


def statistics(image: FloatImage, labels: LabelMask) -> dict[str, float]:
    """Return the statistics of the particles in a picture; NaN where there are too few.

    Parameters
    ----------
    image
        Grey picture, 0…1, shape (H, W).
    labels
        Label mask of the same shape, 0 for background.
    """
    shape = (labels.shape[0], labels.shape[1])
    table = particles(labels)
    diameters = table["equivalent_diameter_px"].to_numpy(float)
    whole = diameters[interior(table, shape)]
    centres = np.array(table["centroid"].tolist(), dtype=np.float64).reshape(-1, 2)
    typical = float(np.median(diameters)) if diameters.size else 1.0
    directions = table["orientation_deg"].to_numpy(float)
    return {
        **number_statistics(table, shape),
        **size_statistics(whole if whole.size >= 5 else diameters, float(np.sqrt(labels.size))),
        **outline_statistics(labels, table),
        **point_statistics(centres, typical, directions, shape),
        **mask_statistics(labels),
        **tone_statistics(image, labels),
    }
