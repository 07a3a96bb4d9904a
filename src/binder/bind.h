/* SPDX-License-Identifier: MIT */
/*
 * The binder at work (private to the module).
 */
#ifndef RZ_BINDER_BIND_H
#define RZ_BINDER_BIND_H

#include "binder/binder.h"

/* A name that expressions may use. */
typedef struct bind_variable {
    const char *name;
    uint32_t column;
    const rz_type *type;
} bind_variable;

/* Names visible at one point. A subquery's scope has the surrounding one as `outer`; what it takes from there is noted in outer_columns. */
typedef struct bind_scope {
    RZ_ARRAY(bind_variable) variables;
    struct bind_scope *outer;
    RZ_ARRAY(uint32_t) outer_columns; /* columns of `outer` (or further out) in use here */
    bool is_lambda;                   /* a lambda's parameters: what lies outside belongs to the same query */
} bind_scope;

/* A variable-length relationship: what its column stands for, and in which scope it was bound or came to by a WITH. */
typedef struct bind_walk {
    uint32_t column;
    const bind_scope *scope;
    rz_bound_recursive *recursive;
    uint32_t cost;                /* RZ_NO_COLUMN_ID: nobody asks for it in this scope or behind it */
    rz_bound_projection *through; /* the WITH; NULL: bound here */
    uint32_t before;              /* and its number before that */
} bind_walk;

typedef struct rz_binder {
    const rz_bind_context *context;
    const rz_ast_script *script;
    rz_arena *arena;
    bind_scope *scope;
    uint32_t column_count;
    bool allow_aggregates;  /* inside a projection's items or order */
    bool inside_aggregate;
    bool uses_nextval;      /* somewhere in the statement */
    uint32_t macro_depth;
    uint32_t query_depth;
    RZ_ARRAY(bind_walk) walks; /* variable-length relationships, for cost() */
} rz_binder;

/* ---- expr.c, bind_name.c ---- */
RZ_NODISCARD ruzu_status rz_bind_new(rz_binder *binder, rz_expr_kind kind, const rz_type *type, rz_expr *const *children, uint32_t child_count, rz_expr **out,
                                     rz_error *err);
/* Gives expr the text of an unaliased column (dialect §4.1). */
RZ_NODISCARD ruzu_status rz_bind_name(rz_binder *binder, rz_expr *expr, rz_error *err);
const char *rz_expr_text(const rz_expr *expr); /* never NULL */

