# HubSSO. `make run` starts the whole demo; `make test` checks everything the project claims.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
FUZZ_SECONDS ?= 60
VENV := .venv
BIN := $(VENV)/bin
PEERS := var/peers
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:

.PHONY: help run cluster faults test test-postgresql lint types unit e2e interop browser screens conformance messages lock bench fuzz format clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.run-installed  ## Start the demo: portal, demo organisations, demo IdPs (PORT=8000)
	@$(BIN)/python -m tests.demo.run --port $(PORT)

cluster: $(VENV)/.dev-installed  ## Start two servers, a worker, nginx, PostgreSQL and Valkey on loopback, with the demo's people (needs nginx)
	@$(BIN)/python -m tests.cluster.run --port $(PORT)

faults: $(VENV)/.dev-installed  ## Try every fault on the cluster under load, and write docs/reliability.md (needs nginx)
	$(BIN)/python -m tests.faults.run

test: $(VENV)/.dev-installed browser lint types  ## Everything: lint, types, checks, all tests on SQLite, what differs on PostgreSQL, browser
	$(BIN)/python -m tests.suite

lint: $(VENV)/.dev-installed  ## Format check, lint, migrations and deployment checks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	HUBSSO_ENV=test $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m tests.check_deploy

types: $(VENV)/.dev-installed  ## mypy --strict
	HUBSSO_ENV=test $(BIN)/mypy

test-postgresql: $(VENV)/.dev-installed  ## Every test but the browser's on PostgreSQL; `test` runs those that differ by database
	$(BIN)/python -m tests.suite --everything-on-postgresql

unit: $(VENV)/.dev-installed  ## The tests on SQLite without a browser: the quick loop
	$(BIN)/pytest -n 2 --dist worksteal -m "not e2e"

e2e: $(VENV)/.dev-installed browser  ## The browser tests alone
	$(BIN)/pytest -n 2 --dist worksteal -m e2e tests/e2e

interop: $(VENV)/.dev-installed  ## Whole logins against IdPs that others wrote (npm oidc-provider, npm saml-idp, pysaml2)
	$(BIN)/python -m tests.interop.run

browser: $(VENV)/.dev-installed
	@$(BIN)/python -m tests.e2e.browser

screens: $(VENV)/.dev-installed browser  ## Take a picture of every page anew, for docs/screens
	$(BIN)/python -m tests.e2e.screens

conformance: $(VENV)/.dev-installed  ## Try every attack of the catalogues, and write docs/security/conformance.md
	$(BIN)/python -m tests.conformance

bench: $(VENV)/.dev-installed $(PEERS)/.installed  ## Measure the gate, logins and the server beside floors and what others do (minutes)
	$(BIN)/python -m bench.run

fuzz: $(VENV)/.fuzz-installed  ## Fuzz what parses XML from outside, each target for FUZZ_SECONDS=60
	$(BIN)/python -m tests.fuzz.run $(FUZZ_SECONDS)

format: $(VENV)/.dev-installed  ## Format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: $(VENV)/.dev-installed  ## Maintainers: gather all texts for the translators, and compile what they wrote (needs gettext)
	HUBSSO_ENV=test $(BIN)/python manage.py makemessages -l fr --no-obsolete --no-wrap --add-location file -i .venv -i var -i tests -i node_modules
	HUBSSO_ENV=test $(BIN)/python manage.py compilemessages -l fr -i .venv

lock:  ## Maintainers: write the lock files anew (needs uv)
	uv lock
	uv export --quiet --frozen --no-dev --group demo --no-emit-project --no-header -o requirements/run.lock
	uv export --quiet --frozen --no-default-groups --group telemetry --no-emit-project --no-header -o requirements/prod.lock
	uv export --quiet --frozen --group dev --group interop --no-emit-project --no-header -o requirements/dev.lock
	uv export --quiet --frozen --no-default-groups --only-group fuzz --no-emit-project --no-header -o requirements/fuzz.lock
	uv export --quiet --frozen --no-default-groups --only-group peers --no-emit-project --no-header -o requirements/peers.lock

clean:  ## Remove the environment and the demo's data
	rm -rf $(VENV) var .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than Python 3.11; name another: make PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.run-installed: requirements/run.lock | $(BIN)/python
	@echo "Installing HubSSO's dependencies into $(VENV) ..."
	@test -e $(VENV)/.dev-installed || $(PIP_INSTALL) -r requirements/run.lock
	@touch $@

$(VENV)/.dev-installed: requirements/dev.lock | $(BIN)/python
	@echo "Installing HubSSO's development dependencies into $(VENV) ..."
	@$(PIP_INSTALL) -r requirements/dev.lock
	@touch $@

$(PEERS)/.installed: requirements/peers.lock | $(VENV)/.dev-installed
	@echo "Installing what others do into $(PEERS) ..."
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/peers.lock
	@touch $@

$(VENV)/.fuzz-installed: requirements/fuzz.lock | $(VENV)/.dev-installed
	@echo "Installing the fuzzer into $(VENV) ..."
	@$(PIP_INSTALL) -r requirements/fuzz.lock
	@touch $@
