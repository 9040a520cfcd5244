.DEFAULT_GOAL := help
.PHONY: dev test ci bench help postgres

dev: postgres ## the whole loop on this machine: queue, PostgreSQL, sample events, pipeline
	cargo run --release -- dev

test: postgres ## every test, against a private PostgreSQL and an in-process queue
	cargo test --workspace

ci: ## what a change has to pass: format, lints, tests, docs, a second queue server
	.ci/run

bench: ## the benchmarks
	cargo bench --workspace

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

postgres:
	@scripts/postgres-binaries
