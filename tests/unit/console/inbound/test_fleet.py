"""What a request to ask many stations becomes, or why it is refused."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.console.inbound import fleet
from services.console.wire.problems import Problem
from services.domain.events.common import FleetStatus
from services.domain.events.fleet import FleetOperation, FleetRequested, FleetStationsNamed
from services.domain.events.station import Station
from tests.unit.console.facts import NOW, boot, operator, station

REGISTRY = {one.key: one for one in (station("CP1"), station("CP2"), station("CP3", tenant="other"))}
GOOD: dict[str, Any] = {"operation": "ClearCache", "stations": ["CP2", "CP1", "CP2"]}


def begun(order: dict[str, Any], registry: dict[str, Station] | None = None) -> tuple[FleetRequested, list[Any]]:
    stations = fleet.Stations(
        REGISTRY if registry is None else registry, lambda key: boot() if "CP1" in key else None
    )
    return fleet.begin(fleet.order_of(orjson.dumps(order)), operator(), stations, "key", NOW)


def state(status: FleetStatus) -> FleetOperation:
    requested, _ = begun(GOOD)
    record = {name: value for name, value in requested.to_record().items() if name != "event_id"}
    return FleetOperation(**record, status=status, updated_at=NOW)


class TestBegin:
    def test_names_each_station_once_in_the_order_given(self) -> None:
        requested, events = begun(GOOD)
        assert events[0] == requested
        assert (events[1].station_ids, requested.stations_total) == (("CP2", "CP1"), 2)
        assert requested.deadline_at == NOW + 86_400_000
        assert {event.key for event in events} == {requested.key}

    def test_chooses_by_selector_among_the_tenants_stations(self) -> None:
        _, events = begun({"operation": "ClearCache", "selector": {"all": True}})
        assert events[1].station_ids == ("CP1", "CP2")
        _, events = begun({"operation": "ClearCache", "selector": {"firmware": "1.4"}})
        assert events[1].station_ids == ("CP1",)

    def test_names_thousands_in_parts(self) -> None:
        many = {one.key: one for one in (station(f"CP{number:05}") for number in range(4001))}
        requested, events = begun({"operation": "ClearCache", "selector": {"all": True}}, many)
        named = [event for event in events if isinstance(event, FleetStationsNamed)]
        assert [len(event.station_ids) for event in named] == [2000, 2000, 1]
        assert len({event.event_id for event in events}) == 4
        assert requested.stations_total == 4001

    def test_is_the_same_for_the_same_key(self) -> None:
        requested, _ = begun(GOOD)
        assert requested == begun(GOOD)[0]
        assert fleet.same_order(requested, requested)
        assert not fleet.same_order(requested, replace(requested, payload_json='{"a":1}'))

    @pytest.mark.parametrize(("pace_per_s", "per_minute"), [(0.001, 1), (0.5, 30), (1000, 60_000)])
    def test_keeps_the_pace_in_whole_numbers(self, pace_per_s: float, per_minute: int) -> None:
        assert begun(GOOD | {"pace_per_s": pace_per_s})[0].pace_per_minute == per_minute

    @pytest.mark.parametrize(
        ("order", "said"),
        [
            ({"operation": "ClearCache"}, "either"),
            (GOOD | {"selector": {"all": True}}, "either"),
            (
                GOOD | {"stations": ["CP1", "CP3", "CP4"]},
                "2 of the stations are not registered, e.g. 'CP3', 'CP4'",
            ),
            (GOOD | {"stations": []}, "no station"),
            ({"operation": "ClearCache", "selector": {}}, "names nothing"),
            ({"operation": "ClearCache", "selector": {"model": "none"}}, "no station"),
            (GOOD | {"operation": "Explode"}, "no operation"),
            (GOOD | {"operation": "Reset"}, "payload does not fit Reset"),
            (GOOD | {"max_in_flight": 0}, "$.max_in_flight"),
            (GOOD | {"deadline_s": 7 * 86_400}, "$.deadline_s"),
            (GOOD | {"timeout_s": "30"}, "$.timeout_s"),
            (GOOD | {"if_offline": "refuse"}, "$.if_offline"),
            (GOOD | {"more": 1}, "more"),
        ],
    )
    def test_is_refused_with_the_reason(self, order: dict[str, Any], said: str) -> None:
        with pytest.raises(Problem) as refused:
            begun(order)
        assert refused.value.status == 422
        assert said in refused.value.detail

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"\xff", b'{"payload": {"a": NaN}}', b'{"payload": ' + b"[" * 90_000]
    )
    def test_is_refused_when_it_is_not_json(self, body: bytes) -> None:
        with pytest.raises(Problem) as refused:
            fleet.order_of(body)
        assert refused.value.status in (400, 422)

    def test_is_refused_for_numbers_that_json_of_ours_cannot_say(self) -> None:
        with pytest.raises(Problem, match="payload") as refused:
            fleet.order_of(b'{"operation": "Reset", "payload": {"a": ' + b"9" * 40 + b"}}")
        assert refused.value.status == 422

    def test_has_an_example_that_works(self) -> None:
        assert fleet.order_of(orjson.dumps(fleet.EXAMPLE)).operation == "UpdateFirmware"


class TestStopAndResume:
    def test_change_what_is_running_and_what_is_stopped(self) -> None:
        stopped = fleet.stop(state(FleetStatus.RUNNING), operator(), NOW)
        assert stopped is not None
        assert stopped.reason == "stopped by control-room"
        resumed = fleet.resume(state(FleetStatus.STOPPED), operator(), NOW)
        assert resumed is not None
        assert resumed.resumed_by == "control-room"

    def test_do_nothing_twice(self) -> None:
        assert fleet.stop(state(FleetStatus.STOPPED), operator(), NOW) is None
        assert fleet.resume(state(FleetStatus.RUNNING), operator(), NOW) is None

    @pytest.mark.parametrize("decide", [fleet.stop, fleet.resume])
    def test_are_refused_when_it_is_over(self, decide: Any) -> None:
        with pytest.raises(Problem) as refused:
            decide(state(FleetStatus.FINISHED), operator(), NOW)
        assert refused.value.status == 409
