"""The commands most worth trying in a state: at the limit of what is owed, granted or open, and just beyond it."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from domain.books.accrual import ReverseAccrual
from domain.books.fiscal_year import ClosePeriod, OpenFiscalYear, ReopenPeriod
from domain.books.manual import CorrectVoucher, PostVoucher
from domain.books.year_end import CloseYear
from domain.funding.facts import AmendGrant, ClaimGrant, CloseGrant, ReturnRemainder, YearAmount
from domain.kernel.event import Command
from domain.kernel.period import last_of_month
from domain.membership.facts import AgreeContribution, CreditContribution, InvoiceContribution, ReceiveContribution
from domain.payables.facts import (
    AttestSupplierInvoice,
    CostLine,
    CreditSupplierInvoice,
    DisputeSupplierInvoice,
    PaySupplierInvoice,
    SetAttestationRule,
)
from domain.receivables.other_income import ReceiveOtherIncome
from tests.properties.bookkeeper import Bookkeeper

ONE_DAY = timedelta(days=1)
Edge = tuple[type[Command], dict[str, Any]]
"""A command, and the fields that bring it to the edge."""


def edges(keeper: Bookkeeper) -> list[Edge]:
    """Return what to try in the state the bookkeeper is in."""
    found = (_members, _grants, _suppliers, _customers, _vouchers, _periods, _accruals)
    return [edge for some in found for edge in some(keeper)]


def _members(keeper: Bookkeeper) -> Iterator[Edge]:
    for invoice in keeper.contributions:
        owed = keeper.owed[f"M {invoice}"]
        for kind in (ReceiveContribution, CreditContribution):
            yield kind, {"invoice": invoice, "amount_ore": owed or 1}
            yield kind, {"invoice": invoice, "amount_ore": owed + 1}
    for (year, party), (agreed, _) in keeper.agreed.items():
        invoiced = keeper.invoiced(year, party)
        named = {"year": year, "party": party}
        yield InvoiceContribution, named | {"amount_ore": max(agreed - invoiced, 1)}
        yield InvoiceContribution, named | {"amount_ore": agreed - invoiced + 1}
        yield AgreeContribution, named | {"amount_ore": invoiced}
        yield AgreeContribution, named | {"amount_ore": max(invoiced - 1, 0)}


def _grants(keeper: Bookkeeper) -> Iterator[Edge]:
    for name, grant in keeper.grants.items():
        for year in sorted(grant.granted):
            left = grant.left(year)
            for kind in (ClaimGrant, ReturnRemainder):
                yield kind, {"grant": name, "year": year, "amount_ore": max(left, 1)}
                yield kind, {"grant": name, "year": year, "amount_ore": max(left, 0) + 1}
            claimed = grant.claimed[year]
            for ore in (claimed, max(claimed - 1, 0)):
                yield AmendGrant, {"grant": name, "amounts": (YearAmount(year=year, amount_ore=ore),)}
        yield CloseGrant, {"grant": name}


def _suppliers(keeper: Bookkeeper) -> Iterator[Edge]:
    for (supplier, invoice), debt in keeper.debts.items():
        named = {"supplier": supplier, "invoice": invoice}
        yield PaySupplierInvoice, named | {"amount_ore": debt.owed or 1}
        yield PaySupplierInvoice, named | {"amount_ore": debt.owed + 1}
        for ore in (debt.owed or 1, debt.owed + 1):
            yield CreditSupplierInvoice, named | {"lines": (CostLine(account=6550, amount_ore=ore),), "vat_ore": 0}
        yield DisputeSupplierInvoice, named
        yield SetAttestationRule, {"limit_ore": max(debt.owed, 1)}
        yield SetAttestationRule, {"limit_ore": max(debt.owed - 1, 1)}
        for attester, (_, first, last) in keeper.delegations.items():
            yield AttestSupplierInvoice, named | {"attester": attester}
            for day in (first, last):
                yield AttestSupplierInvoice, named | {"attester": attester, "attested_on": day}


def _customers(keeper: Bookkeeper) -> Iterator[Edge]:
    for name, owed in keeper.owed.items():
        if name.startswith("K "):
            for ore in (owed or 1, owed + 1):
                yield ReceiveOtherIncome, {"invoice": name[2:], "lines": (), "amount_ore": ore}


def _vouchers(keeper: Bookkeeper) -> Iterator[Edge]:
    for (year, series, number), (day, _) in keeper.vouchers.items():
        named = {"year": year, "series": series, "number": number}
        for corrected_on in (day - ONE_DAY, day, day + ONE_DAY):
            yield CorrectVoucher, named | {"corrected_on": corrected_on, "lines": ()}
        yield CorrectVoucher, named | {"corrected_on": None, "lines": ()}


def _periods(keeper: Bookkeeper) -> Iterator[Edge]:
    for year, through in keeper.closed_through.items():
        for day in (through, through + ONE_DAY):
            yield PostVoucher, {"accounting_date": day, "series": "A"}
            yield ReopenPeriod, {"year": year, "opened_from": day.replace(day=1)}
        for month in (through + ONE_DAY * 15, through):
            yield ClosePeriod, {"year": year, "through": last_of_month(month)}
            yield ClosePeriod, {"year": year, "through": last_of_month(month), "waivers": ()}
        yield CloseYear, {"year": year}
        yield OpenFiscalYear, {"year": year + 1, "start": date(year + 1, 1, 1), "end": date(year + 1, 12, 31)}


def _accruals(keeper: Bookkeeper) -> Iterator[Edge]:
    for name in keeper.accruals:
        yield ReverseAccrual, {"accrual": name}
