/* SPDX-License-Identifier: MIT */
/*
 * TABLE_FUNCTION: the rows of a table function, once, or once per input row. The rows are made when the operator opens; arguments are constants.
 */
#include "executor/table_function.h"

const rz_table_function *rz_table_function_at(uint32_t idx)
{
    return rz_table_functions[idx].name == NULL ? NULL : &rz_table_functions[idx];
}

const rz_table_function *rz_table_function_find(const char *name)
{
    const rz_table_function *function = NULL;
    for (uint32_t i = 0; (function = rz_table_function_at(i)) != NULL; i++) {
        if (rz_name_equal(function->name, name)) {
            return function;
        }
    }
    return NULL;
}

static const rz_type *column_type(rz_arena *arena, ruzu_type_id id)
{
    return id == RUZU_TYPE_LIST ? rz_type_list(arena, RZ_STRING) : rz_type_of(id);
}

ruzu_status rz_table_layout_add(rz_table_layout *layout, rz_arena *arena, const char *name, const rz_type *type, rz_error *err)
{
    if (layout->count == layout->capacity) {
        uint32_t capacity = layout->capacity == 0 ? TABLE_FUNCTION_MAX_COLUMNS : layout->capacity * 2;
        const char **names = RZ_NEW_ARRAY(arena, const char *, capacity);
        const rz_type **types = RZ_NEW_ARRAY(arena, const rz_type *, capacity);
        if (names == NULL || types == NULL) {
            return rz_error_no_memory(err, "binding a table function");
        }
        for (uint32_t i = 0; i < layout->count; i++) {
            names[i] = layout->names[i];
            types[i] = layout->types[i];
        }
        layout->names = names;
        layout->types = types;
        layout->capacity = capacity;
    }
    layout->names[layout->count] = name;
    layout->types[layout->count++] = type;
    return RUZU_OK;
}

static RZ_COLD ruzu_status table_function_unknown(const char *name, rz_arena *arena, rz_error *err)
{
    char *upper = rz_arena_strdup(arena, name);
    RZ_TRY_ALLOC(upper, err, "binding a table function");
    for (char *c = upper; *c != '\0'; c++) {
        *c = rz_ascii_upper(*c);
    }
    if (rz_fn_exists(name)) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "%s is not a table or algorithm function.", name);
    }
    return rz_error_set(err, RUZU_ERROR_CATALOG, "function %s does not exist.", upper);
}

static RZ_COLD ruzu_status table_function_misfit(const rz_table_function *function, const rz_value *const *args, uint32_t arg_count, rz_arena *arena, rz_error *err)
{
    rz_str text;
    rz_str_init(&text, arena->mem);
    rz_str_append_text(&text, "Function ");
    for (const char *c = function->name; *c != '\0'; c++) {
        rz_str_append_char(&text, rz_ascii_upper(*c));
    }
    rz_str_append_text(&text, " did not receive correct arguments:\nActual:   (");
    for (uint32_t i = 0; i < arg_count; i++) {
        rz_str_append_text(&text, i == 0 ? "" : ",");
        rz_type_format(args[i] == NULL ? RZ_ANY : args[i]->type, &text); /* not constant: ANY */
    }
    rz_str_append_text(&text, function->arg_count == 0 ? ")\nExpected: ()\n" : ")\nExpected: (STRING)\n");
    ruzu_status status = rz_error_set(err, RUZU_ERROR_BINDER, "%s", rz_str_text(&text));
    rz_str_free(&text);
    return status;
}

/* The optional BOOL argument that a function takes behind the others, by name (`deep := true`); NULL: none. */
static const char *table_function_flag(const rz_table_function *function)
{
    return function->produce == rz_produce_check_database ? "deep" : NULL;
}

static bool table_function_is_flag(const char *flag, const rz_value *arg, const char *const *arg_names, uint32_t idx)
{
    const char *name = arg_names == NULL ? NULL : arg_names[idx];
    return name != NULL && rz_name_equal(name, flag) && arg != NULL && arg->type->id == RUZU_TYPE_BOOL && !arg->is_null;
}

