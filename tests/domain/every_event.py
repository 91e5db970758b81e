"""A small history in which everything happens once: one event for each tag of the catalogue."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, get_args

from domain.book import Book, evolve
from domain.books.accrual import ReverseAccrual, SetRecurringAccrual
from domain.books.chart import AssignAccount, CloseAccount, OpenAccount
from domain.books.fiscal_year import ClosePeriod, ReopenPeriod
from domain.books.manual import Line
from domain.books.register import CloseProject
from domain.books.voucher import VoucherId
from domain.books.year_end import CloseYear
from domain.catalogue import AnyEvent, voucher_of
from domain.decisions import decide
from domain.funding.facts import ApproveFinalReport, CloseGrant, SettleGrant
from domain.kernel.event import Command
from domain.membership.facts import AccrueContributions, LeaveMember
from domain.payables.facts import DisputeSupplierInvoice
from tests.builders import (
    BY_ANNA,
    FOUNDING,
    TODAY,
    WAIVED,
    a_bank_transaction,
    a_budget,
    a_claim,
    a_contribution,
    a_contribution_credit,
    a_contribution_invoice,
    a_contribution_payment,
    a_correction,
    a_customer_invoice,
    a_delegation,
    a_forecast,
    a_grant,
    a_payment,
    a_project,
    a_receipt,
    a_remainder,
    a_report,
    a_revision,
    a_statement,
    a_supplier_credit,
    a_supplier_invoice,
    a_voucher,
    an_accrual,
    an_amendment,
    an_attestation,
    board_fees,
    lines,
    opening_balances,
    plan_lines,
    salaries,
)

if TYPE_CHECKING:
    from domain.books.voucher import Voucher

EVENTS: tuple[type[AnyEvent], ...] = get_args(AnyEvent)
"""Every event class of the catalogue."""

STORY: tuple[Command, ...] = (
    *FOUNDING,
    opening_balances(),
    OpenAccount(number=6555, name="Utvärdering", kind="cost"),
    CloseAccount(number=6570),
    AssignAccount(role="bank", number=1940),
    a_project(),
    CloseProject(project="stegen"),
    a_delegation(valid_to=date(2023, 12, 31), decision="§ 7"),
    a_budget(lines=plan_lines((2023, 3985, -1_000_00), (2023, 4010, 1_000_01), (2024, 4010, 0))),
    a_revision(motive="Nya insatser"),
    a_contribution(),
    a_contribution(party="regionen", amount_ore=6_000_00, recognition="as-invoiced"),
    a_contribution(party="kommunen", amount_ore=6_000_00),
    a_contribution_invoice(),
    a_contribution_payment(amount_ore=2_000_00, reference="BG 17"),
    a_contribution_credit(),
    a_grant(account=4090),
    an_amendment(),
    a_claim(amount_ore=700_01, override="§ 44"),
    a_supplier_credit(supplier="utforaren", invoice="R1", credit_invoice="R1-K"),
    ApproveFinalReport(grant="2023-1", approved_on=TODAY, decision="§ 29"),
    SettleGrant(grant="2023-1", settled_on=TODAY),
    a_remainder(amount_ore=99_99),
    CloseGrant(grant="2023-1", closed_on=TODAY),
    a_supplier_invoice(accounting_date=date(2023, 3, 2)),
    DisputeSupplierInvoice(supplier="leverantoren", invoice="F1", disputed_on=date(2023, 3, 5), reason="Fel timmar"),
    an_attestation(),
    a_payment(reference="BG 4"),
    a_customer_invoice(),
    a_receipt(),
    salaries(project="insatsen"),
    board_fees(),
    a_bank_transaction(counterparty="Banken", reference="T1", account=1930),
    a_statement(account=1930, balance_ore=5_050_00),
    a_forecast(closing=plan_lines((2023, 1930, 700_00), (2023, 2081, -700_00))),
    a_voucher(
        lines=(
            Line(account=6555, amount_ore=100_00, project="insatsen", party="leverantoren"),
            Line(account=1930, amount_ore=-100_00),
        ),
        counterparty="Leverantören AB",
        reference="Kvitto 3",
    ),
    a_correction(lines=lines((6530, 100_00), (1930, -100_00))),
    SetRecurringAccrual(
        accrual="hyra", kind="accrued-cost", account=5010, monthly_ore=10_00, first_month=date(2023, 7, 1), text="Hyra"
    ),
    an_accrual(project="insatsen", balance_account=2890),
    ReverseAccrual(accrual="el-juni"),
    AccrueContributions(accrual="insatser-augusti", period_end=date(2023, 8, 31)),
    ClosePeriod(year=2023, through=date(2023, 8, 31), waivers=WAIVED),
    ReopenPeriod(year=2023, opened_from=date(2023, 8, 1), reason="Glömd faktura", second_signer="Bo"),
    LeaveMember(party="regionen", left_on=date(2023, 12, 31)),
    a_report(),
    CloseYear(year=2023, waivers=WAIVED),
)


def told() -> Iterator[tuple[Command, tuple[AnyEvent, ...]]]:
    """Return each command of the story with the events it led to, in order."""
    book = Book()
    original = VoucherId(2023, "A", 1)
    vouchers: dict[VoucherId, Voucher | None] = {original: None}
    for command in STORY:
        events = decide(book, command, BY_ANNA, vouchers[original])
        for event in events:
            book = evolve(book, event)
            voucher = voucher_of(event)
            if voucher is not None:
                vouchers[voucher.id] = voucher
        yield command, events


def happened() -> Iterator[AnyEvent]:
    """Return the events of the story, in order."""
    for _, events in told():
        yield from events


def tag_of(kind: type[AnyEvent]) -> str:
    """Return the stored topic of an event class."""
    tag = kind.__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def every_event() -> dict[str, AnyEvent]:
    """Return by tag the last event of each kind, which has the most in it."""
    return {tag_of(type(event)): event for event in happened()}
