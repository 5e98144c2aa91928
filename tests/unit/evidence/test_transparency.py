"""A record's signed values as the transparency software opens them, and the command that writes them."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus, ChargeDetail, MeterKeySource, MeterKeyStatus, SignedMeterValue
from services.domain.events.meterkey import MeterKeys
from services.domain.signed_meter.containers import read_sessions
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.session import judge
from services.evidence import transparency_cli
from services.evidence.cli import evidence
from services.evidence.meter_keys.versions import candidate
from services.evidence.transparency import NOT_REGISTERED, document
from services.runtime.settings import CommonSettings, load
from tests.unit.cdrs.test_detail import detail as whole
from tests.unit.evidence.signing import ENDED, EVSE, STARTED, STATION, key, pair, value

TENANT = load(CommonSettings).tenant


def record(*values: SignedMeterValue, tenant: str = TENANT) -> Cdr:
    found = replace(
        whole(), tenant=tenant, cdr_id="c1", station_id=STATION, evse_id=EVSE, started_at=STARTED,
        ended_at=ENDED, transaction_id="tx-1", signed_meter_values=values,
    )  # fmt: skip
    return Cdr(tenant=tenant, cdr_id="c1", status=CdrStatus.ISSUED, detail=found, version=1, updated_at=1)


def detail(*values: SignedMeterValue) -> ChargeDetail:
    return record(*values).detail


class TestDocument:
    def test_holds_the_values_under_the_key_that_proves_them(self) -> None:
        export = document(detail(*pair()), [key(8), key()])
        (session,) = read_sessions(export.xml)
        assert (judge(session).transaction_ok, export.warnings) == (True, ())

    def test_without_a_key_of_the_register_says_whose_key_it_holds(self) -> None:
        values = [replace(one, public_key=key()) for one in pair()]
        export = document(detail(*values), [])
        assert judge(read_sessions(export.xml)[0]).transaction_ok is True
        assert export.warnings == (NOT_REGISTERED,)

    def test_that_no_key_proves_says_so(self) -> None:
        assert "a signature is not true" in document(detail(*pair()), [key(8)]).warnings

    @pytest.mark.parametrize("wrap", [bytes.hex, lambda data: base64.b64encode(data).decode()])
    def test_is_the_same_for_values_in_any_shape(self, wrap: Any) -> None:
        wrapped = [replace(one, signed_data=wrap(one.signed_data).encode()) for one in pair()]
        assert document(detail(*wrapped), [key()]) == document(detail(*pair()), [key()])

    def test_of_a_record_without_signed_values_is_none(self) -> None:
        with pytest.raises(NotReadable):
            document(detail(), [key()])

    def test_of_values_that_the_program_does_not_know_is_none(self) -> None:
        with pytest.raises(NotReadable):
            document(detail(value("nothing that is known")), [key()])


class View:
    def __init__(self, *known: Any) -> None:
        self._known = {one.key: one for one in known}

    def get(self, name: str) -> Any:
        return self._known.get(name)


def reading_of(known: list[Any]) -> Any:
    """State topics that hold these states."""

    @contextmanager
    def reading(kind: type[Any]) -> Iterator[View]:
        yield View(*[one for one in known if isinstance(one, kind)])

    return reading


def run(monkeypatch: pytest.MonkeyPatch, known: list[Any], *arguments: str) -> Any:
    monkeypatch.setattr(transparency_cli, "reading", reading_of(known))
    return CliRunner().invoke(evidence, ["transparency", *arguments])


class TestCommand:
    def test_writes_the_document_with_the_key_of_the_register(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        approved = replace(
            candidate("k", key(), "secp256r1", MeterKeySource.LABEL, 1), status=MeterKeyStatus.APPROVED
        )
        point = MeterKeys(
            tenant=TENANT, station_id=STATION, evse_id=EVSE, versions=(approved,), version=1, updated_at=1
        )
        result = run(monkeypatch, [record(*pair()), point], "c1", "-o", str(tmp_path / "c1.xml"))
        assert (result.exit_code, result.output) == (0, "")
        assert judge(read_sessions((tmp_path / "c1.xml").read_bytes())[0]).transaction_ok is True

    def test_shows_the_document_and_says_what_is_doubtful(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = run(monkeypatch, [record(*pair())], "c1")
        assert result.exit_code == 0
        assert result.stdout.startswith("<?xml")
        assert NOT_REGISTERED in result.stderr

    def test_takes_another_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = run(monkeypatch, [record(*pair())], "c1", "--key", key())
        assert (result.exit_code, result.stderr) == (0, "")

    def test_says_what_cannot_be_written(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        unknown = run(monkeypatch, [], "c1")
        assert (unknown.exit_code, unknown.stderr) == (1, "there is no charge detail record c1\n")
        unsigned = run(monkeypatch, [record()], "c1")
        assert (unsigned.exit_code, unsigned.stderr) == (1, "c1: there is no signed record.\n")
        nowhere = run(monkeypatch, [record(*pair())], "c1", "--key", key(), "-o", str(tmp_path / "no" / "c1.xml"))
        assert nowhere.exit_code == 1
        assert "cannot be written" in nowhere.stderr
