"""What the programs of drivers do not open is said: on records made here, and against the answers they gave."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.domain.signed_meter.containers import read_sessions
from services.domain.signed_meter.export import Export, transparency_xml
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge
from tests.unit.domain.signed_meter import keyring
from tests.unit.domain.signed_meter.meter_records import (
    ALFEN_END,
    BEGIN,
    EDL,
    EDL_END,
    END,
    Alfen,
    Mennekes,
    pcdf_record,
    pcdf_text,
    sig_record,
)
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, record, signed
from tests.unit.domain.signed_meter.telegrams import Isa, edl_record

VECTORS = Path(__file__).resolve().parents[5] / "shared" / "vectors" / "eichrecht"


def ocmf(*readings: dict[str, Any], curve: str = "secp256r1", section: dict[str, Any] | None = None) -> Export:
    return transparency_xml([record(signed(payload(*readings), curve, **(section or {})), curve)], "1")


def between(**changes: Any) -> dict[str, Any]:
    """A reading between begin and end; None leaves a member out."""
    whole = begin(TX="C") | {"TM": "2026-03-01T10:20:00,000+0100 S"} | changes
    return {name: value for name, value in whole.items() if value is not None}


class TestSafe:
    def test_opens_what_the_format_asks_for(self) -> None:
        assert ocmf(begin(), end()).warnings == ()

    def test_ends_a_section_at_every_bar(self) -> None:
        text = payload(begin(), end(), TT="0.30 EUR|kWh")
        (warning,) = transparency_xml([record(signed(text))], "1").warnings
        assert "a bar in the signed text" in warning

    @pytest.mark.parametrize("name", ["RV", "RI"])
    def test_does_not_carry_values_and_registers_on_to_the_end(self, name: str) -> None:
        assert ocmf(begin(), between(**{name: None}), end()).warnings == ()
        (warning,) = ocmf(begin(), end(**{name: None})).warnings
        assert warning.startswith(f"RD[1] omits {name}: ")

    def test_does_carry_unit_status_and_time_on(self) -> None:
        assert ocmf(begin(), between(TM=None, TX=None), end()).warnings == ()
        assert ocmf(begin(), end(RU=None, ST=None, EF=None, RT=None)).warnings == ()

    def test_does_not_find_the_register_of_a_transaction_in_two_records(self) -> None:
        first = record(signed(payload(begin(RI="1-0:1.8.0*198"))), context=BEGIN)
        last = record(signed(payload(end(RI="1-0:1.8.0*198"), PG="T8")), context=END)
        (warning,) = transparency_xml([first, last], "1").warnings
        assert "*198" in warning
        assert ocmf(begin(RI="1-0:1.8.0*198"), end(RI="1-0:1.8.0*198")).warnings == ()

    def test_is_not_asked_about_what_cannot_be_taken_apart(self) -> None:
        broken = SignedRecord("OCMF", b"OCMF|{", keyring.spki("secp256r1").hex())
        assert transparency_xml([broken], "1").warnings == (
            "a signature is not true",
            "no key that can be used is known",
            "OCMF without version: SAFE 1.4.1 opens versions to 1.3",
        )


class TestChargy:
    @pytest.mark.parametrize(
        "records",
        [
            [record(signed(payload(begin(), end())))],
            [record(signed(payload(begin())), context=BEGIN), record(signed(payload(end())), context=END)],
            [Alfen().record(BEGIN), ALFEN_END.record(END)],
            [edl_record(EDL, BEGIN), edl_record(EDL_END, END)],
            [Isa().record()],
        ],
    )
    def test_opens_what_its_documentation_lists(self, records: list[SignedRecord]) -> None:
        assert transparency_xml(records, "1").chargy == ()

    @pytest.mark.parametrize(
        ("records", "says"),
        [
            ([pcdf_record(pcdf_text())], "opens the signed record by itself"),
            ([Mennekes().record()], "opens the signed record by itself"),
            ([sig_record(EDL, BEGIN), sig_record(EDL_END, END)], "does not know it"),
            ([Alfen().record()], "asks for two"),
            ([edl_record(EDL)], "asks for two"),
            ([Alfen().record(BEGIN), replace(ALFEN_END, number=8).record(END)], "different keys"),
        ],
    )
    def test_does_not_open_other_documents(self, records: list[SignedRecord], says: str) -> None:
        (warning,) = transparency_xml(records, "1").chargy
        assert says in warning

    @pytest.mark.parametrize("curve", ["secp192r1", "secp192k1", "brainpoolP384r1"])
    def test_does_not_verify_on_every_curve(self, curve: str) -> None:
        (warning,) = ocmf(begin(), end(), curve=curve).chargy
        assert "does not verify" in warning

    def test_knows_algorithms_by_their_names_only(self) -> None:
        assert ocmf(begin(), end(), section={"SA": "ECDSA-secp256r1-SHA256"}).chargy == ()
        assert ocmf(begin(), end(), section={"SA": "ecdsa-secp256r1-sha256"}).chargy != ()

    def test_opens_no_version_before_the_first_but_the_oldest(self) -> None:
        for version, opened in (("0.1", True), ("0.4", False), ("1.0", True)):
            export = transparency_xml([record(signed(payload(begin(), end(), FV=version)))], "1")
            assert (export.chargy == ()) is opened

    def test_is_told_of_a_bill_as_it_is(self) -> None:
        bill = f"<Billing><ChargingProcesses>{Mennekes().xml()}</ChargingProcesses></Billing>"
        assert transparency_xml([SignedRecord("EDL_40_MENNEKES", bill.encode())], "1").chargy == ()


def answered() -> list[Any]:
    """Sessions that may be billed, with the answer of each program where it was asked."""
    found = []
    for path in sorted(VECTORS.glob("*/*.json")):
        case = json.loads(path.read_text("utf-8"))
        if case["expected"]["transaction_ok"] is True and case.get("oracles"):
            found.append(pytest.param(path, case["oracles"], id=path.stem))
    return found


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the signed-meter vectors are not beside the repository")
@pytest.mark.parametrize(("path", "oracles"), answered())
class TestAnswers:
    def test_of_both_programs_are_foretold(self, path: Path, oracles: dict[str, Any]) -> None:
        (session,) = read_sessions(path.read_bytes())
        try:
            export = transparency_xml(session, "1")
        except NotReadable:
            pytest.skip("of a format that SAFE does not know: there is no document")
        assert judge(session).transaction_ok is True
        safe, chargy = oracles.get("safe_1.4.1"), oracles.get("chargycore_0.12.0")
        rewritten = session[0].key is not None and not session[0].key.startswith("3059")
        if safe and not rewritten:
            assert bool(export.warnings) is not all(safe["values_verified"])
        if chargy and not rewritten and session[0].format in ("ALFEN", "EDL_40_P", "ISA_EDL_40_P", "OCMF"):
            assert bool(export.chargy) is ("ValidSignature" not in json.dumps(chargy))
