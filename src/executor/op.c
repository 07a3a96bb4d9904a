/* SPDX-License-Identifier: MIT */
/*
 * Operator chains: building, pulling, rewinding, closing.
 */
#include "executor/op.h"

#include "executor/profile.h"
#include "executor/spread.h"

#include <string.h>

const rz_op_class *rz_op_class_of(rz_plan_kind kind)
{
    switch (kind) {
    case RZ_PLAN_SINGLE_ROW: return &rz_op_single_row;
    case RZ_PLAN_EMPTY: return &rz_op_empty;
    case RZ_PLAN_ARGUMENT: return &rz_op_argument;
    case RZ_PLAN_NODE_SCAN: return &rz_op_node_scan;
    case RZ_PLAN_TABLE_FUNCTION: return &rz_op_table_function;
    case RZ_PLAN_FILE_SCAN: return &rz_op_file_scan;
    case RZ_PLAN_NODE_LOOKUP: return &rz_op_node_lookup;
    case RZ_PLAN_EXPAND: return &rz_op_expand;
    case RZ_PLAN_EXPAND_INTO: return &rz_op_expand_into;
    case RZ_PLAN_INTERSECT: return &rz_op_intersect;
    case RZ_PLAN_DEGREE: return &rz_op_degree;
    case RZ_PLAN_COUNT_EXCEPT: return &rz_op_count_except;
    case RZ_PLAN_RECURSIVE: return &rz_op_recursive;
    case RZ_PLAN_FILTER: return &rz_op_filter;
    case RZ_PLAN_JOIN_FILTER: return &rz_op_join_filter;
    case RZ_PLAN_PROJECT: return &rz_op_project;
    case RZ_PLAN_UNWIND: return &rz_op_unwind;
    case RZ_PLAN_COLLAPSE: return &rz_op_collapse;
    case RZ_PLAN_MESSAGE_APPLY: return &rz_op_message_apply;
    case RZ_PLAN_REPEAT: return &rz_op_repeat;
    case RZ_PLAN_LIMIT: return &rz_op_limit;
    case RZ_PLAN_APPLY: return &rz_op_apply;
    case RZ_PLAN_TRIANGLE: return &rz_op_triangle;
    case RZ_PLAN_CLOSED: return &rz_op_closed;
    case RZ_PLAN_AGGREGATE: return &rz_op_aggregate;
    case RZ_PLAN_SORT: return &rz_op_sort;
    case RZ_PLAN_HASH_JOIN: return &rz_op_hash_join;
    case RZ_PLAN_UNION: return &rz_op_union;
    case RZ_PLAN_REUSE: return &rz_op_reuse;
    case RZ_PLAN_BARRIER: return &rz_op_barrier;
    case RZ_PLAN_INSERT: return &rz_op_insert;
    case RZ_PLAN_SET: return &rz_op_set;
    case RZ_PLAN_DELETE: return &rz_op_delete;
    case RZ_PLAN_MERGE: return &rz_op_merge;
    case RZ_PLAN_MESSAGE:
    case RZ_PLAN_RESULT: break; /* sinks only */
    }
    return &rz_op_empty;
}

const rz_op_class *rz_op_class_for(const rz_plan *plan)
{
    bool collects = plan->correlated && (plan->kind == RZ_PLAN_AGGREGATE || plan->kind == RZ_PLAN_SORT);
    return collects ? &rz_op_collect : rz_op_class_of(plan->kind);
}

/* Does the chain go on below this node? Sinks are sources for what stands above them. */
static bool op_has_input(const rz_plan *plan)
{
    switch (plan->kind) {
    case RZ_PLAN_TRIANGLE:
    case RZ_PLAN_CLOSED:
    case RZ_PLAN_AGGREGATE:
    case RZ_PLAN_SORT: return plan->correlated;
    case RZ_PLAN_BARRIER:
    case RZ_PLAN_REUSE:
    case RZ_PLAN_UNION: /* opens its children itself, one after the other */
    case RZ_PLAN_MESSAGE:
    case RZ_PLAN_RESULT: return false;
    case RZ_PLAN_SINGLE_ROW:
    case RZ_PLAN_EMPTY:
    case RZ_PLAN_ARGUMENT:
    case RZ_PLAN_NODE_SCAN:
    case RZ_PLAN_TABLE_FUNCTION:
    case RZ_PLAN_FILE_SCAN:
    case RZ_PLAN_NODE_LOOKUP:
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_EXPAND_INTO:
    case RZ_PLAN_INTERSECT:
    case RZ_PLAN_DEGREE:
    case RZ_PLAN_COUNT_EXCEPT:
    case RZ_PLAN_RECURSIVE:
    case RZ_PLAN_FILTER:
    case RZ_PLAN_JOIN_FILTER:
    case RZ_PLAN_PROJECT:
    case RZ_PLAN_UNWIND:
    case RZ_PLAN_COLLAPSE:
    case RZ_PLAN_MESSAGE_APPLY:
    case RZ_PLAN_REPEAT:
    case RZ_PLAN_LIMIT:
    case RZ_PLAN_APPLY:
    case RZ_PLAN_HASH_JOIN:
    case RZ_PLAN_INSERT:
    case RZ_PLAN_SET:
    case RZ_PLAN_DELETE:
    case RZ_PLAN_MERGE: break;
    }
    return plan->child_count != 0;
}

