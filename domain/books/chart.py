"""The chart of accounts (kontoplan): which accounts an association may use, and the roles posting rules ask for.

Two charts are shipped as tables (`bas`, `kommun_bas`). An association opens accounts of its own beside them. Reports
never look at account numbers here: which line an account belongs to is decided by a layout.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from domain.kernel.event import Command, Recorded, Value, accept
from domain.kernel.identity import Text
from domain.kernel.refusal import Fact, Language, Refusal
from domain.kernel.table import Table

ChartName = Literal["bas", "kommun-bas"]
AccountKind = Literal["cash", "asset", "equity", "liability", "income", "cost", "result"]
"""`cash` is an asset that counts as liquid; `result` is the year-end account that moves the result to equity."""

Role = Literal[
    "bank", "member_receivable", "other_receivable", "input_vat", "accrued_contributions", "accrued_income",
    "prepaid_costs", "payable", "withheld_tax", "social_charges_owed", "accrued_costs", "prepaid_contributions",
    "prepaid_income", "result_in_equity", "year_result", "contribution_state", "contribution_region",
    "contribution_municipality", "grants", "salaries", "social_charges", "board_fees",
]  # fmt: skip

NumberOfAccount = Annotated[int, msgspec.Meta(ge=1, le=99_999_999)]
INCOME_STATEMENT: frozenset[AccountKind] = frozenset({"income", "cost"})

# What is settled with the tax agency stands on a debt of its own or on the tax account, which is an asset.
ROLE_KINDS: dict[Role, tuple[AccountKind, ...]] = {
    "bank": ("cash", "asset"),
    "member_receivable": ("asset",),
    "other_receivable": ("asset",),
    "input_vat": ("asset", "liability"),
    "accrued_contributions": ("asset",),
    "accrued_income": ("asset",),
    "prepaid_costs": ("asset",),
    "payable": ("liability",),
    "withheld_tax": ("liability", "asset"),
    "social_charges_owed": ("liability", "asset"),
    "accrued_costs": ("liability",),
    "prepaid_contributions": ("liability",),
    "prepaid_income": ("liability",),
    "result_in_equity": ("equity",),
    "year_result": ("result",),
    "contribution_state": ("income",),
    "contribution_region": ("income",),
    "contribution_municipality": ("income",),
    "grants": ("cost",),
    "salaries": ("cost",),
    "social_charges": ("cost",),
    "board_fees": ("cost",),
}
"""The kinds of account that may play each role, so that what a posting rule books lands where the role says."""

CONTROLS: tuple[Role, Role, Role] = ("member_receivable", "other_receivable", "payable")
"""The roles that stand for a sub-ledger each: members, customers, suppliers (LKBR 3:6)."""

RECEIVABLES: frozenset[Role] = frozenset({"member_receivable", "other_receivable"})
"""Roles that one account may play together: what members and customers owe."""

ALONE: frozenset[Role] = frozenset({"bank", *CONTROLS})
"""Roles of an account that plays no other: a posting between two of them would stay on one account."""

KIND_WORDS: dict[str, tuple[str, str]] = {
    "cash": ("likvida medel", "cash"),
    "asset": ("en tillgång", "an asset"),
    "equity": ("eget kapital", "equity"),
    "liability": ("en skuld", "a liability"),
    "income": ("en intäkt", "income"),
    "cost": ("en kostnad", "a cost"),
    "result": ("årets resultat", "the result of the year"),
}
"""Kinds of account in Swedish and English."""


class Account(Value, frozen=True, kw_only=True):
    """An account: its number, name and kind."""

    number: int
    name: str
    kind: AccountKind
    closed: bool = False


class Chart(Value, frozen=True, kw_only=True):
    """The accounts of one association and the account that plays each role."""

    name: ChartName
    accounts: Table[int, Account]
    roles: dict[Role, int]


class OpenAccount(Command, frozen=True, kw_only=True):
    """Open an account of the association's own."""

    number: NumberOfAccount
    name: Text
    kind: AccountKind


class AccountOpened(OpenAccount, frozen=True, kw_only=True, tag_field="event", tag="account.opened"):
    """The association has an account of its own (konto upplagt)."""

    recorded: Recorded


class CloseAccount(Command, frozen=True, kw_only=True):
    """Close an account to further postings."""

    number: NumberOfAccount


class AccountClosed(CloseAccount, frozen=True, kw_only=True, tag_field="event", tag="account.closed"):
    """The account takes no further postings (konto spärrat)."""

    recorded: Recorded


class AssignAccount(Command, frozen=True, kw_only=True):
    """Let another account play a role, such as the city's cash pool in place of a bank account."""

    role: Role
    number: NumberOfAccount


class AccountAssigned(AssignAccount, frozen=True, kw_only=True, tag_field="event", tag="account.assigned"):
    """Posting rules use this account for the role from now on (konteringsregel ändrad)."""

    recorded: Recorded


class AccountExists(Refusal):
    """An account is opened once."""

    code = "account_exists"
    sv = "Konto {account} finns redan i kontoplanen ({name})."
    en = "Account {account} is already in the chart ({name})."


class AccountUnknown(Refusal):
    """Postings go to accounts of the association's chart."""

    code = "account_unknown"
    sv = "Konto {account} finns inte i kontoplanen."
    en = "Account {account} is not in the chart of accounts."


