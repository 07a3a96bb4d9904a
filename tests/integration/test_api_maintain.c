/* SPDX-License-Identifier: MIT */
/*
 * Check, backup and salvage through the public interface: what they find, what they copy, what they leave alone.
 */
#include "integration/session.h"

#include <pthread.h>

static void maintain_fill(ruzu_conn *conn)
{
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING, tags STRING[]); CREATE REL TABLE K(FROM P TO P, since INT64)");
    session_run(conn, "COPY P FROM (UNWIND range(0, 9999) AS i RETURN i, 'name' + CAST(i AS STRING), ['a', CAST(i AS STRING)])");
    session_run(conn, "COPY K FROM (UNWIND range(0, 29999) AS i RETURN i % 10000, i * 7919 % 10000, i)");
}

#define MAINTAIN_ANSWER "10000|49995000|30000|449985000|149985000"
static const char *const maintain_question =
    "MATCH (p:P) WITH count(*) AS n, sum(p.id) AS s MATCH (a:P)-[k:K]->(b:P) RETURN n, s, count(*), sum(k.since), sum(b.id)";

/* Flips a bit of every copy of a text in the file; returns how many there were. */
static int maintain_damage(const char *path, const char *text)
{
    FILE *file = fopen(path, "rb+");
    struct stat status;
    int found = 0;
    size_t length = strlen(text);
    if (file == NULL || stat(path, &status) != 0) {
        return 0;
    }
    char *bytes = (char *)malloc((size_t)status.st_size);
    CHECK_EQ_U64(fread(bytes, 1, (size_t)status.st_size, file), status.st_size);
    for (size_t i = 0; i + length <= (size_t)status.st_size; i++) {
        if (memcmp(bytes + i, text, length) == 0) {
            (void)fseek(file, (long)i, SEEK_SET);
            (void)fputc(bytes[i] ^ 1, file);
            found++;
        }
    }
    (void)fclose(file);
    free(bytes);
    return found;
}

static void maintain_flip(const char *path, long off)
{
    FILE *file = fopen(path, "rb+");
    CHECK(file != NULL);
    if (file != NULL) {
        (void)fseek(file, off, SEEK_SET);
        int byte = fgetc(file);
        (void)fseek(file, off, SEEK_SET);
        (void)fputc(byte ^ 4, file);
        (void)fclose(file);
    }
}

static char *maintain_read(const char *path, size_t *size)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    *size = 0;
    if (file == NULL || stat(path, &status) != 0) {
        return NULL;
    }
    char *bytes = (char *)malloc((size_t)status.st_size + 1);
    *size = fread(bytes, 1, (size_t)status.st_size, file);
    (void)fclose(file);
    return bytes;
}

/* ---- check ---- */

static void sound_database_has_no_rows(void)
{
    ruzu_conn *conn = session_open(session_path("sound.ruzu"));
    ruzu_result *result = NULL;
    EXPECT_ROWS(conn, "CALL check_database() RETURN *", "");
    maintain_fill(conn);
    EXPECT_ROWS(conn, "CALL check_database(deep := true) RETURN *", ""); /* before anything is in the file */
    session_run(conn, "CHECKPOINT; CREATE (:P {id: 20000, name: 'in memory'}); MATCH (a:P {id: 1}), (b:P {id: 20000}) CREATE (a)-[:K {since: 1}]->(b)");
    EXPECT_ROWS(conn, "CALL check_database(deep := true) RETURN *", "");
    EXPECT_ROWS(conn, "CALL check_database(DEEP := false) RETURN severity, object, page, offset, problem", "");
    CHECK_EQ_I64(ruzu_check(conn, true, &result), RUZU_OK);
    CHECK_EQ_U64(ruzu_result_row_count(result), 0);
    CHECK_EQ_U64(ruzu_result_column_count(result), 5);
    CHECK_STR(ruzu_result_column_name(result, 4), "problem");
    CHECK_EQ_I64(ruzu_type_get_id(ruzu_result_column_type(result, 2)), RUZU_TYPE_UINT64);
    ruzu_result_free(result);
    EXPECT_ERROR(conn, "CALL check_database(true) RETURN *", RUZU_ERROR_BINDER, "Binder exception: Function CHECK_DATABASE did not receive correct arguments:");
    EXPECT_ERROR(conn, "CALL check_database(deeper := true) RETURN *", RUZU_ERROR_BINDER, "Binder exception: Function CHECK_DATABASE");
    EXPECT_ERROR(conn, "CALL check_database(deep := 1) RETURN *", RUZU_ERROR_BINDER, "Binder exception: Function CHECK_DATABASE");
    session_close(conn);
    conn = session_open(NULL);
    maintain_fill(conn);
    EXPECT_ROWS(conn, "CALL check_database(deep := true) RETURN *", "");
    session_close(conn);
}

