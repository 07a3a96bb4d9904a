/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing databases: where the file goes, what is refused, and that data comes back.
 */
#include "integration/session.h"

#include <fcntl.h>

static void memory_has_three_names(void)
{
    const char *const names[] = {NULL, "", ":memory:"};
    for (int i = 0; i < 3; i++) {
        ruzu_conn *conn = session_open(names[i]);
        EXPECT_ROWS(conn, "RETURN 1", "1");
        session_close(conn);
    }
    CHECK(access(":memory:", F_OK) != 0);
}

static void databases_in_memory_are_apart(void)
{
    ruzu_conn *one = session_open(NULL);
    ruzu_conn *two = session_open(NULL);
    session_run(one, "CREATE NODE TABLE T(id INT64 PRIMARY KEY)");
    EXPECT_ERROR(two, "MATCH (t:T) RETURN t.id", RUZU_ERROR_BINDER, "Binder exception: Table T does not exist.");
    session_close(one);
    session_close(two);
}

static void data_survives_close(void)
{
    const char *path = session_path("survives.ruzu");
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE P(name STRING PRIMARY KEY, age INT64); CREATE REL TABLE K(FROM P TO P, since DATE);"
                      "CREATE (:P {name: 'Ann', age: 34})-[:K {since: date('2020-02-03')}]->(:P {name: 'Bob'})");
    session_close(conn);
    conn = session_open(path);
    EXPECT_ROWS(conn, "MATCH (a:P)-[k:K]->(b:P) RETURN a.name, a.age, b.name, b.age, k.since", "Ann|34|Bob||2020-02-03");
    session_close(conn);
}

/* One file is left, and it does not grow when nothing is written. */
static void hundred_rounds_of_reopening(void)
{
    const char *path = session_path("rounds.ruzu");
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING); UNWIND range(1, 1000) AS i CREATE (:P {id: i, name: 'name'})");
    session_close(conn);
    struct stat first;
    CHECK_EQ_I64(stat(path, &first), 0);
    for (int round = 0; round < 100; round++) {
        conn = session_open(path);
        EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*), sum(p.id)", "1000|500500");
        session_close(conn);
    }
    struct stat last;
    CHECK_EQ_I64(stat(path, &last), 0);
    CHECK_EQ_I64(last.st_size, first.st_size);
    CHECK(access(session_path("rounds.ruzu.wal"), F_OK) != 0);
}

static void writing_in_every_round(void)
{
    const char *path = session_path("writing.ruzu");
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); CREATE REL TABLE K(FROM P TO P)");
    session_close(conn);
    char statement[256];
    char expected[64];
    for (int round = 1; round <= 100; round++) {
        conn = session_open(path);
        (void)snprintf(statement, sizeof statement, "CREATE (:P {id: %d})-[:K]->(:P {id: %d})", 2 * round, 2 * round + 1);
        session_run(conn, statement);
        (void)snprintf(expected, sizeof expected, "%d", round);
        EXPECT_ROWS(conn, "MATCH (:P)-[:K]->(:P) RETURN count(*)", expected);
        session_close(conn);
    }
}

static void folder_means_file_in_it(void)
{
    CHECK_EQ_I64(mkdir(session_path("folder"), 0700), 0);
    session_close(session_open(session_path("folder")));
    CHECK_EQ_I64(access(session_path("folder/data.ruzu"), F_OK), 0);
    session_close(session_open(session_path("folder/")));
    session_close(session_open(session_path("made/")));
    CHECK_EQ_I64(access(session_path("made/data.ruzu"), F_OK), 0);
}

static void expect_open_error(const char *path, const ruzu_config *config, ruzu_status status, const char *part)
{
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(path, config, &conn), status);
    CHECK(conn == NULL);
    check_count++;
    if (strstr(ruzu_open_errmsg(), part) == NULL) {
        check_failures++;
        fprintf(stderr, "opening %s: \"%s\" does not contain \"%s\"\n", path == NULL ? "(memory)" : path, ruzu_open_errmsg(), part);
    }
}

static void missing_folder_is_an_error(void)
{
    expect_open_error(session_path("no/such/folder/x.ruzu"), NULL, RUZU_ERROR_IO, "no/such/folder/x.ruzu");
}

static void no_create_wants_a_file(void)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.flags = RUZU_OPEN_NO_CREATE;
    expect_open_error(session_path("absent.ruzu"), &config, RUZU_ERROR_IO, "absent.ruzu");
    CHECK(access(session_path("absent.ruzu"), F_OK) != 0);
    expect_open_error(session_path("absent/"), &config, RUZU_ERROR_IO, "absent/data.ruzu");
    CHECK(access(session_path("absent"), F_OK) != 0);
}

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(data, 1, size, file) == size);
    if (file != NULL) {
        fclose(file);
    }
}

