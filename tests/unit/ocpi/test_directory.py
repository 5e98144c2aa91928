"""Tokens are found by who issued the contract."""

from services.ocpi.directory import Holders
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import TENANT, token

TNM = Party("NL", "TNM")


class TestHolders:
    def test_know_whose_a_token_is(self) -> None:
        holders = Holders()
        holders.changed(f"{TENANT}/B", token(token_uid="B"))
        holders.changed(f"{TENANT}/A", token(token_uid="A"))
        holders.changed(f"{TENANT}/C", token(token_uid="C", contract_id="DE-8AA-C12345678-X"))
        assert holders.uids(TENANT, TNM) == ["A", "B"]

    def test_follow_a_token_to_another_contract(self) -> None:
        holders = Holders()
        holders.changed(f"{TENANT}/A", token(token_uid="A"))
        holders.changed(f"{TENANT}/A", token(token_uid="A", contract_id="DE-8AA-C12345678-X"))
        assert (holders.uids(TENANT, TNM), holders.uids(TENANT, Party("DE", "8AA"))) == ([], ["A"])

    def test_forget_a_token_that_is_gone(self) -> None:
        holders = Holders()
        holders.changed(f"{TENANT}/A", token(token_uid="A"))
        holders.changed(f"{TENANT}/A", None)
        holders.changed(f"{TENANT}/never", None)
        assert holders.uids(TENANT, TNM) == []

    def test_keep_tenants_apart(self) -> None:
        holders = Holders()
        holders.changed("other/A", token(tenant="other", token_uid="A"))
        assert holders.uids(TENANT, TNM) == []

    def test_give_tokens_without_a_contract_to_nobody(self) -> None:
        holders = Holders()
        holders.changed(f"{TENANT}/A", token(token_uid="A", contract_id=""))
        assert holders.uids(TENANT, Party("", "")) == []

    def test_understand_keys_with_slashes_in_the_uid(self) -> None:
        holders = Holders()
        holders.changed(f"{TENANT}/A/B", token(token_uid="A/B"))
        assert holders.uids(TENANT, TNM) == ["A/B"]
