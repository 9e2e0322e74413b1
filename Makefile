# `make run` serves the Quran, `make test` tests it; `make` lists the rest. ARGS goes to the program:
# `make seed ARGS="--from ~/tanzil"`. DATABASE_URL, PORT and QURAN_CONTENT_DIR are taken from the environment.

SWIFT ?= swift
# The same for every use of the release build, else it would be built anew.
RELEASE := --configuration release --static-swift-stdlib --product
quran = "$$($(SWIFT) build $(RELEASE) quran --show-bin-path)/quran"
# The system's, which can make virtual environments once python3-venv is installed.
PYTHON ?= /usr/bin/python3

.DEFAULT_GOAL := help
.PHONY: help run build packages migrate seed verify test http-check conformance lint measure bench soak format check clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Install, build, migrate, seed and serve
	@quran=$(quran) && "$$quran" migrate && "$$quran" seed --if-available && exec "$$quran" serve $(ARGS)

build: packages ## Build the release binary
	$(SWIFT) build $(RELEASE) quran

packages:
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.3 is needed: https://www.swift.org/install/linux" >&2; exit 1; }
	@.ci/install-packages runtime

migrate: build ## Bring the store's schema up to date
	@$(quran) migrate $(ARGS)

seed: build ## Load structure, catalogue and content into the store
	@$(quran) seed $(ARGS)

verify: build ## Check the store's structure and content
	@$(quran) verify $(ARGS)

test: ## Run every test against both engines, on servers of their own
	@.ci/install-packages test
	$(SWIFT) build --build-tests
	.ci/with-services .ci/suite $(ARGS)
	@$(if $(ARGS),,$(MAKE) conformance ARGS=short && $(MAKE) http-check)

conformance: ## Hold servers to the API's description: make conformance ARGS=short
	@.ci/install-packages test
	$(SWIFT) build --product quran
	.ci/with-services .ci/conformance $(ARGS)

measure: packages ## Measure the cache in full: make measure ARGS="coherence --faults all"
	@.ci/install-packages test
	$(SWIFT) build $(RELEASE) quran
	$(SWIFT) build $(RELEASE) quran-bench
	@"$$($(SWIFT) build $(RELEASE) quran-bench --show-bin-path)/quran-bench" $(ARGS)

http-check: ## Check what is said over HTTP against the RFCs, also behind Varnish
	@.ci/install-packages test
	$(SWIFT) build --product quran
	QURAN="$$($(SWIFT) build --show-bin-path)/quran" $(PYTHON) Tests/HTTP/semantics.py $(ARGS)

bench: build ## Measure over HTTP beside nginx, Varnish, Django and FastAPI: make bench ARGS=--help
	@.ci/install-packages bench
	@QURAN=$(quran) $(PYTHON) Benchmarks/http/bench.py $(ARGS)

soak: build ## Put mixed load on a server for 10 minutes: make soak ARGS=--help
	@.ci/install-packages bench
	@QURAN=$(quran) $(PYTHON) Benchmarks/http/soak.py $(ARGS)

lint: ## Check the formatting, strictly
	$(SWIFT) format lint --strict --recursive --parallel Sources Tests Benchmarks Package.swift

format: ## Format the sources in place
	$(SWIFT) format --in-place --recursive --parallel Sources Tests Benchmarks Package.swift

check: lint test ## Lint and test, as continuous integration does

clean: ## Remove what was built; the store under var/ stays
	$(SWIFT) package clean
	rm -rf .build-bench
