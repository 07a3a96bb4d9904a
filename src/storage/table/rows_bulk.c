/* SPDX-License-Identifier: MIT */
/*
 * Bulk loading of rows: the rest of a begun row group goes through the tail, whole groups and a last partial one straight to pages.
 *
 * Groups written are private until rz_rows_bulk_finish publishes them all with the transaction's stamp.
 *
 * Description for the log, read back by rz_rows_bulk_replay, of the columns that the writer sees:
 *   first row u64, rows by value u64, groups u32, column count u32, column ids u32 each
 *   rows by value, in pieces: count u32 (1 … RZ_VECTOR_CAPACITY), each column (rz_vec_encode)
 *   per group: rows u32, segment of each column (column module)
 *   when there are groups: per column whose values are counted RZ_SKETCH_REGISTERS bytes (sketch.h)
 */
#include "storage/table/rows.h"

#include "storage/table/bulk_log.h"

#include <inttypes.h>

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

/* Room for one more base. */
static ruzu_status rows_bulk_reserve_base(rz_rows_bulk *bulk, rz_error *err)
{
    if (bulk->base_count == bulk->base_capacity) {
        uint32_t capacity = bulk->base_capacity == 0 ? 16 : bulk->base_capacity * 2;
        rz_row_base **bases = (rz_row_base **)rz_mem_realloc(bulk->rows->env.mem, bulk->bases, bulk->base_capacity * sizeof(rz_row_base *),
                                                             capacity * sizeof(rz_row_base *));
        RZ_TRY_ALLOC(bases, err, "loading a table");
        bulk->bases = bases;
        bulk->base_capacity = capacity;
    }
    return RUZU_OK;
}

/* The builders' rows become a base. */
static ruzu_status rows_bulk_end_group(rz_rows_bulk *bulk, rz_error *err)
{
    rz_rows *rows = bulk->rows;
    RZ_TRY(rows_bulk_reserve_base(bulk, err));
    rz_row_base *base = rz_row_base_create(rows, rows->column_count);
    RZ_TRY_ALLOC(base, err, "loading a table");
    base->rows = bulk->building;
    bulk->bases[bulk->base_count++] = base;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        rz_row_segment *segment;
        if (bulk->builders[i] == NULL) {
            continue; /* a column that is gone */
        }
        RZ_TRY(rz_row_base_add(base, i, &segment, err));
        RZ_TRY(rz_col_builder_finish(bulk->builders[i], rows->env.disk, &base->home->arena, &segment->data, err));
    }
    bulk->building = 0;
    return RUZU_OK;
}

