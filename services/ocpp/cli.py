"""`wattlog station …`: the registry of charging stations."""

import secrets
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.events.common import CommandOutcome, Evse, RegistrationStatus
from services.domain.events.station import Connection, Station
from services.ocpp import passwords
from services.ocpp.admission import is_identity
from services.ocpp.command_cli import answered, requested
from services.ocpp.settings import OcppSettings
from services.ocpp.soap.address import Forbidden, target
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.settings import load

station = typer.Typer(add_completion=False, no_args_is_help=True, help="Add, list and disable charging stations.")

PROFILE_CERTIFICATE: Final = 3


class KeptList(StrEnum):
    """Whether a station's local list is kept."""

    ON = "on"
    OFF = "off"
    DEFAULT = "default"


class Switch(StrEnum):
    """Yes or no."""

    ON = "on"
    OFF = "off"


StationId = Annotated[str, typer.Argument(metavar="STATION", help="identity, as in the station's connection URL")]


@station.command()
def add(
    station_id: StationId,
    password: Annotated[str, typer.Option(help="16 to 40 characters; default: a new one is made")] = "",
    profile: Annotated[
        int,
        typer.Option(
            min=0,
            max=3,
            help="security profile: 1 password, 2 also TLS, 3 certificate; 0 nothing (development)",
        ),
    ] = 1,
    evses: Annotated[int, typer.Option(min=1, max=99, help="number of EVSEs (OCPP 1.6: connectors)")] = 1,
    location: Annotated[str, typer.Option(help="id of its location")] = "",
    tariff: Annotated[str, typer.Option(help="id of its tariff")] = "",
    soap: Annotated[str, typer.Option(help="speaks OCPP-S; the URL that requests to it go to")] = "",
    again: Annotated[bool, typer.Option("--replace", help="replace the entry of a station that exists")] = False,
) -> None:
    """Register a station, so that it may connect; shows its password this one time."""
    if not is_identity(station_id):
        fail(f"{station_id!r} is no station identity: give 1 to 48 letters, digits or *-_=+|@. without ':'")
    settings = load(OcppSettings)
    tenant = settings.common.tenant
    try:
        soap_address = target(soap).url if soap else None
    except Forbidden as error:
        fail(f"{error}: give --soap http://<host>:<port>/<path>")
    with reading(Station) as known:
        if known.get(f"{tenant}/{station_id}") is not None and not again:
            fail(f"{station_id} is registered already: give --replace to replace its entry and password")
    secret = password or passwords.made_from(secrets.token_bytes(passwords.RANDOM_BYTES))
    try:
        kept = passwords.hashed(secret.encode(), secrets.token_bytes(passwords.SALT_BYTES))
    except passwords.BadPassword as error:
        fail(f"{error}: leave --password out to have one made")
    entry = _entry(station_id, tenant, kept if profile in (1, 2) else None, profile, evses, location, tariff)
    publish(replace(entry, soap_address=soap_address))
    typer.echo(f"{station_id} may connect to")
    scheme, port = ("wss", settings.ocpp_tls_port) if profile > 1 else ("ws", settings.ocpp_port)
    typer.echo(f"  {scheme}://{settings.ocpp_host}:{port}/ocpp/{station_id}")
    if soap:
        typer.echo(f"or send OCPP-S, with its identity {station_id}, to")
        typer.echo(f"  http://{settings.ocpp_soap_host}:{settings.ocpp_soap_port}/ocpp")
    if profile == 0:
        typer.echo("without a password, if the edge runs with WATTLOG_ALLOW_UNAUTHENTICATED=1.", err=True)
    elif profile == PROFILE_CERTIFICATE:
        typer.echo(f"with a certificate in its name; a test one: wattlog pki issue {station_id}")
    else:
        typer.echo(f"with user {station_id} and password (kept nowhere, note it now)\n  {secret}")


@station.command("list")
def list_stations() -> None:
    """Show the registry, and who is connected."""
    settings = load(OcppSettings)
    with reading(Station) as known, reading(Connection) as connections:
        entries = [entry for _, entry in sorted(known.items()) if entry.tenant == settings.common.tenant]
        table = Table("station", "profile", "EVSEs", "location", "tariff", "state", caption_justify="left")
        for entry in entries:
            state = _state(entry, connections.get(entry.key))
            cells = [entry.station_id, str(entry.security_profile), str(len(entry.evses))]
            cells += [entry.location_id or "", entry.tariff_id or "", state]
            table.add_row(*map(Text, cells))
    table.caption = f"{len(entries)} station{'' if len(entries) == 1 else 's'}"
    Console().print(table)


@station.command()
def disable(station_id: StationId) -> None:
    """Refuse a station from now on; it is disconnected. What it did before stays."""
    _change(station_id, enabled=False)
    typer.echo(f"{station_id} may no longer connect.")


@station.command()
def enable(station_id: StationId) -> None:
    """Let a disabled station in again."""
    _change(station_id, enabled=True)
    typer.echo(f"{station_id} may connect.")


