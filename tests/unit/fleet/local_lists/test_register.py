"""Local lists of stations over time: told once, then only what changes, and whole when nobody knows."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.events.common import CommandOutcome, LocalListStatus, RegistrationStatus, TokenStatus
from services.domain.events.station import (
    CommandAnswered,
    CommandRequested,
    CommandSent,
    Connection,
    LocalList,
    Station,
)
from services.domain.events.token import Token
from services.fleet.local_lists.register import Policy, Register
from services.fleet.local_lists.station import MAX_ENTRIES, MAX_VERSION, Terms
from services.runtime.codec import Codec
from tests.unit.fleet.local_lists.lists import NOW, FakeStation, answer, connection, payload, station, token

CODEC = Codec()
TERMS = Terms(max_entries=200, items_per_message=10)


class World:
    """A register with the whitelist, the registry and stations around it."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy(False, 60_000, 1000, TERMS)
        self.now = NOW
        self.tokens: dict[str, Token] = {}
        self.registry: dict[str, Station] = {"t/CP1": station()}
        self.connections: dict[str, Connection] = {"t/CP1": connection()}
        self.fake = FakeStation()
        self.published: dict[str, LocalList] = {}
        self.writes = 0
        self.results: list[tuple[int, CommandAnswered]] = []
        self.register = self.begun()

    def begun(self) -> Register:
        return Register(self.policy, lambda: self.tokens.values(), self.connections.get, self.now)

    def tick(self, after_ms: int = 1000) -> list[CommandRequested]:
        self.now += after_ms
        due = self.register.tick(self.registry.values(), self.now)
        self.published |= {known.key: known for known in due.lists}
        self.writes += len(due.lists)
        return due.commands

    def run(self, ticks: int = 30) -> list[CommandRequested]:
        """Let the station answer all that it is asked for a while."""
        asked = []
        for _ in range(ticks):
            for command in self.tick():
                asked.append(command)
                self.hear(self.fake.answer(command))
        return asked

    def hear(self, *results: CommandAnswered) -> None:
        self.results += [(self.now, result) for result in results]
        self.register.take(results, self.now)

    def change(self, *tokens: Token) -> None:
        self.tokens |= {token.key: token for token in tokens}
        self.register.token_changed(self.now)

    def reconnect(self) -> None:
        before = self.connections["t/CP1"]
        changes: dict[str, Any] = {"epoch": before.epoch + 1, "since": self.now, "protocol": before.protocol}
        self.connections["t/CP1"] = connection(**changes)

    def restart(self) -> int | None:
        self.register = self.begun()
        copies = [CODEC.decode(CODEC.encode(known)) for known in self.published.values()]
        self.register.restore(copies)
        since = self.register.restored()
        missed = [result for at, result in self.results if since is not None and at >= since]
        self.register.take(missed, self.now)
        return since

    @property
    def list(self) -> LocalList:
        return self.published["t/CP1"]


@pytest.fixture
def world() -> World:
    made = World()
    made.change(*(token(uid) for uid in ("A", "B", "C")))
    return made


def operations(commands: list[CommandRequested]) -> list[str]:
    return [command.operation for command in commands]


