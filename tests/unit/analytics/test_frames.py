"""Frames of the message log as rows, whatever stations send."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.frames import Heading, frame_rows, heading, like, statement
from services.domain.events.common import Frame
from services.domain.events.ocpp import FramesLogged

NOW = 1_790_000_000_000


def logged(*frames: tuple[str, bool, bytes]) -> FramesLogged:
    return FramesLogged(
        event_id="e1",
        tenant="t",
        edge_id="edge-1",
        frames=tuple(
            Frame(station_id=name, protocol="ocpp1.6", received=received, at=NOW + number, data=data)
            for number, (name, received, data) in enumerate(frames)
        ),
        recorded_at=NOW,
    )


class TestHeading:
    @pytest.mark.parametrize(
        ("frame", "said"),
        [
            ([2, "m", "Heartbeat", {}], ("CALL", "m", "Heartbeat", "")),
            ([3, "m", {}], ("CALLRESULT", "m", "", "")),
            ([4, "m", "FormationViolation", "", {}], ("CALLERROR", "m", "", "FormationViolation")),
            ([5, "m", "FormatViolation", "", {}], ("CALLRESULTERROR", "m", "", "FormatViolation")),
            ([6, "m", "NotifyPeriodicEventStream", {}], ("SEND", "m", "NotifyPeriodicEventStream", "")),
            ([2, 7, "Heartbeat", {}], ("CALL", "", "Heartbeat", "")),
            ([2, "m", "no action; DROP", {}], ("CALL", "m", "", "")),
            ([2, "m" * 999, ["x"], {}], ("CALL", "m" * 100, "", "")),
        ],
    )
    def test_says_what_a_frame_is(self, frame: list[Any], said: tuple[str, str, str, str]) -> None:
        assert heading(orjson.dumps(frame)) == Heading(*said)

    @pytest.mark.parametrize(
        "frame",
        [b"", b"nonsense", b"{}", b"[]", b"[2]", b"[true,1,2]", b'[7,"m","X"]', b"[" * 99_999, b"\xff", b"[NaN]"],
    )
    def test_says_nothing_of_what_is_no_frame(self, frame: bytes) -> None:
        assert heading(frame) == Heading()

    @given(st.binary(max_size=200))
    def test_never_fails(self, noise: bytes) -> None:
        heading(noise)
        heading(b'[2,"' + noise + b'","X",{}]')


WSA = "http://www.w3.org/2005/08/addressing"


def enveloped(body: str, header: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="{WSA}"'
        f' xmlns="urn://Ocpp/Cs/2015/10/"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def fault(code: str) -> str:
    return f"<s:Fault><s:Code>{code}</s:Code><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>"


class TestEnvelopeHeading:
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("<startTransactionRequest/>", ("CALL", "m", "StartTransaction", "")),
            ("<startTransactionResponse/>", ("CALLRESULT", "r", "StartTransaction", "")),
            (fault("<s:Value>s:Sender</s:Value>"), ("CALLERROR", "r", "", "Sender")),
            (
                fault("<s:Value>s:Sender</s:Value><s:Subcode><s:Value>o:ProtocolError</s:Value></s:Subcode>"),
                ("CALLERROR", "r", "", "ProtocolError"),
            ),
            (fault("<s:Subcode/>"), ("CALLERROR", "r", "", "")),
            (fault("<s:Value>no code; DROP</s:Value>"), ("CALLERROR", "r", "", "")),
            ("<s:Fault/>", ("CALLERROR", "r", "", "")),
            ("<Ünsinn/>", ("CALL", "m", "", "")),
            ("<heartbeat/>", ("CALL", "m", "Heartbeat", "")),
        ],
    )
    def test_says_what_an_envelope_is(self, body: str, said: tuple[str, str, str, str]) -> None:
        header = "<a:MessageID>m</a:MessageID><a:RelatesTo>r</a:RelatesTo>"
        assert heading(enveloped(body, header)) == Heading(*said)

    def test_does_without_a_header(self) -> None:
        assert heading(enveloped("<heartbeatRequest/>")) == Heading("CALL", "", "Heartbeat")
        assert (
            heading(b"<Envelope><Body><bootNotificationResponse/></Body></Envelope>").action == "BootNotification"
        )

    @pytest.mark.parametrize(
        "document", [b"<", b"<a/>", b"<a><Body/></a>", b"<a", enveloped(""), b"  <a><b/></a>"]
    )
    def test_says_nothing_of_what_is_none(self, document: bytes) -> None:
        assert heading(document) == Heading()

    def test_gives_a_fault_the_action_of_its_request(self) -> None:
        asked = enveloped("<heartbeatRequest/>", "<a:MessageID>1</a:MessageID>")
        told = enveloped(fault(""), "<a:RelatesTo>1</a:RelatesTo>")
        rows = frame_rows(logged(("CP1", True, asked), ("CP1", False, told)))
        assert [row["action"] for row in rows] == ["Heartbeat", "Heartbeat"]

    @given(st.binary(max_size=200))
    def test_never_fails(self, noise: bytes) -> None:
        heading(b"<" + noise)


class TestFrameRows:
    def test_make_one_row_per_frame_with_its_place(self) -> None:
        rows = frame_rows(logged(("CP1", True, b'[2,"1","Heartbeat",{}]'), ("CP2", False, b"\xffbroken")))
        assert [(r["station_id"], r["direction"], r["frame_no"], r["at"] - NOW) for r in rows] == [
            ("CP1", "in", 0, 0),
            ("CP2", "out", 1, 1),
        ]
        assert rows[1]["frame"] == "\ufffdbroken"

    def test_give_an_answer_the_action_of_its_call(self) -> None:
        call = b'[2,"1","Heartbeat",{}]'
        rows = frame_rows(
            logged(("CP1", True, call), ("CP2", False, b'[3,"1",{}]'), ("CP1", False, b'[3,"1",{}]'))
        )
        assert [row["action"] for row in rows] == ["Heartbeat", "", "Heartbeat"]


class TestStatement:
    def test_names_only_what_is_asked_for(self) -> None:
        assert "action =" not in statement("", "")
        assert "LIKE" not in statement("", "")
        assert "{action:String}" in statement("Heartbeat", "")
        assert "{text:String}" in statement("", "abc")


class TestLike:
    def test_takes_signs_for_themselves_and_ascii_in_upper_case(self) -> None:
        assert like("a_1%\\ß") == "%A\\_1\\%\\\\ß%"
