from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulator.ledger import BadLedger, Entry, check, entry, read, write
from services.simulator.plan import Visit
from services.simulator.station import Transaction

ENTRY = Entry(
    station_id="CP1",
    protocol="ocpp1.6",
    transaction_id="42",
    source_id="s1",
    token_uid="04AA",
    started_at=1000,
    ended_at=2000,
    start_register_wh=Decimal("100.5"),
    stop_register_wh=Decimal("350.7"),
    signed_sha256=("aa", "bb"),
    start_acked=True,
    stop_acked=True,
    samples_sent=3,
    samples_acked=3,
)


def session(**changes: Any) -> dict[str, Any]:
    row = {
        "station_id": "CP1",
        "transaction_id": "42",
        "status": "COMPLETED",
        "started_at": 1000,
        "ended_at": 2000,
        "meter_start_wh": Decimal("100.5000"),
        "energy_wh": Decimal("250.2000"),
    }
    return row | changes


def cdr(**changes: Any) -> dict[str, Any]:
    row = session() | {"status": "ISSUED", "signed_sha256": ["aa", "bb"]}
    del row["meter_start_wh"]
    return row | changes


def transaction() -> Transaction:
    return Transaction("CP1", "ocpp1.6", "local", Visit("s1", 1000, 2000, Decimal(250), "04AA"))


class TestEntry:
    def test_is_made_once_charging_has_begun(self) -> None:
        begun = transaction()
        assert entry(begun) is None
        begun.started_at, begun.start_register_wh = 1000, Decimal(5)
        made = entry(begun)
        assert made is not None
        assert (made.station_id, made.source_id, made.token_uid) == ("CP1", "s1", "04AA")
        assert made.energy_wh is None

    def test_knows_its_energy_exactly(self) -> None:
        assert ENTRY.energy_wh == Decimal("250.2")

    @given(
        st.decimals(0, 10**9, places=4, allow_nan=False), st.one_of(st.none(), st.text(max_size=9)), st.booleans()
    )
    def test_survives_writing_and_reading(self, wh: Decimal, transaction_id: str | None, acked: bool) -> None:
        kept = replace(
            ENTRY, stop_register_wh=wh if acked else None, transaction_id=transaction_id, stop_acked=acked
        )
        assert Entry.from_line(kept.to_line()) == kept

    def test_is_written_to_a_file_and_read_back(self, tmp_path: Path) -> None:
        write(tmp_path / "deep" / "ledger.jsonl", [ENTRY, replace(ENTRY, problems=("x",))])
        assert read(tmp_path / "deep" / "ledger.jsonl") == [ENTRY, replace(ENTRY, problems=("x",))]

    @pytest.mark.parametrize(
        "line",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b"7",
            b"{}",
            b'{"energy_wh":null}',
            ENTRY.to_line().replace(b"100.5", b"much"),
            ENTRY.to_line().replace(b'"problems":[]', b'"problems":7'),
            ENTRY.to_line().replace(b'"station_id"', b'"unknown"'),
        ],
    )
    def test_refuses_lines_that_are_none(self, line: bytes) -> None:
        with pytest.raises(BadLedger, match="not a line of a ledger"):
            Entry.from_line(line)

    @given(st.binary(max_size=60))
    def test_refuses_anything_else(self, line: bytes) -> None:
        with pytest.raises(BadLedger):
            Entry.from_line(line)


class TestCheck:
    def test_is_content_when_everything_is_there_once(self) -> None:
        verdict = check([ENTRY], [session()], [cdr()])
        assert verdict.ok
        assert (verdict.sessions_sent, verdict.sessions_stored, verdict.cdrs) == (1, 1, 1)
        assert verdict.sent_wh == verdict.stored_wh == verdict.billed_wh == Decimal("250.2")
        assert (verdict.signed_sent, verdict.signed_carried) == (2, 2)

    def test_is_content_with_nothing(self) -> None:
        assert check([], [], []).ok

    @pytest.mark.parametrize(("sessions", "cdrs"), [([], [cdr()]), ([session()], []), ([], [])])
    def test_misses_a_session_or_a_record(self, sessions: list[Any], cdrs: list[Any]) -> None:
        verdict = check([ENTRY], sessions, cdrs)
        assert verdict.lost == 1
        assert not verdict.ok

    def test_counts_what_is_there_twice(self) -> None:
        verdict = check([ENTRY], [session(), session()], [cdr(), cdr(), cdr()])
        assert verdict.duplicates == 3
        assert not verdict.ok
        assert verdict.billed_wh == 3 * Decimal("250.2")

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"energy_wh": Decimal("250.2001")}, "energy_wh is 250.2001, not 250.2"),
            ({"started_at": 1001}, "started_at is 1001, not 1000"),
            ({"ended_at": None}, "ended_at is None, not 2000"),
            ({"status": "ACTIVE"}, "status is ACTIVE, not COMPLETED"),
            ({"meter_start_wh": None}, "meter_start_wh is None, not 100.5"),
        ],
    )
    def test_notices_each_deviation_of_a_session(self, changes: dict[str, Any], said: str) -> None:
        verdict = check([ENTRY], [session(**changes)], [cdr()])
        assert verdict.wrong == (f"session of CP1 transaction 42: {said}",)
        assert not verdict.ok

    def test_notices_a_record_that_is_held(self) -> None:
        assert check([ENTRY], [session()], [cdr(status="HELD")]).wrong == (
            "cdr of CP1 transaction 42: status is HELD, not ISSUED",
        )

    @pytest.mark.parametrize(
        ("carried", "count"), [(["aa"], 1), (["aa", "cc"], 1), ([], 0), (["aa", "aa"], 1), (["bb", "aa"], 2)]
    )
    def test_counts_signed_records_by_their_bytes(self, carried: list[str], count: int) -> None:
        verdict = check([ENTRY], [session()], [cdr(signed_sha256=carried)])
        assert verdict.signed_carried == count
        assert verdict.ok == (count == 2)

    def test_does_not_call_unconfirmed_what_was_refused(self) -> None:
        refused = replace(ENTRY, stop_acked=False, refused=True, problems=("Authorize was answered Blocked",))
        verdict = check([refused], [], [])
        assert verdict.unfinished == 0
        assert verdict.wrong == ("CP1: Authorize was answered Blocked",)

    def test_counts_what_was_never_confirmed_as_unfinished_and_not_as_lost(self) -> None:
        verdict = check([replace(ENTRY, stop_acked=False)], [], [])
        assert (verdict.unfinished, verdict.lost) == (1, 0)
        assert not verdict.ok

    def test_accepts_that_what_was_not_confirmed_is_stored_nevertheless(self) -> None:
        verdict = check([replace(ENTRY, stop_acked=False)], [session()], [cdr()])
        assert verdict.wrong == ()
        assert verdict.sessions_stored == 0

    def test_notices_rows_that_nobody_sent(self) -> None:
        verdict = check([ENTRY], [session(), session(station_id="CP9")], [cdr()])
        assert verdict.wrong == ("CP9 transaction 42 was never sent",)

    def test_tells_stations_with_the_same_transaction_id_apart(self) -> None:
        other = replace(ENTRY, station_id="CP2")
        verdict = check([ENTRY, other], [session(), session(station_id="CP2")], [cdr(), cdr(station_id="CP2")])
        assert verdict.ok

    def test_notices_one_transaction_id_for_two_transactions(self) -> None:
        verdict = check([ENTRY, replace(ENTRY, started_at=5000)], [session()], [cdr()])
        assert "CP1 transaction 42 has the same transaction id twice" in verdict.wrong
