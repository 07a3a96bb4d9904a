/* SPDX-License-Identifier: MIT */
/*
 * Keys of node tables: unique, not NULL, of every type, of transactions and of loads, with the messages of what is refused; and the numbers of distinct values.
 */
#include "unit/node_model.h"

#include <math.h>

static void keys_are_unique_and_not_null(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    fx_begin();
    insert(table, values, 100);
    commit();
    static const char *const runtime = "Runtime exception: ";
    static const char duplicate[] = "Found duplicated primary key value %lld, which violates the uniqueness constraint of the primary key column.";
    static const char *const missing = "Found NULL, which violates the non-null constraint of the primary key column.";
    char text[300], body[200];

    for (uint32_t round = 0; round < 2; round++) { /* keys in memory, then on pages */
        fx_begin();
        reset_vectors(values);
        fill_row(values, 0, next_key);
        fill_row(values, 1, md.keys[17]);
        snprintf(body, sizeof body, duplicate, (long long)md.keys[17]);
        snprintf(text, sizeof text, "%s%s", runtime, body);
        FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 2}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
        rollback();

        fx_begin();
        reset_vectors(values);
        fill_row(values, 0, next_key);
        fill_row(values, 1, next_key + 1);
        fill_row(values, 2, next_key);
        snprintf(body, sizeof body, duplicate, (long long)next_key);
        snprintf(text, sizeof text, "%s%s", runtime, body);
        FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 3}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
        rz_vec_set_null(values[COL_ID], 2);
        snprintf(text, sizeof text, "%s%s", runtime, missing);
        FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 3}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
        /* A key of the same transaction; after rollback it is free again. */
        FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 2}, NULL, &fx.err));
        snprintf(body, sizeof body, duplicate, (long long)next_key);
        snprintf(text, sizeof text, "%s%s", runtime, body);
        FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
        rollback();
        fx_begin();
        FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 1}, NULL, &fx.err));
        rollback();

        /* Loads. */
        rz_ntab_bulk *bulk = NULL;
        fx_begin();
        FX_OK(rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
        reset_vectors(values);
        fill_row(values, 0, md.keys[3]);
        snprintf(body, sizeof body, duplicate, (long long)md.keys[3]);
        snprintf(text, sizeof text, "Copy exception: %s", body);
        FX_FAILS(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, 1}, NULL, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
        rz_ntab_bulk_abort(bulk);
        rollback();
        table = checkpoint_and_reopen(table);
    }
    rz_ntab_destroy(table);
}

typedef struct bad_rows {
    uint32_t count;
    uint32_t rows[32];
    char reasons[32][200];
} bad_rows;

static void note_bad_row(void *user, uint32_t row, const char *reason)
{
    bad_rows *bad = (bad_rows *)user;
    bad->rows[bad->count] = row;
    snprintf(bad->reasons[bad->count], sizeof bad->reasons[0], "%s", reason);
    bad->count++;
}

