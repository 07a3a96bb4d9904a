/* SPDX-License-Identifier: MIT */
/*
 * COUNT_EXCEPT: counts end nodes that nobody looks at but to keep them apart from other nodes.
 *
 *   plain  the weight times the neighbours that are none of some nodes and in none of some other lists
 *   pairs  the weight times the pairs from two lists whose nodes differ: all pairs less those of a node with itself
 *
 * A neighbour counts as often as it stands in the list; in the other lists of the plain kind it is only looked for. Lists are decoded sorted and kept while their node stays the same.
 *
 * Where only one node is taken out of a list, rows with the same list are a run: the list is looked up once a run, and as the nodes mostly come sorted themselves (neighbours that
 * EXPAND has just read), a cursor moves through the list beside them.
 */
#include "executor/short_lists.h"

#define EXCEPT_STEPS 4u /* so many entries are passed one by one before a search begins */

typedef struct except_list {
    rz_hops hops;
    rz_near_list near;
    rz_short_lists all; /* of all rows, where only two lists are compared */
} except_list;

/* The last node looked for in the counted list: how often it stands there, and where it stands or would stand. */
typedef struct except_cursor {
    rz_id id;
    uint64_t at;
    uint64_t times;
} except_cursor;

typedef struct op_count_except {
    rz_op op;
    const rz_plan_except *except;
    except_list counted;
    except_list *others;
    rz_hops *nodes;      /* their ids; no hops */
    const int32_t *positions;
    uint64_t *weights;
    uint64_t *counts;    /* by row: what is left of its list */
    uint32_t *kept;
    uint64_t *gone;      /* bits: entries of the counted list that another list or node has taken out */
    uint64_t gone_words;
    bool once;           /* the node stands in the list exactly once, whichever it is */
    bool runs;           /* one node is taken out, and nothing else */
    bool compares;       /* two lists are compared, and nothing else */
    uint32_t *heads;     /* rows in which a run of rows with the same list begins; else those with lists to count in */
    except_cursor cursor;
} op_count_except;

static ruzu_status except_open_list(op_count_except *op, const rz_plan_expand *walk, except_list *list, rz_error *err)
{
    list->near.of = UINT64_MAX;
    list->near.arena = &op->op.worker->arena;
    return rz_hops_open(op->op.worker, walk, op->op.input->plan, &list->hops, err);
}

static ruzu_status except_open(rz_op *base, rz_error *err)
{
    op_count_except *op = (op_count_except *)base;
    rz_arena *arena = &base->worker->arena;
    op->except = &base->plan->u.except;
    op->runs = !op->except->pairs && op->except->other_count == 0 && op->except->node_count == 1;
    op->compares = op->except->other_count == 1 && (op->except->pairs || op->except->node_count == 0);
    op->others = RZ_NEW_ARRAY(arena, except_list, op->except->other_count);
    op->nodes = RZ_NEW_ARRAY(arena, rz_hops, op->except->node_count);
    rz_plan_expand *looks = RZ_NEW_ARRAY(arena, rz_plan_expand, op->except->node_count);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->counts = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->heads = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (op->others == NULL || op->nodes == NULL || looks == NULL || op->weights == NULL || op->counts == NULL || op->kept == NULL || op->heads == NULL) {
        return rz_error_no_memory(err, "building a count of neighbours");
    }
    RZ_TRY(except_open_list(op, &op->except->walk, &op->counted, err));
    for (uint32_t i = 0; i < op->except->other_count; i++) {
        RZ_TRY(except_open_list(op, &op->except->others[i], &op->others[i], err));
    }
    if (op->compares) {
        RZ_TRY(rz_short_lists_open(arena, &op->counted.all, err));
        RZ_TRY(rz_short_lists_open(arena, &op->others[0].all, err));
    }
    for (uint32_t i = 0; i < op->except->node_count; i++) {
        looks[i] = (rz_plan_expand){.from = op->except->nodes[i], .to = RZ_NO_COLUMN_ID, .rel = RZ_NO_COLUMN_ID};
        RZ_TRY(rz_hops_open(base->worker, &looks[i], base->input->plan, &op->nodes[i], err));
    }
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    return rz_op_map_input(base, &op->positions, err);
}

