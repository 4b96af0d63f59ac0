#!/bin/bash
# install.sh - installs the build into a fresh prefix and uses it as a stranger would:
# headers alone, pkg-config, find_package, a worker, the command.
# Environment: BUILD, SOURCE, CMAKE, CC (tests/install/CMakeLists.txt sets them).
set -euo pipefail

dir=$(mktemp -d "${TMPDIR:-/tmp}/reapq-install.XXXXXX")
prefix=$dir/prefix
redis_pid= worker_pid=
finish() {
	for pid in $worker_pid $redis_pid; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	rm -rf "$dir"
}
trap finish EXIT

fail() {
	echo "install.sh: $*" >&2
	exit 1
}

# same WHAT EXPECTED ACTUAL
same() {
	[ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
}

"$CMAKE" --install "$BUILD" --prefix "$prefix" >"$dir/install.log" ||
	fail "cmake --install: $(cat "$dir/install.log")"
libdir=$(dirname "$(find "$prefix" -name libreapq.so)")
runner=$(find "$prefix" -path '*/reapq/reapq-runner')
for program in "$prefix/bin/reapq" "$prefix/bin/reapq-worker" "$runner" \
	"${runner%-runner}-repro"; do
	[ -x "$program" ] || fail "$program is not there"
done
[ -f "$libdir/reapq/modules/text.so" ] || fail "no modules were installed"

# The library exports what its headers declare, and nothing else.
declared=$(cd "$prefix/include/reapq" &&
	cat error.h report.h producer.h admin.h | tr '\n' ' ' |
	sed 's/REAPQ_API/\n&/g' | sed -n 's/^REAPQ_API[^;(]*\(reapq_[a-z_]*\)(.*/\1/p' |
	sort)
exported=$(nm -D --defined-only "$libdir/libreapq.so" |
	sed -n 's/.* [TDRB] \(reapq_[a-z_]*\).*/\1/p' | sort)
same "exported functions" "$declared" "$exported"

# Each header stands alone, in C and in C++.
strict="-Wall -Wextra -Wpedantic -Werror -fsyntax-only -I$prefix/include"
for header in "$prefix"/include/reapq/*.h; do
	"$CC" -std=c11 $strict -x c "$header"
	! type c++ >/dev/null 2>&1 || c++ -std=c++11 $strict -x c++ "$header"
done

mkdir "$dir/outside"
cp "$SOURCE/tests/install/outside/CMakeLists.txt" "$SOURCE/docs/examples/producer.c" \
	"$dir/outside"
export PKG_CONFIG_PATH=$libdir/pkgconfig
"$CC" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror "$dir/outside/producer.c" \
	$(pkg-config --cflags --libs reapq) -o "$dir/by-pkg-config"
same "pkg-config's version" "$(pkg-config --modversion reapq)" \
	"$("$prefix/bin/reapq" --version | sed 's/.* //')"
"$CMAKE" -S "$dir/outside" -B "$dir/outside/build" -DCMAKE_C_COMPILER="$CC" \
	-DCMAKE_PREFIX_PATH="$prefix" >"$dir/configure.log" 2>&1 ||
	fail "find_package: $(cat "$dir/configure.log")"
"$CMAKE" --build "$dir/outside/build" >"$dir/build.log" 2>&1 ||
	fail "find_package's build: $(cat "$dir/build.log")"

mkfifo "$dir/redis.log"
redis-server --port 0 --unixsocket "$dir/redis" --dir "$dir" --save '' \
	--logfile '' >"$dir/redis.log" &
redis_pid=$!
exec 3<"$dir/redis.log"
while read -r line <&3; do
	case $line in *"eady to accept connections"*) break ;; esac
done
export REAPQ_REDIS=unix://$dir/redis
export LD_LIBRARY_PATH=$libdir

"$prefix/bin/reapq-worker" --allow-exec --concurrency 2 2>"$dir/worker.log" &
worker_pid=$!
for producer in "$dir/by-pkg-config" "$dir/outside/build/producer"; do
	out=$("$producer" echo hello)
	same "$producer echo" "ok hello" "${out%%:*} ${out##*$'\n'}"
	out=$("$producer" sh -c 'kill -SEGV $$')
	same "$producer kill" signal "${out%%:*}"
done
same "reapq run" hello "$("$prefix/bin/reapq" run -- echo hello)"

kill -TERM "$worker_pid"
status=0
wait "$worker_pid" || status=$?
worker_pid=
[ "$status" = 0 ] || fail "the worker ended with $status: $(cat "$dir/worker.log")"
