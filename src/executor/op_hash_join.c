/* SPDX-License-Identifier: MIT */
/*
 * HASH_JOIN, probe side: rows of children[0] look for their partners.
 *
 * A batch of probe rows goes through its chains in rounds: in each round every row that is still walking looks at one candidate with its hash; the keys of all candidates are
 * compared by column. Matches of several rounds fill one output chunk. Columns of the probe side become dictionaries, those of the build side are read from its rows.
 *
 * When the build side was spilled, the probe side is first divided into records of the op's own; then part after part of the build side is loaded and probed with
 * the part of the probe side that belongs to it.
 */
#include "executor/join.h"

#include <string.h>

typedef struct op_hash_join {
    rz_op op;
    rz_join_shared *shared;
    rz_join_cross *cross;
    rz_eval **evals;
    /* the batch: rows of the input, or of spilled probe records */
    bool in_batch;
    bool walked;              /* all chains are done */
    rz_vec **keys;
    rz_vec **pass;            /* probe columns, in the order of pass_columns */
    uint32_t *pass_columns;   /* their output columns */
    uint32_t pass_count;
    rz_vec **pass_out;
    rz_vec **flats;
    rz_sel sel;
    const uint64_t *weight;
    uint64_t *hashes;
    uint32_t *valid;          /* rows without NULL keys */
    uint32_t *walk_rows;      /* rows still walking … */
    rz_join_row **walk_at;    /* … and their next candidates */
    uint32_t walk_count;
    bool *matched;            /* by row */
    /* output */
    uint32_t *index;
    const uint8_t **payload;
    uint64_t *weights;
    uint32_t *kept;
    const uint8_t **cursors;
    uint32_t *items;
    /* division */
    const rz_join_table *table;
    rz_join_table own;        /* a loaded part */
    bool divided;
    rz_records **parts;       /* of the probe side; owned */
    uint32_t part;
    bool in_part;
    rz_records_cursor reading;
    rz_vec **read_keys;
    rz_vec **read_pass;
    uint64_t *read_weights;
    size_t *sizes;
    uint8_t **write_cursors;
} op_hash_join;

/* ---- opening ---- */

static ruzu_status hjoin_open_division(op_hash_join *op, rz_error *err)
{
    rz_arena *arena = &op->op.worker->arena;
    const rz_plan *plan = op->op.plan;
    uint32_t key_count = plan->u.join.key_count;
    op->read_keys = RZ_NEW_ARRAY(arena, rz_vec *, key_count);
    op->read_pass = RZ_NEW_ARRAY(arena, rz_vec *, op->pass_count);
    op->read_weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->sizes = RZ_NEW_ARRAY(arena, size_t, RZ_VECTOR_CAPACITY);
    op->write_cursors = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    if (op->read_keys == NULL || op->read_pass == NULL || op->read_weights == NULL || op->sizes == NULL || op->write_cursors == NULL) {
        return rz_error_no_memory(err, "building a join");
    }
    for (uint32_t k = 0; k < key_count; k++) {
        RZ_TRY(rz_vec_create(arena, arena, plan->u.join.probe_keys[k]->type, RZ_VECTOR_CAPACITY, &op->read_keys[k], err));
    }
    for (uint32_t c = 0; c < op->pass_count; c++) {
        RZ_TRY(rz_vec_create(arena, arena, plan->types[op->pass_columns[c]], RZ_VECTOR_CAPACITY, &op->read_pass[c], err));
    }
    return RUZU_OK;
}

