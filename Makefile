# taskmaster. `make help` lists the targets; `make`, `make run` and `make test` are all you need.
#
# Each VARIANT (release, clang, asan, tsan, cov, fuzz) has a directory of its own under build/,
# so that they never disturb each other. CFLAGS and LDFLAGS are added to ours; WERROR=1 makes
# warnings errors, V=1 shows the commands.

# ---- variants ------------------------------------------------------------------------------------

VARIANT ?= release
BUILD   := build/$(VARIANT)
BIN     := $(if $(filter release,$(VARIANT)),bin/taskmaster,$(BUILD)/taskmaster)

ifneq ($(filter clang fuzz,$(VARIANT)),)
CC := clang
else ifeq ($(origin CC),default)
CC := gcc
endif

SANITIZE     := -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all
OPT_release  := -O2 -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LINK_release := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
OPT_clang    := $(OPT_release)
LINK_clang   := $(LINK_release)
OPT_asan     := $(SANITIZE) -fsanitize=address,undefined
OPT_tsan     := $(SANITIZE) -fsanitize=thread
OPT_fuzz     := $(SANITIZE) -fsanitize=fuzzer-no-link,address,undefined
OPT_cov      := -O0 --coverage -fprofile-update=atomic
ifndef OPT_$(VARIANT)
$(error no variant '$(VARIANT)': release clang asan tsan cov fuzz)
endif

# ---- flags ---------------------------------------------------------------------------------------

BASE_FLAGS := -std=gnu11 -g -pthread -D_GNU_SOURCE -Iinclude -I. \
    -Wall -Wextra -Wconversion -Wshadow -Wswitch-enum $(if $(WERROR),-Werror)
ALL_CFLAGS  = $(BASE_FLAGS) $(OPT_$(VARIANT)) $(CFLAGS)
ALL_LDFLAGS = $(OPT_$(VARIANT)) $(LINK_$(VARIANT)) -pthread $(LDFLAGS)
LINK        = @echo "  LINK  $@"; $(if $(V),set -x;) $(CC) $(ALL_LDFLAGS)
LIBS       := -lyaml -lcjson

# ---- files ---------------------------------------------------------------------------------------

