/* SPDX-License-Identifier: MIT */
/*
 * Answers of searches, remembered by the node they began from: many rows often begin from few nodes (the class of a tag, the forum of a thread).
 *
 * Only for searches whose answers depend on that node alone. Small lists of answers are kept, up to a fixed number in all; when hardly any row finds its node, or memory is
 * refused, the memo switches itself off and nothing but time is lost.
 */
#include "executor/recursive.h"

#ifdef RZ_TINY
#define MEMO_BITS 4u
#define MEMO_ANSWERS 64u
#define MEMO_LONGEST 8u
#define MEMO_TRIAL 64u
#define MEMO_IDLE 2u
#else
#define MEMO_BITS 11u         /* slots; half of them are used at most */
#define MEMO_ANSWERS 16384u   /* in all */
#define MEMO_LONGEST 256u     /* of one node */
#define MEMO_IDLE 16u         /* first rows that are not worth it */
#define MEMO_TRIAL 1024u      /* rows after which it must have paid … */
#endif
#define MEMO_MIN_SHARE 4u     /* … for one row in so many */

struct rz_recur_memo_entry {
    rz_id from;
    uint32_t first, count; /* in answers */
    bool used;
};

void rz_recur_memo_clear(rz_recur_memo *memo)
{
    rz_mem_free(memo->mem, memo->entries, memo->entries == NULL ? 0 : (sizeof *memo->entries) << MEMO_BITS);
    rz_mem_free(memo->mem, memo->answers, memo->capacity * sizeof *memo->answers);
    *memo = (rz_recur_memo){.mem = memo->mem, .enabled = memo->enabled};
}

static struct rz_recur_memo_entry *memo_slot(rz_recur_memo *memo, rz_id from)
{
    uint32_t mask = (1u << MEMO_BITS) - 1;
    uint32_t slot = (uint32_t)(rz_hash_u64(from) >> (64 - MEMO_BITS));
    while (memo->entries[slot].used && memo->entries[slot].from != from) {
        slot = (slot + 1) & mask;
    }
    return &memo->entries[slot];
}

bool rz_recur_memo_find(rz_recur_memo *memo, rz_id from)
{
    memo->recording = false;
    memo->at = memo->end = 0;
    if (!memo->enabled || memo->off || memo->asked++ < MEMO_IDLE) {
        return false;
    }
    if (memo->entries == NULL) {
        memo->entries = (struct rz_recur_memo_entry *)rz_mem_calloc(memo->mem, (size_t)1 << MEMO_BITS, sizeof *memo->entries);
        memo->off = memo->entries == NULL;
        if (memo->off) {
            return false;
        }
    }
    const struct rz_recur_memo_entry *entry = memo_slot(memo, from);
    if (entry->used) {
        memo->found++;
        memo->at = entry->first;
        memo->end = entry->first + entry->count;
        return true;
    }
    memo->off = memo->asked >= MEMO_TRIAL && memo->found < memo->asked / MEMO_MIN_SHARE;
    memo->recording = !memo->off && memo->nodes < (1u << (MEMO_BITS - 1)) && memo->count + MEMO_LONGEST <= MEMO_ANSWERS;
    memo->first = memo->count;
    memo->from = from;
    return false;
}

void rz_recur_memo_add(rz_recur_memo *memo, const rz_recur_answer *answer)
{
    if (memo->count == memo->capacity) {
        uint32_t capacity = memo->capacity == 0 ? MEMO_LONGEST : memo->capacity * 2;
        rz_recur_answer *answers = (rz_recur_answer *)rz_mem_realloc(memo->mem, memo->answers, memo->capacity * sizeof *answers, capacity * sizeof *answers);
        if (answers == NULL) {
            memo->recording = false;
            memo->off = true;
            return;
        }
        memo->answers = answers;
        memo->capacity = capacity;
    }
    memo->answers[memo->count++] = *answer;
    if (memo->count - memo->first > MEMO_LONGEST) {
        memo->count = memo->first;
        memo->recording = false;
    }
}

void rz_recur_memo_keep(rz_recur_memo *memo)
{
    if (memo->recording) {
        *memo_slot(memo, memo->from) =
            (struct rz_recur_memo_entry){.from = memo->from, .first = memo->first, .count = memo->count - memo->first, .used = true};
        memo->nodes++;
        memo->recording = false;
    }
}

void rz_recur_memo_drop(rz_recur_memo *memo)
{
    memo->count = memo->recording ? memo->first : memo->count;
    memo->recording = false;
    memo->at = memo->end = 0;
}
