"""What can go wrong with a store: a code, a sentence in Swedish or English, and the facts behind it.

A refusal (`domain.kernel.refusal.Refusal`) is a rule that said no, and the caller can act on it. A store failure is
the world that failed: what the caller may do next is the same for every failure of one class, and each class says it.
"""

import re
from collections.abc import Mapping
from typing import ClassVar

from domain.kernel.refusal import Fact, Language, Refusal, quoted, say

REASONS: dict[str, str] = {
    "the event is missing": "händelsen saknas",
    "its postings are no rows": "dess konteringar är inga rader",
    "the topic says {topic}": "dess slag anges som {topic}",
    "the file is a database, but not a book": "filen är en databas men ingen bok",
    "the file does not say which book it is": "filen säger inte vilken bok den är",
    "the schema does not say which book it is": "schemat säger inte vilken bok det är",
    "a table is missing": "en tabell saknas",
    "the shelf was closed": "hyllan är stängd",
    "another writer held it for more than {seconds} s": "en annan skrivare höll den i mer än {seconds} s",
    "the journal mode is {got}, not {wanted}": "journalläget är {got}, inte {wanted}",
    "PRAGMA synchronous is {got}, not {wanted}": "PRAGMA synchronous är {got}, inte {wanted}",
    "fsync={fsync}, full_page_writes={pages}, synchronous_commit={commit}": (
        "fsync={fsync}, full_page_writes={pages}, synchronous_commit={commit}"
    ),
}
"""Reasons that are our own, as the fact `reason` states them, and in Swedish; any other is the system's own."""

Worded = tuple[tuple[re.Pattern[str], str], ...]


def worded(reasons: Mapping[str, str]) -> Worded:
    """Return reasons of our own so that they are recognised with the facts in them; the first that fits is the one."""
    return tuple(
        (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*)", re.escape(english)), re.DOTALL), swedish)
        for english, swedish in reasons.items()
    )


_OURS = worded(REASONS)


def own_words(language: Language, reason: str, ours: Worded = _OURS) -> str | None:
    """Return a reason of our own in a language; None for one that is not ours."""
    for english, swedish in ours:
        if found := english.fullmatch(reason):
            return reason if language == "en" else swedish.format_map(found.groupdict())
    return None


def reason_in(language: Language, reason: str, ours: Worded = _OURS) -> str:
    """Return a reason in a language; one that is not ours is quoted as the system's."""
    own = own_words(language, reason, ours)
    return quoted(reason, language) if own is None else own


class BookNotFound(Refusal):
    """There is no book of that name on this shelf."""

    code = "book_not_found"
    sv = "Boken {book} finns inte."
    en = "There is no book named {book}."


class BookExists(Refusal):
    """There already is a book of that name, and a book is never overwritten."""

    code = "book_exists"
    sv = "Boken {book} finns redan."
    en = "A book named {book} already exists."


class BookNameInvalid(Refusal):
    """A book is named by a short slug, because the name becomes a file, a schema and a bus subject."""

    code = "book_name_invalid"
    sv = "{book!r} kan inte vara namn på en bok: 1-41 tecken av a-z, 0-9 och bindestreck, först bokstav eller siffra."
    en = "{book!r} cannot name a book: 1-41 characters of a-z, 0-9 and hyphen, beginning with a letter or digit."


class StoreFailure(Exception):  # noqa: N818 - named by what failed, like a refusal
    """The store could not do what was asked; the code and facts are for machines, the sentence for people."""

    code: ClassVar[str]
    sv: ClassVar[str]
    en: ClassVar[str]

    def __init__(self, **facts: Fact) -> None:
        self.facts = facts
        super().__init__(self.sentence("en"))

    def sentence(self, language: Language = "sv") -> str:
        """Return the reason in words."""
        reason = self.facts.get("reason")
        words: dict[str, Fact] = {} if reason is None else {"reason": reason_in(language, str(reason))}
        return say(self.template(language), self.facts | words)

    def template(self, language: Language) -> str:
        """Return the sentence with names for its facts."""
        return self.sv if language == "sv" else self.en


class Conflict(StoreFailure):
    """Somebody was first: the head has moved or the message is known. Nothing was written; read again and retry."""

    code = "conflict"
    sv = (
        "Någon annan hann före: boken {book} slutar inte längre vid position {after}, eller så finns meddelandet redan."
    )
    en = "Somebody was first: the book {book} no longer ends at position {after}, or the message is already recorded."


class StorageFull(StoreFailure):
    """No room left. Nothing was written, what was acknowledged is there, and writing goes on when there is room."""

    code = "storage_full"
    sv = "Lagringen är full; inget skrevs i boken {book}. Frigör utrymme och försök igen."
    en = "The storage is full; nothing was written to the book {book}. Free some space and try again."


class Unavailable(StoreFailure):
    """The store did not answer, or was busy for too long. Nothing was written; a retry is meaningful."""

    code = "store_unavailable"
    sv = "Boken {book} kan inte nås just nu; {reason}."
    en = "The book {book} cannot be reached right now; {reason}."

    def template(self, language: Language) -> str:
        """Return the sentence; of what no book can be named by, a directory or a database, it says what that is."""
        if "/" not in str(self.facts["book"]):
            return super().template(language)
        if language == "sv":
            return "Böckernas plats {book} kan inte nås just nu; {reason}."
        return "The place of the books, {book}, cannot be reached right now; {reason}."


class OutcomeUnknown(StoreFailure):
    """The answer to an append was lost: it is there in full or not at all.

    Look up the message identities before trying again. A blind retry could only end in a false conflict.
    """

    code = "outcome_unknown"
    sv = (
        "Svaret gick förlorat när boken {book} skrevs efter position {after}: slå upp meddelandet före ett nytt försök."
    )
    en = "The answer was lost while writing to the book {book} after position {after}: look the message up, then retry."


class NewerThanProgram(StoreFailure):
    """The book holds an event this program does not know yet; a newer program wrote it. Update the program."""

    code = "newer_than_program"
    sv = "Position {position} i boken {book} är av ett slag ({topic}) som programmet inte känner. Uppdatera programmet."
    en = "Position {position} of the book {book} is of a kind ({topic}) this program does not know. Update the program."


class DamagedEvent(StoreFailure):
    """The bytes at a position are not the event they should be. Stop, keep the file, restore a copy."""

    code = "damaged_event"
    sv = "Position {position} i boken {book} är skadad; {reason}."
    en = "Position {position} of the book {book} is damaged; {reason}."


class DamagedBook(StoreFailure):
    """The file or schema as a whole is not a readable book. Stop, keep it, restore a copy."""

    code = "damaged_book"
    sv = "Boken {book} går inte att läsa; {reason}."
    en = "The book {book} cannot be read; {reason}."


class LayoutUnknown(StoreFailure):
    """The tables of the book have another layout than this program reads and writes."""

    code = "layout_unknown"
    sv = "Boken {book} har lagringsformat {layout}, programmet kan format {known}. Uppdatera programmet."
    en = "The book {book} has storage layout {layout}, this program knows layout {known}. Update the program."


class UnsafeStorage(StoreFailure):
    """The database would not promise that what is acknowledged survives a power cut, so nothing is written to it."""

    code = "unsafe_storage"
    sv = "Databasen lovar inte att det kvitterade finns kvar efter ett strömavbrott; {reason}."
    en = "The database does not promise that what is acknowledged survives a power cut; {reason}."
