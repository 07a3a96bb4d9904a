/* SPDX-License-Identifier: MIT */
/*
 * Relationship tables: inserting, updating, deleting.
 *
 * Who sees a relationship is said by its row. The topology knows inserts by their rel offsets, which rise with the commits, and deletions by stamps of
 * their own, one for each call: so the places of deleted rows are not used again in these tables (rows.h, `reuse`).
 */
#include "storage/table/rtab.h"

#include <inttypes.h>

/* ---- inserting ---- */

typedef struct rtab_insert_undo {
    rz_undo head;
    rz_rtab *table;
    uint64_t first; /* rel offset */
    uint32_t count; /* of them inserted into the topology */
    uint64_t ends[]; /* source, destination of each */
} rtab_insert_undo;

static void rtab_insert_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    (void)undo; /* the rows' stamps say who sees the relationships */
    (void)commit_timestamp;
}

static void rtab_insert_rollback(rz_undo *undo)
{
    rtab_insert_undo *self = (rtab_insert_undo *)undo;
    rz_mutex_lock(&self->table->csr.write_lock);
    for (uint32_t i = RZ_MUTANT_IS(15) ? 0 : self->count; i-- > 0;) {
        rz_csr_uninsert(&self->table->csr, self->ends[2 * (size_t)i], self->ends[2 * (size_t)i + 1], self->first + i);
    }
    self->count = 0;
    rz_mutex_unlock(&self->table->csr.write_lock);
}

ruzu_status rz_rtab_multiplicity(const rz_rtab *table, rz_direction direction, uint64_t bound, ruzu_status prefix_of, rz_error *err)
{
    return rz_error_set_as(err, RUZU_ERROR_CONSTRAINT, prefix_of,
                           "Node(nodeOffset: %" PRIu64 ") has more than one neighbour in table %s in the %s direction, which violates the rel "
                           "multiplicity constraint.",
                           bound, table->name, direction == RZ_FORWARD ? "fwd" : "bwd");
}

ruzu_status rz_rtab_newest_reader(rz_rtab *table, rz_csr_reader *out, rz_error *err)
{
    rz_snapshot newest = {.timestamp = RZ_STAMP_NEVER - 1, .own_stamp = 0};
    RZ_TRY(rz_csr_reader_init(out, &table->csr, &newest, UINT64_MAX, table->arena.mem, err));
    for (uint32_t i = 0; i < 2; i++) { /* also when there are no changes yet */
        out->sides[i].changes = &out->version->delta->sides[i];
    }
    out->view.sequence_end = UINT64_MAX;
    return RUZU_OK;
}

/* The constrained ends of a relationship about to be inserted have none. */
static ruzu_status rtab_check_one(rz_rtab *table, rz_csr_reader *reader, uint64_t src, uint64_t dst, ruzu_status prefix_of, rz_error *err)
{
    for (uint32_t direction = 0; direction < 2; direction++) {
        uint64_t bound = direction == RZ_FORWARD ? src : dst;
        uint64_t degree = 0;
        rz_sel one = {NULL, 1};
        if (!table->one[direction]) {
            continue;
        }
        RZ_TRY(rz_csr_degrees(reader, (rz_direction)direction, &bound, &one, &degree, err));
        if (degree != 0) {
            return rz_rtab_multiplicity(table, (rz_direction)direction, bound, prefix_of, err);
        }
    }
    return RUZU_OK;
}

uint64_t rz_rtab_next_offset(const rz_rtab *table)
{
    return rz_rows_end(&table->rows);
}

ruzu_status rz_rtab_insert_as(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel,
                              rz_id *out_ids, ruzu_status prefix_of, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_csr_reader reader;
    uint64_t first = 0;
    bool constrained = table->one[0] || table->one[1];
    if (sel->count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_rows_append(&table->rows, writer, values, sel, &first, err));
    rtab_insert_undo *undo = (rtab_insert_undo *)rz_arena_alloc(writer->arena, sizeof *undo + (size_t)sel->count * 2 * sizeof undo->ends[0]);
    RZ_TRY_ALLOC(undo, err, "inserting relationships");
    undo->head = (rz_undo){.next = writer->undo, .commit = rtab_insert_commit, .rollback = rtab_insert_rollback};
    undo->table = table;
    undo->first = first;
    undo->count = 0;
    writer->undo = &undo->head;
    rz_mutex_lock(&table->csr.write_lock);
    if (constrained) {
        status = rz_rtab_newest_reader(table, &reader, err);
        constrained = status == RUZU_OK;
    }
    for (uint32_t i = 0; i < sel->count && status == RUZU_OK; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t from = rz_id_offset(src[row]);
        uint64_t to = rz_id_offset(dst[row]);
        if (constrained) {
            status = rtab_check_one(table, &reader, from, to, prefix_of, err);
        }
        if (status == RUZU_OK) {
            status = rz_csr_insert(&table->csr, from, to, first + i, err);
        }
        if (status == RUZU_OK) {
            undo->ends[2 * (size_t)i] = from;
            undo->ends[2 * (size_t)i + 1] = to;
            undo->count++;
        }
        if (out_ids != NULL) {
            out_ids[row] = rz_id_make(table->pair_id, first + i);
        }
    }
    if (constrained) {
        rz_csr_reader_deinit(&reader);
    }
    rz_mutex_unlock(&table->csr.write_lock);
    return status;
}

