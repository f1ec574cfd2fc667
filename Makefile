# Every target sets up what it needs. Nothing asks questions, nothing needs sudo.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data
YAML := docker-compose.yml .pre-commit-config.yaml deploy
# The lock files are complete, so nothing is resolved; files are compiled when first imported: half the time.
PIP := install -q --disable-pip-version-check --no-input --no-compile
COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header $(UPGRADE) pyproject.toml

# Where the shell forbids it, every process would compile all it imports anew: two and a half seconds a worker.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup java demo test real chaos chaos-slack chaos-receiver soak lint bench bench-detection sbom audit fuzz fuzz-openapi lock
# The same .venv cannot be made twice at once.
.NOTPARALLEL:

help: ## What there is to run
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

setup: $(VENV)/.ready java ## Make .venv with the `ticketspike` command; Java where it may

$(VENV)/.ready: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
		echo "ticketspike needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is $$($(PYTHON) -V 2>&1);" \
		"name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments; install the module: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip $(PIP) --no-deps --require-hashes -r requirements-dev.txt
	$(BIN)/pip $(PIP) --no-deps --no-build-isolation -e .
	@touch $@

java:
	@deploy/setup-java.sh </dev/null

demo: setup ## The whole story on embedded Kafka
	$(BIN)/ticketspike demo </dev/null

# A file stays with one process, as its tests may share what is dear to make; each process has a Kafka of its own.
# In the order of their names the long files come first, not last and alone. They wait for Kafka and for each
# other's processes half of the time, so there is one process more than cores.
test: setup ## Unit, integration (real Kafka) and acceptance tests
	$(BIN)/pytest -q -n $$(($$(nproc 2>/dev/null || echo 2) + 1)) --maxprocesses 4 --dist loadfile \
		--no-loadscope-reorder </dev/null

real: setup ## Real tickets through real Kafka: make real DATA=FOLDER
	$(BIN)/python tests/real/run.py $(DATA) </dev/null

# SEED repeats a run, as far as the machine lets it.
chaos: setup ## Break workers and three brokers under load (KILLS=100 SEED=1 SEEDS=4 OTHERS=2)
	$(BIN)/python tests/chaos/everything.py $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(SEEDS),--seeds $(SEEDS)) $(if $(OTHERS),--others $(OTHERS)) </dev/null

chaos-slack: setup ## Kill the worker at 200 moments around posting (KILLS=200 SEED=1)
	$(BIN)/python tests/chaos/slack.py $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) </dev/null

chaos-receiver: setup ## Kill receiver and Kafka under webhooks (SECONDS=180 KILLS=30 RATE=200 SEED=1)
	$(BIN)/python tests/chaos/receiver.py $(if $(SECONDS),--seconds $(SECONDS)) $(if $(KILLS),--kills $(KILLS)) \
		$(if $(RATE),--rate $(RATE)) $(if $(SEED),--seed $(SEED)) </dev/null

# A day passes in six minutes. SEED and RATE as well.
soak: setup ## Memory and counts under load (MINUTES=30 quiet, RESTARTS=15 with restarts)
	$(BIN)/python tests/soak/run.py $(if $(MINUTES),--minutes $(MINUTES)) $(if $(RESTARTS),--restarts $(RESTARTS)) \
		$(if $(RATE),--rate $(RATE)) $(if $(SEED),--seed $(SEED)) </dev/null

lint: $(VENV)/.ready ## Style, types, layers, YAML
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint -s $(YAML)

bench: setup $(VENV)-bench/.ready ## Speed beside other ways to count
	$(VENV)-bench/bin/python benchmarks/run.py </dev/null

# First the examples of the peers, one of which needs what only this environment has. One thread a process: the
# two processes are what the cores are for.
bench-detection: $(VENV)-bench/.ready ## Detection beside an oracle and seven other ways (QUICK=1: one seed)
	$(VENV)-bench/bin/pytest -q benchmarks/detection </dev/null
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(VENV)-bench/bin/python benchmarks/detection/run.py \
		$(if $(QUICK),--quick) </dev/null

# Apart from .venv: the libraries compared with are not ours to depend on.
$(VENV)-bench/.ready: requirements-bench.txt pyproject.toml $(VENV)/.ready
	$(PYTHON) -m venv --clear $(VENV)-bench
	$(VENV)-bench/bin/pip $(PIP) --no-deps --require-hashes -r requirements-bench.txt
	$(VENV)-bench/bin/pip $(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# Apart from .venv: the fuzzer has wheels for Linux only. Takes the packages of .venv, and adds the one.
$(VENV)-fuzz/.ready: requirements-fuzz.txt $(VENV)/.ready
	$(PYTHON) -m venv --clear $(VENV)-fuzz
	$(VENV)-fuzz/bin/pip $(PIP) --no-deps --require-hashes -r requirements-fuzz.txt
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		>$$($(VENV)-fuzz/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ticketspike-venv.pth
	@touch $@

fuzz: $(VENV)-fuzz/.ready $(if $(TARGET),,fuzz-openapi) ## All that parses from outside, under atheris (SECONDS=600 RUNS= TARGET= SEED=)
	PYTHONPATH=.:tests/support $(VENV)-fuzz/bin/python tests/fuzz/run.py $(if $(TARGET),--target $(TARGET)) \
		$(if $(SECONDS),--seconds $(SECONDS)) $(if $(RUNS),--runs $(RUNS)) $(if $(SEED),--seed $(SEED)) </dev/null

fuzz-openapi: setup $(VENV)-fuzz/.ready ## The web server against its description, under schemathesis (SEED=)
	PYTHONPATH=.:tests/support:tests/fuzz $(VENV)-fuzz/bin/python tests/fuzz/openapi.py \
		--executable $(BIN)/ticketspike $(if $(SEED),--seed $(SEED)) </dev/null

sbom: $(VENV)/.ready ## What the image holds, as CycloneDX JSON from the lock file: build/sbom.json
	@mkdir -p build
	$(BIN)/python deploy/sbom.py >build/sbom.json

audit: $(VENV)/.ready ## Is what is installed what was locked, and is anything of it known to be vulnerable?
	$(BIN)/python deploy/audit.py

lock: ## Pin the requirements with hashes (needs uv; UPGRADE=--upgrade takes newer ones)
	@command -v uv >/dev/null || { echo "uv is missing; install it: pipx install uv" >&2; exit 1; }
	$(COMPILE) -o requirements.txt
	$(COMPILE) --group dev -o requirements-dev.txt
	$(COMPILE) --group dev --group bench -o requirements-bench.txt
	$(filter-out pyproject.toml,$(COMPILE)) --group fuzz -c requirements-dev.txt -o requirements-fuzz.txt
