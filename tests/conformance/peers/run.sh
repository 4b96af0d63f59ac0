#!/bin/sh
# Puts what others use today through the ways to die, and writes what their users see as
# tables in Markdown. For root: it makes memory cgroups. Takes half an hour.
#
# usage: run.sh [--install] [--build DIR] [--out DIR] [PEER...]
#   --install   first installs the peers, by apt-get and npm
#   --build     where reapq's own binaries are (default build/dev)
#   --out       where the results go (default build/peers)
#   PEER        rq celery gearman ppe bullmq reapq (default all)
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
source=$(cd "$here/../../.." && pwd -P)
build=$source/build/dev out=$source/build/peers install=""
while [ $# -gt 0 ]; do
	case $1 in
	--install) install=1 ;;
	--build) build=$2; shift ;;
	--out) out=$2; shift ;;
	-*) sed -n 's/^# \{0,1\}//; 2,11p' "$0" >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
mkdir -p "$out"
out=$(cd "$out" && pwd -P)

if [ -n "$install" ]; then
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		redis-server python3-redis python3-rq python3-celery gearman-job-server \
		gearman-tools >/dev/null
	# The nodejs of one's own, if there is one, is newer than Debian's.
	command -v npm >/dev/null 2>&1 || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends nodejs npm >/dev/null
	npm install --prefix "$out" --silent --no-fund --no-audit bullmq ioredis
fi

[ $# -gt 0 ] || set -- rq celery gearman ppe bullmq reapq
export PYTHONDONTWRITEBYTECODE=1 REAPQ_BIN="$build/bin" PEERS_NODE_MODULES="$out/node_modules"
for peer; do
	echo "== $peer"
	/usr/bin/python3 "$here/measure.py" "$peer" --out "$out/$peer.json" ||
		echo "run.sh: $peer could not be measured" >&2
done
/usr/bin/python3 "$here/tables.py" "$out" >"$out/tables.md"
echo "$out/tables.md"
