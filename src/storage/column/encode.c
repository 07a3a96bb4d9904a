/* SPDX-License-Identifier: MIT */
/*
 * Finishing a builder: cutting nodes into parts, zone maps, nested types, and giving everything back when something fails.
 */
#include "storage/column/encode.h"

#include <inttypes.h>

#ifdef RZ_TINY
#define ENCODE_PART_BYTES ((uint64_t)256)
#else
#define ENCODE_PART_BYTES ((uint64_t)16 * 1024 * 1024)
#endif

/* ---- parts ---- */

/* Bytes that a row takes at most, apart from string bytes and validity. */
static uint64_t encode_row_bytes(const rz_builder_node *node)
{
    return node->physical == RZ_PHYS_STRING ? 8 : node->size;
}

/* Number of rows of the part that begins at row first: whole blocks as long as they fit, at least a block, less only where long strings do not fit. */
static uint32_t encode_part_rows(const rz_builder_node *node, uint64_t first)
{
    uint64_t left = node->rows - first;
    uint64_t row_bytes = encode_row_bytes(node);
    uint64_t most = row_bytes == 0 ? ENCODE_PART_BYTES * 8 : ENCODE_PART_BYTES / row_bytes;
    most = most < RZ_VECTOR_CAPACITY ? RZ_VECTOR_CAPACITY : most - most % RZ_VECTOR_CAPACITY;
    most = most < left ? most : left;
    if (node->physical != RZ_PHYS_STRING) {
        return (uint32_t)most;
    }
    const rz_string *strings = (const rz_string *)(const void *)node->data + first;
    uint64_t bytes = 0;
    uint64_t row = 0;
    while (row < most) {
        bytes += strings[row].length + row_bytes;
        if (bytes > ENCODE_PART_BYTES) {
            break;
        }
        row++;
    }
    if (row == most) {
        return (uint32_t)most;
    }
    uint64_t blocks = row - row % RZ_VECTOR_CAPACITY;
    return (uint32_t)(blocks != 0 ? blocks : row != 0 ? row : 1);
}

ruzu_status rz_encode_begin(rz_encoder *encoder, const rz_builder_node *node, rz_part *part, rz_col_writer *writer)
{
    rz_page_range none = {0, 0};
    rz_col_writer_begin(writer, encoder->disk, encoder->buffer, none, NULL, encoder->err);
    part->has_validity = part->null_count != 0 && !(part->codec == RZ_CODEC_CONSTANT && part->null_count == part->rows);
    bool fits = rz_part_layout(part, node->physical);
    uint64_t page_count = fits ? rz_part_page_count(part) : UINT64_MAX;
    if (page_count > RZ_REGION_PAGES) {
        return rz_error_set(encoder->err, RUZU_ERROR_LIMIT, "A string of %" PRIu64 " bytes is too long to be stored; the limit is about %u MiB.",
                            part->byte_count, RZ_REGION_PAGES / 256);
    }
    if (page_count == 0) {
        return RUZU_OK;
    }
    uint32_t *crcs = (uint32_t *)rz_arena_calloc(encoder->arena, page_count, sizeof(uint32_t));
    RZ_TRY_ALLOC(crcs, encoder->err, "encoding a column");
    part->pages.crcs = crcs;
    RZ_TRY(rz_disk_allocate(encoder->disk, page_count, &part->pages.range, encoder->err));
    rz_col_writer_begin(writer, encoder->disk, encoder->buffer, part->pages.range, crcs, encoder->err);
    if (part->has_validity) {
        uint64_t bits[64] = {0};
        for (uint64_t row = 0; row < part->rows; row += 64 * 64) {
            uint64_t n = part->rows - row < 64 * 64 ? part->rows - row : 64 * 64;
            memset(bits, 0, sizeof bits);
            rz_colk_copy_bits(bits, 0, (const uint8_t *)node->validity, part->first_row + row, n);
            rz_col_writer_bytes(writer, bits, RZ_BITMAP_WORDS(n) * 8);
        }
    }
    return writer->status;
}

