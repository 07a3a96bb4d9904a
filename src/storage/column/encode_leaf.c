/* SPDX-License-Identifier: MIT */
/*
 * Codecs of leaves: which one, and its bytes.
 *
 * Integers    constant, else an arithmetic sequence, else packed differences to the minimum, unless runs or a dictionary need at most half of that:
 *             packed values are the fastest to read, so the others must be worth it.
 * Fixed size  constant, runs, dictionary (each at most half of plain), plain. 128-bit integers are packed when their range fits 64 bits.
 * Strings     constant (short), dictionary (at most three quarters of plain), plain.
 *
 * The bytes of each candidate are known exactly; only whether a dictionary is tried at all is decided on a sample (distinct.c).
 */
#include "storage/column/distinct.h"
#include "storage/column/encode.h"

#define ENCODE_DICTIONARY_MIN_WIDTH 12u /* narrower packed integers gain too little */

static uint8_t encode_width(uint64_t max)
{
    return (uint8_t)rz_bit_width(max);
}

/* ---- fixed size ---- */

/* NULL rows get the value before them (the leading ones that of the first valid row), so that they lengthen no range and break no run. */
static void encode_fill_nulls(rz_builder_node *node, const rz_part *part)
{
    uint32_t size = node->size;
    uint64_t end = part->first_row + part->rows;
    uint64_t valid = part->first_row;
    while (!rz_bit_get(node->validity, valid)) {
        valid++; /* there is one */
    }
    for (uint64_t row = part->first_row; row < end; row++) {
        if (rz_bit_get(node->validity, row)) {
            valid = row;
        } else {
            memcpy(node->data + row * size, node->data + valid * size, size);
        }
    }
}

/* The value that differences are taken to, and the largest difference; false when it needs more than 64 bits. */
static bool encode_range(const rz_encoder *encoder, const rz_builder_node *node, const rz_part *part, uint64_t base[2], uint64_t *out_span)
{
    if (node->physical == RZ_PHYS_INT128) {
        const rz_int128 *values = (const rz_int128 *)(const void *)node->data + part->first_row;
        rz_int128 low = values[0], high = values[0];
        for (uint32_t i = 1; i < part->rows; i++) {
            low = values[i] < low ? values[i] : low;
            high = values[i] > high ? values[i] : high;
        }
        rz_uint128 span = (rz_uint128)high - (rz_uint128)low;
        base[0] = (uint64_t)low;
        base[1] = (uint64_t)((rz_uint128)low >> 64);
        *out_span = (uint64_t)span;
        return span >> 64 == 0;
    }
    uint64_t low = UINT64_MAX, high = 0;
    for (uint64_t row = part->first_row; row < part->first_row + part->rows; row += RZ_VECTOR_CAPACITY) {
        const rz_zone_block *block = &encoder->blocks[row / RZ_VECTOR_CAPACITY]; /* parts of integers begin at blocks */
        low = block->min_key < low ? block->min_key : low;
        high = block->max_key > high ? block->max_key : high;
    }
    base[0] = rz_zone_key_to_bits(node->physical, low);
    base[1] = 0;
    *out_span = high - low;
    return true;
}

static void encode_differences(const rz_builder_node *node, uint64_t row, uint32_t count, const uint64_t base[2], uint64_t *out)
{
    if (node->physical == RZ_PHYS_INT128) {
        const rz_uint128 *values = (const rz_uint128 *)(const void *)node->data + row;
        for (uint32_t i = 0; i < count; i++) {
            out[i] = (uint64_t)values[i] - base[0]; /* the span fits 64 bits */
        }
    } else {
        rz_colk_differences(node->physical, node->data, row, count, base[0], out);
    }
}

static ruzu_status encode_constant(rz_encoder *encoder, rz_builder_node *node, rz_part *part)
{
    rz_col_writer writer;
    part->codec = RZ_CODEC_CONSTANT;
    part->base[0] = part->base[1] = 0;
    memcpy(part->base, node->data + part->first_row * node->size, node->size); /* at most 16 bytes; little-endian */
    RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
    return rz_encode_end(&writer, part);
}

