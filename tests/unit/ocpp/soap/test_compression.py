"""Compressed bodies."""

import gzip
import zlib

import pytest

from services.ocpp.soap.compression import NotUnpacked, unpacked

TEXT = b"<a>" + b"x" * 1000 + b"</a>"


class TestUnpacked:
    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("", TEXT),
            ("identity", TEXT),
            ("gzip", gzip.compress(TEXT)),
            (" GZIP ", gzip.compress(TEXT)),
            ("x-gzip", gzip.compress(TEXT)),
            ("deflate", zlib.compress(TEXT)),
            ("deflate", zlib.compress(TEXT)[2:-4]),
        ],
    )
    def test_is_what_was_packed(self, encoding: str, body: bytes) -> None:
        assert unpacked(body, encoding, 2000) == TEXT

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("gzip", gzip.compress(b"0" * 100_000_000, 1)),
            ("deflate", zlib.compress(b"0" * 2001)),
            ("gzip", b"no gzip"),
            ("gzip", b""),
            ("gzip", gzip.compress(TEXT)[:-20]),
            ("br", TEXT),
            ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
        ],
    )
    def test_is_no_bomb_and_no_fragment(self, encoding: str, body: bytes) -> None:
        with pytest.raises(NotUnpacked):
            unpacked(body, encoding, 2000)
