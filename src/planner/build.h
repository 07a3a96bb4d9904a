/* SPDX-License-Identifier: MIT */
/*
 * The planner at work (private to the module): what its parts share.
 *
 * A plan is built bottom up, clause by clause. While it is built, `columns` of a node lists everything that could be
 * read above it; rz_plan_finish then walks down from the root with what is really needed, drops the rest, decides where
 * weights may travel and numbers the nodes.
 */
#ifndef RZ_PLANNER_BUILD_H
#define RZ_PLANNER_BUILD_H

#include "planner/planner.h"

/* A set of columns: a bitmap that grows. When memory is refused, the planner's `failed` is set and noticed at the next
 * rz_plan_check. */
typedef struct plan_set {
    uint64_t *words;
    uint32_t word_count;
} plan_set;

typedef struct plan_name {
    const rz_type *type; /* NULL: not known yet */
    const char *name;    /* NULL: no variable */
} plan_name;

/* The number of relationships of a variable-length walk, as a column of its own: who asks for nothing else needs no
 * path. */
typedef struct plan_length {
    uint32_t path;
    uint32_t length;
} plan_length;

typedef struct plan_stat {
    bool known;
    rz_table_stats stats;
} plan_stat;

typedef struct rz_planner {
    const rz_plan_context *context;
    rz_arena *arena;
    bool failed;                 /* memory was refused where nothing could be returned */
    RZ_ARRAY(plan_name) columns; /* what is known of each column, by id */
    plan_stat *stats;            /* by table or pair id */
    uint32_t stat_count;
    RZ_ARRAY(plan_length) lengths;
    plan_set walks;   /* columns of variable-length relationships */
    plan_set present; /* node columns that are not NULL here: found by a MATCH that is not optional, or of an optional
                         one inside it */
    plan_set solid;   /* columns of nodes and relationships that are never NULL anywhere */
    plan_set summed;  /* node columns that behind the pattern being planned only aggregates look at that messages can carry */
    plan_set records; /* columns with records of messages: their rows must keep their weights */
    bool writes;      /* the statement changes something: what was evaluated once may be out of date */
    uint32_t depth;   /* subqueries inside each other */
    uint32_t node_count; /* plan nodes made: limited, since walks over plans recurse */
} rz_planner;

/* An aggregate that may be computed within messages: its argument looks at one node only. */
typedef struct plan_carry {
    rz_expr *aggregate; /* as bound */
    uint32_t column;    /* the NODE column */
    uint32_t record;    /* column with the records that hold it; RZ_NO_COLUMN_ID: it is still to be computed from rows */
    uint32_t offset;    /* in the record */
    uint32_t pair;      /* the pair of which it is one side; UINT32_MAX: none */
} plan_carry;

/* An aggregate over two such places, of which each is carried by itself until they meet. */
typedef struct plan_pair {
    rz_expr *aggregate; /* as bound */
    rz_agg_pair how;
    uint32_t sides[2];  /* indices into the items */
    uint32_t record;    /* once they have met; else RZ_NO_COLUMN_ID */
    uint32_t offset;
    const rz_agg_bound *bound; /* of the states in the record */
} plan_pair;

typedef struct plan_carries {
    const rz_bound_projection *projection; /* whose aggregates they are; NULL: there are none */
    plan_carry *items;
    uint32_t count;
    plan_pair *pairs;
    uint32_t pair_count;
} plan_carries;

/* One query arm (or a subquery's) while its clauses are planned. */
typedef struct plan_arm {
    rz_planner *planner;
    rz_plan *cur;
    bool inside_apply; /* an inner plan. Its rows belong to outer rows: what collects them does so for each outer row by itself (`correlated`) */
    uint32_t row_number;     /* inside_apply: the hidden column with the number of the outer row */
    const rz_plan *argument; /* inside_apply: the leaf ARGUMENT, or NULL: a single row, and nothing collects */
    const plan_set *after;   /* what is needed behind the clause that is being planned */
    bool counted;      /* what is planned now will be aggregated: rows may be counted rather than made */
    bool writing;      /* something below writes and has not been completed by a barrier */
    /* While writing: what is assigned, and the columns whose own changes a row shows. */
    RZ_ARRAY(const rz_bound_set_item *) changes;
    plan_set changed_columns;
    plan_carries carries;
} plan_arm;

/* ---- plan_set.c: columns, names, statistics ---- */

