# Needs Python 3.11+, make and git. Everything else is installed into .venv from pyproject.toml.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
MLFLOW := .venv-mlflow
MLFLOW_STAMP := $(MLFLOW)/.installed

.PHONY: demo test test-all check lint format bench clean

demo: $(STAMP)  ## the whole job on a folder: train, record, register, promote, load back, predict
	$(BIN)/cloudtrack demo

test: $(STAMP)  ## the tests, with moto and a real S3 server started by themselves
	$(BIN)/python -m pytest -m "not slow"

test-all: $(STAMP) $(MLFLOW_STAMP)  ## the slow proofs too, and those that need MLflow
	CLOUDTRACK_MLFLOW_PYTHON=$(CURDIR)/$(MLFLOW)/bin/python $(BIN)/python -m pytest

check: lint test  ## everything that must hold before a commit

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP) $(MLFLOW_STAMP)  ## benchmarks, beside MLflow in an environment of its own
	CLOUDTRACK_MLFLOW_PYTHON=$(CURDIR)/$(MLFLOW)/bin/python $(BIN)/python -m tests.benchmarks

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "cloudtrack needs Python 3.11 or newer"'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --editable . --group dev
	touch $(STAMP)

$(MLFLOW_STAMP): $(STAMP)
	test -x $(MLFLOW)/bin/python || $(PYTHON) -m venv $(MLFLOW)
	VIRTUAL_ENV=$(MLFLOW) $(BIN)/uv pip install --quiet mlflow skops
	touch $(MLFLOW_STAMP)

clean:
	rm -rf $(VENV) $(MLFLOW) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
