/* SPDX-License-Identifier: MIT */
/*
 * COPY FROM files or a query into a node or relationship table.
 *
 * Files: each worker takes blocks of the CSV scan, parses a whole block into batches and looks up the keys of ends; then it waits until the blocks before its own have been
 * appended, and appends its batches. So parsing and look-ups run side by side while rows keep the files' order, SERIAL numbers and reports of bad rows with them.
 *
 * A query is run to its end first: it may read the table that is loaded.
 *
 * A failure ends the load; what has been written belongs to the transaction, which the caller rolls back.
 */
#include "executor/copy.h"
#include "executor/sched.h"

#include <string.h>

#define COPY_PROGRESS_US UINT64_C(200000)

/* ---- progress ---- */

static ruzu_status copy_report(copy_run *run, double fraction, const char *phase, bool always, rz_error *err)
{
    const rz_exec_context *context = run->context;
    if (context->progress == NULL) {
        return RUZU_OK;
    }
    uint64_t now = rz_now_monotonic_us();
    if (!always && now - run->last_progress_us < COPY_PROGRESS_US) {
        return RUZU_OK;
    }
    run->last_progress_us = now;
    rz_mutex_lock(&run->lock);
    uint64_t rows = run->rows_seen;
    rz_mutex_unlock(&run->lock);
    return context->progress(context->progress_user, fraction, rows, phase) != 0 ? rz_error_set(err, RUZU_ERROR_INTERRUPTED, "Interrupted.") : RUZU_OK;
}

static double copy_fraction(const copy_run *run)
{
    uint64_t total = rz_csv_total_bytes(run->scan);
    return total == 0 ? 1.0 : (double)rz_csv_done_bytes(run->scan) / (double)total;
}

/* ---- workers ---- */

typedef struct copy_worker {
    copy_loader loader;
    uint32_t idx;
    rz_csv_reader *reader;  /* owned */
    rz_arena heap;          /* strings of the block's batches */
    rz_arena scratch;
    RZ_ARRAY(copy_batch *) batches;
    uint32_t batch_count;   /* of the current block */
} copy_worker;

/* Parses the reader's block into batches and looks their keys up. */
static ruzu_status copy_parse_block(copy_worker *worker, rz_error *err)
{
    copy_run *run = worker->loader.run;
    uint32_t first_row = 0;
    worker->batch_count = 0;
    rz_arena_reset(&worker->heap);
    for (;;) {
        RZ_TRY(rz_exec_poll(&run->exec, err));
        if (worker->batch_count == worker->batches.count) {
            copy_batch *fresh = NULL;
            RZ_TRY(rz_copy_batch_create(&worker->loader, &worker->heap, &fresh, err));
            if (!RZ_ARRAY_PUSH(&worker->batches, &worker->loader.worker.arena, fresh)) {
                return rz_error_no_memory(err, "loading a table");
            }
        }
        copy_batch *batch = worker->batches.items[worker->batch_count];
        RZ_TRY(rz_csv_block_rows(worker->reader, batch->chunk, NULL, err));
        if (batch->chunk->count == 0) {
            return RUZU_OK;
        }
        batch->first_row = first_row;
        first_row += batch->chunk->count;
        worker->batch_count++;
        if (run->key_count != 0) {
            copy_place place = {.run = run, .reader = worker->reader, .first_row = batch->first_row, .arena = &worker->scratch};
            RZ_TRY(rz_copy_batch_look_up(&worker->loader, batch, &place, err));
        }
    }
}

/* Waits until the block is next; false when another worker has failed. The lock is held on return. */
static bool copy_await_turn(copy_worker *worker, uint64_t number, rz_error *err)
{
    copy_run *run = worker->loader.run;
    rz_mutex_lock(&run->lock);
    while (!run->failed && run->next_block != number) {
        bool woken = rz_cond_wait_us(&run->turn, &run->lock, COPY_PROGRESS_US);
        if (!woken && worker->idx == 0) {
            rz_mutex_unlock(&run->lock);
            ruzu_status status = copy_report(run, copy_fraction(run), "reading", false, err);
            rz_mutex_lock(&run->lock);
            if (status != RUZU_OK) {
                return !run->failed;
            }
        }
    }
    return !run->failed;
}

