/* SPDX-License-Identifier: MIT */
/*
 * Bulk loading of relationships.
 *
 * The pairs (source, destination) and the bytes of their properties go through a sorter. Read in forward order they get consecutive rel offsets, their
 * properties are written, and the forward groups are built, all in one pass; what is turned around on the way (in memory, or through a second sorter)
 * gives the backward groups. Groups that exist are merged with, out of place. A load that is small against the table is inserted instead, in forward order
 * too, so that it does not rewrite the groups that it touches.
 *
 * Memory: the sorters take up to an eighth of the pool between them at a time and spill beyond; a group being built takes 16 bytes an edge up to 4 MiB.
 *
 * Description for the log: version u32, kind u8 (RTAB_LOAD_…), then
 *   groups  the rows (rows_bulk.c), the groups (csr_log.c)
 *   values  first rel offset u64, relationships u64, in pieces: count u32, sources u64 each, destinations u64 each, per column present u8, [vector (rz_vec_encode)]
 */
#include "storage/table/bulk_log.h"
#include "storage/table/rtab.h"
#include "storage/table/sorter.h"

#ifdef RZ_TINY
#define RTAB_LEAST_BUDGET ((size_t)16 * 1024)
#else
#define RTAB_LEAST_BUDGET ((size_t)1 << 20)
#endif

#define RTAB_LOAD_VERSION 1u
#define RTAB_LOAD_VALUES 0u
#define RTAB_LOAD_GROUPS 1u

/* A load goes the way of inserts when it has at most so many relationships, and the table more than RTAB_SMALL_SHARE times as many. */
#define RTAB_SMALL_LOAD 100000u
#define RTAB_SMALL_SHARE 64u

struct rz_rtab_bulk {
    rz_rtab *table;
    rz_writer *writer;
    uint64_t count;
    size_t budget;
    rz_sorter forward;
    rz_sorter backward;      /* only when forward does not fit its memory */
    bool started;            /* absent is known */
    bool with_rows;          /* some column has values */
    bool *absent;            /* arena; columns that the table numbers: no vector */
    rz_arena arena;
    /* Building: */
    rz_rows_bulk *rows;      /* owned */
    uint64_t first_rel;
    uint64_t done;           /* pairs given out in the present direction */
    rz_direction direction;
    uint64_t last_bound;     /* of the pair before; UINT64_MAX: none */
    rz_sorted_batch *batch;  /* arena */
    rz_vec **columns;        /* arena; NULL: absent */
    rz_arena heap;           /* of columns */
    const uint8_t **cursors; /* arena, RZ_SORTER_BATCH */
    size_t *sizes;           /* arena, RZ_VECTOR_CAPACITY */
    uint8_t **places;        /* arena, RZ_VECTOR_CAPACITY */
    uint32_t *tags;          /* arena, RZ_SORTER_BATCH */
    uint32_t *chosen;        /* arena, RZ_VECTOR_CAPACITY: selected rows of the batch */
    uint64_t *ends[2];       /* arena, RZ_VECTOR_CAPACITY: their sources and destinations */
    bool spilled;            /* forward has runs on temporary pages, so that backward is a sorter of its own */
    rz_csr_reader newest;    /* for multiplicity; csr NULL: not open */
    uint64_t *degrees;       /* arena, RZ_SORTER_BATCH */
};

RZ_STATIC_ASSERT(RZ_SORTER_BATCH == RZ_EDGE_BATCH, "a sorted batch becomes one batch of edges");

void rz_rtab_bulk_abort(rz_rtab_bulk *bulk)
{
    if (bulk == NULL) {
        return;
    }
    rz_sorter_deinit(&bulk->forward);
    rz_sorter_deinit(&bulk->backward);
    rz_rows_bulk_abort(bulk->rows);
    rz_csr_reader_deinit(&bulk->newest);
    rz_arena_free(&bulk->heap);
    rz_mem *mem = bulk->arena.mem;
    rz_arena_free(&bulk->arena);
    rz_mem_free(mem, bulk, sizeof *bulk);
}

