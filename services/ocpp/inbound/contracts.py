"""Block C, plug and charge (C07): is the contract certificate that an EV has shown good?"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.x509.oid import NameOID

from services.domain.tokens import ACCEPTED, BLOCKED, EXPIRED, INVALID, Decision
from services.domain.units import datetime_of
from services.ocpp.inbound.certificates import ocsp_question
from services.ocpp.inbound.reply import Answer, Context, Question
from services.ocpp.wire import ocsp
from services.ocpp.wire.ocsp import Standing, Subject
from services.ocpp.wire.unreadable import UNREADABLE

CERTIFICATE_EXPIRED: Final = "CertificateExpired"
CERTIFICATE_REVOKED: Final = "CertificateRevoked"
CHAIN_ERROR: Final = "CertChainError"
CONTRACT_CANCELLED: Final = "ContractCancelled"

_MAX_CHAIN: Final = 5
_EMAID_WITHOUT_CHECK_DIGIT: Final = 14
_CANCELLED: Final = frozenset({BLOCKED, EXPIRED, INVALID, "Unknown"})


class Shown(NamedTuple):
    """What is to be asked about the certificates of a message, or why asking is of no use."""

    subjects: tuple[Subject, ...] = ()
    questions: tuple[Question, ...] = ()
    fault: str = ""
    """AuthorizeCertificateStatusEnumType; "" while nothing is wrong."""
    detail: str = ""


class Verdict(NamedTuple):
    """AuthorizeCertificateStatusEnumType, and in words why."""

    status: str
    detail: str


def shows_contract(payload: dict[str, Any]) -> bool:
    """True for an Authorize that is to be decided by a contract certificate too."""
    return "certificate" in payload or bool(payload.get("iso15118CertificateHashData"))


def shown(payload: dict[str, Any], context: Context) -> Shown:
    """What can be told without asking anybody (C07.FR.15, FR.17), and whom to ask the rest (C07.FR.05)."""
    edge, now = context.edge, datetime_of(context.now_ms)
    asked: list[tuple[str, Subject]] = []
    try:
        if "certificate" in payload:
            chain = _chain(payload["certificate"])
            wrong = _wrong(chain, payload["idToken"]["idToken"], edge.contract_cas(), now)
            if wrong is not None:
                return Shown(fault=wrong.status, detail=wrong.detail)
            asked += _of_chain(chain, edge.contract_cas())
        for data in payload.get("iso15118CertificateHashData", ()):
            asked.append((data["responderURL"], ocsp.subject(data)))
        questions = tuple(ocsp_question(url, about, edge.ocsp_responders) for url, about in asked)
    except ValueError as error:
        return Shown(fault=CHAIN_ERROR, detail=str(error))
    return Shown(tuple(about for _, about in asked), questions)


def judged(found: Shown, answers: Sequence[Answer], context: Context) -> Verdict:
    """What the answers of the responders make of it (C07.FR.13 to FR.17)."""
    if found.fault:
        return Verdict(found.fault, found.detail)
    now = datetime_of(context.now_ms)
    standings = [
        ocsp.standing(answer if isinstance(answer, bytes) else None, about, context.edge.contract_cas(), now)
        for about, answer in zip(found.subjects, answers, strict=True)
    ]
    if Standing.REVOKED in standings:
        return Verdict(CERTIFICATE_REVOKED, "a certificate of the contract is revoked")
    if Standing.UNUSABLE in standings:
        return Verdict(CHAIN_ERROR, "whether a certificate of the contract is revoked cannot be told")
    return Verdict(ACCEPTED, "the contract certificate is good")


def combined(verdict: Verdict, decided: Decision) -> tuple[str, Decision]:
    """certificateStatus, and what to decide about the token (C07.FR.13 to FR.17)."""
    if verdict.status == ACCEPTED:
        return (CONTRACT_CANCELLED if decided.status in _CANCELLED else ACCEPTED), decided
    status = EXPIRED if verdict.status == CERTIFICATE_EXPIRED else INVALID
    return verdict.status, Decision(status, f"contract certificate: {verdict.detail}")


def _chain(pem: str) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except UNREADABLE as error:
        raise ValueError("not certificates in PEM") from error
    if len(found) > _MAX_CHAIN:
        raise ValueError(f"more than {_MAX_CHAIN} certificates")
    return found


def _wrong(
    chain: list[x509.Certificate], emaid: str, trusted: Sequence[x509.Certificate], now: datetime
) -> Verdict | None:
    """What is wrong with a chain, leaf first: whose, until when, by whom."""
    names = [str(one.value) for one in chain[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if not any(_is_emaid(name, emaid) for name in names):
        return Verdict(CHAIN_ERROR, "the contract certificate is for another eMAID")
    if any(one.not_valid_after_utc < now for one in chain):
        return Verdict(CERTIFICATE_EXPIRED, "a certificate of the contract has expired")
    linked = all(ocsp.is_issued(below, above) for below, above in pairwise(chain))
    if not linked or not ocsp.anchored(chain[0], chain[1:], trusted, now):
        return Verdict(CHAIN_ERROR, "the contract certificate comes from no root that is trusted")
    return None


def _of_chain(chain: list[x509.Certificate], trusted: Sequence[x509.Certificate]) -> list[tuple[str, Subject]]:
    """Whom to ask about which certificate: the leaf must say, CAs may; roots are trusted or not."""
    found = []
    for place, certificate in enumerate(chain):
        if certificate in trusted:
            break
        issuer = next(one for one in (*chain[place + 1 :], *trusted) if ocsp.is_issued(certificate, one))
        url = ocsp.responder(certificate)
        if url is not None:
            found.append((url, ocsp.subject_of(certificate, issuer)))
        elif place == 0:
            raise ValueError("the contract certificate does not say who tells whether it is revoked")
    return found


def _is_emaid(name: str, emaid: str) -> bool:
    """Separators, case and the check digit may be there or not (ISO 15118-2, annex H)."""
    one, other = (text.replace("-", "").upper() for text in (name, emaid))
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    return (
        len(shorter) == _EMAID_WITHOUT_CHECK_DIGIT
        and len(longer) == len(shorter) + 1
        and longer.startswith(shorter)
    )
