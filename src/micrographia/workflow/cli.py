"""`micrographia config`: write the generated files, check an overlay."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers


def register(verbs: Subparsers) -> None:
    """Add the verbs `render` and `check`."""
    render = verbs.add_parser(
        "render", help="write workflow_config.yaml and resources/config.schema.json"
    )
    render.add_argument("--root", type=Path, default=Path(), help="folder of the project")
    render.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with status 1 if the files differ from the defaults",
    )
    render.set_defaults(run=_render)
    check = verbs.add_parser("check", help="check a settings file and list every fault")
    check.add_argument(
        "overlay", type=Path, help="YAML file, as given to `snakemake --configfile`"
    )
    check.set_defaults(run=_check)


def _render(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import write_text
    from micrographia.workflow import config_files

    files = {
        arguments.root / "workflow_config.yaml": config_files.render_yaml(),
        arguments.root / "resources" / "config.schema.json": config_files.render_schema(),
    }
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    if arguments.check:
        for path in stale:
            print(
                f"{path} does not match the models in src/micrographia/config; run `make config`"
            )
        return 1 if stale else 0
    for path in stale:
        write_text(path, files[path])
    return 0


def _check(arguments: argparse.Namespace) -> int:
    import yaml

    from micrographia import config
    from micrographia.errors import ConfigError

    if not arguments.overlay.is_file():
        raise ConfigError(f"Settings file {arguments.overlay} does not exist")
    config.validate(yaml.safe_load(arguments.overlay.read_text(encoding="utf-8")) or {})
    print(f"{arguments.overlay} is valid")
    return 0