static ruzu_status hjoin_open_buffers(op_hash_join *op, rz_error *err)
{
    rz_arena *arena = &op->op.worker->arena;
    const rz_plan *plan = op->op.plan;
    op->evals = RZ_NEW_ARRAY(arena, rz_eval *, plan->u.join.key_count);
    op->keys = RZ_NEW_ARRAY(arena, rz_vec *, plan->u.join.key_count);
    op->pass = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->pass_out = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    op->pass_columns = RZ_NEW_ARRAY(arena, uint32_t, plan->column_count);
    op->flats = RZ_NEW_ARRAY(arena, rz_vec *, op->op.input->plan->column_count);
    op->hashes = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->valid = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->walk_rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->walk_at = RZ_NEW_ARRAY(arena, rz_join_row *, RZ_VECTOR_CAPACITY);
    op->matched = RZ_NEW_ARRAY(arena, bool, RZ_VECTOR_CAPACITY);
    op->index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->payload = RZ_NEW_ARRAY(arena, const uint8_t *, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->kept = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->cursors = RZ_NEW_ARRAY(arena, const uint8_t *, RZ_VECTOR_CAPACITY);
    op->items = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->parts = RZ_NEW_ARRAY(arena, rz_records *, RZ_SPILL_PARTS);
    bool ok = op->evals != NULL && op->keys != NULL && op->pass != NULL && op->pass_out != NULL && op->pass_columns != NULL && op->flats != NULL && op->hashes != NULL &&
              op->valid != NULL && op->walk_rows != NULL && op->walk_at != NULL && op->matched != NULL && op->index != NULL && op->payload != NULL &&
              op->weights != NULL && op->kept != NULL && op->cursors != NULL && op->items != NULL && op->parts != NULL;
    return ok ? RUZU_OK : rz_error_no_memory(err, "building a join");
}

static ruzu_status hjoin_open(rz_op *base, rz_error *err)
{
    op_hash_join *op = (op_hash_join *)base;
    const rz_plan *plan = base->plan;
    rz_arena *arena = &base->worker->arena;
    op->shared = (rz_join_shared *)rz_exec_shared(base->worker->exec, plan);
    rz_join_table_init(&op->own, rz_op_account(base));
    if (plan->u.join.kind == RZ_JOIN_CROSS) {
        return rz_join_cross_open(base, op->shared, &op->cross, err);
    }
    RZ_TRY(hjoin_open_buffers(op, err));
    const rz_join_columns *columns = &op->shared->columns;
    uint32_t *own = RZ_NEW_ARRAY(arena, uint32_t, columns->payload_count);
    RZ_TRY_ALLOC(own, err, "building a join");
    for (uint32_t c = 0; c < columns->payload_count; c++) {
        own[c] = plan->columns[columns->payload[c]];
    }
    RZ_TRY(rz_op_make_chunk(base, own, columns->payload_count, err));
    for (uint32_t i = 0; i < plan->column_count; i++) {
        if (columns->probe[i] >= 0) {
            op->pass_columns[op->pass_count] = i;
            op->pass_out[op->pass_count++] = base->chunk->columns[i];
        }
    }
    for (uint32_t k = 0; k < plan->u.join.key_count; k++) {
        RZ_TRY(rz_eval_create(base->worker, plan->u.join.probe_keys[k], base->input->plan->columns, base->input->plan->column_count, &op->evals[k], err));
    }
    op->table = &op->shared->table;
    return op->shared->spilled ? hjoin_open_division(op, err) : RUZU_OK;
}

/* ---- batches ---- */

/* Evaluates what is needed of an input chunk. */
static ruzu_status hjoin_read_chunk(op_hash_join *op, rz_chunk *chunk, rz_error *err)
{
    rz_op *base = &op->op;
    uint32_t key_count = base->plan->u.join.key_count;
    op->sel = rz_chunk_sel(chunk);
    op->weight = chunk->weight;
    for (uint32_t k = 0; k < key_count; k++) {
        RZ_TRY(rz_eval_run(op->evals[k], chunk, &op->sel, &op->keys[k], err));
    }
    for (uint32_t c = 0; c < op->pass_count; c++) {
        RZ_TRY(rz_op_flat_input(base, chunk, op->shared->columns.probe[op->pass_columns[c]], op->flats, &op->pass[c], err));
    }
    rz_join_hash(op->keys, key_count, &op->sel, op->hashes);
    return RUZU_OK;
}

/* Begins to walk: the first candidates of all rows. */
static void hjoin_begin_batch(op_hash_join *op)
{
    rz_sel sel = op->sel;
    for (uint32_t i = 0; i < sel.count; i++) {
        op->matched[rz_sel_at(&sel, i)] = false;
    }
    rz_join_drop_nulls(op->keys, op->op.plan->u.join.key_count, &sel, op->valid);
    op->walk_count = 0;
    if (op->table->buckets != NULL && op->table->count != 0) {
        uint64_t mask = (UINT64_C(1) << op->table->bits) - 1;
        for (uint32_t i = 0; i < sel.count; i++) {
            RZ_PREFETCH(&op->table->buckets[op->hashes[rz_sel_at(&sel, i)] & mask]);
        }
        for (uint32_t i = 0; i < sel.count; i++) {
            uint32_t row = rz_sel_at(&sel, i);
            rz_join_row *first = op->table->buckets[op->hashes[row] & mask];
            RZ_PREFETCH(first);
            op->walk_rows[op->walk_count] = row;
            op->walk_at[op->walk_count] = first;
            op->walk_count += first != NULL;
        }
    }
    op->in_batch = true;
    op->walked = false;
}

/* ---- division ---- */

static ruzu_status hjoin_divide(op_hash_join *op, rz_error *err)
{
    rz_op *base = &op->op;
    for (;;) {
        rz_chunk *chunk = NULL;
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
        RZ_TRY(rz_op_next(base->input, &chunk, err));
        if (chunk == NULL) {
            break;
        }
        RZ_TRY(hjoin_read_chunk(op, chunk, err));
        RZ_TRY(rz_join_spill(op->shared->mem, op->shared->pool, op->parts, op->keys, base->plan->u.join.key_count, op->pass, op->pass_count, op->hashes, op->weight,
                             &op->sel, op->sizes, op->write_cursors, err));
    }
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        if (op->parts[p] != NULL) {
            rz_records_seal(op->parts[p]);
        }
    }
    op->divided = true;
    op->part = 0;
    op->in_part = false;
    return RUZU_OK;
}

