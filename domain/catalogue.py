"""The catalogue: every message the book understands, and every event that can stand in it."""

from domain.books.accrual import (
    AccrualReversed,
    AccrueItem,
    ItemAccrued,
    RecurringAccrualSet,
    ReverseAccrual,
    SetRecurringAccrual,
)
from domain.books.chart import (
    AccountAssigned,
    AccountClosed,
    AccountOpened,
    AssignAccount,
    CloseAccount,
    OpenAccount,
)
from domain.books.fiscal_year import (
    ClosePeriod,
    FiscalYearOpened,
    OpenFiscalYear,
    PeriodClosed,
    PeriodReopened,
    ReopenPeriod,
)
from domain.books.manual import (
    CorrectVoucher,
    EnterOpeningBalances,
    OpeningBalancesEntered,
    PostVoucher,
    VoucherCorrected,
    VoucherPosted,
    VoucherReplaced,
)
from domain.books.register import (
    AssociationRegistered,
    CloseProject,
    OpenProject,
    PartyRegistered,
    ProjectClosed,
    ProjectOpened,
    RegisterAssociation,
    RegisterParty,
)
from domain.books.voucher import Voucher
from domain.books.year_end import CloseYear, YearClosed
from domain.funding import facts as funding
from domain.kernel.event import Command
from domain.membership import facts as membership
from domain.payables import facts as payables
from domain.payroll.pay import BoardFeesRecorded, RecordBoardFees, RecordSalaries, SalariesRecorded
from domain.planning.plan import (
    AdoptBudget,
    BudgetAdopted,
    BudgetRevised,
    ForecastSubmitted,
    ReviseBudget,
    SubmitForecast,
)
from domain.receivables.other_income import (
    InvoiceOtherIncome,
    OtherIncomeInvoiced,
    OtherIncomeReceived,
    ReceiveOtherIncome,
)
from domain.reporting.issued import IssueReport, ReportIssued
from domain.treasury.bank import (
    BankStatementReconciled,
    BankTransactionRecorded,
    ReconcileBankStatement,
    RecordBankTransaction,
)

AnyEvent = (
    AssociationRegistered
    | PartyRegistered
    | ProjectOpened
    | ProjectClosed
    | AccountOpened
    | AccountClosed
    | AccountAssigned
    | FiscalYearOpened
    | PeriodClosed
    | PeriodReopened
    | YearClosed
    | OpeningBalancesEntered
    | VoucherPosted
    | VoucherCorrected
    | VoucherReplaced
    | RecurringAccrualSet
    | ItemAccrued
    | AccrualReversed
    | membership.MemberJoined
    | membership.MemberLeft
    | membership.ContributionAgreed
    | membership.ContributionInvoiced
    | membership.ContributionReceived
    | membership.ContributionCredited
    | membership.ContributionsAccrued
    | funding.GrantDecided
    | funding.GrantAmended
    | funding.GrantClaimed
    | funding.FinalReportApproved
    | funding.GrantSettled
    | funding.RemainderReturned
    | funding.GrantClosed
    | payables.AttestationRuleSet
    | payables.SupplierInvoiceReceived
    | payables.SupplierInvoiceAttested
    | payables.SupplierInvoiceDisputed
    | payables.SupplierInvoiceCredited
    | payables.SupplierInvoicePaid
    | OtherIncomeInvoiced
    | OtherIncomeReceived
    | SalariesRecorded
    | BoardFeesRecorded
    | BankTransactionRecorded
    | BankStatementReconciled
    | BudgetAdopted
    | BudgetRevised
    | ForecastSubmitted
    | ReportIssued
)

COMMANDS: dict[str, type[Command]] = {
    "association.register": RegisterAssociation,
    "party.register": RegisterParty,
    "project.open": OpenProject,
    "project.close": CloseProject,
    "account.open": OpenAccount,
    "account.close": CloseAccount,
    "account.assign": AssignAccount,
    "fiscal_year.open": OpenFiscalYear,
    "period.close": ClosePeriod,
    "period.reopen": ReopenPeriod,
    "year.close": CloseYear,
    "opening_balances.enter": EnterOpeningBalances,
    "voucher.post": PostVoucher,
    "voucher.correct": CorrectVoucher,
    "recurring_accrual.set": SetRecurringAccrual,
    "accrual.post": AccrueItem,
    "accrual.reverse": ReverseAccrual,
    "member.join": membership.JoinMember,
    "member.leave": membership.LeaveMember,
    "contribution.agree": membership.AgreeContribution,
    "contribution.invoice": membership.InvoiceContribution,
    "contribution.receive": membership.ReceiveContribution,
    "contribution.credit": membership.CreditContribution,
    "contributions.accrue": membership.AccrueContributions,
    "grant.decide": funding.DecideGrant,
    "grant.amend": funding.AmendGrant,
    "grant.claim": funding.ClaimGrant,
    "grant.approve_final_report": funding.ApproveFinalReport,
    "grant.settle": funding.SettleGrant,
    "grant.return_remainder": funding.ReturnRemainder,
    "grant.close": funding.CloseGrant,
    "attestation_rule.set": payables.SetAttestationRule,
    "supplier_invoice.receive": payables.ReceiveSupplierInvoice,
    "supplier_invoice.attest": payables.AttestSupplierInvoice,
    "supplier_invoice.dispute": payables.DisputeSupplierInvoice,
    "supplier_invoice.credit": payables.CreditSupplierInvoice,
    "supplier_invoice.pay": payables.PaySupplierInvoice,
    "other_income.invoice": InvoiceOtherIncome,
    "other_income.receive": ReceiveOtherIncome,
    "salaries.record": RecordSalaries,
    "board_fees.record": RecordBoardFees,
    "bank_transaction.record": RecordBankTransaction,
    "bank_statement.reconcile": ReconcileBankStatement,
    "budget.adopt": AdoptBudget,
    "budget.revise": ReviseBudget,
    "forecast.submit": SubmitForecast,
    "report.issue": IssueReport,
}
"""By the last part of a message's type: `se.grundbok.` and this name."""


def voucher_of(event: AnyEvent) -> Voucher | None:
    """Return the voucher that an event carries, if it has an accounting effect."""
    voucher: Voucher | None = getattr(event, "voucher", None)
    return voucher
