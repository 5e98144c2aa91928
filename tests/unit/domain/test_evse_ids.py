import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.evse_ids import EvseId, Kind, read, same

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "ids" / "vectors.json"
shared = pytest.mark.skipif(not VECTORS.exists(), reason="../shared/specs/ids is not here")


class TestRead:
    @pytest.mark.parametrize("text", ["DE*WAT*E1234*5", "DEWATE12345", "de*wat*e1234*5", " DE*WAT*E12345 "])
    def test_takes_every_spelling_apart_and_keeps_what_came(self, text: str) -> None:
        found = read(text)
        assert found is not None
        assert (found.received, found.kind, found.country, found.operator) == (text, Kind.EVSE, "DE", "WAT")
        assert (found.normalised, found.operator_id, found.warning) == ("DEWATE12345", "DE*WAT", None)

    def test_knows_pools_and_stations(self) -> None:
        assert [found.kind for text in ("DE*WAT*P1", "DE*WAT*S1") if (found := read(text))] == [
            Kind.POOL,
            Kind.STATION,
        ]

    def test_knows_the_ids_of_din(self) -> None:
        found = read("+49*123*456*789")
        assert found == EvseId("+49*123*456*789", Kind.EVSE, "+49", "123", "456*789")
        assert found.normalised == "+49*123*456*789"

    @pytest.mark.parametrize(
        "text",
        [
            "", "DE", "DE*WAT", "DE*WAT*1234", "DE*WAT*E", "D*WAT*E1", "DE*WAT*X1", "DE*WATE1", "+49", "+49123456",
            "CP001", "DÉ*WAT*E1",
        ],
    )  # fmt: skip
    def test_is_nothing_for_other_texts(self, text: str) -> None:
        assert read(text) is None

    def test_warns_of_what_is_doubtful_and_takes_it(self) -> None:
        long, hyphens = read("DE*WAT*E" + "1" * 33), read("DE-WAT-E1")
        assert long is not None
        assert "more than 37" in (long.warning or "")
        assert hyphens is not None
        assert "hyphens" in (hyphens.warning or "")
        assert hyphens.normalised == "DEWATE1"

    @given(st.text(max_size=60))
    def test_raises_nothing(self, text: str) -> None:
        found = read(text)
        assert found is None or found.received == text

    @shared
    @pytest.mark.parametrize("kind", ["evse_id_valid", "evse_id_din_valid", "pool_id_valid"])
    def test_knows_published_ids(self, kind: str) -> None:
        for text in json.loads(VECTORS.read_text())[kind]:
            found = read(text)
            assert found is not None, text
            assert found.warning is None


class TestSame:
    def test_compares_what_is_meant(self) -> None:
        assert same("DE*WAT*E1", "dewate1")
        assert not same("DE*WAT*E1", "DE*WAT*E2")
        assert not same("DE*WAT*E1", "DE*WAT*P1")

    def test_compares_other_texts_as_they_are(self) -> None:
        assert same("CP001", "CP001")
        assert not same("CP001", "cp001")
        assert not same("CP001", "DE*WAT*E1")
