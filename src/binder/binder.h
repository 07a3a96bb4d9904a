/* SPDX-License-Identifier: MIT */
/*
 * binder: names, labels, types and scopes: a syntax tree becomes a typed bound statement, or a semantic error.
 *
 * Purpose   resolves names against one catalog version, gives every expression a type, inserts implicit casts, expands macros, splits projections into
 *           group keys, aggregates and items, folds constants, raises every semantic error of dialect §19.
 * Must not  know plans, statistics or execution. What needs a file's content (LOAD FROM's sniffed header) comes through rz_bind_context callbacks.
 * Enter by  rz_bind.
 * Threads   one statement, one thread. Everything lands in the statement's arena.
 * More      docs/cypher.md, docs/architecture.md ("Life of a query").
 */
#ifndef RZ_BINDER_BINDER_H
#define RZ_BINDER_BINDER_H

#include "binder/bound.h"

typedef struct rz_bind_parameter {
    const char *name;
    const rz_value *value;   /* its type is the parameter's type */
} rz_bind_parameter;

/* Session options that change what is bound. */
typedef struct rz_bind_options {
    bool strict_kuzu;
    bool match_mode_trail;
    bool collect_empty_list;
    rz_path_semantic recursive_semantic;
    uint32_t max_recursive_depth;
} rz_bind_options;

/* What a table function produces, asked of the executor's registry: names and types for given constant arguments (arg_names[i]: what stood before `:=`, or
 * NULL; arg_names may be NULL). RUZU_ERROR_CATALOG when unknown. */
typedef ruzu_status (*rz_bind_table_function_fn)(void *user, const char *name, const rz_value *const *args, const char *const *arg_names, uint32_t arg_count,
                                                 rz_arena *arena,
                                                 const char *const **out_names, const rz_type *const **out_types, uint32_t *out_count, bool *out_standalone, rz_error *err);
/* Columns of a file: sniffs header and types. */
typedef ruzu_status (*rz_bind_file_fn)(void *user, const rz_bound_files *files, rz_arena *arena, const char *const **out_names, const rz_type *const **out_types,
                                       uint32_t *out_count, rz_error *err);

typedef struct rz_bind_context {
    const rz_catalog *catalog;
    const rz_bind_options *options;
    const rz_bind_parameter *parameters;
    uint32_t parameter_count;
    rz_bind_table_function_fn table_function;
    rz_bind_file_fn file;
    void *user;
    rz_fn_context *fn;        /* to fold constants */
    bool *values_used;        /* set when the value of a parameter, not only its type, shaped the result (a pattern, a unit, a file name): such a statement
                                 is bound again for other values. May be NULL */
} rz_bind_context;

/* Binds one statement of a script. Parameters that the statement uses and the caller did not give: RUZU_ERROR_RUNTIME "Parameter x not found.". */
RZ_NODISCARD ruzu_status rz_bind(const rz_bind_context *context, const rz_ast_script *script, const rz_ast_statement *statement, rz_arena *arena,
                                 rz_bound_statement **out, rz_error *err);

/* A type with NODE and REL references replaced by their value forms, at any depth: what results show (types.h). */
RZ_NODISCARD ruzu_status rz_bound_value_type(const rz_catalog *catalog, rz_arena *arena, const rz_type *type, const rz_type **out, rz_error *err);

#endif
