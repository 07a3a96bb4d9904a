/* SPDX-License-Identifier: MIT */
/*
 * Bound statements: what the binder makes of the syntax tree. Everything is in the query's arena; names are resolved, types known, semantic errors raised.
 */
#ifndef RZ_BINDER_BOUND_H
#define RZ_BINDER_BOUND_H

#include "binder/expr.h"
#include "catalog/catalog.h"
#include "parser/parser.h"
#include "storage/table/table.h"

/* ---- patterns ---- */

typedef struct rz_bound_node {
    uint32_t column;          /* type NODE with its table set */
    const char *name;         /* variable, or NULL when anonymous */
    const uint32_t *tables;   /* allowed node tables, ascending; may be empty: no row can match */
    uint32_t table_count;
    bool bound;               /* the column exists before this clause */
} rz_bound_node;

/* One storage step: through a FROM/TO pair in one direction. */
typedef struct rz_hop {
    uint32_t pair;            /* pair id */
    rz_direction direction;   /* RZ_FORWARD: from its source to its destination */
    uint32_t from_table;      /* node tables, in the sense of walking */
    uint32_t to_table;
} rz_hop;

typedef enum rz_path_semantic { RZ_PATH_WALK, RZ_PATH_TRAIL, RZ_PATH_ACYCLIC, RZ_PATH_SHORTEST, RZ_PATH_ALL_SHORTEST, RZ_PATH_WSHORTEST, RZ_PATH_ALL_WSHORTEST } rz_path_semantic;

typedef struct rz_bound_recursive {
    rz_path_semantic semantic;
    uint32_t lower;
    uint32_t upper;
    uint32_t rel_param;        /* columns of `(r, n | WHERE …)`, valid in the filters only; RZ_NO_COLUMN_ID when absent */
    uint32_t node_param;
    rz_expr **rel_filters;     /* conjuncts over rel_param (inline property maps too) */
    uint32_t rel_filter_count;
    rz_expr **node_filters;    /* conjuncts over node_param: intermediate nodes only */
    uint32_t node_filter_count;
    rz_expr *weight;           /* WSHORTEST: PROPERTY of rel_param cast to DOUBLE */
    uint32_t cost_column;      /* DOUBLE; RZ_NO_COLUMN_ID unless cost() is used */
} rz_bound_recursive;

typedef struct rz_bound_edge {
    uint32_t column;          /* REL, or RECURSIVE_REL when recursive; always given, the planner drops unused ones */
    const char *name;         /* variable, or NULL */
    uint32_t from;            /* index into nodes: left end as written, */
    uint32_t to;              /* right end */
    const rz_hop *hops;       /* walking from `from` to `to`: `<-` gives BACKWARD hops, an undirected pattern gives both */
    uint32_t hop_count;       /* 0: no row can match */
    bool undirected;          /* a self-loop then counts once (§20 case 29) */
    bool bound;               /* the REL column exists before this clause */
    rz_bound_recursive *recursive; /* NULL: one relationship */
} rz_bound_edge;

typedef struct rz_bound_path {
    uint32_t column;          /* RECURSIVE_REL */
    rz_expr *expr;            /* RZ_EXPR_PATH over node and edge columns */
} rz_bound_path;

typedef struct rz_bound_pattern {
    rz_bound_node *nodes;
    uint32_t node_count;
    rz_bound_edge *edges;
    uint32_t edge_count;
    rz_bound_path *paths;     /* named paths */
    uint32_t path_count;
    bool trail;               /* match_mode='trail': relationships of this pattern are distinct (the planner adds the predicates or checks) */
} rz_bound_pattern;

/* ---- clauses ---- */

/* HINT: the nodes and relationships of a MATCH in the order in which they are to be joined. */
typedef struct rz_bound_hint {
    const uint32_t *columns;  /* of the pattern's nodes and edges, each once */
    const uint32_t *groups;   /* edges joined by the same MULTI_JOIN have the same number; 0: by JOIN */
    uint32_t count;
} rz_bound_hint;

typedef struct rz_bound_match {
    rz_bound_pattern pattern;
    rz_expr **predicates;     /* conjuncts: inline maps and WHERE */
    uint32_t predicate_count;
    bool optional;
    const rz_bound_hint *hint; /* or NULL */
} rz_bound_match;

typedef struct rz_bound_unwind {
    rz_expr *list;            /* LIST or ARRAY */
    uint32_t column;
} rz_bound_unwind;

