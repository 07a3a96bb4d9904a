/* SPDX-License-Identifier: MIT */
/*
 * Damaged files: thousands of mutants of one database are opened, read in full and checked. Every statement must give the answer of the undamaged file or
 * fail with CORRUPT or VERSION; nothing may crash, hang or answer otherwise. What a statement stumbles over, the check must have found. Now and then a mutant is
 * salvaged, and what comes out must be sound.
 *
 * The last kind of mutant is hostile: metadata are changed and all checksums above them made right, so that nothing but the checks of structure stands
 * between the bytes and the code. Such a file may say anything, so any answer will do, but no crash.
 *
 * RZ_TEST_VOLUME (percent) sets how many; RZ_TEST_MUTANT=<kind>:<number> runs one. The mutants run in a child process, so that a signal is told with its mutant.
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif

#include "integration/session.h"
#include "storage/page/page.h"

#include <sys/mman.h>
#include <sys/wait.h>

#define PAGE RZ_PAGE_SIZE

static uint8_t *damage_good;  /* the undamaged file */
static size_t damage_size;
static uint8_t *damage_old;   /* the file at an earlier checkpoint */
static size_t damage_old_size;
static uint8_t *damage_bytes; /* the mutant */
static size_t damage_mutant_size;
static uint64_t damage_state;

typedef struct damage_progress {
    uint32_t kind;
    uint32_t number;
    uint64_t found;     /* mutants in which the check found something */
    uint64_t refused;   /* that do not open */
    uint64_t failed;    /* of whose statements one failed */
    uint64_t salvaged;
    int failures;
    char note[256];
} damage_progress;
static damage_progress *damage_shared;

static uint64_t damage_random(uint64_t below)
{
    damage_state = damage_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (damage_state >> 16) % below;
}

/* ---- the database ---- */

static const char *const damage_schema =
    "CREATE NODE TABLE A(id INT64 PRIMARY KEY, b BOOL, i8 INT8, u UINT32, h INT128, f FLOAT, d DOUBLE, m DECIMAL(12, 3), s STRING, t TIMESTAMP, "
    "y DATE, v INTERVAL, g UUID, o BLOB, l INT64[], w STRING[][], x INT32[3], r STRUCT(p INT64, q STRING), k MAP(STRING, INT64), "
    "e UNION(n INT64, z STRING));"
    "CREATE NODE TABLE B(name STRING PRIMARY KEY, id INT64, far INT64, kind STRING, maybe INT64);"
    "CREATE NODE TABLE S(nr SERIAL PRIMARY KEY, note STRING);"
    "CREATE REL TABLE R(FROM A TO A, FROM A TO B, weight DOUBLE, note STRING);"
    "CREATE REL TABLE Q(FROM B TO B, since INT64);"
    "CREATE SEQUENCE seq; CREATE MACRO twice(z) AS z * 2";
