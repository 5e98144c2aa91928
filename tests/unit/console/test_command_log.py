"""The commands of late, in whatever order their records come."""

import itertools

import pytest

from services.console.command_log import CommandLog
from tests.unit.console.facts import NOW, answered, requested, sent


class TestCommandLog:
    @pytest.mark.parametrize("order", itertools.permutations([0, 1, 2, 3, 4]))
    def test_is_the_same_in_any_order_and_however_often_it_is_told(self, order: tuple[int, ...]) -> None:
        records = [
            requested("c1"),
            answered("c1"),
            requested("c2", requested_at=NOW + 1),
            requested("c1"),
            sent("c1"),
        ]
        log = CommandLog(10)
        log.take(records[number] for number in order)
        log.take(records)
        assert [entry.asked for entry in log.of("wattlog/CP1", 10)] == [records[2], records[0]]
        entry = log.get("wattlog", "c1")
        assert entry is not None
        assert (entry.asked, entry.sent, entry.result) == (records[0], records[4], records[1])
        assert len(log) == 2

    def test_keeps_the_first_result(self) -> None:
        log = CommandLog(10)
        log.take([answered("c1", edge_id="one"), answered("c1", edge_id="two")])
        entry = log.get("wattlog", "c1")
        assert entry is not None
        assert entry.result is not None
        assert entry.result.edge_id == "one"
        assert [found.result for found in log.of("wattlog/CP1", 10)] == [entry.result]

    def test_shows_a_tenant_its_own_commands_only(self) -> None:
        log = CommandLog(10)
        log.take([requested("c1")])
        assert log.get("other", "c1") is None
        assert log.get("wattlog", "c2") is None
        assert log.of("other/CP1", 10) == []

    def test_forgets_the_oldest(self) -> None:
        log = CommandLog(2)
        log.take(requested(f"c{number}", requested_at=NOW + number) for number in range(4))
        assert [entry.asked and entry.asked.command_id for entry in log.of("wattlog/CP1", 10)] == ["c3", "c2"]
        log.take([sent("x", station_id="CP2"), answered("y", station_id="CP2")])
        assert log.of("wattlog/CP1", 10) == []
        assert len(log) == 2
        log.take([requested("z")])
        assert len(log.of("wattlog/CP2", 10)) == 1

    def test_passes_over_records_of_other_kinds(self) -> None:
        log = CommandLog(2)
        log.take(["something"])
        assert len(log) == 0
