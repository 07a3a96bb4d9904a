/* SPDX-License-Identifier: MIT */
/*
 * Breadth-first search over sets of nodes as bits, by several threads: what searches go over to when a level is large.
 *
 * Within one table a level is a set of offsets. Its nodes are met by rising offset, so that lists are read as they lie; and what they lead to is noted in a set without asking whether it is known:
 * once the level is done, the known ones are taken out of all of it, 64 at a time. Two directions (Beamer, Asanović, Patterson 2012): downward, lists of the level's nodes; upward,
 * when few nodes are left, the lists of those, for a node of the level (see recursive_upward.c).
 *
 * Threads take stretches of offsets and note what they find in a set of their own, so that nothing is shared but the cursor; the sets are united at the end of the level. That costs a bit for each
 * node of the table and thread, which is little beside reading a list for most of them.
 *
 * For searches that want the nodes and their distance, not the ways to them.
 */
#include "executor/crew.h"
#include "executor/recursive.h"
#include "executor/spill.h"

#include <string.h>

#ifdef RZ_TINY
#define WIDE_STRETCH 1u     /* words of a part of the work */
#define WIDE_LEVEL 4u       /* nodes of a level from which on it pays to go over */
#elif defined(RZ_ASSERTS)
#define WIDE_STRETCH 4u     /* builds that check themselves see several threads whatever the size of their data */
#define WIDE_LEVEL 64u
#else
#define WIDE_STRETCH 64u
#define WIDE_LEVEL 2048u
#endif
#define WIDE_SHARE 256u     /* and the table has at most so many times as many */
#ifdef RZ_ASSERTS
#define WIDE_CREW 1u
#else
#define WIDE_CREW 8192u     /* nodes whose lists are read, from which on it pays to call other threads */
#endif
#define WIDE_UPWARD 2u      /* upward: the level holds so many times the nodes that are left */

struct rz_recur_wide {
    rz_recur *recur;
    rz_crew *crew;
    uint32_t table;
    bool off;               /* there is not enough memory */
    bool active;            /* it has the current search */
    uint64_t size;          /* offsets that there is room for */
    uint64_t words;
    uint64_t *memory;       /* owned: the sets of the search, then one for each member of the crew */
    uint64_t *seen, *now;   /* nodes reached; those of the last level. While the crew works they are only read */
    uint64_t seen_count, now_count;
    uint32_t depth;         /* of the last level */
    bool upward;
    _Atomic uint64_t cursor; /* words that have been taken */
    uint64_t at;            /* word of `now` whose answers are given, and the bits of it that are left */
    uint64_t rest;
    uint64_t unanswered;    /* nodes of the last level */
};

/* One thread's part. */
typedef struct wide_member {
    rz_steps own_steps;     /* member 0 works with those of the operator */
    rz_steps *steps;
    uint64_t *found;        /* nodes that the next level may hold; empty between levels */
    bool found_any;
    rz_id *nodes;
    uint32_t *kept;
    rz_frontier frontier;
    rz_step_batch batch;
} wide_member;

bool rz_recur_wide_fits(const rz_recur *recur)
{
    const rz_plan_recursive *plan = recur->spec;
    bool only_ends = recur->search_class == &rz_search_levels ? plan->distinct_ends && plan->spec->lower <= 1
                                                              : recur->search_class == &rz_search_shortest && (plan->spec->semantic == RZ_PATH_SHORTEST || plan->distinct_ends);
    bool fits = only_ends && recur->plain && recur->all_tables && plan->hop_count != 0;
    for (uint32_t h = 0; fits && h < plan->hop_count; h++) {
        fits = plan->hops[h].from_table == plan->hops[0].from_table && plan->hops[h].to_table == plan->hops[0].from_table;
    }
    return fits;
}

/* ---- members ---- */

