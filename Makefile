# What a person types. The work is in .ci/, so that a machine can do the same.
PORT ?= 8080

.PHONY: help play check test dist fuzz bench
help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

play: ## build the page quickly and serve it on this machine (PORT=8080)
	@.ci/setup web
	@.ci/build web-dev target/play
	@exec node tests/web/serve.mjs target/play $(PORT)

check: ## format, lints, canary and native tests: before a push
	@.ci/test check

test: ## every test, the browser's too
	@.ci/test all

dist: ## build the small page that is published, into dist/
	@.ci/setup web
	@.ci/build web dist

fuzz: ## type at random for as long as you like (FUZZ=5000 cases)
	@FUZZ=$${FUZZ:-5000} cargo test --locked --release --test it nothing_that_is_typed -- --nocapture

bench: ## what the engine costs, natively and in the browser, and the sizes of what is published
	@.ci/bench
