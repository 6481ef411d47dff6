"""An annotator behind any OpenAI-compatible endpoint whose model sees pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from micrographia.annotation.annotator import Case
from micrographia.annotation.endpoint import picture
from micrographia.annotation.endpoint.parse import (
    Legibility,
    parse_attributes,
    parse_legibility,
    parse_verdicts,
)
from micrographia.annotation.endpoint.prompts import load_prompt
from micrographia.annotation.schema import (
    Attributes,
    Verdicts,
    attributes_json_schema,
    legibility_json_schema,
    verdicts_json_schema,
)
from micrographia.config import Endpoint
from micrographia.io.endpoint.client import Client, Question, picture_part, text_part
from micrographia.io.endpoint.ledger import Ledger, Reply
from micrographia.io.endpoint.prompts import Prompt

Answer = TypeVar("Answer")


class EndpointAnnotator:
    """Annotator that asks a vision-language model, and never asks the same question twice.

    Parameters
    ----------
    name
        Name in the settings.
    endpoint
        Address, model, patience, limits.
    ledger
        Calls of all runs; shared with other annotators.
    prompts
        Folder of the prompts.
    version
        Which of them.
    again
        Ask again where earlier answers ended in a failure.

    Raises
    ------
    EndpointError
        The key is not in the environment, or a prompt is missing.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        ledger: Ledger,
        prompts: Path,
        version: int = 1,
        again: bool = False,
    ) -> None:
        self.name = name
        self.model = endpoint.model
        self.concurrency = endpoint.concurrency
        self._endpoint = endpoint
        names = ("attributes", "judge", "legible", "correction")
        self._prompts = {each: load_prompt(prompts, each, version) for each in names}
        self.prompt_sha: str | None = self._prompts["attributes"].sha
        self.judge_prompt_sha: str | None = self._prompts["judge"].sha
        self.legible_prompt_sha = self._prompts["legible"].sha
        self._client = Client(name, endpoint, ledger, self._prompts["correction"], again)

    @property
    def unanswered(self) -> int:
        """How many questions a later run should ask again."""
        return self._client.unanswered

    def stop(self) -> None:
        """Make no more calls; those that wait for another try end at once."""
        self._client.stop()

    def close(self) -> None:
        """Close connections and ledger."""
        self._client.close()

    def annotate(self, case: Case) -> Attributes:
        """Return the nine attributes of a picture; see `Annotator`."""
        prompt = self._prompts["attributes"]
        return self._ask(case, prompt, prompt.text, attributes_json_schema(), parse_attributes)

    def judge(self, case: Case, answer: Attributes) -> Verdicts:
        """Judge another's answer; see `Annotator`."""
        prompt = self._prompts["judge"]
        # Without its confidences, which are no part of what is judged and might persuade.
        told = {
            name: {"value": reading.value, "text": reading.text}
            for name, reading in answer.readings().items()
        }
        text = prompt.fill(answer=json.dumps(told, indent=1, ensure_ascii=False))
        return self._ask(case, prompt, text, verdicts_json_schema(), parse_verdicts)

    def legible(self, case: Case) -> Legibility:
        """Say whether text that is burnt into the whole picture can be read."""
        prompt = self._prompts["legible"]
        return self._ask(
            case, prompt, prompt.text, legibility_json_schema(), parse_legibility, full=True
        )

    def _ask(
        self,
        case: Case,
        prompt: Prompt,
        text: str,
        schema: Mapping[str, Any],
        parse: Callable[[Reply], Answer],
        full: bool = False,
    ) -> Answer:
        """Ask about a picture; `full` sends all of it, whatever the settings say."""
        side, full = self._endpoint.max_side, full or self._endpoint.full_picture

        def content() -> list[dict[str, Any]]:
            return [text_part(text), picture_part(picture.url_of(case, side, full))]

        identity = {"picture": picture.description(case, side, full)}
        question = Question(case.image_id, prompt.name, text, schema, identity, content)
        return self._client.ask(question, parse)
