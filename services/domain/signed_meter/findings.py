"""Everything that can be wrong with signed meter data: one code, one sentence, one source, one effect."""

from dataclasses import dataclass
from enum import Enum


class Effect(Enum):
    """What a finding does to the session: REFUSED is not billable, UNDECIDED needs a person or more records, NOTED
    leaves the energy billable (time based components may not be)."""

    REFUSED = "refused"
    UNDECIDED = "undecided"
    NOTED = "noted"


_R, _U, _N = Effect.REFUSED, Effect.UNDECIDED, Effect.NOTED
_LAW = "MessEG §33(1)"
_STORE = "type examination: gap-free store of all packets"


class Code(Enum):
    """The finding codes of all formats. `code.name` is what people and programs see; `sentence` is what is wrong,
    `source` the paragraph or requirement, `effect` what it does where the format does not say otherwise."""

    FORMAT = "The record cannot be read as the format it claims to be.", _LAW, _R
    SIGNATURE_INVALID = "The signature does not belong to these bytes and this key.", _LAW, _R
    KEY_MISMATCH = "The key is not the one of the register, or changed in the session.", _LAW, _R
    METER_MISMATCH = "Begin and end come from different meters.", _LAW, _R
    GATEWAY_MISMATCH = "Begin and end come from different signing components.", _LAW, _R
    EVSE_MISMATCH = "The signed charging point is not the one of the session.", _LAW, _R
    ID_MISMATCH = "Begin and end are assigned to different identifications.", _LAW, _R
    SESSION_MISMATCH = "Begin and end belong to different sessions.", _LAW, _R
    SOFTWARE_MISMATCH = "The signed software version is not the one of the container.", _LAW, _R
    REGISTER_MISMATCH = "Begin and end are readings of different registers.", _LAW, _R
    UNIT_MISMATCH = "The unit of a reading is missing, changes, or is none of energy.", _LAW, _R
    NOT_A_TRANSACTION = "The record belongs to no transaction: nothing to bill by itself.", _LAW, _U
    BEGIN_MISSING = "There is no reading at the begin of the transaction.", _LAW, _R
    END_MISSING = "There is no reading at the end of the transaction.", _LAW, _R
    MULTIPLE_BEGIN = "There is more than one reading at the begin of the transaction.", _LAW, _R
    MULTIPLE_END = "There is more than one reading at the end of the transaction.", _LAW, _R
    VALUE_DECREASED = "The register is lower at the end than at the begin.", _LAW, _R
    TIME_DECREASED = "The end is earlier than the begin.", _LAW, _R
    PAGINATION_GAP = "Packets between begin and end are missing.", _STORE, _R
    PAGINATION_NOT_INCREASING = "The packet number does not rise from begin to end.", _STORE, _R
    PAGINATION_CONTEXT = "Begin and end are counted in different contexts.", _STORE, _R
    LOGBOOK_MISMATCH = "The meter's log book changed during the session.", "PTB-A 50.7", _R
    METER_STATUS = "The meter did not report good working order.", _LAW, _R
    ERROR_FLAG_ENERGY = "The meter flagged the energy as unusable for billing.", _LAW, _R
    ERROR_FLAG_TIME = "The meter flagged the time as unusable for billing.", "MessEV §5", _N
    EXCEPTION_READING = "An error happened while charging; values from there on may be unusable.", _LAW, _U
    ID_LEVEL_ERROR = "The assignment of the user was checked and failed.", _LAW, _R
    TIME_NOT_SYNCHRONIZED = "The clock proves no time: no time based component.", "MessEV §5", _N
    TIME_SYNC_INCONSISTENT = "The states of the clock contradict each other.", "MessEV §5", _R

    def __init__(self, sentence: str, source: str, effect: Effect) -> None:
        self.sentence = sentence
        self.source = source
        self.effect = effect


@dataclass(frozen=True, slots=True)
class Finding:
    """`field` names where it was seen, in the format's own words (`RD[1].ST`, `PG`); `message` the values."""

    code: Code
    message: str
    field: str = ""
    effect: Effect = Effect.REFUSED
    source: str = ""


def finding(code: Code, message: str = "", field: str = "", effect: Effect | None = None) -> Finding:
    """A finding with the code's sentence, source and effect where nothing else is given."""
    return Finding(code, message or code.sentence, field, effect or code.effect, code.source)


class NotReadable(Exception):
    """The one error of this package: a record or key that cannot be read. Becomes a finding, never a crash."""

    def __init__(self, message: str, field: str = "", code: Code = Code.FORMAT) -> None:
        super().__init__(message)
        self.message, self.field, self.code = message, field, code

    def finding(self) -> Finding:
        return finding(self.code, self.message, self.field)
