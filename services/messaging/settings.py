"""The settings of the bus: read from the environment once, checked and frozen. Secrets come from it or from files."""

import ssl
from collections.abc import Mapping
from pathlib import Path

import msgspec

from services.event_store.shelf import is_book_name
from services.messaging.nats_connection import Access, without_passwords
from services.settings import SettingWrong

NATS = "GRUNDBOK_NATS"
SEED_FILE = "GRUNDBOK_NATS_SEED_FILE"
SEED = "GRUNDBOK_NATS_SEED"
USER = "GRUNDBOK_NATS_USER"
AUTHORITY = "GRUNDBOK_NATS_CA"
REPLICAS = "GRUNDBOK_NATS_REPLICAS"
KEEP = "GRUNDBOK_EVENTS_KEEP"
STATUS = "GRUNDBOK_STATUS"
ASSOCIATIONS = "GRUNDBOK_ASSOCIATIONS"

VARIABLES = {
    NATS: "URLs of the NATS servers, with commas between (default: a server of our own)",
    SEED_FILE: "file with the seed of our nkey; its name without suffix is the user",
    SEED: "the seed itself, where there is no file",
    USER: "user of the seed, if not the name of its file; its inboxes are _INBOX_<user>",
    AUTHORITY: "file with the certificates of the authority to trust for TLS",
    REPLICAS: "copies of each stream in a cluster: 1 (default), 3 or 5",
    KEEP: "how many of the last events each stream of events holds (default: 0, all)",
    STATUS: "address of health and metrics, host:port (default: 127.0.0.1:8090; port 0: any)",
    ASSOCIATIONS: "names of the books a service works for, with commas between (default: all)",
}
"""Every variable of the bus, and what it is for."""

URL_SCHEMES = ("nats://", "tls://", "ws://", "wss://")
STATUS_DEFAULT = "127.0.0.1:8090"


class BusSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the bus is reached (None: by a server of our own), how it is used, and for which books (none named: all)."""

    access: Access | None
    replicas: int = 1
    keep: int = 0
    status_host: str = "127.0.0.1"
    status_port: int = 8090
    associations: tuple[str, ...] = ()

    def works_for(self, book: str) -> bool:
        """Tell whether a service with these settings works for a book."""
        return not self.associations or book in self.associations


def read_bus_settings(environment: Mapping[str, str], *, associations: str | None = None) -> BusSettings:
    """Return the settings of the bus in the environment, below what was said for this run; raises `SettingWrong`."""
    host, port = _address(environment.get(STATUS) or STATUS_DEFAULT)
    return BusSettings(
        access=_access(environment),
        replicas=_number(environment, REPLICAS, 1, (1, 3, 5)),
        keep=_number(environment, KEEP, 0, None),
        status_host=host,
        status_port=port,
        associations=_associations(environment.get(ASSOCIATIONS) or "", associations),
    )


def _access(environment: Mapping[str, str]) -> Access | None:
    given = environment.get(NATS)
    if not given:
        return None
    urls = tuple(url.strip() for url in given.split(",") if url.strip())
    if not urls or not all(url.startswith(URL_SCHEMES) for url in urls):
        raise SettingWrong(setting=NATS, value=without_passwords(given), expected="nats://host:port, tls://host:port")
    seed, user = _seed(environment)
    authority = environment.get(AUTHORITY)
    if authority and not _is_authority(Path(authority)):
        expected, expected_sv = "it is to be a file of certificates (PEM)", "det ska vara en fil med certifikat (PEM)"
        raise SettingWrong(setting=AUTHORITY, value=authority, expected=expected, expected_sv=expected_sv)
    return Access(
        urls=urls,
        seed=seed,
        authority=Path(authority) if authority else None,
        inbox=f"_INBOX_{user}" if user else "_INBOX",
    )


def _associations(named: str, named_for_this_run: str | None) -> tuple[str, ...]:
    """Return the books of a service; one that is not there yet may come. Nothing but commas is not taken for all."""
    given = named if named_for_this_run is None else named_for_this_run
    books = [book.strip() for book in given.split(",") if book.strip()]
    unusable = [book for book in books if not is_book_name(book)]
    if unusable or (not books and (given or named_for_this_run is not None)):
        raise SettingWrong(
            setting=ASSOCIATIONS if named_for_this_run is None else "--associations",
            value=unusable[0] if unusable else given,
            expected="names of books with commas between, each 1-41 characters of a-z, 0-9 and hyphen",
            expected_sv="namn på böcker med komma emellan, vart och ett 1-41 tecken av a-z, 0-9 och bindestreck",
        )
    return tuple(sorted(set(books)))


def _is_authority(file: Path) -> bool:
    try:
        ssl.create_default_context(cafile=str(file))
    except OSError:  # ssl.SSLError is one
        return False
    return True


def _seed(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the seed and its user, both empty where the server asks for none."""
    seed, user = environment.get(SEED) or "", environment.get(USER) or ""
    file = environment.get(SEED_FILE)
    if file:
        try:
            seed = Path(file).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            expected, expected_sv = "it is to be a file with a seed", "det ska vara en fil med ett frö (seed)"
            raise SettingWrong(setting=SEED_FILE, value=file, expected=expected, expected_sv=expected_sv) from error
        user = user or Path(file).stem
    if seed and not (seed.startswith("SU") and user):
        expected, expected_sv = f"it is to be the seed of a user ({USER})", f"det ska vara en användares frö ({USER})"
        setting = SEED_FILE if file else SEED
        raise SettingWrong(setting=setting, value="…", expected=expected, expected_sv=expected_sv)
    return seed, user


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise SettingWrong(setting=STATUS, value=text, expected="host:port")
    return host or "127.0.0.1", int(port)


def _number(environment: Mapping[str, str], name: str, default: int, allowed: tuple[int, ...] | None) -> int:
    text = environment.get(name)
    if not text:
        return default
    if not text.isdecimal() or (allowed is not None and int(text) not in allowed):
        expected = ", ".join(map(str, allowed)) if allowed else "0, 1, 2, …"
        raise SettingWrong(setting=name, value=text, expected=expected)
    return int(text)
