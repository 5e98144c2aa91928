"""`wattlog pki …`: the test PKI of the embedded stack, for stations of security profiles 2 and 3."""

from pathlib import Path
from typing import Annotated

import typer

from services.ocpp.admission import is_identity
from services.ocpp.settings import OcppSettings
from services.runtime.command_line import fail
from services.runtime.embedded.pki import PKI_FOLDER, Pki
from services.runtime.settings import load

pki = typer.Typer(add_completion=False, no_args_is_help=True, help="The test PKI of `wattlog up`.")


@pki.command()
def show() -> None:
    """Say where the CA is that stations have to trust, and what signs theirs."""
    made = Pki(load(OcppSettings).common.data_dir / PKI_FOLDER)
    typer.echo(f"CA of stations, and of our server: {made.ca_file.absolute()}")
    typer.echo(f"our certificate and key:           {made.server_file.absolute()}")


@pki.command()
def issue(
    station_id: Annotated[str, typer.Argument(metavar="STATION", help="identity, which becomes the common name")],
    folder: Annotated[Path, typer.Option(help="where to write the certificate and its key")] = Path(),
    days: Annotated[int, typer.Option(min=1, max=3650, help="how long it is valid")] = 397,
) -> None:
    """Issue a station's certificate (security profile 3) with a new key."""
    if not is_identity(station_id):
        fail(f"{station_id!r} is no station identity: give 1 to 48 letters, digits or *-_=+|@. without ':'")
    if not folder.is_dir():
        fail(f"{folder} is no folder: make it first, or give another --folder")
    made = Pki(load(OcppSettings).common.data_dir / PKI_FOLDER)
    issued = made.issue(station_id, days=days)
    certificate, key = folder / f"{station_id}.crt.pem", folder / f"{station_id}.key.pem"
    certificate.write_bytes(issued.certificate)
    key.touch(mode=0o600)
    key.write_bytes(issued.key)
    typer.echo(f"{certificate}\n{key}\nThe station has to trust {made.ca_file.absolute()}.")