@station.command()
def password(
    station_id: StationId,
    timeout_s: Annotated[
        int, typer.Option("--timeout", help="seconds that the station has to come and answer")
    ] = 30,
) -> None:
    """Give a connected station a new password (A01). The old one is good until the new one has been used."""
    secret = passwords.made_from(secrets.token_bytes(passwords.RANDOM_BYTES))
    _change(
        station_id,
        pending_password_hash=passwords.hashed(secret.encode(), secrets.token_bytes(passwords.SALT_BYTES)),
    )
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    payload = {"setVariableData": [variable | {"attributeValue": secret}]}
    answer = answered(requested(station_id, "SetVariables", payload, timeout_s), timeout_s)
    if answer.outcome is CommandOutcome.ACCEPTED:
        typer.echo(f"{station_id} has a new password (kept nowhere, note it now)\n  {secret}")
    elif answer.outcome is CommandOutcome.TIMED_OUT:
        fail(f"{station_id} did not answer: the old password and the new one, {secret}, are both good")
    else:
        _change(station_id, pending_password_hash=None)
        fail(f"{station_id} keeps its password: {answer.detail or answer.answer_json or answer.outcome.value}")


@station.command()
def profile(
    station_id: StationId,
    raised_to: Annotated[int, typer.Argument(min=1, max=3, metavar="PROFILE", help="2 or 3, above what it has")],
) -> None:
    """Let a station come with a higher security profile (A05); once it has, it never gets in with less."""
    _change(station_id, pending_security_profile=raised_to)
    typer.echo(f"{station_id} may come with security profile {raised_to}, and then no longer with less.")


@station.command()
def registration(
    station_id: StationId,
    status: Annotated[
        RegistrationStatus,
        typer.Argument(case_sensitive=False, help="pending: may be configured, not charge; rejected: nothing"),
    ],
) -> None:
    """Set what a station is told when it boots. One that waits to be accepted is asked to boot again at once."""
    _change(station_id, registration=status)
    typer.echo(f"{station_id} is {status.value.lower()} from its next BootNotification on.")


@station.command("local-list")
def local_list(
    station_id: StationId,
    kept: Annotated[
        KeptList, typer.Argument(metavar="on|off|default", help="default: as WATTLOG_LOCAL_LISTS says")
    ],
    group: Annotated[list[str] | None, typer.Option(help="only tokens of this group; may be repeated")] = None,
) -> None:
    """Have a station's local authorization list kept like the whitelist (by `wattlog fleet`), or no longer.

    A list that is no longer kept is emptied, so that nobody charges by what it said last.
    """
    said = {KeptList.ON: True, KeptList.OFF: False, KeptList.DEFAULT: None}[kept]
    _change(station_id, local_list=said, local_list_groups=tuple(sorted(set(group or ()))))
    told = {
        True: "is kept like the whitelist",
        False: "is emptied and no longer kept",
        None: "is as for all stations",
    }
    typer.echo(f"The local list of {station_id} {told[said]}; `wattlog fleet lists` shows it.")


@station.command("calibration-law")
def calibration_law(
    station_id: StationId, holds: Annotated[Switch, typer.Argument(metavar="on|off", help="default: off")]
) -> None:
    """Have a station's sessions billed only once their signed meter values prove the energy."""
    _change(station_id, calibration_law=holds is Switch.ON)
    told = "wait for their verdict (`wattlog evidence list`)" if holds is Switch.ON else "are billed without proof"
    typer.echo(f"Sessions of {station_id} {told}.")


def _entry(
    station_id: str, tenant: str, password_hash: str | None, profile: int, evses: int, location: str, tariff: str
) -> Station:
    name = "".join(letter for letter in station_id.upper() if letter.isalnum())
    entry = Station(tenant=tenant, station_id=station_id, updated_at=now_ms())
    return replace(
        entry,
        location_id=location or None,
        tariff_id=tariff or None,
        security_profile=profile,
        password_hash=password_hash,
        evses=tuple(
            Evse(evse_id=number, evse_uid=f"{entry.country_code}*{entry.party_id}*E{name}*{number}")
            for number in range(1, evses + 1)
        ),
    )


def _state(entry: Station, connection: Connection | None) -> str:
    if not entry.enabled:
        return "disabled"
    if connection is None or not connection.connected:
        state = "not connected"
    else:
        state = f"connected, {connection.protocol}"
    accepted = entry.registration is RegistrationStatus.ACCEPTED
    return state if accepted else f"{entry.registration.value.lower()}, {state}"


def _change(station_id: str, **changes: Any) -> None:
    settings = load(OcppSettings)
    with reading(Station) as known:
        entry = known.get(f"{settings.common.tenant}/{station_id}")
    if entry is None:
        fail(f"{station_id} is not registered: `wattlog station list` shows who is")
    publish(replace(entry, **changes, updated_at=now_ms()))
