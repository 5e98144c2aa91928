"""What of a frame the message log must not keep."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import elements
from services.ocpp.wire.secrets import UNREADABLE, masked

SECRET = "correct-horse-battery"


def variable(name: str, **more: Any) -> dict[str, Any]:
    return {"component": {"name": "SecurityCtrlr"}, "variable": {"name": name}} | more


HOLDING = {
    "ChangeConfiguration": [2, "1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}],
    "value before key": [2, "1", "ChangeConfiguration", {"value": SECRET, "key": "authorizationkey"}],
    "GetConfiguration answer": [
        3, "1", {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": SECRET}]}
    ],
    "SetVariables": [
        2, "1", "SetVariables", {"setVariableData": [variable("BasicAuthPassword", attributeValue=SECRET)]}
    ],
    "GetVariables answer": [
        3, "1", {"getVariableResult": [variable("BasicAuthPassword", attributeValue=SECRET)]}
    ],
    "NotifyReport": [
        2, "1", "NotifyReport",
        {"reportData": [variable("BasicAuthPassword", variableAttribute=[{"type": "Actual", "value": SECRET}])]},
    ],
    "NotifyReport with an odd attribute": [
        2, "1", "NotifyReport", {"reportData": [variable("BasicAuthPassword", variableAttribute=[SECRET])]}
    ],
    "NotifyEvent": [2, "1", "NotifyEvent", {"eventData": [variable("BasicAuthPassword", actualValue=SECRET)]}],
    "APN": [2, "1", "SetNetworkProfile", {"connectionData": {"apn": {"apn": "a", "apnPassword": SECRET}}}],
    "VPN": [2, "1", "SetNetworkProfile", {"connectionData": {"vpn": {"key": SECRET, "user": SECRET}}}],
    "DataTransfer": [2, "1", "DataTransfer", {"vendorId": "v", "data": f'{{"password": "{SECRET}"}}'}],
    "a number": [2, "1", "DataTransfer", {"apiKey": [SECRET, {"secret": SECRET}]}],
    "a login in a URL": [2, "1", "GetDiagnostics", {"location": f"ftp://user:{SECRET}@files.example/up"}],
}  # fmt: skip


class TestMasked:
    @pytest.mark.parametrize("frame", HOLDING.values(), ids=HOLDING.keys())
    def test_keeps_no_secret(self, frame: list[Any]) -> None:
        kept = masked(orjson.dumps(frame))
        assert SECRET.encode() not in kept
        assert orjson.loads(kept)[:2] == frame[:2]

    def test_keeps_the_name_of_the_key(self) -> None:
        kept = orjson.loads(masked(orjson.dumps(HOLDING["ChangeConfiguration"])))
        assert kept[3] == {"key": "AuthorizationKey", "value": "***"}

    def test_keeps_what_stands_beside_it(self) -> None:
        answer = [
            3,
            "1",
            {"configurationKey": [{"key": "AuthorizationKey", "value": "x"}, {"key": "A", "value": "1"}]},
        ]
        assert orjson.loads(masked(orjson.dumps(answer)))[2]["configurationKey"][1] == {"key": "A", "value": "1"}

    def test_keeps_the_status_of_setting_it(self) -> None:
        answer = [3, "1", {"setVariableResult": [variable("BasicAuthPassword", attributeStatus="Accepted")]}]
        assert masked(orjson.dumps(answer)) == orjson.dumps(answer)

    def test_masks_numbers_under_a_secret_name(self) -> None:
        assert b"4711" not in masked(b'[2,"1","SetNetworkProfile",{"simPin":4711,"apnPassword":null}]')

    def test_changes_no_byte_of_an_ordinary_frame(self) -> None:
        frame = b'[2, "1",  "StartTransaction" ,{"connectorId":1,"idTag":"A","meterStart":1e1}]'
        assert masked(frame) is frame

    def test_sees_through_escapes(self) -> None:
        frame = rb'[2,"1","ChangeConfiguration",{"key":"\u0041uthorizationKey","value":"hidden"}]'
        assert b"hidden" not in masked(frame)

    @pytest.mark.parametrize(
        "frame",
        [
            b'{"key": "AuthorizationKey", "value": "hidden"',
            b'\xff"AuthorizationKey" hidden',
            b"[" * 50_000 + b'"password hidden"',
            b"[" * 900 + b'{"password":"hidden"}' + b"]" * 900,
        ],
        ids=["cut short", "not UTF-8", "too deep to read", "too deep to write"],
    )
    def test_keeps_nothing_of_what_it_cannot_read(self, frame: bytes) -> None:
        assert masked(frame) == UNREADABLE

    @given(st.binary(max_size=300))
    def test_never_fails(self, noise: bytes) -> None:
        masked(noise)
        masked(b'[2,"1","X",{"password":"' + noise + b'"}]')

    @given(
        st.recursive(st.none() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=8)
    )
    def test_never_shows_a_password_wherever_it_is(self, around: Any) -> None:
        frame = orjson.dumps([2, "1", "X", {"a": around, "password": SECRET}])
        assert SECRET.encode() not in masked(frame)


def envelope(body: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>\n') -> str:
    return (
        f'{declaration}<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:o="urn://Ocpp/Cp/2015/10/">'
        f"<s:Header><o:chargeBoxIdentity>CP1</o:chargeBoxIdentity></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


IN_XML = {
    "changeConfiguration": "<o:changeConfigurationRequest><o:key>AuthorizationKey</o:key>"
    f"<o:value>{SECRET}</o:value></o:changeConfigurationRequest>",
    "value before key": f"<a><value>{SECRET}</value><key>authorizationkey</key></a>",
    "getConfiguration answer": "<a><configurationKey><key>AuthorizationKey</key><readonly>false</readonly>"
    f"<value>{SECRET}</value></configurationKey></a>",
    "a value with children": f"<a><key>AuthorizationKey</key><value><b>{SECRET}</b></value></a>",
    "dataTransfer": f'<a><vendorId>v</vendorId><data>{{"password": "{SECRET}"}}</data></a>',
    "an element of that name": f"<a><Password>{SECRET}</Password></a>",
    "an attribute": f'<a apiKey="{SECRET}"/>',
    "an attribute below": f'<a><secret><b c="{SECRET}"/></secret></a>',
    "a login in a URL": f"<a><location>ftp://user:{SECRET}@files.example/up</location></a>",
    "a login behind a reference": f"<a><location>ftp:/&#47;user:{SECRET}@files.example/up</location></a>",
    "a name in references": f"<a><key>&#x41;uthorization&#75;ey</key><value>{SECRET}</value></a>",
    "a name in CDATA": f"<a><key>Authorization<![CDATA[Ke]]>y</key><value>{SECRET}</value></a>",
    "a name with a comment": f"<a><key>Author<!-- -->izationKey</key><value>{SECRET}</value></a>",
    "a name with an instruction": f"<a><key>Author<?x y?>izationKey</key><value>{SECRET}</value></a>",
}


class TestMaskedXml:
    @pytest.mark.parametrize("body", IN_XML.values(), ids=IN_XML.keys())
    def test_keeps_no_secret(self, body: str) -> None:
        kept = masked(envelope(body).encode())
        assert SECRET.encode() not in kept
        assert b"***" in kept
        assert elements.read(kept).children[0].children[0].text == "CP1"

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
    def test_keeps_none_in_another_encoding(self, encoding: str) -> None:
        kept = masked(envelope(IN_XML["changeConfiguration"], "").encode(encoding))
        assert SECRET.encode() not in kept
        assert SECRET.encode("utf-16-le") not in kept

    def test_keeps_the_name_of_the_key(self) -> None:
        kept = masked(envelope(IN_XML["changeConfiguration"]).encode())
        body = elements.read(kept).children[1].children[0]
        assert [(one.name, one.text) for one in body.children] == [("key", "AuthorizationKey"), ("value", "***")]

    @pytest.mark.parametrize(
        "body",
        [
            "<o:authorizeRequest>  <o:idTag>04A1</o:idTag></o:authorizeRequest>",
            "<a><key>MeterValueSampleInterval</key><value>60</value></a>",
            "<a><!-- nothing --><b>&#252;</b></a>",
            "<a><configurationKey><key>AuthorizationKey</key><readonly>false</readonly></configurationKey></a>",
        ],
    )
    def test_changes_no_byte_of_an_ordinary_envelope(self, body: str) -> None:
        document = envelope(body).encode()
        assert masked(document) is document

    def test_tells_all_in_utf_8(self) -> None:
        declaration = '<?xml version="1.0" encoding="ISO-8859-1"?>'
        kept = masked(envelope("<idTag>ü</idTag>", declaration).encode("latin-1"))
        assert elements.read(kept) == elements.read(envelope("<idTag>ü</idTag>").encode())

    def test_keeps_none_that_it_cannot_read(self) -> None:
        assert masked(f"<a><key>AuthorizationKey</key><value>{SECRET}".encode()) == UNREADABLE
        assert masked(f'<!DOCTYPE a [<!ENTITY b "{SECRET}">]><a>&b;</a>'.encode()) == UNREADABLE

    @given(st.binary(max_size=200))
    def test_never_fails(self, noise: bytes) -> None:
        masked(b"<" + noise)
        masked(envelope("").encode().replace(b"CP1", noise))
