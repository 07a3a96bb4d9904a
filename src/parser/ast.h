/* SPDX-License-Identifier: MIT */
/*
 * The syntax tree of the whole dialect, as rz_parse builds it.
 *
 * Responsible for the shape of statements only; knows no catalog, no types and no functions. What a name means, which
 * function is an aggregate and what a type's text says is decided by the binder and the modules below it.
 *
 * Invariants
 *  (1) Every node lives in the arena given to rz_parse, is never freed alone and never changed after parsing.
 *  (2) `position` and `length` are the node's source span in bytes, counted in the text given to rz_parse (the whole
 *      script, not the single statement). A parenthesised expression's span includes its parentheses.
 *      rz_ast_script.text is a NUL-terminated copy of that text in the same arena.
 *  (3) Names are NUL-terminated, in the spelling of the source, without back quotes; never empty. Compare with
 *      rz_name_equal. A `const char *` name documented as optional is NULL when absent.
 *  (4) Children are arrays (pointer + count) in the order of the source. A child is NULL only where its comment
 *      says so.
 *  (5) Type names (CAST, columns) stay text: an rz_ast_text span for the types module to parse.
 *  (6) rz_ast_expr.height is 1 + the largest height of the expressions below (through patterns and subqueries too) and
 *      at most the depth limit: code that recurses over expressions is bounded by it.
 *  (7) Long chains of AND, OR, XOR, + and || are one node with many operands, meaning the left fold
 *      ((a op b) op c) op …; every other operator has exactly its number of operands.
 */
#ifndef RZ_PARSER_AST_H
#define RZ_PARSER_AST_H

#include "common/common.h"

typedef struct rz_ast_expr rz_ast_expr;
typedef struct rz_ast_path rz_ast_path;
typedef struct rz_ast_query rz_ast_query;
typedef struct rz_ast_statement rz_ast_statement;

/* A piece of text: not NUL-terminated, may be empty. Of CAST(e, 'type') it is the decoded literal, not the source. */
typedef struct rz_ast_text {
    const char *data;
    uint32_t position; /* in the script's text */
    uint32_t length;   /* bytes */
} rz_ast_text;

/* ---- expressions ------------------------------------------------------------------------------------------------- */

/* clang-format off */
typedef enum rz_ast_expr_kind {
    /* kind                             children                            other fields */
    RZ_AST_EXPR_NULL,                /* –                                   – */
    RZ_AST_EXPR_BOOL,                /* –                                   value.boolean */
    RZ_AST_EXPR_INT64,               /* –                                   value.int64; RZ_AST_FLAG_MINUS */
    RZ_AST_EXPR_INT128,              /* – (does not fit INT64)              value.int128; RZ_AST_FLAG_MINUS */
    RZ_AST_EXPR_DOUBLE,              /* – (±inf when too large)             value.dbl; RZ_AST_FLAG_MINUS */
    RZ_AST_EXPR_STRING,              /* –                                   value.string: decoded; may hold NULs */
    RZ_AST_EXPR_PARAMETER,           /* –                                   name ("x" of $x, "1" of $1) */
    RZ_AST_EXPR_VARIABLE,            /* –                                   name */
    RZ_AST_EXPR_PROPERTY,            /* [0] object                          name: the property or field */
    RZ_AST_EXPR_PROPERTY_STAR,       /* [0] object (`v.*`)                  – ; has meaning as a projection item only */
    RZ_AST_EXPR_OPERATOR,            /* the operands                        op */
    RZ_AST_EXPR_COMPARE_CHAIN,       /* n+1 operands, n ≥ 2 (`a < b <= c`)  chain_ops[n]; means a<b AND b<=c */
    RZ_AST_EXPR_FUNCTION,            /* the arguments                       function.*; flags DISTINCT, STAR */
    RZ_AST_EXPR_CASE,                /* [operand] (when then)+ [else]       flags HAS_OPERAND, HAS_ELSE */
    RZ_AST_EXPR_CAST,                /* [0] value                           type: text of the target type */
    RZ_AST_EXPR_LIST,                /* elements; an omitted one is a NULL literal   – */
    RZ_AST_EXPR_STRUCT,              /* field values                        field_names[child_count] */
    RZ_AST_EXPR_INDEX,               /* [0] list or string or map, [1] index         – */
    RZ_AST_EXPR_SLICE,               /* [0] list, [1] from or NULL, [2] to or NULL   – ; both ends inclusive */
    RZ_AST_EXPR_LAMBDA,              /* [0] body                            lambda.*; only as an argument */
    RZ_AST_EXPR_QUANTIFIER,          /* [0] list, [1] predicate             quantifier.variable, .kind */
    RZ_AST_EXPR_LIST_COMPREHENSION,  /* [0] list, [1] where or NULL, [2] projection or NULL   name: the variable */
    RZ_AST_EXPR_PATTERN_COMPREHENSION, /* [0] where or NULL, [1] projection  path (its variable may be set) */
    RZ_AST_EXPR_REDUCE,              /* [0] initial value, [1] list, [2] body         reduce.accumulator, .variable */
    RZ_AST_EXPR_MAP_PROJECTION,      /* [0] the variable, [1…] values of the KEY items in order   projection.items */
    RZ_AST_EXPR_PATTERN,             /* – (pattern as predicate, or shortestPath(…))   path */
    RZ_AST_EXPR_SUBQUERY,            /* –                                   subquery.query, .kind */
    RZ_AST_EXPR_LABEL_PREDICATE,     /* [0] object (`v:A`)                  label */
    RZ_AST_EXPR_IS_TYPE              /* [0] value (`e IS [NOT] :: T`)       type; flag NEGATED */
} rz_ast_expr_kind;
/* clang-format on */

