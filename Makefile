# Everything runs in .venv, and every target can be repeated.
PORT ?= 8000
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SITE := http://127.0.0.1:$(PORT)

CATALOGS := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))

.PHONY: help run lint test-fast test fuzz crash test-sphinx test-stripe bench

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

help:  ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

run: .venv/runtime $(CATALOGS)  ## the site with the guide as its book and demo accounts, on this machine
	PORT=$(PORT) BOOKBINDER_SITE_URL=$(SITE) $(BIN)/python -m bookbinder.demo

lint: .venv/dev  ## the quick checks: seconds
	$(BIN)/python -m bookbinder.tests.run.all lint

test-fast: .venv/dev $(CATALOGS)  ## tests without builds, servers and browsers, on SQLite: under a minute
	$(BIN)/python -m pytest -n 2 -m "not browser and not sphinx and not slow"

test: .venv/dev $(CATALOGS)  ## every check and test, on SQLite and PostgreSQL and in Chromium
	$(BIN)/python -m bookbinder.tests.run.all

fuzz: .venv/dev  ## 10,000 made-up requests as every role, and 100,000 steps that change scores
	FUZZ_REQUESTS=10000 $(BIN)/python -m pytest -s bookbinder/tests/test_fuzz.py
	SCORE_EXAMPLES=500 $(BIN)/python -m pytest -n auto grading/tests/test_scores_random.py

crash: .venv/dev  ## kills CRASHES real syncs (200), and regrades (50), at random instants on each database
	$(BIN)/python -m bookbinder.tests.run.crash_regrades
	$(BIN)/python -m bookbinder.tests.run.postgres $(BIN)/python -m bookbinder.tests.run.crash_regrades
	$(BIN)/python -m bookbinder.tests.run.crash
	$(BIN)/python -m bookbinder.tests.run.postgres $(BIN)/python -m bookbinder.tests.run.crash

test-sphinx: .venv/dev  ## the tests' books with each supported Sphinx, docutils and MyST-parser
	$(BIN)/python -m bookbinder.tests.run.sphinx_versions

test-stripe: .venv/dev  ## pays for a course at the real Stripe, with a key of its test mode
	$(BIN)/python -m bookbinder.tests.run.real_stripe

bench: .venv/dev $(CATALOGS)  ## speed, each figure beside its floor, on PostgreSQL
	$(BIN)/python -m bookbinder.tests.run.postgres $(BIN)/python -m benchmarks
