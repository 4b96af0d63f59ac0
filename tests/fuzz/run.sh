#!/bin/sh
# run.sh BUILD_DIR SECONDS: runs each fuzz target for SECONDS, one after the other.
#
# BUILD_DIR was configured with `cmake --preset fuzz`. The corpus is copied first, so
# that nothing in the source tree is written; what a target finds, and the input that
# crashed it, stay in BUILD_DIR/fuzz/work. Ends with a status other than 0 if any target
# crashed.
set -u

if [ $# -ne 2 ]; then
	echo "usage: $0 BUILD_DIR SECONDS" >&2
	exit 2
fi
source_dir=$(cd "$(dirname "$0")" && pwd) || exit 2
build_dir=$(cd "$1/fuzz" 2>/dev/null && pwd) || {
	echo "$0: $1 has no fuzz/: configure it with -DREAPQ_FUZZ=ON and build it" >&2
	exit 2
}
seconds=$2
passed=0
failed=0

for name in task report frame url; do
	work=$build_dir/work/$name
	mkdir -p "$work/corpus"
	cp "$source_dir/corpus/$name/"* "$work/corpus/"
	echo "fuzz_$name: $seconds s"
	if "$build_dir/fuzz_$name" -max_total_time="$seconds" -timeout=10 \
		-rss_limit_mb=512 -malloc_limit_mb=64 -print_final_stats=1 \
		-artifact_prefix="$work/" "$work/corpus" >"$work/log" 2>&1; then
		passed=$((passed + 1))
		grep -E 'number_of_executed_units|peak_rss_mb|DONE' "$work/log"
	else
		failed=$((failed + 1))
		echo "fuzz_$name failed; from $work/log:"
		tail -n 40 "$work/log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
