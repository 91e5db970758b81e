# Needs Python >= 3.11 and make, nothing else. `make help` lists what there is.
#
# The environment (.venv) is made on first use and kept until a requirements file or pyproject.toml changes.
# GRUNDBOK_* variables reach the program as they are; ARGS adds arguments, e.g. `make demo ARGS="--data /tmp/books"`.

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= auto

BIN := $(VENV)/bin
RUN_READY := $(VENV)/.ready-to-run
DEV_READY := $(VENV)/.ready-to-develop
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
INSTALL := $(PIP) install --root-user-action=ignore
LOCK_VENV := $(VENV)-lock
LOCK_TOOLS := pip-tools==7.6.2
COMPILE := $(LOCK_VENV)/bin/python -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options
PYTEST := $(BIN)/python -m pytest -q -o console_output_style=classic --progress-line
PARALLEL := -n $(WORKERS) --maxprocesses 8 --dist loadscope --benchmark-disable
FAST := -m "not slow and not server"
BENCH := $(BIN)/python -m pytest -q
BENCH_RUNS := .benchmarks
# The last size gets the whole suite, the others what depends on the size of a book.
SIZES ?= $(or $(GRUNDBOK_BENCH_VOUCHERS),10000 100000)
SIZED := benchmarks/bench_replay.py benchmarks/bench_queries.py benchmarks/bench_cost.py

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo demo-bus test test-fast check format-check lint types imports coverage bench-smoke fmt golden bench \
	bench-peers wheel lock clean env

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(RUN_READY) ## build the five books and compare them with what was published
	@$(BIN)/grundbok demo $(ARGS)

demo-bus: $(RUN_READY) ## the whole path over a live bus: messages, receipts, events, reports
	@$(BIN)/grundbok bus demo $(ARGS)

test: $(DEV_READY) ## all tests
	@echo "· tests"
	@$(PYTEST) $(PARALLEL) $(ARGS)

test-fast: $(DEV_READY) ## the tests that need no server and no patience
	@echo "· fast tests"
	@$(PYTEST) $(PARALLEL) $(FAST) $(ARGS)

check: $(DEV_READY) ## everything a change must pass
	@$(MAKE) --no-print-directory format-check
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory types
	@$(MAKE) --no-print-directory imports
	@$(MAKE) --no-print-directory coverage
	@$(MAKE) --no-print-directory bench-smoke
	@echo "· all checks passed"

format-check: $(DEV_READY)
	@echo "· format"
	@$(BIN)/ruff format --quiet --diff .

lint: $(DEV_READY)
	@echo "· lint"
	@$(BIN)/ruff check --quiet --output-format concise .

types: $(DEV_READY)
	@echo "· types"
	@$(BIN)/mypy --no-error-summary

imports: $(DEV_READY)
	@echo "· import contracts"
	@$(BIN)/lint-imports --no-logo

coverage: $(DEV_READY) ## all tests, with the coverage of domain and projections
	@echo "· tests with branch coverage"
	@$(PYTEST) $(PARALLEL) --cov --cov-report=term $(ARGS)

bench-smoke: $(DEV_READY)
	@echo "· benchmarks, once each, untimed"
	@$(BENCH) benchmarks --benchmark-disable

fmt: $(DEV_READY) ## format, and mend what can be mended by itself
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix --exit-zero --output-format concise .
	@$(BIN)/ruff format --quiet .

golden: $(DEV_READY) ## write the golden files anew; read the difference like code
	@$(PYTEST) --update-golden $(ARGS)

bench: $(DEV_READY) ## the benchmarks, timed, into benchmarks/RESULTS.md; SIZES="10000 100000 1000000"
	@mkdir -p $(BENCH_RUNS) && rm -f $(BENCH_RUNS)/run-*.json
	@for size in $(SIZES); do \
		echo "· benchmarks at $$size vouchers"; \
		if test $$size = $(lastword $(SIZES)); then what=benchmarks; else what="$(SIZED)"; fi; \
		GRUNDBOK_BENCH_VOUCHERS=$$size $(BENCH) $$what --benchmark-only --benchmark-quiet \
			--benchmark-json=$(BENCH_RUNS)/run-$$size.json --timeout 3600 $(ARGS) || test $$? = 5 || exit 1; \
	done
	@$(BIN)/python -m benchmarks.results $(SIZES:%=$(BENCH_RUNS)/run-%.json)

bench-peers: $(DEV_READY) ## ledger, hledger and beancount, where installed, on the same vouchers; ARGS="10000 100000"
	@$(BIN)/python -m benchmarks.peers $(ARGS)

wheel: $(DEV_READY) ## build the wheel into dist/
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

lock: ## pin the newest allowed versions in requirements*.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
		echo "make lock needs Python 3.11, the oldest supported, so that back-ports are included: PYTHON=python3.11" >&2; exit 1; }
	@echo "· pip-tools in $(LOCK_VENV)"
	@test -x $(LOCK_VENV)/bin/pip-compile || { $(PYTHON) -m venv $(LOCK_VENV) \
		&& $(LOCK_VENV)/bin/python -m pip install -qq --disable-pip-version-check $(LOCK_TOOLS); }
	@echo "· requirements-build.txt"
	@$(COMPILE) --upgrade --only-build-deps --build-deps-for wheel --output-file requirements-build.txt pyproject.toml
	@echo "· requirements.txt"
	@$(COMPILE) --upgrade --constraint requirements-build.txt --output-file requirements.txt pyproject.toml
	@echo "· requirements-dev.txt"
	@$(COMPILE) --upgrade --extra dev --constraint requirements-build.txt --constraint requirements.txt \
		--output-file requirements-dev.txt pyproject.toml

clean: ## remove the environment, the caches and build output, but no books
	rm -rf $(VENV) $(LOCK_VENV) build dist .benchmarks .coverage .coverage.* .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find domain projections services tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

env: $(DEV_READY) ## the environment for developing, without running anything

# ------------------------------------------------------------------------------------------------- the environment

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Grundbok needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | head -n 1)." >&2; \
		echo "Name another with: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "· environment in $(VENV), $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

$(RUN_READY): requirements.txt requirements-build.txt pyproject.toml | $(BIN)/python
	@echo "· packages to run (pinned)"
	@$(PIP) --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null # an interrupted first run
	@$(INSTALL) --require-hashes -r requirements-build.txt -r requirements.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): requirements-dev.txt $(RUN_READY)
	@echo "· packages to develop (pinned)"
	@$(INSTALL) --require-hashes -r requirements-dev.txt
	@touch $@
