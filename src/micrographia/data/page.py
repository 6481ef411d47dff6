"""The catalogue of public data as a page of the documentation."""

from __future__ import annotations

from micrographia.io.public.catalogue import Catalogue, DataFile, DataSet

_HEAD = """# Public data

Data sets that the benchmarks use, and where they are to be had. This page is generated from
`src/micrographia/io/public/catalogue.yaml`. Nothing is downloaded unless you ask for it:

```sh
snakemake --cores 1 retrieve_emps     # or, with a progress bar:
micrographia data retrieve emps
micrographia data list
```

Each set becomes a folder of the setting `data.public` (default `data/`, `--into` of the command);
the files as they are published are kept in `data/downloads/<name>/`, and may be deleted. Without a
connection fetch them by hand and put them there: the same commands check and use them.

`retrieved.json` in the folder of each set says what was downloaded and how it was checked. A file
is refused if its digest is another than the catalogue's. Where the catalogue has none, the digest
of the first file is recorded beside it (`.sha256`), with a warning, and another file is refused
from then on: that shows a later change, but not a first file that was wrong. Some sets have
digests of their contents as well: those on which the figures in the benchmarks were measured. A
difference is a warning.

## Repeat the benchmarks

The settings files in `tests/config` name `../shared/data/<name>`. Either put the sets there, and
run the commands of [Benchmarks](../benchmarks.md) as they stand:

```sh
micrographia data retrieve emps --into ../shared/data
snakemake bench_segmentation --cores 2 --configfile tests/config/emps.yaml
```

or point the same file at `data/`:

```sh
snakemake --cores 1 retrieve_emps retrieve_2dmatpedia
snakemake bench_segmentation --cores 2 --configfile tests/config/emps.yaml --config \\
  'data={"micrographs": {"source": "data/emps/images", "masks": "data/emps/segmaps"}}'
snakemake bench_structure bench_energy --cores 2 \\
  --configfile tests/config/stem2mat_dft.yaml --config \\
  'data={"structures": {"source": "data/2dmatpedia/2dmatpedia.parquet"}}' \\
  'benchmarks={"dft_energies": "data/2dmatpedia/2dmatpedia.parquet"}'
```

Studies take the folder as an option: `--emps data/emps`. `structures2d.parquet`, on which the
figures of the STEM wing were measured, is a selection from 2DMatPedia by another repository; the
table that is retrieved here has the columns of `dft_energies.parquet`, and more crystals. So the
figures come out a little different.

## The sets

| name | set | size | licence | needs |
|---|---|---|---|---|
"""


def size_of(entry: DataSet) -> str:
    """Return the size of the downloads in words."""
    known = [file.about_mb for file in entry.files if file.about_mb is not None]
    if len(known) < len(entry.files):
        return "size not known"
    total = sum(known)
    return f"{total / 1000:.1f} GB" if total >= 1000 else f"{total:.3g} MB"


def render_page(catalogue: Catalogue) -> str:
    """Return the page, in Markdown; the same catalogue gives the same text."""
    rows = [
        f"| [{name}](#{name}) | {entry.title} | {size_of(entry)} | {entry.licence} "
        f"| {', '.join(entry.needs)} |"
        for name, entry in catalogue.sets.items()
    ]
    sections = [_section(name, entry) for name, entry in catalogue.sets.items()]
    return _HEAD + "\n".join(rows) + "\n\n" + "\n\n".join(sections) + "\n"


def _section(name: str, entry: DataSet) -> str:
    lines = [f"## {name}", "", f"[{entry.title}]({entry.homepage}), version: {entry.version}."]
    lines += [f"Licence: {entry.licence}. Cite: {entry.citation}.", ""]
    lines += [f"{entry.request}.", ""] if entry.request else []
    lines += ["| file | from | digest |", "|---|---|---|"]
    lines += [f"| {file.name} | {_origin(file)} | {_digest(file)} |" for file in entry.files]
    lines += ["", f"In `data/{name}/`:", ""]
    for line in entry.layout:
        path, _, meaning = line.partition(": ")
        lines.append(f"- `{path}`: {meaning}")
    if entry.used_by:
        lines += ["", f"Used by {', '.join(f'`{one}`' for one in entry.used_by)}."]
    return "\n".join([*lines, "", entry.confirmed])


def _origin(file: DataFile) -> str:
    return "<br>".join(f"<{url}>" for url in file.urls) or f"by hand: `{file.name}`"


def _digest(file: DataFile) -> str:
    if file.sha256:
        return f"SHA-256 `{file.sha256}`"
    return f"MD5 `{file.md5}`" if file.md5 else "recorded at the first download"
