/* SPDX-License-Identifier: MIT */
/*
 * Grouping, DISTINCT, sorting and joining against a model over an array of rows, on one thread and on several; and against themselves in little memory, where everything spills.
 */
#include "integration/session.h"
#include "unit/volume.h"

enum { OPS_ROWS = 5000, OPS_GROUPS = 37, OPS_TEXTS = 60, OPS_REALS = 7, OPS_LINE = 256 };

typedef struct ops_row {
    int id;
    int group; /* -1: NULL */
    int text;  /* -1: NULL */
    int real;  /* index into ops_reals; -1: NULL */
} ops_row;

static ops_row ops_rows[OPS_ROWS];

/* In the order of sorting. */
static const char *const ops_reals[OPS_REALS] = {"-inf", "-2.5", "0.0", "0.5", "1000000.0", "inf", "nan"};
static const char *const ops_real_literals[OPS_REALS] = {"CAST('-inf' AS DOUBLE)", "-2.5", "0.0", "0.5", "1000000.0", "CAST('inf' AS DOUBLE)", "CAST('nan' AS DOUBLE)"};

static uint64_t ops_random_state = 5;

static int ops_random(int below)
{
    ops_random_state = ops_random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((ops_random_state >> 33) % (uint64_t)below);
}

/* Half of the texts are longer than what vectors keep inline. */
static void ops_text(int number, char *out, size_t size)
{
    if (number < 0) {
        out[0] = '\0';
    } else {
        (void)snprintf(out, size, number % 2 == 0 ? "t%02d" : "a longer text with number %02d", number);
    }
}

static ruzu_conn *ops_open(const char *path, uint64_t pool, uint64_t memory, uint32_t threads)
{
    ruzu_config config;
    ruzu_conn *conn = NULL;
    ruzu_config_init(&config);
    config.buffer_pool_size = pool;
    config.memory_limit = memory;
    config.max_threads = threads;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    if (conn == NULL) {
        exit(1);
    }
    return conn;
}

static void ops_create(ruzu_conn *conn)
{
    static char text[200 * OPS_LINE];
    session_run(conn, "CREATE NODE TABLE N(id INT64 PRIMARY KEY, g INT32, s STRING, d DOUBLE); CREATE REL TABLE E(FROM N TO N)");
    for (int i = 0; i < OPS_ROWS; i++) {
        ops_rows[i] = (ops_row){i, ops_random(20) == 0 ? -1 : ops_random(OPS_GROUPS), ops_random(15) == 0 ? -1 : ops_random(OPS_TEXTS), ops_random(12) == 0 ? -1 : ops_random(OPS_REALS)};
    }
    for (int first = 0; first < OPS_ROWS; first += 100) {
        size_t used = (size_t)snprintf(text, sizeof text, "CREATE ");
        for (int i = first; i < first + 100; i++) { /* what is left out is NULL */
            char s[64];
            ops_text(ops_rows[i].text, s, sizeof s);
            used += (size_t)snprintf(text + used, sizeof text - used, "%s(:N {id: %d", i == first ? "" : ", ", i);
            if (ops_rows[i].group >= 0) {
                used += (size_t)snprintf(text + used, sizeof text - used, ", g: %d", ops_rows[i].group);
            }
            if (ops_rows[i].text >= 0) {
                used += (size_t)snprintf(text + used, sizeof text - used, ", s: '%s'", s);
            }
            if (ops_rows[i].real >= 0) {
                used += (size_t)snprintf(text + used, sizeof text - used, ", d: %s", ops_real_literals[ops_rows[i].real]);
            }
            used += (size_t)snprintf(text + used, sizeof text - used, "})");
        }
        session_run(conn, text);
    }
}

/* ---- lines of text ---- */

typedef struct ops_lines {
    char (*lines)[OPS_LINE];
    size_t count;
    size_t capacity;
} ops_lines;

static char *ops_add(ops_lines *lines)
{
    if (lines->count == lines->capacity) {
        lines->capacity = lines->capacity == 0 ? 1024 : lines->capacity * 2;
        lines->lines = realloc(lines->lines, lines->capacity * sizeof *lines->lines);
        if (lines->lines == NULL) {
            exit(1);
        }
    }
    return lines->lines[lines->count++];
}

static int ops_compare_lines(const void *a, const void *b)
{
    return strcmp((const char *)a, (const char *)b);
}

