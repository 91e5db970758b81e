"""Turns the JSON of pytest-benchmark into `RESULTS.md`: a row for each measurement, with its limit and its target.

A benchmark tells in `extra_info`: `what` was measured, and with how many; `ours` and `limit`, numbers in `unit`; the
`ratio` of the two; `megabytes`, the most memory at a time. Anything else it tells is a detail of the row.

    python -m benchmarks.results RUN.json… [--into RESULTS.md]
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "RESULTS.md"

TITLE = """# Results

`make bench` and `make bench-peers` write this page; nothing here is typed. How to read it, and where the time goes:
[performance](../docs/performance.md). Ours and the limit of a row are measured in the same run.
"""

TOLD = ("what", "ours", "limit", "unit", "ratio", "megabytes")
HEADINGS = ("Question", "Measured", "Ours", "Limit", "Ratio", "Target", "Met", "MB", "Details")
FACTS = (
    *("processor", "cores", "memory_gib", "fsyncs_per_second", "system"),
    *("python", "sqlite", "postgresql", "nats"),
)
FIGURE = re.compile(r"-?[\d\u00a0.]*( \S+)?")

Figure = float | int | str


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """What pytest-benchmark tells of one benchmark, as far as it is read here."""

    name: str
    fullname: str
    group: str | None = None
    extra_info: dict[str, Figure | None] = {}


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run of the suite: the machine, the commit, and what was measured."""

    machine_info: dict[str, object]
    commit_info: dict[str, object]
    benchmarks: list[Benchmark]
    datetime: str


class Target(NamedTuple):
    """What a benchmark, named by how its name begins, must come to; a target may be for one size of book."""

    benchmark: str
    field: str
    sign: str
    bound: float
    size: int | None = None

    def met_by(self, value: float) -> bool:
        """Tell whether a figure is good enough."""
        return value >= self.bound if self.sign == "≥" else value <= self.bound

    def __str__(self) -> str:
        """Return the target as a reader meets it."""
        size = "" if self.size is None else f" at {number(self.size)}"
        return f"{self.field} {self.sign} {number(self.bound)}{size}"


TARGETS = (
    Target("bench_ingest_into_sqlite[1000]", "ratio", "≥", 0.2),
    Target("bench_ingest_into_sqlite[1]", "ratio", "≥", 0.6),
    Target("bench_ingest_into_postgres[1000]", "ratio", "≥", 0.2),
    Target("bench_ingest_into_postgres[1]", "ratio", "≥", 0.3),
    Target("bench_append_to_", "ratio", "≥", 0.5),
    Target("bench_a_cold_process_from_events_", "ratio", "≤", 3, 1_000_000),
    Target("bench_as_of_and_known_at_warm[every account]", "ours", "≤", 5, 10_000_000),
    Target("bench_as_of_and_known_at_warm[one account]", "ours", "≤", 5, 10_000_000),
    Target("bench_as_of_and_known_at_warm", "ours", "≤", 25, 10_000_000),
    Target("bench_a_cold_process_to_its_first_report", "ours", "≤", 0.3, 100_000),
    Target("bench_all_reports_of_the_five_books", "ours", "≤", 1),
    Target("bench_rehydrate_a_writer[100000]", "ours", "≤", 50),
    Target("bench_bytes_on_disk_for_a_voucher", "ratio", "≤", 2),
    Target("bench_memory_for_a_million_postings", "ours", "≤", 64),
    Target("bench_starting_the_program", "ours", "≤", 150),
    Target("bench_messages_to_receipts", "ratio", "≥", 0.5),
    Target("bench_relay_of_events", "ratio", "≥", 0.5),
    Target("bench_growth_of_warm_queries", "factor", "≤", 1.25),
    Target("bench_growth_of_ingest", "slope", "≤", 1.1),
    Target("bench_growth_of_replay", "slope", "≤", 1.1),
    Target("bench_growth_of_rehydration", "slope", "≤", 1.1),
    Target("bench_growth_with_the_number_of_books", "slope", "≤", 0.05),
)


