/* attempt_channel.h - the frames and the faults of an attempt's channel; arg: the attempt. */
#ifndef WORKER_ATTEMPT_CHANNEL_H
#define WORKER_ATTEMPT_CHANNEL_H

#include "attempt.h"

void attempt_channel_frame(
    enum frame_type type, const void *data, size_t len, void *arg);
void attempt_channel_garbled(const struct reapq_error *err, void *arg);

#endif
