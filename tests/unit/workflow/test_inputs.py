"""Files that steps read, options that follow from them, and guards of a run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from micrographia.config import validate
from micrographia.errors import ConfigError
from micrographia.workflow import guards
from micrographia.workflow.inputs import Inputs, carded
from micrographia.workflow.names import Names
from micrographia.workflow.options import (
    TEXT_RUNS,
    answers_option,
    checkpoint_option,
    extra_option,
    learn_from,
    split_share,
    subset_of_run,
    text_run_option,
    words_option,
)


def inputs(**settings: object) -> Inputs:
    made = validate(settings).resolved()
    return Inputs(made, Names(made))


def test_pictures_to_add_are_drawn_or_the_users_own(tmp_path: Path) -> None:
    assert inputs().kinds_to_add("drawn") == "drawn"
    own = {"classification_extra": "procedural"}
    assert inputs(benchmarks=own).kinds_to_add("drawn") == "drawn"
    own = {"classification_extra": str(tmp_path)}
    assert inputs(benchmarks=own).kinds_to_add("drawn") == str(tmp_path)
    with pytest.raises(ConfigError, match="classification_extra"):
        inputs(benchmarks={"classification_extra": str(tmp_path / "gone")})


def test_sources_are_the_generators_folders_or_the_users_own(tmp_path: Path) -> None:
    made = inputs(shards={"micrographs": 2})
    assert made.micrograph_sources() == [f"results/data/micrographs/00{n}" for n in (0, 1)]
    assert made.existing_sources() == made.micrograph_sources()
    assert made.state_of_micrographs() == ""
    (tmp_path / "a.png").touch()
    mine = inputs(data={"micrographs": {"source": [str(tmp_path), f"{tmp_path}/*.png"]}})
    assert mine.existing_sources() == [str(tmp_path)]  # a glob is no input
    assert mine.state_of_micrographs() != ""
    assert inputs().crystal_source() == []
    assert inputs(data={"structures": {"source": str(tmp_path)}}).crystal_source() == [
        str(tmp_path)
    ]


def test_weights_come_with_their_card_and_are_found_in_the_package() -> None:
    weights, card = inputs().weights_of_segmenter()
    assert Path(weights).is_file() and Path(card) == Path(weights).with_suffix(".json")
    assert inputs(segmentation={"method": "watershed"}).weights_of_segmenter() == []
    assert carded(None, "mine.pt") == ["mine.pt"]
    found = inputs().weights_of(["measured", "texture"])
    assert len(found) == 4 and all(Path(path).is_file() for path in found)


def test_gpus_are_asked_for_where_one_may_be_taken() -> None:
    assert (inputs().gpus("cpu"), inputs().gpus("auto")) == (0, 1)
    assert inputs(segmentation={"method": "watershed"}).gpus_of_segmenter() == 0


def test_rounds_follow_one_another() -> None:
    made = inputs(segmentation={"rounds": {"count": 2}}, shards={"micrographs": 1})
    first, *rest = made.networks_of_rounds()
    assert first.endswith("segmentation/network/network.safetensors")
    assert rest == [made.network_of_round(SimpleNamespace(round=n)) for n in ("1", "2")]
    before = made.labels_before_round(SimpleNamespace(round="2"))
    assert before == ["results/segmentation/rounds/1/pseudo/000"]


def test_what_had_no_answer_is_asked_in_another_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    number = inputs().round_of("annotation", "answers")
    job = SimpleNamespace(annotator="x", shard="000")
    assert number(job) == 0
    file = tmp_path / "results/annotation/answers/x/000.json"
    file.parent.mkdir(parents=True)
    for text, expected in (
        ('{"round": 2, "unanswered": 0}', 2),
        ('{"round": 2, "unanswered": 3}', 3),
        ("broken", 0),
    ):
        file.write_text(text)
        assert number(job) == expected


def test_options_follow_from_the_inputs_that_a_job_has() -> None:
    job = SimpleNamespace(pictures="a b.parquet", pseudo=["x", "y"], procedural=[])
    assert learn_from(None, job) == "--pictures 'a b.parquet' --pseudo x y"
    assert checkpoint_option(None, SimpleNamespace(checkpoint=[])) == ""
    assert checkpoint_option(None, SimpleNamespace(checkpoint="n")) == "--checkpoint n"
    assert answers_option(None, SimpleNamespace()) == ""
    assert extra_option(None, SimpleNamespace(extra=[])) == ""
    assert extra_option(None, SimpleNamespace(extra="a b.parquet")) == "--extra 'a b.parquet'"
    assert words_option("--quality", ()) == ""
    assert [split_share(SimpleNamespace(how=how)) for how in ("hard", "grouped")] == [0.1, 0.2]
    assert [text_run_option(SimpleNamespace(run=run)) for run in TEXT_RUNS] == [
        "--no-picture",
        "--baseline nearest",
    ]
    assert subset_of_run(SimpleNamespace(run="real-30")) == "--real 30"
    assert subset_of_run(SimpleNamespace(run="mixed-all")).split() == ["--procedural"]


CONDA = SimpleNamespace(name="CONDA")
APPTAINER = SimpleNamespace(name="APPTAINER")


def test_conda_is_followed_refused_or_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MICROGRAPHIA_ENV", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    assert guards.deployment(["apptainer"]) == {"apptainer"}
    with pytest.raises(ConfigError, match="no conda on PATH"):
        guards.deployment(["conda"])
    monkeypatch.setenv("MICROGRAPHIA_ENV", "active")
    assert guards.deployment(["conda", "apptainer"]) == {"apptainer"}
    assert guards.uses_conda([CONDA]) and not guards.uses_conda([APPTAINER])


@pytest.mark.parametrize("conda", [False, True])
def test_the_shell_of_a_job_survives_any_folder(tmp_path: Path, conda: bool) -> None:
    folder = tmp_path / "it's a folder"
    prefix = guards.shell_prefix(folder, conda)
    said = subprocess.run(
        ["bash", "-c", prefix + 'echo "$PYTHONPATH"; echo "$OMP_NUM_THREADS"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == [str(folder), "1"]
    assert ("export PATH=" in prefix) is not conda
