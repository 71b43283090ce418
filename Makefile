# nuanju needs Debian and Go; make installs the rest. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Where Go's own archive and Debian's packages put it, for shells that do not say so.
export PATH := $(PATH):/usr/local/go/bin:/usr/lib/go/bin

# Tools are built once for each Go version, from pinned sources, into the user's cache; go.mod does not know them.
CACHE       := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/nuanju
TOOLS        = $(CACHE)/bin/$(shell PATH="$(PATH)" go env GOVERSION)
STATICCHECK  = $(TOOLS)/staticcheck-v0.8.2/staticcheck
GOFUMPT      = $(TOOLS)/gofumpt-v0.12.0/gofumpt

VERSION  = $(or $(shell git describe --tags --always --dirty 2>/dev/null),devel)
FUZZTIME ?= 2s
FUZZBUDGET ?= 0
BENCH    ?= .
PKG      ?= ./...

##@ Use

.PHONY: run
run: build ## look around: a made-up town with a past of two weeks, in a temporary folder; links to sign in are printed
	@exec ./nuanju demo

.PHONY: build
build: ## one static binary: ./nuanju
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o nuanju ./cmd/nuanju

##@ Test

.PHONY: test
test: export FUZZBUDGET = 780
test: setup ## install what is missing, then everything: vet, staticcheck, format, all tests, fuzzing
	@scripts/suites.sh "$(MAKE)" vet staticcheck format tests fuzz

.PHONY: check
check: setup setup-cc ## what a change must pass before review: vet, staticcheck, format, import rules, race detector
	@scripts/suites.sh "$(MAKE)" vet staticcheck format imports race

.PHONY: tests
tests: ## all tests, never from the cache (PKG=./ledger/... for some)
	go test -count=1 -timeout 20m $(PKG)

.PHONY: race
race: setup-cc ## all tests under the race detector
	CGO_ENABLED=1 go test -race -count=1 -timeout 30m $(PKG)

.PHONY: imports
imports: ## who may import whom, and the other rules that hold for the whole tree
	go test -count=1 .

.PHONY: fuzz
fuzz: ## every fuzz target in turn (FUZZTIME=10m, FUZZ=regexp to choose)
	@scripts/fuzz.sh '$(FUZZTIME)' '$(FUZZBUDGET)' '$(FUZZ)'

.PHONY: bench
bench: ## all benchmarks (BENCH=JudgeSeason, PKG=./compliance)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m $(PKG)

##@ Style

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: staticcheck
staticcheck: $(STATICCHECK) ## staticcheck, at the pinned version
	$(STATICCHECK) ./...

.PHONY: format
format: $(GOFUMPT) ## name the files that gofumpt would change
	@unformatted=$$($(GOFUMPT) -l .); \
	[ -z "$$unformatted" ] || { echo "make fmt would change:"; echo "$$unformatted"; exit 1; }

.PHONY: fmt
fmt: $(GOFUMPT) ## format every file with gofumpt
	$(GOFUMPT) -w .

##@ Machine

.PHONY: setup
setup: setup-go $(STATICCHECK) $(GOFUMPT) ## install what the tests need and the machine lacks
	@scripts/setup.sh postgresql promtool amtool chromium cjk curl
	@scripts/axe.sh
	@[ ! -f test/influxd/go.mod ] || ls "$(CACHE)"/influxd-*[0-9] >/dev/null 2>&1 || { \
		echo "setup: building InfluxDB for the tests: minutes, once, so that no test has to wait for it"; \
		go test -count=1 -timeout 30m ./sensors/influx/influxtest; }

.PHONY: setup-go
setup-go:
	@command -v go >/dev/null || { echo "Go 1.26 or later is needed: https://go.dev/dl"; exit 1; }
	@scripts/setup.sh certificates

.PHONY: setup-cc
setup-cc: # the race detector needs cgo
	@scripts/setup.sh cc

$(STATICCHECK): | setup-go
	GOBIN=$(@D) GOFLAGS= go install honnef.co/go/tools/cmd/staticcheck@$(patsubst staticcheck-%,%,$(notdir $(@D)))

$(GOFUMPT): | setup-go
	GOBIN=$(@D) GOFLAGS= go install mvdan.cc/gofumpt@$(patsubst gofumpt-%,%,$(notdir $(@D)))

.PHONY: clean
clean: ## remove what was built here; caches stay
	rm -f nuanju *.test *.prof

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