ruzu_status rz_rtab_bulk_begin(rz_rtab *table, rz_writer *writer, rz_rtab_bulk **out, rz_error *err)
{
    rz_mem *mem = table->arena.mem;
    rz_pool *pool = table->rows.env.pool;
    rz_pool_stats stats;
    *out = NULL;
    rz_rtab_bulk *bulk = (rz_rtab_bulk *)rz_mem_calloc(mem, 1, sizeof *bulk);
    RZ_TRY_ALLOC(bulk, err, "loading a table");
    bulk->table = table;
    bulk->writer = writer;
    rz_arena_init(&bulk->arena, mem);
    rz_arena_init(&bulk->heap, mem);
    rz_pool_stats_get(pool, &stats);
    bulk->budget = (size_t)(stats.pages_total / 8 * RZ_PAGE_SIZE);
    bulk->budget = bulk->budget < RTAB_LEAST_BUDGET ? RTAB_LEAST_BUDGET : bulk->budget;
    bulk->absent = RZ_NEW_ARRAY(&bulk->arena, bool, table->rows.column_count);
    bulk->columns = RZ_NEW_ARRAY(&bulk->arena, rz_vec *, table->rows.column_count);
    bulk->batch = RZ_NEW(&bulk->arena, rz_sorted_batch);
    bulk->cursors = RZ_NEW_ARRAY(&bulk->arena, const uint8_t *, RZ_SORTER_BATCH);
    bulk->sizes = RZ_NEW_ARRAY(&bulk->arena, size_t, RZ_VECTOR_CAPACITY);
    bulk->places = RZ_NEW_ARRAY(&bulk->arena, uint8_t *, RZ_VECTOR_CAPACITY);
    bulk->tags = RZ_NEW_ARRAY(&bulk->arena, uint32_t, RZ_SORTER_BATCH);
    bulk->degrees = RZ_NEW_ARRAY(&bulk->arena, uint64_t, RZ_SORTER_BATCH);
    bulk->chosen = RZ_NEW_ARRAY(&bulk->arena, uint32_t, RZ_VECTOR_CAPACITY);
    bulk->ends[0] = RZ_NEW_ARRAY(&bulk->arena, uint64_t, RZ_VECTOR_CAPACITY);
    bulk->ends[1] = RZ_NEW_ARRAY(&bulk->arena, uint64_t, RZ_VECTOR_CAPACITY);
    if (bulk->absent == NULL || bulk->columns == NULL || bulk->batch == NULL || bulk->cursors == NULL || bulk->sizes == NULL || bulk->places == NULL ||
        bulk->tags == NULL || bulk->degrees == NULL || bulk->chosen == NULL || bulk->ends[0] == NULL || bulk->ends[1] == NULL) {
        rz_rtab_bulk_abort(bulk);
        return rz_error_no_memory(err, "loading a table");
    }
    *out = bulk;
    return RUZU_OK;
}

/* ---- collecting ---- */

static void rtab_bulk_start(rz_rtab_bulk *bulk, rz_vec *const *values)
{
    const rz_rows *rows = &bulk->table->rows;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        bulk->absent[i] = values[i] == NULL;
        bulk->with_rows = bulk->with_rows || values[i] != NULL;
    }
    rz_sorter_init(&bulk->forward, bulk->arena.mem, rows->env.pool, bulk->budget, false, bulk->with_rows, false);
    bulk->started = true;
}

/* At most RZ_VECTOR_CAPACITY pairs with their properties. */
static ruzu_status rtab_bulk_append_rows(rz_rtab_bulk *bulk, const uint64_t *src, const uint64_t *dst, rz_vec *const *values, const uint32_t *chosen,
                                         uint32_t count, rz_error *err)
{
    const rz_rows *rows = &bulk->table->rows;
    rz_sel all = {chosen, count};
    memset(bulk->sizes, 0, count * sizeof *bulk->sizes);
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (!bulk->absent[i]) {
            rz_row_values_size(values[i], &all, bulk->sizes);
        }
    }
    for (uint32_t done = 0; done < count;) {
        uint32_t taken;
        RZ_TRY(rz_sorter_add_rows(&bulk->forward, src + done, dst + done, bulk->sizes + done, count - done, bulk->places, &taken, err));
        rz_sel part = {chosen + done, taken};
        for (uint32_t i = 0; i < rows->column_count; i++) {
            if (!bulk->absent[i]) {
                rz_row_values_write(values[i], &part, bulk->places);
            }
        }
        done += taken;
    }
    return RUZU_OK;
}

