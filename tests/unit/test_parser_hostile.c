/* SPDX-License-Identifier: MIT */
/*
 * Hostile input: a megabyte of each opening construct on a 512 KiB stack in linear time, every prefix and many
 * mutations of ordinary statements, and every allocation failing in turn. The measure is a result or a clean error, and
 * no memory kept.
 */
#include "os/os.h"

#include "parser_fixture.h"
#include "volume.h"

#include <time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define SANITIZED 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#        define SANITIZED 1
#    endif
#endif
#ifndef SANITIZED
#    define SANITIZED 0
#endif

enum {
    /* Sanitizers need a multiple of the stack. */
    STACK_BYTES = SANITIZED ? 8 << 20 : 512 << 10,
    HOSTILE_BYTES = 1 << 20
};

/* One of each kind of thing. */
static const char *const SAMPLES[] = {
    "MATCH p = (a:A|B {x: $p, y: 'z\\n'} WHERE a.x > 1)-[e:T*SHORTEST 1..3 (r, n | WHERE r.x > 1 | {r.x}, {n.*})]->(b)<-[f]-() "
    "WHERE NOT a.x = b.y AND EXISTS { MATCH (a)-->(c) WHERE c.x IN [1, 2.5e-3, NULL] } HINT (a JOIN e) JOIN b "
    "WITH DISTINCT a.x AS x, count(*) AS n ORDER BY x DESC NULLS LAST SKIP 1 LIMIT 2 WHERE x > 1 RETURN *, CASE x WHEN 1 THEN 'a' ELSE 'b' END",
    "UNWIND [x IN range(1, 3) WHERE x % 2 = 1 | {a: x, `b c`: -x ^ 2}] AS m FOREACH (y IN [1] | CREATE (:A {x: y})) MERGE (a:A) ON MATCH SET a.x = 1 "
    "ON CREATE SET a += {y: 1} REMOVE a.z DETACH DELETE a RETURN reduce(s = 0, i IN [1] | s + i), a {.x, k: 1}, [(a)-->(b) WHERE b:B | b], "
    "all(x IN l WHERE x), CAST(a AS STRUCT(x INT64)[]), f(DISTINCT a), list_transform(l, (x, y) -> x + y), l[1:-1][2] UNION ALL RETURN 1",
    "CREATE NODE TABLE IF NOT EXISTS P (id SERIAL, name STRING DEFAULT upper('x'), PRIMARY KEY (id)); CREATE REL TABLE K (FROM P TO P, w DOUBLE, MANY_ONE) "
    "WITH (storage_direction = 'fwd'); CREATE SEQUENCE s INCREMENT BY -1 START WITH 5 NO CYCLE; CREATE MACRO m(a, b := 3) AS a + b; "
    "ALTER TABLE P ADD c INT64[] DEFAULT [1]; ALTER TABLE P RENAME c TO d; DROP TABLE IF EXISTS P; COMMENT ON TABLE P IS 'x'",
    "COPY P (a, b) FROM ['x.csv', 'y.csv'] (HEADER = true, delim '|'); COPY (MATCH (a) RETURN a.x) TO 'f.csv'; "
    "LOAD WITH HEADERS (a INT64) FROM glob('*.csv') WHERE a > 1 RETURN a; EXPORT DATABASE 'd' (format = 'csv'); ATTACH 'p' AS x (DBTYPE kuzu); "
    "CALL threads = 4; CALL f('x', k := 1) YIELD a AS b RETURN b; CALL (x) { RETURN 1 AS y } RETURN y; EXPLAIN LOGICAL RETURN 1; "
    "CREATE UNIQUE INDEX i FOR (v:P) ON (v.a, v.b); CREATE CONSTRAINT FOR ()-[v:K]-() REQUIRE v.a IS NOT NULL; BEGIN TRANSACTION READ ONLY; COMMIT",
    "MATCH (x)((a)-[:T]->(b) WHERE a.y){1,3}(z), ANY SHORTEST (a)-[*]-(b)-->+(c), allShortestPaths((a)-[e* ALL WSHORTEST(w)]->(b)) "
    "RETURN a <= b < c, a IS NOT :: INT64, x STARTS WITH 'a' || \"b\" =~ $`q r`, 170141183460469231731687303715884105727, 5!!, "
    "COUNT { (a)--(b) }, COLLECT { MATCH (a:!A&(B|C)) RETURN a }, exists(n.x), [1,,2,], n.`a``b`.*, 0x1F | 0o17 & 1_0 << 2 >> 1",
};

