# Each target works from a fresh clone, with nothing but Python (3.11 or newer) and pip on the machine:
# its first call makes .venv and installs what it needs, the next ones start at once.
#   make PYTHON=python3.12 test    another Python
#   make test ARGS="-k pricing"    more arguments for pytest
#   make backend ARGS="--port 8001"    another port
#   make new-card VERSION=2026-12-01               a rate card that takes effect on that day
#   make new-card VERSION=2026-10-21 REVISION=2    a correction of a published one
#   make check BASE=origin/main                    what was published or released up to there has not changed

PYTHON ?= python3
ARGS   ?=
BASE   ?=

REVISION ?= 1
FOLDER   ?= mimo

VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet
PYTEST := $(BIN)/python -m pytest
CORE   := $(PYTEST) -n auto -m "not beyond_core"
PRICES := .price-data
BACKEND := docs/examples/billing_backend

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-all test-beyond check static thorough mutants bench bench-large bench-sql bench-spark bench-backend backend new-card sums sources compare-prices scenarios schema api pictures site clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.runtime ## a statement from three months of API responses (installs the runtime dependencies only)
	$(BIN)/mimo-credits statement docs/examples/april-to-june.jsonl --tier standard --since 2026-04-10T09:00:00+08:00

test: $(VENV)/.test ## the core's tests
	$(CORE) $(ARGS)

test-all: $(VENV)/.dev ## every test, also those that need more than the core; none may be skipped
	$(PYTEST) -n auto --no-skips $(ARGS)

test-beyond: $(VENV)/.dev ## the tests that need more than the core; none may be skipped
	$(PYTEST) -n auto -m beyond_core --no-skips $(ARGS)

check: static ## all of `make static`, and the core's branches all covered
	$(CORE) --cov

static: $(VENV)/.dev ## style, types, architecture, and the rules on rate cards and on what is public
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.sums $(BASE)
	$(BIN)/python -m tools.schema --check
	$(BIN)/python -m tools.check_cards
	$(BIN)/python -m tools.rules
	$(BIN)/python -m tools.sources --check
	$(BIN)/python -m tools.scenarios --check
	$(BIN)/python -m tools.api $(BASE)
	$(BIN)/python -m tools.golden $(BASE)

thorough: $(VENV)/.test ## every test, with many random examples, histories of five commands, 1,000 crashes (hours)
	MIMO_CREDITS_DEPTH=5 MIMO_CREDITS_CRASHES=1000 $(PYTEST) -n auto --hypothesis-profile=thorough $(ARGS)

mutants: $(VENV)/.dev ## mutation testing of the arithmetic and the ledger (an hour); writes docs/mutants.md
	rm -rf mutants  # verdicts of an earlier run stay there, also where cards or scenarios have changed since
	MIMO_CREDITS_DEPTH=2 $(BIN)/mutmut run
	$(BIN)/python -m tools.mutants

bench: $(VENV)/.dev ## speed against a hand-written floor and other libraries, and what bench-sql does; writes benchmarks/results.md
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.sql

bench-large: $(VENV)/.dev ## rating and settling tens of millions of rows from Parquet; writes benchmarks/large-results.md and settling-results.md
	$(BIN)/python -m benchmarks.frames_large
	$(BIN)/python -m benchmarks.settling

bench-sql: $(VENV)/.test ## speed of the stored ledger in SQLite and PostgreSQL; writes benchmarks/sql-results.md
	$(BIN)/python -m benchmarks.sql

bench-backend: $(VENV)/.test ## speed of the example's billing backend in SQLite and PostgreSQL; prints it
	PYTHONPATH=$(BACKEND) $(BIN)/python -m benchmarks.backend

bench-spark: $(VENV)/.dev ## rating and settling on Spark against rows, accounts and cards (needs Java); writes benchmarks/spark-results.md
	$(BIN)/python -m benchmarks.spark

backend: $(VENV)/.backend ## the example's billing backend with sample data, on this machine only: DATABASE_URL=… for another database
	@mkdir -p build
	@DATABASE_URL="$${DATABASE_URL:-sqlite:///build/billing.db}" exec $(BIN)/billing-backend demo $(ARGS)

new-card: $(VENV)/.runtime ## begins a rate card from the last one: VERSION=2026-12-01, of a correction REVISION=2 too
	@test -n "$(VERSION)" || { echo 'Say on which day it takes effect: make new-card VERSION=2026-12-01' >&2; exit 2; }
	$(BIN)/python -m tools.new_card "$(VERSION)" --revision "$(REVISION)" --folder "$(FOLDER)"

sums: $(VENV)/.made ## adds new rate cards to rates/SHA256SUMS
	$(BIN)/python -m tools.sums --append

sources: $(VENV)/.runtime ## writes docs/sources.md anew: what every fact on the cards rests on
	$(BIN)/python -m tools.sources

compare-prices: $(VENV)/.runtime $(PRICES)/.downloaded ## our prices beside those that other packages ship; fails where a difference is not explained
	$(BIN)/python -m tools.compare_prices --wheels $(PRICES)

scenarios: $(VENV)/.test ## writes docs/scenarios.md anew from the golden scenarios
	$(BIN)/python -m tools.scenarios

schema: $(VENV)/.runtime ## writes rates/schema.json anew from the models
	$(BIN)/python -m tools.schema

api: $(VENV)/.test ## writes docs/api/ anew for the version in the making
	$(BIN)/python -m tools.api --write

pictures: $(VENV)/.test ## draws the README's pictures anew (needs chromium)
	$(BIN)/python -m tools.pictures

site: $(VENV)/.site ## builds the documentation site in build/site, its notebooks run, warnings being errors
	$(BIN)/python -m tools.site

clean: ## removes .venv and what the tools leave behind
	rm -rf $(VENV) .venv-litellm-proxy* .venv-spark* $(PRICES) benchmarks/.venv* build dist mutants htmlcov .coverage .coverage.* .hypothesis .*_cache
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

$(VENV)/.backend: $(VENV)/.made pyproject.toml $(BACKEND)/pyproject.toml
	$(PIP) -e . -e $(BACKEND)
	@touch $(VENV)/.runtime $@

$(VENV)/.site: $(VENV)/.made pyproject.toml
	$(PIP) -e '.[docs]'
	@touch $(VENV)/.runtime $@

# The wheels alone: what they depend on is not needed to read their data.
$(PRICES)/.downloaded: $(VENV)/.made tools/price_packages.txt
	rm -rf $(PRICES)
	$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --only-binary :all: --dest $(PRICES) --requirement tools/price_packages.txt
	@touch $@