static const char *const damage_load[] = {
    "COPY A FROM (UNWIND range(1, 250) AS i RETURN i * 3, i % 2 = 0, CAST(i % 100 AS INT8), CAST(i * 7 AS UINT32), CAST(i AS INT128) * 1000000000000000000000, "
    "CAST(i * 0.25 AS FLOAT), CASE WHEN i % 5 = 0 THEN NULL ELSE i * 1.5 END, CAST(i * 1.125 AS DECIMAL(12, 3)), 'text number ' + CAST(i AS STRING) + repeat('.', i % 40), "
    "to_timestamp(i * 86400.5), date('2020-01-01') + CAST(i AS INT32), to_days(i), uuid('0000000' + CAST(i % 10 AS STRING) + '-0000-4000-8000-000000000000'), "
    "encode('blob' + CAST(i AS STRING)), range(1, i % 7), [[CAST(i AS STRING)], ['x', NULL]], CAST([i, i + 1, i + 2] AS INT32[3]), {p: i, q: 'q' + CAST(i AS STRING)}, "
    "map(['a', 'b'], [i, i * 2]), union_value(n := i))",
    ("COPY B FROM (UNWIND range(0, 4999) AS i RETURN 'name' + CAST(i AS STRING), i, i * 1000003 % 777777, CASE WHEN i % 3 = 0 THEN 'red' ELSE 'blue' END, "
     "CASE WHEN i < 2500 THEN NULL ELSE i END)"),
    "UNWIND range(1, 50) AS i CREATE (:S {note: 'n' + CAST(i AS STRING)})",
    "MATCH (a:A), (b:A) WHERE (a.id * 7 + b.id * 11) % 613 < 6 CREATE (a)-[:R {weight: a.id * 0.5, note: 'aa'}]->(b)",
    "MATCH (a:A), (b:B) WHERE b.id = a.id * 6 CREATE (a)-[:R {weight: b.id * 0.5, note: b.name}]->(b)",
    "MATCH (a:B), (b:B) WHERE a.id % 2 = 0 AND b.id = (a.id * 31 + 7) % 5000 CREATE (a)-[:Q {since: a.id}]->(b)",
    "MATCH (b:B) WHERE b.id % 97 = 5 DETACH DELETE b",
    "MATCH (b:B) WHERE b.id % 89 = 3 SET b.far = 7, b.kind = 'green'",
    "MATCH (a:A)-[r:R]->(b:A) WHERE a.id % 11 = 1 DELETE r",
    "UNWIND range(6000, 6020) AS i CREATE (:B {name: 'late' + CAST(i AS STRING), id: i, far: i, kind: 'red'})",
};
static const char *const damage_queries[] = {
    "MATCH (a:A) RETURN a.* ORDER BY a.id",
    "MATCH (b:B) RETURN count(*), sum(b.id), sum(b.far), sum(size(b.name)), count(b.maybe), sum(b.maybe), count(DISTINCT b.kind)",
    "MATCH (b:B) WHERE b.far > 700000 AND b.kind = 'red' RETURN count(*), sum(b.id), min(b.name), max(b.name)",
    "MATCH (s:S) RETURN s.nr, s.note ORDER BY s.nr",
    "MATCH (a:A)-[r:R]->(b:A) RETURN count(*), sum(a.id * 3 + b.id), sum(r.weight), count(DISTINCT r.note)",
    "MATCH (b:A)<-[r:R]-(a:A) WHERE b.id < 90 RETURN b.id, count(*), sum(a.id) ORDER BY b.id",
    "MATCH (a:A)-[r:R]->(b:B) RETURN a.id, r.note, b.name ORDER BY a.id",
    "MATCH (a:B)-[q:Q]->(b:B) RETURN count(*), sum(a.id * 5 + b.id * 7 + q.since)",
    "MATCH (b:B)<-[q:Q]-(a:B) WHERE b.id < 400 RETURN sum(a.id), sum(q.since)",
    "MATCH (b:B) WHERE b.name = 'name4321' RETURN b.id, b.far",
    "UNWIND [3, 300, 749, 750] AS i MATCH (a:A) WHERE a.id = i RETURN a.id, a.s",
    "MATCH (n) RETURN count(*)",
    "MATCH ()-[e]->() RETURN count(*)",
    "CALL show_tables() RETURN name, type ORDER BY name",
    "RETURN twice(21)",
};
#define QUERY_COUNT (sizeof damage_queries / sizeof damage_queries[0])
static char *damage_answers[QUERY_COUNT];

static ruzu_status damage_open(const char *path, uint32_t flags, ruzu_conn **out)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.buffer_pool_size = UINT64_C(4) << 20;
    config.memory_limit = UINT64_C(256) << 20;
    config.max_threads = 1;
    config.flags = flags;
    return ruzu_open(path, &config, out);
}

static uint8_t *damage_read(const char *path, size_t *out_size)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    CHECK(file != NULL && stat(path, &status) == 0);
    if (file == NULL) {
        exit(1);
    }
    *out_size = (size_t)status.st_size;
    uint8_t *bytes = (uint8_t *)malloc(*out_size);
    CHECK_EQ_U64(fread(bytes, 1, *out_size, file), *out_size);
    (void)fclose(file);
    return bytes;
}

