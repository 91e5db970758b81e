"""Commands that are valid by default, and a book to try them on: say only what matters.

`given(…)` is a book in which the commands have been accepted, `after(book, …)` goes on from one, `decided(…)` is the
one event a command leads to, and `refused(…)` checks that a rule said no, why, and with which facts.
"""

from datetime import UTC, date, datetime
from typing import Any, TypeVar, get_args

import msgspec
import pytest

from domain.book import Book, evolve
from domain.books.accrual import AccrueItem
from domain.books.fiscal_year import OpenFiscalYear, Point, Waiver
from domain.books.manual import CorrectVoucher, EnterOpeningBalances, Line, PostVoucher
from domain.books.register import OpenProject, RegisterAssociation, RegisterParty
from domain.books.voucher import Voucher
from domain.catalogue import AnyEvent, voucher_of
from domain.decisions import decide
from domain.funding.facts import AmendGrant, ClaimGrant, DecideGrant, ReturnRemainder, YearAmount
from domain.kernel.event import Command, Recorded
from domain.kernel.refusal import Refusal
from domain.membership.facts import (
    AgreeContribution,
    CreditContribution,
    InvoiceContribution,
    JoinMember,
    ReceiveContribution,
)
from domain.payables.facts import (
    AttestSupplierInvoice,
    CostLine,
    CreditSupplierInvoice,
    PaySupplierInvoice,
    ReceiveSupplierInvoice,
    SetAttestationRule,
)
from domain.payroll.pay import RecordBoardFees, RecordSalaries
from domain.planning.plan import AdoptBudget, PlanLine, ReviseBudget, SubmitForecast
from domain.receivables.other_income import InvoiceOtherIncome, ReceiveOtherIncome
from domain.reporting.issued import IssueReport
from domain.treasury.bank import ReconcileBankStatement, RecordBankTransaction

C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Command)

OURS = "222000-2733"
TODAY = date(2023, 6, 30)


def recorded(actor: str = "Anna", **changes: Any) -> Recorded:
    """Return who told the book: Anna, today."""
    known = Recorded(
        registered_on=TODAY,
        recorded_at=datetime(2023, 6, 30, 12, 0, tzinfo=UTC),
        source="/ekonomi",
        message_id="m-1",
        actor=actor,
    )
    return msgspec.structs.replace(known, **changes)


BY_ANNA = recorded()
WAIVED = tuple(Waiver(point=point, reason="Prov") for point in get_args(Point))
"""Every point of the checklist of a closing, let pass."""


def after(book: Book, *commands: Command, by: Recorded = BY_ANNA) -> Book:
    """Return the book after commands that are all accepted."""
    for command in commands:
        for event in decide(book, command, by):
            book = evolve(book, event)
    return book


def given(*commands: Command) -> Book:
    """Return the founded book after commands that are all accepted."""
    return after(FOUNDED, *commands)


def decided(book: Book, command: Command, by: Recorded = BY_ANNA, original: Voucher | None = None) -> AnyEvent:
    """Return the only event that accepts the command."""
    (event,) = decide(book, command, by, original)
    return event


def accepts(book: Book, command: Command) -> bool:
    """Tell whether the book accepts the command."""
    try:
        return bool(decide(book, command, BY_ANNA))
    except Refusal:
        return False


def refused(
    book: Book, command: Command, rule: type[Refusal], by: Recorded = BY_ANNA, original: Voucher | None = None
) -> dict[str, Any]:
    """Return the facts of the refusal that the command meets, which must be by this rule and speak both languages."""
    with pytest.raises(Refusal) as raised:
        decide(book, command, by, original)
    assert type(raised.value) is rule
    assert "{" not in raised.value.sentence("sv") + raised.value.sentence("en")
    return dict(raised.value.facts)


def event_of(kind: type[E], command: Command, **found: Any) -> E:
    """Return the event that accepts the command, recorded by Anna unless something else is said."""
    return kind(**msgspec.structs.asdict(command) | {"recorded": BY_ANNA} | found)


