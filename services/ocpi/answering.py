"""Answers in the envelope, and what each kind of failure says in it."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from services.domain.units import Millis
from services.ocpi.gate import envelope, our_trouble
from services.ocpi.inbound.page_request import BadParameter
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status, failure, success


class Answering:
    """What is said, at which time."""

    def __init__(self, versions: Sequence[str], now_ms: Callable[[], Millis]) -> None:
        self._versions = versions
        self._now_ms = now_ms

    def mount(self, app: FastAPI) -> None:
        app.add_exception_handler(BadParameter, self.bad_parameter)
        app.add_exception_handler(Refusal, self.refused)
        app.add_exception_handler(HTTPException, self.http_error)
        app.add_exception_handler(Exception, self.failed)

    def success(self, data: Any, headers: dict[str, str] | None = None, http_status: int = 200) -> Response:
        return envelope(success(data, self._now_ms()), http_status, headers)

    def bad_parameter(self, _: Request, error: Exception) -> Response:
        """status_codes: no HTTP error for what has reached the OCPI layer."""
        return envelope(failure(Status.INVALID_PARAMETERS, str(error), self._now_ms()))

    def refused(self, _: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        return envelope(failure(error.status, error.message, self._now_ms()), error.http_status)

    def http_error(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status, message = _explained(request.scope["path"], error.status_code, self._versions)
        return envelope(failure(status, message, self._now_ms()), error.status_code, dict(error.headers or {}))

    def failed(self, _: Request, __: Exception) -> Response:
        """ClickHouse or Kafka is away, or there is a mistake of ours; the gate logs which."""
        return our_trouble(self._now_ms())


def _explained(path: str, http_status: int, versions: Sequence[str]) -> tuple[Status, str]:
    """What an HTTP error says in OCPI."""
    version = path.split("/")[2] if path.startswith("/ocpi/") else ""
    if http_status == 405:
        return Status.CLIENT_ERROR, "This method is not served here"
    if version not in ("", "versions", *versions):
        served = ", ".join(versions)
        return Status.UNSUPPORTED_VERSION, f"This version is not served: see /ocpi/versions ({served})"
    if path.endswith("/charging_preferences"):
        return Status.INVALID_PARAMETERS, "No EVSE here takes charging preferences"
    return Status.CLIENT_ERROR, f"Nothing is served here: see /ocpi/{version or 'versions'} for the endpoints"
