/* SPDX-License-Identifier: MIT */
/*
 * Private to encoding: what the choice of codecs (encode.c), and the leaves' codecs (encode_leaf.c) share.
 */
#ifndef RZ_COLUMN_ENCODE_H
#define RZ_COLUMN_ENCODE_H

#include "storage/column/builder.h"
#include "storage/column/kernels.h"
#include "storage/column/writer.h"
#include "storage/column/zone.h"

typedef struct rz_encoder {
    rz_col_builder *builder;
    rz_disk *disk;
    rz_arena *arena;
    uint8_t *buffer; /* of the writer */
    rz_zone_block *blocks; /* zones of the node at hand; NULL for types without order */
    rz_error *err;
} rz_encoder;

/* Takes a page range for a part whose counts are complete, derives its layout, begins writing and writes the validity section. Nothing is left to
 * do for a part without pages, but rz_encode_end must be called all the same. */
RZ_NODISCARD ruzu_status rz_encode_begin(rz_encoder *encoder, const rz_builder_node *node, rz_part *part, rz_col_writer *writer);
RZ_NODISCARD ruzu_status rz_encode_end(rz_col_writer *writer, const rz_part *part);

/* Writes `count` values of 32 bits less base, packed, with padding. */
void rz_encode_packed_u32(rz_col_writer *writer, const uint32_t *values, uint64_t count, uint32_t base, uint32_t width);

/* Encodes one part of a leaf: rows [part->first_row, + part->rows), of which part->null_count, not all, are NULL. */
RZ_NODISCARD ruzu_status rz_encode_fixed(rz_encoder *encoder, rz_builder_node *node, rz_part *part);
RZ_NODISCARD ruzu_status rz_encode_strings(rz_encoder *encoder, rz_builder_node *node, rz_part *part);

#endif
