"""A token that may charge in one place at a time, at two stations of a running edge."""

from pathlib import Path
from typing import Any

import pytest

from services.domain.events.transaction import TransactionEnded, TransactionStarted
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import V201, call, registered, running, until

pytestmark = pytest.mark.integration


def event(kind: str, transaction_id: str, seq_no: int) -> dict[str, Any]:
    return {
        "eventType": kind,
        "timestamp": "2026-09-21T14:13:20Z",
        "triggerReason": "Authorized",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": transaction_id},
        "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": "VALID1", "type": "ISO14443"},
    }


async def test_a_token_starts_elsewhere_only_after_its_transaction_has_ended(
    own_kafka: KafkaSettings, tmp_path: Path
) -> None:
    kafka = registered(own_kafka, "CP1", "CP2")
    async with (
        running(kafka, tmp_path, tokens_charge_once=True) as edge,
        edge.connect("CP1", (V201,)) as one,
        edge.connect("CP2", (V201,)) as other,
    ):
        in_use = edge.edge.edge.charging_elsewhere

        def charging() -> bool:
            return in_use("wattlog/VALID1", "wattlog/CP2", "t2", 0)

        assert (await call(one, "TransactionEvent", event("Started", "t1", 0)))[2]["idTokenInfo"][
            "status"
        ] == "Accepted"
        await edge.wait_for(TransactionStarted)
        await until(charging)
        again = await call(one, "TransactionEvent", event("Started", "t1", 0), "again")
        assert again[2]["idTokenInfo"]["status"] == "Accepted"
        refused = await call(other, "TransactionEvent", event("Started", "t2", 0))
        assert refused[2]["idTokenInfo"]["status"] == "ConcurrentTx"
        await call(one, "TransactionEvent", event("Ended", "t1", 1), "end")
        await edge.wait_for(TransactionEnded)
        await until(lambda: not charging())
        later = await call(other, "TransactionEvent", event("Started", "t3", 0), "later")
        assert later[2]["idTokenInfo"]["status"] == "Accepted"
