"""SOAP 1.2 envelopes with WS-Addressing, as OCPP-S 1.6 (3) wants them: reading and writing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.domain import elements
from services.domain.elements import Element, NotXml, escaped
from services.ocpp.soap import faults
from services.ocpp.soap.faults import Code, Refusal, Refused, protocol_error
from services.ocpp.wire.faults import V15S, V16S

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
CONTENT_TYPE: Final = "application/soap+xml; charset=utf-8"
WSA_2005: Final = "http://www.w3.org/2005/08/addressing"
WSA_2004: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
"""The submission before the standard, which some frameworks still speak."""

FAULT_ACTION: Final = {WSA_2005: f"{WSA_2005}/soap/fault", WSA_2004: f"{WSA_2004}/fault"}
ANONYMOUS: Final = {WSA_2005: f"{WSA_2005}/anonymous", WSA_2004: f"{WSA_2004}/role/anonymous"}

CS: Final = {V16S: "urn://Ocpp/Cs/2015/10/", V15S: "urn://Ocpp/Cs/2012/06/"}
CP: Final = {V16S: "urn://Ocpp/Cp/2015/10/", V15S: "urn://Ocpp/Cp/2012/06/"}

_PROTOCOLS: Final = {space.rstrip("/"): protocol for spaces in (CS, CP) for protocol, space in spaces.items()}
_IDENTITY: Final = "chargeboxidentity"
_ADDRESSING: Final = frozenset({"Action", "MessageID", "RelatesTo", "From", "ReplyTo", "FaultTo", "To"})
_OURS: Final = frozenset({f"{SOAP}/role/next", f"{SOAP}/role/ultimateReceiver", ""})
_TRUE: Final = frozenset({"1", "true"})
_REQUEST: Final = "Request"
_MAX_TEXT: Final = 512


@dataclass(frozen=True, slots=True)
class Speech:
    """How a station writes, which is how it is answered: namespaces of OCPP and of addressing."""

    protocol: str = V16S
    namespace: str = CS[V16S]
    addressing: str = WSA_2005


@dataclass(frozen=True, slots=True)
class Request:
    """What a station asks; "" for what its header does not say. `sender` is the URL where it listens."""

    speech: Speech
    identity: str
    action: str
    message_id: str
    sender: str
    to: str
    body: Element


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a message of ours says."""

    action: str
    identity: str
    message_id: str = ""
    relates_to: str = ""
    sender: str = ""
    to: str = ""


def request(document: bytes) -> Request:
    """A station's request; Refused, with the fault, for anything else."""
    header, body = _parts(document)
    protocol = _PROTOCOLS.get(body.namespace.rstrip("/"))
    if protocol is None:
        reason = f"namespace {body.namespace[:60]!r}: OCPP 1.6 and 1.5 are spoken here"
        raise Refused(Refusal(Code.RECEIVER, faults.Subcode.NOT_SUPPORTED, reason))
    said = _header(header)
    identity = said.pop(_IDENTITY, "")
    if not identity:
        raise protocol_error("header chargeBoxIdentity is missing (OCPP-S 1.6, 3.3)")
    action = _action(body.name)
    if said.get("Action", action).rpartition("/")[2] not in (action, f"{action}{_REQUEST}"):
        raise protocol_error(f"header Action does not belong to a {body.name[:60]}")
    addressing = next((one.namespace for one in header if one.namespace in ANONYMOUS), WSA_2005)
    sender = next((said[name] for name in ("From", "ReplyTo") if _is_address(said.get(name, ""))), "")
    speech = Speech(protocol, body.namespace, addressing)
    return Request(speech, identity, action, said.get("MessageID", ""), sender, said.get("To", ""), body)


def answer(document: bytes) -> Element | Refusal:
    """The body of a station's answer, or its fault; NotXml when it is neither."""
    try:
        _, body = _parts(document, strict=False)
    except Refused as error:
        raise NotXml(error.refusal.reason) from None
    return _fault(body) if (body.namespace, body.name) == (SOAP, "Fault") else body