ruzu_status rz_encode_end(rz_col_writer *writer, const rz_part *part)
{
    (void)part;
    RZ_ASSERT(writer->status != RUZU_OK || writer->next_page * RZ_PAGE_SIZE + ((writer->fill + 7) & ~(size_t)7) == part->size_bytes);
    return rz_col_writer_end(writer);
}

void rz_encode_packed_u32(rz_col_writer *writer, const uint32_t *values, uint64_t count, uint32_t base, uint32_t width)
{
    uint64_t chunk[RZ_COL_WRITER_VALUES];
    for (uint64_t i = 0; i < count; i += RZ_COL_WRITER_VALUES) {
        uint32_t n = (uint32_t)(count - i < RZ_COL_WRITER_VALUES ? count - i : RZ_COL_WRITER_VALUES);
        for (uint32_t j = 0; j < n; j++) {
            chunk[j] = values[i + j] - base;
        }
        rz_col_writer_values(writer, chunk, n, width);
    }
    rz_col_writer_packed_end(writer);
}

/* ---- nested types ---- */

/* LIST: starts relative to the part. The builder holds ends, so start 0 and each end but the last come first. */
static ruzu_status encode_list(rz_encoder *encoder, const rz_builder_node *node, rz_part *part)
{
    const uint32_t *ends = (const uint32_t *)(const void *)node->data + part->first_row;
    uint32_t base = part->first_row == 0 ? 0 : ends[-1];
    rz_col_writer writer;

    part->first_element = base;
    part->byte_count = ends[part->rows - 1] - base;
    part->width = (uint8_t)rz_bit_width(part->byte_count);
    RZ_TRY(rz_encode_begin(encoder, node, part, &writer));

    uint64_t chunk[RZ_COL_WRITER_VALUES];
    uint64_t count = (uint64_t)part->rows + 1;
    for (uint64_t i = 0; i < count; i += RZ_COL_WRITER_VALUES) {
        uint32_t n = (uint32_t)(count - i < RZ_COL_WRITER_VALUES ? count - i : RZ_COL_WRITER_VALUES);
        for (uint32_t j = 0; j < n; j++) {
            chunk[j] = i + j == 0 ? 0 : ends[i + j - 1] - base;
        }
        rz_col_writer_values(&writer, chunk, n, part->width);
    }
    rz_col_writer_packed_end(&writer);
    return rz_encode_end(&writer, part);
}

static ruzu_status encode_part(rz_encoder *encoder, rz_builder_node *node, rz_part *part)
{
    rz_col_writer writer;
    bool all_null = part->null_count == part->rows;

    if (node->physical == RZ_PHYS_LIST && !rz_column_is_array(node->type)) {
        part->codec = RZ_CODEC_LIST;
        return encode_list(encoder, node, part);
    }
    if (node->physical == RZ_PHYS_LIST || node->physical == RZ_PHYS_STRUCT) {
        part->codec = node->physical == RZ_PHYS_STRUCT ? RZ_CODEC_STRUCT : RZ_CODEC_ARRAY;
        RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
        return rz_encode_end(&writer, part);
    }
    if (all_null) {
        part->codec = RZ_CODEC_CONSTANT;
        RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
        return rz_encode_end(&writer, part);
    }
    return node->physical == RZ_PHYS_STRING ? rz_encode_strings(encoder, node, part) : rz_encode_fixed(encoder, node, part);
}

/* ---- zones ---- */

static uint32_t encode_block_count(const rz_builder_node *node)
{
    return (uint32_t)((node->rows + RZ_VECTOR_CAPACITY - 1) / RZ_VECTOR_CAPACITY);
}

