# `make demo` and `make test` are all that a newcomer needs; each does its own set-up.
# `make test` prints how long each stage took.
SHELL := /bin/bash
PRESET ?= release

.PHONY: help deps build test demo bench faults frameworks lint format generate clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

deps: ## install the Debian packages that are missing
	@.ci/deps

build: deps ## build the binary: build/release/slipway
	@.ci/build $(PRESET) slipway

test: deps ## build and test everything, with one closing summary
	@.ci/test

demo: deps ## a real cluster on this machine, and the whole story on it
	@examples/demo/run

bench: build ## job storm beside Kubeflow's and two reference operators, scale, release, micro benchmarks
	@bench/run

faults: deps ## plans of faults between the operator and real API servers, explorer, fuzzing: hours
	@tests/faults/all

frameworks: deps ## each framework really trains in pods, from examples/runtimes.yaml: fetches 600 MB
	@tests/e2e/frameworks

lint: deps ## format, clang-tidy, layers, sizes, generated files, scripts
	@.ci/lint

format: deps ## rewrite the C++ sources in the project's format
	@git ls-files -- '*.cpp' '*.hpp' | xargs clang-format -i

generate: ## rewrite what is generated from crds/*.yaml
	@.ci/generate

clean: ## remove build results; clusters and caches outside the tree stay
	@rm -rf build
