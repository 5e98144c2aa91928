"""`wattlog command …`: telling stations what to do, by the command log."""

import asyncio
import difflib
import os
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered, CommandRequested, Connection, Station
from services.domain.events.token import Token
from services.domain.ids import derived_id
from services.domain.local_list import entries
from services.ocpp.local_list import full_list
from services.ocpp.outbound.command import NotPossible, request
from services.ocpp.outbound.operations import CONVERTED_V16, OPERATIONS
from services.ocpp.settings import OcppSettings
from services.ocpp.wire.faults import V16, V21, V201
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reaching_kafka, reading
from services.runtime.registry import codec_of
from services.runtime.settings import load
from services.runtime.tail import Tail

command = typer.Typer(add_completion=False, no_args_is_help=True, help="Tell a station what to do.")

ALL: Final = {V16: OPERATIONS[V16] | CONVERTED_V16.keys(), V201: OPERATIONS[V201], V21: OPERATIONS[V21]}
"""By sub-protocol, oldest first: what `send` takes."""

_LOOK_S: Final = 0.05
_ANSWER_GRACE_S: Final = 5.0

StationId = Annotated[str, typer.Argument(metavar="STATION", help="identity, as in the station's connection URL")]
Deadline = Annotated[int, typer.Option("--timeout", min=1, help="seconds that the station has to come and answer")]


class IfOffline(Enum):
    """What to do about a station that is not connected."""

    QUEUE = "queue"
    REFUSE = "refuse"


@command.command()
def start(
    station_id: StationId,
    token: Annotated[str, typer.Option(help="uid of the token that pays")],
    evse: Annotated[int, typer.Option(help="EVSE; 0 leaves it to the station")] = 0,
    token_type: Annotated[str, typer.Option("--type", help="OCPP 2.0.1 IdTokenEnumType")] = "Central",
    timeout_s: Deadline = 30,
) -> None:
    """Start a transaction (RequestStartTransaction, in OCPP 1.6 RemoteStartTransaction)."""
    now = now_ms()
    payload = {"idToken": {"idToken": token, "type": token_type}, "remoteStartId": now % 0x7FFF_FFFF}
    payload |= {"evseId": evse} if evse else {}
    _ask(requested(station_id, "RequestStartTransaction", payload, timeout_s), timeout_s)


@command.command()
def stop(
    station_id: StationId,
    transaction: Annotated[str, typer.Argument(help="transaction id")],
    timeout_s: Deadline = 30,
) -> None:
    """Stop a transaction (RequestStopTransaction, in OCPP 1.6 RemoteStopTransaction)."""
    payload = {"transactionId": transaction}
    _ask(requested(station_id, "RequestStopTransaction", payload, timeout_s), timeout_s)


@command.command()
def send(
    station_id: StationId,
    operation: Annotated[
        str, typer.Argument(metavar="OPERATION", help="OCPP action, see `wattlog command operations`")
    ],
    payload: Annotated[
        str, typer.Argument(metavar="[JSON|@FILE]", help="its request; @- reads it from stdin")
    ] = "{}",
    if_offline: Annotated[
        IfOffline, typer.Option(help="a station that is not connected: keep it until the timeout, or fail")
    ] = IfOffline.QUEUE,
    timeout_s: Deadline = 30,
) -> None:
    """Send any operation and show the answer.

    The request is that of OCPP 2.0.1, or 2.1 for what is new there, also for stations of 1.6 (which take requests
    in the words of 1.6 as well), e.g. `send CP1 Reset '{"type": "OnIdle"}'`.
    """
    _known(operation)
    asked = requested(station_id, operation, _read(payload), timeout_s)
    with reading(Station) as stations, reading(Connection) as connections:
        entry, connection = stations.get(asked.key), connections.get(asked.key)
    if entry is None or not entry.enabled:
        fail(f"{station_id} is {'disabled' if entry else 'not registered'}: see `wattlog station list`")
    connected = connection is not None and connection.connected
    if not connected and if_offline is IfOffline.REFUSE:
        fail(f"{station_id} is not connected: nothing was sent")
    if connection is not None and connected:
        try:
            request(asked, connection.protocol)
        except NotPossible as error:
            fail(f"{station_id} cannot be sent this: {error}")
    _ask(asked, timeout_s)