static int maintain_count(void *user, const ruzu_problem *problem)
{
    int *count = (int *)user;
    CHECK(problem->object != NULL && problem->text != NULL && problem->text[0] != '\0');
    return ++*count == 2;
}

static void damaged_page_is_named(void)
{
    const char *path = session_path("page.ruzu");
    ruzu_conn *conn = session_open(path);
    maintain_fill(conn);
    session_close(conn);
    CHECK_EQ_I64(maintain_damage(path, "name4321name4322"), 1);
    conn = session_open(path);
    EXPECT_ROWS(conn, "CALL check_database() RETURN severity, object, offset", "error|table P, column name|");
    EXPECT_ROWS(conn, "CALL check_database() WHERE page > 1 RETURN count(*)", "1");
    EXPECT_ROWS(conn, "CALL check_database(deep := true) WHERE offset >= 2048 RETURN count(*) > 0", "True");
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN sum(p.id)", "49995000"); /* the other columns go on */
    EXPECT_ROWS(conn, "CALL corruption_log() RETURN count(*)", "1"); /* the deep check was the first to stumble */
    EXPECT_ERROR(conn, "MATCH (p:P) RETURN max(p.name)", RUZU_ERROR_CORRUPT, "Storage exception: corrupt database: file");
    EXPECT_ROWS(conn, "CALL corruption_log() WHERE page > 1 AND problem STARTS WITH 'table P, column name: checksum' RETURN time > timestamp('2020-01-01')", "True");
    session_close(conn);
    uint64_t problems = 0;
    int count = 0;
    CHECK_EQ_I64(ruzu_check_file(path, false, NULL, NULL, &problems), RUZU_OK);
    CHECK_EQ_U64(problems, 1);
    CHECK_EQ_I64(ruzu_check_file(path, true, NULL, NULL, &problems), RUZU_OK);
    CHECK(problems >= 2);
    CHECK_EQ_I64(ruzu_check_file(path, true, maintain_count, &count, &problems), RUZU_ERROR_INTERRUPTED);
    CHECK_EQ_I64(count, 2);
}

static void either_header_slot_may_be_damaged(void)
{
    const char *path = session_path("slot.ruzu");
    uint64_t problems = 0;
    ruzu_conn *conn = session_open(path);
    maintain_fill(conn);
    session_close(conn);
    for (long slot = 0; slot < 2; slot++) {
        maintain_flip(path, slot * 4096 + 100);
        CHECK_EQ_I64(ruzu_check_file(path, true, NULL, NULL, &problems), RUZU_OK);
        CHECK_EQ_U64(problems, 1);
        conn = session_open(path);
        EXPECT_ROWS(conn, "CALL check_database() RETURN object, page", slot == 0 ? "header|0" : "header|1");
        EXPECT_ROWS(conn, maintain_question, MAINTAIN_ANSWER);
        session_run(conn, "CREATE NODE TABLE Other(id INT64 PRIMARY KEY); DROP TABLE Other; CHECKPOINT"); /* mends it */
        EXPECT_ROWS(conn, "CALL check_database() RETURN *", "");
        session_close(conn);
    }
}