def envelope(speech: Speech, header: Header, body: str) -> str:
    """A whole message; `body` is XML with the prefix `o` for the speech's namespace."""
    blocks = [f"<o:chargeBoxIdentity>{escaped(header.identity)}</o:chargeBoxIdentity>"] if header.identity else []
    anonymous = ANONYMOUS[speech.addressing]
    for name, text in (
        ("Action", header.action),
        ("MessageID", header.message_id),
        ("RelatesTo", header.relates_to),
        ("To", header.to or anonymous),
    ):
        if text:
            blocks.append(f"<a:{name}>{escaped(text)}</a:{name}>")
    if header.sender:
        blocks.append(f"<a:From><a:Address>{escaped(header.sender)}</a:Address></a:From>")
        blocks.append(f"<a:ReplyTo><a:Address>{anonymous}</a:Address></a:ReplyTo>")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{speech.addressing}" xmlns:o="{escaped(speech.namespace)}">'
        f"<s:Header>{''.join(blocks)}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def fault(speech: Speech, header: Header, refusal: Refusal) -> str:
    """A whole message that says a fault (SOAP 1.2, 5.4)."""
    subcode = (
        f"<s:Subcode><s:Value>o:{refusal.subcode}</s:Value></s:Subcode>" if refusal.subcode is not None else ""
    )
    body = (
        f"<s:Fault><s:Code><s:Value>s:{refusal.code}</s:Value>{subcode}</s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{escaped(refusal.reason)}</s:Text></s:Reason></s:Fault>'
    )
    return envelope(speech, header, body)


def element_name(action: str, kind: str) -> str:
    """`bootNotificationRequest` of BootNotification and Request."""
    return f"{action[:1].lower()}{action[1:]}{kind}"


def _parts(document: bytes, strict: bool = True) -> tuple[list[Element], Element]:
    """Header blocks and the one element in the body."""
    try:
        root = elements.read(document)
    except NotXml as error:
        raise protocol_error(str(error)) from None
    if root.name != "Envelope" or root.namespace != SOAP:
        code = Code.VERSION_MISMATCH if root.name == "Envelope" else Code.SENDER
        subcode = None if root.name == "Envelope" else faults.Subcode.PROTOCOL
        raise Refused(Refusal(code, subcode, "not an envelope of SOAP 1.2"))
    parts = [part for part in root.children if part.namespace == SOAP]
    headers = [part for part in parts if part.name == "Header"]
    bodies = [part for part in parts if part.name == "Body"]
    if len(headers) > 1 or len(bodies) != 1 or len(bodies[0].children) != 1:
        raise protocol_error("an envelope has at most one Header and one Body, and that one element")
    blocks = headers[0].children if headers else []
    if strict:
        _check_understood(blocks)
    return blocks, bodies[0].children[0]


def _check_understood(blocks: Iterable[Element]) -> None:
    for block in blocks:
        must = block.attributes.get(f"{SOAP} mustUnderstand", "") in _TRUE
        if must and block.attributes.get(f"{SOAP} role", "") in _OURS and not _is_known(block):
            raise Refused(Refusal(Code.MUST_UNDERSTAND, None, f"header {block.name[:60]} is not understood"))


def _is_known(block: Element) -> bool:
    return block.name.lower() == _IDENTITY or (block.namespace in ANONYMOUS and block.name in _ADDRESSING)


def _header(blocks: Iterable[Element]) -> dict[str, str]:
    """The text of what we know in a header, by name; an endpoint's is its Address, or bare text."""
    said: dict[str, str] = {}
    for block in blocks:
        if not _is_known(block):
            continue
        name = _IDENTITY if block.name.lower() == _IDENTITY else block.name
        if name in said and name != "RelatesTo":
            raise protocol_error(f"header {block.name} comes more than once")
        address = block.child(block.namespace, "Address")
        text = block.word if address is None else address.word
        if len(text) > _MAX_TEXT:
            raise protocol_error(f"header {block.name} has more than {_MAX_TEXT} characters")
        said[name] = text
    return said


def _action(name: str) -> str:
    action = name.removesuffix(_REQUEST)
    return f"{action[:1].upper()}{action[1:]}"


def _is_address(text: str) -> bool:
    return text.lower().startswith(("http://", "https://")) and text not in ANONYMOUS.values()


def _fault(body: Element) -> Refusal:
    """Of whatever form: other stacks leave out half of it."""
    words = [one.word.rpartition(":")[2] for one in _descendants(body) if one.name in ("Value", "faultcode")]
    reasons = [one.word for one in _descendants(body) if one.name in ("Text", "faultstring")]
    code = next((Code(word) for word in words if word in list(Code)), Code.RECEIVER)
    subcode = next((faults.Subcode(word) for word in words if word in list(faults.Subcode)), None)
    return Refusal(code, subcode, (reasons or words or ["no reason given"])[0][:_MAX_TEXT])


def _descendants(element: Element) -> Iterable[Element]:
    for child in element.children:
        yield child
        yield from _descendants(child)
