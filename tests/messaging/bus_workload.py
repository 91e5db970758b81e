"""What economy services send: an association's messages in their order, and what goes wrong on the way.

Some break a rule, some cannot be read, some come twice, late, or under the name of another association.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from domain.kernel.event import Command
from services.contract.lines import LINE_BYTES_MAX
from tests.builders import (
    FOUNDING,
    OURS,
    a_budget,
    a_contribution,
    a_contribution_invoice,
    a_contribution_payment,
    a_correction,
    a_delegation,
    a_member,
    a_party,
    a_payment,
    a_supplier_invoice,
    a_voucher,
    a_year,
    an_attestation,
    lines,
)
from tests.services.messages import envelope, line_of

BOOKS = {"alfa": OURS, "beta": "222000-2634", "gamma": "222000-2733"}
"""Books and whose they are; `gamma` is only begun in some histories, and is the name of no book in the others."""

HUGE = b'"' + b"x" * LINE_BYTES_MAX + b'"'

UNREADABLE: tuple[bytes, ...] = (
    b"",
    b"   ",
    b"{",
    b"null",
    b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}",
    b'{"specversion":"1.0"}',
    b"\x00" * 40,
    b"<xml/>",
    HUGE,
)


def messages(random: Random, book: str, number: int) -> Iterator[bytes]:
    """Iterate over the messages for a book as they come to its subject."""
    sent: list[dict[str, Any]] = []
    for place, command in enumerate(_commands(random, book, number)):
        sender = random.choice(("ekonomi", "lon"))
        message = envelope(command, f"{book}-{place}", subject=BOOKS[book], source=f"/{sender}")
        chance = random.random()
        if chance < 0.06:
            yield random.choice(UNREADABLE)
        elif chance < 0.09:
            yield line_of(message | {"subject": "222000-2741", "id": f"{book}-fel-{place}"})
        elif chance < 0.12 and sent:
            yield line_of(random.choice(sent) | {"data": message["data"], "type": message["type"]})
        elif chance < 0.15:
            yield line_of(message | {"type": "se.grundbok.okand", "id": f"{book}-okand-{place}"})
        if chance > 0.9 and sent:
            yield line_of(random.choice(sent))
        sent.append(message)
        yield line_of(message)


def disordered(random: Random, waiting: list[bytes]) -> list[bytes]:
    """Return messages in another order than was meant: a few change places with one that comes later."""
    for place in range(len(waiting) - 1):
        if random.random() < 0.04:
            other = min(len(waiting) - 1, place + random.randint(1, 6))
            waiting[place], waiting[other] = waiting[other], waiting[place]
    return waiting


def _commands(random: Random, book: str, number: int) -> Iterator[Command]:
    yield from FOUNDING if book != "gamma" or random.random() < 0.3 else FOUNDING[1:3]
    yield a_delegation(limit_ore=10_000_00)
    yield a_contribution()
    for place in range(1, number + 1):
        yield _business(random, place)


def _business(random: Random, place: int) -> Command:
    """Return something that an association does; one in five breaks a rule, or does so if it comes too early."""
    earlier = random.randint(max(1, place - 3), place)
    ore = random.randint(1, 900_00)
    return random.choice(
        (
            lambda: a_voucher(text=f"Verifikation {place}", lines=lines((6570, ore), (1930, -ore))),
            lambda: a_voucher(text=f"Verifikation {place}", lines=lines((5010, ore), (1930, -ore))),
            lambda: a_contribution_invoice(invoice=f"{1000 + place}", amount_ore=ore),
            lambda: a_contribution_payment(invoice=f"{1000 + earlier}", amount_ore=ore),
            lambda: a_supplier_invoice(invoice=f"F{place}"),
            lambda: an_attestation(invoice=f"F{earlier}"),
            lambda: a_payment(invoice=f"F{earlier}"),
            lambda: a_correction(number=earlier, reason=f"Fel {place}"),
            lambda: a_member(party=f"kommun-{place}", name=f"Kommun {place}"),
            lambda: a_party(party=f"bolag-{place}", name=f"Bolag {place}"),
            lambda: a_budget(decision=f"§ {place}"),
            lambda: a_year(year=2023 + place % 3),
            lambda: a_voucher(text=f"Ojämn {place}", lines=lines((6570, ore), (1930, -ore - 1))),
        )
    )()
