#!/bin/sh
# What `make test-vm` runs: on each tier of isolation, in a virtual machine of its own, what
# the worker calls the tier, the scenarios of isolation, and the table of deaths; then a
# machine that runs out of memory as a whole. 77: no virtual machine can be had here.
#
# usage: all.sh [LAYOUT...]
#   $REAPQ_VM_BUILD    the build to test (default build/dev, which is built first)
#   $REAPQ_VM_ROWS     rows of the table, with * and ? (default all)
#   $REAPQ_VM_RESULTS  where the results go (default vm below the build)
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- A A0 B C C! D

# Says why, if it cannot, and ends with 77.
tests/vm/run.sh --prepare

if [ -z "${REAPQ_VM_BUILD:-}" ]; then
	tests/install-deps.sh test
	cmake --preset dev >/dev/null
	cmake --build --preset dev >/dev/null
	REAPQ_VM_BUILD=build/dev
fi
# What was found, as JSON, a file for each layout.
out=${REAPQ_VM_RESULTS:-$REAPQ_VM_BUILD/vm}
mkdir -p "$out"

failed=""
part() { # NAME OPTION... COMMAND...
	name=$1
	shift
	printf '\n== %s\n' "$name"
	tests/vm/run.sh --build "$REAPQ_VM_BUILD" "$@" || failed="$failed $name($?)"
}

for layout; do
	part "$layout" --layout "$layout" --timeout 1800 --out "$out" tests/vm/suite.sh
done
part machine --memory 384 tests/vm/machine.sh
[ -z "$failed" ] || { printf '\ntest-vm: failed:%s\n' "$failed"; exit 1; }
printf '\ntest-vm: all passed: %s machine\n' "$*"
