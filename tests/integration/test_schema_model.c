/* SPDX-License-Identifier: MIT */
/*
 * Columns that come and go, against a model in memory: random statements add, drop and rename columns of a node and a relationship table, insert, set and delete
 * rows, in transactions that commit or roll back, between checkpoints and reopenings, while another connection holds a snapshot. Now and then a copy of the files is
 * opened, as if the process had crashed.
 *
 * TEST_SEED sets the seed, TEST_ROUNDS the number of statements.
 */
#include "integration/session.h"

#include <inttypes.h>
#include <stdarg.h>

#define MODEL_COLUMNS 12
#define MODEL_ROWS 400
#define MODEL_NONE INT64_MIN

typedef struct model_column {
    char name[24];
    bool is_text;
    bool has_default;
    int64_t standard;
} model_column;

/* Row k of a table has the key k; values are numbers, shown as text by text columns. */
typedef struct model_table {
    model_column columns[MODEL_COLUMNS];
    uint32_t column_count;
    bool alive[MODEL_ROWS];
    int64_t values[MODEL_ROWS][MODEL_COLUMNS];
} model_table;

typedef struct model {
    model_table tables[2]; /* nodes P, relationships K */
    uint32_t names_made;
} model;

static uint64_t model_random_state;

static uint32_t model_random(uint32_t below)
{
    model_random_state ^= model_random_state << 13;
    model_random_state ^= model_random_state >> 7;
    model_random_state ^= model_random_state << 17;
    return (uint32_t)((model_random_state >> 20) % below);
}

typedef struct model_text {
    char *data;
    size_t length, capacity;
} model_text;

__attribute__((format(printf, 2, 3))) static void text_add(model_text *text, const char *format, ...)
{
    va_list args;
    for (;;) {
        size_t room = text->capacity - text->length;
        va_start(args, format);
        int written = vsnprintf(room == 0 ? NULL : text->data + text->length, room, format, args);
        va_end(args);
        if ((size_t)written < room) {
            text->length += (size_t)written;
            return;
        }
        text->capacity = text->capacity * 2 + (size_t)written + 64;
        text->data = (char *)realloc(text->data, text->capacity);
        if (text->data == NULL) {
            abort();
        }
    }
}

static const char *text_get(const model_text *text)
{
    return text->data == NULL ? "" : text->data;
}

/* A value as a literal of its column. */
static void text_add_value(model_text *text, const model_column *column, int64_t value)
{
    if (value == MODEL_NONE) {
        text_add(text, "NULL");
    } else if (column->is_text) {
        text_add(text, "'the text of number %" PRId64 "'", value);
    } else {
        text_add(text, "%" PRId64, value);
    }
}

/* ---- comparing ---- */

static void model_expected(const model_table *table, model_text *out)
{
    for (uint32_t row = 0; row < MODEL_ROWS; row++) {
        if (!table->alive[row]) {
            continue;
        }
        text_add(out, "%s%u", out->length == 0 ? "" : "\n", row);
        for (uint32_t i = 0; i < table->column_count; i++) {
            int64_t value = table->values[row][i];
            if (value == MODEL_NONE) {
                text_add(out, "|-");
            } else {
                text_add(out, table->columns[i].is_text ? "|the text of number %" PRId64 : "|%" PRId64, value);
            }
        }
    }
}

static bool model_check(ruzu_conn *conn, const model *expected)
{
    bool same = true;
    for (uint32_t t = 0; t < 2; t++) {
        const model_table *table = &expected->tables[t];
        model_text query = {0}, rows = {0};
        text_add(&query, t == 0 ? "MATCH (x:P) RETURN x.k" : "MATCH (:P)-[x:K]->(:P) RETURN x.k");
        for (uint32_t i = 0; i < table->column_count; i++) {
            text_add(&query, ", coalesce(CAST(x.%s AS STRING), '-')", table->columns[i].name);
        }
        text_add(&query, " ORDER BY x.k");
        model_expected(table, &rows);
        int before = check_failures;
        EXPECT_ROWS(conn, text_get(&query), text_get(&rows));
        same = same && check_failures == before;
        free(query.data);
        free(rows.data);
    }
    return same;
}

/* ---- statements ---- */

static void step_add_column(ruzu_conn *conn, model *now, uint32_t t)
{
    model_table *table = &now->tables[t];
    model_text query = {0};
    if (table->column_count == MODEL_COLUMNS) {
        return;
    }
    model_column *column = &table->columns[table->column_count];
    (void)snprintf(column->name, sizeof column->name, "c%u", now->names_made++);
    column->is_text = model_random(2) == 0;
    column->has_default = model_random(2) == 0;
    column->standard = column->has_default ? (int64_t)model_random(1000) : MODEL_NONE;
    text_add(&query, "ALTER TABLE %s ADD %s %s", t == 0 ? "P" : "K", column->name, column->is_text ? "STRING" : "INT64");
    if (column->has_default) {
        text_add(&query, " DEFAULT ");
        text_add_value(&query, column, column->standard);
    }
    session_run(conn, text_get(&query));
    for (uint32_t row = 0; row < MODEL_ROWS; row++) {
        table->values[row][table->column_count] = column->standard;
    }
    table->column_count++;
    free(query.data);
}