/* The next batch of the part's probe rows into the read vectors; *out_count 0 at its end. */
static ruzu_status hjoin_read_records(op_hash_join *op, uint32_t *out_count, rz_error *err)
{
    uint32_t key_count = op->op.plan->u.join.key_count;
    uint32_t count = 0;
    bool weighted = false;
    while (count < RZ_VECTOR_CAPACITY) {
        const uint8_t *record = NULL;
        uint32_t size = 0;
        bool block_end = false;
        RZ_TRY(rz_records_next(&op->reading, count != 0, &record, &size, &block_end, err));
        if (record == NULL) {
            break;
        }
        op->hashes[count] = rz_load_u64(record);
        op->read_weights[count] = rz_load_u64(record + 8);
        weighted = weighted || op->read_weights[count] != 1;
        op->cursors[count++] = record + 16;
    }
    for (uint32_t k = 0; k < key_count; k++) {
        rz_vec_reset(op->read_keys[k]);
        RZ_TRY(rz_row_values_read(op->cursors, count, false, op->read_keys[k], 0, err));
        op->keys[k] = op->read_keys[k];
    }
    for (uint32_t c = 0; c < op->pass_count; c++) {
        rz_vec_reset(op->read_pass[c]);
        RZ_TRY(rz_row_values_read(op->cursors, count, false, op->read_pass[c], 0, err));
        op->pass[c] = op->read_pass[c];
    }
    op->sel = (rz_sel){.rows = NULL, .count = count};
    op->weight = weighted ? op->read_weights : NULL;
    *out_count = count;
    return RUZU_OK;
}

/* The next batch of a divided join: *out_ended when no part is left. */
static ruzu_status hjoin_take_divided(op_hash_join *op, bool *out_ended, rz_error *err)
{
    if (!op->divided) {
        RZ_TRY(hjoin_divide(op, err));
    }
    *out_ended = false;
    while (op->part < RZ_SPILL_PARTS) {
        rz_records *probe = op->parts[op->part];
        if (probe != NULL && !op->in_part) {
            rz_join_table_clear(&op->own);
            RZ_TRY(rz_join_table_load(&op->own, op->op.worker->exec, op->shared->parts[op->part], err));
            op->table = &op->own;
            rz_records_open(probe, &op->reading);
            op->in_part = true;
        }
        if (probe != NULL) {
            uint32_t count = 0;
            RZ_TRY(hjoin_read_records(op, &count, err));
            if (count != 0) {
                hjoin_begin_batch(op);
                return RUZU_OK;
            }
            rz_records_close(&op->reading);
        }
        op->in_part = false;
        op->part++;
    }
    *out_ended = true;
    return RUZU_OK;
}

