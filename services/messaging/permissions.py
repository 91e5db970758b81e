"""Who may do what on the bus: every subject that a user may publish or subscribe to. What is not listed is refused.

The parts of Grundbok are users of one account, which has the streams. Each association has an account of its own and
reaches only what is shared with it. Subjects alone would not keep associations apart: within one account anybody can
name `$JS.API.STREAM.DELETE.<stream>` as the reply subject of a question, and the server's empty answer then deletes
that stream. Between accounts an answer goes back to the account that asked, whatever subject it names. For the same
reason an association makes no consumers, which could deliver to any subject; it reads with direct gets.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from services.contract.subjects import (
    CURSORS_BUCKET,
    DEAD_STREAM,
    IN_STREAM,
    IN_SUBJECTS,
    RECEIPT_SUBJECTS,
    REPORTS_BUCKET,
    bucket_stream,
    bucket_subject,
    cursor_key,
    dead_subject,
    events_stream,
    events_subjects,
    in_subject,
    query_subject,
    receipts_stream,
    receipts_subject,
    report_key,
)

SERVICE_ACCOUNT = "GRUNDBOK"
SERVICES = ("ingest", "relay", "reports", "query", "operator")
"""The users of the service account: the parts of `serve`, and the person at `grundbok bus`."""

PUBLIC_ROLES = ("sender", "reader")
"""The users of an association's account."""

QUERY_SUBJECTS = query_subject("*", ">")
CURSORS, REPORTS = bucket_stream(CURSORS_BUCKET), bucket_stream(REPORTS_BUCKET)


