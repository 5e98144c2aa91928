"""Ports of this machine."""

import socket

import pytest

from services.runtime.embedded import ports


class TestIsFree:
    def test_is_false_where_somebody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            assert not ports.is_free(server.getsockname()[1])

    def test_is_true_after_they_have_left(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        assert ports.is_free(port)


class TestIsListening:
    def test_tells_a_server_from_an_empty_port(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            assert ports.is_listening(port)
        assert not ports.is_listening(port)


class TestFreePorts:
    def test_are_different_and_below_those_of_outgoing_connections(self) -> None:
        found = ports.free_ports(20)
        assert len(set(found)) == 20
        assert all(20_000 <= port < 32_000 for port in found)

    def test_can_be_none(self) -> None:
        assert ports.free_ports(0) == []

    def test_skip_those_in_use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ports, "_BELOW_EPHEMERAL", range(20_000, 20_010))
        monkeypatch.setattr(ports, "is_free", lambda port: port == 20_007)
        assert ports.free_ports(1) == [20_007]
        with pytest.raises(OSError, match="no 2 free ports between 20000 and 20010"):
            ports.free_ports(2)