/* ---- counting ---- */

static uint64_t except_length(const rz_hops *hops, uint32_t row)
{
    uint64_t length = 0;
    for (uint32_t h = 0; h < hops->expand->hop_count; h++) {
        length += hops->slices[h][row].length;
    }
    return length;
}

static ruzu_status except_reserve_bits(op_count_except *op, uint64_t count, rz_error *err)
{
    uint64_t words = (count + 63) / 64;
    if (words > op->gone_words) {
        words *= 2;
        op->gone = (uint64_t *)rz_arena_alloc(&op->op.worker->arena, (size_t)words * sizeof(uint64_t));
        RZ_TRY_ALLOC(op->gone, err, "counting neighbours");
        op->gone_words = words;
    }
    memset(op->gone, 0, (size_t)((count + 63) / 64) * sizeof(uint64_t));
    return RUZU_OK;
}

/* Marks entries of the counted list that another list has. */
static void except_mark_list(op_count_except *op, const rz_near_list *other)
{
    const rz_near_list *counted = &op->counted.near;
    for (uint64_t i = 0, j = 0; i < counted->count && j < other->count;) {
        if (counted->ids[i] == other->ids[j]) {
            rz_bit_set(op->gone, i);
        }
        rz_id x = counted->ids[i];
        rz_id y = other->ids[j];
        i += x <= y;
        j += y < x;
    }
}

static void except_mark_node(op_count_except *op, rz_id id)
{
    for (uint64_t i = 0; i < op->counted.near.count; i++) {
        if (op->counted.near.ids[i] == id) {
            rz_bit_set(op->gone, i);
        }
    }
}

/* What is left of the counted list when several things are taken out of it. */
static ruzu_status except_count_marked(op_count_except *op, uint32_t row, uint64_t *out, rz_error *err)
{
    uint64_t count = op->counted.near.count;
    uint64_t gone = 0;
    RZ_TRY(except_reserve_bits(op, count, err));
    for (uint32_t i = 0; i < op->except->other_count; i++) {
        except_mark_list(op, &op->others[i].near);
    }
    for (uint32_t i = 0; i < op->except->node_count; i++) {
        except_mark_node(op, op->nodes[i].ids[row]);
    }
    for (uint64_t w = 0; w < (count + 63) / 64; w++) {
        gone += rz_popcount64(op->gone[w]);
    }
    *out = count - gone;
    return RUZU_OK;
}

static ruzu_status except_count(op_count_except *op, uint32_t row, uint64_t *out, rz_error *err)
{
    const rz_plan_except *except = op->except;
    *out = 0;
    uint64_t length = except_length(&op->counted.hops, row);
    if (length == 0 || (except->pairs && except_length(&op->others[0].hops, row) == 0)) {
        return RUZU_OK;
    }
    RZ_TRY(rz_hops_near(&op->counted.hops, row, &op->counted.near, err));
    for (uint32_t i = 0; i < except->other_count; i++) {
        RZ_TRY(rz_hops_near(&op->others[i].hops, row, &op->others[i].near, err));
    }
    const rz_near_list *counted = &op->counted.near;
    if (except->pairs) {
        const rz_near_list *other = &op->others[0].near;
        *out = counted->count * other->count - rz_list_equal_pairs(counted->ids, counted->count, other->ids, other->count);
        return RUZU_OK;
    }
    if (except->other_count == 1 && except->node_count <= 1) {
        *out = counted->count - rz_list_common(counted->ids, counted->count, op->others[0].near.ids, op->others[0].near.count);
        if (except->node_count == 1 && rz_near_count(&op->others[0].near, op->nodes[0].ids[row]) == 0) {
            *out -= rz_near_count(counted, op->nodes[0].ids[row]);
        }
        return RUZU_OK;
    }
    return except_count_marked(op, row, out, err);
}

