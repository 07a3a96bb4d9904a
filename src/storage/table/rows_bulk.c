/* SPDX-License-Identifier: MIT */
/*
 * Bulk loading of rows: the rest of a begun row group goes through the tail, whole groups and a last partial one straight to pages.
 *
 * Groups written are private until rz_rows_bulk_finish publishes them all with the transaction's stamp.
 */
#include "storage/table/rows.h"

struct rz_rows_bulk {
    rz_rows *rows;
    rz_writer *writer;
    uint64_t first;         /* offset of the load's first row */
    uint64_t next;          /* of its next row */
    uint64_t direct_first;  /* rows from here on are in bases and builders; UINT64_MAX: none yet */
    rz_row_base **bases;    /* owned; group after group from direct_first */
    uint32_t base_count;
    uint32_t base_capacity;
    rz_col_builder **builders; /* owned; by column */
    uint32_t building;      /* rows in the builders */
    rz_vec *numbers;        /* SEQUENCE for SERIAL columns; arena */
    rz_arena arena;
    uint32_t *sub_rows;     /* arena; RZ_VECTOR_CAPACITY */
    rz_rows_reader reader;  /* of what the tail took; rows NULL: not open */
    rz_col_reader **columns; /* owned; for rz_rows_bulk_read */
};

void rz_rows_bulk_abort(rz_rows_bulk *bulk)
{
    if (bulk == NULL) {
        return;
    }
    rz_rows *rows = bulk->rows;
    rz_mem *mem = rows->env.mem;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (bulk->columns != NULL) { /* pins first: the pages may go */
            rz_col_reader_free(bulk->columns[i]);
        }
        if (bulk->builders != NULL) {
            rz_col_builder_free(bulk->builders[i]);
        }
    }
    for (uint32_t i = 0; i < bulk->base_count; i++) {
        rz_row_base_release(rows, bulk->bases[i]);
    }
    rz_mem_free(mem, bulk->bases, bulk->base_capacity * sizeof(rz_row_base *));
    rz_rows_reader_deinit(&bulk->reader);
    rz_arena_free(&bulk->arena);
    rz_mem_free(mem, bulk, sizeof *bulk);
}

ruzu_status rz_rows_bulk_begin(rz_rows *rows, rz_writer *writer, rz_rows_bulk **out, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    *out = NULL;
    rz_rows_bulk *bulk = (rz_rows_bulk *)rz_mem_calloc(rows->env.mem, 1, sizeof *bulk);
    RZ_TRY_ALLOC(bulk, err, "loading a table");
    bulk->rows = rows;
    bulk->writer = writer;
    bulk->first = rz_rows_end(rows);
    bulk->next = bulk->first;
    bulk->direct_first = UINT64_MAX;
    rz_arena_init(&bulk->arena, rows->env.mem);
    bulk->builders = RZ_NEW_ARRAY(&bulk->arena, rz_col_builder *, rows->column_count);
    bulk->columns = RZ_NEW_ARRAY(&bulk->arena, rz_col_reader *, rows->column_count);
    bulk->sub_rows = RZ_NEW_ARRAY(&bulk->arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (bulk->builders == NULL || bulk->columns == NULL || bulk->sub_rows == NULL) {
        status = rz_error_no_memory(err, "loading a table");
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_vec_create_empty(&bulk->arena, &bulk->arena, RZ_INT64, &bulk->numbers, err));
    *out = bulk;
    bulk = NULL;
cleanup:
    rz_rows_bulk_abort(bulk);
    return status;
}

/* The builders' rows become a base. */
static ruzu_status rows_bulk_end_group(rz_rows_bulk *bulk, rz_error *err)
{
    rz_rows *rows = bulk->rows;
    if (bulk->base_count == bulk->base_capacity) {
        uint32_t capacity = bulk->base_capacity == 0 ? 16 : bulk->base_capacity * 2;
        rz_row_base **bases = (rz_row_base **)rz_mem_realloc(rows->env.mem, bulk->bases, bulk->base_capacity * sizeof(rz_row_base *),
                                                             capacity * sizeof(rz_row_base *));
        RZ_TRY_ALLOC(bases, err, "loading a table");
        bulk->bases = bases;
        bulk->base_capacity = capacity;
    }
    rz_row_base *base = rz_row_base_create(rows);
    RZ_TRY_ALLOC(base, err, "loading a table");
    base->rows = bulk->building;
    bulk->bases[bulk->base_count++] = base;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        RZ_TRY(rz_col_builder_finish(bulk->builders[i], rows->env.disk, &base->arena, &base->segments[i], err));
    }
    bulk->building = 0;
    return RUZU_OK;
}