ruzu_status rz_table_function_bind(const rz_catalog *catalog, const char *name, const rz_value *const *args, const char *const *arg_names, uint32_t arg_count,
                                   rz_arena *arena, const char *const **out_names, const rz_type *const **out_types, uint32_t *out_count, bool *out_standalone, rz_error *err)
{
    const rz_table_function *function = rz_table_function_find(name);
    if (function == NULL) {
        return table_function_unknown(name, arena, err);
    }
    const char *flag = table_function_flag(function);
    bool fits = arg_count == function->arg_count ||
                (flag != NULL && arg_count == function->arg_count + 1 && table_function_is_flag(flag, args[arg_count - 1], arg_names, arg_count - 1));
    for (uint32_t i = 0; i < function->arg_count && fits; i++) {
        fits = args[i] != NULL && args[i]->type->id == RUZU_TYPE_STRING && !args[i]->is_null;
    }
    if (!fits) {
        return table_function_misfit(function, args, arg_count, arena, err);
    }
    rz_table_layout layout = {NULL, NULL, 0, 0};
    for (uint32_t i = 0; i < function->column_count; i++) {
        const rz_type *type = column_type(arena, function->columns[i].type);
        RZ_TRY_ALLOC(type, err, "binding a table function");
        RZ_TRY(rz_table_layout_add(&layout, arena, function->columns[i].name, type, err));
    }
    if (function->describe != NULL) {
        const char *arg = arg_count == 0 ? "" : rz_arena_strndup(arena, args[0]->u.text.data, (size_t)args[0]->u.text.length);
        RZ_TRY_ALLOC(arg, err, "binding a table function");
        RZ_TRY(function->describe(catalog, arg, arena, &layout, err));
    }
    *out_names = layout.names;
    *out_types = layout.types;
    *out_count = layout.count;
    *out_standalone = function->standalone;
    return RUZU_OK;
}

ruzu_status rz_table_emit(rz_table_call *call, const rz_value *cells, rz_error *err)
{
    rz_sel one = {.rows = NULL, .count = 1};
    for (uint32_t i = 0; i < call->column_count; i++) {
        rz_vec_reset(call->vecs[i]);
        RZ_TRY(rz_value_to_vec(&cells[i], call->vecs[i], 0, err));
    }
    return rz_rowset_append(call->rows, call->vecs, &one, err);
}

/* Runs the producer; the caller frees the rows. */
static ruzu_status table_call_run(rz_exec *exec, rz_mem *mem, rz_arena *arena, const rz_table_function *function, const rz_value *args, uint32_t arg_count,
                                  const rz_type *const *types, uint32_t column_count, rz_rowset **out, rz_error *err)
{
    rz_table_call call = {.exec = exec, .args = args, .arg_count = arg_count, .arena = arena, .types = types, .column_count = column_count};
    call.vecs = RZ_NEW_ARRAY(arena, rz_vec *, column_count);
    RZ_TRY_ALLOC(call.vecs, err, "calling a table function");
    for (uint32_t i = 0; i < column_count; i++) {
        RZ_TRY(rz_vec_create(arena, arena, types[i], 1, &call.vecs[i], err));
    }
    RZ_TRY(rz_rowset_create(mem, rz_store_pool(rz_txn_store(exec->context->txn)), types, column_count, out, err));
    call.rows = *out;
    RZ_TRY(function->produce(&call, err));
    rz_rowset_seal(*out);
    return RUZU_OK;
}

/* ---- the operator ---- */

typedef struct op_table_function {
    rz_op op;
    rz_rowset *rows;
    rz_rowset_cursor cursor;
    rz_vec **vecs;             /* the function's columns */
    int32_t *targets;          /* position of each in the output, or -1 */
    const int32_t *positions;  /* of the input's columns in the output */
    rz_vec **flat_inputs;
    rz_chunk *input;           /* with a child: the current chunk … */
    uint32_t at_row;           /* … and the row whose function rows are given */
    uint32_t *index;
    uint64_t *weights;
} op_table_function;

static ruzu_status table_function_args(rz_op *base, const rz_bound_call *call, rz_value **out, rz_error *err)
{
    rz_value *args = RZ_NEW_ARRAY(&base->worker->arena, rz_value, call->arg_count);
    RZ_TRY_ALLOC(args, err, "calling a table function");
    for (uint32_t i = 0; i < call->arg_count; i++) {
        RZ_TRY(rz_eval_constant(base->worker, call->args[i], &base->worker->arena, &args[i], err));
    }
    *out = args;
    return RUZU_OK;
}

static ruzu_status table_function_open(rz_op *base, rz_error *err)
{
    op_table_function *op = (op_table_function *)base;
    const rz_bound_call *call = base->plan->u.call;
    rz_arena *arena = &base->worker->arena;
    const rz_table_function *function = rz_table_function_find(call->function);
    rz_value *args = NULL;
    if (function == NULL) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "table function %s is not there", call->function);
    }
    RZ_TRY(table_function_args(base, call, &args, err));
    RZ_TRY(rz_op_make_chunk(base, call->columns, call->column_count, err));
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    op->vecs = RZ_NEW_ARRAY(arena, rz_vec *, call->column_count);
    op->index = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->weights = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->flat_inputs = RZ_NEW_ARRAY(arena, rz_vec *, base->input == NULL ? 1 : base->input->plan->column_count);
    if (op->vecs == NULL || op->index == NULL || op->weights == NULL || op->flat_inputs == NULL) {
        return rz_error_no_memory(err, "calling a table function");
    }
    for (uint32_t i = 0; i < call->column_count; i++) {
        int32_t position = rz_plan_position(base->plan, call->columns[i]);
        if (position >= 0) {
            op->vecs[i] = base->chunk->columns[position];
        } else { /* nobody needs it */
            RZ_TRY(rz_vec_create(arena, &base->heap, call->types[i], RZ_VECTOR_CAPACITY, &op->vecs[i], err));
        }
    }
    return table_call_run(base->worker->exec, rz_op_account(base), arena, function, args, call->arg_count, call->types, call->column_count, &op->rows, err);
}

/* The next function rows for the current input row; 0 at their end. */
static ruzu_status table_function_read(op_table_function *op, uint32_t *out_count, rz_error *err)
{
    rz_op *base = &op->op;
    rz_arena_reset(&base->heap);
    for (uint32_t i = 0; i < base->plan->u.call->column_count; i++) {
        rz_vec_reset(op->vecs[i]);
    }
    return rz_rowset_read(op->rows, &op->cursor, op->vecs, base->worker->exec->vector_rows, out_count, err);
}

static ruzu_status table_function_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_table_function *op = (op_table_function *)base;
    uint32_t count = 0;
    for (;;) {
        if (base->input != NULL && op->input == NULL) {
            RZ_TRY(rz_op_next(base->input, &op->input, err));
            if (op->input == NULL) {
                return RUZU_OK;
            }
            op->at_row = 0;
        }
        RZ_TRY(table_function_read(op, &count, err));
        if (count != 0) {
            break;
        }
        if (base->input == NULL) {
            return RUZU_OK;
        }
        memset(&op->cursor, 0, sizeof op->cursor);
        rz_sel sel = rz_chunk_sel(op->input);
        op->input = ++op->at_row < sel.count ? op->input : NULL;
    }
    base->chunk->count = count;
    base->chunk->sel = NULL;
    base->chunk->weight = NULL;
    if (base->input != NULL) {
        rz_sel sel = rz_chunk_sel(op->input);
        uint32_t row = rz_sel_at(&sel, op->at_row);
        for (uint32_t i = 0; i < count; i++) {
            op->index[i] = row;
            op->weights[i] = op->input->weight == NULL ? 1 : op->input->weight[row];
        }
        base->chunk->weight = op->input->weight == NULL ? NULL : op->weights;
        for (uint32_t i = 0; i < base->plan->column_count; i++) {
            if (op->positions[i] >= 0) {
                rz_vec *column = NULL;
                RZ_TRY(rz_op_flat_input(base, op->input, op->positions[i], op->flat_inputs, &column, err));
                RZ_TRY(rz_vec_slice(base->chunk->columns[i], column, op->index, count, err));
            }
        }
    }
    *out = base->chunk;
    return RUZU_OK;
}

static ruzu_status table_function_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    op_table_function *op = (op_table_function *)base;
    memset(&op->cursor, 0, sizeof op->cursor);
    op->input = NULL;
    return RUZU_OK;
}

static void table_function_close(rz_op *base)
{
    rz_rowset_free(((op_table_function *)base)->rows);
}

const rz_op_class rz_op_table_function = {.name = "TABLE_FUNCTION",
                                          .size = sizeof(op_table_function),
                                          .open = table_function_open,
                                          .next = table_function_next,
                                          .rewind = table_function_rewind,
                                          .close = table_function_close};
