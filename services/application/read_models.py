"""Read models kept in files beside the books: opened when they fit their book, caught up, saved, else made anew.

A file fits when the program that wrote it shapes read models as this one does, when it names the stream of the book,
and when the book has, at the position the file has come to, the very bytes the file was made from. Anything else
about a file that is wrong has the same answer: it is deleted, and the events are read again.
"""

from hashlib import blake2b
from sys import byteorder

import msgspec

from domain.books.voucher import Voucher
from domain.catalogue import AnyEvent
from domain.kernel.event import Recorded
from projections import block, cube, postings
from projections.cube import columns
from projections.history import NOTED, PLAIN_TAGS
from projections.ledger import Key
from projections.postings import Outline, Postings, outline_of_nothing
from projections.read_model import Note, ReadModel
from projections.skim import SkimmedVoucher
from services.event_store.model_file import ModelFile, ModelUnusable
from services.event_store.slim import SKIMMER, event_of, folding
from services.event_store.store import BookStore
from services.settings import Settings

FORMAT = 1
"""Raised when the same columns come to mean something else; other changes of shape are seen by `shape`."""

WORTH_SAVING = 1000
"""Events that are read again rather than written: reading them takes as long as opening the file."""

SAVED_AT_A_TIME = 200_000
"""Events between the saves of a long catch-up, which goes on from there when it was interrupted."""

FOLDER = ".cache"
"""The directory of read models, beside the books; it may be deleted at any time."""


class Saved(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The outline as it stands in a file, and what ties it to its book and program."""

    shape: bytes
    stream: str
    position: int
    digest: bytes
    columns: tuple[bytes, ...]
    keys: tuple[Key, ...]
    growing: tuple[bytes, ...]
    notes: int


def shape_of_program() -> bytes:
    """Return what two programs agree on when they can read each other's read models."""
    shaped = (
        FORMAT,
        byteorder,
        (block.FULL, postings.FANOUT, block.POSTING_CODES, block.Registered.CODES, cube.CODES),
        sorted(PLAIN_TAGS),
        [str(kind) for kind in (NOTED, Key, Saved)],
        [
            (kind.__name__, kind.__struct_fields__, kind.__struct_config__.tag)
            for kind in (Voucher, Recorded, SkimmedVoucher)
        ],
    )
    return blake2b(repr(shaped).encode(), digest_size=16).digest()


SHAPE = shape_of_program()


def model_file(settings: Settings, book: str) -> ModelFile:
    """Return the file of a book's read model, made or not; books of a database have their own beside those of files."""
    place = settings.data / FOLDER
    if settings.postgres is not None:
        place /= blake2b(settings.postgres.encode(), digest_size=4).hexdigest()
    return ModelFile(place / f"{book}.ledger")


class KeptModel:
    """The read model of one book, and the file it is kept in, if any. Not to be used by two threads at a time."""

    def __init__(self, store: BookStore[AnyEvent], file: ModelFile | None) -> None:
        self._store = store
        self._file = file
        self._revision = 0
        self._saved_position = self._saved_notes = 0
        self._digest = b""
        self.model = self._opened() or self._made(outline_of_nothing(), 0, [])

    def catch_up(self) -> None:
        """Bring the read model to the head of its book.

        Raises ModelUnusable where it is not of this book or cannot hold it; then it is to be thrown away.
        """
        model = self.model
        if model.position and self._digest_at(model.position) != self._digest:
            raise ModelUnusable("the book is another one")
        for page in SKIMMER.pages(self._store, model.position):
            if model.position - self._saved_position >= SAVED_AT_A_TIME:
                self._save(release=True)
            try:
                with folding(self._store.name, page):
                    model.take(page)
            except OverflowError as error:
                raise ModelUnusable("the sums of the book do not fit the columns") from error
            self._digest = _digest(page.rows[-1][1])
        if model.position - self._saved_position >= WORTH_SAVING:
            self._save(release=False)

    def _opened(self) -> ReadModel | None:
        """Return the read model in the file, or nothing where there is none; raises ModelUnusable."""
        found = None if self._file is None else self._file.outline()
        if self._file is None or found is None:
            return None
        self._revision, content = found
        try:
            saved = msgspec.msgpack.decode(content, type=Saved)
            if saved.shape != SHAPE or saved.stream != self._store.stream():
                raise ModelUnusable("the file is of another program or book")
            ends, through_days, through_instants, first_positions = columns("qqqq", saved.columns)
            outline = Outline(
                ends=ends,
                through_days=through_days,
                through_instants=through_instants,
                keys=list(saved.keys),
                first_positions=first_positions,
                growing=block.block_from(saved.growing),
            )
        except (msgspec.MsgspecError, ValueError) as error:
            raise ModelUnusable("the outline is none") from error
        self._digest = saved.digest
        notes = [Note(position, state) for position, state in self._file.notes(saved.position)]
        if len(notes) != saved.notes:
            raise ModelUnusable("notes are missing")
        self._saved_position, self._saved_notes = saved.position, len(notes)
        return self._made(outline, saved.position, notes)

    def _made(self, outline: Outline, position: int, notes: list[Note]) -> ReadModel:
        fetch = None if self._file is None else self._file.node
        name = self._store.name
        return ReadModel(
            Postings(outline, position, fetch), notes, lambda position, state: event_of(name, position, state)
        )

    def _save(self, *, release: bool) -> None:
        """Save what is new; where that cannot be done, go on in memory."""
        model, file = self.model, self._file
        if file is None:
            return
        nodes = [(place, model.postings.node(place).parts()) for place in model.postings.unsaved]
        notes = [(note.position, note.state) for note in model.notes[self._saved_notes :]]
        try:
            written = file.save(self._revision, self._outline(), nodes, notes)
        except ModelUnusable:
            written = False
        if not written:
            # Another process was first, or there is no room. What was saved before can be fetched as before.
            self._file = None
            return
        self._revision += 1
        self._saved_position, self._saved_notes = model.position, len(model.notes)
        model.postings.saved(file.node, release=release)

    def _outline(self) -> bytes:
        outline = self.model.postings.outline
        together = (outline.ends, outline.through_days, outline.through_instants, outline.first_positions)
        return msgspec.msgpack.encode(
            Saved(
                shape=SHAPE,
                stream=self._store.stream(),
                position=self.model.position,
                digest=self._digest,
                columns=tuple(column.tobytes() for column in together),
                keys=tuple(outline.keys),
                growing=outline.growing.parts(),
                notes=len(self.model.notes),
            )
        )

    def _digest_at(self, position: int) -> bytes:
        rows = self._store.read(position - 1, 1)
        return _digest(rows[0][1]) if rows and rows[0][0] == position else b""


def _digest(state: bytes) -> bytes:
    return blake2b(state, digest_size=16).digest()
