/* SPDX-License-Identifier: MIT */
/*
 * MESSAGE_APPLY: each row gets a number – what a message says of its node, or the sum of that over the node's neighbours, or just how many neighbours there are – and
 * multiplies its weight by it – perhaps less what another message says of the node –, or is kept or dropped by it (rz_message_mode). Lists are decoded and added up without making rows.
 */
#include "executor/hops.h"
#include "executor/message.h"

#include <string.h>

#define MAPPLY_DENSE_SHARE 2u /* one selected row in so many: still cheaper to read the lists of all nodes between */

typedef struct op_message_apply {
    rz_op op;
    rz_hops hops;
    const rz_plan_message_apply *apply;
    const rz_message *message; /* NULL: every neighbour counts 1 */
    const rz_message *less;    /* taken off; NULL: nothing */
    rz_vec *records;           /* output: addresses of records; NULL: nobody asks for them */
    const int32_t *positions;
    uint64_t *numbers;         /* by row */
    uint64_t *weights;
    uint32_t *kept;
    uint32_t *table_rows;
    uint64_t *neighbours;
    uint64_t *starts;          /* of lists that lie together */
    uint64_t *sums;            /* sums[i]: of the first i of `neighbours` */
    uint64_t *lists;           /* sums over lists as they were written, … */
    uint64_t *changed;         /* … and what changes add to them */
} op_message_apply;

static ruzu_status mapply_open(rz_op *base, rz_error *err)
{
    op_message_apply *op = (op_message_apply *)base;
    rz_arena *arena = &base->worker->arena;
    op->apply = &base->plan->u.apply_message;
    uint32_t less = op->apply->less_child;
    op->message = base->plan->child_count > 1 && less != 1 ? rz_message_of(base->worker->exec, base->plan->children[1]) : NULL;
    op->less = less == 0 ? NULL : rz_message_of(base->worker->exec, base->plan->children[less]);
    RZ_TRY(rz_hops_open(base->worker, &op->apply->walk, base->input->plan, &op->hops, err));
    int32_t record_position = rz_plan_position(base->plan, op->apply->record);
    RZ_TRY(rz_op_make_chunk(base, &op->apply->record, record_position < 0 ? 0 : 1, err));
    op->records = record_position < 0 ? NULL : base->chunk->columns[record_position];
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->numbers = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->table_rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->neighbours = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->starts = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY + 1);
    op->sums = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY + 1);
    op->lists = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->changed = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    if (op->lists == NULL || op->changed == NULL || op->numbers == NULL || op->weights == NULL || op->kept == NULL || op->table_rows == NULL || op->neighbours == NULL || op->starts == NULL || op->sums == NULL) {
        return rz_error_no_memory(err, "building the use of a message");
    }
    return RUZU_OK;
}

/* ---- numbers ---- */

/* Replaces by 0 what stands for the node itself: BACKWARD of an undirected pattern meets self-loops a second time. own: offsets, by entry of the slices from (cursor, used) on. */
static void mapply_skip_loops(const op_message_apply *op, const rz_slice *slices, const rz_sel *rows, uint32_t cursor, uint32_t used, uint64_t *io, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        while (used == slices[rz_sel_at(rows, cursor)].length) {
            used = 0;
            cursor++;
        }
        io[i] = io[i] == rz_id_offset(op->hops.ids[rz_sel_at(rows, cursor)]) ? UINT64_MAX : io[i]; /* no node's offset */
        used++;
    }
}

static inline uint64_t mapply_sum(const uint64_t *numbers, uint32_t count, uint64_t sum)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += numbers[i];
        carry |= (uint64_t)(sum < numbers[i]);
    }
    return carry != 0 ? RZ_MESSAGE_TOO_MANY : sum;
}

