"""What all tests share: the switch for golden files, Hypothesis without chance, and a line of progress.

Chance is reproduced, not met: by default Hypothesis derives its examples from the test itself, so that a run is the
same everywhere. `HYPOTHESIS_PROFILE=explore` looks for new failures, with more examples and true chance.
"""

import os
import sys
import time

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("ci"), derandomize=False, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing")
    parser.addoption("--progress-line", action="store_true", help="one line that counts instead of a dot per test")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--progress-line") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(ProgressLine(), "progress-line")


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written rather than compared."""
    return bool(request.config.getoption("--update-golden"))


class ProgressLine:
    """Counts finished tests: in place on a terminal, else a new line every ten seconds."""

    def __init__(self) -> None:
        self.total = self.done = self.failed = 0
        self.in_place = sys.stderr.isatty()
        self.pause_seconds = 0.2 if self.in_place else 10.0
        self.started = self.shown = time.monotonic()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember how many there are, when this process runs them itself."""
        self.total = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Remember how many there are, when workers run them."""
        self.total = len(ids)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Print no dot for what passes."""
        return ("passed", "", "PASSED") if report.when == "call" and report.passed else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count, and now and then say how far it is."""
        self.failed += report.failed
        self.done += report.when == "teardown"
        now = time.monotonic()
        if now - self.shown >= self.pause_seconds:
            self.shown = now
            self.show(report.location[0])

    def pytest_sessionfinish(self) -> None:
        """Leave the last count standing."""
        self.show("done", end="\n")

    def show(self, place: str, end: str = "") -> None:
        """Write the line."""
        seconds = time.monotonic() - self.started
        line = f"{self.done} of {self.total} tests, {self.failed} failed, {seconds:.0f} s, {place}"
        sys.stderr.write(f"\r\x1b[2K{line[:100]}{end}" if self.in_place else f"{line}\n")
        sys.stderr.flush()
