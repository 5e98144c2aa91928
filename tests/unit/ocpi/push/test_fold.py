"""What happens, as what each partner is to be told of it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.domain.events.cdr import Cdr, CdrCredited, CdrHeld, CdrIssued
from services.domain.events.common import CdrStatus, Evse, IdToken
from services.domain.events.delivery import PushQueued
from services.domain.events.partner import Partner
from services.domain.events.station import Station
from services.domain.events.tariff import EnergyPriceAnnounced
from services.ocpi.inbound.clients import Standing
from services.ocpi.push.fold import Audience, Known, fold
from services.ocpi.wire.parties import Party
from services.runtime.codec import Codec
from tests.unit.ocpi.facts import (
    END,
    START,
    TENANT,
    connection,
    connector_status,
    detail,
    location,
    session,
    station,
    station_status,
    tariff,
)
from tests.unit.ocpi.push.facts import receiving

CODEC = Codec()
TNM = Party("NL", "TNM")
OTHER = receiving(partner_id="DE-XYZ", country_code="DE", party_id="XYZ")


class World:
    """A fold with its states, and who there is."""

    def __init__(
        self,
        *partners: Partner,
        owner: Party | None = TNM,
        registered: Callable[[], Station | None] = station,
        standing: Standing = Standing.HERE,
    ) -> None:
        self.states: dict[str, Known] = {}
        self._audience = Audience(
            lambda: list(partners or (receiving(),)), lambda *_: owner, lambda *_: registered(), lambda _: standing
        )

    def pushes(self, event: Any) -> list[PushQueued]:
        changes = fold(self._audience, CODEC.encode, self.states.get, event)
        self.states.update({key: state for key, state in changes.states.items() if state is not None})
        assert all(isinstance(one, PushQueued) for one in changes.events)
        return list(changes.events)  # type: ignore[arg-type]


def announced(**changes: Any) -> EnergyPriceAnnounced:
    known = EnergyPriceAnnounced(
        event_id="e", tenant=TENANT, tariff_id="T1", starts_at=END, ends_at=END + 900_000,
        energy_price_per_kwh=Decimal("0.2"), recorded_at=START,
    )  # fmt: skip
    return replace(known, **changes)


class TestPrice:
    def test_changes_its_tariff_when_it_begins_and_when_it_ends(self) -> None:
        begins, ends = World().pushes(announced())
        assert {(one.module, one.object_id) for one in (begins, ends)} == {("tariffs", "T1")}
        assert [one.changed_at for one in (begins, ends)] == [END, END + 900_000]
        assert begins.push_id != ends.push_id

    def test_that_comes_late_changes_it_at_once(self) -> None:
        begins, ends = World().pushes(announced(recorded_at=END + 5))
        assert (begins.changed_at, ends.changed_at) == (END + 5, END + 900_000)

    def test_of_one_place_is_not_told(self) -> None:
        assert World().pushes(announced(location_id="L1")) == []


def issued(**changes: Any) -> CdrIssued:
    known = detail(**changes)
    return CdrIssued(event_id="e1", tenant=TENANT, cdr_id=known.cdr_id, detail=known, issued_at=END)


class TestSessions:
    def test_are_told_to_the_provider_of_their_token_as_they_stand(self) -> None:
        (queued,) = World(receiving(), OTHER).pushes(session())
        assert (queued.partner_id, queued.module, queued.object_id) == ("NL-TNM", "sessions", session().session_id)
        assert (queued.version, queued.changed_at) == (session().version, session().updated_at)
        assert CODEC.decode(queued.state or b"") == session()

    def test_of_tokens_that_nobody_knows_are_nobodys(self) -> None:
        assert World(owner=None).pushes(session()) == []
        assert World().pushes(session(id_token=None)) == []

    def test_give_the_same_id_whenever_they_are_read(self) -> None:
        first, again = World().pushes(session()), World().pushes(session())
        assert first[0].push_id == again[0].push_id
        assert World().pushes(session(version=3))[0].push_id != first[0].push_id

    def test_of_tokens_with_strange_ids_do_no_harm(self) -> None:
        assert len(World().pushes(session(id_token=IdToken(value="../\x00/ü")))) == 1


class TestRecords:
    def test_are_told_to_whom_their_contract_names(self) -> None:
        (queued,) = World(receiving(), OTHER, owner=None).pushes(issued())
        assert (queued.partner_id, queued.module, queued.object_id) == ("NL-TNM", "cdrs", detail().cdr_id)
        state = CODEC.decode(queued.state or b"")
        assert isinstance(state, Cdr)
        assert (state.status, state.detail, state.updated_at) == (CdrStatus.ISSUED, detail(), END)

    def test_without_a_contract_are_nobodys(self) -> None:
        assert World().pushes(issued(contract_id=None)) == []

    def test_that_are_held_are_nobodys(self) -> None:
        known = detail()
        held = CdrHeld(event_id="e", tenant=TENANT, cdr_id="c", detail=known, reason="x", held_at=END)
        assert World().pushes(held) == []

    def test_that_take_another_back_are_records_of_their_own(self) -> None:
        taken = detail(cdr_id="credit", credit=True, credit_reference_id=detail().cdr_id)
        event = CdrCredited(
            event_id="e2",
            tenant=TENANT,
            cdr_id="credit",
            detail=taken,
            credited_cdr_id=detail().cdr_id,
            reason="differs",
            credited_at=END + 5,
        )
        (queued,) = World().pushes(event)
        assert (queued.object_id, queued.changed_at) == ("credit", END + 5)


class TestLocations:
    def test_and_tariffs_are_everybodys(self) -> None:
        world = World(receiving(), OTHER)
        places, prices = world.pushes(location()), world.pushes(tariff())
        assert [(one.partner_id, one.object_id) for one in places] == [("NL-TNM", "LOC-1"), ("DE-XYZ", "LOC-1")]
        assert [(one.module, one.object_id, one.part) for one in prices] == [("tariffs", "AC-2026", "")] * 2
        assert all(one.state is None for one in (*places, *prices))

    def test_change_with_their_stations(self) -> None:
        (queued,) = World().pushes(station())
        assert (queued.object_id, queued.part, queued.station_id) == ("LOC-1", "", "DE-WAT-0001")

    def test_are_two_when_a_station_has_moved(self) -> None:
        world = World()
        world.pushes(station())
        moved = world.pushes(station(location_id="LOC-2", updated_at=START + 1))
        assert sorted(one.object_id for one in moved) == ["LOC-1", "LOC-2"]
        gone = world.pushes(station(location_id=None, updated_at=START + 2))
        assert [one.object_id for one in gone] == ["LOC-2"]

    def test_do_not_change_with_a_station_that_stands_nowhere(self) -> None:
        nowhere = station(location_id=None)
        assert World().pushes(nowhere) == []
        assert World(registered=lambda: nowhere).pushes(station_status()) == []
        assert World(registered=lambda: None).pushes(connection()) == []


class TestStatuses:
    def test_are_told_by_evse(self) -> None:
        (queued,) = World().pushes(station_status())
        assert (queued.object_id, queued.part) == ("LOC-1", "DE*WAT*E0001*1")
        assert queued.cause == "station.status.v1.StationStatus"

    def test_that_were_told_before_are_not_told_again(self) -> None:
        world = World()
        world.pushes(station_status())
        assert world.pushes(station_status(connector_status(at=START + 90_000))) == []
        assert len(world.pushes(station_status(connector_status(status="Occupied", at=START + 90_001)))) == 1

    def test_of_one_evse_do_not_concern_the_others(self) -> None:
        two = station(evses=(Evse(evse_id=1, evse_uid="E1"), Evse(evse_id=2, evse_uid="")))
        world = World(registered=lambda: two)
        both = world.pushes(station_status(connector_status(1), connector_status(2)))
        assert [one.part for one in both] == ["E1", "DE-WAT-0001-2"]
        changed = world.pushes(station_status(connector_status(1), connector_status(2, "Faulted")))
        assert [one.part for one in changed] == ["DE-WAT-0001-2"]

    def test_of_the_whole_station_concern_all(self) -> None:
        two = station(evses=(Evse(evse_id=1, evse_uid="E1"), Evse(evse_id=2, evse_uid="E2")))
        told = World(registered=lambda: two).pushes(station_status(connector_status(0, "Unavailable")))
        assert [one.part for one in told] == ["E1", "E2"]

    def test_change_when_the_station_goes_and_comes(self) -> None:
        world = World()
        assert len(world.pushes(connection())) == 1
        assert world.pushes(connection(epoch=2, since=START + 40_000)) == []
        assert len(world.pushes(connection(connected=False, since=START + 50_000))) == 1


class TestPartners:
    def test_of_another_tenant_are_told_nothing(self) -> None:
        assert World(receiving(tenant="somebody-else")).pushes(location()) == []

    def test_are_told_what_they_have_endpoints_for(self) -> None:
        only = receiving(endpoints=tuple(one for one in receiving().endpoints if one.module == "cdrs"))
        assert World(only).pushes(location()) == []
        assert len(World(only).pushes(issued())) == 1

    def test_that_are_suspended_are_told_later(self) -> None:
        assert len(World(receiving(enabled=False)).pushes(issued())) == 1

    def test_that_have_not_registered_or_have_ended_it_are_told_nothing(self) -> None:
        strangers = [
            receiving(registration="ENDED"),
            receiving(sealed_token=""),
            receiving(version="", registration="INVITED"),
        ]
        assert World(*strangers).pushes(location()) == []

    def test_that_exchange_credentials_again_miss_nothing(self) -> None:
        again = receiving(registration="INVITED")
        assert len(World(again, replace(again, registered_at=END + 1_000)).pushes(issued())) == 2

    def test_pull_what_was_long_before_they_registered(self) -> None:
        assert World(receiving(registered_at=END + 86_400_001)).pushes(issued()) == []

    def test_of_events_that_are_nobodys_business_hear_nothing(self) -> None:
        assert World().pushes(receiving()) == []


class TestHubs:
    @pytest.mark.parametrize(("standing", "told"), [(Standing.HERE, 1), (Standing.AWAY, 1), (Standing.NEVER, 0)])
    def test_have_those_told_who_are_there_or_will_be(self, standing: Standing, told: int) -> None:
        world = World(receiving(hub="NL-HUB"), standing=standing)
        assert len(world.pushes(session())) == told

    def test_are_told_in_place_of_who_is_behind_them(self) -> None:
        hub = receiving(partner_id="NL-HUB", party_id="HUB", role="HUB")
        world = World(hub, receiving(hub="NL-HUB"))
        assert [one.partner_id for one in world.pushes(location())] == ["NL-HUB"]
        assert [one.partner_id for one in world.pushes(session())] == ["NL-TNM"]
