"""Accounts of a SIE file in the terms of a book: kinds from #KTYP, from the file's balances, or from BAS classes.

#KTYP is optional and often wrong in real files (an income account declared as an asset), so what the balances of the
same file say decides against it: only balance-sheet accounts have #IB and #UB, only the others have #RES.
"""

from collections.abc import Iterable, Mapping

from domain.books.chart import Account, AccountKind, OpenAccount
from services.formats.sie4_file import AccountType, SieAccount, SieFile
from services.formats.sie4_findings import Findings

RESULT_TYPES = frozenset({"I", "K"})
RESULT_KINDS = frozenset({"income", "cost", "result"})
NAMED_MAX = 8
"""Accounts that a finding about many of them names."""


def accounts_to_open(file: SieFile, known: Mapping[int, Account], findings: Findings) -> list[tuple[OpenAccount, int]]:
    """Return the accounts that the book lacks, with the line each is declared on; a 4I file opens what it uses."""
    used, evidence = accounts_used(file), _Evidence(file)
    wanted = sorted(used | (file.accounts.keys() if file.is_whole_year else set()))
    guessed, opened = [], []
    for number in wanted:
        declared = file.accounts.get(number)
        kind, was_guessed = _kind(number, declared, evidence, findings)
        if number in known:
            _compare(known[number], kind, findings)
            continue
        if was_guessed and declared is not None:
            guessed.append(number)
        name = declared.name if declared is not None else f"Konto {number}"
        opened.append((OpenAccount(number=number, name=name[:500], kind=kind), declared.line if declared else 0))
    _say_many("kinds_guessed", guessed, findings)
    _say_many("accounts_not_declared", sorted(used - file.accounts.keys() - known.keys()), findings)
    others = [n for n, account in file.accounts.items() if n in known and n in used and account.name != known[n].name]
    _say_many("accounts_of_other_name", others, findings)
    return opened


def accounts_used(file: SieFile) -> set[int]:
    """Return the accounts that have a posting or an opening balance in the file's year."""
    used = {row.account for voucher in file.vouchers for row in voucher.counted}
    return used | {balance.account for balance in file.opening if balance.year == 0 and balance.amount_ore}


def type_by_class(number: int) -> AccountType:
    """Return the type an account has by its BAS class, the first digit of its number."""
    digits = str(number)
    if digits[0] in "12":
        return "T" if digits[0] == "1" else "S"
    if digits[0] == "3" or digits[:2] in {"80", "81", "82", "83"}:
        return "I"
    return "K"


def kind_of(number: int, kind: AccountType) -> AccountKind:
    """Return the kind an account of a type has in a book: 19 is cash, 20 equity, 899 the result of the year."""
    digits = str(number)
    if kind in RESULT_TYPES:
        return "result" if digits.startswith("899") else "income" if kind == "I" else "cost"
    if kind == "T":
        return "cash" if digits.startswith("19") else "asset"
    return "equity" if digits.startswith("20") else "liability"


class _Evidence:
    """Which accounts the file's own balances show to be of the balance sheet, and which of the income statement."""

    def __init__(self, file: SieFile) -> None:
        self.with_balance = {row.account for row in (*file.opening, *file.closing) if row.amount_ore}
        self.with_result = {row.account for row in file.results if row.amount_ore}


def _kind(
    number: int, declared: SieAccount | None, evidence: _Evidence, findings: Findings
) -> tuple[AccountKind, bool]:
    """Return the kind of an account, and whether it had to be guessed from its class."""
    by_class = type_by_class(number)
    if declared is None or not declared.kind:
        return kind_of(number, by_class), True
    stated = declared.kind
    has_balance, has_result = number in evidence.with_balance, number in evidence.with_result
    if has_result in {has_balance, stated in RESULT_TYPES}:
        return kind_of(number, stated), False
    findings.add("kind_contradicted", declared.line, account=number, kind=stated)
    fallback: AccountType = "K" if has_result else "T"
    settled = by_class if (by_class in RESULT_TYPES) == has_result else fallback
    return kind_of(number, settled), False


def _compare(account: Account, kind: AccountKind, findings: Findings) -> None:
    if (account.kind in RESULT_KINDS) != (kind in RESULT_KINDS):
        findings.add("account_of_other_kind", account=account.number, file=kind, book=account.kind)


def _say_many(code: str, numbers: Iterable[int], findings: Findings) -> None:
    found = [str(number) for number in numbers]
    if found:
        named = (*found[:NAMED_MAX], "…") if len(found) > NAMED_MAX else tuple(found)
        findings.add(code, count=len(found), accounts=named)
