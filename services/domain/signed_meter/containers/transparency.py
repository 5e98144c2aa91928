"""XML: the input of the transparency software (`values`), and the formats that are XML themselves.

The parser follows nothing: no document type, no entities. Name spaces are ignored.
"""

from collections.abc import Iterator

from services.domain.elements import Element, NotXml, escaped, read
from services.domain.signed_meter.containers import raw
from services.domain.signed_meter.containers.grouping import Session, by_transaction
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.formats import FORMATS
from services.domain.signed_meter.record import SEALED, SignedRecord

_OWN = {"signedMeterValue": "EDL_40_SIG", "Billing": "EDL_40_MENNEKES", "ChargingProcess": "EDL_40_MENNEKES"}
_OTHER_NAMES = {"SML_EDL40_P": "EDL_40_P", "ISA_EDL40_P": "ISA_EDL_40_P", "EDL40_SIG": "EDL_40_SIG"}


def sessions(data: bytes, key: str | None = None) -> list[Session]:
    """The sessions of a document. NotReadable when it is none that holds signed values."""
    try:
        root = read(data.lstrip(b"\xef\xbb\xbf \t\r\n"))
    except NotXml as error:
        raise NotReadable(f"the XML is refused: {error}") from error
    if root.name in _OWN:
        return [(SignedRecord(_OWN[root.name], data, key=key, encoding="xml"),)]
    values = [one for one in _all(root) if one.name == "value"]
    if not values:
        raise NotReadable(f"there are no values in <{root.name[:40]}>")
    return by_transaction(_record(value, key) for value in values)


def _record(value: Element, register: str | None) -> tuple[str, SignedRecord]:
    """(transaction id or "", the record). What holds no signed data becomes a record that cannot be read."""
    data, written = _child(value, "signedData"), _child(value, "publicKey")
    transaction = _attribute(value, "transactionId")
    context = _attribute(value, "context") or None
    if data is None:
        sealed = _child(value, "encodedData") is not None
        return transaction, SignedRecord(SEALED if sealed else "no data", b"", context=context)
    text = (data.word or "".join(map(_written, data.children))).encode()
    key = register or (written.word if written else "") or None
    name = _format(_attribute(data, "format"), text, key)
    encoding = _attribute(data, "encoding").lower() or "auto"
    return transaction, SignedRecord(name, text, key=key, context=context, encoding=encoding)


def _format(stated: str, text: bytes, key: str | None) -> str:
    """The format as stated, in the spelling of `FORMATS`; as recognised when nothing known is stated."""
    name = stated.strip().upper()
    name = _OTHER_NAMES.get(name, name)
    if name in FORMATS:
        return name
    try:
        return raw.recognised(text, key)
    except NotReadable:
        return stated or "not stated"


def _all(root: Element) -> Iterator[Element]:
    yield root
    for child in root.children:
        yield from _all(child)


def _child(parent: Element, name: str) -> Element | None:
    return next((one for one in parent.children if one.name == name), None)


def _attribute(element: Element, name: str) -> str:
    return element.attributes.get(name, "")


def _written(element: Element) -> str:
    """An element inside of signedData as text again: nothing in it is signed as XML, only the texts are."""
    attributes = "".join(
        f' {name}="{escaped(value)}"' for name, value in element.attributes.items() if " " not in name
    )
    inner = escaped(element.text) + "".join(map(_written, element.children))
    return f"<{element.name}{attributes}>{inner}</{element.name}>"