/* ---- one node taken out of runs of lists ---- */

static uint64_t except_times(const rz_near_list *list, except_cursor *cursor, rz_id id)
{
    if (cursor->id == id) {
        return cursor->times;
    }
    uint64_t low = id > cursor->id ? cursor->at : 0;
    uint64_t length = id > cursor->id ? list->count - low : cursor->at;
    for (uint32_t step = 0; step < EXCEPT_STEPS && length != 0 && list->ids[low] < id; step++) {
        low += 1;
        length -= 1;
    }
    while (length != 0 && list->ids[low] < id) { /* far away: lower bound */
        uint64_t half = (length + 1) / 2;
        bool before = list->ids[low + half - 1] < id;
        low += before ? half : 0;
        length = before ? length - half : half - 1;
    }
    uint64_t end = low;
    while (end < list->count && list->ids[end] == id) {
        end++;
    }
    *cursor = (except_cursor){.id = id, .at = low, .times = end - low};
    return end - low;
}

static bool except_is_distinct(const rz_near_list *list)
{
    uint64_t same = 0;
    for (uint64_t i = 1; i < list->count; i++) {
        same |= list->ids[i] == list->ids[i - 1];
    }
    return same == 0;
}

/* The rows of sel in which a run begins. */
static rz_sel except_heads(op_count_except *op, const rz_sel *sel)
{
    const rz_id *ids = op->counted.hops.ids;
    rz_sel heads = {.rows = op->heads, .count = 0};
    rz_id before = UINT64_MAX;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        op->heads[heads.count] = row;
        heads.count += ids[row] != before;
        before = ids[row];
    }
    return heads;
}

/* The counts of all rows of sel into op->counts. */
static ruzu_status except_count_runs(op_count_except *op, const rz_sel *sel, rz_error *err)
{
    rz_hops *hops = &op->counted.hops;
    rz_near_list *near = &op->counted.near;
    const rz_id *ids = op->nodes[0].ids;
    rz_sel heads = except_heads(op, sel);
    RZ_TRY(rz_hops_lookup(hops, &heads, err));
    uint32_t i = 0;
    for (uint32_t r = 0; r < heads.count; r++) {
        uint32_t head = op->heads[r];
        uint32_t next = r + 1 < heads.count ? op->heads[r + 1] : UINT32_MAX;
        if (hops->ids[head] != near->of) {
            RZ_TRY(rz_hops_near(hops, head, near, err));
            op->cursor = (except_cursor){.id = UINT64_MAX, .at = near->count};
            op->once = op->except->among && except_is_distinct(near);
        }
        for (; i < sel->count && rz_sel_at(sel, i) != next; i++) {
            uint32_t row = rz_sel_at(sel, i);
            op->counts[row] = near->count - (op->once ? 1 : except_times(near, &op->cursor, ids[row]));
        }
    }
    return RUZU_OK;
}

/* ---- two lists compared ---- */

/* The counts of all rows of sel into op->counts, whose lists have been looked up. *out_done is false where they are long. */
static ruzu_status except_count_short(op_count_except *op, const rz_sel *sel, bool *out_done, rz_error *err)
{
    except_list *counted = &op->counted, *other = &op->others[0];
    RZ_TRY(rz_short_lists_read(&counted->hops, sel, &counted->all, out_done, err));
    if (*out_done) {
        RZ_TRY(rz_short_lists_read(&other->hops, sel, &other->all, out_done, err));
    }
    if (!*out_done) {
        return RUZU_OK;
    }
    rz_short_lists_equal(&counted->all, &other->all, sel, op->except->pairs, op->counts);
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t others = op->except->pairs ? other->all.lengths[row] : 1;
        op->counts[row] = counted->all.lengths[row] * others - op->counts[row];
    }
    return RUZU_OK;
}

/* ---- rows ---- */

