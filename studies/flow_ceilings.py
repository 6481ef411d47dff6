"""Upper bound of the flow representation: mask to field to mask, plain, blurred and noisy.

    python studies/flow_ceilings.py --emps ../shared/data/emps
    python studies/flow_ceilings.py --picture docs/images/flow_field.png

Every mask is turned into its field and followed back; AP is the mean over the masks of a row.
Rows below the plain ones stand for a network: the field is blurred as a network's is, and noise
of the given standard deviation is added to each component, white or smooth over 3 px. With
--picture the field of a few shapes is drawn instead, its direction as hue.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from flow_masks import hard_shapes, make, parallel_fibres
from scipy import ndimage

from micrographia.benchmarks.segmentation.matching import precision_curve
from micrographia.io.images import read_labels
from micrographia.io.label_masks import overlaps
from micrographia.provenance import machine
from micrographia.segmentation.flow.field import flow_field
from micrographia.segmentation.flow.files import colours
from micrographia.segmentation.flow.follow import follow

#: Blur of the field [px], noise, smoothness of the noise [px].
HARM = ((1.0, 0.0, 0.0), (1.5, 0.0, 0.0), (0.0, 0.3, 0.0), (1.0, 0.5, 0.0), (0.7, 0.3, 2.0))
#: The docs' picture is an enlargement by this factor.
_ZOOM = 3


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emps", type=Path, help="folder with segmaps/")
    parser.add_argument("--picture", type=Path, help="draw fields into this PNG, nothing else")
    arguments = parser.parse_args()
    if arguments.picture:
        _draw(arguments.picture)
        return
    here = machine()
    print(f"{here['processor']}, {here['cores']} cores\n")
    print("| masks | instances | AP@0.5 | 0.75 | 0.9 | instances in parts | dropped |")
    print("|---|---|---|---|---|---|---|")
    cells = [make("voronoi-1024-5000")]
    fibres = [parallel_fibres(7)]
    emps = list(_emps(arguments.emps)) if arguments.emps else []
    if emps:
        _row("EMPS, training masks", emps)
    _row("Voronoi cells", cells)
    for name, labels in hard_shapes():
        _row(name, [labels])
    dense = [labels for labels in emps if labels.max() >= 60][:12]
    for harm in HARM:
        for name, masks in (("Voronoi", cells), ("fibres, 7 px", fibres), ("EMPS, dense", dense)):
            if masks:
                _row(f"{name}; {_words(*harm)}", masks, harm)


def _emps(folder: Path) -> Iterator[np.ndarray]:
    for path in sorted((folder / "segmaps").glob("*.png")):
        yield read_labels(path)


def _row(
    name: str, masks: list[np.ndarray], harm: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> None:
    scores, count, split, dropped = [], 0, 0, 0
    generator = np.random.default_rng(1665)
    for labels in masks:
        truth = flow_field(labels)
        field = _harmed(truth.field, *harm, generator)
        followed = follow(field, truth.foreground)
        found = overlaps(labels, followed.labels)
        scores.append(precision_curve(found, (0.5, 0.75, 0.9)))
        count += found.n_true
        split += len(truth.split)
        dropped += len(followed.dropped)
    values = " | ".join(f"{value:.4f}" for value in np.mean(scores, axis=0))
    print(f"| {name} | {count} | {values} | {split} | {dropped} |", flush=True)


def _harmed(
    field: np.ndarray, blur: float, noise: float, smooth: float, generator: np.random.Generator
) -> np.ndarray:
    if noise:
        added = generator.normal(size=field.shape)
        if smooth:
            added = ndimage.gaussian_filter(added, (0, smooth, smooth))
            added /= added.std()
        field = field + noise * added
    return ndimage.gaussian_filter(field, (0, blur, blur)) if blur else field


def _words(blur: float, noise: float, smooth: float) -> str:
    words = [f"blur {blur:g} px"] if blur else []
    words += [f"{'smooth' if smooth else 'white'} noise {noise:g}"] if noise else []
    return ", ".join(words)


def _draw(path: Path) -> None:
    from PIL import Image

    shapes = dict(hard_shapes())
    tiles = [
        shapes["discs in rings"][:132, :176],
        shapes["C-shapes"][:132, :176],
        shapes["stars"][:132, :176],
        make("ellipses-1024-1000")[200:332, 200:376],
        make("voronoi-1024-1000")[200:332, 200:376],
        parallel_fibres(7)[150:282, 60:236],
    ]
    rows = []
    for row in (tiles[:3], tiles[3:]):
        drawn = []
        for labels in row:
            drawn.append(colours(flow_field(np.ascontiguousarray(labels)).field))
        rows.append(np.hstack([np.pad(tile, ((2, 2), (2, 2), (0, 0))) for tile in drawn]))
    picture = Image.fromarray(np.vstack(rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.resize((picture.width * _ZOOM, picture.height * _ZOOM), Image.NEAREST).save(path)


if __name__ == "__main__":
    main()
