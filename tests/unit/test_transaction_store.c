/* SPDX-License-Identifier: MIT */
/*
 * The store on a simulated disk: what a checkpoint saved is there after reopening, after a power loss at any operation, and after any I/O error; a transaction is
 * seen wholly or not at all.
 *
 * The graph: Person(id INT64 key, name STRING) with rows 0 … n-1 ("name of <id>", long enough to leave the inline form), and Knows from each row to the two next ones. A state is its
 * number of rows, so every check is a function of n.
 */
#include "transaction/transaction.h"

#include "check.h"
#include "sim/simfs.h"

#include <errno.h>
#include <stdlib.h>

#define DB_PATH "/data/db.ruzu"

static rz_store_options options_for(simfs *fs)
{
    return (rz_store_options){.vfs = simfs_vfs(fs), .path = DB_PATH, .pool_size_bytes = 1 << 20};
}

static simfs *new_disk(void)
{
    simfs *fs = simfs_create(7);
    rz_vfs *vfs = simfs_vfs(fs);
    CHECK(vfs->make_dir(vfs, "/data") == RUZU_OK);
    CHECK(vfs->sync_dir(vfs, "/data") == RUZU_OK);
    return fs;
}

static ruzu_status create_schema(rz_store *store, rz_error *err)
{
    rz_txn *txn = NULL;
    rz_catalog *catalog = NULL;
    const rz_cat_table *person = NULL;
    const rz_cat_table *knows = NULL;
    RZ_TRY(rz_txn_begin(store, true, 0, &txn, err));
    rz_cat_property properties[2] = {{.name = "id", .type = RZ_INT64}, {.name = "name", .type = RZ_STRING}};
    rz_cat_table node = {.kind = RZ_CAT_NODE_TABLE, .name = "Person", .properties = properties, .property_count = 2};
    ruzu_status status = rz_txn_edit_catalog(txn, &catalog, err);
    status = status == RUZU_OK ? rz_catalog_add_table(catalog, &node, &person, err) : status;
    if (status == RUZU_OK) {
        rz_cat_pair pair = {.id = UINT32_MAX, .src_table = person->id, .dst_table = person->id};
        rz_cat_table rel = {.kind = RZ_CAT_REL_TABLE, .name = "Knows", .pairs = &pair, .pair_count = 1};
        status = rz_catalog_add_table(catalog, &rel, &knows, err);
    }
    status = status == RUZU_OK ? rz_txn_sync_tables(txn, err) : status;
    if (status != RUZU_OK) {
        rz_txn_rollback(txn);
        return status;
    }
    return rz_txn_commit(txn, err);
}

static void row_name(uint64_t id, char *out, size_t size)
{
    snprintf(out, size, "the rather long name of number %" PRIu64, id);
}

/* Rows [from, from + count), count <= RZ_VECTOR_CAPACITY, each knowing the two rows before it. */
static ruzu_status insert_batch(rz_txn *txn, uint64_t from, uint32_t count, rz_error *err)
{
    rz_arena arena;
    rz_arena_init(&arena, rz_mem_root());
    rz_vec *vecs[2] = {NULL, NULL};
    rz_id ids[RZ_VECTOR_CAPACITY];
    rz_id sources[2 * RZ_VECTOR_CAPACITY];
    rz_id targets[2 * RZ_VECTOR_CAPACITY];
    ruzu_status status = RUZU_OK;
    const rz_cat_table *person = rz_catalog_find_table(rz_txn_catalog(txn), "Person");
    const rz_cat_table *knows = rz_catalog_find_table(rz_txn_catalog(txn), "Knows");
    RZ_TRY_GOTO(rz_vec_create(&arena, &arena, RZ_INT64, RZ_VECTOR_CAPACITY, &vecs[0], err));
    RZ_TRY_GOTO(rz_vec_create(&arena, &arena, RZ_STRING, RZ_VECTOR_CAPACITY, &vecs[1], err));
    for (uint32_t i = 0; i < count; i++) {
        char name[64];
        ((int64_t *)vecs[0]->data)[i] = (int64_t)(from + i);
        row_name(from + i, name, sizeof name);
        RZ_TRY_GOTO(rz_vec_set_string(vecs[1], i, name, strlen(name), err));
    }
    rz_sel sel = {.rows = NULL, .count = count};
    RZ_TRY_GOTO(rz_ntab_insert(rz_txn_ntab(txn, person->id), rz_txn_writer(txn), vecs, &sel, ids, err));
    for (uint32_t back = 1; back <= 2; back++) {
        uint32_t rels = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (from + i >= back) {
                sources[rels] = rz_id_make(person->id, from + i);
                targets[rels++] = rz_id_make(person->id, from + i - back);
            }
        }
        rz_sel rel_sel = {.rows = NULL, .count = rels};
        if (rels != 0) {
            RZ_TRY_GOTO(rz_rtab_insert(rz_txn_rtab(txn, knows->pairs[0].id), rz_txn_writer(txn), sources, targets, NULL, &rel_sel, NULL, err));
        }
    }