static void damage_build(const char *path)
{
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(damage_open(path, 0, &conn), RUZU_OK);
    session_run(conn, damage_schema);
    for (size_t i = 0; i < sizeof damage_load / sizeof damage_load[0]; i++) {
        session_run(conn, damage_load[i]);
        session_run(conn, "CHECKPOINT"); /* so that there is free space, and directories that were rewritten */
        if (i == 2) {
            damage_old = damage_read(path, &damage_old_size);
        }
    }
    session_close(conn);
    CHECK_EQ_I64(damage_open(path, RUZU_OPEN_READ_ONLY, &conn), RUZU_OK);
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        ruzu_result *result = NULL;
        CHECK_EQ_I64(ruzu_query(conn, damage_queries[i], &result), RUZU_OK);
        CHECK_STR(ruzu_errmsg(conn), "");
        damage_answers[i] = strdup(result == NULL ? "" : session_text(result));
        CHECK(damage_answers[i][0] != '\0');
        ruzu_result_free(result);
    }
    session_close(conn);
    damage_good = damage_read(path, &damage_size);
    damage_bytes = (uint8_t *)malloc(damage_size);
}

/* ---- mutants ---- */

static uint8_t *damage_page(uint64_t page)
{
    return damage_bytes + page * PAGE;
}

static uint64_t damage_page_count(void)
{
    return damage_size / PAGE;
}

static void damage_flip(void)
{
    size_t at = damage_random(damage_size);
    damage_bytes[at] ^= (uint8_t)(1u << damage_random(8));
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "bit flipped at byte %zu", at);
}

static void damage_page_flip(void)
{
    uint64_t page = damage_shared->number % damage_page_count();
    size_t at = (size_t)(page * PAGE + damage_random(page < 2 ? 512 : PAGE));
    damage_bytes[at] ^= (uint8_t)(1u << damage_random(8));
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "bit flipped at byte %zu", at);
}

static void damage_zero(void)
{
    uint64_t page = damage_shared->number % damage_page_count();
    memset(damage_page(page), 0, PAGE);
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "page %" PRIu64 " zeroed", page);
}

static void damage_duplicate(void)
{
    uint64_t from = damage_random(damage_page_count()), to = damage_random(damage_page_count());
    memcpy(damage_page(to), damage_good + from * PAGE, PAGE);
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "page %" PRIu64 " over page %" PRIu64, from, to);
}

static void damage_swap(void)
{
    uint64_t a = damage_random(damage_page_count()), b = damage_random(damage_page_count());
    memcpy(damage_page(a), damage_good + b * PAGE, PAGE);
    memcpy(damage_page(b), damage_good + a * PAGE, PAGE);
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "pages %" PRIu64 " and %" PRIu64 " swapped", a, b);
}

/* A write that never reached the disk: the page is as an earlier checkpoint left it. */
static void damage_stale(void)
{
    uint64_t count = (damage_old_size < damage_size ? damage_old_size : damage_size) / PAGE;
    uint64_t page = damage_shared->number % count;
    for (uint64_t i = 0; i < count && memcmp(damage_page(page), damage_old + page * PAGE, PAGE) == 0; i++) {
        page = (page + 1) % count;
    }
    memcpy(damage_page(page), damage_old + page * PAGE, PAGE);
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "page %" PRIu64 " is an old one", page);
}

static void damage_cut(void)
{
    damage_mutant_size = damage_random(3) == 0 ? damage_random(damage_size) : damage_random(damage_page_count()) * PAGE;
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "cut to %zu bytes", damage_mutant_size);
}

static void damage_scribble(void)
{
    size_t length = 1 + damage_random(200), at = damage_random(damage_size - length);
    for (size_t i = 0; i < length; i++) {
        damage_bytes[at + i] = (uint8_t)damage_random(256);
    }
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "%zu bytes overwritten at %zu", length, at);
}

static void damage_seal_header(uint8_t *page)
{
    rz_store_u32(page + 508, rz_crc32c(0, page, 508));
}

