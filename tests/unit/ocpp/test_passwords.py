"""Passwords of stations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpp.passwords import (
    MAX_BYTES,
    MIN_BYTES,
    RANDOM_BYTES,
    SALT_BYTES,
    BadPassword,
    hashed,
    made_from,
    matches,
)

SALT = bytes(range(SALT_BYTES))
PASSWORD = b"0123456789abcdef"
allowed = st.binary(min_size=MIN_BYTES, max_size=MAX_BYTES)


class TestMadeFrom:
    def test_is_what_both_versions_of_ocpp_take(self) -> None:
        made = made_from(bytes(range(RANDOM_BYTES)))
        assert len(made) == 20
        assert made.isascii()
        assert ":" not in made
        assert matches(made.encode(), hashed(made.encode(), SALT))

    @given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
    def test_loses_no_randomness(self, randomness: bytes) -> None:
        assert (
            len(
                set(made_from(randomness))
                - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            )
            == 0
        )
        assert len(made_from(randomness)) == RANDOM_BYTES * 8 // 6


class TestHashed:
    def test_is_known_for_ever(self) -> None:
        assert hashed(PASSWORD, SALT) == (
            "b2:000102030405060708090a0b0c0d0e0f:f9466fdb4a7d524158f949b749d80fed43175ce02913ff2f98738e1c34f7def6"
        )

    @pytest.mark.parametrize("password", [b"", b"short", b"x" * (MIN_BYTES - 1), b"x" * (MAX_BYTES + 1)])
    def test_refuses_what_a_station_should_not_have(self, password: bytes) -> None:
        with pytest.raises(BadPassword, match=f"has 16 to 40 bytes, this one {len(password)}"):
            hashed(password, SALT)

    def test_differs_by_salt(self) -> None:
        assert hashed(PASSWORD, SALT) != hashed(PASSWORD, bytes(SALT_BYTES))

    @given(allowed)
    def test_does_not_show_the_password(self, password: bytes) -> None:
        assert password.hex() not in hashed(password, SALT)


class TestMatches:
    @given(allowed)
    def test_knows_the_password_also_when_it_is_no_text(self, password: bytes) -> None:
        assert matches(password, hashed(password, SALT))

    @given(allowed, st.binary(max_size=60))
    def test_knows_no_other(self, password: bytes, other: bytes) -> None:
        assert matches(other, hashed(password, SALT)) == (other == password)

    @pytest.mark.parametrize(
        "kept",
        [
            None, "", "b2", "b2:", "b2::", "b2:zz:zz", "scrypt:00:00", PASSWORD.decode(), "b2:00:00",
            "b2:" + "00" * 99,
            "b2:" + "00" * 17 + ":" + "00" * 32, f"b3{hashed(PASSWORD, SALT)[2:]}", hashed(PASSWORD, SALT)[:-2],
        ],
    )  # fmt: skip
    def test_says_no_when_nothing_usable_is_kept(self, kept: str | None) -> None:
        assert not matches(PASSWORD, kept)
        assert not matches(b"", kept)
