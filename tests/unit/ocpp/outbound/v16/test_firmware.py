"""UpdateFirmware and SignedUpdateFirmware of OCPP 1.6."""

from typing import Any

import pytest

from tests.unit.ocpp.outbound.v16.telling import refused, told

WHEN, WHERE = "2026-09-21T14:13:20Z", "https://firmware.example/2.bin"
FIRMWARE = {"location": WHERE, "retrieveDateTime": WHEN}
SIGNED = FIRMWARE | {"installDateTime": WHEN, "signature": "c2ln", "signingCertificate": "-----BEGIN"}
RETRIES = {"retries": 3, "retryInterval": 60}


class TestUpdateFirmware:
    def test_is_plain_when_there_is_no_signature(self) -> None:
        payload = {"requestId": 1, "firmware": FIRMWARE | {"installDateTime": WHEN}, **RETRIES}
        assert told("UpdateFirmware", payload) == (
            "UpdateFirmware",
            {"location": WHERE, "retrieveDate": WHEN, **RETRIES},
        )

    @pytest.mark.parametrize("left_out", ["signature", "signingCertificate"])
    def test_is_plain_when_the_signature_is_not_whole(self, left_out: str) -> None:
        half = {name: value for name, value in SIGNED.items() if name != left_out}
        action, payload = told("UpdateFirmware", {"requestId": 1, "firmware": half})
        assert (action, payload) == ("UpdateFirmware", {"location": WHERE, "retrieveDate": WHEN})

    @pytest.mark.parametrize("retries", [{}, RETRIES])
    def test_is_signed_when_there_is_one(self, retries: dict[str, Any]) -> None:
        payload = {"requestId": 1, "firmware": SIGNED, **retries}
        assert told("UpdateFirmware", payload) == ("SignedUpdateFirmware", payload)

    @pytest.mark.parametrize(
        ("operation", "payload"),
        [
            ("UpdateFirmware", {"location": WHERE, "retrieveDate": WHEN}),
            ("SignedUpdateFirmware", {"requestId": 1, "firmware": SIGNED}),
        ],
    )
    def test_takes_the_words_of_1_6(self, operation: str, payload: dict[str, Any]) -> None:
        assert told(operation, payload) == (operation, payload)

    def test_cannot_say_a_signature_that_is_too_long(self) -> None:
        long = {"requestId": 1, "firmware": SIGNED | {"signature": "x" * 801}}
        assert "firmware.signature does not fit" in refused("UpdateFirmware", long)
