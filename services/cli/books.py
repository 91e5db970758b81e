"""`grundbok books`: which books there are."""

import os
import sys

import msgspec

from domain.books.register import AssociationRegistered
from domain.kernel.refusal import Language
from services.bootstrap import Program, running
from services.cli.options import Data, Lang, TextOrJson
from services.cli.speech import say_aside
from services.settings import Settings, read_settings

NO_BOOKS: dict[Language, str] = {"sv": "det finns inga böcker i {place}", "en": "there are no books in {place}"}


class Listed(msgspec.Struct, frozen=True):
    """A book in the list: its name, its association, and its last position."""

    book: str
    organisation_number: str
    name: str
    position: int


def books(*, output: TextOrJson = "text", data: Data = None, lang: Lang = None) -> int:
    """List the books: name, organisation number, last position, association."""
    settings = read_settings(os.environ, data=data, language=lang)
    with running(settings) as program:
        listed = [_listed(program, name) for name in program.shelf.names()]
    if not listed:
        say_aside(NO_BOOKS[settings.language].format(place=_shown(settings)))
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


def _shown(settings: Settings) -> str:
    """Return the place of the books as it may be shown: without a password."""
    if settings.postgres is None:
        return str(settings.data)
    # Imported when needed, as the shelf is.
    from services.event_store.postgres_server import place_of  # noqa: PLC0415

    return place_of(settings.postgres)
