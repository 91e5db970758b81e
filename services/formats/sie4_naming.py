"""Names of a SIE file in the terms of a book: objects to projects and parties, voucher series to series.

Dimension 6 gives projects; 20, 8 (customers) and 9 (suppliers) give parties. A book has no other dimensions.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

from domain.books.register import OpenProject, PartyKind, RegisterParty
from domain.books.series import MANUAL, RESERVED
from services.formats.sie4_file import CUSTOMER, PARTY, PROJECT, SUPPLIER, Objects, SieFile
from services.formats.sie4_findings import Findings

RESERVED_NAMES = {
    1: "Kostnadsställe", 2: "Kostnadsbärare", 6: "Projekt", 7: "Anställd", 8: "Kund", 9: "Leverantör", 10: "Faktura",
}  # fmt: skip
PARTIES: dict[int, tuple[str, PartyKind]] = {
    PARTY: ("", "other"), CUSTOMER: ("kund-", "customer"), SUPPLIER: ("lev-", "supplier"),
}  # fmt: skip
"""Dimensions of counterparties: what their names begin with in the book, and the kind of party."""

SLUG_MAX, SERIES_MAX = 64, 8


def plain(text: str) -> str:
    """Return a text without accents and without signs that nobody can read."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in parts if not unicodedata.combining(sign) and sign.isprintable())


def readable(text: str, limit: int) -> str:
    """Return a text as a book takes it: printable, trimmed, not longer than a limit."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()[:limit].strip()


def slug_of(code: str) -> str:
    """Return the name that an object code has in a book: lower case, no spaces or accents."""
    slug = re.sub(r"[^a-z0-9._/-]+", "-", plain(code).lower())
    return re.sub(r"^[^a-z0-9]+", "", slug)[:SLUG_MAX] or "objekt"


def series_of(text: str) -> str:
    """Return the series that vouchers of a file's series get: its own where a book may use it, else X before it."""
    letters = re.sub(r"[^A-Z0-9]", "", plain(text).upper())
    if not letters:
        return MANUAL if not text else "X"
    if letters[0].isdecimal() or letters[:SERIES_MAX] in RESERVED:
        letters = "X" + letters
    return letters[:SERIES_MAX]


class Naming:
    """Gives each object and series of a file its name in the book, always the same for the same file."""

    def __init__(self, file: SieFile, findings: Findings) -> None:
        self._file = file
        self._findings = findings
        self._slugs: dict[tuple[int, str], str] = {}
        self._taken: dict[bool, set[str]] = {True: set(), False: set()}
        self._copies: Counter[tuple[bool, str]] = Counter()
        self._left_out: Counter[int] = Counter()
        self._series: dict[str, str] = {}
        self._used: set[tuple[int, str]] = set()
        for key in file.objects:
            if key[0] == PROJECT or key[0] in PARTIES:
                self._slug(key)

    def project_and_party(self, objects: Objects, line: int) -> tuple[str, str]:
        """Return the project and the party of a row, empty where it has none."""
        project = party = ""
        for key in objects:
            if key[0] == PROJECT and not project:
                project = self._slug(key)
                self._used.add(key)
            elif key[0] in PARTIES and not party:
                party = self._slug(key)
                self._used.add(key)
            elif key[0] in PARTIES:
                self._findings.add("second_party", line)
            else:
                self._left_out[key[0]] += 1
        return project, party

    def series(self, text: str, line: int) -> str:
        """Return the series of the book."""
        if text not in self._series:
            self._series[text] = series_of(text)
            if self._series[text] != text:
                self._findings.add("series_renamed", line, series=text or "-", book=self._series[text])
        return self._series[text]

    def _slug(self, key: tuple[int, str]) -> str:
        if key in self._slugs:
            return self._slugs[key]
        dimension, code = key
        prefix = PARTIES[dimension][0] if dimension in PARTIES else ""
        slug = self._free(dimension in PARTIES, (prefix + slug_of(code))[:SLUG_MAX])
        self._slugs[key] = slug
        declared = self._file.objects.get(key)
        if declared is None:
            self._findings.add("object_not_declared", dimension=dimension, object=code)
        if slug != code:
            line = declared.line if declared is not None else 0
            self._findings.add("object_renamed", line, dimension=dimension, object=code, slug=slug)
        return slug

    def _free(self, is_party: bool, wanted: str) -> str:  # noqa: FBT001 - parties and projects are named apart
        """Return the wanted name, or the first numbered one that no other object has."""
        slug = wanted
        while slug in self._taken[is_party]:
            self._copies[is_party, wanted] += 1
            slug = f"{wanted[: SLUG_MAX - 7]}-{self._copies[is_party, wanted] + 1}"
        self._taken[is_party].add(slug)
        return slug

    def to_register(
        self, projects: Mapping[str, str], parties: Mapping[str, str]
    ) -> list[tuple[OpenProject | RegisterParty, int]]:
        """Return the projects and parties that the book lacks, after everything has been named."""
        wanted: list[tuple[OpenProject | RegisterParty, int]] = []
        for key, slug in self._slugs.items():
            if not self._file.is_whole_year and key not in self._used:
                continue
            declared = self._file.objects.get(key)
            name = readable(declared.name if declared is not None else key[1], 500) or slug
            line = declared.line if declared is not None else 0
            known = (parties if key[0] in PARTIES else projects).get(slug)
            if known is not None:
                if declared is not None and known != name:
                    self._findings.add("object_of_other_name", line, object=slug, name=name, book=known)
            elif key[0] in PARTIES:
                wanted.append((RegisterParty(party=slug, name=name, kind=PARTIES[key[0]][1]), line))
            else:
                wanted.append((OpenProject(project=slug, name=name), line))
        return wanted

    def say_what_was_left_out(self) -> None:
        """Name the dimensions that the book has no place for."""
        for dimension, count in sorted(self._left_out.items()):
            name = self._file.dimensions.get(dimension) or RESERVED_NAMES.get(dimension, "?")
            self._findings.add("dimension_left_out", dimension=dimension, name=name, count=count)
