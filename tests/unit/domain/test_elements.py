"""Reading XML: what it means, and everything that it refuses to follow."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.elements import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    Element,
    NotXml,
    escaped,
    read,
    written,
)


class TestRead:
    def test_gives_names_namespaces_attributes_and_text(self) -> None:
        root = read(b'<p:a xmlns:p="urn:x" p:b="1" c="2"><d>  text &amp; more </d><d/></p:a>')
        assert (root.namespace, root.name) == ("urn:x", "a")
        assert root.attributes == {"urn:x b": "1", "c": "2"}
        assert [(child.name, child.text) for child in root.children] == [("d", "  text & more "), ("d", "")]
        assert root.children[0].word == "text & more"

    def test_finds_a_child_by_its_whole_name(self) -> None:
        root = read(b'<a xmlns:p="urn:x"><b>1</b><p:b>2</p:b></a>')
        found = root.child("urn:x", "b")
        assert found is not None
        assert found.text == "2"
        assert root.child("urn:y", "b") is None

    def test_keeps_text_that_is_in_pieces_together(self) -> None:
        assert read(b"<a>1<!-- no -->2<![CDATA[<3>]]>&#52;</a>").text == "12<3>4"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "us-ascii"])
    def test_knows_the_encodings_that_are_in_use(self, encoding: str) -> None:
        text = "é" if encoding != "us-ascii" else "e"
        document = f'<?xml version="1.0" encoding="{encoding.upper()}"?><a>{text}</a>'.encode(encoding)
        assert read(document).text == text

    def test_takes_a_byte_order_mark(self) -> None:
        assert read(b"\xef\xbb\xbf<a>1</a>").text == "1"


BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


class TestHostileInput:
    @pytest.mark.parametrize(
        ("document", "why"),
        [
            (b"", "not well-formed"),
            (b"   ", "not well-formed"),
            (b"{}", "not well-formed"),
            (b"\x00" * 100, "not well-formed"),
            (b"\xff\xfe<a/>", "not well-formed"),
            (b"<a>", "not well-formed"),
            (b"<a></b>", "not well-formed"),
            (b"<a/><b/>", "not well-formed"),
            (b"<a b='1' b='2'/>", "not well-formed"),
            (b"<x:a/>", "not well-formed"),
            (b"<a>&undefined;</a>", "not well-formed"),
            (b"<a>&#0;</a>", "not well-formed"),
            (b"<a>\x01</a>", "not well-formed"),
            (b"<a>\xe9</a>", "not well-formed"),
            (BOMB, "document type"),
            (OUTSIDE, "document type"),
            (b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>', "document type"),
            (b"<!DOCTYPE a><a/>", "document type"),
            (b'<?xml version="1.0" encoding="utf-7"?><a/>', "encoding"),
            (b'<?xml version="1.0" encoding="shift_jis"?><a/>', "encoding"),
            (b'<?xml version="1.0" encoding="rot13"?><a/>', "encoding"),
            (b'<?xml version="1.0" encoding="utf-16"?><a/>', "not well-formed"),
            (b"<a>" * (MAX_DEPTH + 1), "nested deeper"),
            (b"<a>" * 1_000_000, "nested deeper"),
            (b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>", "elements"),
            (b"<a " + b" ".join(b"b%d='1'" % n for n in range(MAX_ATTRIBUTES + 1)) + b"/>", "attributes"),
        ],
    )
    def test_is_refused_and_said_why(self, document: bytes, why: str) -> None:
        with pytest.raises(NotXml, match=why):
            read(document)

    def test_may_be_large_without_harm(self) -> None:
        assert len(read(b"<a b='" + b"x" * 1_000_000 + b"'/>").attributes["b"]) == 1_000_000

    @given(st.binary(max_size=200))
    def test_of_any_kind_is_an_element_or_refused(self, document: bytes) -> None:
        with contextlib.suppress(NotXml):
            assert isinstance(read(document), Element)

    @given(st.binary(max_size=60))
    def test_inside_an_element_is_too(self, inner: bytes) -> None:
        with contextlib.suppress(NotXml):
            assert read(b"<a>" + inner + b"</a>").name == "a"


class TestEscaped:
    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_text_comes_back_as_it_was_but_for_what_xml_cannot_say(self, text: str) -> None:
        back = read(f'<a b="{escaped(text)}">{escaped(text)}</a>'.encode()).text
        assert len(back) == len(text)
        assert all(one == other or one == "\ufffd" for one, other in zip(back, text, strict=True))

    def test_control_characters_and_surrogates_are_replaced(self) -> None:
        assert escaped("a\x00b\ud800\uffff") == "a\ufffdb\ufffd\ufffd"


class TestWritten:
    @pytest.mark.parametrize(
        "document",
        [
            b'<p:a xmlns:p="urn:x" p:b="1" c="2"><d>text &amp; &lt;more&gt;</d><p:e/></p:a>',
            b'<a xml:lang="en" n1="&quot;x&quot;"/>',
            b'<a b="one&#10;two&#9;three&#13;four">one\ntwo&#13;</a>',
            b'<a xmlns="urn:x&amp;y"><b xmlns=""><c xmlns="urn:z"/></b></a>',
            '<a q:b="ü" xmlns:q="urn:q">\U0001f50c</a>'.encode(),
        ],
    )
    def test_reads_back_as_the_same(self, document: bytes) -> None:
        root = read(document)
        assert read(written(root).encode()) == root

    def test_writes_a_namespace_where_it_changes(self) -> None:
        assert written(read(b'<p:a xmlns:p="urn:x"><p:b>1</p:b></p:a>')) == '<a xmlns="urn:x"><b>1</b></a>'