typedef enum rz_ast_op {
    /* n-ary, by (7) */
    RZ_AST_OP_OR,
    RZ_AST_OP_XOR,
    RZ_AST_OP_AND,
    RZ_AST_OP_ADD,    /* numbers, strings, lists, dates: the binder decides */
    RZ_AST_OP_CONCAT, /* || */
    /* one operand */
    RZ_AST_OP_NOT,
    RZ_AST_OP_NEGATE,    /* unary - */
    RZ_AST_OP_PLUS,      /* unary + */
    RZ_AST_OP_FACTORIAL, /* postfix ! */
    RZ_AST_OP_IS_NULL,
    RZ_AST_OP_IS_NOT_NULL,
    /* two operands */
    RZ_AST_OP_EQ,
    RZ_AST_OP_NE,
    RZ_AST_OP_LT,
    RZ_AST_OP_LE,
    RZ_AST_OP_GT,
    RZ_AST_OP_GE,
    RZ_AST_OP_REGEX, /* =~ */
    RZ_AST_OP_STARTS_WITH,
    RZ_AST_OP_ENDS_WITH,
    RZ_AST_OP_CONTAINS,
    RZ_AST_OP_IN,
    RZ_AST_OP_BIT_OR,
    RZ_AST_OP_BIT_AND,
    RZ_AST_OP_SHIFT_LEFT,
    RZ_AST_OP_SHIFT_RIGHT,
    RZ_AST_OP_SUBTRACT,
    RZ_AST_OP_MULTIPLY,
    RZ_AST_OP_DIVIDE,
    RZ_AST_OP_MODULO,
    RZ_AST_OP_POWER
} rz_ast_op;

enum {
    RZ_AST_FLAG_DISTINCT = 1u << 0,    /* f(DISTINCT x) */
    RZ_AST_FLAG_STAR = 1u << 1,        /* f(*): no arguments */
    RZ_AST_FLAG_HAS_OPERAND = 1u << 2, /* CASE operand WHEN … */
    RZ_AST_FLAG_HAS_ELSE = 1u << 3,
    RZ_AST_FLAG_NEGATED = 1u << 4, /* IS NOT :: T */
    RZ_AST_FLAG_MINUS = 1u << 5    /* a number literal that was written with a sign: value is negative already */
};

typedef enum rz_ast_quantifier_kind {
    RZ_AST_QUANTIFIER_ALL,
    RZ_AST_QUANTIFIER_ANY,
    RZ_AST_QUANTIFIER_NONE,
    RZ_AST_QUANTIFIER_SINGLE
} rz_ast_quantifier_kind;

typedef enum rz_ast_subquery_kind {
    RZ_AST_SUBQUERY_EXISTS,
    RZ_AST_SUBQUERY_COUNT,
    RZ_AST_SUBQUERY_COLLECT
} rz_ast_subquery_kind;

typedef enum rz_ast_projection_item_kind {
    RZ_AST_MAP_PROPERTY, /* .name */
    RZ_AST_MAP_ALL,      /* .*: name is NULL */
    RZ_AST_MAP_VARIABLE, /* name: the variable of that name under its own name */
    RZ_AST_MAP_KEY       /* name: expression – the next of the node's children */
} rz_ast_projection_item_kind;

