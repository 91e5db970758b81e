"""What a journal or a general ledger is narrowed to, as people write it."""

from domain.kernel.refusal import Refusal
from projections.narrowing import Narrowing
from projections.selection import parse_accounts


class AccountsWrong(Refusal):
    """Accounts are numbers and ranges."""

    code = "accounts_wrong"
    sv = "'{text}' är inga konton: skriv till exempel \"1500-1599 2440\"."
    en = "'{text}' names no accounts: write for instance \"1500-1599 2440\"."


def narrowing(
    account: str | None, project: str | None, party: str | None, series: str | None, text: str | None
) -> Narrowing:
    """Return what to narrow to, accounts given as numbers and ranges; raises AccountsWrong."""
    try:
        accounts = None if account is None else parse_accounts(account, {})
    except ValueError as error:
        raise AccountsWrong(text=str(account)) from error
    return Narrowing(accounts=accounts, project=project, party=party, series=series, text=text)
