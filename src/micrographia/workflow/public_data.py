"""Public data sets as targets of the workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from micrographia.config import WorkflowConfig
from micrographia.io.public.catalogue import Catalogue, read_catalogue
from micrographia.provenance import digest
from micrographia.workflow.names import Wildcards


@dataclass(frozen=True)
class PublicData:
    """Names and paths of the public data sets.

    Attributes
    ----------
    settings
        The run's settings.
    catalogue
        What there is.
    """

    settings: WorkflowConfig
    catalogue: Catalogue = field(default_factory=read_catalogue)

    def names(self) -> list[str]:
        """Return the names of all sets."""
        return list(self.catalogue.sets)

    def receipt(self, name: str) -> str:
        """Return the file that says what was retrieved."""
        return f"{self.settings.data.public}/{name}/retrieved.json"

    def entry(self, wildcards: Wildcards) -> str:
        """Return the digest of a set's entry: an edit of it retrieves this set anew."""
        return digest(self.catalogue.find(wildcards.name).model_dump(mode="json"))


def public_folder(wildcards: Wildcards, output: Any) -> str:
    """Return the folder of all public data, from the receipt of one set."""
    return str(Path(output.receipt).parents[1])
