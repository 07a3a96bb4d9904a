/* SPDX-License-Identifier: MIT */
/*
 * FILE_SCAN: the rows of CSV files (LOAD FROM). Workers share one scan and take its blocks; inside an APPLY each chain has a scan of its own.
 */
#include "executor/csv_source.h"
#include "executor/op.h"

#include <string.h>

typedef struct file_scan_shared {
    rz_csv_source source;
    const rz_type **types; /* of the file's columns; ANY where nobody needs the column */
    rz_csv_scan *scan;
    uint32_t max_readers;
} file_scan_shared;

typedef struct op_file_scan {
    rz_op op;
    const file_scan_shared *shared;
    rz_csv_scan *private_scan; /* owned */
    rz_csv_reader *reader;     /* owned */
    rz_chunk *rows;            /* a vector per column of the file */
    int32_t *positions;        /* in rows, per output column */
} op_file_scan;

static bool file_scan_same_schema(const rz_bound_load *load, const rz_csv_schema *schema)
{
    bool same = load->column_count == schema->column_count;
    for (uint32_t i = 0; same && i < load->column_count; i++) {
        same = strcmp(load->names[i], schema->names[i]) == 0 && rz_type_equal(load->types[i], schema->types[i]);
    }
    return same;
}

/* Dialect and header as they were found when binding; files that are no longer what they were then, and WITH HEADERS, are read with the columns that were bound. */
static ruzu_status file_scan_sniff(rz_exec *exec, const rz_bound_load *load, rz_csv_source *source, rz_error *err)
{
    rz_csv_schema schema;
    const rz_csv_options given = source->options;
    rz_error ignored;
    rz_error_init(&ignored);
    if (rz_csv_source_sniff(source, exec->context->mem, NULL, &exec->arena, &schema, &ignored) == RUZU_OK && file_scan_same_schema(load, &schema)) {
        return RUZU_OK;
    }
    source->options = given;
    rz_csv_schema expected = {.names = load->names, .types = load->types, .column_count = load->column_count};
    return rz_csv_source_sniff(source, exec->context->mem, &expected, &exec->arena, &schema, err);
}

static ruzu_status file_scan_open_scan(const rz_exec *exec, const rz_plan *plan, const file_scan_shared *shared, rz_csv_scan **out, rz_error *err)
{
    const rz_exec_context *context = exec->context;
    return rz_csv_open(shared->source.vfs, rz_exec_account(exec, plan), shared->source.paths, shared->source.path_count, &shared->source.options, shared->types,
                       plan->u.load->column_count, context->warnings, context->query_id, out, err);
}

static ruzu_status file_scan_prepare(rz_exec *exec, const rz_plan *plan, void **out, rz_error *err)
{
    const rz_bound_load *load = plan->u.load;
    file_scan_shared *shared = RZ_NEW(&exec->arena, file_scan_shared);
    RZ_TRY_ALLOC(shared, err, "preparing LOAD FROM");
    *out = shared;
    rz_file_policy policy;
    rz_csv_source_policy(exec->context, &policy);
    RZ_TRY(rz_csv_source_find(&policy, &load->files, &exec->arena, &shared->source, err));
    RZ_TRY(file_scan_sniff(exec, load, &shared->source, err));
    shared->types = RZ_NEW_ARRAY(&exec->arena, const rz_type *, load->column_count);
    RZ_TRY_ALLOC(shared->types, err, "preparing LOAD FROM");
    for (uint32_t i = 0; i < load->column_count; i++) {
        shared->types[i] = rz_plan_position(plan, load->columns[i]) < 0 ? RZ_ANY : load->types[i];
    }
    RZ_TRY(file_scan_open_scan(exec, plan, shared, &shared->scan, err));
    shared->max_readers = rz_csv_max_readers(shared->scan);
    return RUZU_OK;
}

static void file_scan_destroy(rz_exec *exec, void *shared_object)
{
    (void)exec;
    rz_csv_close(((file_scan_shared *)shared_object)->scan);
}

static uint64_t file_scan_units(const rz_exec *exec, const rz_plan *plan)
{
    return ((const file_scan_shared *)rz_exec_shared(exec, plan))->max_readers;
}

static ruzu_status file_scan_start(op_file_scan *op, rz_error *err)
{
    const rz_op *base = &op->op;
    rz_csv_scan *scan = op->shared->scan;
    if (base->private_source) {
        RZ_TRY(file_scan_open_scan(base->worker->exec, base->plan, op->shared, &op->private_scan, err));
        scan = op->private_scan;
    }
    return rz_csv_reader_create(scan, &op->reader, err);
}

static ruzu_status file_scan_open(rz_op *base, rz_error *err)
{
    op_file_scan *op = (op_file_scan *)base;
    const rz_bound_load *load = base->plan->u.load;
    rz_arena *arena = &base->worker->arena;
    op->shared = (const file_scan_shared *)rz_exec_shared(base->worker->exec, base->plan);
    op->positions = RZ_NEW_ARRAY(arena, int32_t, base->plan->column_count);
    RZ_TRY_ALLOC(op->positions, err, "building LOAD FROM");
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        for (uint32_t j = 0; j < load->column_count; j++) {
            op->positions[i] = load->columns[j] == base->plan->columns[i] ? (int32_t)j : op->positions[i];
        }
    }
    RZ_TRY(rz_chunk_create(arena, &base->heap, op->shared->types, load->column_count, &op->rows, err));
    RZ_TRY(rz_op_make_chunk(base, NULL, 0, err));
    return file_scan_start(op, err);
}

static ruzu_status file_scan_next(rz_op *base, rz_chunk **out, rz_error *err)
{
    op_file_scan *op = (op_file_scan *)base;
    rz_arena_reset(&base->heap);
    RZ_TRY(rz_csv_next(op->reader, op->rows, NULL, err));
    if (op->rows->count == 0) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < base->plan->column_count; i++) {
        rz_vec_reference(base->chunk->columns[i], op->rows->columns[op->positions[i]]);
    }
    base->chunk->count = op->rows->count;
    base->chunk->sel = NULL;
    *out = base->chunk;
    return RUZU_OK;
}

static void file_scan_close(rz_op *base)
{
    op_file_scan *op = (op_file_scan *)base;
    rz_csv_reader_free(op->reader);
    rz_csv_close(op->private_scan);
    op->reader = NULL;
    op->private_scan = NULL;
}

static ruzu_status file_scan_rewind(rz_op *base, rz_error *err)
{
    file_scan_close(base);
    return file_scan_start((op_file_scan *)base, err);
}

const rz_op_class rz_op_file_scan = {.name = "FILE_SCAN",
                                     .size = sizeof(op_file_scan),
                                     .open = file_scan_open,
                                     .next = file_scan_next,
                                     .rewind = file_scan_rewind,
                                     .close = file_scan_close,
                                     .prepare = file_scan_prepare,
                                     .destroy = file_scan_destroy,
                                     .units = file_scan_units};
