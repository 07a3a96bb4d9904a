/* SPDX-License-Identifier: MIT */
/*
 * Random questions over random small graphs, asked with all rules of the planner, with a random set of them, with all of them whatever they cost, and with none; on one thread and on two. The graphs have parallel
 * relationships, self-loops, NULLs, updated and deleted rows: committed, uncommitted, in memory, on pages, in overlays. The questions are joined of patterns with cycles, OPTIONAL MATCH, EXISTS and COUNT tied by a
 * node or by values, WITH, aggregates, DISTINCT, UNION, ORDER BY with LIMIT.
 *
 * RZ_TEST_SEED=n asks about the graph of one seed only.
 */
#include "integration/session.h"
#include "unit/volume.h"

#include <stdarg.h>

enum { RANDOM_A = 26, RANDOM_B = 11, RANDOM_TEXT = 1 << 19, RANDOM_QUERY = 8192, RANDOM_VARS = 12 };

#define RANDOM_EAGER UINT64_C(0x1ffffffff)

static uint64_t random_state = 1;

static int random_below(int below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((random_state >> 33) % (uint64_t)below);
}

static bool random_one_in(int count)
{
    return random_below(count) == 0;
}

/* ---- texts ---- */

typedef struct random_text {
    char text[RANDOM_QUERY];
    size_t length;
} random_text;

static void random_add(random_text *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int added = vsnprintf(out->text + out->length, sizeof out->text - out->length, format, args);
    va_end(args);
    if (added < 0 || (size_t)added >= sizeof out->text - out->length) {
        exit(1);
    }
    out->length += (size_t)added;
}

/* ---- graphs ---- */

/* x: often NULL, few values; y: quarters, so that sums do not depend on their order; t: a text, NULL or one of few; z: a key that few share. */
static void random_properties(random_text *out, int id)
{
    random_add(out, "{id: %d", id);
    if (!random_one_in(5)) {
        random_add(out, ", x: %d", random_below(6) - 1);
    }
    if (!random_one_in(6)) {
        random_add(out, ", y: %d.%s", random_below(9) - 4, random_one_in(2) ? "25" : "5");
    }
    if (!random_one_in(5)) {
        random_add(out, ", t: '%c%s'", 'a' + random_below(4), random_one_in(3) ? " longer than what fits" : "");
    }
    if (!random_one_in(8)) {
        random_add(out, ", z: %d", random_below(30));
    }
    random_add(out, "}");
}

static void random_nodes(ruzu_conn *conn, const char *table, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        random_text text = {.length = 0};
        random_add(&text, "CREATE (:%s ", table);
        random_properties(&text, i);
        random_add(&text, ")");
        session_run(conn, text.text);
    }
}

static void random_edge(ruzu_conn *conn, const char *rel, const char *from, int a, const char *to, int b)
{
    random_text text = {.length = 0};
    random_add(&text, "MATCH (a:%s {id: %d}), (b:%s {id: %d}) CREATE (a)-[:%s", from, a, to, b, rel);
    if (!random_one_in(5)) {
        random_add(&text, " {w: %d}", random_below(5) - 1);
    }
    random_add(&text, "]->(b)");
    session_run(conn, text.text);
}

static int random_person(void)
{
    return random_one_in(3) ? random_below(RANDOM_A) : random_below(RANDOM_A / 3);
}

static void random_edges(ruzu_conn *conn, int count)
{
    for (int i = 0; i < count; i++) {
        int a = random_person();
        int b = random_one_in(9) ? a : random_person();
        switch (random_below(5)) {
        case 0: random_edge(conn, "R", "A", a, "A", b); break;
        case 1: random_edge(conn, "Q", "A", a, "A", b); break;
        case 2: random_edge(conn, "V", "A", a, "A", b); break;
        case 3: random_edge(conn, "V", "A", a, "B", random_below(RANDOM_B)); break;
        default: random_edge(conn, "T", "A", a, "B", random_below(RANDOM_B)); break;
        }
        if (random_one_in(8)) {
            random_edge(conn, "R", "A", a, "A", b);
            random_edge(conn, "R", "A", a, "A", b);
        }
        if (random_one_in(6)) {
            random_edge(conn, "U", "B", random_below(RANDOM_B), "B", random_below(RANDOM_B));
        }
    }
}

