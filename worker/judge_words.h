/* judge_words.h - a finding in words: its message and its evidence. Pure. */
#ifndef WORKER_JUDGE_WORDS_H
#define WORKER_JUDGE_WORDS_H

#include "judge.h"

/* Fills message from the verdict that judge() has put there. */
void judge_words_message(const struct judge_evidence *e, struct judge_finding *f);
/* Fills evidence[] with what was read, whatever the verdict. */
void judge_words_evidence(const struct judge_evidence *e, struct judge_finding *f);

#endif
