"""Who is let in with which key, and what for."""

import pytest

from services.console.inbound.keys import PREFIX, identify, is_operator_id, key_hash, key_of, may, presented_key
from tests.unit.console.facts import KEY, operator


class TestPresentedKey:
    @pytest.mark.parametrize(
        ("header", "key"),
        [
            ("Bearer abc", "abc"),
            ("  bearer   abc ", "abc"),
            ("Basic abc", ""),
            ("Bearer", ""),
            ("", ""),
            ("Bearer " + "a" * 256, ""),
        ],
    )
    def test_is_what_follows_bearer(self, header: str, key: str) -> None:
        assert presented_key(header) == key


class TestIdentify:
    def test_finds_whose_key_it_is(self) -> None:
        other = operator(operator_id="other", key_hash=key_hash("else"))
        assert identify([other, operator()], KEY) == operator()

    @pytest.mark.parametrize("key", ["", "wrong", key_hash(KEY), KEY + " ", "ключ"])
    def test_finds_nobody_for_any_other_key(self, key: str) -> None:
        assert identify([operator()], key) is None

    def test_finds_nobody_whose_key_was_revoked(self) -> None:
        assert identify([operator(enabled=False)], KEY) is None

    def test_finds_nobody_without_a_key_even_if_one_has_the_hash_of_nothing(self) -> None:
        assert identify([operator(key_hash=key_hash(""))], "") is None


class TestRoles:
    @pytest.mark.parametrize(
        ("role", "method", "allowed"),
        [
            ("operate", "POST", True),
            ("operate", "GET", True),
            ("read", "GET", True),
            ("read", "HEAD", True),
            ("read", "POST", False),
            ("read", "DELETE", False),
            ("someday", "GET", False),
        ],
    )
    def test_say_what_may_be_done(self, role: str, method: str, allowed: bool) -> None:
        assert may(operator(role=role), method) is allowed


class TestNames:
    @pytest.mark.parametrize("name", ["a", "control-room", "a.b_c-9", "9"])
    def test_are_plain(self, name: str) -> None:
        assert is_operator_id(name)

    @pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a b", "a/b", "ä", "a" * 65, "a\n"])
    def test_are_nothing_else(self, name: str) -> None:
        assert not is_operator_id(name)

    def test_of_keys_begin_alike(self) -> None:
        assert key_of("random") == f"{PREFIX}random"
