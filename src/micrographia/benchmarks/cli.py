"""`micrographia benchmarks`: the verbs of the single benchmarks, gathered."""

from __future__ import annotations

from micrographia.commandline import Subparsers


def register(verbs: Subparsers) -> None:
    """Add the verbs of every benchmark."""
    from micrographia.benchmarks.annotation import cli as annotation
    from micrographia.benchmarks.assistant import cli as assistant
    from micrographia.benchmarks.classification import cli as classification
    from micrographia.benchmarks.energy import cli as energy
    from micrographia.benchmarks.language import cli as language
    from micrographia.benchmarks.segmentation import cli as segmentation
    from micrographia.benchmarks.segmentation import methods_cli as segmentation_methods
    from micrographia.benchmarks.segmentation.every_micrograph import cli as every_micrograph
    from micrographia.benchmarks.stem import cli as stem
    from micrographia.benchmarks.structure import cli as structure
    from micrographia.benchmarks.structure.real import cli as structure_real
    from micrographia.benchmarks.structure.stem2crystal import cli as stem2crystal

    for benchmark in (
        segmentation, segmentation_methods, every_micrograph, structure, structure_real,
        stem2crystal, energy, stem, annotation, classification, language, assistant,
    ):  # fmt: skip
        benchmark.register(verbs)
