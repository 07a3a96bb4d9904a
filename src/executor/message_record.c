/* SPDX-License-Identifier: MIT */
/*
 * Messages with values: each node has a record of the number of its rows and of what was aggregated over them, so that a sum travels over a pattern as its number of matches does.
 *
 * Where the number of rows is too large (RZ_MESSAGE_TOO_MANY) the states mean nothing: whoever needs the node fails for the number. As long as it is not, no sum is out of range
 * (rz_agg_has_parts), so that taking rows in fails for lack of memory only.
 *
 * Arguments are evaluated for nodes that no row of the query may reach: what they raise is kept with the record, goes on from record to record, and is raised where a row that is left at the end
 * is aggregated.
 */
#include "executor/message.h"

#include <stddef.h>
#include <string.h>

static uint8_t *message_record_at(const rz_message *message, rz_id id)
{
    if (message->sparse) {
        uint32_t idx = rz_node_map_find(&message->map, id);
        return idx == RZ_NODE_NONE ? NULL : message->map.data + (size_t)idx * message->record_size;
    }
    uint32_t table = rz_id_table(id);
    return table < message->table_count && rz_id_offset(id) < message->tables[table].size
               ? message->tables[table].records + (size_t)rz_id_offset(id) * message->record_size
               : NULL;
}

const uint8_t *rz_message_record(const rz_message *message, rz_id id)
{
    const uint8_t *record = message_record_at(message, id);
    return record == NULL || rz_load_u64(record) == 0 ? NULL : record;
}

/* ---- means ---- */

static const rz_agg_bound *message_value(const rz_message_values *values, uint32_t v)
{
    return values->plan->u.message.values[v]->u.aggregate.bound;
}

ruzu_status rz_message_values_open(rz_worker *worker, const rz_plan *plan, rz_message_values *out, rz_error *err)
{
    const rz_plan *input = plan->children[0];
    rz_arena *arena = &worker->arena;
    memset(out, 0, sizeof *out);
    out->worker = worker;
    out->plan = plan;
    out->args = RZ_NEW_ARRAY(arena, rz_eval *, plan->u.message.value_count);
    out->idxs = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    out->records = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    out->states = RZ_NEW_ARRAY(arena, uint8_t *, RZ_VECTOR_CAPACITY);
    out->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    out->passed = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (out->passed == NULL || out->args == NULL || out->idxs == NULL || out->records == NULL || out->states == NULL || out->rows == NULL) {
        return rz_error_no_memory(err, "building a message");
    }
    for (uint32_t v = 0; v < plan->u.message.value_count; v++) {
        const rz_expr *arg = plan->u.message.values[v]->children[0];
        RZ_TRY(rz_eval_create(worker, arg, input->columns, input->column_count, &out->args[v], err));
    }
    rz_mem *mem = rz_exec_account(worker->exec, plan);
    out->heap = (rz_message_heap *)rz_mem_calloc(mem, 1, sizeof *out->heap);
    RZ_TRY_ALLOC(out->heap, err, "building a message");
    rz_arena_init(&out->heap->arena, mem);
    return RUZU_OK;
}

static void message_heap_free(rz_mem *mem, rz_message_heap *heap)
{
    if (heap != NULL) {
        rz_arena_free(&heap->arena);
        rz_mem_free(mem, heap, sizeof *heap);
    }
}

void rz_message_values_close(rz_message_values *values)
{
    if (values->worker != NULL) {
        message_heap_free(rz_exec_account(values->worker->exec, values->plan), values->heap);
        values->heap = NULL;
    }
}

void rz_message_values_hand_over(rz_message_values *values, rz_message *message)
{
    values->heap->next = message->heaps;
    message->heaps = values->heap;
    values->heap = NULL;
}

void rz_message_heaps_free(rz_message *message)
{
    while (message->heaps != NULL) {
        rz_message_heap *heap = message->heaps;
        message->heaps = heap->next;
        message_heap_free(message->mem, heap);
    }
}

/* ---- rows ---- */

