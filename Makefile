# Everything runs in .venv, and every target can be repeated.
PORT ?= 8000
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SITE := http://127.0.0.1:$(PORT)

CATALOGS := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))

.PHONY: run test fuzz crash test-stripe bench

.venv/runtime: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	touch $@

.venv/dev: .venv/runtime requirements-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	touch $@

# Texts in other languages, as the server reads them.
%.mo: %.po .venv/runtime
	$(BIN)/pybabel -q compile -i $< -o $@

# The site with the guide as its sample book and demo accounts, on this machine alone.
run: .venv/runtime $(CATALOGS)
	PORT=$(PORT) BOOKBINDER_SITE_URL=$(SITE) $(BIN)/python -m bookbinder.demo

test: .venv/dev $(CATALOGS)
	$(BIN)/python -m bookbinder.tests.run.all

# The same tests of the API with 10,000 requests, as every role.
fuzz: .venv/dev
	FUZZ_REQUESTS=10000 $(BIN)/python -m pytest -s bookbinder/tests/test_fuzz.py

# Kills CRASHES real syncs (200) at random instants on each database.
crash: .venv/dev
	$(BIN)/python -m bookbinder.tests.run.crash
	$(BIN)/python -m bookbinder.tests.run.postgres $(BIN)/python -m bookbinder.tests.run.crash

# Buys a place at the real Stripe, in its test mode.
test-stripe: .venv/dev
	$(BIN)/python -m bookbinder.tests.run.real_stripe

bench: .venv/dev $(CATALOGS)
	$(BIN)/python -m bookbinder.tests.run.postgres $(BIN)/python -m benchmarks