typedef struct rz_ast_projection_item {
    rz_ast_projection_item_kind kind;
    const char *name;
} rz_ast_projection_item;

/*
 * Label expression of a node or relationship pattern, or of a label predicate. `:A|B|:C` is OR of names. `:A:B` is
 * COLONS: in a pattern the dialect reads it as OR, in a predicate (`v:A:B`) all labels must hold, as openCypher.
 */
typedef enum rz_ast_label_kind {
    RZ_AST_LABEL_NAME,  /* name */
    RZ_AST_LABEL_ANY,   /* % */
    RZ_AST_LABEL_NOT,   /* children[0] */
    RZ_AST_LABEL_AND,   /* children, ≥ 2 */
    RZ_AST_LABEL_OR,    /* children, ≥ 2 */
    RZ_AST_LABEL_COLONS /* children, ≥ 2 */
} rz_ast_label_kind;

typedef struct rz_ast_label {
    rz_ast_label_kind kind;
    uint32_t position;
    uint32_t length;
    uint32_t child_count;
    const char *name;
    struct rz_ast_label **children;
} rz_ast_label;

struct rz_ast_expr {
    uint8_t kind;    /* rz_ast_expr_kind */
    uint8_t op;      /* rz_ast_op, of OPERATOR */
    uint16_t height; /* by (6) */
    uint32_t position;
    uint32_t length;
    uint32_t child_count;
    rz_ast_expr **children;
    uint32_t flags; /* RZ_AST_FLAG_* */
    union {
        bool boolean;
        int64_t int64;
        rz_int128 int128;
        double dbl;
        struct {
            const char *data; /* NUL-terminated, may contain NULs */
            size_t length;
        } string;
    } value;
    union {
        const char *name;
        const uint8_t *chain_ops;       /* rz_ast_op, child_count - 1 of them */
        const char *const *field_names; /* child_count of them */
        rz_ast_path *path;
        rz_ast_label *label;
        rz_ast_text type;
        struct {
            const char *name;             /* as spelled; "exists" of `EXISTS(e)` too */
            const char *const *arg_names; /* NULL, or child_count of them, NULL where the argument has no `name :=` */
        } function;
        struct {
            const char *const *params;
            uint32_t param_count;
        } lambda;
        struct {
            const char *variable;
            rz_ast_quantifier_kind kind;
        } quantifier;
        struct {
            const char *accumulator;
            const char *variable;
        } reduce;
        struct {
            const rz_ast_projection_item *items;
            uint32_t item_count;
        } projection;
        struct {
            /* EXISTS and COUNT may end with a reading clause; `{ (a)-->(b) }` has become `{ MATCH … }`. */
            rz_ast_query *query;
            rz_ast_subquery_kind kind;
        } subquery;
    };
};

/* ---- patterns ---------------------------------------------------------------------------------------------------- */

/* Inline property map of a pattern element: either key/value pairs or one parameter expression standing for the map. */
typedef struct rz_ast_property_map {
    const char *const *keys;
    rz_ast_expr **values;
    uint32_t count;
    rz_ast_expr *parameter; /* `(n $m)`: then count is 0; else NULL */
} rz_ast_property_map;

typedef struct rz_ast_node_pattern {
    uint32_t position;
    uint32_t length;
    const char *variable; /* optional */
    rz_ast_label *labels; /* NULL: none given */
    rz_ast_property_map properties;
    rz_ast_expr *where; /* `(n WHERE e)`, or NULL */
    bool implicit;      /* not written: stands between two quantified groups, or at the end of a path */
} rz_ast_node_pattern;

typedef enum rz_ast_direction {
    RZ_AST_DIRECTION_RIGHT, /* -[]-> */
    RZ_AST_DIRECTION_LEFT,  /* <-[]- */
    RZ_AST_DIRECTION_BOTH   /* -[]-, <-[]-> */
} rz_ast_direction;

typedef enum rz_ast_recursive_kind {
    RZ_AST_RECURSIVE_DEFAULT, /* the connection's recursive_pattern_semantic */
    RZ_AST_RECURSIVE_TRAIL,
    RZ_AST_RECURSIVE_ACYCLIC,
    RZ_AST_RECURSIVE_SHORTEST,
    RZ_AST_RECURSIVE_ALL_SHORTEST,
    RZ_AST_RECURSIVE_WSHORTEST,
    RZ_AST_RECURSIVE_ALL_WSHORTEST
} rz_ast_recursive_kind;