static ruzu_status encode_bitpacked(rz_encoder *encoder, rz_builder_node *node, rz_part *part)
{
    rz_col_writer writer;
    part->codec = RZ_CODEC_BITPACKED;
    RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
    uint64_t chunk[RZ_COL_WRITER_VALUES];
    for (uint32_t i = 0; i < part->rows; i += RZ_COL_WRITER_VALUES) {
        uint32_t n = part->rows - i < RZ_COL_WRITER_VALUES ? part->rows - i : RZ_COL_WRITER_VALUES;
        encode_differences(node, part->first_row + i, n, part->base, chunk);
        rz_col_writer_values(&writer, chunk, n, part->width);
    }
    rz_col_writer_packed_end(&writer);
    return rz_encode_end(&writer, part);
}

/* First row after `row` (counted from the part's start) that begins a run; the part's rows at the end. */
static uint32_t encode_run_end(const rz_builder_node *node, const rz_part *part, uint32_t row)
{
    const uint8_t *value = node->data + (part->first_row + row) * node->size;
    const uint8_t *next = value + node->size;
    row++;
    while (row < part->rows && memcmp(value, next, node->size) == 0) {
        row++;
        next += node->size;
    }
    return row;
}

static ruzu_status encode_rle(rz_encoder *encoder, rz_builder_node *node, rz_part *part)
{
    bool packable = rz_column_is_packable(node->physical);
    rz_col_writer writer;
    uint64_t chunk[RZ_COL_WRITER_VALUES];
    uint32_t fill = 0;

    part->codec = RZ_CODEC_RLE;
    RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
    for (uint32_t row = 0; row < part->rows;) {
        row = encode_run_end(node, part, row);
        chunk[fill++] = row;
        if (fill == RZ_COL_WRITER_VALUES || row == part->rows) {
            rz_col_writer_values(&writer, chunk, fill, part->width);
            fill = 0;
        }
    }
    rz_col_writer_packed_end(&writer);
    for (uint32_t row = 0; row < part->rows; row = encode_run_end(node, part, row)) {
        if (!packable) {
            rz_col_writer_bytes(&writer, node->data + (part->first_row + row) * node->size, node->size);
            continue;
        }
        encode_differences(node, part->first_row + row, 1, part->base, &chunk[fill++]);
        if (fill == RZ_COL_WRITER_VALUES) {
            rz_col_writer_values(&writer, chunk, fill, part->aux_width);
            fill = 0;
        }
    }
    if (packable) {
        rz_col_writer_values(&writer, chunk, fill, part->aux_width);
        rz_col_writer_packed_end(&writer);
    }
    return rz_encode_end(&writer, part);
}

static ruzu_status encode_plain(rz_encoder *encoder, rz_builder_node *node, rz_part *part)
{
    rz_col_writer writer;
    part->codec = RZ_CODEC_PLAIN;
    RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
    rz_col_writer_bytes(&writer, node->data + part->first_row * node->size, (uint64_t)part->rows * node->size);
    return rz_encode_end(&writer, part);
}

static ruzu_status encode_fixed_dictionary(rz_encoder *encoder, rz_builder_node *node, rz_part *part, const rz_distinct *distinct)
{
    rz_col_writer writer;
    part->codec = RZ_CODEC_DICTIONARY;
    part->aux_count = distinct->count;
    part->width = encode_width(distinct->count - 1);
    RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
    rz_encode_packed_u32(&writer, distinct->codes, part->rows, 0, part->width);
    for (uint32_t i = 0; i < distinct->count; i++) {
        rz_col_writer_bytes(&writer, node->data + (uint64_t)distinct->entries[i] * node->size, node->size);
    }
    return rz_encode_end(&writer, part);
}