/* An interesting value in the place of a number. */
static uint64_t damage_number(uint64_t old)
{
    static const uint64_t values[] = {0, 1, 2, 3, 4095, 4096, UINT32_MAX, UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 31, UINT64_C(1) << 63, 262143, 262144};
    switch (damage_random(4)) {
    case 0: return old + 1;
    case 1: return old - 1;
    case 2: return damage_random(damage_page_count() + 2);
    default: return values[damage_random(sizeof values / sizeof values[0])];
    }
}

/* A field of the header, its checksum made right; of both slots, or of one that then is the newer one. */
static void damage_header(void)
{
    static const struct {
        size_t off;
        uint32_t size;
    } fields[] = {{8, 4}, {12, 4}, {16, 8}, {40, 4}, {44, 4}, {48, 4}, {56, 8}, {64, 8}, {72, 8}, {80, 8}, {88, 4}, {96, 8}, {104, 8}, {112, 8}, {120, 4},
                  {128, 8}, {136, 8}, {144, 8}, {152, 4}, {160, 8}, {168, 8}, {176, 8}, {184, 4}, {192, 8}, {200, 8}, {208, 8}, {216, 8}, {224, 8},
                  {64, 28}, {96, 28}, {128, 28}, {160, 28}};
    size_t field = damage_random(sizeof fields / sizeof fields[0]);
    bool both = damage_random(3) != 0;
    uint8_t value[28] = {0}; /* whole references become zero, or another part's */
    if (fields[field].size <= 8) {
        rz_store_u64(value, damage_number(fields[field].size == 8 ? rz_load_u64(damage_good + fields[field].off) : rz_load_u32(damage_good + fields[field].off)));
    } else if (damage_random(2) == 0) {
        memcpy(value, damage_good + 64 + 32 * damage_random(4), 28);
    }
    for (uint32_t slot = both ? 0 : 1; slot < 2; slot++) {
        memcpy(damage_page(slot) + fields[field].off, value, fields[field].size);
        if (!both) {
            rz_store_u64(damage_page(slot) + 32, rz_load_u64(damage_page(slot) + 32) + 1);
        }
        damage_seal_header(damage_page(slot));
    }
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "header field at %zu (%u bytes) is 0x%" PRIx64 ", %s", fields[field].off, fields[field].size,
                   rz_load_u64(value), both ? "both slots" : "one slot");
}

/* Makes the checksum in a reference right for the bytes it refers to. */
static void damage_seal_ref(uint8_t *ref)
{
    uint64_t start = rz_load_u64(ref), size = rz_load_u64(ref + 16);
    rz_store_u32(ref + 24, rz_meta_crc_of(damage_bytes + 16, start, damage_page(start), size));
}

static void damage_mutate_range(const uint8_t *ref)
{
    uint64_t start = rz_load_u64(ref), size = rz_load_u64(ref + 16);
    uint8_t *bytes = damage_page(start);
    if (size < 16) {
        return;
    }
    for (uint64_t i = 1 + damage_random(3); i > 0; i--) {
        uint64_t at = damage_random(size - 8);
        switch (damage_random(4)) {
        case 0: bytes[at] ^= (uint8_t)(1u << damage_random(8)); break;
        case 1: bytes[at] = (uint8_t)damage_random(256); break;
        case 2: rz_store_u32(bytes + at, (uint32_t)damage_number(rz_load_u32(bytes + at))); break;
        default: rz_store_u64(bytes + at, damage_number(rz_load_u64(bytes + at))); break;
        }
    }
}

/* Metadata changed, the checksums of all that lead to them made right. */
static void damage_hostile(void)
{
    uint64_t part = damage_random(8); /* catalog, lists, free space; else a directory */
    uint8_t *header = damage_page(0);
    uint8_t *ref = header + 64 + 32 * (part < 4 ? part : 1 + part % 2);
    if (part >= 4) {
        uint8_t *list = damage_page(rz_load_u64(ref));
        uint8_t *entry = list + 4 + 32 * damage_random(rz_load_u32(list)) + 4;
        damage_mutate_range(entry);
        damage_seal_ref(entry);
    } else if (rz_load_u64(ref + 8) != 0) {
        damage_mutate_range(ref);
    }
    if (rz_load_u64(ref + 8) != 0) {
        damage_seal_ref(ref);
    }
    damage_seal_header(header);
    memcpy(damage_page(1), header, PAGE);
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "hostile metadata of part %" PRIu64, part);
}

