"""Requests as CALLs and replies as envelopes, both ways."""

from typing import Any

import orjson
import pytest

from services.domain.elements import Element
from services.ocpp.soap.envelope import CP, CS, WSA_2005, Header, Request, answer, envelope, request
from services.ocpp.soap.envelope import Speech as Says
from services.ocpp.soap.exchange import answered, call, failed, refused, reply
from services.ocpp.soap.exchange import request as asking
from services.ocpp.soap.faults import Code, Refusal, Subcode, of_call_error
from services.ocpp.soap.payload import Unspeakable
from services.ocpp.wire.faults import V15S, V16S, Refused
from services.ocpp.wire.frames import Call, CallError, CallResult
from tests.unit.ocpp.soap.wire import IDENTITY, USUAL, written

AUTHORIZE = "<authorizeRequest><idTag>A</idTag></authorizeRequest>"


def said(body: str = AUTHORIZE, message_id: str = "m1", space: str = CS[V16S]) -> Request:
    return request(written(f"{IDENTITY}<a:MessageID>{message_id}</a:MessageID>", body, space=space))


def body(text: str) -> Element:
    found = answer(text.encode())
    assert isinstance(found, Element)
    return found


class TestCall:
    def test_is_what_json_would_have_said(self) -> None:
        made = call(said(), 1)
        assert (made.action, made.payload) == ("Authorize", {"idTag": "A"})
        assert len(made.message_id) == 36

    def test_is_the_same_for_a_retry(self) -> None:
        assert call(said(), 1) == call(said(), 2)

    def test_is_another_for_other_content_or_another_id(self) -> None:
        other = said("<authorizeRequest><idTag>B</idTag></authorizeRequest>")
        ids = {call(one, 1).message_id for one in (said(), other, said(message_id="m2"))}
        assert len(ids) == 3

    def test_is_never_the_same_where_nothing_tells_them_apart(self) -> None:
        assert call(said(message_id=""), 1).message_id != call(said(message_id=""), 2).message_id
        beat = said("<heartbeatRequest/>")
        assert call(beat, 1).message_id != call(beat, 2).message_id

    def test_of_15_has_the_words_of_16(self) -> None:
        text = '<meterValuesRequest><values><value unit="Amp">5</value></values></meterValuesRequest>'
        made = call(said(text, space=CS[V15S]), 1)
        assert made.payload == {"meterValue": [{"sampledValue": [{"value": "5", "unit": "A"}]}]}

    def test_that_no_version_has_is_passed_on_to_be_refused(self) -> None:
        assert call(said("<doItRequest><a>1</a></doItRequest>"), 1)[1:] == ("DoIt", {"a": "1"})

    def test_that_says_something_twice_is_refused(self) -> None:
        with pytest.raises(Refused):
            call(said("<authorizeRequest><idTag>A</idTag><idTag>B</idTag></authorizeRequest>"), 1)


class TestReply:
    def test_relates_to_the_request_and_goes_to_its_sender(self) -> None:
        asked = request(written(USUAL))
        text, refusal = reply(asked, CallResult("x", {"currentTime": "t"}), "urn:uuid:2")
        assert refusal is None
        assert "<a:RelatesTo>urn:uuid:1</a:RelatesTo>" in text
        assert "<a:To>http://198.51.100.7:8080/cp</a:To>" in text
        assert "<a:Action>/HeartbeatResponse</a:Action>" in text
        assert "<o:chargeBoxIdentity>CP1</o:chargeBoxIdentity>" in text
        assert (body(text).namespace, body(text).name) == (CS[V16S], "heartbeatResponse")

    def test_of_15_has_its_words(self) -> None:
        asked = said("<bootNotificationRequest/>", space=CS[V15S])
        told = {"currentTime": "t", "interval": 5, "status": "Accepted"}
        names = [child.name for child in body(reply(asked, CallResult("x", told), "m")[0]).children]
        assert names == ["status", "currentTime", "heartbeatInterval"]

    def test_may_be_a_fault(self) -> None:
        text, refusal = reply(said(), CallError("x", "NotImplemented", "unknown"), "m")
        assert refusal == Refusal(Code.RECEIVER, Subcode.NOT_SUPPORTED, "NotImplemented: unknown")
        assert answer(text.encode()) == refusal
        assert f"<a:Action>{WSA_2005}/soap/fault</a:Action>" in text

    def test_to_what_could_not_be_read_is_a_fault_to_nobody(self) -> None:
        refusal = Refusal(Code.SENDER, Subcode.PROTOCOL, "no")
        text = refused(None, refusal, "m")
        assert answer(text.encode()) == refusal
        assert "RelatesTo" not in text