/* The statement must give the lines of `want`, in this order or (sorted) in any. Empties want. */
static void ops_check(ruzu_conn *conn, const char *cypher, ops_lines *want, bool in_order)
{
    ruzu_result *result = NULL;
    ops_lines got = {0};
    check_count++;
    if (ruzu_query(conn, cypher, &result) != RUZU_OK) {
        check_failures++;
        fprintf(stderr, "%s\n    failed: %s\n", cypher, ruzu_errmsg(conn));
        return;
    }
    uint64_t rows = ruzu_result_row_count(result);
    const char *text = session_text(result);
    for (uint64_t i = 0; i < rows; i++) {
        size_t length = strcspn(text, "\n");
        (void)snprintf(ops_add(&got), OPS_LINE, "%.*s", (int)length, text);
        text += length + (text[length] == '\n');
    }
    ruzu_result_free(result);
    if (!in_order && got.count != 0 && want->count != 0) {
        qsort(got.lines, got.count, OPS_LINE, ops_compare_lines);
        qsort(want->lines, want->count, OPS_LINE, ops_compare_lines);
    }
    size_t same = 0;
    while (same < want->count && same < got.count && strcmp(want->lines[same], got.lines[same]) == 0) {
        same++;
    }
    if (same != want->count || same != got.count) {
        check_failures++;
        fprintf(stderr, "%s\n    %zu rows, expected %zu; first difference in row %zu: \"%s\", expected \"%s\"\n", cypher, got.count, want->count, same,
                same < got.count ? got.lines[same] : "(end)", same < want->count ? want->lines[same] : "(end)");
    }
    free(got.lines);
    want->count = 0;
}

/* ---- grouping ---- */

/* The key of a row: which of g, s, d take part. */
static void ops_key(const ops_row *row, unsigned columns, char *out, size_t size)
{
    char s[64];
    ops_text(row->text, s, sizeof s);
    size_t used = 0;
    out[0] = '\0';
    if ((columns & 1) != 0 && row->group >= 0) {
        used += (size_t)snprintf(out + used, size - used, "%d", row->group);
    }
    if ((columns & 1) != 0) {
        used += (size_t)snprintf(out + used, size - used, "|");
    }
    if ((columns & 2) != 0) {
        used += (size_t)snprintf(out + used, size - used, "%s|", s);
    }
    if ((columns & 4) != 0) {
        (void)snprintf(out + used, size - used, "%s|", row->real < 0 ? "" : ops_reals[row->real]);
    }
}

static void ops_key_text(unsigned columns, char *out, size_t size)
{
    (void)snprintf(out, size, "%s%s%s", (columns & 1) != 0 ? "n.g, " : "", (columns & 2) != 0 ? "n.s, " : "", (columns & 4) != 0 ? "n.d, " : "");
}

typedef struct ops_group {
    char key[OPS_LINE / 2];
    int count;
    int texts;
    long ids;
    int least_id;
    bool has_text[OPS_TEXTS];
    bool has_group[OPS_GROUPS];
} ops_group;

static ops_group ops_groups[OPS_ROWS];

static size_t ops_make_groups(unsigned columns, int below)
{
    size_t count = 0;
    for (int i = 0; i < below; i++) {
        char key[OPS_LINE / 2];
        size_t g = 0;
        ops_key(&ops_rows[i], columns, key, sizeof key);
        while (g < count && strcmp(ops_groups[g].key, key) != 0) {
            g++;
        }
        ops_group *group = &ops_groups[g];
        if (g == count) {
            memset(group, 0, sizeof *group);
            strcpy(group->key, key);
            group->least_id = i;
            count++;
        }
        group->count++;
        group->ids += i;
        if (ops_rows[i].text >= 0) {
            group->texts++;
            group->has_text[ops_rows[i].text] = true;
        }
        if (ops_rows[i].group >= 0) {
            group->has_group[ops_rows[i].group] = true;
        }
    }
    return count;
}

