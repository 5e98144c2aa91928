"""What was sealed can be read again by whoever has the key and knows what it was for, and by nobody else."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.sealing import CannotUnseal, Seal, seal_of

SEAL = Seal(b"k" * 32)


class TestSeal:
    @given(st.text(max_size=80))
    def test_gives_the_secret_back(self, secret: str) -> None:
        sealed = SEAL.seal(secret, "partner/1")
        assert SEAL.unseal(sealed, "partner/1") == secret
        assert len(secret) < 4 or secret not in sealed

    def test_never_looks_the_same(self) -> None:
        assert SEAL.seal("token", "partner/1") != SEAL.seal("token", "partner/1")

    def test_is_for_one_purpose(self) -> None:
        with pytest.raises(CannotUnseal, match="partner/2"):
            SEAL.unseal(SEAL.seal("token", "partner/1"), "partner/2")

    def test_is_by_one_key(self) -> None:
        with pytest.raises(CannotUnseal):
            Seal(b"o" * 32).unseal(SEAL.seal("token", "x"), "x")

    @pytest.mark.parametrize("sealed", ["", "no Base64!", base64.b64encode(b"short").decode(), "ä"])
    def test_reads_nothing_else(self, sealed: str) -> None:
        with pytest.raises(CannotUnseal):
            SEAL.unseal(sealed, "x")

    def test_notices_changes(self) -> None:
        raw = bytearray(base64.b64decode(SEAL.seal("token", "x")))
        raw[-1] ^= 1
        with pytest.raises(CannotUnseal):
            SEAL.unseal(base64.b64encode(raw).decode(), "x")

    def test_wants_a_long_key(self) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            Seal(b"short")


class TestSealOf:
    def test_makes_a_key_once(self, tmp_path: Path) -> None:
        sealed = seal_of("", tmp_path).seal("token", "x")
        assert seal_of("", tmp_path).unseal(sealed, "x") == "token"

    def test_takes_the_key_of_the_settings(self, tmp_path: Path) -> None:
        key = base64.b64encode(b"k" * 32).decode()
        assert seal_of(key, tmp_path).unseal(SEAL.seal("token", "x"), "x") == "token"

    @pytest.mark.parametrize("key", ["no Base64!", base64.b64encode(b"short").decode()])
    def test_says_what_is_wrong_with_it(self, key: str, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="WATTLOG_SEALING_KEY"):
            seal_of(key, tmp_path)