static void other_files_are_refused(void)
{
    static char bytes[20000];
    memset(bytes, 'x', sizeof bytes);
    const char *path = session_path("other.ruzu");
    write_file(path, bytes, sizeof bytes);
    expect_open_error(path, NULL, RUZU_ERROR_VERSION, "not a valid ruzu database file");
    struct stat status;
    CHECK_EQ_I64(stat(path, &status), 0);
    CHECK_EQ_I64(status.st_size, sizeof bytes); /* left as it was */
}

/* The version stands behind the magic of each header slot (docs/file-format.md); the checksum must say the same, or the slot is just damaged. */
static void damaged_files_are_refused(void)
{
    const char *path = session_path("damaged.ruzu");
    session_close(session_open(path));
    FILE *file = fopen(path, "r+b");
    CHECK(file != NULL);
    for (long slot = 0; slot < 2 && file != NULL; slot++) {
        CHECK_EQ_I64(fseek(file, slot * 4096 + 60, SEEK_SET), 0);
        CHECK_EQ_I64(fputc(0x5a, file), 0x5a);
    }
    if (file != NULL) {
        fclose(file);
    }
    expect_open_error(path, NULL, RUZU_ERROR_CORRUPT, "damaged.ruzu");
}

/* CRC-32C, bit by bit. */
static uint32_t open_crc(const uint8_t *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
        }
    }
    return ~crc;
}

/* Writes a file's header with `size` bytes at `off` replaced, into both slots; sealed: with the right checksum. */
static void open_patch(const char *path, const uint8_t *header, size_t off, const void *bytes, size_t size, bool sealed)
{
    uint8_t page[4096];
    memcpy(page, header, sizeof page);
    memcpy(page + off, bytes, size);
    uint32_t crc = open_crc(page, 508);
    if (sealed) {
        memcpy(page + 508, &crc, sizeof crc);
    }
    FILE *file = fopen(path, "r+b");
    CHECK(file != NULL);
    for (int slot = 0; slot < 2 && file != NULL; slot++) {
        CHECK_EQ_U64(fwrite(page, 1, sizeof page, file), sizeof page);
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void open_read_header(const char *path, uint8_t *header)
{
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL && fread(header, 1, 4096, file) == 4096);
    if (file != NULL) {
        fclose(file);
    }
}

static void later_version_is_refused_with_both_numbers(void)
{
    const char *path = session_path("later.ruzu");
    uint8_t header[4096];
    char own[64];
    const uint32_t version = 4711;
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY)");
    session_close(conn);
    open_read_header(path, header);
    (void)snprintf(own, sizeof own, "version: %u", ruzu_storage_version());
    for (int sealed = 0; sealed < 2; sealed++) { /* the checksum of a later version may stand elsewhere */
        open_patch(path, header, 8, &version, sizeof version, sealed != 0);
        expect_open_error(path, NULL, RUZU_ERROR_VERSION, "4711");
        expect_open_error(path, NULL, RUZU_ERROR_VERSION, own);
        CHECK_EQ_I64(ruzu_check_file(path, true, NULL, NULL, NULL), RUZU_ERROR_VERSION);
        CHECK_EQ_I64(ruzu_salvage(path, session_path("later_out.ruzu"), NULL, NULL, NULL), RUZU_ERROR_VERSION);
    }
    open_patch(path, header, 8, header + 8, 4, true);
    session_close(session_open(path));
}

static void headers_with_wrong_ranges_are_refused(void)
{
    static const size_t refs[] = {64, 96, 128, 160}; /* catalog, node tables, relationship tables, free space */
    const char *path = session_path("ranges.ruzu");
    uint8_t header[4096];
    const uint8_t zero[28] = {0};
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, s STRING); CREATE REL TABLE K(FROM P TO P); CREATE (:P {id: 1})-[:K]->(:P {id: 2}); CHECKPOINT;"
                      "CREATE (:P {id: 3}); CHECKPOINT; CREATE (:P {id: 4})");
    session_close(conn);
    open_read_header(path, header);
    for (size_t i = 0; i < 4; i++) {
        uint8_t beyond[16];
        const uint64_t places[] = {UINT64_C(1) << 20, UINT64_C(1) << 62, UINT64_MAX, 0, 1};
        for (size_t j = 0; j < sizeof places / sizeof places[0]; j++) { /* start; the header pages too */
            memcpy(beyond, &places[j], 8);
            open_patch(path, header, refs[i], beyond, 8, true);
            expect_open_error(path, NULL, RUZU_ERROR_CORRUPT, "corrupt database: file");
        }
        for (size_t j = 0; j < 3; j++) { /* count */
            open_patch(path, header, refs[i] + 8, &places[j], 8, true);
            expect_open_error(path, NULL, RUZU_ERROR_CORRUPT, "corrupt database: file");
        }
        open_patch(path, header, refs[i], header + refs[(i + 1) % 4], 28, true); /* two on the same pages */
        expect_open_error(path, NULL, RUZU_ERROR_CORRUPT, "overlaps");
        if (i != 3) { /* without a free list there is merely nothing free */
            open_patch(path, header, refs[i], zero, 28, true);
            expect_open_error(path, NULL, RUZU_ERROR_CORRUPT, "corrupt database:");
        }
    }
    const uint64_t pages[] = {0, 1, UINT64_C(1) << 30, UINT64_MAX};
    for (size_t i = 0; i < 4; i++) { /* page count */
        open_patch(path, header, 56, &pages[i], 8, true);
        expect_open_error(path, NULL, RUZU_ERROR_CORRUPT, "pages");
    }
    open_patch(path, header, 0, header, 8, true);
    conn = session_open(path);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*)", "4");
    session_close(conn);
}

