"""A second bookkeeper: dictionaries, lists and sums, written from the rules of the trade and not from the program.

It answers each command with yes or no, and when it says yes it writes the rows in its own ledger. It knows no
classes of the domain but the commands, and no voucher, state, event or refusal.
"""

import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from domain.books import accrual, fiscal_year, manual, year_end
from domain.funding import facts as funding
from domain.kernel.event import Command
from domain.membership import facts as members
from domain.payables import facts as suppliers
from domain.payroll import pay
from domain.receivables import other_income
from domain.treasury import bank

Rows = list[tuple[int, int]]
Named = tuple[int, str, int]
Dimensioned = manual.Line | suppliers.CostLine | accrual.AccrueItem | pay.RecordSalaries | pay.RecordBoardFees

ACCOUNTS = {1510, 1519, 1610, 1650, 1710, 1780, 1790, 1910, 1930, 1940, 2081, 2099, 2440, 2650, 2710, 2730, 2890, 2970}
ACCOUNTS |= {2979, 2990, 3010, 3740, 3985, 3987, 3988, 4010, 4090, 5010, 6550, 6570, 7010, 7210, 7510, 8300, 8999}
CASH = {1910, 1930, 1940}
COSTS = ACCOUNTS - CASH - {1510, 1519, 2440}
INCOME_OF = {"staten": 3985, "regionen": 3988, "kommunen": 3987}
PARTIES = {*INCOME_OF, "leverantoren", "utforaren", "kunden", ""}
PROJECTS = {"insatsen", ""}
OTHER_SERIES = {"IB", "M", "K", "G", "L", "U", "B", "N", "P", "S", "R"}
ACCRUAL = {  # the balance account, and whether it is debited
    "accrued-cost": (2990, False),
    "prepaid-cost": (1710, True),
    "accrued-income": (1790, True),
    "prepaid-income": (2979, False),
}


def is_last(day: date) -> bool:
    """Tell whether the day ends its month."""
    return day.day == monthrange(day.year, day.month)[1]


def half_up(number: Fraction) -> int:
    """Round a positive number."""
    return int(number + Fraction(1, 2))


@dataclass
class Promise:
    """A grant: what was granted and claimed for each year, and how far it has come."""

    owner: str
    project: str
    account: int
    granted: dict[int, int]
    claimed: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    reported: bool = False
    settled: bool = False
    closed: bool = False

    def left(self, year: int) -> int:
        """Return what may still be claimed."""
        return self.granted.get(year, 0) - self.claimed[year]


@dataclass
class Debt:
    """An invoice from a supplier or a claim from a project owner."""

    owed: int
    recorder: str
    dated: date
    attested: bool = False
    attested_on: date = date.min
    grant: tuple[str, int] | None = None