class TestFirstContact:
    def test_asks_for_limits_and_version_and_sends_the_whole_list(self, world: World) -> None:
        assert operations(world.run()) == ["GetVariables", "GetLocalListVersion", "SendLocalList"]
        (sent,) = world.fake.sent
        assert sent["updateType"] == "Full"
        assert sent["versionNumber"] == 1
        assert set(world.fake.tokens) == {"A", "B", "C"}
        assert world.list.status is LocalListStatus.CURRENT
        assert (world.list.version, world.list.wanted) == (1, 3)

    def test_in_1_6_is_the_same_with_keys(self, world: World) -> None:
        world.fake = FakeStation(v16=True)
        world.connections["t/CP1"] = connection(protocol="ocpp1.6")
        assert operations(world.run()) == ["GetConfiguration", "GetLocalListVersion", "SendLocalList"]
        assert set(world.fake.tokens) == {"A", "B", "C"}

    def test_replaces_what_somebody_else_left_there(self, world: World) -> None:
        world.fake.version, world.fake.tokens = 17, {"X": {}}
        world.run()
        assert set(world.fake.tokens) == {"A", "B", "C"}
        assert world.fake.version == 18

    def test_with_a_station_that_says_minus_one_tries_all_the_same(self, world: World) -> None:
        world.fake.version = -1
        world.run()
        assert world.fake.version == 1

    def test_waits_until_the_station_has_come_to_rest(self, world: World) -> None:
        world.connections["t/CP1"] = connection(since=NOW)
        assert not world.tick(999)
        assert world.tick(1)

    @pytest.mark.parametrize(
        ("entry", "line"),
        [
            (station(local_list=False), connection()),
            (station(local_list=None), connection()),
            (station(enabled=False), connection()),
            (station(registration=RegistrationStatus.PENDING), connection()),
            (station(), connection(connected=False)),
            (station(), None),
        ],
    )
    def test_is_not_made_with(self, world: World, entry: Station, line: Connection | None) -> None:
        world.registry["t/CP1"] = entry
        world.connections = {} if line is None else {"t/CP1": line}
        world.register = world.begun()
        assert not world.run(3)
        assert not world.published

    def test_is_made_with_all_stations_where_the_setting_says_so(self, world: World) -> None:
        world.policy = Policy(True, 60_000, 1000, TERMS)
        world.register = world.begun()
        world.registry["t/CP1"] = station(local_list=None)
        assert world.run(1)


class TestChanges:
    def test_are_sent_alone(self, world: World) -> None:
        world.run()
        world.change(token("D"), token("B", group_id="G"), token("A", status=TokenStatus.BLOCKED))
        assert operations(world.run()) == ["SendLocalList"]
        sent = world.fake.sent[-1]
        assert (sent["updateType"], sent["versionNumber"]) == ("Differential", 2)
        told = {entry["idToken"]["idToken"]: "idTokenInfo" in entry for entry in sent["localAuthorizationList"]}
        assert told == {"A": False, "B": True, "D": True}
        assert set(world.fake.tokens) == {"B", "C", "D"}

    def test_are_gathered_until_they_come_to_rest(self, world: World) -> None:
        world.run()
        world.change(token("D"))
        assert not world.tick(500)
        world.change(token("E"))
        (command,) = world.tick(500)
        assert len(payload(command)["localAuthorizationList"]) == 2

    def test_of_what_the_station_is_not_told_are_nothing(self, world: World) -> None:
        world.run()
        written = world.writes
        world.change(token("A", contract_id="another", updated_at=NOW + 1))
        assert not world.run()
        assert world.writes == written

    def test_include_tokens_that_expire(self, world: World) -> None:
        world.change(token("A", expires_at=NOW + 100_000))
        world.run()
        world.now = NOW + 100_000
        world.run()
        assert set(world.fake.tokens) == {"B", "C"}

    def test_come_in_messages_that_the_station_takes(self, world: World) -> None:
        world.fake = FakeStation(room=60, at_once=7)
        world.change(*(token(f"T{number}", updated_at=NOW + number) for number in range(100)))
        world.run()
        assert len(world.fake.tokens) == 60
        assert world.list.status is LocalListStatus.CURRENT
        assert world.list.left_out == 43
        assert [sent["updateType"] for sent in world.fake.sent] == ["Full"] + ["Differential"] * 8

    def test_make_room_before_they_fill_it(self, world: World) -> None:
        world.fake = FakeStation(room=3, at_once=2)
        world.run()
        world.change(*(token(uid, updated_at=NOW + 1) for uid in ("D", "E", "F")))
        world.run()
        assert set(world.fake.tokens) == {"D", "E", "F"}

    def test_that_leave_little_come_as_a_whole_list(self, world: World) -> None:
        world.run()
        world.change(token("A", status=TokenStatus.BLOCKED), token("B", status=TokenStatus.BLOCKED))
        world.run()
        assert world.fake.sent[-1]["updateType"] == "Full"
        assert set(world.fake.tokens) == {"C"}

    def test_that_leave_nothing_empty_the_list(self, world: World) -> None:
        world.run()
        world.change(*(token(uid, status=TokenStatus.BLOCKED) for uid in ("A", "B", "C")))
        world.run()
        assert world.fake.sent[-1] == {"versionNumber": 2, "updateType": "Full"}
        assert world.fake.tokens == {}

    def test_go_on_after_the_highest_version_with_a_whole_list(self, world: World) -> None:
        world.fake.version = MAX_VERSION
        world.run()
        assert world.fake.sent[-1]["versionNumber"] == 1

    def test_of_the_stations_groups_are_changes_too(self, world: World) -> None:
        world.run()
        world.change(token("G1", group_id="FLEET"))
        world.registry["t/CP1"] = station(local_list_groups=("FLEET",))
        world.run()
        assert set(world.fake.tokens) == {"G1"}

    def test_end_with_an_empty_list_when_it_is_no_longer_kept(self, world: World) -> None:
        world.run()
        world.registry["t/CP1"] = station(local_list=False)
        world.run()
        assert world.fake.tokens == {}
        world.reconnect()
        assert not world.run()


