"""Envelopes: what a request says, what is not accepted as one, and how answers look."""

import pytest

from services.domain import elements
from services.domain.elements import Element, NotXml
from services.ocpp.soap.envelope import (
    CP,
    CS,
    SOAP,
    WSA_2004,
    WSA_2005,
    Header,
    Request,
    Speech,
    answer,
    element_name,
    envelope,
    fault,
    request,
)
from services.ocpp.soap.faults import Code, Refusal, Refused, Subcode
from services.ocpp.wire.faults import V15S, V16S
from tests.unit.ocpp.soap.wire import CS16, IDENTITY, USUAL, written


def refused(document: bytes) -> Refusal:
    with pytest.raises(Refused) as caught:
        request(document)
    return caught.value.refusal


class TestRequest:
    def test_says_who_what_and_from_where(self) -> None:
        asked = request(written(USUAL))
        assert asked == Request(
            speech=Speech(V16S, CS16, WSA_2005),
            identity="CP1",
            action="Heartbeat",
            message_id="urn:uuid:1",
            sender="http://198.51.100.7:8080/cp",
            to="http://csms/ocpp",
            body=Element(CS16, "heartbeatRequest"),
        )

    @pytest.mark.parametrize(
        ("space", "protocol"),
        [
            (CS[V16S], V16S),
            (CP[V16S], V16S),
            ("urn://Ocpp/Cs/2015/10", V16S),
            (CS[V15S], V15S),
            (CP[V15S], V15S),
        ],
    )
    def test_is_of_the_version_that_its_body_is_of(self, space: str, protocol: str) -> None:
        asked = request(written(USUAL, space=space))
        assert (asked.speech.protocol, asked.speech.namespace) == (protocol, space)

    @pytest.mark.parametrize("name", ["chargeBoxIdentity", "ChargeBoxIdentity", "CHARGEBOXIDENTITY"])
    def test_names_its_station_in_any_spelling(self, name: str) -> None:
        header = f'<{name} e:mustUnderstand="1"> CP1 </{name}>'
        assert request(written(header)).identity == "CP1"

    def test_may_say_little_of_itself(self) -> None:
        asked = request(written(IDENTITY))
        assert (asked.action, asked.message_id, asked.sender, asked.to) == ("Heartbeat", "", "", "")

    @pytest.mark.parametrize(
        ("header", "sender"),
        [
            ("<a:From>http://cp:1/</a:From>", "http://cp:1/"),
            ("<a:ReplyTo><a:Address>http://cp:2/</a:Address></a:ReplyTo>", "http://cp:2/"),
            ("<a:From><a:Address>anonymous</a:Address></a:From>", ""),
            (f"<a:From><a:Address>{WSA_2005}/anonymous</a:Address></a:From>", ""),
            ("<a:From><a:Address>ftp://cp</a:Address></a:From>", ""),
        ],
    )
    def test_tells_where_the_station_listens_if_it_is_a_url(self, header: str, sender: str) -> None:
        assert request(written(IDENTITY + header)).sender == sender

    def test_may_speak_the_older_addressing(self) -> None:
        asked = request(written(USUAL, addressing=WSA_2004))
        assert (asked.speech.addressing, asked.message_id) == (WSA_2004, "urn:uuid:1")

    @pytest.mark.parametrize(
        "action", ["/Heartbeat", "Heartbeat", "urn://Ocpp/Cs/2015/10/Heartbeat", "/HeartbeatRequest"]
    )
    def test_may_write_its_action_in_several_ways(self, action: str) -> None:
        assert request(written(f"{IDENTITY}<a:Action>{action}</a:Action>")).action == "Heartbeat"

    def test_may_have_headers_that_nobody_needs(self) -> None:
        header = IDENTITY + '<x xmlns="urn:x">1</x><x xmlns="urn:x">2</x>'
        elsewhere = f'<y xmlns="urn:x" e:mustUnderstand="true" e:role="{SOAP}/role/none"/>'
        assert request(written(header + elsewhere)).identity == "CP1"


