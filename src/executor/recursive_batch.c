/* SPDX-License-Identifier: MIT */
/*
 * Numbers of distinct ends of walks from up to 64 nodes at once: a bit for each of them.
 *
 * Searches from many nodes meet the same nodes again and again; here a node's relationships are read once a level, for all searches that have come to it. What is known of a node is a word
 * with the bits of the searches that have reached it, one array over the table's offsets; a level goes through its nodes by rising offset, so lists are read in the order in which they lie.
 *
 * For walks with a lower bound of at most 1, where each node is reached first by its shortest walk, without filters and within one table.
 */
#include "executor/recursive.h"
#include "executor/spill.h"

#define BATCH_LISTS RZ_VECTOR_CAPACITY /* nodes whose relationships are looked up together */

struct rz_recur_batch {
    uint64_t size;          /* offsets that there is room for */
    uint64_t *memory;       /* owned: the four arrays below */
    uint64_t *seen;         /* by offset: searches that have reached the node */
    uint64_t *now, *next;   /* by offset: those that reached it in the last level, in this one */
    uint64_t *marks[2];     /* a bit by offset: `now`, `next` are not 0 */
    uint64_t *touched;      /* a bit by offset: `seen` is not 0 */
    uint32_t table;
    bool off;               /* there is not enough memory */
    rz_id *nodes;
    rz_frontier frontier;
    rz_step_batch steps;
};

bool rz_recur_batch_fits(const rz_recur *recur)
{
    const rz_plan_recursive *plan = recur->spec;
    const rz_bound_recursive *spec = plan->spec;
    const rz_type *from = recur->op.input->plan->types[recur->from_position];
    bool fits = plan->count_ends && spec->semantic == RZ_PATH_WALK && spec->lower <= 1 && recur->all_tables && plan->hop_count != 0 && from->table_count == 1 &&
                spec->rel_filter_count == 0 && spec->node_filter_count == 0;
    for (uint32_t h = 0; fits && h < plan->hop_count; h++) {
        fits = plan->hops[h].from_table == from->tables[0] && plan->hops[h].to_table == from->tables[0];
    }
    return fits;
}

ruzu_status rz_recur_batch_open(rz_recur *recur, rz_error *err)
{
    rz_arena *arena = &recur->op.worker->arena;
    rz_recur_batch *batch = RZ_NEW(arena, rz_recur_batch);
    RZ_TRY_ALLOC(batch, err, "building a search");
    batch->table = recur->spec->hops[0].from_table;
    batch->nodes = RZ_NEW_ARRAY(arena, rz_id, BATCH_LISTS);
    RZ_TRY_ALLOC(batch->nodes, err, "building a search");
    RZ_TRY(rz_steps_make_frontier(&recur->steps, BATCH_LISTS, &batch->frontier, err));
    RZ_TRY(rz_steps_make_batch(&recur->steps, RZ_VECTOR_CAPACITY, false, &batch->steps, err));
    recur->batch = batch;
    return RUZU_OK;
}

static uint64_t batch_words(uint64_t size)
{
    return 3 * size + 3 * ((size + 63) / 64);
}

void rz_recur_batch_close(rz_recur *recur)
{
    rz_recur_batch *batch = recur->batch;
    if (batch != NULL) {
        rz_mem_free(recur->mem, batch->memory, batch_words(batch->size) * sizeof *batch->memory);
        batch->memory = NULL;
        batch->size = 0;
    }
}

/* Room for all nodes of the table; false: they are too many for the memory there is. Arrays are 0 between two batches. */
static ruzu_status batch_make_room(rz_recur *recur, rz_recur_batch *batch, bool *out, rz_error *err)
{
    rz_ntab_reader *reader = NULL;
    RZ_TRY(rz_worker_ntab(recur->op.worker, batch->table, &reader, err));
    uint64_t size = rz_ntab_offset_end(reader);
    *out = size <= batch->size && batch->memory != NULL;
    if (*out) {
        return RUZU_OK;
    }
    rz_recur_batch_close(recur);
    batch->off = true; /* unless it works out */
    uint64_t words = batch_words(size);
    if (size == 0 || size > UINT32_MAX || words > rz_spill_budget(recur->op.worker->exec) / sizeof *batch->memory) {
        return RUZU_OK;
    }
    batch->memory = (uint64_t *)rz_mem_calloc(recur->mem, words, sizeof *batch->memory);
    if (batch->memory == NULL) {
        return RUZU_OK; /* one by one, then */
    }
    batch->off = false;
    batch->size = size;
    batch->seen = batch->memory;
    batch->now = batch->seen + size;
    batch->next = batch->now + size;
    batch->marks[0] = batch->next + size;
    batch->marks[1] = batch->marks[0] + (size + 63) / 64;
    batch->touched = batch->marks[1] + (size + 63) / 64;
    *out = true;
    return RUZU_OK;
}

static void batch_mark(uint64_t *marks, uint64_t offset)
{
    marks[offset / 64] |= UINT64_C(1) << (offset % 64);
}

/* Notes that the searches of `bits` have reached a node for the first time. */
static void batch_reach(rz_recur_batch *batch, uint64_t offset, uint64_t bits, uint64_t *counts)
{
    batch->seen[offset] |= bits;
    batch_mark(batch->touched, offset);
    for (; bits != 0; bits &= bits - 1) {
        counts[rz_ctz64(bits)]++;
    }
}

