"""What partners get: our objects in their version, and nothing that breaks it."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace as with_

from services.domain.events.common import IdToken
from services.ocpi.outbound.cdrs import cdr as cdr_in_230
from services.ocpi.outbound.sessions import session as session_in_230
from services.ocpi.outbound.told import told, warning_of
from services.ocpi.wire import v230
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.findings import Finding, Kind
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import CONTRACT, cdr, detail, session, station

CDR = cdr_in_230(cdr(), station(), "EUR", "https://example.com/x", [])
SESSION = session_in_230(session(), CONTRACT, station(), Party("DE", "WAT"), "EUR", [])


def as_json(value: msgspec.Struct | dict[str, Any]) -> dict[str, Any]:
    encoded = msgspec.json.Encoder(decimal_format="number").encode(value)
    return dict(json.loads(encoded, parse_float=Decimal))


def in_221(new: v230.Session | v230.Cdr) -> dict[str, Any]:
    old = told(new, "CDR" if isinstance(new, v230.Cdr) else "Session", "2.2.1", [])
    assert old is not None
    return old


class TestSession:
    def test_is_the_same_as_in_230_when_nothing_costs(self) -> None:
        assert as_json(in_221(SESSION)) == as_json(SESSION)

    def test_prices_with_vat(self) -> None:
        taxed = v230.Price(
            before_taxes=Decimal("8.50"), taxes=(v230.TaxAmount(name="VAT", amount=Decimal("0.85")),)
        )
        old = in_221(with_(SESSION, total_cost=taxed))
        assert old["total_cost"] == {"excl_vat": Decimal("8.50"), "incl_vat": Decimal("9.35")}

    def test_knows_no_emaid_tokens_and_says_so(self) -> None:
        by_cable = replace(session(), id_token=IdToken(value="NLTNMC12345678", type="eMAID"))
        new = session_in_230(by_cable, CONTRACT, station(), Party("DE", "WAT"), "EUR", [])
        warnings: list[str] = []
        old = told(new, "Session", "2.2.1", warnings)
        assert old is not None
        assert (new.cdr_token.type, old["cdr_token"]["type"]) == ("EMAID", "OTHER")
        assert warnings == ["cdr_token.type: corrected (EMAID becomes OTHER)"]

    def test_is_not_told_to_211_partners_where_its_location_is_not_known(self) -> None:
        warnings: list[str] = []
        assert told(SESSION, "Session", "2.1.1", warnings, Scene()) is None
        assert [warning for warning in warnings if warning.startswith("location_id: ")]


class TestCdr:
    def test_prices_with_vat(self) -> None:
        assert in_221(CDR)["total_cost"] == {"excl_vat": Decimal("5.2942"), "incl_vat": Decimal("6.3001")}

    def test_names_no_price_with_vat_where_no_tax_is_named(self) -> None:
        assert in_221(CDR)["total_energy_cost"] == {"excl_vat": Decimal("4.9442")}

    def test_has_tariffs_that_do_not_speak_of_taxes(self) -> None:
        (tariff,) = in_221(CDR)["tariffs"]
        assert "tax_included" not in tariff

    def test_leaves_out_what_is_absent(self) -> None:
        old = in_221(CDR)
        assert not [name for name, value in old.items() if value in (None, ())]
        assert "credit" not in old

    def test_leaves_the_rest_alone(self) -> None:
        old, new = as_json(in_221(CDR)), as_json(CDR)
        differing = {name for name in new if old[name] != new[name]}
        assert differing == {"tariffs", "total_cost", "total_energy_cost", "total_time_cost", "total_fixed_cost"}

    def test_may_have_no_tariff(self) -> None:
        bare = cdr_in_230(cdr(detail(tariff=None)), station(), "EUR", "https://example.com/x", [])
        assert "tariffs" not in in_221(bare)

    @pytest.mark.parametrize("version", ["2.3.0", "2.2.1", "2.1.1"])
    def test_is_told_in_every_version(self, version: str) -> None:
        old = told(CDR, "CDR", version, [])
        assert old is not None
        assert old["total_energy"] == CDR.total_energy


class TestTold:
    def test_keeps_back_what_breaks_the_specification_and_says_why(self) -> None:
        warnings: list[str] = []
        assert told({"uid": "1"}, "Token", "2.3.0", warnings) is None
        assert "contract_id: missing" in warnings

    def test_counts_items_of_a_list_as_one_field(self) -> None:
        assert warning_of(Finding("/evses/3/connectors/0/id", Kind.MISSING)) == "evses.connectors.id: missing"
        assert warning_of(Finding("", Kind.UNUSABLE, "why")) == "object: unusable; left out (why)"
