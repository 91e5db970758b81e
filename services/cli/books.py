"""`grundbok books`: which books there are."""

import os
import sys

import msgspec

from domain.books.register import AssociationRegistered
from services.bootstrap import Program, running
from services.cli.options import Data, Lang, TextOrJson
from services.settings import read_settings


class Listed(msgspec.Struct, frozen=True):
    """A book in the list: its name, its association, and its last position."""

    book: str
    organisation_number: str
    name: str
    position: int


def books(*, output: TextOrJson = "text", data: Data = None, lang: Lang = None) -> int:
    """List the books: name, organisation number, last position, association."""
    with running(read_settings(os.environ, data=data, language=lang)) as program:
        listed = [_listed(program, name) for name in program.shelf.names()]
    if output == "json":
        sys.stdout.write(f"{msgspec.json.encode(listed).decode()}\n")
        return 0
    width = max((len(row.book) for row in listed), default=0)
    for row in listed:
        sys.stdout.write(f"{row.book:<{width}}  {row.organisation_number or '-':<11}  {row.position:>8}  {row.name}\n")
    return 0


def _listed(program: Program, name: str) -> Listed:
    store = program.book(name)
    _, first = next(store.events(upto=1), (0, None))
    number, association = "", ""
    if isinstance(first, AssociationRegistered):
        number, association = first.organisation_number, first.name
    return Listed(name, number, association, store.head())
