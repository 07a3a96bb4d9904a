/* SPDX-License-Identifier: MIT */
/*
 * Relationship tables: creating, reading, saving.
 */
#include "storage/table/rtab.h"

/* ---- creating ---- */

static void rtab_free(rz_rtab *table, bool give_back)
{
    if (table == NULL) {
        return;
    }
    rz_mem *mem = table->arena.mem;
    rz_csr_deinit(&table->csr, give_back);
    rz_rows_deinit(&table->rows, give_back);
    rz_mutex_destroy(&table->show_lock);
    rz_arena_free(&table->arena);
    rz_mem_free(mem, table, sizeof *table);
}

ruzu_status rz_rtab_create(const rz_table_env *env, const rz_rtab_def *def, rz_rtab **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    *out = NULL;
    rz_rtab *table = (rz_rtab *)rz_mem_calloc(env->mem, 1, sizeof *table);
    RZ_TRY_ALLOC(table, err, "creating a table");
    if (rz_mutex_init(&table->show_lock) != RUZU_OK) {
        rz_mem_free(env->mem, table, sizeof *table);
        return rz_error_no_memory(err, "creating a table");
    }
    rz_arena_init(&table->arena, env->mem);
    table->pair_id = def->pair_id;
    table->src_table = def->src_table;
    table->dst_table = def->dst_table;
    table->one[RZ_FORWARD] = def->one_dst;
    table->one[RZ_BACKWARD] = def->one_src;
    table->name = rz_arena_strdup(&table->arena, def->name);
    const char *forward = rz_arena_printf(&table->arena, "relationship table %s, forward adjacency", def->name);
    const char *backward = rz_arena_printf(&table->arena, "relationship table %s, backward adjacency", def->name);
    if (table->name == NULL || forward == NULL || backward == NULL) {
        status = rz_error_no_memory(err, "creating a table");
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_rows_init(&table->rows, env, "relationship table", def->name, def->columns, def->column_count, err));
    table->rows.reuse = true; /* of places; a SERIAL value is its row's offset */
    for (uint32_t i = 0; i < def->column_count; i++) {
        table->rows.reuse = table->rows.reuse && def->columns[i].type->id != RUZU_TYPE_SERIAL;
    }
    RZ_TRY_GOTO(rz_csr_init(&table->csr, env, forward, backward, err));
    *out = table;
    table = NULL;
cleanup:
    rtab_free(table, false);
    return status;
}

void rz_rtab_destroy(rz_rtab *table)
{
    rtab_free(table, false);
}

void rz_rtab_drop(rz_rtab *table)
{
    rtab_free(table, true);
}

/* ---- columns ---- */

ruzu_status rz_rtab_add_column(rz_rtab *table, rz_writer *writer, const rz_column_def *column, const rz_vec *fill, rz_error *err)
{
    return rz_rows_add_column(&table->rows, writer, column, fill, err);
}

ruzu_status rz_rtab_keep_columns(rz_rtab *table, rz_writer *writer, const uint32_t *ids, uint32_t count, rz_error *err)
{
    return rz_rows_keep_columns(&table->rows, writer, ids, count, err);
}

/* ---- reading ---- */

ruzu_status rz_rtab_reader_create(rz_rtab *table, const rz_snapshot *snapshot, rz_mem *mem, rz_rtab_reader **out, rz_error *err)
{
    *out = NULL;
    RZ_TRY(rz_rtab_show(table, snapshot, err));
    rz_rtab_reader *reader = (rz_rtab_reader *)rz_mem_calloc(mem, 1, sizeof *reader);
    RZ_TRY_ALLOC(reader, err, "reading a table");
    reader->table = table;
    reader->mem = mem;
    ruzu_status status = rz_rows_reader_init(&reader->rows, &table->rows, snapshot, mem, err);
    if (status == RUZU_OK) {
        status = rz_csr_reader_init(&reader->csr, &table->csr, snapshot, reader->rows.end, mem, err);
    }
    if (status != RUZU_OK) {
        rz_rtab_reader_free(reader);
        return status;
    }
    *out = reader;
    return RUZU_OK;
}

void rz_rtab_reader_free(rz_rtab_reader *reader)
{
    if (reader != NULL) {
        rz_csr_reader_deinit(&reader->csr);
        rz_rows_reader_deinit(&reader->rows);
        rz_mem_free(reader->mem, reader, sizeof *reader);
    }
}

