"""Questions with pictures to an OpenAI-compatible endpoint; none is paid for twice."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from micrographia.config import Endpoint
from micrographia.errors import EndpointDownError, EndpointError, UnansweredError
from micrographia.io.endpoint.ledger import Call, Ledger, LimitError, Limits, Reply
from micrographia.io.endpoint.prompts import Prompt
from micrographia.io.endpoint.replies import FormError, RefusalError
from micrographia.io.endpoint.transport import Transport, read_key

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Message = dict[str, Any]

#: So many pictures in a row without any answer, and the endpoint is taken to be out of order.
MOST_FAILURES = 8
#: How much of a wrong answer is sent back with the fault [characters].
_QUOTED = 4000
#: How much of it is told in the failure of a picture [characters].
_TOLD = 200
#: Characters of a prompt that make a token, for estimates; on the low side, so they are high.
_CHARACTERS_PER_TOKEN = 3


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes
    ----------
    image_id
        Picture that it is about, for the bill.
    purpose
        Name of the prompt.
    text
        The prompt, all places filled in.
    schema
        Form of the answer.
    identity
        All of its pictures that the answer depends on, JSON-like; made without reading them.
    content
        Parts of the message: texts and pictures; reads the pictures.
    pictures
        How many, for the estimate of tokens.
    """

    image_id: str
    purpose: str
    text: str
    schema: Mapping[str, Any]
    identity: Mapping[str, Any]
    content: Callable[[], list[dict[str, Any]]]
    pictures: int = 1


def text_part(text: str) -> dict[str, Any]:
    """Return a part of a message that is text."""
    return {"type": "text", "text": text}


def picture_part(url: str) -> dict[str, Any]:
    """Return a part of a message that is a picture, by its data URL."""
    return {"type": "image_url", "image_url": {"url": url}}


class Client:
    """Asks one endpoint, and never asks the same question twice; threads share it.

    Parameters
    ----------
    name
        Who asks, for the bill.
    endpoint
        Address, model, patience, limits.
    ledger
        Calls of all runs; shared with other clients.
    correction
        Prompt that follows an answer in the wrong format; its place is `$fault`.
    again
        Ask again where earlier answers ended in a failure.

    Raises
    ------
    EndpointError
        The key is not in the environment.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        ledger: Ledger,
        correction: Prompt,
        again: bool = False,
    ) -> None:
        self.name = name
        self._endpoint = endpoint
        self._ledger = ledger
        self._correction = correction
        self._again = again
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

    def each(self, work: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
        """Yield what `work`, which asks, makes of each item, in their order; several at once.

        Where one raises, no more calls are made.
        """
        with ThreadPoolExecutor(self._endpoint.concurrency) as threads:
            try:
                yield from threads.map(work, items)
            except BaseException:
                self.stop()
                raise

    def ask(self, question: Question, parse: Callable[[Reply], Answer]) -> Answer:
        """Ask; after an answer in the wrong format, ask again with the fault.

        Parameters
        ----------
        question
            What is asked.
        parse
            Reads a reply; raises FormError.

        Raises
        ------
        EndpointError
            There is no answer. `UnansweredError`, `LimitError` and `EndpointDownError` are
            special cases.
        """
        for repeat in (False, True):
            conversation = Conversation(self._endpoint, question)
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
            raise EndpointError(
                f"'{self.name}' declines to answer{said}",
                remedy="Try another model or prompt; --again asks once more",
            )
        raise EndpointError(
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
                correction = self._correction.fill(fault=str(error))
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
            self._endpoint.model,
            conversation.question.purpose,
            conversation.question.image_id,
            conversation.characters() // _CHARACTERS_PER_TOKEN
            + conversation.question.pictures * self._endpoint.image_tokens,
            self._endpoint.max_output_tokens,
        )
        body = conversation.body()
        try:
            number, reply = self._transport.send(body, lambda: self._begin(call), self._drop)
        except EndpointDownError as error:
            self._transport.stop(str(error))
            raise
        except EndpointError as error:
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

    def _count_failure(self, error: EndpointError) -> None:
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
    """Messages exchanged so far about one question.

    Attributes
    ----------
    keys
        Digests of the calls so far.
    asked
        Whether the server was asked; False while the ledger knows all answers.
    said
        The last answer.
    """

    def __init__(self, endpoint: Endpoint, question: Question) -> None:
        self.question = question
        self.keys: list[str] = []
        self.asked = False
        self.said = ""
        self._endpoint = endpoint
        self._turns: list[Message] = []
        self._content: list[dict[str, Any]] = []

    def correct(self, answer: str, correction: str) -> None:
        """Add an answer of the wrong form and what is wrong with it."""
        self._turns += [
            {"role": "assistant", "content": answer},
            {"role": "user", "content": correction},
        ]

    def characters(self) -> int:
        """Length of all texts, the schema too, for the estimate of tokens."""
        turns = sum(len(turn["content"]) for turn in self._turns)
        return len(self.question.text) + turns + len(json.dumps(self.question.schema))

    def key(self) -> str:
        """Return the digest of all that the answer depends on: pictures, prompt, model, schema."""
        question = self.question
        parts = {
            **question.identity,
            "text": question.text,
            "turns": self._turns,
            "schema": schema_sha(question.schema),
            "endpoint": self._endpoint.model_dump(mode="json", include=_DECIDING),
        }
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def body(self) -> dict[str, Any]:
        """Return the request; reads the pictures."""
        endpoint, question = self._endpoint, self.question
        self._content = self._content or question.content()
        body: dict[str, Any] = {
            "model": endpoint.model,
            "messages": [{"role": "user", "content": self._content}, *self._turns],
            endpoint.token_parameter: endpoint.max_output_tokens,
        }
        if endpoint.temperature is not None:
            body["temperature"] = endpoint.temperature
        if endpoint.response_format == "json_schema":
            form = {"name": question.purpose, "strict": True, "schema": question.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif endpoint.response_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body


#: Settings of an endpoint that decide an answer; patience and prices do not.
_DECIDING = {"base_url", "model", "response_format", "temperature", "max_output_tokens"}


def schema_sha(schema: Mapping[str, Any]) -> str:
    """Return 12 hexadecimal digits that change with the schema."""
    text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