class AccountIsClosed(Refusal):
    """A closed account takes no postings."""

    code = "account_closed"
    sv = "Konto {account} ({name}) är spärrat för bokföring."
    en = "Account {account} ({name}) is closed to postings."


class AccountKindWrong(Refusal):
    """An account plays a role that fits its kind, or a posting rule would book it in the wrong place."""

    code = "account_kind_wrong"
    sv = "Konto {account} ({name}) är {kind} och kan inte ha rollen {role}, som kräver {allowed}."
    en = "Account {account} ({name}) is {kind} and cannot play the role {role}, which takes {allowed}."

    def words(self, language: Language) -> dict[str, Fact]:
        """Return the kinds in words."""
        kind, allowed = str(self.facts["kind"]), str(self.facts["allowed"]).split()
        return {"kind": _kinds((kind,), language), "allowed": _kinds(allowed, language)}


class AccountPlaysRole(Refusal):
    """The bank and the control accounts play one role each; members and customers may share theirs."""

    code = "account_plays_role"
    sv = "Konto {account} ({name}) har redan rollen {played} och kan inte också ha rollen {role}."
    en = "Account {account} ({name}) plays the role {played} already and cannot play the role {role} as well."


class ControlAccountInUse(Refusal):
    """A sub-ledger moves to another control account when nothing is open in it, or the debts would stay behind."""

    code = "control_account_in_use"
    sv = "Konto {account} ({name}) har rollen {role} och saldot {balance_ore} kr; rollen flyttas när saldot är noll."
    en = (
        "Account {account} ({name}) plays the role {role} and its balance is {balance_ore} kr; the role is moved when"
        " the balance is zero."
    )


class AccountNeeded(Refusal):
    """An account that posting rules use is not closed while they do."""

    code = "account_needed"
    sv = "Konto {account} ({name}) har rollen {role} och spärras inte; ge rollen till ett annat konto först."
    en = "Account {account} ({name}) plays the role {role} and is not closed; give the role to another account first."


def open_account(chart: Chart, command: OpenAccount, recorded: Recorded) -> AccountOpened:
    """Open an account unless the number is taken."""
    taken = chart.accounts.get(command.number)
    if taken is not None:
        raise AccountExists(account=command.number, name=taken.name)
    return accept(AccountOpened, command, recorded=recorded)


def close_account(chart: Chart, command: CloseAccount, recorded: Recorded) -> AccountClosed:
    """Close an account that is open, and that no posting rule uses."""
    account = usable_account(chart, command.number)
    for role, number in chart.roles.items():
        if number == account.number:
            raise AccountNeeded(account=account.number, name=account.name, role=role)
    return accept(AccountClosed, command, recorded=recorded)


def assign_account(
    chart: Chart, controls_ore: Table[int, int], command: AssignAccount, recorded: Recorded
) -> AccountAssigned:
    """Give a role to an account that is open, of a kind that the role takes, and free for it.

    `controls_ore` are the balances of the control accounts in öre.
    """
    account = usable_account(chart, command.number)
    if account.kind not in ROLE_KINDS[command.role]:
        raise AccountKindWrong(
            account=account.number,
            name=account.name,
            kind=account.kind,
            role=command.role,
            allowed=" ".join(ROLE_KINDS[command.role]),
        )
    for played, number in chart.roles.items():
        if number == account.number and _excludes(played, command.role):
            raise AccountPlaysRole(account=account.number, name=account.name, played=played, role=command.role)
    present = chart.roles[command.role]
    if command.role in CONTROLS and present != account.number and controls_ore.get(present, 0):
        raise ControlAccountInUse(
            account=present,
            name=chart.accounts[present].name,
            role=command.role,
            balance_ore=controls_ore.get(present, 0),
        )
    return accept(AccountAssigned, command, recorded=recorded)


def with_account(chart: Chart, event: AccountOpened | AccountClosed | AccountAssigned) -> Chart:
    """Return the chart after an account was opened or closed, or given a role."""
    if isinstance(event, AccountAssigned):
        return msgspec.structs.replace(chart, roles=chart.roles | {event.role: event.number})
    if isinstance(event, AccountOpened):
        account = Account(number=event.number, name=event.name, kind=event.kind)
    else:
        account = msgspec.structs.replace(chart.accounts[event.number], closed=True)
    return msgspec.structs.replace(chart, accounts=chart.accounts.put(event.number, account))


def control_accounts(chart: Chart) -> tuple[int, int, int]:
    """Return the accounts that stand for a sub-ledger each: members, customers, suppliers (LKBR 3:6)."""
    roles = chart.roles
    members, customers, suppliers = CONTROLS
    return roles[members], roles[customers], roles[suppliers]


def usable_account(chart: Chart, number: int) -> Account:
    """Return the account, or refuse: unknown, or closed."""
    account = chart.accounts.get(number)
    if account is None:
        raise AccountUnknown(account=number)
    if account.closed:
        raise AccountIsClosed(account=number, name=account.name)
    return account


def _excludes(played: Role, role: Role) -> bool:
    return played != role and bool({played, role} & ALONE) and not {played, role} <= RECEIVABLES


def _kinds(kinds: Sequence[str], language: Language) -> str:
    words = (KIND_WORDS[kind][language == "en"] for kind in kinds)
    return (" eller " if language == "sv" else " or ").join(words)