@command.command("local-list")
def local_list(
    station_id: StationId,
    token: Annotated[list[str] | None, typer.Option(help="uid of a token; default: all that may charge")] = None,
    group: Annotated[str, typer.Option(help="only the tokens of this group")] = "",
    clear: Annotated[bool, typer.Option("--clear", help="an empty list instead")] = False,
    timeout_s: Deadline = 30,
) -> None:
    """Replace the station's local authorization list by one made from the whitelist.

    Its version follows that of the station's list, which is asked first.
    """
    asked = requested(station_id, "GetLocalListVersion", {}, timeout_s)
    answer = answered(asked, timeout_s)
    if answer.outcome is not CommandOutcome.ACCEPTED:
        fail(f"{station_id} does not tell which list it has: {answer.detail or answer.outcome.value.lower()}")
    told = orjson.loads(answer.answer_json or "{}")
    with reading(Token) as known:
        tokens = [entry for _, entry in known.items() if entry.tenant == asked.tenant]
    said = [] if clear else entries(tokens, now_ms(), token or (), group)
    if not said and not clear:
        fail("no such token may charge: `wattlog token list` shows them; --clear empties the list")
    payload = full_list(told.get("versionNumber", told.get("listVersion", 0)), said)
    typer.echo(f"{station_id}: list of {len(said)}, version {payload['versionNumber']}", err=True)
    _ask(requested(station_id, "SendLocalList", payload, timeout_s), timeout_s)


@command.command()
def operations(
    protocol: Annotated[str, typer.Option(help="only those for 1.6, 2.0.1 or 2.1")] = "",
) -> None:
    """List what stations can be sent, by OCPP version."""
    versions = {name.removeprefix("ocpp"): names for name, names in ALL.items()}
    if protocol:
        asked = protocol.removeprefix("ocpp")
        if asked not in versions:
            fail(f"{protocol!r} is no OCPP version that we speak: give {', '.join(versions)}")
        typer.echo("\n".join(sorted(versions[asked])))
        return
    table = Table("operation", *versions)
    for operation in sorted(set().union(*versions.values())):
        table.add_row(operation, *("yes" if operation in names else "" for names in versions.values()))
    Console().print(table)


def _known(operation: str) -> None:
    """Fail with what may have been meant when no version has the operation."""
    everything = set().union(*ALL.values())
    if operation not in everything:
        close = difflib.get_close_matches(operation, everything, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else "`wattlog command operations` lists them"
        fail(f"there is no operation {operation!r}: {hint}")


def _read(text: str) -> dict[str, Any]:
    """The request as it was given: JSON, or the name of a file with it."""
    if text.startswith("@"):
        try:
            text = sys.stdin.read() if text == "@-" else Path(text[1:]).read_text()
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{text[1:]} cannot be read: {getattr(error, 'strerror', None) or error}")
    try:
        payload = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        fail(f"the request is not JSON ({error}): quote it, or give @FILE")
    if not isinstance(payload, dict):
        fail('the request has to be a JSON object, such as {"type": "Immediate"}')
    return payload


def requested(station_id: str, operation: str, payload: dict[str, Any], timeout_s: int) -> CommandRequested:
    tenant, now = load(OcppSettings).common.tenant, now_ms()
    command_id = derived_id("command", tenant, station_id, operation, now, os.getpid())
    return CommandRequested(
        event_id=derived_id("CommandRequested", tenant, command_id),
        command_id=command_id,
        tenant=tenant,
        station_id=station_id,
        operation=operation,
        payload_json=orjson.dumps(payload).decode(),
        requested_by="cli",
        requested_at=now,
        deadline_at=now + timeout_s * 1000,
    )


def _ask(asked: CommandRequested, timeout_s: int) -> None:
    """Ask, wait for the result and say it; exit code 1 unless the station accepted."""
    answer = answered(asked, timeout_s)
    said = f"{answer.outcome.value.lower().replace('_', ' ')}{f': {answer.detail}' if answer.detail else ''}"
    told = orjson.loads(answer.answer_json or "{}")
    if told.keys() - {"status"}:
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    if answer.outcome is CommandOutcome.REJECTED and answer.status not in (None, "Rejected"):
        said += f" ({answer.status})"
    if answer.outcome is not CommandOutcome.ACCEPTED:
        fail(f"{asked.station_id}: {said}")
    typer.echo(f"{asked.station_id}: {said}", err=bool(told.keys() - {"status"}))


def answered(asked: CommandRequested, timeout_s: int) -> CommandAnswered:
    """Ask and wait for the result."""
    settings = load(OcppSettings)
    answer = reaching_kafka(lambda: asyncio.run(_answer(settings, asked, timeout_s)))
    if answer is None:
        fail("no result: is `wattlog ocpp` running?")
    return answer


async def _answer(settings: OcppSettings, asked: CommandRequested, timeout_s: int) -> CommandAnswered | None:
    found: list[CommandAnswered] = []

    def take(events: Any) -> None:
        answers = [event for event in events if isinstance(event, CommandAnswered)]
        found.extend(event for event in answers if event.command_id == asked.command_id)

    codec = await asyncio.to_thread(codec_of, settings.common)
    results = Tail(settings.kafka, codec, [CommandAnswered.TOPIC], take, asked.requested_at)
    results.start()
    try:
        await asyncio.to_thread(publish, asked)
        # The station may be sent the command at the last moment, and then has its own time to answer.
        wait_s = timeout_s + settings.call_timeout_s + _ANSWER_GRACE_S
        for _ in range(int(wait_s / _LOOK_S)):
            if found:
                return found[0]
            await asyncio.sleep(_LOOK_S)
        return None
    finally:
        results.stop()