static void check_of_what_is_no_database(void)
{
    uint64_t problems = 0;
    const char *path = session_path("text.ruzu");
    CHECK_EQ_I64(ruzu_check_file(session_path("absent.ruzu"), true, NULL, NULL, &problems), RUZU_ERROR_IO);
    CHECK(strstr(ruzu_open_errmsg(), "absent.ruzu") != NULL);
    FILE *file = fopen(path, "wb");
    for (int i = 0; i < 2000 && file != NULL; i++) {
        fputs("not a database ", file);
    }
    (void)fclose(file);
    CHECK_EQ_I64(ruzu_check_file(path, true, NULL, NULL, &problems), RUZU_ERROR_VERSION);
    CHECK_EQ_I64(ruzu_check_file(NULL, true, NULL, NULL, NULL), RUZU_ERROR_MISUSE);
    ruzu_conn *conn = session_open(session_path("locked.ruzu"));
    CHECK_EQ_I64(ruzu_check_file(session_path("locked.ruzu"), true, NULL, NULL, &problems), RUZU_ERROR_LOCKED);
    session_close(conn);
}

/* ---- backup ---- */

static void backup_is_a_database_of_its_own(void)
{
    const char *path = session_path("original.ruzu");
    const char *copy = session_path("copy.ruzu");
    uint64_t problems = 0;
    ruzu_conn *conn = session_open(path);
    maintain_fill(conn);
    session_run(conn, "CREATE (:P {id: 20000, name: 'late'}); MATCH (p:P {id: 5}) SET p.name = 'five'"); /* only in memory */
    CHECK_EQ_I64(ruzu_backup(conn, copy), RUZU_OK);
    session_run(conn, "CREATE (:P {id: 30000})");
    CHECK_EQ_I64(ruzu_backup(conn, copy), RUZU_ERROR_IO); /* never over something */
    CHECK(strstr(ruzu_errmsg(conn), "exists") != NULL);
    ruzu_conn *other = session_open(copy); /* beside the original */
    EXPECT_ROWS(other, "MATCH (p:P) RETURN count(*), sum(p.id)", "10001|50015000");
    EXPECT_ROWS(other, "MATCH (p:P) WHERE p.id IN [5, 20000] RETURN p.name ORDER BY p.id", "five\nlate");
    session_run(other, "CREATE (:P {id: 40000}); MATCH (a:P {id: 40000}), (b:P {id: 5}) CREATE (a)-[:K {since: 0}]->(b); CHECKPOINT");
    EXPECT_ROWS(other, "CALL check_database(deep := true) RETURN *", "");
    session_close(other);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*)", "10002");
    EXPECT_ROWS(conn, "CALL check_database(deep := true) RETURN *", "");
    session_close(conn);
    CHECK_EQ_I64(ruzu_check_file(copy, true, NULL, NULL, &problems), RUZU_OK);
    CHECK_EQ_U64(problems, 0);
    size_t sizes[2];
    char *bytes[2] = {maintain_read(path, &sizes[0]), maintain_read(copy, &sizes[1])};
    CHECK(memcmp(bytes[0] + 16, bytes[1] + 16, 16) != 0); /* the uuid */
    free(bytes[0]);
    free(bytes[1]);
    CHECK(access(session_path("copy.ruzu.tmp"), F_OK) != 0);
}

