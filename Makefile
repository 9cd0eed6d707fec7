# headrace: `make demo` and `make test` do all their own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
DURATION ?= 30
VENV := .venv
TOOLS := .tools
UV := $(TOOLS)/bin/uv
RUN := $(VENV)/bin
SOURCES := schemas streams sinks infra

.PHONY: help setup demo test faults check format docs bench bench-quick soak down clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "headrace needs Python 3.11 or newer (found: $$($(PYTHON) --version 2>&1)); install it or set PYTHON=" >&2; exit 1; }
	@$(PYTHON) -m venv $(TOOLS) || \
	  { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check 'uv>=0.5'

$(VENV)/.synced: $(UV) pyproject.toml uv.lock
	@UV_PYTHON_DOWNLOADS=never $(UV) sync --locked --quiet --python $(PYTHON)
	@touch $@

setup: $(VENV)/.synced ## install what the project needs into .venv
	@command -v java >/dev/null || { echo "Java 17 or newer is missing; on Debian: apt-get install openjdk-17-jre-headless" >&2; exit 1; }
	@command -v mvn >/dev/null || { echo "Maven is missing; on Debian: apt-get install maven" >&2; exit 1; }

demo: setup ## run everything once: DURATION=30 seconds of synthetic plant, or DATA=file.csv to replay
	@$(RUN)/headrace demo $(if $(DATA),--replay "$(DATA)",--duration $(DURATION)s)

test: setup ## run all tests
	@$(RUN)/pytest

faults: setup ## break everything that can break, under load; prints the table of docs/RELIABILITY.md
	@$(RUN)/pytest tests/faults -m "fault or not fault"

check: setup ## formatting, lint, types, layers
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/mypy
	@$(RUN)/lint-imports

format: setup ## format the code
	@$(RUN)/ruff format .
	@$(RUN)/ruff check --fix .

docs: setup ## regenerate what is generated from code
	@$(RUN)/python -m schemas
	@$(RUN)/python -m streams.reference > docs/REFERENCE.md.new && mv docs/REFERENCE.md.new docs/REFERENCE.md
	@$(RUN)/python -m sinks.clickhouse > docs/TABLES.md.new && mv docs/TABLES.md.new docs/TABLES.md

bench: setup ## headrace and its neighbours over one log, held against an oracle; writes infra/bench/RESULTS.md
	@$(RUN)/headrace bench windows --record

bench-quick: setup ## headrace against the bare poll loop; fails below half of the recorded ratio
	@$(RUN)/headrace bench quick

soak: setup ## half an hour at 20,000 events/s: memory, file handles, parts and lag have to stay flat; writes bench-soak/
	@$(RUN)/headrace bench soak

down: setup ## stop the local Kafka and ClickHouse, those of replay demos too
	@for data in .headrace .headrace/*/; do [ ! -f $$data/stack.json ] || $(RUN)/headrace down --data $$data; done

clean: ## remove what has been installed and generated; keeps .headrace/
	rm -rf $(VENV) $(TOOLS) .pytest_cache .mypy_cache .ruff_cache .hypothesis
