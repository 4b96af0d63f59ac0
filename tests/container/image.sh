#!/bin/sh
# Builds docker/Dockerfile with podman, and an image FROM it with a handler of its own, and
# runs them as docker/compose.yaml does, against Redis 8 in a container of its own with
# docker/redis.conf: image.py has the checks.
#
# image.sh [--install]
#   --install   gets podman, runc and debootstrap with apt-get where they are missing
# REAPQ_IMAGE_TAG   the image's name; default localhost/reapq:test. Images stay, so that the
#                   next build is quick
#
# Status: 0 all hold, 1 some do not, 77 containers are impossible here, for the reason said.
set -eu
cd "$(dirname "$0")/../.."
tag=${REAPQ_IMAGE_TAG:-localhost/reapq:test}
base=docker.io/library/debian:trixie-slim

skip() {
	echo "image: skipped: $1"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "needs root, to make a base image and to run it"
missing=
for program in podman runc debootstrap; do
	command -v $program >/dev/null 2>&1 || missing="$missing $program"
done
if [ -n "$missing" ] && [ "${1:-}" = --install ]; then
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
elif [ -n "$missing" ]; then
	skip "not installed:$missing; --install gets them"
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM

# The real one where there is a registry, else the same packages.
if ! podman image exists "$base" && ! podman pull --quiet "$base" >/dev/null 2>&1; then
	echo "== base image, by debootstrap"
	debootstrap --variant=minbase trixie "$scratch/root" >"$scratch/log" 2>&1 ||
		skip "no base image: $(tail -n 1 "$scratch/log")"
	rm -rf "$scratch"/root/var/cache/apt/archives/*.deb "$scratch"/root/var/lib/apt/lists/*
	tar -C "$scratch/root" -c . | podman import --quiet - "$base" >/dev/null
	rm -rf "$scratch/root"
fi

# The limits of ordinary users: root may not raise them everywhere, and podman tries to.
files=$(ulimit -Hn)
[ "$files" != unlimited ] && [ "$files" -lt 20000 ] || files=20000
limits="--ulimit nofile=$files:$files --ulimit nproc=32768:32768"
build() { # WHAT ARGUMENT...
	echo "== build $1"
	shift
	# docker's format: the other has no HEALTHCHECK
	podman build --format docker --isolation chroot --network host $limits "$@" \
		>"$scratch/log" 2>&1 || {
		cat "$scratch/log"
		echo "image: cannot be built"
		exit 1
	}
}

build reapq -f docker/Dockerfile -t "$tag" .
grep -E '% tests passed' "$scratch/log" || echo "(its unit tests passed in an earlier build)"
build "one with a handler of its own" --build-arg "REAPQ=$tag" \
	-f tests/container/handler.Dockerfile -t "$tag-handler" docs/examples
build redis -f tests/container/redis.Dockerfile -t "$tag-redis" docker

podman run --rm --runtime runc --network host $limits "$tag" /bin/true >"$scratch/log" 2>&1 ||
	skip "no container runs here: $(tail -n 1 "$scratch/log")"
python3 -B tests/container/image.py --image "$tag" --base "$base" --limits "$limits"
