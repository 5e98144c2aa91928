"""Settings of the edge."""

from ipaddress import ip_network

import pytest

from services.ocpp.settings import OcppSettings
from services.runtime.settings import BadSetting, load, table


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

    def test_hold_replies_for_less_than_stations_wait(self) -> None:
        assert OcppSettings().hold_s < 30

    def test_are_all_explained(self) -> None:
        assert all(about for _, _, about in table(OcppSettings))