ruzu_status rz_rtab_bulk_append(rz_rtab_bulk *bulk, const uint64_t *src_offsets, const uint64_t *dst_offsets, rz_vec *const *values, const rz_sel *sel,
                                rz_error *err)
{
    rz_rows *rows = &bulk->table->rows;
    if (sel->count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_rows_place(rows, bulk->writer, values, &values, err));
    if (!bulk->started) {
        rtab_bulk_start(bulk, values);
    }
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (bulk->absent[i] != (values[i] == NULL)) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "a load gave values of column %s to some rows only.", rows->columns[i].name);
        }
    }
    bulk->count += sel->count;
    if (!bulk->with_rows && sel->rows == NULL) {
        return rz_sorter_add(&bulk->forward, src_offsets, dst_offsets, NULL, sel->count, err);
    }
    for (uint32_t first = 0; first < sel->count;) {
        uint32_t take = sel->count - first < RZ_VECTOR_CAPACITY ? sel->count - first : RZ_VECTOR_CAPACITY;
        for (uint32_t i = 0; i < take; i++) {
            uint32_t row = rz_sel_at(sel, first + i);
            bulk->chosen[i] = row;
            bulk->ends[0][i] = src_offsets[row];
            bulk->ends[1][i] = dst_offsets[row];
        }
        if (bulk->with_rows) {
            RZ_TRY(rtab_bulk_append_rows(bulk, bulk->ends[0], bulk->ends[1], values, bulk->chosen, take, err));
        } else {
            RZ_TRY(rz_sorter_add(&bulk->forward, bulk->ends[0], bulk->ends[1], NULL, take, err));
        }
        first += take;
    }
    return RUZU_OK;
}

/* ---- building ---- */

/* Bound nodes with one relationship at most: pairs come in their order. */
static ruzu_status rtab_bulk_check_one(rz_rtab_bulk *bulk, const uint64_t *bounds, uint32_t count, rz_error *err)
{
    rz_sel all = {NULL, count};
    memset(bulk->degrees, 0, count * sizeof *bulk->degrees);
    RZ_TRY(rz_csr_degrees(&bulk->newest, bulk->direction, bounds, &all, bulk->degrees, err));
    for (uint32_t i = 0; i < count; i++) {
        if (bulk->degrees[i] != 0 || bounds[i] == bulk->last_bound) {
            return rz_rtab_multiplicity(bulk->table, bulk->direction, bounds[i], RUZU_ERROR_COPY, err);
        }
        bulk->last_bound = bounds[i];
    }
    return RUZU_OK;
}