/* What follows `*` in a relationship (or the quantifier behind its arrow, `{1,3}` `+` `*`). */
typedef struct rz_ast_recursive {
    rz_ast_recursive_kind kind;
    bool has_lower; /* a bound not given: lower 1, upper the option's maximum */
    bool has_upper;
    bool quantifier; /* written behind the arrow or a group: there a missing lower bound is 0 */
    int64_t lower;
    int64_t upper;
    const char *weight_property; /* of the WSHORTEST kinds, else NULL */
    const char *rel_variable;    /* `(r, n | …)`: both set or both NULL; "_" is an ordinary name */
    const char *node_variable;
    rz_ast_expr *where;      /* or NULL */
    bool has_projection;     /* `| {r items}, {n items}` given; the lists below may be empty */
    rz_ast_expr **rel_items; /* mostly PROPERTY and PROPERTY_STAR; entries of the aliases may be NULL */
    rz_ast_expr **node_items;
    const char *const *rel_aliases;
    const char *const *node_aliases;
    uint32_t rel_item_count;
    uint32_t node_item_count;
} rz_ast_recursive;

typedef struct rz_ast_rel_pattern {
    uint32_t position;
    uint32_t length;
    const char *variable; /* optional */
    rz_ast_label *labels; /* NULL: none given */
    rz_ast_direction direction;
    rz_ast_recursive *recursive; /* NULL: a single edge */
    rz_ast_property_map properties;
    rz_ast_expr *where; /* `[r WHERE e]` or of the group, or NULL */
    /* Quantified path pattern `((a)-[:T]->(b) WHERE e){1,3}`: the group repeats, `recursive` holds its bounds (NULL:
     * exactly once) and only `where` is used besides. NULL for ordinary relationships. */
    rz_ast_path *group;
} rz_ast_rel_pattern;

typedef enum rz_ast_path_selector {
    RZ_AST_PATH_ALL,                  /* every match */
    RZ_AST_PATH_ANY_SHORTEST,         /* ANY SHORTEST prefix */
    RZ_AST_PATH_ALL_SHORTEST,         /* ALL SHORTEST prefix */
    RZ_AST_PATH_SHORTEST_FUNCTION,    /* shortestPath(…) */
    RZ_AST_PATH_ALL_SHORTEST_FUNCTION /* allShortestPaths(…) */
} rz_ast_path_selector;

/* nodes[0] rels[0] nodes[1] … rels[node_count-2] nodes[node_count-1] */
struct rz_ast_path {
    uint32_t position;
    uint32_t length;
    const char *variable; /* `p = …`, optional */
    rz_ast_path_selector selector;
    uint32_t node_count; /* ≥ 1 */
    rz_ast_node_pattern **nodes;
    rz_ast_rel_pattern **rels; /* node_count - 1 of them */
};

typedef enum rz_ast_hint_kind {
    RZ_AST_HINT_NAME,      /* names[0] */
    RZ_AST_HINT_JOIN,      /* left JOIN right */
    RZ_AST_HINT_MULTI_JOIN /* left MULTI_JOIN names… */
} rz_ast_hint_kind;

typedef struct rz_ast_hint {
    rz_ast_hint_kind kind;
    uint32_t position;
    uint32_t length;
    uint32_t name_count;
    const char *const *names;
    struct rz_ast_hint *left;
    struct rz_ast_hint *right;
} rz_ast_hint;

/* ---- queries ----------------------------------------------------------------------------------------------------- */

typedef enum rz_ast_clause_kind {
    RZ_AST_CLAUSE_MATCH,         /* match */
    RZ_AST_CLAUSE_UNWIND,        /* unwind */
    RZ_AST_CLAUSE_CALL,          /* call: table function */
    RZ_AST_CLAUSE_CALL_SUBQUERY, /* call_subquery */
    RZ_AST_CLAUSE_LOAD,          /* load */
    RZ_AST_CLAUSE_CREATE,        /* create: paths */
    RZ_AST_CLAUSE_MERGE,         /* merge */
    RZ_AST_CLAUSE_SET,           /* set */
    RZ_AST_CLAUSE_REMOVE,        /* remove */
    RZ_AST_CLAUSE_DELETE,        /* del */
    RZ_AST_CLAUSE_FOREACH,       /* foreach */
    RZ_AST_CLAUSE_WITH,          /* projection */
    RZ_AST_CLAUSE_RETURN,        /* projection */
    RZ_AST_CLAUSE_FINISH         /* – */
} rz_ast_clause_kind;

