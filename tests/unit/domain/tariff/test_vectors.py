import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.cdrs.price_cli import priced
from services.domain.tariff.comparison import totals
from services.domain.tariff.limits import LimitRule
from services.domain.tariff.reading import parse_json

VECTORS = Path(__file__).resolve().parents[5] / "shared" / "vectors" / "tariffs"


def vectors() -> Iterator[Any]:
    for path in sorted(VECTORS.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            yield pytest.param(line, id=json.loads(line)["id"])


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the shared tariff vectors are not here")
class TestVectors:
    @pytest.mark.parametrize("text", vectors())
    def test_are_priced_exactly(self, text: str) -> None:
        line = parse_json(text)
        assert isinstance(line, dict)
        expected = line.pop("expected")
        answer = priced(line, LimitRule.PAIR)
        assert totals(answer.session, answer.priced, len(answer.of_record)) == expected

    def test_are_all_here(self) -> None:
        assert len(list(vectors())) >= 193
