/* SPDX-License-Identifier: MIT */
/*
 * One batch of COPY: from the source's columns to the table's: keys of ends are looked up, missing columns get their defaults, bad rows are reported.
 */
#include "executor/copy.h"

#include <string.h>

ruzu_status rz_copy_loader_open(copy_run *run, uint32_t worker_idx, copy_loader *loader, rz_error *err)
{
    const rz_bound_copy_from *copy = run->copy;
    uint32_t property_count = copy->table->property_count;
    memset(loader, 0, sizeof *loader);
    loader->run = run;
    loader->opened = true;
    RZ_TRY(rz_worker_open(&run->exec, worker_idx, &loader->worker, err));
    rz_arena *arena = &loader->worker.arena;
    loader->defaults = RZ_NEW_ARRAY(arena, rz_eval *, (size_t)property_count + 1);
    loader->values = RZ_NEW_ARRAY(arena, rz_vec *, (size_t)property_count + 1);
    loader->nulls = RZ_NEW_ARRAY(arena, rz_vec *, (size_t)property_count + 1);
    bool *given = RZ_NEW_ARRAY(arena, bool, (size_t)property_count + 1);
    if (loader->defaults == NULL || loader->nulls == NULL || loader->values == NULL || given == NULL) {
        return rz_error_no_memory(err, "starting COPY");
    }
    for (uint32_t i = 0; i < copy->column_count; i++) {
        given[copy->property_idxs[i]] = true;
    }
    for (uint32_t i = 0; i < property_count; i++) {
        const rz_type *type = copy->table->properties[i].type;
        if (!given[i] && copy->defaults[i] != NULL) {
            RZ_TRY(rz_eval_create(&loader->worker, copy->defaults[i], NULL, 0, &loader->defaults[i], err));
        } else if (!given[i] && type->id != RUZU_TYPE_SERIAL) {
            RZ_TRY(rz_vec_create_empty(arena, arena, type, &loader->nulls[i], err));
            rz_vec_set_all_null(loader->nulls[i]);
        }
    }
    return RUZU_OK;
}

void rz_copy_loader_close(copy_loader *loader)
{
    if (loader->opened) {
        rz_worker_close(&loader->worker);
        loader->opened = false;
    }
}

ruzu_status rz_copy_batch_create(copy_loader *loader, rz_arena *heap, copy_batch **out, rz_error *err)
{
    const copy_run *run = loader->run;
    rz_arena *arena = &loader->worker.arena;
    copy_batch *batch = RZ_NEW(arena, copy_batch);
    RZ_TRY_ALLOC(batch, err, "starting COPY");
    RZ_TRY(rz_chunk_create(arena, heap, run->types, run->column_count, &batch->chunk, err));
    for (uint32_t i = 0; i < run->key_count; i++) {
        batch->ends[i] = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
        RZ_TRY_ALLOC(batch->ends[i], err, "starting COPY");
    }
    batch->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    RZ_TRY_ALLOC(batch->rows, err, "starting COPY");
    *out = batch;
    return RUZU_OK;
}

/* ---- bad rows ---- */

/* A row that IGNORE_ERRORS leaves out. Reporting may fail for want of memory; the row is left out all the same. */
static void copy_warn(const copy_place *place, uint32_t row, const char *reason)
{
    const rz_exec_context *context = place->run->context;
    const char *file = "";
    const char *record = "";
    uint64_t line = 0;
    rz_error ignored;
    rz_error_init(&ignored);
    if (context->warnings == NULL) {
        return;
    }
    if (place->reader != NULL &&
        rz_csv_locate_in_block(place->reader, place->first_row + row, place->arena, &file, &line, &record, &ignored) != RUZU_OK) {
        record = "";
    }
    rz_warnings_add(context->warnings, context->query_id, reason, file, line, record, strlen(record));
}

static void copy_on_bad_row(void *user, uint32_t row, const char *reason)
{
    copy_warn((const copy_place *)user, row, reason);
}

