"""Every name that settings and command lines offer has something behind it, and no other."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Collection
from pathlib import Path
from typing import get_args

import pytest

from micrographia import method_names
from micrographia.annotation.registry import KINDS
from micrographia.classification.baselines.registry import BASELINES as PICTURE
from micrographia.classification.identify.methods import METHODS as EMBEDDED
from micrographia.config import Baselines, ContestantBudget
from micrographia.energy.calculators import CALCULATORS
from micrographia.method_names import WorkflowSegmenter
from micrographia.segmentation.baselines.registry import BASELINES
from micrographia.segmentation.networks.flow_networks import NETWORKS
from micrographia.segmentation.predict import METHODS
from micrographia.stem.simulate import ENGINES
from micrographia.synthesis.kinds.picture import CLASSES

#: Each list of `method_names`, and the registry that serves it.
REGISTRIES: dict[str, Collection[str]] = {
    "FLOW_NETWORKS": NETWORKS,
    "BASELINE_NETWORKS": BASELINES,
    "BASELINE_MODULES": BASELINES,
    "TRAINED_NETWORKS": [*NETWORKS, *BASELINES],
    "SEGMENTERS": METHODS,
    "ENGINES": ENGINES,
    "CALCULATORS": CALCULATORS,
    "ANNOTATOR_KINDS": KINDS,
    "EMBEDDED_METHODS": EMBEDDED,
    "KIND_CLASSES": CLASSES,
    "PICTURE_BASELINES": PICTURE,
}
#: Lists that choose from another one.
SELECTIONS = {
    "CONTESTANTS": METHODS,
    "PICTURE_ENGINES": ENGINES,
    "SLOW_ENGINES": ENGINES,
    "TRAINED_ANNOTATOR_KINDS": KINDS,
}
#: Lists without a registry, and the test of the function that serves them.
BRANCHES = {
    "ASSISTANT_WRITERS": "language/grounding/test_writers.py",
    "CHOICES": "classification/identify/test_identify.py",
    "JUDGES": "classification/alignment/test_align.py",
    "QUESTION_MAKERS": "classification/questions/test_questions_from_endpoint.py",
    "SPLITS": "classification/splits/test_splits.py",
}


def test_every_list_is_compared() -> None:
    lists = {name for name in vars(method_names) if name.isupper()}
    assert lists == REGISTRIES.keys() | SELECTIONS.keys() | BRANCHES.keys()


@pytest.mark.parametrize("name", BRANCHES)
def test_a_list_without_a_registry_is_tried_name_by_name(name: str) -> None:
    tests = Path(__file__).parents[1] / "unit" / BRANCHES[name]
    strings = {
        node.value
        for node in ast.walk(ast.parse(tests.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }
    assert set(getattr(method_names, name)) <= strings


@pytest.mark.parametrize("name", REGISTRIES)
def test_a_list_is_its_registry_in_the_same_order(name: str) -> None:
    assert list(getattr(method_names, name)) == list(REGISTRIES[name])


@pytest.mark.parametrize("name", SELECTIONS)
def test_a_selection_names_what_there_is(name: str) -> None:
    assert set(getattr(method_names, name)) <= set(SELECTIONS[name])


def test_the_workflow_segments_with_methods_that_there_are() -> None:
    assert {name for part in get_args(WorkflowSegmenter) for name in get_args(part) or [part]} <= (
        set(METHODS)
    )


@pytest.mark.parametrize("module", method_names.BASELINE_MODULES.values())
def test_a_baseline_has_its_module(module: str) -> None:
    assert importlib.util.find_spec(f"micrographia.{module}") is not None


def test_every_contestant_that_learns_has_a_budget() -> None:
    budgets = {
        name.replace("_", "-")
        for name, field in Baselines.model_fields.items()
        if field.annotation is ContestantBudget
    }
    assert budgets == set(method_names.CONTESTANTS) - {"watershed"}
