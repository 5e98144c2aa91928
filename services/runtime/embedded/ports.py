"""TCP ports of this machine: which are free."""

import random
import socket

_BELOW_EPHEMERAL = range(20_000, 32_000)
"""Outgoing connections are given ports from 32768 up, so a server here keeps its port across a restart."""


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True when a server could listen on it now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def is_listening(port: int, host: str = "127.0.0.1", timeout_s: float = 1.0) -> bool:
    """True when somebody accepts connections on it."""
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    """Different ports that are free now."""
    order = random.sample(_BELOW_EPHEMERAL, len(_BELOW_EPHEMERAL))
    found = [port for port, _ in zip((p for p in order if is_free(p)), range(count), strict=False)]
    if len(found) < count:
        raise OSError(f"no {count} free ports between {_BELOW_EPHEMERAL.start} and {_BELOW_EPHEMERAL.stop}")
    return found
