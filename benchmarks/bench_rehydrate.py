"""Rehydration: from a program that has just started to the state on which a message is decided."""

from pathlib import Path
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_ingest import VOUCHERS_SMOKE, timed
from benchmarks.process import run
from benchmarks.synthetic import messages
from domain.catalogue import AnyEvent
from services.application import snapshots
from services.application.ingest import ingest
from services.application.snapshots import Snapshots, snapshot_file
from services.application.writer import BookWriter
from services.bootstrap import running
from services.clock import SystemClock
from services.event_store.store import BookStore
from services.settings import Settings

RUNS = 5

READY = """
import sys
from pathlib import Path
from services.application.snapshots import Snapshots, snapshot_file
from services.application.writer import BookWriter
from services.bootstrap import running
from services.clock import SystemClock
from services.settings import Settings
data, *replay = sys.argv[1:]
with running(Settings(data=Path(data))) as program:
    store = program.book("bench")
    kept = None if replay else Snapshots(snapshot_file(Path(data), "bench"))
    writer = BookWriter(store, SystemClock(), kept)
    writer.write([])
    assert writer._known.position == store.head()
"""
"""A process that makes a book ready to take a message, from its snapshot or by replay."""


def rehydrated(store: BookStore[AnyEvent], data: Path | None) -> float:
    """Return how long a new writer takes to be ready, with the snapshot in a directory or without one."""
    snapshots.program.cache_clear()
    kept = None if data is None else Snapshots(snapshot_file(data, store.name))
    writer = BookWriter(store, SystemClock(), kept)
    seconds = timed(lambda: writer.write([]))
    assert writer._known.position == store.head()  # noqa: SLF001 - it has really read the book
    return seconds


@pytest.mark.benchmark(group="rehydrate")
@pytest.mark.parametrize("vouchers", [10_000, 100_000])
def bench_rehydrate_a_writer(benchmark: BenchmarkFixture, tmp_path: Path, vouchers: int) -> None:
    """How long does it take until a book takes a message, from a snapshot and from a replay?"""
    vouchers = vouchers if benchmark.enabled else VOUCHERS_SMOKE * vouchers // 10_000
    file = tmp_path / "messages.jsonl"
    file.write_bytes(b"".join(messages(vouchers)))
    with running(Settings(data=tmp_path)) as program:
        for _ in ingest(program.writer("bench", create=True), [str(file)]):
            pass
    with running(Settings(data=tmp_path)) as program:
        store = program.book("bench")
        replay = median(rehydrated(store, None) for _ in range(RUNS))
        snapshot = median(rehydrated(store, tmp_path) for _ in range(RUNS))
    most, most_by_replay = (run(READY, str(tmp_path), *how).megabytes for how in ([], ["replay"]))
    benchmark.pedantic(lambda: None, rounds=1, iterations=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, until the book takes a message",
        ours=round(1000 * snapshot, 2),
        limit=round(1000 * replay, 1),
        unit="ms",
        ratio=round(snapshot / replay, 4),
        megabytes=round(most),
        megabytes_by_replay=round(most_by_replay),
    )