typedef struct rz_ast_match {
    bool optional;
    uint32_t path_count;
    rz_ast_path **paths;
    rz_ast_expr *where; /* or NULL */
    rz_ast_hint *hint;  /* or NULL */
} rz_ast_match;

typedef struct rz_ast_unwind {
    rz_ast_expr *list;
    const char *variable;
} rz_ast_unwind;

typedef struct rz_ast_yield_item {
    const char *name;
    const char *alias; /* optional */
} rz_ast_yield_item;

typedef struct rz_ast_call {
    rz_ast_expr *function; /* RZ_AST_EXPR_FUNCTION */
    rz_ast_expr *where;    /* or NULL */
    bool has_yield;
    bool yield_star; /* YIELD * */
    uint32_t yield_count;
    rz_ast_yield_item *yields;
} rz_ast_call;

typedef struct rz_ast_call_subquery {
    rz_ast_query *query;
    bool has_imports; /* `CALL (a, b) {…}`: only these; `CALL {…}`: imports by a leading WITH */
    bool import_star; /* CALL (*) {…} */
    uint32_t import_count;
    const char *const *imports;
} rz_ast_call_subquery;

/* `name`, `name value` or `name = value`. */
typedef struct rz_ast_option {
    const char *name;
    rz_ast_expr *value; /* NULL: bare name, meaning true */
    uint32_t position;
    uint32_t length;
} rz_ast_option;

typedef struct rz_ast_options {
    rz_ast_option *items;
    uint32_t count;
} rz_ast_options;

typedef enum rz_ast_source_kind {
    RZ_AST_SOURCE_FILES,      /* files: one or more path patterns; 'f', ['f1', 'f2'], glob('p') */
    RZ_AST_SOURCE_QUERY,      /* query */
    RZ_AST_SOURCE_EXPRESSION, /* expression: PARAMETER or FUNCTION */
    RZ_AST_SOURCE_NAME,       /* name: variable or table; database.name when database is set */
    RZ_AST_SOURCE_COLUMNS     /* files: one per column (BY COLUMN) */
} rz_ast_source_kind;

typedef struct rz_ast_source {
    rz_ast_source_kind kind;
    uint32_t position;
    uint32_t length;
    uint32_t file_count;
    rz_ast_expr **files; /* STRING literals */
    rz_ast_query *query;
    rz_ast_expr *expression;
    const char *database; /* optional */
    const char *name;
} rz_ast_source;

/* A column definition; of LOAD WITH HEADERS only name and type are set. */
typedef struct rz_ast_column {
    uint32_t position;
    uint32_t length;
    const char *name;
    rz_ast_text type;
    rz_ast_expr *default_value; /* or NULL; its source text is its span */
    bool primary_key;
    bool not_null;
    bool unique;
} rz_ast_column;

typedef struct rz_ast_load {
    bool has_headers;
    uint32_t header_count;
    rz_ast_column *headers;
    rz_ast_source source;
    rz_ast_options options;
    rz_ast_expr *where; /* or NULL */
} rz_ast_load;

typedef struct rz_ast_create {
    uint32_t path_count;
    rz_ast_path **paths;
} rz_ast_create;

typedef enum rz_ast_set_kind {
    RZ_AST_SET_PROPERTY, /* target is PROPERTY: v.p = value */
    RZ_AST_SET_ALL,      /* target is VARIABLE (or an expression): v = value, the listed properties only */
    RZ_AST_SET_MERGE,    /* v += value */
    RZ_AST_SET_LABEL     /* v:Label; value NULL, label set */
} rz_ast_set_kind;

typedef struct rz_ast_set_item {
    rz_ast_set_kind kind;
    rz_ast_expr *target;
    rz_ast_expr *value;  /* NULL in REMOVE and for LABEL */
    rz_ast_label *label; /* of LABEL */
} rz_ast_set_item;

/* SET and REMOVE (kinds PROPERTY and LABEL only, without value). */
typedef struct rz_ast_set {
    uint32_t item_count;
    rz_ast_set_item *items;
} rz_ast_set;

typedef struct rz_ast_merge {
    uint32_t path_count; /* 1 unless written with commas */
    rz_ast_path **paths;
    rz_ast_set on_match; /* all ON MATCH SET items in order */
    rz_ast_set on_create;
} rz_ast_merge;

typedef struct rz_ast_delete {
    bool detach;
    uint32_t expr_count;
    rz_ast_expr **exprs;
} rz_ast_delete;

typedef struct rz_ast_clause rz_ast_clause;