static ruzu_status wide_member_open(void *user, rz_worker *worker, void *object, rz_error *err)
{
    rz_recur_wide *wide = (rz_recur_wide *)user;
    wide_member *member = (wide_member *)object;
    rz_recur *recur = wide->recur;
    member->steps = &recur->steps;
    if (worker != recur->op.worker) {
        member->steps = &member->own_steps;
        RZ_TRY(rz_steps_open(worker, recur->spec, recur->op.input->plan, member->steps, err));
    }
    member->nodes = RZ_NEW_ARRAY(&worker->arena, rz_id, RZ_VECTOR_CAPACITY);
    member->kept = RZ_NEW_ARRAY(&worker->arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (member->nodes == NULL || member->kept == NULL) {
        return rz_error_no_memory(err, "building a search");
    }
    RZ_TRY(rz_steps_make_frontier(member->steps, RZ_VECTOR_CAPACITY, &member->frontier, err));
    return rz_steps_make_batch(member->steps, RZ_VECTOR_CAPACITY, false, &member->batch, err);
}

static void wide_member_close(void *user, void *object)
{
    (void)user;
    rz_steps_close(&((wide_member *)object)->own_steps); /* zeroed where it is not used */
}

/* Nodes of the word that are looked at: all of the level, or those that are left. */
static inline uint64_t wide_word(const rz_recur_wide *wide, uint64_t word)
{
    if (!wide->upward) {
        return wide->now[word];
    }
    uint64_t first = word * 64;
    uint64_t there = first >= wide->size ? 0 : wide->size - first;
    return ~wide->seen[word] & (there >= 64 ? UINT64_MAX : (UINT64_C(1) << there) - 1);
}

/* What the nodes of the batch lead to. */
static ruzu_status wide_go_down(const rz_recur_wide *wide, wide_member *member, uint32_t count, rz_error *err)
{
    rz_steps *steps = member->steps;
    uint64_t *found = member->found;
    uint64_t size = wide->size;
    if (rz_steps_filters_nodes(steps)) {
        uint32_t kept = 0;
        RZ_TRY(rz_steps_filter_nodes(steps, member->nodes, count, member->kept, &kept, err));
        for (uint32_t i = 0; i < kept; i++) {
            member->nodes[i] = member->nodes[member->kept[i]];
        }
        count = kept;
    }
    RZ_TRY(rz_steps_begin(steps, &member->frontier, member->nodes, count, err));
    for (;;) {
        RZ_TRY(rz_steps_read(steps, &member->frontier, RZ_VECTOR_CAPACITY, &member->batch, err));
        if (member->batch.count == 0) {
            return RUZU_OK;
        }
        const rz_id *to = member->batch.to;
        uint64_t beyond = 0;
        for (uint32_t i = 0; i < member->batch.count; i++) {
            beyond |= rz_id_offset(to[i]) >= size;
        }
        if (RZ_UNLIKELY(beyond != 0)) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "a relationship leads to a node that is not there");
        }
        for (uint32_t i = 0; i < member->batch.count; i++) {
            uint64_t offset = rz_id_offset(to[i]);
            found[offset / 64] |= UINT64_C(1) << (offset % 64);
        }
    }
}

/* Which nodes of the batch, not reached so far, a node of the level leads to, by one hop. Those that are still to be found move to the front. */
static ruzu_status wide_ask(const rz_recur_wide *wide, wide_member *member, uint32_t hop_idx, uint32_t *io_count, rz_error *err)
{
    const rz_hop *hop = &member->steps->spec->hops[hop_idx];
    rz_rtab_reader *reader = member->steps->readers[hop_idx];
    rz_direction direction = hop->direction == RZ_FORWARD ? RZ_BACKWARD : RZ_FORWARD;
    rz_slice *slices = member->frontier.slices[hop_idx];
    rz_step_batch *batch = &member->batch;
    uint64_t *found = member->found;
    const rz_sel sel = {.rows = NULL, .count = *io_count};
    uint32_t at = 0;
    uint32_t entry = 0;
    RZ_TRY(rz_adj_lookup(reader, direction, member->nodes, &sel, slices, err));
    while (at < *io_count) {
        RZ_TRY(rz_exec_poll(member->steps->worker->exec, err));
        RZ_TRY(rz_adj_expand(reader, direction, slices, &sel, &at, &entry, RZ_VECTOR_CAPACITY, 0, batch->to, 0, NULL, batch->origins, &batch->count, err));
        for (uint32_t i = 0; i < batch->count; i++) {
            uint64_t offset = rz_id_offset(member->nodes[batch->origins[i]]);
            uint64_t is_near = batch->to[i] < wide->size ? wide->now[batch->to[i] / 64] >> (batch->to[i] % 64) & 1 : 0;
            found[offset / 64] |= is_near << (offset % 64);
        }
    }
    uint32_t left = 0;
    for (uint32_t i = 0; i < *io_count; i++) {
        uint64_t offset = rz_id_offset(member->nodes[i]);
        member->nodes[left] = member->nodes[i];
        left += (found[offset / 64] >> (offset % 64) & 1) == 0;
    }
    *io_count = left;
    return RUZU_OK;
}

static ruzu_status wide_go(const rz_recur_wide *wide, wide_member *member, uint32_t count, rz_error *err)
{
    if (!wide->upward) {
        return wide_go_down(wide, member, count, err);
    }
    for (uint32_t h = 0; h < member->steps->spec->hop_count && count != 0; h++) {
        RZ_TRY(wide_ask(wide, member, h, &count, err));
    }
    return RUZU_OK;
}