static void loads_skip_bad_rows(void)
{
    model_reset();
    rz_ntab *table = create();
    rz_vec *values[COL_COUNT];
    make_vectors(values);
    fx_begin();
    insert(table, values, 50);
    commit();
    bad_rows bad = {0};
    rz_ntab_bulk *bulk = NULL;
    uint64_t loaded = 0;
    fx_begin();
    FX_OK(rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
    reset_vectors(values);
    int64_t fresh = next_key;
    int64_t keys[8] = {fresh, md.keys[5], fresh + 1, fresh, fresh + 2, 0, fresh + 3, fresh + 2};
    for (uint32_t i = 0; i < 8; i++) {
        fill_row(values, i, keys[i]);
    }
    rz_vec_set_null(values[COL_ID], 5);
    FX_OK(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, 8}, note_bad_row, &bad, &fx.err));
    CHECK_EQ_U64(bad.count, 4);
    CHECK(bad.rows[0] == 1 && bad.rows[1] == 3 && bad.rows[2] == 5 && bad.rows[3] == 7);
    char text[200];
    snprintf(text, sizeof text, "Found duplicated primary key value %lld, which violates the uniqueness constraint of the primary key column.",
             (long long)fresh);
    CHECK_STR(bad.reasons[1], text);
    CHECK_STR(bad.reasons[2], "Found NULL, which violates the non-null constraint of the primary key column.");
    for (int64_t i = 0; i < 4; i++) {
        model_push(fresh + i);
    }
    next_key = fresh + 4;
    /* Fill whole groups, then repeat keys from every place where they may be by then. */
    for (uint64_t total = 0; total < RZ_ROW_GROUP_ROWS * UINT64_C(2) + RZ_ROW_GROUP_ROWS / 2; total += BATCH) {
        reset_vectors(values);
        for (uint32_t i = 0; i < BATCH; i++) {
            fill_row(values, i, next_key);
            model_push(next_key++);
        }
        FX_OK(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, BATCH}, note_bad_row, &bad, &fx.err));
        bad.count = 0;
        reset_vectors(values);
        uint32_t n = BATCH < 8 ? BATCH : 8;
        for (uint32_t i = 0; i < n; i++) {
            fill_row(values, i, md.keys[i == 0 ? md.end - 1 : fx_below(md.end)]);
        }
        FX_OK(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, n}, note_bad_row, &bad, &fx.err));
        CHECK_EQ_U64(bad.count, n);
    }
    FX_OK(rz_ntab_bulk_finish(bulk, NULL, &loaded, &fx.err));
    CHECK_EQ_U64(loaded, md.end - md.committed_end);
    commit();
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, md.end, 20);
    rz_ntab_destroy(table);
}

/* String keys, among them long ones with a common beginning. */
static void text_keys(void)
{
    rz_column_def defs[2] = {{1, "name", RZ_STRING}, {2, "n", RZ_INT64}};
    rz_ntab *table = NULL;
    rz_ntab_reader *reader = NULL;
    char text[64];
    uint64_t total = RZ_ROW_GROUP_ROWS + 77;
    FX_OK(rz_ntab_create(&fx.env, 3, "Named", defs, 2, 0, &table, &fx.err));
    rz_vec *values[2] = {fx_vec(RZ_STRING, BATCH), fx_vec(RZ_INT64, BATCH)};
    for (uint64_t half = 0; half < 2; half++) {
        rz_ntab_bulk *bulk = NULL;
        uint64_t loaded;
        fx_begin();
        FX_OK(rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
        for (uint64_t i = 0; i < total; i += BATCH) {
            uint32_t n = total - i < BATCH ? (uint32_t)(total - i) : BATCH;
            rz_vec_reset(values[0]);
            rz_vec_reset(values[1]);
            rz_arena_reset(&fx.heap);
            for (uint32_t k = 0; k < n; k++) {
                uint64_t number = half * total + i + k;
                snprintf(text, sizeof text, number % 2 == 0 ? "%llu" : "a long common beginning %llu", (unsigned long long)number);
                fx_set_text(values[0], k, text);
                fx_set_i64(values[1], k, (int64_t)number);
            }
            FX_OK(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, n}, NULL, NULL, &fx.err));
        }
        FX_OK(rz_ntab_bulk_finish(bulk, NULL, &loaded, &fx.err));
        CHECK_EQ_U64(loaded, total);
        fx_commit();
    }
    rz_snapshot now = fx_snapshot();
    FX_OK(rz_ntab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
    for (uint32_t round = 0; round < 30; round++) {
        uint64_t offsets[BATCH], numbers[BATCH];
        rz_vec_reset(values[0]);
        rz_arena_reset(&fx.heap);
        for (uint32_t k = 0; k < BATCH; k++) {
            numbers[k] = fx_below(3 * total);
            snprintf(text, sizeof text, numbers[k] % 2 == 0 ? "%llu" : "a long common beginning %llu", (unsigned long long)numbers[k]);
            fx_set_text(values[0], k, text);
        }
        FX_OK(rz_ntab_lookup(reader, values[0], &(rz_sel){NULL, BATCH}, offsets, &fx.err));
        for (uint32_t k = 0; k < BATCH; k++) {
            CHECK_EQ_U64(offsets[k], numbers[k] < 2 * total ? numbers[k] : UINT64_MAX);
        }
    }
    rz_ntab_reader_free(reader);
    rz_ntab_destroy(table);
}

