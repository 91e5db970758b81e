"""What a journal or a general ledger is narrowed to, as people write it."""

import msgspec

from domain.kernel.refusal import Refusal
from projections.history import History
from projections.narrowing import Narrowing
from projections.selection import parse_accounts


class AccountsWrong(Refusal):
    """Accounts are numbers, and ranges from a lower to a higher one."""

    code = "accounts_wrong"
    sv = "'{text}' är inga konton: skriv till exempel \"1500-1599 2440\", det lägre numret först."
    en = "'{text}' names no accounts: write for instance \"1500-1599 2440\", the lower number first."


class AccountNotFound(Refusal):
    """A list of an account is a list of one in the chart; a range may go over numbers that are not."""

    code = "account_not_found"
    sv = "Bokens kontoplan har inget konto {accounts} (vid händelse {position})."
    en = "The book's chart has no account {accounts} (at event {position})."


class ProjectNotFound(Refusal):
    """A list of a project is a list of one that was opened."""

    code = "project_not_found"
    sv = "Boken har inget projekt {project} (vid händelse {position})."
    en = "The book has no project {project} (at event {position})."


class PartyNotFound(Refusal):
    """A list of a party is a list of one that is registered."""

    code = "party_not_found"
    sv = "Boken har ingen part {party} (vid händelse {position})."
    en = "The book has no party {party} (at event {position})."


def narrowing(
    account: str | None, project: str | None, party: str | None, series: str | None, text: str | None
) -> Narrowing:
    """Return what to narrow to, accounts given as numbers and ranges; raises AccountsWrong."""
    whole = Narrowing(project=project, party=party, series=series, text=text)
    if account is None:
        return whole
    try:
        accounts = parse_accounts(account, {})
    except ValueError as error:
        raise AccountsWrong(text=account) from error
    if not accounts:
        raise AccountsWrong(text=account)
    spans = [span for word in account.split() if not word.startswith("-") for span in parse_accounts(word, {})]
    named = tuple(first for first, last in spans if first == last)
    return msgspec.structs.replace(whole, accounts=accounts, named=named)


def refuse_unknown(only: Narrowing, history: History) -> None:
    """Check that the book had what a list is narrowed to, or it would look as if nothing were booked there.

    A posting may have no project and no party, so a list of those that have none is a list. Raises AccountNotFound,
    ProjectNotFound or PartyNotFound.
    """
    position = history.position
    unknown = tuple(account for account in only.named if account not in history.accounts)
    if unknown:
        raise AccountNotFound(accounts=unknown, position=position)
    if only.project and only.project not in history.projects:
        raise ProjectNotFound(project=only.project, position=position)
    if only.party and only.party not in history.parties:
        raise PartyNotFound(party=only.party, position=position)
