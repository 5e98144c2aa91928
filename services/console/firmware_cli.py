"""`wattlog firmware …`: sign firmware files, and check signed ones before stations are sent to fetch them."""

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from services.console import signing
from services.runtime.clock import now_ms
from services.runtime.command_line import fail

firmware = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Sign firmware, and check that it is signed by its manufacturer.",
)

Firmware = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="the firmware")]
Certificate = Annotated[
    Path, typer.Option(exists=True, dir_okay=False, help="the firmware signing certificate, PEM")
]
Pems = Annotated[list[Path], typer.Option(exists=True, dir_okay=False, help="PEM; may be given more than once")]


@firmware.command()
def sign(
    file: Firmware,
    certificate: Certificate,
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="its private key, PEM")],
    ask_password: Annotated[bool, typer.Option(help="ask for the key's password")] = False,
) -> None:
    """Print `signature` and `signingCertificate` as UpdateFirmware's firmware has them (JSON)."""
    password = typer.prompt("Password", hide_input=True, err=True).encode() if ask_password else None
    try:
        signed = signing.sign(_digest(file), key.read_bytes(), certificate.read_bytes(), password)
    except signing.NotSigned as error:
        fail(f"{file}: {error}")
    for warning in signed.warnings:
        typer.echo(warning, err=True)
    told = {"signature": signed.signature, "signingCertificate": signed.certificate}
    typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))


@firmware.command()
def check(
    file: Firmware,
    certificate: Certificate,
    root: Pems,
    signature: Annotated[str, typer.Option(help="Base64; default: read from standard input")] = "",
    intermediate: Pems = [],  # noqa: B006  typer copies it
) -> None:
    """Check the signature over the file, and the certificate's way to the manufacturer's root."""
    shown = signature or sys.stdin.read()
    now = datetime.fromtimestamp(now_ms() / 1000, UTC)
    roots, between = ([path.read_bytes() for path in paths] for paths in (root, intermediate))
    try:
        warnings = signing.check(_digest(file), shown.strip(), certificate.read_bytes(), roots, between, now)
    except signing.NotSigned as error:
        fail(f"{file}: {error}")
    for warning in warnings:
        typer.echo(warning, err=True)
    typer.echo(f"{file} is signed by {certificate}, which leads to the root.")


def _digest(file: Path) -> bytes:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