/* The place of a page's checksum in a directory, and the references that lead there; false: no directory names the page. */
static bool damage_find_page(uint64_t page, uint8_t **out_crc, uint8_t **out_entry, uint8_t **out_ref)
{
    uint32_t crc = rz_page_crc_of(damage_bytes + 16, page, damage_page(page));
    for (uint32_t kind = 0; kind < 2; kind++) {
        uint8_t *ref = damage_page(0) + 96 + 32 * kind;
        uint8_t *list = damage_page(rz_load_u64(ref));
        for (uint32_t i = 0; i < rz_load_u32(list); i++) {
            uint8_t *entry = list + 4 + 32 * (size_t)i + 4;
            uint8_t *bytes = damage_page(rz_load_u64(entry));
            for (uint64_t at = 0; at + 4 <= rz_load_u64(entry + 16); at++) {
                if (rz_load_u32(bytes + at) == crc) {
                    *out_crc = bytes + at;
                    *out_entry = entry;
                    *out_ref = ref;
                    return true;
                }
            }
        }
    }
    return false;
}

/* The contents of a page changed, all checksums made right: what is left is the care with which pages are decoded. */
static void damage_forged(void)
{
    uint8_t *crc = NULL, *entry = NULL, *ref = NULL;
    uint64_t page = 2 + damage_shared->number % (damage_page_count() - 2);
    (void)snprintf(damage_shared->note, sizeof damage_shared->note, "page %" PRIu64 " forged", page);
    if (!damage_find_page(page, &crc, &entry, &ref)) {
        return; /* metadata, or free */
    }
    for (uint64_t i = 1 + damage_random(4); i > 0; i--) {
        uint64_t used = damage_random(3) == 0 ? PAGE - 8 : 256; /* sections begin at the front */
        uint64_t at = damage_random(used);
        switch (damage_random(3)) {
        case 0: damage_page(page)[at] ^= (uint8_t)(1u << damage_random(8)); break;
        case 1: memset(damage_page(page) + at, (int)damage_random(256), damage_random(PAGE - at)); break;
        default: rz_store_u64(damage_page(page) + at, damage_number(rz_load_u64(damage_page(page) + at))); break;
        }
    }
    rz_store_u32(crc, rz_page_crc_of(damage_bytes + 16, page, damage_page(page)));
    damage_seal_ref(entry);
    damage_seal_ref(ref);
    damage_seal_header(damage_page(0));
    memcpy(damage_page(1), damage_page(0), PAGE);
}

/* The last page of a primary-key index, whose checksum is the last thing in the directory of its table: offsets that lead nowhere, or to other rows. */
static void damage_index(void)
{
    uint8_t *ref = damage_page(0) + 96;
    uint8_t *list = damage_page(rz_load_u64(ref));
    uint8_t *entry = list + 4 + 32 * (damage_shared->number % 2) + 4; /* tables A and B: the third one's keys are numbers of rows */
    uint8_t *crc = damage_page(rz_load_u64(entry)) + rz_load_u64(entry + 16) - 4;
    for (uint64_t page = 2; page < damage_page_count(); page++) {
        if (rz_page_crc_of(damage_bytes + 16, page, damage_page(page)) != rz_load_u32(crc)) {
            continue;
        }
        for (int i = 0; i < 20; i++) {
            rz_store_u64(damage_page(page) + damage_random(600), damage_random(UINT64_MAX));
        }
        rz_store_u32(crc, rz_page_crc_of(damage_bytes + 16, page, damage_page(page)));
        (void)snprintf(damage_shared->note, sizeof damage_shared->note, "index page %" PRIu64 " forged", page);
        break;
    }
    damage_seal_ref(entry);
    damage_seal_ref(ref);
    damage_seal_header(damage_page(0));
    memcpy(damage_page(1), damage_page(0), PAGE);
}

