# Wattlog. `make` alone shows this help.
.DEFAULT_GOAL := help
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := --generate-hashes --no-emit-index-url --no-header --no-annotate --universal -p 3.11 -q

.PHONY: help setup demo up test check check-base check-slices conformance bench chaos browser ocpi-client generate lock clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Create .venv with the locked dependencies

$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || { python="$(PYTHON)"; python="$${python:-$$(tools/choose_python.sh)}"; \
	  test -n "$$python" || { echo "Wattlog needs Python 3.11, 3.12 or 3.13: install one (or run it with Docker: docker compose up)."; exit 1; }; \
	  "$$python" -m venv $(VENV); }
	@echo "Installing the locked dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Start everything, charge real sessions through it, compare and show the result
	@$(BIN)/wattlog demo

up: setup ## Start everything on the default addresses until Ctrl-C
	@$(BIN)/wattlog up

test: setup ## Run all tests: unit, golden, scenario, contract, architecture, integration, conformance
	@$(BIN)/python -m pytest -q -n auto -m "not integration and not chaos"
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "integration and not chaos"

check: setup ## Format, lint, types, architecture, freshness and fast tests, in under a minute
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/lint-imports > build.log 2>&1 || { cat build.log; rm build.log; exit 1; }; rm -f build.log
	@$(BIN)/python tools/generate_events.py --check
	@$(BIN)/python tools/settings_docs.py --check
	@$(MAKE) --no-print-directory -j 2 -Otarget check-base check-slices

# Two runs side by side: handing single tests out to workers takes longer than most of them do.
QUICK := WATTLOG_TEST_PROFILE=quick $(BIN)/python -m pytest -q --durations=3 -m "not integration and not chaos and not slow"
BASE := tests/unit/domain tests/unit/runtime tests/contract tests/architecture tests/golden

check-base:
	@$(QUICK) $(BASE)

check-slices:
	@$(BIN)/mypy
	@$(QUICK) $(BASE:%=--ignore=%) tests/unit tests/scenarios

conformance: setup ## Run the cases of the OCPP compliance tool against the edge; table, build/conformance.json
	@$(BIN)/python -m tests.conformance

bench: setup ## Measure speed; ratios and figures go to build/bench.json
	@$(BIN)/python -m tests.bench

chaos: setup ## The long crash tests: 100 random kills over a million events, 30 kills of edges
	@$(BIN)/python -m tests.chaos.crash_test --seed 42 --kills 100 --events 1000000
	@$(BIN)/python -m tests.chaos.edge_kills --seed 42 --kills 30

browser: setup ## Open the drivers' page in Chromium, which has to be installed; gets playwright (165 MB)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check playwright==1.65.2
	@$(BIN)/python -m pytest -q tests/browser

ocpi-client: ## Build the OCPI checker of crates.io that a test asks, if there is a Rust compiler (some minutes)
	@nice -n 19 cargo install -q ocpi-kit --version 0.4.0 --features cli --ignore-rust-version --root .wattlog/clients

generate: setup ## Write services/domain/events from schemas/avro, and docs/settings.md
	@$(BIN)/python tools/generate_events.py
	@$(BIN)/python tools/settings_docs.py

lock: ## Resolve both lock files from pyproject.toml anew (needs uv in .venv)
	@$(BIN)/uv pip compile pyproject.toml --all-extras $(LOCK) -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml -c requirements.lock $(LOCK) -o deploy/requirements.lock

clean: ## Remove local data, builds and caches (not .venv)
	@rm -rf .wattlog build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache
