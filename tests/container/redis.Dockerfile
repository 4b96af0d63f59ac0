# Debian 13's Redis 8, laid out as docker/compose.yaml lays out the official image.
FROM docker.io/library/debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends redis-server
COPY redis.conf redis-start.sh /etc/reapq/
ENTRYPOINT ["/etc/reapq/redis-start.sh"]