class TestReconnecting:
    def test_asks_for_the_version_and_sends_nothing_when_it_is_right(self, world: World) -> None:
        world.run()
        world.reconnect()
        assert operations(world.run()) == ["GetLocalListVersion"]

    def test_sends_what_changed_meanwhile(self, world: World) -> None:
        world.run()
        world.connections["t/CP1"] = connection(connected=False)
        world.change(token("D"))
        assert not world.run()
        world.reconnect()
        assert operations(world.run()) == ["GetLocalListVersion", "SendLocalList"]
        assert world.fake.sent[-1]["updateType"] == "Differential"

    @pytest.mark.parametrize("version", [0, -1, 5])
    def test_replaces_the_list_of_a_station_that_has_another(self, world: World, version: int) -> None:
        world.run()
        world.reconnect()
        world.fake.version, world.fake.tokens = version, {"X": {}}
        world.run()
        assert world.fake.sent[-1]["updateType"] == "Full"
        assert set(world.fake.tokens) == {"A", "B", "C"}


class TestOtherPeoplesLists:
    def test_are_noticed_and_replaced(self, world: World) -> None:
        world.run()
        world.fake.version, world.fake.tokens = 2, {"X": {}}
        world.hear(answer(None, {"status": "Accepted"}))
        assert operations(world.run()) == ["GetLocalListVersion", "SendLocalList"]
        assert set(world.fake.tokens) == {"A", "B", "C"}

    def test_that_never_left_change_nothing(self, world: World) -> None:
        world.run()
        other = [answer(None, outcome=CommandOutcome.UNREACHABLE), answer(None, operation="Reset")]
        world.hear(*other)
        assert not world.run()


class TestRefusals:
    def test_of_a_change_are_followed_by_the_whole_list(self, world: World) -> None:
        world.run()
        world.fake.version, world.fake.tokens = 9, {"X": {}}
        world.change(token("D"))
        world.run()
        assert [sent["updateType"] for sent in world.fake.sent] == ["Full", "Differential", "Full"]
        assert set(world.fake.tokens) == {"A", "B", "C", "D"}

    def test_of_the_whole_list_are_followed_by_ever_longer_waits(self, world: World) -> None:
        world.fake.room = -1
        world.registry["t/CP1"] = station()
        waits = []
        for _ in range(600):
            sent = len(world.fake.sent)
            world.run(10)
            waits += [world.now] if len(world.fake.sent) > sent else []
        gaps = [later - earlier for earlier, later in pairwise(waits)]
        assert gaps == sorted(gaps)
        assert gaps[-1] >= 1_800_000
        assert world.list.status is LocalListStatus.FAILED
        assert world.list.detail == "Failed"

    @pytest.mark.parametrize(
        "said",
        [
            {"outcome": CommandOutcome.REJECTED, "said": {"status": "NotSupported"}},
            {"outcome": CommandOutcome.FAILED, "detail": "NotImplemented: what?"},
        ],
    )
    def test_of_stations_without_lists_are_taken_for_a_day(self, world: World, said: dict[str, Any]) -> None:
        world.run(2)
        (command,) = world.tick()
        assert command.operation == "SendLocalList"
        world.hear(answer(command, **said))
        world.reconnect()
        assert not world.run()
        assert world.list.status is LocalListStatus.UNSUPPORTED
        assert world.register.behind == 0
        world.now += 86_400_000
        assert world.run()
        assert world.list.status is LocalListStatus.CURRENT

    def test_to_tell_the_version_are_refusals_too(self, world: World) -> None:
        world.run(1)
        (command,) = world.tick()
        world.register.take(
            [answer(command, outcome=CommandOutcome.FAILED, detail="InternalError: no")], world.now
        )
        assert not world.tick()
        assert world.list.status is LocalListStatus.FAILED
        world.now += 60_000
        world.run()
        assert world.list.status is LocalListStatus.CURRENT

    def test_to_tell_limits_leave_ours(self, world: World) -> None:
        (command,) = world.tick()
        world.hear(answer(command, outcome=CommandOutcome.FAILED, detail="NotSupported: "))
        world.run()
        assert world.list.status is LocalListStatus.CURRENT
        assert world.list.items_per_message is None


