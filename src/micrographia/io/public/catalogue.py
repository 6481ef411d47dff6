"""The catalogue of public data: for each set its files, digests, licence, and what it needs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from micrographia.config.base import Section
from micrographia.errors import RetrievalError

#: The catalogue that ships with the package.
SHIPPED = Path(__file__).with_name("catalogue.yaml")

#: Steps that bring a set as its authors publish it into the form that the workflow reads.
Conversion = Literal["emps", "2dmatpedia"]
_NAME = r"^[a-z0-9][a-z0-9_]*$"


def _plain_path(value: str) -> str:
    """A relative path that leads nowhere else; also of patterns."""
    parts = re.split(r"[/\\]", value)
    if not value or os.path.isabs(value) or ".." in parts or ":" in value or "\\" in value:
        raise ValueError("must be a relative path with '/' that stays below its folder")
    return value


def _file_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
        raise ValueError("must be a plain file name of letters, digits, '.', '_' and '-'")
    return value


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value):
        raise ValueError("must be an address that begins with https:// or http://")
    return value


RelativePath = Annotated[str, AfterValidator(_plain_path)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


class DataFile(Section):
    """One file of a set, as it is published."""

    name: Annotated[str, AfterValidator(_file_name)] = Field(
        description="Name under which the file is kept."
    )
    urls: tuple[WebAddress, ...] = Field(
        (), description="Addresses, tried in this order; none: the file is given on request."
    )
    plain_http: str | None = Field(
        None, min_length=1, description="Why an address is not https; null: all are."
    )
    sha256: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the file; null: not known, and recorded at the first download.",
    )
    md5: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{32}$",
        description="MD5 that the publisher states, where no SHA-256 is known; null: none.",
    )
    about_mb: float | None = Field(
        None, gt=0, le=1e6, description="Size of the file [MB], about; null: not known."
    )
    limit_mb: float = Field(
        gt=0, le=1e6, description="Size above which a download is broken off [MB]."
    )
    into: RelativePath = Field(
        ".", description="Folder below that of the set that the file goes to."
    )
    unpack: bool = Field(False, description="Whether the file is an archive to unpack.")
    below: RelativePath = Field(
        ".",
        description="Folder of the archive to unpack; '*' is one folder of any name.",
    )
    keep: tuple[RelativePath, ...] = Field(
        ("*",), min_length=1, description="Patterns of the members to unpack; '*' matches '/' too."
    )

    @model_validator(mode="after")
    def _plain_addresses_say_why(self) -> DataFile:
        plain = [url for url in self.urls if not url.startswith("https://")]
        if plain and self.plain_http is None:
            raise ValueError(f"{plain[0]} is not https: say why in plain_http")
        if self.plain_http is not None and not plain:
            raise ValueError("plain_http is set, but every address is https")
        return self


class Contents(Section):
    """Files of the finished folder on which the project's figures were measured."""

    pattern: RelativePath = Field(description="Pattern of the files below the set's folder.")
    count: int = Field(ge=1, description="Number of files.")
    sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the lines '<SHA-256 of the file>  <path>\\n', sorted by path.",
    )


class DataSet(Section):
    """One public data set."""

    title: str = Field(min_length=1, description="Full name.")
    version: str = Field(min_length=1, description="Version or date.")
    homepage: WebAddress = Field(description="Page that describes the set.")
    licence: str = Field(min_length=1, description="Licence or terms.")
    citation: str = Field(min_length=1, description="What to cite.")
    files: tuple[DataFile, ...] = Field(min_length=1, description="Files to download.")
    request: str | None = Field(
        None,
        min_length=1,
        description="How to ask for files without an address; null: all have one.",
    )
    needs: tuple[str, ...] = Field(
        (), description="What it needs beyond a connection: package, key, form, space."
    )
    used_by: tuple[str, ...] = Field(
        (), description="Settings files and studies that read the set."
    )
    layout: tuple[str, ...] = Field(
        min_length=1, description="Files and folders of the finished folder, with their meaning."
    )
    convert: Conversion | None = Field(
        None, description="Conversion after unpacking; null: none is needed."
    )
    contents: tuple[Contents, ...] = Field(
        (), description="Digests of the files that the project's figures were measured on."
    )
    confirmed: str = Field(
        min_length=1, description="How addresses and digests were confirmed, and what was not."
    )

    @model_validator(mode="after")
    def _all_is_said(self) -> DataSet:
        names = [file.name for file in self.files]
        if len(set(names)) < len(names):
            raise ValueError("two files have the same name")
        by_request = any(not file.urls for file in self.files)
        if by_request and self.request is None:
            raise ValueError("a file has no address: say in request how to get it")
        if self.request is not None and not by_request:
            raise ValueError("request is set, but every file has an address")
        return self


class Catalogue(Section):
    """All public data sets, by the name under which they are retrieved."""

    sets: dict[Annotated[str, Field(pattern=_NAME)], DataSet] = Field(
        description="Name to data set."
    )

    def find(self, name: str) -> DataSet:
        """Return a data set.

        Raises
        ------
        RetrievalError
            There is none of this name.
        """
        if name not in self.sets:
            raise RetrievalError(
                "There is no such public data set", seen=name, allowed=", ".join(self.sets)
            )
        return self.sets[name]


def read_catalogue(path: str | os.PathLike[str] = SHIPPED) -> Catalogue:
    """Read a catalogue.

    Raises
    ------
    RetrievalError
        The file is absent, no YAML, or breaks a rule of the models; every fault is listed.

    Examples
    --------
    >>> read_catalogue().find("emps").licence
    'MIT'
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        return Catalogue.model_validate({"sets": content})
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise RetrievalError(f"The catalogue {path} cannot be read ({error})") from None
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()]
        raise RetrievalError(f"The catalogue {path} is not valid: {'; '.join(faults)}") from None