static void copy_fail(copy_run *run, const rz_error *err)
{
    run->failed = true;
    (void)rz_error_copy(&run->error, err);
    atomic_store_explicit(&run->exec.failed, 1, memory_order_relaxed);
    rz_cond_broadcast(&run->turn);
}

static ruzu_status copy_append_block(copy_worker *worker, rz_error *err)
{
    for (uint32_t i = 0; i < worker->batch_count; i++) {
        copy_batch *batch = worker->batches.items[i];
        copy_place place = {.run = worker->loader.run, .reader = worker->reader, .first_row = batch->first_row, .arena = &worker->scratch};
        RZ_TRY(rz_copy_batch_append(&worker->loader, batch, &place, err));
    }
    return RUZU_OK;
}

/* One block after the other. Failures of a block come up in its turn, so that the first bad row is reported whoever read it. */
static ruzu_status copy_work(copy_worker *worker, rz_error *err)
{
    copy_run *run = worker->loader.run;
    RZ_TRY(rz_csv_reader_create(run->scan, &worker->reader, err));
    for (;;) {
        bool any = false;
        uint64_t number = 0;
        ruzu_status status = rz_csv_next_block(worker->reader, &any, &number, err);
        if (!any) {
            return status;
        }
        if (status == RUZU_OK) {
            status = copy_parse_block(worker, err);
        }
        if (!copy_await_turn(worker, number, err)) {
            rz_mutex_unlock(&run->lock);
            return RUZU_OK; /* the other's failure counts */
        }
        if (status == RUZU_OK && err->code == RUZU_OK) {
            status = copy_append_block(worker, err);
        }
        if (err->code != RUZU_OK) {
            copy_fail(run, err);
            rz_mutex_unlock(&run->lock);
            return RUZU_OK;
        }
        run->next_block++;
        rz_cond_broadcast(&run->turn);
        rz_mutex_unlock(&run->lock);
        rz_arena_reset(&worker->scratch);
        if (worker->idx == 0) {
            RZ_TRY(copy_report(run, copy_fraction(run), "reading", false, err));
        }
    }
}

static void copy_worker_run(void *arg, uint32_t worker_idx)
{
    copy_run *run = (copy_run *)arg;
    copy_worker worker;
    rz_error err;
    memset(&worker, 0, sizeof worker);
    worker.idx = worker_idx;
    rz_error_init(&err);
    rz_arena_init(&worker.heap, run->context->mem);
    rz_arena_init(&worker.scratch, run->context->mem);
    ruzu_status status = rz_copy_loader_open(run, worker_idx, &worker.loader, &err);
    if (status == RUZU_OK) {
        status = copy_work(&worker, &err);
    }
    if (status != RUZU_OK) {
        rz_mutex_lock(&run->lock);
        copy_fail(run, &err);
        rz_mutex_unlock(&run->lock);
    }
    rz_csv_reader_free(worker.reader);
    rz_copy_loader_close(&worker.loader);
    rz_arena_free(&worker.heap);
    rz_arena_free(&worker.scratch);
}

