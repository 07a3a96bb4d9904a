/* SPDX-License-Identifier: MIT */
/*
 * Payloads of log records (private to the module): what a change is written as, and how replay reads it back. Numbers are little-endian.
 *
 *   offsets   u8 width, u64 base, then count values of `width` bytes, each added to the base; width 255: base, base + 1, …
 *   columns   u32 count, then per column u32 id, u8 1 and the values (rz_vec_encode), or u8 0: numbered by the table (SERIAL)
 *
 *   INSERT_NODES  u32 table, u32 count, offsets, columns             INSERT_RELS  u32 pair, u32 count, offsets, sources, targets, columns
 *   UPDATE_*      u32 table or pair, u32 count, offsets, one column  DELETE_NODES u32 table, u32 count, offsets
 *   DELETE_RELS   u32 pair, u32 count, offsets, sources, targets     BULK_*       u32 table or pair, u32 ranges, per range u64 start, u64 count; the load's own
 *   ADD_COLUMN    u32 table or pair, one column of one row: what the rows that exist get
 *   CATALOG       the encoded catalog                                SEQUENCE      i64 last value, u8 used, name                                             description
 */
#ifndef RZ_TRANSACTION_RECORD_H
#define RZ_TRANSACTION_RECORD_H

#include "types/types.h"

/* ---- writing ---- */

/* Offset parts of the selected ids. */
void rz_record_put_offsets(rz_str *out, const rz_id *ids, const rz_sel *sel);
/* One column; NULL: numbered. */
void rz_record_put_column(rz_str *out, uint32_t column_id, const rz_vec *values, const rz_sel *sel);
void rz_record_put_u32(rz_str *out, uint32_t value);
void rz_record_put_u64(rz_str *out, uint64_t value);

/* ---- reading: reader->failed tells of damage ---- */

/* count ids of the table into out. */
void rz_record_get_offsets(rz_reader *reader, uint32_t table_id, uint32_t count, rz_id *out);

#endif
