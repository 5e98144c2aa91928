"""What 2.2.1 partners get differs from 2.3.0 in prices, tariffs and token types only."""

import json
from dataclasses import replace
from decimal import Decimal

import msgspec
from msgspec.structs import replace as with_

from services.domain.events.common import IdToken
from services.ocpi.outbound import v221
from services.ocpi.outbound.cdrs import cdr as cdr_in_230
from services.ocpi.outbound.sessions import session as session_in_230
from services.ocpi.wire import v230
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import CONTRACT, cdr, detail, session, station

CDR = cdr_in_230(cdr(), station(), "EUR", "https://example.com/x", [])
SESSION = session_in_230(session(), CONTRACT, station(), Party("DE", "WAT"), "EUR", [])


def as_json(value: object) -> object:
    return json.loads(msgspec.json.Encoder(decimal_format="number").encode(value), parse_float=Decimal)


class TestSession:
    def test_is_the_same_as_in_230_when_nothing_costs(self) -> None:
        assert as_json(v221.session(SESSION)) == as_json(SESSION)

    def test_prices_with_vat(self) -> None:
        taxed = v230.Price(
            before_taxes=Decimal("8.50"), taxes=(v230.TaxAmount(name="VAT", amount=Decimal("0.85")),)
        )
        old = v221.session(with_(SESSION, total_cost=taxed))
        assert old["total_cost"] == {"excl_vat": Decimal("8.50"), "incl_vat": Decimal("9.35")}

    def test_knows_no_emaid_tokens(self) -> None:
        by_cable = replace(session(), id_token=IdToken(value="NLTNMC12345678", type="eMAID"))
        new = session_in_230(by_cable, CONTRACT, station(), Party("DE", "WAT"), "EUR", [])
        assert new.cdr_token.type == "EMAID"
        assert v221.session(new)["cdr_token"]["type"] == "OTHER"


class TestCdr:
    def test_prices_with_vat(self) -> None:
        assert v221.cdr(CDR)["total_cost"] == {"excl_vat": Decimal("5.2942"), "incl_vat": Decimal("6.3001")}

    def test_names_no_price_with_vat_where_no_tax_is_named(self) -> None:
        assert v221.cdr(CDR)["total_energy_cost"] == {"excl_vat": Decimal("4.9442")}

    def test_has_tariffs_that_do_not_speak_of_taxes(self) -> None:
        (tariff,) = v221.cdr(CDR)["tariffs"]
        assert "tax_included" not in tariff

    def test_leaves_out_what_is_absent(self) -> None:
        old = v221.cdr(CDR)
        assert not [name for name, value in old.items() if value in (None, ())]
        assert "credit" not in old

    def test_leaves_the_rest_alone(self) -> None:
        old, new = as_json(v221.cdr(CDR)), as_json(CDR)
        assert isinstance(old, dict)
        assert isinstance(new, dict)
        differing = {name for name in new if old[name] != new[name]}
        assert differing == {"tariffs", "total_cost", "total_energy_cost", "total_time_cost", "total_fixed_cost"}

    def test_may_have_no_tariff(self) -> None:
        bare = cdr_in_230(cdr(detail(tariff=None)), station(), "EUR", "https://example.com/x", [])
        assert "tariffs" not in v221.cdr(bare)