/* Adds up over the lists of hop h. */
static ruzu_status mapply_pull_hop(op_message_apply *op, uint32_t h, const rz_sel *rows, rz_error *err)
{
    const rz_hop *hop = &op->hops.expand->hops[h];
    const rz_slice *slices = op->hops.slices[h];
    uint32_t at = 0, entry = 0; /* where the next read begins */
    uint32_t cursor = 0, used = 0;
    RZ_TRY(rz_adj_lookup(op->hops.readers[h], hop->direction, op->hops.ids, rows, op->hops.slices[h], err));
    while (at < rows->count) {
        uint32_t count = 0;
        RZ_TRY(rz_adj_expand(op->hops.readers[h], hop->direction, slices, rows, &at, &entry, RZ_VECTOR_CAPACITY, 0, op->neighbours, 0, NULL, NULL, &count, err));
        if (op->hops.skips_loops[h]) {
            mapply_skip_loops(op, slices, rows, cursor, used, op->neighbours, count);
        }
        rz_message_fetch(op->message, hop->to_table, op->neighbours, count);
        for (uint32_t done = 0; done < count;) {
            uint32_t row = rz_sel_at(rows, cursor);
            uint32_t left = slices[row].length - used;
            uint32_t take = left < count - done ? left : count - done;
            op->numbers[row] = mapply_sum(op->neighbours + done, take, op->numbers[row]);
            done += take;
            used = take == left ? 0 : used + take;
            cursor += take == left;
        }
        RZ_TRY(rz_exec_poll(op->op.worker->exec, err));
    }
    return RUZU_OK;
}

/*
 * Sums over lists that lie together, added to lists[i]: all are read as one, and a list's sum is the difference of two sums from the beginning, so that nothing
 * depends on how long a list is, which is hard to guess. A sum that does not fit becomes RZ_MESSAGE_TOO_MANY. *out_large: some number is 2^32 or more.
 */
static ruzu_status mapply_sum_stretch(op_message_apply *op, uint32_t h, const rz_slice *slice, uint32_t span, uint64_t *restrict lists, bool *out_large, rz_error *err)
{
    const rz_hop *hop = &op->hops.expand->hops[h];
    const uint64_t *starts = op->starts;
    uint32_t cursor = 0; /* the list that is not complete yet */
    for (uint32_t at = 0; at < slice->length;) {
        uint32_t count = slice->length - at < RZ_VECTOR_CAPACITY ? slice->length - at : RZ_VECTOR_CAPACITY;
        RZ_TRY(rz_adj_read(op->hops.readers[h], hop->direction, slice, at, count, 0, op->neighbours, 0, NULL, err));
        bool large = rz_message_fetch_sums(op->message, hop->to_table, op->neighbours, op->sums, count);
        uint64_t first = slice->start + at; /* sums[0] is what stands before it */
        *out_large = *out_large || large;
        for (;;) {
            uint64_t begin = starts[cursor] < first ? 0 : starts[cursor] - first;
            bool ends = starts[cursor + 1] - first <= count;
            uint64_t end = ends ? starts[cursor + 1] - first : count;
            lists[cursor] = RZ_UNLIKELY(large) ? mapply_sum(op->neighbours + begin, (uint32_t)(end - begin), lists[cursor])
                                               : rz_message_add(lists[cursor], op->sums[end] - op->sums[begin]);
            cursor += ends;
            if (!ends || cursor == span || starts[cursor] - first == count) {
                break;
            }
        }
        at += count;
        RZ_TRY(rz_exec_poll(op->op.worker->exec, err));
    }
    return RUZU_OK;
}

/* What changes add to the sums of lists; the sums may go round on their way. True when some number is 2^32 or more. */
static bool mapply_sum_changes(const op_message_apply *op, uint32_t table, const rz_adj_changes *changes, uint64_t *restrict lists)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < changes->count; i++) {
        uint64_t number = rz_message_find(op->message, rz_id_make(table, changes->neighbours[i]));
        uint64_t minus = (changes->rels[i] & RZ_ADJ_REMOVED) != 0 ? UINT64_MAX : 0;
        all |= number;
        lists[changes->nodes[i] - changes->first_node] += (number ^ minus) - minus;
    }
    return all >> 32 != 0;
}

/*
 * Adds up over the lists of hop h of nodes that follow one another. Lists that have changed are summed as they were written, then what was inserted is added and
 * what was deleted taken away: a list has less than 2^32 entries, so with numbers below 2^32 what comes out is right whatever went round. *out_done false: they cannot be had so.
 */
