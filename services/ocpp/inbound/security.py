"""Block A, security: SecurityEventNotification and SignCertificate (OCPP 1.6: whitepaper 4.8 and 4.9)."""

from typing import Any, Final

from cryptography import x509

from services.domain.events.station import CertificateSigningRequested, SecurityEventRaised
from services.ocpp.inbound.reply import Context, Reply
from services.ocpp.wire.unreadable import UNREADABLE

ACCEPTED: Final = "Accepted"
REJECTED: Final = "Rejected"


def security_event(payload: dict[str, Any], context: Context) -> Reply:
    """A04: kept for the operator's security team."""
    tech_info = payload.get("techInfo", "")
    event = SecurityEventRaised(
        event_id=context.event_id("SecurityEventRaised", payload["type"], payload["timestamp"], tech_info),
        tenant=context.tenant,
        station_id=context.station_id,
        type=payload["type"],
        detail=tech_info,
        occurred_at=context.time(payload),
        recorded_at=context.now_ms,
    )
    return Reply({}, (event,), durable=True)


def sign_certificate(payload: dict[str, Any], context: Context) -> Reply:
    """A02: the certificate itself comes later, in a CertificateSigned; Rejected without a CA (A02.FR.12)."""
    event = CertificateSigningRequested(
        event_id=context.event_id("CertificateSigningRequested", payload["csr"]),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        csr=payload["csr"],
        certificate_type=payload.get("certificateType"),
        request_id=context.whole(payload, "requestId"),
        warnings=tuple(context.warnings),
        recorded_at=context.now_ms,
    )
    able = context.edge.signs_certificates and _is_request(payload["csr"])
    return Reply({"status": ACCEPTED if able else REJECTED}, (event,), durable=True)


def _is_request(pem: str) -> bool:
    """PKCS#10 in PEM; whether it is to be signed is for the pki process to say."""
    try:
        x509.load_pem_x509_csr(pem.encode())
    except UNREADABLE:
        return False
    return True
