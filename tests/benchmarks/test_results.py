"""The page of results: which row says what, and which target is met."""

from pathlib import Path

import pytest

from benchmarks.results import Benchmark, Run, number, put, rows, suite, summary, target_of

SOURCE = '''"""Made up."""

def bench_ingest_into_sqlite(benchmark, batch):
    """How fast is it made up?"""
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "bench_made_up.py").write_text(SOURCE, "utf-8")
    return tmp_path


def measured(name: str, **told: float | str) -> Benchmark:
    return Benchmark(name=name, fullname=f"bench_made_up.py::{name}", group="ingest", extra_info=dict(told))


def a_run(*benchmarks: Benchmark) -> Run:
    facts = {"processor": "Abacus", "cores": 2, "load_average": [0.1, 0.2, 0.3], "fsyncs_per_second": 125}
    return Run(
        machine_info={"facts": facts},
        commit_info={"id": "0123456789abcdef", "dirty": True},
        benchmarks=list(benchmarks),
        datetime="2026-01-02T03:04:05.678",
    )


def cells(page: str, what: str) -> list[str]:
    (line,) = (line for line in page.splitlines() if f"| {what} |" in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_row_tells_question_figure_limit_ratio_target_memory_and_details(root: Path) -> None:
    one = measured(
        "bench_ingest_into_sqlite[1000]",
        what="100 vouchers",
        ours=21_345,
        limit=85_380.4,
        unit="vouchers/s",
        ratio=0.25,
        megabytes=41.26,
        in_a_batch=1000,
    )

    page = suite([a_run(one)], root)

    assert cells(page, "100 vouchers") == [
        "How fast is it made up?",
        "100 vouchers",
        "21\u00a0345 vouchers/s",
        "85\u00a0380 vouchers/s",
        "0.25",
        "ratio ≥ 0.2",
        "yes",
        "41.3",
        "in a batch 1\u00a0000",
    ]
    assert "Abacus, 2 cores" in page
    assert "125 fsync/s" in page
    made = "2026-01-02T03:04, commit `0123456789ab`, with changes, load average before [0.1, 0.2, 0.3], 1 benchmarks"
    assert f"- {made}" in page.splitlines()


def test_a_target_that_is_missed_says_so(root: Path) -> None:
    run = a_run(measured("bench_ingest_into_sqlite[1000]", what="slow", ours=1, ratio=0.19))

    assert cells(suite([run], root), "slow")[6] == "**no**"
    assert list(summary(rows([run], root))) == [
        "not met: bench_ingest_into_sqlite[1000], slow: ratio ≥ 0.2, 0.19",
        "0 targets met, 1 not",
    ]


def test_a_target_for_another_size_of_book_is_marked(root: Path) -> None:
    name = "bench_a_cold_process_to_its_first_report[annual]"
    small = measured(name, what="10000 vouchers, cold", ours=0.2)
    right = measured(name, what="100000 vouchers, cold", ours=0.31)

    page = suite([a_run(small), a_run(right)], root)

    assert cells(page, "10000 vouchers, cold")[6] == "yes, at this size"
    assert cells(page, "100000 vouchers, cold")[6] == "**no**"


def test_a_figure_with_its_unit_in_a_string_is_taken_apart(root: Path) -> None:
    one = measured("bench_ingest_into_sqlite[1]", what="old", ours="12.5 ms", raw="1500 ms by replay", ratio=0.6)

    assert cells(suite([a_run(one)], root), "old")[2:7] == [
        "12.5 ms",
        "1\u00a0500 ms by replay",
        "0.6",
        "ratio ≥ 0.6",
        "yes",
    ]


def test_of_the_same_thing_measured_twice_the_later_counts(root: Path) -> None:
    first = a_run(measured("bench_ingest_into_sqlite[1]", what="same", ours=1))
    second = a_run(measured("bench_ingest_into_sqlite[1]", what="same", ours=2))

    assert cells(suite([first, second], root), "same")[2] == "2"


def test_the_first_target_that_fits_is_the_one() -> None:
    everything, filtered = "bench_as_of_and_known_at_warm[every account]", "bench_as_of_and_known_at_warm[a party]"

    bounds = [target.bound for target in map(target_of, (everything, filtered)) if target]

    assert bounds == [5, 25]
    assert target_of("bench_of_nothing") is None


@pytest.mark.parametrize(
    ("value", "printed"), [(0.12345, "0.123"), (12, "12"), (1234.5, "1\u00a0234"), (1_000_000, "1\u00a0000\u00a0000")]
)
def test_numbers_have_three_figures_that_count(value: float, printed: str) -> None:
    assert number(value) == printed


def test_a_section_replaces_itself_and_leaves_the_other(tmp_path: Path) -> None:
    page = tmp_path / "RESULTS.md"

    put("suite", "one", page)
    put("other tools", "two", page)
    put("suite", "three", page)

    text = page.read_text("utf-8")
    assert text.startswith("# Results\n")
    assert "one" not in text.partition("<!--")[2]
    assert text.index("three") < text.index("two")
    put("suite", "three", page)
    assert page.read_text("utf-8") == text
