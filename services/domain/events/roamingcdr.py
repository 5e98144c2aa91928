"""Generated from schemas/avro by `make generate`: change the schema, not this file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from services.domain.events import common
from services.domain.quick_init import quick_init


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class RoamingCdr:
    """A charge detail record that a CPO that roams with us has sent; it never changes."""

    FULL_NAME: ClassVar[str] = "roamingcdr.state.v1.RoamingCdr"
    TOPIC: ClassVar[str] = "roamingcdr.state.v1"

    tenant: str  # The operator that the data belongs to.
    partner_id: str  # Who it came from, e.g. NL-TNM.
    object_id: str  # The record's id in lower case.
    cdr_id: str  # As received.
    country_code: str
    party_id: str  # Whose it is.
    session_id: str = ""
    credit: bool = False
    credit_reference_id: str | None = None  # The record that this one takes back.
    started_at: int
    ended_at: int
    contract_id: str = ""
    token_uid: str = ""
    location_id: str = ""
    evse_uid: str = ""
    evse_id: str = ""
    energy_wh: Decimal
    currency: str  # ISO 4217.
    total_cost_excl_vat: Decimal  # As the CPO says; of a credit negative.
    total_cost_incl_vat: Decimal | None = None  # null: the CPO does not say.
    priced_excl_vat: Decimal | None = (
        None  # As the record's own tariffs and periods give it; null: they give none.
    )
    priced_incl_vat: Decimal | None = None
    signed_values: tuple[common.RoamingSignedValue, ...] = ()
    encoding_method: str = ""  # Of signed_values, e.g. OCMF.
    public_key: str = ""  # As the record carries it; proves nothing by itself.
    evidence: common.EvidenceOutcome  # What the signed values prove under the key that the record carries.
    check_findings: tuple[str, ...] = ()  # Where the record contradicts its signed values or its tariffs.
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
            "cdr_id": self.cdr_id,
            "country_code": self.country_code,
            "party_id": self.party_id,
            "session_id": self.session_id,
            "credit": self.credit,
            "credit_reference_id": self.credit_reference_id,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "contract_id": self.contract_id,
            "token_uid": self.token_uid,
            "location_id": self.location_id,
            "evse_uid": self.evse_uid,
            "evse_id": self.evse_id,
            "energy_wh": self.energy_wh,
            "currency": self.currency,
            "total_cost_excl_vat": self.total_cost_excl_vat,
            "total_cost_incl_vat": self.total_cost_incl_vat,
            "priced_excl_vat": self.priced_excl_vat,
            "priced_incl_vat": self.priced_incl_vat,
            "signed_values": [item.to_record() for item in self.signed_values],
            "encoding_method": self.encoding_method,
            "public_key": self.public_key,
            "evidence": self.evidence.value,
            "check_findings": list(self.check_findings),
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
            cdr_id=record["cdr_id"],
            country_code=record["country_code"],
            party_id=record["party_id"],
            session_id=record["session_id"],
            credit=record["credit"],
            credit_reference_id=record["credit_reference_id"],
            started_at=record["started_at"],
            ended_at=record["ended_at"],
            contract_id=record["contract_id"],
            token_uid=record["token_uid"],
            location_id=record["location_id"],
            evse_uid=record["evse_uid"],
            evse_id=record["evse_id"],
            energy_wh=record["energy_wh"],
            currency=record["currency"],
            total_cost_excl_vat=record["total_cost_excl_vat"],
            total_cost_incl_vat=record["total_cost_incl_vat"],
            priced_excl_vat=record["priced_excl_vat"],
            priced_incl_vat=record["priced_incl_vat"],
            signed_values=tuple([common.RoamingSignedValue.from_record(item) for item in record["signed_values"]]),
            encoding_method=record["encoding_method"],
            public_key=record["public_key"],
            evidence=common.EvidenceOutcome(record["evidence"]),
            check_findings=tuple(record["check_findings"]),
            version=record["version"],
            object_json=record["object_json"],
            received_json=record["received_json"],
            received_sha256=record["received_sha256"],
            findings=tuple(record["findings"]),
            last_updated=record["last_updated"],
            received_at=record["received_at"],
        )