static void random_create(ruzu_conn *conn)
{
    session_run(conn, "CREATE NODE TABLE A(id INT64 PRIMARY KEY, x INT64, y DOUBLE, t STRING, z INT32); CREATE NODE TABLE B(id INT64 PRIMARY KEY, x INT64, y DOUBLE, t STRING, z INT32); "
                      "CREATE REL TABLE R(FROM A TO A, w INT64); CREATE REL TABLE Q(FROM A TO A, w INT64); CREATE REL TABLE T(FROM A TO B, w INT64); "
                      "CREATE REL TABLE U(FROM B TO B, w INT64); CREATE REL TABLE V(FROM A TO A, FROM A TO B, w INT64)");
}

/* Updates, deletes, inserts. first: of new nodes. */
static void random_change(ruzu_conn *conn, int first)
{
    random_text text = {.length = 0};
    int rest = random_below(5);
    random_add(&text, "MATCH (a:A) WHERE a.id %% 5 = %d SET a.x = %s; ", rest, random_one_in(3) ? "NULL" : "a.id % 4");
    random_add(&text, "MATCH (a:A) WHERE a.id %% 7 = %d SET a.t = '%c', a.z = 3; ", random_below(7), 'a' + random_below(5));
    random_add(&text, "MATCH (b:B) WHERE b.id %% 3 = %d SET b.y = %s, b.x = 2; ", random_below(3), random_one_in(2) ? "NULL" : "1.75");
    random_add(&text, "MATCH (:A)-[r:R]->(:A) WHERE r.w = %d SET r.w = %s; ", random_below(4), random_one_in(2) ? "NULL" : "7");
    random_add(&text, "MATCH (a:A)-[r:R]->(b:A) WHERE (a.id + b.id) %% 6 = %d DELETE r; ", random_below(6));
    random_add(&text, "MATCH (a:A)-[r:V]->(b:B) WHERE (a.id + b.id) %% 6 = %d DELETE r; ", random_below(6));
    random_add(&text, "MATCH (a:A)-[r:T]->(b:B) WHERE (a.id + b.id) %% 7 = %d DELETE r; ", random_below(7));
    random_add(&text, "MATCH (a:A {id: %d}) DETACH DELETE a; MATCH (b:B {id: %d}) DETACH DELETE b", random_below(RANDOM_A), random_below(RANDOM_B));
    session_run(conn, text.text);
    random_nodes(conn, "A", first, 2);
    random_edge(conn, "R", "A", first, "A", first);
    random_edge(conn, "R", "A", first, "A", first + 1);
    random_edges(conn, 6);
}

/* ---- questions ---- */

/* A name of the question. Names that WITH lets through keep their kind. */
typedef struct random_name {
    char name[16];
    char kind; /* 'A', 'B': a node; 'r': a relationship; 'i': a number; 'd': a double; 's': a text */
} random_name;

typedef struct random_scope {
    random_name names[RANDOM_VARS];
    int count;
    int next; /* number of the next name */
} random_scope;

static void random_declare(random_scope *scope, const char *name, char kind)
{
    if (scope->count == RANDOM_VARS) {
        return;
    }
    random_name *made = &scope->names[scope->count++];
    (void)snprintf(made->name, sizeof made->name, "%s", name);
    made->kind = kind;
}

/* A name of this kind ('n': a node of any), or NULL. */
static const random_name *random_pick(const random_scope *scope, char kind)
{
    const random_name *found = NULL;
    int seen = 0;
    for (int i = 0; i < scope->count; i++) {
        bool node = scope->names[i].kind == 'A' || scope->names[i].kind == 'B';
        if ((scope->names[i].kind == kind || (kind == 'n' && node)) && random_one_in(++seen)) {
            found = &scope->names[i];
        }
    }
    return found;
}

/* A value of some name of the scope: kind 'i', 'd' or 's'. false: there is none. */
static bool random_value(random_text *out, const random_scope *scope, char kind)
{
    const random_name *node = random_pick(scope, 'n');
    const random_name *rel = random_pick(scope, 'r');
    const random_name *plain = random_pick(scope, kind);
    if (plain != NULL && (node == NULL || random_one_in(3))) {
        random_add(out, "%s", plain->name);
        return true;
    }
    if (kind == 'i' && rel != NULL && (node == NULL || random_one_in(4))) {
        random_add(out, "%s.w", rel->name);
        return true;
    }
    if (node == NULL) {
        return false;
    }
    random_add(out, "%s.%s", node->name, kind == 'd' ? "y" : kind == 's' ? "t" : random_one_in(3) ? "id" : random_one_in(5) ? "z" : "x");
    return true;
}