static void step_drop_column(ruzu_conn *conn, model *now, uint32_t t)
{
    model_table *table = &now->tables[t];
    char query[96];
    if (table->column_count == 0) {
        return;
    }
    uint32_t idx = model_random(table->column_count);
    (void)snprintf(query, sizeof query, "ALTER TABLE %s DROP %s", t == 0 ? "P" : "K", table->columns[idx].name);
    session_run(conn, query);
    table->column_count--;
    for (uint32_t i = idx; i < table->column_count; i++) {
        table->columns[i] = table->columns[i + 1];
        for (uint32_t row = 0; row < MODEL_ROWS; row++) {
            table->values[row][i] = table->values[row][i + 1];
        }
    }
}

static void step_rename_column(ruzu_conn *conn, model *now, uint32_t t)
{
    model_table *table = &now->tables[t];
    char query[96], name[24];
    if (table->column_count == 0) {
        return;
    }
    model_column *column = &table->columns[model_random(table->column_count)];
    (void)snprintf(name, sizeof name, "c%u", now->names_made++);
    (void)snprintf(query, sizeof query, "ALTER TABLE %s RENAME %s TO %s", t == 0 ? "P" : "K", column->name, name);
    session_run(conn, query);
    memcpy(column->name, name, sizeof name);
}

/* The property map of a row: some of the columns. */
static void text_add_row(model_text *query, model_table *table, uint32_t row)
{
    text_add(query, "{k: %u", row);
    for (uint32_t i = 0; i < table->column_count; i++) {
        table->values[row][i] = table->columns[i].standard;
        if (model_random(3) != 0) {
            table->values[row][i] = model_random(6) == 0 ? MODEL_NONE : (int64_t)model_random(100000);
            text_add(query, ", %s: ", table->columns[i].name);
            text_add_value(query, &table->columns[i], table->values[row][i]);
        }
    }
    text_add(query, "}");
    table->alive[row] = true;
}

static void step_insert(ruzu_conn *conn, model *now, uint32_t t)
{
    uint32_t count = 1 + model_random(model_random(4) == 0 ? 30 : 3);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = model_random(MODEL_ROWS);
        model_text query = {0};
        uint32_t from = model_random(MODEL_ROWS), to = model_random(MODEL_ROWS);
        if (now->tables[t].alive[row] || (t == 1 && !(now->tables[0].alive[from] && now->tables[0].alive[to]))) {
            continue;
        }
        if (t == 0) {
            text_add(&query, "CREATE (:P ");
            text_add_row(&query, &now->tables[0], row);
            text_add(&query, ")");
        } else {
            text_add(&query, "MATCH (a:P {k: %u}), (b:P {k: %u}) CREATE (a)-[:K ", from, to);
            text_add_row(&query, &now->tables[1], row);
            text_add(&query, "]->(b)");
        }
        session_run(conn, text_get(&query));
        free(query.data);
    }
}

/* COPY of rows that lie side by side: columns that are not given get their defaults. */
static void step_copy(ruzu_conn *conn, model *now)
{
    model_table *table = &now->tables[0];
    uint32_t low = model_random(MODEL_ROWS);
    uint32_t most = 1 + model_random(100);
    uint32_t high = low;
    bool given = table->column_count != 0 && !table->columns[0].is_text;
    model_text query = {0};
    while (high < MODEL_ROWS && high - low < most && !table->alive[high]) {
        for (uint32_t i = 0; i < table->column_count; i++) {
            table->values[high][i] = i == 0 && given ? (int64_t)high * 3 : table->columns[i].standard;
        }
        table->alive[high++] = true;
    }
    if (high == low) {
        return;
    }
    text_add(&query, "COPY P(k");
    text_add(&query, given ? ", %s) FROM (UNWIND range(%u, %u) AS i RETURN i, i * 3)" : "%s) FROM (UNWIND range(%u, %u) AS i RETURN i)",
             given ? table->columns[0].name : "", low, high - 1);
    session_run(conn, text_get(&query));
    free(query.data);
}

static void step_set(ruzu_conn *conn, model *now, uint32_t t)
{
    model_table *table = &now->tables[t];
    model_text query = {0};
    if (table->column_count == 0) {
        return;
    }
    uint32_t idx = model_random(table->column_count);
    uint32_t low = model_random(MODEL_ROWS);
    uint32_t high = low + 1 + model_random(model_random(4) == 0 ? 200 : 5);
    int64_t value = model_random(5) == 0 ? MODEL_NONE : (int64_t)model_random(100000);
    text_add(&query, t == 0 ? "MATCH (x:P)" : "MATCH (:P)-[x:K]->(:P)");
    text_add(&query, " WHERE x.k >= %u AND x.k < %u SET x.%s = ", low, high, table->columns[idx].name);
    text_add_value(&query, &table->columns[idx], value);
    session_run(conn, text_get(&query));
    for (uint32_t row = low; row < high && row < MODEL_ROWS; row++) {
        table->values[row][idx] = value;
    }
    free(query.data);
}