void rz_plan_set_add(rz_planner *planner, plan_set *set, uint32_t column);
bool rz_plan_set_has(const plan_set *set, uint32_t column);
void rz_plan_set_union(rz_planner *planner, plan_set *set, const plan_set *other);
void rz_plan_set_columns(rz_planner *planner, plan_set *set, const uint32_t *columns, uint32_t count);
/* Adds the columns an expression uses. */
void rz_plan_set_uses(rz_planner *planner, plan_set *set, const rz_expr *expr);
void rz_plan_set_uses_all(rz_planner *planner, plan_set *set, rz_expr *const *exprs, uint32_t count);
/* The same without the paths of which only the length is asked. */
void rz_plan_set_looks(rz_planner *planner, plan_set *set, const rz_expr *expr);
RZ_NODISCARD ruzu_status rz_plan_check(const rz_planner *planner, rz_error *err); /* NO_MEMORY when something failed */

RZ_NODISCARD ruzu_status rz_plan_new_column(rz_planner *planner, const rz_type *type, const char *name, uint32_t *out,
                                            rz_error *err);
void rz_plan_learn(rz_planner *planner, uint32_t column, const rz_type *type, const char *name);
const rz_type *rz_plan_type(const rz_planner *planner, uint32_t column); /* ANY when unknown */
const rz_table_stats *rz_plan_stats(rz_planner *planner, uint32_t table_or_pair_id);

static inline bool rz_plan_rule(const rz_planner *planner, uint32_t rule)
{
    return (planner->context->rules & rule) != 0;
}

/* ---- plan_node.c: plan nodes ---- */

