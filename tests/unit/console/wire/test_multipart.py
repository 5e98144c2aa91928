"""The first file of a form, however its bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.wire.multipart import FirstPart, boundary_of
from services.console.wire.problems import Problem


def form(content: bytes, boundary: str = "bound") -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="a.log"\r\n\r\n'.encode()
    return head + content + f"\r\n--{boundary}--\r\n".encode()


def unwrapped(body: bytes, cuts: list[int]) -> tuple[bytes, FirstPart]:
    part = FirstPart("bound")
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    pieces = [body[begin:end] for begin, end in pairwise(places)]
    return b"".join(map(part.feed, pieces)), part


class TestFirstPart:
    @given(
        st.one_of(st.binary(max_size=300), st.sampled_from([b"", b"\r\n", b"\r\n--boun", b"--bound"])),
        st.lists(st.integers(0, 500), max_size=12),
    )
    def test_comes_out_as_it_went_in_wherever_it_is_cut(self, content: bytes, cuts: list[int]) -> None:
        found, part = unwrapped(form(content), cuts)
        if b"\r\n--bound" not in content:
            assert found == content
            assert part.complete
            assert 'filename="a.log"' in part.head

    def test_is_the_first_of_several_and_after_a_preamble(self) -> None:
        body = b"preamble\r\n" + form(b"one")[:-4] + b"\r\n" + form(b"two")
        found, part = unwrapped(body, [])
        assert (found, part.complete) == (b"one", True)
        assert part.feed(b"more") == b""

    def test_is_not_complete_without_its_end(self) -> None:
        found, part = unwrapped(form(b"x" * 100)[:-12], [7])
        assert not part.complete
        assert b"x" * 80 in found

    def test_is_missing_in_what_is_no_form(self) -> None:
        with pytest.raises(Problem):
            unwrapped(b"x" * 9000, [100])

    @given(st.binary(max_size=400), st.lists(st.integers(0, 500), max_size=5))
    def test_never_falls_over(self, body: bytes, cuts: list[int]) -> None:
        unwrapped(body, cuts)


class TestBoundary:
    @pytest.mark.parametrize(
        ("content_type", "boundary"),
        [
            ("multipart/form-data; boundary=abc", "abc"),
            ('Multipart/Form-Data; charset=utf-8; boundary="a b"', "a b"),
            ("multipart/form-data", None),
            ("application/octet-stream", None),
            ("multipart/form-data; boundary=" + "a" * 2000, "a" * 70),
        ],
    )
    def test_is_that_of_a_form(self, content_type: str, boundary: str | None) -> None:
        assert boundary_of(content_type) == boundary
