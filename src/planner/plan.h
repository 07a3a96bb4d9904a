/* SPDX-License-Identifier: MIT */
/*
 * Plans: trees of operators over numbered columns. One algebra serves from the first logical tree to what the executor runs: rules rewrite the tree, and
 * physical choices (look-up or scan, expand or probe, weights) are operators of their own.
 *
 * A plan is immutable once built and shared by all workers; the executor keeps its state elsewhere. `columns` of an operator lists what its output chunk
 * holds, in order: the planner has already dropped what nobody needs above. children[0] is the input unless said otherwise.
 *
 * Weights: a chunk may carry a weight per row (how many identical rows it stands for). Operators marked (w) pass them on; the planner lets weights arise only
 * below operators that know them, and puts RZ_PLAN_REPEAT (a row weight times) before any other.
 */
#ifndef RZ_PLANNER_PLAN_H
#define RZ_PLANNER_PLAN_H

#include "binder/binder.h"

typedef struct rz_plan rz_plan;

typedef enum rz_plan_kind {
    /* sources: no child unless noted */
    RZ_PLAN_SINGLE_ROW,     /* one row without columns */
    RZ_PLAN_EMPTY,          /* no rows */
    RZ_PLAN_ARGUMENT,       /* inside APPLY: the outer rows (columns = the outer columns in use) */
    RZ_PLAN_NODE_SCAN,      /* scan: all visible nodes of some tables */
    RZ_PLAN_TABLE_FUNCTION, /* call: [child]: once per input row when it has one */
    RZ_PLAN_FILE_SCAN,      /* load */
    /* row by row (streaming) */
    RZ_PLAN_NODE_LOOKUP,    /* lookup: (w) by primary key, for each input row; in each of some tables */
    RZ_PLAN_EXPAND,         /* expand: (w) to neighbours, one row each */
    RZ_PLAN_EXPAND_INTO,    /* expand: (w) both ends known: one row per relationship between them */
    RZ_PLAN_INTERSECT,      /* intersect: (w) common neighbours of several known nodes */
    RZ_PLAN_DEGREE,         /* expand: (w) multiplies the weight by the number of neighbours, drops rows with none */
    RZ_PLAN_COUNT_EXCEPT,   /* except: (w) as DEGREE, without the neighbours that are some other nodes, or next to them */
    RZ_PLAN_RECURSIVE,      /* recursive: (w) variable-length and shortest paths */
    RZ_PLAN_FILTER,         /* filter: (w) all predicates TRUE */
    RZ_PLAN_PROJECT,        /* project: (w) computes expressions into columns, passes the others in `columns` on */
    RZ_PLAN_UNWIND,         /* unwind: (w) */
    RZ_PLAN_COLLAPSE,       /* (w) rows of one NODE column: one a node, the weights added up */
    RZ_PLAN_MESSAGE_APPLY,  /* apply_message: (w) multiplies the weight by what a node's neighbours (or the node itself) stand for */
    RZ_PLAN_REPEAT,         /* a row weight times, weight 1 */
    RZ_PLAN_LIMIT,          /* limit: (w) splits weights; without ORDER BY */
    RZ_PLAN_APPLY,          /* apply: children[1] is run for each batch of outer rows (its leaf is ARGUMENT) */
    /* sinks that become sources */
    RZ_PLAN_TRIANGLE,       /* triangle: (w) the input's rows are possible corners: rows of the key, the number of triangle matches in the weight */
    RZ_PLAN_CLOSED,         /* triangle: (w) the input's rows are all nodes of a table: rows of the first node of paths (a)-(b)-(c) that end next to it, or in it; below MESSAGE only */
    RZ_PLAN_AGGREGATE,      /* aggregate: (w) */
    RZ_PLAN_SORT,           /* sort: with a limit: top-k. Weighted input is repeated by the planner */
    RZ_PLAN_HASH_JOIN,      /* join: children[0] probe (w), children[1] build */
    RZ_PLAN_JOIN_FILTER,    /* join_filter: (w) in the probe side of a HASH_JOIN, below what makes its rows many: drops rows whose keys are not in the build side */
    RZ_PLAN_UNION,          /* union: children[0 … n) one after the other, bag semantics */
    RZ_PLAN_MESSAGE,        /* message: (w) only as children[1], [2] of MESSAGE_APPLY or CLOSED, which look nodes up in it: how many rows each node has */
    RZ_PLAN_REUSE,          /* reuse: (w) a sub-plan that occurs several times: the first keeps the rows of its child; the others have none and give the first one's rows */
    RZ_PLAN_BARRIER,        /* materialises its input completely before the first row goes on (between writing and reading clauses) */
    /* writing */
    RZ_PLAN_INSERT,         /* insert: nodes and relationships, for each row */
    RZ_PLAN_SET,            /* set */
    RZ_PLAN_DELETE,         /* del */
    RZ_PLAN_MERGE,          /* merge: creates the pattern for input rows in which it was not found */
    /* top */
    RZ_PLAN_RESULT          /* result: rows to the client; the statement's last operator */
} rz_plan_kind;

