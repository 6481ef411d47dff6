"""`micrographia benchmarks`: the verbs of the single benchmarks, gathered."""

from __future__ import annotations

from micrographia.commandline import Subparsers


def register(verbs: Subparsers) -> None:
    """Add the verbs of every benchmark."""
    from micrographia.benchmarks import (
        annotation_cli,
        segmentation_cli,
        segmentation_methods_cli,
        stem_cli,
        structure_cli,
        structure_energy_cli,
    )

    segmentation_cli.register(verbs)
    segmentation_methods_cli.register(verbs)
    structure_cli.register(verbs)
    structure_energy_cli.register(verbs)
    stem_cli.register(verbs)
    annotation_cli.register(verbs)