class Grant(NamedTuple):
    """The subjects a user may publish and subscribe to, and whether it may answer what it is asked."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    may_answer: bool = False


class Shared(NamedTuple):
    """A subject of the service account that one association's account may use.

    A `request` may be sent there and is answered once, or with `many` messages; `live` messages can be subscribed to.
    """

    kind: Literal["request", "many", "live"]
    subject: str


def user_name(role: str, book: str = "") -> str:
    """Return the name of a user, which also names its seed and its inboxes."""
    return f"{role}-{book}" if book else role


def inbox_prefix(user: str) -> str:
    """Return what the subjects begin with on which a user, and nobody else, gets its answers."""
    return f"_INBOX_{user}"


def account_of(book: str) -> str:
    """Return the account of an association."""
    return f"association-{book}"


def service_grant(role: str, books: Sequence[str]) -> Grant:
    """Return what a service may do with these books."""
    publish, subscribe, may_answer = {
        "ingest": _ingest,
        "relay": _relay,
        "reports": _reports,
        "query": _query,
        "operator": _operator,
    }[role](tuple(books))
    return Grant(publish, (f"{inbox_prefix(role)}.>", *subscribe), may_answer)


def public_grant(role: str, book: str) -> Grant:
    """Return what the sender or the reader of one association may do; its account has nothing else to offer."""
    shared = sender_shared(book) if role == "sender" else reader_shared(book)
    return Grant(
        publish=tuple(one.subject for one in shared if one.kind != "live"),
        subscribe=(f"{inbox_prefix(user_name(role, book))}.>", *(one.subject for one in shared if one.kind == "live")),
    )


def shared_with(book: str) -> tuple[Shared, ...]:
    """Return what the account of an association may use of the service account."""
    return sender_shared(book) + reader_shared(book)


def sender_shared(book: str) -> tuple[Shared, ...]:
    """Return what a sender needs: to publish messages, and to read the answers from the stream or as they come."""
    receipts = receipts_stream(book)
    return (
        Shared("request", in_subject(book)),
        Shared("many", _direct(receipts)),
        Shared("request", _direct(receipts, receipts_subject(book))),
        Shared("live", receipts_subject(book)),
    )


def reader_shared(book: str) -> tuple[Shared, ...]:
    """Return what a reader needs: events and latest reports, kept or as they come, and to ask."""
    events, every_report = events_stream(book), bucket_subject(REPORTS_BUCKET, report_key(book, ">"))
    return (
        Shared("many", _direct(events)),
        Shared("request", _direct(events, events_subjects(book))),
        Shared("live", events_subjects(book)),
        Shared("request", _direct(REPORTS, every_report)),
        Shared("live", every_report),
        Shared("request", query_subject(book, ">")),
    )


_Rights = tuple[tuple[str, ...], tuple[str, ...], bool]


def _ingest(books: tuple[str, ...]) -> _Rights:
    streams = (IN_STREAM, DEAD_STREAM, CURSORS, *map(receipts_stream, books))
    events = tuple(map(events_stream, books))
    cursors = [bucket_subject(CURSORS_BUCKET, cursor_key(book)) for book in books]
    publish = (
        *(f"$JS.API.STREAM.{call}.{stream}" for stream in streams for call in ("INFO", "CREATE")),
        *(f"$JS.API.STREAM.INFO.{stream}" for stream in events),
        *map(_direct, events),
        *_reading(IN_STREAM, IN_SUBJECTS),
        *(_direct(CURSORS, cursor) for cursor in cursors),
        *(_direct(DEAD_STREAM, dead_subject(book)) for book in books),
        *(subject for book in books for subject in (receipts_subject(book), dead_subject(book))),
        *cursors,
    )
    return publish, (), False


def _relay(books: tuple[str, ...]) -> _Rights:
    streams = tuple(map(events_stream, books))
    publish = (
        *(f"$JS.API.STREAM.{call}.{stream}" for stream in streams for call in ("INFO", "CREATE", "DELETE")),
        *map(_direct, streams),
        *map(events_subjects, books),
    )
    return publish, (RECEIPT_SUBJECTS,), False


def _reports(books: tuple[str, ...]) -> _Rights:
    keys = [bucket_subject(REPORTS_BUCKET, report_key(book, ">")) for book in books]
    publish = (
        *(f"$JS.API.STREAM.{call}.{REPORTS}" for call in ("INFO", "CREATE")),
        *(_direct(REPORTS, key) for key in keys),
        *keys,
    )
    return publish, (RECEIPT_SUBJECTS,), False


def _query(_: tuple[str, ...]) -> _Rights:
    return (), (QUERY_SUBJECTS, "$SRV.>"), True


def _operator(books: tuple[str, ...]) -> _Rights:
    events = tuple(map(events_stream, books))
    streams = (IN_STREAM, DEAD_STREAM, CURSORS, REPORTS, *map(receipts_stream, books), *events)
    publish = (
        *(f"$JS.API.STREAM.INFO.{stream}" for stream in streams),
        *_reading(DEAD_STREAM, *map(dead_subject, books)),
        *(_direct(DEAD_STREAM, dead_subject(book)) for book in books),
        *(_direct(receipts_stream(book)) for book in books),
        *(_direct(receipts_stream(book), receipts_subject(book)) for book in books),
        *(query_subject(book, ">") for book in books),
        f"$JS.API.STREAM.MSG.DELETE.{DEAD_STREAM}",
        *map(in_subject, books),
        _direct(IN_STREAM),
        *(_direct(CURSORS, bucket_subject(CURSORS_BUCKET, cursor_key(book))) for book in books),
        *(bucket_subject(CURSORS_BUCKET, cursor_key(book)) for book in books),
        *(_direct(REPORTS, bucket_subject(REPORTS_BUCKET, report_key(book, ">"))) for book in books),
        *(subject for book in books for subject in _reading(events_stream(book), events_subjects(book))),
        *(f"$JS.API.STREAM.DELETE.{stream}" for stream in events),
    )
    heard = (*map(receipts_subject, books), *map(events_subjects, books))
    return publish, heard, False


def _reading(stream: str, *filters: str) -> tuple[str, ...]:
    """Return what reading a stream in order takes: consumers with one of the filters, and single messages."""
    return (
        *(f"$JS.API.CONSUMER.CREATE.{stream}.*.{subject}" for subject in filters),
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.*",
        f"$JS.API.CONSUMER.DELETE.{stream}.*",
        _direct(stream),
    )


def _direct(stream: str, subject: str = "") -> str:
    """Return where messages of a stream are asked for: by sequence, or the last one of a subject."""
    return f"$JS.API.DIRECT.GET.{stream}.{subject}" if subject else f"$JS.API.DIRECT.GET.{stream}"