static void random_literal(random_text *out, char kind)
{
    if (kind == 'i') {
        random_add(out, "%d", random_below(8) - 1);
    } else if (kind == 'd') {
        random_add(out, "%d.25", random_below(7) - 3);
    } else {
        random_add(out, "'%c'", 'a' + random_below(5));
    }
}

static void random_match(random_text *out, random_scope *scope, int longest, bool inner);

static void random_predicate(random_text *out, random_scope *scope, int depth)
{
    static const char *const ops[] = {"=", "<>", "<", ">", "<=", ">="};
    static const char kinds[] = "iiidss";
    char kind = kinds[random_below(6)];
    random_text value = {.length = 0};
    if (!random_value(&value, scope, kind)) {
        random_add(out, "1 = 1");
        return;
    }
    int choice = random_below(depth > 0 ? 13 : 9);
    if (choice < 4) {
        random_add(out, "%s %s ", value.text, ops[random_below(6)]);
        random_literal(out, kind);
    } else if (choice < 6) {
        random_add(out, "%s %s ", value.text, ops[random_below(6)]);
        (void)random_value(out, scope, kind);
    } else if (choice == 6) {
        random_add(out, "%s IS %sNULL", value.text, random_one_in(2) ? "NOT " : "");
    } else if (choice == 7) {
        const random_name *a = random_pick(scope, 'A');
        const random_name *b = random_pick(scope, 'A');
        if (a != NULL && b != NULL && a != b) {
            random_add(out, random_one_in(2) ? "id(%s) <> id(%s)" : "%s.id <> %s.id", a->name, b->name);
        } else {
            random_add(out, "%s IS NOT NULL", value.text);
        }
    } else if (choice == 8) {
        random_add(out, "(%s = ", value.text);
        random_literal(out, kind);
        random_add(out, " OR ");
        random_predicate(out, scope, 0);
        random_add(out, ")");
    } else { /* a subquery */
        random_scope inside = *scope;
        bool counts = random_one_in(4);
        random_add(out, "%s%s {", random_one_in(3) ? "NOT " : "", counts ? "COUNT" : "EXISTS");
        random_match(out, &inside, 2, true);
        scope->next = inside.next;
        random_add(out, "}");
        if (counts) {
            random_add(out, " %s %d", random_one_in(2) ? ">" : "<=", random_below(3));
        }
    }
}

static void random_where(random_text *out, random_scope *scope, int depth)
{
    if (random_one_in(3)) {
        return;
    }
    random_add(out, " WHERE ");
    random_predicate(out, scope, depth);
    while (random_one_in(3)) {
        random_add(out, " AND ");
        random_predicate(out, scope, depth);
    }
}

/* A node of the kind: a known one, or a new one. */
static void random_node(random_text *out, random_scope *scope, char kind, bool known)
{
    const random_name *name = known ? random_pick(scope, kind) : NULL;
    if (name != NULL) {
        random_add(out, "(%s)", name->name);
        return;
    }
    if (random_one_in(6)) {
        random_add(out, "(:%c)", kind);
        return;
    }
    char made[16];
    (void)snprintf(made, sizeof made, "n%d", scope->next++);
    random_add(out, "(%s:%c)", made, kind);
    random_declare(scope, made, kind);
}

/* One relationship from a node of kind `from`; gives the kind at its other end. */
static char random_hop(random_text *out, random_scope *scope, char from, bool inner)
{
    char rel[24];
    char to = 'A';
    int way = 0; /* 0: forth, 1: back, 2: both */
    if (from == 'A') {
        int choice = random_below(9);
        to = choice < 6 ? 'A' : 'B';
        (void)snprintf(rel, sizeof rel, "%s", choice < 3 ? "R" : choice == 3 ? "Q" : choice == 4 ? "R|Q" : choice == 5 || choice == 6 ? "V" : choice == 7 ? "T|V" : "T");
        way = to == 'B' ? 0 : random_below(3);
    } else {
        bool same = random_one_in(3);
        to = same ? 'B' : 'A';
        (void)snprintf(rel, sizeof rel, "%s", same ? "U" : random_one_in(2) ? "T" : "V");
        way = same ? random_below(3) : 1;
    }
    char name[16] = "";
    bool repeated = random_one_in(14);
    if (!repeated && random_one_in(5)) {
        (void)snprintf(name, sizeof name, "r%d", scope->next++);
        random_declare(scope, name, 'r');
    }
    random_add(out, "%s-[%s:%s%s]-%s", way == 1 ? "<" : "", name, rel, repeated ? (to == from ? "*1..2" : "*1..1") : "", way == 0 ? ">" : "");
    (void)inner;
    return to;
}

