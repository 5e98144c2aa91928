"""Refusals as RFC 9457 has them: `application/problem+json` with a sentence that says what to do."""

from http import HTTPStatus
from typing import Any, Final

import orjson

MEDIA_TYPE: Final = "application/problem+json"


class Problem(Exception):
    """A request that is not done, with its HTTP status. `more` is shown next to the sentence."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = more


def body(problem: Problem) -> bytes:
    """The answer's body."""
    told = {"title": HTTPStatus(problem.status).phrase, "status": problem.status, "detail": problem.detail}
    return orjson.dumps(told | problem.more)
