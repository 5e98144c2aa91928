"""What CPOs say about our commands, in all the ways in which they say it."""

from typing import Any

import pytest

from services.ocpi.inbound.answered_commands import UNREADABLE, Said, response, result
from services.ocpi.inbound.refusal import Refusal

SORRY = [{"language": "en", "text": "The station is away"}]


class TestResponse:
    @pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
    def test_is_the_answer_at_once(self, version: str) -> None:
        assert response({"result": "ACCEPTED", "timeout": 30}, version) == Said("ACCEPTED", "")
        assert response({"result": "REJECTED", "timeout": 30}, version).result == "REJECTED"

    def test_comes_with_what_is_said(self) -> None:
        assert response({"result": "REJECTED", "message": SORRY}, "2.2.1") == Said(
            "REJECTED", "The station is away"
        )

    @pytest.mark.parametrize("data", [None, [], "ACCEPTED", {}, {"result": 5}])
    def test_without_a_result_is_unreadable(self, data: Any) -> None:
        assert response(data, "2.2.1").result == UNREADABLE


class TestResult:
    @pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
    def test_is_the_body_or_in_an_envelope(self, version: str) -> None:
        assert result({"result": "REJECTED"}, version) == Said("REJECTED", "")
        assert result({"data": {"result": "REJECTED"}, "status_code": 1000}, version) == Said("REJECTED", "")

    @pytest.mark.parametrize("body", [None, [], "ACCEPTED", {}, {"data": None}, {"data": {"result": []}}])
    def test_is_refused_when_there_is_none(self, body: Any) -> None:
        with pytest.raises(Refusal, match="no result"):
            result(body, "2.2.1")
