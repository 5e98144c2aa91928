"""The frame parser against mutated traffic: bytes, JSON and pieces of recorded frames."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.frame_promises import keep
from tests.golden.ocpp.golden import CASES
from tests.unit.ocpp.hostile import HOSTILE

RECORDED = [(case / "in.json").read_bytes() for case in CASES] + [hostile.frame for hostile in HOSTILE]
SHORT = [data for data in RECORDED if len(data) < 3000]
TOKENS = [b"[", b"]", b"{", b"}", b'"', b",", b":", b"null", b"true", b"1e999", b"-0", b"\\u0000", b"\\ud800",
          b"\xff", b"\xef\xbb\xbf", b"2", b"3", b"6", b"NaN", b"\x00", b"[[[[[[[[", b"9" * 400]  # fmt: skip

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner), max_leaves=8
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A recorded frame with some bytes replaced, removed, doubled or put in from elsewhere."""
    data = bytearray(draw(st.sampled_from(SHORT)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 8)))
        data[start:end] = draw(
            st.sampled_from(TOKENS) | st.binary(max_size=3) | st.just(bytes(data[start:end] * 2))
        )
    return bytes(data)


@st.composite
def framed(draw: st.DrawFn) -> bytes:
    """An array that is nearly a frame, of any JSON."""
    kind = draw(st.integers(0, 8) | scalars)
    parts: list[Any] = [kind, *draw(st.lists(values, max_size=5))]
    try:
        return orjson.dumps(parts)
    except orjson.JSONEncodeError:
        return repr(parts).encode(errors="surrogatepass")


@pytest.mark.slow
class TestParsing:
    @given(mutated())
    @settings(max_examples=400, deadline=None)
    def test_of_mutated_traffic_keeps_its_promises(self, data: bytes) -> None:
        keep(data)

    @given(framed())
    @settings(max_examples=400, deadline=None)
    def test_of_nearly_frames_keeps_its_promises(self, data: bytes) -> None:
        keep(data)

    @given(st.binary(max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_of_any_bytes_keeps_its_promises(self, data: bytes) -> None:
        keep(data)

    def test_of_recorded_traffic_keeps_its_promises(self) -> None:
        for data in RECORDED:
            keep(data)
