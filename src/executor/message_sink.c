/* SPDX-License-Identifier: MIT */
/*
 * MESSAGE: adds up the weights of its input's rows by node; with values, aggregates them too (message_record.c).
 *
 * Numbers lie in an array by offset (message_numbers.c) for each table that the node may be of; where few nodes are expected, or memory for arrays is refused, in a hash map. Workers that may meet the same
 * node each fill a message of their own, which are added up as they end; where a scan divides the nodes between the workers, all fill one.
 */
#include "executor/message.h"

#include <string.h>

typedef struct message_shared {
    rz_message message;
    rz_mutex lock;
    bool locked;    /* the lock exists */
    bool filled;    /* message is there: with `divided` from the beginning, else from the first worker's end */
    bool divided;
} message_shared;

typedef struct message_local {
    rz_message own;
    rz_message *into;
    int32_t key_position;
    rz_id *ids;
    rz_message_values values; /* of messages with values */
} message_local;

const rz_message *rz_message_of(const rz_exec *exec, const rz_plan *plan)
{
    return &((const message_shared *)rz_exec_shared(exec, plan))->message;
}

uint64_t rz_message_find_sparse(const rz_message *message, rz_id id)
{
    uint32_t idx = rz_node_map_find(&message->map, id);
    return idx == RZ_NODE_NONE ? 0 : ((const uint64_t *)(const void *)message->map.data)[idx];
}

/* ---- making messages ---- */

static const rz_type *message_key_type(const rz_plan *plan)
{
    const rz_plan *input = plan->children[0];
    int32_t position = rz_plan_position(input, plan->u.message.key);
    return position < 0 ? NULL : input->types[position];
}

static void message_free_table(const rz_message *message, rz_message_table *table)
{
    rz_message_numbers_free(message, table);
    rz_mem_free(message->mem, table->records, (size_t)table->size * message->record_size);
    *table = (rz_message_table){0};
}

/* Room for a table's nodes; without, the table stays empty. */
static void message_make_table(const rz_message *message, uint64_t size, uint32_t width, rz_message_table *out)
{
    if (message->record_size != 0) {
        out->records = (uint8_t *)rz_mem_calloc(message->mem, (size_t)size, message->record_size);
        out->size = out->records == NULL ? 0 : size;
    } else {
        out->size = rz_message_numbers_make(message, size, width, out) ? size : 0;
    }
}

static void message_free(rz_message *message)
{
    for (uint32_t t = 0; message->tables != NULL && t < message->table_count; t++) {
        message_free_table(message, &message->tables[t]);
    }
    rz_message_heaps_free(message);
    rz_mem_free(message->mem, message->tables, message->table_count * sizeof *message->tables);
    message->tables = NULL;
    message->table_count = 0;
    if (message->map.mem != NULL) {
        rz_node_map_free(&message->map);
    }
}

static ruzu_status message_table_size(const rz_exec *exec, uint32_t table, uint64_t *out, uint64_t *out_gaps, rz_error *err)
{
    rz_ntab_reader *reader = NULL;
    rz_ntab *storage = rz_txn_ntab(exec->context->txn, table);
    if (storage == NULL) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "node table %u has no storage", table);
    }
    RZ_TRY(rz_ntab_reader_create(storage, rz_txn_snapshot(exec->context->txn), exec->context->mem, &reader, err));
    *out = rz_ntab_offset_end(reader);
    *out_gaps = *out - rz_ntab_visible_rows(reader);
    rz_ntab_reader_free(reader);
    return RUZU_OK;
}

/* worker: whose message it is; NULL: all workers' together, who cannot change the width of numbers. */
static ruzu_status message_init(const rz_exec *exec, const rz_plan *plan, rz_worker *worker, rz_message *out, rz_error *err)
{
    const rz_type *type = message_key_type(plan);
    if (type == NULL || type->id != RUZU_TYPE_NODE) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "column %u is not a node in the input of a message", plan->u.message.key);
    }
    memset(out, 0, sizeof *out);
    out->mem = rz_exec_account(exec, plan);
    out->record_size = plan->u.message.record_size;
    rz_node_map_init(&out->map, out->mem, worker, out->record_size == 0 ? (uint32_t)sizeof(uint64_t) : out->record_size);
    uint32_t table_count = rz_catalog_id_end(rz_txn_catalog(exec->context->txn));
    out->tables = (rz_message_table *)rz_mem_calloc(out->mem, table_count, sizeof *out->tables);
    RZ_TRY_ALLOC(out->tables, err, "preparing a message");
    out->table_count = table_count;
    out->sparse = plan->u.message.sparse;
    for (uint32_t i = 0; i < type->table_count && !out->sparse; i++) {
        rz_message_table *table = &out->tables[type->tables[i]];
        uint64_t size = 0, gaps = 0;
        RZ_TRY(message_table_size(exec, type->tables[i], &size, &gaps, err));
        message_make_table(out, size, worker == NULL ? sizeof(uint64_t) : 1, table);
        table->gaps = gaps;
        out->sparse = table->size != size;
    }
    if (out->sparse) { /* arrays made before one was refused */
        for (uint32_t i = 0; i < type->table_count; i++) {
            message_free_table(out, &out->tables[type->tables[i]]);
        }
    }
    return RUZU_OK;
}

