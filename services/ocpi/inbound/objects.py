"""Objects that partners send and that are kept as they are (mod_payments, mod_invoice_reconciliation)."""

from dataclasses import dataclass, replace
from typing import Any, Final

from services.domain.events.partnerobject import PartnerObject
from services.domain.units import Millis, parse_rfc3339, rfc3339
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status, decoded, encoded
from services.ocpi.wire.model import V230, required_fields
from services.ocpi.wire.parties import Party
from services.ocpi.wire.reading import read

MOST_BYTES: Final = 256 * 1024

_LONGEST_ID: Final = 36
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object: how it is kept, what it is, and whether it names the party that owns it."""

    module: str
    name: str
    id_field: str
    owned: bool


TERMINALS: Final = Kind("payments/terminals", "Terminal", "terminal_id", owned=False)
CONFIRMATIONS: Final = Kind(
    "payments/financial-advice-confirmations", "FinancialAdviceConfirmation", "id", owned=False
)
INVOICES: Final = Kind("invoicereconciliation", "InvoiceReconciliationRecord", "id", owned=True)

ISSUED: Final = "invoicereconciliation/issued"
"""Where records of invoices that we have sent are kept."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose object is meant: of a partner that speaks for `owner`."""

    tenant: str
    partner_id: str
    owner: Party
    kind: Kind

    def key(self, object_id: str) -> str:
        return f"{self.tenant}/{self.kind.module}/{self.partner_id}/{object_id.lower()}"


@dataclass(frozen=True, slots=True)
class Change:
    """The new state, None when nothing changes, and what was tolerated."""

    state: PartnerObject | None
    warnings: tuple[str, ...]


def understood(body: Any, place: Place, now_ms: Millis) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The object and what was tolerated; Refusal 2001 when it lacks something or is not the partner's.

    Who does not say when it was last updated means now.
    """
    kind = place.kind
    reading = read(body, kind.name, V230)
    value = reading.value
    value.setdefault("last_updated", rfc3339(now_ms))
    needed = (field.name for field in required_fields(V230, kind.name))
    missing = [name for name in needed if value.get(name) in (None, [])]
    if missing:
        told = "; ".join(str(finding) for finding in reading.broken[:_SHOWN])
        raise _bad(f"{kind.name} cannot be without {', '.join(missing)} ({told})")
    checked_id(value[kind.id_field])
    owner = Party(str(value.get("country_code", "")).upper(), str(value.get("party_id", "")).upper())
    if kind.owned and owner != place.owner:
        raise _bad("country_code and party_id are not yours")
    if len(encoded(value)) > MOST_BYTES:
        raise _bad(f"the object has more than {MOST_BYTES} bytes")
    return value, tuple(map(str, reading.findings))


def created(body: Any, place: Place, known: dict[str, PartnerObject], now_ms: Millis) -> Change:
    """POST of a new object. One that is there as it is sent is not new, and no error; another is."""
    value, warnings = understood(body, place, now_ms)
    state = _state(value, place, now_ms)
    before = known.get(state.key)
    if before is None or before.deleted:
        return Change(state, warnings)
    if _same(before, value):
        return Change(None, warnings)
    raise _bad(f"there is another {place.kind.name} with this id: use PUT where there is one")


def replaced(body: Any, place: Place, object_id: str, before: PartnerObject | None, now_ms: Millis) -> Change:
    """PUT of an object that is there; one that is older than what is known changes nothing."""
    value, warnings = understood(body, place, now_ms)
    if str(value[place.kind.id_field]).lower() != object_id.lower():
        raise _bad(f"{place.kind.id_field} is not the one of the path")
    current = decoded(present(before).object_json.encode())
    if parse_rfc3339(current["last_updated"]) > parse_rfc3339(value["last_updated"]):
        return Change(None, (*warnings, "/last_updated: older than what is known; ignored"))
    return Change(_state(value, place, now_ms), warnings)


def deleted(before: PartnerObject | None, now_ms: Millis) -> PartnerObject:
    return replace(present(before), deleted=True, updated_at=now_ms)


def present(found: PartnerObject | None) -> PartnerObject:
    """Refusal 2001 with HTTP 404 for what the partner does not keep here."""
    if found is None or found.deleted or found.ours:
        raise Refusal(Status.INVALID_PARAMETERS, "You keep no such object here", 404)
    return found


def checked_id(object_id: Any) -> str:
    """Refusal 2001 for an id that is none (types: CiString)."""
    text = str(object_id)
    if not 0 < len(text) <= _LONGEST_ID or not text.isascii() or not text.isprintable() or "/" in text:
        raise _bad(f"an id has 1 to {_LONGEST_ID} printable ASCII characters and no slash")
    return text


def _state(value: dict[str, Any], place: Place, now_ms: Millis) -> PartnerObject:
    return PartnerObject(
        tenant=place.tenant,
        module=place.kind.module,
        partner_id=place.partner_id,
        object_id=str(value[place.kind.id_field]).lower(),
        ours=False,
        deleted=False,
        object_json=encoded(value).decode(),
        updated_at=now_ms,
    )


def _same(before: PartnerObject, value: dict[str, Any]) -> bool:
    """`last_updated` aside, which may have been filled in here."""
    known = decoded(before.object_json.encode())
    return not before.ours and known | {"last_updated": ""} == value | {"last_updated": ""}


def _bad(message: str) -> Refusal:
    return Refusal(Status.INVALID_PARAMETERS, message)