cleanup:
    rz_arena_free(&arena);
    return status;
}

/* One transaction from `from` rows to `to`. */
static ruzu_status grow(rz_store *store, uint64_t from, uint64_t to, bool commit, rz_error *err)
{
    rz_txn *txn = NULL;
    RZ_TRY(rz_txn_begin(store, true, 0, &txn, err));
    while (from < to) {
        uint32_t count = to - from < RZ_VECTOR_CAPACITY ? (uint32_t)(to - from) : RZ_VECTOR_CAPACITY;
        ruzu_status status = insert_batch(txn, from, count, err);
        if (status != RUZU_OK) {
            rz_txn_rollback(txn);
            return status;
        }
        from += count;
    }
    if (!commit) {
        rz_txn_rollback(txn);
        return RUZU_OK;
    }
    return rz_txn_commit(txn, err);
}

/* ---- what a reader sees ---- */

static ruzu_status check_names(rz_ntab_reader *reader, uint64_t rows, bool *out_right, rz_error *err)
{
    rz_arena arena;
    rz_arena_init(&arena, rz_mem_root());
    rz_vec *vec = NULL;
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(rz_vec_create(&arena, &arena, RZ_STRING, RZ_VECTOR_CAPACITY, &vec, err));
    for (uint64_t first = 0; first < rows; first += RZ_VECTOR_CAPACITY) {
        uint32_t count = rows - first < RZ_VECTOR_CAPACITY ? (uint32_t)(rows - first) : RZ_VECTOR_CAPACITY;
        rz_vec_reset(vec);
        RZ_TRY_GOTO(rz_ntab_read(reader, 1, first, count, vec, err));
        for (uint32_t i = 0; i < count; i++) {
            char name[64];
            rz_view view;
            rz_vec_view(vec, &view);
            const rz_string *got = (const rz_string *)view.data + rz_view_at(&view, i);
            row_name(first + i, name, sizeof name);
            *out_right = *out_right && got->length == strlen(name) && memcmp(rz_string_data(got), name, got->length) == 0;
        }
    }
cleanup:
    rz_arena_free(&arena);
    return status;
}

