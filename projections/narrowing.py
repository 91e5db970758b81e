"""Narrowing: which vouchers and postings a ledger or journal shows."""

import msgspec

from domain.books.voucher import Posting, Voucher
from domain.kernel.refusal import Language
from projections.selection import Spans

WORDS: dict[Language, tuple[str, ...]] = {
    "sv": ("konto", "projekt", "part", "serie", "text"),
    "en": ("account", "project", "party", "series", "text"),
}


class Narrowing(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts, project, party, series and a text; what is not stated narrows nothing.

    `named` are the accounts that were asked for one by one, not as part of a range.
    """

    accounts: Spans | None = None
    named: tuple[int, ...] = ()
    project: str | None = None
    party: str | None = None
    series: str | None = None
    text: str | None = None

    def takes_posting(self, posting: Posting) -> bool:
        """Tell whether a posting is on one of the accounts and carries the dimensions."""
        if self.project is not None and posting.project != self.project:
            return False
        if self.party is not None and posting.party != self.party:
            return False
        return self.accounts is None or any(first <= posting.account <= last for first, last in self.accounts)

    def takes_voucher(self, voucher: Voucher) -> bool:
        """Tell whether a voucher is in the series and mentions the text, in its words or its references."""
        if self.series is not None and voucher.series != self.series:
            return False
        if self.text is None:
            return True
        words = f"{voucher.text}\n{voucher.counterparty}\n{voucher.reference}".casefold()
        return self.text.casefold() in words

    def words(self, language: Language) -> str:
        """Return what a list is narrowed to, to stand after its title; empty where it is whole."""
        spans = " ".join(str(first) if first == last else f"{first}-{last}" for first, last in self.accounts or ())
        stated = (None if self.accounts is None else spans, self.project, self.party, self.series, self.text)
        said = [
            f"{word} {value or '–'}" for word, value in zip(WORDS[language], stated, strict=True) if value is not None
        ]
        return f": {', '.join(said)}" if said else ""


EVERYTHING = Narrowing()
