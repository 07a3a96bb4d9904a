/* SPDX-License-Identifier: MIT */
/*
 * Writing the page range of a part, section after section, through a buffer of one window. The status is sticky: callers emit everything and
 * look once, at the end.
 */
#ifndef RZ_COLUMN_WRITER_H
#define RZ_COLUMN_WRITER_H

#include "storage/column/segment.h"

#define RZ_COL_WRITER_BYTES ((size_t)RZ_WINDOW_PAGES * RZ_PAGE_SIZE)
#define RZ_COL_WRITER_VALUES 512u /* most values of one call */

typedef struct rz_col_writer {
    rz_disk *disk;   /* borrowed */
    uint8_t *buffer; /* borrowed: RZ_COL_WRITER_BYTES */
    size_t fill;     /* bytes in buffer */
    uint64_t next_page; /* of the range, of the first byte in buffer */
    rz_page_range range;
    uint32_t *crcs;
    ruzu_status status;
    rz_error *err;
} rz_col_writer;

/* The range is allocated; crcs has room for its pages. */
void rz_col_writer_begin(rz_col_writer *writer, rz_disk *disk, uint8_t *buffer, rz_page_range range, uint32_t *crcs, rz_error *err);
void rz_col_writer_bytes(rz_col_writer *writer, const void *data, uint64_t size);
/* Packs count (at most RZ_COL_WRITER_VALUES) values; all calls of a section but the last give a multiple of 64. */
void rz_col_writer_values(rz_col_writer *writer, const uint64_t *values, uint32_t count, uint32_t width);
/* The zero padding behind packed values. */
void rz_col_writer_packed_end(rz_col_writer *writer);
/* Zero bytes up to a multiple of 8. */
void rz_col_writer_align(rz_col_writer *writer);
/* Zero bytes up to the end of the range, and everything to disk. */
RZ_NODISCARD ruzu_status rz_col_writer_end(rz_col_writer *writer);

#endif
