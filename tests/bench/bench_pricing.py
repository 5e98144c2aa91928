"""How many charge detail records are priced in a second of one core: JSON line in, JSON line out.

The crate ocpi-tariffs prices the same lines in the same run; where it cannot be built, its figures are null.
"""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from services.cdrs.price_cli import priced
from services.domain.tariff.comparison import totals
from services.domain.tariff.limits import LimitRule
from services.domain.tariff.reading import parse_json
from tests.integration.clients_build import OCPI_TARIFFS
from tests.integration.pricing_cases import lines

ROOT = Path(__file__).resolve().parents[2]
RECORDS = 300
ROUNDS = 5
BAR = 2000

Figure = dict[str, Any]


def measure(quick: bool = False) -> list[Figure]:
    """Records per second of CPU, and that as a share of what the crate does."""
    texts = [json.dumps(line) for line in lines("bench", RECORDS)]
    rounds = 2 if quick else ROUNDS
    ours = max(own_rate(texts) for _ in range(rounds))
    figures = [figure("priced by the engine", ours, "CDRs/s/core", BAR)]
    try:
        crates = crate_rate(texts, 2.0 if quick else 5.0)
    except pytest.skip.Exception as missing:
        return [
            *figures,
            nothing("priced by ocpi-tariffs", missing),
            nothing("engine against ocpi-tariffs", missing),
        ]
    return [
        *figures,
        figure("priced by ocpi-tariffs", crates, "CDRs/s/core"),
        figure("engine against ocpi-tariffs", ours / crates, "times"),
    ]


def figure(name: str, value: float, unit: str, bar: float | None = None) -> Figure:
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "bar": bar,
        "ok": None if bar is None else value >= bar,
    }


def nothing(name: str, why: BaseException) -> Figure:
    return {"name": name, "value": None, "unit": "", "bar": None, "ok": None, "reason": str(why)}


def own_rate(texts: list[str]) -> float:
    begun = time.process_time()
    for text in texts:
        line = parse_json(text)
        assert isinstance(line, dict)
        answer = priced(line, LimitRule.PAIR)
        json.dumps(totals(answer.session, answer.priced, len(answer.of_record)))
    return len(texts) / (time.process_time() - begun)


def crate_rate(texts: list[str], seconds: float) -> float:
    program = OCPI_TARIFFS.made(Path(os.environ.get("WATTLOG_CACHE_DIR", ROOT / ".wattlog"))) / "price"
    begun = children_cpu_s()
    done = subprocess.run(
        [program, "--bench", str(seconds)],
        input="".join(f"{text}\n" for text in texts),
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
    )
    return float(json.loads(done.stdout)["priced"] / (children_cpu_s() - begun))


def children_cpu_s() -> float:
    times = os.times()
    return times.children_user + times.children_system
