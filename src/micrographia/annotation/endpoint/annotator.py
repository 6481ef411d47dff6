"""An annotator behind any OpenAI-compatible endpoint whose model sees pictures."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from micrographia.annotation.annotator import (
    AnnotationError,
    Case,
    EndpointDownError,
    UnansweredError,
)
from micrographia.annotation.endpoint import picture
from micrographia.annotation.endpoint.ledger import Call, Ledger, LimitError, Limits, Reply
from micrographia.annotation.endpoint.parse import (
    FormError,
    Legibility,
    RefusalError,
    parse_attributes,
    parse_legibility,
    parse_verdicts,
)
from micrographia.annotation.endpoint.prompts import Prompt, load_prompt
from micrographia.annotation.endpoint.transport import Transport, read_key
from micrographia.annotation.schema import (
    Attributes,
    Verdicts,
    attributes_json_schema,
    legibility_json_schema,
    schema_sha,
    verdicts_json_schema,
)
from micrographia.config import Endpoint

Answer = TypeVar("Answer")
Message = dict[str, Any]

#: So many pictures in a row without any answer, and the endpoint is taken to be out of order.
MOST_FAILURES = 8
#: How much of a wrong answer is sent back with the fault [characters].
_QUOTED = 4000
#: How much of it is told in the failure of a picture [characters].
_TOLD = 200
#: Characters of a prompt that make a token, for estimates; on the low side, so they are high.
_CHARACTERS_PER_TOKEN = 3


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
    AnnotationError
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
        self._ledger = ledger
        self._again = again
        names = ("attributes", "judge", "legible", "correction")
        self._prompts = {each: load_prompt(prompts, each, version) for each in names}
        self.prompt_sha: str | None = self._prompts["attributes"].sha
        self.judge_prompt_sha: str | None = self._prompts["judge"].sha
        self.legible_prompt_sha = self._prompts["legible"].sha
        self._limits = Limits(
            endpoint.max_calls,
            endpoint.max_tokens,
            endpoint.max_cost,
            endpoint.price_in,
            endpoint.price_out,
        )
        self._transport = Transport(endpoint, read_key(endpoint.key_env))
        self._turn = threading.Condition()
        self._in_flight = 0
        self._failures = 0
        #: How many questions a later run should ask again.
        self.unanswered = 0

    def stop(self) -> None:
        """Make no more calls; those that wait for another try end at once."""
        self._transport.stop()

    def close(self) -> None:
        """Close connections and ledger."""
        self._transport.close()
        self._ledger.close()

    def annotate(self, case: Case) -> Attributes:
        """Return the nine attributes of a picture; see `Annotator`."""
        prompt = self._prompts["attributes"]
        return self.ask(case, prompt, prompt.text, attributes_json_schema(), parse_attributes)

    def judge(self, case: Case, answer: Attributes) -> Verdicts:
        """Judge another's answer; see `Annotator`."""
        prompt = self._prompts["judge"]
        # Without its confidences, which are no part of what is judged and might persuade.
        told = {
            name: {"value": reading.value, "text": reading.text}
            for name, reading in answer.readings().items()
        }
        text = prompt.fill(answer=json.dumps(told, indent=1, ensure_ascii=False))
        return self.ask(case, prompt, text, verdicts_json_schema(), parse_verdicts)

    def legible(self, case: Case) -> Legibility:
        """Say whether text that is burnt into the whole picture can be read."""
        prompt = self._prompts["legible"]
        return self.ask(
            case, prompt, prompt.text, legibility_json_schema(), parse_legibility, full=True
        )

    def ask(
        self,
        case: Case,
        prompt: Prompt,
        text: str,
        schema: Mapping[str, Any],
        parse: Callable[[Reply], Answer],
        full: bool = False,
    ) -> Answer:
        """Ask about a picture; after an answer in the wrong format, ask again with the fault.

        Parameters
        ----------
        case
            The picture.
        prompt, text
            What is asked, and its text with all places filled in.
        schema
            Form of the answer.
        parse
            Reads a reply; raises FormError.
        full
            Send the whole picture, whatever the settings say.

        Raises
        ------
        AnnotationError
            There is no answer. `UnansweredError`, `LimitError` and `EndpointDownError` are
            special cases.
        """
        for repeat in (False, True):
            conversation = Conversation(self._endpoint, case, prompt, text, schema, full)
            try:
                return self._converse(conversation, parse)
            except FormError as error:
                fault = error
            if repeat or not self._again or conversation.asked:
                break
            self._ledger.forget(self.name, conversation.keys)
        said = " ".join(conversation.said.split())
        said = said if len(said) <= _TOLD else f"{said[: _TOLD - 1]}…"
        said = f"; it said: {said}" if said else "; it said nothing"
        if isinstance(fault, RefusalError):
            raise AnnotationError(
                f"'{self.name}' declines to answer{said}",
                remedy="Try another model or prompt; --again asks once more",
            )
        raise AnnotationError(
            f"'{self.name}' gave {self._endpoint.corrections + 1} answers of the wrong form; "
            f"the last: {fault}{said}",
            remedy="Try another model or endpoint.response_format; --again asks once more",
        )

    def _converse(self, conversation: Conversation, parse: Callable[[Reply], Answer]) -> Answer:
        """Ask until an answer has the right form or is a refusal; FormError where none has."""
        for turn in range(self._endpoint.corrections + 1):
            reply = self._reply(conversation)
            conversation.said = reply.content
            try:
                return parse(reply)
            except RefusalError:
                raise
            except FormError as error:
                if turn == self._endpoint.corrections:
                    raise
                correction = self._prompts["correction"].fill(fault=str(error))
                conversation.correct(reply.content[:_QUOTED], correction)
        raise AssertionError("the last turn returns or raises")

    def _reply(self, conversation: Conversation) -> Reply:
        """Return the reply to a conversation, from the ledger or else from the server."""
        key = conversation.key()
        conversation.keys.append(key)
        found = self._ledger.find(key)
        if found is not None:
            return found
        conversation.asked = True
        call = Call(
            key,
            self.name,
            self.model,
            conversation.purpose,
            conversation.case.image_id,
            conversation.characters() // _CHARACTERS_PER_TOKEN + self._endpoint.image_tokens,
            self._endpoint.max_output_tokens,
        )
        body = conversation.body()
        try:
            number, reply = self._transport.send(body, lambda: self._begin(call), self._drop)
        except EndpointDownError as error:
            self._transport.stop(str(error))
            raise
        except AnnotationError as error:
            self._count_failure(error)
            raise
        try:
            self._ledger.answer(number, call, reply, self._limits)
        finally:
            self._leave()
        with self._turn:
            self._failures = 0
        return reply

    def _begin(self, call: Call) -> int:
        """Enter a call; where only the estimates of calls in flight stand against it, wait."""
        with self._turn:
            while True:
                try:
                    number = self._ledger.begin(call, self._limits)
                except LimitError:
                    if self._in_flight == 0:
                        raise
                    self._turn.wait(timeout=1.0)
                else:
                    self._in_flight += 1
                    return number

    def _drop(self, number: int, charged: bool) -> None:
        self._ledger.drop(number, charged=charged)
        self._leave()

    def _leave(self) -> None:
        with self._turn:
            self._in_flight -= 1
            self._turn.notify_all()

    def _count_failure(self, error: AnnotationError) -> None:
        """Stop the run where nothing is answered any more; waiting for each would take days."""
        with self._turn:
            self.unanswered += isinstance(error, UnansweredError)
            if isinstance(error, LimitError):
                return
            self._failures += 1
            hopeless = self._failures >= MOST_FAILURES
        if hopeless:
            why = f"{MOST_FAILURES} pictures in a row without an answer; the last: {error}"
            self._transport.stop(why)
            raise EndpointDownError(why) from None