def vouched(event: AnyEvent) -> Voucher:
    """Return the voucher that the event must have."""
    voucher = voucher_of(event)
    assert voucher is not None
    return voucher


def postings(event: AnyEvent) -> list[tuple[int, int]]:
    """Return account and öre of each posting of an event's voucher."""
    return [(posting.account, posting.amount_ore) for posting in vouched(event).postings]


def built(command: C, changes: dict[str, Any]) -> C:
    """Return the command with some fields changed."""
    return msgspec.structs.replace(command, **changes)


# ------------------------------------------------------------------------------------------------------- the books


def an_association(**changes: Any) -> RegisterAssociation:
    """Return the message that opens a book."""
    return built(RegisterAssociation(organisation_number=OURS, name="Samordningsförbundet Prov"), changes)


def a_party(**changes: Any) -> RegisterParty:
    """Return a supplier to register."""
    return built(RegisterParty(party="lokalbolaget", name="Lokalbolaget AB", kind="supplier"), changes)


def a_project(**changes: Any) -> OpenProject:
    """Return a project to open."""
    return built(OpenProject(project="stegen", name="Stegen"), changes)


def a_year(**changes: Any) -> OpenFiscalYear:
    """Return the fiscal year 2023."""
    year: int = changes.pop("year", 2023)
    return built(OpenFiscalYear(year=year, start=date(year, 1, 1), end=date(year, 12, 31)), changes)


def lines(*rows: tuple[int, int]) -> tuple[Line, ...]:
    """Return voucher lines from account and öre."""
    return tuple(Line(account=account, amount_ore=amount_ore) for account, amount_ore in rows)


def a_voucher(**changes: Any) -> PostVoucher:
    """Return a manual voucher of 100 kr."""
    rows = lines((6570, 100_00), (1930, -100_00))
    return built(PostVoucher(accounting_date=TODAY, text="Bankavgift", lines=rows), changes)


def opening_balances(**changes: Any) -> EnterOpeningBalances:
    """Return opening balances of 5 000 kr in the bank."""
    rows = lines((1930, 5_000_00), (2081, -5_000_00))
    return built(EnterOpeningBalances(year=2023, lines=rows, text="Ingående balanser"), changes)


def a_correction(**changes: Any) -> CorrectVoucher:
    """Return a correction of the first manual voucher."""
    command = CorrectVoucher(year=2023, series="A", number=1, corrected_on=TODAY, reason="Fel konto")
    return built(command, changes)


def an_accrual(**changes: Any) -> AccrueItem:
    """Return an accrued cost of 300 kr at the end of June."""
    command = AccrueItem(
        accrual="el-juni", kind="accrued-cost", account=5010, amount_ore=300_00, period_end=TODAY, text="El juni"
    )
    return built(command, changes)


# -------------------------------------------------------------------------------------------------------- members


def a_member(**changes: Any) -> JoinMember:
    """Return a municipality that joins."""
    command = JoinMember(party="grannkommunen", name="Grannkommunen", kind="municipality", joined_on=date(2023, 1, 1))
    return built(command, changes)


def a_contribution(**changes: Any) -> AgreeContribution:
    """Return the state's contribution: 12 000 kr a year."""
    command = AgreeContribution(
        party="staten", year=2023, amount_ore=12_000_00, invoicing="quarterly", decision="Beslut 2022-11-30"
    )
    return built(command, changes)


def a_contribution_invoice(**changes: Any) -> InvoiceContribution:
    """Return an invoice of a quarter of the state's contribution."""
    command = InvoiceContribution(
        party="staten",
        year=2023,
        invoice="1001",
        invoice_date=date(2023, 1, 15),
        due_date=date(2023, 2, 14),
        amount_ore=3_000_00,
        text="Medlemsinsats kvartal 1",
    )
    return built(command, changes)


def a_contribution_payment(**changes: Any) -> ReceiveContribution:
    """Return the payment of that invoice."""
    return built(ReceiveContribution(invoice="1001", received_on=date(2023, 2, 14), amount_ore=3_000_00), changes)