static void backup_statement(void)
{
    ruzu_conn *conn = session_open(session_path("statement.ruzu"));
    char statement[1200];
    maintain_fill(conn);
    (void)snprintf(statement, sizeof statement, "BACKUP DATABASE TO '%s'", session_path("statement_copy.ruzu"));
    session_run(conn, statement);
    session_run(conn, "BEGIN TRANSACTION");
    EXPECT_ERROR(conn, statement, RUZU_ERROR_TRANSACTION, "Cannot copy the database inside a transaction");
    if (ruzu_in_transaction(conn)) {
        session_run(conn, "ROLLBACK");
    }
    EXPECT_ERROR(conn, "BACKUP DATABASE TO ''", RUZU_ERROR_BINDER, "Binder exception: BACKUP DATABASE TO needs the path of a file.");
    EXPECT_ERROR(conn, "BACKUP DATABASE TO '/nonexistent/folder/x.ruzu'", RUZU_ERROR_IO, "");
    session_close(conn);
    conn = session_open(session_path("statement_copy.ruzu"));
    EXPECT_ROWS(conn, maintain_question, MAINTAIN_ANSWER);
    session_close(conn);
    conn = session_open(NULL);
    EXPECT_ERROR(conn, statement, RUZU_ERROR_MISUSE, "");
    session_close(conn);
}

/* file_access limits where a host's statements may write. */
static void backup_keeps_to_the_policy(void)
{
    ruzu_config config;
    ruzu_conn *conn = NULL;
    ruzu_config_init(&config);
    config.file_access = "";
    CHECK_EQ_I64(ruzu_open(session_path("policy.ruzu"), &config, &conn), RUZU_OK);
    CHECK_EQ_I64(ruzu_backup(conn, session_path("policy_copy.ruzu")), RUZU_ERROR_IO);
    CHECK(strstr(ruzu_errmsg(conn), "not allowed") != NULL);
    CHECK(access(session_path("policy_copy.ruzu"), F_OK) != 0);
    session_close(conn);
}

static void backup_of_a_damaged_database_fails(void)
{
    const char *path = session_path("broken.ruzu");
    ruzu_conn *conn = session_open(path);
    maintain_fill(conn);
    session_close(conn);
    CHECK_EQ_I64(maintain_damage(path, "name4321name4322"), 1);
    conn = session_open(path);
    CHECK_EQ_I64(ruzu_backup(conn, session_path("broken_copy.ruzu")), RUZU_ERROR_CORRUPT);
    CHECK(strstr(ruzu_errmsg(conn), "column name") != NULL);
    CHECK(access(session_path("broken_copy.ruzu"), F_OK) != 0);
    CHECK(access(session_path("broken_copy.ruzu.tmp"), F_OK) != 0);
    session_close(conn);
}

static int maintain_stop(void *user, double fraction, uint64_t rows, const char *phase)
{
    (void)rows;
    CHECK(fraction >= 0 && fraction <= 1);
    if (strcmp(phase, "backup") == 0) {
        ++*(int *)user;
        return 1;
    }
    return 0;
}

static void backup_can_be_stopped(void)
{
    ruzu_conn *conn = session_open(session_path("stopped.ruzu"));
    int calls = 0;
    maintain_fill(conn);
    ruzu_set_progress(conn, maintain_stop, &calls);
    CHECK_EQ_I64(ruzu_backup(conn, session_path("stopped_copy.ruzu")), RUZU_ERROR_INTERRUPTED);
    CHECK_EQ_I64(calls, 1);
    CHECK(access(session_path("stopped_copy.ruzu"), F_OK) != 0);
    ruzu_set_progress(conn, NULL, NULL);
    EXPECT_ROWS(conn, maintain_question, MAINTAIN_ANSWER);
    session_close(conn);
}

/* ---- beside a writer ---- */

typedef struct maintain_writer {
    ruzu_conn *conn;
    _Atomic int stop;
    int rounds;
} maintain_writer;

