"""`wattlog pki`: the process; with a word behind it, the test PKI of the embedded stack, and revocation."""

from pathlib import Path
from typing import Annotated, Final

import typer

from services.domain.events.certificate import Certificate, CertificateRevoked
from services.domain.events.common import CertificateStatus
from services.domain.ids import derived_id
from services.domain.units import rfc3339
from services.pki.app import main
from services.pki.csr import is_name
from services.pki.issue import handed_out
from services.pki.settings import PkiSettings
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.embedded.pki import PKI_FOLDER, Pki
from services.runtime.settings import load

pki = typer.Typer(
    add_completion=False,
    help="Certificates of stations. Without a command: run the process that has them signed.",
)

REASONS: Final = (
    "unspecified", "key_compromise", "ca_compromise",
    "affiliation_changed", "superseded", "cessation_of_operation",
)  # fmt: skip
"""RFC 5280, 5.3.1."""


@pki.callback(invoke_without_command=True)
def process(context: typer.Context) -> None:
    """Certificates of stations. Without a command: run the process that has them signed."""
    if context.invoked_subcommand is None:
        main()


@pki.command()
def show() -> None:
    """Say where the CA of the test PKI is that stations have to trust, and what signs theirs."""
    made = Pki(load(PkiSettings).common.data_dir / PKI_FOLDER)
    typer.echo(f"CA of stations, and of our server: {made.ca_file.absolute()}")
    typer.echo(f"our certificate and key:           {made.server_file.absolute()}")
    typer.echo(f"root of what stations show to EVs: {made.v2g_root_file.absolute()}")


@pki.command()
def issue(
    station_id: Annotated[str, typer.Argument(metavar="STATION", help="identity, which becomes the common name")],
    folder: Annotated[Path, typer.Option(help="where to write the certificate and its key")] = Path(),
    days: Annotated[int, typer.Option(min=1, max=3650, help="how long it is valid")] = 397,
) -> None:
    """Issue a station's first certificate (security profile 3) with a new key, by the test PKI.

    It is on record before it is written, so that it can be revoked.
    """
    if not is_name(station_id):
        fail(f"{station_id!r} is no station identity: give 1 to 48 letters, digits or *-_=+|@. without ':'")
    if not folder.is_dir():
        fail(f"{folder} is no folder: make it first, or give another --folder")
    common = load(PkiSettings).common
    made = Pki(common.data_dir / PKI_FOLDER)
    issued = made.issue(station_id, days=days)
    publish(handed_out(common.tenant, station_id, issued.certificate, now_ms()))
    certificate, key = folder / f"{station_id}.crt.pem", folder / f"{station_id}.key.pem"
    certificate.write_bytes(issued.certificate)
    key.touch(mode=0o600)
    key.write_bytes(issued.key)
    typer.echo(f"{certificate}\n{key}\nThe station has to trust {made.ca_file.absolute()}.")


@pki.command(name="list")
def show_all(
    station_id: Annotated[str, typer.Argument(metavar="[STATION]", help="only of this station")] = "",
) -> None:
    """List the certificates that stations were issued, by request or by `issue`."""
    with reading(Certificate) as view:
        found = [one for _, one in view.items() if station_id in ("", one.station_id)]
    for one in sorted(found, key=lambda one: (one.station_id, one.not_before)):
        typer.echo(
            f"{one.station_id}  {one.serial_number}  {one.status.value:9}  until {rfc3339(one.not_after)}  "
            f"{one.certificate_type or 'ChargingStationCertificate'}"
        )


@pki.command()
def revoke(
    serial_number: Annotated[str, typer.Argument(metavar="SERIAL", help="as `wattlog pki list` shows it")],
    reason: Annotated[str, typer.Option(help=", ".join(REASONS))] = "unspecified",
) -> None:
    """Say that a certificate must not be relied on any more."""
    if reason not in REASONS:
        fail(f"{reason!r} is no reason: give one of {', '.join(REASONS)}")
    wanted = serial_number.lower()
    with reading(Certificate) as view:
        found = next((one for _, one in view.items() if one.serial_number == wanted), None)
    if found is None:
        fail(f"there is no certificate {serial_number}: give one that `wattlog pki list` shows")
    if found.status is CertificateStatus.REVOKED:
        fail(f"{serial_number} is revoked already")
    publish(
        CertificateRevoked(
            event_id=derived_id("CertificateRevoked", found.tenant, found.serial_number),
            tenant=found.tenant,
            station_id=found.station_id,
            serial_number=found.serial_number,
            reason=reason,
            revoked_by="command line",
            recorded_at=now_ms(),
        )
    )
    typer.echo(f"{found.station_id} may no longer use {found.serial_number}")