static ruzu_status hjoin_take_batch(op_hash_join *op, bool *out_ended, rz_error *err)
{
    if (op->shared->spilled) {
        return hjoin_take_divided(op, out_ended, err);
    }
    rz_chunk *chunk = NULL;
    RZ_TRY(rz_op_next(op->op.input, &chunk, err));
    *out_ended = chunk == NULL;
    if (chunk != NULL) {
        RZ_TRY(hjoin_read_chunk(op, chunk, err));
        hjoin_begin_batch(op);
    }
    return RUZU_OK;
}

/* ---- walking ---- */

/* One round: every walking row's next candidate. Matches are appended to the output; with `first_only` a row that has found one stops. */
static ruzu_status hjoin_round(op_hash_join *op, bool first_only, uint32_t *count, rz_error *err)
{
    uint32_t key_count = op->op.plan->u.join.key_count;
    uint32_t walking = 0;
    for (uint32_t i = 0; i < op->walk_count; i++) {
        uint32_t row = op->walk_rows[i];
        rz_join_row *at = op->walk_at[i];
        while (at != NULL && at->hash != op->hashes[row]) {
            at = at->next;
        }
        if (at != NULL) {
            op->walk_rows[walking] = row;
            op->walk_at[walking] = at;
            op->items[walking] = walking;
            op->cursors[walking++] = at->values;
        }
    }
    uint32_t hits = walking;
    for (uint32_t k = 0; k < key_count && hits != 0; k++) {
        hits = rz_row_values_match(op->cursors, op->keys[k], op->walk_rows, op->items, hits);
    }
    for (uint32_t i = 0; i < hits; i++) {
        uint32_t item = op->items[i];
        uint32_t row = op->walk_rows[item];
        op->matched[row] = true;
        if (!first_only) {
            uint32_t at = (*count)++;
            op->index[at] = row;
            op->payload[at] = op->cursors[item];
            uint64_t weight = op->weight == NULL ? 1 : op->weight[row];
            if (RZ_UNLIKELY(rz_mul_overflow(op->walk_at[item]->weight, weight, &op->weights[at]))) {
                return rz_join_overflow(op->walk_at[item]->weight, weight, err);
            }
        }
    }
    op->walk_count = 0;
    for (uint32_t i = 0; i < walking; i++) {
        uint32_t row = op->walk_rows[i];
        rz_join_row *next = op->walk_at[i]->next;
        bool goes_on = next != NULL && !(first_only && op->matched[row]);
        RZ_PREFETCH(next);
        op->walk_rows[op->walk_count] = row;
        op->walk_at[op->walk_count] = next;
        op->walk_count += goes_on;
    }
    return RUZU_OK;
}

/* ---- output ---- */

static ruzu_status hjoin_emit_matches(op_hash_join *op, uint32_t count, rz_error *err)
{
    rz_op *base = &op->op;
    const rz_join_columns *columns = &op->shared->columns;
    rz_chunk *chunk = base->chunk;
    RZ_TRY(rz_vec_slice_many(op->pass_out, (const rz_vec *const *)op->pass, op->pass_count, op->index, count, err));
    for (uint32_t c = 0; c < columns->payload_count; c++) {
        rz_vec *vec = chunk->columns[columns->payload[c]];
        rz_vec_reset(vec);
        RZ_TRY(rz_row_values_read(op->payload, count, false, vec, 0, err));
    }
    chunk->count = count;
    chunk->sel = NULL;
    chunk->weight = op->weight != NULL || op->shared->weighted ? op->weights : NULL;
    return RUZU_OK;
}

