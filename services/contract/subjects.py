"""The names on the bus: subjects, streams and buckets. Nothing else spells them out."""

IN_STREAM = "grundbok-in"
DEAD_STREAM = "grundbok-dead"
REPORTS_BUCKET = "grundbok-reports"
CURSORS_BUCKET = "grundbok-cursors"

IN_SUBJECTS = "grundbok.in.*"
DEAD_SUBJECTS = "grundbok.dead.*"
RECEIPT_SUBJECTS = "grundbok.receipts.*"

QUERY_GROUP = "q"
"""The queue group of those who answer questions, as NATS services name it: one of them answers each."""

REFUSAL_CODE = "Nats-Service-Error-Code"
REFUSAL_TEXT = "Nats-Service-Error"
"""The headers by which a reply says that the question was refused, as NATS services do."""

SEQUENCE_HEADER = "Grundbok-Sequence"
MADE_HEADER = "Grundbok-Stream-Made"
CODE_HEADER = "Grundbok-Code"
FIELD_HEADER = "Grundbok-Field"
REASON_HEADER = "Grundbok-Reason"
REASON_EN_HEADER = "Grundbok-Reason-En"
"""What an answer and a dead letter say of the message: its sequence in which making of the stream, and why not."""

KEPT_PREFIX = "Grundbok-Had-"
"""What is put before those headers of a dead letter that would mean something to the server, such as Nats-Msg-Id."""

POSITION_KEY = "position"
"""The key, below the book, of the position that all reports in the bucket reflect."""


def in_subject(book: str) -> str:
    """Return where messages for a book are published."""
    return f"grundbok.in.{book}"


def receipts_subject(book: str) -> str:
    """Return where the answers to messages for a book are published."""
    return f"grundbok.receipts.{book}"


def receipts_stream(book: str) -> str:
    """Return the stream that keeps the answers to messages for a book."""
    return f"grundbok-receipts-{book}"


def dead_subject(book: str) -> str:
    """Return where messages that a book refused are kept."""
    return f"grundbok.dead.{book}"


def events_subject(book: str, tag: str) -> str:
    """Return where the events of a book with this tag are published; a dot in the tag begins a new token."""
    return f"grundbok.events.{book}.{tag}"


def events_subjects(book: str) -> str:
    """Return the pattern of all events of a book."""
    return f"grundbok.events.{book}.>"


def events_stream(book: str) -> str:
    """Return the stream whose sequences are the positions of a book."""
    return f"grundbok-events-{book}"


def report_key(book: str, report: str) -> str:
    """Return the key of a report in the bucket of reports."""
    return f"{book}.{report}"


def cursor_key(book: str) -> str:
    """Return the key of how far the messages for a book were read."""
    return f"in.{book}"


def query_subject(book: str, question: str) -> str:
    """Return where a question to a book is asked."""
    return f"grundbok.query.{book}.{question}"


def bucket_stream(bucket: str) -> str:
    """Return the stream below a bucket."""
    return f"KV_{bucket}"


def bucket_subject(bucket: str, key: str) -> str:
    """Return the subject of a key of a bucket."""
    return f"$KV.{bucket}.{key}"


def book_of(subject: str) -> str:
    """Return the book in a subject of ours."""
    return subject.split(".")[2]
