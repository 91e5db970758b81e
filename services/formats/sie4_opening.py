"""Opening balances of a SIE file: entered in the book's first year, compared in the others (SIE 4B #IB, #OIB, #UB).

A file whose year before was never closed has opening balances that do not cancel out: they lack that year's result.
Where the file's own #RES of the year before says so, the result is put on the account where it belongs; any other
difference needs somebody to say where it goes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from domain.books.chart import Account
from domain.books.manual import EnterOpeningBalances, Line
from domain.kernel.period import ONE_DAY
from domain.posting_rules.charts import shipped_chart
from projections.history import History
from projections.plans import EVERYTHING
from services.formats.sie4_accounts import RESULT_KINDS
from services.formats.sie4_file import Balance, SieFile
from services.formats.sie4_findings import Findings
from services.formats.sie4_naming import Naming

Key = tuple[int, str, str]
"""Account, project, party."""


def opening_balances(
    file: SieFile,
    book: History,
    year: int | None,
    accounts: Mapping[int, Account],
    naming: Naming,
    difference_account: int | None,
    findings: Findings,
) -> EnterOpeningBalances | None:
    """Return the opening balances to enter, or None when the file has none or the book takes none."""
    totals = opening_of(file)
    if year is None or not totals or not waits_for_opening(book, year):
        return None
    for account, ore in totals.items():
        if account in accounts and accounts[account].kind in RESULT_KINDS:
            findings.add("opening_on_result", account=account, amount_ore=ore)
    lines = _by_object(totals, file.object_opening, naming)
    difference_ore = sum(totals.values())
    if difference_ore:
        account = _place_of_difference(file, book, difference_ore, difference_account, findings)
        lines[account, "", ""] -= difference_ore
    rows = tuple(
        Line(account=account, amount_ore=ore, project=project, party=party)
        for (account, project, party), ore in sorted(lines.items())
        if ore
    )
    return EnterOpeningBalances(year=year, lines=rows, text="Ingående balanser enligt SIE")


def opening_of(file: SieFile) -> Counter[int]:
    """Return the opening balances by account: #IB, or the #UB of the year before where there is no #IB."""
    return totals(file.opening, 0) or totals(file.closing, -1)


def totals(balances: Iterable[Balance], year: int) -> Counter[int]:
    """Return the balances of a year by account, without zeros."""
    found: Counter[int] = Counter()
    for balance in balances:
        if balance.year == year and not balance.objects:
            found[balance.account] += balance.amount_ore
    return Counter({account: ore for account, ore in found.items() if ore})


def waits_for_opening(book: History, year: int) -> bool:
    """Tell whether a year is, or will be, the book's first, and has no opening balances yet."""
    if not book.years:
        return True
    first = min(book.years)
    before = book.span(first)[0] - ONE_DAY
    entered = any(book.ledger.at(key, before) for key in book.ledger.keys(EVERYTHING))
    return first == year and not entered


def _by_object(found: Counter[int], objects: Iterable[Balance], naming: Naming) -> Counter[Key]:
    """Return the balances split on projects and parties; what no object has stands on the account alone.

    A file states each dimension on its own. An account divided by project and by party gets both divisions, and the
    rest makes up for what is then counted twice: every sum by account, project and party is the file's.
    """
    lines: Counter[Key] = Counter()
    for account, ore in found.items():
        lines[account, "", ""] += ore
    for balance in objects:
        project, party = naming.project_and_party(balance.objects, balance.line) if balance.year == 0 else ("", "")
        if project or party:
            lines[balance.account, project, party] += balance.amount_ore
            lines[balance.account, "", ""] -= balance.amount_ore
    return lines


def _place_of_difference(
    file: SieFile, book: History, difference_ore: int, asked: int | None, findings: Findings
) -> int:
    """Return the account that takes what the opening balances lack."""
    unmoved_ore = sum(totals(file.results, -1).values())
    if asked is not None:
        findings.add("opening_difference_posted", difference_ore=-difference_ore, account=asked)
        return asked
    roles = book.roles if book.association is not None else shipped_chart("bas").roles
    account = roles["result_in_equity"]
    if unmoved_ore == -difference_ore:
        findings.add("opening_result_unmoved", difference_ore=unmoved_ore, account=account)
    else:
        findings.add("opening_not_balanced", difference_ore=difference_ore)
    return account
