# headrace: `make demo` and `make test` do all their own set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
TOOLS := .tools
UV := $(TOOLS)/bin/uv
RUN := $(VENV)/bin
AMTOOL := $(TOOLS)/alertmanager/usr/bin/amtool
CHROMIUM := $(TOOLS)/chromium
PARALLEL := -n 2 --dist worksteal

.PHONY: help setup demo test faults check format docs bench bench-quick bench-anomaly bench-control bench-codes soak down clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

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

demo: setup ## run everything and open the plant's screen until Ctrl-C; DURATION=20 for so many seconds and no screen, DATA=file.csv to replay
	@$(RUN)/headrace demo $(if $(DATA),--replay "$(DATA)",$(if $(DURATION),--duration $(DURATION)s))

# From Debian's archive, without root and without installing anything; with package lists of its own where the system's
# are missing. Debian's build looks for its templates below /usr, where they are not: that path is made one relative to
# the working folder, as long as it was. Elsewhere than on Debian, what is on the PATH.
$(AMTOOL):
	@rm -rf $(TOOLS)/alertmanager && mkdir -p $(@D) $(TOOLS)/apt/lists/partial
	@get() { (cd $(TOOLS)/apt && apt-get -qq -o APT::Sandbox::User=root "$$@"); }; \
	own="-o Dir::State::Lists=lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache="; \
	if { get download prometheus-alertmanager || { get $$own update && get $$own download prometheus-alertmanager; }; } \
	    2> $(TOOLS)/apt/log && dpkg-deb -x $(TOOLS)/apt/prometheus-alertmanager_*.deb $(TOOLS)/alertmanager; then \
	  LC_ALL=C sed -i 's#/usr/share/prometheus/alertmanager#usr//share/prometheus/alertmanager#g' $(@D)/*; \
	  rm -rf $(TOOLS)/apt; \
	elif server=$$(command -v prometheus-alertmanager || command -v alertmanager) && tool=$$(command -v amtool); then \
	  ln -s "$$server" $(@D)/prometheus-alertmanager && ln -s "$$tool" $@; \
	else \
	  echo "the tests need Alertmanager 0.25 or newer: put alertmanager and amtool on the PATH; on Debian they are" \
	    "fetched, which failed: $$(tail -n 1 $(TOOLS)/apt/log)" >&2; exit 1; \
	fi

# The browser that looks at the screen, and a font that has Chinese: what is installed, else, as root, Debian's packages.
$(CHROMIUM):
	@mkdir -p $(@D); \
	browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }; \
	chinese() { command -v fc-list && [ -n "$$(fc-list :lang=zh family)" ]; }; \
	missing=$$(browser > /dev/null || echo chromium; chinese > /dev/null || echo fontconfig fonts-wqy-microhei); \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  { apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y $$missing; } \
	    > $(TOOLS)/chromium.log 2>&1; \
	fi; \
	if browser > /dev/null && chinese > /dev/null; then ln -sf "$$(browser)" $@; else \
	  echo "the tests of the screen need Chromium and a font with Chinese: install" $$missing >&2; exit 1; \
	fi

test: setup $(AMTOOL) $(CHROMIUM) ## run the tests, all but the long ones of `make faults`
	@$(RUN)/pytest $(PARALLEL)

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

bench-anomaly: setup ## detectors on the Numenta Anomaly Benchmark (NAB_DATA, NAB_SCORER); writes infra/bench/ANOMALY.md
	@$(RUN)/headrace bench anomaly --record

bench-control: setup ## the control loop against advice and none, half an hour; writes infra/bench/CONTROL.md
	@$(RUN)/headrace bench control --record

bench-codes: setup ## 1.143 billion codes, 46 GB of TMPDIR while it runs; writes infra/bench/CODES.md
	@$(RUN)/headrace bench codes --record

soak: setup ## half an hour at 20,000 events/s: memory, file handles, parts and lag have to stay flat; writes bench-soak/
	@$(RUN)/headrace bench soak

down: setup ## stop the local Kafka and ClickHouse, those of replay demos too
	@for data in .headrace .headrace/*/; do [ ! -f $$data/stack.json ] || $(RUN)/headrace down --data $$data; done

clean: ## remove what has been installed and generated; keeps .headrace/
	rm -rf $(VENV) $(TOOLS) .pytest_cache .mypy_cache .ruff_cache .hypothesis
