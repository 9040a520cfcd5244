.DEFAULT_GOAL := help
.PHONY: dev test ci bench storm soak help pgbouncer postgres

dev: postgres ## run the whole loop on this machine: queue, PostgreSQL, sample events, pipeline
	cargo run -- dev

test: postgres pgbouncer ## run every test, with a private PostgreSQL and a queue server in the process
	cargo test --workspace

ci: ## run all that a change has to pass: format, lints, tests, docs, a second queue server
	.ci/run

bench: ## run the benchmarks
	cargo bench --workspace

storm: postgres ## send a million events through every kind of fault: make storm MESSAGES=1000000 SEED=42
	STORM_MESSAGES=$(or $(MESSAGES),1000000) STORM_SEED=$(SEED) STORM_RATE=$(RATE) $(STORM)

soak: postgres ## load with faults for a time, while memory and handles must not grow: make soak SECONDS=1200 RATE=500
	STORM_SECONDS=$(or $(SECONDS),1200) STORM_SEED=$(SEED) STORM_RATE=$(RATE) $(STORM)

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

STORM = cargo test -p runner --release --test storm -- --nocapture

pgbouncer:
	@scripts/pgbouncer

postgres:
	@scripts/postgres-binaries
