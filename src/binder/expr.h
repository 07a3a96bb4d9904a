/* SPDX-License-Identifier: MIT */
/*
 * Bound expressions: typed trees over numbered columns, used by the binder, the planner and the executor.
 *
 * A *column* is a number unique within a statement: a pattern variable, a projected value, an unwound element, a lambda parameter. The planner decides where
 * columns live; the evaluator reads them from chunks. Trees are immutable once bound, except that the planner replaces AGGREGATE and SUBQUERY nodes by columns.
 *
 * Every function argument has been cast to what its function wants: kernels are same-type only.
 */
#ifndef RZ_BINDER_EXPR_H
#define RZ_BINDER_EXPR_H

#include "function/function.h"
#include "types/types.h"

#define RZ_NO_COLUMN_ID UINT32_MAX

typedef struct rz_expr rz_expr;
typedef struct rz_bound_query rz_bound_query;

typedef enum rz_expr_kind {
    /* kind                     children                         payload */
    RZ_EXPR_LITERAL,         /* –                                literal (type NULL values: is_null) */
    RZ_EXPR_PARAMETER,       /* –                                parameter: index into the statement's parameters */
    RZ_EXPR_COLUMN,          /* –                                column */
    RZ_EXPR_FUNCTION,        /* arguments, cast                  function */
    RZ_EXPR_CAST,            /* [0]                              try_cast */
    RZ_EXPR_AND,             /* two or more BOOL                 – three-valued; children are evaluated in order for rows still open */
    RZ_EXPR_OR,              /* two or more                      – */
    RZ_EXPR_XOR,             /* two or more                      – */
    RZ_EXPR_NOT,             /* [0]                              – */
    RZ_EXPR_IS_NULL,         /* [0] any type                     – */
    RZ_EXPR_IS_NOT_NULL,     /* [0]                              – */
    RZ_EXPR_CASE,            /* when, then, …, [else]            – searched form; odd count: the last is ELSE; branches are evaluated only for their rows */
    RZ_EXPR_COALESCE,        /* one or more of one type          – lazily */
    RZ_EXPR_PROPERTY,        /* [0] NODE or REL reference        property: which column in each table */
    RZ_EXPR_ID,              /* [0] NODE or REL reference        – → INTERNAL_ID */
    RZ_EXPR_LABEL,           /* [0] NODE or REL reference        label: names by table → STRING */
    RZ_EXPR_START_NODE,      /* [0] REL                          – → NODE */
    RZ_EXPR_END_NODE,        /* [0] REL                          – → NODE */
    RZ_EXPR_PATH,            /* node, rel, node, …               – → RECURSIVE_REL; a rel may be itself a RECURSIVE_REL column (variable length) */
    RZ_EXPR_FIELD,           /* [0] RECURSIVE_REL or STRUCT     field: index → that field's value */
    RZ_EXPR_LIST_LAMBDA,     /* [0] list, [1] body, [2] initial  lambda */
    RZ_EXPR_GRAPH_VALUE,     /* [0] type containing references   – → the same with value forms (results, CAST to STRING) */
    RZ_EXPR_NEXTVAL,         /* [0] name of a sequence, STRING   – → INT64; volatile */
    RZ_EXPR_CURRVAL,         /* [0] name of a sequence, STRING   – → INT64 */
    RZ_EXPR_AGGREGATE,       /* [0] argument, or none (COUNT(*)) aggregate; only inside projections, until planned */
    RZ_EXPR_SUBQUERY         /* –                                subquery; until planned */
} rz_expr_kind;

typedef enum rz_lambda_kind {
    RZ_LAMBDA_TRANSFORM, /* list of bodies */
    RZ_LAMBDA_FILTER,    /* elements whose body is TRUE */
    RZ_LAMBDA_REDUCE,    /* left fold; params[0] accumulator, params[1] element; [2] initial value or absent: the first element, error on an empty list */
    RZ_LAMBDA_ALL,       /* three-valued, §20 case 6 */
    RZ_LAMBDA_ANY,
    RZ_LAMBDA_NONE,
    RZ_LAMBDA_SINGLE
} rz_lambda_kind;

typedef enum rz_subquery_kind { RZ_SUBQUERY_EXISTS, RZ_SUBQUERY_COUNT, RZ_SUBQUERY_COLLECT } rz_subquery_kind;

struct rz_expr {
    rz_expr_kind kind;
    uint32_t position;   /* byte offset in the statement's text, for errors */
    uint32_t child_count;
    const rz_type *type;
    const char *name;    /* the text it would have as an unaliased column (dialect §4.1); NULL: not computed */
    rz_expr **children;
    union {
        const rz_value *literal;
        uint32_t parameter;
        uint32_t column;
        rz_fn_bound *function;
        bool try_cast;
        struct {
            const char *name;            /* as in the schema */
            const uint32_t *column_idxs; /* one per children[0]->type->tables entry: column index in that table, RZ_NO_COLUMN where it has none (NULL then) */
        } property;
        struct {
            const char *const *names;    /* one per children[0]->type->tables entry */
        } label;
        struct {
            rz_lambda_kind kind;
            uint32_t params[2];          /* column ids */
        } lambda;
        uint32_t field;
        struct {
            rz_agg_bound *bound;
            bool distinct;
        } aggregate;
        struct {
            rz_subquery_kind kind;
            rz_bound_query *query;
            const uint32_t *outer_columns; /* columns of the surrounding query that it uses */
            uint32_t outer_count;
        } subquery;
    } u;
};

/* Constructors; NULL when memory is refused. */
RZ_NODISCARD rz_expr *rz_expr_new(rz_arena *arena, rz_expr_kind kind, const rz_type *type, rz_expr *const *children, uint32_t child_count);
RZ_NODISCARD rz_expr *rz_expr_column(rz_arena *arena, uint32_t column, const rz_type *type);
RZ_NODISCARD rz_expr *rz_expr_literal(rz_arena *arena, const rz_value *value);
/* Structural equality: same tree, same columns; two volatile calls are never equal. */
bool rz_expr_equal(const rz_expr *a, const rz_expr *b);
bool rz_expr_is_constant(const rz_expr *expr);  /* no columns, no volatile function (parameters count as constant) */
bool rz_expr_is_volatile(const rz_expr *expr);
bool rz_expr_can_fail(const rz_expr *expr);     /* some value may raise an error (those within a subquery are caught where it stands) */
/* Calls fn for each column used, subqueries' outer columns included, lambda parameters not. */
void rz_expr_each_column(const rz_expr *expr, void (*fn)(void *user, uint32_t column), void *user);

#endif
