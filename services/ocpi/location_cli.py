"""`wattlog location …`: where one can charge, in the words of OCPI."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.equipment import Equipment
from services.domain.events.location import Location
from services.domain.events.station import Station
from services.ocpi.inbound.place import NotAPlace, Place, ToldEvse, merged, place
from services.ocpi.outbound import locations
from services.ocpi.outbound.places import evse_uid
from services.ocpi.settings import OcpiSettings
from services.ocpi.wire.envelope import decoded, encoded
from services.ocpi.wire.parties import Party
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.settings import load

location = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Add, change and list locations and what drivers find there."
)

File = Annotated[Path, typer.Option("--file", help="JSON with an OCPI Location, or a list of them")]
Name = Annotated[str, typer.Argument(metavar="LOCATION", help="its id, as `wattlog location list` shows it")]


@location.command()
def add(
    file: File,
    again: Annotated[bool, typer.Option("--replace", help="replace locations that exist")] = False,
) -> None:
    """Add the locations of a file. EVSEs in it, named as they are registered, are moved there and described.

    Whose it is (country_code, party_id), publish, status and last_updated need not be said.
    """
    told = _json(file)
    with reading(Location) as known, reading(Station) as stations:
        found = [_read(file, one) for one in (told if isinstance(told, list) else [told])]
        for one in found:
            if known.get(one.location.key) is not None and not again:
                fail(f"{one.location.location_id} is there: give --replace, or change it with `location set`.")
        _publish(found, _own(station for _, station in stations.items()))


@location.command("set")
def change(location_id: Name, file: File) -> None:
    """Change what the file mentions of a location; null removes, and lists are replaced as a whole."""
    settings = load(OcpiSettings)
    told = _json(file)
    with reading(Location) as known, reading(Station) as stations:
        before = known.get(f"{settings.common.tenant}/{location_id}")
        if before is None:
            fail(f"there is no location {location_id}: `wattlog location list` shows all.")
        if not isinstance(told, dict) or told.get("id", location_id) != location_id:
            fail(f"{file}: give what is to change of {location_id}, as one JSON object.")
        found = _read(file, merged(_plain(before), told))
        _publish([found], _own(station for _, station in stations.items()))


@location.command("list")
def list_locations() -> None:
    """Show all locations, and how many EVSEs are there."""
    tenant = load(OcpiSettings).common.tenant
    table = Table("location", "name", "address", "city", "EVSEs", "public", caption_justify="left")
    with reading(Location) as known, reading(Station) as stations:
        registered = _own(station for _, station in stations.items())
        places = [one for _, one in sorted(known.items()) if one.tenant == tenant]
    for one in places:
        evses = sum(len(station.evses) for station in registered if station.location_id == one.location_id)
        shown = "yes" if one.publish else "no"
        cells = (one.location_id, one.name, one.address, one.city, str(evses), shown)
        table.add_row(*map(Text, cells))
    table.caption = f"{len(places)} location{'' if len(places) == 1 else 's'}"
    Console().print(table)


@location.command()
def show(location_id: Name) -> None:
    """Print a location as OCPI has it, for a file of `wattlog location add`; without status."""
    settings = load(OcpiSettings)
    with reading(Location) as known, reading(Station) as stations:
        found = known.get(f"{settings.common.tenant}/{location_id}")
        if found is None:
            fail(f"there is no location {location_id}: `wattlog location list` shows all.")
        there = [one for one in _own(item for _, item in stations.items()) if one.location_id == location_id]
    own = [Equipment(replace(one, tariff_id=None)) for one in sorted(there, key=lambda one: one.station_id)]
    shown = _plain(found, own)
    typer.echo(msgspec.json.format(encoded(shown), indent=2))


def _plain(known: Location, equipment: Sequence[Equipment] = ()) -> dict[str, Any]:
    """As a file would say it: our own name, which is told where no operator is registered, is not in it."""
    told = locations.location(known, equipment, "-", [])
    if known.operator is None:
        del told["operator"]
    return told


def _json(file: Path) -> Any:
    try:
        return decoded(file.read_bytes())
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    except msgspec.DecodeError as error:
        fail(f"{file} is no JSON: {error}.")


def _read(file: Path, told: Any) -> Place:
    """What was tolerated goes to the error output; fails with every reason for which it cannot be taken."""
    settings = load(OcpiSettings)
    owner = Party(settings.country_code, settings.party_id)
    try:
        found = place(told, settings.common.tenant, owner, now_ms())
    except NotAPlace as error:
        fail("\n".join(f"{file}: {reason}." for reason in error.reasons))
    for warning in found.warnings:
        typer.echo(f"{file}: {warning}.", err=True)
    return found


def _own(stations: Iterable[Station]) -> list[Station]:
    tenant = load(OcpiSettings).common.tenant
    return [station for station in stations if station.tenant == tenant]


def _publish(found: Sequence[Place], registered: Sequence[Station]) -> None:
    """All of them, or none when an EVSE is not registered."""
    stations = {station.station_id: station for station in registered}
    standing = {uid: station.station_id for station in reversed(registered) for uid in _uids(station)}
    changed: dict[str, Station] = {}
    for one in found:
        for told in one.evses:
            station_id = standing.get(told.uid.lower())
            if station_id is None:
                fail(f"{told.uid} is no EVSE that is registered: add its station first (`wattlog station add`).")
            described = _described(changed.get(station_id, stations[station_id]), told)
            changed[station_id] = replace(
                described, location_id=one.location.location_id, updated_at=one.location.updated_at
            )
    publish(*(one.location for one in found), *changed.values())
    for one in found:
        where = one.location
        typer.echo(
            f"{where.location_id}: {where.name or where.address}, {where.city}, {len(one.evses)} EVSEs told."
        )


def _uids(station: Station) -> list[str]:
    """Of its EVSEs, in lower case (types: CiString)."""
    return [evse_uid(own.evse_uid, station.station_id, own.evse_id, []).lower() for own in station.evses]


def _described(station: Station, told: ToldEvse) -> Station:
    """The station as it is once that EVSE of it is as it was told."""
    evses = [
        told.upon(own) if uid == told.uid.lower() else own
        for uid, own in zip(_uids(station), station.evses, strict=True)
    ]
    return replace(station, evses=tuple(evses))