class TestOfCallError:
    @pytest.mark.parametrize(
        ("code", "wanted"),
        [
            ("SecurityError", (Code.SENDER, Subcode.SECURITY)),
            ("InternalError", (Code.RECEIVER, Subcode.INTERNAL)),
            ("GenericError", (Code.RECEIVER, Subcode.INTERNAL)),
            ("NotSupported", (Code.RECEIVER, Subcode.NOT_SUPPORTED)),
            ("OccurenceConstraintViolation", (Code.SENDER, Subcode.PROTOCOL)),
            ("FormationViolation", (Code.SENDER, Subcode.PROTOCOL)),
        ],
    )
    def test_says_whose_trouble_it_is(self, code: str, wanted: tuple[Code, Subcode]) -> None:
        assert of_call_error(code, "") == Refusal(*wanted, code)


class TestRequestToStation:
    def test_is_an_envelope_of_the_stations_service(self) -> None:
        frame = Call("m", "RemoteStartTransaction", {"idTag": "A", "connectorId": 2})
        text = asking(frame, V16S, WSA_2005, Header("/RemoteStartTransaction", "CP1"))
        assert (body(text).namespace, body(text).name) == (CP[V16S], "remoteStartTransactionRequest")
        assert [child.name for child in body(text).children] == ["connectorId", "idTag"]
        in_15 = asking(frame, V15S, WSA_2005, Header("/RemoteStartTransaction", "CP1"))
        assert [child.name for child in body(in_15).children] == ["idTag", "connectorId"]

    @pytest.mark.parametrize(
        ("protocol", "action", "payload"),
        [
            (V16S, "GetLog", {}),
            (V15S, "TriggerMessage", {"requestedMessage": "Heartbeat"}),
            (V15S, "RemoteStartTransaction", {"idTag": "A", "chargingProfile": {}}),
            (V16S, "DataTransfer", {"vendorId": "v", "data": "\x00"}),
        ],
    )
    def test_is_not_made_of_what_cannot_be_said(self, protocol: str, action: str, payload: dict[str, Any]) -> None:
        with pytest.raises(Unspeakable):
            asking(Call("m", action, payload), protocol, WSA_2005, Header("/x", "CP1"))


class TestAnswered:
    RESET = Call("m", "Reset", {"type": "Soft"})

    def frame(self, inner: str, asked: Call = RESET, protocol: str = V16S) -> Any:
        document = envelope(Says(protocol, CP[protocol]), Header("/x", "CP1"), inner)
        return orjson.loads(answered(document.encode(), asked, protocol))

    def test_is_a_result(self) -> None:
        inner = "<o:resetResponse><o:status> Accepted </o:status></o:resetResponse>"
        assert self.frame(inner) == [3, "m", {"status": "Accepted"}]

    def test_of_15_is_said_as_16_would(self) -> None:
        unlock = Call("m", "UnlockConnector", {"connectorId": 1})
        inner = "<o:unlockConnectorResponse><o:status>Accepted</o:status></o:unlockConnectorResponse>"
        assert self.frame(inner, unlock, V15S) == [3, "m", {"status": "Unlocked"}]

    def test_reads_lists_and_flags(self) -> None:
        asked = Call("m", "GetConfiguration", {})
        inner = (
            "<o:getConfigurationResponse><o:configurationKey><o:key>k</o:key><o:readonly>true</o:readonly>"
            "</o:configurationKey><o:unknownKey>u</o:unknownKey></o:getConfigurationResponse>"
        )
        assert self.frame(inner, asked)[2] == {
            "configurationKey": [{"key": "k", "readonly": True}], "unknownKey": ["u"],
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("inner", "code"),
        [
            ("<s:Fault><s:Value>o:NotSupported</s:Value></s:Fault>", "NotSupported"),
            ("<s:Fault/>", "GenericError"),
            ("<o:otherResponse/>", "FormatViolation"),
            ("<o:resetResponse><o:status>A</o:status><o:status>B</o:status></o:resetResponse>", "FormatViolation"),
            ("", "FormatViolation"),
        ],
    )
    def test_is_an_error_for_all_else(self, inner: str, code: str) -> None:
        assert self.frame(inner)[:3] == [4, "m", code]

    def test_may_never_have_come(self) -> None:
        assert orjson.loads(failed(self.RESET, "no"))[:4] == [4, "m", "GenericError", "no"]
