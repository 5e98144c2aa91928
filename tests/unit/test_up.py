"""Which processes `wattlog up` keeps running."""

from services.up import StackSettings, services


class TestServices:
    def test_starts_each_after_what_it_needs(self) -> None:
        seen: set[str] = set()
        for service in services(StackSettings(), lambda _said: None):
            assert set(service.needs) <= seen
            seen.add(service.name)

    def test_lets_what_stations_wait_for_go_first(self) -> None:
        found = {service.name: service.niceness for service in services(StackSettings(), lambda _said: None)}
        prompt = {name for name, niceness in found.items() if niceness == 0}
        assert prompt == {"kafka", "registry", "ocpp", "sessions", "analytics"}
        assert found["settlement"] == 5

    def test_asks_for_ports_that_differ(self) -> None:
        ports = StackSettings().ports()
        assert len(set(ports.values())) == len(ports)
