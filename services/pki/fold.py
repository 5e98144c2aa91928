"""Folds what stations ask, what the CA answers and what stations say to it into orders, commands, certificates.

(A02, A03 of OCPP 2.0.1; 4.8 and 4.9 of the 1.6 security whitepaper.) A state is a station's.
"""

from dataclasses import replace
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from services.domain.events.certificate import (
    Certificate,
    CertificateIssued,
    CertificateOrdered,
    CertificateRefused,
    CertificateRevoked,
)
from services.domain.events.common import CertificateStatus, CommandOutcome
from services.domain.events.station import (
    CertificateSigningRequested,
    CommandAnswered,
    CommandRequested,
    VariablesReported,
)
from services.domain.folding import Changes, Fold, Read
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.pki.csr import BadRequest, wanted

OPERATION: Final = "CertificateSigned"
BY: Final = "pki"
WITHIN_MS: Final = 3_600_000
"""How long a station may be away and still be told; later it asks again by itself (A02.FR.17)."""

AGAIN_MS: Final = 10_000
"""A station that asks again sooner has not heard the first answer yet."""

MAX_CHAIN: Final = 10_000
"""Longest certificateChain of any version's schema."""

_HOUR_MS: Final = 3_600_000
_MAX_ORDERS: Final = 8
_V21: Final = "ocpp2.1"


class Policy(Struct, frozen=True):
    """What is signed at all."""

    signs: bool = True
    organisation: str = ""
    """That requests must name; "" for any."""
    per_hour: int = 10
    """New requests of one station."""


class Order(Struct, frozen=True, array_like=True):
    """One certificate signing request; the same request again is the same order."""

    order_id: str
    protocol: str
    certificate_type: str | None = None
    request_id: int | None = None
    chain: tuple[str, ...] = ()
    """PEM, once the CA has signed."""
    serial_number: str = ""
    told_at: Millis = 0
    command_id: str = ""
    """Of the last command that told the station."""
    over: bool = False
    """Refused."""


class Station(Struct, frozen=True, array_like=True):
    """A station's orders, the newest last, under `{tenant}/{station_id}`.

    A certificate of its stands alone under that key, a slash and its serial number: there may be any number.
    """

    orders: tuple[Order, ...] = ()
    asked_at: tuple[Millis, ...] = ()
    """New requests of the last hour."""
    certificates: tuple[Certificate, ...] = ()
    max_chain: int = MAX_CHAIN
    """Longest certificateChain that it takes (A02.FR.16)."""


def folding(policy: Policy) -> Fold[Station]:
    """The fold with what an operator has decided."""
    return partial(fold, policy)


def fold(policy: Policy, read: Read[Station], event: object) -> Changes[Station]:
    """What one event of station.events, station.results or certificate.events changes."""
    match event:
        case CertificateSigningRequested():
            return _requested(policy, read(event.key) or Station(), event)
        case CertificateIssued():
            return _issued(read, event)
        case CertificateRefused():
            return _refused(read(event.key) or Station(), event)
        case CertificateRevoked():
            return _revoked(read, event)
        case CommandAnswered(operation="CertificateSigned"):
            return _answered(read, event)
        case VariablesReported():
            return _limited(read(event.key) or Station(), event)
    return Changes()


def _requested(policy: Policy, known: Station, event: CertificateSigningRequested) -> Changes[Station]:
    order_id = derived_id("certificate order", event.event_id)
    before = _order(known, order_id)
    if not policy.signs or (before is not None and (before.over or not before.chain)):
        return Changes()
    if before is not None:
        if event.recorded_at - before.told_at < AGAIN_MS:
            return Changes()
        return _told(known, before, event, derived_id(OPERATION, order_id, event.recorded_at), event.recorded_at)
    recent = tuple(at for at in known.asked_at if event.recorded_at - at < _HOUR_MS)
    if len(recent) >= policy.per_hour:
        said = f"more than {policy.per_hour} new requests in an hour"
        return Changes(events=[_refusal(event, order_id, said)])
    order = Order(order_id, event.protocol, event.certificate_type, event.request_id)
    kept = structs.replace(known, asked_at=(*recent, event.recorded_at))
    try:
        wanted(event.csr, event.station_id, event.certificate_type, policy.organisation)
    except BadRequest as error:
        return Changes(
            {event.key: _with(kept, structs.replace(order, over=True))}, [_refusal(event, order_id, str(error))]
        )
    return Changes({event.key: _with(kept, order)}, [_ordered(event, order_id)])


def _issued(read: Read[Station], event: CertificateIssued) -> Changes[Station]:
    """The first chain for an order is the one that counts, whoever else has signed it too.

    Whom a certificate was handed out to installs it: it is only on record, so that it can be revoked.
    """
    if _known(read, event.key, event.serial_number) is not None:
        return Changes()
    certificate = _certificate(event)
    alone = {_place(event.key, event.serial_number): Station(certificates=(certificate,))}
    if event.handed_out:
        return Changes(alone, [certificate])
    known = read(event.key) or Station()
    order = _order(known, event.order_id)
    if order is not None and (order.chain or order.over):
        return Changes()
    order = Order(event.order_id, event.protocol, event.certificate_type, event.request_id)
    order = structs.replace(order, chain=event.chain, serial_number=event.serial_number)
    command_id = derived_id(OPERATION, event.order_id, event.event_id)
    told = _told(known, order, event, command_id, event.recorded_at)
    return Changes({**told.states, **alone}, [certificate, *told.events])