enum {
    SAMPLE_COUNT = sizeof SAMPLES / sizeof SAMPLES[0]
};

static void samples_are_accepted(void)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        CHECK_EQ_I64(parser_status(SAMPLES[i], false), RUZU_OK);
    }
}

/* ---- size ---- */

typedef struct hostile_case {
    const char *prefix;
    const char *piece;
    const char *middle;  /* behind the pieces */
    const char *closing; /* repeated as often as the piece, or NULL */
} hostile_case;

static const hostile_case HOSTILE[] = {
    {"RETURN ", "(", "", NULL},
    {"RETURN ", "(", "1", ")"},
    {"RETURN ", "[", "", NULL},
    {"RETURN ", "[", "", "]"},
    {"RETURN ", "{a:", "", NULL},
    {"RETURN ", "{a:", "1", "}"},
    {"RETURN ", "NOT ", "", NULL},
    {"RETURN ", "NOT ", "a", NULL},
    {"RETURN ", "-", "", NULL},
    {"RETURN ", "-", "1", NULL},
    {"RETURN ", "- ", "a", NULL},
    {"RETURN ", "+", "a", NULL},
    {"RETURN ", "1+", "", NULL},
    {"RETURN ", "1+", "1", NULL},
    {"RETURN ", "1-", "1", NULL},
    {"RETURN ", "1*", "1", NULL},
    {"RETURN ", "a OR ", "a", NULL},
    {"RETURN ", "a=", "a", NULL},
    {"RETURN ", "a^", "a", NULL},
    {"RETURN ", "a||", "a", NULL},
    {"RETURN ", "a OR b AND ", "a", NULL},
    {"RETURN a", "!", "", NULL},
    {"RETURN a", ".b", "", NULL},
    {"RETURN a", "[1]", "", NULL},
    {"RETURN a", "[a", "", NULL},
    {"RETURN a", " IS NULL", "", NULL},
    {"RETURN a", ":A", "", NULL},
    {"RETURN ", "CASE WHEN ", "", NULL},
    {"RETURN ", "CASE ", "", NULL},
    {"RETURN ", "CAST(", "", NULL},
    {"RETURN ", "f(", "", NULL},
    {"RETURN ", "f(x -> ", "x", ")"},
    {"RETURN f(", "x -> ", "x", NULL},
    {"RETURN ", "[x IN ", "", NULL},
    {"RETURN ", "[x IN ", "l", " | x]"},
    {"RETURN ", "[x IN l WHERE ", "x", " | x]"},
    {"RETURN ", "[x IN l | ", "x", "]"},
    {"RETURN ", "[(a)-->(b) | ", "x", "]"},
    {"RETURN ", "all(x IN ", "", NULL},
    {"RETURN ", "reduce(a = ", "", NULL},
    {"RETURN ", "n {k: ", "1", "}"},
    {"RETURN ", "EXISTS { MATCH (a) WHERE ", "", NULL},
    {"RETURN ", "COUNT { ", "", NULL},
    {"RETURN ", "(a)-[e]-", "(a)", NULL},
    {"RETURN ", "(a {x: ", "", NULL},
    {"RETURN ", "(a {x: ", "1", "})-->()"},
    {"MATCH ", "(", "", NULL},
    {"MATCH ", "((a)", "", NULL},
    {"MATCH ", "(", "(a)-->(b)", "){1,2}"},
    {"MATCH (a:", "!", "A) RETURN a", NULL},
    {"MATCH (a:", "(", "A", ")"},
    {"MATCH (a:A", "|A", ") RETURN a", NULL},
    {"MATCH (a)", "-[e]->(a)", " RETURN a", NULL},
    {"MATCH (a)-[*(r, n | WHERE ", "(", "", NULL},
    {"MATCH (a) HINT ", "(", "", NULL},
    {"MATCH (a) HINT a", " JOIN b", " RETURN a", NULL},
    {"MATCH (a) FOREACH (x IN l | ", "FOREACH (x IN l | ", "DELETE x", ")"},
    {"RETURN 1", " UNION RETURN 1", "", NULL},
    {"", "MATCH (a) ", "RETURN 1", NULL},
    {"", "CALL { ", "RETURN 1", " }"},
    {"", "RETURN 1;", "", NULL},
    {"", ";", "", NULL},
    {"", "/*", "", NULL},
    {"", "/**/", "", NULL},
    {"RETURN ", "'", "", NULL},
    {"RETURN '", "\\", "'", NULL},
    {"RETURN '", "\\u00e9", "'", NULL},
    {"RETURN ", "`", "", NULL},
    {"RETURN ", "`a`", "", NULL},
    {"RETURN ", "$", "", NULL},
    {"RETURN ", "9", "", NULL},
    {"RETURN 0.", "9", "", NULL},
    {"RETURN 1e", "9", "", NULL},
    {"RETURN [1", ",1.2345678901234567890123e-7", "]", NULL},
    {"RETURN [1", ",", "]", NULL},
    {"RETURN f(1", ",a := 1", ")", NULL},
    {"RETURN {a: 1", ",a: 1", "}", NULL},
    {"RETURN 1", ",1", "", NULL},
    {"RETURN 1 ORDER BY 1", ",1", "", NULL},
    {"CREATE NODE TABLE t (a INT64 PRIMARY KEY", ",a INT64", ")", NULL},
    {"CREATE TYPE t AS ", "STRUCT(a ", "INT64", ")"},
    {"CREATE TYPE t AS INT64", "[]", "", NULL},
    {"COPY t FROM ", "(", "", NULL},
    {"COPY t FROM ", "(LOAD FROM ", "", NULL},
    {"CREATE MACRO m(a", ",a", ") AS a", NULL},
    {"MATCH (a) SET a.x = 1", ",a.x = 1", "", NULL},
    {"EXPLAIN ", "EXPLAIN ", "", NULL},
    {"RETURN ", "a.b.c.d.e.f.g.h.i ", "", NULL},
    {"RETURN a", ")", "", NULL},
    {"RETURN ", "(]", "", NULL},
    {"RETURN ", "\xC3\xA9", "", NULL},
};

static double hostile_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void hostile_parse(const hostile_case *hostile, bool with_closing)
{
    rz_str text;
    parser_fixture f;
    rz_str_init(&text, rz_mem_root());
    rz_str_append_text(&text, hostile->prefix);
    size_t count = HOSTILE_BYTES / (strlen(hostile->piece) + (with_closing ? strlen(hostile->closing) : 0));
    for (size_t i = 0; i < count; i++) {
        rz_str_append_text(&text, hostile->piece);
    }
    rz_str_append_text(&text, hostile->middle);
    for (size_t i = 0; i < count && with_closing; i++) {
        rz_str_append_text(&text, hostile->closing);
    }
    CHECK(!text.failed);
    double start = hostile_seconds();
    parser_fixture_parse(&f, text.data, text.length, NULL);
    double seconds = hostile_seconds() - start;
    CHECK(f.status == RUZU_OK || f.status == RUZU_ERROR_PARSER || f.status == RUZU_ERROR_LIMIT ||
          f.status == RUZU_ERROR_CONVERSION);
    /* Parsing and printing; the bound is for a slow machine. */
    if (!SANITIZED && seconds > 1.0) {
        fprintf(stderr, "%s%s…: %.2f s\n", hostile->prefix, hostile->piece, seconds);
        CHECK(seconds <= 1.0);
    }
    parser_fixture_free(&f);
    rz_str_free(&text);
}

static void hostile_thread(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < sizeof HOSTILE / sizeof HOSTILE[0]; i++) {
        hostile_parse(&HOSTILE[i], HOSTILE[i].closing != NULL);
    }
}

static void a_megabyte_of_anything_is_parsed_in_linear_time_on_a_small_stack(void)
{
    rz_thread thread;
    CHECK_EQ_I64(rz_thread_start(&thread, STACK_BYTES, hostile_thread, NULL), RUZU_OK);
    rz_thread_join(thread);
}