static ruzu_status copy_files(copy_run *run, rz_error *err)
{
    const rz_exec_context *context = run->context;
    rz_file_policy policy;
    rz_csv_source source;
    rz_csv_schema schema;
    rz_csv_schema expected = {.names = run->names, .types = run->types, .column_count = run->column_count};
    rz_csv_source_policy(context, &policy);
    RZ_TRY(rz_csv_source_find(&policy, &run->copy->files, &run->exec.arena, &source, err));
    RZ_TRY(rz_csv_source_sniff(&source, context->mem, &expected, &run->exec.arena, &schema, err));
    RZ_TRY(rz_csv_open(source.vfs, context->mem, source.paths, source.path_count, &source.options, run->types, run->column_count, context->warnings,
                       context->query_id, &run->scan, err));
    uint32_t workers = rz_csv_max_readers(run->scan);
    workers = workers < context->max_threads ? workers : context->max_threads;
    RZ_TRY(copy_report(run, 0, "reading", true, err));
    rz_sched_run(context->sched, workers < 1 ? 1 : workers, copy_worker_run, run);
    return run->failed ? rz_error_copy(err, &run->error) : RUZU_OK;
}

/* ---- queries ---- */

static ruzu_status copy_rows(copy_run *run, copy_loader *loader, rz_result_set *set, rz_arena *scratch, rz_error *err)
{
    copy_batch *batch = NULL;
    RZ_TRY(rz_copy_batch_create(loader, scratch, &batch, err));
    for (;;) {
        const rz_chunk *chunk = NULL;
        RZ_TRY(rz_exec_poll(&run->exec, err));
        RZ_TRY(rz_result_set_next(set, &chunk, err));
        if (chunk == NULL) {
            return RUZU_OK;
        }
        copy_place place = {.run = run, .arena = scratch};
        for (uint32_t i = 0; i < run->column_count; i++) {
            rz_vec_reference(batch->chunk->columns[i], chunk->columns[i]);
        }
        batch->chunk->count = chunk->count;
        batch->chunk->sel = chunk->sel;
        batch->chunk->sel_count = chunk->sel_count;
        if (run->key_count != 0) {
            RZ_TRY(rz_copy_batch_look_up(loader, batch, &place, err));
        }
        RZ_TRY(rz_copy_batch_append(loader, batch, &place, err));
        RZ_TRY(copy_report(run, (double)run->rows_seen / (double)rz_result_set_rows(set), "loading", false, err));
        rz_arena_reset(scratch);
    }
}

static ruzu_status copy_query(copy_run *run, const rz_plan *plan, rz_error *err)
{
    rz_exec_context context = *run->context;
    context.result_mem = context.mem;
    rz_result_set *set = NULL;
    RZ_TRY(rz_exec_run(&context, plan, NULL, &set, err));
    if (set == NULL) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "a query without columns cannot be copied");
    }
    copy_loader loader;
    rz_arena scratch;
    rz_arena_init(&scratch, context.mem);
    ruzu_status status = rz_copy_loader_open(run, 0, &loader, err);
    if (status == RUZU_OK) {
        status = copy_rows(run, &loader, set, &scratch, err);
    }
    rz_copy_loader_close(&loader);
    rz_arena_free(&scratch);
    rz_result_set_free(set);
    return status;
}

/* ---- the whole ---- */

/* Names and types of the source's columns. */
static ruzu_status copy_describe(copy_run *run, rz_error *err)
{
    const rz_bound_copy_from *copy = run->copy;
    const rz_cat_table *table = copy->table;
    run->key_count = table->kind == RZ_CAT_REL_TABLE ? 2 : 0;
    run->column_count = run->key_count + copy->column_count;
    run->types = RZ_NEW_ARRAY(&run->exec.arena, const rz_type *, (size_t)run->column_count + 1);
    run->names = RZ_NEW_ARRAY(&run->exec.arena, const char *, (size_t)run->column_count + 1);
    if (run->types == NULL || run->names == NULL) {
        return rz_error_no_memory(err, "starting COPY");
    }
    for (uint32_t i = 0; i < run->key_count; i++) {
        const rz_cat_pair *pair = &table->pairs[copy->pair];
        const rz_cat_table *end = rz_catalog_node_table(rz_txn_catalog(run->context->txn), i == 0 ? pair->src_table : pair->dst_table);
        if (end == NULL) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "table %s has no node tables", table->name);
        }
        run->ends[i] = end;
        run->types[i] = end->properties[end->key].type;
        run->names[i] = i == 0 ? "from" : "to";
    }
    for (uint32_t i = 0; i < copy->column_count; i++) {
        run->types[run->key_count + i] = table->properties[copy->property_idxs[i]].type;
        run->names[run->key_count + i] = table->properties[copy->property_idxs[i]].name;
    }
    return RUZU_OK;
}