/* One projected item. */
typedef struct rz_bound_item {
    rz_expr *expr;
    uint32_t column;          /* where it goes; a plain variable keeps its column number */
    const char *name;
} rz_bound_item;

typedef struct rz_bound_order {
    rz_expr *expr;            /* over the projected columns, or (hidden) over the input */
    bool descending;
    bool nulls_first;         /* already decided: default NULL last ascending, first descending */
} rz_bound_order;

/*
 * WITH or RETURN, in this order: [group] → items → distinct → order → skip/limit → where.
 * With grouping: first keys and aggregates are computed over the input, then items are expressions over key and aggregate columns.
 */
typedef struct rz_bound_projection {
    bool is_return;
    bool grouped;
    rz_bound_item *keys;          /* group keys */
    uint32_t key_count;
    rz_bound_item *aggregates;    /* expr is RZ_EXPR_AGGREGATE */
    uint32_t aggregate_count;
    rz_bound_item *items;
    uint32_t item_count;
    bool distinct;
    rz_bound_order *orders;
    uint32_t order_count;
    rz_expr *skip;                /* constant or parameter, any integer type; NULL: none */
    rz_expr *limit;
    rz_expr **predicates;         /* WHERE of WITH, conjuncts over the items' columns */
    uint32_t predicate_count;
} rz_bound_projection;

typedef struct rz_bound_insert_node {
    uint32_t column;              /* of the new node */
    uint32_t table;
    rz_expr **values;             /* one per property of the table, cast to its type (DEFAULT filled in); NULL entry: SERIAL to be numbered */
} rz_bound_insert_node;

typedef struct rz_bound_insert_rel {
    uint32_t column;
    uint32_t pair_count;          /* candidates by the ends' tables (one when both ends are of one table) */
    const rz_cat_pair *pairs;
    uint32_t rel_table;           /* catalog id of the relationship table */
    uint32_t src_column;          /* NODE columns */
    uint32_t dst_column;
    rz_expr **values;             /* one per property */
} rz_bound_insert_rel;

typedef struct rz_bound_create {
    rz_bound_insert_node *nodes;  /* in order; relationships after all nodes */
    uint32_t node_count;
    rz_bound_insert_rel *rels;
    uint32_t rel_count;
    rz_bound_path *paths;
    uint32_t path_count;
} rz_bound_create;

typedef struct rz_bound_set_item {
    uint32_t target;              /* NODE or REL column */
    const rz_type *type;          /* its type: NODE or REL with tables */
    const char *property;
    const uint32_t *column_idxs;  /* per table of the target's type; RZ_NO_COLUMN: that table is left alone */
    rz_expr *value;               /* cast to the property's type */
} rz_bound_set_item;

typedef struct rz_bound_set {
    rz_bound_set_item *items;
    uint32_t item_count;
} rz_bound_set;

typedef struct rz_bound_delete {
    const uint32_t *columns;      /* NODE or REL columns: variables, or made for what exprs computes */
    rz_expr **exprs;              /* per column */
    uint32_t count;
    bool detach;
} rz_bound_delete;

typedef struct rz_bound_merge {
    rz_bound_match match;         /* optional; its named paths are create.paths */
    rz_bound_create create;       /* its columns are those of match that were not bound before */
    rz_expr **keys;               /* those of create's values that the pattern gives: rows without a match that agree in them create once */
    uint32_t key_count;
    rz_bound_set on_match;
    rz_bound_set on_create;
} rz_bound_merge;

/* A table function or file scan as a row source: runs once per input row when arguments use columns, else once. */
typedef struct rz_bound_call {
    const char *function;         /* canonical lower-case name, e.g. "show_tables"; the executor's table-function registry knows it */
    rz_expr **args;
    uint32_t arg_count;
    const uint32_t *columns;      /* one per output column of the function */
    const rz_type *const *types;
    uint32_t column_count;
    rz_expr **predicates;
    uint32_t predicate_count;
} rz_bound_call;

/* A file source of COPY or LOAD FROM. */
typedef struct rz_bound_files {
    const char *const *patterns;  /* as written */
    uint32_t count;
    const struct rz_ast_options *options; /* CSV options, checked by io when opened */
} rz_bound_files;

typedef struct rz_bound_load {
    rz_bound_files files;
    const char *const *names;     /* columns, sniffed or from WITH HEADERS */
    const rz_type *const *types;
    const uint32_t *columns;
    uint32_t column_count;
    rz_expr **predicates;
    uint32_t predicate_count;
} rz_bound_load;

