"""Free ports of this machine, for servers that must be told theirs beforehand."""

import socket
from contextlib import ExitStack
from random import SystemRandom

LOOPBACK = "127.0.0.1"

RANGE = range(20_000, 32_000)
"""Below those that systems give to outgoing connections, any of which may take a port between our look and its use."""


def free_ports(count: int) -> list[int]:
    """Return so many ports that are free at this moment."""
    with ExitStack() as held:
        found: list[int] = []
        for port in SystemRandom().sample(RANGE, len(RANGE)):
            probe = held.enter_context(socket.socket())
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise RuntimeError(f"there are no {count} free ports")