/* Pairs of a node and a relationship in one transaction: a copy holds both or none. Checkpoints in between free pages and want to use them again. */
static void *maintain_write(void *arg)
{
    maintain_writer *writer = (maintain_writer *)arg;
    char statement[256];
    while (!writer->stop) {
        int id = 100000 + writer->rounds;
        (void)snprintf(statement, sizeof statement, "MATCH (a:P {id: %d}) CREATE (a)-[:K {since: %d}]->(:P {id: %d, name: 'w'})", writer->rounds % 1000, id, id);
        if (ruzu_query(writer->conn, statement, NULL) != RUZU_OK) {
            CHECK_STR(ruzu_errmsg(writer->conn), "");
            break;
        }
        writer->rounds++;
        if (writer->rounds % 5 == 0 && ruzu_checkpoint(writer->conn) != RUZU_OK) {
            CHECK_STR(ruzu_errmsg(writer->conn), "");
            break;
        }
    }
    return NULL;
}

static void copies_and_checks_beside_a_writer(void)
{
    ruzu_conn *conn = session_open(session_path("busy.ruzu"));
    maintain_writer writer = {0};
    pthread_t thread;
    maintain_fill(conn);
    CHECK_EQ_I64(ruzu_connect(conn, &writer.conn), RUZU_OK);
    CHECK_EQ_I64(pthread_create(&thread, NULL, maintain_write, &writer), 0);
    for (int i = 0; i < 4; i++) {
        char name[32];
        uint64_t problems = 1;
        (void)snprintf(name, sizeof name, "busy_copy%d.ruzu", i);
        CHECK_EQ_I64(ruzu_backup(conn, session_path(name)), RUZU_OK);
        CHECK_STR(ruzu_errmsg(conn), "");
        EXPECT_ROWS(conn, "CALL check_database(deep := true) RETURN *", "");
        CHECK_EQ_I64(ruzu_check_file(session_path(name), true, NULL, NULL, &problems), RUZU_OK);
        CHECK_EQ_U64(problems, 0);
        ruzu_conn *copy = session_open(session_path(name));
        EXPECT_ROWS(copy, "RETURN COUNT { MATCH (p:P) WHERE p.id >= 100000 } = COUNT { MATCH ()-[k:K]->() WHERE k.since >= 100000 }", "True");
        session_close(copy);
    }
    writer.stop = 1;
    (void)pthread_join(thread, NULL);
    CHECK(writer.rounds > 0);
    EXPECT_ROWS(conn, "CALL check_database(deep := true) RETURN *", "");
    session_close(writer.conn);
    session_close(conn);
}

/* ---- salvage ---- */

typedef struct maintain_tables {
    uint64_t rows, lost, values;
    int tables, damaged;
} maintain_tables;

static void maintain_table(void *user, const ruzu_salvaged *table)
{
    maintain_tables *sums = (maintain_tables *)user;
    CHECK(table->is_table && table->table[0] != '\0');
    sums->tables++;
    sums->damaged += table->reason[0] != '\0';
    sums->rows += table->rows;
    sums->lost += table->rows_lost;
    sums->values += table->values_lost;
}

