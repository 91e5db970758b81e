"""A synthetic association: deterministic messages, so that every run measures the same book."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import msgspec

from domain.posting_rules.bas import ACCOUNTS

SUBJECT = "222000-2634"
SOURCE = "urn:grundbok:benchmark"
YEAR = 2024
PROJECTS = tuple(f"p{number:02d}" for number in range(1, 21))
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