static void ops_check_groups(ruzu_conn *conn, unsigned columns, int below)
{
    ops_lines want = {0};
    char keys[64];
    char cypher[512];
    ops_key_text(columns, keys, sizeof keys);
    size_t count = ops_make_groups(columns, below);
    for (size_t g = 0; g < count; g++) {
        const ops_group *group = &ops_groups[g];
        int texts = 0;
        long groups = -1;
        for (int i = 0; i < OPS_TEXTS; i++) {
            texts += group->has_text[i];
        }
        for (int i = 0; i < OPS_GROUPS; i++) {
            groups = group->has_group[i] ? (groups < 0 ? i : groups + i) : groups;
        }
        char sum[32] = "";
        if (groups >= 0) {
            (void)snprintf(sum, sizeof sum, "%ld", groups);
        }
        (void)snprintf(ops_add(&want), OPS_LINE, "%.100s%d|%d|%d|%ld|%d|%s", group->key, group->count, group->texts, texts, group->ids, group->least_id, sum);
    }
    (void)snprintf(cypher, sizeof cypher, "MATCH (n:N) WHERE n.id < %d RETURN %scount(*), count(n.s), count(DISTINCT n.s), sum(n.id), min(n.id), sum(DISTINCT n.g)", below, keys);
    ops_check(conn, cypher, &want, false);
    for (size_t g = 0; g < count && columns != 0; g++) {
        char *line = ops_add(&want);
        (void)snprintf(line, OPS_LINE, "%.100s", ops_groups[g].key);
        line[strlen(line) - 1] = '\0';
    }
    if (columns != 0) {
        keys[strlen(keys) - 2] = '\0';
        (void)snprintf(cypher, sizeof cypher, "MATCH (n:N) WHERE n.id < %d RETURN DISTINCT %s", below, keys);
        ops_check(conn, cypher, &want, false);
    }
    free(want.lines);
}

static void ops_check_all_groups(ruzu_conn *conn)
{
    for (unsigned columns = 0; columns < 8; columns++) {
        ops_check_groups(conn, columns, OPS_ROWS);
        ops_check_groups(conn, columns, 3);
    }
    EXPECT_ROWS(conn, "MATCH (n:N) WHERE n.id < 0 RETURN count(*), count(DISTINCT n.s), sum(n.g), collect(n.s)", "0|0||[]");
    EXPECT_ROWS(conn, "MATCH (n:N) WHERE n.id < 0 RETURN n.g, count(*)", "");
    EXPECT_ROWS(conn, "UNWIND [0.0, -0.0, 1.0, NULL, CAST('nan' AS DOUBLE), -CAST('nan' AS DOUBLE), NULL] AS x WITH x, count(*) AS c RETURN c ORDER BY c, x", "1\n2\n2\n2");
    EXPECT_ROWS(conn, "UNWIND [[1, NULL], [1, NULL], [1], [], NULL] AS x WITH x, count(*) AS c RETURN c ORDER BY c", "1\n1\n1\n2");
    EXPECT_ROWS(conn, "UNWIND [1, 2, 2, NULL, 1] AS x RETURN count(DISTINCT x), sum(DISTINCT x), avg(DISTINCT x), size(collect(DISTINCT x))", "2|3|1.5|2");
}

/* ---- sorting ---- */

typedef struct ops_order {
    int column; /* 0 g, 1 s, 2 d */
    bool descending;
    bool nulls_first;
} ops_order;

static ops_order ops_orders[3];
static int ops_order_count;

static int ops_rank(const ops_row *row, int column)
{
    /* Texts: the short ones ("t…") come after the long ones ("a …"). */
    return column == 0 ? row->group : column == 2 ? row->real : row->text < 0 ? -1 : row->text % 2 == 0 ? 1000 + row->text : row->text;
}

static int ops_compare_rows(const void *a, const void *b)
{
    const ops_row *x = (const ops_row *)a;
    const ops_row *y = (const ops_row *)b;
    for (int i = 0; i < ops_order_count; i++) {
        const ops_order *order = &ops_orders[i];
        int rank_x = ops_rank(x, order->column);
        int rank_y = ops_rank(y, order->column);
        if (rank_x == rank_y) {
            continue;
        }
        if (rank_x < 0 || rank_y < 0) {
            return (rank_x < 0) == order->nulls_first ? -1 : 1;
        }
        return (rank_x < rank_y) != order->descending ? -1 : 1;
    }
    return x->id - y->id;
}

