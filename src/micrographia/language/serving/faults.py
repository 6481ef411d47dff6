"""What is wrong with a request, in the shape that OpenAI's clients read."""

from __future__ import annotations

from typing import Any


class RequestError(Exception):
    """A request that is not served, and why.

    Parameters
    ----------
    status
        Of HTTP, 4xx or 5xx.
    message
        One or two sentences: what is wrong and what to do.
    code
        Word for programs.
    param
        Which part of the request is wrong.
    """

    def __init__(self, status: int, message: str, code: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param

    def body(self) -> dict[str, Any]:
        """Return the body of the answer."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        kind = "rate_limit_error" if self.status == 429 else kind
        return {
            "error": {
                "message": self.message, "type": kind, "param": self.param, "code": self.code
            }
        }  # fmt: skip


def bad(message: str, code: str, param: str | None = None) -> RequestError:
    """Return the error of a request that is wrong by itself."""
    return RequestError(400, message, code, param)