static ruzu_status copy_begin(copy_run *run, rz_error *err)
{
    rz_txn *txn = run->context->txn;
    const rz_cat_table *table = run->copy->table;
    rz_writer *writer = rz_txn_writer(txn);
    if (writer == NULL) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "COPY FROM in a reading transaction");
    }
    if (run->key_count == 0) {
        rz_ntab *storage = rz_txn_ntab(txn, table->id);
        return storage == NULL ? rz_error_set(err, RUZU_ERROR_INTERNAL, "table %s has no storage", table->name)
                               : rz_ntab_bulk_begin(storage, writer, &run->nodes, err);
    }
    rz_rtab *storage = rz_txn_rtab(txn, table->pairs[run->copy->pair].id);
    return storage == NULL ? rz_error_set(err, RUZU_ERROR_INTERNAL, "table %s has no storage", table->name)
                           : rz_rtab_bulk_begin(storage, writer, &run->rels, err);
}

static ruzu_status copy_finish(copy_run *run, uint64_t *out_rows, rz_error *err)
{
    RZ_TRY(rz_exec_poll(&run->exec, err));
    RZ_TRY(copy_report(run, 1, "writing", true, err));
    rz_ntab_bulk *nodes = run->nodes;
    rz_rtab_bulk *rels = run->rels;
    run->nodes = NULL; /* freed by finishing, whatever it says */
    run->rels = NULL;
    rz_txn *txn = run->context->txn;
    const rz_cat_table *table = run->copy->table;
    return nodes != NULL ? rz_txn_finish_node_load(txn, table->id, nodes, out_rows, err)
                         : rz_txn_finish_rel_load(txn, table->pairs[run->copy->pair].id, rels, out_rows, err);
}

static ruzu_status copy_all(copy_run *run, const rz_plan *plan, uint64_t *out_rows, rz_error *err)
{
    RZ_TRY(copy_describe(run, err));
    RZ_TRY(copy_begin(run, err));
    RZ_TRY(plan == NULL ? copy_files(run, err) : copy_query(run, plan, err));
    return copy_finish(run, out_rows, err);
}

ruzu_status rz_exec_copy_from(const rz_exec_context *context, const rz_bound_copy_from *copy, const rz_plan *plan, uint64_t *out_rows, rz_error *err)
{
    static const rz_plan nothing = {.kind = RZ_PLAN_EMPTY}; /* workers live in a statement, and a statement has a plan */
    *out_rows = 0;
    copy_run run;
    memset(&run, 0, sizeof run);
    run.context = context;
    run.copy = copy;
    rz_error_init(&run.error);
    if (rz_mutex_init(&run.lock) != RUZU_OK) {
        return rz_error_no_memory(err, "starting COPY");
    }
    if (rz_cond_init(&run.turn) != RUZU_OK) {
        rz_mutex_destroy(&run.lock);
        return rz_error_no_memory(err, "starting COPY");
    }
    ruzu_status status = rz_exec_open(context, &nothing, NULL, &run.exec, err);
    if (status == RUZU_OK) {
        status = copy_all(&run, plan, out_rows, err);
    }
    rz_csv_close(run.scan);
    rz_ntab_bulk_abort(run.nodes);
    rz_rtab_bulk_abort(run.rels);
    rz_exec_close(&run.exec);
    rz_cond_destroy(&run.turn);
    rz_mutex_destroy(&run.lock);
    return status;
}
