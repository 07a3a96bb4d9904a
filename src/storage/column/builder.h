/* SPDX-License-Identifier: MIT */
/*
 * Private structure of column builders: a tree of nodes that mirrors the type and holds plain values until they are encoded.
 */
#ifndef RZ_COLUMN_BUILDER_H
#define RZ_COLUMN_BUILDER_H

#include "storage/column/segment.h"

/* A block of string bytes. A string never straddles two. */
typedef struct rz_builder_block {
    struct rz_builder_block *next;
    size_t size; /* of data */
    size_t used;
    char data[];
} rz_builder_block;

typedef struct rz_builder_node {
    const rz_type *type;
    rz_physical physical;
    uint32_t size;      /* bytes a row in data; LIST: 4, ARRAY and STRUCT: 0 */
    uint64_t rows;
    uint64_t null_count;
    uint64_t capacity;  /* rows that data and validity have room for */
    /* Fixed values; rz_string whose long bytes lie in blocks; LIST: uint32_t number of elements up to the end of each row. Unspecified where NULL
     * (strings: empty). */
    uint8_t *data;
    uint64_t *validity; /* NULL until the first NULL came */
    rz_builder_block *blocks;      /* in use, newest first */
    rz_builder_block *free_blocks; /* kept for reuse */
    size_t next_block_size;
    uint32_t *scratch;             /* composed positions */
    size_t scratch_count;
    struct rz_builder_node *children;
    uint32_t child_count;
} rz_builder_node;

/* Parts that rz_col_builder_cut has written, in a list that owns their pages until the segment does. */
typedef struct rz_builder_cut {
    struct rz_builder_cut *next;
    rz_segment *segment; /* of these rows alone; arena of the segment to be */
} rz_builder_cut;

struct rz_col_builder {
    rz_mem *mem; /* borrowed */
    uint64_t held_bytes;
    rz_disk *disk; /* of the cuts; NULL: none was made */
    rz_builder_cut *cuts; /* newest first; arena of the segment to be */
    uint32_t cut_parts;   /* of all cuts */
    uint64_t cut_rows;
    uint64_t cut_nulls;
    rz_builder_node root;
};

/* Memory of the builder: charged and counted in held_bytes. */
void *rz_builder_alloc(rz_col_builder *builder, size_t size);
void rz_builder_release(rz_col_builder *builder, void *memory, size_t size);

/* Gives back the pages of cuts that did not become part of a segment. */
void rz_builder_drop_cuts(rz_col_builder *builder);
/* Forgets the rows of the tree, keeps its buffers. */
void rz_builder_clear(rz_col_builder *builder, rz_builder_node *node);

#endif