/* Properties of the batch into bulk->columns. */
static ruzu_status rtab_bulk_read_columns(rz_rtab_bulk *bulk, rz_error *err)
{
    const rz_rows *rows = &bulk->table->rows;
    const rz_sorted_batch *batch = bulk->batch;
    if (bulk->with_rows) {
        memcpy((void *)bulk->cursors, (const void *)batch->row, batch->count * sizeof batch->row[0]);
        rz_arena_reset(&bulk->heap);
        for (uint32_t i = 0; i < rows->column_count; i++) {
            if (bulk->absent[i]) {
                continue;
            }
            if (bulk->columns[i] == NULL) {
                RZ_TRY(rz_vec_create(&bulk->arena, &bulk->heap, rows->columns[i].type, RZ_SORTER_BATCH, &bulk->columns[i], err));
            }
            rz_vec_reset(bulk->columns[i]);
            RZ_TRY(rz_row_values_read(bulk->cursors, batch->count, false, bulk->columns[i], 0, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status rtab_bulk_pull(void *user, rz_edge_batch *edges, rz_error *err)
{
    rz_rtab_bulk *bulk = (rz_rtab_bulk *)user;
    rz_sorted_batch *batch = bulk->batch;
    bool forward = bulk->direction == RZ_FORWARD;
    rz_sorter *sorter = !forward && bulk->spilled ? &bulk->backward : &bulk->forward;
    RZ_TRY(rz_sorter_pull(sorter, batch, err));
    uint32_t count = batch->count;
    edges->count = count;
    if (count == 0) {
        return RUZU_OK;
    }
    memcpy(edges->bound, batch->first, count * sizeof edges->bound[0]);
    memcpy(edges->neighbour, batch->second, count * sizeof edges->neighbour[0]);
    if (bulk->table->one[bulk->direction]) {
        RZ_TRY(rtab_bulk_check_one(bulk, edges->bound, count, err));
    }
    if (!forward) {
        for (uint32_t i = 0; i < count; i++) {
            edges->rel[i] = bulk->first_rel + batch->tag[i];
        }
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        edges->rel[i] = bulk->first_rel + bulk->done + i;
        bulk->tags[i] = (uint32_t)(bulk->done + i);
    }
    rz_sel all = {NULL, count};
    RZ_TRY(rtab_bulk_read_columns(bulk, err));
    RZ_TRY(rz_rows_bulk_append(bulk->rows, bulk->columns, &all, err));
    if (bulk->spilled) {
        RZ_TRY(rz_sorter_add(&bulk->backward, batch->second, batch->first, bulk->tags, count, err));
    }
    bulk->done += count;
    return RUZU_OK;
}

/* ---- publishing ---- */

typedef struct rtab_load_undo {
    rz_undo head;
    rz_csr *csr;
    rz_csr_version *version; /* counted */
} rtab_load_undo;

static void rtab_load_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    rtab_load_undo *self = (rtab_load_undo *)undo;
    rz_mutex_lock(&self->csr->write_lock);
    atomic_store_explicit(&self->version->stamp, commit_timestamp, memory_order_release);
    rz_mutex_unlock(&self->csr->write_lock);
    rz_csr_retire(self->csr);
    rz_csr_unpin(self->csr, self->version);
}

static void rtab_load_rollback(rz_undo *undo)
{
    rtab_load_undo *self = (rtab_load_undo *)undo;
    rz_mutex_lock(&self->csr->write_lock);
    rz_csr_unlink(self->csr, self->version);
    rz_mutex_unlock(&self->csr->write_lock);
    rz_csr_unpin(self->csr, self->version);
}

/* Both directions into `fresh`. */
static ruzu_status rtab_bulk_build(rz_rtab_bulk *bulk, const rz_csr_version *base, rz_csr_version *fresh, rz_error *err)
{
    rz_rtab *table = bulk->table;
    bulk->direction = RZ_FORWARD;
    bulk->last_bound = UINT64_MAX;
    RZ_TRY(rz_sorter_sort(&bulk->forward, err));
    bulk->spilled = !rz_sorter_in_memory(&bulk->forward);
    if (bulk->spilled) {
        rz_sorter_init(&bulk->backward, bulk->arena.mem, table->rows.env.pool, bulk->budget, true, false, true);
    }
    RZ_TRY(rz_csr_merge(&table->csr, RZ_FORWARD, &base->sides[RZ_FORWARD], RZ_CSR_MERGE_TOUCHED, rtab_bulk_pull, bulk, &fresh->sides[RZ_FORWARD], err));
    bulk->direction = RZ_BACKWARD;
    bulk->last_bound = UINT64_MAX;
    if (bulk->spilled) {
        rz_sorter_deinit(&bulk->forward); /* its temporary pages are needed no more */
        RZ_TRY(rz_sorter_sort(&bulk->backward, err));
    } else {
        RZ_TRY(rz_sorter_reverse(&bulk->forward, err));
    }
    return rz_csr_merge(&table->csr, RZ_BACKWARD, &base->sides[RZ_BACKWARD], RZ_CSR_MERGE_TOUCHED, rtab_bulk_pull, bulk, &fresh->sides[RZ_BACKWARD], err);
}

/* The version (the reference moves, also on failure) becomes part of the table for the writer. */
static ruzu_status rtab_load_publish(rz_rtab *table, rz_writer *writer, rz_csr_version *fresh, rz_error *err)
{
    rz_csr *csr = &table->csr;
    rtab_load_undo *undo = RZ_NEW(writer->arena, rtab_load_undo);
    if (undo == NULL) {
        rz_csr_unpin(csr, fresh);
        return rz_error_no_memory(err, "loading a table");
    }
    undo->head = (rz_undo){.next = writer->undo, .commit = rtab_load_commit, .rollback = rtab_load_rollback};
    undo->csr = csr;
    undo->version = fresh;
    atomic_fetch_add_explicit(&fresh->refs, 1, memory_order_relaxed);
    writer->undo = &undo->head;
    rz_mutex_lock(&csr->write_lock);
    rz_csr_publish(csr, fresh);
    rz_mutex_unlock(&csr->write_lock);
    return RUZU_OK;
}

static rz_csr_version *rtab_newest_version(rz_rtab *table)
{
    return rz_csr_pin(&table->csr, &(rz_snapshot){.timestamp = RZ_STAMP_NEVER - 1, .own_stamp = 0});
}

static ruzu_status rtab_bulk_run(rz_rtab_bulk *bulk, rz_bulk_log *log, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_rtab *table = bulk->table;
    rz_csr *csr = &table->csr;
    rz_csr_version *base = rtab_newest_version(table);
    rz_csr_version *fresh = rz_csr_version_create(csr, bulk->writer->snapshot.own_stamp, base->folded_end, base->folded_time, base->delta);
    if (fresh == NULL) {
        status = rz_error_no_memory(err, "loading a table");
        goto cleanup;
    }
    if (bulk->count > UINT32_MAX) {
        status = rz_error_set(err, RUZU_ERROR_LIMIT, "a bulk load takes at most 4294967295 relationships.");
        goto cleanup;
    }
    if (table->one[0] || table->one[1]) {
        RZ_TRY_GOTO(rz_rtab_newest_reader(table, &bulk->newest, err));
    }
    if (log != NULL) {
        rz_bulk_put_u32(log, RTAB_LOAD_VERSION);
        rz_str_append_char(&log->redo, RTAB_LOAD_GROUPS);
    }
    RZ_TRY_GOTO(rz_rows_bulk_begin(&table->rows, bulk->writer, &bulk->rows, err));
    bulk->first_rel = rz_rows_bulk_next(bulk->rows);
    RZ_TRY_GOTO(rtab_bulk_build(bulk, base, fresh, err));
    status = rz_rows_bulk_finish(bulk->rows, log, err);
    bulk->rows = NULL;
    RZ_TRY_GOTO(status);
    if (log != NULL) {
        RZ_TRY_GOTO(rz_csr_load_describe(csr, base, fresh, log, err));
    }
    status = rtab_load_publish(table, bulk->writer, fresh, err);
    fresh = NULL;
cleanup:
    rz_csr_unpin(csr, fresh);
    rz_csr_unpin(csr, base);
    return status;
}

/* ---- loads that are small against the table ---- */

static bool rtab_bulk_is_small(rz_rtab_bulk *bulk)
{
    rz_csr_version *version = rtab_newest_version(bulk->table);
    uint64_t edges = version->sides[RZ_FORWARD].edges + atomic_load_explicit(&version->delta->edges, memory_order_relaxed);
    rz_csr_unpin(&bulk->table->csr, version);
    return bulk->count <= RTAB_SMALL_LOAD && bulk->count < edges / RTAB_SMALL_SHARE;
}

static void rtab_bulk_describe_values(const rz_rtab_bulk *bulk, rz_bulk_log *log)
{
    const rz_sorted_batch *batch = bulk->batch;
    rz_sel all = {NULL, batch->count};
    rz_bulk_put_u32(log, batch->count);
    rz_str_append(&log->redo, (const char *)batch->first, batch->count * sizeof batch->first[0]);
    rz_str_append(&log->redo, (const char *)batch->second, batch->count * sizeof batch->second[0]);
    for (uint32_t i = 0; i < bulk->table->rows.column_count; i++) {
        if (!rz_rows_shows(&bulk->table->rows, bulk->writer, i)) {
            continue;
        }
        rz_str_append_char(&log->redo, bulk->columns[i] != NULL);
        if (bulk->columns[i] != NULL) {
            rz_vec_encode(bulk->columns[i], &all, &log->redo);
        }
    }
}

static ruzu_status rtab_bulk_insert(rz_rtab_bulk *bulk, rz_bulk_log *log, rz_error *err)
{
    rz_rtab *table = bulk->table;
    rz_sorted_batch *batch = bulk->batch;
    if (log != NULL) {
        rz_bulk_put_u32(log, RTAB_LOAD_VERSION);
        rz_str_append_char(&log->redo, RTAB_LOAD_VALUES);
        rz_bulk_put_u64(log, rz_rows_end(&table->rows));
        rz_bulk_put_u64(log, bulk->count);
    }
    RZ_TRY(rz_sorter_sort(&bulk->forward, err));
    for (;;) {
        RZ_TRY(rz_sorter_pull(&bulk->forward, batch, err));
        if (batch->count == 0) {
            break;
        }
        RZ_TRY(rtab_bulk_read_columns(bulk, err));
        if (log != NULL) {
            rtab_bulk_describe_values(bulk, log);
        }
        RZ_TRY(rz_rtab_insert_as(table, bulk->writer, batch->first, batch->second, bulk->columns, &(rz_sel){NULL, batch->count}, NULL, RUZU_ERROR_COPY,
                                 err));
    }
    return log != NULL && log->redo.failed ? rz_error_no_memory(err, "describing a load") : RUZU_OK;
}

ruzu_status rz_rtab_bulk_finish(rz_rtab_bulk *bulk, rz_bulk_log *log, uint64_t *out_rows, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    *out_rows = bulk->count;
    if (bulk->count != 0 && rtab_bulk_is_small(bulk)) {
        status = rtab_bulk_insert(bulk, log, err);
    } else if (bulk->count != 0 || log != NULL) {
        RZ_TRY_GOTO(rz_rtab_show(bulk->table, &bulk->writer->snapshot, err));
        rz_mutex_lock(&bulk->table->csr.fold_lock); /* a checkpoint must not replace the changes meanwhile */
        status = rtab_bulk_run(bulk, log, err);
        rz_mutex_unlock(&bulk->table->csr.fold_lock);
    }
cleanup:
    rz_rtab_bulk_abort(bulk);
    return status;
}

/* ---- replaying a description ---- */

static ruzu_status rtab_load_damaged(const rz_rtab *table, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the log's description of a load does not fit relationship table %s.", table->name);
}

/* One piece of a load by value: *out_count relationships. */
static ruzu_status rtab_replay_piece(rz_rtab *table, rz_writer *writer, rz_reader *redo, rz_arena *arena, uint64_t most, uint32_t *out_count,
                                     rz_error *err)
{
    const rz_rows *rows = &table->rows;
    uint32_t count = rz_read_u32(redo);
    *out_count = count;
    if (redo->failed || count == 0 || count > RZ_SORTER_BATCH || count > most) {
        return rtab_load_damaged(table, err);
    }
    const uint8_t *src_bytes = (const uint8_t *)rz_read_bytes(redo, count * sizeof(uint64_t));
    const uint8_t *dst_bytes = (const uint8_t *)rz_read_bytes(redo, count * sizeof(uint64_t));
    if (redo->failed) {
        return rtab_load_damaged(table, err);
    }
    rz_id *src = RZ_NEW_ARRAY(arena, rz_id, count);
    rz_id *dst = RZ_NEW_ARRAY(arena, rz_id, count);
    rz_vec **values = RZ_NEW_ARRAY(arena, rz_vec *, rows->column_count);
    if (src == NULL || dst == NULL || values == NULL) {
        return rz_error_no_memory(err, "loading a table");
    }
    for (uint32_t i = 0; i < count; i++) {
        src[i] = rz_load_u64(src_bytes + i * sizeof(uint64_t));
        dst[i] = rz_load_u64(dst_bytes + i * sizeof(uint64_t));
        if (src[i] >= RZ_RTAB_MAX_NODE || dst[i] >= RZ_RTAB_MAX_NODE) {
            return rtab_load_damaged(table, err);
        }
    }
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (!rz_rows_shows(rows, writer, i)) {
            values[i] = rows->lives[i]->nothing;
            continue;
        }
        uint8_t present = rz_read_u8(redo);
        if (redo->failed || present > 1 || (present == 0 && rows->columns[i].type->id != RUZU_TYPE_SERIAL)) {
            return rtab_load_damaged(table, err);
        }
        if (present == 1) {
            RZ_TRY(rz_vec_decode(redo, rows->columns[i].type, count, arena, &values[i], err));
        }
    }
    return rz_rtab_insert_as(table, writer, src, dst, values, &(rz_sel){NULL, count}, NULL, RUZU_ERROR_COPY, err);
}

static ruzu_status rtab_replay_values(rz_rtab *table, rz_writer *writer, rz_reader *redo, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_arena arena;
    uint64_t first = rz_read_u64(redo);
    uint64_t left = rz_read_u64(redo);
    if (redo->failed || first != rz_rows_end(&table->rows)) {
        return rtab_load_damaged(table, err);
    }
    rz_arena_init(&arena, table->arena.mem);
    while (left != 0 && status == RUZU_OK) {
        uint32_t count = 0;
        rz_error inner;
        rz_error_init(&inner);
        rz_arena_reset(&arena);
        status = rtab_replay_piece(table, writer, redo, &arena, left, &count, &inner);
        if (status == RUZU_ERROR_CONSTRAINT) { /* the load had been checked */
            status = rtab_load_damaged(table, err);
        } else if (status != RUZU_OK) {
            status = rz_error_copy(err, &inner);
        }
        left -= count;
    }
    rz_arena_free(&arena);
    return status;
}

static ruzu_status rtab_replay_groups(rz_rtab *table, rz_writer *writer, rz_reader *redo, rz_error *err)
{
    rz_csr *csr = &table->csr;
    uint64_t first, end;
    RZ_TRY(rz_rows_bulk_replay(&table->rows, writer, redo, &first, &end, err));
    rz_csr_version *base = rtab_newest_version(table);
    rz_csr_version *fresh = rz_csr_version_create(csr, writer->snapshot.own_stamp, base->folded_end, base->folded_time, base->delta);
    ruzu_status status = fresh == NULL ? rz_error_no_memory(err, "loading a table")
                                       : rz_csr_load_replay(csr, base, first, end, redo, fresh, err);
    if (status == RUZU_OK) {
        status = rtab_load_publish(table, writer, fresh, err);
        fresh = NULL;
    }
    rz_csr_unpin(csr, fresh);
    rz_csr_unpin(csr, base);
    return status;
}

ruzu_status rz_rtab_bulk_replay(rz_rtab *table, rz_writer *writer, rz_reader *redo, rz_error *err)
{
    uint32_t version = rz_read_u32(redo);
    uint8_t kind = rz_read_u8(redo);
    if (redo->failed || version != RTAB_LOAD_VERSION || kind > RTAB_LOAD_GROUPS) {
        return rtab_load_damaged(table, err);
    }
    if (kind == RTAB_LOAD_VALUES) {
        return rtab_replay_values(table, writer, redo, err);
    }
    RZ_TRY(rz_rtab_show(table, &writer->snapshot, err));
    rz_mutex_lock(&table->csr.fold_lock);
    ruzu_status status = rtab_replay_groups(table, writer, redo, err);
    rz_mutex_unlock(&table->csr.fold_lock);
    return status;
}
