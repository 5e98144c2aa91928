"""What is verified (`SignedRecord`), what a format makes of it (`Verified`), and the answer (`SessionVerdict`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from services.domain.signed_meter.findings import Code, Effect, Finding
from services.domain.signed_meter.keys import PublicKey
from services.domain.signed_meter.signature import Signed

SEALED = "sealed data"
"""Stands for the format of what SAFE's documents hold as `encodedData`: sealed with RSA, not signed."""


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """One signed value as received.

    `format` names an entry of `formats.FORMATS`. `data` are the received bytes, never re-serialised; `encoding`
    says how they are written (`plain`, `hex`, `base64`, `xml`, `json`, `auto`; see `encodings.decoded`). `key` is
    the key of the register as text in any form that `keys.read` knows; None: none is known. `context` is the
    reading context as sent (`Transaction.Begin`). `signature` is a signature that travels beside the data
    (ChargePoint), as hex.
    """

    format: str
    data: bytes
    key: str | None = None
    context: str | None = None
    encoding: str = "plain"
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of one register.

    `time` is the text as signed (None: not written at this reading), `instant` what it means (None: not known;
    naive local epochs of EDL formats have the offset that the record states). `marker` is the transaction marker
    (OCMF TX, Alfen type, ...). `kwh` is exact, normalised to kWh, or in the register's own unit when it is none of
    energy (`unit`). `status` and `error_flags` are as written, None when absent.
    """

    kwh: Decimal
    time: str | None = None
    instant: datetime | None = None
    marker: str | None = None
    register: str | None = None
    unit: str = "kWh"
    status: str | None = None
    error_flags: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a format says about one signature. A container with two signatures gives two of these.

    `valid`: the signature is true under the key of the register. `findings` are those of this record alone, and
    say why when it is not valid. Readings and names of a record that is not valid are for display only:
    `session.judge` ignores them. `details` holds what only this format has (log book, session id, adapter status
    ...) as text. `signed` is what others need to check the same signatures once more.
    """

    valid: bool
    findings: tuple[Finding, ...] = ()
    readings: tuple[Reading, ...] = ()
    pagination: str | None = None
    meter_serial: str | None = None
    gateway_serial: str | None = None
    identification: str | None = None
    evse_id: str | None = None
    key: PublicKey | None = None
    context: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    signed: tuple[Signed, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What the legal checks of a format say about records that are all valid.

    `energy_kwh` is end minus begin of the billing register whenever there is exactly one of each, also when
    findings forbid to bill it.
    """

    findings: tuple[Finding, ...] = ()
    energy_kwh: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SessionVerdict:
    """The answer for one session.

    `transaction_ok`: True billable by energy; False not; None cannot be said from these records. `verified` has
    one entry per signature in the order of the records.
    """

    transaction_ok: bool | None
    findings: tuple[Finding, ...]
    verified: tuple[Verified, ...]
    energy_kwh: Decimal | None = None

    @property
    def signature_valid(self) -> list[bool]:
        return [one.valid for one in self.verified]

    @property
    def trusted(self) -> list[Verified]:
        """The records whose signature is true: only these mean anything."""
        return [one for one in self.verified if one.valid]

    @property
    def readings(self) -> list[Reading]:
        return [reading for one in self.trusted for reading in one.readings]

    @property
    def codes(self) -> list[str]:
        """The names of the findings, each once, in the order of `Code`."""
        seen = {one.code for one in self.findings}
        return [code.name for code in Code if code in seen]

    @property
    def time_billable(self) -> bool:
        """Whether time based components may be billed too."""
        return self.transaction_ok is True and all(one.effect is not Effect.NOTED for one in self.findings)