static void random_match(random_text *out, random_scope *scope, int longest, bool inner)
{
    int parts = random_one_in(4) ? 2 : 1;
    bool tied = inner && random_one_in(2); /* by values only */
    random_scope before = *scope;
    random_scope local = {.count = 0, .next = scope->next};
    random_scope *here = tied ? &local : scope;
    random_add(out, "MATCH ");
    for (int p = 0; p < (tied ? 1 : parts); p++) {
        char at = random_one_in(3) ? 'B' : 'A';
        random_add(out, "%s", p == 0 ? "" : ", ");
        random_node(out, here, at, p > 0 || (inner && !tied) || random_one_in(2));
        int hops = random_below(longest + 1);
        hops = p > 0 && hops == 0 ? 1 : hops;
        for (int h = 0; h < hops; h++) {
            at = random_hop(out, here, at, inner);
            random_node(out, here, at, random_one_in(3));
        }
    }
    if (!tied) {
        random_where(out, scope, inner ? 0 : 1);
        return;
    }
    scope->next = local.next;
    random_text a = {.length = 0};
    random_text b = {.length = 0};
    static const char kinds[] = "iisd";
    bool any = false;
    for (int k = 0; k < 1 + random_below(2); k++) {
        char kind = kinds[random_below(4)];
        a.length = b.length = 0;
        if (random_value(&a, &before, kind) && random_value(&b, &local, kind)) {
            random_add(out, " %s %s = %s", any ? "AND" : "WHERE", random_one_in(2) ? a.text : b.text, a.length > b.length ? a.text : b.text);
            any = true;
        }
    }
    if (random_one_in(2)) {
        random_add(out, any ? " AND " : " WHERE ");
        random_predicate(out, &local, 0);
    }
    for (int i = 0; i < local.count; i++) {
        random_declare(scope, local.names[i].name, local.names[i].kind);
    }
}

static void random_aggregate(random_text *out, random_scope *scope, char *kind)
{
    random_text value = {.length = 0};
    *kind = 'i';
    char of = "iiids"[random_below(5)];
    if (random_one_in(4) || !random_value(&value, scope, of)) {
        random_add(out, "count(*)");
        return;
    }
    switch (random_below(of == 's' ? 4 : 7)) {
    case 0: random_add(out, "count(%s)", value.text); break;
    case 1: random_add(out, "count(DISTINCT %s)", value.text); break;
    case 2:
        random_add(out, "min(%s)", value.text);
        *kind = of;
        break;
    case 3:
        random_add(out, "max(%s)", value.text);
        *kind = of;
        break;
    case 4:
        random_add(out, "sum(DISTINCT %s)", value.text);
        *kind = of == 'd' ? 'd' : '-';
        break;
    case 5:
        random_add(out, "avg(%s)", value.text);
        *kind = 'd';
        break;
    default:
        random_add(out, "sum(%s)", value.text);
        *kind = of == 'd' ? 'd' : '-';
        break;
    }
}

