"""What a station is asked for, and the URL that only it knows."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.inbound import logs
from services.console.inbound.logs import LogOrder, Ticket
from services.console.wire.problems import Problem
from tests.unit.console.facts import NOW

SECRET = b"secret"
TICKET = Ticket("wattlog", "CP 1*|@", 77, NOW + 1000)


class TestOrder:
    def test_is_for_diagnostics_unless_it_says_otherwise(self) -> None:
        assert logs.order_of(b"") == LogOrder() == logs.order_of(b" {} ")
        assert logs.order_of(b'{"log_type": "SecurityLog", "retries": 0}').log_type == "SecurityLog"

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"{", 400),
            (b'{"retries": NaN}', 400),
            (b'{"x":' + b"[" * 90_000, 422),
            (b"[]", 422),
            (b'{"log_type": "Secrets"}', 422),
            (b'{"oldest": "2026-09-20"}', 422),
            (b'{"oldest": "2026-09-20T00:00:00Z\\n"}', 422),
            (b'{"retries": -1}', 422),
            (b'{"more": 1}', 422),
        ],
    )
    def test_is_refused_otherwise(self, body: bytes, status: int) -> None:
        with pytest.raises(Problem) as refused:
            logs.order_of(body)
        assert refused.value.status in (status, 400)

    @pytest.mark.parametrize(
        ("protocol", "order", "operation", "payload"),
        [
            ("ocpp1.6", LogOrder(oldest="a", retries=1), "GetDiagnostics",
             {"location": "u", "startTime": "a", "retries": 1}),
            ("ocpp1.6", LogOrder(log_type="SecurityLog"), "GetLog",
             {"logType": "SecurityLog", "requestId": 5, "log": {"remoteLocation": "u"}}),
            ("ocpp1.5s", LogOrder(), "GetDiagnostics", {"location": "u"}),
            ("ocpp2.0.1", LogOrder(latest="b", retry_interval_s=9), "GetLog",
             {"logType": "DiagnosticsLog", "requestId": 5, "log": {"remoteLocation": "u", "latestTimestamp": "b"},
              "retryInterval": 9}),
        ],
    )  # fmt: skip
    def test_is_said_in_the_stations_version(
        self, protocol: str, order: LogOrder, operation: str, payload: dict[str, object]
    ) -> None:
        assert logs.command_for(order, "u", 5, protocol) == (operation, payload)

    @given(st.text(), st.text())
    def test_has_a_request_id_that_ocpp_can_say(self, station_id: str, unique: str) -> None:
        assert 0 <= logs.request_id("t", station_id, unique) < 2**31


class TestToken:
    def test_stands_for_its_ticket(self) -> None:
        shown = logs.token(TICKET, SECRET)
        assert logs.ticket_of(shown, SECRET, NOW) == TICKET
        assert len(shown) < 300

    @pytest.mark.parametrize("now", [NOW + 1000, NOW + 10**9])
    def test_ends_with_its_time(self, now: int) -> None:
        with pytest.raises(Problem) as refused:
            logs.ticket_of(logs.token(TICKET, SECRET), SECRET, now)
        assert refused.value.status == 404

    @pytest.mark.parametrize(
        "shown", ["", ".", "a", "a.b", "ä.ö", "a" * 500, "W10.AAAAAAAAAAAAAAAAAAAAAA", "a.b.c"]
    )
    def test_is_nothing_else(self, shown: str) -> None:
        with pytest.raises(Problem, match="not, or no longer, valid"):
            logs.ticket_of(shown, SECRET, NOW)

    @given(st.integers(0, 200), st.characters(codec="ascii"))
    def test_is_void_when_a_character_is_changed(self, at: int, letter: str) -> None:
        shown = logs.token(TICKET, SECRET)
        at %= len(shown)
        changed = shown[:at] + letter + shown[at + 1 :]
        with suppress(Problem):
            assert logs.ticket_of(changed, SECRET, NOW) == TICKET

    def test_is_void_for_another_secret(self) -> None:
        with pytest.raises(Problem):
            logs.ticket_of(logs.token(TICKET, SECRET), b"other", NOW)


class TestNames:
    @pytest.mark.parametrize(
        ("shown", "name"),
        [
            ("diag.zip", "diag.zip"),
            ("/var/log/cp.log", "cp.log"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("../../", "log"),
            ("..", "log"),
            (".ssh", "ssh"),
            ("", "log"),
            ("a b\x00c\n.log", "a_b_c_.log"),
            ("ü" * 10, "log"),
            ("x" * 300 + ".tar.gz", "x" * 93 + ".tar.gz"),
        ],
    )
    def test_are_made_harmless(self, shown: str, name: str) -> None:
        assert logs.file_name(shown) == name

    @given(st.text())
    def test_are_never_anything_but_plain(self, shown: str) -> None:
        name = logs.file_name(shown)
        assert 0 < len(name) <= 100
        assert not set(name) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
        assert not name.startswith(".")

    @given(st.text(min_size=1), st.text(min_size=1))
    def test_of_folders_lead_nowhere_and_differ(self, one: str, other: str) -> None:
        folders = logs.folder(one, other)
        assert all(part and not set(part) & set("/\\.\x00") for part in folders)
        assert (folders[0] == folders[1]) is (one == other)

    @pytest.mark.parametrize(
        ("header", "name"),
        [
            ('form-data; name="uploadfile"; filename="cp.log"', "cp.log"),
            ("attachment; filename=cp.log", "cp.log"),
            ("attachment; FILENAME=cp.log; size=1", "cp.log"),
            ("attachment", ""),
            ("", ""),
            ('filename="' + "a" * 5000, ""),
        ],
    )
    def test_are_found_in_content_disposition(self, header: str, name: str) -> None:
        assert logs.disposition_name(header) == name
