# The only list of verbs. `make help` prints it from the comments.
.DEFAULT_GOAL := help
SHELL := /bin/bash
TSX := node --import tsx
export UWS_HTTP_MAX_HEADERS_SIZE := 16384

DEMO_SETTINGS := DEMO_SECONDS DEMO_RATE DEMO_DRIVERS DEMO_CUSTOMERS DEMO_TIME_SCALE DEMO_SEED DEMO_DATA DEMO_KILL DEMO_FLUSH
export $(DEMO_SETTINGS) STACK STACK_NAME SERVICES ROLES SINKS INGRESS_WORKERS ROLE SUB SIM_SEEDS SIM_SEED
export CRASH_CASES CRASH_SEED CRASH_LANES
export BENCH_SMOKE BENCH_SEED BENCH_ONLY BENCH_PAIRS BENCH_RECORDS

.PHONY: help setup demo test test-teeth sim lint format types up down clean status topology reload lag doctor rekey token docs generate bench-streams bench-ingress crash

help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

node_modules: package.json package-lock.json ops/uws/package.json
	npm ci --no-audit --no-fund
	@touch node_modules

setup: node_modules ## Install what is missing: npm packages and the backing services (STACK=auto|local|compose|external)
	@$(TSX) ops/cli/main.ts setup

demo: node_modules ## Show the main job: real requests from HTTP to a bill (DEMO_SECONDS, DEMO_RATE, DEMO_DRIVERS, DEMO_KILL=streams, DEMO_FLUSH=1)
	@$(TSX) ops/demo/main.ts

test: setup ## Lint, types, unit, property, simulation, integration, end-to-end and a crash smoke
	@$(TSX) ops/cli/test.ts

test-teeth: setup ## Show that switched-off guarantees turn their tests red
	@$(TSX) ops/cli/teeth.ts

crash: setup ## The whole crash matrix on real servers; the last line is JSON (CRASH_CASES=regexp, CRASH_SEED, CRASH_LANES)
	@$(TSX) ops/cli/crash.ts

sim: node_modules ## The saga simulation at length (SIM_SEEDS=10000, SIM_SEED=first)
	@SIM_SEEDS=$${SIM_SEEDS:-10000} npx vitest run --project unit test/simulation

lint: node_modules ## Check format, lint and the direction of imports
	@npm run --silent lint

format: node_modules ## Format and apply safe fixes
	@npm run --silent format

types: node_modules ## Check types
	@npm run --silent types

up: setup ## Start the backing services and the application
	@$(TSX) ops/cli/main.ts up

down: node_modules ## Stop all of it; the data stays
	@$(TSX) ops/cli/main.ts down

clean: node_modules ## Stop all of it and remove its data; installed programs stay
	@$(TSX) ops/cli/main.ts clean

status: node_modules ## Every address and state; the last line is JSON
	@$(TSX) ops/cli/main.ts status

topology: node_modules ## Each service's graph, stores and internal topics
	@$(TSX) ops/cli/topology.ts

reload: node_modules ## Replace the workers of the running ingress one at a time, without downtime (INGRESS_WORKERS=2 or more)
	@$(TSX) ops/cli/main.ts reload

lag: node_modules ## How far each group is behind, in records and seconds; the last line is JSON
	@$(TSX) ops/cli/lag.ts

doctor: node_modules ## What needs a hand, read only; DO=end-transaction|move-offset|drop-orphans lends one (docs/runbooks/doctor.md)
	@$(TSX) ops/cli/doctor.ts

rekey: node_modules ## Claim every registered number under the current PII_HMAC_KEYS key (docs/runbooks/pii-keys.md)
	@$(TSX) ops/cli/rekey.ts

token: node_modules ## Print a development token (ROLE=customer SUB=c-1)
	@$(TSX) ingress/auth/token-cli.ts

generate: node_modules ## Generate the record types from avro/records
	@$(TSX) avro/cli.ts generate

docs: node_modules ## Generate the pages of docs/ that come from the code
	@$(TSX) ops/cli/docs.ts

bench-streams: node_modules ## The stream runtime beside Java Kafka Streams (BENCH_SMOKE=1, BENCH_ONLY, BENCH_PAIRS)
	@$(TSX) bench/streams/main.ts

bench-ingress: node_modules ## The ingress beside Express, Fastify and bare servers (BENCH_SMOKE=1, BENCH_ONLY, BENCH_PAIRS)
	@$(TSX) bench/ingress/main.ts
