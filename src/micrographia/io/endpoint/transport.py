"""One call over HTTP, with retries after faults; the key never appears in logs or errors."""

from __future__ import annotations

import base64
import email.utils
import json
import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from micrographia.config import Endpoint
from micrographia.errors import EndpointDownError, EndpointError, UnansweredError
from micrographia.io.endpoint.ledger import Reply
from micrographia.io.endpoint.replies import REFUSALS

LOG = logging.getLogger(__name__)

#: Too early, too many, or the server's own trouble: worth another try.
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529}
#: No call of this run will do better.
_HOPELESS = {401, 402, 404}
#: What servers call a picture or an answer that their rules forbid: asking again changes nothing.
_FORBIDDEN = ("content_policy", "content_filter", "content policy", "moderation", "safety")
#: Longest body that is read [byte].
_MAX_BODY = 16_000_000
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class LostError(Exception):
    """A call that may have reached the model, and brought nothing back."""


class RefusedError(Exception):
    """A call that the server did not serve; `wait` is what it asked for [s]."""

    def __init__(self, words: str, wait: float | None = None) -> None:
        super().__init__(words)
        self.wait = wait


def read_key(name: str | None) -> str | None:
    """Return the key in the environment variable `name`; None for no name.

    Raises
    ------
    EndpointError
        It is not set, or is nothing that a header can hold. The message never shows it.
    """
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if not key:
        raise EndpointError(
            f"The environment variable {name}, which key_env names, is not set",
            remedy=f"export {name}=... in the shell that starts the run, or set key_env: null "
            "for a server that needs no key",
        )
    if len(key) < 8 or not key.isascii() or not key.isprintable() or " " in key:
        raise EndpointError(
            f"The environment variable {name} does not contain a valid key",
            allowed="at least 8 printable ASCII characters without spaces",
            remedy="Set it again, or set key_env: null for a server that needs no key",
        )
    return key


