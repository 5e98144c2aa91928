"""Links that need no login are known only to those who were given them."""

import pytest

from services.domain.proof_link import link, link_of, opens, secret
from tests.unit.evidence.signing import pair


class TestLink:
    def test_ends_in_a_secret_that_follows_from_every_value_and_their_order(self) -> None:
        first, last = pair()
        assert len({secret(values) for values in ((first, last), (last, first), (first,), (last,))}) == 4
        assert link("https://proof.example.com/", "t", "c1", (first, last)) == (
            f"https://proof.example.com/proof/t/c1/{secret((first, last))}"
        )

    def test_follows_from_the_hashes_alone(self) -> None:
        hashes = [one.sha256 for one in pair()]
        assert link_of("https://p", "t", "c1", hashes) == link("https://p", "t", "c1", pair())
        assert link_of("https://p", "t", "c1", []) == ""

    def test_is_none_without_values_or_address(self) -> None:
        assert link("https://proof.example.com", "t", "c1", ()) == ""
        assert link("", "t", "c1", pair()) == ""


class TestSecret:
    def test_opens_its_own_values(self) -> None:
        assert opens(pair(), secret(pair()))

    @pytest.mark.parametrize("shown", ["", "0" * 64, "\udcff", "\u00e9", secret(())])
    def test_nothing_else_opens_them(self, shown: str) -> None:
        assert not opens(pair(), shown)

    def test_nothing_opens_a_record_without_values(self) -> None:
        assert not opens((), secret(()))
