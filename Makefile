# `make` alone prints this help.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install demo up down status test check format generate bench load prove fuzz alerts sbom audit lock clean

help:  ## print what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 12

install: $(VENV)/installed  ## make the virtual environment with the locked packages

$(VENV)/installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11, or say make PYTHON=<path>"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "No virtual environment could be made; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: install  ## the main job: a nation's year of reports, end to end
	$(BIN)/spm demo

up: install  ## start Kafka, MongoDB, the mail catcher and the four services
	$(BIN)/spm up

down: install  ## stop what `make up` started
	$(BIN)/spm down

status: install  ## show each part of the local stack
	$(BIN)/spm status

test: install  ## every test, on real engines
	$(BIN)/python -m pytest

check: install  ## the gate: format, lint, types, imports, generated files, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/spm generate --check
	$(BIN)/python -m pytest

format: install  ## format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: install  ## write the generated files again
	$(BIN)/spm generate

bench: install  ## CPU of judging; time of ranking; throughput and CPU against bare loops with the same I/O
	$(BIN)/python -m tests.bench.judging
	$(BIN)/python -m tests.bench.ranking
	$(BIN)/python -m tests.bench.pipeline
	$(BIN)/python -m tests.bench.intake
	$(BIN)/python -m tests.bench.notify

load: install  ## a deadline's evening at 1x and 20x with ten thousand and a million reports in the log; two hours, 60 GB
	$(BIN)/python -m tests.load --write docs/capacity.md

prove: install  ## brokers killed in turn, services restarted and versions mixed under load; least rights; senders killed
	$(BIN)/python -m tests.faults.three_brokers
	$(BIN)/python -m tests.faults.rolling_restart
	$(BIN)/python -m tests.faults.two_versions
	$(BIN)/python -m tests.faults.least_rights
	$(BIN)/python -m pytest tests/faults/senders_killed.py

containers: install  ## the image, the compose file and Testcontainers on this machine's Docker: what is in them, and that they run
	$(BIN)/python -m tests.images.image
	$(BIN)/python -m tests.images.compose --built
	$(BIN)/python -m tests.images.engines

fuzz: install  ## new examples for the tests of laws; 100,000 requests that nobody should send and schemathesis at a real intake
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=searching
	$(BIN)/python -m tests.fuzz.storm
	$(BIN)/python -m tests.fuzz.asking

alerts: install  ## stage the faults that alerts are for; each must fire and clear (needs Prometheus)
	$(BIN)/python -m tests.faults.staged_alerts

$(VENV)/audit/installed: deploy/audit.lock $(VENV)/installed
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes -r deploy/audit.lock
	@touch $@

sbom: $(VENV)/audit/installed  ## list what the image carries, with hashes, as CycloneDX: sbom.json
	$(VENV)/audit/bin/cyclonedx-py requirements deploy/requirements.lock --pyproject pyproject.toml \
	  --output-reproducible --output-format JSON --output-file sbom.json

audit: $(VENV)/audit/installed  ## ask whether any of it has known vulnerabilities; 3: nobody could be asked
	$(BIN)/python -m deploy.audit $(VENV)/audit/bin/pip-audit

lock: install  ## resolve pyproject.toml into requirements.lock with hashes
	$(BIN)/uv pip compile --quiet --generate-hashes --extra local --extra dev --extra tracing --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --generate-hashes --extra tracing --constraint requirements.lock --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" --output-file deploy/requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	  --custom-compile-command "make lock" --output-file deploy/audit.lock deploy/audit.in

clean: down  ## remove the environment and the local stack's data
	rm -rf $(VENV) .run