/* Rows sel into the builders; they fit the group. */
static ruzu_status rows_bulk_build(rz_rows_bulk *bulk, rz_vec *const *values, const rz_sel *sel, rz_error *err)
{
    rz_rows *rows = bulk->rows;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (!rz_rows_shows(rows, bulk->writer, i)) {
            continue;
        }
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
        return rz_col_gather(bulk->columns[column], base->segments[column]->data, &row, &out_row, 1, out, err);
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

/* ---- publishing ---- */

/* Keeps the bases until the transaction has ended: its log records name their pages, even if later rows of it make others take their place. */
typedef struct rows_load_undo {
    rz_undo head;
    rz_rows *rows;
    uint32_t count;
    rz_row_base *bases[]; /* counted */
} rows_load_undo;

static void rows_load_end(rz_undo *undo)
{
    rows_load_undo *self = (rows_load_undo *)undo;
    for (uint32_t i = 0; i < self->count; i++) {
        rz_row_base_release(self->rows, self->bases[i]);
    }
    self->count = 0;
}

static void rows_load_commit(rz_undo *undo, uint64_t commit_timestamp)
{
    (void)commit_timestamp; /* the rows' own entries settle the stamps */
    rows_load_end(undo);
}

static ruzu_status rows_bulk_push_load(rz_rows_bulk *bulk, rz_error *err)
{
    rows_load_undo *undo = (rows_load_undo *)rz_arena_alloc(bulk->writer->arena, sizeof *undo + bulk->base_count * sizeof undo->bases[0]);
    RZ_TRY_ALLOC(undo, err, "loading a table");
    undo->head = (rz_undo){.next = bulk->writer->undo, .commit = rows_load_commit, .rollback = rows_load_end};
    undo->rows = bulk->rows;
    undo->count = bulk->base_count;
    for (uint32_t i = 0; i < bulk->base_count; i++) {
        undo->bases[i] = bulk->bases[i];
        atomic_fetch_add_explicit(&bulk->bases[i]->refs, 1, memory_order_relaxed);
    }
    bulk->writer->undo = &undo->head;
    return RUZU_OK;
}

/* Publishes the bases: a version with their groups, stamped by the transaction. Under write_lock. */
static ruzu_status rows_bulk_publish(rz_rows_bulk *bulk, rz_error *err)
{
    rz_rows *rows = bulk->rows;
    uint32_t first_group = (uint32_t)(bulk->direct_first / RZ_ROW_GROUP_ROWS);
    RZ_ASSERT(bulk->direct_first == rz_rows_end(rows) && rows->current->group_count >= first_group);
    RZ_TRY(rz_rows_push_before(rows, bulk->writer, err));
    RZ_TRY(rows_bulk_push_load(bulk, err));
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

/* ---- the description ---- */

/* Rows [first, first + count) as they can be read back, by value. */
static ruzu_status rows_bulk_describe_values(rz_rows *rows, const rz_writer *writer, uint64_t first, uint64_t count, rz_bulk_log *log, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_rows_reader reader = {0};
    rz_arena arena, heap;
    rz_arena_init(&arena, rows->env.mem);
    rz_arena_init(&heap, rows->env.mem);
    RZ_TRY_GOTO(rz_rows_reader_init_newest(&reader, rows, rows->env.mem, err));
    for (uint64_t done = 0; done < count;) {
        uint32_t take = count - done < RZ_VECTOR_CAPACITY ? (uint32_t)(count - done) : RZ_VECTOR_CAPACITY;
        rz_sel all = {NULL, take};
        rz_bulk_put_u32(log, take);
        for (uint32_t i = 0; i < rows->column_count; i++) {
            rz_vec *vec = NULL;
            if (!rz_rows_shows(rows, writer, i)) {
                continue;
            }
            rz_arena_reset(&arena);
            rz_arena_reset(&heap);
            RZ_TRY_GOTO(rz_vec_create(&arena, &heap, rows->columns[i].type, RZ_VECTOR_CAPACITY, &vec, err));
            RZ_TRY_GOTO(rz_rows_read(&reader, i, first + done, take, vec, err));
            rz_vec_encode(vec, &all, &log->redo);
        }
        done += take;
    }
cleanup:
    rz_rows_reader_deinit(&reader);
    rz_arena_free(&heap);
    rz_arena_free(&arena);
    return status;
}

typedef struct rows_bulk_ranges {
    rz_bulk_log *log;
    rz_disk *disk;
} rows_bulk_ranges;

static ruzu_status rows_bulk_add_range(void *user, rz_page_range range, rz_error *err)
{
    const rows_bulk_ranges *ranges = (const rows_bulk_ranges *)user;
    return rz_bulk_add_range(ranges->log, ranges->disk, range, err);
}

static ruzu_status rows_bulk_describe(const rz_rows_bulk *bulk, rz_bulk_log *log, rz_error *err)
{
    rz_rows *rows = bulk->rows;
    rows_bulk_ranges ranges = {log, rows->env.disk};
    uint64_t by_value = (bulk->direct_first == UINT64_MAX ? bulk->next : bulk->direct_first) - bulk->first;
    rz_bulk_put_u64(log, bulk->first);
    rz_bulk_put_u64(log, by_value);
    rz_bulk_put_u32(log, bulk->base_count);
    rz_bulk_put_u32(log, rz_rows_shown(rows, bulk->writer));
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (rz_rows_shows(rows, bulk->writer, i)) {
            rz_bulk_put_u32(log, rows->columns[i].id);
        }
    }
    if (by_value != 0) {
        RZ_TRY(rows_bulk_describe_values(rows, bulk->writer, bulk->first, by_value, log, err));
    }
    for (uint32_t g = 0; g < bulk->base_count; g++) {
        rz_bulk_put_u32(log, (uint32_t)bulk->bases[g]->rows);
        for (uint32_t i = 0; i < rows->column_count; i++) {
            if (!rz_rows_shows(rows, bulk->writer, i)) {
                continue;
            }
            rz_segment_encode(bulk->bases[g]->segments[i]->data, &log->redo);
            RZ_TRY(rz_segment_each_range(bulk->bases[g]->segments[i]->data, rows_bulk_add_range, &ranges, err));
        }
    }
    for (uint32_t i = 0; bulk->base_count != 0 && i < rows->column_count; i++) {
        for (uint32_t r = 0; rz_rows_shows(rows, bulk->writer, i) && rows->sketches[i] != NULL && r < RZ_SKETCH_REGISTERS; r++) {
            rz_str_append_char(&log->redo, (char)atomic_load_explicit(&rows->sketches[i]->registers[r], memory_order_relaxed));
        }
    }
    return log->redo.failed ? rz_error_no_memory(err, "describing a load") : RUZU_OK;
}

ruzu_status rz_rows_bulk_finish(rz_rows_bulk *bulk, rz_bulk_log *log, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    if (bulk->building != 0) {
        status = rows_bulk_end_group(bulk, err);
    }
    if (status == RUZU_OK && log != NULL) {
        status = rows_bulk_describe(bulk, log, err);
    }
    if (status == RUZU_OK && bulk->base_count != 0) {
        rz_mutex_lock(&bulk->rows->write_lock);
        status = rows_bulk_publish(bulk, err);
        rz_mutex_unlock(&bulk->rows->write_lock);
    }
    rz_rows_bulk_abort(bulk);
    return status;
}

/* ---- replaying it ---- */

static ruzu_status rows_bulk_damaged(const rz_rows *rows, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the log's description of a load does not fit the table (%s).",
                        rows->column_count == 0 ? "no column" : rows->column_texts[0]);
}