class TestSilence:
    @pytest.mark.parametrize("done", [True, False])
    def test_is_followed_by_a_look_at_the_version(self, world: World, done: bool) -> None:
        world.run()
        world.change(token("D"))
        (command,) = world.tick()
        if done:
            world.fake.answer(command)
        world.hear(answer(command, outcome=CommandOutcome.TIMED_OUT))
        world.now += 60_000
        assert operations(world.run())[0] == "GetLocalListVersion"
        assert set(world.fake.tokens) == {"A", "B", "C", "D"}
        assert [sent["updateType"] for sent in world.fake.sent] == ["Full", "Differential"]

    def test_of_edges_ends_at_its_time(self, world: World) -> None:
        world.run()
        world.change(token("D"))
        world.tick()
        assert not world.tick(TERMS.timeout_ms + TERMS.grace_ms - 1)
        assert world.list.status is LocalListStatus.BEHIND
        world.tick(1)
        assert world.list.detail == "no edge told a result"
        world.now += 60_000
        world.run()
        assert world.list.status is LocalListStatus.CURRENT


class TestRestarting:
    def test_neither_sends_again_nor_forgets(self, world: World) -> None:
        world.run()
        assert world.restart() is None
        assert not world.run()
        world.change(token("D"))
        world.run()
        assert world.fake.sent[-1]["updateType"] == "Differential"

    def test_hears_the_answer_to_what_was_asked_before(self, world: World) -> None:
        world.run()
        world.change(token("D"))
        (command,) = world.tick()
        said = world.fake.answer(command)
        world.results.append((world.now, said))
        assert world.restart() == world.now
        assert not world.run()
        assert world.list.version == 2

    def test_hears_that_a_command_was_sent_and_waits_on(self, world: World) -> None:
        (command,) = world.tick()
        sent = CommandSent(
            event_id="s", command_id=command.command_id, tenant="t", station_id="CP1", operation=command.operation,
            edge_id="edge-1", epoch=1, answer_by=NOW, recorded_at=NOW,
        )  # fmt: skip
        world.register.take([sent], world.now)
        assert not world.tick()

    def test_takes_an_answer_twice_as_one(self, world: World) -> None:
        (command,) = world.tick()
        said = world.fake.answer(command)
        world.hear(said, said)
        assert world.list.command_id is not None
        (again,) = world.tick()
        assert again.operation == "GetLocalListVersion"


class TestTheLongestList:
    def test_fits_into_a_message(self) -> None:
        world = World(Policy(True, 60_000, 1000, Terms(max_entries=MAX_ENTRIES, items_per_message=1000)))
        world.fake = FakeStation(room=100_000, at_once=1000)
        world.change(*(token(f"{number:036}", updated_at=number) for number in range(MAX_ENTRIES + 1)))
        world.run(30)
        assert (len(world.list.entries), world.list.left_out) == (MAX_ENTRIES, 1)
        world.change(*(token(f"{number:036}", group_id="G", updated_at=number) for number in range(1000)))
        world.tick()
        world.tick()
        assert world.list.change is not None
        assert len(CODEC.encode(world.list)) < 1_000_000


