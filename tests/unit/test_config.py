"""The configuration: generated files in step, faults listed all at once."""

import json
from pathlib import Path

import pytest
import yaml
from needed import skip_without

from micrographia import config
from micrographia.errors import ConfigError
from micrographia.workflow import config_files

ROOT = Path(__file__).parents[2]


def test_generated_files_are_in_step() -> None:
    assert (ROOT / "workflow_config.yaml").read_text() == config_files.render_yaml()
    assert (ROOT / "resources" / "config.schema.json").read_text() == config_files.render_schema()


def test_rendered_defaults_are_the_defaults() -> None:
    assert config.validate(yaml.safe_load(config_files.render_yaml())) == config.WorkflowConfig()


def test_rendered_defaults_keep_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(
        yaml.safe_load(config_files.render_yaml()), json.loads(config_files.render_schema())
    )


def test_every_field_is_described() -> None:
    def walk(schema: dict) -> list[str]:
        return [
            f"{name}.{key}"
            for name, model in schema["$defs"].items()
            for key, field in model["properties"].items()
            if "description" not in field
        ]

    assert walk(json.loads(config_files.render_schema())) == []


def test_an_unknown_setting_like_no_other_is_told_in_sentences() -> None:
    with pytest.raises(ConfigError, match=r"stem\.zzzz: unknown setting\. Allowed here: "):
        config.validate({"stem": {"zzzz": 1}})


def test_all_faults_are_listed_with_path_value_and_remedy() -> None:
    raw = {
        "stem": {"pixelsize": 3, "doses": [-3], "conditions": {"energy_keV": 2}},
        "curation": {"min_side": "wide"},
        "data": {"micrographs": {"source": "/not/there"}},
    }
    with pytest.raises(ConfigError) as caught:
        config.validate(raw)
    text = str(caught.value)
    assert "5 faults" in text
    assert "stem.pixelsize: unknown setting; did you mean 'pixel_size'?" in text
    assert "stem.doses.0: saw -3; input should be greater than 0" in text
    assert "stem.conditions.energy_keV: saw 2" in text
    assert "curation.min_side: saw 'wide'" in text
    assert "data.micrographs.source: saw '/not/there'" in text and "'procedural'" in text


def test_masks_without_a_folder_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no use for them"):
        config.validate({"data": {"micrographs": {"masks": str(tmp_path)}}})


def test_sections_come_as_json_or_file(tmp_path: Path) -> None:
    text = config.dump_section(config.Curation(min_side=64))
    assert config.parse_section(text, config.Curation).min_side == 64
    file = tmp_path / "settings.yaml"
    file.write_text("min_side: 32\n")
    assert config.parse_section(str(file), config.Curation).min_side == 32
    with pytest.raises(ConfigError, match="does not exist"):
        config.parse_section(str(tmp_path / "none.yaml"), config.Curation)
    with pytest.raises(ConfigError, match="not valid YAML or JSON"):
        config.parse_section("{min_side: [", config.Curation)


@pytest.mark.parametrize("overlay", sorted((ROOT / "tests" / "config").glob("*.yaml")))
def test_overlays_are_valid(overlay: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = yaml.safe_load(overlay.read_text())
    if "../shared" in overlay.read_text():
        skip_without("shared data")
    monkeypatch.chdir(ROOT)
    config.validate(raw)


def test_micrographs_come_from_several_places_and_globs(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    wanted = [str(tmp_path), str(tmp_path / "*.png")]
    found = config.validate({"data": {"micrographs": {"source": wanted}}}).data.micrographs
    assert found.sources() == tuple(wanted)
    for wrong in ([str(tmp_path), str(tmp_path / "*.tif")], []):
        with pytest.raises(ConfigError, match=r"data\.micrographs\.source"):
            config.validate({"data": {"micrographs": {"source": wrong}}})


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({}, "CC0-1.0"),
        ({"source": "src"}, "unknown"),
        ({"source": "src", "licence": "MIT"}, "MIT"),
        ({"licence": "CC-BY-4.0"}, "CC-BY-4.0"),
    ],
)
def test_nobodys_pictures_are_given_away(
    given: dict[str, str], known: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    settings = config.validate({"data": {"micrographs": given}})
    assert settings.data.micrographs.known_licence() == known
