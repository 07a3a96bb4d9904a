/* SPDX-License-Identifier: MIT */
/*
 * A database that grows is closed and opened a hundred times and loses nothing: rows, relationships, and descriptions of tables, each of several MiB. Metadata whose size is a
 * page's border, one byte less and one more, short and long.
 */
#include "integration/session.h"
#include "unit/volume.h"

enum {
    REOPEN_NODES = 400,        /* a round */
    REOPEN_RELS = 600,
    REOPEN_WIDE_EVERY = 2,     /* rounds with a new table of many properties */
    REOPEN_WIDE_COLUMNS = 300,
    REOPEN_NAME = 220          /* bytes of a property's name */
};

typedef struct reopen_model {
    int64_t nodes, node_bytes, node_sum;
    int64_t rels, rel_bytes, rel_sum;
    int wide;                  /* tables */
} reopen_model;

static int64_t reopen_number(ruzu_conn *conn, const char *cypher, int column)
{
    ruzu_result *result = NULL;
    int64_t number = INT64_MIN;
    if (ruzu_query(conn, cypher, &result) != RUZU_OK) {
        fprintf(stderr, "%s\n    failed: %s\n", cypher, ruzu_errmsg(conn));
        return number;
    }
    const char *text = session_text(result);
    for (int i = 0; i < column && text != NULL; i++) {
        text = strchr(text, '|');
        text = text == NULL ? NULL : text + 1;
    }
    if (text != NULL && *text != '\0') {
        number = strtoll(text, NULL, 10);
    }
    ruzu_result_free(result);
    return number;
}

/* Length of row i's text: some fill pages exactly, or by a byte less or more. */
static int64_t reopen_text_length(int64_t i)
{
    return i % 100 == 0 ? 4096 * (1 + i / 100 % 3) - 1 + i / 300 % 3 : i % 29;
}

static void reopen_verify(ruzu_conn *conn, const reopen_model *model)
{
    static const char *const nodes = "MATCH (n:N) RETURN count(*), sum(n.v), sum(size(n.s))";
    static const char *const rels = "MATCH (a:N)-[r:R]->(b:N) RETURN count(*), sum(r.w), sum(size(r.t)), sum(b.id - a.id)";
    if (model->nodes != 0) {
        CHECK_EQ_I64(reopen_number(conn, nodes, 0), model->nodes);
        CHECK_EQ_I64(reopen_number(conn, nodes, 1), model->node_sum);
        CHECK_EQ_I64(reopen_number(conn, nodes, 2), model->node_bytes);
        CHECK_EQ_I64(reopen_number(conn, rels, 0), model->rels);
        CHECK_EQ_I64(reopen_number(conn, rels, 1), model->rel_sum);
        CHECK_EQ_I64(reopen_number(conn, rels, 2), model->rel_bytes);
        CHECK_EQ_I64(reopen_number(conn, rels, 3), model->rels); /* each goes from a node to the next */
        char text[128];
        (void)snprintf(text, sizeof text, "MATCH (n:N {id: %lld}) RETURN size(n.s)", (long long)(model->nodes / 3));
        CHECK_EQ_I64(reopen_number(conn, text, 0), reopen_text_length(model->nodes / 3));
    }
    CHECK_EQ_I64(reopen_number(conn, "CALL show_tables() RETURN count(*)", 0), 2 + model->wide);
    if (model->wide != 0) {
        char text[128];
        (void)snprintf(text, sizeof text, "CALL table_info('Wide%d') RETURN count(*), sum(size(name))", model->wide / 2);
        CHECK_EQ_I64(reopen_number(conn, text, 0), REOPEN_WIDE_COLUMNS);
        CHECK_EQ_I64(reopen_number(conn, text, 1), (int64_t)REOPEN_WIDE_COLUMNS * REOPEN_NAME);
        (void)snprintf(text, sizeof text, "MATCH (n:Wide%d) RETURN count(*)", model->wide - 1);
        CHECK_EQ_I64(reopen_number(conn, text, 0), 1);
    }
}

static void reopen_add_rows(ruzu_conn *conn, reopen_model *model)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "UNWIND range(%lld, %lld) AS i CREATE (:N {id: i, v: i * 3, "
                   "s: repeat('x', CASE WHEN i %% 100 = 0 THEN 4096 * (1 + i / 100 %% 3) - 1 + i / 300 %% 3 ELSE i %% 29 END)})",
                   (long long)model->nodes, (long long)model->nodes + REOPEN_NODES - 1);
    session_run(conn, text);
    for (int64_t i = model->nodes; i < model->nodes + REOPEN_NODES; i++) {
        model->node_sum += i * 3;
        model->node_bytes += reopen_text_length(i);
    }
    model->nodes += REOPEN_NODES;
    (void)snprintf(text, sizeof text,
                   "UNWIND range(0, %d) AS i WITH i, (i * 7919 + %lld) %% %lld AS k MATCH (a:N {id: k}), (b:N {id: k + 1}) CREATE (a)-[:R {w: i, t: repeat('y', 30 + i %% 41)}]->(b)",
                   REOPEN_RELS - 1, (long long)model->rels, (long long)model->nodes - 1);
    session_run(conn, text);
    for (int i = 0; i < REOPEN_RELS; i++) {
        model->rel_sum += i;
        model->rel_bytes += 30 + i % 41;
    }
    model->rels += REOPEN_RELS;
}

