"""Settings of the edge."""

from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from services.ocpp.settings import OcppSettings
from services.runtime.embedded.pki import Pki
from services.runtime.settings import BadSetting, load, table
from tests.unit.ocpp.crls import crl


class TestOcppSettings:
    def test_work_unset(self) -> None:
        settings = load(OcppSettings, {})
        assert (settings.ocpp_port, settings.allow_unauthenticated, settings.hold_s) == (9000, False, 20)
        assert (settings.proxies(), settings.vendors()) == ((), frozenset())
        assert (settings.ocpp_soap_port, settings.soap_networks()) == (9001, ())

    def test_are_read_from_the_environment(self) -> None:
        env = {
            "WATTLOG_OCPP_PORT": "9999",
            "WATTLOG_ALLOW_UNAUTHENTICATED": "1",
            "WATTLOG_TRUSTED_PROXIES": "10.0.0.0/8, ::1/128,",
            "WATTLOG_DATA_TRANSFER_VENDORS": "a.b, c.d",
            "WATTLOG_TENANT": "cpo",
            "WATTLOG_TOPIC_PREFIX": "x.",
        }
        settings = load(OcppSettings, env)
        assert (settings.ocpp_port, settings.allow_unauthenticated) == (9999, True)
        assert (settings.common.tenant, settings.kafka.topic_prefix) == ("cpo", "x.")
        assert settings.proxies() == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
        assert settings.vendors() == {"a.b", "c.d"}

    def test_say_what_is_wrong_with_a_network(self) -> None:
        with pytest.raises(BadSetting, match="WATTLOG_TRUSTED_PROXIES='nonsense'"):
            load(OcppSettings, {"WATTLOG_TRUSTED_PROXIES": "nonsense"}).proxies()

        with pytest.raises(BadSetting, match="WATTLOG_OCPP_SOAP_NETWORKS="):
            load(OcppSettings, {"WATTLOG_OCPP_SOAP_NETWORKS": "10.0.0.1/8"}).soap_networks()

    def test_say_what_is_wrong_with_a_list_of_revoked_certificates(self, tmp_path: Path) -> None:
        list_file, pki = tmp_path / "list.crl", Pki(tmp_path / "pki")
        env = {"WATTLOG_CLIENT_CRL_FILES": str(list_file), "WATTLOG_CLIENT_CA_FILE": str(pki.ca_file)}
        settings, now = load(OcppSettings, env), datetime.now(UTC)
        now_ms = int(now.timestamp() * 1000)
        with pytest.raises(BadSetting, match=r"WATTLOG_CLIENT_CRL_FILES=.*No such file"):
            settings.revocation_lists(now_ms)
        list_file.write_bytes(crl(Pki(tmp_path / "other"), [5], now))
        with pytest.raises(BadSetting, match=r"WATTLOG_CLIENT_CRL_FILES=.*has signed the list"):
            settings.revocation_lists(now_ms)
        list_file.write_bytes(crl(pki, [5], now))
        assert len(settings.revocation_lists(now_ms).lists) == 1
        assert load(OcppSettings, {}).revocation_lists(now_ms).lists == ()

    def test_hold_replies_for_less_than_stations_wait(self) -> None:
        assert OcppSettings().hold_s < 30

    def test_are_all_explained(self) -> None:
        assert all(about for _, _, about in table(OcppSettings))
