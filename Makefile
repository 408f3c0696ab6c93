.PHONY: run test test-deep build assistants

run: ## builds, runs the sample suite, shows the result
	@scripts/run

test: ## every test that fits half an hour on two cores
	@scripts/test

test-deep: ## the long matrices and soaks; writes docs/results
	@scripts/test-deep

assistants: ## installs the real programs, in pinned versions, into target/real-clis
	@scripts/real-clis.sh all

build: ## release programs in target/release
	@scripts/setup window
	@cd ui && npm run --silent build
	@cargo build --release --locked -p fairtrial-cli -p fairtrial-cell -p fairtrial-direct
	@cargo build --release --locked -p fairtrial-desktop --features custom-protocol
	@ls -l target/release/fairtrial target/release/fairtrial-cell target/release/fairtrial-desktop
