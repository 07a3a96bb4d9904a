/* SPDX-License-Identifier: MIT */
/*
 * Relationship tables: inserting, updating, deleting.
 *
 * Who sees a relationship is said by its row. The topology knows inserts by their rel offsets, which rise with the commits, and deletions by stamps of
 * their own, one for each call; so it does relationships that take the places of deleted ones (rows.h, (7)), which come first.
 *
 * A large transaction. Changes of the topology go to the changes in memory (delta.h) until these are many. Then relationships that are inserted wait in sorters, which
 * spill, until somebody wants to see them: a reader of the transaction, a deletion, a load, the commit. All of it goes to groups at once then (csr_shed.c).
 * Tables with multiplicities look at each insert, and deletions name what is there: those shed whenever the changes in memory are many.
 */
#include "storage/table/rtab.h"

#include <inttypes.h>

#define RTAB_DELTA_BUDGETS 3u /* an entry takes much more than an entry elsewhere */

/* ---- inserting ---- */

typedef struct rtab_inserted {
    uint64_t src, dst, rel;
} rtab_inserted;

typedef struct rtab_deleted {
    uint64_t src, dst, rel;
    const rz_delta_stamp *when; /* in `stamps` */
} rtab_deleted;

/* What the open transaction did to the topology. The lists are of what is in the changes in memory: shedding empties them. */
struct rz_rtab_changes {
    rz_undo head; /* first */
    rz_rtab *table;
    rz_snapshot writer;
    rz_csr_version *version; /* counted; what was shed; NULL: nothing */
    rz_csr_waiting waiting;
    RZ_ARRAY(rtab_inserted) inserted;
    RZ_ARRAY(rtab_deleted) deleted;
    RZ_ARRAY(rz_delta_stamp *) stamps; /* counted */
};

static void rtab_changes_clear(rz_rtab_changes *changes)
{
    for (uint32_t i = 0; i < changes->stamps.count; i++) {
        rz_delta_stamp_release(changes->stamps.items[i]);
    }
    changes->stamps.count = 0;
    changes->inserted.count = 0;
    changes->deleted.count = 0;
}

static void rtab_changes_end(rz_rtab_changes *changes)
{
    rz_mem *mem = changes->table->arena.mem;
    rtab_changes_clear(changes);
    RZ_LIST_FREE(&changes->inserted, mem);
    RZ_LIST_FREE(&changes->deleted, mem);
    RZ_LIST_FREE(&changes->stamps, mem);
    rz_csr_waiting_deinit(&changes->waiting);
    atomic_store_explicit(&changes->table->waiting_stamp, 0, memory_order_release);
    changes->table->changes = NULL;
}

/* Before the commit: relationships do not wait any longer. */
static ruzu_status rtab_changes_prepare(rz_undo *undo, rz_error *err)
{
    rz_rtab_changes *changes = (rz_rtab_changes *)undo;
    return changes->waiting.count == 0 ? RUZU_OK : rz_rtab_shed(changes->table, err);
}

static void rtab_changes_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    rz_rtab_changes *changes = (rz_rtab_changes *)undo;
    for (uint32_t i = 0; i < changes->stamps.count; i++) { /* of what was inserted the rows' stamps say who sees it */
        atomic_store_explicit(&changes->stamps.items[i]->stamp, commit_timestamp, memory_order_release);
    }
    if (changes->version != NULL) {
        rz_csr_shed_commit(&changes->table->csr, changes->version, commit_timestamp);
    }
    rtab_changes_end(changes);
}

static void rtab_changes_rollback(rz_undo *undo)
{
    rz_rtab_changes *changes = (rz_rtab_changes *)undo;
    rz_csr *csr = &changes->table->csr;
    rz_mutex_lock(&csr->write_lock);
    for (uint32_t i = 0; i < changes->stamps.count; i++) {
        atomic_store_explicit(&changes->stamps.items[i]->stamp, RZ_STAMP_NEVER, memory_order_release); /* for older deltas */
    }
    for (uint32_t i = changes->deleted.count; i-- > 0;) {
        const rtab_deleted *item = &changes->deleted.items[i];
        rz_csr_undelete(csr, item->src, item->dst, item->rel, item->when);
    }
    for (uint32_t i = RZ_MUTANT_IS(15) ? 0 : changes->inserted.count; i-- > 0;) {
        const rtab_inserted *item = &changes->inserted.items[i];
        rz_csr_uninsert(csr, item->src, item->dst, item->rel);
    }
    rz_mutex_unlock(&csr->write_lock);
    if (changes->version != NULL) {
        rz_csr_shed_rollback(csr, changes->version);
    }
    rtab_changes_end(changes);
}

