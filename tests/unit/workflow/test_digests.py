"""Digests of the real rules: each covers what its verb runs, and edits rerun what they must."""

from __future__ import annotations

import ast
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from micrographia.config import WorkflowConfig
from micrographia.method_names import BASELINE_MODULES
from micrographia.provenance import _closure, _parts
from micrographia.workflow.digests import _TRAINING, Digests, state

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src" / "micrographia"

#: Named in every verb, or the same for all: errors, tables, the settings, what writes results.
EVERYWHERE = {
    "micrographia", "micrographia.commandline", "micrographia.errors", "micrographia.provenance",
    "micrographia.io.atomic", "micrographia.io.schemas", "micrographia.io.tables",
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One rule: the verb that its shell calls, and the arguments of its calls of `code`."""

    name: str
    room: str
    verb: str
    code: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


def _digest_calls(text: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """Names and exclusions of each `code(...)` or `digests....` in a rule's `params: code`."""
    match = re.search(r"^ *code=((?:.|\n)*?),\n(?= *\w+=| *shell:| *#|\n|$)", text, re.M)
    assert match, text
    found: list[tuple[tuple[str, ...], tuple[str, ...]]] = []

    class Spy:
        settings = WorkflowConfig()

        def code(self, *names: str, without: Any = ()) -> str:
            found.append((names, tuple(without)))
            return ""

        def __getattr__(self, name: str) -> Any:
            method = getattr(Digests, name)

            def call(*arguments: Any) -> str:
                return method(self, *arguments)

            if name.startswith("code_of_contestant"):
                for contestant in ("unet-small", "stardist"):
                    call(SimpleNamespace(method=contestant))
            return call

    spy = Spy()
    eval(match[1], {"code": spy.code, "digests": spy, "settings": WorkflowConfig()})
    return tuple(found)


def _rules() -> list[Rule]:
    found: dict[str, Rule] = {}
    for path in sorted((ROOT / "rules").glob("*/*.smk")):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(
            r"^(?:use )?rule (\w+)(?: as (\w+) with)?:\n((?:(?: +[^\n]*)?\n)*)", text, re.M
        ):
            name, body = match[2] or match[1], match[3]
            if "-m micrographia" in body:
                call = re.search(r"-m micrographia (\w+) ([\w-]+|\{params\.asked\})", body)
                assert call, name
                verb = call[2] if call[2][0] != "{" else "annotate"
                found[name] = Rule(name, call[1], verb, _digest_calls(body))
    # Derived rules come after all files: a rule may be derived from one of another file.
    for path in sorted((ROOT / "rules").glob("*/*.smk")):
        for match in re.finditer(
            r"^use rule (\w+) as (\w+) with:\n((?:(?: +[^\n]*)?\n)*)",
            path.read_text(encoding="utf-8"),
            re.M,
        ):
            base, body = found[match[1]], match[3]
            asked = re.search(r'asked="(\w+) ', body)
            found[match[2]] = replace(
                base,
                name=match[2],
                verb=asked[1] if asked else base.verb,
                code=_digest_calls(body) if re.search(r"^ *code=", body, re.M) else base.code,
            )
    return sorted(found.values(), key=lambda rule: rule.name)


RULES = _rules()


def _verb_imports(room: str, verb: str) -> set[str]:
    """Modules that the function behind a verb imports, with the functions that it calls."""
    for path in sorted((PACKAGE / room).rglob("*cli.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for function in functions.values():
            text = ast.unparse(function)
            for made in re.finditer(rf"(\w+) = \w+\.add_parser\('{verb}'", text):
                run = re.search(rf"{made[1]}\.set_defaults\(.*?run=(\w+)", text[made.start() :])
                assert run, (path, verb)
                return _imports_below(functions[run[1]], functions)
    raise AssertionError(f"no function runs {room} {verb}")


def _imports_below(start: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> set[str]:
    found: set[str] = set()
    pending, seen = [start], set()
    while pending:
        function = pending.pop()
        seen.add(function.name)
        for node in ast.walk(function):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    base = PACKAGE.joinpath(*whole.split(".")[1:])
                    is_module = base.is_dir() or base.with_suffix(".py").is_file()
                    found.add(whole if is_module else node.module)
            elif isinstance(node, ast.Name) and node.id in functions and node.id not in seen:
                pending.append(functions[node.id])
    return {name for name in found if name.startswith("micrographia.")} - EVERYWHERE


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_digest_covers_what_the_verb_imports(rule: Rule) -> None:
    covered: set[Path] = set()
    barred: set[Path] = set()
    for names, without in rule.code:
        out = {path for name in without for path in _parts(name, PACKAGE)}
        covered |= _closure([p for name in names for p in _parts(name, PACKAGE)], PACKAGE, out)
        barred |= out
    for name in _verb_imports(rule.room, rule.verb):
        if name.startswith("micrographia.config"):
            continue  # settings reach steps by their params
        missing = set(_parts(name.removeprefix("micrographia."), PACKAGE)) - covered - barred
        assert not missing, f"{rule.name} runs {name}, which its digest leaves out"


def test_all_rules_with_a_shell_were_found() -> None:
    text = "".join(path.read_text() for path in (ROOT / "rules").glob("*/*.smk"))
    assert len(RULES) == text.count("-m micrographia") + len(re.findall(r"^use rule", text, re.M))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("package") / "micrographia"
    ignored = shutil.ignore_patterns("__pycache__", "*.safetensors")
    shutil.copytree(PACKAGE, copy, ignore=ignored)
    return copy


#: Every training rule, by how it names its code.
TRAININGS = {
    "segmentation_network": lambda digests: digests.code_of_training("unet-small"),
    "segmentation_baseline stardist": lambda digests: digests.code_of_training("stardist"),
    "segmentation_baseline yolo-seg": lambda digests: digests.code_of_training("yolo-seg"),
    "segmentation_baseline mask-rcnn": lambda digests: digests.code_of_training("mask-rcnn"),
    "annotation_learn": lambda digests: digests.code("annotation.embedded"),
    "text_detector": lambda digests: digests.code("curation.text.training"),
}
SEGMENTATION = {name for name in TRAININGS if name.startswith("segmentation")}

#: A module, and the trainings that an edit of it must run again: those and no others.
EDITS = {
    "segmentation/baselines/yolo.py": {"segmentation_baseline yolo-seg"},
    "segmentation/baselines/mask_rcnn.py": {"segmentation_baseline mask-rcnn"},
    "segmentation/baselines/star.py": {"segmentation_baseline stardist"},
    "segmentation/learning/train.py": SEGMENTATION,
    "segmentation/samples/crops.py": SEGMENTATION,
    "segmentation/samples/weights.py": SEGMENTATION,
    "segmentation/flow/field.py": SEGMENTATION,
    "segmentation/networks/unet.py": SEGMENTATION,
    "segmentation/pseudo_labels/select.py": SEGMENTATION,
    "segmentation/pseudo_labels/rounds.py": set(),
    "segmentation/watershed/segment.py": set(),
    "segmentation/measuring/sizes.py": set(),
    "training/loop.py": SEGMENTATION,
    "training/history.py": SEGMENTATION,
    "training/yolo.py": {"segmentation_baseline yolo-seg", "text_detector"},
    "curation/text/training.py": {"text_detector"},
    "curation/scale/readers/network.py": set(),
    "annotation/embedded/heads.py": {"annotation_learn"},
    "annotation/features/texture.py": {"annotation_learn"},
    "annotation/endpoint/annotator.py": set(),
    "io/endpoint/transport.py": set(),
    "benchmarks/segmentation/scores.py": set(),
    "io/tables.py": set(TRAININGS),
    "io/schemas/crystals.py": set(TRAININGS),
    "config/segmentation.py": set(),
    "report/build.py": set(),
}


@pytest.mark.parametrize("edited", EDITS)
def test_an_edit_reruns_its_trainings_and_no_others(package: Path, edited: str) -> None:
    digests = Digests(WorkflowConfig(), package)
    before = {name: digest(digests) for name, digest in TRAININGS.items()}
    path = package / edited
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(text + "\n_EDITED = 1\n", encoding="utf-8")
        after = {name: digest(digests) for name, digest in TRAININGS.items()}
    finally:
        path.write_text(text, encoding="utf-8")
    assert {name for name in TRAININGS if after[name] != before[name]} == EDITS[edited]


def test_the_trainings_above_are_named_as_the_rules_name_them() -> None:
    by_name = {rule.name: rule.code for rule in RULES}
    peers = tuple(BASELINE_MODULES.values())
    assert by_name["segmentation_network"] == ((_TRAINING, peers),)
    assert by_name["segmentation_round"] == by_name["segmentation_network"]
    assert by_name["segmentation_scaling_network"] == by_name["segmentation_network"]
    assert by_name["annotation_learn"] == ((("annotation.embedded",), ()),)
    assert by_name["text_detector"] == ((("curation.text.training",), ()),)


def test_the_watershed_does_not_depend_on_networks() -> None:
    out = set(_parts("segmentation.network_segmenter", PACKAGE))
    seen = _closure(_parts("segmentation.predict", PACKAGE), PACKAGE, out)
    assert {"segment.py", "shapes.py"} <= {path.name for path in seen}
    torches = [p for p in seen if re.search(r"^(import|from) torch", p.read_text(), re.M)]
    assert not torches


def test_the_state_of_files_sees_a_file_replaced_and_what_a_table_names(tmp_path: Path) -> None:
    picture, table = tmp_path / "a.png", tmp_path / "set.csv"
    picture.write_bytes(b"1")
    table.write_text("path\na.png\n")
    folder, listed, globbed = (
        state(str(tmp_path)),
        state(str(table)),
        state(str(tmp_path / "*.png")),
    )
    picture.write_bytes(b"22")
    assert state(str(tmp_path)) != folder
    assert state(str(table)) != listed
    assert state(str(tmp_path / "*.png")) != globbed
    assert state(None) == state()
