"""What the JSON of a run says about the machine, beyond what pytest-benchmark tells itself."""

from benchmarks import machine

LOAD_BEFORE = machine.load_average()


def pytest_benchmark_update_machine_info(machine_info: dict[str, object]) -> None:
    """Add what our figures depend on."""
    machine_info["facts"] = machine.facts(LOAD_BEFORE)