typedef struct rz_plan_expand {
    uint32_t from;              /* NODE column */
    uint32_t to;                /* NODE column: new (EXPAND), bound (EXPAND_INTO); not produced when RZ_NO_COLUMN_ID */
    uint32_t rel;               /* REL column to produce, or RZ_NO_COLUMN_ID */
    const rz_hop *hops;         /* each row takes the hops whose from_table is its node's table */
    uint32_t hop_count;
    bool undirected;            /* hops in both directions: a self-loop is counted once */
    rz_expr **filters;          /* conjuncts over `to` and outer columns checked on the fly before rows are built; may be empty */
    uint32_t filter_count;
} rz_plan_expand;

typedef struct rz_plan_except {
    rz_plan_expand walk;          /* to the nodes that are counted … */
    const rz_plan_expand *others; /* … unless they are neighbours of another node here … */
    uint32_t other_count;
    const uint32_t *nodes;        /* … or one of these (NODE columns, never NULL) */
    uint32_t node_count;
    bool among;                   /* the only one of nodes was reached by the very same walk: it is among the neighbours */
    bool pairs;                   /* counted are pairs of a neighbour of `walk` and one of others[0], two different nodes */
} rz_plan_except;

typedef struct rz_plan_recursive {
    uint32_t from;
    uint32_t to;                /* NODE column: new, or bound when to_bound */
    bool to_bound;
    uint32_t path;              /* RECURSIVE_REL column (intermediate nodes and relationships) to produce, or RZ_NO_COLUMN_ID */
    uint32_t length;            /* INT64 column: number of relationships, or RZ_NO_COLUMN_ID */
    const rz_hop *hops;
    uint32_t hop_count;
    bool undirected;
    const uint32_t *to_tables;  /* allowed tables of the end node */
    uint32_t to_table_count;
    const rz_bound_recursive *spec;
    bool count_ends;            /* distinct ends are only counted: a row with their number as weight, none where there are none */
    bool distinct_ends;         /* only the set of end nodes matters (count DISTINCT, EXISTS): no multiplicity, no paths */
} rz_plan_recursive;

/* What MESSAGE_APPLY does with a row whose number is n; a NULL node has the number 0. */
typedef enum rz_message_mode {
    RZ_MESSAGE_INNER,    /* weight * n; 0 drops the row */
    RZ_MESSAGE_OPTIONAL, /* weight * (n or 1) */
    RZ_MESSAGE_SEMI,     /* keeps the row unless n = 0 */
    RZ_MESSAGE_ANTI      /* keeps it if n = 0 */
} rz_message_mode;

typedef struct rz_plan_message_apply {
    rz_plan_expand walk;  /* from, hops, undirected. Without hops n is what the message says of `from`; with hops the sum over its neighbours, 1 each without a message */
    rz_message_mode mode;
    bool deferred;        /* products too large become UINT64_MAX, an error only where a row is left in the end */
    uint32_t less_child;  /* the child, a MESSAGE, whose number for `from` is taken off (it is part of n); 0: nothing. With INNER only */
    uint32_t record;      /* without hops: UINT64 column to produce, the address of what the message aggregated for the node, or 0; or RZ_NO_COLUMN_ID */
    double entries;       /* of lists, estimated, whose numbers are added up; 0: none */
} rz_plan_message_apply;

typedef enum rz_join_kind { RZ_JOIN_INNER, RZ_JOIN_LEFT, RZ_JOIN_SEMI, RZ_JOIN_ANTI, RZ_JOIN_CROSS } rz_join_kind;

typedef enum rz_apply_kind {
    RZ_APPLY_OPTIONAL, /* inner rows; an outer row without any is kept with NULLs in the inner's new columns */
    RZ_APPLY_EXISTS,   /* mark column BOOL: there is an inner row */
    RZ_APPLY_COUNT,    /* mark column INT64: number of inner rows (weights counted) */
    RZ_APPLY_COLLECT,  /* mark column LIST of inner column `value` */
    RZ_APPLY_SEMI,     /* keeps outer rows that have an inner row */
    RZ_APPLY_ANTI,     /* keeps those that have none */
    RZ_APPLY_JOIN      /* inner rows (CALL {…} subqueries, cross products with a correlated part) */
} rz_apply_kind;

