# The pattern of docs/operations.md for handlers of one's own, with docs/examples/module.c.
ARG REAPQ=reapq
FROM ${REAPQ} AS reapq

FROM docker.io/library/debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
COPY --from=reapq /usr/local/include/reapq /usr/local/include/reapq
COPY module.c /
RUN gcc -O2 -g -Wall -shared -fPIC -o /my.so /module.c

FROM reapq
COPY --from=build /my.so /usr/local/lib/reapq/modules/
ENV REAPQ_MODULE=/usr/local/lib/reapq/modules/my.so