/* Leaves the rows that have a list. */
static void except_keep_filled(op_count_except *op, const rz_hops *hops, rz_sel *io)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < io->count; i++) {
        uint32_t row = rz_sel_at(io, i);
        op->heads[kept] = row;
        kept += except_length(hops, row) != 0;
    }
    *io = (rz_sel){.rows = op->heads, .count = kept};
}

/* The rows in which no node is NULL and some neighbours are left to count, and their counts. */
static ruzu_status except_take(op_count_except *op, const rz_chunk *input, rz_sel *out, rz_error *err)
{
    rz_sel sel = rz_chunk_sel(input);
    for (uint32_t i = 0; i < op->except->node_count; i++) {
        rz_sel valid;
        RZ_TRY(rz_hops_ids(&op->nodes[i], input, &sel, &valid, err));
        sel = valid;
    }
    for (uint32_t i = 0; i < op->except->other_count; i++) {
        rz_sel valid;
        RZ_TRY(rz_hops_ids(&op->others[i].hops, input, &sel, &valid, err));
        sel = valid;
    }
    RZ_TRY(rz_hops_ids(&op->counted.hops, input, &sel, out, err));
    if (op->runs) {
        return except_count_runs(op, out, err);
    }
    /* Rows without the one list need not look for the others. Of a pair's lists the one of nodes that come in no order is more often empty: the others were asked before they were walked to. */
    rz_hops *first = op->except->pairs ? &op->others[0].hops : &op->counted.hops;
    RZ_TRY(rz_hops_lookup(first, out, err));
    except_keep_filled(op, first, out);
    if (op->except->pairs) {
        RZ_TRY(rz_hops_lookup(&op->counted.hops, out, err));
    }
    for (uint32_t i = 0; i < op->except->other_count && !op->except->pairs; i++) {
        RZ_TRY(rz_hops_lookup(&op->others[i].hops, out, err));
    }
    bool done = false;
    if (op->compares) {
        RZ_TRY(except_count_short(op, out, &done, err));
    }
    for (uint32_t i = 0; i < out->count && !done; i++) {
        uint32_t row = rz_sel_at(out, i);
        RZ_TRY(except_count(op, row, &op->counts[row], err));
    }
    return RUZU_OK;
}

/* Weights of the rows of sel; out: those that are kept. */
static ruzu_status except_weigh(op_count_except *op, const rz_chunk *input, const rz_sel *sel, rz_sel *out, rz_error *err)
{
    if (RZ_LIKELY(rz_hops_weigh(op->counts, input->weight, sel, false, op->weights, op->kept, out))) {
        return RUZU_OK;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t weight = input->weight == NULL ? 1 : input->weight[row];
        if (RZ_UNLIKELY(rz_mul_overflow(weight, op->counts[row], &op->weights[row]))) {
            return rz_error_set(err, RUZU_ERROR_OVERFLOW, "Value %llu * %llu is not within UINT64 range.", (unsigned long long)weight, (unsigned long long)op->counts[row]);
        }
        op->kept[kept] = row;
        kept += op->counts[row] != 0;
    }
    *out = (rz_sel){.rows = op->kept, .count = kept};
    return RUZU_OK;
}

static ruzu_status except_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_count_except *op = (op_count_except *)base;
    for (;;) {
        rz_chunk *input = NULL;
        rz_sel sel, kept;
        RZ_TRY(rz_op_next(base->input, &input, err));
        if (input == NULL) {
            return RUZU_OK;
        }
        RZ_TRY(except_take(op, input, &sel, err));
        RZ_TRY(except_weigh(op, input, &sel, &kept, err));
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
        if (kept.count != 0) {
            rz_op_pass(base, input, op->positions);
            base->chunk->sel = kept.rows;
            base->chunk->sel_count = kept.count;
            base->chunk->weight = op->weights;
            *out = base->chunk;
            return RUZU_OK;
        }
    }
}

const rz_op_class rz_op_count_except = {.name = "COUNT_EXCEPT", .size = sizeof(op_count_except), .open = except_open, .next = except_next};
