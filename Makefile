# Daily commands. `make` alone lists them; each builds .venv first when it is missing, broken or out of date.

.DEFAULT_GOAL := help
.PHONY: help venv demo test check coverage migrate docs bench soak mutants

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

venv: ## build or refresh .venv from uv.lock
	@.ci/venv

demo: venv ## start everything with invented Clients and live traffic; Ctrl-C stops it
	@.ci/attached .venv/bin/konectus demo

test: venv ## format, lint, types, import contracts and every test, as CI runs them
	@.ci/test all

check: venv ## the same without browser and process tests, and whether uv.lock is up to date
	@.ci/test fast

coverage: venv ## the tests with branch coverage of the code
	@.ci/test coverage

migrate: venv ## bring the database to this release
	@.venv/bin/konectus migrate

docs: venv ## take the pictures of docs/ again
	@.venv/bin/python -m tests.pictures

bench: venv ## measure, printed as ratios
	@.venv/bin/konectus bench

soak: venv ## the long checks, with the full figures
	@.ci/test soak

mutants: venv ## break nine rules of the Terms, one at a time; each must redden the tests
	@.venv/bin/python -m tests.mutants.run
