"""What a station has accepted for its transactions is remembered while they last."""

from typing import Any

import orjson
import pytest

from services.ocpp.offers import Offers
from services.ocpp.wire.faults import V16, V21, V201


def said(evse_id: int = 1, transaction_id: str | None = "t1", purpose: str = "TxProfile") -> str:
    profile: dict[str, Any] = {"id": 1, "chargingProfilePurpose": purpose}
    if transaction_id is not None:
        profile["transactionId"] = transaction_id
    return orjson.dumps({"evseId": evse_id, "chargingProfile": profile}).decode()


class TestOffers:
    @pytest.mark.parametrize("protocol", [V201, V21])
    def test_are_known_by_evse(self, protocol: str) -> None:
        offers = Offers()
        offers.accepted(said(1, "t1"), protocol)
        offers.accepted(said(2, "t2"), protocol)
        assert {evse: profile["transactionId"] for evse, profile in offers.by_evse().items()} == {1: "t1", 2: "t2"}

    def test_are_the_last_ones(self) -> None:
        offers = Offers()
        offers.accepted(said(1, "t1"), V201)
        offers.accepted(said(1, "t2"), V201)
        assert offers.by_evse()[1]["transactionId"] == "t2"

    @pytest.mark.parametrize("purpose", ["TxDefaultProfile", "ChargingStationMaxProfile"])
    def test_are_not_other_profiles(self, purpose: str) -> None:
        offers = Offers()
        offers.accepted(said(purpose=purpose), V201)
        assert offers.by_evse() == {}

    def test_are_none_of_1_6(self) -> None:
        offers = Offers()
        offers.accepted('{"connectorId": 1, "csChargingProfiles": {}}', V16)
        assert offers.by_evse() == {}

    def test_end_with_their_transaction(self) -> None:
        offers = Offers()
        offers.accepted(said(1, "t1"), V201)
        offers.accepted(said(2, "t2"), V201)
        offers.accepted(said(3, None), V201)
        offers.ended("t1")
        offers.ended("t9")
        assert list(offers.by_evse()) == [2, 3]

    def test_are_bounded(self) -> None:
        offers = Offers()
        for evse_id in range(1, 150):
            offers.accepted(said(evse_id), V201)
        assert list(offers.by_evse()) == list(range(50, 150))