class Row(NamedTuple):
    """A measurement and what it is held against."""

    group: str
    question: str
    benchmark: Benchmark
    target: Target | None

    def figure(self, field: str) -> tuple[float | None, str]:
        """Return a number and what follows it; a string such as `12.5 ms` is taken apart."""
        value = self.benchmark.extra_info.get(field)
        if isinstance(value, str):
            leading, _, rest = value.partition(" ")
            return (float(leading), rest) if re.fullmatch(r"-?[\d.]+", leading) else (None, value)
        return value, ""

    def met(self) -> bool | None:
        """Tell whether the target is met; nothing when there is none."""
        value = self.figure(self.target.field)[0] if self.target else None
        return None if self.target is None or value is None else self.target.met_by(value)

    def at_another_size(self) -> bool:
        """Tell whether the target is for another size of book than was measured."""
        found = re.search(r"(\d+) (?:vouchers|postings|messages)", str(self.benchmark.extra_info.get("what", "")))
        wanted = self.target.size if self.target else None
        return wanted is not None and (found is None or int(found[1]) != wanted)


def number(value: float) -> str:
    """Return a number with three figures that count, and thousands apart."""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{round(value):,}".replace(",", "\u00a0")
    return f"{value:.3g}"


def read(file: Path) -> Run:
    """Read the JSON of a run."""
    return msgspec.json.decode(file.read_bytes(), type=Run)