/* Rows of a store that holds a whole state; UINT64_MAX when it does not. */
static ruzu_status state_of(rz_store *store, uint64_t *out_rows, rz_error *err)
{
    rz_txn *txn = NULL;
    rz_ntab_reader *reader = NULL;
    rz_rtab_reader *rels = NULL;
    *out_rows = UINT64_MAX;
    RZ_TRY(rz_txn_begin(store, false, 0, &txn, err));
    const rz_cat_table *person = rz_catalog_find_table(rz_txn_catalog(txn), "Person");
    const rz_cat_table *knows = rz_catalog_find_table(rz_txn_catalog(txn), "Knows");
    ruzu_status status = RUZU_OK;
    if (person == NULL || knows == NULL) {
        *out_rows = person == NULL && knows == NULL ? 0 : UINT64_MAX;
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_ntab_reader_create(rz_txn_ntab(txn, person->id), rz_txn_snapshot(txn), rz_mem_root(), &reader, err));
    RZ_TRY_GOTO(rz_rtab_reader_create(rz_txn_rtab(txn, knows->pairs[0].id), rz_txn_snapshot(txn), rz_mem_root(), &rels, err));
    uint64_t rows = rz_ntab_visible_rows(reader);
    bool right = true;
    RZ_TRY_GOTO(check_names(reader, rows, &right, err));
    for (int direction = 0; direction < 2; direction++) {
        uint64_t total = 0;
        for (uint64_t first = 0; first < rows; first += RZ_VECTOR_CAPACITY) {
            uint64_t degrees[RZ_VECTOR_CAPACITY] = {0};
            uint32_t count = rows - first < RZ_VECTOR_CAPACITY ? (uint32_t)(rows - first) : RZ_VECTOR_CAPACITY;
            RZ_TRY_GOTO(rz_adj_degrees_range(rels, (rz_direction)direction, first, count, degrees, err));
            for (uint32_t i = 0; i < count; i++) {
                total += degrees[i];
            }
        }
        right = right && total == (rows == 0 ? 0 : 2 * rows - (rows < 2 ? 2 : 3)) && total == rz_rtab_visible_rows(rels);
    }
    *out_rows = right ? rows : UINT64_MAX;
cleanup:
    if (rels != NULL) {
        rz_rtab_reader_free(rels);
    }
    if (reader != NULL) {
        rz_ntab_reader_free(reader);
    }
    rz_txn_rollback(txn);
    return status;
}

/* ---- tests ---- */

static void reopened_store_shows_what_was_saved(void)
{
    simfs *fs = new_disk();
    rz_error err;
    uint64_t rows = 0;
    for (uint64_t round = 0; round < 12; round++) {
        rz_store *store = NULL;
        rz_error_init(&err);
        rz_store_options options = options_for(fs);
        CHECK(rz_store_open(&options, &store, &err) == RUZU_OK);
        if (store == NULL) {
            fprintf(stderr, "%s\n", err.message);
            break;
        }
        uint64_t seen = 0;
        CHECK(state_of(store, &seen, &err) == RUZU_OK);
        CHECK_EQ_U64(seen, rows);
        if (round == 0) {
            CHECK(create_schema(store, &err) == RUZU_OK);
        }
        uint64_t more = rows + 1 + round * 97;
        CHECK(grow(store, rows, more, true, &err) == RUZU_OK);
        CHECK(grow(store, more, more + 50, false, &err) == RUZU_OK); /* rolled back: leaves no trace */
        CHECK(state_of(store, &seen, &err) == RUZU_OK);
        CHECK_EQ_U64(seen, more);
        rows = more;
        CHECK(rz_store_close(store, &err) == RUZU_OK);
    }
    simfs_free(fs);
}