ruzu_status rz_op_build(rz_worker *worker, const rz_plan *plan, rz_op *outer, rz_op **out, rz_error *err)
{
    *out = NULL;
    const rz_plan *before = rz_profile_enter(worker, plan);
    bool dealt = outer == NULL && rz_spread_feeds(worker->exec->spread, worker, plan);
    const rz_op_class *class = dealt ? &rz_op_spread : rz_op_class_for(plan);
    rz_op *op = (rz_op *)rz_arena_calloc(&worker->arena, 1, class->size);
    RZ_TRY_ALLOC(op, err, "building a pipeline");
    op->class = class;
    op->plan = plan;
    op->worker = worker;
    op->outer = outer;
    op->private_source = outer != NULL;
    rz_arena_init(&op->heap, rz_exec_account(worker->exec, plan));
    *out = op; /* from here on rz_op_close frees what is there */
    if (op_has_input(plan) && !dealt) {
        RZ_TRY(rz_op_build(worker, plan->children[0], outer, &op->input, err));
    }
    if (plan->kind == RZ_PLAN_APPLY && !dealt) {
        RZ_TRY(rz_op_build(worker, plan->children[1], op, &op->inner, err));
    }
    op->opened = true;
    RZ_TRY(class->open(op, err));
    (void)rz_profile_enter(worker, before);
    return RUZU_OK;
}

void rz_op_close(rz_op *op)
{
    while (op != NULL) {
        rz_op *input = op->input;
        rz_profile_add(op);
        if (op->opened && op->class->close != NULL) {
            op->class->close(op);
        }
        rz_op_close(op->inner);
        rz_arena_free(&op->heap);
        op = input;
    }
}

ruzu_status rz_op_rewind(rz_op *op, rz_error *err)
{
    if (op->input != NULL) {
        RZ_TRY(rz_op_rewind(op->input, err));
    }
    return op->class->rewind == NULL ? RUZU_OK : op->class->rewind(op, err);
}

ruzu_status rz_op_restart(rz_op *op, rz_error *err)
{
    if (op->input != NULL) {
        RZ_TRY(rz_op_restart(op->input, err));
    }
    if (op->inner != NULL) {
        RZ_TRY(rz_op_restart(op->inner, err));
    }
    return op->class->restart(op, err);
}

ruzu_status rz_op_restart_plain(rz_op *op, rz_error *err)
{
    return op->class->rewind == NULL ? RUZU_OK : op->class->rewind(op, err);
}

uint64_t rz_chunk_weight(const rz_chunk *chunk)
{
    rz_sel sel = rz_chunk_sel(chunk);
    uint64_t rows = chunk->weight == NULL ? sel.count : 0;
    for (uint32_t i = 0; chunk->weight != NULL && i < sel.count; i++) {
        rows += chunk->weight[rz_sel_at(&sel, i)];
    }
    return rows;
}

ruzu_status rz_op_next(rz_op *op, rz_chunk **out, rz_error *err)
{
    *out = NULL;
    if (RZ_LIKELY(op->worker->exec->profile == NULL)) {
        return op->class->next(op, out, err);
    }
    const rz_plan *before = rz_profile_enter(op->worker, op->plan);
    uint64_t start = rz_now_monotonic_ns();
    ruzu_status status = op->class->next(op, out, err);
    op->time_ns += rz_now_monotonic_ns() - start;
    if (*out != NULL) {
        op->rows_out += rz_chunk_weight(*out);
    }
    (void)rz_profile_enter(op->worker, before);
    return status;
}

int32_t rz_plan_position(const rz_plan *plan, uint32_t column)
{
    for (uint32_t i = 0; i < plan->column_count; i++) {
        if (plan->columns[i] == column) {
            return (int32_t)i;
        }
    }
    return -1;
}

ruzu_status rz_op_make_chunk(rz_op *op, const uint32_t *own_columns, uint32_t own_count, rz_error *err)
{
    const rz_plan *plan = op->plan;
    rz_arena *arena = &op->worker->arena;
    op->chunk = RZ_NEW(arena, rz_chunk);
    RZ_TRY_ALLOC(op->chunk, err, "building an operator");
    op->chunk->columns = RZ_NEW_ARRAY(arena, rz_vec *, plan->column_count);
    RZ_TRY_ALLOC(op->chunk->columns, err, "building an operator");
    op->chunk->column_count = plan->column_count;
    for (uint32_t i = 0; i < plan->column_count; i++) {
        bool own = false;
        for (uint32_t j = 0; j < own_count; j++) {
            own |= own_columns[j] == plan->columns[i];
        }
        if (own) {
            RZ_TRY(rz_vec_create(arena, &op->heap, plan->types[i], RZ_VECTOR_CAPACITY, &op->chunk->columns[i], err));
        } else {
            RZ_TRY(rz_vec_create_empty(arena, &op->heap, plan->types[i], &op->chunk->columns[i], err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_op_map_input(rz_op *op, const int32_t **out_positions, rz_error *err)
{
    const rz_plan *plan = op->plan;
    int32_t *positions = RZ_NEW_ARRAY(&op->worker->arena, int32_t, plan->column_count);
    RZ_TRY_ALLOC(positions, err, "building an operator");
    for (uint32_t i = 0; i < plan->column_count; i++) {
        positions[i] = op->input == NULL ? -1 : rz_plan_position(op->input->plan, plan->columns[i]);
    }
    *out_positions = positions;
    return RUZU_OK;
}

void rz_op_pass(rz_op *op, const rz_chunk *input, const int32_t *positions)
{
    for (uint32_t i = 0; i < op->chunk->column_count; i++) {
        if (positions[i] >= 0) {
            rz_vec_reference(op->chunk->columns[i], input->columns[positions[i]]);
        }
    }
    op->chunk->count = input->count;
    op->chunk->sel = input->sel;
    op->chunk->sel_count = input->sel_count;
    op->chunk->weight = input->weight;
}
