"""Whole stories of charging: what stations report (given.json) and what it comes to (then.json)."""

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.domain.events import cdr, session
from services.domain.folding import Event
from services.runtime.codec import Codec
from services.sessions.app import PROCESSOR
from tests.scenarios.story import at, charged, load, plain, sessions_run, standing, told

CODEC = Codec()
STORIES = sorted(path.parent for path in Path(__file__).parent.glob("*/given.json"))

story = pytest.mark.parametrize("folder", STORIES, ids=lambda path: path.name)


def given(folder: Path) -> list[Event]:
    return [told(entry) for entry in load(folder / "given.json")["events"]]


def assert_told(expected: list[Any], found: list[dict[str, Any]]) -> None:
    """Each expectation names the members it cares about; order and number are exact."""
    shown = [differences(wanted, told) for wanted, told in zip(expected, found, strict=False)]
    assert not any(shown), shown
    assert [told.get("type") for told in found[len(expected) :]] == []
    assert len(found) == len(expected)


def repeats(rng: random.Random, so_far: list[Event]) -> list[Event]:
    """The newest message, and after it two of those that were sent before."""
    return [so_far[-1], *rng.choices(so_far, k=2)]


def differences(wanted: Any, found: Any, name: str = "") -> dict[str, Any]:
    if isinstance(wanted, dict):
        parts = [differences(value, found.get(key, "absent"), key) for key, value in wanted.items()]
        return {key: value for part in parts for key, value in part.items()}
    if isinstance(wanted, list) and wanted and isinstance(wanted[0], dict):
        if len(wanted) != len(found):
            return {name: f"{len(found)} instead of {len(wanted)}: {found}"}
        return {k: v for w, f in zip(wanted, found, strict=True) for k, v in differences(w, f, name).items()}
    same = as_told(name, wanted) == as_told(name, found)
    return {} if same else {name: {"wanted": wanted, "found": found}}


def as_told(name: str, value: Any) -> Any:
    if name.endswith("_at") and isinstance(value, str):
        return at(value)
    if name.endswith("_wh") and value is not None:
        return Decimal(str(value))
    return value


@story
class TestStory:
    def test_comes_to_what_it_should(self, folder: Path) -> None:
        then = load(folder / "then.json")
        first, second = charged(given(folder))
        assert_told(then["session_events"], [plain(e) for e in first.events if type(e) is not session.Session])
        states = [plain(state) for state in first.latest(session.Session).values()]
        assert_told(then["sessions"], sorted(states, key=lambda s: (s["transaction_id"], s["station_id"])))
        records = [plain(record) | plain(record.detail) for record in second.latest(cdr.Cdr).values()]
        assert_told(then["cdrs"], sorted(records, key=lambda c: (c["transaction_id"], c["revision"], c["credit"])))

    def test_needs_nothing_that_the_process_leaves_unread(self, folder: Path) -> None:
        told = given(folder)
        read = [CODEC.leaving_out(PROCESSOR.unread).decode(CODEC.encode(event)) for event in told]
        assert [run.events for run in charged(read)] == [run.events for run in charged(told)]

    def test_is_not_changed_by_telling_it_all_again(self, folder: Path) -> None:
        events = given(folder)
        first = sessions_run()
        first.take(*events)
        states = dict(first.states)
        assert first.take(*events) == []
        assert first.states == states

    def test_is_not_changed_by_repeating_each_message(self, folder: Path) -> None:
        events = given(folder)
        once, often = charged(events), charged([event for event in events for _ in range(3)])
        assert [run.events for run in often] == [run.events for run in once]

    def test_is_not_changed_by_old_messages_coming_again(self, folder: Path) -> None:
        events = given(folder)
        rng = random.Random(folder.name)
        again = [older for number, _ in enumerate(events) for older in repeats(rng, events[: number + 1])]
        once, often = charged(events), charged(again)
        assert [run.events for run in often] == [run.events for run in once]

    def test_has_one_record_that_counts_per_finished_session(self, folder: Path) -> None:
        first, second = charged(given(folder))
        finished = {s.session_id for s in first.latest(session.Session).values() if s.status == "COMPLETED"}
        assert sorted(c.detail.session_id for c in standing(second)) == sorted(finished)

    def test_has_periods_that_add_up(self, folder: Path) -> None:
        first, _ = charged(given(folder))
        for ended in first.of(session.SessionEnded):
            if ended.periods:
                assert sum(period.energy_wh for period in ended.periods) == ended.energy_wh