static ruzu_status encode_zones(rz_encoder *encoder, const rz_builder_node *node)
{
    uint32_t count = encode_block_count(node);
    encoder->blocks = NULL;
    if (!rz_zone_has_order(node->physical) || count == 0) {
        return RUZU_OK;
    }
    encoder->blocks = (rz_zone_block *)rz_mem_alloc(encoder->builder->mem, count * sizeof *encoder->blocks);
    RZ_TRY_ALLOC(encoder->blocks, encoder->err, "encoding a column");
    for (uint32_t i = 0; i < count; i++) {
        uint64_t first = (uint64_t)i * RZ_VECTOR_CAPACITY;
        uint64_t rows = node->rows - first < RZ_VECTOR_CAPACITY ? node->rows - first : RZ_VECTOR_CAPACITY;
        rz_zone_block_compute(node->physical, node->data, node->validity, first, (uint32_t)rows, &encoder->blocks[i]);
    }
    return RUZU_OK;
}

/* ---- the tree ---- */

static ruzu_status encode_own_parts(rz_encoder *encoder, rz_builder_node *node, rz_segment *segment)
{
    uint32_t part_count = 0;
    for (uint64_t row = 0; row < node->rows; row += encode_part_rows(node, row)) {
        part_count++;
    }
    if (part_count == 0) {
        return RUZU_OK;
    }
    segment->parts = RZ_NEW_ARRAY(encoder->arena, rz_part, part_count);
    RZ_TRY_ALLOC(segment->parts, encoder->err, "encoding a column");
    segment->part_count = part_count;
    uint64_t row = 0;
    for (uint32_t i = 0; i < part_count; i++) {
        rz_part *part = &segment->parts[i];
        part->first_row = row;
        part->rows = encode_part_rows(node, row);
        part->null_count = node->validity == NULL ? 0 : part->rows - (uint32_t)rz_colk_count_bits(node->validity, row, part->rows);
        if (node->physical == RZ_PHYS_NONE) {
            part->null_count = part->rows;
        }
        RZ_TRY(encode_part(encoder, node, part));
        row += part->rows;
    }
    return RUZU_OK;
}

static ruzu_status encode_node(rz_encoder *encoder, rz_builder_node *node, bool root, rz_segment *segment)
{
    segment->type = node->type;
    segment->rows = node->rows;
    segment->null_count = node->null_count;

    ruzu_status status = encode_zones(encoder, node);
    if (status == RUZU_OK) {
        status = encode_own_parts(encoder, node, segment);
    }
    if (status == RUZU_OK && root && encoder->blocks != NULL &&
        !rz_zone_table_build(encoder->blocks, encode_block_count(node), node->null_count, encoder->arena, &segment->zones)) {
        status = rz_error_no_memory(encoder->err, "encoding a column");
    }
    rz_mem_free(encoder->builder->mem, encoder->blocks, encode_block_count(node) * sizeof *encoder->blocks);
    encoder->blocks = NULL;
    RZ_TRY(status);
    if (node->child_count == 0) {
        return RUZU_OK;
    }
    segment->children = RZ_NEW_ARRAY(encoder->arena, rz_segment, node->child_count);
    RZ_TRY_ALLOC(segment->children, encoder->err, "encoding a column");
    segment->child_count = node->child_count;
    for (uint32_t i = 0; i < node->child_count; i++) {
        RZ_TRY(encode_node(encoder, &node->children[i], false, &segment->children[i])); /* as deep as the type */
    }
    return RUZU_OK;
}

static ruzu_status encode_give_back(void *user, rz_page_range range, rz_error *err)
{
    (void)err;
    rz_disk_free((rz_disk *)user, range);
    return RUZU_OK;
}

/* Encodes the rows that the builder holds, and forgets them. */
static ruzu_status encode_held(rz_col_builder *builder, rz_disk *disk, rz_arena *arena, rz_segment **out, rz_error *err)
{
    *out = NULL;
    rz_segment *segment = RZ_NEW(arena, rz_segment);
    RZ_TRY_ALLOC(segment, err, "encoding a column");
    rz_encoder encoder = {builder, disk, arena, NULL, NULL, err};
    encoder.buffer = (uint8_t *)rz_mem_alloc(builder->mem, RZ_COL_WRITER_BYTES);
    RZ_TRY_ALLOC(encoder.buffer, err, "encoding a column");
    ruzu_status status = encode_node(&encoder, &builder->root, true, segment);
    rz_mem_free(builder->mem, encoder.buffer, RZ_COL_WRITER_BYTES);
    if (status != RUZU_OK) {
        ruzu_status ignored = rz_segment_each_range(segment, encode_give_back, disk, NULL); /* never fails */
        (void)ignored;
        return status;
    }
    rz_builder_clear(builder, &builder->root);
    *out = segment;
    return RUZU_OK;
}

