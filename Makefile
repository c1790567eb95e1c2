# `make` shows what can be made. Extra flags of windtunnel go through ARGS=.

.DEFAULT_GOAL := help
.PHONY: help build test lint clean run-locust-test bench bench-verdicts verdict-rates

CARGO ?= cargo
ARGS ?=

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 28
	@echo
	@echo '  MODEL_LOCUST_DIR="logo_detection" make run-locust-test     runs a module, which becomes the new baseline'
	@echo '  ... ARGS="--sim"                                           with more flags of windtunnel'

build: ## build the program: target/release/windtunnel
	$(CARGO) build --release --locked

test: lint ## formatting, lints and all tests, without network
	$(CARGO) test --workspace --locked
	$(CARGO) test --release -p windtunnel-stats --test bars --locked

lint: ## formatting and lints alone
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

bench: bench-verdicts ## all benchmarks

bench-verdicts: ## verdicts end to end against the simulator, into docs/verdict-end-to-end.md (11 minutes)
	$(CARGO) test --release -p windtunnel --test verdicts --locked -- --ignored --nocapture

verdict-rates: ## how often verdicts err over simulated runs, into docs/verdict-rates.md
	$(CARGO) test --release -p windtunnel-stats --test bars --locked -- --ignored --nocapture

clean: ## remove what was built, and what runs that were killed left behind
	$(CARGO) clean
	rm -f results/*.partial results/sim/*.partial

run-locust-test: ## run the module MODEL_LOCUST_DIR with --csv results/MODEL_LOCUST_DIR
ifeq ($(strip $(MODEL_LOCUST_DIR)),)
	@echo 'error: MODEL_LOCUST_DIR is not set' >&2
	@echo '  hint: MODEL_LOCUST_DIR="revertrisk" make run-locust-test; the modules are:' >&2
	@ls models | sed -nE '/^[._]/!s/^/    /p' | sed 's/\.toml$$//' >&2
	@exit 2
else
	MODEL="$(MODEL_LOCUST_DIR)" $(CARGO) run --release --locked -- --csv "results/$(MODEL_LOCUST_DIR)" $(ARGS)
endif
