"""What cases of OCPP 2.0.1 share beside the reusable states: booting, and transactions that become sessions."""

from dataclasses import dataclass
from typing import Any, Final

from services.domain.events.session import Session
from tests.conformance.reusable_states import Charging, connector_is, sampled
from tests.conformance.stations import Station
from tests.integration.ocpp_case import until
from tests.scenarios.story import sessions_run

START_WH: Final = 1000
WH_PER_MESSAGE: Final = 100
"""The register at the n-th message of a transaction is START_WH + n * WH_PER_MESSAGE."""

_CONTEXT: Final = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}
_STEP_S: Final = 10


def id_token(uid: str) -> dict[str, str]:
    """IdTokenType of a card."""
    return {"idToken": uid, "type": "ISO14443"}


async def boot(station: Station, reason: str = "PowerUp") -> dict[str, Any]:
    """BootNotification, and its answer."""
    said = {"reason": reason, "chargingStation": {"vendorName": "Vendor", "model": "Model"}}
    return await station.call("BootNotification", said)


async def connectors_are(station: Station, *statuses: str) -> None:
    """The station tells how its connectors are: by default both available."""
    for evse_id, status in enumerate(statuses or ("Available", "Available"), 1):
        await connector_is(station, status, evse_id)


async def authorize(station: Station, uid: str) -> dict[str, Any]:
    """IdTokenInfoType that Authorize is answered by."""
    info: dict[str, Any] = (await station.call("Authorize", {"idToken": id_token(uid)}))["idTokenInfo"]
    return info


@dataclass
class Metered(Charging):
    """A transaction with the register in each message."""

    sent: int = 0

    async def tell(self, trigger: str, kind: str = "Updated", **more: Any) -> dict[str, Any]:
        number = self.seq_no + 1
        reading = START_WH + number * WH_PER_MESSAGE
        context = _CONTEXT.get(kind, "Sample.Periodic")
        self.sent += 1
        metered = {"meterValue": [sampled(context, reading, self.begins_s + number * _STEP_S)]}
        return await super().tell(trigger, kind, **(metered | more))

    async def event(
        self, trigger: str, kind: str = "", *, token: str = "", state: str = "", stopped: str = "", **more: Any
    ) -> dict[str, Any]:
        """A TransactionEvent, by default Started first and Updated then; its answer."""
        self.charging_state = state or self.charging_state
        info = more.pop("info", {}) | ({"stoppedReason": stopped} if stopped else {})
        said = {"idToken": id_token(token)} if token else {}
        return await self.tell(trigger, kind or self.next_kind, info=info, **said, **more)

    async def ended(self, trigger: str, stopped: str, **more: Any) -> dict[str, Any]:
        """The last TransactionEvent; its answer."""
        return await self.event(trigger, "Ended", stopped=stopped, **more)

    async def session(self) -> Session:
        """The session that what Kafka has of it, all that was sent, is folded to."""
        await until(lambda: len(self.events()) == self.sent)
        run = sessions_run()
        run.take(*self.events())
        (found,) = run.latest(Session).values()
        assert isinstance(found, Session)
        return found

    async def runs(self, state: str) -> None:
        """Its session is going on in this state, on its connector, at its token's cost, with nothing doubtful."""
        session = await self.session()
        assert (session.status, session.charging_state, session.quality_flags) == ("ACTIVE", state, ())
        assert (session.evse_id, session.connector_id) == (self.evse_id, 1)
        self.is_paid(session)

    async def is_over(self, reason: str) -> None:
        """Its session is complete and has all of the energy, with nothing doubtful."""
        session = await self.session()
        assert (session.status, session.stopped_reason, session.quality_flags) == ("COMPLETED", reason, ())
        assert (session.evse_id, session.connector_id) == (self.evse_id, 1)
        last = max(event.seq_no for event in self.events())
        assert (session.meter_start_wh, session.energy_wh) == (START_WH, last * WH_PER_MESSAGE)
        self.is_paid(session)

    def is_paid(self, session: Session) -> None:
        """By the token that it was started with, whoever ended it."""
        assert session.id_token is not None
        assert session.id_token.value == self.token["idToken"]