/* Rows sel into the builders; they fit the group. */
static ruzu_status rows_bulk_build(rz_rows_bulk *bulk, rz_vec *const *values, const rz_sel *sel, rz_error *err)
{
    rz_rows *rows = bulk->rows;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (bulk->builders[i] == NULL) {
            RZ_TRY(rz_col_builder_create(rows->env.mem, rows->columns[i].type, &bulk->builders[i], err));
        }
        const rz_vec *column = values[i];
        rz_sel all = {NULL, sel->count};
        const rz_sel *chosen = sel;
        if (column == NULL) {
            bulk->numbers->kind = RZ_VEC_SEQUENCE;
            bulk->numbers->start = (int64_t)bulk->next;
            bulk->numbers->step = 1;
            column = bulk->numbers;
            chosen = &all;
        }
        RZ_TRY(rz_col_builder_append(bulk->builders[i], column, chosen, err));
        if (rows->sketches[i] != NULL) {
            rz_sketch_add(rows->sketches[i], column, chosen);
        }
    }
    if (bulk->direct_first == UINT64_MAX) {
        bulk->direct_first = bulk->next;
    }
    bulk->building += sel->count;
    bulk->next += sel->count;
    return bulk->building == RZ_ROW_GROUP_ROWS ? rows_bulk_end_group(bulk, err) : RUZU_OK;
}

/* Rows [first, first + count) of sel as a selection of its own. */
static rz_sel rows_bulk_part(rz_rows_bulk *bulk, const rz_sel *sel, uint32_t first, uint32_t count)
{
    rz_sel part = {sel->rows == NULL ? NULL : sel->rows + first, count};
    if (sel->rows == NULL && first != 0) {
        for (uint32_t i = 0; i < count; i++) {
            bulk->sub_rows[i] = first + i;
        }
        part.rows = bulk->sub_rows;
    }
    return part;
}

ruzu_status rz_rows_bulk_append(rz_rows_bulk *bulk, rz_vec *const *values, const rz_sel *sel, rz_error *err)
{
    for (uint32_t done = 0; done < sel->count;) {
        uint32_t room = RZ_ROW_GROUP_ROWS - (uint32_t)(bulk->next % RZ_ROW_GROUP_ROWS);
        uint32_t take = sel->count - done;
        take = take < room ? take : room;
        take = take < RZ_VECTOR_CAPACITY ? take : RZ_VECTOR_CAPACITY;
        rz_sel part = rows_bulk_part(bulk, sel, done, take);
        if (bulk->direct_first == UINT64_MAX && bulk->next % RZ_ROW_GROUP_ROWS != 0) {
            uint64_t first;
            RZ_TRY(rz_rows_append(bulk->rows, bulk->writer, values, &part, &first, err));
            RZ_ASSERT(first == bulk->next);
            bulk->next += take;
        } else {
            RZ_TRY(rows_bulk_build(bulk, values, &part, err));
        }
        done += take;
    }
    return RUZU_OK;
}

uint64_t rz_rows_bulk_next(const rz_rows_bulk *bulk)
{
    return bulk->next;
}

uint64_t rz_rows_bulk_stored(const rz_rows_bulk *bulk)
{
    return bulk->next - bulk->building;
}