def questions(fullname: str, root: Path = ROOT) -> str:
    """Return what a benchmark asks, the first line of its docstring; nothing when its source is gone."""
    file, _, name = fullname.partition("::")
    source = root / file
    if not source.exists():
        return ""
    for node in ast.parse(source.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == name.partition("[")[0]:
            return (ast.get_docstring(node) or "").partition("\n")[0]
    return ""


def rows(runs: Iterable[Run], root: Path = ROOT) -> list[Row]:
    """Return the measurements of all runs by group; of the same thing measured twice, the later."""
    latest: dict[tuple[str, object], Benchmark] = {}
    for run in runs:
        for one in run.benchmarks:
            latest[one.fullname, one.extra_info.get("what")] = one
    found = [Row(one.group or "", questions(one.fullname, root), one, target_of(one.name)) for one in latest.values()]
    groups = list(dict.fromkeys(row.group for row in found))
    order = list(dict.fromkeys(row.question for row in found))
    return sorted(found, key=lambda row: (groups.index(row.group), order.index(row.question)))


def target_of(name: str) -> Target | None:
    """Return the target of a benchmark, if the project has one for it."""
    return next((target for target in TARGETS if name.startswith(target.benchmark)), None)


def suite(runs: list[Run], root: Path = ROOT) -> str:
    """Return the part of the page that says what a run, or runs with books of several sizes, came to."""
    facts = runs[-1].machine_info.get("facts")
    head = ["## The suite", "", conditions(facts if isinstance(facts, dict) else {}), ""]
    head += [f"- {_run(run)}" for run in runs]
    return "\n".join(head + [line for group in _groups(rows(runs, root)) for line in group])


def conditions(facts: Mapping[str, object]) -> str:
    """Return a sentence about the machine and the programs."""
    told = {name: facts.get(name, "?") for name in FACTS}
    return (
        "{processor}, {cores} cores, {memory_gib} GiB, {fsyncs_per_second} fsync/s; {system}; "
        "Python {python}, SQLite {sqlite}, PostgreSQL {postgresql}, NATS {nats}."
    ).format_map(told)


def _run(run: Run) -> str:
    facts = run.machine_info.get("facts")
    load = facts.get("load_average", "?") if isinstance(facts, dict) else "?"
    changed = ", with changes" if run.commit_info.get("dirty") else ""
    commit = str(run.commit_info.get("id", "?"))[:12]
    return (
        f"{run.datetime[:16]}, commit `{commit}`{changed}, load average before {load}, {len(run.benchmarks)} benchmarks"
    )


def _groups(found: list[Row]) -> Iterator[list[str]]:
    for group, members in groupby(found, key=lambda row: row.group):
        lines, before = [], ""
        for row in members:
            lines.append(_cells(row, "" if row.question == before else row.question))
            before = row.question
        yield ["", f"### {group[:1].upper()}{group[1:]}", "", *table(HEADINGS, lines)]


def table(headings: tuple[str, ...], lines: list[tuple[str, ...]]) -> list[str]:
    """Return a table in Markdown, columns of figures to the right."""
    figures = [all(FIGURE.fullmatch(cell) for cell in column) for column in zip(*lines, strict=True)]
    rule = tuple("--:" if right else "---" for right in figures)
    return [f"| {' | '.join(cells)} |" for cells in (headings, rule, *lines)]


def _cells(row: Row, question: str) -> tuple[str, ...]:
    told = row.benchmark.extra_info
    limit = "limit" if "limit" in told else "raw"
    return (
        question,
        str(told.get("what", row.benchmark.name)),
        _with_unit(row, "ours"),
        _with_unit(row, limit),
        _with_unit(row, "ratio", unit=False),
        "" if row.target is None else str(row.target),
        _verdict(row),
        _with_unit(row, "megabytes", unit=False),
        ", ".join(
            f"{key.replace('_', ' ')} {number(value) if isinstance(value, int | float) else value}"
            for key, value in told.items()
            if key not in {*TOLD, limit}
        ),
    )


def _with_unit(row: Row, field: str, *, unit: bool = True) -> str:
    value, rest = row.figure(field)
    if value is None:
        return rest
    rest = rest or str(row.benchmark.extra_info.get("unit", "")) if unit else ""
    return f"{number(value)} {rest}".rstrip()


def _verdict(row: Row) -> str:
    met = row.met()
    if met is None:
        return ""
    return ("yes" if met else "**no**") + (", at this size" if row.at_another_size() else "")


def put(name: str, body: str, into: Path) -> None:
    """Put a section into the page in place of what it had under the same name."""
    text = into.read_text("utf-8") if into.exists() else TITLE
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    into.write_text(f"{before.rstrip()}\n\n{begin}{body.strip()}\n{end}{after}", "utf-8")


def summary(found: list[Row]) -> Iterator[str]:
    """Iterate over the slopes, and the targets that are not met."""
    for row in found:
        slope = row.benchmark.extra_info.get("slope")
        if slope is not None:
            yield f"{row.benchmark.extra_info.get('what')}: slope {slope}, {row.target}"
    missed = [row for row in found if row.met() is False]
    for row in missed:
        yield f"not met: {row.benchmark.name}, {row.benchmark.extra_info.get('what')}: {row.target}, {_told(row)}"
    yield f"{sum(row.met() is True for row in found)} targets met, {len(missed)} not"


def _told(row: Row) -> str:
    value = row.figure(row.target.field)[0] if row.target else None
    return "?" if value is None else number(value)


def main() -> None:
    """Write the section of the suite, and print its summary."""
    parser = argparse.ArgumentParser(description="Write what runs of the benchmarks came to into RESULTS.md.")
    parser.add_argument("runs", nargs="+", type=Path, help="JSON of pytest-benchmark, the most important run last")
    parser.add_argument("--into", type=Path, default=RESULTS)
    asked = parser.parse_args()
    runs = [read(file) for file in asked.runs if file.exists()]  # a run that selected nothing leaves none
    if not runs:
        parser.error("none of the runs is there")
    put("suite", suite(runs), asked.into)
    sys.stdout.writelines(f"{line}\n" for line in summary(rows(runs)))
    sys.stdout.write(f"{asked.into}\n")


if __name__ == "__main__":
    main()