typedef struct rz_ast_foreach {
    const char *variable;
    rz_ast_expr *list;
    uint32_t clause_count; /* updating clauses only */
    rz_ast_clause **clauses;
} rz_ast_foreach;

typedef struct rz_ast_projection {
    rz_ast_expr *expr;
    const char *alias; /* optional */
} rz_ast_projection;

typedef enum rz_ast_nulls {
    RZ_AST_NULLS_DEFAULT,
    RZ_AST_NULLS_FIRST,
    RZ_AST_NULLS_LAST
} rz_ast_nulls;

typedef struct rz_ast_order {
    rz_ast_expr *expr;
    bool descending;
    rz_ast_nulls nulls;
} rz_ast_order;

/* Body of WITH and RETURN. */
typedef struct rz_ast_body {
    bool distinct;
    bool star; /* `*` stood first; items may follow */
    uint32_t item_count;
    rz_ast_projection *items;
    uint32_t order_count;
    rz_ast_order *orders;
    rz_ast_expr *skip;  /* or NULL; OFFSET too */
    rz_ast_expr *limit; /* or NULL */
    rz_ast_expr *where; /* of WITH, or NULL */
} rz_ast_body;

struct rz_ast_clause {
    rz_ast_clause_kind kind;
    uint32_t position;
    uint32_t length;
    union {
        rz_ast_match match;
        rz_ast_unwind unwind;
        rz_ast_call call;
        rz_ast_call_subquery call_subquery;
        rz_ast_load load;
        rz_ast_create create;
        rz_ast_merge merge;
        rz_ast_set set; /* of SET and REMOVE */
        rz_ast_delete del;
        rz_ast_foreach foreach;
        rz_ast_body body; /* of WITH and RETURN */
    };
};

/* One arm of a UNION. The order of clauses was checked: reading* updating* WITH … and a proper end. */
typedef struct rz_ast_single_query {
    uint32_t position;
    uint32_t length;
    bool union_all; /* how this arm joins the ones before; false for the first. Mixtures are the binder's error. */
    uint32_t clause_count;
    rz_ast_clause **clauses;
} rz_ast_single_query;

struct rz_ast_query {
    uint32_t position;
    uint32_t length;
    uint32_t arm_count; /* ≥ 1 */
    rz_ast_single_query **arms;
};

/* ---- statements -------------------------------------------------------------------------------------------------- */

typedef enum rz_ast_statement_kind {
    RZ_AST_STATEMENT_QUERY,             /* query */
    RZ_AST_STATEMENT_CREATE_NODE_TABLE, /* create_node_table */
    RZ_AST_STATEMENT_CREATE_REL_TABLE,  /* create_rel_table */
    RZ_AST_STATEMENT_CREATE_SEQUENCE,   /* create_sequence */
    RZ_AST_STATEMENT_CREATE_TYPE,       /* create_type */
    RZ_AST_STATEMENT_CREATE_MACRO,      /* create_macro */
    RZ_AST_STATEMENT_CREATE_INDEX,      /* create_index */
    RZ_AST_STATEMENT_CREATE_CONSTRAINT, /* create_constraint */
    RZ_AST_STATEMENT_CREATE_USER,       /* user */
    RZ_AST_STATEMENT_CREATE_ROLE,       /* user */
    RZ_AST_STATEMENT_DROP,              /* drop */
    RZ_AST_STATEMENT_ALTER,             /* alter */
    RZ_AST_STATEMENT_COMMENT,           /* comment */
    RZ_AST_STATEMENT_COPY_FROM,         /* copy_from */
    RZ_AST_STATEMENT_COPY_TO,           /* copy_to */
    RZ_AST_STATEMENT_EXPORT_DATABASE,   /* export_database */
    RZ_AST_STATEMENT_IMPORT_DATABASE,   /* path */
    RZ_AST_STATEMENT_ATTACH,            /* attach */
    RZ_AST_STATEMENT_DETACH,            /* name */
    RZ_AST_STATEMENT_USE,               /* name */
    RZ_AST_STATEMENT_CALL,              /* call: nothing but CALL f(args), without WHERE, YIELD or RETURN */
    RZ_AST_STATEMENT_SET_OPTION,        /* set_option */
    RZ_AST_STATEMENT_BEGIN,             /* begin */
    RZ_AST_STATEMENT_COMMIT,
    RZ_AST_STATEMENT_ROLLBACK,
    RZ_AST_STATEMENT_CHECKPOINT,
    RZ_AST_STATEMENT_EXTENSION, /* extension */
    RZ_AST_STATEMENT_VACUUM,
    RZ_AST_STATEMENT_ANALYZE,        /* name: the table, or NULL for all */
    RZ_AST_STATEMENT_BACKUP_DATABASE /* path */
} rz_ast_statement_kind;

