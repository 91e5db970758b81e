"""One table from each command to its decision; the only place that knows which ledgers a decision looks at."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from domain import closing
from domain.book import Book, evolve
from domain.books import accrual, chart, fiscal_year, manual, register, year_end
from domain.books.manual import CorrectVoucher
from domain.books.register import AssociationMissing, RegisterAssociation
from domain.books.voucher import Voucher
from domain.catalogue import AnyEvent
from domain.funding import facts as funding
from domain.funding import grant
from domain.kernel.event import Command, Recorded
from domain.membership import contribution
from domain.membership import facts as members
from domain.payables import facts as suppliers
from domain.payables import supplier_invoice
from domain.payroll import pay
from domain.planning import plan
from domain.receivables import other_income
from domain.reporting import issued
from domain.treasury import bank

if TYPE_CHECKING:
    from domain.books.manual import VoucherCorrected

Decision = Callable[[Book, Any, Recorded], AnyEvent]

DECISIONS: dict[type[Command], Decision] = {
    RegisterAssociation: lambda b, c, r: register.register_association(b.journal.register, c, r),
    register.RegisterParty: lambda b, c, r: register.register_party(b.journal.register, c, r),
    register.OpenProject: lambda b, c, r: register.open_project(b.journal.register, c, r),
    register.CloseProject: lambda b, c, r: register.close_project(b.journal.register, c, r),
    chart.OpenAccount: lambda b, c, r: chart.open_account(b.journal.chart, c, r),
    chart.CloseAccount: lambda b, c, r: chart.close_account(b.journal.chart, c, r),
    chart.AssignAccount: lambda b, c, r: chart.assign_account(b.journal.chart, b.journal.controls_ore, c, r),
    fiscal_year.ReopenPeriod: lambda b, c, r: fiscal_year.reopen_period(b.journal.years, c, r),
    manual.EnterOpeningBalances: lambda b, c, r: manual.enter_opening_balances(b.journal, c, r),
    manual.PostVoucher: lambda b, c, r: manual.post_voucher(b.journal, c, r),
    accrual.SetRecurringAccrual: lambda b, c, r: accrual.set_recurring_accrual(b.journal, c, r),
    accrual.AccrueItem: lambda b, c, r: accrual.accrue_item(b.journal, b.accruals, c, r),
    accrual.ReverseAccrual: lambda b, c, r: accrual.reverse_accrual(b.journal, b.accruals, c, r),
    members.JoinMember: lambda b, c, r: contribution.join_member(b.journal, c, r),
    members.LeaveMember: lambda b, c, r: contribution.leave_member(b.membership, c, r),
    members.AgreeContribution: lambda b, c, r: contribution.agree_contribution(b.journal, b.membership, c, r),
    members.InvoiceContribution: lambda b, c, r: contribution.invoice_contribution(b.journal, b.membership, c, r),
    members.ReceiveContribution: lambda b, c, r: contribution.receive_contribution(b.journal, b.membership, c, r),
    members.CreditContribution: lambda b, c, r: contribution.credit_contribution(b.journal, b.membership, c, r),
    members.AccrueContributions: lambda b, c, r: contribution.accrue_contributions(
        b.journal, b.membership, b.accruals, c, r
    ),
    funding.DecideGrant: lambda b, c, r: grant.decide_grant(b.journal, b.grants, c, r),
    funding.AmendGrant: lambda b, c, r: grant.amend_grant(b.grants, c, r),
    funding.ClaimGrant: lambda b, c, r: grant.claim_grant(b.journal, b.grants, b.payables, c, r),
    funding.ApproveFinalReport: lambda b, c, r: grant.approve_final_report(b.grants, c, r),
    funding.SettleGrant: lambda b, c, r: grant.settle_grant(b.grants, c, r),
    funding.ReturnRemainder: lambda b, c, r: grant.return_remainder(b.grants, c, r),
    funding.CloseGrant: lambda b, c, r: grant.close_grant(b.grants, c, r),
    suppliers.SetAttestationRule: lambda _, c, r: supplier_invoice.set_attestation_rule(c, r),
    suppliers.ReceiveSupplierInvoice: lambda b, c, r: supplier_invoice.receive_supplier_invoice(
        b.journal, b.payables, c, r
    ),
    suppliers.AttestSupplierInvoice: lambda b, c, r: supplier_invoice.attest_supplier_invoice(b.payables, c, r),
    suppliers.DisputeSupplierInvoice: lambda b, c, r: supplier_invoice.dispute_supplier_invoice(b.payables, c, r),
    suppliers.CreditSupplierInvoice: lambda b, c, r: supplier_invoice.credit_supplier_invoice(
        b.journal, b.payables, c, r
    ),
    suppliers.PaySupplierInvoice: lambda b, c, r: supplier_invoice.pay_supplier_invoice(b.journal, b.payables, c, r),
    other_income.InvoiceOtherIncome: lambda b, c, r: other_income.invoice_other_income(b.journal, b.receivables, c, r),
    other_income.ReceiveOtherIncome: lambda b, c, r: other_income.receive_other_income(b.journal, b.receivables, c, r),
    pay.RecordSalaries: lambda b, c, r: pay.record_salaries(b.journal, c, r),
    pay.RecordBoardFees: lambda b, c, r: pay.record_board_fees(b.journal, c, r),
    bank.RecordBankTransaction: lambda b, c, r: bank.record_bank_transaction(b.journal, c, r),
    bank.ReconcileBankStatement: lambda b, c, r: bank.reconcile_bank_statement(b.journal, c, r),
    plan.AdoptBudget: lambda b, c, r: plan.adopt_budget(b.journal, b.budgets, c, r),
    plan.ReviseBudget: lambda b, c, r: plan.revise_budget(b.journal, b.budgets, c, r),
    plan.SubmitForecast: lambda b, c, r: plan.submit_forecast(b.journal, c, r),
    issued.IssueReport: lambda b, c, r: issued.issue_report(b.reports_issued, b.position, c, r),
}
"""Every command that becomes one event."""

SEQUENCES: dict[type[Command], Callable[[Book, Any, Recorded], tuple[AnyEvent, ...]]] = {
    fiscal_year.OpenFiscalYear: closing.open_year,
    fiscal_year.ClosePeriod: closing.close_period,
    year_end.CloseYear: closing.close_year,
}
"""Every command that may become several events; `CorrectVoucher` also needs the voucher it corrects."""


def decide(book: Book, command: Command, recorded: Recorded, original: Voucher | None = None) -> tuple[AnyEvent, ...]:
    """Return the events that accept a command, or raise the first refusal.

    `original` is the voucher that a correction names, looked up by the caller, or None if the book has none such.
    """
    if not book.journal.register.organisation_number and not isinstance(command, RegisterAssociation):
        raise AssociationMissing
    if isinstance(command, CorrectVoucher):
        return _correct(book, command, recorded, original)
    sequence = SEQUENCES.get(type(command))
    if sequence is not None:
        return sequence(book, command, recorded)
    return (DECISIONS[type(command)](book, command, recorded),)


def _correct(book: Book, command: CorrectVoucher, recorded: Recorded, original: Voucher | None) -> tuple[AnyEvent, ...]:
    correction: VoucherCorrected = manual.correct_voucher(book.journal, book.corrected, command, recorded, original)
    if not command.lines:
        return (correction,)
    return correction, manual.replace_voucher(evolve(book, correction).journal, correction, recorded)
