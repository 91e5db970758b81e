"""Selections: which accounts, projects and parties a line of a report takes in."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

Span = tuple[int, int]
"""First and last account number, both included."""

Spans = tuple[Span, ...]


Dimension = Literal["project", "party", "account"]


class Selection(msgspec.Struct, frozen=True):
    """Accounts by number, and where stated the projects or parties that postings must carry.

    `named` is a dimension that postings must carry, whichever it is.
    """

    accounts: Spans
    projects: frozenset[str] | None = None
    parties: frozenset[str] | None = None
    named: Dimension | None = None

    def takes(self, account: int, project: str, party: str) -> bool:
        """Tell whether a posting belongs to the selection."""
        return self.takes_project(project) and self.takes_party(party) and self.takes_account(account)

    def takes_account(self, account: int) -> bool:
        """Tell whether an account belongs to the selection, whatever the project and party."""
        return any(first <= account <= last for first, last in self.accounts)

    def takes_project(self, project: str) -> bool:
        """Tell whether a project belongs to the selection, whatever the accounts."""
        if self.named == "project" and not project:
            return False
        return self.projects is None or project in self.projects

    def takes_party(self, party: str) -> bool:
        """Tell whether a party belongs to the selection, whatever the accounts."""
        if self.named == "party" and not party:
            return False
        return self.parties is None or party in self.parties

    def only(self, dimension: Dimension, name: str) -> "Selection":
        """Return the part of the selection that carries this project, party or account; it may be empty."""
        change = msgspec.structs.replace
        if dimension == "account":
            return change(self, accounts=common(self.accounts, ((int(name), int(name)),)))
        one = frozenset((name,))
        if dimension == "party":
            return change(self, parties=one if self.parties is None else one & self.parties)
        return change(self, projects=one if self.projects is None else one & self.projects)


def merged(spans: Iterable[Span]) -> Spans:
    """Return the spans in order, with those that touch or overlap joined."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def without(spans: Spans, taken: Spans) -> Spans:
    """Return what is in the first spans and not in the second."""
    left = list(spans)
    for first, last in taken:
        left = [part for span in left for part in _cut(span, first, last)]
    return merged(left)


def common(spans: Spans, others: Spans) -> Spans:
    """Return what is in both."""
    return merged(
        (max(first, low), min(last, high))
        for first, last in spans
        for low, high in others
        if max(first, low) <= min(last, high)
    )


def _cut(span: Span, first: int, last: int) -> Iterable[Span]:
    if span[0] < first:
        yield span[0], min(span[1], first - 1)
    if span[1] > last:
        yield max(span[0], last + 1), span[1]


def parse_accounts(text: str, sets: Mapping[str, str], seen: tuple[str, ...] = ()) -> Spans:
    """Return the spans a text names: numbers, ranges `a-b`, named sets; a leading `-` takes away.

    Raises ValueError with the word that cannot be read.
    """
    spans: Spans = ()
    for word in text.split():
        name = word.removeprefix("-")
        part = _span(name, sets, seen)
        spans = without(spans, part) if word.startswith("-") else merged((*spans, *part))
    return spans


def _span(name: str, sets: Mapping[str, str], seen: tuple[str, ...]) -> Spans:
    if name in sets:
        if name in seen:
            raise ValueError(name)
        return parse_accounts(sets[name], sets, (*seen, name))
    first, dash, last = name.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise ValueError(name)
    span = int(first), int(last or first)
    if span[0] > span[1]:
        raise ValueError(name)
    return (span,)


def shown(spans: Spans) -> str:
    """Return spans as a person writes them."""
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