/* A key that is NULL or names no node: an error, or a warning. */
static ruzu_status copy_bad_end(const copy_place *place, const rz_vec *keys, uint32_t row, rz_error *err)
{
    rz_error reason;
    rz_error_init(&reason);
    if (rz_vec_is_null(keys, row)) {
        (void)rz_error_set_as(&reason, RUZU_ERROR_CONSTRAINT, RUZU_ERROR_COPY,
                              "Found NULL, which violates the non-null constraint of the primary key column.");
    } else {
        rz_str text;
        rz_str_init(&text, place->run->context->mem);
        rz_text_append(keys, row, &text);
        (void)rz_error_set(&reason, RUZU_ERROR_COPY, "Unable to find primary key value %s.", rz_str_text(&text));
        rz_str_free(&text);
    }
    if (!place->run->copy->ignore_errors) {
        return rz_error_copy(err, &reason);
    }
    copy_warn(place, row, reason.message + strlen(rz_error_prefix(RUZU_ERROR_COPY)));
    return RUZU_OK;
}

/* ---- look-ups ---- */

ruzu_status rz_copy_batch_look_up(copy_loader *loader, copy_batch *batch, const copy_place *place, rz_error *err)
{
    const copy_run *run = loader->run;
    rz_sel all = rz_chunk_sel(batch->chunk);
    batch->row_count = 0;
    for (uint32_t i = 0; i < run->key_count; i++) {
        rz_ntab_reader *reader = NULL;
        RZ_TRY(rz_worker_ntab(&loader->worker, run->ends[i]->id, &reader, err));
        RZ_TRY(rz_ntab_lookup(reader, batch->chunk->columns[i], &all, batch->ends[i], err));
        rz_ntab_reader_release(reader);
    }
    for (uint32_t i = 0; i < all.count; i++) {
        uint32_t row = rz_sel_at(&all, i);
        uint32_t end = 0;
        while (end < run->key_count && batch->ends[end][row] != UINT64_MAX) {
            end++;
        }
        if (RZ_UNLIKELY(end < run->key_count)) {
            RZ_TRY(copy_bad_end(place, batch->chunk->columns[end], row, err));
            continue;
        }
        batch->rows[batch->row_count++] = row;
    }
    return RUZU_OK;
}

/* ---- appending ---- */

/* One vector per property of the table. */
static ruzu_status copy_batch_values(copy_loader *loader, copy_batch *batch, const rz_sel *sel, rz_error *err)
{
    const copy_run *run = loader->run;
    const rz_bound_copy_from *copy = run->copy;
    rz_chunk no_columns = {.columns = NULL, .column_count = 0, .count = batch->chunk->count};
    rz_arena_reset(&loader->worker.scratch);
    for (uint32_t i = 0; i < copy->table->property_count; i++) {
        loader->values[i] = loader->nulls[i]; /* NULL: SERIAL, or it comes from the source */
        if (loader->defaults[i] != NULL) {
            RZ_TRY(rz_eval_run(loader->defaults[i], &no_columns, sel, &loader->values[i], err));
        }
    }
    for (uint32_t i = 0; i < copy->column_count; i++) {
        loader->values[copy->property_idxs[i]] = batch->chunk->columns[run->key_count + i];
    }
    return RUZU_OK;
}

ruzu_status rz_copy_batch_append(copy_loader *loader, copy_batch *batch, const copy_place *place, rz_error *err)
{
    copy_run *run = loader->run;
    rz_sel sel = rz_chunk_sel(batch->chunk);
    if (run->key_count != 0 && batch->row_count != sel.count) {
        sel.rows = batch->rows;
        sel.count = batch->row_count;
    }
    run->rows_seen += sel.count;
    if (sel.count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(copy_batch_values(loader, batch, &sel, err));
    /* Relationships are sorted later, but numbered in the order of the source. */
    rz_vec *const *values = loader->values;
    uint64_t next_offset = run->nodes != NULL ? rz_ntab_bulk_next_offset(run->nodes) : UINT64_MAX;
    RZ_TRY(rz_txn_number_rows(run->context->txn, run->copy->table, next_offset, &values, &sel, err));
    if (run->nodes != NULL) {
        copy_place here = *place;
        return rz_ntab_bulk_append(run->nodes, values, &sel, run->copy->ignore_errors ? copy_on_bad_row : NULL, &here, err);
    }
    return rz_rtab_bulk_append(run->rels, batch->ends[0], batch->ends[1], values, &sel, err);
}
