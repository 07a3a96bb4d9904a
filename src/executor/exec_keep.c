/* SPDX-License-Identifier: MIT */
/*
 * Kept executions: a small plan that is run again and again leaves its operators, expressions, readers and buffers for the next time.
 *
 * Building all of that costs many times what a look-up by key costs. What is kept is the first worker of each pipeline; others, if any join, are made as always.
 * Between two executions nothing of the database is held: readers are suspended, no page or version is pinned.
 *
 * A plan qualifies when each of its operators and sinks has a restart. What has grown large is given up after the execution, and so is everything after a failure.
 */
#include "executor/exec.h"
#include "executor/node_scan.h"

struct rz_kept_exec {
    rz_mem mem;              /* account of the executions: what is kept is charged here */
    rz_exec_context context; /* of the current one */
    rz_exec exec;
    uint32_t max_threads;    /* that sinks were made for */
};

/* Constants only: a row number that depends on a parameter is read when the operator is made. */
static bool keep_is_literal(const rz_expr *expr)
{
    return expr == NULL || expr->kind == RZ_EXPR_LITERAL;
}

/* The operator of a plan node, if it has one. */
static bool keep_op_fits(const rz_plan *plan)
{
    return plan->kind == RZ_PLAN_RESULT || rz_op_class_for(plan)->restart != NULL;
}

/* Reads by readers that the operator holds on to. One that writes closes its worker's readers, so it must not stand above such in one pipeline. */
static bool keep_holds_readers(rz_plan_kind kind)
{
    return kind == RZ_PLAN_EXPAND || kind == RZ_PLAN_EXPAND_INTO || kind == RZ_PLAN_INTERSECT || kind == RZ_PLAN_DEGREE || kind == RZ_PLAN_RECURSIVE ||
           kind == RZ_PLAN_APPLY || kind == RZ_PLAN_COLLAPSE;
}

static bool keep_plan_fits(const rz_plan *plan)
{
    switch (plan->kind) {
    case RZ_PLAN_SINGLE_ROW:
    case RZ_PLAN_EMPTY:
    case RZ_PLAN_ARGUMENT:
    case RZ_PLAN_NODE_LOOKUP:
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_EXPAND_INTO:
    case RZ_PLAN_INTERSECT:
    case RZ_PLAN_DEGREE:
    case RZ_PLAN_RECURSIVE:
    case RZ_PLAN_FILTER:
    case RZ_PLAN_PROJECT:
    case RZ_PLAN_UNWIND:
    case RZ_PLAN_COLLAPSE:
    case RZ_PLAN_REPEAT:
    case RZ_PLAN_APPLY: return true;
    case RZ_PLAN_NODE_SCAN: return plan->u.scan.top == NULL; /* a sort's bound and the order of blocks are of one execution */
    case RZ_PLAN_LIMIT: return keep_is_literal(plan->u.limit.skip) && keep_is_literal(plan->u.limit.limit);
    case RZ_PLAN_SORT: return rz_sink_sort.restart != NULL && keep_is_literal(plan->u.sort.skip) && keep_is_literal(plan->u.sort.limit);
    case RZ_PLAN_AGGREGATE: return rz_sink_aggregate.restart != NULL;
    case RZ_PLAN_BARRIER: return rz_sink_barrier.restart != NULL;
    case RZ_PLAN_RESULT: return rz_sink_result.restart != NULL;
    case RZ_PLAN_INSERT:
    case RZ_PLAN_SET:
    case RZ_PLAN_DELETE: return true;
    case RZ_PLAN_TABLE_FUNCTION:
    case RZ_PLAN_FILE_SCAN:
    case RZ_PLAN_TRIANGLE:
    case RZ_PLAN_CLOSED:
    case RZ_PLAN_HASH_JOIN:
    case RZ_PLAN_JOIN_FILTER:
    case RZ_PLAN_REUSE:
    case RZ_PLAN_UNION:
    case RZ_PLAN_MERGE:
    case RZ_PLAN_COUNT_EXCEPT:
    case RZ_PLAN_MESSAGE:
    case RZ_PLAN_MESSAGE_APPLY: break;
    }
    return false;
}

