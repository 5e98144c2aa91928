"""What judging one signed session costs: an OCMF record with begin and end, from bytes to verdict.

Beside it the bare signature check of `cryptography` on the same records with loaded keys, in the same run: the
ratio holds on any machine. Keys are those of many meters, so the cache is used as in a fleet.
"""

import time
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge
from tests.unit.domain.signed_meter.keyring import sign, spki
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, record, signed

RECORDS_PER_SECOND_BAR = 5_000
RATIO_BAR = 3.0
METERS = 50
RUNS = 5

Figure = dict[str, Any]


def measure(quick: bool = False) -> list[Figure]:
    """Records per second of CPU, and times the bare check."""
    count = 300 if quick else 1_500
    texts = [payload(begin(RV=1000 + number), end(RV=1010 + number), PG=f"T{number}") for number in range(count)]
    judged_us = timed(judging(texts, "secp256r1"), count)
    bare_us = timed(checking(texts), count)
    smaller_us = timed(judging(texts[: count // 5], "secp192r1"), count // 5)
    rate = 1e6 / judged_us
    return [
        figure(
            "judge an OCMF session, secp256r1", rate, "records/CPU s", rate >= RECORDS_PER_SECOND_BAR, ">= 5,000"
        ),
        figure("bare secp256r1 check", 1e6 / bare_us, "records/CPU s"),
        figure(
            "judge against bare check", judged_us / bare_us, "times", judged_us / bare_us <= RATIO_BAR, RATIO_BAR
        ),
        figure("judge an OCMF session, secp192r1", 1e6 / smaller_us, "records/CPU s"),
    ]


def figure(name: str, value: float, unit: str, ok: bool | None = None, bar: Any = None) -> Figure:
    return {"name": name, "value": round(value, 2), "unit": unit, "bar": bar, "ok": ok}


def timed(work: Callable[[], None], count: int) -> float:
    """µs of CPU per record, the best of several runs; the first one fills the caches."""
    best = float("inf")
    for _ in range(RUNS + 1):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best / count * 1e6


def judging(texts: list[str], curve: str) -> Callable[[], None]:
    records: list[SignedRecord] = []
    for number, text in enumerate(texts):
        meter = number % METERS + 1
        records.append(record(signed(text, curve, meter), curve, meter))

    def work() -> None:
        for one in records:
            if judge([one]).transaction_ok is not True:
                raise AssertionError("every record is billable")

    return work


def checking(texts: list[str]) -> Callable[[], None]:
    keys = [load_der_public_key(spki("secp256r1", meter + 1)) for meter in range(METERS)]
    items = [
        (keys[number % METERS], sign("secp256r1", text.encode(), number % METERS + 1), text.encode())
        for number, text in enumerate(texts)
    ]
    algorithm = ec.ECDSA(SHA256())

    def work() -> None:
        for key, signature, message in items:
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(signature, message, algorithm)

    return work