static ruzu_status mapply_pull_stretch(op_message_apply *op, uint32_t h, uint32_t low, uint32_t span, bool *out_done, rz_error *err)
{
    const rz_hop *hop = &op->hops.expand->hops[h];
    rz_slice slice;
    rz_adj_changes changes[2];
    uint64_t *out = op->numbers + low;
    bool large = false;
    RZ_TRY(rz_adj_stretch(op->hops.readers[h], hop->direction, rz_id_offset(op->hops.ids[low]), span, op->starts, &slice, changes, out_done, err));
    if (!*out_done) {
        return RUZU_OK;
    }
    if (changes[0].count == 0 && changes[1].count == 0) {
        return mapply_sum_stretch(op, h, &slice, span, out, &large, err);
    }
    memset(op->lists, 0, span * sizeof *op->lists);
    memset(op->changed, 0, span * sizeof *op->changed);
    for (uint32_t i = 0; i < 2; i++) { /* first: they do not outlive what is read below */
        large = mapply_sum_changes(op, hop->to_table, &changes[i], op->changed) || large;
    }
    RZ_TRY(mapply_sum_stretch(op, h, &slice, span, op->lists, &large, err));
    *out_done = !large;
    for (uint32_t i = 0; i < span && !large; i++) {
        out[i] = rz_message_add(out[i], op->lists[i] + op->changed[i]);
    }
    return RUZU_OK;
}

/* Numbers and addresses from a message with values. */
static void mapply_records(op_message_apply *op, const rz_sel *sel)
{
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        const uint8_t *record = rz_message_record(op->message, op->hops.ids[row]);
        op->numbers[row] = record == NULL ? 0 : rz_load_u64(record);
        if (op->records != NULL) {
            ((uint64_t *)op->records->data)[row] = (uint64_t)(uintptr_t)record;
        }
    }
}

/* What every neighbour stands for, whichever it is; 0: it matters which. */
static uint64_t mapply_every(const op_message_apply *op)
{
    const rz_plan_expand *walk = op->hops.expand;
    if (op->message == NULL || walk->hop_count == 0) {
        return op->message == NULL;
    }
    uint64_t every = rz_message_every(op->message, walk->hops[0].to_table);
    for (uint32_t h = 1; h < walk->hop_count; h++) {
        every = rz_message_every(op->message, walk->hops[h].to_table) == every ? every : 0;
    }
    return every;
}

static ruzu_status mapply_numbers(op_message_apply *op, const rz_chunk *input, const rz_sel *sel, rz_error *err)
{
    if (op->apply->walk.hop_count == 0 && op->message != NULL && op->message->record_size != 0) {
        mapply_records(op, sel);
        return RUZU_OK;
    }
    if (op->apply->walk.hop_count == 0) {
        for (uint32_t i = 0; i < sel->count; i++) {
            uint32_t row = rz_sel_at(sel, i);
            op->numbers[row] = op->message == NULL ? 0 : rz_message_find(op->message, op->hops.ids[row]);
        }
        return RUZU_OK;
    }
    uint64_t every = mapply_every(op);
    if (every != 0) { /* the lists need not be read */
        RZ_TRY(rz_hops_degrees(&op->hops, input, sel, op->numbers, op->table_rows, err));
        for (uint32_t i = 0; i < sel->count && every != 1; i++) {
            uint32_t row = rz_sel_at(sel, i);
            op->numbers[row] = rz_message_multiply(op->numbers[row], every);
        }
        return RUZU_OK;
    }
    uint32_t low, span;
    bool dense = rz_hops_dense(&op->hops, input, sel, MAPPLY_DENSE_SHARE, &low, &span) && !op->message->sparse;
    if (dense) {
        memset(op->numbers + low, 0, span * sizeof *op->numbers);
    }
    for (uint32_t i = 0; i < sel->count && !dense; i++) {
        op->numbers[rz_sel_at(sel, i)] = 0;
    }
    for (uint32_t h = 0; h < op->hops.expand->hop_count; h++) {
        rz_sel rows = rz_hops_rows(&op->hops, h, input, sel, op->table_rows);
        bool done = false;
        if (rows.count != 0 && dense && !op->hops.skips_loops[h]) {
            RZ_TRY(mapply_pull_stretch(op, h, low, span, &done, err));
        }
        if (rows.count != 0 && !done) {
            RZ_TRY(mapply_pull_hop(op, h, &rows, err));
        }
    }
    return RUZU_OK;
}

