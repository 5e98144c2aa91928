import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter.encodings import decoded, from_base32, from_base64, from_hex
from services.domain.signed_meter.findings import NotReadable


class TestText:
    @pytest.mark.parametrize("text", ["00ff10", "00FF10", "00 ff 10", "00:ff:10", "0x00ff10", "\n00f f10\n"])
    def test_in_hexadecimal_is_read_as_people_write_it(self, text: str) -> None:
        assert from_hex(text) == from_hex(text.encode()) == bytes([0, 255, 16])

    @pytest.mark.parametrize("text", ["-_8=", "+/8=", "+/8", " + / 8\n"])
    def test_in_base64_is_read_in_both_alphabets(self, text: str) -> None:
        assert from_base64(text) == bytes([251, 255])

    @pytest.mark.parametrize("text", ["NBSWY3DP", "NBSWY3 DP\n"])
    def test_in_base32_is_read(self, text: str) -> None:
        assert from_base32(text) == b"hello"

    @pytest.mark.parametrize("text", ["", "0", "0g", "0x", "ü", "00ff1"])
    def test_that_is_no_hexadecimal_is_refused(self, text: str) -> None:
        with pytest.raises(NotReadable, match="not hexadecimal"):
            from_hex(text)

    @pytest.mark.parametrize("text", ["", "A", "AAAAA", "?", "ü", "A=A", "===="])
    def test_that_is_no_base64_is_refused(self, text: str) -> None:
        with pytest.raises(NotReadable, match="not base64"):
            from_base64(text)

    @pytest.mark.parametrize("text", ["", "A", "nbswy3dp", "1", "AAA"])
    def test_that_is_no_base32_is_refused(self, text: str) -> None:
        with pytest.raises(NotReadable, match="not base32"):
            from_base32(text)

    @given(st.binary(max_size=60) | st.text(max_size=60))
    def test_of_any_kind_raises_nothing_else(self, text: bytes | str) -> None:
        for decode in (from_hex, from_base64, from_base32):
            try:
                assert isinstance(decode(text), bytes)
            except NotReadable:
                continue


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("hex", b"6869"),
        ("HEX", b"6869"),
        ("base64", b"aGk="),
        ("base32", b"NBUQ===="),
        ("plain", b"hi"),
        ("", b"hi"),
    ],
)
def test_data_stand_for_what_their_encoding_says(encoding: str, data: bytes) -> None:
    assert decoded(data, encoding) == b"hi"
