"""Frames: what is one, what is none, and who is answered about it."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpp.wire import frames
from services.ocpp.wire.faults import Fault
from services.ocpp.wire.frames import Call, CallError, CallResult, Malformed, parse

ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=36)
payloads = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**53), 2**53))


def malformed(data: bytes) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(data)
    return caught.value


def read_or_said(data: bytes) -> object:
    try:
        return parse(data)
    except Malformed as error:
        return error.description


class TestParse:
    def test_reads_a_call(self) -> None:
        assert parse(b'[2,"19223201","Heartbeat",{}]') == Call("19223201", "Heartbeat", {})

    def test_reads_an_absent_payload_written_null(self) -> None:
        assert parse(b'[2,"1","Heartbeat",null]') == Call("1", "Heartbeat", {})
        assert parse(b'[3,"1",null]') == CallResult("1", {})

    def test_reads_a_call_result(self) -> None:
        assert parse(b'[3,"a",{"status":"Accepted"}]') == CallResult("a", {"status": "Accepted"})

    def test_reads_a_call_error(self) -> None:
        assert parse(b'[4,"a","NotSupported","no",{}]') == CallError("a", "NotSupported", "no")

    @pytest.mark.parametrize("tail", [b"", b',""', b",null", b',"",null', b',"",{},1'])
    def test_reads_a_call_error_whose_tail_is_missing(self, tail: bytes) -> None:
        assert parse(b'[4,"a","GenericError"' + tail + b"]") == CallError("a", "GenericError", "")

    @given(ids, st.text(st.characters(exclude_categories=["Cs"])), payloads)
    def test_reads_what_call_writes(self, message_id: str, action: str, payload: dict[str, int]) -> None:
        assert parse(frames.call(message_id, action, payload)) == Call(message_id, action, payload)

    @given(st.binary())
    def test_either_reads_or_says_malformed(self, data: bytes) -> None:
        assert read_or_said(data)

    @given(st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc"), st.lists, max_leaves=12))
    def test_takes_any_json_without_falling_over(self, value: object) -> None:
        assert read_or_said(json.dumps(value).encode())


class TestParseRefuses:
    @pytest.mark.parametrize(
        "data",
        [
            b"", b" ", b"x", b"[2,", b'[2,"a","Heartbeat",{}', b'[2,"a","Heartbeat",{}] x', b"[2][2]",
            b'\xef\xbb\xbf[2,"a","Heartbeat",{}]',
            b'[2,"a","Heartbeat",{"v":NaN}]', b'[2,"a","Heartbeat",{"v":Infinity}]',
            b'[2,"a","Heartbeat",{"v":-Infinity}]', b'[2,"a","Heartbeat",{"v":1e400}]',
            b'[2,"a","Heartbeat",{"v":' + b"9" * 5000 + b"}]",
            b'[2,"a","Heartbeat",{"v":"\\ud800"}]', b'[2,"a","Heartbeat",{"v":"\xff\xfe"}]',
            b'[2,"a","Heartbeat",{"v":"\xed\xa0\x80"}]', b'[2,"a","Heartbeat",{"v":"\x00"}]',
            b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000, b'[2,"a","Heartbeat",{},]',
            b"[2,'a','Heartbeat',{}]", b'[02,"a","Heartbeat",{}]', b'[2,"a","Heartbeat",{v:1}]',
        ],
    )  # fmt: skip
    def test_what_is_not_json(self, data: bytes) -> None:
        error = malformed(data)
        assert (error.fault, error.message_id) == (Fault.RPC_FRAMEWORK, "-1")
        assert error.description.startswith("not JSON: ")

    @pytest.mark.parametrize("data", [b"null", b"5", b'""', b'"[2]"', b"{}", b'{"2":1}', b"true", b"[]"])
    def test_what_is_not_an_array_with_a_type(self, data: bytes) -> None:
        assert malformed(data).message_id == "-1"
        assert malformed(data).fault is Fault.RPC_FRAMEWORK

    @pytest.mark.parametrize("kind", [b"0", b"1", b"7", b"9", b"-2", b'"2"', b"2.0", b"true", b"null", b"[2]"])
    def test_other_message_types_with_the_id_if_it_can_be_read(self, kind: bytes) -> None:
        with_id = malformed(b"[" + kind + b',"abc","Heartbeat",{}]')
        assert (with_id.fault, with_id.message_id) == (Fault.MESSAGE_TYPE, "abc")
        assert malformed(b"[" + kind + b"]").message_id == "-1"

    @pytest.mark.parametrize(
        "message_id",
        ["5", "null", "[]", "{}", "true", "1.5", '""', json.dumps("i" * 37), json.dumps("i" * 10_000)],
    )
    def test_a_call_whose_id_is_none(self, message_id: str) -> None:
        error = malformed(f'[2,{message_id},"Heartbeat",{{}}]'.encode())
        assert (error.fault, error.message_id) == (Fault.RPC_FRAMEWORK, "-1")

    @pytest.mark.parametrize("data", [b"[2]", b'[2,""]'])
    def test_a_call_without_id(self, data: bytes) -> None:
        assert malformed(data).message_id == "-1"

    @pytest.mark.parametrize("rest", ["", ",5", ',"Heartbeat",{},{}', ',"Heartbeat",{},null,1'])
    def test_a_call_of_another_length_by_its_id(self, rest: str) -> None:
        error = malformed(f'[2,"abc"{rest}]'.encode())
        assert (error.fault, error.message_id) == (Fault.RPC_FRAMEWORK, "abc")

    def test_a_call_without_payload_by_its_id(self) -> None:
        error = malformed(b'[2,"abc","Heartbeat"]')
        assert (error.fault, error.message_id) == (Fault.PROTOCOL, "abc")

    @pytest.mark.parametrize("action", ["5", "null", '["Heartbeat"]', '{"a":1}', "true"])
    def test_an_action_that_is_no_string(self, action: str) -> None:
        error = malformed(f'[2,"abc",{action},{{}}]'.encode())
        assert (error.fault, error.message_id) == (Fault.RPC_FRAMEWORK, "abc")

    @pytest.mark.parametrize("payload", ["[]", '"{}"', "5", "true", "[{}]"])
    def test_a_payload_that_is_no_object(self, payload: str) -> None:
        error = malformed(f'[2,"abc","Heartbeat",{payload}]'.encode())
        assert (error.fault, error.message_id) == (Fault.FORMAT, "abc")

    @pytest.mark.parametrize(
        "data",
        [
            b"[3]",
            b'[3,"a"]',
            b"[3,5,{}]",
            b'[3,"a",[]]',
            b'[3,"a",{},1]',
            b"[4]",
            b'[4,"a"]',
            b'[4,"a",5]',
            b'[4,1,"x"]',
        ],
    )
    def test_answers_without_answering_them(self, data: bytes) -> None:
        assert malformed(data).message_id is None


class TestDuplicateKeys:
    def test_the_last_one_counts(self) -> None:
        frame = parse(b'[2,"a","StopTransaction",{"transactionId":1,"transactionId":2}]')
        assert isinstance(frame, Call)
        assert frame.payload == {"transactionId": 2}


class TestCallResult:
    def test_is_compact_json(self) -> None:
        assert frames.call_result("a", {"status": "Accepted"}) == b'[3,"a",{"status":"Accepted"}]'


class TestCallError:
    def test_has_five_elements(self) -> None:
        assert frames.call_error("a", "NotSupported", "no") == b'[4,"a","NotSupported","no",{}]'

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=600))
    def test_cuts_the_description_to_what_is_allowed(self, description: str) -> None:
        assert len(orjson.loads(frames.call_error("a", "GenericError", description))[3]) <= 255