/* Up to BATCH_LISTS marked nodes from *offset on, which moves behind them. */
static uint32_t batch_take_nodes(const rz_recur_batch *batch, uint64_t *marks, uint64_t *offset)
{
    uint32_t count = 0;
    while (*offset < batch->size && count < BATCH_LISTS) {
        uint64_t word = marks[*offset / 64] >> (*offset % 64);
        if (word == 0) {
            *offset = (*offset / 64 + 1) * 64;
            continue;
        }
        *offset += rz_ctz64(word);
        batch->nodes[count++] = rz_id_make(batch->table, *offset);
        marks[*offset / 64] &= ~(UINT64_C(1) << (*offset % 64));
        *offset += 1;
    }
    return count;
}

/* From the nodes of one level to those of the next. */
static ruzu_status batch_expand(rz_recur *recur, rz_recur_batch *batch, rz_error *err)
{
    const rz_step_batch *steps = &batch->steps;
    for (uint64_t offset = 0; offset < batch->size;) {
        uint32_t count = batch_take_nodes(batch, batch->marks[0], &offset);
        if (count == 0) {
            break;
        }
        RZ_TRY(rz_steps_begin(&recur->steps, &batch->frontier, batch->nodes, count, err));
        for (;;) {
            RZ_TRY(rz_steps_read(&recur->steps, &batch->frontier, RZ_VECTOR_CAPACITY, &batch->steps, err));
            if (steps->count == 0) {
                break;
            }
            for (uint32_t i = 0; i < steps->count; i++) {
                uint64_t to = rz_id_offset(steps->to[i]);
                if (RZ_UNLIKELY(to >= batch->size)) {
                    return rz_error_set(err, RUZU_ERROR_INTERNAL, "a relationship leads to a node that is not there");
                }
                uint64_t bits = batch->now[rz_id_offset(batch->nodes[steps->origins[i]])] & ~batch->seen[to];
                batch->next[to] |= bits;
                batch->marks[1][to / 64] |= (uint64_t)(bits != 0) << (to % 64);
            }
        }
        for (uint32_t i = 0; i < count; i++) {
            batch->now[rz_id_offset(batch->nodes[i])] = 0;
        }
    }
    return RUZU_OK;
}

/* What this level has reached is the level to go on from. */
static void batch_turn(rz_recur_batch *batch, uint64_t *counts, bool *out_any)
{
    uint64_t *spare = batch->now;
    *out_any = false;
    for (uint64_t w = 0; w < (batch->size + 63) / 64; w++) {
        for (uint64_t word = batch->marks[1][w]; word != 0; word &= word - 1) {
            uint64_t offset = w * 64 + rz_ctz64(word);
            batch_reach(batch, offset, batch->next[offset], counts);
            *out_any = true;
        }
    }
    batch->now = batch->next;
    batch->next = spare;
    spare = batch->marks[0];
    batch->marks[0] = batch->marks[1];
    batch->marks[1] = spare;
}

static void batch_clear(rz_recur_batch *batch)
{
    for (uint64_t w = 0; w < (batch->size + 63) / 64; w++) {
        for (uint64_t word = batch->touched[w] | batch->marks[0][w] | batch->marks[1][w]; word != 0; word &= word - 1) {
            uint64_t offset = w * 64 + rz_ctz64(word);
            batch->seen[offset] = batch->now[offset] = batch->next[offset] = 0;
        }
        batch->touched[w] = batch->marks[0][w] = batch->marks[1][w] = 0;
    }
}

ruzu_status rz_recur_batch_count(rz_recur *recur, const rz_id *froms, uint32_t count, uint64_t *counts, bool *out_done, rz_error *err)
{
    rz_recur_batch *batch = recur->batch;
    const rz_bound_recursive *spec = recur->spec->spec;
    *out_done = false;
    /* A transaction that writes adds nodes while it reads. */
    if (batch->off || rz_txn_snapshot(recur->op.worker->exec->context->txn)->own_stamp != 0) {
        return RUZU_OK;
    }
    RZ_TRY(batch_make_room(recur, batch, out_done, err));
    for (uint32_t i = 0; i < count && *out_done; i++) {
        *out_done = rz_id_table(froms[i]) == batch->table && rz_id_offset(froms[i]) < batch->size;
    }
    if (!*out_done) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t offset = rz_id_offset(froms[i]);
        counts[i] = 0;
        batch->now[offset] |= UINT64_C(1) << i;
        batch_mark(batch->marks[0], offset);
    }
    for (uint32_t i = 0; i < count && spec->lower == 0; i++) {
        batch_reach(batch, rz_id_offset(froms[i]), UINT64_C(1) << i, counts);
    }
    bool any = true;
    ruzu_status status = RUZU_OK;
    for (uint32_t depth = 0; depth < spec->upper && any && status == RUZU_OK; depth++) {
        status = batch_expand(recur, batch, err);
        if (status == RUZU_OK) {
            batch_turn(batch, counts, &any);
        }
    }
    if (status == RUZU_OK) {
        batch_clear(batch);
    } else {
        rz_recur_batch_close(recur); /* half a level: not to be cleared by its marks */
    }
    return status;
}