class Redactor:
    """Takes a key out of texts, however it is spelt in them."""

    def __init__(self, key: str | None) -> None:
        self._spellings: list[str] = []
        if key:
            encoded = base64.b64encode(key.encode()).decode().rstrip("=")
            escaped = key.replace("/", "\\/")
            spellings = {key, quote(key, safe=""), encoded, escaped}
            self._spellings = sorted(spellings, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return `text` with `[key]` in place of the key."""
        for spelling in self._spellings:
            text = text.replace(spelling, "[key]")
        return text


class Transport:
    """Sends chat completions to one endpoint; threads share it.

    Parameters
    ----------
    endpoint
        Where to, and how patiently.
    key
        Secret of the header `Authorization`; None for none.
    """

    def __init__(self, endpoint: Endpoint, key: str | None) -> None:
        self._endpoint = endpoint
        self.redact = Redactor(key)
        host = urlsplit(endpoint.base_url).hostname or ""
        local = host in _LOOPBACK or host.startswith("127.")
        if key and endpoint.base_url.startswith("http:") and not local:
            LOG.warning(
                "%s is not encrypted: others on the network can read the key and the pictures",
                host,
            )
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=endpoint.timeout,
            limits=httpx.Limits(max_connections=endpoint.concurrency),
            # What is meant for this machine must not go through a proxy on another.
            trust_env=not local,
        )
        self._url = f"{endpoint.base_url}/chat/completions"
        self._random = random.Random()
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._stopped = threading.Event()
        self._why = ""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(
        self, body: dict[str, Any], begin: Callable[[], int], drop: Callable[[int, bool], None]
    ) -> tuple[int, Reply]:
        """Send a request until it is served; return the number of the call and the reply.

        Parameters
        ----------
        body
            The request.
        begin
            Called before every try: enters it in the ledger, returns its number.
        drop
            Called after a try in vain with its number and whether it may have been charged.

        Raises
        ------
        UnansweredError
            All tries failed, or the server forbids this request.
        EndpointError
            The server does not want this request.
        EndpointDownError
            The server will want no request.
        """
        for attempt in range(self._endpoint.retries + 1):
            self._wait_for_gate()
            number = begin()
            try:
                return number, self._try(body)
            except RefusedError as fault:
                drop(number, False)
                words, asked = str(fault), fault.wait
            except LostError as fault:
                drop(number, True)
                words, asked = str(fault), None
            except BaseException as fault:
                # An interrupted call may have been served.
                drop(number, not isinstance(fault, EndpointError))
                raise
            if attempt < self._endpoint.retries:
                self._back_off(attempt, words, asked)
        raise UnansweredError(
            f"{self._endpoint.base_url} gave no answer in {self._endpoint.retries + 1} tries; "
            f"at last: {words}",
            remedy="Check the server, or raise endpoint.retries and endpoint.timeout; then run "
            "again: what was answered is kept",
        )

    def _back_off(self, attempt: int, words: str, asked: float | None) -> None:
        """Wait: what the server asks for, else twice as long each time, never all at once."""
        endpoint = self._endpoint
        if asked is not None and asked > endpoint.max_retry_after:
            raise UnansweredError(
                f"{endpoint.base_url} asks to wait {asked:.0f} s ({words})",
                allowed=f"at most {endpoint.max_retry_after:g} s (endpoint.max_retry_after)",
                remedy="Run again later, or raise it",
            )
        longest = min(endpoint.max_backoff, endpoint.backoff * 2.0**attempt)
        wait = longest * self._random.uniform(0.5, 1.0)
        if asked is not None:
            wait = asked + 0.1 * wait
            with self._lock:
                # The server means all of us, not only the call that it told.
                self._not_before = max(self._not_before, time.monotonic() + asked)
        LOG.info("%s: %s; next try in %.1f s", endpoint.base_url, words, wait)
        self._sleep(wait)

    def _wait_for_gate(self) -> None:
        with self._lock:
            pause = self._not_before - time.monotonic()
        if pause > 0:
            pause += self._random.uniform(0, 0.1 * self._endpoint.backoff)
        self._sleep(max(pause, 0.0))

    def _sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise EndpointDownError(self._why)

    def stop(self, why: str = "The run was interrupted") -> None:
        """Let all calls that wait for another try end, with one reason for all."""
        with self._lock:
            if not self._stopped.is_set():
                self._why = why
                self._stopped.set()

    def _try(self, body: dict[str, Any]) -> Reply:
        """Make one call; a fault says whether another try is worth it, and who may have paid."""
        try:
            status, headers, raw = self._exchange(body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RefusedError(f"no connection ({self._words(str(error))})") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            name = type(error).__name__
            raise LostError(f"the connection broke ({name}: {self._words(str(error))})") from None
        if status == 200:
            return self._reply(raw)
        words = f"HTTP {status}: {self._words(raw.decode('utf-8', 'replace'))}"
        # An exhausted account answers 429 too, but waiting does not fill it.
        if status in _HOPELESS or b"insufficient_quota" in raw:
            raise EndpointDownError(
                f"{self._endpoint.base_url} refuses all calls ({words})",
                remedy=f"Check base_url, model ('{self._endpoint.model}') and the key in the "
                "environment variable that key_env names; then run again",
            )
        if status in _AGAIN:
            raise RefusedError(words, _retry_after(headers))
        if status == 403 and not any(name in words.lower() for name in _FORBIDDEN):
            # Of the picture, or of the key: if nothing else is answered, the run stops.
            raise UnansweredError(
                f"{self._endpoint.base_url} forbids this request ({words})",
                remedy="Check what the key may do; then run again",
            )
        raise EndpointError(f"{self._endpoint.base_url} does not take this request ({words})")

    def _exchange(self, body: dict[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        """Post and read all of the answer within the timeout, however slowly it comes."""
        deadline = time.monotonic() + self._endpoint.timeout
        raw = bytearray()
        with self._client.stream("POST", self._url, json=body) as response:
            for chunk in response.iter_bytes():
                raw += chunk
                if len(raw) > _MAX_BODY:
                    raise httpx.ReadError(f"the answer is longer than {_MAX_BODY} bytes")
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the answer comes too slowly")
        return response.status_code, response.headers, bytes(raw)

    def _reply(self, raw: bytes) -> Reply:
        """Read the envelope of an answer."""
        try:
            document = json.loads(raw)
            choice = document["choices"][0]
            message = choice["message"]
            content, finish = _words_and_finish(message, choice)
            usage = document.get("usage") or {}
            return Reply(
                # A model can be cut off in the middle of a character.
                self.redact(content.encode("utf-8", "replace").decode()),
                finish,
                _count(usage.get("prompt_tokens")),
                _count(usage.get("completion_tokens")),
            )
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            words = self._words(raw.decode("utf-8", "replace"))
            raise LostError(f"no chat completion ({type(error).__name__}): {words}") from None

    def _words(self, text: str) -> str:
        plain = " ".join(self.redact(text).split())
        return plain if len(plain) <= 200 else plain[:197] + "..."


def _words_and_finish(message: dict[str, Any], choice: dict[str, Any]) -> tuple[str, str]:
    """Return a model's words and why it ended: "refusal" where the server marks them as one.

    OpenAI puts the words of a refusal into `message.refusal`, or into parts of that type; the
    finish reason stays "stop". Gateways to Anthropic hand its `stop_reason` on.
    """
    content, refusal = message.get("content") or "", message.get("refusal") or ""
    if isinstance(content, list):  # some servers answer in parts
        refusal = refusal or "".join(str(part.get("refusal") or "") for part in content)
        content = "".join(str(part.get("text") or "") for part in content)
    ends = [str(choice.get(name) or "").lower() for name in ("finish_reason", "stop_reason")]
    if refusal and not content:
        return str(refusal), "refusal"
    finish = next((end for end in ends if end in REFUSALS), ends[0] or "stop")
    return str(content), finish


def _count(value: Any) -> int | None:
    known = isinstance(value, int | float) and 0 <= value < math.inf
    return int(value) if known else None


def _retry_after(headers: httpx.Headers) -> float | None:
    """Read Retry-After: whole seconds, or a date; None for anything else."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        date = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, date.timestamp() - time.time())
