/* SPDX-License-Identifier: MIT */
/*
 * Distinct values of a part, for dictionaries: first a look at a sample, then, when that is promising, a hash table.
 */
#ifndef RZ_COLUMN_DISTINCT_H
#define RZ_COLUMN_DISTINCT_H

#include "storage/column/builder.h"

typedef struct rz_distinct {
    uint32_t *codes;   /* by row of the part: its entry; NULL rows have the code of the row before */
    uint32_t *entries; /* row (of the node) where each entry came first */
    uint32_t count;    /* entries */
    uint32_t rows;     /* size of codes */
    uint32_t limit;    /* size of entries */
    rz_mem *mem;
} rz_distinct;

/* Finds the distinct values of rows [first, first + rows) of a leaf node. *out_found is false when there are more than limit of them, as far as
 * a sample tells or for certain; nothing is held then. */
RZ_NODISCARD ruzu_status rz_distinct_find(rz_col_builder *builder, const rz_builder_node *node, uint64_t first, uint32_t rows, uint32_t limit,
                                          rz_distinct *out, bool *out_found, rz_error *err);
void rz_distinct_free(rz_distinct *distinct);

#endif