static ruzu_status rows_bulk_replay_values(rz_rows_bulk *bulk, rz_vec **values, uint64_t count, rz_reader *redo, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_rows *rows = bulk->rows;
    rz_arena arena;
    rz_arena_init(&arena, rows->env.mem);
    while (count != 0) {
        uint32_t take = rz_read_u32(redo);
        uint64_t first = 0;
        if (redo->failed || take == 0 || take > RZ_VECTOR_CAPACITY || take > count) {
            status = rows_bulk_damaged(rows, err);
            goto cleanup;
        }
        rz_arena_reset(&arena);
        for (uint32_t i = 0; i < rows->column_count; i++) {
            if (rz_rows_shows(rows, bulk->writer, i)) {
                RZ_TRY_GOTO(rz_vec_decode(redo, rows->columns[i].type, take, &arena, &values[i], err));
            } else {
                values[i] = rows->lives[i]->nothing;
            }
        }
        RZ_TRY_GOTO(rz_rows_append(rows, bulk->writer, values, &(rz_sel){NULL, take}, &first, err));
        if (first != bulk->next) {
            status = rows_bulk_damaged(rows, err);
            goto cleanup;
        }
        bulk->next += take;
        count -= take;
    }
cleanup:
    rz_arena_free(&arena);
    return status;
}

typedef struct rows_bulk_claim {
    rz_disk *disk;
    const char *what;
} rows_bulk_claim;

static ruzu_status rows_bulk_claim_range(void *user, rz_page_range range, rz_error *err)
{
    const rows_bulk_claim *claim = (const rows_bulk_claim *)user;
    return rz_disk_take_logged(claim->disk, range, claim->what, err);
}