static void readers_see_the_state_they_began_with(void)
{
    simfs *fs = new_disk();
    rz_error err;
    rz_error_init(&err);
    rz_store *store = NULL;
    rz_store_options options = options_for(fs);
    CHECK(rz_store_open(&options, &store, &err) == RUZU_OK);
    CHECK(create_schema(store, &err) == RUZU_OK);
    CHECK(grow(store, 0, 100, true, &err) == RUZU_OK);
    rz_txn *old = NULL;
    CHECK(rz_txn_begin(store, false, 0, &old, &err) == RUZU_OK);
    CHECK(grow(store, 100, 300, true, &err) == RUZU_OK);
    CHECK(rz_store_checkpoint(store, &err) == RUZU_OK);
    CHECK(grow(store, 300, 400, true, &err) == RUZU_OK);
    const rz_cat_table *person = rz_catalog_find_table(rz_txn_catalog(old), "Person");
    const rz_cat_table *knows = rz_catalog_find_table(rz_txn_catalog(old), "Knows");
    rz_ntab_reader *reader = NULL;
    rz_rtab_reader *rels = NULL;
    CHECK(rz_ntab_reader_create(rz_txn_ntab(old, person->id), rz_txn_snapshot(old), rz_mem_root(), &reader, &err) == RUZU_OK);
    CHECK(rz_rtab_reader_create(rz_txn_rtab(old, knows->pairs[0].id), rz_txn_snapshot(old), rz_mem_root(), &rels, &err) == RUZU_OK);
    CHECK_EQ_U64(rz_ntab_visible_rows(reader), 100);
    CHECK_EQ_U64(rz_rtab_visible_rows(rels), 197);
    rz_ntab_reader_free(reader);
    rz_rtab_reader_free(rels);
    rz_txn_rollback(old);
    uint64_t seen = 0;
    CHECK(state_of(store, &seen, &err) == RUZU_OK);
    CHECK_EQ_U64(seen, 400);
    CHECK(rz_store_close(store, &err) == RUZU_OK);
    simfs_free(fs);
}

static void second_writer_is_told_that_one_is_at_work(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_store *store = NULL;
    rz_store_options options = {.vfs = rz_vfs_posix(), .pool_size_bytes = 1 << 20};
    rz_txn *first = NULL;
    rz_txn *second = NULL;
    CHECK(rz_store_open(&options, &store, &err) == RUZU_OK);
    CHECK(rz_txn_begin(store, true, 0, &first, &err) == RUZU_OK);
    CHECK(rz_txn_begin(store, true, 1000, &second, &err) == RUZU_ERROR_BUSY);
    rz_txn_rollback(first);
    rz_error_init(&err);
    CHECK(rz_txn_begin(store, true, 0, &second, &err) == RUZU_OK);
    rz_txn_rollback(second);
    CHECK(rz_store_close(store, &err) == RUZU_OK);
}

#define STEPS 5u
static const uint64_t step_rows[STEPS] = {0, 3, 40, 170, 171};

/* Runs the steps with a checkpoint after each; marks[i]: operations done when step i was saved. Stops at the first failure. */
static uint32_t run_steps(simfs *fs, uint64_t marks[STEPS], bool *out_opened)
{
    rz_error err;
    rz_error_init(&err);
    rz_store *store = NULL;
    rz_store_options options = options_for(fs);
    uint32_t done = 0;
    *out_opened = rz_store_open(&options, &store, &err) == RUZU_OK;
    if (!*out_opened) {
        return 0;
    }
    bool ok = create_schema(store, &err) == RUZU_OK;
    for (uint32_t i = 0; i < STEPS && ok; i++) {
        ok = (i == 0 || grow(store, step_rows[i - 1], step_rows[i], true, &err) == RUZU_OK) && rz_store_checkpoint(store, &err) == RUZU_OK;
        if (ok && marks != NULL) {
            marks[i] = simfs_op_count(fs);
        }
        done += ok;
    }
    rz_error_init(&err);
    if (rz_store_close(store, &err) != RUZU_OK) {
        return done; /* after an error closing may fail too */
    }
    return done;
}

