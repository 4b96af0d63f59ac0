/* connect.h - the client that the options ask for. */
#ifndef CLI_CONNECT_H
#define CLI_CONNECT_H

#include <reapq/producer.h>

#include "options.h"

/* 0, or an exit status: then it has been said why, on one line. */
int connect_open(const struct options *opts, struct reapq_client **ret_client);

#endif