static void step_delete(ruzu_conn *conn, model *now)
{
    uint32_t low = model_random(MODEL_ROWS);
    uint32_t high = low + 1 + model_random(8);
    char query[128];
    (void)snprintf(query, sizeof query, "MATCH (:P)-[x:K]->(:P) WHERE x.k >= %u AND x.k < %u DELETE x", low, high);
    session_run(conn, query);
    for (uint32_t row = low; row < high && row < MODEL_ROWS; row++) {
        now->tables[1].alive[row] = false;
    }
}

static void model_step(ruzu_conn *conn, model *now)
{
    uint32_t t = model_random(2);
    switch (model_random(12)) {
    case 0: step_add_column(conn, now, t); break;
    case 1: step_drop_column(conn, now, t); break;
    case 2: step_rename_column(conn, now, t); break;
    case 3:
    case 4:
    case 5: step_set(conn, now, t); break;
    case 6: step_delete(conn, now); break;
    case 7: step_copy(conn, now); break;
    default: step_insert(conn, now, t); break;
    }
}

/* ---- what is in the files ---- */

static void copy_file(const char *from, const char *to)
{
    char bytes[16384];
    size_t count;
    FILE *in = fopen(from, "rb");
    FILE *out = in == NULL ? NULL : fopen(to, "wb");
    if (in == NULL) {
        (void)remove(to);
    }
    while (out != NULL && (count = fread(bytes, 1, sizeof bytes, in)) != 0) {
        CHECK(fwrite(bytes, 1, count, out) == count);
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    if (out != NULL) {
        CHECK(fclose(out) == 0);
    }
}

/* A copy of the files, as a crash now would leave them, has everything committed. */
static bool model_check_files(const char *path, const model *expected)
{
    static const char *const endings[] = {"", ".wal", ".wal2"};
    char copy[1024];
    (void)snprintf(copy, sizeof copy, "%s", session_path("copy.ruzu"));
    for (size_t i = 0; i < 3; i++) {
        char from[1100], to[1100];
        (void)snprintf(from, sizeof from, "%s%s", path, endings[i]);
        (void)snprintf(to, sizeof to, "%s%s", copy, endings[i]);
        copy_file(from, to);
    }
    ruzu_conn *conn = session_open(copy);
    bool same = model_check(conn, expected);
    session_close(conn);
    conn = session_open(copy);
    same = same && model_check(conn, expected);
    session_close(conn);
    return same;
}

/* ---- the run ---- */

static model model_now, model_begin, model_old;
static char model_path[1024];

static void columns_are_what_the_model_says(void)
{
    const char *rounds_text = getenv("TEST_ROUNDS");
    const char *seed_text = getenv("TEST_SEED");
    uint32_t rounds = rounds_text == NULL ? 400 : (uint32_t)strtoul(rounds_text, NULL, 10);
    model_random_state = seed_text == NULL ? UINT64_C(0x9e3779b97f4a7c15) : strtoull(seed_text, NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    (void)snprintf(model_path, sizeof model_path, "%s", session_path("model.ruzu"));
    const char *path = model_path;
    ruzu_conn *conn = session_open(path);
    ruzu_conn *other = NULL;
    session_run(conn, "CREATE NODE TABLE P(k INT64 PRIMARY KEY); CREATE REL TABLE K(FROM P TO P, k INT64)");
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t what = model_random(20);
        if (what < 4) { /* several statements that are kept or taken back together */
            bool keep = model_random(2) == 0;
            model_begin = model_now;
            session_run(conn, "BEGIN TRANSACTION");
            for (uint32_t i = 1 + model_random(6); i > 0; i--) {
                model_step(conn, &model_now);
            }
            if (!model_check(conn, &model_now)) {
                break;
            }
            session_run(conn, keep ? "COMMIT" : "ROLLBACK");
            if (!keep) {
                model_begin.names_made = model_now.names_made;
                model_now = model_begin;
            }
        } else if (what == 4) {
            session_run(conn, "CHECKPOINT");
        } else if (what == 5 && other == NULL) {
            CHECK_EQ_I64(ruzu_connect(conn, &other), RUZU_OK);
            session_run(other, "BEGIN TRANSACTION READ ONLY");
            model_old = model_now;
        } else if (what == 6 && other != NULL) {
            if (!model_check(other, &model_old)) {
                break;
            }
            session_close(other);
            other = NULL;
        } else if (what == 7 && other == NULL) {
            session_close(conn);
            conn = session_open(path);
        } else if (what == 8) {
            if (!model_check_files(path, &model_now)) {
                fprintf(stderr, "a copy of the files, ");
                break;
            }
        } else {
            model_step(conn, &model_now);
        }
        if ((other != NULL && model_random(8) == 0 && !model_check(other, &model_old)) || !model_check(conn, &model_now)) {
            fprintf(stderr, "in round %u\n", round);
            break;
        }
    }
    if (other != NULL) {
        session_close(other);
    }
    session_close(conn);
}

int main(void)
{
    session_begin();
    RUN(columns_are_what_the_model_says);
    session_end();
    return CHECK_DONE();
}
