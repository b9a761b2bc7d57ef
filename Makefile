# The two commands of the README do all the set-up: `make demo` and `make test`.
# `make install` puts the executable under PREFIX.

PREFIX ?= /usr/local
SWIFT ?= swift
# STATIC=1: an executable with Swift's libraries in it, for machines without Swift.
ifdef STATIC
BUILD := .build/static/release
BUILD_FLAGS := --scratch-path .build/static --static-swift-stdlib
else
BUILD := .build/release
BUILD_FLAGS :=
endif

.PHONY: demo test build setup install man format lint bench-tokenizer bench-peers bench-documents bench-search
.PHONY: check-gguf check-rouge check-training help
.PHONY: build-proof proof-kill proof-kill-engine proof-power proof-sequences proof-faults proof-engine proof-signals
.PHONY: proof-clock proof-rates proof-pipes proof-soak bench-queue test-tsan test-cluster coverage

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## installs the Debian packages that are missing
	@Extras/setup/debian-packages.sh

build: setup ## builds the executable in release
	$(SWIFT) build -c release $(BUILD_FLAGS) --product nightshift

demo: build ## queues three kinds of jobs over three documents, works through them, shows the results by sqlite3
	@Extras/demo/demo.sh $(BUILD)/nightshift

# XCTest has no tests here; leaving it out keeps its "0 tests" from being the last word. So many tests at once: many of them
# wait for other programs and clocks, and all at once would take each other's time.
TEST_WIDTH ?= 12
TEST_MINUTES ?= 45
test: setup ## builds everything in release and runs all tests
	$(SWIFT) build -c release --build-tests
	@Extras/tests/run.sh $(TEST_MINUTES) env SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(TEST_WIDTH) \
		$(SWIFT) test -c release --skip-build --disable-xctest

install: build ## copies the executable, manual pages and completions to PREFIX; STATIC=1 for machines without Swift
	install -D -m 755 $(BUILD)/nightshift $(DESTDIR)$(PREFIX)/bin/nightshift
	$(BUILD)/nightshift man --out $(DESTDIR)$(PREFIX)/share/man/man1
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions zsh/site-functions fish/vendor_completions.d)
	$(BUILD)/nightshift completions bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/nightshift
	$(BUILD)/nightshift completions zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_nightshift
	$(BUILD)/nightshift completions fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/nightshift.fish

man: build ## writes the manual pages to .build/man/man1; look at one with: man -l .build/man/man1/nightshift.1
	$(BUILD)/nightshift man --out .build/man/man1

format: ## formats the Swift sources in place
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests migrations jobs

lint: ## checks the format of the Swift sources
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests migrations jobs

bench-tokenizer: ## the tokenizer beside the PyPI package `tokenizers`
	Extras/benchmarks/tokenizer/compare.sh

bench-peers: build ## the engine beside CTranslate2, OpenVINO, llama.cpp and HuggingFace; OPTIONS="--layers 2,6" and the like
	Extras/benchmarks/peers/compare.py $(OPTIONS)

bench-documents: build ## what reading costs: documents of all formats, and files that are made to harm; OPTIONS="--only bomb.docx"
	Extras/benchmarks/documents/measure.py $(BUILD)/nightshift $(OPTIONS)

bench-search: build ## how long `results --search` takes; OPTIONS="--results 10000"
	Extras/benchmarks/search/measure.py $(BUILD)/nightshift $(OPTIONS)

check-gguf: ## GGUF files both ways with the PyPI package `gguf`
	Extras/checks/gguf/check.sh

check-rouge: ## ROUGE and the stemmer beside the PyPI package `rouge-score`
	Extras/checks/rouge/check.sh

check-training: ## models, adapters and tokenizers made here, and adapters from elsewhere, beside `transformers` and `peft`
	Extras/checks/training/check.sh

# The proofs: what each tries, and the last figures, are in Docs/proofs.md.
KILLS ?= 10000
PREFIXES ?= 5000
SEQUENCES ?= 100000
LINES ?= 100000
MINUTES ?= 480
LOCK_SECONDS ?= 30
FINISHED_JOBS ?= 1000000
PROOF := $(BUILD)/nightshift-proof
# SEED=123 repeats the choices of a run that has printed it.
SEEDED = $(if $(SEED),--seed $(SEED))

build-proof: build
	$(SWIFT) build -c release --product nightshift-proof

proof-kill: build-proof ## kills workers with jobs in hand; KILLS=10000
	$(PROOF) kill --kills $(KILLS) $(SEEDED)

proof-kill-engine: build-proof ## the same with the real engine; KILLS=10000
	$(PROOF) kill --kills $(KILLS) --nightshift $(BUILD)/nightshift --model Extras/models/reference-small $(SEEDED)

proof-power: build-proof ## cuts the power at any byte of the log; PREFIXES=5000
	$(PROOF) power --prefixes $(PREFIXES) $(SEEDED)

proof-sequences: build-proof ## random operations beside a model of the queue; SEQUENCES=100000
	$(PROOF) sequences --count $(SEQUENCES) $(SEEDED)

proof-faults: build-proof ## full and failing disks, wrong files, held locks; LOCK_SECONDS=30
	$(PROOF) faults --lock-seconds $(LOCK_SECONDS)

proof-engine: build-proof ## engines that hang, crash or run out of memory
	$(PROOF) engine

proof-signals: build-proof ## every signal a worker may get, also in a terminal
	$(PROOF) signals

proof-clock: build-proof ## clocks that are set or change by night, workers asleep past their leases
	$(PROOF) clock

proof-rates: build-proof ## many processes, some of them killed, at a queue with a rate and a concurrency
	$(PROOF) rates

proof-pipes: build-proof ## many lines through a pipe that is killed and resumed; LINES=100000
	$(PROOF) pipes --lines $(LINES) $(SEEDED)

proof-soak: build-proof ## workers at work for hours; MINUTES=480
	$(PROOF) soak --minutes $(MINUTES)

bench-queue: build-proof ## the queue's floors, measured; FINISHED_JOBS=1000000
	$(PROOF) floors --finished-jobs $(FINISHED_JOBS)

test-cluster: build-proof ## Slurm with two nodes, Ray and the recipes on this machine, with kills; PARTS="slurm ray recipes", SPARK=1
	@Extras/cluster/test.sh $(BUILD) $(PARTS)

test-tsan: setup ## the queue's, scheduler's and worker's tests under the thread sanitizer
	Extras/proofs/thread-sanitizer.sh

coverage: setup ## line coverage of each module by all tests
	Extras/proofs/coverage.sh