static void ops_check_order(ruzu_conn *conn, int skip, int limit)
{
    static const char *const columns[] = {"n.g", "n.s", "n.d"};
    static ops_row sorted[OPS_ROWS];
    ops_lines want = {0};
    char order[256];
    char cypher[512];
    size_t used = 0;
    for (int i = 0; i < ops_order_count; i++) {
        used += (size_t)snprintf(order + used, sizeof order - used, "%s %s%s, ", columns[ops_orders[i].column], ops_orders[i].descending ? "DESC" : "ASC",
                                 ops_orders[i].nulls_first == ops_orders[i].descending ? ""
                                 : ops_orders[i].nulls_first                           ? " NULLS FIRST"
                                                                                       : " NULLS LAST");
    }
    used = (size_t)snprintf(cypher, sizeof cypher, "MATCH (n:N) RETURN n.id, n.g, n.s ORDER BY %sn.id", order);
    if (skip != 0) {
        used += (size_t)snprintf(cypher + used, sizeof cypher - used, " SKIP %d", skip);
    }
    if (limit >= 0) {
        (void)snprintf(cypher + used, sizeof cypher - used, " LIMIT %d", limit);
    }
    memcpy(sorted, ops_rows, sizeof sorted);
    qsort(sorted, OPS_ROWS, sizeof *sorted, ops_compare_rows);
    int end = limit < 0 || skip + limit > OPS_ROWS ? OPS_ROWS : skip + limit;
    for (int i = skip; i < end; i++) {
        char key[OPS_LINE / 2];
        ops_key(&sorted[i], 3, key, sizeof key);
        key[strlen(key) - 1] = '\0';
        (void)snprintf(ops_add(&want), OPS_LINE, "%d|%s", sorted[i].id, key);
    }
    ops_check(conn, cypher, &want, true);
    free(want.lines);
}

static void ops_check_orders(ruzu_conn *conn)
{
    for (uint64_t round = 0; round < test_volume(40, 6); round++) {
        static const int limits[] = {-1, 0, 1, 7, 100, 3000, OPS_ROWS + 5};
        ops_order_count = 1 + ops_random(3);
        for (int i = 0; i < ops_order_count; i++) {
            ops_orders[i] = (ops_order){ops_random(3), ops_random(2) != 0, ops_random(2) != 0};
        }
        ops_check_order(conn, ops_random(3) == 0 ? ops_random(300) : 0, limits[ops_random(7)]);
    }
    EXPECT_ERROR(conn, "MATCH (n:N) RETURN n.id ORDER BY n.id LIMIT -1", RUZU_ERROR_RUNTIME,
                 "Runtime exception: The number of rows to skip/limit must be a non-negative integer.");
}

/* ---- joining ---- */

static void ops_check_joins(ruzu_conn *conn)
{
    long long by_group = 0;
    long long by_both = 0;
    long long ids = 0;
    long long alone = 0;
    for (int i = 0; i < OPS_ROWS; i++) {
        bool has = false;
        for (int j = 0; j < 700; j++) {
            bool same = ops_rows[i].group >= 0 && ops_rows[i].group == ops_rows[j].group;
            bool both = same && ops_rows[i].text >= 0 && ops_rows[i].text == ops_rows[j].text;
            by_group += same;
            ids += same ? i - 3 * j : 0;
            by_both += both;
            has = has || both;
        }
        alone += !has;
    }
    char want[128];
    (void)snprintf(want, sizeof want, "%lld|%lld", by_group, ids);
    EXPECT_ROWS(conn, "MATCH (a:N), (b:N) WHERE a.g = b.g AND b.id < 700 RETURN count(*), sum(a.id) - 3 * sum(b.id)", want);
    (void)snprintf(want, sizeof want, "%lld", by_both);
    EXPECT_ROWS(conn, "MATCH (a:N), (b:N) WHERE a.g = b.g AND a.s = b.s AND b.id < 700 RETURN count(*)", want);
    (void)snprintf(want, sizeof want, "%lld|%lld", by_both + alone, by_both);
    EXPECT_ROWS(conn, "MATCH (a:N) OPTIONAL MATCH (b:N) WHERE a.g = b.g AND a.s = b.s AND b.id < 700 RETURN count(*), count(b.g)", want);
    (void)snprintf(want, sizeof want, "%lld", alone);
    EXPECT_ROWS(conn, "MATCH (a:N) WHERE NOT EXISTS { MATCH (b:N) WHERE a.g = b.g AND a.s = b.s AND b.id < 700 } RETURN count(*)", want);
    (void)snprintf(want, sizeof want, "%lld", OPS_ROWS - alone);
    EXPECT_ROWS(conn, "MATCH (a:N) WHERE EXISTS { MATCH (b:N) WHERE a.g = b.g AND a.s = b.s AND b.id < 700 } RETURN count(*)", want);
    (void)snprintf(want, sizeof want, "%d|%d", OPS_ROWS * 30, (30 - 1) * 30 / 2 * OPS_ROWS);
    EXPECT_ROWS(conn, "MATCH (a:N), (b:N) WHERE b.id < 30 RETURN count(*), sum(b.id)", want);
    EXPECT_ROWS(conn, "MATCH (a:N), (b:N) WHERE b.id < 0 RETURN count(*)", "0");
}

