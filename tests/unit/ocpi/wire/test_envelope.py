"""Answers have the envelope of the specification."""

import json
from decimal import Decimal

from services.ocpi.wire.envelope import Status, failure, success

NOW = 1_790_000_000_000


class TestSuccess:
    def test_carries_data_code_and_time(self) -> None:
        assert json.loads(success([1], NOW)) == {
            "data": [1],
            "status_code": 1000,
            "timestamp": "2026-09-21T14:13:20.000Z",
        }

    def test_writes_decimals_as_numbers(self) -> None:
        assert b'"kwh":10.987,' in success({"kwh": Decimal("10.987"), "b": 1}, NOW)

    def test_keeps_digits_that_a_float_would_lose(self) -> None:
        assert b"123456789012345.1234" in success(Decimal("123456789012345.1234"), NOW)

    def test_keeps_an_empty_list(self) -> None:
        assert json.loads(success([], NOW))["data"] == []


class TestFailure:
    def test_has_no_data(self) -> None:
        assert json.loads(failure(Status.INVALID_PARAMETERS, "limit is wrong", NOW)) == {
            "status_code": 2001,
            "status_message": "limit is wrong",
            "timestamp": "2026-09-21T14:13:20.000Z",
        }