void rz_rtab_reader_release(rz_rtab_reader *reader)
{
    rz_rows_reader_release(&reader->rows);
    rz_csr_reader_release(&reader->csr);
}

void rz_rtab_reader_suspend(rz_rtab_reader *reader)
{
    rz_csr_reader_suspend(&reader->csr);
    rz_rows_reader_suspend(&reader->rows);
}

ruzu_status rz_rtab_reader_resume(rz_rtab_reader *reader, const rz_snapshot *snapshot, rz_error *err)
{
    RZ_TRY(rz_rtab_show(reader->table, snapshot, err));
    RZ_TRY(rz_rows_reader_resume(&reader->rows, snapshot, err));
    return rz_csr_reader_resume(&reader->csr, snapshot, reader->rows.end, err);
}

uint64_t rz_rtab_visible_rows(const rz_rtab_reader *reader)
{
    return rz_rows_visible_count(&reader->rows);
}

ruzu_status rz_rtab_gather(rz_rtab_reader *reader, uint32_t col_idx, const rz_id *rels, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    return rz_rows_gather(&reader->rows, rz_rows_reader_position(&reader->rows, col_idx), rels, sel, out, err);
}

ruzu_status rz_adj_lookup(rz_rtab_reader *reader, rz_direction direction, const rz_id *ids, const rz_sel *sel, rz_slice *slices, rz_error *err)
{
    return rz_csr_lookup(&reader->csr, direction, ids, sel, slices, err);
}

ruzu_status rz_adj_read(rz_rtab_reader *reader, rz_direction direction, const rz_slice *slice, uint32_t first, uint32_t count, uint64_t neighbour_base,
                        uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err)
{
    return rz_csr_read(&reader->csr, direction, slice, first, count, neighbour_base, neighbours, rel_base, rels, err);
}

ruzu_status rz_adj_expand(rz_rtab_reader *reader, rz_direction direction, const rz_slice *slices, const rz_sel *sel, uint32_t *io_at, uint32_t *io_entry,
                          uint32_t capacity, uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, uint32_t *parents,
                          uint32_t *out_count, rz_error *err)
{
    return rz_csr_expand(&reader->csr, direction, slices, sel, io_at, io_entry, capacity, neighbour_base, neighbours, rel_base, rels, parents, out_count,
                         err);
}

ruzu_status rz_adj_degrees(rz_rtab_reader *reader, rz_direction direction, const rz_id *ids, const rz_sel *sel, uint64_t *degrees, rz_error *err)
{
    return rz_csr_degrees(&reader->csr, direction, ids, sel, degrees, err);
}

ruzu_status rz_adj_degrees_range(rz_rtab_reader *reader, rz_direction direction, uint64_t first, uint32_t count, uint64_t *out, rz_error *err)
{
    return rz_csr_degrees_range(&reader->csr, direction, first, count, out, err);
}

ruzu_status rz_adj_stretch(rz_rtab_reader *reader, rz_direction direction, uint64_t first, uint32_t count, uint64_t *starts, rz_slice *out, rz_adj_changes *changes,
                           bool *out_whole, rz_error *err)
{
    return rz_csr_stretch(&reader->csr, direction, first, count, starts, out, changes, out_whole, err);
}

ruzu_status rz_adj_find(rz_rtab_reader *reader, rz_direction direction, const rz_slice *slice, uint64_t neighbour, uint32_t *out_first,
                        uint32_t *out_count, rz_error *err)
{
    return rz_csr_find(&reader->csr, direction, slice, neighbour, out_first, out_count, err);
}

/* ---- saving and loading ---- */

#define RTAB_MAGIC UINT32_C(0x54415452) /* "RTAT" */
#define RTAB_VERSION 1u

