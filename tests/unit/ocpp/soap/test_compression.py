"""Compressed bodies."""

import gzip
import zlib

import pytest

from services.ocpp.soap.compression import NotUnpacked, unpacked


def packed(text: bytes) -> bytes:
    return gzip.compress(text, 1, mtime=0)


TEXT = b"<a>" + b"x" * 1000 + b"</a>"


class TestUnpacked:
    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("", TEXT),
            ("identity", TEXT),
            ("gzip", packed(TEXT)),
            (" GZIP ", packed(TEXT)),
            ("x-gzip", packed(TEXT)),
            ("deflate", zlib.compress(TEXT)),
            ("deflate", zlib.compress(TEXT)[2:-4]),
        ],
    )
    def test_is_what_was_packed(self, encoding: str, body: bytes) -> None:
        assert unpacked(body, encoding, 2000) == TEXT

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("gzip", packed(b"0" * 50_000_000)),
            ("deflate", zlib.compress(b"0" * 2001)),
            ("gzip", b"no gzip"),
            ("gzip", b""),
            ("gzip", packed(TEXT)[:-20]),
            ("br", TEXT),
            ("gzip, gzip", packed(packed(TEXT))),
        ],
    )
    def test_is_no_bomb_and_no_fragment(self, encoding: str, body: bytes) -> None:
        with pytest.raises(NotUnpacked):
            unpacked(body, encoding, 2000)
