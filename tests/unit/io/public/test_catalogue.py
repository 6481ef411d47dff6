"""The shipped catalogue is valid and complete; a wrong one says what is wrong."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.request import Request

import pytest
import yaml
from needed import EMPS, SHARED, needs
from public_server import emps_entry

from micrographia.data.page import render_page
from micrographia.data.retrieve import digest_of_folder
from micrographia.errors import RetrievalError
from micrographia.io.public import download
from micrographia.io.public.catalogue import SHIPPED, DataSet, read_catalogue

ROOT = Path(__file__).parents[4]
SETS = read_catalogue().sets


def test_it_has_what_the_benchmarks_need() -> None:
    assert {"emps", "2dmatpedia", "c2db", "nffa", "kth_tips", "neu_surface"} <= set(SETS)
    assert all(SETS[name].request for name in ("c2db", "neu_surface"))


@pytest.mark.parametrize("name", SETS)
def test_an_entry_is_complete(name: str) -> None:
    entry = SETS[name]
    assert all(file.urls or entry.request for file in entry.files)
    for file in entry.files:
        plain = [url for url in file.urls if not url.startswith("https://")]
        assert not plain or len(str(file.plain_http)) > 20
        assert file.about_mb is None or file.about_mb < file.limit_mb
    for path in entry.used_by:
        assert (ROOT / path).is_file(), path
    assert all(re.match(r"\S+: ", line) for line in entry.layout)


def test_every_settings_file_that_reads_shared_data_is_in_an_entry() -> None:
    """So that a reader outside finds what a settings file needs."""
    named = {path for entry in SETS.values() for path in entry.used_by}
    read = {
        str(path.relative_to(ROOT))
        for path in [*ROOT.glob("tests/config/*.yaml"), *ROOT.glob("studies/*.py")]
        if re.search(
            r"shared/data/(emps|structures2d|kth_tips|literature|neu_surface)",
            path.read_text(encoding="utf-8"),
        )
    }
    assert len(read) > 12 and read <= named


@needs("EMPS")
def test_the_digests_are_those_of_the_project_s_copy() -> None:
    (train,) = [file for file in SETS["emps"].files if file.name == "train.csv"]
    assert train.sha256 == hashlib.sha256((EMPS / "train.csv").read_bytes()).hexdigest()
    for name in ("emps", "spheroidite"):
        for part in SETS[name].contents:
            assert digest_of_folder(SHARED / name, part.pattern) == (part.count, part.sha256)


def test_the_page_has_every_set_address_and_digest() -> None:
    page = render_page(read_catalogue())
    for name, entry in SETS.items():
        assert f"\n## {name}\n" in page
        for file in entry.files:
            for word in (*file.urls, *filter(None, (file.sha256, file.md5))):
                assert word in page


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"plain_http": None}, "is not https: say why in plain_http"),
        ({"urls": ["ftp://a.b/c"]}, "must be an address that begins with https"),
        ({"urls": ["https://user:key@a.b/c"]}, "must be an address"),
        ({"urls": ["https://a.b/c"]}, "plain_http is set, but every address is https"),
        ({"urls": [], "plain_http": None}, "say in request how to get it"),
        ({"name": "../emps.zip"}, "must be a plain file name"),
        ({"name": "train.csv"}, "two files have the same name"),
        ({"into": "../elsewhere"}, "must be a relative path"),
        ({"keep": ["/etc/*"]}, "must be a relative path"),
        ({"sha256": "12"}, "should match pattern"),
        ({"limit_mb": 0}, "greater than 0"),
        ({"strip": 1}, "Extra inputs are not permitted"),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_a_wrong_entry_is_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(yaml.safe_dump({"emps": emps_entry("http://127.0.0.1", **change)}))
    with pytest.raises(RetrievalError, match=re.escape(says)):
        read_catalogue(path)


@pytest.mark.parametrize("text", ["a: [", "- a list", "Bad-Name: {}", ""])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text(text)
    with pytest.raises(RetrievalError, match=r"The catalogue \S+ "):
        read_catalogue(path)
    with pytest.raises(RetrievalError, match="cannot be read"):
        read_catalogue(tmp_path / "absent.yaml")


def test_the_file_is_read_as_it_is() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert all(DataSet.model_validate(entry) for entry in yaml.safe_load(text).values())


def test_no_way_leads_from_https_to_http() -> None:
    follow = download._Redirections().redirect_request
    secure = Request("https://example.org/a")
    with pytest.raises(RetrievalError, match=r"leads to .*/b, which is not https"):
        follow(secure, None, 302, "Found", {}, "http://example.org/b")
    assert follow(secure, None, 302, "Found", {}, "https://example.org/b") is not None