static void salvage_of_a_sound_file_is_the_same(void)
{
    const char *path = session_path("whole.ruzu");
    ruzu_conn *conn = session_open(path);
    maintain_fill(conn);
    session_run(conn, "CREATE NODE TABLE S(nr SERIAL PRIMARY KEY, x INT64); UNWIND range(0, 9) AS i CREATE (:S {x: i}); MATCH (s:S {x: 3}) DELETE s;"
                      "CREATE SEQUENCE q START WITH 7; RETURN nextval('q'); CREATE MACRO m(x) AS x + 1; MATCH (p:P {id: 77}) DETACH DELETE p; MATCH (p:P {id: 78}) SET p.name = 'set'");
    session_close(conn);
    size_t size = 0, size_after = 0;
    char *before = maintain_read(path, &size);
    maintain_tables sums = {0};
    ruzu_salvage_report report = {.struct_size = sizeof report};
    CHECK_EQ_I64(ruzu_salvage(path, session_path("whole_out.ruzu"), maintain_table, &sums, &report), RUZU_OK);
    CHECK_STR(ruzu_open_errmsg(), "");
    CHECK_EQ_U64(report.tables, 3);
    CHECK_EQ_U64(report.problems, 0);
    CHECK_EQ_U64(report.tables_damaged, 0);
    CHECK_EQ_U64(report.rows_lost, 0);
    CHECK_EQ_U64(report.rows, sums.rows);
    CHECK_EQ_U64(report.rows, 9999 + 9 + 29994);
    char *after = maintain_read(path, &size_after);
    CHECK_EQ_U64(size_after, size);
    CHECK(memcmp(before, after, size) == 0); /* the input is left alone */
    free(before);
    free(after);
    conn = session_open(session_path("whole_out.ruzu"));
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*), sum(p.id)", "9999|49994923");
    EXPECT_ROWS(conn, "MATCH (a:P)-[k:K]->(b:P) RETURN count(*)", "29994");
    EXPECT_ROWS(conn, "MATCH (p:P {id: 78}) RETURN p.name", "set");
    EXPECT_ROWS(conn, "MATCH (s:S) RETURN s.nr, s.x ORDER BY s.nr LIMIT 4", "0|0\n1|1\n2|2\n4|4");
    EXPECT_ROWS(conn, "MATCH (p:P {id: 4321}) RETURN p.name, p.tags", "name4321|[a,4321]");
    EXPECT_ROWS(conn, "RETURN nextval('q'), m(41)", "8|42");
    EXPECT_ROWS(conn, "CALL check_database(deep := true) RETURN *", "");
    session_run(conn, "CREATE (:S {x: 100})");
    session_close(conn);
    CHECK_EQ_I64(ruzu_salvage(path, session_path("whole_out.ruzu"), NULL, NULL, NULL), RUZU_ERROR_IO); /* never over something */
}

static void salvage_of_a_damaged_file(void)
{
    const char *path = session_path("hurt.ruzu");
    ruzu_conn *conn = session_open(path);
    maintain_fill(conn);
    session_close(conn);
    CHECK_EQ_I64(maintain_damage(path, "name4321name4322"), 1);
    ruzu_salvage_report report = {.struct_size = sizeof report};
    CHECK_EQ_I64(ruzu_salvage(path, session_path("hurt_out.ruzu"), NULL, NULL, &report), RUZU_OK);
    CHECK_EQ_U64(report.tables_damaged, 1);
    CHECK_EQ_U64(report.rows_lost, 0);
    CHECK(report.values_lost > 0 && report.values_lost < 1000); /* the names of one page */
    conn = session_open(session_path("hurt_out.ruzu"));
    EXPECT_ROWS(conn, maintain_question, MAINTAIN_ANSWER);
    EXPECT_ROWS(conn, "MATCH (p:P) WHERE p.id IN [1, 4321, 9999] RETURN p.id, p.name ORDER BY p.id", "1|name1\n4321|\n9999|name9999");
    EXPECT_ROWS(conn, "CALL check_database(deep := true) RETURN *", "");
    session_close(conn);
}

/* Both copies of the header: what they name is still there. */
static void salvage_without_a_valid_header(void)
{
    const char *path = session_path("headless.ruzu");
    ruzu_conn *conn = session_open(path);
    maintain_fill(conn);
    session_close(conn);
    maintain_flip(path, 508);
    maintain_flip(path, 4096 + 508);
    CHECK_EQ_I64(ruzu_open(path, NULL, &conn), RUZU_ERROR_CORRUPT);
    CHECK(strstr(ruzu_open_errmsg(), "salvage") != NULL);
    ruzu_salvage_report report = {.struct_size = sizeof report};
    CHECK_EQ_I64(ruzu_salvage(path, session_path("headless_out.ruzu"), NULL, NULL, &report), RUZU_OK);
    CHECK_EQ_U64(report.problems, 1);
    conn = session_open(session_path("headless_out.ruzu"));
    EXPECT_ROWS(conn, maintain_question, MAINTAIN_ANSWER);
    session_close(conn);
}