/* Items of WITH or RETURN, each with a name; the scope afterwards holds these only. Gives their number. */
static int random_items(random_text *out, random_scope *scope, bool nodes)
{
    random_scope after = {.count = 0, .next = scope->next};
    bool grouped = random_one_in(2);
    int keys = random_below(3);
    int items = 0;
    for (int k = 0; k < keys || (k == 0 && !grouped); k++) {
        const random_name *node = random_pick(scope, 'n');
        if (nodes && node != NULL && !random_one_in(3)) {
            bool again = false;
            for (int i = 0; i < after.count; i++) {
                again = again || strcmp(after.names[i].name, node->name) == 0;
            }
            if (!again) {
                random_add(out, "%s%s", items++ == 0 ? "" : ", ", node->name);
                random_declare(&after, node->name, node->kind);
            }
            continue;
        }
        char kind = "iiisd"[random_below(5)];
        random_text value = {.length = 0};
        if (random_value(&value, scope, kind)) {
            char made[16];
            (void)snprintf(made, sizeof made, "k%d", after.next++);
            random_add(out, "%s%s AS %s", items++ == 0 ? "" : ", ", value.text, made);
            random_declare(&after, made, kind);
        }
    }
    for (int k = 0; grouped && k < 1 + random_below(3); k++) {
        char made[16];
        char kind = '-';
        (void)snprintf(made, sizeof made, "g%d", after.next++);
        random_add(out, "%s", items++ == 0 ? "" : ", ");
        if (!nodes && random_one_in(12)) {
            random_scope inside = *scope;
            random_add(out, "COUNT {");
            random_match(out, &inside, 2, true);
            random_add(out, "}");
            after.next = inside.next > after.next ? inside.next : after.next;
        } else {
            random_aggregate(out, scope, &kind);
        }
        random_add(out, " AS %s", made);
        random_declare(&after, made, kind);
    }
    if (items == 0) {
        char made[16];
        (void)snprintf(made, sizeof made, "g%d", after.next++);
        random_add(out, "count(*) AS %s", made);
        random_declare(&after, made, 'i');
        items = 1;
    }
    *scope = after;
    return items;
}

/* One arm, up to RETURN. */
static void random_clauses(random_text *out, random_scope *scope)
{
    random_match(out, scope, 3, false);
    for (int c = random_below(3); c > 0; c--) {
        random_add(out, " ");
        switch (random_below(5)) {
        case 0:
        case 1:
            random_add(out, "OPTIONAL ");
            random_match(out, scope, 2, true);
            break;
        case 2: random_match(out, scope, 2, !random_one_in(4)); break;
        default: {
            random_add(out, "WITH %s", random_one_in(4) ? "DISTINCT " : "");
            (void)random_items(out, scope, true);
            random_where(out, scope, 1);
            break;
        }
        }
    }
}

static void random_question(random_text *out)
{
    random_scope scope = {.count = 0};
    int items = 0;
    out->length = 0;
    random_clauses(out, &scope);
    random_add(out, " RETURN %s", random_one_in(5) ? "DISTINCT " : "");
    items = random_items(out, &scope, false);
    if (random_one_in(4)) { /* by all columns: which rows remain is then known */
        random_add(out, " ORDER BY ");
        for (int i = 0; i < scope.count && i < items; i++) {
            random_add(out, "%s%s%s", i == 0 ? "" : ", ", scope.names[i].name, random_one_in(3) ? " DESC" : "");
        }
        if (random_one_in(3)) {
            random_add(out, " SKIP %d", random_below(4));
        }
        random_add(out, " LIMIT %d", random_below(9));
    }
}

/* ---- answers ---- */

static int random_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The rows in an order of their own. */
static void random_sort(char *text)
{
    static char *lines[RANDOM_TEXT / 2];
    static char copy[RANDOM_TEXT];
    size_t count = 0;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *line = copy; line != NULL;) {
        char *end = strchr(line, '\n');
        lines[count++] = line;
        if (end != NULL) {
            *end++ = '\0';
        }
        line = end;
    }
    qsort(lines, count, sizeof *lines, random_compare);
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        int added = snprintf(text + length, RANDOM_TEXT - length, "%s\n", lines[i]);
        length += added > 0 && (size_t)added < RANDOM_TEXT - length ? (size_t)added : 0;
    }
}

static void random_ask(ruzu_conn *conn, const char *cypher, char *out)
{
    ruzu_result *result = NULL;
    if (ruzu_query(conn, cypher, &result) != RUZU_OK) {
        (void)snprintf(out, RANDOM_TEXT, "error: %s", ruzu_errmsg(conn));
        return;
    }
    int length = snprintf(out, RANDOM_TEXT, "%s", session_text(result));
    ruzu_result_free(result);
    if (length >= RANDOM_TEXT) { /* which rows would be cut off depends on their order */
        (void)snprintf(out, RANDOM_TEXT, "error: too long");
        return;
    }
    if (strstr(cypher, "ORDER BY") == NULL) {
        random_sort(out);
    }
}

