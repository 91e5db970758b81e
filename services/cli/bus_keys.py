"""`grundbok bus keys`: keys for the users of the bus, and what the servers need to know of them."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from services.cli.exits import OK
from services.cli.options import Lang
from services.cli.report import FileNotWritten
from services.cli.speech import language_of, say_aside
from services.messaging.keys import AUTHORIZATION, SERVER_FILES, make_keys

TOLD = {
    "sv": "{count} nya nycklar i {place}. Starta om servrarna, en i taget: de läser {configuration}.",
    "en": "{count} new keys in {place}. Restart the servers, one at a time: they read {configuration}.",
}
UNCHANGED = {
    "sv": "Inget har ändrats i {place}: alla användare har nycklar, och servrarna har inget nytt att läsa.",
    "en": "Nothing has changed in {place}: every user has a key, and the servers have nothing new to read.",
}


def bus_keys(
    directory: Annotated[Path, Parameter(help="Directory of the keys; it is made if need be.")],
    /,
    *,
    association: Annotated[
        list[str] | None, Parameter(help="Book of an association that gets a sender and a reader; may be repeated.")
    ] = None,
    lang: Lang = None,
) -> int:
    """Make keys for every user of the bus that has none: the services, and a sender and a reader for each book.

    Seeds go into files that only their owner can read; they are never printed and never overwritten. Prints the users
    that got a key. To change a key, remove its .seed and .pub file and run this again; to shut an association out,
    remove the four files of its sender and its reader.
    """
    try:
        keys = make_keys(directory, association or [])
    except OSError as error:
        raise FileNotWritten(path=str(error.filename or directory), reason=error.strerror or str(error)) from error
    for user in keys.made:
        sys.stdout.write(f"{user}\n")
    configuration = directory / SERVER_FILES / AUTHORIZATION
    told = (TOLD if keys.changed else UNCHANGED)[lang or language_of(sys.argv)]
    say_aside(told.format(count=len(keys.made), place=directory, configuration=configuration))
    return OK
