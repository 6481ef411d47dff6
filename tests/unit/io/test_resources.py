"""Weights and prompts that come along are found from any folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from needed import needs

from micrographia.config import Annotation, Scale, Text
from micrographia.curation.scale.readers.tools import load_tools
from micrographia.io.resources import PACKAGE, find_resource


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_here_comes_before_what_comes_along(elsewhere: Path) -> None:
    name = "curation/scale/weights/scale-reader.safetensors"
    assert find_resource(name) == PACKAGE / name
    (elsewhere / name).parent.mkdir(parents=True)
    (elsewhere / name).touch()
    assert find_resource(name) == Path(name)
    assert find_resource("nowhere.safetensors") == Path("nowhere.safetensors")


def test_the_reader_of_scale_bars_is_found() -> None:
    assert load_tools(Scale(readers=["network"])).reader is not None


@needs("ultralytics")
def test_the_text_detector_is_found() -> None:
    from micrographia.curation.text.network import load_detector

    assert load_detector(Text().weights, Text()) is not None


def test_prompts_are_found(elsewhere: Path) -> None:
    from micrographia.annotation.registry import make_annotator

    endpoint = {"base_url": "http://127.0.0.1:9/v1", "model": "m"}
    room = Annotation.model_validate(
        {"annotators": [{"name": "x", "kind": "endpoint", "endpoint": endpoint}]}
    )
    annotator = make_annotator("x", room, elsewhere / "calls.sqlite")
    assert annotator.prompt_sha is not None and annotator.prompt_sha.startswith("v1-")
    annotator.close()  # type: ignore[attr-defined]
