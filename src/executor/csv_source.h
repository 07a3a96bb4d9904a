/* SPDX-License-Identifier: MIT */
/*
 * The CSV files of COPY FROM and LOAD FROM: found, options read (private to the executor).
 */
#ifndef RZ_EXECUTOR_CSV_SOURCE_H
#define RZ_EXECUTOR_CSV_SOURCE_H

#include "executor/executor.h"

typedef struct rz_csv_source {
    rz_vfs *vfs;
    const char *const *paths;
    uint32_t path_count;
    rz_csv_options options;
} rz_csv_source;

/* Everything lies in arena. */
RZ_NODISCARD ruzu_status rz_csv_source_find(const rz_file_policy *policy, const rz_bound_files *files, rz_arena *arena, rz_csv_source *out, rz_error *err);
/* Sniffs the first file; without `expected` (LOAD FROM) all files must have as many columns. Completes source->options. */
RZ_NODISCARD ruzu_status rz_csv_source_sniff(rz_csv_source *source, rz_mem *mem, const rz_csv_schema *expected, rz_arena *arena, rz_csv_schema *out, rz_error *err);
/* The policy of a statement. */
void rz_csv_source_policy(const rz_exec_context *context, rz_file_policy *out);

#endif