/* The transaction's changes object, made when there is none. */
static ruzu_status rtab_changes_begin(rz_rtab *table, rz_writer *writer, rz_error *err)
{
    if (table->changes != NULL) {
        return RUZU_OK;
    }
    rz_rtab_changes *changes = RZ_NEW(writer->arena, rz_rtab_changes);
    RZ_TRY_ALLOC(changes, err, "changing relationships");
    changes->head = (rz_undo){.next = writer->undo, .prepare = rtab_changes_prepare, .commit = rtab_changes_commit, .rollback = rtab_changes_rollback};
    changes->table = table;
    changes->writer = writer->snapshot;
    writer->undo = &changes->head;
    table->changes = changes;
    return RUZU_OK;
}

/* ---- shedding ---- */

ruzu_status rz_rtab_shed(rz_rtab *table, rz_error *err)
{
    rz_rtab_changes *changes = table->changes;
    rz_mutex_lock(&table->csr.fold_lock); /* a checkpoint must not replace the changes meanwhile */
    ruzu_status status = rz_csr_shed(&table->csr, &changes->writer, atomic_load_explicit(&table->rows.committed_end, memory_order_relaxed),
                                     rz_rows_end(&table->rows), &changes->waiting, &changes->version, err);
    if (status == RUZU_OK) {
        rtab_changes_clear(changes);
    }
    atomic_store_explicit(&table->waiting_stamp, 0, memory_order_release); /* after a failure the transaction can only roll back */
    rz_csr_waiting_deinit(&changes->waiting);
    rz_mutex_unlock(&table->csr.fold_lock);
    return status;
}

ruzu_status rz_rtab_show(rz_rtab *table, const rz_snapshot *snapshot, rz_error *err)
{
    if (RZ_LIKELY(snapshot->own_stamp == 0 || atomic_load_explicit(&table->waiting_stamp, memory_order_acquire) != snapshot->own_stamp)) {
        return RUZU_OK;
    }
    ruzu_status status = RUZU_OK;
    rz_mutex_lock(&table->show_lock); /* readers of the transaction may come from several threads */
    if (atomic_load_explicit(&table->waiting_stamp, memory_order_acquire) != 0) {
        status = rz_rtab_shed(table, err);
    }
    rz_mutex_unlock(&table->show_lock);
    return status;
}

/* Whether the changes in memory are many. */
static bool rtab_has_many(rz_rtab *table)
{
    rz_mutex_lock(&table->csr.write_lock);
    uint64_t bytes = table->csr.head->delta->arena.used_bytes;
    rz_mutex_unlock(&table->csr.write_lock);
    return bytes > RTAB_DELTA_BUDGETS * rz_table_change_budget(&table->rows.env);
}

/* Relationships first … to the sorters. */
static ruzu_status rtab_insert_waiting(rz_rtab *table, const rz_id *src, const rz_id *dst, const rz_sel *sel, uint64_t first, rz_error *err)
{
    rz_csr_waiting *waiting = &table->changes->waiting;
    uint64_t ends[2][RZ_EDGE_BATCH];
    if (waiting->mem != NULL && waiting->count + sel->count > RZ_CSR_MOST_WAITING) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "a transaction can insert at most %u relationships before it looks at them.", RZ_CSR_MOST_WAITING);
    }
    if (waiting->mem == NULL) {
        RZ_TRY(rz_csr_waiting_init(waiting, &table->rows.env, first, (size_t)rz_table_change_budget(&table->rows.env), err));
    }
    atomic_store_explicit(&table->waiting_stamp, table->changes->writer.own_stamp, memory_order_release);
    for (uint32_t done = 0; done < sel->count;) {
        uint32_t take = sel->count - done < RZ_EDGE_BATCH ? sel->count - done : RZ_EDGE_BATCH;
        for (uint32_t i = 0; i < take; i++) {
            uint32_t row = rz_sel_at(sel, done + i);
            ends[0][i] = rz_id_offset(src[row]);
            ends[1][i] = rz_id_offset(dst[row]);
        }
        RZ_TRY(rz_csr_waiting_add(waiting, ends[0], ends[1], take, err));
        done += take;
    }
    return RUZU_OK;
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
        out->sides[i].changes = &out->delta->sides[i];
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
    return table->rows.reuse ? UINT64_MAX : rz_rows_end(&table->rows); /* places of deleted rows may come first */
}

/* A stamp for deletions, or for relationships in places of deleted ones: the transaction's, with the number of this call. */
static ruzu_status rtab_new_stamp(rz_rtab *table, const rz_writer *writer, rz_delta_stamp **out, rz_error *err)
{
    rz_rtab_changes *changes = table->changes;
    *out = NULL;
    if (!RZ_LIST_RESERVE(&changes->stamps, table->arena.mem, 1)) {
        return rz_error_no_memory(err, "changing relationships");
    }
    rz_mutex_lock(&table->csr.write_lock);
    *out = rz_csr_begin_delete(&table->csr, writer);
    rz_mutex_unlock(&table->csr.write_lock);
    RZ_TRY_ALLOC(*out, err, "changing relationships");
    changes->stamps.items[changes->stamps.count++] = *out;
    return RUZU_OK;
}

