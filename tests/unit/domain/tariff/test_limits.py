from decimal import Decimal

import pytest

from services.domain.tariff.limits import LimitRule, limited
from services.domain.tariff.model import Amount
from tests.unit.domain.tariff.priced import component, element, tariff


def amount(excl_vat: str, incl_vat: str | None) -> Amount:
    return Amount(Decimal(excl_vat), None if incl_vat is None else Decimal(incl_vat))


def told(cost: Amount, rule: LimitRule, **limits: Amount) -> tuple[Amount, tuple[str, ...]]:
    return limited(cost, tariff(element(component("FLAT", "1")), **limits), rule)


class TestEachAmountForItself:
    @pytest.mark.parametrize(
        ("cost", "wanted", "hit"),
        [
            (amount("1", "1.1"), amount("2", "5"), ("min_price",)),
            (amount("3", "3.3"), amount("3", "5"), ("min_price",)),
            (amount("3", "6"), amount("3", "6"), ()),
            (amount("11", "12"), amount("10", "12"), ("max_price",)),
            (amount("11", "13"), amount("10", "12.5"), ("max_price",)),
            (amount("9", "13"), amount("9", "12.5"), ("max_price",)),
            (amount("1", None), amount("2", None), ("min_price",)),
        ],
    )
    def test_is_never_less_or_more(self, cost: Amount, wanted: Amount, hit: tuple[str, ...]) -> None:
        found = told(cost, LimitRule.EACH, min_price=amount("2", "5"), max_price=amount("10", "12.5"))
        assert found == (wanted, hit)

    def test_keeps_the_share_of_taxes_that_a_limit_does_not_tell(self) -> None:
        assert told(amount("20", "24"), LimitRule.EACH, max_price=amount("10", None))[0] == amount("10", "12")
        assert told(amount("0", "0"), LimitRule.EACH, min_price=amount("10", None))[0] == amount("10", "10")


class TestThePair:
    @pytest.mark.parametrize(
        ("cost", "wanted", "hit"),
        [
            (amount("1", "6"), amount("2", "5"), ("min_price",)),
            (amount("3", "3.3"), amount("3", "3.3"), ()),
            (amount("2", "3"), amount("2", "5"), ("min_price",)),
            (amount("2", None), amount("2", "5"), ("min_price",)),
            (amount("11", "11.5"), amount("10", "12.5"), ("max_price",)),
            (amount("9", "13"), amount("9", "13"), ()),
        ],
    )
    def test_goes_by_the_amount_before_taxes(self, cost: Amount, wanted: Amount, hit: tuple[str, ...]) -> None:
        found = told(cost, LimitRule.PAIR, min_price=amount("2", "5"), max_price=amount("10", "12.5"))
        assert found == (wanted, hit)