static void serial_keys(void)
{
    rz_column_def defs[2] = {{1, "id", rz_type_of(RUZU_TYPE_SERIAL)}, {2, "n", RZ_INT64}};
    rz_ntab *table = NULL;
    rz_ntab_reader *reader = NULL;
    uint64_t offsets[8];
    FX_OK(rz_ntab_create(&fx.env, 4, "Numbered", defs, 2, 0, &table, &fx.err));
    rz_vec *numbers = fx_vec(RZ_INT64, BATCH);
    rz_vec *explicit_keys = fx_vec(rz_type_of(RUZU_TYPE_SERIAL), BATCH);
    rz_vec *values[2] = {NULL, numbers};
    for (uint32_t i = 0; i < BATCH; i++) {
        fx_set_i64(numbers, i, i);
    }
    fx_begin();
    FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 5}, NULL, &fx.err)); /* keys 0 … 4 */
    fx_commit();
    fx_begin();
    values[0] = explicit_keys;
    fx_set_i64(explicit_keys, 0, 100);
    fx_set_i64(explicit_keys, 1, 7);
    FX_OK(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 2}, NULL, &fx.err)); /* offsets 5, 6 */
    fx_set_i64(explicit_keys, 0, 3);
    FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT,
             "Runtime exception: Found duplicated primary key value 3, which violates the uniqueness constraint of the primary key column.");
    fx_commit();
    fx_begin();
    values[0] = NULL; /* the next number would be 7, which is taken */
    FX_FAILS(rz_ntab_insert(table, &fx.writer, values, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT,
             "Runtime exception: Found duplicated primary key value 7, which violates the uniqueness constraint of the primary key column.");
    fx_rollback();
    rz_snapshot now = fx_snapshot();
    FX_OK(rz_ntab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
    static const int64_t wanted[8] = {0, 4, 5, 6, 7, 100, -1, 3};
    static const uint64_t expected[8] = {0, 4, UINT64_MAX, UINT64_MAX, 6, 5, UINT64_MAX, 3};
    for (uint32_t i = 0; i < 8; i++) {
        fx_set_i64(explicit_keys, i, wanted[i]);
    }
    FX_OK(rz_ntab_lookup(reader, explicit_keys, &(rz_sel){NULL, 8}, offsets, &fx.err));
    for (uint32_t i = 0; i < 8; i++) {
        CHECK_EQ_U64(offsets[i], expected[i]);
    }
    rz_ntab_reader_free(reader);
    rz_ntab_destroy(table);
}

/* Row `row` of a vector of any fixed-size type holds a number. */
static void set_number(rz_vec *vec, uint32_t row, int64_t number)
{
    uint8_t *at = (uint8_t *)vec->data + (size_t)row * rz_type_size(vec->type);
    rz_int128 wide = (rz_int128)number * ((rz_int128)1 << 70) + number;
    float narrow = (float)number / 4;
    double real = (double)number / 4;
    memset(at, 0, rz_type_size(vec->type));
    switch ((rz_physical)vec->type->physical) {
    case RZ_PHYS_INT128: memcpy(at, &wide, sizeof wide); break;
    case RZ_PHYS_FLOAT: memcpy(at, &narrow, sizeof narrow); break;
    case RZ_PHYS_DOUBLE: memcpy(at, &real, sizeof real); break;
    default: memcpy(at, &number, rz_type_size(vec->type)); break; /* little-endian */
    }
    rz_vec_set_valid(vec, row);
}

static void keys_of_all_types(void)
{
    static const ruzu_type_id types[] = {RUZU_TYPE_INT8, RUZU_TYPE_INT16, RUZU_TYPE_INT32, RUZU_TYPE_INT64, RUZU_TYPE_INT128, RUZU_TYPE_UINT8,
                                         RUZU_TYPE_UINT16, RUZU_TYPE_UINT32, RUZU_TYPE_UINT64, RUZU_TYPE_FLOAT, RUZU_TYPE_DOUBLE, RUZU_TYPE_UUID,
                                         RUZU_TYPE_DATE, RUZU_TYPE_TIMESTAMP, RUZU_TYPE_TIMESTAMP_NS};
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        rz_column_def def = {1, "id", rz_type_of(types[t])};
        rz_ntab *table = NULL;
        rz_ntab_reader *reader = NULL;
        rz_vec *keys = fx_vec(def.type, 128);
        uint64_t offsets[128];
        uint32_t total = 100, batch = 8;
        FX_OK(rz_ntab_create(&fx.env, 3, "T", &def, 1, 0, &table, &fx.err));
        fx_begin();
        for (uint32_t first = 0; first < total; first += batch) {
            uint32_t n = total - first < batch ? total - first : batch;
            for (uint32_t i = 0; i < n; i++) {
                set_number(keys, i, first + i);
            }
            FX_OK(rz_ntab_insert(table, &fx.writer, &keys, &(rz_sel){NULL, n}, NULL, &fx.err));
        }
        fx_commit();
        for (uint32_t round = 0; round < 2; round++) {
            rz_str directory;
            rz_snapshot now = fx_snapshot();
            FX_OK(rz_ntab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
            for (uint32_t i = 0; i < 110; i++) {
                set_number(keys, i, i);
            }
            FX_OK(rz_ntab_lookup(reader, keys, &(rz_sel){NULL, 110}, offsets, &fx.err));
            for (uint32_t i = 0; i < 110; i++) {
                CHECK_EQ_U64(offsets[i], i < total ? i : UINT64_MAX);
            }
            /* One value for all rows, and rows of another vector. */
            rz_vec *shown = NULL;
            uint32_t index[4] = {50, 105, 7, 50};
            FX_OK(rz_vec_create_empty(&fx.arena, &fx.heap, def.type, &shown, &fx.err));
            FX_OK(rz_vec_slice(shown, keys, index, 4, &fx.err));
            FX_OK(rz_ntab_lookup(reader, shown, &(rz_sel){NULL, 4}, offsets, &fx.err));
            CHECK(offsets[0] == 50 && offsets[1] == UINT64_MAX && offsets[2] == 7 && offsets[3] == 50);
            keys->kind = RZ_VEC_CONSTANT;
            set_number(keys, 0, 33);
            FX_OK(rz_ntab_lookup(reader, keys, &(rz_sel){NULL, 3}, offsets, &fx.err));
            CHECK(offsets[0] == 33 && offsets[1] == 33 && offsets[2] == 33);
            rz_vec_reset(keys);
            rz_ntab_reader_free(reader);
            rz_str_init(&directory, &fx.mem);
            FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err)); /* then the same from pages */
            rz_str_free(&directory);
            if (types[t] == RUZU_TYPE_DOUBLE) { /* -0.0 is 0.0, a NaN is a NaN */
                double zero = -0.0, nan = (double)NAN;
                fx_begin();
                memcpy(keys->data, &zero, sizeof zero);
                rz_error_init(&fx.err);
                CHECK_EQ_I64(rz_ntab_insert(table, &fx.writer, &keys, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT);
                memcpy(keys->data, &nan, sizeof nan);
                FX_OK(rz_ntab_insert(table, &fx.writer, &keys, &(rz_sel){NULL, 1}, NULL, &fx.err));
                rz_error_init(&fx.err);
                CHECK_EQ_I64(rz_ntab_insert(table, &fx.writer, &keys, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT);
                fx_rollback();
            }
        }
        /* Integer keys may also come as a sequence. */
        if (types[t] == RUZU_TYPE_INT64 || types[t] == RUZU_TYPE_UINT64) {
            rz_vec numbers = {.type = def.type, .kind = RZ_VEC_SEQUENCE, .start = 1000, .step = 3};
            rz_vec *sequence = &numbers;
            fx_begin();
            FX_OK(rz_ntab_insert(table, &fx.writer, &sequence, &(rz_sel){NULL, 5}, NULL, &fx.err));
            FX_OK(rz_ntab_reader_create(table, &fx.writer.snapshot, &fx.mem, &reader, &fx.err));
            FX_OK(rz_ntab_lookup(reader, sequence, &(rz_sel){NULL, 6}, offsets, &fx.err));
            for (uint32_t i = 0; i < 6; i++) {
                CHECK_EQ_U64(offsets[i], i < 5 ? total + i : UINT64_MAX);
            }
            rz_ntab_reader_free(reader);
            fx_rollback();
        }
        rz_ntab_destroy(table);
    }
}

static void distinct_values_are_estimated(void)
{
    rz_column_def defs[4] = {{1, "id", rz_type_of(RUZU_TYPE_SERIAL)}, {2, "few", RZ_INT64}, {3, "many", RZ_STRING},
                             {4, "list", rz_type_list(&fx.arena, RZ_INT64)}};
    rz_ntab *table = NULL;
    rz_ntab_bulk *bulk = NULL;
    uint64_t loaded, total = 40000;
    char text[32];
    FX_OK(rz_ntab_create(&fx.env, 3, "T", defs, 4, 0, &table, &fx.err));
    rz_vec *values[4] = {NULL, fx_vec(RZ_INT64, BATCH), fx_vec(RZ_STRING, BATCH), fx_vec(defs[3].type, BATCH)};
    rz_vec_set_all_null(values[3]);
    fx_begin();
    FX_OK(rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
    for (uint64_t first = 0; first < total; first += BATCH) {
        uint32_t n = total - first < BATCH ? (uint32_t)(total - first) : BATCH;
        rz_vec_reset(values[2]);
        rz_arena_reset(&fx.heap);
        for (uint32_t i = 0; i < n; i++) {
            fx_set_i64(values[1], i, (int64_t)fx_below(20));
            snprintf(text, sizeof text, "value %llu", (unsigned long long)((first + i) / 2));
            fx_set_text(values[2], i, text);
        }
        FX_OK(rz_ntab_bulk_append(bulk, values, &(rz_sel){NULL, n}, NULL, NULL, &fx.err));
    }
    FX_OK(rz_ntab_bulk_finish(bulk, NULL, &loaded, &fx.err));
    CHECK_EQ_U64(loaded, total);
    fx_commit();
    for (uint32_t round = 0; round < 2; round++) {
        rz_str directory;
        CHECK_EQ_U64(rz_ntab_distinct(table, 0), total);
        CHECK(rz_ntab_distinct(table, 1) >= 18 && rz_ntab_distinct(table, 1) <= 22);
        CHECK(rz_ntab_distinct(table, 2) >= total / 2 * 3 / 4 && rz_ntab_distinct(table, 2) <= total / 2 * 5 / 4);
        CHECK_EQ_U64(rz_ntab_distinct(table, 3), 0);
        rz_str_init(&directory, &fx.mem);
        FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &directory, &fx.err));
        fx_header();
        rz_ntab_destroy(table);
        fx_reopen();
        rz_reader reader;
        rz_reader_init(&reader, directory.data, directory.length);
        FX_OK(rz_ntab_open(&fx.env, 3, "T", defs, 4, 0, &reader, &table, &fx.err));
        rz_str_free(&directory);
    }
    rz_ntab_destroy(table);
}

int main(void)
{
    RUN_TABLE(keys_are_unique_and_not_null);
    RUN_TABLE(loads_skip_bad_rows);
    RUN_TABLE(text_keys);
    RUN_TABLE(serial_keys);
    RUN_TABLE(keys_of_all_types);
    RUN_TABLE(distinct_values_are_estimated);
    model_reset();
    return CHECK_DONE();
}