class Bookkeeper:
    """The book of a founded association, kept by hand."""

    def __init__(self) -> None:
        self.ledger: list[tuple[date, int, int]] = []
        self.vouchers: dict[Named, tuple[date, Rows]] = {}
        self.closed_through: dict[int, date] = {2023: date(2022, 12, 31)}
        self.finished: set[int] = set()
        self.corrected: set[Named] = set()
        self.members = set(INCOME_OF)
        self.agreed: dict[tuple[int, str], tuple[int, str]] = {}
        self.sent: list[tuple[int, str, date, int]] = []
        self.contributions: dict[str, tuple[int, str]] = {}
        self.accruals: dict[str, tuple[date, Rows] | None] = {}
        self.grants: dict[str, Promise] = {}
        self.debts: dict[tuple[str, str], Debt] = {}
        self.credit_notes: set[tuple[str, str]] = set()
        self.delegations: dict[str, tuple[int, date, date]] = {}
        self.owed: dict[str, int] = defaultdict(int)
        self.accrued: list[tuple[date, int, str, int, str]] = []
        self.ruled: dict[tuple[str, date], tuple[str, Rows, str]] = {}
        self.accrued_by: dict[Named, str] = {}
        self.recurring: dict[str, accrual.SetRecurringAccrual] = {}
        self.reconciled: dict[int, tuple[date, int]] = {}

    @staticmethod
    def method_for(kind: type) -> str:
        """Return the name of the method that answers a command, e.g. `_claim_grant`."""
        return "_" + re.sub("(?<!^)([A-Z])", r"_\1", kind.__name__).lower()

    def answers(self, command: Command, actor: str) -> bool:
        """Say yes or no to a command; after a yes it is in the books."""
        keep: Callable[[Command, str], bool] = getattr(self, self.method_for(type(command)))
        return keep(command, actor)

    def balances(self) -> dict[int, int]:
        """Return the balance of each account that has one."""
        sums: dict[int, int] = defaultdict(int)
        for _, account, ore in self.ledger:
            sums[account] += ore
        return {account: ore for account, ore in sums.items() if ore}

    def sum_of(self, accounts: range, first: date, last: date) -> int:
        """Return what the accounts moved from one day through another."""
        return sum(ore for day, account, ore in self.ledger if account in accounts and first <= day <= last)

    def invoiced(self, year: int, party: str, through: date = date.max) -> int:
        """Return what a member was invoiced for a year, less credits."""
        return sum(ore for y, p, day, ore in self.sent if (y, p) == (year, party) and day <= through)

    def is_open(self, day: date) -> bool:
        """Tell whether a voucher may have this date."""
        through = self.closed_through.get(day.year)
        return through is not None and through < day and day.year not in self.finished

    def _fits(self, day: date, rows: Rows) -> bool:
        known = all(account in ACCOUNTS for account, _ in rows)
        return (
            known
            and len(rows) > 1
            and all(ore for _, ore in rows)
            and not sum(o for _, o in rows)
            and self.is_open(day)
        )

    def _write(self, series: str, day: date, rows: Rows) -> None:
        number = 1 + sum((year, letter) == (day.year, series) for year, letter, _ in self.vouchers)
        self.vouchers[day.year, series, number] = (day, rows)
        self.ledger += [(day, account, ore) for account, ore in rows]

    def _post(self, series: str, day: date, rows: Rows) -> bool:
        fits = self._fits(day, rows)
        if fits:
            self._write(series, day, rows)
        return fits

    @staticmethod
    def _named(lines: Iterable[Dimensioned]) -> bool:
        return all(line.project in PROJECTS and getattr(line, "party", "") in PARTIES for line in lines)

    def _post_voucher(self, c: manual.PostVoucher, _: str) -> bool:
        rows = [(line.account, line.amount_ore) for line in c.lines]
        return c.series not in OTHER_SERIES and self._named(c.lines) and self._post(c.series, c.accounting_date, rows)

    def _first_open(self, day: date) -> date:
        days = (day + timedelta(days=later) for later in range(3 * 366))
        return next((later for later in days if self.is_open(later)), day)

    def _correct_voucher(self, c: manual.CorrectVoucher, _: str) -> bool:
        named = (c.year, c.series, c.number)
        if named not in self.vouchers or named in self.corrected or c.series == "S":
            return False
        day, rows = self.vouchers[named]
        right = [(line.account, line.amount_ore) for line in c.lines]
        today = c.corrected_on or self._first_open(day)
        if today < day or not self.is_open(today):
            return False
        if c.lines and not (self._named(c.lines) and self._fits(today, right)):
            return False
        self.corrected.add(named)
        self._write("R", today, [(account, -ore) for account, ore in rows])
        self._forget(self.accrued_by.get(named, ""))
        if c.lines:
            self._write("R", today, right)
        return True

    def _forget(self, name: str) -> None:
        """Let an accrual that was corrected while it waited be as if it had not been made; its name stays used."""
        if self.accruals.get(name) is not None:
            self.accruals[name] = None
            self.accrued = [row for row in self.accrued if row[4] != name]
            self.ruled = {key: row for key, row in self.ruled.items() if row[2] != name}

    def _open_fiscal_year(self, c: fiscal_year.OpenFiscalYear, _: str) -> bool:
        follows = c.year == max(self.closed_through) + 1
        if follows:
            self.closed_through[c.year] = date(c.year - 1, 12, 31)
            if self.closed_through[c.year - 1] == date(c.year - 1, 12, 31):
                self._reverse_due(date(c.year, 1, 1))
        return follows

    def _close_period(self, c: fiscal_year.ClosePeriod, _: str) -> bool:
        return self._whole(lambda: self._close(c.year, c.through, {waiver.point for waiver in c.waivers}))

    def _reopen_period(self, c: fiscal_year.ReopenPeriod, actor: str) -> bool:
        through = self.closed_through.get(c.year)
        moves = through is not None and c.opened_from.year == c.year and c.opened_from <= through
        if not moves or c.year in self.finished or c.opened_from.day != 1 or c.second_signer == actor:
            return False
        self.closed_through[c.year] = c.opened_from - timedelta(days=1)
        return True

    def _close_year(self, c: year_end.CloseYear, _: str) -> bool:
        return self._whole(lambda: self._finish(c.year, {waiver.point for waiver in c.waivers}))

    def _finish(self, year: int, waived: set[str]) -> bool:
        earlier = {name for name in self.closed_through if name < year}
        if year not in self.closed_through or year in self.finished or earlier - self.finished:
            return False
        last = date(year, 12, 31)
        if self.closed_through[year] != last and not self._close(year, last, waived):
            return False
        result = self.sum_of(range(3000, 9000), date(year, 1, 1), last)  # and what a corrected year-end gave back
        if result:
            self._write("S", last, [(8999, -result), (2099, result)])
        self.finished.add(year)
        return True

    def _whole(self, act: Callable[[], bool]) -> bool:
        """Do all of it or nothing."""
        before = deepcopy(self.__dict__)
        done = act()
        if not done:
            self.__dict__ = before
        return done

    def _close(self, year: int, through: date, waived: set[str]) -> bool:
        closed = self.closed_through.get(year)
        if closed is None or through.year != year or not is_last(through) or through <= closed:
            return False
        month = f"{through:%Y-%m}"
        rows, parts = self._earned(through)
        if parts:
            self._accrue_members(self._fresh(f"contributions.{month}"), through, rows, parts)
        if not all(self._accrue_rule(name, rule, through) for name, rule in sorted(self.recurring.items())):
            return False
        if self._blocking(through) - waived:
            return False
        self.closed_through[year] = through
        return self._reverse_due(through + timedelta(days=1))

    def _accrue_rule(self, name: str, rule: accrual.SetRecurringAccrual, through: date) -> bool:
        balance, debit = ACCRUAL[rule.kind]
        ore = rule.monthly_ore * self._months(rule, through) * (1 if debit else -1)
        wanted = [(balance, ore), (rule.account, -ore)] if ore else []
        said, rows, _ = self.ruled.get((name, through), ("", [], ""))
        if (said, rows) == (rule.kind + rule.project if wanted else "", wanted):
            return True
        stem = f"{name}.{through:%Y-%m}"
        if rows and not self._accrue(self._fresh(stem), through, [(account, -moved) for account, moved in rows]):
            return False
        self.ruled.pop((name, through), None)
        fresh = self._fresh(stem)
        if wanted and not self._accrue(fresh, through, wanted):
            return False
        if wanted:
            self.ruled[name, through] = (rule.kind + rule.project, wanted, fresh)
        return True

    def _fresh(self, stem: str) -> str:
        names = [stem, *(f"{stem}.{again}" for again in range(2, 99))]
        return next(name for name in names if name not in self.accruals)

    @staticmethod
    def _months(rule: accrual.SetRecurringAccrual, through: date) -> int:
        """Count by walking through the months of the rule one by one."""
        last = rule.last_month or date(2099, 12, 31)
        months = [(year, month) for year in range(2020, 2100) for month in range(1, 13)]
        within = [
            at for at in months if (rule.first_month.year, rule.first_month.month) <= at <= (last.year, last.month)
        ]
        now = (through.year, through.month)
        if rule.kind.startswith("prepaid"):
            begun = now >= (rule.first_month.year, rule.first_month.month)
            return sum(at > now for at in within) if begun else 0
        return sum(at <= now and at[0] == through.year for at in within) if now <= (last.year, last.month) else 0

    def _blocking(self, through: date) -> set[str]:
        balances = self.balances()
        sums = {
            account: sum(ore for name, ore in self.owed.items() if name.startswith(ledger))
            for account, ledger in ((1510, "M "), (1519, "K "))
        }
        sums[2440] = -sum(debt.owed for debt in self.debts.values())
        moved = {account for day, account, _ in self.ledger if account in CASH and day <= through}
        due = [row for row in self.accruals.values() if row is not None and row[0] <= through]
        open_debts = [debt for debt in self.debts.values() if debt.owed and not debt.attested and debt.dated <= through]
        found = {
            "bank_reconciled": not all(self._agrees(account, through) for account in moved),
            "subledgers_agree": any(balances.get(account, 0) != ore for account, ore in sums.items()),
            "invoices_attested": bool(open_debts),
            "accruals_reversed": bool(due),
        }
        return {point for point, blocks in found.items() if blocks}

    def _agrees(self, account: int, through: date) -> bool:
        day, ore = self.reconciled.get(account, (date.min, 0))
        return day >= through and ore == self.sum_of(range(account, account + 1), date.min, day)

    def _reverse_due(self, day: date) -> bool:
        if day.year not in self.closed_through:
            return True
        due = [name for name, row in sorted(self.accruals.items()) if row is not None and row[0] == day]
        return all(self._reverse(name) for name in due)

    def _accrue(self, name: str, day: date, rows: Rows) -> bool:
        done = name not in self.accruals and is_last(day) and self._post("P", day, rows)
        if done:
            self.accruals[name] = (day + timedelta(days=1), rows)
            self.accrued_by[next(reversed(self.vouchers))] = name
        return done

    def _accrue_item(self, c: accrual.AccrueItem, _: str) -> bool:
        account, debit = ACCRUAL[c.kind]
        ore = c.amount_ore if debit else -c.amount_ore
        rows = [(c.balance_account or account, ore), (c.account, -ore)]
        return self._named([c]) and self._accrue(c.accrual, c.period_end, rows)

    def _earned(self, day: date) -> tuple[Rows, list[tuple[int, str, int]]]:
        rows: Rows = []
        parts: list[tuple[int, str, int]] = []
        for (year, party), (ore, recognition) in sorted(self.agreed.items()):
            invoiced = self.invoiced(year, party, day)
            months = min(max((day.year - year) * 12 + day.month, 0), 12)
            earned = half_up(Fraction(ore * months, 12)) if recognition == "linear" else invoiced
            before = sum(part for at, of, who, part, _ in self.accrued if (at, of, who) == (day, year, party))
            due = earned - invoiced
            if due != before and year in range(min(self.closed_through), 2100):
                parts.append((year, party, due - before))
                rows += [(1780, max(due, 0) - max(before, 0)), (2970, min(due, 0) - min(before, 0))]
                rows += [(INCOME_OF[party], before - due)]
        return [row for row in rows if row[1]], parts

    def _accrue_members(self, name: str, day: date, rows: Rows, parts: list[tuple[int, str, int]]) -> bool:
        done = self._accrue(name, day, rows)
        if done:
            self.accrued += [(day, year, party, ore, name) for year, party, ore in parts]
        return done

    def _accrue_contributions(self, c: members.AccrueContributions, _: str) -> bool:
        return self._accrue_members(c.accrual, c.period_end, *self._earned(c.period_end))

    def _set_recurring_accrual(self, c: accrual.SetRecurringAccrual, _: str) -> bool:
        backwards = c.last_month is not None and c.last_month < c.first_month
        if backwards or (c.kind.startswith("prepaid") and c.last_month is None):
            return False
        if c.account not in ACCOUNTS or c.project not in PROJECTS:
            return False
        self.recurring[c.accrual] = c
        return True

    def _reverse_accrual(self, c: accrual.ReverseAccrual, _: str) -> bool:
        return self._reverse(c.accrual)

    def _reverse(self, name: str) -> bool:
        waiting = self.accruals.get(name)
        if waiting is None:
            return False
        day, rows = waiting
        done = self._post("P", day, [(account, -ore) for account, ore in rows])
        if done:
            self.accruals[name] = None
        return done

    def _leave_member(self, c: members.LeaveMember, _: str) -> bool:
        left = c.party in self.members
        self.members.discard(c.party)
        return left

    def _agree_contribution(self, c: members.AgreeContribution, _: str) -> bool:
        if c.party not in self.members or c.amount_ore < self.invoiced(c.year, c.party):
            return False
        self.agreed[c.year, c.party] = (c.amount_ore, c.recognition or "linear")
        return True

    def _invoice_contribution(self, c: members.InvoiceContribution, _: str) -> bool:
        agreed, _recognition = self.agreed.get((c.year, c.party), (0, ""))
        if c.party not in self.members or c.invoice in self.contributions:
            return False
        if c.amount_ore > agreed - self.invoiced(c.year, c.party):
            return False
        done = self._post("M", c.invoice_date, [(1510, c.amount_ore), (INCOME_OF[c.party], -c.amount_ore)])
        if done:
            self.contributions[c.invoice] = (c.year, c.party)
            self.owed[f"M {c.invoice}"] = c.amount_ore
            self.sent.append((c.year, c.party, c.invoice_date, c.amount_ore))
        return done

    def _receive_contribution(self, c: members.ReceiveContribution, _: str) -> bool:
        if c.amount_ore > self.owed.get(f"M {c.invoice}", -1):
            return False
        done = self._post("B", c.received_on, [(1930, c.amount_ore), (1510, -c.amount_ore)])
        self.owed[f"M {c.invoice}"] -= done * c.amount_ore
        return done

    def _credit_contribution(self, c: members.CreditContribution, _: str) -> bool:
        if c.amount_ore > self.owed.get(f"M {c.invoice}", -1):
            return False
        year, party = self.contributions[c.invoice]
        done = self._post("M", c.credited_on, [(1510, -c.amount_ore), (INCOME_OF[party], c.amount_ore)])
        if done:
            self.owed[f"M {c.invoice}"] -= c.amount_ore
            self.sent.append((year, party, c.credited_on, -c.amount_ore))
        return done

    def _decide_grant(self, c: funding.DecideGrant, _: str) -> bool:
        granted = self._granted(c)
        known = c.project in PROJECTS and c.owner in PARTIES and (c.account is None or c.account in COSTS)
        if not known or self._twice(c) or c.grant in self.grants or not sum(granted.values()):
            return False
        self.grants[c.grant] = Promise(c.owner, c.project, c.account or 4010, granted)
        return True

    @staticmethod
    def _twice(c: funding.DecideGrant | funding.AmendGrant) -> bool:
        return len({row.year for row in c.amounts}) != len(c.amounts)

    @staticmethod
    def _granted(c: funding.DecideGrant | funding.AmendGrant) -> dict[int, int]:
        granted: dict[int, int] = defaultdict(int)
        for row in c.amounts:
            granted[row.year] += row.amount_ore
        return granted

    def _live(self, name: str, *, settled: bool | None) -> Promise | None:
        grant = self.grants.get(name)
        if grant is None or grant.closed or (settled is not None and grant.settled != settled):
            return None
        return grant

    def _amend_grant(self, c: funding.AmendGrant, _: str) -> bool:
        grant, granted = self._live(c.grant, settled=False), self._granted(c)
        if grant is None or self._twice(c) or any(granted[year] < ore for year, ore in list(grant.claimed.items())):
            return False
        grant.granted = granted
        return True

    def _claim_grant(self, c: funding.ClaimGrant, actor: str) -> bool:
        grant = self._live(c.grant, settled=False)
        if grant is None or (grant.owner, c.invoice) in self.debts:
            return False
        if c.amount_ore > grant.left(c.year) and not c.override.strip():
            return False
        done = self._post("G", c.claimed_on, [(grant.account, c.amount_ore), (2440, -c.amount_ore)])
        if done:
            self.debts[grant.owner, c.invoice] = Debt(c.amount_ore, actor, c.claimed_on, grant=(c.grant, c.year))
            grant.claimed[c.year] += c.amount_ore
        return done

    def _approve_final_report(self, c: funding.ApproveFinalReport, _: str) -> bool:
        grant = self._live(c.grant, settled=None)
        if grant is not None:
            grant.reported = True
        return grant is not None

    def _settle_grant(self, c: funding.SettleGrant, _: str) -> bool:
        grant = self._live(c.grant, settled=False)
        if grant is not None:
            grant.settled = True
        return grant is not None

    def _return_remainder(self, c: funding.ReturnRemainder, _: str) -> bool:
        grant = self._live(c.grant, settled=True)
        if grant is None or c.amount_ore > grant.left(c.year):
            return False
        grant.granted[c.year] -= c.amount_ore
        return True

    def _close_grant(self, c: funding.CloseGrant, _: str) -> bool:
        grant = self._live(c.grant, settled=True)
        if grant is None or not grant.reported:
            return False
        grant.closed = True
        return True

    def _set_attestation_rule(self, c: suppliers.SetAttestationRule, _: str) -> bool:
        self.delegations[c.attester] = (c.limit_ore, c.valid_from, c.valid_to or date.max)
        return True

    @staticmethod
    def _costs(c: suppliers.ReceiveSupplierInvoice | suppliers.CreditSupplierInvoice) -> tuple[Rows, int]:
        rows = [(line.account, line.amount_ore) for line in c.lines] + [(1650, c.vat_ore)] * (c.vat_ore > 0)
        return rows, sum(ore for _, ore in rows)

    def _receive_supplier_invoice(self, c: suppliers.ReceiveSupplierInvoice, actor: str) -> bool:
        rows, total = self._costs(c)
        key = (c.supplier, c.invoice)
        if c.supplier not in PARTIES or key in self.debts or key in self.credit_notes or not self._bears(c.lines):
            return False
        if total <= 0 or not self._named(c.lines):
            return False
        done = self._post("L", c.invoice_date, [*rows, (2440, -total)])
        if done:
            self.debts[key] = Debt(total, actor, c.invoice_date)
        return done

    def _attest_supplier_invoice(self, c: suppliers.AttestSupplierInvoice, _: str) -> bool:
        debt = self.debts.get((c.supplier, c.invoice))
        limit, first, last = self.delegations.get(c.attester, (0, date.max, date.min))
        if debt is None or not 0 < debt.owed <= limit or debt.recorder == c.attester:
            return False
        if first <= c.attested_on <= last:
            debt.attested, debt.attested_on = True, c.attested_on
        return first <= c.attested_on <= last

    @staticmethod
    def _bears(lines: Iterable[suppliers.CostLine]) -> bool:
        return all(line.account in COSTS for line in lines)

    def _dispute_supplier_invoice(self, c: suppliers.DisputeSupplierInvoice, _: str) -> bool:
        debt = self.debts.get((c.supplier, c.invoice))
        if debt is None or not debt.owed:
            return False
        debt.attested = False
        return True

    def _credit_supplier_invoice(self, c: suppliers.CreditSupplierInvoice, _: str) -> bool:
        rows, total = self._costs(c)
        debt = self.debts.get((c.supplier, c.invoice))
        noted = (c.supplier, c.credit_invoice)
        if noted in self.credit_notes or noted in self.debts or not self._bears(c.lines):
            return False
        if debt is None or not 0 < total <= debt.owed or not self._named(c.lines):
            return False
        done = self._post("L", c.credited_on, [*((account, -ore) for account, ore in rows), (2440, total)])
        debt.owed -= done * total
        if done:
            self.credit_notes.add(noted)
        if done and debt.grant is not None:
            name, year = debt.grant
            self.grants[name].claimed[year] -= total
        return done

    def _pay_supplier_invoice(self, c: suppliers.PaySupplierInvoice, _: str) -> bool:
        debt = self.debts.get((c.supplier, c.invoice))
        if debt is None or c.amount_ore > debt.owed or not debt.attested or c.paid_on < debt.attested_on:
            return False
        done = self._post("U", c.paid_on, [(2440, c.amount_ore), (1930, -c.amount_ore)])
        debt.owed -= done * c.amount_ore
        return done

    def _invoice_other_income(self, c: other_income.InvoiceOtherIncome, _: str) -> bool:
        rows = [(line.account, line.amount_ore) for line in c.lines]
        total = -sum(ore for _, ore in rows)
        if c.customer not in PARTIES or f"K {c.invoice}" in self.owed or total <= 0 or not self._named(c.lines):
            return False
        done = self._post("K", c.invoice_date, [(1519, total), *rows])
        if done:
            self.owed[f"K {c.invoice}"] = total
        return done

    def _receive_other_income(self, c: other_income.ReceiveOtherIncome, _: str) -> bool:
        rows = [(line.account, line.amount_ore) for line in c.lines]
        if c.invoice is None:
            return bool(rows) and self._named(c.lines) and self._post("B", c.received_on, [(1930, c.amount_ore), *rows])
        if rows or c.amount_ore > self.owed.get(f"K {c.invoice}", -1):
            return False
        done = self._post("B", c.received_on, [(1930, c.amount_ore), (1519, -c.amount_ore)])
        self.owed[f"K {c.invoice}"] -= done * c.amount_ore
        return done

    def _pay(self, cost: int, c: pay.RecordSalaries | pay.RecordBoardFees) -> bool:
        gross, tax, social = c.gross_ore, c.withheld_tax_ore, c.social_charges_ore
        rows = [(cost, gross), (7510, social), (2710, -tax), (2730, -social), (1930, tax - gross)]
        return tax <= gross and self._named([c]) and self._post("N", c.paid_on, [row for row in rows if row[1]])

    def _record_salaries(self, c: pay.RecordSalaries, _: str) -> bool:
        return self._pay(7010, c)

    def _record_board_fees(self, c: pay.RecordBoardFees, _: str) -> bool:
        return self._pay(7210, c)

    def _record_bank_transaction(self, c: bank.RecordBankTransaction, _: str) -> bool:
        account = c.account or 1930
        rows = [(account, c.amount_ore), *((line.account, line.amount_ore) for line in c.lines)]
        series = "B" if c.amount_ore > 0 else "U"
        return account in CASH and self._named(c.lines) and self._post(series, c.booked_on, rows)

    def _reconcile_bank_statement(self, c: bank.ReconcileBankStatement, _: str) -> bool:
        account = c.account or 1930
        known = account in CASH
        agrees = known and c.balance_ore == self.sum_of(range(account, account + 1), date.min, c.statement_date)
        # An earlier statement says nothing of a later one, which may agree no more.
        if agrees and c.statement_date >= self.reconciled.get(account, (date.min, 0))[0]:
            self.reconciled[account] = c.statement_date, c.balance_ore
        return agrees
