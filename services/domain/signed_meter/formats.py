"""The formats as data: how each verifies a record and which law it checks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.domain.signed_meter import (
    alfen,
    bsm_ws36a,
    chargepoint_secrrct,
    edl_40_mennekes,
    edl_40_p,
    edl_40_sig,
    emh_chargeit,
    isa_edl_40_p,
    ocmf,
    pcdf,
)
from services.domain.signed_meter.record import Checked, SignedRecord, Verified


@dataclass(frozen=True, slots=True)
class Format:
    """`verify` gives one `Verified` per signature of a record; it may raise `NotReadable`, nothing else. `check`
    gets all `Verified` of a session, all valid, in order, and never raises."""

    verify: Callable[[SignedRecord], tuple[Verified, ...]]
    check: Callable[[Sequence[Verified]], Checked]


FORMATS: dict[str, Format] = {
    "ALFEN": Format(alfen.verify, alfen.check),
    "BSM_WS36A": Format(bsm_ws36a.verify, bsm_ws36a.check),
    "CHARGEPOINT_SECRRCT": Format(chargepoint_secrrct.verify, chargepoint_secrrct.check),
    "EDL_40_MENNEKES": Format(edl_40_mennekes.verify, edl_40_mennekes.check),
    "EDL_40_P": Format(edl_40_p.verify, edl_40_p.check),
    "EDL_40_SIG": Format(edl_40_sig.verify, edl_40_sig.check),
    "EMH_CHARGEIT": Format(emh_chargeit.verify, emh_chargeit.check),
    "ISA_EDL_40_P": Format(isa_edl_40_p.verify, isa_edl_40_p.check),
    "OCMF": Format(ocmf.verify, ocmf.check),
    "PCDF": Format(pcdf.verify, pcdf.check),
}