/* Finds or makes the records of the rows' nodes. rows: those that have one. */
static ruzu_status message_find_records(rz_message_values *values, rz_message *message, const rz_sel *sel, const rz_view *view, uint32_t *out_count, rz_error *err)
{
    const rz_id *ids = (const rz_id *)view->data;
    uint32_t count = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(view, row);
        bool is_new = false;
        if (!rz_view_valid(view, at)) {
            continue;
        }
        if (message->sparse) {
            RZ_TRY(rz_node_map_add(&message->map, ids[at], &values->idxs[row], &is_new, err));
        } else {
            values->records[row] = message_record_at(message, ids[at]);
            RZ_PREFETCH(values->records[row]); /* records lie far apart: they come while the others are found */
        }
        values->rows[count] = row;
        count += message->sparse || values->records[row] != NULL;
    }
    for (uint32_t i = 0; i < count && message->sparse; i++) { /* adding moved them */
        uint32_t row = values->rows[i];
        values->records[row] = message->map.data + (size_t)values->idxs[row] * message->record_size;
    }
    *out_count = count;
    return RUZU_OK;
}

/* Adds the weights; keeps the rows whose numbers are in range. */
static uint32_t message_count_rows(rz_message_values *values, uint32_t count, const uint64_t *weights)
{
    const rz_plan *plan = values->plan;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = values->rows[i];
        uint8_t *record = values->records[row];
        uint64_t number = rz_load_u64(record);
        for (uint32_t v = 0; v < plan->u.message.value_count && number == 0; v++) {
            const rz_agg_bound *bound = message_value(values, v);
            bound->agg->init(bound, record + plan->u.message.value_offs[v]);
        }
        number = rz_message_add(number, weights == NULL ? 1 : weights[row]);
        rz_store_u64(record, number);
        values->rows[kept] = row;
        kept += number != RZ_MESSAGE_TOO_MANY;
    }
    return kept;
}

/* ---- what fails ---- */

static uint8_t *message_failure(uint8_t *record)
{
    return record + sizeof(uint64_t);
}

/* May the error wait until a row needs the node? */
static bool message_may_wait(ruzu_status status)
{
    return status == RUZU_ERROR_CONVERSION || status == RUZU_ERROR_OVERFLOW || status == RUZU_ERROR_RUNTIME || status == RUZU_ERROR_BINDER;
}

/* Keeps the error with the record, unless it has one; as long as its message is. */
static ruzu_status message_keep_failure(rz_message_values *values, uint8_t *record, const rz_error *error, rz_error *err)
{
    if (rz_load_u64(message_failure(record)) == 0) {
        const void *kept = rz_arena_dup(&values->heap->arena, error, offsetof(rz_error, message) + strlen(error->message) + 1);
        RZ_TRY_ALLOC(kept, err, "building a message");
        rz_store_u64(message_failure(record), (uint64_t)(uintptr_t)kept);
    }
    return RUZU_OK;
}

/* Of rows with records of their own those that do not fail; the others' failures go over to their nodes' records. */
static rz_sel message_pass_failures(const rz_message_values *values, const rz_agg_bound *bound, const rz_vec *arg, const rz_sel *rows)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows->count; i++) {
        uint32_t row = rz_sel_at(rows, i);
        uint64_t failure = rz_agg_failure(bound, arg, row);
        if (failure != 0) {
            rz_store_u64(message_failure(values->records[row]), failure);
        }
        values->passed[count] = row;
        count += failure == 0;
    }
    return (rz_sel){.rows = values->passed, .count = count};
}

/* ---- values ---- */

static ruzu_status message_take(rz_message_values *values, uint32_t v, const rz_chunk *chunk, const rz_vec *arg, const rz_sel *rows, rz_error *err)
{
    rz_agg_context context = {.arena = &values->heap->arena, .fn = &values->worker->fn};
    const rz_agg_bound *bound = message_value(values, v);
    rz_sel sel = bound->part_of == NULL && bound->pair == NULL ? *rows : message_pass_failures(values, bound, arg, rows);
    for (uint32_t i = 0; i < sel.count; i++) {
        uint32_t row = rz_sel_at(&sel, i);
        values->states[row] = values->records[row] + values->plan->u.message.value_offs[v];
    }
    return sel.count == 0 ? RUZU_OK : bound->agg->update(bound, &context, values->states, arg, &sel, chunk->weight, err);
}