/* A node with up to two children whose columns are those of the children, one after the other, without repetition. */
RZ_NODISCARD ruzu_status rz_plan_node(rz_planner *planner, rz_plan_kind kind, rz_plan *first, rz_plan *second,
                                      rz_plan **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_plan_add_column(rz_planner *planner, rz_plan *plan, uint32_t column,
                                            rz_error *err); /* unless it is there */
bool rz_plan_has_column(const rz_plan *plan, uint32_t column);
bool rz_plan_has_all(const rz_plan *plan, const plan_set *columns);
/* The leaf of the chain is ARGUMENT. */
bool rz_plan_is_correlated(const rz_plan *plan);
/* A single row without columns. */
bool rz_plan_is_unit(const rz_plan *plan);
RZ_NODISCARD ruzu_status rz_plan_filter(rz_planner *planner, rz_plan *input, rz_expr **predicates, uint32_t count,
                                        double selectivity, rz_plan **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_plan_project(rz_planner *planner, rz_plan *input, rz_expr **exprs, const uint32_t *columns,
                                         uint32_t count, rz_plan **out, rz_error *err);
/* Puts a BARRIER over the arm's plan. */
RZ_NODISCARD ruzu_status rz_plan_barrier(plan_arm *arm, rz_error *err);

/* ---- plan_expr.c: expressions ---- */

bool rz_plan_has_subquery(const rz_expr *expr);
double rz_plan_selectivity(rz_planner *planner, const rz_expr *expr);
/* The mean length of lists over these hops that are met as often as they are long, by rows that came from such a list: more than their mean length where some
 * nodes have far more relationships than others. nodes: at the end where the lists are. */
double rz_plan_met_length(rz_planner *planner, const rz_hop *hops, uint32_t count, double nodes);
/* How many different keys so many rows have: plan_estimate.c. */
double rz_plan_group_count(rz_planner *planner, rz_expr *const *keys, uint32_t count, double rows);
double rz_plan_expr_cost(const rz_expr *expr); /* per row, in units of a comparison of integers */
/* A comparison: its operator; false when expr is none. */
bool rz_plan_comparison(const rz_expr *expr, rz_compare_op *out_op);
/* SIZE(RELS(column)), which is how LENGTH is bound: the column; else RZ_NO_COLUMN_ID. */
uint32_t rz_plan_length_of(const rz_expr *expr);
/* `column.property op other` in either order; NULL when expr is something else. *out_op is turned so that the property
 * stands on the left; *out_other has the property's type. */
const rz_expr *rz_plan_property_comparison(rz_planner *planner, const rz_expr *expr, uint32_t node_column,
                                           rz_compare_op *out_op, rz_expr **out_other);
/* Whether the predicate is a comparison of a node's property with a constant that encoded values can be tested for; *out is zeroed when not. */
bool rz_plan_encoded_of(rz_planner *planner, const rz_expr *predicate, rz_plan_encoded *out);
/* The property is the primary key of `table`. */
bool rz_plan_is_key_of(const rz_planner *planner, const rz_expr *property, uint32_t table);
/* `column.property IN list`: the property; *out_list the list, *out_cast the type its elements must be cast to first
 * (integers that were widened), or NULL. */
const rz_expr *rz_plan_property_in(const rz_expr *expr, uint32_t node_column, rz_expr **out_list,
                                   const rz_type **out_cast);
RZ_NODISCARD ruzu_status rz_plan_call(rz_planner *planner, const char *function, rz_expr **args, uint32_t count,
                                      rz_expr **out, rz_error *err);
/* ID(a) op ID(b) over two REL or NODE columns. */
RZ_NODISCARD ruzu_status rz_plan_compare_ids(rz_planner *planner, const char *function, rz_expr *a, rz_expr *b,
                                             rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_plan_column_expr(rz_planner *planner, uint32_t column, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_plan_null(rz_planner *planner, const rz_type *type, rz_expr **out, rz_error *err);

/* ---- plan_need.c: what later clauses use ---- */

/* Adds what a clause uses of the columns before it, given what is needed after it: *need becomes what is needed before.
 * Learns names and types on the way. */
void rz_plan_need_before(rz_planner *planner, const rz_bound_clause *clause, plan_set *need);
/* For each clause of an arm what is needed after it; `after`: what is needed at the end. */
RZ_NODISCARD ruzu_status rz_plan_needs(rz_planner *planner, const rz_bound_single_query *arm, const plan_set *after,
                                       plan_set **out, rz_error *err);

/* What a projection uses, without some of its aggregates. */
void rz_plan_need_projection(rz_planner *planner, plan_set *need, const rz_bound_projection *projection, const bool *left_out);

/* ---- plan_carry.c: aggregates within messages ---- */

/*
 * The clauses up to the projection with index `end` are MATCH clauses, and idx is the last one of those that are planned next: finds what their messages may carry (arm->carries,
 * planner->summed). needs: as rz_plan_needs made them.
 */
RZ_NODISCARD ruzu_status rz_carry_find(plan_arm *arm, const rz_bound_single_query *query, uint32_t idx, uint32_t end, const plan_set *needs, rz_error *err);
/* Nothing more is carried. */
void rz_carry_forget(plan_arm *arm);
/* What computes the aggregate from the rows there are: itself, or the same over records. */
RZ_NODISCARD ruzu_status rz_carry_aggregate(rz_planner *planner, const plan_carries *carries, rz_expr **io, rz_error *err);

/* ---- join_sieve.c ---- */

/* Puts JOIN_FILTERs into the probe side of a join, where they keep rows from being made many. Columns are those of plans not yet finished. */
RZ_NODISCARD ruzu_status rz_plan_sieve_join(rz_planner *planner, rz_plan *join, rz_error *err);
/* Whether each row of the plan comes from one row of its first child, or of what stands below that. */
bool rz_plan_sieve_passes(const rz_plan *plan);
/* Lets scans in the probe side look at the values of the build side: join_bound.c. */
RZ_NODISCARD ruzu_status rz_plan_bound_join(rz_planner *planner, rz_plan *join, rz_error *err);

/* ---- plan_clause.c, plan_project.c ---- */

/* Plans the clauses of one arm on top of arm->cur. skip_return: the last projection is not wanted (EXISTS, COUNT). */
RZ_NODISCARD ruzu_status rz_plan_clauses(plan_arm *arm, const rz_bound_single_query *query, const plan_set *after,
                                         bool skip_return, rz_error *err);
/* Is the property the primary key in each of the tables? */
bool rz_plan_is_key(const rz_planner *planner, const rz_expr *property);
/* Is the aggregate count(x) for an x that is never NULL? */
bool rz_plan_counts_rows(const rz_planner *planner, const rz_expr *aggregate);
RZ_NODISCARD ruzu_status rz_plan_projection(plan_arm *arm, const rz_bound_projection *projection, rz_error *err);
/* AGGREGATE by keys that are columns of the input: each row once (for each outer row). */
RZ_NODISCARD ruzu_status rz_plan_distinct(plan_arm *arm, const uint32_t *columns, uint32_t count, rz_error *err);
RZ_NODISCARD ruzu_status rz_plan_create(plan_arm *arm, const rz_bound_create *create, const plan_set *after,
                                        rz_error *err);
/* At most one row comes out: it is complete before anything above begins. */
bool rz_plan_is_single(const rz_plan *plan);
/* A copy of what is created with expressions ready to be evaluated. */
RZ_NODISCARD ruzu_status rz_plan_prepare_create(plan_arm *arm, const rz_bound_create *create, rz_bound_create **out, rz_error *err);
/* Named paths of what was created, if anybody looks at them. */
RZ_NODISCARD ruzu_status rz_plan_create_paths(plan_arm *arm, const rz_bound_create *create, const plan_set *after, rz_error *err);
/* Completes pending writes before anything is read. */
RZ_NODISCARD ruzu_status rz_plan_settle(plan_arm *arm, rz_error *err);
/* Makes the AGGREGATE, SORT or LIMIT on top work for each outer row by itself, where the arm is an inner one. */
void rz_plan_correlate(plan_arm *arm);
/* NOT_IMPLEMENTED inside a subquery. */
RZ_NODISCARD ruzu_status rz_plan_check_sink(const plan_arm *arm, const char *what, rz_error *err);

/* ---- plan_change.c ---- */

RZ_NODISCARD ruzu_status rz_plan_set_clause(plan_arm *arm, const rz_bound_set *set, rz_error *err);
RZ_NODISCARD ruzu_status rz_plan_delete(plan_arm *arm, const rz_bound_delete *del, rz_error *err);
RZ_NODISCARD ruzu_status rz_plan_merge(plan_arm *arm, const rz_bound_merge *merge, const plan_set *after, rz_error *err);
/* Completes pending changes before a clause that looks at what they change by another variable than the one by which it is changed: it must not see half of them. */
RZ_NODISCARD ruzu_status rz_plan_settle_changes(plan_arm *arm, const rz_bound_clause *clause, rz_error *err);

/* ---- plan_subquery.c ---- */

/* Makes expressions ready to be evaluated over arm->cur: subqueries become APPLYs below and columns in copies of the
 * expressions; lengths of paths become columns. */
RZ_NODISCARD ruzu_status rz_plan_prepare_expr(plan_arm *arm, rz_expr **io, rz_error *err);
RZ_NODISCARD ruzu_status rz_plan_prepare_exprs(plan_arm *arm, rz_expr *const *exprs, uint32_t count, rz_expr ***out,
                                               rz_error *err);
/* The conjunct EXISTS {…} or NOT EXISTS {…} as SEMI or ANTI; *out_done false when the predicate is something else. */
RZ_NODISCARD ruzu_status rz_plan_semi(plan_arm *arm, const rz_expr *predicate, bool *out_done, rz_error *err);
/* A column for the length of the walk whose path is `path`. */
RZ_NODISCARD ruzu_status rz_plan_length_column(rz_planner *planner, uint32_t path, uint32_t *out, rz_error *err);
/* What EXISTS asks for, if it is nothing but one MATCH; else NULL. */
const rz_bound_match *rz_plan_only_match(const rz_bound_query *query);
RZ_NODISCARD ruzu_status rz_plan_optional(plan_arm *arm, const rz_bound_match *match, const plan_set *after,
                                          rz_error *err);
RZ_NODISCARD ruzu_status rz_plan_call_subquery(plan_arm *arm, const rz_bound_query *query, rz_error *err);
/* UNION ALL of the arms' plans; the result's columns become `columns` (result_count of them, and row_number unless
 * RZ_NO_COLUMN_ID). */
RZ_NODISCARD ruzu_status rz_plan_union(rz_planner *planner, const rz_bound_query *query, rz_plan *const *arms,
                                       uint32_t row_number, uint32_t *columns, rz_plan **out, rz_error *err);

/* ---- plan_match.c ---- */

/* Consecutive MATCH clauses as one pattern. after: what is needed behind them. */
RZ_NODISCARD ruzu_status rz_plan_match(plan_arm *arm, const rz_bound_match *const *matches, uint32_t count,
                                       const plan_set *after, rz_error *err);

/* ---- plan_finish.c ---- */

/* Drops columns nobody needs, places weights, numbers the nodes. */
RZ_NODISCARD ruzu_status rz_plan_finish(rz_planner *planner, rz_plan **root, rz_error *err);
/* Lets messages that say the same be one: plan_reuse.c. The plan is a graph behind it. */
RZ_NODISCARD ruzu_status rz_plan_reuse(rz_planner *planner, rz_plan *root, rz_error *err);
/* Writes u.scan.work of all scans: plan_work.c. `above`: rows estimated in the same pipeline above this node. */
void rz_plan_weigh_scans(rz_plan *plan, double above);
/* COUNT(DISTINCT end) above a search that finds each end once: lets it count them. plan: an AGGREGATE. */
RZ_NODISCARD ruzu_status rz_plan_count_ends(rz_planner *planner, rz_plan *plan, rz_error *err);
/* Makes an aggregate COUNT(*), under the same name. */
RZ_NODISCARD ruzu_status rz_plan_count_star(rz_planner *planner, rz_expr **io, rz_error *err);
/* Sets `spread` where pipelines that begin at one row fan out. */
void rz_plan_mark_spreads(const rz_planner *planner, rz_plan *plan);
/* Tells scans of the SORTs that bound them (plan_top.c). */
RZ_NODISCARD ruzu_status rz_plan_mark_tops(rz_planner *planner, rz_plan *plan, rz_error *err);

#endif
