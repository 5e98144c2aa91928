"""XML into a small tree, by a parser that follows nothing: no DTD, no entities, bounded in every direction."""

import re
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

MAX_DEPTH: Final = 24
MAX_ELEMENTS: Final = 20_000
MAX_ATTRIBUTES: Final = 32
"""Of one element; the document as a whole is bounded by who reads it from the network."""

_ENCODINGS: Final = frozenset({"utf-8", "utf8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "latin-1"})
_SEPARATOR: Final = " "
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_NEWLINES: Final = re.compile(r"[\t\n]")
"""In an attribute they would be read as spaces."""

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
REPLACEMENT: Final = "\ufffd"


class NotXml(Exception):
    """Not a document that we read, and why."""


@dataclass(slots=True)
class Element:
    """`namespace` is "" for none; attributes are named `namespace local` or `local`; `text` is its own."""

    namespace: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def child(self, namespace: str, name: str) -> "Element | None":
        """The first child of this name."""
        return next((one for one in self.children if (one.namespace, one.name) == (namespace, name)), None)

    @property
    def word(self) -> str:
        """Its text without space around it."""
        return self.text.strip()


def read(document: bytes) -> Element:
    """The root of a document; NotXml for anything that is not well-formed, or more than a message needs."""
    tree = _Tree()
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.XmlDeclHandler = _declared
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise NotXml(f"not well-formed: {error}") from None
    except (LookupError, ValueError) as error:
        raise NotXml(f"encoding: {error}") from None
    assert tree.root is not None
    return tree.root


def escaped(text: str) -> str:
    """Text as it stands in an element or in a quoted attribute; what XML has no sign for is replaced."""
    plain = _NOT_XML.sub(REPLACEMENT, text)
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\r", "&#13;")):
        plain = plain.replace(sign, entity)
    return plain


def written(element: Element) -> str:
    """An element and all below it as text that reads back as the same tree; text before its children."""
    return _written(element, "")


def _written(element: Element, around: str) -> str:
    opened = [element.name]
    if element.namespace != around:
        opened.append(f'xmlns="{escaped(element.namespace)}"')
    for number, (name, value) in enumerate(element.attributes.items()):
        namespace, _, local = name.rpartition(_SEPARATOR)
        if namespace == _XML:
            local = f"xml:{local}"
        elif namespace:
            opened.append(f'xmlns:n{number}="{escaped(namespace)}"')
            local = f"n{number}:{local}"
        opened.append(f'{local}="{_NEWLINES.sub(_reference, escaped(value))}"')
    inner = escaped(element.text) + "".join(_written(child, element.namespace) for child in element.children)
    return f"<{' '.join(opened)}>{inner}</{element.name}>"


def _reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


class _Tree:
    """What the parser tells, put together; it stops the parser as soon as it is too much."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise NotXml(f"more than {MAX_ELEMENTS} elements")
        if len(self._open) == MAX_DEPTH:
            raise NotXml(f"nested deeper than {MAX_DEPTH}")
        if len(attributes) > MAX_ATTRIBUTES:
            raise NotXml(f"an element with more than {MAX_ATTRIBUTES} attributes")
        namespace, _, local = name.rpartition(_SEPARATOR)
        element = Element(namespace, local, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        self._open[-1].text += text


def _declared(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in _ENCODINGS:
        raise NotXml(f"encoding {encoding[:40]!r}: use UTF-8")


def _no_doctype(*_: object) -> None:
    raise NotXml("a document type declaration is not allowed")