/* Takes stretches of words until none is left; the nodes of several are looked at together. */
static ruzu_status wide_member_work(void *user, void *object, uint32_t idx, rz_error *err)
{
    rz_recur_wide *wide = (rz_recur_wide *)user;
    wide_member *member = (wide_member *)object;
    uint32_t count = 0;
    member->found = wide->now + wide->words * (1 + idx);
    member->found_any = true;
    while (!rz_crew_has_failed(wide->crew)) {
        uint64_t word = atomic_fetch_add_explicit(&wide->cursor, WIDE_STRETCH, memory_order_relaxed);
        uint64_t end = word + WIDE_STRETCH < wide->words ? word + WIDE_STRETCH : wide->words;
        if (word >= wide->words) {
            break;
        }
        for (; word < end; word++) {
            for (uint64_t bits = wide_word(wide, word); bits != 0; bits &= bits - 1) {
                member->nodes[count++] = rz_id_make(wide->table, word * 64 + rz_ctz64(bits));
                if (count == RZ_VECTOR_CAPACITY) {
                    RZ_TRY(wide_go(wide, member, count, err));
                    count = 0;
                }
            }
        }
    }
    return count == 0 ? RUZU_OK : wide_go(wide, member, count, err);
}

static const rz_crew_class wide_crew = {.size = sizeof(wide_member), .open = wide_member_open, .work = wide_member_work, .close = wide_member_close};

/* ---- opening ---- */

ruzu_status rz_recur_wide_open(rz_recur *recur, rz_error *err)
{
    rz_worker *worker = recur->op.worker;
    rz_recur_wide *wide = RZ_NEW(&worker->arena, rz_recur_wide);
    RZ_TRY_ALLOC(wide, err, "building a search");
    wide->recur = recur;
    wide->table = recur->spec->hops[0].from_table;
    recur->wide = wide;
    return RUZU_OK;
}

static uint64_t wide_memory_words(const rz_recur_wide *wide)
{
    return wide->words * (2 + rz_crew_size(wide->crew));
}

static void wide_free_memory(rz_recur_wide *wide)
{
    if (wide->memory != NULL) {
        rz_mem_free(wide->recur->mem, wide->memory, wide_memory_words(wide) * sizeof *wide->memory);
    }
    wide->memory = NULL;
}

void rz_recur_wide_close(rz_recur *recur)
{
    if (recur->wide != NULL) {
        wide_free_memory(recur->wide);
        rz_crew_close(recur->wide->crew);
    }
}

void rz_recur_wide_suspend(rz_recur *recur)
{
    if (recur->wide != NULL) {
        recur->wide->active = false;
        recur->wide->off = false; /* the next execution may have more memory */
        rz_crew_suspend(recur->wide->crew);
    }
}

void rz_recur_wide_leave(rz_recur *recur)
{
    if (recur->wide != NULL) {
        recur->wide->active = false;
    }
}

bool rz_recur_wide_has(const rz_recur *recur)
{
    return recur->wide != NULL && recur->wide->active;
}

/* ---- going over ---- */

/* Where memory is refused it is off: the search goes on as it is, on one thread. */
static void wide_make_room(rz_recur_wide *wide, uint64_t size)
{
    rz_worker *worker = wide->recur->op.worker;
    rz_error refused;
    rz_error_init(&refused);
    if (wide->crew == NULL && rz_crew_create(worker, &wide_crew, wide, &wide->crew, &refused) != RUZU_OK) {
        wide->off = true;
        return;
    }
    uint64_t words = (size + 63) / 64;
    if (wide->memory == NULL || words > wide->words) {
        wide_free_memory(wide);
        wide->words = words;
        uint64_t bytes = wide_memory_words(wide) * sizeof *wide->memory;
        wide->memory = bytes > rz_spill_budget(worker->exec) ? NULL : (uint64_t *)rz_mem_alloc(wide->recur->mem, bytes);
        wide->off = wide->memory == NULL;
    }
    wide->size = size;
}

