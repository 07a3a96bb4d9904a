/* SPDX-License-Identifier: MIT */
/*
 * Private to function: regular expressions in RE2's syntax, matched in time linear in the text.
 *
 * A pattern is read into a tree (regex_parse.c, regex_class.c), which becomes a program of a nondeterministic automaton
 * (regex_compile.c; Thompson 1968, Pike's form with captures). Code points fall into classes that no part of the
 * pattern tells apart, so the matchers work on small numbers. Two matchers: with captures, thread lists in order of
 * preference, leftmost-first as in Perl (regex_match.c); for yes or no, a deterministic automaton that is built as it
 * is needed (regex_dfa.c).
 *
 * A compiled pattern is immutable and may be shared; a matcher belongs to one thread and lives in its scratch arena.
 */
#ifndef RZ_FUNCTION_REGEX_H
#define RZ_FUNCTION_REGEX_H

#include "function/fn.h"

#define REGEX_MAX_STATES      10000u
#define REGEX_MAX_REPEAT      1000u
#define REGEX_MAX_DEPTH       200u
#define REGEX_MAX_GROUPS      1000u
#define REGEX_LAST_CODE_POINT 0x10ffffu

typedef struct regex_range {
    uint32_t first;
    uint32_t last;
} regex_range;

/* Ascending and disjoint once normalised. */
typedef struct regex_set {
    RZ_ARRAY(regex_range) ranges;
} regex_set;

typedef enum regex_assertion {
    REGEX_BEGIN_TEXT,
    REGEX_END_TEXT,
    REGEX_BEGIN_LINE,
    REGEX_END_LINE,
    REGEX_WORD,
    REGEX_NOT_WORD
} regex_assertion;

/* ---- the tree ---- */

typedef enum regex_node_kind {
    REGEX_NODE_EMPTY,
    REGEX_NODE_SET,    /* number: of the set */
    REGEX_NODE_ASSERT, /* number: regex_assertion */
    REGEX_NODE_CONCAT, /* children */
    REGEX_NODE_ALTERNATE,
    REGEX_NODE_REPEAT, /* one child; min, max */
    REGEX_NODE_GROUP   /* one child; number: of the group, 1… */
} regex_node_kind;

#define REGEX_NO_MAX UINT32_MAX

typedef struct regex_node regex_node;
struct regex_node {
    regex_node_kind kind;
    uint32_t number;
    uint32_t min;
    uint32_t max; /* REGEX_NO_MAX: no limit */
    bool lazy;
    regex_node *child; /* first */
    regex_node *next;  /* sibling */
};

typedef struct regex_tree {
    regex_node *root;
    uint32_t group_count;
    RZ_ARRAY(regex_set) sets; /* distinct */
} regex_tree;

/* Errors: Runtime with what is wrong and where; RUZU_ERROR_LIMIT for nesting. */
ruzu_status rz_regex_parse(rz_arena *arena, const char *pattern, size_t length, regex_tree *out, rz_error *err);

/* ---- sets ---- */

bool rz_regex_set_add(regex_set *set, rz_arena *arena, uint32_t first, uint32_t last); /* false: memory refused */
bool rz_regex_set_add_set(regex_set *set, rz_arena *arena, const regex_set *other, bool negated);
/* Sorts and merges. */
void rz_regex_set_normalise(regex_set *set);
/* Of a normalised set, in place. */
bool rz_regex_set_negate(regex_set *set, rz_arena *arena);
/* Adds the other cases of all members; the result is normalised. */
bool rz_regex_set_fold(regex_set *set, rz_arena *arena);
/* Members of [:name:], \d and so on (letter), \p{name}; false when there is no such class or memory is refused
 * (*out_known tells). */
bool rz_regex_set_add_posix(regex_set *set, rz_arena *arena, const char *name, size_t length, bool *out_known);
bool rz_regex_set_add_perl(regex_set *set, rz_arena *arena, char letter, bool *out_known);
bool rz_regex_set_add_unicode(regex_set *set, rz_arena *arena, const char *name, size_t length, bool *out_known);