static void second_open_in_the_process_is_refused(void)
{
    const char *path = session_path("twice.ruzu");
    ruzu_conn *conn = session_open(path);
    expect_open_error(path, NULL, RUZU_ERROR_LOCKED, "ruzu_connect");
    expect_open_error(path, NULL, RUZU_ERROR_LOCKED, "twice.ruzu");
    CHECK_EQ_I64(symlink(path, session_path("link.ruzu")), 0);
    expect_open_error(session_path("link.ruzu"), NULL, RUZU_ERROR_LOCKED, "ruzu_connect");
    EXPECT_ROWS(conn, "RETURN 1", "1");
    session_close(conn);
    session_close(session_open(path));
}

static void read_only_reads(void)
{
    const char *path = session_path("readonly.ruzu");
    ruzu_conn *conn = session_open(path);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); CREATE (:P {id: 7})");
    session_close(conn);
    ruzu_config config;
    ruzu_config_init(&config);
    config.flags = RUZU_OPEN_READ_ONLY;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN p.id", "7");
    EXPECT_ERROR(conn, "CREATE (:P {id: 8})", RUZU_ERROR_READ_ONLY, "Connection exception: Cannot execute write operations in a read-only database!");
    EXPECT_ERROR(conn, "CREATE NODE TABLE Q(id INT64 PRIMARY KEY)", RUZU_ERROR_READ_ONLY, "Connection exception: Cannot execute write operations");
    EXPECT_ERROR(conn, "CHECKPOINT", RUZU_ERROR_READ_ONLY, "Connection exception: ");
    session_run(conn, "BEGIN TRANSACTION; MATCH (p:P) RETURN p.id; COMMIT");
    session_close(conn);
    expect_open_error(NULL, &config, RUZU_ERROR_READ_ONLY, "in-memory");
    expect_open_error(session_path("none.ruzu"), &config, RUZU_ERROR_IO, "none.ruzu");
}

/* Root may write everything, so the mode of a file does not stop it. */
static void file_without_permission_opens_for_reading(void)
{
    const char *path = session_path("mode.ruzu");
    session_close(session_open(path));
    CHECK_EQ_I64(chmod(path, 0400), 0);
    if (geteuid() != 0) {
        expect_open_error(path, NULL, RUZU_ERROR_IO, "mode.ruzu");
    }
    ruzu_config config;
    ruzu_config_init(&config);
    config.flags = RUZU_OPEN_READ_ONLY;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(path, &config, &conn), RUZU_OK);
    session_close(conn);
}

static void configurations_are_checked(void)
{
    ruzu_config config;
    memset(&config, 0, sizeof config);
    expect_open_error(NULL, &config, RUZU_ERROR_MISUSE, "struct_size");
    ruzu_config_init(&config);
    CHECK_EQ_U64(config.struct_size, sizeof config);
    config.flags = UINT32_C(1) << 31;
    expect_open_error(NULL, &config, RUZU_ERROR_MISUSE, "flags");
    ruzu_config_init(&config);
    config.wal_sync = 7;
    expect_open_error(NULL, &config, RUZU_ERROR_MISUSE, "wal_sync");
    ruzu_config_init(&config);
    config.buffer_pool_size = 1000;
    expect_open_error(NULL, &config, RUZU_ERROR_LIMIT, "Buffer manager exception: ");
    struct {
        ruzu_config config;
        uint64_t later;
    } larger = {.later = 0};
    ruzu_config_init(&larger.config);
    larger.config.struct_size = sizeof larger;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(NULL, &larger.config, &conn), RUZU_OK); /* a later header, nothing of it used */
    session_close(conn);
    larger.later = 1;
    expect_open_error(NULL, &larger.config, RUZU_ERROR_MISUSE, "does not know");
    CHECK_EQ_I64(ruzu_open(NULL, NULL, NULL), RUZU_ERROR_MISUSE);
}

