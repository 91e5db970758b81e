"""An example consumer: reacts to grants above a limit, by a line in a file that somebody reads.

    python examples/consumers/large_grants.py varend 200000 alerts.jsonl

A reaction must not be lost or made twice. Each line has the position it reacts to and is on disk before the next event
is taken; the last line tells where to go on.
"""

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path

from domain.funding.facts import GrantAmended, GrantDecided
from services.contract.outgoing import DeliveredEvent
from services.messaging.consumer import Consumer
from services.messaging.nats_bus import NatsBus
from services.messaging.nats_connection import Access, connected
from services.messaging.settings import read_bus_settings

ORE_PER_KRONA = 100


def reaction(event: DeliveredEvent, limit_ore: int) -> dict[str, object] | None:
    """Return what there is to say about an event, or None: a grant, all years together, is above the limit."""
    grant = event.event
    if not isinstance(grant, GrantDecided | GrantAmended):
        return None
    total_ore = sum(amount.amount_ore for amount in grant.amounts)
    if total_ore <= limit_ore:
        return None
    return {
        "position": event.position,
        "grant": grant.grant,
        "decided_on": str(grant.decided_on),
        "total_ore": total_ore,
        "decision": grant.decision,
    }


def last_position(path: Path) -> int:
    """Return the position of the last whole line; a line that was cut short by a crash is removed."""
    if not path.exists():
        return 0
    whole = path.read_bytes()
    kept = whole[: whole.rfind(b"\n") + 1]
    if kept != whole:
        path.write_bytes(kept)
    lines = kept.splitlines()
    return int(json.loads(lines[-1])["position"]) if lines else 0


async def watch(book: str, limit_ore: int, path: Path, upto: int | None = None) -> None:
    """React to the grants of a book, for ever or up to a position."""
    access = read_bus_settings(os.environ).access or Access(urls=("nats://127.0.0.1:4222",))
    async with connected(access, "large-grants") as client:
        with path.open("ab") as file:
            async for event in Consumer(NatsBus(client), book).events(last_position(path)):
                said = reaction(event, limit_ore)
                if said is not None:
                    file.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                if event.position == upto:
                    return


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(watch(sys.argv[1], int(sys.argv[2]) * ORE_PER_KRONA, Path(sys.argv[3])))