/* ---- columns whose values do not fit memory ---- */

void rz_builder_drop_cuts(rz_col_builder *builder)
{
    for (const rz_builder_cut *cut = builder->cuts; cut != NULL; cut = cut->next) {
        ruzu_status ignored = rz_segment_each_range(cut->segment, encode_give_back, builder->disk, NULL); /* never fails */
        (void)ignored;
    }
    builder->cuts = NULL;
}

/* What the rows take that are held now: buffers that are kept for reuse do not count. */
static uint64_t encode_held_bytes(const rz_builder_node *node)
{
    uint64_t bytes = node->rows * node->size;
    for (const rz_builder_block *block = node->blocks; block != NULL; block = block->next) {
        bytes += block->used;
    }
    return bytes;
}

ruzu_status rz_col_builder_cut(rz_col_builder *builder, uint64_t most_bytes, rz_disk *disk, rz_arena *arena, rz_error *err)
{
    const rz_builder_node *root = &builder->root;
    if (root->physical != RZ_PHYS_STRING || root->rows == 0 || encode_held_bytes(root) <= most_bytes) {
        return RUZU_OK; /* others have zones and children, which are made at once */
    }
    uint64_t rows = root->rows, nulls = root->null_count;
    rz_builder_cut *cut = RZ_NEW(arena, rz_builder_cut);
    RZ_TRY_ALLOC(cut, err, "encoding a column");
    RZ_TRY(encode_held(builder, disk, arena, &cut->segment, err));
    cut->next = builder->cuts;
    builder->cuts = cut;
    builder->disk = disk;
    builder->cut_parts += cut->segment->part_count;
    builder->cut_rows += rows;
    builder->cut_nulls += nulls;
    return RUZU_OK;
}

/* All parts of the column in one segment. The pages are its own from then on. */
static void encode_join(rz_col_builder *builder, rz_part *parts, rz_segment *segment)
{
    uint32_t end = builder->cut_parts + segment->part_count;
    uint64_t first_row = builder->cut_rows + segment->rows;
    if (segment->part_count != 0) {
        memcpy(parts + builder->cut_parts, segment->parts, segment->part_count * sizeof *parts);
    }
    uint32_t at = builder->cut_parts;
    for (const rz_builder_cut *cut = builder->cuts; cut != NULL; cut = cut->next) {
        at -= cut->segment->part_count;
        memcpy(parts + at, cut->segment->parts, cut->segment->part_count * sizeof *parts);
    }
    for (uint32_t i = end; i > 0; i--) {
        first_row -= parts[i - 1].rows;
        parts[i - 1].first_row = first_row;
    }
    RZ_ASSERT(at == 0 && first_row == 0);
    segment->parts = parts;
    segment->part_count = end;
    segment->rows += builder->cut_rows;
    segment->null_count += builder->cut_nulls;
    builder->cuts = NULL;
    builder->cut_parts = 0;
    builder->cut_rows = 0;
    builder->cut_nulls = 0;
}

ruzu_status rz_col_builder_finish(rz_col_builder *builder, rz_disk *disk, rz_arena *arena, rz_segment **out, rz_error *err)
{
    *out = NULL;
    rz_segment *segment = NULL;
    RZ_TRY(encode_held(builder, disk, arena, &segment, err));
    if (builder->cuts != NULL) {
        rz_part *parts = RZ_NEW_ARRAY(arena, rz_part, (size_t)builder->cut_parts + segment->part_count);
        if (parts == NULL) {
            ruzu_status ignored = rz_segment_each_range(segment, encode_give_back, disk, NULL); /* never fails */
            (void)ignored;
            return rz_error_no_memory(err, "encoding a column");
        }
        encode_join(builder, parts, segment);
    }
    *out = segment;
    return RUZU_OK;
}
