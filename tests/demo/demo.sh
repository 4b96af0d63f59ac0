#!/bin/bash
# demo.sh BINDIR - the main job, on real files, with tasks among them that die.
#
# Starts a worker with a Redis of its own, and ends both. Leaves nothing behind.
set -u
bin=$(cd "${1:?usage: demo.sh BINDIR}" && pwd) || exit 2
files_max=400

modules=
for dir in "$bin/../modules" "$bin"/../lib/reapq/modules "$bin"/../lib/*/reapq/modules; do
	[ -e "$dir/faults.so" ] && modules=$dir && break
done
if [ -z "$modules" ]; then
	echo "demo.sh: no modules beside $bin: build the target 'all' first" >&2
	exit 2
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/reapq-demo.XXXXXX") || exit 1
worker=
finish() {
	if [ -n "$worker" ]; then
		kill -TERM "$worker" 2>/dev/null
		wait "$worker" 2>/dev/null
	fi
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

if [ -t 1 ]; then bold=$(tput bold) plain=$(tput sgr0); else bold='' plain=''; fi 2>/dev/null
title() { printf '\n%s%s%s\n\n' "$bold" "$*" "$plain"; }
reapq() { "$bin/reapq" "$@"; }
show() {
	printf '$ reapq'
	printf ' %q' "$@"
	printf '\n'
}

# ---- a worker ----------------------------------------------------------------

mkfifo "$work/out"
"$bin/reapq-worker" --embedded --allow-exec --concurrency 4 --module "$modules/text.so" \
	--module "$modules/hash.so" --module "$modules/faults.so" \
	>"$work/out" 2>"$work/log" &
worker=$!
exec 3<"$work/out"
url=
while [ -z "$url" ] && read -r -t 20 line <&3; do
	case $line in *unix://*) url=unix://${line#*unix://} url=${url%% *} ;; esac
done
if [ -z "$url" ]; then
	echo "demo.sh: the worker did not start:" >&2
	cat "$work/log" >&2
	exit 1
fi
export REAPQ_REDIS=$url

# ---- three tasks, and the third dies --------------------------------------------

title 'Three tasks at once. The third one dies.'
license=/usr/share/common-licenses/GPL-3
[ -e "$license" ] || license=/etc/passwd
try() {
	{
		show "$@"
		reapq "$@" 2>&1
		status=$?
		[ $status -eq 0 ] && echo
		echo "(status $status)"
	} >"$work/story.$1.$2"
	return $status
}
try call wordcount "$license" &
first=$!
try call crc32 "$license" &
second=$!
try call segv &
third=$!
wait $first && wait $second
results=$?
wait $third
death=$?
cat "$work/story.call.wordcount" "$work/story.call.crc32" "$work/story.call.segv"
echo
echo 'Two results and one report, at once. The worker and its other children live on.'

# ---- the main job ------------------------------------------------------------------

ids=()
submit() { # WHAT REAPQ-SUBMIT-ARGUMENTS...
	local what=$1 id
	shift
	id=$(reapq submit --tag "$what" "$@") && ids+=("$id")
}
submit_the_dying() {
	submit 'writes to an unmapped address' segv
	submit 'calls abort()' abort
	submit 'divides by zero' div0
	submit 'recurses for ever' stack
	submit 'crashes in its second thread' threadcrash
	submit 'exits with status 3' exit3
	submit 'exits with 0, before its result' exit0
	submit 'says that it failed' error 'the third page is missing'
	submit 'counts words of no file' wordcount /no/such/file
	submit 'spins, time limit 1 s' --time-limit 1s spin
	submit 'spins, CPU limit 1 s' --cpu-time 1s spin
	submit 'uses 256 MiB, limit 64 MiB' --memory 64M alloc 256
	submit 'writes 8 MiB, limit 1 MiB' --file-size 1M xfsz 8
	submit 'answers 2 MiB, limit 1 MiB' --result-limit 1M big 2
	submit 'kill -9, halfway through 64 MiB' cut '50 64'
	submit 'is killed by SIGKILL' -- sh -c 'kill -9 $$'
	submit 'command that does not exist' -- /no/such/program
	submit 'yes(1), time limit 1 s' --time-limit 1s -- yes
	submit 'deadline passes' --deadline 1s sleep 3600000
	submit 'leaves a daemon behind' runaway
	submit 'leaves a child that holds stdout' -- sh -c 'sleep 3600 & echo done'
}

find -L /usr/share/common-licenses /usr/share/doc -type f -size -1024k 2>/dev/null |
	sort -u | head -n "$files_max" >"$work/files"
total=$(wc -l <"$work/files")

title "Words in $total files of this machine, and tasks that die among them."
show map --progress wordcount
started=$(date +%s%N)
reapq map --progress wordcount <"$work/files" >"$work/counts" &
map=$!
submit_the_dying
wait $map
map_status=$?
reapq wait --json "${ids[@]}" >"$work/reports"
ended=$(date +%s%N)

# ---- what came of it -----------------------------------------------------------------

text='"(([^"\\]|\\.)*)"'
table() { # lines of reports: WHAT, OUTCOME, VERDICT, CERTAINTY, MESSAGE
	sed -nE 's/^\{"id": ?"[^"]*", ?"queue": ?"[^"]*", ?"handler": ?"[^"]*", ?"tag": ?'"$text"', ?"outcome": ?"([^"]*)", ?"verdict": ?"([^"]*)", ?"certainty": ?"([^"]*)", ?"message": ?'"$text"',.*/\1\t\3\t\4\t\5\t\6/p' \
		"$work/reports" | sed 's/\\\(["\\/]\)/\1/g'
}
returned=$(wc -l <"$work/counts")
all=$((total + ${#ids[@]}))
table >"$work/table"
also=$(awk -F'\t' '$2 == "returned"' "$work/table" | wc -l)

title "$all tasks in $(((ended - started) / 1000000)) ms: $((returned + also)) returned, $((all - returned - also)) did not. Of those:"
printf '%s%-33s %-16s %-9s %s%s\n' "$bold" 'TASK' 'VERDICT' 'CERTAINTY' 'MESSAGE' "$plain"
awk -F'\t' '$2 != "returned" { printf "%-33s %-16s %-9s %s\n", $1, $3, $4, $5 }' \
	"$work/table"
echo
echo 'And among those that returned:'
awk -F'\t' '$2 == "returned" { printf "%-33s %-16s %-9s %s\n", $1, $3, $4, $5 }' \
	"$work/table"

title 'One of them in full:'
show why "${ids[0]}"
reapq why "${ids[0]}" | sed 's/^/  /'

title 'The biggest of the files, as the handlers counted them (lines, words, bytes):'
sort -k3,3nr "$work/counts" | head -n 3

# The demo is a test too: what it shows has to be so.
if [ "$results" -ne 0 ] || [ "$death" -ne 139 ] || [ "$map_status" -ne 0 ] || [ "$returned" -ne "$total" ] ||
	[ "$(wc -l <"$work/table")" -ne "${#ids[@]}" ] || [ "$also" -ne 2 ] ||
	! kill -0 "$worker" 2>/dev/null; then
	echo "demo.sh: not as it should be; the worker's log:" >&2
	tail -n 50 "$work/log" >&2
	exit 1
fi