static void small_memory_is_enough(void)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = 16u << 20;
    config.max_threads = 2;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(session_path("small.ruzu"), &config, &conn), RUZU_OK);
    session_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY); UNWIND range(1, 20000) AS i CREATE (:P {id: i})");
    EXPECT_ROWS(conn, "MATCH (p:P) RETURN count(*), min(p.id), max(p.id)", "20000|1|20000");
    session_close(conn);
}

/* 19 MB of strings behind 16 MiB: reading them fills everything with cached pages. What a query needs then comes out of these. */
static void cached_pages_give_way_to_queries(void)
{
    const uint32_t row_count = 300000;
    const char *path = session_path("wide.csv");
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    uint32_t random = 1;
    for (uint32_t i = 0; i < row_count; i++) {
        fprintf(file, "%u,", i);
        for (uint32_t j = 0; j < 8; j++) {
            random = random * 1664525u + 1013904223u;
            fprintf(file, "%08x", random);
        }
        fputc('\n', file);
    }
    CHECK_EQ_I64(fclose(file), 0);
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = 16u << 20;
    config.max_threads = 2;
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(ruzu_open(session_path("cached.ruzu"), &config, &conn), RUZU_OK);
    EXPECT_ROWS(conn, "CALL current_setting('memory_limit') RETURN *", "16777216");
    char copy[1200];
    session_run(conn, "CREATE NODE TABLE W(id INT64 PRIMARY KEY, s STRING)");
    (void)snprintf(copy, sizeof copy, "COPY W FROM '%s'", path);
    session_run(conn, copy);
    session_run(conn, "CHECKPOINT");
    for (int round = 0; round < 2; round++) {
        ruzu_buffer_stats stats = {.struct_size = sizeof stats};
        EXPECT_ROWS(conn, "MATCH (w:W) RETURN count(*), min(size(w.s)), max(size(w.s))", "300000|64|64");
        ruzu_buffer_pool_stats(conn, &stats);
        CHECK(stats.pages_used * stats.page_size > 13u << 20); /* less than 3 MiB are free */
        EXPECT_ROWS(conn, "MATCH (w:W) WHERE w.id < 40000 WITH w.id AS i, collect(w.id) AS l RETURN count(i), sum(l[1])", "40000|799980000");
        EXPECT_ROWS(conn, "MATCH (w:W) WITH w ORDER BY w.s RETURN count(w.s), min(w.id)", "300000|0");
    }
    session_close(conn);
}

static void statistics_of_the_pool(void)
{
    ruzu_conn *conn = session_open(NULL);
    ruzu_buffer_stats stats;
    memset(&stats, 0, sizeof stats);
    ruzu_buffer_pool_stats(conn, &stats);
    CHECK_EQ_U64(stats.page_size, 0); /* no struct_size: not touched */
    stats.struct_size = sizeof stats;
    ruzu_buffer_pool_stats(conn, &stats);
    CHECK_EQ_U64(stats.page_size, 4096);
    CHECK(stats.pages_total != 0);
    session_close(conn);
}

static void names_of_things(void)
{
    CHECK_STR(ruzu_status_name(RUZU_OK), "ok");
    CHECK_STR(ruzu_status_name(RUZU_ERROR_DISK_FULL), "disk_full");
    char version[32];
    (void)snprintf(version, sizeof version, "%d.%d.%d", RUZU_VERSION_MAJOR, RUZU_VERSION_MINOR, RUZU_VERSION_PATCH);
    CHECK_STR(ruzu_version(), version);
    CHECK(ruzu_storage_version() >= 1);
    CHECK_EQ_I64(ruzu_close(NULL), RUZU_OK);
}

int main(void)
{
    session_begin();
    RUN(memory_has_three_names);
    RUN(databases_in_memory_are_apart);
    RUN(data_survives_close);
    RUN(hundred_rounds_of_reopening);
    RUN(writing_in_every_round);
    RUN(folder_means_file_in_it);
    RUN(missing_folder_is_an_error);
    RUN(no_create_wants_a_file);
    RUN(other_files_are_refused);
    RUN(damaged_files_are_refused);
    RUN(later_version_is_refused_with_both_numbers);
    RUN(headers_with_wrong_ranges_are_refused);
    RUN(second_open_in_the_process_is_refused);
    RUN(read_only_reads);
    RUN(file_without_permission_opens_for_reading);
    RUN(configurations_are_checked);
    RUN(small_memory_is_enough);
    RUN(cached_pages_give_way_to_queries);
    RUN(statistics_of_the_pool);
    RUN(names_of_things);
    session_end();
    return CHECK_DONE();
}
