"""`wattlog verify FILE…`: are these signed meter data true, and may the session be billed?"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from services.domain.signed_meter.containers import read_sessions
from services.domain.signed_meter.exact import plain
from services.domain.signed_meter.findings import Code, NotReadable
from services.domain.signed_meter.record import SessionVerdict, Verified
from services.domain.signed_meter.session import judge

_SIGNATURE_SUFFIX = ".sign"
_SAYS = {True: "may be billed", False: "must not be billed", None: "cannot be decided"}


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """One file with one or more sessions; `error` when it could not be read as signed meter data at all."""

    file: str
    verdicts: Sequence[SessionVerdict] = field(default_factory=tuple)
    error: str = ""

    @property
    def transaction_ok(self) -> bool | None:
        """False when one session is not billable, None when one cannot be decided."""
        answers = {one.transaction_ok for one in self.verdicts} or {False}
        return False if False in answers else None if None in answers else True

    @property
    def codes(self) -> list[str]:
        if self.error:
            return [Code.FORMAT.name]
        seen = {name for one in self.verdicts for name in one.codes}
        return [code.name for code in Code if code.name in seen]

    @property
    def energy_kwh(self) -> Decimal | None:
        """The sum of all sessions, when it is known of each."""
        energies = [one.energy_kwh for one in self.verdicts if one.energy_kwh is not None]
        return sum(energies, Decimal(0)) if energies and len(energies) == len(self.verdicts) else None


def verify(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="files, or directories with files; - is input")
    ],
    key: Annotated[
        str,
        typer.Option(
            help="the meter's key in the register, or @FILE; goes before any key in the file", metavar="KEY"
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="one line of JSON for each file")] = False,
) -> None:
    """Check signed meter data: signatures, then whether the session may be billed.

    Reads OCMF, Alfen, EDL40 (SML and XML), PCDF, chargeIT containers, ChargePoint files (with FILE.sign beside
    it), the XML of the transparency software, and JSON as in OCPP. A key in the file is only what the file says:
    compare it with the register, or give the register's with --key.

    Ends with 0 when every session may be billed, 1 when not, 2 when a file could not be read.
    """
    register = _key(key)
    worst = 0
    for path in _paths(files):
        found = check_file(path, register)
        typer.echo(as_line(found) if as_json else "\n".join(as_text(found, register is not None)))
        worst = max(worst, 2 if found.error else 0 if found.transaction_ok else 1)
    raise typer.Exit(worst)


def check_file(path: str, key: str | None) -> FileVerdict:
    """The verdict on one file; never raises for what is in it or that it is not there."""
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        sessions = read_sessions(data, key, _signature_of(path))
    except NotReadable as error:
        return FileVerdict(path, error=error.message)
    except OSError as error:
        return FileVerdict(path, error=f"cannot be read: {error.strerror or error}")
    return FileVerdict(path, [judge(session) for session in sessions])


def as_line(found: FileVerdict) -> str:
    """The verdict as one line of JSON."""
    energy = found.energy_kwh
    told = {
        "file": found.file,
        "signature_valid": [valid for one in found.verdicts for valid in one.signature_valid],
        "transaction_ok": found.transaction_ok,
        "findings": found.codes,
        "energy_kwh": None if energy is None else plain(energy),
    }
    return json.dumps(told | ({"error": found.error} if found.error else {}))


def as_text(found: FileVerdict, has_register: bool) -> Iterator[str]:
    """The verdict for people: what may be done, what was signed, and what is wrong, with its source.

    Safe to print, since signed data and names of files come from strangers.
    """
    yield from map(_printable, _lines(found, has_register))


def _lines(found: FileVerdict, has_register: bool) -> Iterator[str]:
    if found.error:
        yield f"{found.file}: {found.error}"
        return
    for number, verdict in enumerate(found.verdicts, 1):
        name = found.file if len(found.verdicts) == 1 else f"{found.file} [{number}]"
        energy = "" if verdict.energy_kwh is None else f", {plain(verdict.energy_kwh)} kWh"
        time = "" if verdict.transaction_ok is not True or verdict.time_billable else ", but not by time"
        yield f"{name}: {_SAYS[verdict.transaction_ok]}{energy}{time}"
        for one in verdict.verified:
            yield f"  {_signature_text(one, has_register)}"
        for wrong in verdict.findings:
            where = f" {wrong.field}:" if wrong.field else ""
            said = "" if wrong.message == wrong.code.sentence else f" ({wrong.message})"
            yield f"  {wrong.effect.value}: {wrong.code.name}{where} {wrong.code.sentence}{said} [{wrong.source}]"


def _signature_text(one: Verified, has_register: bool) -> str:
    parts = ["signature true" if one.valid else "signature NOT true"]
    if one.valid:
        parts += [f"meter {one.meter_serial}"] if one.meter_serial else []
        parts += [f"page {one.pagination}"] if one.pagination else []
    if one.key is not None:
        origin = "from the register" if has_register else "as the file says: compare it with the register"
        parts.append(f"key {one.key.curve.name} {one.key.hex()[2:18]}… {origin}")
    return ", ".join(parts)


def _printable(text: str) -> str:
    """On one line, and nothing that steers a terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _paths(files: Iterable[str]) -> Iterator[str]:
    for name in files:
        if name != "-" and os.path.isdir(name):
            yield from _files_in(name)
        else:
            yield name


def _files_in(directory: str) -> Iterator[str]:
    """In the order of their names; hidden files and signatures that lie beside others are left out."""
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.startswith(".") and not name.endswith(_SIGNATURE_SUFFIX) and os.path.isfile(path):
                yield path


def _signature_of(path: str) -> str | None:
    """The signature that lies beside a file, as ChargePoint's, in hexadecimal."""
    beside = Path(path + _SIGNATURE_SUFFIX)
    return beside.read_bytes().hex() if path != "-" and os.path.isfile(beside) else None


def _key(key: str) -> str | None:
    if not key.startswith("@"):
        return key or None
    try:
        return Path(key[1:]).read_text("ascii")
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{key[1:]} cannot be read as a key: {error}") from error


app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command()(verify)
