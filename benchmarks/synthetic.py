"""A synthetic association: deterministic messages, so that every run measures the same book."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import msgspec

from domain.posting_rules.bas import ACCOUNTS
from projections.skim import Skimmed, SkimmedRecorded, SkimmedVoucher

SUBJECT = "222000-2634"
SOURCE = "urn:grundbok:benchmark"
YEAR = 2024
PROJECTS = tuple(f"p{number:02d}" for number in range(1, 21))
PARTIES = ("", "", *(f"part{number}" for number in range(1, 51)))
COSTS = tuple(number for number, _, kind in ACCOUNTS if kind == "cost")


def messages(vouchers: int, seed: int = 1) -> Iterator[bytes]:
    """Iterate over the lines of a file: a registered association, then so many vouchers of three or four postings."""
    number = 0
    for kind, data in _beginning():
        number += 1
        yield _line(number, kind, data)
    random = Random(seed)
    for _ in range(vouchers):
        number += 1
        yield _line(number, "voucher.post", _voucher(random))


def _beginning() -> Iterator[tuple[str, dict[str, object]]]:
    yield "association.register", {"organisation_number": SUBJECT, "name": "Samordningsförbundet Mätning"}
    yield "fiscal_year.open", {"year": YEAR, "start": f"{YEAR}-01-01", "end": f"{YEAR}-12-31"}
    for project in PROJECTS:
        yield "project.open", {"project": project, "name": f"Projekt {project}"}


def _voucher(random: Random) -> dict[str, object]:
    net = random.randrange(5_000, 5_000_000)
    vat = net // 4
    lines: list[dict[str, object]] = [
        {"account": 2440, "amount_ore": -net - vat},
        {"account": 1650, "amount_ore": vat},
    ]
    if random.random() < 0.5:
        part = net * random.randrange(10, 90) // 100
        lines.append(_cost(random, part))
        lines.append(_cost(random, net - part))
    else:
        lines.append(_cost(random, net))
    day = date(YEAR, 1, 1) + timedelta(days=random.randrange(366))
    return {
        "accounting_date": str(day),
        "text": f"Faktura {random.randrange(10**6)}",
        "reference": str(random.randrange(10**9)),
        "lines": lines,
    }


def _cost(random: Random, amount: int) -> dict[str, object]:
    return {"account": random.choice(COSTS), "amount_ore": amount, "project": random.choice(PROJECTS)}


def _line(number: int, kind: str, data: dict[str, object]) -> bytes:
    message = {
        "specversion": "1.0",
        "id": f"m{number:08d}",
        "source": SOURCE,
        "type": f"se.grundbok.{kind}",
        "subject": SUBJECT,
        "time": "2024-12-31T12:00:00Z",
        "data": data,
    }
    return msgspec.json.encode(message) + b"\n"


def skims(vouchers: int, seed: int = 1) -> Iterator[Skimmed]:
    """Iterate over so many vouchers of ten years as a read model takes them in, in order of registration.

    Each is dated some days before it is registered; half of the debts name one of the parties.
    """
    random = Random(seed)
    first = date(YEAR - 9, 1, 1)
    for number in range(vouchers):
        registered = first + timedelta(days=number * 3652 // vouchers)
        dated = max(first, registered - timedelta(days=random.randrange(40)))
        net = random.randrange(5_000, 5_000_000)
        part = net * random.randrange(10, 90) // 100
        amounts = (-net, part, net - part) if random.random() < 0.7 else (-net, part // 2, part - part // 2, net - part)
        accounts = (2440, *(random.choice(COSTS) for _ in amounts[1:]))
        yield Skimmed(
            event="voucher.posted",
            recorded=SkimmedRecorded(str(registered), f"{registered}T12:00:00Z"),
            voucher=SkimmedVoucher(
                str(dated),
                accounts,
                amounts,
                ("", *(random.choice(PROJECTS) for _ in amounts[1:])),
                (random.choice(PARTIES), *("" for _ in amounts[1:])),
            ),
        )
