.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --prerelease if-necessary
LINTED := router shared studium subgraphs tests web/graphiql
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help up test check format schema lock bench judges fuzz clean setup setup-dev

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup:  ## Install what running needs into .venv
	@$(PYTHON) studium/bootstrap.py

setup-dev:  ## Install what testing needs into .venv as well
	@$(PYTHON) studium/bootstrap.py --dev

up: setup  ## Start the whole platform on embedded servers (ARGS="--processes many")
	@exec $(BIN)/studium up $(ARGS)

test: setup-dev  ## Run the test suite (ARGS="-k catalogue")
	@$(BIN)/pytest -n auto --dist loadgroup $(ARGS)

check: setup-dev  ## Lint, types, layering, house lints, schema drift, containers
	@$(BIN)/ruff check $(LINTED)
	@$(BIN)/ruff format --check $(LINTED)
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tests/architecture/house_lints.py
	@$(BIN)/basedpyright
	@$(BIN)/studium schema --check
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/yamllint --strict docker-compose.yml schema/supergraph.yaml
	@$(BIN)/hadolint Dockerfile

format: setup-dev  ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix $(LINTED) && $(BIN)/ruff format $(LINTED)

schema: setup  ## Export the subgraphs' SDL and compose schema/supergraph.graphql
	@$(BIN)/studium schema

lock: setup-dev  ## Resolve the dependencies anew into the lock files
	@$(COMPILE) -o requirements-production.lock pyproject.toml
	@$(COMPILE) -c requirements-production.lock --extra embedded --extra assets -o requirements.lock pyproject.toml
	@$(COMPILE) -c requirements.lock --all-extras --group dev --group bootstrap -o requirements-dev.lock pyproject.toml
	@$(COMPILE) -c requirements-dev.lock --group bootstrap -o requirements-bootstrap.lock
	@$(COMPILE) -o tests/conformance/judges/requirements.lock tests/conformance/judges/requirements.in

bench: setup-dev  ## Measure speed and memory
	@$(BIN)/python -m tests.bench.run $(ARGS)

judges: setup-dev  ## Let outside tools look for weaknesses in the running router
	@$(BIN)/python -m tests.conformance.judges.install
	@STUDIUM_JUDGES=required $(BIN)/pytest -n 0 tests/conformance/judges $(ARGS)

fuzz: setup-dev  ## Long property and fuzz runs
	@$(BIN)/pytest -n auto --dist worksteal tests/fuzz $(ARGS)

clean:  ## Remove the environment, caches and the embedded servers' data
	@rm -rf .venv .studium .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist router/serve/dist web/graphiql/node_modules tests/clients/node_modules tests/conformance/fedtest/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