static void power_loss_at_any_operation_keeps_a_saved_state(void)
{
    simfs *fs = new_disk();
    uint64_t marks[STEPS] = {0};
    bool opened = false;
    uint64_t begin = simfs_op_count(fs);
    CHECK_EQ_U64(run_steps(fs, marks, &opened), STEPS);
    uint64_t states = 0;
    for (uint64_t k = begin; k != UINT64_MAX; k = simfs_next_crash_point(fs, k)) {
        for (int model = 0; model < SIMFS_MODEL_COUNT; model++) {
            simfs *after = simfs_crash(fs, k, (simfs_model)model, k * 31 + (uint64_t)model);
            rz_error err;
            rz_error_init(&err);
            rz_store *store = NULL;
            rz_store_options options = options_for(after);
            uint64_t rows = UINT64_MAX;
            uint32_t low = 0;
            while (low < STEPS && marks[low] <= k) {
                low++;
            }
            ruzu_status status = rz_store_open(&options, &store, &err);
            if (status == RUZU_OK) {
                status = state_of(store, &rows, &err);
            }
            bool allowed = (low > 0 && rows == step_rows[low - 1]) || (low < STEPS && rows == step_rows[low]) || (low == 0 && rows == 0);
            if (status != RUZU_OK || !allowed) {
                char text[256];
                fprintf(stderr, "after %s, model %s: %" PRIu64 " rows, %s\n", simfs_describe(fs, k == 0 ? 0 : k - 1, text, sizeof text),
                        simfs_model_name((simfs_model)model), rows, err.message);
            }
            CHECK(status == RUZU_OK && allowed);
            if (store != NULL) { /* and it can go on */
                rz_error_init(&err);
                bool has_schema = rows != 0 || low > 0;
                CHECK(has_schema || create_schema(store, &err) == RUZU_OK || rows == 0);
                CHECK(rz_store_close(store, &err) == RUZU_OK);
            }
            simfs_free(after);
            states++;
        }
    }
    printf("%" PRIu64 " states after power loss\n", states);
    simfs_free(fs);
}

/* Every operation fails once, and from then on: the run stops with an error or ends; without the fault the file opens with a saved state. */
static void io_errors_lose_nothing_saved(void)
{
    static const int errors[] = {EIO, ENOSPC};
    for (size_t e = 0; e < sizeof errors / sizeof errors[0]; e++) {
        for (int forever = 0; forever < 2; forever++) {
            bool finished = false;
            for (uint64_t op = 3; !finished; op++) {
                simfs *fs = new_disk();
                uint64_t base = simfs_op_count(fs);
                uint64_t marks[STEPS] = {0};
                bool opened = false;
                simfs_fault fault = {.op = base + op, .forever = false, .action = SIMFS_FAIL, .error_number = errors[e]};
                simfs_fault all = {.op = SIMFS_ANY_OP, .skip = (uint32_t)op, .forever = true, .action = SIMFS_FAIL, .error_number = errors[e]};
                simfs_add_fault(fs, forever != 0 ? all : fault);
                uint32_t done = run_steps(fs, marks, &opened);
                finished = simfs_fault_hits(fs) == 0;
                simfs_clear_faults(fs);
                rz_error err;
                rz_error_init(&err);
                rz_store *store = NULL;
                rz_store_options options = options_for(fs);
                uint64_t rows = UINT64_MAX;
                ruzu_status status = rz_store_open(&options, &store, &err);
                if (status == RUZU_OK) {
                    status = state_of(store, &rows, &err);
                }
                bool allowed = false;
                for (uint32_t i = done == 0 ? 0 : done - 1; i < STEPS; i++) { /* the close after an error may save more */
                    allowed |= rows == step_rows[i];
                }
                if (status != RUZU_OK || !allowed) {
                    fprintf(stderr, "operation %" PRIu64 ", error %d, forever %d: %u steps done, %" PRIu64 " rows, %s\n", op, errors[e], forever, done, rows,
                            err.message);
                }
                CHECK(status == RUZU_OK && allowed);
                if (store != NULL) {
                    CHECK(rz_store_close(store, &err) == RUZU_OK);
                }
                simfs_free(fs);
            }
        }
    }
}

int main(void)
{
    RUN(reopened_store_shows_what_was_saved);
    RUN(readers_see_the_state_they_began_with);
    RUN(second_writer_is_told_that_one_is_at_work);
    RUN(power_loss_at_any_operation_keeps_a_saved_state);
    RUN(io_errors_lose_nothing_saved);
    CHECK_EQ_U64(atomic_load(&rz_mem_root()->used), 0);
    return CHECK_DONE();
}