static void random_set(ruzu_conn *conn, uint64_t rules, int threads)
{
    char text[96];
    (void)snprintf(text, sizeof text, "CALL debug_plan_rules = %llu", (unsigned long long)rules);
    session_run(conn, text);
    (void)snprintf(text, sizeof text, "CALL threads = %d", threads);
    session_run(conn, text);
}

static long random_asked;
static long random_refused;

static void random_check(ruzu_conn *conn, const char *when, uint64_t seed, const char *cypher)
{
    static char want[RANDOM_TEXT];
    static char got[RANDOM_TEXT];
    random_set(conn, 0, 1);
    random_ask(conn, cypher, want);
    random_asked++;
    if (strncmp(want, "error", 5) == 0) {
        random_refused++;
        if (getenv("RZ_TEST_SHOW") != NULL) {
            fprintf(stderr, "%s\n  %s\n", cypher, want);
        }
        return;
    }
    for (int way = 0; way < 5; way++) {
        uint64_t some = ((uint64_t)(unsigned)random_below(INT32_MAX) << 1) | (uint64_t)random_below(2);
        uint64_t rules = way == 0 ? UINT32_MAX : way <= 2 ? RANDOM_EAGER : (some & UINT32_MAX) | (way == 4 ? UINT64_C(1) << 32 : 0);
        random_set(conn, rules, way == 2 ? 2 : 1);
        random_ask(conn, cypher, got);
        check_count++;
        if (strcmp(want, got) != 0) {
            check_failures++;
            fprintf(stderr, "seed %llu, %s, rules %llx: %s\n  without rules:\n%.600s\n  with them:\n%.600s\n", (unsigned long long)seed, when, (unsigned long long)rules, cypher, want, got);
            return;
        }
    }
}

static void random_questions(ruzu_conn *conn, const char *when, uint64_t seed, int count)
{
    static random_text question;
    static random_text both;
    for (int i = 0; i < count; i++) {
        random_question(&question);
        random_check(conn, when, seed, question.text);
        if (random_one_in(10)) {
            const char *items = strstr(question.text, "RETURN");
            if (items != NULL && strstr(question.text, "ORDER BY") == NULL) { /* the same names from the same clauses: UNION fits */
                both.length = 0;
                random_add(&both, "%s UNION %s%s", question.text, random_one_in(2) ? "ALL " : "", question.text);
                random_check(conn, when, seed, both.text);
            }
        }
    }
}

static void random_run(uint64_t seed)
{
    char name[64];
    int questions = (int)test_volume(40, 10);
    random_state = seed * 977 + 11;
    (void)snprintf(name, sizeof name, "random%llu.ruzu", (unsigned long long)seed);
    ruzu_conn *conn = session_open(session_path(name));
    session_run(conn, "CALL timeout = 20000");
    random_create(conn);
    random_questions(conn, "empty", seed, questions / 8);
    session_run(conn, "BEGIN TRANSACTION");
    random_nodes(conn, "A", 0, RANDOM_A);
    random_nodes(conn, "B", 0, RANDOM_B);
    random_edges(conn, 90);
    random_questions(conn, "uncommitted", seed, questions / 4);
    session_run(conn, "COMMIT");
    random_questions(conn, "in memory", seed, questions);
    session_run(conn, "CHECKPOINT");
    random_questions(conn, "on pages", seed, questions);
    random_change(conn, 100);
    random_questions(conn, "changed", seed, questions);
    session_run(conn, "CHECKPOINT");
    random_questions(conn, "overlaid", seed, questions);
    session_run(conn, "BEGIN TRANSACTION");
    random_change(conn, 200);
    random_questions(conn, "changed, uncommitted", seed, questions);
    session_run(conn, "ROLLBACK");
    random_questions(conn, "rolled back", seed, questions / 4);
    session_close(conn);
}

int main(void)
{
    const char *one = getenv("RZ_TEST_SEED");
    session_begin();
    if (one != NULL) {
        random_run(strtoull(one, NULL, 10));
    }
    for (uint64_t seed = 0; one == NULL && seed < test_volume(4, 1); seed++) {
        random_run(seed);
    }
    CHECK(random_refused * 4 < random_asked);
    if (getenv("RZ_TEST_SHOW") != NULL) {
        fprintf(stderr, "%ld asked, %ld refused\n", random_asked, random_refused);
    }
    session_end();
    return check_failures != 0;
}