/* Evaluates for one row after the other, since it fails for some. */
static ruzu_status message_take_one_by_one(rz_message_values *values, uint32_t v, const rz_chunk *chunk, const rz_sel *rows, rz_error *err)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        uint32_t row = rz_sel_at(rows, i);
        const rz_sel one = {.rows = &row, .count = 1};
        rz_error error;
        rz_vec *arg = NULL;
        rz_error_init(&error);
        ruzu_status status = rz_eval_run(values->args[v], chunk, &one, &arg, &error);
        if (status == RUZU_OK) {
            RZ_TRY(message_take(values, v, chunk, arg, &one, err));
        } else if (message_may_wait(status)) {
            RZ_TRY(message_keep_failure(values, values->records[row], &error, err));
        } else {
            *err = error;
            return status;
        }
    }
    return RUZU_OK;
}

ruzu_status rz_message_values_add(rz_message_values *values, rz_message *message, const rz_chunk *chunk, const rz_sel *sel, const rz_view *view, rz_error *err)
{
    uint32_t count = 0;
    RZ_TRY(message_find_records(values, message, sel, view, &count, err));
    const rz_sel rows = {.rows = values->rows, .count = message_count_rows(values, count, chunk->weight)};
    for (uint32_t v = 0; v < values->plan->u.message.value_count && rows.count != 0; v++) {
        rz_vec *arg = NULL;
        rz_error error;
        rz_error_init(&error);
        ruzu_status status = rz_eval_run(values->args[v], chunk, &rows, &arg, &error);
        if (status == RUZU_OK) {
            RZ_TRY(message_take(values, v, chunk, arg, &rows, err));
        } else if (message_may_wait(status)) {
            RZ_TRY(message_take_one_by_one(values, v, chunk, &rows, err));
        } else {
            *err = error;
            return status;
        }
    }
    return RUZU_OK;
}

/* ---- uniting ---- */

static ruzu_status message_unite_record(rz_message_values *values, uint8_t *into, const uint8_t *from, uint32_t size, rz_error *err)
{
    rz_agg_context context = {.arena = &values->heap->arena, .fn = &values->worker->fn};
    uint64_t number = rz_load_u64(into);
    if (number == 0) {
        memcpy(into, from, size); /* states may be moved; what they own is handed over */
        return RUZU_OK;
    }
    number = rz_message_add(number, rz_load_u64(from));
    rz_store_u64(into, number);
    if (rz_load_u64(message_failure(into)) == 0) {
        rz_store_u64(message_failure(into), rz_load_u64(from + sizeof(uint64_t)));
    }
    for (uint32_t v = 0; v < values->plan->u.message.value_count && number != RZ_MESSAGE_TOO_MANY; v++) {
        const rz_agg_bound *bound = message_value(values, v);
        uint32_t off = values->plan->u.message.value_offs[v];
        RZ_TRY(bound->agg->combine(bound, &context, into + off, from + off, err));
    }
    return RUZU_OK;
}

static ruzu_status message_unite_node(rz_message_values *values, rz_message *into, rz_id id, const uint8_t *from, rz_error *err)
{
    if (into->sparse) {
        uint32_t idx = 0;
        bool is_new = false;
        RZ_TRY(rz_node_map_add(&into->map, id, &idx, &is_new, err));
    }
    uint8_t *record = message_record_at(into, id);
    return record == NULL || rz_load_u64(from) == 0 ? RUZU_OK : message_unite_record(values, record, from, into->record_size, err);
}

ruzu_status rz_message_values_merge(rz_message_values *values, rz_message *into, const rz_message *from, rz_error *err)
{
    for (uint32_t i = 0; i < from->map.count; i++) {
        RZ_TRY(message_unite_node(values, into, from->map.ids[i], from->map.data + (size_t)i * from->record_size, err));
    }
    for (uint32_t t = 0; t < from->table_count; t++) {
        const rz_message_table *table = &from->tables[t];
        for (uint64_t offset = 0; offset < table->size; offset++) {
            const uint8_t *record = table->records + (size_t)offset * from->record_size;
            if (rz_load_u64(record) != 0) {
                RZ_TRY(message_unite_node(values, into, rz_id_make(t, offset), record, err));
            }
        }
    }
    return RUZU_OK;
}
