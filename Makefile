# Everything that is done to this repository. `make` says what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# The tools have a module of their own, so the product's go.mod stays short.
tool := go tool -modfile=tools/go.mod

# Commands that write a reference from a table; the tests of each fail when
# what it would write differs from what is there.
generators := $(sort $(wildcard internal/*doc))

# How long each fuzz target runs, and how Go benchmarks are run.
FUZZTIME ?= 60s
BENCH ?= .
COUNT ?= 10

.PHONY: help
help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/gatehouse, static
	CGO_ENABLED=0 go build -trimpath -o bin/gatehouse ./cmd/gatehouse

.PHONY: deps
deps: ## install what the tests need and is missing
	test/deps

.PHONY: test
test: deps ## install what is missing, then run every test; none may be skipped
	go run ./internal/testreport ./...

.PHONY: test-engines
test-engines: ## run the tests against a real engine, llama.cpp's server
	test/deps engines
	go run ./internal/testreport -count=1 -v ./test/engines/...

.PHONY: race
race: ## run every test with the race detector
	go run ./internal/testreport -race ./...

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME
	test/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## measure Gatehouse beside other gateways: a quarter of an hour on a quiet machine
	@mkdir -p .cache/bench
	go run ./test/bench/side -tls -many 5000 -markdown .cache/bench/report.md -json .cache/bench/report.json

.PHONY: bench-quick
bench-quick: ## the same in two minutes, for a first look
	@mkdir -p .cache/bench
	go run ./test/bench/side -quick -tls -many 5000 -markdown .cache/bench/report.md -json .cache/bench/report.json

.PHONY: bench-go
bench-go: ## run the Go benchmarks that match BENCH, COUNT times, for benchstat
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

.PHONY: fmt
fmt: ## format the code
	$(tool) golangci-lint fmt

.PHONY: lint
lint: ## run the linters; the first call builds them
	$(tool) golangci-lint run ./...

.PHONY: vet
vet: ## run go vet
	go vet ./...

.PHONY: vuln
vuln: ## look for known vulnerabilities; needs the network
	$(tool) govulncheck ./...

.PHONY: profile
profile: ## write cmd/gatehouse/default.pgo, by which the program is arranged
	@test/bench/profile.sh

.PHONY: gen
gen: ## write every generated file
	@for g in $(generators); do echo "go run ./$$g"; go run "./$$g"; done

.PHONY: gen-check
gen-check: ## fail if make gen changes anything
	@before=$$(git diff; git status --porcelain); $(MAKE) --no-print-directory gen; \
	after=$$(git diff; git status --porcelain); \
	if [ "$$before" != "$$after" ]; then \
	  git status --short; echo 'error: generated files were out of date; they have been written now'; exit 1; \
	fi

.PHONY: freeze
freeze: gen ## make the documents of the API those of the release VERSION, which changes are compared with
	@test -n "$(VERSION)" || { echo 'error: say which release: make freeze VERSION=0.2.0'; exit 1; }
	mkdir -p api/released
	cp api/openapi.v1.json api/openapi.v1beta.json api/v1.txt api/v1beta.txt api/released/
	echo $(VERSION) > api/released/VERSION

.PHONY: check
check: deps fmt lint vet race gen-check ## everything that a change must pass

.PHONY: clean
clean: ## remove what was built, caches included
	rm -rf bin dist .cache test/sdk/node/node_modules
