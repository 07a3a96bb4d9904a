/* SPDX-License-Identifier: MIT */
/*
 * What the workers of a CSV scan share, and the blocks it hands out (private to io).
 */
#ifndef RZ_IO_CSV_SCAN_H
#define RZ_IO_CSV_SCAN_H

#include "io/csv.h"

struct rz_csv_scan {
    rz_vfs *vfs;
    rz_mem *mem;
    const char *const *paths;    /* borrowed, as the options' texts and the types */
    uint32_t path_count;
    rz_csv_options options;
    csv_dialect dialect;
    const rz_type *const *types;
    uint32_t column_count;
    rz_warnings *warnings;
    uint64_t query_id;
    uint64_t total_bytes;
    size_t block_bytes;          /* a block ends with the first record that ends there or behind */
    _Atomic uint64_t done_bytes;
    bool null_is_empty;          /* NULL_STRINGS is just the empty text */
    rz_mutex lock;
    /* guarded by lock: */
    csv_file file;               /* handle NULL: none is open */
    uint32_t next_path;
    uint64_t line;               /* of the next block's first record */
    uint64_t next_block;
    bool at_start;               /* nothing of the file was handed out */
    bool at_end;                 /* everything of the file has been read */
    char *carry;                 /* read, but behind the last block's end */
    size_t carry_size;
    size_t carry_capacity;
};

/* Whole records of one file. */
typedef struct csv_block {
    char *data;        /* owned by the reader; CSV_PADDING bytes behind size */
    size_t size;
    size_t capacity;   /* without the padding */
    const char *path;
    uint64_t line;     /* of the first record, from 1 */
    uint64_t number;   /* 0, 1, … over all files, in order */
    bool is_first;     /* of its file */
} csv_block;

/* Fills block (its buffer is reused) with the next records; false when there are none left. */
RZ_NODISCARD ruzu_status rz_csv_take_block(rz_csv_scan *scan, csv_block *block, bool *out_any, rz_error *err);

#endif
