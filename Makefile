# The single door. A target is one line here; what it does is in scripts/.

.DEFAULT_GOAL := help
.PHONY: help run test check lint fmt e2e web bench bench-store cluster crash powerloss chaos-fast soak-transports negative-control fuzz simulate clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build what is missing and start Hubbub on http://localhost:8080 (options: make run ARGS="--help")
	@exec scripts/run $(ARGS)

test: ## Install what tests need, then check and test everything (V=1 shows all output)
	@exec scripts/test

check: ## Everything in "make test" but the end-to-end tests: before each commit
	@exec scripts/test format web clippy build rust-tests doc-tests web-api web-lint web-tests e2e-lint

lint: ## Formatting and lints alone
	@exec scripts/test format web clippy web-lint e2e-lint

fmt: ## Format Rust, the web client and the end-to-end tests
	@exec scripts/fmt

e2e: ## The end-to-end tests alone (one file: make e2e ARGS="two-people")
	@exec scripts/test tools web build e2e-install e2e $(if $(ARGS),-- $(ARGS))

web: ## Build the web client that the server embeds
	@exec scripts/web-build

bench: ## Measure the SignalR crate beside its peers and write docs/benchmarks.md (make bench ARGS="--rounds 1")
	@exec scripts/bench $(ARGS)

bench-store: ## Measure storing and reading beside bare PostgreSQL and SQLite and write docs/benchmarks.md (make bench-store ARGS="--rounds 1")
	@exec scripts/bench-store $(ARGS)

cluster: ## Start PostgreSQL, Redis, nginx and three nodes on this machine, and print one address (make cluster ARGS="--nodes 5")
	@exec scripts/cluster $(ARGS)

crash: ## Kill Hubbub and PostgreSQL under load, 30 times for each database, and check what is left (make crash ARGS="--seed 7")
	@exec scripts/faults crash $(ARGS)

powerloss: ## Cut the power of the disk under load, 20 times for each database, and check what is left; needs root
	@exec scripts/faults powerloss $(ARGS)

chaos-fast: ## Break every part of a cluster while people chat through it, and check what they were told (make chaos-fast ARGS="--only F1")
	@exec scripts/chaos $(ARGS)

soak-transports: ## Have clients of every transport talk through nginx and three nodes, ten minutes (make soak-transports MINUTES=1)
	@exec scripts/soak-transports $(MINUTES)

simulate: ## Play 100,000 seeded simulations of the relay on three nodes (make simulate SEEDS=5000)
	@exec scripts/simulate $(SEEDS)

fuzz: ## Fuzz every parser of the SignalR crate, 60 seconds each
	@exec crates/signalr/fuzz/run.sh

negative-control: ## Show that the history checker names each of seven builds that are broken on purpose (ARGS="--seed 2")
	@exec scripts/negative-control $(ARGS)

clean: ## Remove everything that was built or installed here; ./data stays
	@exec scripts/clean