static ruzu_status rows_bulk_replay_group(rz_rows_bulk *bulk, bool is_last, rz_reader *redo, rz_error *err)
{
    rz_rows *rows = bulk->rows;
    uint32_t count = rz_read_u32(redo);
    if (redo->failed || count == 0 || count > RZ_ROW_GROUP_ROWS || (count < RZ_ROW_GROUP_ROWS && !is_last)) {
        return rows_bulk_damaged(rows, err);
    }
    RZ_TRY(rows_bulk_reserve_base(bulk, err));
    rz_row_base *base = rz_row_base_create(rows, rows->column_count);
    RZ_TRY_ALLOC(base, err, "loading a table");
    base->rows = count;
    bulk->bases[bulk->base_count++] = base;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        rows_bulk_claim claim = {rows->env.disk, rows->column_texts[i]};
        rz_segment *segment = NULL;
        rz_row_segment *place;
        if (!rz_rows_shows(rows, bulk->writer, i)) {
            continue;
        }
        RZ_TRY(rz_row_base_add(base, i, &place, err));
        RZ_TRY(rz_segment_decode(redo, rows->columns[i].type, &base->home->arena, &segment, err));
        if (rz_segment_rows(segment) != count) {
            return rows_bulk_damaged(rows, err);
        }
        RZ_TRY(rz_segment_each_range(segment, rows_bulk_claim_range, &claim, err));
        place->data = segment; /* from here on its pages are the base's to give back */
    }
    bulk->next += count;
    return RUZU_OK;
}

static ruzu_status rows_bulk_replay_sketches(rz_rows *rows, const rz_writer *writer, rz_reader *redo, rz_error *err)
{
    for (uint32_t i = 0; i < rows->column_count; i++) {
        for (uint32_t r = 0; rz_rows_shows(rows, writer, i) && rows->sketches[i] != NULL && r < RZ_SKETCH_REGISTERS; r++) {
            uint8_t rank = rz_read_u8(redo);
            if (rank < 65 && rank > atomic_load_explicit(&rows->sketches[i]->registers[r], memory_order_relaxed)) {
                atomic_store_explicit(&rows->sketches[i]->registers[r], rank, memory_order_relaxed);
            }
        }
    }
    return redo->failed ? rows_bulk_damaged(rows, err) : RUZU_OK;
}

static ruzu_status rows_bulk_replay_run(rz_rows_bulk *bulk, rz_reader *redo, rz_error *err)
{
    rz_rows *rows = bulk->rows;
    uint64_t first = rz_read_u64(redo);
    uint64_t by_value = rz_read_u64(redo);
    uint32_t group_count = rz_read_u32(redo);
    bool good = rz_read_u32(redo) == rz_rows_shown(rows, bulk->writer);
    for (uint32_t i = 0; i < rows->column_count && good; i++) {
        good = !rz_rows_shows(rows, bulk->writer, i) || rz_read_u32(redo) == rows->columns[i].id;
    }
    if (redo->failed || !good || first != bulk->first || by_value > RZ_IDX_MAX_OFFSET - first ||
        (group_count != 0 && (first + by_value) % RZ_ROW_GROUP_ROWS != 0) || group_count > (redo->size - redo->off) / 4) {
        return rows_bulk_damaged(rows, err);
    }
    rz_vec **values = RZ_NEW_ARRAY(&bulk->arena, rz_vec *, rows->column_count);
    RZ_TRY_ALLOC(values, err, "loading a table");
    RZ_TRY(rows_bulk_replay_values(bulk, values, by_value, redo, err));
    if (group_count == 0) {
        return RUZU_OK;
    }
    bulk->direct_first = bulk->next;
    for (uint32_t g = 0; g < group_count; g++) {
        RZ_TRY(rows_bulk_replay_group(bulk, g + 1 == group_count, redo, err));
    }
    RZ_TRY(rows_bulk_replay_sketches(rows, bulk->writer, redo, err));
    rz_mutex_lock(&rows->write_lock);
    ruzu_status status = rows_bulk_publish(bulk, err);
    rz_mutex_unlock(&rows->write_lock);
    return status;
}

ruzu_status rz_rows_bulk_replay(rz_rows *rows, rz_writer *writer, rz_reader *redo, uint64_t *out_first, uint64_t *out_end,
                                rz_error *err)
{
    rz_rows_bulk *bulk = NULL;
    *out_first = rz_rows_end(rows);
    *out_end = *out_first;
    RZ_TRY(rz_rows_bulk_begin(rows, writer, &bulk, err));
    ruzu_status status = rows_bulk_replay_run(bulk, redo, err);
    *out_end = bulk->next;
    rz_rows_bulk_abort(bulk);
    return status;
}
