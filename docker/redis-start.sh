#!/bin/sh
# Starts redis-server with docker/redis.conf and the passwords in /run/secrets/redis_admin,
# redis_producer and redis_worker (one line each). Only their SHA-256 goes into the file that
# Redis reads, so any character may be in them. More arguments are settings of Redis's.
set -eu
umask 077
conf=${REDIS_CONF:-/etc/reapq/redis.conf}
secrets=${REDIS_SECRETS:-/run/secrets}

hash_of() {
	[ -s "$secrets/redis_$1" ] || {
		echo "redis-start: no password in $secrets/redis_$1" >&2
		exit 1
	}
	head -n 1 "$secrets/redis_$1" | tr -d '\n' | sha256sum | cut -c 1-64
}

admin=$(hash_of admin)
producer=$(hash_of producer)
worker=$(hash_of worker)
sed -e "s/@admin@/$admin/" -e "s/@producer@/$producer/" -e "s/@worker@/$worker/" \
	"$conf" >"${TMPDIR:-/tmp}/redis.conf"
exec redis-server "${TMPDIR:-/tmp}/redis.conf" "$@"