static const struct {
    const char *name;
    void (*make)(void);
    uint32_t count; /* at 100 % */
    bool hostile;
} damage_kinds[] = {
    {"flip", damage_flip, 800, false},
    {"bitflip_each_page_type_detected", damage_page_flip, 600, false},
    {"zeroed_page_no_loop", damage_zero, 400, false},
    {"stale_page_detected", damage_stale, 200, false},
    {"duplicate", damage_duplicate, 400, false},
    {"swapped_pages_detected", damage_swap, 400, false},
    {"cut", damage_cut, 250, false},
    {"scribble", damage_scribble, 400, false},
    {"header", damage_header, 700, false},
    {"hostile", damage_hostile, 1200, true},
    {"forged", damage_forged, 700, true},
    {"index_bad_offset_is_error", damage_index, 100, true},
};

/* ---- judging ---- */

static void damage_complain(const char *what, const char *text)
{
    damage_shared->failures++;
    fprintf(stderr, "mutant %s:%u (%s): %s: %.400s\n", damage_kinds[damage_shared->kind].name, damage_shared->number, damage_shared->note, what, text);
}

static bool damage_is_refusal(ruzu_status status, bool hostile)
{
    /* A hostile catalog may lack tables, name wrong types or ask for much memory. */
    return status == RUZU_ERROR_CORRUPT || status == RUZU_ERROR_VERSION || (hostile && status != RUZU_ERROR_INTERNAL && status != RUZU_ERROR_MISUSE);
}

/* Every statement: the answer, or a refusal. Returns whether all were answered. */
static bool damage_ask(ruzu_conn *conn, bool hostile)
{
    bool all = true;
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        ruzu_result *result = NULL;
        ruzu_status status = ruzu_query(conn, damage_queries[i], &result);
        if (status != RUZU_OK) {
            all = false;
            if (!damage_is_refusal(status, hostile)) {
                damage_complain(damage_queries[i], ruzu_errmsg(conn));
            }
        } else {
            const char *text = session_text(result);
            if (!hostile && strcmp(text, damage_answers[i]) != 0) {
                damage_complain("another answer", damage_queries[i]);
            }
        }
        ruzu_result_free(result);
    }
    return all;
}

static int damage_show(void *user, const ruzu_problem *problem)
{
    (void)user;
    damage_complain("what was salvaged is not sound", problem->text);
    return damage_shared->failures > 3;
}

static void damage_salvage(const char *path)
{
    const char *out = session_path("salvaged.ruzu");
    uint64_t problems = 0;
    (void)remove(out);
    ruzu_status status = ruzu_salvage(path, out, NULL, NULL, NULL);
    if (status != RUZU_OK) {
        if (status != RUZU_ERROR_CORRUPT && status != RUZU_ERROR_VERSION) {
            damage_complain("salvage", ruzu_open_errmsg());
        }
        if (access(out, F_OK) == 0) {
            damage_complain("salvage", "it failed and left a file");
        }
        return;
    }
    damage_shared->salvaged++;
    status = ruzu_check_file(out, true, damage_show, NULL, &problems);
    if (status != RUZU_OK) {
        damage_complain("check of what was salvaged", ruzu_open_errmsg());
    }
}

static void damage_judge(const char *path, bool hostile)
{
    ruzu_conn *conn = NULL;
    uint64_t problems = 0;
    bool sound = true;
    bool cut_to_nothing = damage_mutant_size == 0; /* an empty file counts as absent */
    ruzu_status status = damage_open(path, damage_shared->number % 16 == 0 ? RUZU_OPEN_NO_CREATE : RUZU_OPEN_READ_ONLY, &conn);
    if (cut_to_nothing) {
        CHECK_EQ_I64(status, RUZU_ERROR_IO);
        return;
    }
    if (status != RUZU_OK) {
        sound = false;
        damage_shared->refused++;
        if (!damage_is_refusal(status, hostile)) {
            damage_complain("open", ruzu_open_errmsg());
        }
    } else {
        sound = damage_ask(conn, hostile);
        damage_shared->failed += !sound;
        if (ruzu_close(conn) != RUZU_OK) {
            damage_complain("close", ruzu_open_errmsg());
        }
    }
    bool version = status == RUZU_ERROR_VERSION;
    status = ruzu_check_file(path, true, NULL, NULL, &problems);
    if (status != RUZU_OK && !damage_is_refusal(status, hostile)) {
        damage_complain("check", ruzu_open_errmsg());
    }
    damage_shared->found += problems != 0;
    if (!sound && !version && status == RUZU_OK && problems == 0 && !hostile) {
        damage_complain("check", "it found nothing, but a statement did");
    }
    if (damage_shared->number % 25 == 3) {
        damage_salvage(path);
    }
}

