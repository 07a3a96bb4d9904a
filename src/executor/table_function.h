/* SPDX-License-Identifier: MIT */
/*
 * Table functions: rows that come from the engine itself (private to the executor).
 */
#ifndef RZ_EXECUTOR_TABLE_FUNCTION_H
#define RZ_EXECUTOR_TABLE_FUNCTION_H

#include "executor/op.h"

#define TABLE_FUNCTION_MAX_COLUMNS 8u

/* A call on its way: what a producer may use, and where its rows go. */
typedef struct rz_table_call {
    rz_exec *exec;
    const rz_value *args;
    uint32_t arg_count;
    rz_arena *arena;             /* lives as long as the statement's worker */
    rz_rowset *rows;
    rz_vec **vecs;               /* one row of scratch vectors */
    const rz_type *const *types;
    uint32_t column_count;
} rz_table_call;

/* Appends one row; a cell whose type differs from the column's only in width must have the column's type already. */
RZ_NODISCARD ruzu_status rz_table_emit(rz_table_call *call, const rz_value *cells, rz_error *err);

typedef struct rz_table_column {
    const char *name;
    ruzu_type_id type;           /* LIST stands for STRING[] */
} rz_table_column;

/* Columns while a call is bound. */
typedef struct rz_table_layout {
    const char **names;
    const rz_type **types;
    uint32_t count;
    uint32_t capacity;
} rz_table_layout;
RZ_NODISCARD ruzu_status rz_table_layout_add(rz_table_layout *layout, rz_arena *arena, const char *name, const rz_type *type, rz_error *err);

typedef struct rz_table_function {
    const char *name;            /* lower case */
    uint32_t arg_count;          /* STRING arguments */
    bool standalone;             /* a statement of its own, without rows */
    ruzu_status (*produce)(rz_table_call *call, rz_error *err);
    uint32_t column_count;
    rz_table_column columns[TABLE_FUNCTION_MAX_COLUMNS];
    /* Checks the first argument and adds columns that depend on it or the schema; NULL: there are none. */
    ruzu_status (*describe)(const rz_catalog *catalog, const char *arg, rz_arena *arena, rz_table_layout *layout, rz_error *err);
} rz_table_function;

const rz_table_function *rz_table_function_find(const char *name); /* NULL: none */
const rz_table_function *rz_table_function_at(uint32_t idx);       /* NULL at the end */

/* Cells. */
static inline rz_value rz_cell_text(const char *text)
{
    return (rz_value){.type = RZ_STRING, .u.text = {.data = text, .length = strlen(text)}};
}
static inline rz_value rz_cell_int(int64_t number)
{
    return (rz_value){.type = RZ_INT64, .u.i64 = number};
}
static inline rz_value rz_cell_uint(uint64_t number)
{
    return (rz_value){.type = rz_type_of(RUZU_TYPE_UINT64), .u.u64 = number};
}
static inline rz_value rz_cell_int32(int32_t number)
{
    return (rz_value){.type = rz_type_of(RUZU_TYPE_INT32), .u.i32 = number};
}
static inline rz_value rz_cell_bool(bool value)
{
    return (rz_value){.type = RZ_BOOL, .u.boolean = value};
}
static inline rz_value rz_cell_double(double number)
{
    return (rz_value){.type = RZ_DOUBLE, .u.f64 = number};
}

/* check_database, corruption_log (table_function_check.c). */
RZ_NODISCARD ruzu_status rz_produce_check_database(rz_table_call *call, rz_error *err);
RZ_NODISCARD ruzu_status rz_produce_corruption_log(rz_table_call *call, rz_error *err);

/* The producers (table_function_list.c). */
extern const rz_table_function rz_table_functions[];

#endif
