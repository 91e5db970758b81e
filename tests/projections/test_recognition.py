"""Recognition of contributions: linear and as invoiced come from the same code, and only the decision differs.

The amounts are those of Värend 2017: 4 263 tkr, the state quarterly (9 of 12 months by August), the others half-yearly
(6 of 12), so that 2 842 is earned, 178 prepaid and 355 accrued.
"""

from datetime import date

import pytest

from domain.book import Book, evolve
from domain.books.register import Recognition
from domain.catalogue import AnyEvent
from domain.decisions import decide
from domain.kernel.event import Command
from domain.membership.contribution import NothingToAccrue
from domain.membership.facts import AccrueContributions
from projections.history import history_of
from tests.builders import BY_ANNA, FOUNDING, a_contribution, a_contribution_invoice, an_association
from tests.projections.tables import figures, one_table, table_of

AUGUST = date(2023, 8, 31)
SHARES = {"staten": 2_131_500_00, "regionen": 1_065_750_00, "kommunen": 1_065_750_00}
TABLE = one_table(
    """{ id = "int", accounts = "3000-3999", sign = "-" }, { id = "uppl", accounts = "1780", measure = "closing" },
       { id = "forutb", accounts = "2970", measure = "closing", sign = "-" },
       { id = "fk", accounts = "3000-3999", party = "staten", sign = "-" }""",
    more='unit = "tkr"',
)


def invoices() -> list[Command]:
    quarter, half = SHARES["staten"] // 4, SHARES["regionen"] // 2
    rows = [("staten", f"S{n}", date(2023, 3 * n - 2, 1), quarter) for n in (1, 2, 3)]
    rows += [("regionen", "R1", date(2023, 1, 15), half), ("kommunen", "K1", date(2023, 1, 15), half)]
    return [
        a_contribution_invoice(party=party, invoice=invoice, invoice_date=day, amount_ore=amount)
        for party, invoice, day, amount in rows
    ]


def told(*commands: Command) -> tuple[list[AnyEvent], Book]:
    book, events = Book(), []
    for command in commands:
        for event in decide(book, command, BY_ANNA):
            book = evolve(book, event)
            events.append(event)
    return events, book


def books_with(recognition: Recognition) -> tuple[list[AnyEvent], Book]:
    agreed = [a_contribution(party=party, amount_ore=amount) for party, amount in SHARES.items()]
    return told(an_association(recognition=recognition), *FOUNDING[1:], *agreed, *invoices())


def test_linear_recognition_earns_by_the_month_and_accrues_the_difference_per_member() -> None:
    events, book = books_with("linear")
    events += decide(book, AccrueContributions(accrual="aug", period_end=AUGUST), BY_ANNA)

    printed = figures(table_of(TABLE, history_of(events), str(AUGUST)))

    assert printed == {"int": ("2842",), "uppl": ("355",), "forutb": ("178",), "fk": ("1421",)}


def test_recognition_as_invoiced_earns_what_was_invoiced() -> None:
    events, book = books_with("as-invoiced")

    with pytest.raises(NothingToAccrue):
        decide(book, AccrueContributions(accrual="aug", period_end=AUGUST), BY_ANNA)

    printed = figures(table_of(TABLE, history_of(events), str(AUGUST)))
    assert printed == {"int": ("2664",), "uppl": ("0",), "forutb": ("0",), "fk": ("1599",)}