/* Probe rows that have (or have not) found a partner, as they are; build columns NULL. False when there are none. */
static bool hjoin_emit_rows(op_hash_join *op, bool matched)
{
    rz_op *base = &op->op;
    const rz_join_columns *columns = &op->shared->columns;
    uint32_t kept = 0;
    uint32_t end = 0;
    for (uint32_t i = 0; i < op->sel.count; i++) {
        uint32_t row = rz_sel_at(&op->sel, i);
        op->kept[kept] = row;
        kept += op->matched[row] == matched;
        end = row + 1;
    }
    if (kept == 0) {
        return false;
    }
    for (uint32_t c = 0; c < op->pass_count; c++) {
        rz_vec_reference(op->pass_out[c], op->pass[c]);
    }
    for (uint32_t c = 0; c < columns->payload_count; c++) {
        rz_vec *vec = base->chunk->columns[columns->payload[c]];
        rz_vec_reset(vec);
        rz_vec_set_all_null(vec);
    }
    base->chunk->count = end;
    base->chunk->sel = kept == end ? NULL : op->kept;
    base->chunk->sel_count = kept;
    base->chunk->weight = op->weight;
    return true;
}

/* The batch's next output; false when it is done. */
static ruzu_status hjoin_next_of_batch(op_hash_join *op, bool *out_some, rz_error *err)
{
    rz_op *base = &op->op;
    rz_join_kind kind = base->plan->u.join.kind;
    bool first_only = kind == RZ_JOIN_SEMI || kind == RZ_JOIN_ANTI;
    uint32_t count = 0;
    *out_some = true;
    for (uint32_t rounds = 0; op->walk_count != 0 && count + op->walk_count <= RZ_VECTOR_CAPACITY; rounds++) {
        if (rounds % 1024 == 1023) {
            RZ_TRY(rz_exec_poll(base->worker->exec, err));
        }
        RZ_TRY(hjoin_round(op, first_only, &count, err));
    }
    if (count != 0) {
        return hjoin_emit_matches(op, count, err);
    }
    if (op->walk_count == 0 && !op->walked) {
        op->walked = true;
        if (kind != RZ_JOIN_INNER && hjoin_emit_rows(op, kind == RZ_JOIN_SEMI)) {
            return RUZU_OK;
        }
    }
    *out_some = false;
    op->in_batch = false;
    return RUZU_OK;
}

static ruzu_status hjoin_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_hash_join *op = (op_hash_join *)base;
    if (op->cross != NULL) {
        return rz_join_cross_next(base, op->cross, out, err);
    }
    for (;;) {
        if (!op->in_batch) {
            bool ended = false;
            RZ_TRY(hjoin_take_batch(op, &ended, err));
            if (ended) {
                return RUZU_OK;
            }
        }
        bool some = false;
        RZ_TRY(hjoin_next_of_batch(op, &some, err));
        if (some) {
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

static void hjoin_free_parts(op_hash_join *op)
{
    rz_records_close(&op->reading);
    for (uint32_t p = 0; op->parts != NULL && p < RZ_SPILL_PARTS; p++) {
        rz_records_free(op->parts[p]);
        op->parts[p] = NULL;
    }
}

static ruzu_status hjoin_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    op_hash_join *op = (op_hash_join *)base;
    if (op->cross != NULL) {
        rz_join_cross_rewind(op->cross);
        return RUZU_OK;
    }
    hjoin_free_parts(op);
    op->in_batch = false;
    op->divided = op->in_part = false;
    return RUZU_OK;
}

static void hjoin_close(rz_op *base)
{
    op_hash_join *op = (op_hash_join *)base;
    rz_join_cross_close(op->cross);
    hjoin_free_parts(op);
    if (op->own.mem != NULL) {
        rz_join_table_clear(&op->own);
    }
}

const rz_op_class rz_op_hash_join = {
    .name = "HASH_JOIN", .size = sizeof(op_hash_join), .open = hjoin_open, .next = hjoin_next, .rewind = hjoin_rewind, .close = hjoin_close};