/* Nesting just below the limit succeeds, and so the whole depth was used on that stack. */
static void depth_thread(void *arg)
{
    static const hostile_case NESTED[] = {
        {"RETURN ", "(", "1", ")"},
        {"RETURN ", "[", "1", "]"},
        {"RETURN ", "{a:", "1", "}"},
        {"RETURN ", "f(", "1", ")"},
        {"RETURN ", "CASE WHEN ", "a", " THEN b END"},
        {"RETURN ", "l[", "1", "]"},
        {"RETURN ", "[x IN ", "l", " | x]"},
        {"RETURN ", "n {k: ", "1", "}"},
        {"RETURN ", "1 + (2 * ", "3", ")"},
        {"RETURN ", "[x IN l WHERE ", "x", " | x]"},
        {"RETURN ", "all(x IN l WHERE ", "x", ")"},
        {"RETURN ", "CAST(", "x", " AS INT64)"},
        {"RETURN ", "reduce(a = ", "x", ", i IN l | i)"},
        {"MATCH (a) ", "FOREACH (x IN l | ", "DELETE x", ")"},
        {"RETURN ", "(:A {x: ", "1", "})-->()"},
        {"RETURN ", "[(a)-->(b) | ", "x", "]"},
    };
    (void)arg;
    for (size_t i = 0; i < sizeof NESTED / sizeof NESTED[0]; i++) {
        parser_fixture f;
        rz_str text;
        rz_str_init(&text, rz_mem_root());
        /* Some constructs use two or three levels of nesting each. */
        size_t count = 990;
        do {
            rz_str_clear(&text);
            rz_str_append_text(&text, NESTED[i].prefix);
            for (size_t k = 0; k < count; k++) {
                rz_str_append_text(&text, NESTED[i].piece);
            }
            rz_str_append_text(&text, NESTED[i].middle);
            for (size_t k = 0; k < count; k++) {
                rz_str_append_text(&text, NESTED[i].closing);
            }
            parser_fixture_parse(&f, text.data, text.length, NULL);
            count = count * 9 / 10;
            ruzu_status status = f.status;
            parser_fixture_free(&f);
            if (status == RUZU_OK) {
                break;
            }
            CHECK_EQ_I64(status, RUZU_ERROR_LIMIT);
        } while (count > 200);
        CHECK(count > 200);
        rz_str_free(&text);
    }
}

static void the_whole_depth_fits_the_small_stack(void)
{
    rz_thread thread;
    CHECK_EQ_I64(rz_thread_start(&thread, STACK_BYTES, depth_thread, NULL), RUZU_OK);
    rz_thread_join(thread);
}

/* ---- damage ---- */

static void every_prefix_gives_a_result_or_an_error(void)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        for (size_t length = 0; length <= strlen(SAMPLES[i]); length++) {
            parser_fixture f;
            size_t end;
            parser_fixture_parse(&f, SAMPLES[i], length, NULL);
            CHECK(f.status == RUZU_OK || f.status == RUZU_ERROR_PARSER);
            CHECK(f.status == RUZU_OK || f.err.position <= length);
            (void)rz_lex_statement_end(SAMPLES[i], length, 0, &end);
            CHECK(end <= length);
            parser_fixture_free(&f);
        }
    }
}

