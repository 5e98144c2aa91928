"""Blocks A and M, certificates: the same operations, with the certificate types of the security whitepaper (5)."""

from typing import Any, Final

from services.ocpp.outbound.not_possible import NotPossible

_TYPES: Final = {
    "CSMSRootCertificate": "CentralSystemRootCertificate",
    "ManufacturerRootCertificate": "ManufacturerRootCertificate",
}


def certificate_signed(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Of the station itself, the only kind that 1.6 knows and therefore does not name."""
    kind = payload.get("certificateType", "ChargingStationCertificate")
    if kind != "ChargingStationCertificate":
        raise NotPossible(f"OCPP 1.6 stations have no {kind}")
    return "CertificateSigned", {"certificateChain": payload["certificateChain"]}


def install_certificate(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Roots of the central system and of the manufacturer; 1.6 knows nothing of ISO 15118."""
    told = {"certificateType": _type(payload["certificateType"]), "certificate": payload["certificate"]}
    return "InstallCertificate", told


def delete_certificate(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """In the same words."""
    return "DeleteCertificate", payload


def get_installed_certificate_ids(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """1.6 asks for one type; NotPossible for several, or none."""
    types = payload.get("certificateType", ())
    if len(types) != 1:
        raise NotPossible("OCPP 1.6 stations list one type of certificate at a time")
    return "GetInstalledCertificateIds", {"certificateType": _type(types[0])}


def _type(name: str) -> str:
    if name not in _TYPES:
        raise NotPossible(f"OCPP 1.6 has no certificate type {name}")
    return _TYPES[name]
