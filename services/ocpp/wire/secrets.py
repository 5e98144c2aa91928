"""Masks what no record may keep: passwords and keys that frames carry, whatever the protocol version."""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from services.domain import elements
from services.domain.elements import Element, NotXml

MASK: Final = "***"
UNREADABLE: Final = b'"a frame that may hold a password and cannot be read: not kept"'

_NAMES: Final = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "authorizationkey",
    "privatekey",
    "apikey",
    "simpin",
)
"""Parts of names, in lower case, whose values are kept from everybody."""

_HINTS: Final = (b"passw", b"passp", b"secret", b"tionkey", b"privatekey", b"apikey", b"simpin", b'"vpn"', b"\\u")
"""Frames without any of these in lower case have no such name; an escape can hide one."""

_VALUES: Final = frozenset({"value", "attributeValue", "actualValue", "newValue"})
_LOGIN: Final = re.compile(rb"(://)[^\s/\"@\\]+@")
_VPN: Final = frozenset({"key", "user"})

_BEFORE_XML: Final = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
_XML_HINTS: Final = (*_HINTS, b"&#", b"<!", b"<?", b"\x00")
"""References, CDATA, comments, instructions and other encodings can hide a name."""

_DECLARATION: Final = re.compile(rb"<\?xml[^>]{0,100}\?>")
_UTF8: Final = re.compile(rb"encoding\s*=\s*[\"'](?!utf-?8[\"'])")


def masked(data: bytes) -> bytes:
    """The frame without passwords and keys: the same bytes unless it has any.

    Covers 1.6 ChangeConfiguration and GetConfiguration (AuthorizationKey), 2.x SetVariables, GetVariables and
    reports (BasicAuthPassword), SetNetworkProfile (APN, VPN), vendor data, and logins in URLs, in JSON and in
    envelopes of SOAP. A frame that may hold one and cannot be read is not kept.
    """
    if b"://" in data and b"@" in data:
        data = _LOGIN.sub(rb"\1***@", data)
    if data.lstrip(_BEFORE_XML).startswith(b"<"):
        return _masked_xml(data)
    lower = data.lower()
    if not any(hint in lower for hint in _HINTS):
        return data
    try:
        frame = orjson.loads(data)
        cleaned = _clean(frame, "")
        return data if cleaned == frame else orjson.dumps(cleaned)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return UNREADABLE


def _masked_xml(data: bytes) -> bytes:
    """An XML document without secrets; one that is not in UTF-8 is told in it, as searches expect."""
    declared = _DECLARATION.match(data)
    lower = data[declared.end() if declared else 0 :].lower()
    plain = data.startswith(b"<") and not (declared and _UTF8.search(declared[0].lower()))
    if plain and not any(hint in lower for hint in _XML_HINTS):
        return data
    try:
        root = elements.read(data)
    except NotXml:
        return UNREADABLE
    cleaned = _hide_in(root, hidden=False)
    return elements.written(root).encode() if cleaned or not plain else data


def _hide_in(element: Element, hidden: bool) -> bool:
    """Mask the secrets of an element and all below it, in place; whether there were any."""
    hidden = hidden or _is_secret(element.name)
    before = element.text, dict(element.attributes)
    element.text = _hidden_text(element.text, element.name, hidden)
    element.attributes = {name: _hidden_text(value, name, hidden) for name, value in element.attributes.items()}
    about = any(child.name == "key" and _is_secret(child.text) for child in element.children)
    below = [_hide_in(child, hidden or (about and child.name in _VALUES)) for child in element.children]
    return any(below) or before != (element.text, element.attributes)


def _hidden_text(text: str, under: str, hidden: bool) -> str:
    if hidden and text.strip():
        return MASK
    return _LOGIN.sub(rb"\1***@", _clean_text(text, under).encode()).decode()


def _clean(value: Any, under: str) -> Any:
    """`value` without secrets; `under` is the name of the field that it is in."""
    if isinstance(value, list):
        return [_clean(entry, under) for entry in value]
    if isinstance(value, str):
        return _clean_text(value, under)
    if not isinstance(value, dict):
        return MASK if value is not None and _is_secret(under) else value
    secret = _names_secret(value)
    return {
        name: _hidden(entry, name) if secret else _clean(entry, "password" if _in_vpn(under, name) else name)
        for name, entry in value.items()
    }


def _clean_text(text: str, under: str) -> str:
    """Vendors put JSON into strings: one that speaks of a secret is not kept."""
    vendors_own = under in ("data", "customData")
    return MASK if _is_secret(under) or (vendors_own and _is_secret(text)) else text


def _hidden(entry: Any, name: str) -> Any:
    """A field beside the name of a secret: values go, the rest stays."""
    if name in _VALUES:
        return MASK
    if name == "variableAttribute" and isinstance(entry, list):
        return [{**each, "value": MASK} if isinstance(each, Mapping) else MASK for each in entry]
    return _clean(entry, name if name not in ("key", "variable") else "")


def _names_secret(entry: Mapping[str, Any]) -> bool:
    """Whether it is about a configuration key (1.6) or variable (2.x) that is a secret."""
    variable = entry.get("variable")
    named = variable.get("name") if isinstance(variable, Mapping) else None
    return any(isinstance(name, str) and _is_secret(name) for name in (entry.get("key"), named))


def _in_vpn(under: str, name: str) -> bool:
    return under == "vpn" and name in _VPN


def _is_secret(name: str) -> bool:
    lower = name.lower()
    return any(part in lower for part in _NAMES)