class Conversation:
    """Messages exchanged so far about one picture.

    Attributes
    ----------
    keys
        Digests of the calls so far.
    asked
        Whether the server was asked; False while the ledger knows all answers.
    said
        The last answer.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        case: Case,
        prompt: Prompt,
        text: str,
        schema: Mapping[str, Any],
        full: bool,
    ) -> None:
        self.case = case
        self.purpose = prompt.name
        self.keys: list[str] = []
        self.asked = False
        self.said = ""
        self._endpoint = endpoint
        self._text = text
        self._schema = schema
        self._full = full or endpoint.full_picture
        self._turns: list[Message] = []
        self._url = ""

    def correct(self, answer: str, correction: str) -> None:
        """Add an answer of the wrong form and what is wrong with it."""
        self._turns += [
            {"role": "assistant", "content": answer},
            {"role": "user", "content": correction},
        ]

    def characters(self) -> int:
        """Length of all texts, the schema too, for the estimate of tokens."""
        turns = sum(len(turn["content"]) for turn in self._turns)
        return len(self._text) + turns + len(json.dumps(self._schema))

    def key(self) -> str:
        """Return the digest of all that the answer depends on: picture, prompt, model, schema."""
        endpoint = self._endpoint
        parts = {
            "picture": picture.description(self.case, endpoint.max_side, self._full),
            "text": self._text,
            "turns": self._turns,
            "schema": schema_sha(self._schema),
            "endpoint": endpoint.model_dump(mode="json", include=_DECIDING),
        }
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def body(self) -> dict[str, Any]:
        """Return the request; reads the picture."""
        endpoint = self._endpoint
        if not self._url:
            self._url = picture.data_url(self.case, endpoint.max_side, self._full)
        content = [
            {"type": "text", "text": self._text},
            {"type": "image_url", "image_url": {"url": self._url}},
        ]
        body: dict[str, Any] = {
            "model": endpoint.model,
            "messages": [{"role": "user", "content": content}, *self._turns],
            endpoint.token_parameter: endpoint.max_output_tokens,
        }
        if endpoint.temperature is not None:
            body["temperature"] = endpoint.temperature
        if endpoint.response_format == "json_schema":
            form = {"name": self.purpose, "strict": True, "schema": self._schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif endpoint.response_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body


#: Settings of an endpoint that decide an answer; patience and prices do not.
_DECIDING = {"base_url", "model", "response_format", "temperature", "max_output_tokens"}