/* ---- the program ---- */

typedef enum regex_op {
    REGEX_OP_SET,    /* x: set; goes on to the next instruction */
    REGEX_OP_ASSERT, /* x: regex_assertion */
    REGEX_OP_SPLIT,  /* x first, then y */
    REGEX_OP_JUMP,   /* x */
    REGEX_OP_SAVE,   /* x: slot */
    REGEX_OP_MATCH
} regex_op;

typedef struct regex_inst {
    uint32_t op;
    uint32_t x;
    uint32_t y;
} regex_inst;

struct rz_regex {
    const regex_inst *insts;
    uint32_t inst_count;
    uint32_t group_count;          /* without the whole match */
    bool has_context;              /* looks at the characters around it: \b, \B, or ^ and $ of lines */
    const uint64_t *first_classes; /* by bit: classes a match can begin with; NULL: it may begin anywhere */
    const char *literal;           /* the pattern is just this text, or NULL */
    size_t literal_length;
    uint32_t class_count;       /* classes of code points */
    uint32_t class_words;       /* words of a class's bits */
    const uint64_t *class_sets; /* by class: bit s when it is in set s */
    uint32_t ascii_class[128];
    const uint32_t *run_starts; /* runs of code points of one class, ascending */
    const uint32_t *run_classes;
    uint32_t run_count;
};

static inline bool rz_regex_class_in_set(const rz_regex *regex, uint32_t class_idx, uint32_t set)
{
    return (regex->class_sets[(size_t)class_idx * regex->class_words + (set >> 6)] >> (set & 63)) & 1u;
}

/* The same for code points beyond ASCII. */
uint32_t rz_regex_class_beyond_ascii(const rz_regex *regex, const char *text, size_t size, size_t offset,
                                     size_t *length);

/* Class of the code point at offset < size; *length: its bytes. Ill-formed bytes count as U+FFFD each. */
static inline uint32_t rz_regex_class_at(const rz_regex *regex, const char *text, size_t size, size_t offset,
                                         size_t *length)
{
    unsigned char byte = (unsigned char)text[offset];
    *length = 1;
    return RZ_LIKELY(byte < 0x80) ? regex->ascii_class[byte]
                                  : rz_regex_class_beyond_ascii(regex, text, size, offset, length);
}

/* ---- matching ---- */

/* Memory of a matcher with captures. */
typedef struct regex_threads {
    uint32_t *dense; /* instructions, in order of preference */
    uint32_t *sparse;
    uint32_t count;
    size_t *slots; /* slot_count of each instruction's thread */
} regex_threads;

typedef struct regex_matcher {
    const rz_regex *regex;
    const rz_fn_context *context;
    uint32_t slot_count; /* 2 × (groups wanted + 1) */
    regex_threads lists[2];
    struct regex_todo *todo;
    size_t *best;
} regex_matcher;

#define REGEX_NO_SLOT SIZE_MAX

ruzu_status rz_regex_matcher_init(regex_matcher *matcher, const rz_regex *regex, uint32_t groups,
                                  rz_fn_context *context, rz_error *err);
/* The leftmost match from `from` on. *out_found; slots of the match in matcher->best: group g is best[2g] … best[2g +
 * 1], or REGEX_NO_SLOT. */
ruzu_status rz_regex_search(regex_matcher *matcher, const char *text, size_t size, size_t from, bool *out_found,
                            rz_error *err);

/* Yes-or-no matching: of the whole text (whole) or any part. */
typedef struct regex_dfa regex_dfa;
ruzu_status rz_regex_dfa_create(const rz_regex *regex, bool whole, rz_fn_context *context, regex_dfa **out,
                                rz_error *err);
ruzu_status rz_regex_dfa_test(regex_dfa *dfa, const char *text, size_t size, bool *out_matches, rz_error *err);
/* The same by thread lists, for patterns that look around; matcher has slot_count 0. */
ruzu_status rz_regex_test(regex_matcher *matcher, const char *text, size_t size, bool whole, bool *out_matches,
                          rz_error *err);

#endif