/* What a join remembers of its build side for a JOIN_FILTER: a Bloom filter over some of the keys. */
typedef struct rz_plan_sieve {
    const uint32_t *keys; /* indices into the join's keys */
    uint32_t key_count;
    double rows;          /* different keys expected */
} rz_plan_sieve;

typedef struct rz_plan_order {
    rz_expr *expr;
    bool descending;
    bool nulls_first;
} rz_plan_order;

/* A condition `column op constant` usable on zone maps, per scanned table. */
typedef struct rz_plan_zone {
    const uint32_t *column_idxs; /* per scanned table; RZ_NO_COLUMN: cannot be used there */
    rz_compare_op op;
    rz_expr *value;              /* constant expression of the column's type */
} rz_plan_zone;

/* A join above drops rows whose node has a value that its build side does not have: what that side's least and greatest value, or all of them, leave out need not be scanned. */
typedef struct rz_plan_scan_bound {
    const struct rz_plan *join;
    uint32_t bound;              /* index into the join's bounds */
    const uint32_t *column_idxs; /* per scanned table; RZ_NO_COLUMN: such nodes have none; NULL: it is the node's id */
} rz_plan_scan_bound;

/* What of a predicate can be tested on encoded values: `property op value`. */
typedef struct rz_plan_encoded {
    const rz_expr *property; /* of a node column; NULL: the predicate must be evaluated */
    rz_compare_op op;
    rz_text_op text_op;      /* strings; with anything but RZ_TEXT_COMPARE `op` says nothing */
    bool negated;            /* strings: NOT of that */
    rz_expr *value;          /* constant expression of the property's physical type; NULL: TRUE */
} rz_plan_encoded;