static void damage_run_one(uint32_t kind, uint32_t number)
{
    damage_shared->kind = kind;
    damage_shared->number = number;
    damage_state = UINT64_C(0x9e3779b97f4a7c15) * (kind * UINT64_C(100003) + number + 1);
    memcpy(damage_bytes, damage_good, damage_size);
    damage_mutant_size = damage_size;
    damage_kinds[kind].make();
    const char *path = session_path("mutant.ruzu");
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(damage_bytes, 1, damage_mutant_size, file) != damage_mutant_size || fclose(file) != 0) {
        damage_complain("writing the mutant", path);
        return;
    }
    (void)alarm(60);
    damage_judge(path, damage_kinds[kind].hostile);
    (void)alarm(0);
}

/* In a child: its end by a signal is a failure that names the mutant. */
static void damage_run_kind(uint32_t kind, uint32_t first, uint32_t count)
{
    memset(damage_shared, 0, sizeof *damage_shared);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        for (uint32_t i = first; i < first + count && damage_shared->failures < 20; i++) {
            damage_run_one(kind, i);
        }
        _exit(damage_shared->failures + check_failures == 0 ? 0 : 1);
    }
    int status = 0;
    check_count++;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        check_failures++;
        fprintf(stderr, "%s: ended with status 0x%x at mutant %u (%s)\n", damage_kinds[kind].name, (unsigned)status, damage_shared->number,
                damage_shared->note);
    }
    printf("%-32s %5u mutants: %5" PRIu64 " found by the check, %5" PRIu64 " do not open, %5" PRIu64 " fail statements, %4" PRIu64 " salvaged\n",
           damage_kinds[kind].name, count, damage_shared->found, damage_shared->refused, damage_shared->failed, damage_shared->salvaged);
    /* Damage of a page that is in use is always found; pages that are free, and the unused part of the headers, may be anything. */
    CHECK(damage_shared->found * 3 >= count || damage_kinds[kind].hostile);
    /* With all checksums right, only what tables say of themselves and of each other can tell. */
    CHECK(damage_shared->found != 0 || count < 20);
}

int main(void)
{
    session_begin();
    damage_shared = (damage_progress *)mmap(NULL, sizeof *damage_shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (damage_shared == MAP_FAILED) {
        return 1;
    }
    damage_build(session_path("good.ruzu"));
    const char *volume_text = getenv("RZ_TEST_VOLUME");
    const char *one = getenv("RZ_TEST_MUTANT");
    long volume = volume_text == NULL ? 100 : strtol(volume_text, NULL, 10);
    size_t kinds = sizeof damage_kinds / sizeof damage_kinds[0];
    printf("%zu pages\n", damage_size / PAGE);
    for (uint32_t kind = 0; kind < kinds && check_failures == 0; kind++) {
        size_t length = strlen(damage_kinds[kind].name);
        if (one != NULL && strncmp(one, damage_kinds[kind].name, length) == 0 && one[length] == ':') {
            damage_run_one(kind, (uint32_t)strtoul(one + length + 1, NULL, 10)); /* here, for a debugger */
        } else if (one == NULL) {
            uint32_t count = (uint32_t)(damage_kinds[kind].count * volume / 100);
            damage_run_kind(kind, 0, count == 0 ? 1 : count);
        }
    }
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        free(damage_answers[i]);
    }
    free(damage_good);
    free(damage_old);
    free(damage_bytes);
    session_end();
    return check_failures + damage_shared->failures == 0 ? 0 : 1;
}
