.DEFAULT_GOAL := help
.PHONY: help run run-python run-nodes gallery clients redis-server nginx test test-all test-rust test-layers test-portable test-no-std test-python test-packages test-gallery lint lint-rust lint-python docs bench soak hostile fuzz check-release check

help: ## shows this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: gallery ## builds the gallery and serves it at http://127.0.0.1:8000 (PORT overrides)
	@exec $${CARGO_TARGET_DIR:-target}/release/gallery

run-python: ## the same by the Python face, at http://127.0.0.1:8001 (PORT overrides)
	@exec examples/gallery/python/run

run-nodes: ## both, which share their chat over a Redis of their own, at http://127.0.0.1:8010 (PORT overrides)
	@exec examples/gallery/python/run nodes

gallery:
	@echo "Building the gallery, which takes about two minutes the first time"
	cargo build --release --package gallery

test: test-layers test-rust test-portable test-no-std test-python test-gallery ## sets up and runs all tests

test-all: test soak hostile ## all tests, and what is slow: others' suites on each CPython, a sanitizer, soaks (2 hours)
	python/nox -s sanitized starlette sse_starlette fastapi
	python/nox -s debian -- starlette sse_starlette fastapi

test-rust: clients redis-server
	cargo test --workspace --all-features
	cargo check --package antiphon --no-default-features
	cargo test --quiet --manifest-path examples/actix/Cargo.toml --target-dir $${CARGO_TARGET_DIR:-target}/actix

PORTABLE = RUSTFLAGS="--cfg antiphon_portable" cargo test --target-dir $${CARGO_TARGET_DIR:-target}/portable

test-portable: # how files are opened and read on other systems, on this one
	$(PORTABLE) --package antiphon-fs
	$(PORTABLE) --package antiphon --all-features --test it --test out_of_files -- file
	@if rustup target add $(WINDOWS) >/dev/null 2>&1; then \
		$(NO_C) cargo check --package antiphon --all-features --target $(WINDOWS); \
	else \
		echo "the target $(WINDOWS) cannot be had: what Windows would compile is not checked"; \
	fi

WINDOWS = x86_64-pc-windows-gnu
# What is checked is not linked, so nobody misses what C compiles to.
NO_C = CC_x86_64_pc_windows_gnu=true AR_x86_64_pc_windows_gnu=true

clients: # the programs that download files in tests
	crates/antiphon/tests/clients

test-layers: # the core depends on nothing, and no crate's files form a circle or use what is above them
	test "$$(cargo tree --package antiphon-core --edges normal --prefix none | wc -l)" = 1
	RUST_BACKTRACE=0 cargo test --quiet --package antiphon-layers

test-no-std:
	tests/no_std/build

redis-server: # what the tests of channels over Redis run
	tests/redis-server

nginx: # what the tests of files that a server in front sends run
	tests/nginx

test-python: redis-server nginx # on each CPython that can be had
	python/nox

test-packages: # the packages of both faces, installed and used as a stranger would
	python/nox -s packages

test-gallery: redis-server
	examples/gallery/browser/run

lint: lint-rust lint-python ## formats are checked, lints and documentation are clean

lint-rust:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

lint-python:
	python/nox -s lint

docs: ## builds the documentation in target/doc
	cargo doc --workspace --no-deps --all-features

bench: ## compares with the peers in one run (needs wrk; nginx where it is)
	cargo bench --package antiphon-core
	cd benches && python3 -m compare
	benches/python/run

soak: ## has clients come and go for ten minutes each under uvicorn and granian, and counts what is left
	python/nox -s soak

fuzz: ## runs each fuzz target for a minute, or FUZZ_SECONDS (needs cargo-fuzz and a nightly Rust)
	cd fuzz && for target in $$(cargo +nightly fuzz list); do \
		cargo +nightly fuzz run $$target -- -max_total_time=$${FUZZ_SECONDS:-60} || exit 1; \
	done

hostile: ## has hostile clients of every kind beset the Rust server for half an hour
	HOSTILE_SECONDS=1440 cargo test --package antiphon --all-features --test hostile_load -- --nocapture

check-release: ## checks what is slow before a release: semver, oldest versions, features, licences (installs tools)
	tests/packages/check-release

check: lint test ## what CI runs
