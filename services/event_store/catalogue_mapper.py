"""The mapper of real books: all events of the catalogue."""

from functools import cache

from domain.catalogue import AnyEvent
from services.event_store.mapper import TaggedMapper


@cache
def catalogue_mapper() -> TaggedMapper[AnyEvent]:
    """Return a mapper of the whole catalogue; it is built once a program, as building it takes milliseconds."""
    return TaggedMapper(AnyEvent)
