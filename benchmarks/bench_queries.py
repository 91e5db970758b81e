"""As-of questions: as of a day, as known at a position, from the read model, warm and from a cold process.

`GRUNDBOK_BENCH_POSTINGS` says how many postings the warm ones have (1 000 000), `GRUNDBOK_BENCH_VOUCHERS` how many
vouchers the book of the cold ones has (100 000).
"""

import os
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from time import perf_counter

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_ingest import timed
from benchmarks.bench_replay import AS_OF, make_book, vouchers_asked
from benchmarks.process import GRUNDBOK, NOTHING, run, typical
from benchmarks.synthetic import COSTS, PARTIES, PROJECTS, YEAR, skims
from projections.postings import Postings, outline_of_nothing
from projections.read_model import ReadModel
from projections.report import Question
from projections.selection import Selection
from projections.skim import Page
from services.application import queries
from services.application.live_book import LiveBook
from services.event_store.catalogue_mapper import catalogue_mapper
from services.event_store.shelves import open_shelf
from services.event_store.slim import event_of

POSTINGS, POSTINGS_SMOKE = 1_000_000, 30_000
POSTINGS_OF_A_VOUCHER = 3.3
QUESTIONS, QUESTIONS_SMOKE = 1_000, 20
RUNS = 7


@cache
def read_model(postings: int) -> ReadModel:
    """Return a read model of so many postings: ten years of vouchers, most registered some days after their date."""
    model = ReadModel(Postings(outline_of_nothing()), [], lambda position, state: event_of("bench", position, state))
    rest = skims(round(postings / POSTINGS_OF_A_VOUCHER))
    while some := list(islice(rest, 1000)):
        rows = [(position, b"") for position in range(model.position + 1, model.position + 1 + len(some))]
        model.take(Page(rows, list(some), {}))
    return model


def percentiles(ask: Callable[[int, date], object], model: ReadModel, questions: int) -> dict[str, float]:
    """Ask about days and positions drawn at random; return the milliseconds that half and 99 % of them stayed under."""
    random = Random(7)
    taken = []
    for _ in range(questions):
        position = random.randrange(1, model.position + 1)
        day = date(YEAR - 9, 1, 1) + timedelta(days=random.randrange(3652))
        started = perf_counter()
        ask(position, day)
        taken.append((perf_counter() - started) * 1000)
    taken.sort()
    return {"p50_ms": round(taken[len(taken) // 2], 3), "p99_ms": round(taken[len(taken) * 99 // 100], 3)}


FILTERS: dict[str, Selection | None] = {
    "every account": None,
    "one account": Selection(((COSTS[3], COSTS[3]),)),
    "an account and a project": Selection(((COSTS[3], COSTS[3]),), projects=frozenset(PROJECTS[:1])),
    "a project on all accounts": Selection(((0, 10**9),), projects=frozenset(PROJECTS[4:5])),
    "a party on all accounts": Selection(((0, 10**9),), parties=frozenset(PARTIES[5:6])),
}


@pytest.mark.benchmark(group="as-of")
@pytest.mark.parametrize("narrowed", FILTERS)
def bench_as_of_and_known_at_warm(benchmark: BenchmarkFixture, narrowed: str) -> None:
    """How long does a balance take, as of any day, as known at any position?"""
    postings = int(os.environ.get("GRUNDBOK_BENCH_POSTINGS", POSTINGS)) if benchmark.enabled else POSTINGS_SMOKE
    model, selection = read_model(postings), FILTERS[narrowed]

    def ask(position: int, day: date) -> dict[int, int] | int:
        ledger = model.history(position).ledger
        if selection is None:
            return {account: ledger.account_at(account, day) for account in ledger.accounts()}
        return ledger.balance(selection, day)

    percentiles(ask, model, QUESTIONS_SMOKE)  # each block and cube is looked at for the first time once
    found = percentiles(ask, model, QUESTIONS if benchmark.enabled else QUESTIONS_SMOKE)
    benchmark.pedantic(ask, (model.position // 2, AS_OF), rounds=1)  # type: ignore[no-untyped-call]

    benchmark.extra_info.update(
        what=f"{postings} postings, {narrowed}, any day, known at any position (99 %)",
        unit="ms",
        ours=found["p99_ms"],
        **found,
    )


@pytest.mark.benchmark(group="as-of")
def bench_one_more_batch_in_a_live_book(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """How long after a batch of a hundred vouchers does a live book have a new trial balance?"""
    vouchers = vouchers_asked(benchmark)
    data = make_book(tmp_path, vouchers)
    with open_shelf(data, catalogue_mapper()) as shelf:
        store = shelf.open("bench")
        live = LiveBook(store)
        question = Question(name="trial-balance", as_of=AS_OF)
        live.report(question, None, queries.Layouts())
        batch = [event for _, event in store.events(after=store.head() - 100)]
        taken = []
        for _ in range(RUNS):
            store.append(batch, after=store.head())
            taken.append(timed(lambda: live.report(question, None, queries.Layouts())))
        benchmark.pedantic(live.report, (question, None, queries.Layouts()), rounds=1)  # type: ignore[no-untyped-call]

    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, 100 more, to a new trial balance",
        unit="ms",
        ours=round(sorted(taken)[RUNS // 2] * 1000, 2),
    )


@pytest.mark.benchmark(group="cold")
@pytest.mark.parametrize("report", ["trial-balance", "annual"])
def bench_a_cold_process_to_its_first_report(benchmark: BenchmarkFixture, tmp_path: Path, report: str) -> None:
    """How long from starting a program to a printed report, when the read model is on disk?"""
    vouchers = vouchers_asked(benchmark)
    data = make_book(tmp_path, vouchers)
    asked = (GRUNDBOK, "report", report, "--book", "bench", "--as-of", str(AS_OF), "--data", str(data))
    first = run(*asked, output=tmp_path / "first")
    run(*asked, "--replay", output=tmp_path / "replayed")

    runs = RUNS if benchmark.enabled else 1
    pairs = [(run(NOTHING), run(*asked, output=tmp_path / "printed")) for _ in range(runs)]
    benchmark.pedantic(run, asked, rounds=1)  # type: ignore[no-untyped-call]

    printed = {(tmp_path / name).read_bytes() for name in ("first", "printed", "replayed")}
    assert len(printed) == 1
    nothing, ours = (typical(list(costs)) for costs in zip(*pairs, strict=True))
    benchmark.extra_info.update(
        what=f"{vouchers} vouchers, cold process to printed {report}; limit: starting Python",
        unit="s",
        ours=round(ours.seconds, 3),
        limit=round(nothing.seconds, 3),
        ratio=round(ours.seconds / nothing.seconds, 2),
        making_the_read_model=round(first.seconds, 2),
        megabytes=round(ours.megabytes),
    )