/* ---- the tests ---- */

static void operators_agree_with_the_model(void)
{
    static const uint32_t threads[] = {1, 4};
    for (int t = 0; t < 2; t++) {
        ruzu_conn *conn = ops_open(NULL, 0, 0, threads[t]);
        ops_create(conn);
        ops_check_all_groups(conn);
        ops_check_orders(conn);
        ops_check_joins(conn);
        session_close(conn);
    }
}

/* Rows that do not fit: the answers must be those of plenty of memory. */
static void little_memory_changes_nothing(void)
{
    static const char *const queries[] = {
        "MATCH (n:M) WITH n.s AS s, count(*) AS c, min(n.id) AS m RETURN count(*), sum(c), sum(m)",
        "MATCH (n:M) WITH n.k AS k, count(*) AS c, max(n.s) AS m RETURN count(*), sum(c), sum(size(m)), max(m)",
        "MATCH (n:M) WITH n.k % 1000 AS k, collect(n.s) AS c RETURN count(*), sum(size(c))",
        "MATCH (n:M) RETURN count(DISTINCT n.s), count(DISTINCT n.k), sum(DISTINCT n.k)",
        "MATCH (n:M) WITH n.k % 100 AS k, count(DISTINCT n.s) AS c, sum(DISTINCT n.id % 1000) AS d RETURN count(*), sum(c), sum(d)",
        "MATCH (n:M) WITH DISTINCT n.s AS s, n.k AS k RETURN count(*), sum(k)",
        "MATCH (n:M) WITH n.id AS id, n.s AS s ORDER BY s DESC, id LIMIT 100000000 RETURN count(*), sum(id), collect(id)[1..20]",
        "MATCH (n:M) WITH n.id AS id, n.s AS s ORDER BY s, id SKIP 150000 LIMIT 50000 RETURN count(*), sum(id), collect(id)[1..20]",
        "MATCH (a:M), (b:M) WHERE a.s = b.s RETURN count(*), sum(a.id), sum(b.k)",
        "MATCH (a:M), (b:M) WHERE a.k = b.k AND a.id = b.id RETURN count(*), sum(a.id), max(b.s)",
    };
    const char *path = session_path("spill.ruzu");
    ruzu_conn *conn = ops_open(path, 0, 0, 2);
#ifdef RZ_TINY
    const char *fill = "UNWIND range(0, 2999) AS i CREATE (:M {id: i, k: i * 7919 % 1103, s: 'the text of number ' + CAST(i * 104729 % 2000003 AS STRING)})";
#else
    const char *fill = "UNWIND range(0, 249999) AS i CREATE (:M {id: i, k: i * 7919 % 100003, s: 'the text of number ' + CAST(i * 104729 % 2000003 AS STRING)})";
#endif
    char *want[sizeof queries / sizeof *queries];
    session_run(conn, "CREATE NODE TABLE M(id INT64 PRIMARY KEY, k INT64, s STRING)");
    session_run(conn, fill);
    for (size_t q = 0; q < sizeof queries / sizeof *queries; q++) {
        ruzu_result *result = NULL;
        CHECK_EQ_I64(ruzu_query(conn, queries[q], &result), RUZU_OK);
        const char *text = result == NULL ? ruzu_errmsg(conn) : session_text(result);
        want[q] = (char *)malloc(strlen(text) + 1);
        if (want[q] == NULL) {
            exit(1);
        }
        strcpy(want[q], text);
        ruzu_result_free(result);
    }
    session_close(conn);
    for (uint32_t threads = 1; threads <= 2; threads++) {
        conn = ops_open(path, UINT64_C(8) << 20, UINT64_C(24) << 20, threads);
        for (size_t q = 0; q < sizeof queries / sizeof *queries; q++) {
            EXPECT_ROWS(conn, queries[q], want[q]);
        }
        session_close(conn);
    }
    for (size_t q = 0; q < sizeof queries / sizeof *queries; q++) {
        free(want[q]);
    }
}

int main(void)
{
    session_begin();
    RUN(operators_agree_with_the_model);
    RUN(little_memory_changes_nothing);
    session_end();
    return check_failures != 0;
}
