"""Growth: what twice as many vouchers, or many more books, do to the time of each path.

A slope is that of the logarithms, by least squares: at 1, twice as many take twice as long; at 0, as long as before.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from functools import cache
from itertools import count
from math import log, log2
from pathlib import Path
from statistics import linear_regression
from tempfile import TemporaryDirectory

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_ingest import BATCH, ingest_file, timed
from benchmarks.bench_queries import POSTINGS_OF_A_VOUCHER, percentiles, read_model
from benchmarks.bench_rehydrate import rehydrated
from benchmarks.bench_replay import AS_OF
from benchmarks.synthetic import messages
from domain.catalogue import AnyEvent
from projections.report import Question
from services.application import queries
from services.application.ingest import ingest
from services.application.writer import BookWriter
from services.bootstrap import running
from services.clock import SystemClock
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelf import BookShelf
from services.event_store.shelves import open_shelf
from services.settings import Settings

SIZES, SIZES_SMOKE = (12_500, 25_000, 50_000, 100_000), (50, 100)
BOOKS, BOOKS_SMOKE = (1, 20, 80), (1, 2)
VOUCHERS_OF_A_BOOK = 2_000
QUESTIONS, QUESTIONS_SMOKE = 300, 5
RUNS = 5

PROPORTIONAL = 1.1
"""At most twice the time for twice the vouchers, and what one measurement differs from another."""
WARM = log2(1.25)
"""A quarter more for each doubling."""
UNMOVED = 0.05
"""Eighty books for one: 80 ** 0.05 is a quarter more."""


def slope(seconds: Mapping[int, float]) -> float:
    """Return the slope of the logarithms of time over size."""
    return linear_regression([log(size) for size in seconds], [log(taken) for taken in seconds.values()]).slope


def tell(benchmark: BenchmarkFixture, what: str, seconds: Mapping[int, float], bound: float) -> None:
    """Keep the slope and the figures that it was fitted to."""
    fitted = slope(seconds)
    benchmark.pedantic(lambda: None, rounds=1, iterations=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info.update(
        what=what,
        ours=round(fitted, 3),
        limit=round(bound, 3),
        unit="slope",
        slope=round(fitted, 3),
        bound=round(bound, 3),
        factor=round(2**fitted, 3),
    )
    benchmark.extra_info.update({f"ms_at_{size}": round(taken * 1000, 3) for size, taken in seconds.items()})


def grown(benchmark: BenchmarkFixture, what: str, measure: Callable[[int], float], bound: float) -> None:
    """Measure at all sizes of books, each twice the one before, and tell what came of it."""
    if benchmark.enabled:
        tell(benchmark, what, fastest(measure, SIZES, RUNS), bound)
    else:
        tell(benchmark, what, fastest(measure, SIZES_SMOKE, 1), bound)


def fastest(measure: Callable[[int], float], sizes: tuple[int, ...], rounds: int) -> dict[int, float]:
    """Return the least time of each size: what else the machine does only adds, and meets all sizes by turns."""
    taken = [[measure(size) for size in sizes] for _ in range(rounds)]
    return dict(zip(sizes, map(min, zip(*taken, strict=True)), strict=True))


def write_messages(folder: Path, vouchers: int) -> Path:
    """Write a file of messages and return it."""
    file = folder / f"{vouchers}.jsonl"
    file.write_bytes(b"".join(messages(vouchers)))
    return file


@pytest.mark.benchmark(group="growth")
def bench_growth_of_ingest(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How much longer do twice as many messages take to ingest?"""

    def ingesting(vouchers: int) -> float:
        file = write_messages(tmp_path, vouchers)
        with TemporaryDirectory(dir=tmp_path) as place:
            return timed(lambda: ingest_file(file, place))

    grown(benchmark, "ingest over vouchers", ingesting, PROPORTIONAL)


@pytest.mark.benchmark(group="growth")
def bench_growth_of_replay(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How much longer do twice as many events take from the store to a trial balance?"""
    question = Question(name="trial-balance", as_of=AS_OF)

    def replaying(vouchers: int) -> float:
        place = tmp_path / str(vouchers)
        if not place.exists():
            ingest_file(write_messages(tmp_path, vouchers), place)
        with open_shelf(place, catalogue_mapper()) as shelf:
            store = shelf.open("bench")
            return timed(lambda: queries.report(store, question, None, queries.Layouts()))

    grown(benchmark, "replay over vouchers", replaying, PROPORTIONAL)


@pytest.mark.benchmark(group="growth")
def bench_growth_of_warm_queries(benchmark: BenchmarkFixture) -> None:
    """How much longer does an as-of question to a live book take with twice as many vouchers?"""
    questions = QUESTIONS if benchmark.enabled else QUESTIONS_SMOKE

    def asking(vouchers: int) -> float:
        model = read_model(round(vouchers * POSTINGS_OF_A_VOUCHER))

        def ask(position: int, day: date) -> dict[int, int]:
            ledger = model.history(position).ledger
            return {account: ledger.account_at(account, day) for account in ledger.accounts()}

        percentiles(ask, model, questions)  # each block and cube is looked at for the first time once
        return percentiles(ask, model, questions)["p50_ms"] / 1000

    grown(benchmark, "warm as-of question over vouchers", asking, WARM)


@pytest.mark.benchmark(group="growth")
def bench_growth_of_rehydration(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How much longer is a book with twice as many vouchers not ready to write, from its snapshot?"""

    def rehydrating(vouchers: int) -> float:
        file, place = tmp_path / f"{vouchers}.jsonl", tmp_path / str(vouchers)
        if not file.exists():
            write_messages(tmp_path, vouchers)
            with running(Settings(data=place)) as program:
                for _ in ingest(program.writer("bench", create=True), [str(file)]):
                    pass
        with running(Settings(data=place)) as program:
            return rehydrated(program.book("bench"), place)

    grown(benchmark, "rehydration over vouchers", rehydrating, PROPORTIONAL)


@pytest.mark.benchmark(group="growth")
def bench_growth_with_the_number_of_books(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How much longer does one book take when there are other books on the shelf?"""
    vouchers = VOUCHERS_OF_A_BOOK if benchmark.enabled else SIZES_SMOKE[0]
    file = write_messages(tmp_path, vouchers)
    question = Question(name="trial-balance", as_of=AS_OF)
    with ExitStack() as opened:

        def fill(shelf: BookShelf[AnyEvent], name: str) -> None:
            for _ in ingest(BookWriter(shelf.create(name), SystemClock()), [str(file)], batch_messages=BATCH):
                pass

        @cache
        def shelf_of(books: int) -> BookShelf[AnyEvent]:
            shelf = opened.enter_context(open_shelf(tmp_path / str(books), catalogue_mapper()))
            for other in range(books - 1):
                fill(shelf, f"other-{other}")
            return shelf

        def one_more(books: int) -> float:
            shelf, name = shelf_of(books), f"one-{next(numbers)}"

            def work() -> None:
                fill(shelf, name)
                queries.report(shelf.open(name), question, None, queries.Layouts())

            return timed(work)

        numbers = count()
        found = fastest(one_more, BOOKS, RUNS) if benchmark.enabled else fastest(one_more, BOOKS_SMOKE, 1)
    tell(benchmark, f"{vouchers} vouchers written and replayed, over books on the shelf", found, UNMOVED)