/* What the log holds beyond the file comes along; of a damaged one what lies before the damage. */
static void salvage_reads_the_log(void)
{
    const char *path = session_path("logged.ruzu");
    ruzu_config config;
    ruzu_conn *conn = NULL;
    ruzu_salvage_report report = {.struct_size = sizeof report};
    uint64_t problems = 0;
    ruzu_config_init(&config);
    config.flags = RUZU_OPEN_NO_CHECKPOINT_ON_CLOSE | RUZU_OPEN_NO_AUTO_CHECKPOINT;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    maintain_fill(conn);
    session_run(conn, "CREATE (:P {id: 20000, name: 'firstcommit'})");
    session_run(conn, "CREATE (:P {id: 20001, name: 'secondcommit'})");
    session_run(conn, "CREATE (:P {id: 20002, name: 'thirdcommit'})");
    session_close(conn);
    CHECK_EQ_I64(ruzu_check_file(path, true, NULL, NULL, &problems), RUZU_OK);
    CHECK_EQ_U64(problems, 0);
    CHECK_EQ_I64(ruzu_salvage(path, session_path("logged_out.ruzu"), NULL, NULL, &report), RUZU_OK);
    CHECK_EQ_U64(report.rows, 10003 + 30000);
    CHECK_EQ_U64(report.problems, 0);
    CHECK_EQ_I64(maintain_damage(session_path("logged.ruzu.wal"), "secondcommit"), 1);
    CHECK_EQ_I64(ruzu_check_file(path, true, NULL, NULL, &problems), RUZU_OK);
    CHECK_EQ_U64(problems, 1);
    CHECK_EQ_I64(ruzu_salvage(path, session_path("logged_out2.ruzu"), NULL, NULL, &report), RUZU_OK);
    CHECK_EQ_U64(report.rows, 10001 + 30000);
    CHECK_EQ_U64(report.problems, 1);
    conn = session_open(session_path("logged_out2.ruzu"));
    EXPECT_ROWS(conn, "MATCH (p:P) WHERE p.id >= 20000 RETURN p.id, p.name", "20000|firstcommit");
    EXPECT_ROWS(conn, "CALL check_database(deep := true) RETURN *", "");
    session_close(conn);
}

static void salvage_needs_a_catalog(void)
{
    const char *path = session_path("nothing.ruzu");
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE VeryPeculiarName(id INT64 PRIMARY KEY)");
    session_close(conn);
    CHECK(maintain_damage(path, "VeryPeculiarName") > 0);
    CHECK_EQ_I64(ruzu_salvage(path, session_path("nothing_out.ruzu"), NULL, NULL, NULL), RUZU_ERROR_CORRUPT);
    CHECK(strstr(ruzu_open_errmsg(), "catalog") != NULL);
    CHECK(access(session_path("nothing_out.ruzu"), F_OK) != 0);
    CHECK(access(session_path("nothing_out.ruzu.part"), F_OK) != 0);
}

int main(void)
{
    session_begin();
    RUN(sound_database_has_no_rows);
    RUN(damaged_page_is_named);
    RUN(either_header_slot_may_be_damaged);
    RUN(check_of_what_is_no_database);
    RUN(backup_is_a_database_of_its_own);
    RUN(backup_statement);
    RUN(backup_keeps_to_the_policy);
    RUN(backup_of_a_damaged_database_fails);
    RUN(backup_can_be_stopped);
    RUN(copies_and_checks_beside_a_writer);
    RUN(salvage_of_a_sound_file_is_the_same);
    RUN(salvage_of_a_damaged_file);
    RUN(salvage_without_a_valid_header);
    RUN(salvage_reads_the_log);
    RUN(salvage_needs_a_catalog);
    session_end();
    return CHECK_DONE();
}
