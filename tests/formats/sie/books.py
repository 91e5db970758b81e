"""Events of a book, decided by the domain, for exports."""

from domain.book import Book, evolve
from domain.catalogue import AnyEvent
from domain.decisions import decide
from domain.kernel.event import Command
from tests.builders import BY_ANNA


def events_after(*commands: Command) -> list[AnyEvent]:
    """Return the events of a book in which the commands were accepted, recorded by Anna."""
    book, events = Book(), []
    for command in commands:
        for event in decide(book, command, BY_ANNA):
            book = evolve(book, event)
            events.append(event)
    return events