struct rz_plan {
    rz_plan_kind kind;
    uint32_t id;                 /* 0 … n-1 within the statement: where the executor keeps what the workers share */
    uint32_t child_count;
    rz_plan **children;
    const uint32_t *columns;     /* of the output chunk, in order */
    const rz_type *const *types; /* their types */
    uint32_t column_count;
    double rows;                 /* estimated output rows */
    bool weighted;               /* the output may carry weights */
    bool hinted;                 /* stands where a HINT wants it; for EXPLAIN only */
    bool spread;                 /* a pipeline that begins at one row: from here on its rows are dealt out to several workers */
    bool correlated;             /* AGGREGATE, SORT, LIMIT inside an APPLY: work on the rows of each outer row by themselves, in the chain */
    uint32_t again;              /* bits: children, MESSAGEs, that are also another's, which comes first: plan_reuse.c */
    uint32_t row_number;         /* correlated: the column with the number of the outer row; one of AGGREGATE's keys */
    const char *const *names;    /* of the statement's columns, by column id below name_count; NULL entries: no variable. For EXPLAIN only; may be NULL */
    uint32_t name_count;
    union {
        struct {
            uint32_t column;
            const uint32_t *tables;
            uint32_t table_count;
            const rz_plan_zone *zones; /* blocks that cannot match are skipped; the predicates themselves stand in a FILTER above */
            uint32_t zone_count;
            rz_plan_scan_bound *bounds;
            uint32_t bound_count;
            double kept;             /* rows that the FILTER above is expected to keep; 0: there is none */
            double work;             /* most rows estimated at once between the scan and its pipeline's sink, or what is as much work */
            const rz_plan *top;      /* a SORT with a limit above whose first key is a property of the node: what cannot be among its rows may be left out; or NULL */
            const rz_type *top_type; /* of that property … */
            const uint32_t *top_column_idxs; /* … and per scanned table its column, or RZ_NO_COLUMN */
        } scan;
        struct {
            uint32_t column;     /* NODE column to produce */
            const uint32_t *tables; /* whose keys all have the type of `key` */
            uint32_t table_count;
            rz_expr *key;        /* over input columns or constant; of the key's type; NULL finds nothing */
        } lookup;
        rz_plan_expand expand;
        struct {
            uint32_t to;         /* NODE column to produce; or RZ_NO_COLUMN_ID: only their number is wanted, in the weight */
            uint32_t input_count;
            const rz_plan_expand *inputs; /* each with its own from, hops and rel; `to` unused */
        } intersect;
        struct {
            rz_plan_expand expand; /* from: the corners' NODE column in the input, of one table; hops in both directions; `to` and `rel` unused */
            uint32_t key;          /* NODE column of the input of one table: the three corners agree in it; or RZ_NO_COLUMN_ID */
            uint32_t corner;       /* NODE column to produce: the node that is the first corner; or RZ_NO_COLUMN_ID: only their number is wanted */
            bool next;             /* CLOSED: counts paths to neighbours of their first node … */
            bool itself;           /* … and to itself */
            uint32_t middle_child; /* the child, a MESSAGE, with what hangs on the middle node; 0: nothing */
            uint32_t far_child;    /* the same for the last */
        } triangle;
        rz_plan_except except;
        rz_plan_recursive recursive;
        struct {
            rz_expr **predicates;
            uint32_t count;
            uint32_t per_node;   /* NODE column of one table that alone the predicates look at: each node is judged once; or RZ_NO_COLUMN_ID */
            const rz_plan_encoded *encoded; /* one per predicate; NULL: none */
            bool reorders;       /* predicates that cannot fail may be evaluated in another order than the one here */
        } filter;
        struct {
            rz_expr **exprs;
            const uint32_t *columns; /* where each goes */
            uint32_t count;
        } project;
        struct {
            rz_expr *list;
            uint32_t column;
        } unwind;
        rz_plan_message_apply apply_message;
        struct {
            uint32_t key;        /* NODE column of the input */
            bool divided;        /* no two workers meet the same node: it is what the scan at the bottom gives */
            bool sparse;         /* few of the nodes are expected */
            rz_expr **values;    /* RZ_EXPR_AGGREGATE over the input's columns, none of them DISTINCT: aggregated for each node beside the number of its rows */
            const uint32_t *value_offs; /* where their states stand in a node's record */
            uint32_t value_count;
            uint32_t record_size; /* 0: no values */
        } message;
        struct {
            rz_expr *skip;       /* constant INT64 expressions, or NULL */
            rz_expr *limit;
        } limit;
        struct {
            rz_apply_kind kind;
            uint32_t mark;       /* EXISTS, COUNT, COLLECT: column to produce */
            uint32_t value;      /* COLLECT: inner column */
            uint32_t row_number; /* UINT64 column that ARGUMENT makes and the whole inner plan passes on: which outer row a row belongs to */
        } apply;
        struct {
            uint32_t row_number; /* one of `columns`; the others are columns of the outer plan */
        } argument;
        struct {
            rz_expr **keys;      /* none and no aggregates with keys: DISTINCT is keys without aggregates */
            const uint32_t *key_columns;
            uint32_t key_count;
            rz_expr **aggregates; /* RZ_EXPR_AGGREGATE */
            const uint32_t *aggregate_columns;
            uint32_t aggregate_count;
            bool folds;          /* sums and extremes of stored values may be taken without decoding them */
            bool every_row;      /* correlated, without keys of its own: a group for outer rows without input, too; all keys are columns of the outer rows */
        } aggregate;
        struct {
            rz_plan_order *orders;
            uint32_t order_count;
            rz_expr *skip;       /* or NULL */
            rz_expr *limit;      /* or NULL: full sort; always NULL when correlated */
            rz_expr *each_skip;  /* correlated: those of the LIMIT above, which drops rows beyond them; or NULL */
            rz_expr *each_limit;
        } sort;
        struct {
            rz_join_kind kind;
            rz_expr **probe_keys; /* pairwise same types; NULL keys never match */
            rz_expr **build_keys;
            uint32_t key_count;   /* 0 for CROSS */
            const rz_plan_sieve *sieves; /* for the JOIN_FILTERs in the probe side */
            uint32_t sieve_count;
            const uint32_t *bounds; /* indices of keys whose values scans in the probe side want to know */
            uint32_t bound_count;
        } join;
        struct {
            const struct rz_plan *join; /* the HASH_JOIN above whose sieve it is */
            uint32_t sieve;
        } join_filter;
        struct {
            /* per child, the columns that go to `columns` of this operator, child after child */
            const uint32_t *inputs;
        } set_union;
        struct {
            const struct rz_plan *source; /* whose rows these are; NULL: its own */
            const uint32_t *positions;    /* per column its place among those of the source's child */
        } reuse;
        const rz_bound_call *call;
        const rz_bound_load *load;
        const rz_bound_create *insert;
        const rz_bound_set *set;
        const rz_bound_delete *del;
        struct {
            const rz_bound_merge *bound;
            const uint32_t *keys; /* input columns: rows without a match that agree in all of them create once; NULL agrees with nothing */
            uint32_t key_count;
            uint32_t probe;       /* column of the pattern that is NULL where nothing matched */
        } merge;
        struct {
            const char *const *names;
            const rz_type *const *types; /* as the client sees them (value forms) */
            rz_expr **exprs;     /* GRAPH_VALUE where needed */
            uint32_t count;      /* 0: a query without RETURN */
        } result;
    } u;
};

#endif
