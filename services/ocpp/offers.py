"""What a station was last told about the charging of each transaction, so that an EV's own plan can be checked."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from services.ocpp.wire.faults import V21, V201

_MAX_EVSES: Final = 100


class Offers:
    """The TxProfiles that a station has accepted on this connection, but for those of ended transactions."""

    __slots__ = ("_profiles",)

    def __init__(self) -> None:
        self._profiles: dict[int, dict[str, Any]] = {}

    def by_evse(self) -> Mapping[int, dict[str, Any]]:
        """ChargingProfileType by EVSE id."""
        return self._profiles

    def accepted(self, payload_json: str, protocol: str) -> None:
        """The station has accepted a SetChargingProfile, which fits its schema. 1.6 knows no plans of EVs."""
        if protocol not in (V201, V21):
            return
        payload = orjson.loads(payload_json)
        profile = payload["chargingProfile"]
        if profile["chargingProfilePurpose"] != "TxProfile":
            return
        self._profiles.pop(payload["evseId"], None)
        self._profiles[payload["evseId"]] = profile
        if len(self._profiles) > _MAX_EVSES:
            del self._profiles[next(iter(self._profiles))]

    def ended(self, transaction_id: str) -> None:
        """A transaction is over, and what was said about it."""
        over = [evse for evse, profile in self._profiles.items() if profile.get("transactionId") == transaction_id]
        for evse_id in over:
            del self._profiles[evse_id]
