"""`snakemake retrieve_<name>`: for real, from a server on the loopback."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest
from public_server import catalogue_text, emps_entry, emps_files, serve, train_list, zipped
from workflow.harness import ROOT, Workflow, copy_workflow

from micrographia.data.page import render_page
from micrographia.io.public.catalogue import SHIPPED, read_catalogue

pytestmark = pytest.mark.slow

OVERLAY = "name: small\nresults: out\ndata: {public: public}\n"


def test_every_set_is_a_target_and_part_of_no_other(fresh: Workflow) -> None:
    targets = [f"retrieve_{name}" for name in read_catalogue().sets]
    jobs = fresh.jobs(*targets)
    assert jobs == {"retrieve": len(targets)} | dict.fromkeys(targets, 1)
    assert not [rule for rule in fresh.jobs() if rule.startswith("retrieve")]


def test_a_target_downloads_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    flow = copy_workflow(tmp_path, own_sources=True)
    shipped = flow.folder / "src" / SHIPPED.relative_to(SHIPPED.parents[3])
    assert shipped.is_file()
    overlay = flow.overlay(OVERLAY)
    wanted = ("retrieve_emps", "--cores", "1", "--configfile", overlay)
    files: dict[str, bytes | int | str] = {"/emps.zip": 503, "/train.csv": train_list()}
    with serve(files) as address:
        shipped.write_text(catalogue_text({"emps": emps_entry(address)}))
        failed = flow.call(*wanted)
        assert failed.returncode != 0
        assert "503 Service Unavailable" in failed.stdout
        assert "put it at public/downloads/emps/emps.zip; then the same command" in failed.stdout
        files["/emps.zip"] = zipped(emps_files())
        answer = flow.call(*wanted)
        assert answer.returncode == 0, answer.stdout[-4000:]
    folder = flow.folder / "public" / "emps"
    assert len(list((folder / "images").iterdir())) == 3
    assert json.loads((folder / "retrieved.json").read_text())["licence"] == "MIT"
    assert flow.jobs("retrieve_emps", "--configfile", overlay) == {}
    # The settings of a benchmark read what was retrieved.
    pictures = "{micrographs: {source: public/emps/images, masks: public/emps/segmaps}}"
    own = flow.overlay(f"data: {pictures}\nshards: {{micrographs: 1}}\n", "own.yaml")
    assert flow.jobs("bench_segmentation", "--configfile", own)["segmentation_predict"] == 1


def test_the_settings_of_a_benchmark_are_pointed_at_a_set(fresh: Workflow) -> None:
    """As the page of public data says."""
    commands = "".join(render_page(read_catalogue()).split("```")[3:6]).replace("\\\n", " ")
    lines = [line for line in commands.splitlines() if "--config " in line]
    assert len(lines) == 2
    for path in ("emps/images", "emps/segmaps", "2dmatpedia/2dmatpedia.parquet"):
        (fresh.folder / "data" / path).mkdir(parents=True)
    shutil.copytree(ROOT / "tests" / "config", fresh.folder / "tests" / "config")
    for line in lines:
        said = fresh.call(*shlex.split(line)[1:], "-n", "-p")
        assert said.returncode == 0, said.stdout[-3000:]
        assert "shared/data" not in said.stdout
        if "emps" in line:
            assert "data/emps/images" in said.stdout
            assert "--licence MIT" in said.stdout  # what the file sets beside it still counts
        else:
            assert said.stdout.count("data/2dmatpedia/2dmatpedia.parquet") >= 2