/* ---- bind_scope.c ---- */
RZ_NODISCARD ruzu_status rz_bind_scope_new(rz_binder *binder, bind_scope *outer, bind_scope **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_declare(rz_binder *binder, const char *name, uint32_t column, const rz_type *type, rz_error *err);
/* Looks through the scopes from the inside; notes the use of outer columns. NULL: not in scope. */
RZ_NODISCARD ruzu_status rz_bind_lookup(rz_binder *binder, const char *name, const bind_variable **out, rz_error *err);
/* Notes that a scope takes a column from outside. */
RZ_NODISCARD ruzu_status rz_bind_note_outer(rz_binder *binder, bind_scope *scope, uint32_t column, rz_error *err);
const bind_variable *rz_bind_find_here(const rz_binder *binder, const char *name); /* the innermost scope only */

/* ---- bind_cast.c ---- */
/* Implicit cast, or the Binder error "Expression E has data type T but expected U. Implicit cast is not supported." */
RZ_NODISCARD ruzu_status rz_bind_implicit_cast(rz_binder *binder, rz_expr *expr, const rz_type *type, rz_expr **out, rz_error *err);
/* The cast of a value to the column it is stored in (CREATE, COPY, DEFAULT): any cast that exists. */
RZ_NODISCARD ruzu_status rz_bind_assign_cast(rz_binder *binder, rz_expr *expr, const rz_type *type, rz_expr **out, rz_error *err);
/* A cast that has been found possible (overload resolution, explicit casts); literals are converted now. */
RZ_NODISCARD ruzu_status rz_bind_cast(rz_binder *binder, rz_expr *expr, const rz_type *type, bool try_cast, rz_expr **out, rz_error *err);
/* Casts all to their common type: list elements, CASE branches. what: for the error. */
RZ_NODISCARD ruzu_status rz_bind_unify(rz_binder *binder, rz_expr **exprs, uint32_t count, const rz_type **out_type, rz_error *err);
/* The type with ANY where an expression leaves it open: elements of [], fields of {n: NULL}. expr->type itself when nothing is open; NULL: no memory. */
const rz_type *rz_bind_open_type(rz_arena *arena, const rz_expr *expr);
/* Lets the open ones among a list's elements take the type that the others have. */
RZ_NODISCARD ruzu_status rz_bind_open_elements(rz_binder *binder, rz_expr **exprs, uint32_t count, rz_error *err);
/* The type with references replaced by value forms, as results show it. */
RZ_NODISCARD ruzu_status rz_bind_value_type(rz_binder *binder, const rz_type *type, const rz_type **out, rz_error *err);
/* The references' path keeps the property. */
bool rz_bind_is_shown(const rz_type *type, const char *property);
/* Wraps expr in GRAPH_VALUE when its type contains references. */
RZ_NODISCARD ruzu_status rz_bind_to_value(rz_binder *binder, rz_expr *expr, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_type_name(rz_binder *binder, const char *text, size_t length, const rz_type **out, rz_error *err);
const char *rz_bind_type_copy(rz_binder *binder, const rz_type *type); /* in the arena; NULL when memory is refused */
const char *rz_bind_type_text(rz_binder *binder, const rz_type *type); /* for messages of errors only; never NULL */

/* ---- bind_expr.c ---- */
RZ_NODISCARD ruzu_status rz_bind_expr(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err);
/* Binds a condition and splits it at AND: appends its conjuncts. */
typedef RZ_ARRAY(rz_expr *) bind_exprs;
RZ_NODISCARD ruzu_status rz_bind_condition(rz_binder *binder, const rz_ast_expr *ast, bind_exprs *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_add_conjuncts(rz_binder *binder, rz_expr *expr, bind_exprs *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_literal_string(rz_binder *binder, const char *text, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_literal_int(rz_binder *binder, int64_t value, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_literal_null(rz_binder *binder, const rz_type *type, rz_expr **out, rz_error *err);
/* object.name for NODE, REL and STRUCT expressions. */
RZ_NODISCARD ruzu_status rz_bind_property(rz_binder *binder, rz_expr *object, const char *name, uint32_t position, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_column(rz_binder *binder, const char *name, uint32_t column, const rz_type *type, rz_expr **out, rz_error *err);
uint32_t rz_bind_new_column(rz_binder *binder);

/* ---- bind_function.c ---- */
RZ_NODISCARD ruzu_status rz_bind_function(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err);
/* Calls a scalar function over bound arguments: resolves, casts. names: argument names, or NULL. */
RZ_NODISCARD ruzu_status rz_bind_call(rz_binder *binder, const char *name, rz_expr **args, const char *const *names, uint32_t count, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_compare(rz_binder *binder, const char *name, rz_expr *left, rz_expr *right, rz_expr **out, rz_error *err);

/* ---- bind_cost.c ---- */
RZ_NODISCARD ruzu_status rz_bind_walk_add(rz_binder *binder, uint32_t column, rz_bound_recursive *recursive, rz_error *err);
/* A WITH over the input scope is bound and binder->scope is the one behind it: which of its items are walks. */
RZ_NODISCARD ruzu_status rz_bind_walks_pass(rz_binder *binder, const bind_scope *input, rz_bound_projection *through, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_cost(rz_binder *binder, const rz_ast_expr *ast, const rz_expr *walk, rz_expr **out, rz_error *err);
/* The column of the walk whose cost a column is in a scope, or RZ_NO_COLUMN_ID. */
uint32_t rz_bind_walk_of_cost(const rz_binder *binder, const bind_scope *scope, uint32_t column);

/* ---- bind_graph.c: functions over nodes, relationships and paths ---- */
/* *out stays NULL when the name is none of them. */
RZ_NODISCARD ruzu_status rz_bind_graph_function(rz_binder *binder, const rz_ast_expr *ast, const char *canonical, rz_expr **args, uint32_t count, rz_expr **out,
                                                rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_id(rz_binder *binder, rz_expr *object, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_label(rz_binder *binder, rz_expr *object, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_label_predicate(rz_binder *binder, rz_expr *object, const rz_ast_label *label, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_lambda(rz_binder *binder, rz_lambda_kind kind, rz_expr *list, const char *const *params, uint32_t param_count, const rz_ast_expr *body,
                                        rz_expr *initial, rz_expr **out, rz_error *err);

/* ---- bind_pattern.c ---- */
RZ_NODISCARD ruzu_status rz_bind_pattern(rz_binder *binder, rz_ast_path *const *paths, uint32_t path_count, const rz_ast_expr *where, rz_bound_match *out, rz_error *err);
/* The path nodes[0] rels[0] nodes[1] …; relationships may be of variable length. */
RZ_NODISCARD ruzu_status rz_bind_path(rz_binder *binder, const char *name, const bind_variable *nodes, const bind_variable *rels, uint32_t node_count, rz_expr **out,
                                      rz_error *err);
/* Tables that a label expression of a node or relationship names. */
RZ_NODISCARD ruzu_status rz_bind_node_labels(rz_binder *binder, const rz_ast_label *label, const uint32_t **out_tables, uint32_t *out_count, rz_error *err);

/* ---- bind_hint.c ---- */
RZ_NODISCARD ruzu_status rz_bind_hint(rz_binder *binder, const rz_ast_hint *ast, const rz_bound_pattern *pattern, const rz_bound_hint **out, rz_error *err);

/* ---- bind_query.c, bind_projection.c, bind_write.c ---- */
RZ_NODISCARD ruzu_status rz_bind_query(rz_binder *binder, const rz_ast_query *ast, rz_bound_query **out, bool *out_writes, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_projection(rz_binder *binder, const rz_ast_body *body, bool is_return, rz_bound_projection *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_create(rz_binder *binder, rz_ast_path *const *paths, uint32_t path_count, rz_bound_create *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_merge(rz_binder *binder, const rz_ast_merge *ast, rz_bound_merge *out, rz_error *err);
/* A subquery expression over a query or a single pattern. */
RZ_NODISCARD ruzu_status rz_bind_subquery(rz_binder *binder, rz_subquery_kind kind, const rz_ast_query *query, const rz_ast_path *pattern, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_pattern_comprehension(rz_binder *binder, const rz_ast_expr *ast, rz_expr **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_call_clause(rz_binder *binder, const rz_ast_call *ast, rz_bound_call *out, const char *const **out_names, bool *out_standalone,
                                             rz_error *err);

/* ---- bind_change.c ---- */
/* Items of SET, REMOVE (no values) and ON MATCH / ON CREATE SET; v = {…} and v += {…} become one item per property. */
RZ_NODISCARD ruzu_status rz_bind_set(rz_binder *binder, const rz_ast_set *ast, rz_bound_set *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_delete(rz_binder *binder, const rz_ast_delete *ast, rz_bound_delete *out, rz_error *err);

/* ---- bind_ddl.c, bind_alter.c, bind_copy.c ---- */
/* A column definition with its type and checked default. */
RZ_NODISCARD ruzu_status rz_bind_column_def(rz_binder *binder, const rz_ast_column *ast, rz_cat_property *out, rz_error *err);
/* Refuses reserved names. */
RZ_NODISCARD ruzu_status rz_bind_property_name(const char *name, uint32_t position, rz_error *err);
/* The DEFAULT text of a property, checked. */
RZ_NODISCARD ruzu_status rz_bind_default_text(rz_binder *binder, const rz_ast_expr *ast, rz_cat_property *out, rz_error *err);
/* A node table as an end of a FROM/TO pair. */
RZ_NODISCARD ruzu_status rz_bind_pair_end(rz_binder *binder, const char *name, uint32_t *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_alter(rz_binder *binder, const rz_ast_alter *ast, rz_bound_statement *out, rz_error *err);
/* Appends a projection to each arm that casts the query's columns to the wanted types. */
RZ_NODISCARD ruzu_status rz_bind_query_columns(rz_binder *binder, rz_bound_query *query, const rz_type *const *wanted, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_ddl(rz_binder *binder, const rz_ast_statement *ast, rz_bound_statement *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_copy_from(rz_binder *binder, const rz_ast_copy_from *ast, rz_bound_copy_from *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_bind_files(rz_binder *binder, const rz_ast_source *source, const rz_ast_options *options, rz_bound_files *out, rz_error *err);
/* The DEFAULT of a property as a bound expression of its type (NULL literal when there is none). */
RZ_NODISCARD ruzu_status rz_bind_default(rz_binder *binder, const rz_cat_property *property, rz_expr **out, rz_error *err);

#endif