ruzu_status rz_rtab_insert(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel,
                           rz_id *out_ids, rz_error *err)
{
    RZ_TRY(rz_rows_place(&table->rows, writer, values, &values, err));
    return rz_rtab_insert_as(table, writer, src, dst, values, sel, out_ids, RUZU_ERROR_RUNTIME, err);
}

ruzu_status rz_rtab_insert_at(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, const rz_id *rel_ids, rz_vec *const *values,
                              const rz_sel *sel, rz_error *err)
{
    uint64_t end = rz_rows_end(&table->rows);
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        if (rz_id_offset(rel_ids[row]) != end + i || rz_id_offset(src[row]) >= RZ_RTAB_MAX_NODE || rz_id_offset(dst[row]) >= RZ_RTAB_MAX_NODE) {
            return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: relationship %" PRIu64 " of table %s is to be inserted at place %" PRIu64 ".",
                                rz_id_offset(rel_ids[row]), table->name, end + i);
        }
    }
    return rz_rtab_insert(table, writer, src, dst, values, sel, NULL, err);
}

/* ---- deleting ---- */

typedef struct rtab_deleted {
    uint64_t src, dst, rel;
} rtab_deleted;

typedef struct rtab_delete_undo {
    rz_undo head;
    rz_rtab *table;
    rz_delta_stamp *when; /* counted */
    uint32_t count;
    rtab_deleted items[];
} rtab_delete_undo;

static void rtab_delete_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    rtab_delete_undo *self = (rtab_delete_undo *)undo;
    atomic_store_explicit(&self->when->stamp, commit_timestamp, memory_order_release);
    rz_delta_stamp_release(self->when);
}

static void rtab_delete_rollback(rz_undo *undo)
{
    rtab_delete_undo *self = (rtab_delete_undo *)undo;
    rz_csr *csr = &self->table->csr;
    rz_mutex_lock(&csr->write_lock);
    atomic_store_explicit(&self->when->stamp, RZ_STAMP_NEVER, memory_order_release); /* for older deltas */
    while (self->count > 0) {
        const rtab_deleted *item = &self->items[--self->count];
        rz_csr_undelete(csr, item->src, item->dst, item->rel, self->when);
    }
    rz_mutex_unlock(&csr->write_lock);
    rz_delta_stamp_release(self->when);
}

static ruzu_status rtab_delete_one(rz_rtab *table, rz_writer *writer, rtab_delete_undo *undo, uint64_t src, uint64_t dst, uint64_t rel, rz_error *err)
{
    rz_csr *csr = &table->csr;
    RZ_TRY(rz_rows_delete(&table->rows, writer, rel, err));
    rz_mutex_lock(&csr->write_lock);
    ruzu_status status = rz_csr_delete(csr, src, dst, rel, undo->when, err);
    rz_mutex_unlock(&csr->write_lock);
    if (status == RUZU_OK) {
        undo->items[undo->count++] = (rtab_deleted){src, dst, rel};
    }
    return status;
}

ruzu_status rz_rtab_delete(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, const rz_id *rels, const rz_sel *sel, uint64_t *io_count,
                           rz_error *err)
{
    rz_csr *csr = &table->csr;
    if (sel->count == 0) {
        return RUZU_OK;
    }
    rtab_delete_undo *undo = (rtab_delete_undo *)rz_arena_alloc(writer->arena, sizeof *undo + sel->count * sizeof undo->items[0]);
    RZ_TRY_ALLOC(undo, err, "deleting relationships");
    rz_mutex_lock(&csr->write_lock);
    undo->when = rz_csr_begin_delete(csr, writer);
    rz_mutex_unlock(&csr->write_lock);
    RZ_TRY_ALLOC(undo->when, err, "deleting relationships");
    undo->head = (rz_undo){.next = writer->undo, .commit = rtab_delete_commit, .rollback = rtab_delete_rollback};
    undo->table = table;
    undo->count = 0;
    writer->undo = &undo->head;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t rel = rz_id_offset(rels[row]);
        if (rz_rows_writer_sees(&table->rows, writer, rel)) {
            RZ_TRY(rtab_delete_one(table, writer, undo, rz_id_offset(src[row]), rz_id_offset(dst[row]), rel, err));
            ++*io_count;
        }
    }
    return RUZU_OK;
}

ruzu_status rz_rtab_update(rz_rtab *table, rz_writer *writer, uint32_t col_idx, const rz_id *rels, const rz_vec *values, const rz_sel *sel, rz_error *err)
{
    return sel->count == 0 ? RUZU_OK : rz_rows_update(&table->rows, writer, rz_rows_position(&table->rows, &writer->snapshot, col_idx), rels, values, sel, err);
}