/* One relationship into the changes in memory; revived: into a place that was used before, else NULL. Under the topology's write_lock. */
static ruzu_status rtab_insert_one(rz_rtab *table, uint64_t from, uint64_t to, uint64_t rel, rz_delta_stamp *revived, rz_error *err)
{
    rz_rtab_changes *changes = table->changes;
    if (revived != NULL) {
        rel |= RZ_DELTA_REVIVED;
        RZ_TRY(rz_csr_delete(&table->csr, from, to, rel, revived, err));
        changes->deleted.items[changes->deleted.count++] = (rtab_deleted){from, to, rel, revived};
        return RUZU_OK;
    }
    RZ_TRY(rz_csr_insert(&table->csr, from, to, rel, err));
    changes->inserted.items[changes->inserted.count++] = (rtab_inserted){from, to, rel};
    return RUZU_OK;
}

/* Relationships rels[i] to the changes in memory, each looked at where the table has multiplicities; those below `end` are in places used before. */
static ruzu_status rtab_insert_delta(rz_rtab *table, const rz_id *src, const rz_id *dst, const rz_sel *sel, const uint64_t *rels, uint64_t end,
                                     rz_delta_stamp *revived, ruzu_status prefix_of, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_rtab_changes *changes = table->changes;
    rz_csr_reader reader;
    bool constrained = table->one[0] || table->one[1];
    if (!RZ_LIST_RESERVE(&changes->inserted, table->arena.mem, sel->count) ||
        (revived != NULL && !RZ_LIST_RESERVE(&changes->deleted, table->arena.mem, sel->count))) {
        return rz_error_no_memory(err, "inserting relationships");
    }
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
            status = rtab_insert_one(table, from, to, rels[i], rels[i] < end ? revived : NULL, err);
        }
    }
    if (constrained) {
        rz_csr_reader_deinit(&reader);
    }
    rz_mutex_unlock(&table->csr.write_lock);
    return status;
}

/* Rows and then topology, in places of deleted rows first (`reuse`), or at rels[i] when they are given (`at`), else at the end. rels: room for all. */
static ruzu_status rtab_insert_rows(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel,
                                    uint64_t *rels, bool reuse, bool at, ruzu_status prefix_of, rz_error *err)
{
    uint64_t end = rz_rows_end(&table->rows), first = end;
    rz_delta_stamp *revived = NULL;
    if (at) {
        RZ_TRY(rz_rows_insert_at(&table->rows, writer, values, sel, rels, err));
    } else if (reuse) {
        RZ_TRY(rz_rows_insert(&table->rows, writer, values, sel, rels, err));
    } else {
        RZ_TRY(rz_rows_append(&table->rows, writer, values, sel, &first, err));
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        rels[i] = at || reuse ? rels[i] : first + i;
        if (rels[i] < end && revived == NULL) {
            RZ_TRY(rtab_new_stamp(table, writer, &revived, err));
        }
    }
    return rtab_insert_delta(table, src, dst, sel, rels, end, revived, prefix_of, err);
}

static ruzu_status rtab_insert(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel,
                               uint64_t *rels, bool reuse, bool at, ruzu_status prefix_of, rz_error *err)
{
    RZ_TRY(rtab_changes_begin(table, writer, err));
    bool waits = table->changes->waiting.count != 0;
    if (!waits && rtab_has_many(table)) {
        waits = !table->one[0] && !table->one[1];
        if (!waits) {
            RZ_TRY(rz_rtab_shed(table, err));
        }
    }
    if (waits && at) { /* in any places: they cannot wait */
        waits = false;
        RZ_TRY(rz_rtab_shed(table, err));
    }
    if (!waits) {
        return rtab_insert_rows(table, writer, src, dst, values, sel, rels, reuse, at, prefix_of, err);
    }
    uint64_t first = 0;
    RZ_TRY(rz_rows_append(&table->rows, writer, values, sel, &first, err));
    for (uint32_t i = 0; i < sel->count; i++) {
        rels[i] = first + i;
    }
    return rtab_insert_waiting(table, src, dst, sel, first, err);
}