/* `keys` names the primary key, whether a column's flag or the PRIMARY KEY clause gave it; none when `query` is set. */
typedef struct rz_ast_create_node_table {
    const char *name;
    bool if_not_exists;
    uint32_t column_count;
    rz_ast_column *columns;
    uint32_t key_count; /* names of the key columns; > 1: composite */
    const char *const *keys;
    rz_ast_query *query; /* AS query, or NULL */
} rz_ast_create_node_table;

typedef struct rz_ast_from_to {
    const char *from;
    const char *to;
} rz_ast_from_to;

typedef struct rz_ast_create_rel_table {
    const char *name;
    bool group;
    bool if_not_exists;
    uint32_t pair_count; /* ≥ 1 */
    rz_ast_from_to *pairs;
    uint32_t column_count;
    rz_ast_column *columns;
    const char *multiplicity; /* the word as spelled, optional */
    rz_ast_options options;
    rz_ast_query *query; /* AS query, or NULL */
} rz_ast_create_rel_table;

typedef struct rz_ast_create_sequence {
    const char *name;
    bool if_not_exists;
    bool no_min_value;
    bool no_max_value;
    bool has_cycle; /* [NO] CYCLE was given */
    bool cycle;
    /* INT64 or INT128 literals, or NULL: not given */
    rz_ast_expr *increment;
    rz_ast_expr *min_value;
    rz_ast_expr *max_value;
    rz_ast_expr *start;
} rz_ast_create_sequence;

typedef struct rz_ast_create_type {
    const char *name;
    bool if_not_exists;
    rz_ast_text type;
} rz_ast_create_type;

typedef struct rz_ast_create_macro {
    const char *name;
    bool if_not_exists;
    uint32_t param_count; /* the positional ones first */
    const char *const *params;
    rz_ast_expr **defaults; /* param_count entries, NULL for positional ones; literals */
    rz_ast_expr *body;
} rz_ast_create_macro;

typedef struct rz_ast_create_index {
    const char *name; /* optional */
    bool if_not_exists;
    bool unique;
    bool on_rel; /* FOR ()-[v:Type]-() */
    const char *label;
    uint32_t property_count;
    const char *const *properties;
} rz_ast_create_index;

typedef enum rz_ast_constraint_kind {
    RZ_AST_CONSTRAINT_UNIQUE,
    RZ_AST_CONSTRAINT_NOT_NULL
} rz_ast_constraint_kind;

typedef struct rz_ast_create_constraint {
    const char *name; /* optional */
    bool if_not_exists;
    bool on_rel;
    rz_ast_constraint_kind kind;
    const char *label;
    uint32_t property_count;
    const char *const *properties;
} rz_ast_create_constraint;

typedef struct rz_ast_user {
    const char *name;
    bool if_not_exists;
    rz_ast_expr *password; /* STRING literal, or NULL */
} rz_ast_user;

typedef enum rz_ast_object_kind {
    RZ_AST_OBJECT_TABLE,
    RZ_AST_OBJECT_SEQUENCE,
    RZ_AST_OBJECT_MACRO,
    RZ_AST_OBJECT_TYPE,
    RZ_AST_OBJECT_INDEX,
    RZ_AST_OBJECT_CONSTRAINT
} rz_ast_object_kind;

typedef struct rz_ast_drop {
    rz_ast_object_kind object;
    bool if_exists;
    const char *name;
} rz_ast_drop;

typedef enum rz_ast_alter_kind {
    RZ_AST_ALTER_ADD_COLUMN,    /* column (name, type, default_value); if_exists_guard = IF NOT EXISTS */
    RZ_AST_ALTER_DROP_COLUMN,   /* name; if_exists_guard = IF EXISTS */
    RZ_AST_ALTER_RENAME_TABLE,  /* new_name */
    RZ_AST_ALTER_RENAME_COLUMN, /* name, new_name */
    RZ_AST_ALTER_ADD_PAIR,      /* pair; if_exists_guard = IF NOT EXISTS */
    RZ_AST_ALTER_DROP_PAIR,     /* pair; if_exists_guard = IF EXISTS */
    RZ_AST_ALTER_COLUMN_TYPE,   /* name, column.type */
    RZ_AST_ALTER_SET_DEFAULT,   /* name, column.default_value */
    RZ_AST_ALTER_DROP_DEFAULT,  /* name */
    RZ_AST_ALTER_SET_NOT_NULL,  /* name */
    RZ_AST_ALTER_DROP_NOT_NULL  /* name */
} rz_ast_alter_kind;

