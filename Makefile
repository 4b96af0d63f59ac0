# Shortcuts. Everything here is a line or two of cmake and ctest.
.PHONY: all demo test test-container test-vm bench chaos check install fuzz fmt lint clean deps

PREFIX ?= /usr/local
DESTDIR ?=

all: deps
	cmake --preset release
	cmake --build --preset release

demo: all
	tests/demo/demo.sh build/release/bin

test:
	tests/run-all.sh

# The tiers of isolation that this host does not have, each in a virtual machine; all of
# them, or LAYOUTS="A C!".
test-vm:
	tests/vm/all.sh $(LAYOUTS)

# The ways to die inside containers, and the image of docker/Dockerfile (podman); status 77
# where there can be none.
test-container:
	tests/install-deps.sh test
	cmake --preset dev && cmake --build --preset dev
	tests/container/run.sh --install build/dev
	tests/container/image.sh --install

install: all
	DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX)

# Unit and model tests only, in seconds.
check:
	tests/install-deps.sh test
	cmake --preset dev && cmake --build --preset dev
	ctest --test-dir build/dev -L 'unit|model' --output-on-failure

# How fast it is on this machine, beside what the kernel allows: BENCH="--quick latency".
bench:
	tests/install-deps.sh test
	cmake --preset bench && cmake --build --preset bench
	python3 tests/bench/bench.py $(BENCH)

# Ten minutes of faults under load, as root; SEED= repeats a run's choices.
chaos:
	tests/install-deps.sh test
	cmake --preset release -DREAPQ_TESTS=ON -B build/chaos && cmake --build build/chaos
	/usr/bin/python3 -B tests/chaos/run.py --bin build/chaos/bin --tests build/chaos/tests \
	  --seconds 480 --loss-seconds 120 --gap 1 5 --maps 8 --min-tasks 100000 --min-faults 200 $(if $(SEED),--seed $(SEED))

fuzz:
	tests/install-deps.sh test
	cmake --preset fuzz && cmake --build --preset fuzz --target fuzzers
	tests/fuzz/run.sh build/fuzz 60

fmt:
	git ls-files '*.c' '*.h' | xargs clang-format -i

lint:
	tests/lint.sh

clean:
	rm -rf build

deps:
	@tests/install-deps.sh