/* Writes the part as a dictionary when that needs at most half of `bytes`; *out_done tells. */
static ruzu_status encode_try_dictionary(rz_encoder *encoder, rz_builder_node *node, rz_part *part, uint64_t bytes, bool *out_done)
{
    rz_distinct distinct;
    uint32_t limit = (uint32_t)(bytes / 2 / node->size); /* more entries alone are too much */
    limit = limit < part->rows / 4 ? limit : part->rows / 4;
    RZ_TRY(rz_distinct_find(encoder->builder, node, part->first_row, part->rows, limit, &distinct, out_done, encoder->err));
    if (!*out_done) {
        return RUZU_OK;
    }
    uint64_t need = rz_packed_bytes(part->rows, encode_width(distinct.count - 1)) + (uint64_t)distinct.count * node->size;
    ruzu_status status = RUZU_OK;
    *out_done = need <= bytes / 2;
    if (*out_done) {
        status = encode_fixed_dictionary(encoder, node, part, &distinct);
    }
    rz_distinct_free(&distinct);
    return status;
}

ruzu_status rz_encode_fixed(rz_encoder *encoder, rz_builder_node *node, rz_part *part)
{
    bool packable = rz_column_is_packable(node->physical);
    bool ranged = packable || node->physical == RZ_PHYS_INT128;
    uint64_t base[2] = {0, 0}, span = 0;

    if (part->null_count != 0) {
        encode_fill_nulls(node, part);
    }
    uint64_t runs = rz_colk_runs(node->size, node->data, part->first_row, part->rows);
    if (runs == 1 && node->physical != RZ_PHYS_REL) {
        return encode_constant(encoder, node, part);
    }
    bool packs = ranged && encode_range(encoder, node, part, base, &span);
    if (packable && node->physical != RZ_PHYS_BOOL && part->null_count == 0 && part->rows > 2 &&
        rz_colk_is_sequence(node->physical, node->data, part->first_row, part->rows)) {
        rz_col_writer writer;
        part->codec = RZ_CODEC_SEQUENCE;
        part->base[0] = rz_colk_value(node->physical, node->data, part->first_row);
        part->base[1] = rz_colk_value(node->physical, node->data, part->first_row + 1) - part->base[0];
        RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
        return rz_encode_end(&writer, part);
    }
    uint8_t width = packs ? encode_width(span) : 0;
    uint8_t end_width = encode_width(part->rows);
    uint64_t plain = packs ? rz_packed_bytes(part->rows, width) : (uint64_t)part->rows * node->size;
    uint64_t rle = rz_packed_bytes(runs, end_width) + (packable ? rz_packed_bytes(runs, width) : runs * node->size);
    if (rle <= plain / 2) {
        part->width = end_width;
        part->aux_width = packable ? width : 0;
        part->aux_count = (uint32_t)runs;
        part->base[0] = packable ? base[0] : 0;
        return encode_rle(encoder, node, part);
    }
    if (!packs || width >= ENCODE_DICTIONARY_MIN_WIDTH) {
        bool done = false;
        RZ_TRY(encode_try_dictionary(encoder, node, part, plain, &done));
        if (done) {
            return RUZU_OK;
        }
    }
    if (!packs) {
        return encode_plain(encoder, node, part);
    }
    part->width = width;
    part->base[0] = base[0];
    part->base[1] = base[1];
    return encode_bitpacked(encoder, node, part);
}

/* ---- strings ---- */

static ruzu_status encode_string_constant(rz_encoder *encoder, rz_builder_node *node, rz_part *part, const rz_string *value)
{
    rz_col_writer writer;
    part->codec = RZ_CODEC_CONSTANT;
    part->byte_count = value->length;
    part->text = (const uint8_t *)rz_arena_dup(encoder->arena, rz_string_data(value), value->length);
    RZ_TRY_ALLOC(part->text, encoder->err, "encoding a column");
    RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
    return rz_encode_end(&writer, part);
}

/* Offsets of count strings and their bytes: strings[rows[i]], or strings[i] when rows is NULL. */
static void encode_string_offsets(rz_col_writer *writer, const rz_string *strings, const uint32_t *rows, uint32_t count, uint32_t width)
{
    uint64_t chunk[RZ_COL_WRITER_VALUES];
    uint64_t offset = 0;
    uint32_t fill = 0;
    for (uint32_t i = 0; i < count; i++) {
        chunk[fill++] = offset;
        offset += strings[rows == NULL ? i : rows[i]].length;
        if (fill == RZ_COL_WRITER_VALUES) {
            rz_col_writer_values(writer, chunk, fill, width);
            fill = 0;
        }
    }
    chunk[fill++] = offset;
    rz_col_writer_values(writer, chunk, fill, width);
    rz_col_writer_packed_end(writer);
}

