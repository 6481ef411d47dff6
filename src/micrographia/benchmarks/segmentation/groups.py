"""Names of the metrics and of the groups of pictures and instances that they are given for."""

from __future__ import annotations

import numpy as np

from micrographia.benchmarks.segmentation.matching import SIZE_CLASSES

#: From this many true instances on, an image counts as dense.
DENSE = 100
#: Name of each metric and its column.
METRICS = {
    "AP@0.5": "ap50",
    "AP@0.5:0.95": "ap50_95",
    "PQ@0.5": "pq50",
    "boundary F": "boundary_f",
}
#: Groups of images that every metric is given for.
GROUPS = ("all", "sparse", "dense")
#: Groups that AP@0.5 alone is given for: least true instances of an image, and more than most.
DENSITIES = {
    "below 10": (0, 10),
    "10 to 29": (10, 30),
    "30 to 99": (30, 100),
    "100 to 299": (100, 300),
    "from 300": (300, np.inf),
}
#: Groups of instances, which AP@0.5 alone is given for, and their columns.
SIZES = {name: f"ap50_{name}" for name in SIZE_CLASSES}