static ruzu_status rtab_insert_ids(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel,
                                   rz_id *out_ids, bool reuse, ruzu_status prefix_of, rz_error *err)
{
    rz_mem *mem = table->arena.mem;
    if (sel->count == 0) {
        return RUZU_OK;
    }
    uint64_t *rels = (uint64_t *)rz_mem_alloc(mem, sel->count * sizeof *rels);
    RZ_TRY_ALLOC(rels, err, "inserting relationships");
    ruzu_status status = rtab_insert(table, writer, src, dst, values, sel, rels, reuse, false, prefix_of, err);
    for (uint32_t i = 0; i < sel->count && out_ids != NULL && status == RUZU_OK; i++) {
        out_ids[rz_sel_at(sel, i)] = rz_id_make(table->pair_id, rels[i]);
    }
    rz_mem_free(mem, rels, sel->count * sizeof *rels);
    return status;
}

ruzu_status rz_rtab_insert_as(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel,
                              rz_id *out_ids, ruzu_status prefix_of, rz_error *err)
{
    return rtab_insert_ids(table, writer, src, dst, values, sel, out_ids, false, prefix_of, err);
}

ruzu_status rz_rtab_insert(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel,
                           rz_id *out_ids, rz_error *err)
{
    RZ_TRY(rz_rows_place(&table->rows, writer, values, &values, err));
    return rtab_insert_ids(table, writer, src, dst, values, sel, out_ids, true, RUZU_ERROR_RUNTIME, err);
}

ruzu_status rz_rtab_insert_at(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, const rz_id *rel_ids, rz_vec *const *values,
                              const rz_sel *sel, rz_error *err)
{
    rz_mem *mem = table->arena.mem;
    uint64_t end = rz_rows_end(&table->rows), next = end;
    if (sel->count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_rows_place(&table->rows, writer, values, &values, err));
    uint64_t *rels = (uint64_t *)rz_mem_alloc(mem, sel->count * sizeof *rels);
    RZ_TRY_ALLOC(rels, err, "inserting relationships");
    bool appended = true;
    ruzu_status status = RUZU_OK;
    for (uint32_t i = 0; i < sel->count && status == RUZU_OK; i++) {
        uint32_t row = rz_sel_at(sel, i);
        rels[i] = rz_id_offset(rel_ids[row]);
        appended &= rels[i] == end + i;
        if ((rels[i] >= end && rels[i] != next++) || (rels[i] < end && !table->rows.reuse) || rz_id_offset(src[row]) >= RZ_RTAB_MAX_NODE ||
            rz_id_offset(dst[row]) >= RZ_RTAB_MAX_NODE) {
            status = rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: relationship %" PRIu64 " of table %s is to be inserted at place %" PRIu64 ".",
                                  rels[i], table->name, end + i);
        }
    }
    if (status == RUZU_OK) {
        status = rtab_insert(table, writer, src, dst, values, sel, rels, false, !appended, RUZU_ERROR_RUNTIME, err);
    }
    rz_mem_free(mem, rels, sel->count * sizeof *rels);
    return status;
}

/* ---- deleting ---- */

static ruzu_status rtab_delete_one(rz_rtab *table, rz_writer *writer, rz_delta_stamp *when, uint64_t src, uint64_t dst, uint64_t rel, rz_error *err)
{
    rz_csr *csr = &table->csr;
    RZ_TRY(rz_rows_delete(&table->rows, writer, rel, err));
    rz_mutex_lock(&csr->write_lock);
    ruzu_status status = rz_csr_delete(csr, src, dst, rel, when, err);
    rz_mutex_unlock(&csr->write_lock);
    if (status == RUZU_OK) {
        table->changes->deleted.items[table->changes->deleted.count++] = (rtab_deleted){src, dst, rel, when};
    }
    return status;
}

ruzu_status rz_rtab_delete(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, const rz_id *rels, const rz_sel *sel, uint64_t *io_count,
                           rz_error *err)
{
    if (sel->count == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rtab_changes_begin(table, writer, err));
    rz_rtab_changes *changes = table->changes;
    if (changes->waiting.count != 0 || rtab_has_many(table)) {
        RZ_TRY(rz_rtab_shed(table, err));
    }
    rz_delta_stamp *when;
    if (!RZ_LIST_RESERVE(&changes->deleted, table->arena.mem, sel->count)) {
        return rz_error_no_memory(err, "deleting relationships");
    }
    RZ_TRY(rtab_new_stamp(table, writer, &when, err));
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t rel = rz_id_offset(rels[row]);
        if (rz_rows_writer_sees(&table->rows, writer, rel)) {
            RZ_TRY(rtab_delete_one(table, writer, when, rz_id_offset(src[row]), rz_id_offset(dst[row]), rel, err));
            ++*io_count;
        }
    }
    return RUZU_OK;
}

ruzu_status rz_rtab_update(rz_rtab *table, rz_writer *writer, uint32_t col_idx, const rz_id *rels, const rz_vec *values, const rz_sel *sel, rz_error *err)
{
    return sel->count == 0 ? RUZU_OK : rz_rows_update(&table->rows, writer, rz_rows_position(&table->rows, &writer->snapshot, col_idx), rels, values, sel, err);
}
