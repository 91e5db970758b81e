"""The state of one book (bok): the ledgers' states side by side, and how each event changes them."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace as change

from domain.books import accrual, fiscal_year, journal, manual, register
from domain.books.accrual import AccrualReversed, Accruals, ItemAccrued, Recurred, Recurring, RecurringAccrualSet
from domain.books.chart import AccountAssigned, AccountClosed, AccountOpened, with_account
from domain.books.fiscal_year import FiscalYearOpened, PeriodClosed, PeriodReopened
from domain.books.journal import Journal
from domain.books.manual import (
    Corrected,
    OpeningBalancesEntered,
    VoucherCorrected,
    VoucherPosted,
    VoucherReplaced,
)
from domain.books.register import AssociationRegistered, Party, PartyRegistered, ProjectClosed, ProjectOpened
from domain.books.voucher import VoucherId
from domain.books.year_end import YearClosed
from domain.catalogue import AnyEvent, voucher_of
from domain.funding import facts as funding
from domain.funding import grants
from domain.funding.grants import Grants
from domain.kernel.event import Command, Value
from domain.kernel.table import Table
from domain.membership import facts as members
from domain.membership import membership
from domain.membership.membership import Membership
from domain.payables import facts as suppliers
from domain.payables import ledger
from domain.payables.ledger import Payable, Payables
from domain.payroll.pay import BoardFeesRecorded, SalariesRecorded
from domain.planning import plan
from domain.planning.plan import BudgetAdopted, BudgetRevised, Budgets, ForecastSubmitted
from domain.posting_rules.charts import shipped_chart
from domain.receivables import other_income
from domain.receivables.other_income import OtherIncomeInvoiced, OtherIncomeReceived, Receivables
from domain.reporting.issued import ReportIssued
from domain.treasury import bank
from domain.treasury.bank import BankStatementReconciled, BankTransactionRecorded, Reconciled


class Book(Value, frozen=True, kw_only=True):
    """Everything a later decision may ask about, after `position` events."""

    position: int = 0
    journal: Journal = Journal(chart=shipped_chart("bas"))
    accruals: Accruals = Table()
    corrected: Corrected = Table()
    membership: Membership = Membership()
    grants: Grants = Table()
    payables: Payables = Payables()
    receivables: Receivables = Table()
    budgets: Budgets = Table()
    recurring: Recurring = Table()
    recurred: Recurred = Table()
    reconciled: Reconciled = Table()
    late_bookings: int = 0
    reports_issued: int = 0


def evolve(book: Book, event: AnyEvent) -> Book:
    """Return the book after the event; never refuses, because the event has happened."""
    book = EVOLUTIONS[type(event)](book, event)
    voucher = voucher_of(event)
    if voucher is None:
        return change(book, position=book.position + 1)
    entered = journal.enter(book.journal, voucher)
    late = journal.is_late(book.journal, entered, voucher, event.recorded.registered_on)
    return change(book, position=book.position + 1, journal=entered, late_bookings=book.late_bookings + late)


Evolution = Callable[[Book, Any], Book]


def _same(book: Book, _: AnyEvent) -> Book:
    """Keep every ledger as it is: the event has a voucher, or is there for the record only."""
    return book


def _association(book: Book, event: AssociationRegistered) -> Book:
    book = _register(book, event)
    return change(book, journal=change(book.journal, chart=shipped_chart(event.chart)))


def _register(book: Book, event: register.RegisterEvent) -> Book:
    return change(book, journal=change(book.journal, register=register.evolve(book.journal.register, event)))


def _chart(book: Book, event: AccountOpened | AccountClosed | AccountAssigned) -> Book:
    return change(book, journal=change(book.journal, chart=with_account(book.journal.chart, event)))


def _years(book: Book, event: FiscalYearOpened | PeriodClosed | PeriodReopened) -> Book:
    return change(book, journal=change(book.journal, years=fiscal_year.with_year(book.journal.years, event)))


def _period_closed(book: Book, event: PeriodClosed) -> Book:
    return change(_years(book, event), late_bookings=0)


def _year_closed(book: Book, event: YearClosed) -> Book:
    year = book.journal.years[event.year]
    years = book.journal.years.put(event.year, change(year, closed=True, closed_through=year.end))
    return change(book, journal=change(book.journal, years=years))


def _corrected(book: Book, event: VoucherCorrected) -> Book:
    """Let an accrual that is corrected before its reversal wait for none: the correction has undone it."""
    book = change(book, corrected=manual.with_correction(book.corrected, event))
    named = VoucherId(event.year, event.series, event.number)
    waiting = accrual.waiting_by(book.accruals, named)
    if waiting is None:
        return book
    return change(
        book,
        accruals=accrual.without_accrual(book.accruals, waiting),
        recurred=accrual.without_recurred(book.recurred, named),
        membership=membership.without_accrual(book.membership, named),
    )


def _contributions_accrued(book: Book, event: members.ContributionsAccrued) -> Book:
    return _accrued(_membership(book, event), event)


def _item_accrued(book: Book, event: ItemAccrued) -> Book:
    recurred = accrual.with_recurred(book.recurred, book.recurring, event)
    return change(_accrued(book, event), recurred=recurred)


def _accrued(book: Book, event: ItemAccrued | members.ContributionsAccrued) -> Book:
    waiting = accrual.with_accrual(book.accruals, event.accrual, event.voucher, event.reverse_on)
    return change(book, accruals=waiting)


def _accrual_reversed(book: Book, event: AccrualReversed) -> Book:
    return change(book, accruals=accrual.without_accrual(book.accruals, event.accrual))


def _joined(book: Book, event: members.MemberJoined) -> Book:
    party = Party(name=event.name, kind=event.kind)
    known = register.with_party(book.journal.register, event.party, party)
    return change(_membership(book, event), journal=change(book.journal, register=known))


def _membership(book: Book, event: members.MembershipEvent) -> Book:
    return change(book, membership=membership.evolve(book.membership, event))


def _funding(book: Book, event: funding.FundingEvent) -> Book:
    return change(book, grants=grants.evolve(book.grants, event))


def _claimed(book: Book, event: funding.GrantClaimed) -> Book:
    """Let a claim be owed like an invoice, and attested and paid like one."""
    payable = Payable(
        owed_ore=event.amount_ore,
        recorded_by=event.recorded.actor,
        dated=event.voucher.accounting_date,
        grant=event.grant,
        grant_year=event.year,
    )
    owed = ledger.with_payable(book.payables, (event.owner, event.invoice), payable)
    return change(_funding(book, event), payables=owed)


def _payables(book: Book, event: suppliers.PayablesEvent) -> Book:
    return change(book, payables=ledger.evolve(book.payables, event))


def _credited(book: Book, event: suppliers.SupplierInvoiceCredited) -> Book:
    """Let the credited part of a claim be claimed again."""
    book = _payables(book, event)
    payable = book.payables.invoices[event.supplier, event.invoice]
    if not payable.grant:
        return book
    credited_ore = sum(line.amount_ore for line in event.lines) + event.vat_ore
    lowered = grants.with_claim(book.grants[payable.grant], payable.grant_year, -credited_ore)
    return change(book, grants=book.grants.put(payable.grant, lowered))


def _receivables(book: Book, event: OtherIncomeInvoiced | OtherIncomeReceived) -> Book:
    return change(book, receivables=other_income.evolve(book.receivables, event))


def _budgets(book: Book, event: BudgetAdopted | BudgetRevised) -> Book:
    return change(book, budgets=plan.evolve(book.budgets, event))


def _recurring(book: Book, event: RecurringAccrualSet) -> Book:
    return change(book, recurring=book.recurring.put(event.accrual, event))


def _reconciled(book: Book, event: BankStatementReconciled) -> Book:
    return change(book, reconciled=bank.evolve(book.reconciled, event))


def _issued(book: Book, event: ReportIssued) -> Book:
    return change(book, reports_issued=event.number)


EVOLUTIONS: dict[type[Command], Evolution] = {
    AssociationRegistered: _association,
    PartyRegistered: _register,
    ProjectOpened: _register,
    ProjectClosed: _register,
    AccountOpened: _chart,
    AccountClosed: _chart,
    AccountAssigned: _chart,
    FiscalYearOpened: _years,
    PeriodClosed: _period_closed,
    PeriodReopened: _years,
    YearClosed: _year_closed,
    OpeningBalancesEntered: _same,
    VoucherPosted: _same,
    VoucherCorrected: _corrected,
    VoucherReplaced: _same,
    RecurringAccrualSet: _recurring,
    ItemAccrued: _item_accrued,
    AccrualReversed: _accrual_reversed,
    members.MemberJoined: _joined,
    members.MemberLeft: _membership,
    members.ContributionAgreed: _membership,
    members.ContributionInvoiced: _membership,
    members.ContributionReceived: _membership,
    members.ContributionCredited: _membership,
    members.ContributionsAccrued: _contributions_accrued,
    funding.GrantDecided: _funding,
    funding.GrantAmended: _funding,
    funding.GrantClaimed: _claimed,
    funding.FinalReportApproved: _funding,
    funding.GrantSettled: _funding,
    funding.RemainderReturned: _funding,
    funding.GrantClosed: _funding,
    suppliers.AttestationRuleSet: _payables,
    suppliers.SupplierInvoiceReceived: _payables,
    suppliers.SupplierInvoiceAttested: _payables,
    suppliers.SupplierInvoiceDisputed: _payables,
    suppliers.SupplierInvoiceCredited: _credited,
    suppliers.SupplierInvoicePaid: _payables,
    OtherIncomeInvoiced: _receivables,
    OtherIncomeReceived: _receivables,
    SalariesRecorded: _same,
    BoardFeesRecorded: _same,
    BankTransactionRecorded: _same,
    BankStatementReconciled: _reconciled,
    BudgetAdopted: _budgets,
    BudgetRevised: _budgets,
    ForecastSubmitted: _same,
    ReportIssued: _issued,
}
"""One row for each event of the catalogue; a test compares the two lists."""