static void rtab_put_u32(rz_str *out, uint32_t value)
{
    char bytes[4];
    rz_store_u32(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

static ruzu_status rtab_fold(rz_rtab *table, uint64_t timestamp, bool whole, rz_str *out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_rows_fold rows = {0};
    rz_csr_fold csr = {0};
    size_t length = out->length;
    RZ_TRY(rz_rows_fold_prepare(&table->rows, timestamp, whole, &rows, err));
    RZ_TRY_GOTO(rz_csr_fold_prepare(&table->csr, timestamp, rows.row_end, rows.newest_stamp, whole, &csr, err));
    rtab_put_u32(out, RTAB_MAGIC);
    rtab_put_u32(out, RTAB_VERSION);
    rz_rows_fold_encode(&rows, out);
    rz_csr_fold_encode(&csr, out);
    if (out->failed) {
        status = rz_error_no_memory(err, "writing a checkpoint");
        goto cleanup;
    }
    rz_rows_fold_publish(&rows);
    rz_csr_fold_publish(&csr);
    return RUZU_OK;
cleanup:
    rz_csr_fold_abort(&csr);
    rz_rows_fold_abort(&rows);
    out->length = length;
    return status;
}

ruzu_status rz_rtab_checkpoint(rz_rtab *table, uint64_t timestamp, rz_str *out, rz_error *err)
{
    return rtab_fold(table, timestamp, false, out, err);
}

ruzu_status rz_rtab_checkpoint_whole(rz_rtab *table, uint64_t timestamp, rz_str *out, rz_error *err)
{
    return rtab_fold(table, timestamp, true, out, err);
}

bool rz_rtab_layered(rz_rtab *table)
{
    rz_mutex_lock(&table->csr.fold_lock);
    const rz_csr_version *durable = table->csr.durable;
    bool layered = durable != NULL && (rz_csr_side_overlaid(&durable->sides[0]) || rz_csr_side_overlaid(&durable->sides[1]));
    rz_mutex_unlock(&table->csr.fold_lock);
    return layered || rz_rows_layered(&table->rows);
}

ruzu_status rz_rtab_open(const rz_table_env *env, const rz_rtab_def *def, rz_reader *directory, rz_rtab **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_rtab *table;
    *out = NULL;
    RZ_TRY(rz_rtab_create(env, def, &table, err));
    uint32_t magic = rz_read_u32(directory);
    uint32_t version = rz_read_u32(directory);
    if (directory->failed || magic != RTAB_MAGIC || version != RTAB_VERSION) {
        status = rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the directory of relationship table %s is damaged.", def->name);
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_rows_decode(&table->rows, directory, err));
    RZ_TRY_GOTO(rz_csr_decode(&table->csr, directory, rz_rows_end(&table->rows), err));
    *out = table;
    table = NULL;
cleanup:
    rtab_free(table, false);
    return status;
}

bool rz_rtab_changed(const rz_rtab *table)
{
    return rz_rows_changed(&table->rows);
}

void rz_rtab_saved(rz_rtab *table)
{
    rz_rows_saved(&table->rows);
}

void rz_rtab_trim(rz_rtab *table, uint64_t oldest_timestamp)
{
    rz_rows_trim(&table->rows, oldest_timestamp);
    if (oldest_timestamp > atomic_load_explicit(&table->csr.oldest_snapshot, memory_order_relaxed)) {
        atomic_store_explicit(&table->csr.oldest_snapshot, oldest_timestamp, memory_order_relaxed);
        rz_csr_retire(&table->csr);
    }
}

uint64_t rz_rtab_memory_bytes(rz_rtab *table)
{
    rz_mutex_lock(&table->csr.write_lock);
    uint64_t bytes = table->csr.head->delta->arena.used_bytes;
    rz_mutex_unlock(&table->csr.write_lock);
    return bytes + rz_rows_memory_bytes(&table->rows);
}

void rz_rtab_stats(const rz_rtab *table, rz_table_stats *out)
{
    /* Taking the lock does not change what callers see of the table. */
    rz_csr *csr = (rz_csr *)(uintptr_t)&table->csr;
    rz_snapshot committed = {.timestamp = RZ_STAMP_UNCOMMITTED - 1, .own_stamp = 0};
    rz_delta *delta = NULL;
    rz_csr_version *version = rz_csr_pin_with(csr, &committed, &delta);
    *out = (rz_table_stats){.rows = rz_rows_live_count(&table->rows)};
    for (uint32_t i = 0; i < 2 && version != NULL; i++) {
        uint64_t changed = atomic_load_explicit(&delta->sides[i].node_count, memory_order_relaxed);
        out->bound_nodes[i] = version->sides[i].bound_nodes + changed;
        out->max_degree[i] = version->sides[i].max_degree;
        if (out->max_degree[i] == 0 && changed != 0) {
            out->max_degree[i] = 1;
        }
    }
    rz_delta_release(delta);
    rz_csr_unpin(csr, version);
}

void rz_rtab_column_stats(const rz_rtab *table, uint32_t col_idx, rz_column_stats *out)
{
    rz_rows_column_stats(&table->rows, col_idx, out);
}
