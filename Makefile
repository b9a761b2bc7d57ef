# The two commands of the README do all the set-up: `make demo` and `make test`.
# `make install` puts the executable under PREFIX.

PREFIX ?= /usr/local
SWIFT ?= swift
BUILD := .build/release

.PHONY: demo test build setup install format lint bench-tokenizer bench-peers check-gguf help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## installs the Debian packages that are missing
	@Extras/setup/debian-packages.sh

build: setup ## builds the executable in release
	$(SWIFT) build -c release --product nightshift

demo: build ## queues three kinds of jobs over three documents, works through them, shows the results by sqlite3
	@Extras/demo/demo.sh $(BUILD)/nightshift

# XCTest has no tests here; leaving it out keeps its "0 tests" from being the last word.
test: setup ## builds everything in release and runs all tests
	$(SWIFT) build -c release --build-tests
	$(SWIFT) test -c release --skip-build --disable-xctest

install: build ## copies the executable to PREFIX/bin
	install -D -m 755 $(BUILD)/nightshift $(DESTDIR)$(PREFIX)/bin/nightshift

format: ## formats the Swift sources in place
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests migrations jobs

lint: ## checks the format of the Swift sources
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests migrations jobs

bench-tokenizer: ## the tokenizer beside the PyPI package `tokenizers`
	Extras/benchmarks/tokenizer/compare.sh

bench-peers: build ## the engine beside CTranslate2, OpenVINO, llama.cpp and HuggingFace; OPTIONS="--layers 2,6" and the like
	Extras/benchmarks/peers/compare.py $(OPTIONS)

check-gguf: ## GGUF files both ways with the PyPI package `gguf`
	Extras/checks/gguf/check.sh
