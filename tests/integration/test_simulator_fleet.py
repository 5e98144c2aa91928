"""Fleets of simulated stations against a backend of other people's libraries."""

import asyncio
from typing import Any

import pytest
from ocpp.exceptions import NotSupportedError
from ocpp.v16 import call as call16
from ocpp.v201 import call as call201

from services.simulator.faults import Faults
from services.simulator.fleet import NobodyConnected
from services.simulator.ledger import check
from tests.integration.simulator_case import Run

pytestmark = pytest.mark.integration


class TestRunFleet:
    async def test_replays_every_session_once_in_both_versions(self) -> None:
        run = Run(6, 18)
        entries = await run.go()
        verdict = check(entries, *run.backend.rows())
        assert verdict.ok, verdict
        assert verdict.sessions_sent == 18
        assert verdict.signed_sent == 36
        assert {entry.protocol for entry in entries} == {"ocpp1.6", "ocpp2.0.1"}
        assert not run.tally.trouble
        assert run.tally.sessions_done == run.tally.sessions_started == 18
        assert run.backend.endings == {1000: 6}

    async def test_loses_nothing_and_doubles_nothing_whatever_the_network_does(self) -> None:
        faults = Faults(drop=0.05, duplicate=0.2, malformed=0.05, offline=0.5, offline_s=0.3)
        run = Run(6, 18, faults=faults, answer_within_s=2.0)
        verdict = check(await run.go(), *run.backend.rows())
        assert verdict.ok, verdict
        assert verdict.sessions_sent == 18
        assert set(run.tally.faults) == {"drop", "duplicate", "malformed", "offline"}
        assert run.tally.connections > 6

    async def test_repeats_refused_and_unanswered_messages_with_new_ids(self) -> None:
        run = Run(4, 8, answer_within_s=0.2)
        run.backend.fail_every, run.backend.silent_every = 23, 41
        entries = await run.go()
        assert check(entries, *run.backend.rows()).ok
        assert sum(entry.repeats for entry in entries) > 0
        assert len(run.backend.message_ids) == len(set(run.backend.message_ids))
        assert any("InternalError" in trouble for trouble in run.tally.trouble)

    async def test_waits_while_the_backend_is_not_ready_for_a_station(self) -> None:
        run = Run(1, 1)
        run.backend.pending_boots = 2
        assert check(await run.go(), *run.backend.rows()).ok
        assert run.backend.calls["BootNotification"] == 3

    async def test_says_why_nobody_was_let_in(self) -> None:
        run = Run(2, 2, connect_within_s=1.0)
        run.backend.passwords.clear()
        with pytest.raises(NobodyConnected, match=r"0 of 2 stations .* HTTP 401"):
            await run.go()

    async def test_charges_nobody_who_is_refused_and_says_so(self) -> None:
        run = Run(2, 4)
        run.backend.blocked = frozenset(run.tokens)
        entries = await run.go()
        assert not run.backend.starts
        assert all(entry.refused and not entry.start_acked for entry in entries)
        assert any("Authorize was answered Blocked" in wrong for wrong in check(entries, [], []).wrong)

    async def test_is_cut_short_when_asked_and_reports_what_is_unfinished(self) -> None:
        run = Run(2, 6, speed=1.0)
        asyncio.get_running_loop().call_later(0.5, run.stopping.set)
        assert await run.go() == []

    async def test_gives_up_on_a_backend_that_never_answers_and_reports_it(self) -> None:
        run = Run(2, 2, drain_s=1.0, answer_within_s=0.5)
        run.backend.fail_every = 1
        entries = await run.go()
        verdict = check(entries, *run.backend.rows())
        assert verdict.unfinished == 2
        assert not verdict.ok


class TestLiveStation:
    @pytest.mark.parametrize("number", [0, 1], ids=["1.6", "2.0.1"])
    async def test_charges_when_the_backend_asks_for_it(self, number: int) -> None:
        run = Run(2, 0, speed=600.0, stay=True)
        station_id = run.specs[number].station_id
        going = asyncio.create_task(run.go())
        while station_id not in run.backend.live or run.tally.connected < 2:
            await asyncio.sleep(0.02)
        live = run.backend.live[station_id]
        assert (await live.call(self.start(number))).status == "Accepted"
        assert (await live.call(self.start(number))).status == "Rejected"
        while not run.backend.starts:
            await asyncio.sleep(0.02)
        await asyncio.sleep(1)
        transaction_id = next(iter(run.backend.starts)).split("/")[1]
        assert (await live.call(self.stop(number, transaction_id))).status == "Accepted"
        while not run.backend.stops:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        run.stopping.set()
        verdict = check(await going, *run.backend.rows())
        assert verdict.ok, verdict
        assert verdict.sent_wh > 0

    @staticmethod
    def start(number: int) -> Any:
        if number == 0:
            return call16.RemoteStartTransaction(id_tag="04A1B2C3D4E5F6")
        return call201.RequestStartTransaction(
            id_token={"idToken": "04A1B2C3D4E5F6", "type": "ISO14443"}, remote_start_id=7
        )

    @staticmethod
    def stop(number: int, transaction_id: str) -> Any:
        if number == 0:
            return call16.RemoteStopTransaction(transaction_id=int(transaction_id))
        return call201.RequestStopTransaction(transaction_id=transaction_id)

    async def test_answers_what_it_does_not_offer_as_the_specification_says(self) -> None:
        run = Run(2, 0, speed=1.0, stay=True)
        going = asyncio.create_task(run.go())
        while len(run.backend.live) < 2 or run.tally.connected < 2:
            await asyncio.sleep(0.02)
        old, new = (run.backend.live[spec.station_id] for spec in run.specs)
        with pytest.raises(NotSupportedError):
            await old.call(call16.ClearCache(), suppress=False)
        with pytest.raises(NotSupportedError):
            await new.call(call201.GetBaseReport(request_id=1, report_base="FullInventory"), suppress=False)
        answer = await old.call(call16.GetConfiguration(key=["MeterPublicKey1", "Nonsense"]))
        assert answer.unknown_key == ["Nonsense"]
        assert answer.configuration_key[0]["value"].startswith("3059301306072a8648ce3d0201")
        run.stopping.set()
        await going
