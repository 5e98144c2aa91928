from dataclasses import replace

import pytest

from services.domain.agreements import agreement_for, partner_of
from services.domain.events.agreement import Agreement

TNM = Agreement(
    tenant="t",
    agreement_id="A1",
    partner_id="NL-TNM",
    name="TNM",
    payment_days=30,
    valid_from=100,
    valid_to=200,
    updated_at=1,
)


class TestPartnerOf:
    @pytest.mark.parametrize(
        "contract_id",
        [
            "NL-TNM-C00122045-K",
            "NLTNMC00122045K",
            "NLTNMC00122045",
            "nl*tnm*001234*5",
            "NLTNM0012345",
            "NL-TNM-C1",
            " NL-TNM-C1 ",
        ],
    )
    def test_reads_every_spelling(self, contract_id: str) -> None:
        assert partner_of(contract_id) == "NL-TNM"

    @pytest.mark.parametrize(
        "contract_id", [None, "", "C1", "04A1B2C3D4", "N-TNM-C1", "NL-TÑM-1", "CUSTOMER-1", "NL-TNM", "CUSTOMERS1"]
    )
    def test_names_nobody_where_there_is_no_provider(self, contract_id: str | None) -> None:
        assert partner_of(contract_id) is None


class TestAgreementFor:
    def test_covers_sessions_that_start_within_it(self) -> None:
        found = [agreement_for([TNM], "t", "NL-TNM-C1", at) for at in (99, 100, 199, 200)]
        assert found == [None, TNM, TNM, None]

    def test_goes_on_without_an_end(self) -> None:
        assert agreement_for([replace(TNM, valid_to=None)], "t", "NLTNMC00122045K", 10**12) is not None

    @pytest.mark.parametrize(("tenant", "contract_id"), [("other", "NL-TNM-C1"), ("t", "DE-ABC-C1"), ("t", None)])
    def test_covers_nobody_else(self, tenant: str, contract_id: str | None) -> None:
        assert agreement_for([TNM], tenant, contract_id, 150) is None

    def test_takes_the_one_that_began_last(self) -> None:
        later = replace(TNM, agreement_id="A2", valid_from=150)
        same = replace(later, agreement_id="A3")
        assert agreement_for([later, TNM], "t", "NL-TNM-C1", 160) == later
        assert agreement_for([later, TNM], "t", "NL-TNM-C1", 120) == TNM
        assert agreement_for([same, later], "t", "NL-TNM-C1", 160) == same