/* below_write: an operator of the same pipeline above this one writes. */
static bool keep_fits(const rz_plan *plan, bool below_write)
{
    if (!keep_plan_fits(plan) || !keep_op_fits(plan) || (below_write && keep_holds_readers(plan->kind))) {
        return false;
    }
    bool writes = plan->kind == RZ_PLAN_INSERT || plan->kind == RZ_PLAN_SET || plan->kind == RZ_PLAN_DELETE;
    bool ends = plan->kind == RZ_PLAN_BARRIER || (!plan->correlated && (plan->kind == RZ_PLAN_AGGREGATE || plan->kind == RZ_PLAN_SORT)); /* a pipeline of its own */
    for (uint32_t i = 0; i < plan->child_count; i++) {
        if (!keep_fits(plan->children[i], writes || (below_write && !ends))) {
            return false;
        }
    }
    return true;
}

bool rz_exec_can_keep(const rz_plan *plan)
{
    return keep_fits(plan, false);
}

void rz_kept_exec_free(rz_kept_exec *kept)
{
    if (kept != NULL) {
        rz_exec_close(&kept->exec);
        rz_mem_free(kept->mem.parent, kept, sizeof *kept);
    }
}

bool rz_kept_exec_fits(const rz_kept_exec *kept, const rz_exec_context *context)
{
    return context->max_threads <= kept->max_threads;
}

uint64_t rz_kept_exec_bytes(const rz_kept_exec *kept)
{
    return atomic_load_explicit(&kept->mem.used, memory_order_relaxed);
}

static void keep_set_context(rz_kept_exec *kept, const rz_exec_context *context)
{
    kept->mem.limit = context->mem->limit;
    kept->context = *context;
    kept->context.mem = &kept->mem;
}

static ruzu_status keep_run_first(const rz_exec_context *context, rz_mem *mem, const rz_plan *plan, rz_kept_exec **out_kept, rz_result_set **out, rz_error *err)
{
    rz_kept_exec *kept = (rz_kept_exec *)rz_mem_calloc(mem, 1, sizeof *kept);
    RZ_TRY_ALLOC(kept, err, "starting a statement");
    rz_mem_init(&kept->mem, mem, UINT64_MAX);
    keep_set_context(kept, context);
    ruzu_status status = rz_exec_open(&kept->context, plan, NULL, &kept->exec, err);
    kept->exec.keeps = true;
    kept->max_threads = context->max_threads;
    if (status == RUZU_OK) {
        status = rz_exec_run_plan(&kept->exec, plan, out, err);
    }
    if (status != RUZU_OK) {
        rz_kept_exec_free(kept);
        return status;
    }
    *out_kept = kept;
    return RUZU_OK;
}

/* Scans divide what this snapshot shows. */
static ruzu_status keep_divide_scans(rz_exec *exec, rz_error *err)
{
    for (uint32_t i = 0; i < exec->plan_count; i++) {
        if (exec->plans[i] != NULL && exec->plans[i]->kind == RZ_PLAN_NODE_SCAN && exec->shared[i] != NULL) {
            RZ_TRY(rz_node_scan_divide(exec, exec->plans[i], err));
        }
    }
    return RUZU_OK;
}

static ruzu_status keep_run_again(rz_kept_exec *kept, const rz_exec_context *context, const rz_plan *plan, rz_result_set **out, rz_error *err)
{
    keep_set_context(kept, context);
    rz_sink_result_give(&kept->exec, plan, context->recycled); /* from here on freed with kept */
    atomic_store_explicit(&kept->exec.failed, 0, memory_order_relaxed);
    RZ_TRY(keep_divide_scans(&kept->exec, err));
    for (rz_exec_pipeline *pipeline = kept->exec.pipelines; pipeline != NULL; pipeline = pipeline->next) {
        RZ_TRY(rz_exec_pipeline_run(pipeline, err));
    }
    *out = rz_sink_result_take(&kept->exec, plan);
    return RUZU_OK;
}

ruzu_status rz_exec_run_kept(const rz_exec_context *context, rz_mem *mem, const rz_plan *plan, rz_kept_exec **io_kept, rz_result_set **out, rz_error *err)
{
    *out = NULL;
    if (*io_kept == NULL) {
        rz_result_set_free(context->recycled);
        return keep_run_first(context, mem, plan, io_kept, out, err);
    }
    ruzu_status status = keep_run_again(*io_kept, context, plan, out, err);
    if (status != RUZU_OK) {
        rz_kept_exec_free(*io_kept);
        *io_kept = NULL;
    }
    return status;
}
