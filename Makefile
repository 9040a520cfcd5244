.DEFAULT_GOAL := help
.PHONY: dev test ci bench help postgres

dev: postgres ## run the whole loop on this machine: queue, PostgreSQL, sample events, pipeline
	cargo run -- dev

test: postgres ## run every test, with a private PostgreSQL and a queue server in the process
	cargo test --workspace

ci: ## run all that a change has to pass: format, lints, tests, docs, a second queue server
	.ci/run

bench: ## run the benchmarks
	cargo bench --workspace

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

postgres:
	@scripts/postgres-binaries
