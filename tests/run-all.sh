#!/bin/sh
# What `make test` runs: every test, first as a developer builds it, then under
# AddressSanitizer and UndefinedBehaviorSanitizer, the unit tests under valgrind, the
# fuzzers for a few seconds each, and a build with clang. Stops at the first part that
# fails. Each part ends with the closing line of its runner.
set -eu
cd "$(dirname "$0")/.."
tests/install-deps.sh test
jobs=$(nproc)

# Quiet unless it fails; warnings are errors in every preset but release.
build() { # PRESET [TARGET]
	if ! { cmake --preset "$1" && cmake --build --preset "$1" --target "${2:-all}"; } \
		>"build-$1.log" 2>&1; then
		cat "build-$1.log"
		rm -f "build-$1.log"
		exit 1
	fi
	rm -f "build-$1.log"
}

part() {
	printf '\n== %s\n' "$1"
}

part "dev: all tests"
build dev
ctest --test-dir build/dev --output-on-failure -j "$jobs"

part "asan: all tests under AddressSanitizer and UndefinedBehaviorSanitizer"
build asan
ctest --test-dir build/asan --output-on-failure -j "$jobs"

part "valgrind: unit tests"
passed=0
for name in $(ctest --test-dir build/dev -N -L '^unit$' | sed -n 's/.*: \(test_[a-z_]*\)$/\1/p'); do
	valgrind --quiet --error-exitcode=99 --leak-check=full --track-fds=no \
		"build/dev/tests/$name" >build/valgrind.log 2>&1 || {
		cat build/valgrind.log
		echo "valgrind: $name failed"
		exit 1
	}
	passed=$((passed + 1))
done
if [ "$passed" = 0 ]; then
	echo "valgrind: found no unit test to run"
	exit 1
fi
echo "valgrind: $passed passed, 0 failed"

part "clang: builds without a warning"
build clang

part "fuzz: each target for ${REAPQ_FUZZ_S:-5} s"
build fuzz fuzzers
tests/fuzz/run.sh build/fuzz "${REAPQ_FUZZ_S:-5}"
