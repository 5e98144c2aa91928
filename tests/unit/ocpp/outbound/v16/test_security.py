"""Certificates in the words of the OCPP 1.6 security whitepaper."""

from typing import Any

import pytest

from tests.unit.ocpp.outbound.v16.telling import refused, told

PEM = "-----BEGIN CERTIFICATE-----"
ISO_15118 = ["V2GRootCertificate", "MORootCertificate"]
TYPES = [
    ("CSMSRootCertificate", "CentralSystemRootCertificate"),
    ("ManufacturerRootCertificate", "ManufacturerRootCertificate"),
]


class TestCertificateSigned:
    @pytest.mark.parametrize("kind", [{}, {"certificateType": "ChargingStationCertificate"}])
    def test_is_the_stations_own(self, kind: dict[str, Any]) -> None:
        payload = {"certificateChain": PEM}
        assert told("CertificateSigned", payload | kind) == ("CertificateSigned", payload)

    def test_is_no_other(self) -> None:
        payload = {"certificateChain": PEM, "certificateType": "V2GCertificate"}
        assert refused("CertificateSigned", payload) == "OCPP 1.6 stations have no V2GCertificate"


class TestInstallCertificate:
    @pytest.mark.parametrize(("kind", "said"), TYPES)
    def test_says_its_type(self, kind: str, said: str) -> None:
        payload = {"certificateType": kind, "certificate": PEM}
        assert told("InstallCertificate", payload) == ("InstallCertificate", payload | {"certificateType": said})

    @pytest.mark.parametrize("kind", ISO_15118)
    def test_knows_nothing_of_iso_15118(self, kind: str) -> None:
        said = f"OCPP 1.6 has no certificate type {kind}"
        assert refused("InstallCertificate", {"certificateType": kind, "certificate": PEM}) == said

    def test_takes_the_words_of_1_6(self) -> None:
        payload = {"certificateType": "CentralSystemRootCertificate", "certificate": PEM}
        assert told("InstallCertificate", payload) == ("InstallCertificate", payload)


class TestGetInstalledCertificateIds:
    @pytest.mark.parametrize(("kind", "said"), TYPES)
    def test_asks_for_one_type(self, kind: str, said: str) -> None:
        asked = told("GetInstalledCertificateIds", {"certificateType": [kind]})
        assert asked == ("GetInstalledCertificateIds", {"certificateType": said})

    @pytest.mark.parametrize("payload", [{}, {"certificateType": [kind for kind, _ in TYPES]}])
    def test_cannot_ask_for_more_or_all(self, payload: dict[str, Any]) -> None:
        assert "one type of certificate at a time" in refused("GetInstalledCertificateIds", payload)

    @pytest.mark.parametrize("kind", [*ISO_15118, "V2GCertificateChain"])
    def test_knows_nothing_of_iso_15118(self, kind: str) -> None:
        assert kind in refused("GetInstalledCertificateIds", {"certificateType": [kind]})


class TestDeleteCertificate:
    def test_is_said_in_the_same_words(self) -> None:
        hashes = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1"}
        payload = {"certificateHashData": hashes}
        assert told("DeleteCertificate", payload) == ("DeleteCertificate", payload)
