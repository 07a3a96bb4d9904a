/* SPDX-License-Identifier: MIT */
/*
 * The smallest sources: one row, no rows, and the outer rows of an APPLY.
 */
#include "executor/op.h"

typedef struct op_single_row {
    rz_op op;
    bool done;
} op_single_row;

static ruzu_status single_row_open(rz_op *op, rz_error *err)
{
    return rz_op_make_chunk(op, NULL, 0, err);
}

static ruzu_status single_row_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    (void)err;
    op_single_row *op = (op_single_row *)base;
    if (!op->done) {
        op->done = true;
        base->chunk->count = 1;
        *out = base->chunk;
    }
    return RUZU_OK;
}

static ruzu_status single_row_rewind(rz_op *base, rz_error *err)
{
    (void)err;
    ((op_single_row *)base)->done = false;
    return RUZU_OK;
}

const rz_op_class rz_op_single_row = {
    .name = "SINGLE_ROW", .size = sizeof(op_single_row), .open = single_row_open, .next = single_row_next, .rewind = single_row_rewind, .restart = rz_op_restart_plain};

static ruzu_status empty_open(rz_op *op, rz_error *err)
{
    (void)op;
    (void)err;
    return RUZU_OK;
}

static ruzu_status empty_next(rz_op *op, rz_chunk **out, rz_error *err)
{
    (void)op;
    (void)out;
    (void)err;
    return RUZU_OK;
}

const rz_op_class rz_op_empty = {.name = "EMPTY", .size = sizeof(rz_op), .open = empty_open, .next = empty_next, .restart = rz_op_restart_plain};
