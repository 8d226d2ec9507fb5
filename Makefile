# Each target works from a fresh clone, with nothing but Python (3.11 or newer) and pip on the machine:
# its first call makes .venv and installs what it needs, the next ones start at once.
#   make PYTHON=python3.12 test    another Python
#   make test ARGS="-k pricing"    more arguments for pytest

PYTHON ?= python3
ARGS   ?=
BASE   ?= HEAD

VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet
PYTEST := $(BIN)/python -m pytest
CORE   := $(PYTEST) -n auto -m "not beyond_core"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-all check thorough mutants bench bench-sql sums scenarios schema clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.runtime ## a statement from three months of API responses (installs the runtime dependencies only)
	$(BIN)/mimo-credits statement docs/examples/april-to-june.jsonl --tier standard --since 2026-04-10T09:00:00+08:00

test: $(VENV)/.test ## the core's tests
	$(CORE) $(ARGS)

test-all: $(VENV)/.test ## every test, also those that need more than the core; none may be skipped
	$(PYTEST) -n auto --no-skips $(ARGS)

check: $(VENV)/.dev ## style, types, architecture, rate cards, and the core's branches all covered
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.sums $(BASE)
	$(BIN)/python -m tools.schema --check
	$(BIN)/python -m tools.check_cards
	$(BIN)/python -m tools.scenarios --check
	$(CORE) --cov

thorough: $(VENV)/.test ## every test, with many random examples, histories of five commands, 1,000 crashes (hours)
	MIMO_CREDITS_DEPTH=5 MIMO_CREDITS_CRASHES=1000 $(PYTEST) -n auto --hypothesis-profile=thorough $(ARGS)

mutants: $(VENV)/.dev ## mutation testing of the arithmetic and the ledger (long)
	MIMO_CREDITS_DEPTH=2 $(BIN)/mutmut run
	$(BIN)/mutmut results

bench: $(VENV)/.runtime ## speed against a hand-written floor and other libraries; writes benchmarks/results.md
	$(BIN)/python -m benchmarks

bench-sql: $(VENV)/.test ## speed of the stored ledger in SQLite and PostgreSQL; writes benchmarks/sql-results.md
	$(BIN)/python -m benchmarks.sql

sums: $(VENV)/.made ## adds new rate cards to rates/SHA256SUMS
	$(BIN)/python -m tools.sums --append

scenarios: $(VENV)/.test ## writes docs/scenarios.md anew from the golden scenarios
	$(BIN)/python -m tools.scenarios

schema: $(VENV)/.runtime ## writes rates/schema.json anew from the models
	$(BIN)/python -m tools.schema

clean: ## removes .venv and what the tools leave behind
	rm -rf $(VENV) benchmarks/.venv* build dist mutants htmlcov .coverage .coverage.* .hypothesis .*_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: a file says what .venv holds. Installed editable, so that the code in src/ is the code that runs.

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, and $(PYTHON) is %d.%d: try make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.made pyproject.toml
	$(PIP) -e .
	@touch $@

$(VENV)/.test: $(VENV)/.made pyproject.toml
	$(PIP) -e '.[test]'
	@touch $(VENV)/.runtime $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	$(PIP) -e '.[dev]'
	@touch $(VENV)/.runtime $(VENV)/.test $@
