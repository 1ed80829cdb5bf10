# `make` prints this help. `make up` and `make test` need Python 3.11+, make and git, and nothing else.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TOOLS := .venv/.tools
QUIX := benchmarks/.venv-quixstreams/.ready
INSTALL := -m pip install --quiet --disable-pip-version-check
PIN := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
# `make bench REPORT=docs/performance.md` writes the figures into that page, too
REPORTED = $(if $(REPORT),--report $(REPORT))

# `make up DATABASE=postgres` (a variable of that name in the environment means something else)
ifeq ($(origin DATABASE),command line)
export NEWSROOM_DATABASE := $(DATABASE)
endif

# In the order of folders: the files with the longest tests are not left for the end, when the other processes are idle
PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder

SEED := 1
MINUTES := 2
# In the environment, a DATABASE of another meaning does not concern `make chaos`
CHAOS_DATABASE = $(or $(if $(filter command,$(origin DATABASE)),$(DATABASE),$(filter sqlite postgres,$(DATABASE))),sqlite)

.DEFAULT_GOAL := help
.PHONY: help up down status logs reset demo check unit test coverage format bench bench-latency bench-memory bench-replay chaos lock clean

help: ## print this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Run the newsroom
up: $(READY) ## start Kafka and a worker; DATABASE=postgres: a PostgreSQL and a worker per core (downloads 132 MB, once)
	@$(BIN)/newsroom up

down: $(READY) ## stop the local stack and keep its data
	@$(BIN)/newsroom down

status: $(READY) ## say what runs
	@$(BIN)/newsroom status

logs: $(READY) ## print what the programs have said
	@$(BIN)/newsroom logs

reset: $(READY) ## drop the log and everything derived from it; asks first
	@$(BIN)/newsroom reset

demo: up ## load a small newsroom of invented stories and print its timeline
	@$(BIN)/newsroom demo

##@ Work on the code
check: $(TOOLS) ## run linters, the type checker and the rules of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(TOOLS) ## run the tests that need no broker and no PostgreSQL, with fewer random examples
	QUICK=1 $(BIN)/pytest -n 2 --dist loadfile tests/unit

test: check ## run every check and test, against a real broker of its own
	$(BIN)/pytest $(PARALLEL)

coverage: $(TOOLS) ## run every test, and print the lines and branches that none of them reaches
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PARALLEL)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

format: $(TOOLS) ## format the code and mend what can be mended
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY) $(QUIX) ## compare the loop with a bare poll, a naive consumer and quixstreams, in one run
	@$(BIN)/python benchmarks/loop.py $(REPORTED)

bench-latency: $(READY) ## measure how soon readers see a publication, at 200, 1,000 and 2,000 events a second
	@$(BIN)/python benchmarks/latency.py $(REPORTED)

bench-memory: $(READY) ## measure the memory of a worker with 20,000 cached articles over a long stream
	@$(BIN)/python benchmarks/memory.py $(REPORTED)

bench-replay: $(READY) ## compare a cold replay with the live loop and a bare Kafka poll, in one run
	@$(BIN)/python benchmarks/replay.py $(REPORTED)

chaos: $(TOOLS) ## break broker, workers and database for MINUTES by SEED, and check every promise; DATABASE=postgres
	@PYTHONPATH=tests $(BIN)/python -m chaos --seed $(SEED) --minutes $(MINUTES) --database $(CHAOS_DATABASE)

lock: ## pin all dependencies anew, with hashes (needs uv: pip install uv)
	$(PIN) --all-extras --group install pyproject.toml -o requirements.lock
	$(PIN) --group dev -c requirements.lock -o requirements-dev.lock
	$(PIN) benchmarks/quixstreams.in -o benchmarks/quixstreams.lock

clean: ## remove the virtual environment and all caches; data of the stack stays
	rm -rf .venv benchmarks/.venv-quixstreams .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*

$(QUIX): benchmarks/quixstreams.lock
	@echo "making benchmarks/.venv-quixstreams (the first time: downloads about 40 MB)"
	@$(PYTHON) -m venv --clear benchmarks/.venv-quixstreams
	@benchmarks/.venv-quixstreams/bin/python $(INSTALL) --require-hashes -r $<
	@touch $(QUIX)

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed; this is {sys.version}: call make with PYTHON=python3.12 or the like")'
	@echo "making .venv (the first time: downloads about 87 MB)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python $(INSTALL) --require-hashes -r requirements.lock
	@$(BIN)/python $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $(READY)

$(TOOLS): $(READY) requirements-dev.lock
	@echo "adding what tests to .venv (the first time: downloads about 33 MB)"
	@$(BIN)/python $(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $(TOOLS)