typedef enum rz_bound_clause_kind {
    RZ_BOUND_MATCH,
    RZ_BOUND_UNWIND,
    RZ_BOUND_CALL,
    RZ_BOUND_CALL_SUBQUERY,
    RZ_BOUND_LOAD,
    RZ_BOUND_CREATE,
    RZ_BOUND_MERGE,
    RZ_BOUND_SET,
    RZ_BOUND_DELETE,
    RZ_BOUND_PROJECTION,
    RZ_BOUND_FINISH
} rz_bound_clause_kind;

typedef struct rz_bound_clause {
    rz_bound_clause_kind kind;
    union {
        rz_bound_match match;
        rz_bound_unwind unwind;
        rz_bound_call call;
        rz_bound_query *subquery;
        rz_bound_load load;
        rz_bound_create create;
        rz_bound_merge merge;
        rz_bound_set set;
        rz_bound_delete del;
        rz_bound_projection projection;
    } u;
} rz_bound_clause;

typedef struct rz_bound_single_query {
    rz_bound_clause *clauses;
    uint32_t clause_count;
    bool writes;
} rz_bound_single_query;

struct rz_bound_query {
    rz_bound_single_query *arms;   /* UNION arms */
    uint32_t arm_count;
    bool union_all;
    /* The result: names and types, and for each arm the columns that hold them (arms[i] result column j = columns[i * result_count + j]). A query without RETURN has none. */
    uint32_t result_count;
    const char *const *result_names;
    const rz_type *const *result_types;
    const uint32_t *columns;
};

/* ---- statements ---- */

typedef enum rz_bound_kind {
    RZ_BOUND_QUERY,
    RZ_BOUND_CREATE_TABLE,   /* table, if_not_exists; query: AS, or NULL */
    RZ_BOUND_DROP,           /* drop */
    RZ_BOUND_ALTER,          /* table = the changed definition; message */
    RZ_BOUND_COMMENT,        /* table with its new comment */
    RZ_BOUND_CREATE_SEQUENCE,
    RZ_BOUND_CREATE_TYPE,
    RZ_BOUND_CREATE_MACRO,
    RZ_BOUND_NOTHING,        /* nothing to do but answer `message` (IF NOT EXISTS of what exists) */
    RZ_BOUND_COPY_FROM,
    RZ_BOUND_COPY_TO,
    RZ_BOUND_SET_OPTION,
    RZ_BOUND_STANDALONE_CALL,
    RZ_BOUND_BEGIN,
    RZ_BOUND_COMMIT,
    RZ_BOUND_ROLLBACK,
    RZ_BOUND_CHECKPOINT
} rz_bound_kind;

typedef struct rz_bound_copy_from {
    const rz_cat_table *table;
    uint32_t pair;                 /* REL: the chosen pair's index in table->pairs */
    const uint32_t *property_idxs; /* file column i (after the two keys of a REL) goes to this property */
    uint32_t column_count;         /* property columns expected in the file */
    rz_expr **defaults;            /* per property of the table: value where the file has no column; NULL: SERIAL */
    bool from_files;
    rz_bound_files files;
    rz_bound_query *query;         /* COPY FROM (query) */
    bool ignore_errors;
} rz_bound_copy_from;

typedef struct rz_bound_statement {
    rz_bound_kind kind;
    rz_ast_explain explain;
    bool writes;                   /* needs a writing transaction */
    bool in_order;                 /* gives values by the order of rows (nextval): for one worker */
    const char *message;           /* success message of DDL (dialect §19.9), or NULL */
    uint32_t column_count;         /* columns numbered so far: ids 0 … column_count-1 */
    rz_arena *arena;
    union {
        rz_bound_query *query;
        struct {
            rz_cat_table *table;
            bool if_not_exists;
            rz_bound_query *query;
            rz_expr *added_value; /* ALTER … ADD column, the last property: what the rows that exist get; NULL: no column is added */
        } table;
        struct {
            rz_ast_object_kind object;
            const char *name;
            uint32_t table_id;
        } drop;
        rz_cat_sequence *sequence;
        rz_cat_type *type;
        rz_cat_macro *macro;
        rz_bound_copy_from copy_from;
        struct {
            rz_bound_query *query;
            const char *path;
            const rz_ast_options *options;
        } copy_to;
        struct {
            const char *name;      /* option as spelled */
            rz_expr *value;        /* constant expression */
        } option;
        rz_bound_call call;
        bool begin_read_only;
    } u;
} rz_bound_statement;

#endif