class TestWhatIsNoRequest:
    @pytest.mark.parametrize(
        ("document", "reason"),
        [
            (b"", "not well-formed"),
            (b"<a/>", "not an envelope"),
            (written(""), "chargeBoxIdentity is missing"),
            (written("<chargeBoxIdentity/>"), "chargeBoxIdentity is missing"),
            (written(IDENTITY * 2), "more than once"),
            (written(IDENTITY + "<a:MessageID>1</a:MessageID>" * 2), "more than once"),
            (written(IDENTITY + f"<a:MessageID>{'1' * 600}</a:MessageID>"), "more than 512 characters"),
            (written(IDENTITY + "<a:Action>/Reset</a:Action>"), "Action does not belong"),
            (written(IDENTITY, ""), "that one element"),
            (written(IDENTITY, "<heartbeatRequest/><heartbeatRequest/>"), "that one element"),
            (f'<e:Envelope xmlns:e="{SOAP}"/>'.encode(), "that one element"),
            (written(USUAL).replace(b"</e:Header>", b"</e:Header><e:Header/>"), "at most one Header"),
            (written(USUAL).replace(b"<e:Body>", b"<e:Body/><e:Body>"), "one Body"),
        ],
    )
    def test_is_the_senders_mistake(self, document: bytes, reason: str) -> None:
        refusal = refused(document)
        assert (refusal.code, refusal.subcode) == (Code.SENDER, Subcode.PROTOCOL)
        assert reason in refusal.reason

    def test_is_what_another_version_of_soap_says(self) -> None:
        refusal = refused(written(USUAL, soap="http://schemas.xmlsoap.org/soap/envelope/"))
        assert (refusal.code, refusal.subcode) == (Code.VERSION_MISMATCH, None)

    @pytest.mark.parametrize("space", ["urn://Ocpp/Cs/2010/08/", "urn:x", "http://evil"])
    def test_is_what_another_version_of_ocpp_says(self, space: str) -> None:
        refusal = refused(written(USUAL, space=space))
        assert (refusal.code, refusal.subcode) == (Code.RECEIVER, Subcode.NOT_SUPPORTED)

    @pytest.mark.parametrize("must", ["1", "true"])
    def test_is_what_must_be_understood_and_is_not(self, must: str) -> None:
        refusal = refused(written(f'{USUAL}<x xmlns="urn:x" e:mustUnderstand="{must}"/>'))
        assert refusal == Refusal(Code.MUST_UNDERSTAND, None, "header x is not understood")


class TestEnvelope:
    def test_says_its_header_and_body(self) -> None:
        header = Header("/Reset", "CP<1>", "urn:uuid:2", sender="http://csms/", to="http://cp/?a&b")
        root = elements.read(envelope(Speech(V16S, CP[V16S]), header, "<o:resetRequest/>").encode())
        blocks = {block.name: block for block in root.children[0].children}
        assert blocks["chargeBoxIdentity"].namespace == CP[V16S]
        assert blocks["chargeBoxIdentity"].text == "CP<1>"
        assert blocks["Action"].text == "/Reset"
        assert blocks["To"].text == "http://cp/?a&b"
        assert blocks["From"].children[0].text == "http://csms/"
        assert blocks["ReplyTo"].children[0].text == f"{WSA_2005}/anonymous"
        assert "RelatesTo" not in blocks
        assert (root.children[1].children[0].namespace, root.children[1].children[0].name) == (
            CP[V16S], "resetRequest",
        )  # fmt: skip

    def test_goes_to_anonymous_where_no_address_is_known(self) -> None:
        text = envelope(Speech(addressing=WSA_2004), Header("/A", ""), "")
        assert f"<a:To>{WSA_2004}/role/anonymous</a:To>" in text
        assert "chargeBoxIdentity" not in text

    def test_is_read_by_ourselves(self) -> None:
        header = Header("/Heartbeat", "CP1", "m", sender="http://cp/")
        asked = request(envelope(Speech(), header, "<o:heartbeatRequest/>").encode())
        assert (asked.identity, asked.sender, asked.message_id) == ("CP1", "http://cp/", "m")


class TestFault:
    def test_has_code_subcode_and_reason(self) -> None:
        refusal = Refusal(Code.SENDER, Subcode.IDENTITY_MISMATCH, "a < b")
        assert answer(fault(Speech(), Header("/Fault", "CP1"), refusal).encode()) == refusal

    def test_may_have_no_subcode(self) -> None:
        refusal = Refusal(Code.MUST_UNDERSTAND, None, "no")
        assert answer(fault(Speech(), Header("/Fault", "CP1"), refusal).encode()) == refusal


class TestAnswer:
    def test_is_the_one_element_of_the_body(self) -> None:
        body = answer(written("", "<resetResponse/>"))
        assert isinstance(body, Element)
        assert body.name == "resetResponse"

    def test_needs_no_header_and_may_have_any(self) -> None:
        document = written('<x xmlns="urn:x" e:mustUnderstand="1"/>', "<resetResponse/>")
        assert isinstance(answer(document), Element)
        assert isinstance(answer(document.replace(b"e:Header", b"e:Other")), Element)

    @pytest.mark.parametrize(
        ("inner", "refusal"),
        [
            ("", Refusal(Code.RECEIVER, None, "no reason given")),
            ("<e:Code><e:Value>e:Sender</e:Value></e:Code>", Refusal(Code.SENDER, None, "Sender")),
            ("<faultcode>x:NotSupported</faultcode><faultstring>no</faultstring>",
             Refusal(Code.RECEIVER, Subcode.NOT_SUPPORTED, "no")),
        ],
    )  # fmt: skip
    def test_may_be_half_a_fault(self, inner: str, refusal: Refusal) -> None:
        assert answer(written("", f"<e:Fault>{inner}</e:Fault>")) == refusal

    @pytest.mark.parametrize("document", [b"", b"<html/>", written("", "")])
    def test_is_nothing_else(self, document: bytes) -> None:
        with pytest.raises(NotXml):
            answer(document)


class TestElementName:
    def test_begins_small(self) -> None:
        assert element_name("BootNotification", "Response") == "bootNotificationResponse"