def a_contribution_credit(**changes: Any) -> CreditContribution:
    """Return a credit of a third of that invoice."""
    command = CreditContribution(invoice="1001", credited_on=date(2023, 3, 1), amount_ore=1_000_00, reason="Fel belopp")
    return built(command, changes)


# --------------------------------------------------------------------------------------------------------- grants


def a_grant(**changes: Any) -> DecideGrant:
    """Return a grant of 900 kr for 2023 and 600 kr for 2024 to the project."""
    command = DecideGrant(
        grant="2023-1",
        project="insatsen",
        owner="utforaren",
        form="full",
        amounts=(YearAmount(year=2023, amount_ore=900_00), YearAmount(year=2024, amount_ore=600_00)),
        decided_on=date(2023, 1, 10),
        decision="§ 4",
    )
    return built(command, changes)


def an_amendment(**changes: Any) -> AmendGrant:
    """Return the grant lowered to 700 kr for 2023."""
    amounts = (YearAmount(year=2023, amount_ore=700_00),)
    command = AmendGrant(grant="2023-1", amounts=amounts, decided_on=date(2023, 5, 2), decision="§ 21")
    return built(command, changes)


def a_claim(**changes: Any) -> ClaimGrant:
    """Return a claim of 500 kr."""
    command = ClaimGrant(
        grant="2023-1",
        year=2023,
        invoice="R1",
        claimed_on=date(2023, 4, 15),
        due_date=date(2023, 5, 15),
        amount_ore=500_00,
        text="Rekvisition kvartal 1",
    )
    return built(command, changes)


def a_remainder(**changes: Any) -> ReturnRemainder:
    """Return 400 kr that were not used."""
    command = ReturnRemainder(
        grant="2023-1", year=2023, amount_ore=400_00, decided_on=date(2023, 6, 1), decision="§ 30"
    )
    return built(command, changes)


# ------------------------------------------------------------------------------------------- suppliers, customers


def a_delegation(**changes: Any) -> SetAttestationRule:
    """Return Bo's right to attest up to 2 000 kr."""
    return built(SetAttestationRule(attester="Bo", limit_ore=2_000_00, valid_from=date(2023, 1, 1)), changes)


def a_supplier_invoice(**changes: Any) -> ReceiveSupplierInvoice:
    """Return an invoice of 800 kr and 200 kr VAT."""
    command = ReceiveSupplierInvoice(
        supplier="leverantoren",
        invoice="F1",
        invoice_date=date(2023, 3, 1),
        due_date=date(2023, 3, 31),
        lines=(CostLine(account=6550, amount_ore=800_00),),
        vat_ore=200_00,
        text="Utvärdering",
    )
    return built(command, changes)


def an_attestation(**changes: Any) -> AttestSupplierInvoice:
    """Return Bo's attestation of that invoice."""
    command = AttestSupplierInvoice(supplier="leverantoren", invoice="F1", attester="Bo", attested_on=date(2023, 3, 10))
    return built(command, changes)


def a_payment(**changes: Any) -> PaySupplierInvoice:
    """Return the payment of that invoice."""
    command = PaySupplierInvoice(supplier="leverantoren", invoice="F1", paid_on=date(2023, 3, 31), amount_ore=1_000_00)
    return built(command, changes)


def a_supplier_credit(**changes: Any) -> CreditSupplierInvoice:
    """Return a credit of 80 kr and 20 kr VAT on that invoice."""
    command = CreditSupplierInvoice(
        supplier="leverantoren",
        invoice="F1",
        credit_invoice="F1-K",
        credited_on=date(2023, 3, 20),
        lines=(CostLine(account=6550, amount_ore=80_00),),
        vat_ore=20_00,
        text="Rabatt",
    )
    return built(command, changes)


def a_customer_invoice(**changes: Any) -> InvoiceOtherIncome:
    """Return an invoice to a customer of 400 kr."""
    command = InvoiceOtherIncome(
        customer="kunden",
        invoice="K1",
        invoice_date=date(2023, 4, 1),
        due_date=date(2023, 4, 30),
        lines=lines((3010, -400_00)),
        text="Såld plats",
    )
    return built(command, changes)


