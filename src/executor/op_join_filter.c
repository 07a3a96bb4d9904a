/* SPDX-License-Identifier: MIT */
/*
 * JOIN_FILTER: drops rows whose keys the build side of a join above does not have (or are NULL), by the sieve that the join made of them. Some that it does not have pass.
 *
 * The join's build side is complete before the pipeline of this operator begins. Where the sieve could not be made, or most rows pass, rows go by untested.
 */
#include "executor/join.h"

#ifdef RZ_TINY
#define JOIN_FILTER_TRIAL 64u
#else
#define JOIN_FILTER_TRIAL 16384u
#endif

typedef struct op_join_filter {
    rz_op op;
    const rz_join_sieve *sieve;
    rz_eval **evals;
    rz_vec **keys;
    uint32_t key_count;
    const int32_t *positions;
    uint64_t *hashes;
    uint32_t *valid; /* rows without NULL keys */
    uint32_t *rows;
    uint64_t seen;   /* of the trial */
    uint64_t kept;
    bool passes;
} op_join_filter;

static ruzu_status join_filter_open(rz_op *base, rz_error *err)
{
    op_join_filter *op = (op_join_filter *)base;
    const rz_plan *join = base->plan->u.join_filter.join;
    const rz_plan_sieve *sieve = &join->u.join.sieves[base->plan->u.join_filter.sieve];
    const rz_join_shared *shared = (const rz_join_shared *)rz_exec_shared(base->worker->exec, join);
    rz_arena *arena = &base->worker->arena;
    op->key_count = sieve->key_count;
    op->sieve = shared == NULL ? NULL : &shared->sieves[base->plan->u.join_filter.sieve];
    op->passes = op->sieve == NULL || op->sieve->words == NULL;
    op->evals = RZ_NEW_ARRAY(arena, rz_eval *, op->key_count);
    op->keys = RZ_NEW_ARRAY(arena, rz_vec *, op->key_count);
    op->hashes = RZ_NEW_ARRAY(arena, uint64_t, RZ_VECTOR_CAPACITY);
    op->valid = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    op->rows = RZ_NEW_ARRAY(arena, uint32_t, RZ_VECTOR_CAPACITY);
    if (op->evals == NULL || op->keys == NULL || op->hashes == NULL || op->valid == NULL || op->rows == NULL) {
        return rz_error_no_memory(err, "building a join");
    }
    for (uint32_t k = 0; k < op->key_count; k++) {
        RZ_TRY(rz_eval_create(base->worker, join->u.join.probe_keys[sieve->keys[k]], base->input->plan->columns, base->input->plan->column_count, &op->evals[k], err));
    }
    RZ_TRY(rz_op_map_input(base, &op->positions, err));
    return rz_op_make_chunk(base, NULL, 0, err);
}

static ruzu_status join_filter_test(op_join_filter *op, rz_chunk *input, uint32_t *out_kept, rz_error *err)
{
    rz_sel sel = rz_chunk_sel(input);
    uint32_t count = sel.count;
    for (uint32_t k = 0; k < op->key_count; k++) {
        RZ_TRY(rz_eval_run(op->evals[k], input, &sel, &op->keys[k], err));
    }
    rz_join_drop_nulls(op->keys, op->key_count, &sel, op->valid);
    rz_join_hash(op->keys, op->key_count, &sel, op->hashes);
    *out_kept = rz_join_sieve_test(op->sieve, op->hashes, &sel, op->rows);
    op->seen += count;
    op->kept += *out_kept;
    if (op->seen >= JOIN_FILTER_TRIAL) {
        op->passes = op->kept > op->seen - op->seen / 4;
        op->seen = op->kept = 0;
    }
    return RUZU_OK;
}

static ruzu_status join_filter_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_join_filter *op = (op_join_filter *)base;
    for (;;) {
        rz_chunk *input = NULL;
        RZ_TRY(rz_op_next(base->input, &input, err));
        if (input == NULL) {
            return RUZU_OK;
        }
        bool tests = !op->passes;
        uint32_t kept = 0;
        if (tests) {
            RZ_TRY(join_filter_test(op, input, &kept, err));
        }
        if (!tests || kept != 0) {
            rz_op_pass(base, input, op->positions);
            if (tests) {
                base->chunk->sel = op->rows;
                base->chunk->sel_count = kept;
            }
            *out = base->chunk;
            return RUZU_OK;
        }
        RZ_TRY(rz_exec_poll(base->worker->exec, err));
    }
}

const rz_op_class rz_op_join_filter = {.name = "JOIN_FILTER", .size = sizeof(op_join_filter), .open = join_filter_open, .next = join_filter_next};