typedef struct rz_ast_alter {
    rz_ast_alter_kind kind;
    const char *table;
    bool if_exists_guard;
    const char *name;
    const char *new_name;
    rz_ast_column column;
    rz_ast_from_to pair;
} rz_ast_alter;

typedef struct rz_ast_comment {
    const char *table;
    rz_ast_expr *comment; /* STRING literal */
} rz_ast_comment;

typedef struct rz_ast_copy_from {
    const char *table;
    bool has_columns;
    uint32_t column_count;
    const char *const *columns;
    rz_ast_source source; /* BY COLUMN is the source kind COLUMNS */
    rz_ast_options options;
} rz_ast_copy_from;

typedef struct rz_ast_copy_to {
    rz_ast_query *query;
    rz_ast_expr *path; /* STRING literal or PARAMETER */
    rz_ast_options options;
} rz_ast_copy_to;

typedef struct rz_ast_export_database {
    rz_ast_expr *path; /* STRING literal or PARAMETER */
    rz_ast_options options;
} rz_ast_export_database;

typedef struct rz_ast_attach {
    rz_ast_expr *path; /* STRING literal or PARAMETER */
    const char *alias; /* optional */
    const char *type;  /* of DBTYPE */
    rz_ast_options options;
} rz_ast_attach;

typedef struct rz_ast_set_option {
    const char *name;
    rz_ast_expr *value;
} rz_ast_set_option;

typedef struct rz_ast_begin {
    bool read_only;
} rz_ast_begin;

typedef enum rz_ast_extension_action {
    RZ_AST_EXTENSION_INSTALL,
    RZ_AST_EXTENSION_LOAD,
    RZ_AST_EXTENSION_UNINSTALL,
    RZ_AST_EXTENSION_UPDATE
} rz_ast_extension_action;

typedef struct rz_ast_extension {
    rz_ast_extension_action action;
    bool force;   /* FORCE INSTALL */
    bool is_path; /* name was a string literal */
    const char *name;
    const char *repository; /* INSTALL … FROM 'repo', optional */
} rz_ast_extension;

typedef enum rz_ast_explain {
    RZ_AST_EXPLAIN_NONE,
    RZ_AST_EXPLAIN_PLAN,    /* EXPLAIN */
    RZ_AST_EXPLAIN_LOGICAL, /* EXPLAIN LOGICAL */
    RZ_AST_EXPLAIN_PROFILE  /* PROFILE */
} rz_ast_explain;

struct rz_ast_statement {
    rz_ast_statement_kind kind;
    rz_ast_explain explain;
    uint32_t position; /* with EXPLAIN, without the semicolon */
    uint32_t length;
    union {
        rz_ast_query *query;
        rz_ast_create_node_table create_node_table;
        rz_ast_create_rel_table create_rel_table;
        rz_ast_create_sequence create_sequence;
        rz_ast_create_type create_type;
        rz_ast_create_macro create_macro;
        rz_ast_create_index create_index;
        rz_ast_create_constraint create_constraint;
        rz_ast_user user;
        rz_ast_drop drop;
        rz_ast_alter alter;
        rz_ast_comment comment;
        rz_ast_copy_from copy_from;
        rz_ast_copy_to copy_to;
        rz_ast_export_database export_database;
        rz_ast_expr *path; /* STRING literal or PARAMETER */
        rz_ast_attach attach;
        const char *name;
        rz_ast_call call;
        rz_ast_set_option set_option;
        rz_ast_begin begin;
        rz_ast_extension extension;
    };
};

typedef struct rz_ast_script {
    const char *text; /* by (2) */
    size_t text_length;
    uint32_t statement_count; /* 0 for a text of blanks, comments and semicolons */
    rz_ast_statement **statements;
} rz_ast_script;

/* The source text of an expression (not NUL-terminated). */
static inline rz_ast_text rz_ast_expr_text(const rz_ast_script *script, const rz_ast_expr *expr)
{
    return (rz_ast_text){.data = script->text + expr->position, .position = expr->position, .length = expr->length};
}

/* The spelling of an operator in canonical text ("STARTS WITH", "<="). */
const char *rz_ast_op_text(rz_ast_op op);

#endif