static void reopen_add_table(ruzu_conn *conn, reopen_model *model)
{
    static char text[REOPEN_WIDE_COLUMNS * (REOPEN_NAME + 16) + 128];
    int used = snprintf(text, sizeof text, "CREATE NODE TABLE Wide%d(", model->wide);
    for (int c = 0; c < REOPEN_WIDE_COLUMNS; c++) {
        used += snprintf(text + used, sizeof text - (size_t)used, "p%0*d INT64, ", REOPEN_NAME - 1, c);
    }
    (void)snprintf(text + used, sizeof text - (size_t)used, "PRIMARY KEY(p%0*d))", REOPEN_NAME - 1, 0);
    session_run(conn, text);
    (void)snprintf(text, sizeof text, "CREATE (:Wide%d {p%0*d: 1})", model->wide, REOPEN_NAME - 1, 0);
    session_run(conn, text);
    model->wide++;
}

static void growing_database_survives_a_hundred_rounds(void)
{
    const char *path = session_path("growing.ruzu");
    reopen_model model = {.nodes = 0};
    int rounds = (int)test_volume(100, 10);
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE N(id INT64 PRIMARY KEY, v INT64, s STRING); CREATE REL TABLE R(FROM N TO N, w INT64, t STRING)");
    session_close(conn);
    for (int round = 0; round < rounds && check_failures == 0; round++) {
        conn = session_open(path);
        reopen_verify(conn, &model);
        reopen_add_rows(conn, &model);
        if (round % REOPEN_WIDE_EVERY == 0) {
            reopen_add_table(conn, &model);
        }
        if (round % 7 == 3) { /* a checkpoint, and changes behind it */
            session_run(conn, "CHECKPOINT");
            reopen_verify(conn, &model);
            reopen_add_rows(conn, &model);
        }
        session_close(conn);
        if (check_failures != 0) {
            fprintf(stderr, "round %d\n", round);
        }
    }
    conn = session_open(path);
    reopen_verify(conn, &model);
    session_close(conn);
}

/* The size of the catalog as the file's header has it (docs/file-format.md, "File header"); 0 when there is no valid header. */
static uint64_t reopen_catalog_bytes(const char *path)
{
    uint8_t page[4096];
    uint64_t best_number = 0;
    uint64_t size = 0;
    FILE *file = fopen(path, "rb");
    for (int slot = 0; file != NULL && slot < 2 && fread(page, sizeof page, 1, file) == 1; slot++) {
        uint64_t number = 0;
        uint64_t bytes = 0;
        for (int i = 7; i >= 0; i--) {
            number = number << 8 | page[32 + i];
            bytes = bytes << 8 | page[64 + 16 + i];
        }
        if (memcmp(page, "RUZUDB", 6) == 0 && number >= best_number) {
            best_number = number;
            size = bytes;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return size;
}

/* Gives a table a comment of that length, reopens and compares. Returns the catalog's size. */
static uint64_t reopen_with_comment(const char *path, const char *table, size_t length)
{
    char *text = (char *)malloc(length + 128);
    if (text == NULL) {
        exit(1);
    }
    int used = snprintf(text, length + 128, "COMMENT ON TABLE %s IS '", table);
    memset(text + used, 'c', length);
    strcpy(text + used + length, "'");
    ruzu_conn *conn = session_open(path);
    session_run(conn, text);
    session_close(conn);
    uint64_t size = reopen_catalog_bytes(path);
    conn = session_open(path);
    (void)snprintf(text, length + 128, "CALL show_tables() WHERE name = '%s' RETURN size(comment), comment = repeat('c', %zu)", table, length);
    CHECK_EQ_I64(reopen_number(conn, text, 0), (int64_t)length);
    ruzu_result *result = NULL;
    CHECK_EQ_I64(ruzu_query(conn, text, &result), RUZU_OK);
    CHECK(strstr(session_text(result), "|True") != NULL);
    ruzu_result_free(result);
    EXPECT_ROWS(conn, "MATCH (n:N)-[r:R]->(m:N) RETURN n.id, r.w, m.id", "1|5|2");
    session_close(conn);
    free(text);
    return size;
}

static void catalogs_on_page_borders_survive(void)
{
    const char *path = session_path("borders.ruzu");
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE N(id INT64 PRIMARY KEY); CREATE REL TABLE R(FROM N TO N, w INT64);"
                      "CREATE (:N {id: 1})-[:R {w: 5}]->(:N {id: 2})");
    session_close(conn);
    static const uint64_t pages[] = {1, 2, 3, 64, 65, 700};
    for (size_t p = 0; p < sizeof pages / sizeof pages[0]; p++) {
        /* Lengths are stored in more or fewer bytes: measured near the goal, the rest is one byte a byte. */
        uint64_t goal = pages[p] * 4096;
        size_t near = (size_t)goal - 700;
        uint64_t rest = goal - reopen_with_comment(path, "N", near);
        CHECK(rest < 4096);
        for (int off = -1; off <= 1; off++) {
            CHECK_EQ_U64(reopen_with_comment(path, "N", (size_t)(near + rest) + (size_t)off), goal + (uint64_t)(int64_t)off);
        }
    }
}

int main(void)
{
    session_begin();
    RUN(growing_database_survives_a_hundred_rounds);
    RUN(catalogs_on_page_borders_survive);
    session_end();
    return CHECK_DONE();
}
