"""`micrographia benchmarks`: the verbs of the single benchmarks, gathered."""

from __future__ import annotations

from micrographia.commandline import Subparsers


def register(verbs: Subparsers) -> None:
    """Add the verbs of every benchmark."""
    from micrographia.benchmarks.annotation.scores import cli
    from micrographia.benchmarks.energy import cli
    from micrographia.benchmarks.segmentation.scores import cli, methods_cli
    from micrographia.benchmarks.stem.scores import cli
    from micrographia.benchmarks.structure.scores import cli

    cli.register(verbs)
    methods_cli.register(verbs)
    cli.register(verbs)
    cli.register(verbs)
    cli.register(verbs)
    cli.register(verbs)
