# Shortcuts. Everything here is a line or two of cmake and ctest.
.PHONY: all demo test check install asan fuzz fmt lint bench clean deps

PREFIX ?= /usr/local
DESTDIR ?=

all: deps
	cmake --preset release
	cmake --build --preset release

demo: all
	tests/demo/demo.sh build/release/bin

test: deps
	tests/run-all.sh

install: all
	DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX)

# Unit and model tests only, in seconds.
check: deps
	cmake --preset dev && cmake --build --preset dev
	ctest --test-dir build/dev -L 'unit|model' --output-on-failure

fuzz: deps
	cmake --preset fuzz && cmake --build --preset fuzz
	tests/fuzz/run.sh build/fuzz 60

fmt:
	git ls-files '*.c' '*.h' | xargs clang-format -i

lint: deps
	tests/lint.sh

clean:
	rm -rf build

deps:
	@tests/install-deps.sh
