"""The application: routes, limits, and answers in the shape of OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from micrographia.config import Serve
from micrographia.errors import MicrographiaError
from micrographia.language.grounding.assistant import Assistant
from micrographia.language.serving.faults import RequestError, bad
from micrographia.language.serving.forms import as_json, attributes, verdicts
from micrographia.language.serving.messages import MODEL, Call, read_call
from micrographia.language.serving.pictures import Pictures

LOG = logging.getLogger(__name__)
Result = TypeVar("Result")

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CREATED = 1_790_000_000
_OFFERED = "POST /v1/chat/completions, GET /v1/models and GET /health"


class Desk:
    """Takes requests, answers one at a time, and turns away what is too much.

    Parameters
    ----------
    assistant
        Answers questions.
    pictures
        Opens pictures.
    settings
        Limits.
    """

    def __init__(self, assistant: Assistant, pictures: Pictures, settings: Serve) -> None:
        self._assistant, self._pictures, self._settings = assistant, pictures, settings
        self._taken = 0
        # A wrong request must not wait until another's picture is measured.
        self._door = ThreadPoolExecutor(1, "read")
        self._bench = ThreadPoolExecutor(1, "answer")

    async def complete(self, request: Request) -> tuple[Call, str]:
        """Read a request and answer it; raises RequestError."""
        if self._taken >= self._settings.parallel:
            raise RequestError(
                429, f"{self._taken} requests are being served: try again.", "too_many_requests"
            )
        self._taken += 1
        held: list[Future[Any]] = []
        try:
            call = await self._read(request, held)
            return call, await self._run(self._bench, held, lambda: self._answer(call))
        finally:
            # What is still computed for a caller who waited too long holds its place.
            pending = [one for one in held if not one.done()]
            loop = asyncio.get_running_loop()
            for one in pending[-1:]:
                one.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
            if not pending:
                self._leave()

    def _leave(self) -> None:
        self._taken -= 1

    async def _read(self, request: Request, held: list[Future[Any]]) -> Call:
        body = await _body(request, self._settings)
        return await self._run(self._door, held, lambda: read_call(body, self._settings))

    async def _run(
        self, pool: ThreadPoolExecutor, held: list[Future[Any]], work: Callable[[], Result]
    ) -> Result:
        future = pool.submit(work)
        held.append(future)
        waiting = asyncio.wrap_future(future)
        try:
            return await asyncio.wait_for(asyncio.shield(waiting), self._settings.timeout)
        except TimeoutError:
            future.cancel()
            raise RequestError(
                503, f"No answer within {self._settings.timeout:g} s: try again.", "timeout"
            ) from None

    def _answer(self, call: Call) -> str:
        picture, path = self._pictures.open(call.picture, call.pixel_size_nm)
        if call.form == "attributes":
            return as_json(attributes(picture))
        if call.form == "verdicts":
            found = verdicts(picture, call.question)
            if found is None:
                raise bad("The question quotes no nine attributes to judge.", "nothing_to_judge")
            return as_json(found)
        answer = self._assistant.ask(picture, path, call.question, call.before)
        if call.form == "answer":
            return as_json({"answer": answer.text, "refused": answer.refused})
        return answer.text


async def _body(request: Request, settings: Serve) -> bytes:
    """Read the body within the limits of size and time."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # Also keeps web pages of others out: a browser asks before it sends this type.
        raise RequestError(415, "The content type must be application/json.", "bad_content_type")
    stated = request.headers.get("content-length", "")
    most = settings.max_bytes
    if stated.isdecimal() and int(stated[:18]) > most:
        raise _too_large(most)
    found = bytearray()

    async def read() -> None:
        async for chunk in request.stream():
            found.extend(chunk)
            if len(found) > most:
                raise _too_large(most)

    try:
        await asyncio.wait_for(read(), settings.body_timeout)
    except ClientDisconnect:
        raise bad("The request broke off.", "cut_off") from None
    except TimeoutError:
        raise RequestError(
            408, f"The request did not arrive within {settings.body_timeout:g} s.", "slow_request"
        ) from None
    return bytes(found)


def _too_large(most: int) -> RequestError:
    return RequestError(413, f"The request is larger than {most} bytes.", "too_large")


def make_app(assistant: Assistant, pictures: Pictures, settings: Serve) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    assistant
        Answers questions.
    pictures
        Opens pictures.
    settings
        Address and limits.
    """
    app = FastAPI(title="Micrographia", docs_url=None, redoc_url=None, openapi_url=None)
    desk = Desk(assistant, pictures, settings)
    _handle_errors(app)

    @app.middleware("http")
    async def own_host(request: Request, call_next: Any) -> Response:
        host = request.url.hostname or ""
        if settings.host in _LOOPBACK and host not in _LOOPBACK:
            # A web page whose name was made to point here (DNS rebinding).
            fault = RequestError(403, "This server answers this machine alone.", "bad_host")
            return JSONResponse(fault.body(), fault.status)
        response: Response = await call_next(request)
        return response

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [_model()]}

    @app.get("/v1/models/{name}")
    async def model(name: str) -> dict[str, Any]:
        if name != MODEL:
            raise RequestError(404, f"This server offers '{MODEL}' alone.", "model_not_found")
        return _model()

    @app.post("/v1/chat/completions", response_model=None)
    async def chat(request: Request) -> Response:
        call, text = await desk.complete(request)
        if call.stream:
            return StreamingResponse(_events(text), media_type="text/event-stream")
        return JSONResponse(_completion(text, call))

    return app


def _handle_errors(app: FastAPI) -> None:
    def answer(fault: RequestError) -> JSONResponse:
        headers = {"Retry-After": "1"} if fault.status in (429, 503) else None
        return JSONResponse(fault.body(), fault.status, headers)

    async def known(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestError)
        return answer(error)

    async def of_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        told = f"{error.detail}: this server offers {_OFFERED}."
        code = "not_allowed" if error.status_code == 405 else "not_found"
        return answer(RequestError(error.status_code, told, code))

    async def of_input(_: Request, error: Exception) -> JSONResponse:
        return answer(RequestError(400, str(error), "not_answered"))

    async def unknown(_: Request, error: Exception) -> JSONResponse:
        LOG.error("A request failed", exc_info=error)
        return answer(RequestError(500, "The server failed: see its log.", "internal_error"))

    app.add_exception_handler(RequestError, known)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(MicrographiaError, of_input)
    app.add_exception_handler(Exception, unknown)


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": _CREATED, "owned_by": MODEL}


def _completion(text: str, call: Call) -> dict[str, Any]:
    # Tokens are those of other models; words stand for them, so that a bill is not zero.
    sent, got = len(call.question.split()), len(text.split())
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex[:24]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got},
    }


async def _events(text: str) -> AsyncIterator[str]:
    for piece in _pieces(text):
        yield f"data: {json.dumps(piece)}\n\n"
    yield "data: [DONE]\n\n"


def _pieces(text: str) -> Iterator[dict[str, Any]]:
    head = {
        "id": f"chatcmpl-{uuid.uuid4().hex[:24]}",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": MODEL,
    }
    for delta, finish in (({"role": "assistant", "content": text}, None), ({}, "stop")):
        yield head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
