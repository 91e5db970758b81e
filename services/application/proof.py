"""What a proof of a book says: what was counted, and each fault with its position, its code and its facts."""

import msgspec

from domain.kernel.refusal import Language, say
from services.event_store.failures import REASONS, NewerThanProgram, reason_in, worded

PARTS = {
    "constraint {name} of {table}": "villkoret {name} på {table}",
    "trigger {name} of {table}": "triggern {name} på {table}",
    "rule {name} of {table}": "regeln {name} på {table}",
    "policy {name} of {table}": "policyn {name} på {table}",
    "constraint {name}": "villkoret {name}",
    "trigger {name}": "triggern {name}",
    "table {name}": "tabellen {name}",
    "view {name}": "vyn {name}",
    "index {name}": "indexet {name}",
    "sequence {name}": "sekvensen {name}",
    "relation {name}": "relationen {name}",
    "function {name}": "funktionen {name}",
}
"""The parts of a file or schema as the stores name them, and in Swedish."""

TROUBLES = {
    "is missing": "saknas",
    "was added": "har tillkommit",
    "was changed": "har ändrats",
    "was changed: {details}": "har ändrats: {details}",
}

OURS = worded(
    {f"{part} {trouble}": f"{PARTS[part]} {TROUBLES[trouble]}" for part in PARTS for trouble in TROUBLES}
    | REASONS
    | {NewerThanProgram.en: NewerThanProgram.sv}
)
"""Reasons of our own in a fault; any other is the system's."""

SENTENCES: dict[str, dict[Language, str]] = {
    "store_changed": {
        "sv": "bokens fil eller tabeller är inte som de gjordes; {reason}",
        "en": "the file or tables of the book are not as they were made; {reason}",
    },
    "position_missing": {
        "sv": "händelsen saknas (till och med position {through})",
        "en": "the event is missing (through position {through})",
    },
    "position_stray": {"sv": "en rad utanför bokens positioner", "en": "a row outside the positions of the book"},
    "event_damaged": {"sv": "händelsen går inte att läsa; {reason}", "en": "the event cannot be read; {reason}"},
    "topic_wrong": {
        "sv": "raden är märkt {topic} men händelsen är {tag}",
        "en": "the row is marked {topic} but the event is {tag}",
    },
    "stream_wrong": {
        "sv": "raden hör till {stream}, boken är {book}",
        "en": "the row belongs to {stream}, the book is {book}",
    },
    "bytes_changed": {
        "sv": "händelsens bytes är inte de som programmet skriver",
        "en": "the event's bytes are not those the program writes",
    },
    "registration_goes_back": {
        "sv": "registreringsdatum {registered_on} ({recorded_at}) är före {before}",
        "en": "registration date {registered_on} ({recorded_at}) is before {before}",
    },
    "registration_ahead": {
        "sv": "registreringsdatum {registered_on} är efter den dag händelsen skrevs, {recorded_at}",
        "en": "registration date {registered_on} is after the day the event was written, {recorded_at}",
    },
    "postings_uneven": {
        "sv": "verifikation {voucher} har inte lika många konton som belopp",
        "en": "voucher {voucher} has not as many accounts as amounts",
    },
    "voucher_not_balanced": {
        "sv": "verifikation {voucher} är inte i balans: {difference_ore} kr",
        "en": "voucher {voucher} does not balance: {difference_ore} kr",
    },
    "amount_not_posted": {
        "sv": "händelsen säger {said_ore} kr, som inte konteras i verifikation {voucher}",
        "en": "the event says {said_ore} kr, which voucher {voucher} does not post",
    },
    "number_out_of_sequence": {
        "sv": "verifikation {voucher} borde ha nummer {expected}",
        "en": "voucher {voucher} should have number {expected}",
    },
    "date_outside_year": {
        "sv": "verifikation {voucher} är daterad {accounting_date}, utanför sitt räkenskapsår",
        "en": "voucher {voucher} is dated {accounting_date}, outside its fiscal year",
    },
    "date_in_closed_period": {
        "sv": "verifikation {voucher} är daterad {accounting_date}, men perioden var stängd till och med {through}",
        "en": "voucher {voucher} is dated {accounting_date}, but the period was closed through {through}",
    },
    "link_broken": {
        "sv": "{voucher} hänvisar till {named}, som inte finns eller inte är det som avses",
        "en": "{voucher} names {named}, which does not exist or is not what is meant",
    },
    "corrected_twice": {
        "sv": "verifikation {named} rättas av {voucher} men är redan rättad eller återförd",
        "en": "voucher {named} is corrected by {voucher} but has been corrected or reversed already",
    },
    "not_the_reverse": {
        "sv": "verifikation {voucher} är inte motsatsen till {named}",
        "en": "voucher {voucher} is not the opposite of {named}",
    },
    "replacement_missing": {
        "sv": "rättelsen {voucher} skulle följas av den riktiga verifikationen",
        "en": "the right voucher should follow the correction {voucher}",
    },
    "issue_out_of_sequence": {
        "sv": "avlämnad rapport {number} borde vara {expected}",
        "en": "issued report {number} should be {expected}",
    },
    "identity_missing": {
        "sv": "meddelandet {message} är inte registrerat under sin identitet",
        "en": "message {message} is not recorded under its identity",
    },
    "identity_elsewhere": {
        "sv": "meddelandet {message} är registrerat från position {first} (antal händelser: {count})",
        "en": "message {message} is recorded from position {first} (number of events: {count})",
    },
    "identity_stray": {
        "sv": "en registrerad identitet från denna position (antal händelser: {count}) har ingen händelse",
        "en": "a recorded identity from this position (number of events: {count}) has no event",
    },
    "state_broken": {"sv": "boken kan inte ta in händelsen; {reason}", "en": "the book cannot take it in; {reason}"},
    "ledger_differs": {
        "sv": "konto {account} är {booked_ore} kr {day} i det som rapporter görs av, inte summan {summed_ore} kr",
        "en": "account {account} is {booked_ore} kr on {day} where reports are made from, not the sum {summed_ore} kr",
    },
}

WITHOUT_POSITION = frozenset({"store_changed"})
"""Faults of the book as a whole; their position is 0."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong at a position of a book: a code and the facts."""

    position: int
    code: str
    facts: dict[str, str | int] = {}

    def sentence(self, language: Language) -> str:
        """Return the fault in words."""
        facts = self.facts
        if "reason" in facts:
            facts = facts | {"reason": reason_in(language, str(facts["reason"]), OURS)}
        return say(SENTENCES[self.code][language], facts)


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked in a book, and what was found."""

    book: str
    events: int
    vouchers: int
    postings: int
    series: dict[str, int]
    faults: tuple[Fault, ...]