class TestPace:
    def test_is_that_of_all_stations_together(self, world: World) -> None:
        world.policy = Policy(True, 120, 1000, TERMS)
        world.registry = {f"t/CP{n}": station(f"CP{n}") for n in range(50)}
        world.connections = {f"t/CP{n}": connection(f"CP{n}") for n in range(50)}
        world.register = world.begun()
        counts = [len(world.tick()) for _ in range(10)]
        assert all(count <= 2 for count in counts)
        assert sum(counts) >= 19
        assert world.register.behind >= 19


class TestWhateverHappens:
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(
                    ["add", "block", "lost", "late", "reconnect", "restart", "meddle", "reset", "wait"]
                ),
                st.integers(0, 12),
            ),
            max_size=40,
        )
    )
    @settings(max_examples=60, deadline=None)
    def test_the_station_has_in_the_end_what_it_should(  # noqa: C901  each step is a case
        self, steps: list[tuple[str, int]]
    ) -> None:
        world = World()
        world.fake = FakeStation(room=8, at_once=3)
        for step, number in steps:
            uid = f"T{number}"
            match step:
                case "add":
                    world.change(token(uid, updated_at=world.now))
                case "block":
                    world.change(token(uid, status=TokenStatus.BLOCKED, updated_at=world.now))
                case "lost" | "late":
                    for command in world.tick():
                        if step == "late":
                            world.fake.answer(command)
                        world.hear(answer(command, outcome=CommandOutcome.TIMED_OUT))
                case "reconnect":
                    world.reconnect()
                case "restart":
                    world.restart()
                case "meddle":
                    world.fake.version, world.fake.tokens = world.fake.version + 100, {uid: {}}
                    world.reconnect()
                case "reset":
                    world.fake.version, world.fake.tokens = 0, {}
                    world.reconnect()
            world.run(number % 3)
        world.reconnect()
        world.now += 4_000_000
        world.run(40)
        should = [one for one in world.tokens.values() if one.status is TokenStatus.VALID]
        should.sort(key=lambda one: (-one.updated_at, one.token_uid))
        assert set(world.fake.tokens) == {one.token_uid for one in should[:8]}
        assert world.list.status is LocalListStatus.CURRENT


class TestMemory:
    fakes: dict[str, FakeStation]

    def world(self) -> World:
        world = World()
        self.fakes = {f"CP{number}": FakeStation() for number in range(3)}
        world.tokens = {f"t/{number}": token(f"T{number}") for number in range(5)}
        world.registry |= {f"t/CP{number}": station(f"CP{number}") for number in range(3)}
        world.connections |= {f"t/CP{number}": connection(f"CP{number}") for number in range(3)}
        return world

    def told(self, world: World) -> list[LocalList]:
        """All stations have had their lists."""
        for _ in range(30):
            for command in world.tick():
                world.hear(self.fakes[command.station_id].answer(command))
        return list(world.published.values())

    def test_has_one_list_for_all_stations_that_have_the_same(self) -> None:
        world = self.world()
        assert len({id(known.entries) for known in self.told(world)}) == 1
        world.change(token("T9"))
        lists = self.told(world)
        assert [len(known.entries) for known in lists] == [6] * 3
        assert len({id(known.entries) for known in lists}) == 1

    def test_has_one_list_for_all_after_a_restart_whatever_their_order(self) -> None:
        world = self.world()
        lists = self.told(world)
        world.published["t/CP1"] = replace(lists[1], entries=lists[1].entries[::-1])
        world.restart()
        before = [known.entries for known in world.register._lists.values()]
        assert len({id(entries) for entries in before}) == 1
        assert set(before[0]) == set(lists[0].entries)

    def test_forgets_lists_that_no_station_has_any_more(self) -> None:
        world = self.world()
        self.told(world)
        for number in range(10, 15):
            world.change(token(f"T{number}"))
            self.told(world)
        assert len(world.register._same) <= 3