def a_receipt(**changes: Any) -> ReceiveOtherIncome:
    """Return the payment of that invoice."""
    command = ReceiveOtherIncome(received_on=date(2023, 4, 28), amount_ore=400_00, text="Betalning K1", invoice="K1")
    return built(command, changes)


# ------------------------------------------------------------------------------------------- pay, bank, plans, reports


def salaries(**changes: Any) -> RecordSalaries:
    """Return salaries of 1 000 kr, 300 kr tax, 314 kr 20 öre social charges."""
    command = RecordSalaries(
        paid_on=date(2023, 5, 25),
        gross_ore=1_000_00,
        withheld_tax_ore=300_00,
        social_charges_ore=314_20,
        text="Lön maj",
    )
    return built(command, changes)


def board_fees(**changes: Any) -> RecordBoardFees:
    """Return board fees of 500 kr, nothing withheld."""
    return built(RecordBoardFees(paid_on=date(2023, 5, 25), gross_ore=500_00, text="Arvoden"), changes)


def a_bank_transaction(**changes: Any) -> RecordBankTransaction:
    """Return 50 kr interest received."""
    command = RecordBankTransaction(
        booked_on=date(2023, 5, 31), amount_ore=50_00, lines=lines((8300, -50_00)), text="Ränta"
    )
    return built(command, changes)


def a_statement(**changes: Any) -> ReconcileBankStatement:
    """Return a bank statement at the end of May that says 50 kr."""
    command = ReconcileBankStatement(statement="2023-05", statement_date=date(2023, 5, 31), balance_ore=50_00)
    return built(command, changes)


def plan_lines(*rows: tuple[int, int, int]) -> tuple[PlanLine, ...]:
    """Return plan lines from year, account and öre."""
    return tuple(PlanLine(year=year, account=account, amount_ore=amount_ore) for year, account, amount_ore in rows)


def a_budget(**changes: Any) -> AdoptBudget:
    """Return a budget of 1 000 kr that ends at zero."""
    rows = plan_lines((2023, 3985, -1_000_00), (2023, 4010, 1_000_00))
    command = AdoptBudget(year=2023, adopted_on=date(2022, 11, 30), decision="§ 50", lines=rows)
    return built(command, changes)


def a_revision(**changes: Any) -> ReviseBudget:
    """Return a budget revised to 1 200 kr."""
    rows = plan_lines((2023, 3985, -1_200_00), (2023, 4010, 1_200_00))
    command = ReviseBudget(year=2023, revised_on=date(2023, 5, 2), decision="§ 22", lines=rows)
    return built(command, changes)


def a_forecast(**changes: Any) -> SubmitForecast:
    """Return a forecast of 900 kr costs."""
    rows = plan_lines((2023, 4010, 900_00))
    return built(SubmitForecast(year=2023, made_on=TODAY, lines=rows, text="Prognos juni"), changes)


def a_report(**changes: Any) -> IssueReport:
    """Return an interim report that was handed over."""
    command = IssueReport(
        report="interim",
        as_of=TODAY,
        position=5,
        unit="tkr",
        format="pdf",
        digest="0f" * 32,
        recipient="Styrelsen",
    )
    return built(command, changes)


FOUNDING: tuple[Command, ...] = (
    an_association(),
    a_year(),
    a_member(party="staten", name="Försäkringskassan", kind="state"),
    a_member(party="regionen", name="Regionen", kind="region"),
    a_member(party="kommunen", name="Kommunen", kind="municipality"),
    a_party(party="leverantoren", name="Leverantören AB"),
    a_party(party="utforaren", name="Utföraren", kind="project-owner"),
    a_party(party="kunden", name="Kunden", kind="customer"),
    a_project(project="insatsen", name="Insatsen"),
)
FOUNDED = after(Book(), *FOUNDING)
"""An association with the open year 2023, three members, a supplier, a project owner, a customer and a project."""