/* ---- rows ---- */

static ruzu_status mapply_too_many(rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of rows is not within UINT64 range.");
}

/* Takes off what is part of the numbers and must not be counted. Of two numbers that are too large nobody knows the difference. */
static ruzu_status mapply_take_off(op_message_apply *op, const rz_sel *sel, rz_error *err)
{
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t number = op->numbers[row];
        uint64_t less = number == 0 ? 0 : rz_message_find(op->less, op->hops.ids[row]);
        if (RZ_UNLIKELY(less == RZ_MESSAGE_TOO_MANY)) {
            return mapply_too_many(err);
        }
        if (RZ_UNLIKELY(less > number)) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "more matches are taken off than there are");
        }
        op->numbers[row] = number == RZ_MESSAGE_TOO_MANY ? number : number - less;
    }
    return RUZU_OK;
}

/* INNER, OPTIONAL: weights. Rows are kept by their number; returns how many. */
static ruzu_status mapply_weigh(op_message_apply *op, const rz_chunk *input, const rz_sel *sel, rz_sel *out_kept, rz_error *err)
{
    bool optional = op->apply->mode == RZ_MESSAGE_OPTIONAL;
    if (RZ_LIKELY(rz_hops_weigh(op->numbers, input->weight, sel, optional, op->weights, op->kept, out_kept))) {
        return RUZU_OK;
    }
    uint32_t kept = 0;
    uint64_t too_many = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t number = op->numbers[row] == 0 && optional ? 1 : op->numbers[row];
        op->weights[row] = rz_message_multiply(input->weight == NULL ? 1 : input->weight[row], number);
        too_many |= (uint64_t)(op->weights[row] == RZ_MESSAGE_TOO_MANY);
        op->kept[kept] = row;
        kept += op->weights[row] != 0;
    }
    *out_kept = (rz_sel){.rows = op->kept, .count = kept};
    return too_many != 0 && !op->apply->deferred ? mapply_too_many(err) : RUZU_OK;
}

static void mapply_choose(op_message_apply *op, const rz_sel *sel, rz_sel *out_kept)
{
    bool wanted = op->apply->mode == RZ_MESSAGE_SEMI;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        op->kept[kept] = row;
        kept += (op->numbers[row] != 0) == wanted;
    }
    *out_kept = (rz_sel){.rows = op->kept, .count = kept};
}

static ruzu_status mapply_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_message_apply *op = (op_message_apply *)base;
    bool weighs = op->apply->mode == RZ_MESSAGE_INNER || op->apply->mode == RZ_MESSAGE_OPTIONAL;
    bool keeps_null = op->apply->mode == RZ_MESSAGE_OPTIONAL || op->apply->mode == RZ_MESSAGE_ANTI;
    for (;;) {
        rz_chunk *input = NULL;
        RZ_TRY(rz_op_next(base->input, &input, err));
        if (input == NULL) {
            return RUZU_OK;
        }
        rz_sel sel = rz_chunk_sel(input);
        rz_sel valid;
        rz_sel kept;
        RZ_TRY(rz_hops_ids(&op->hops, input, &sel, &valid, err));
        for (uint32_t i = 0; i < sel.count && valid.count != sel.count; i++) {
            op->numbers[rz_sel_at(&sel, i)] = 0; /* NULLs keep it */
            if (op->records != NULL) {
                ((uint64_t *)op->records->data)[rz_sel_at(&sel, i)] = 0;
            }
        }
        RZ_TRY(mapply_numbers(op, input, &valid, err));
        if (op->less != NULL) {
            RZ_TRY(mapply_take_off(op, &valid, err));
        }
        if (weighs) {
            RZ_TRY(mapply_weigh(op, input, keeps_null ? &sel : &valid, &kept, err));
        } else {
            mapply_choose(op, keeps_null ? &sel : &valid, &kept);
        }
        if (kept.count != 0) {
            rz_op_pass(base, input, op->positions);
            base->chunk->sel = kept.rows;
            base->chunk->sel_count = kept.count;
            base->chunk->weight = weighs ? op->weights : input->weight;
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

const rz_op_class rz_op_message_apply = {.name = "MESSAGE_APPLY", .size = sizeof(op_message_apply), .open = mapply_open, .next = mapply_next};
