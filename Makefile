# All of it needs Python 3.11 or newer and make, nothing else; `make` alone lists what there is.

# Where nothing compiled is kept, each process that tests start compiles all of the code again.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PYTHON_IN_VENV := $(VENV)/bin/python
INSTALLED := $(VENV)/installed
# Tests wait for a third of their time, for locks and for processes: three workers keep two cores busy.
WORKERS ?= 3
ARGS ?=
N ?= 500
ROWS ?= 1000000 10000000

# A Python counts when it runs (a command may exist and yet not run), is new enough and can make environments.
USABLE := -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))" </dev/null >/dev/null 2>&1
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14 python3.15 python; do \
	if $$python $(USABLE); then echo $$python; break; fi; done)

.PHONY: help demo test test-slow coverage package-test browser-test django-tests torture bench bench-stall bench-review lint format clean

help: ## list these targets
	@echo "Usage: make TARGET [ARGS=...] [PYTHON=python3.11]"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{printf "%-16s%s\n", $$1, $$2}'

demo: $(INSTALLED) ## the whole story on a PostgreSQL 18 of its own (ARGS="--rows 50000 --keep")
	@$(PYTHON_IN_VENV) -m ehr.demo $(ARGS)

test: $(INSTALLED) ## the tests but for the slow ones, on PostgreSQL 18 (POSTGRESQL_VERSION=17, 16 or 15, ARGS="tests/unit")
	$(PYTEST) $(or $(ARGS),-m "not slow")

test-slow: $(INSTALLED) ## the slow tests: kills at every statement, whole deploys with rehearsal, backup and rollback
	$(PYTEST) -m slow $(ARGS)

# Half as long again. The processes that tests start have folders of their own, and find the code by MEASURED_ROOT.
coverage: export MEASURED_ROOT := $(CURDIR)
coverage: ## make test, with the branches that it reaches; below the floor of pyproject.toml it fails
	@rm -rf .cache/coverage
	$(MAKE) test MEASURED="-m coverage run"
	$(PYTHON_IN_VENV) -m coverage combine --quiet
	$(PYTHON_IN_VENV) -m coverage report

PYTEST = $(PYTHON_IN_VENV) $(MEASURED) -m pytest -n $(WORKERS) --dist worksteal

package-test: $(INSTALLED) ## build the distribution, install it into empty environments, use it in other projects
	$(PYTHON_IN_VENV) -m pip install --quiet --disable-pip-version-check -r requirements-package.txt
	$(PYTEST) tests/package $(ARGS)

browser-test: $(INSTALLED) ## the pages of reports in a real Chromium (apt-get install chromium), with axe-core
	$(PYTHON_IN_VENV) -m pip install --quiet --disable-pip-version-check -r requirements-browser.txt
	$(PYTEST) tests/browser $(ARGS)

django-tests: $(INSTALLED) ## Django's own tests of migrations, with plain Django and with our commands (ARGS="migrations.test_commands")
	$(PYTHON_IN_VENV) -m tests.django_suite $(ARGS)

torture: $(INSTALLED) ## kill the commands at N random instants (N=500, ARGS="--seed 7"), and some at every statement
	$(PYTHON_IN_VENV) -m tests.torture --number $(N) $(ARGS)
	EVERY_BOUNDARY=yes $(PYTHON_IN_VENV) -m pytest tests/torture/test_foreign_rollback.py tests/torture/test_kept_steps.py

bench: $(INSTALLED) ## how fast the commands are, beside their rivals (ROWS="1000000", ARGS="--ids text --jobs 4")
	$(PYTHON_IN_VENV) -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	$(PYTHON_IN_VENV) -m tests.benchmarks.speed --rows $(ROWS) $(ARGS)

bench-stall: $(INSTALLED) ## how long the hospital waits, beside three other ways (ROWS="1000000 10000000")
	$(PYTHON_IN_VENV) -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	$(PYTHON_IN_VENV) -m tests.benchmarks.stall --rows $(ROWS) $(ARGS)

bench-review: $(INSTALLED) ## what precheck finds, beside plain Django and other reviewers (ARGS="--measures sizes")
	$(PYTHON_IN_VENV) -m pip install --quiet --disable-pip-version-check -r requirements-bench-review.txt
	$(PYTHON_IN_VENV) -m tests.benchmarks.review $(ARGS)

lint: $(INSTALLED) ## format, lint, types, and that no migration is missing; changes nothing
	$(PYTHON_IN_VENV) -m ruff format --check .
	$(PYTHON_IN_VENV) -m ruff check .
	$(PYTHON_IN_VENV) -m mypy
	$(NO_DATABASE) EHR_ID_TYPE=uuid $(PYTHON_IN_VENV) -W error $(MAKEMIGRATIONS_CHECK)
	$(NO_DATABASE) EHR_ID_TYPE=text $(PYTHON_IN_VENV) -W error $(MAKEMIGRATIONS_CHECK)

format: $(INSTALLED) ## put the code into shape
	$(PYTHON_IN_VENV) -m ruff check --fix-only .
	$(PYTHON_IN_VENV) -m ruff format .

clean: ## remove the environment
	rm -rf $(VENV)

# Models and migrations are compared without a database; where one is named, Django would ask it for its history.
NO_DATABASE := env -u DATABASE_URL -u PGDATABASE -u PGSERVICE DJANGO_SETTINGS_MODULE=ehr.settings
MAKEMIGRATIONS_CHECK := -m django makemigrations --check --dry-run

$(INSTALLED): requirements.txt requirements-dev.txt
	@$(or $(PYTHON),false) $(USABLE) || { echo "$(NO_PYTHON)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(PYTHON_IN_VENV) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

NO_PYTHON = $(if $(PYTHON),$(PYTHON) is not,There is no) Python 3.11 or newer with the module venv. \
	Install one (Debian and Ubuntu: apt-get install python3-venv) or name one: make PYTHON=/path/to/python3.11