static void encode_string_bytes(rz_col_writer *writer, const rz_string *strings, const uint32_t *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const rz_string *string = &strings[rows == NULL ? i : rows[i]];
        rz_col_writer_bytes(writer, rz_string_data(string), string->length);
    }
    rz_col_writer_align(writer);
}

static ruzu_status encode_string_plain(rz_encoder *encoder, rz_builder_node *node, rz_part *part, uint64_t bytes)
{
    const rz_string *strings = (const rz_string *)(const void *)node->data + part->first_row;
    rz_col_writer writer;
    part->codec = RZ_CODEC_PLAIN;
    part->byte_count = bytes;
    part->width = encode_width(bytes);
    RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
    encode_string_offsets(&writer, strings, NULL, part->rows, part->width);
    encode_string_bytes(&writer, strings, NULL, part->rows);
    return rz_encode_end(&writer, part);
}

static ruzu_status encode_string_dictionary(rz_encoder *encoder, rz_builder_node *node, rz_part *part, const rz_distinct *distinct, uint64_t bytes)
{
    const rz_string *strings = (const rz_string *)(const void *)node->data;
    rz_col_writer writer;
    part->codec = RZ_CODEC_DICTIONARY;
    part->byte_count = bytes;
    part->aux_count = distinct->count;
    part->aux_width = encode_width(bytes);
    part->width = encode_width(distinct->count - 1);
    RZ_TRY(rz_encode_begin(encoder, node, part, &writer));
    rz_encode_packed_u32(&writer, distinct->codes, part->rows, 0, part->width);
    encode_string_offsets(&writer, strings, distinct->entries, distinct->count, part->aux_width);
    encode_string_bytes(&writer, strings, distinct->entries, distinct->count);
    return rz_encode_end(&writer, part);
}

/* The common value of all valid rows, or NULL. */
static const rz_string *encode_string_common(const rz_builder_node *node, const rz_part *part)
{
    const rz_string *strings = (const rz_string *)(const void *)node->data;
    const rz_string *common = NULL;
    for (uint64_t row = part->first_row; row < part->first_row + part->rows; row++) {
        if (node->validity != NULL && !rz_bit_get(node->validity, row)) {
            continue;
        }
        if (common == NULL) {
            common = &strings[row];
        } else if (!rz_string_equal(common, &strings[row])) {
            return NULL;
        }
    }
    return common;
}

ruzu_status rz_encode_strings(rz_encoder *encoder, rz_builder_node *node, rz_part *part)
{
    const rz_string *strings = (const rz_string *)(const void *)node->data;
    const rz_string *common = encode_string_common(node, part);
    if (common != NULL && common->length <= RZ_CONSTANT_STRING_MAX) {
        return encode_string_constant(encoder, node, part, common);
    }
    uint64_t bytes = 0;
    for (uint64_t row = part->first_row; row < part->first_row + part->rows; row++) {
        bytes += strings[row].length;
    }
    rz_distinct distinct;
    bool found = false;
    uint32_t limit = common != NULL ? 1 : part->rows / 2;
    RZ_TRY(rz_distinct_find(encoder->builder, node, part->first_row, part->rows, limit, &distinct, &found, encoder->err));
    if (found) {
        uint64_t entry_bytes = 0;
        for (uint32_t i = 0; i < distinct.count; i++) {
            entry_bytes += strings[distinct.entries[i]].length;
        }
        uint64_t plain = rz_packed_bytes((uint64_t)part->rows + 1, encode_width(bytes)) + bytes;
        uint64_t need = rz_packed_bytes(part->rows, encode_width(distinct.count - 1)) +
                        rz_packed_bytes((uint64_t)distinct.count + 1, encode_width(entry_bytes)) + entry_bytes;
        ruzu_status status = RUZU_OK;
        found = need <= plain / 4 * 3;
        if (found) {
            status = encode_string_dictionary(encoder, node, part, &distinct, entry_bytes);
        }
        rz_distinct_free(&distinct);
        if (found) {
            return status;
        }
    }
    return encode_string_plain(encoder, node, part, bytes);
}
