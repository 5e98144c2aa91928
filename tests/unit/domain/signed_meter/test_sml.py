"""SML: frames, check sums, types, and everything that is none of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter import sml
from services.domain.signed_meter.findings import NotReadable
from tests.unit.domain.signed_meter.meter_records import EDL
from tests.unit.domain.signed_meter.telegrams import (
    ABSENT,
    entry,
    framed,
    list_response,
    listed,
    local_time,
    message,
    octets,
    signed,
    telegram,
    unsigned,
)

GOOD = telegram(EDL)


def frame(content: bytes) -> bytes:
    """As a sender does: escape sequences in the content doubled."""
    return framed(content.replace(sml.ESCAPE, sml.ESCAPE * 2))


class TestFrame:
    def test_check_sum_is_crc_16_x_25(self) -> None:
        assert sml.crc16(b"123456789") == 0x906E

    @given(st.binary(max_size=64).filter(lambda content: sml.ESCAPE not in content))
    def test_carries_any_bytes(self, content: bytes) -> None:
        """Messages end with a zero, so that none runs into the end sequence."""
        assert sml.payload(framed(content + b"\x00")) == content + b"\x00"

    @pytest.mark.parametrize("content", [b"abc\x1b", b"ab\x1b\x1b", b"a\x1b\x1b\x1b"])
    def test_may_end_like_an_escape_sequence_begins(self, content: bytes) -> None:
        assert sml.payload(framed(content)) == content

    def test_undoes_escapes_in_the_content(self) -> None:
        content = b"ab" + sml.ESCAPE + b"cd\x1b"
        assert sml.payload(frame(content)) == content

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            sml.START,
            sml.START + sml.ESCAPE,
            sml.START + sml.ESCAPE + b"\x1a\x00",
            b"\x1b\x1b\x1b\x1b\x02\x02\x02\x02" + GOOD[8:],
            sml.START + sml.ESCAPE + b"\x07\x00\x00\x00" + GOOD[8:],
            GOOD[:-1] + bytes([GOOD[-1] ^ 1]),
            GOOD + b"\x01",
            b"\x00" + GOOD,
        ],
    )
    def test_that_is_not_whole_is_refused(self, data: bytes) -> None:
        with pytest.raises(NotReadable):
            sml.payload(data)

    def test_may_be_followed_by_zeros(self) -> None:
        assert sml.payload(GOOD + b"\x00\x00") == sml.payload(GOOD)

    @pytest.mark.parametrize("padding", [4, 255])
    def test_has_at_most_three_bytes_of_padding(self, padding: int) -> None:
        head = sml.START + sml.ESCAPE + bytes([0x1A, padding])
        with pytest.raises(NotReadable):
            sml.payload(head + sml.crc16(head).to_bytes(2, "little"))

    def test_has_no_more_padding_than_content(self) -> None:
        head = sml.START + sml.ESCAPE + bytes([0x1A, 3])
        with pytest.raises(NotReadable):
            sml.payload(head + sml.crc16(head).to_bytes(2, "little"))


class TestListResponse:
    def test_gives_what_a_meter_said(self) -> None:
        response = sml.list_response(GOOD)
        assert response.server_id == EDL.server_id
        assert [one.name.hex() for one in response.entries] == [
            "810060080001",
            "8182815401ff",
            "0100011100ff",
            "8180817101ff",
        ]
        reading = response.entries[2]
        assert (reading.status, reading.unit, reading.scaler, reading.value) == (8, 30, -1, 1_000_000)
        assert reading.time is not None
        assert reading.time.local_epoch == EDL.local_epoch

    def test_knows_long_strings_booleans_and_absent_values(self) -> None:
        parts = [entry("0100", octets(bytes(300))), entry("0200", b"\x42\x01"), entry("0300", b"\x42\x00")]
        parts += [entry("0400", ABSENT), entry("0500", b"\x70")]
        response = sml.list_response(list_response(bytes(10), parts, ABSENT))
        assert [one.value for one in response.entries] == [bytes(300), True, False, None, ()]
        assert response.signature is None

    @pytest.mark.parametrize(
        "broken",
        [
            entry("0100", ABSENT, status=octets(b"1")),
            entry("0100", ABSENT, unit=b"\x42\x01"),
            entry("0100", ABSENT, signature=unsigned(1, 1)),
            entry("0100", ABSENT, time=listed(unsigned(1, 1))),
            entry("0100", ABSENT, time=listed(unsigned(1, 1), ABSENT)),
            entry("0100", ABSENT, time=listed(unsigned(3, 1), listed(unsigned(1, 1), signed(0, 1)))),
            listed(ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT),
            listed(ABSENT),
            unsigned(1, 1),
            b"\x43\x00\x00",
            b"\x5a" + bytes(9),
            b"\x15\x00\x00\x00\x00",
            b"\x00",
            b"\x82\x71",
            b"\x8f\x8f\x8f\x8f\x8f\x8f\x0f",
            b"\xff\x8f\x8f\x8f\x0f",
            b"\x71" * 40,
        ],
    )
    def test_with_a_broken_entry_is_refused(self, broken: bytes) -> None:
        with pytest.raises(NotReadable):
            sml.list_response(list_response(bytes(10), [broken], ABSENT))

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            message(0x0101, ABSENT),
            message(0x0701, listed(ABSENT)),
            message(0x0701, unsigned(1, 1)),
            message(0x0701, listed(*[ABSENT] * 7)),
            b"\x75" + message(0x0701, ABSENT)[1:],
            message(0x0701, ABSENT)[:-1],
            message(0x0701, ABSENT)[:-1] + b"\x01",
            message(0x0101, ABSENT)[:-4] + b"\x63\x00\x00\x00",
            message(0x0101, ABSENT)[:-4] + b"\x65\xff\x00\x00\x00\x00",
            message(0x0101, ABSENT)[:-4] + b"\x55\xff\x00\x00\x00\x00",
            message(0x0101, ABSENT)[:-4] + b"\x01\x00",
        ],
    )
    def test_is_refused_in_other_messages(self, content: bytes) -> None:
        with pytest.raises(NotReadable):
            sml.list_response(frame(content))

    def test_ignores_messages_whose_tag_is_no_number(self) -> None:
        body = list_response(bytes(10), [entry("0100", ABSENT)], ABSENT)
        strange = bytearray(b"\x76" + octets(b"\x01") + unsigned(0, 1) + unsigned(0, 1) + listed(ABSENT, ABSENT))
        strange += b"\x63" + sml.crc16(bytes(strange)).to_bytes(2, "little") + b"\x00"
        assert sml.list_response(framed(bytes(strange) + sml.payload(body))).server_id == bytes(10)

    def test_is_bounded_in_size_and_number(self) -> None:
        with pytest.raises(NotReadable):
            sml.list_response(sml.START + bytes(sml.MAX_BYTES))
        many = listed(*[listed(*[ABSENT] * 15)] * 15)
        deep = listed(*[many] * 15)
        with pytest.raises(NotReadable):
            sml.list_response(framed(message(0x0701, listed(deep, deep, deep))))

    def test_time_is_left_out_or_an_index(self) -> None:
        assert sml.as_time(None) is None
        index = sml.as_time((1, 42))
        assert index is not None
        assert (index.seconds, index.is_index) == (42, True)


class TestHostileBytes:
    @given(st.binary(max_size=400))
    def test_give_nothing_but_the_error(self, data: bytes) -> None:
        for attempt in (data, sml.START + data, framed(data.replace(b"\x1b", b"\x1c"))):
            with pytest.raises(NotReadable):
                sml.list_response(attempt)

    def test_cut_at_every_byte_give_the_error(self) -> None:
        for size in range(len(GOOD)):
            with pytest.raises(NotReadable):
                sml.list_response(GOOD[:size])

    def test_changed_at_every_byte_give_the_error(self) -> None:
        for position in range(len(GOOD)):
            with pytest.raises(NotReadable):
                sml.list_response(GOOD[:position] + bytes([GOOD[position] ^ 0x10]) + GOOD[position + 1 :])

    @given(st.data())
    def test_in_a_right_frame_give_the_error_or_a_response(self, data: st.DataObject) -> None:
        content = bytearray(sml.payload(GOOD))
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        try:
            sml.list_response(frame(bytes(content)))
        except NotReadable:
            return


def test_local_times_move_by_both_offsets() -> None:
    body = list_response(bytes(10), [entry("0100", ABSENT, time=local_time(1000, 60, 60))], ABSENT)
    time = sml.list_response(body).entries[0].time
    assert time is not None
    assert (time.seconds, time.local_epoch) == (1000, 1000 + 7200)
