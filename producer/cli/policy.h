/* policy.h - what the commands that set a queue's policy share. */
#ifndef CLI_POLICY_H
#define CLI_POLICY_H

#include "cmd.h"

/* The one queue that is meant: the argument, or --queue. 0, or EXITS_USAGE, said. */
int policy_queue(
    const struct cmd *cmd, const struct options *opts, const char **ret_queue);

#endif