ruzu_status rz_rows_bulk_read(rz_rows_bulk *bulk, uint32_t column, uint64_t offset, rz_vec *out, uint32_t out_row, rz_error *err)
{
    rz_rows *rows = bulk->rows;
    RZ_ASSERT(offset < rz_rows_bulk_stored(bulk));
    if (offset >= bulk->direct_first) {
        if (bulk->columns[column] == NULL) {
            RZ_TRY(rz_col_reader_create(rows->env.mem, rows->env.pool, rows->columns[column].type, rows->column_texts[column],
                                        &bulk->columns[column], err));
        }
        const rz_row_base *base = bulk->bases[(offset - bulk->direct_first) / RZ_ROW_GROUP_ROWS];
        uint32_t row = (uint32_t)((offset - bulk->direct_first) % RZ_ROW_GROUP_ROWS);
        return rz_col_gather(bulk->columns[column], base->segments[column], &row, &out_row, 1, out, err);
    }
    if (bulk->reader.rows == NULL || bulk->reader.end <= offset) {
        rz_rows_reader_deinit(&bulk->reader);
        RZ_TRY(rz_rows_reader_init_newest(&bulk->reader, rows, rows->env.mem, err));
    }
    rz_arena arena;
    rz_vec *vec = NULL;
    rz_sel one = {NULL, 1};
    rz_arena_init(&arena, rows->env.mem);
    ruzu_status status = rz_vec_create(&arena, &arena, rows->columns[column].type, 1, &vec, err);
    if (status == RUZU_OK) {
        status = rz_rows_read(&bulk->reader, column, offset, 1, vec, err);
    }
    if (status == RUZU_OK) {
        status = rz_vec_copy(out, out_row, vec, &one, err);
    }
    rz_arena_free(&arena);
    return status;
}

/* Publishes the bases: a version with their groups, stamped by the transaction. Under write_lock. */
static ruzu_status rows_bulk_publish(rz_rows_bulk *bulk, rz_error *err)
{
    rz_rows *rows = bulk->rows;
    uint32_t first_group = (uint32_t)(bulk->direct_first / RZ_ROW_GROUP_ROWS);
    RZ_ASSERT(bulk->direct_first == rz_rows_end(rows) && rows->current->group_count >= first_group);
    RZ_TRY(rz_rows_push_before(rows, bulk->writer, err));
    rz_rows_version *fresh = rz_rows_version_create(rows, rows->current, first_group, first_group + bulk->base_count);
    RZ_TRY_ALLOC(fresh, err, "loading a table");
    for (uint32_t i = 0; i < bulk->base_count; i++) {
        rz_stamps *stamps = rz_stamps_create(rows->env.mem);
        fresh->groups[first_group + i].stamps = stamps;
        if (stamps == NULL || !rz_stamps_append(stamps, 0, (uint32_t)bulk->bases[i]->rows, bulk->writer->snapshot.own_stamp)) {
            rz_rows_unpin(rows, fresh);
            return rz_error_no_memory(err, "loading a table");
        }
    }
    ruzu_status status = rz_rows_push_append(rows, bulk->writer, bulk->direct_first, bulk->next - bulk->direct_first, err);
    if (status != RUZU_OK) {
        rz_rows_unpin(rows, fresh);
        return status;
    }
    for (uint32_t i = 0; i < bulk->base_count; i++) { /* our references move */
        fresh->groups[first_group + i].base = bulk->bases[i];
        fresh->groups[first_group + i].base_rows = (uint32_t)bulk->bases[i]->rows;
    }
    bulk->base_count = 0;
    rz_rows_publish(rows, fresh);
    atomic_store_explicit(&rows->end, bulk->next, memory_order_release);
    return RUZU_OK;
}

ruzu_status rz_rows_bulk_finish(rz_rows_bulk *bulk, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    if (bulk->building != 0) {
        status = rows_bulk_end_group(bulk, err);
    }
    if (status == RUZU_OK && bulk->base_count != 0) {
        rz_mutex_lock(&bulk->rows->write_lock);
        status = rows_bulk_publish(bulk, err);
        rz_mutex_unlock(&bulk->rows->write_lock);
    }
    rz_rows_bulk_abort(bulk);
    return status;
}
