/* SPDX-License-Identifier: MIT */
/*
 * planner: from a bound query to a plan: join order, push-down, unnesting, rewriting, EXPLAIN.
 *
 * Purpose   chooses where each pattern starts, which steps are look-ups, expansions, probes, intersections or hash joins, what is counted instead of enumerated, where
 *           predicates and limits go.
 * Must not  know execution state. Statistics come as numbers (rz_plan_context).
 * Enter by  rz_plan_query, rz_plan_explain.
 * Threads   one statement, one thread; plans are immutable afterwards.
 * More      docs/architecture.md ("Planner").
 */
#ifndef RZ_PLANNER_PLANNER_H
#define RZ_PLANNER_PLANNER_H

#include "planner/plan.h"

typedef ruzu_status (*rz_plan_stats_fn)(void *user, uint32_t table_or_pair_id, rz_table_stats *out);
typedef ruzu_status (*rz_plan_column_stats_fn)(void *user, uint32_t table_or_pair_id, uint32_t column_idx, rz_column_stats *out);

/* Rules that can be switched off, each for the differential tests; all on by default. */
enum {
    RZ_RULE_KEY_LOOKUP = 1u << 0,      /* equality with the primary key: NODE_LOOKUP */
    RZ_RULE_DEGREE = 1u << 1,          /* unused end nodes are counted, not enumerated */
    RZ_RULE_INTERSECT = 1u << 2,       /* cycles by INTERSECT rather than EXPAND + EXPAND_INTO */
    RZ_RULE_ZONES = 1u << 3,
    RZ_RULE_TOP_K = 1u << 4,
    RZ_RULE_JOIN_ORDER = 1u << 5,      /* off: as written */
    RZ_RULE_PUSH_DOWN = 1u << 6,       /* off: predicates above the whole pattern */
    RZ_RULE_HASH_JOIN = 1u << 7,       /* equality between disconnected parts: HASH_JOIN; off: CROSS + FILTER */
    RZ_RULE_SEMI = 1u << 8,            /* EXISTS / NOT EXISTS in WHERE: SEMI / ANTI */
    RZ_RULE_COUNT_ROWS = 1u << 9,      /* count(x) of what is never NULL: count(*) */
    RZ_RULE_GROUP_NODES = 1u << 10,    /* grouping by a node's key and other properties: by the node */
    RZ_RULE_COLLAPSE = 1u << 11,       /* many rows of few nodes: one row a node before the next walk */
    RZ_RULE_JUDGE_ONCE = 1u << 12,     /* predicates over a node that comes many times: evaluated once a node */
    RZ_RULE_UNROLL = 1u << 13,         /* variable-length relationships that can only be one chain of tables: that chain */
    RZ_RULE_MESSAGES = 1u << 14,       /* parts of a pattern that are only counted: one number a node */
    RZ_RULE_OPTIONAL = 1u << 15,       /* OPTIONAL MATCH that is only counted, EXISTS, NOT EXISTS: the same */
    RZ_RULE_UNEQUAL = 1u << 16,        /* a <> b, NOT EXISTS {(a)--(b)}: all less those that are equal, or have one */
    RZ_RULE_JOIN_WITH = 1u << 17,      /* WITH that only names what goes on does not end a pattern */
    RZ_RULE_ENCODED = 1u << 18,        /* comparisons with constants on encoded values */
    RZ_RULE_TRIANGLE = 1u << 19,       /* triangles whose corners are alike: each found once */
    RZ_RULE_CLOSED = 1u << 27,         /* paths of two steps whose ends must not meet: all less those that do */
    RZ_RULE_COUNT_ENDS = 1u << 29,     /* COUNT(DISTINCT end) of a search: it counts them itself */
    RZ_RULE_SPREAD = 1u << 30,         /* plans that begin at a key: several workers after the first fan-out */
    RZ_RULE_UNNEST = 1u << 20,         /* subqueries that hang on outer rows by equalities: LEFT, SEMI, ANTI joins */
    RZ_RULE_SIEVE = 1u << 21,          /* joins tell their probe sides early which keys there are: JOIN_FILTER */
    RZ_RULE_BOUNDS = 1u << 22,         /* joins tell the scans of their probe sides which values there are */
    RZ_RULE_REUSE_PARTS = 1u << 23,    /* with RZ_RULE_REUSE: other parts of plans that give the same rows as well */
    RZ_RULE_CARRY = 1u << 24,          /* nodes that only sums, minima … look at: aggregated within messages */
    RZ_RULE_REUSE = 1u << 25,          /* messages that say the same: made once */
    RZ_RULE_FILTER_ORDER = 1u << 28,   /* predicates of a filter in an order that is measured */
    RZ_RULE_TOP_BOUND = 1u << 26       /* scans leave out what cannot be among the first k of a SORT above; its later keys are read for what may be */
};
#define RZ_RULE_CARRY_MORE (1u << 31) /* relationships with conditions, and that only sums, minima … look at: within messages, too (beyond what an int holds, so no enumerator) */
#define RZ_RULE_ALL UINT32_MAX

typedef struct rz_plan_context {
    const rz_catalog *catalog;
    rz_plan_stats_fn stats;
    rz_plan_column_stats_fn column_stats; /* NULL: nothing is known of columns */
    void *user;
    uint32_t rules;
    bool eager;             /* rules apply wherever they are correct, whatever they cost: for tests on small graphs */
    uint64_t memory_bytes;  /* what the statement may use, as its account says; 0: no limit is known */
    uint32_t *column_count; /* the statement's counter: the planner numbers columns of its own */
} rz_plan_context;

/* Plans a query; the root is RZ_PLAN_RESULT. */
RZ_NODISCARD ruzu_status rz_plan_query(const rz_plan_context *context, const rz_bound_query *query, rz_arena *arena, rz_plan **out, rz_error *err);

/* Appends the plan as an indented tree with estimates; note(user, op, out) may append actual figures per operator (PROFILE), or be NULL. */
typedef void (*rz_plan_note_fn)(void *user, const rz_plan *op, rz_str *out);
void rz_plan_explain(const rz_plan *plan, const rz_catalog *catalog, rz_plan_note_fn note, void *user, rz_str *out);

#endif