ruzu_status rz_recur_wide_take(rz_recur *recur, const rz_node_map *seen, uint32_t level_start, uint32_t depth, rz_error *err)
{
    rz_recur_wide *wide = recur->wide;
    uint32_t level = seen->count - level_start;
    /* A transaction that writes adds nodes while it reads. */
    if (wide == NULL || wide->off || level < WIDE_LEVEL || rz_txn_snapshot(recur->op.worker->exec->context->txn)->own_stamp != 0) {
        return RUZU_OK;
    }
    rz_ntab_reader *reader = NULL;
    RZ_TRY(rz_worker_ntab(recur->op.worker, wide->table, &reader, err));
    uint64_t size = rz_ntab_offset_end(reader);
    if (level < size / WIDE_SHARE) {
        return RUZU_OK;
    }
    wide_make_room(wide, size);
    if (wide->off) {
        return RUZU_OK;
    }
    memset(wide->memory, 0, wide_memory_words(wide) * sizeof *wide->memory);
    wide->seen = wide->memory;
    wide->now = wide->seen + wide->words;
    for (uint32_t i = 0; i < seen->count; i++) {
        uint64_t offset = rz_id_offset(seen->ids[i]);
        if (rz_id_table(seen->ids[i]) != wide->table) { /* the first node, at most */
            continue;
        }
        if (RZ_UNLIKELY(offset >= size)) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "a relationship leads to a node that is not there");
        }
        wide->seen[offset / 64] |= UINT64_C(1) << (offset % 64);
        wide->now[offset / 64] |= (uint64_t)(i >= level_start) << (offset % 64);
    }
    wide->seen_count = seen->count;
    wide->now_count = level;
    wide->depth = depth;
    wide->unanswered = 0; /* they have been given */
    wide->active = true;
    rz_recur_memo_drop(&recur->memo); /* these are too many */
    return RUZU_OK;
}

/* ---- levels ---- */

/* What the members have found, without what was known, is the next level. */
static void wide_unite(rz_recur_wide *wide)
{
    uint64_t count = 0;
    uint32_t size = rz_crew_size(wide->crew);
    memset(wide->now, 0, wide->words * sizeof *wide->now);
    for (uint32_t m = 0; m < size; m++) {
        wide_member *member = (wide_member *)rz_crew_member(wide->crew, m);
        if (member == NULL || !member->found_any) {
            continue;
        }
        for (uint64_t w = 0; w < wide->words; w++) {
            wide->now[w] |= member->found[w];
        }
        memset(member->found, 0, wide->words * sizeof *member->found);
        member->found_any = false;
    }
    for (uint64_t w = 0; w < wide->words; w++) {
        wide->now[w] &= ~wide->seen[w];
        wide->seen[w] |= wide->now[w];
        count += rz_popcount64(wide->now[w]);
    }
    wide->now_count = count;
    wide->seen_count += count;
    wide->unanswered = count;
    wide->at = 0;
    wide->rest = wide->now[0];
}

static ruzu_status wide_expand(rz_recur_wide *wide, rz_error *err)
{
    const rz_bound_recursive *spec = wide->recur->spec->spec;
    uint64_t left = wide->size < wide->seen_count ? 0 : wide->size - wide->seen_count;
    bool filters = spec->rel_filter_count != 0 || spec->node_filter_count != 0;
    wide->upward = !filters && wide->now_count / WIDE_UPWARD >= left;
    atomic_store_explicit(&wide->cursor, 0, memory_order_relaxed);
    RZ_TRY(rz_crew_run(wide->crew, (wide->upward ? left : wide->now_count) >= WIDE_CREW, err));
    wide_unite(wide);
    wide->depth++;
    return RUZU_OK;
}

/* Up to `room` nodes of the level that have not been given. */
static uint32_t wide_take_answers(rz_recur_wide *wide, rz_id *ids, uint32_t room)
{
    uint32_t count = 0;
    while (count < room && wide->unanswered > count) {
        for (; wide->rest == 0; wide->rest = wide->now[wide->at]) {
            wide->at++;
        }
        for (; wide->rest != 0 && count < room; wide->rest &= wide->rest - 1) {
            ids[count++] = rz_id_make(wide->table, wide->at * 64 + rz_ctz64(wide->rest));
        }
    }
    wide->unanswered -= count;
    return count;
}

static ruzu_status wide_give(rz_recur_wide *wide, rz_error *err)
{
    rz_id ids[RZ_VECTOR_CAPACITY];
    rz_recur *recur = wide->recur;
    if (rz_recur_wants_numbers(recur)) {
        uint64_t number = wide->unanswered;
        wide->unanswered = 0;
        return rz_recur_answer_number(recur, number, wide->depth, err);
    }
    uint32_t count = wide_take_answers(wide, ids, recur->limit - recur->count);
    rz_recur_answer_ends(recur, ids, count, wide->depth);
    return RUZU_OK;
}

ruzu_status rz_recur_wide_run(rz_recur *recur, bool *out_done, rz_error *err)
{
    rz_recur_wide *wide = recur->wide;
    *out_done = false;
    while (!rz_recur_is_full(recur)) {
        if (wide->unanswered != 0) {
            RZ_TRY(wide_give(wide, err));
        } else if (wide->now_count == 0 || wide->depth == recur->spec->spec->upper) {
            wide->active = false;
            *out_done = true;
            return RUZU_OK;
        } else {
            RZ_TRY(wide_expand(wide, err));
        }
    }
    return RUZU_OK;
}