def _certificate(event: CertificateIssued) -> Certificate:
    return Certificate(
        tenant=event.tenant,
        station_id=event.station_id,
        order_id=event.order_id,
        serial_number=event.serial_number,
        certificate_type=event.certificate_type,
        subject=event.subject,
        issuer=event.issuer,
        not_before=event.not_before,
        not_after=event.not_after,
        status=CertificateStatus.ISSUED,
        updated_at=event.recorded_at,
    )


def _place(key: str, serial_number: str) -> str:
    """No station is called so: its identity has no slash."""
    return f"{key}/{serial_number}"


def _known(read: Read[Station], key: str, serial_number: str) -> Certificate | None:
    """A certificate, wherever it is on record: alone, or (in older states) with its station."""
    records = [read(_place(key, serial_number)), read(key)]
    found = (one for record in records if record is not None for one in record.certificates)
    return next((one for one in found if one.serial_number == serial_number), None)


def _told(
    known: Station,
    order: Order,
    cause: CertificateIssued | CertificateSigningRequested,
    command_id: str,
    at_ms: Millis,
) -> Changes[Station]:
    """Have the station told; one that takes only short chains is told its own certificate alone."""
    chain = "".join(order.chain)
    if len(chain) > known.max_chain:
        chain = order.chain[0]
    payload: dict[str, Any] = {"certificateChain": chain}
    if order.certificate_type is not None:
        payload["certificateType"] = order.certificate_type
    if order.protocol == _V21 and order.request_id is not None:
        payload["requestId"] = order.request_id
    command = CommandRequested(
        event_id=derived_id("CommandRequested", command_id),
        command_id=command_id,
        tenant=cause.tenant,
        station_id=cause.station_id,
        operation=OPERATION,
        payload_json=msgspec.json.encode(payload).decode(),
        requested_by=BY,
        requested_at=at_ms,
        deadline_at=at_ms + WITHIN_MS,
    )
    kept = _with(known, structs.replace(order, told_at=at_ms, command_id=command_id))
    return Changes({cause.key: kept}, [command])


def _refused(known: Station, event: CertificateRefused) -> Changes[Station]:
    """The CA, or we ourselves, will not sign: the same request again is not looked at again."""
    order = _order(known, event.order_id)
    if order is None or order.chain or order.over:
        return Changes()
    return Changes({event.key: _with(known, structs.replace(order, over=True))})


def _revoked(read: Read[Station], event: CertificateRevoked) -> Changes[Station]:
    known = _known(read, event.key, event.serial_number)
    if known is None or known.status is CertificateStatus.REVOKED:
        return Changes()
    return _became(
        replace(
            known,
            status=CertificateStatus.REVOKED,
            revoked_at=event.recorded_at,
            revocation_reason=event.reason,
            updated_at=event.recorded_at,
        ),
        event.key,
    )


def _answered(read: Read[Station], event: CommandAnswered) -> Changes[Station]:
    """A02.FR.07: what the station says to its certificate."""
    known = read(event.key)
    order = next((one for one in known.orders if one.command_id == event.command_id), None) if known else None
    status = {
        CommandOutcome.ACCEPTED: CertificateStatus.INSTALLED,
        CommandOutcome.REJECTED: CertificateStatus.REJECTED,
    }.get(event.outcome)
    certificate = _known(read, event.key, order.serial_number) if order is not None else None
    if certificate is None or status is None or certificate.status in (status, CertificateStatus.REVOKED):
        return Changes()
    return _became(replace(certificate, status=status, updated_at=event.recorded_at), event.key)


def _became(certificate: Certificate, key: str) -> Changes[Station]:
    place = _place(key, certificate.serial_number)
    return Changes({place: Station(certificates=(certificate,))}, [certificate])


def _limited(known: Station, event: VariablesReported) -> Changes[Station]:
    """SecurityCtrlr.MaxCertificateChainSize."""
    for told in event.variables:
        if (told.component, told.variable) == ("SecurityCtrlr", "MaxCertificateChainSize"):
            most = _whole(told.value)
            if most is not None and most != known.max_chain:
                return Changes({event.key: structs.replace(known, max_chain=most)})
    return Changes()


def _whole(text: str | None) -> int | None:
    """1 to MAX_CHAIN; None for what is no such number."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_CHAIN))):
        return None
    return min(int(text), MAX_CHAIN) or None


def _order(known: Station, order_id: str) -> Order | None:
    return next((order for order in known.orders if order.order_id == order_id), None)


def _with(known: Station, order: Order) -> Station:
    others = tuple(other for other in known.orders if other.order_id != order.order_id)
    return structs.replace(known, orders=(*others, order)[-_MAX_ORDERS:])


def _ordered(event: CertificateSigningRequested, order_id: str) -> CertificateOrdered:
    return CertificateOrdered(
        event_id=derived_id("CertificateOrdered", order_id),
        order_id=order_id,
        tenant=event.tenant,
        station_id=event.station_id,
        protocol=event.protocol,
        csr=event.csr,
        certificate_type=event.certificate_type,
        request_id=event.request_id,
        ordered_at=event.recorded_at,
    )


def _refusal(event: CertificateSigningRequested, order_id: str, reason: str) -> CertificateRefused:
    return CertificateRefused(
        event_id=derived_id("CertificateRefused", order_id, event.recorded_at),
        order_id=order_id,
        tenant=event.tenant,
        station_id=event.station_id,
        certificate_type=event.certificate_type,
        reason=reason,
        recorded_at=event.recorded_at,
    )
