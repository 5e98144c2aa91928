"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingSession:
    """A session of one of our drivers at a CPO that roams with us."""

    FULL_NAME: ClassVar[str] = "roamingsession.state.v1.RoamingSession"
    TOPIC: ClassVar[str] = "roamingsession.state.v1"

    tenant: str  # The operator that the data belongs to.
    partner_id: str  # Who it came from, e.g. NL-TNM.
    object_id: str  # The session's id in lower case.
    session_id: str  # As received.
    country_code: str
    party_id: str  # Whose it is.
    status: str  # OCPI SessionStatus.
    started_at: int | None = None
    ended_at: int | None = None
    energy_wh: Decimal
    contract_id: str = ""
    token_uid: str = ""
    location_id: str = ""
    evse_uid: str = ""
    connector_id: str = ""
    currency: str = ""  # ISO 4217.
    authorization_reference: str = ""  # Of our authorization or command; empty: none.
    total_cost_excl_vat: Decimal | None = None
    total_cost_incl_vat: Decimal | None = None
    version: str  # The OCPI version that it was received in.
    object_json: str  # As OCPI 2.3.0 has it.
    received_json: str  # As it was received last, byte for byte; of a change in part, that part.
    received_sha256: str  # Lower-case hex over received_json.
    findings: tuple[str, ...] = ()  # What it breaks of the specification, what was corrected or lost.
    last_updated: int  # The partner's time.
    received_at: int  # When it last changed here.

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.partner_id}/{self.object_id}"

    def to_record(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "partner_id": self.partner_id,
            "object_id": self.object_id,
            "session_id": self.session_id,
            "country_code": self.country_code,
            "party_id": self.party_id,
            "status": self.status,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "energy_wh": self.energy_wh,
            "contract_id": self.contract_id,
            "token_uid": self.token_uid,
            "location_id": self.location_id,
            "evse_uid": self.evse_uid,
            "connector_id": self.connector_id,
            "currency": self.currency,
            "authorization_reference": self.authorization_reference,
            "total_cost_excl_vat": self.total_cost_excl_vat,
            "total_cost_incl_vat": self.total_cost_incl_vat,
            "version": self.version,
            "object_json": self.object_json,
            "received_json": self.received_json,
            "received_sha256": self.received_sha256,
            "findings": list(self.findings),
            "last_updated": self.last_updated,
            "received_at": self.received_at,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Self:
        return cls(
            tenant=record["tenant"],
            partner_id=record["partner_id"],
            object_id=record["object_id"],
            session_id=record["session_id"],
            country_code=record["country_code"],
            party_id=record["party_id"],
            status=record["status"],
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            energy_wh=record["energy_wh"],
            contract_id=record["contract_id"],
            token_uid=record["token_uid"],
            location_id=record["location_id"],
            evse_uid=record["evse_uid"],
            connector_id=record["connector_id"],
            currency=record["currency"],
            authorization_reference=record["authorization_reference"],
            total_cost_excl_vat=record["total_cost_excl_vat"],
            total_cost_incl_vat=record["total_cost_incl_vat"],
            version=record["version"],
            object_json=record["object_json"],
            received_json=record["received_json"],
            received_sha256=record["received_sha256"],
            findings=tuple(record["findings"]),
            last_updated=record["last_updated"],
            received_at=record["received_at"],
        )
