/* attempt_report.h - an ended attempt to the message that finish.lua stores. */
#ifndef WORKER_ATTEMPT_REPORT_H
#define WORKER_ATTEMPT_REPORT_H

#include "attempt.h"

/* Encodes the report and the short report from finding, evidence and streams, and
 * decides between final, retry and giving back. ENOMEM, EINVAL. */
int attempt_report_send(struct attempt *a, outbox_fn *fn, struct reapq_error *err);

/* After ENOMEM: gives up the result and the streams, which may need as much again, so that
 * the report itself gets through; the verdict then says so. */
void attempt_report_shrink(struct attempt *a);

/* The one line in the log about how it ended. */
void attempt_report_log(const struct attempt *a);

#endif
