/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions: syntax and results as RE2's, errors, agreement of the matchers with each other and with a
 * backtracking reference over random patterns, time linear in the text, limits, refused memory.
 */
#include "function_eval.h"

#include "function/regex.h"
#include "os/os.h"

static const eval_case regexp_cases[] = {
    {"regexp_matches", {"STRING:hello", "STRING:l+"}, "BOOL:True"},
    {"regexp_matches", {"STRING:hello", "?STRING:l+"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:hello", "STRING:h.*"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:hello", "STRING:ell"}, "BOOL:False"},
    {"=~", {"STRING:hello", "STRING:h.*o"}, "BOOL:True"},
    {"=~", {"STRING:abc", "~"}, "BOOL:~"},
    {"regexp_full_match", {"STRING:abc", "STRING:a|abc"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:abc", "STRING:abc"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:abcd", "STRING:abc"}, "BOOL:False"},
    {"regexp_full_match", {"STRING:peter_n@example.com", "STRING:.*\\.com"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:peter_n@examplecom", "STRING:.*\\.com"}, "BOOL:False"},
    {"regexp_full_match", {"STRING:", "STRING:"}, "BOOL:True"},
    {"regexp_matches", {"STRING:", "STRING:^$"}, "BOOL:True"},
    {"regexp_matches", {"STRING:a", "STRING:^$"}, "BOOL:False"},
    {"regexp_matches", {"STRING:abc", "STRING:^b"}, "BOOL:False"},
    {"regexp_matches", {"STRING:abc", "STRING:c$"}, "BOOL:True"},
    {"regexp_matches", {"STRING:anabanana", "STRING:(an)*"}, "BOOL:True"},
    {"regexp_matches", {"STRING:hello", "STRING:("}, "BOOL:False"},
    {"regexp_matches", {"STRING:hello", "?STRING:("}, "BOOL:False"},
    {"regexp_matches", {"STRING:aa", "STRING:(a)\\1"}, "BOOL:False"},
    {"regexp_matches", {"STRING:ab", "STRING:a(?=b)"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a", "STRING:a{1001}"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a", "STRING:a**"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a", "STRING:*a"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a", "STRING:a)"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a", "STRING:[z-a]"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a", "STRING:a{2,1}"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a", "STRING:\\q"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a", "STRING:[[:foo:]]"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a{,2}", "STRING:a{,2}"}, "BOOL:True"},
    {"regexp_matches", {"STRING:a]", "STRING:a]"}, "BOOL:True"},
    {"regexp_matches", {"STRING:a}", "STRING:a}"}, "BOOL:True"},
    {"regexp_matches", {"STRING:]", "STRING:[]]"}, "BOOL:True"},
    {"regexp_matches", {"STRING:-", "STRING:[a-]"}, "BOOL:True"},
    {"regexp_matches", {"STRING:^", "STRING:[a^]"}, "BOOL:True"},
    {"regexp_matches", {"STRING:x", "STRING:[^a]"}, "BOOL:True"},
    {"regexp_matches", {"STRING:\n", "STRING:[^a]"}, "BOOL:True"},
    {"regexp_matches", {"STRING:a\nb", "STRING:a.b"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a\nb", "STRING:(?s)a.b"}, "BOOL:True"},
    {"regexp_matches", {"STRING:a\nb", "STRING:^b"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a\nb", "STRING:(?m)^b"}, "BOOL:True"},
    {"regexp_matches", {"STRING:a\nb", "STRING:(?m)a$"}, "BOOL:True"},
    {"regexp_matches", {"STRING:a\nb", "STRING:(?m)\\Ab"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a\nb", "STRING:(?m)a\\z"}, "BOOL:False"},
    {"regexp_matches", {"STRING:ABC", "STRING:(?i)abc"}, "BOOL:True"},
    {"regexp_matches", {"STRING:É", "STRING:(?i)é"}, "BOOL:True"},
    {"regexp_matches", {"STRING:\xe2\x84\xaa", "STRING:(?i)k"}, "BOOL:True"},
    {"regexp_matches", {"STRING:ſ", "STRING:(?i)S"}, "BOOL:True"},
    {"regexp_matches", {"STRING:B", "STRING:(?i)[a-c]"}, "BOOL:True"},
    {"regexp_matches", {"STRING:B", "STRING:(?i)[^a-c]"}, "BOOL:False"},
    {"regexp_matches", {"STRING:aB", "STRING:a(?i)b"}, "BOOL:True"},
    {"regexp_matches", {"STRING:AB", "STRING:(?i:a)b"}, "BOOL:False"},
    {"regexp_matches", {"STRING:AB", "STRING:(?i)(?-i:a)b"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a_b", "STRING:\\bb"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a b", "STRING:\\bb"}, "BOOL:True"},
    {"regexp_matches", {"STRING:ab", "STRING:a\\Bb"}, "BOOL:True"},
    {"regexp_matches", {"STRING:x", "STRING:\\pL"}, "BOOL:True"},
    {"regexp_matches", {"STRING:α", "STRING:\\p{Greek}"}, "BOOL:True"},
    {"regexp_matches", {"STRING:a", "STRING:\\p{Greek}"}, "BOOL:False"},
    {"regexp_matches", {"STRING:1", "STRING:\\p{Nd}"}, "BOOL:True"},
    {"regexp_matches", {"STRING:a", "STRING:\\PN"}, "BOOL:True"},
    {"regexp_matches", {"STRING:a", "STRING:\\p{^N}"}, "BOOL:True"},
    {"regexp_matches", {"STRING:é", "STRING:[\\pL\\d]"}, "BOOL:True"},
    {"regexp_matches", {"STRING:É", "STRING:\\p{Ll}"}, "BOOL:False"},
    {"regexp_matches", {"STRING:a", "STRING:\\p{Foo}"}, "BOOL:False"},
    {"regexp_full_match", {"STRING:x1_ ", "STRING:[[:alpha:]]\\d\\w\\s"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:é", "STRING:."}, "BOOL:True"},
    {"regexp_full_match", {"STRING:😃🌍", "STRING:.{2}"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:aXb", "STRING:a\\x58\\x{62}"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:a", "STRING:\\141"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:a.b*", "STRING:\\Qa.b*\\E"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:abb", "STRING:\\Qab\\E+"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:\t\n", "STRING:\\t\\n"}, "BOOL:True"},
    {"regexp_full_match", {"STRING:a-b", "STRING:a\\-b"}, "BOOL:True"},
    {"regexp_replace", {"STRING:hello", "STRING:l", "STRING:L"}, "STRING:heLlo"},
    {"regexp_replace", {"STRING:hello", "STRING:l", "STRING:L", "STRING:g"}, "STRING:heLLo"},
    {"regexp_replace", {"STRING:hello", "STRING:[lo]", "STRING:-", "STRING:g"}, "STRING:he---"},
    {"regexp_replace", {"STRING:hello", "STRING:(l)(o)", "STRING:\\2\\1"}, "STRING:helol"},
    {"regexp_replace", {"STRING:hello", "STRING:l", "STRING:\\0\\0"}, "STRING:helllo"},
    {"regexp_replace", {"STRING:hello", "STRING:l", "STRING:\\\\"}, "STRING:he\\lo"},
    {"regexp_replace", {"STRING:hello", "STRING:l", "STRING:\\9"}, "STRING:hello"},
    {"regexp_replace", {"STRING:hello", "STRING:l", "STRING:\\x"}, "STRING:hello"},
    {"regexp_replace", {"STRING:hello", "STRING:(", "STRING:x"}, "STRING:hello"},
    {"regexp_replace", {"STRING:hello", "STRING:x*", "STRING:-", "STRING:g"}, "STRING:-h-e-l-l-o-"},
    {"regexp_replace", {"STRING:aaa", "STRING:a*?", "STRING:b", "STRING:g"}, "STRING:bababab"},
    {"regexp_replace", {"STRING:axb", "STRING:x*", "STRING:-", "STRING:g"}, "STRING:-a-b-"},
    {"regexp_replace", {"STRING:axxb", "STRING:x*", "STRING:-"}, "STRING:-axxb"},
    {"regexp_replace", {"STRING:héé", "STRING:", "STRING:-", "STRING:g"}, "STRING:-h-é-é-"},
    {"regexp_replace", {"STRING:abc", "STRING:(?P<n>b)", "STRING:[\\1]"}, "STRING:a[b]c"},
    {"regexp_replace", {"STRING:", "STRING:", "STRING:x", "STRING:g"}, "STRING:x"},
    {"regexp_replace",
     {"STRING:65 landy street waterloo ontario canada", "STRING:\\s", "STRING:", "STRING:g"},
     "STRING:65landystreetwaterlooontariocanada"},
    {"regexp_replace",
     {"STRING:this is a team", "STRING:is", "STRING:*??", "STRING:l"},
     "Binder exception: regex_replace can only support global replace option: g."},
    {"regexp_replace",
     {"STRING:a", "STRING:is", "STRING:*??", "INT64:5"},
     "Binder exception: 5 has data type INT64 but STRING was expected."},
    {"regexp_replace",
     {"STRING:a", "STRING:is", "STRING:*??", "?STRING:g"},
     "Binder exception: option has type PROPERTY but LITERAL was expected."},
    {"regexp_extract", {"STRING:foobar", "STRING:o+"}, "STRING:oo"},
    {"regexp_extract", {"STRING:foobar", "STRING:(f)(o)", "INT64:2"}, "STRING:o"},
    {"regexp_extract", {"STRING:foobar", "STRING:(f)(o)", "INT64:0"}, "STRING:fo"},
    {"regexp_extract", {"STRING:foobar", "STRING:x"}, "STRING:"},
    {"regexp_extract", {"STRING:foobar", "STRING:(x)?(o)", "INT64:1"}, "STRING:"},
    {"regexp_extract",
     {"STRING:foobar", "STRING:(f)(o)", "INT64:3"},
     "Runtime exception: Regex match group index is out of range"},
    {"regexp_extract",
     {"STRING:foobar", "STRING:(f)(o)", "INT64:-1"},
     "Runtime exception: Regex match group index is out of range"},
    {"regexp_extract",
     {"STRING:foobar", "STRING:("},
     "Runtime exception: Invalid regular expression: missing ) at position 0."},
    {"regexp_extract",
     {"STRING:foobar", "?STRING:a[b"},
     "Runtime exception: Invalid regular expression: missing ] at position 1."},
    {"regexp_extract", {"STRING:abc", "STRING:a|ab|abc"}, "STRING:a"},
    {"regexp_extract", {"STRING:aaa", "STRING:a+?"}, "STRING:a"},
    {"regexp_extract", {"STRING:abcd", "STRING:(?U)a.*"}, "STRING:a"},
    {"regexp_extract", {"STRING:abcd", "STRING:(?U)a.*?"}, "STRING:abcd"},
    {"regexp_extract", {"STRING:aaa", "STRING:a{2}"}, "STRING:aa"},
    {"regexp_extract", {"STRING:aaa", "STRING:a{2,}?"}, "STRING:aa"},
    {"regexp_extract", {"STRING:aaa", "STRING:a{1,2}"}, "STRING:aa"},
    {"regexp_extract", {"STRING:hello_world", "STRING:([a-z ]+)_?"}, "STRING:hello_"},
    {"regexp_extract",
     {"STRING:hellolongstringtest_worldlongstringtest", "STRING:([a-z ]+)_?", "INT64:1"},
     "STRING:hellolongstringtest"},
    {"regexp_extract_all", {"STRING:foobar", "STRING:o"}, "STRING[]:[o,o]"},
    {"regexp_extract_all", {"STRING:abc", "STRING:x*"}, "STRING[]:[,,,]"},
    {"regexp_extract_all", {"STRING:axb", "STRING:x*"}, "STRING[]:[,x,,]"},
    {"regexp_extract_all", {"STRING:hello", "STRING:()", "INT64:1"}, "STRING[]:[,,,,,]"},
    {"regexp_extract_all", {"STRING:foo123bar45", "STRING:[a-z]+([0-9]+)", "INT64:1"}, "STRING[]:[123,45]"},
    {"regexp_extract_all", {"STRING:abc", "STRING:x"}, "STRING[]:[]"},
    {"regexp_extract_all",
     {"STRING:abc", "STRING:b", "INT64:1"},
     "Runtime exception: Regex match group index is out of range"},
    {"regexp_split_to_array", {"STRING:a, b,c", "STRING:,\\s*"}, "STRING[]:[a,b,c]"},
    {"regexp_split_to_array", {"STRING:,a,", "STRING:,"}, "STRING[]:[a]"},
    {"regexp_split_to_array", {"STRING:a1b22c", "STRING:[0-9]+"}, "STRING[]:[a,b,c]"},
    {"regexp_split_to_array", {"STRING:abc", "STRING:("}, "STRING[]:[abc]"},
    {"regexp_split_to_array", {"STRING:", "STRING:,"}, "STRING[]:[]"},
    {"regexp_split_to_array", {"STRING:hello world! 42?", "STRING:o"}, "STRING[]:[hell, w,rld! 42?]"},
};

static void functions(void)
{
    EVAL_CASES(regexp_cases);
}

static void memory_refused(void)
{
    EVAL_MEMORY(regexp_cases);
}

static const char *compile_error(const char *pattern, ruzu_status *out_status)
{
    static char message[sizeof eval_shared.err.message];
    eval_begin();
    rz_regex *regex = NULL;
    *out_status = rz_regex_compile(&eval_shared.arena, pattern, strlen(pattern), &regex, &eval_shared.err);
    memcpy(message, eval_shared.err.message, sizeof message);
    eval_end();
    return message;
}

static void errors_name_the_place(void)
{
    static const struct {
        const char *pattern;
        const char *message;
    } cases[] = {
        {"a(b", "Runtime exception: Invalid regular expression: missing ) at position 1."},
        {"ab)", "Runtime exception: Invalid regular expression: unexpected ) at position 2."},
        {"a[b", "Runtime exception: Invalid regular expression: missing ] at position 1."},
        {"a|*", "Runtime exception: Invalid regular expression: no argument for repetition operator at position 2."},
        {"a+*", "Runtime exception: Invalid regular expression: bad repetition operator at position 2."},
        {"a{1001}", "Runtime exception: Invalid regular expression: invalid repetition size at position 1."},
        {"\\", "Runtime exception: Invalid regular expression: trailing \\ at position 0."},
        {"a\\8", "Runtime exception: Invalid regular expression: invalid escape sequence at position 1."},
        {"\\x{110000}", "Runtime exception: Invalid regular expression: invalid escape sequence at position 0."},
        {"(?<=a)b", "Runtime exception: Invalid regular expression: invalid or unsupported Perl syntax at position 0."},
        {"(?i", "Runtime exception: Invalid regular expression: invalid or unsupported Perl syntax at position 0."},
        {"(?P<1 >a)", "Runtime exception: Invalid regular expression: invalid named capture group at position 0."},
        {"[b-a]", "Runtime exception: Invalid regular expression: invalid character class range at position 1."},
        {"\\p{", "Runtime exception: Invalid regular expression: invalid character class at position 0."},
        {"\xff", "Runtime exception: Invalid regular expression: invalid UTF-8 at position 0."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ruzu_status status;
        CHECK_STR(compile_error(cases[i].pattern, &status), cases[i].message);
        CHECK(status == RUZU_ERROR_RUNTIME);
    }
}

static void sizes_are_limited(void)
{
    static char deep[100000];
    ruzu_status status;
    (void)compile_error("((a{100}){100}){100}", &status);
    CHECK(status == RUZU_ERROR_LIMIT);
    (void)compile_error("(?:(?:(?:(?:){1000}){1000}){1000}){1000}", &status);
    CHECK(status == RUZU_OK);
    memset(deep, '(', sizeof deep - 1);
    (void)compile_error(deep, &status);
    CHECK(status == RUZU_ERROR_LIMIT);
    for (size_t i = 0; i + 2 < sizeof deep; i += 2) {
        memcpy(deep + i, "()", 2);
    }
    deep[sizeof deep - 2] = '\0';
    (void)compile_error(deep, &status);
    CHECK(status == RUZU_ERROR_LIMIT);
    CHECK_STR(
        eval_call("regexp_matches", (const char *[]){"STRING:a", "STRING:((a{100}){100}){100}"}, 2, false, &status),
        "A regular expression cannot have more than 10000 states.");
}

/* ---- against a reference that backtracks over the tree ---- */

typedef struct reference {
    const regex_tree *tree;
    const char *text;
    size_t size;
    size_t ends[32];
    uint64_t steps;
} reference;

/* What is left to match: a list of nodes, and loops among them. */
typedef struct rest {
    const regex_node *node; /* NULL: done */
    const struct rest *next;
    uint32_t count; /* of a repeat: iterations done */
    size_t entered; /* where the last of them began */
    bool close;     /* of a group: its end */
} rest;

static bool set_has(const regex_set *set, uint32_t code_point)
{
    for (uint32_t i = 0; i < set->ranges.count; i++) {
        if (code_point >= set->ranges.items[i].first && code_point <= set->ranges.items[i].last) {
            return true;
        }
    }
    return false;
}

static bool refer(reference *r, const rest *todo, size_t at);

static bool refer_repeat(reference *r, const rest *todo, size_t at)
{
    const regex_node *node = todo->node;
    bool stuck = todo->count > node->min && todo->entered == at; /* a round that read nothing is the last */
    bool may_stop = todo->count >= node->min;
    bool may_go = !stuck && (node->max == REGEX_NO_MAX || todo->count < node->max);
    rest again = *todo;
    again.count++;
    again.entered = at;
    rest body = {node->child, &again, 0, 0, false};
    if (node->lazy) {
        return (may_stop && refer(r, todo->next, at)) || (may_go && refer(r, &body, at));
    }
    return (may_go && refer(r, &body, at)) || (may_stop && refer(r, todo->next, at));
}

static bool refer(reference *r, const rest *todo, size_t at)
{
    if (++r->steps > 200000) {
        return false;
    }
    if (todo == NULL) {
        r->ends[1] = at;
        return true;
    }
    const regex_node *node = todo->node;
    switch (node->kind) {
    case REGEX_NODE_EMPTY: return refer(r, todo->next, at);
    case REGEX_NODE_SET:
        return at < r->size && set_has(&r->tree->sets.items[node->number], (unsigned char)r->text[at]) &&
               refer(r, todo->next, at + 1);
    case REGEX_NODE_ASSERT:
        return (node->number == REGEX_BEGIN_TEXT ? at == 0
                : node->number == REGEX_END_TEXT ? at == r->size
                                                 : false) &&
               refer(r, todo->next, at);
    case REGEX_NODE_CONCAT: {
        rest parts[64];
        uint32_t count = 0;
        for (const regex_node *child = node->child; child != NULL && count < 64; child = child->next) {
            parts[count].node = child;
            parts[count].count = 0;
            parts[count].close = false;
            parts[count].entered = SIZE_MAX;
            count++;
        }
        for (uint32_t i = 0; i < count; i++) {
            parts[i].next = i + 1 < count ? &parts[i + 1] : todo->next;
        }
        return refer(r, count == 0 ? todo->next : &parts[0], at);
    }
    case REGEX_NODE_ALTERNATE:
        for (const regex_node *child = node->child; child != NULL; child = child->next) {
            rest one = {child, todo->next, 0, SIZE_MAX, false};
            if (refer(r, &one, at)) {
                return true;
            }
        }
        return false;
    case REGEX_NODE_REPEAT: return refer_repeat(r, todo, at);
    case REGEX_NODE_GROUP: {
        size_t *end = &r->ends[node->number * 2 + (todo->close ? 1 : 0)];
        size_t before = *end;
        rest closing = {node, todo->next, 0, 0, true};
        rest inner = {node->child, &closing, 0, SIZE_MAX, false};
        *end = at;
        if (refer(r, todo->close ? todo->next : &inner, at)) {
            return true;
        }
        *end = before;
        return false;
    }
    }
    return false;
}

static uint64_t random_next(uint64_t *state)
{
    *state = rz_hash_u64(*state + UINT64_C(0x9e3779b97f4a7c15));
    return *state;
}

static void random_pattern(uint64_t *state, uint32_t depth, rz_str *out)
{
    uint32_t items = (uint32_t)(random_next(state) % 4);
    for (uint32_t i = 0; i < items; i++) {
        switch (random_next(state) % (depth == 0 ? 5 : 7)) {
        case 0: rz_str_append_char(out, 'a'); break;
        case 1: rz_str_append_char(out, 'b'); break;
        case 2: rz_str_append_char(out, '.'); break;
        case 3: rz_str_append_text(out, "[^a]"); break;
        case 4:
            rz_str_append_text(out, random_next(state) % 4 == 0 ? (random_next(state) % 2 == 0 ? "^" : "$") : "ab");
            break;
        default:
            rz_str_append_text(out, random_next(state) % 2 == 0 ? "(" : "(?:");
            random_pattern(state, depth - 1, out);
            if (random_next(state) % 2 == 0) {
                rz_str_append_char(out, '|');
                random_pattern(state, depth - 1, out);
            }
            rz_str_append_char(out, ')');
        }
        static const char *const repeats[] = {"", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?"};
        rz_str_append_text(out, repeats[random_next(state) % (sizeof repeats / sizeof repeats[0])]);
    }
}

static bool is_nullable(const regex_node *node)
{
    bool any = false, all = true;
    for (const regex_node *child = node->child; child != NULL; child = child->next) {
        any = any || is_nullable(child);
        all = all && is_nullable(child);
    }
    switch (node->kind) {
    case REGEX_NODE_SET: return false;
    case REGEX_NODE_REPEAT: return node->min == 0 || any;
    case REGEX_NODE_ALTERNATE: return any;
    case REGEX_NODE_CONCAT:
    case REGEX_NODE_GROUP: return all;
    case REGEX_NODE_EMPTY:
    case REGEX_NODE_ASSERT: return true;
    }
    return true;
}

/* Where a loop may go round without reading, backtracking and automata (RE2 too) prefer different ends. */
static bool has_nullable_loop(const regex_node *node)
{
    if (node->kind == REGEX_NODE_REPEAT && is_nullable(node->child)) {
        return true;
    }
    for (const regex_node *child = node->child; child != NULL; child = child->next) {
        if (has_nullable_loop(child)) {
            return true;
        }
    }
    return false;
}

static void check_random_text(const rz_regex *regex, const regex_tree *tree, const char *pattern, const char *text)
{
    eval_state *s = &eval_shared;
    size_t size = strlen(text);
    bool want = false, want_whole = false;
    reference r = {tree, text, size, {0}, 0};
    for (size_t from = 0; from <= size && !want; from++) {
        memset(r.ends, 0xff, sizeof r.ends);
        rest all = {tree->root, NULL, 0, SIZE_MAX, false};
        want = refer(&r, &all, from);
        r.ends[0] = from;
    }
    if (r.steps > 200000) {
        return;
    }
    regex_matcher captures, plain;
    regex_dfa *part, *whole;
    bool got, got_plain, got_part, got_whole, got_plain_whole;
    CHECK(rz_regex_matcher_init(&captures, regex, regex->group_count, &s->context, &s->err) == RUZU_OK);
    CHECK(rz_regex_matcher_init(&plain, regex, UINT32_MAX, &s->context, &s->err) == RUZU_OK);
    CHECK(rz_regex_dfa_create(regex, false, &s->context, &part, &s->err) == RUZU_OK);
    CHECK(rz_regex_dfa_create(regex, true, &s->context, &whole, &s->err) == RUZU_OK);
    CHECK(rz_regex_search(&captures, text, size, 0, &got, &s->err) == RUZU_OK);
    CHECK(rz_regex_test(&plain, text, size, false, &got_plain, &s->err) == RUZU_OK);
    CHECK(rz_regex_test(&plain, text, size, true, &got_plain_whole, &s->err) == RUZU_OK);
    CHECK(rz_regex_dfa_test(part, text, size, &got_part, &s->err) == RUZU_OK);
    CHECK(rz_regex_dfa_test(whole, text, size, &got_whole, &s->err) == RUZU_OK);
    /* Whole: the reference tries all ways that end at the end. */
    char anchored[4096];
    snprintf(anchored, sizeof anchored, "^(?:%s)$", pattern);
    regex_tree anchored_tree;
    CHECK(rz_regex_parse(&s->arena, anchored, strlen(anchored), &anchored_tree, &s->err) == RUZU_OK);
    reference w = {&anchored_tree, text, size, {0}, 0};
    rest all = {anchored_tree.root, NULL, 0, SIZE_MAX, false};
    want_whole = refer(&w, &all, 0);
    bool right = got == want && got_plain == want && got_part == want &&
                 (w.steps > 200000 || (got_whole == want_whole && got_plain_whole == want_whole));
    for (uint32_t i = 0; right && want && i < 2 * (regex->group_count + 1) && !has_nullable_loop(tree->root); i++) {
        right = captures.best[i] == r.ends[i];
    }
    check_count++;
    if (!right) {
        check_failures++;
        fprintf(
            stderr,
            "/%s/ on \"%s\": reference %d [%zu, %zu], whole %d; search %d [%zu, %zu], test %d, dfa %d, whole %d, dfa whole %d\n",
            pattern, text, want, r.ends[0], r.ends[1], want_whole, got, captures.best[0], captures.best[1], got_plain,
            got_part, got_plain_whole, got_whole);
    }
}

static void matchers_agree_with_backtracking(void)
{
    uint64_t random = 7;
    for (uint32_t round = 0; round < 3000 && check_failures < 10; round++) {
        eval_begin();
        rz_str pattern;
        rz_str_init(&pattern, &eval_shared.mem);
        random_pattern(&random, 3, &pattern);
        rz_regex *regex;
        regex_tree tree;
        rz_error err;
        rz_error_init(&err);
        bool compiled =
            rz_regex_compile(&eval_shared.arena, rz_str_text(&pattern), pattern.length, &regex, &err) == RUZU_OK;
        CHECK(compiled || err.code == RUZU_ERROR_RUNTIME);
        if (compiled && regex->group_count < 15) {
            CHECK(rz_regex_parse(&eval_shared.arena, rz_str_text(&pattern), pattern.length, &tree, &err) == RUZU_OK);
            for (uint32_t i = 0; i < 6; i++) {
                char text[12];
                uint32_t length = (uint32_t)(random_next(&random) % 9);
                for (uint32_t j = 0; j < length; j++) {
                    text[j] = "abc"[random_next(&random) % 3];
                }
                text[length] = '\0';
                check_random_text(regex, &tree, rz_str_text(&pattern), text);
            }
        }
        rz_str_free(&pattern);
        eval_end();
    }
}

/* Patterns that take exponential time by backtracking. */
static void time_is_linear_in_the_text(void)
{
    static const char *const patterns[] = {"(a*)*b",    "(a|aa)+$b",   "(a?){30}a{30}c", "(x+x+)+y",
                                           ".*.*.*=.*", "(a|b|ab)*bc", "(?m)^(a+)+$b"};
    enum {
        SIZE = 20000
    };
    eval_begin();
    char *text = (char *)rz_arena_alloc(&eval_shared.arena, SIZE);
    memset(text, 'a', SIZE);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        uint64_t start = rz_now_monotonic_us();
        rz_regex *regex;
        regex_matcher matcher;
        bool found;
        CHECK(rz_regex_compile(&eval_shared.arena, patterns[i], strlen(patterns[i]), &regex, &eval_shared.err) ==
              RUZU_OK);
        CHECK(rz_regex_matcher_init(&matcher, regex, regex->group_count, &eval_shared.context, &eval_shared.err) ==
              RUZU_OK);
        CHECK(rz_regex_search(&matcher, text, SIZE, 0, &found, &eval_shared.err) == RUZU_OK);
        CHECK(!found);
        if (!regex->has_context) {
            regex_dfa *dfa;
            CHECK(rz_regex_dfa_create(regex, false, &eval_shared.context, &dfa, &eval_shared.err) == RUZU_OK);
            CHECK(rz_regex_dfa_test(dfa, text, SIZE, &found, &eval_shared.err) == RUZU_OK);
            CHECK(!found);
        }
        CHECK(rz_now_monotonic_us() - start < 20 * 1000 * 1000);
    }
    eval_end();
}

/* More states than the automaton's table holds. */
static void a_full_table_is_begun_anew(void)
{
    eval_begin();
    rz_regex *regex;
    regex_dfa *dfa;
    regex_matcher matcher;
    const char *pattern = "a.{14}b";
    CHECK(rz_regex_compile(&eval_shared.arena, pattern, strlen(pattern), &regex, &eval_shared.err) == RUZU_OK);
    CHECK(rz_regex_dfa_create(regex, false, &eval_shared.context, &dfa, &eval_shared.err) == RUZU_OK);
    CHECK(rz_regex_matcher_init(&matcher, regex, UINT32_MAX, &eval_shared.context, &eval_shared.err) == RUZU_OK);
    uint64_t random = 3;
    for (uint32_t round = 0; round < 200; round++) {
        char text[400];
        bool a, b;
        for (size_t i = 0; i < sizeof text; i++) {
            text[i] = random_next(&random) % 3 == 0 || round % 2 == 0 ? 'a' : 'c';
            text[i] = round % 4 == 1 && i == sizeof text - 1 ? 'b' : text[i];
        }
        CHECK(rz_regex_dfa_test(dfa, text, sizeof text, &a, &eval_shared.err) == RUZU_OK);
        CHECK(rz_regex_test(&matcher, text, sizeof text, false, &b, &eval_shared.err) == RUZU_OK);
        CHECK_EQ_U64(a, b);
    }
    eval_end();
}

static void interruption_is_noticed(void)
{
    eval_begin();
    _Atomic uint32_t interrupted = 1;
    eval_shared.context.interrupted = &interrupted;
    size_t size = 1 << 20;
    char *text = (char *)rz_arena_alloc(&eval_shared.arena, size);
    memset(text, 'a', size);
    rz_regex *regex;
    regex_matcher matcher;
    bool found;
    CHECK(rz_regex_compile(&eval_shared.arena, "(a*)*b", 6, &regex, &eval_shared.err) == RUZU_OK);
    CHECK(rz_regex_matcher_init(&matcher, regex, regex->group_count, &eval_shared.context, &eval_shared.err) ==
          RUZU_OK);
    CHECK(rz_regex_search(&matcher, text, size, 0, &found, &eval_shared.err) == RUZU_ERROR_INTERRUPTED);
    CHECK_STR(eval_shared.err.message, "Interrupted.");
    eval_end();
}

int main(void)
{
    RUN(functions);
    RUN(errors_name_the_place);
    RUN(sizes_are_limited);
    RUN(matchers_agree_with_backtracking);
    RUN(time_is_linear_in_the_text);
    RUN(a_full_table_is_begun_anew);
    RUN(interruption_is_noticed);
    RUN(memory_refused);
    return CHECK_DONE();
}