LIB       := $(BUILD)/libtaskmaster.a
LIB_SRC   := $(filter-out src/main.c,$(wildcard src/*.c)) $(wildcard chan/*.c)
UNIT_SRC  := $(wildcard tests/unit/*.c)
STRESS    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/stress/stress_*.c))
FUZZERS   := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
HELPERS   := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/helper/*.c))
BENCH     := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))

INJECT    := $(BUILD)/tests/faults/inject.so
UNIT      := $(BUILD)/unit-tests
EXAMPLE   := $(BUILD)/example
TABLES    := $(BUILD)/scripts/readme_tables
C_FILES   := $(wildcard src/*.c include/*.h chan/*.[ch] tests/*/*.[ch] scripts/*.c)
SH_FILES  := .ci/run $(shell grep -lE '^\#!/bin/(ba)?sh' scripts/*)
TIDY_SRC  := $(LIB_SRC) $(wildcard src/main.c tests/stress/*.c tests/fuzz/*.c)
objects    = $(patsubst %.c,$(BUILD)/%.o,$(1))
OBJECTS   := $(call objects,$(LIB_SRC) $(UNIT_SRC) src/main.c) \
    $(addsuffix .o,$(STRESS) $(FUZZERS) $(TABLES) $(BUILD)/tests/bench/queue)

# ---- settings of the checks ----------------------------------------------------------------------

JOBS          := $(shell nproc)
# Under asan one test at a time: Criterion's own process leaks when it runs several.
UNIT_ARGS     ?= $(if $(filter asan,$(VARIANT)),-j1)
FLOW_JOBS     ?= 4
FLOW_ARGS     ?=
STRESS_ROUNDS ?= $(if $(filter release,$(VARIANT)),3,1)
FUZZ_SECONDS  ?= 60
FAULT_SECONDS ?= 150

CHAOS_SECONDS ?= 120
CHAOS_SEED    ?=
CHAOS_STEPS   ?=
SOAK_RESTARTS ?= 100000
SOAK_RELOADS  ?= 10000
SUITES        ?= unit flow stress
INSTALL_DEPS  ?= scripts/install-deps.sh
WITH          := scripts/with-variant
Q             := $(if $(V),,@)
PYTEST        := /usr/bin/python3 -m pytest -q -p no:cacheprovider

.PHONY: all run test suites unit flow stress stress-long chaos soak asan tsan valgrind fuzz fuzzers \
    faults fault-runs model coverage bench bench-quick bench-programs check-fresh lint lint-format \
    lint-tidy lint-cppcheck lint-shell lint-layers lint-style lint-state lint-readme \
    lint-hardening format readme clean help FORCE

# A make of our own, parallel unless the caller's is.
SUBMAKE = +@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))

# ---- main targets --------------------------------------------------------------------------------

all: $(BIN) ## build bin/taskmaster; touches nothing outside this directory

run: ## install what is missing, build, and start the shell on configs/example.yaml
	@$(INSTALL_DEPS) build
	$(SUBMAKE) all
	@# In a terminal: a process group of its own, so that Ctrl-C is taskmaster's and not make's.
	@if [ -t 0 ]; then set -m; fi; ./$(BIN) configs/example.yaml; exit $$?

test: ## install what is missing, build, and run unit tests, flow tests and a short stress
	@$(INSTALL_DEPS) build test
	$(SUBMAKE) suites STRESS_ROUNDS=1 STRESS_INSTANCES=200

suites: $(BIN) $(HELPERS) $(STRESS) $(if $(filter unit,$(SUITES)),$(UNIT) $(EXAMPLE))
	+@status=0; for suite in $(SUITES); do \
	    $(MAKE) --no-print-directory $$suite || status=1; done; exit $$status

# ---- suites --------------------------------------------------------------------------------------

unit: $(UNIT) $(EXAMPLE) $(HELPERS) ## the unit tests, and the example in chan/README.md
	$(WITH) $(VARIANT) $(UNIT) --timeout 60 $(UNIT_ARGS)
	@scripts/extract-example chan/README.md text >$(EXAMPLE).expected
	@$(WITH) $(VARIANT) $(EXAMPLE) >$(EXAMPLE).output
	@diff -u $(EXAMPLE).expected $(EXAMPLE).output && echo "chan/README.md: the example is right"

flow: $(BIN) $(HELPERS) ## the flow tests: the real binary, driven from outside (FLOW_ARGS='-k reload')
	$(WITH) $(VARIANT) $(PYTEST) -n $(FLOW_JOBS) tests/flow $(FLOW_ARGS)

stress: $(BIN) $(HELPERS) $(STRESS) ## the stress tests, STRESS_ROUNDS (3; 1 with a sanitizer) rounds each
	$(WITH) $(VARIANT) scripts/run-stress $(STRESS_ROUNDS) $(STRESS) $(wildcard tests/stress/stress_*.py)

stress-long: ## the stress tests, 100 rounds each
	$(SUBMAKE) stress STRESS_ROUNDS=100

chaos: ## the world let loose on supervisors, for CHAOS_SECONDS=120 (CHAOS_SEED=N CHAOS_STEPS=N repeats)
	@$(INSTALL_DEPS) build chaos
	$(SUBMAKE) -s $(BIN) $(HELPERS)
	$(WITH) $(VARIANT) /usr/bin/python3 tests/chaos/chaos.py --seconds $(CHAOS_SECONDS) \
	    $(CHAOS_SEED:%=--seed %) $(CHAOS_STEPS:%=--steps %)

soak: ## nothing grows in SOAK_RESTARTS=100000 restarts and SOAK_RELOADS=10000 reloads
	@$(INSTALL_DEPS) build chaos
	$(SUBMAKE) -s $(BIN) $(HELPERS)
	$(WITH) $(VARIANT) /usr/bin/python3 tests/chaos/soak.py $(SOAK_RESTARTS) $(SOAK_RELOADS)

asan: ## unit, flow and stress under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(INSTALL_DEPS) build test
	$(SUBMAKE) suites VARIANT=asan

tsan: ## flow and stress under ThreadSanitizer, where Criterion 2.4 does not start
	@$(INSTALL_DEPS) build test
	$(SUBMAKE) suites VARIANT=tsan SUITES="flow stress"

valgrind: ## the flow tests marked `valgrind`, with the supervisor under valgrind
	@$(INSTALL_DEPS) build test valgrind
	$(SUBMAKE) -s $(BIN) $(HELPERS)
	$(WITH) valgrind $(PYTEST) -n $(FLOW_JOBS) -m valgrind tests/flow $(FLOW_ARGS)

fuzz: ## every fuzz target for FUZZ_SECONDS=60
	@$(INSTALL_DEPS) build fuzz
	$(SUBMAKE) fuzzers VARIANT=fuzz

fuzzers: $(FUZZERS)
	$(WITH) $(VARIANT) scripts/run-fuzzers $(FUZZ_SECONDS) $(FUZZERS)

faults: ## calls fail, one in each life of a supervisor; FAULT_SECONDS=150 of them, FAULTS_ALL=1 all
	@$(INSTALL_DEPS) build faults
	$(SUBMAKE) fault-runs

fault-runs: $(BIN) $(HELPERS) $(INJECT)
	$(WITH) $(VARIANT) /usr/bin/python3 tests/faults/run.py --seconds $(FAULT_SECONDS) \
	    $(if $(FAULTS_ALL),--all) --inject $(INJECT)

coverage: ## which lines and branches the tests reach, as a table and build/cov/coverage.html
	@$(INSTALL_DEPS) build test coverage
	@find build/cov -name '*.gcda' -delete 2>/dev/null || true
	$(SUBMAKE) suites VARIANT=cov
	gcovr -r . --object-directory build/cov -f src/ -f chan/ --txt --html build/cov/coverage.html -s

bench: ## measure it beside other supervisors: 20 minutes, tests/bench/results and README's figures
	@$(INSTALL_DEPS) build bench
	$(SUBMAKE) bench-programs
	/usr/bin/python3 -B tests/bench/bench.py $(BENCH_ARGS)

bench-quick: ## the same in three minutes, into build/bench (BENCH_ARGS='--only restart')
	@$(INSTALL_DEPS) build bench
	$(SUBMAKE) bench-programs
	/usr/bin/python3 -B tests/bench/bench.py --quick $(BENCH_ARGS)

bench-programs: $(BIN) $(BENCH)
	@# Go's channels are measured where there is a go; nothing is fetched.
	@! command -v go >/dev/null || \
	    GOTOOLCHAIN=local GOFLAGS= GOCACHE=$(CURDIR)/build/go go build -o $(BUILD)/tests/bench/queue-go \
	    tests/bench/queue.go

model: ## the Promela models of channels and of monitors' ends, checked exhaustively (a minute)
	@$(INSTALL_DEPS) model
	@scripts/run-models build/model

check-fresh: ## make test and make run of the committed tree on a bare Debian 12 (root, debootstrap)
	scripts/check-fresh-debian.sh

# ---- static checks -------------------------------------------------------------------------------

lint: ## every static check
	@$(INSTALL_DEPS) build lint
	$(SUBMAKE) -k -O lint-layers lint-style lint-shell lint-format lint-state lint-readme \
	    lint-hardening lint-cppcheck lint-tidy

lint-format:
	clang-format --dry-run -Werror $(C_FILES)
lint-tidy:
	@printf '%s\n' $(TIDY_SRC) | xargs -P $(JOBS) -I FILE sh -c 'clang-tidy --quiet FILE -- \
	    $(BASE_FLAGS) 2>/dev/null || { echo "clang-tidy: see above: FILE"; exit 1; }'
# cppcheck reads no system headers, but cannot parse the lists without theirs.
lint-cppcheck: QUEUE_H = $(firstword $(wildcard /usr/include/*/sys/queue.h /usr/include/sys/queue.h))
lint-cppcheck:
	@mkdir -p build/cppcheck
	cppcheck -q -j $(JOBS) --cppcheck-build-dir=build/cppcheck --std=c11 --library=posix,gnu \
	    --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    --suppressions-list=scripts/cppcheck.supp $(QUEUE_H:%=--include=%) \
	    -D_GNU_SOURCE -Iinclude -I. $(TIDY_SRC) $(wildcard tests/helper/*.c)
lint-shell:
	shellcheck $(SH_FILES)
lint-layers:
	scripts/check-layers
lint-style:
	scripts/check-style
lint-state: $(LIB)
	scripts/check-state $(LIB)
lint-readme: $(TABLES)
	@$< <README.md | diff -u README.md - || { echo "README.md: run make readme" >&2; exit 1; }

# Sanitizers want it otherwise.
lint-hardening: $(if $(filter release clang,$(VARIANT)),$(BIN))
	$(if $^,scripts/check-hardening $(BIN),@echo "lint-hardening: not for $(VARIANT)")

format: ## lay the C files out as clang-format has it
	clang-format -i $(C_FILES)

readme: $(TABLES) ## rewrite the tables of keys and commands in README.md
	@$< <README.md >$(BUILD)/README.md && cp $(BUILD)/README.md README.md

clean: ## remove everything that was built
	rm -rf build bin

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	    while IFS='|' read -r name text; do printf '%-12s %s\n' "$$name" "$$text"; done

# ---- how things are built ------------------------------------------------------------------------

.DELETE_ON_ERROR:

# One line instead of a page of compiler errors where something is not installed.
$(BUILD)/checked:
	@scripts/check-headers $(if $(filter clang,$(CC)),fuzz,build) $(CC)
	@scripts/check-headers build $(CC) yaml.h readline/readline.h \
	    cjson/cJSON.h uthash.h
	@mkdir -p $(@D) && touch $@
$(BUILD)/checked-test: $(BUILD)/checked
	@scripts/check-headers test $(CC) criterion/criterion.h
	@touch $@

# These files change when the compiler or a flag does, and everything is built again; or when a
# source file comes or goes, and what is made of all of them is put together again.
$(BUILD)/flags: text = $(shell $(CC) --version | head -n 1) $(ALL_CFLAGS) : $(ALL_LDFLAGS)
$(BUILD)/sources: text = $(LIB_SRC) : $(UNIT_SRC)
$(BUILD)/flags $(BUILD)/sources: FORCE | $(BUILD)/checked
	@echo '$(text)' | cmp -s - $@ || echo '$(text)' >$@
FORCE:

$(OBJECTS): $(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(call objects,$(UNIT_SRC)): | $(BUILD)/checked-test
$(BUILD)/src/example.o: configs/example.yaml # holds a copy of it

$(LIB): $(call objects,$(LIB_SRC)) $(BUILD)/sources
	@rm -f $@
	$(Q)ar rcs $@ $(filter %.o,$^)

$(BIN): $(BUILD)/src/main.o $(LIB)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBS)

$(UNIT): $(call objects,$(UNIT_SRC)) $(LIB)
	$(LINK) -o $@ $^ -lcriterion $(LIBS)

$(STRESS) $(TABLES): %: %.o $(LIB)
	$(LINK) -o $@ $^ $(LIBS)

$(FUZZERS): %: %.o $(LIB)
	$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# The children of the flow tests are plain programs in every variant: a sanitizer would change
# what they are there to show (descriptors, signals, deaths).
$(HELPERS): $(BUILD)/%: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(BASE_FLAGS) -O1 -o $@ $<

# So are the programs of the bench, which know nothing of include/ (its spawn.h hides the C
# library's); its child does without the start of the C library.
BENCH_FLAGS = $(filter-out -Iinclude,$(BASE_FLAGS)) -O2
$(filter-out %/child %/queue,$(BENCH)): $(BUILD)/%: %.c tests/bench/board.h $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(BENCH_FLAGS) -o $@ $<
$(BUILD)/tests/bench/child: $(BUILD)/%: %.c tests/bench/board.h $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(BENCH_FLAGS) -fno-pie -fno-stack-protector -U_FORTIFY_SOURCE -static \
	    -nostartfiles -o $@ $<
$(BUILD)/tests/bench/queue: %: %.o $(LIB)
	$(LINK) -o $@ $^

$(INJECT): $(wildcard tests/faults/*.[ch]) $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(BASE_FLAGS) -O1 -U_FORTIFY_SOURCE -fPIC -shared -o $@ $(filter %.c,$^)

$(EXAMPLE).c: chan/README.md scripts/extract-example
	@mkdir -p $(@D)
	@scripts/extract-example $< >$@
$(EXAMPLE): $(EXAMPLE).c $(filter $(BUILD)/chan/%,$(OBJECTS))
	$(LINK) $(ALL_CFLAGS) -o $@ $^

-include $(OBJECTS:.o=.d)