static uint32_t hostile_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Cuts, repeats and replaces pieces of the samples; what is still accepted must print to a fixpoint. */
static void mutations_give_a_result_or_an_error(void)
{
    static const char LETTERS[] = "()[]{}<>-=|&!:;.,*+'\"`$%^/\\ \n0129aexuRNWITH_";
    const uint64_t seed = 20240607;
    uint64_t state = seed;
    const uint64_t rounds = test_volume(20000, 1000);
    uint32_t accepted = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        char text[2000];
        const char *sample = SAMPLES[hostile_random(&state) % SAMPLE_COUNT];
        size_t length = strlen(sample);
        memcpy(text, sample, length);
        for (uint32_t changes = hostile_random(&state) % 4 + 1; changes > 0; changes--) {
            size_t at = hostile_random(&state) % length;
            size_t size = hostile_random(&state) % 8 + 1;
            size = size > length - at ? length - at : size;
            switch (hostile_random(&state) % 3) {
            case 0: /* cut */
                if (length > 20) {
                    memmove(text + at, text + at + size, length - at - size);
                    length -= size;
                }
                break;
            case 1: /* repeat */
                memmove(text + at + size, text + at, length - at);
                length += size;
                break;
            default: text[at] = LETTERS[hostile_random(&state) % (sizeof LETTERS - 1)]; break;
            }
        }
        parser_fixture f;
        parser_fixture_parse(&f, text, length, NULL);
        if (f.status == RUZU_OK) {
            parser_fixture again;
            accepted++;
            parser_fixture_parse(&again, rz_str_text(&f.text), f.text.length, NULL);
            CHECK_STR(rz_str_text(&again.text), rz_str_text(&f.text));
            if (again.status != RUZU_OK) {
                fprintf(stderr, "seed %llu round %llu: %.*s\n", (unsigned long long)seed, (unsigned long long)round, (int)length, text);
            }
            parser_fixture_free(&again);
        }
        parser_fixture_free(&f);
    }
    CHECK(accepted > rounds / 200);
}

/* ---- memory ---- */

typedef struct failing {
    uint64_t countdown; /* allocations that still succeed */
    uint64_t failed;
} failing;

static bool failing_hook(void *user, size_t size)
{
    failing *state = (failing *)user;
    (void)size;
    if (state->countdown != 0) {
        state->countdown--;
        return false;
    }
    state->failed++;
    return true;
}

static void every_refused_allocation_is_reported_and_nothing_kept(void)
{
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        rz_str_append_text(&text, SAMPLES[i]);
        rz_str_append_text(&text, ";");
    }
    /* Many small arena blocks and stacks that grow. */
    rz_str_append_text(&text, "RETURN [1");
    for (int i = 0; i < 2000; i++) {
        rz_str_append_text(&text, ", (a - 1)");
    }
    rz_str_append_text(&text, "];");
    CHECK(!text.failed);
    bool done = false;
    for (uint64_t n = 0; !done && n < 100000; n++) {
        failing state = {.countdown = n};
        rz_mem mem;
        rz_arena arena;
        rz_error err;
        rz_ast_script *script;
        rz_mem_init(&mem, rz_mem_root(), UINT64_MAX);
        rz_arena_init(&arena, &mem);
        rz_error_init(&err);
        rz_mem_set_test_hook(failing_hook, &state);
        ruzu_status status = rz_parse(text.data, text.length, &arena, NULL, &script, &err);
        rz_mem_set_test_hook(NULL, NULL);
        done = state.failed == 0;
        CHECK_EQ_I64(status, done ? RUZU_OK : RUZU_ERROR_NO_MEMORY);
        CHECK((script != NULL) == done);
        CHECK(state.failed <= 1);
        rz_arena_free(&arena);
        CHECK_EQ_U64(mem.used, 0);
    }
    CHECK(done);
    rz_str_free(&text);
}

static void a_memory_limit_is_kept(void)
{
    rz_mem mem;
    rz_arena arena;
    rz_error err;
    rz_ast_script *script;
    rz_mem_init(&mem, rz_mem_root(), 3000);
    rz_arena_init(&arena, &mem);
    rz_error_init(&err);
    CHECK_EQ_I64(rz_parse(SAMPLES[0], strlen(SAMPLES[0]), &arena, NULL, &script, &err), RUZU_ERROR_NO_MEMORY);
    rz_arena_free(&arena);
    CHECK_EQ_U64(mem.used, 0);
}

int main(void)
{
    RUN(samples_are_accepted);
    RUN(a_megabyte_of_anything_is_parsed_in_linear_time_on_a_small_stack);
    RUN(the_whole_depth_fits_the_small_stack);
    RUN(every_prefix_gives_a_result_or_an_error);
    RUN(mutations_give_a_result_or_an_error);
    RUN(every_refused_allocation_is_reported_and_nothing_kept);
    RUN(a_memory_limit_is_kept);
    return CHECK_DONE();
}
