"""What can be wrong with a layout: a code, a sentence in Swedish and English, and the facts behind it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from domain.kernel.refusal import Language, quoted, say

if TYPE_CHECKING:
    from domain.kernel.refusal import Fact

FAULTS: dict[str, dict[Language, str]] = {
    # the file
    "file_not_readable": {"sv": "{said}", "en": "{said}"},
    "file_not_utf8": {
        "sv": "byte {byte} är inte UTF-8: spara filen som UTF-8",
        "en": "byte {byte} is not UTF-8: save the file as UTF-8",
    },
    "toml_wrong": {"sv": "filen är inte TOML; {said}", "en": "the file is not TOML; {said}"},
    "brackets_too_deep": {"sv": "för många hakparenteser i varandra", "en": "too many brackets in each other"},
    "field_unknown": {"sv": "okänt fält `{field}`{at}", "en": "unknown field `{field}`{at}"},
    "field_missing": {"sv": "fältet `{field}` saknas{at}", "en": "missing required field `{field}`{at}"},
    "kind_wrong": {"sv": "väntade `{expected}`, fick `{got}`{at}", "en": "Expected `{expected}`, got `{got}`{at}"},
    "value_unknown": {
        "sv": "{value} är inget av de värden som kan stå här{at}",
        "en": "Invalid enum value {value}{at}",
    },
    "value_wrong": {"sv": "ett värde kan inte stå här; {said}", "en": "a value cannot stand here; {said}"},
    # accounts and formulas
    "accounts_unreadable": {
        "sv": "konton '{text}': '{word}' går inte att läsa",
        "en": "accounts '{text}': cannot read '{word}'",
    },
    "formula_unreadable": {"sv": "'{text}': '{rest}' går inte att läsa", "en": "'{text}': cannot read '{rest}'"},
    "formula_unexpected": {"sv": "'{text}': oväntat '{found}'", "en": "'{text}': unexpected '{found}'"},
    "formula_ends": {"sv": "'{text}': formeln slutar för tidigt", "en": "'{text}': a formula ends too early"},
    "formula_open": {"sv": "'{text}': en parentes är inte stängd", "en": "'{text}': a parenthesis is not closed"},
    "formula_too_deep": {
        "sv": "'{text}…': för många parenteser eller tecken i varandra",
        "en": "'{text}…': too many parentheses or signs in each other",
    },
    # what stands in a table
    "placeholder_in_title": {
        "sv": "tabell {table}, rubriken: {placeholder} går inte att fylla i; det finns {known}",
        "en": "table {table}, title: {placeholder} cannot be filled in; there are {known}",
    },
    "placeholder_in_column": {
        "sv": "tabell {table}, kolumnen '{label}': {placeholder} går inte att fylla i; det finns {known}",
        "en": "table {table}, column '{label}': {placeholder} cannot be filled in; there are {known}",
    },
    "placeholder_in_line": {
        "sv": "tabell {table}, raden {line}: {placeholder} går inte att fylla i; det finns {known}",
        "en": "table {table}, line {line}: {placeholder} cannot be filled in; there are {known}",
    },
    "years_unused": {
        "sv": "kolumnen '{label}': years är för det som är beviljat",
        "en": "column '{label}': years is for what is granted",
    },
    "line_needs_id": {"sv": "en rad behöver ett id", "en": "a line needs an id"},
    "heading_has_amounts": {
        "sv": "raden {line} är en rubrik och har inga belopp",
        "en": "line {line} is a heading and has no amounts",
    },
    "sum_and_more": {"sv": "raden {line} har både sum och {other}", "en": "line {line} has both a sum and {other}"},
    "terms_and_more": {"sv": "raden {line} har både terms och {other}", "en": "line {line} has both terms and {other}"},
    "at_least_without_sum": {
        "sv": "raden {line} har at_least utan sum",
        "en": "line {line} has at_least without a sum",
    },
    "check_without_equals": {"sv": "kontrollen '{text}' behöver ett '='", "en": "check '{text}' needs a '='"},
    "table_twice": {"sv": "tabellen {table} finns två gånger", "en": "table {table} is there twice"},
    "line_twice": {"sv": "raden {line} finns två gånger", "en": "line {line} is there twice"},
    "each_needs_ids": {"sv": "två rader med each behöver ett id", "en": "two lines for each need an id"},
    "pack_empty": {"sv": "paketet {pack} nämner ingen tabell", "en": "pack {pack} names no table"},
    "pack_names_stranger": {
        "sv": "paketet {pack} nämner tabellen {table}, som inte finns",
        "en": "pack {pack} names table {table}, which does not exist",
    },
    # what formulas name
    "name_unknown": {
        "sv": "'{text}' nämner {name}, som inte finns",
        "en": "'{text}' names {name}, which does not exist",
    },
    "name_of_heading": {
        "sv": "'{text}' nämner {name}, en rubrik utan belopp",
        "en": "'{text}' names {name}, a heading without amounts",
    },
    "column_unknown": {
        "sv": "'{text}' nämner kolumn {column}, som {table} inte har",
        "en": "'{text}' names column {column}, which {table} does not have",
    },
    "column_unsaid": {
        "sv": "'{text}' nämner {name} i {columns} kolumner, men {table} har {has}: säg vilken, som i {name}@0",
        "en": "'{text}' names {name} in {columns} columns, but {table} has {has}: say which, as in {name}@0",
    },
    "sum_in_circle": {"sv": "summan av {line} går i cirkel", "en": "the sum of {line} goes in a circle"},
    # what a table covers
    "accounts_twice": {
        "sv": "konton {accounts} hamnar på både {one} och {other}",
        "en": "accounts {accounts} fall on both {one} and {other}",
    },
    "accounts_on_no_line": {
        "sv": "konton {accounts} hamnar inte på någon rad i {table}",
        "en": "accounts {accounts} fall on no line of {table}",
    },
}
"""Each fault in both languages; the fact `said` is what the system said, and is quoted."""


Facts = dict[str, str | int]
Found = Iterable[tuple[str, str, Facts]]
"""What was found wrong: place, code and facts."""


class Fault(msgspec.Struct, frozen=True):
    """Something wrong with a layout file, and where."""

    place: str
    code: str
    facts: Facts = {}

    def sentence(self, language: Language) -> str:
        """Return what is wrong in words."""
        words: dict[str, Fact] = {**self.facts}
        if "said" in words:
            words["said"] = quoted(str(words["said"]), language)
        return say(FAULTS[self.code][language], words)