static ruzu_status message_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    message_shared *shared = RZ_NEW(&exec->arena, message_shared);
    RZ_TRY_ALLOC(shared, err, "preparing a message");
    if (rz_mutex_init(&shared->lock) != RUZU_OK) {
        return rz_error_no_memory(err, "preparing a message");
    }
    shared->locked = true;
    *out = shared;
    if (plan->u.message.divided && !plan->u.message.sparse) {
        RZ_TRY(message_init(exec, plan, NULL, &shared->message, err));
        shared->divided = shared->filled = !shared->message.sparse;
    }
    return RUZU_OK;
}

static void message_destroy(rz_exec *exec, void *shared_object)
{
    (void)exec;
    message_shared *shared = (message_shared *)shared_object;
    message_free(&shared->message);
    if (shared->locked) {
        rz_mutex_destroy(&shared->lock);
    }
}

static ruzu_status message_open(rz_worker *worker, const rz_plan *plan, void *shared_object, void **out, rz_error *err)
{
    message_shared *shared = (message_shared *)shared_object;
    message_local *local = RZ_NEW(&worker->arena, message_local);
    RZ_TRY_ALLOC(local, err, "building a message");
    *out = local;
    local->key_position = rz_plan_position(plan->children[0], plan->u.message.key);
    local->ids = RZ_NEW_ARRAY(&worker->arena, rz_id, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(local->ids, err, "building a message");
    local->into = shared->divided ? &shared->message : &local->own;
    if (plan->u.message.record_size != 0) {
        RZ_TRY(rz_message_values_open(worker, plan, &local->values, err));
    }
    if (shared->divided) {
        return RUZU_OK;
    }
    return message_init(worker->exec, plan, worker, &local->own, err);
}

static void message_close(rz_worker *worker, void *local_object)
{
    (void)worker;
    message_local *local = (message_local *)local_object;
    rz_message_values_close(&local->values);
    message_free(&local->own);
}

/* ---- adding ---- */

/* Nodes that follow one another: what a scan without conditions gives. */
static bool message_add_sequence(rz_message *message, const rz_vec *column, const rz_sel *sel, const uint64_t *weight)
{
    if (message->sparse || column->kind != RZ_VEC_SEQUENCE || column->step != 1 || sel->count == 0) {
        return false;
    }
    rz_id first = (rz_id)column->start;
    const rz_message_table *table = &message->tables[rz_id_table(first)];
    if (table->width != sizeof(uint64_t) || rz_id_offset(first) + rz_sel_at(sel, sel->count - 1) >= table->size) {
        return false;
    }
    uint64_t *numbers = (uint64_t *)table->numbers + rz_id_offset(first);
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        numbers[row] = rz_message_add(numbers[row], weight == NULL ? 1 : weight[row]);
    }
    return true;
}

static ruzu_status message_consume(rz_worker *worker, void *shared_object, void *local_object, const rz_chunk *chunk, rz_error *err)
{
    (void)worker;
    (void)shared_object;
    message_local *local = (message_local *)local_object;
    rz_message *message = local->into;
    const rz_vec *column = chunk->columns[local->key_position];
    rz_sel sel = rz_chunk_sel(chunk);
    if (message->record_size == 0 && message_add_sequence(message, column, &sel, chunk->weight)) {
        return RUZU_OK;
    }
    rz_view view = {.data = local->ids};
    for (uint32_t i = 0; i < sel.count && column->kind == RZ_VEC_SEQUENCE; i++) {
        uint32_t row = rz_sel_at(&sel, i);
        local->ids[row] = (rz_id)(column->start + (int64_t)row * column->step);
    }
    if (column->kind != RZ_VEC_SEQUENCE) {
        rz_vec_view(column, &view);
    }
    if (message->record_size != 0) {
        return rz_message_values_add(&local->values, message, chunk, &sel, &view, err);
    }
    return rz_message_numbers_add(message, &view, &sel, chunk->weight, err);
}

static ruzu_status message_combine(rz_worker *worker, void *shared_object, void *local_object, rz_error *err)
{
    (void)worker;
    message_shared *shared = (message_shared *)shared_object;
    message_local *local = (message_local *)local_object;
    ruzu_status status = RUZU_OK;
    if (shared->divided && shared->message.record_size == 0) {
        return RUZU_OK;
    }
    rz_mutex_lock(&shared->lock);
    if (shared->divided) {
        rz_message_values_hand_over(&local->values, &shared->message);
    } else if (!shared->filled) {
        shared->message = local->own;
        shared->message.map.worker = NULL; /* which ends before the message does */
        memset(&local->own, 0, sizeof local->own);
        shared->filled = true;
    } else if (local->own.record_size == 0) {
        status = rz_message_numbers_merge(&shared->message, &local->own, err);
    } else {
        status = rz_message_values_merge(&local->values, &shared->message, &local->own, err);
    }
    if (!shared->divided && shared->message.record_size != 0) {
        rz_message_values_hand_over(&local->values, &shared->message);
    }
    rz_mutex_unlock(&shared->lock);
    return status;
}

static ruzu_status message_finish(rz_exec *exec, const rz_plan *plan, void *shared_object, rz_error *err)
{
    (void)exec;
    (void)plan;
    (void)err;
    rz_message *message = &((message_shared *)shared_object)->message;
    for (uint32_t t = 0; message->record_size == 0 && !message->sparse && t < message->table_count; t++) {
        rz_message_table *table = &message->tables[t];
        table->every = table->numbers == NULL ? 0 : rz_message_numbers_every(table);
    }
    return RUZU_OK;
}

const rz_sink_class rz_sink_message = {.prepare = message_prepare,
                                       .open = message_open,
                                       .consume = message_consume,
                                       .combine = message_combine,
                                       .close = message_close,
                                       .finish = message_finish,
                                       .destroy = message_destroy};
