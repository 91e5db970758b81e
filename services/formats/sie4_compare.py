"""What a SIE file says of its year against what the book says after the import: each difference by account.

`UB = IB + vouchers` holds in most real files, not in all: some are selections. So differences are named, not refused.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from domain.kernel.period import ONE_DAY
from projections.history import History
from projections.plans import EVERYTHING
from services.formats.sie4_accounts import RESULT_KINDS
from services.formats.sie4_file import SieFile
from services.formats.sie4_findings import Finding, Findings
from services.formats.sie4_opening import opening_of, totals


def compare_balances(file: SieFile, book: History, year: int) -> tuple[Finding, ...]:
    """Return the differences between the file's #IB, #UB and #RES and the balances of the book."""
    findings = Findings()
    start, end = book.span(year)
    opening, closing = _balances(book, start, end)
    moved = Counter({account: closing[account] - opening[account] for account in opening.keys() | closing.keys()})
    stated_opening = opening_of(file)
    if stated_opening:
        _differences("opening_differs", stated_opening, _of_kind(book, opening, result=False), findings)
    stated = totals(file.closing, 0)
    if stated:
        _differences("closing_differs", stated, _of_kind(book, closing, result=False), findings)
    results = totals(file.results, 0)
    if results:
        _differences("result_differs", results, _of_kind(book, moved, result=True), findings)
    return findings.all()


def _balances(book: History, start: date, end: date) -> tuple[Counter[int], Counter[int]]:
    opening: Counter[int] = Counter()
    closing: Counter[int] = Counter()
    for key in book.ledger.keys(EVERYTHING):
        opening[key.account] += book.ledger.at(key, start - ONE_DAY)
        closing[key.account] += book.ledger.at(key, end)
    return opening, closing


def _of_kind(book: History, sums: Mapping[int, int], *, result: bool) -> dict[int, int]:
    """Return the sums of accounts of the income statement, or of those of the balance sheet."""
    return {account: ore for account, ore in sums.items() if (book.accounts[account].kind in RESULT_KINDS) == result}


def _differences(code: str, stated: Mapping[int, int], found: Mapping[int, int], findings: Findings) -> None:
    for account in sorted(stated.keys() | found.keys()):
        file_ore, book_ore = stated.get(account, 0), found.get(account, 0)
        if file_ore != book_ore:
            findings.add(code, account=account, file_ore=file_ore, book_ore=book_ore)
