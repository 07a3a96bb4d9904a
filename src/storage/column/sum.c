/* SPDX-License-Identifier: MIT */
/*
 * Sums of encoded values: packed differences are added up as they lie in the pages, constants and sequences by multiplication; nothing is decoded.
 */
#include "storage/column/reader.h"
#include "storage/column/zone.h"

#define SUM_MOST_BITS 52u /* differences of a vector's rows fit a 64-bit sum */

/* The value whose low bytes these are. */
static rz_int128 sum_value(const rz_col_reader *reader, uint64_t bits)
{
    uint64_t wide = rz_colk_value(reader->physical, &bits, 0);
    return rz_zone_is_signed(reader->physical) ? (rz_int128)(int64_t)wide : (rz_int128)wide;
}

static ruzu_status sum_packed(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const uint64_t *bits, rz_int128 *out, rz_error *err)
{
    const uint8_t *data = NULL;
    uint64_t first = 0;
    RZ_TRY(rz_col_fetch_packed(reader, part, RZ_SECTION_DATA, row, count, part->width, &data, &first, err));
    *out = (rz_int128)rz_packed_sum(data, first, count, part->width, bits);
    return RUZU_OK;
}

/* The ends' mean, so many times. False: the values pass the end of their type and go on at the other one. */
static bool sum_sequence(const rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, rz_int128 *out)
{
    rz_int128 first = sum_value(reader, part->base[0] + part->base[1] * row);
    rz_int128 last = sum_value(reader, part->base[0] + part->base[1] * (row + (uint64_t)count - 1));
    *out = (first + last) * (rz_int128)count / 2;
    return last - first == (rz_int128)(int64_t)part->base[1] * (rz_int128)(count - 1);
}

ruzu_status rz_col_sum(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, const uint64_t *bits, rz_col_total *io, bool *out_done,
                       rz_error *err)
{
    uint64_t mask[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
    *out_done = false;
    if (segment->overlay != NULL || count == 0 || count > RZ_VECTOR_CAPACITY || !rz_column_is_packable(reader->physical) || first >= segment->rows ||
        count > segment->rows - first) {
        return RUZU_OK;
    }
    const rz_part *part = rz_segment_part_at(segment, first);
    uint32_t row = (uint32_t)(first - part->first_row);
    uint32_t words = RZ_BITMAP_WORDS(count);
    if (count > part->rows - row) {
        return RUZU_OK;
    }
    if (part->null_count == part->rows) {
        *out_done = true;
        return RUZU_OK;
    }
    if (part->has_validity) { /* what a NULL's place holds does not count */
        const uint8_t *valid = NULL;
        RZ_TRY(rz_col_fetch(reader, part, RZ_SECTION_VALIDITY, row / 8, (row + count + 7) / 8 - row / 8, true, &valid, err));
        memset(mask, 0, sizeof mask);
        rz_colk_copy_bits(mask, 0, valid, row % 8, count);
        for (uint32_t i = 0; bits != NULL && i < words; i++) {
            mask[i] &= bits[i];
        }
        bits = mask;
    }
    uint64_t selected = bits == NULL ? count : rz_bits_count(bits, count);
    rz_int128 sum = 0;
    switch ((rz_codec)part->codec) {
    case RZ_CODEC_CONSTANT:
        sum = sum_value(reader, part->base[0]) * (rz_int128)selected;
        *out_done = true;
        break;
    case RZ_CODEC_BITPACKED:
        if (part->width == 0 || part->width > SUM_MOST_BITS) {
            return RUZU_OK;
        }
        RZ_TRY(sum_packed(reader, part, row, count, bits, &sum, err));
        sum += sum_value(reader, part->base[0]) * (rz_int128)selected;
        *out_done = true;
        break;
    case RZ_CODEC_SEQUENCE:
        *out_done = bits == NULL && sum_sequence(reader, part, row, count, &sum);
        break;
    case RZ_CODEC_DICTIONARY:
    case RZ_CODEC_RLE:
    case RZ_CODEC_PLAIN:
    case RZ_CODEC_LIST:
    case RZ_CODEC_ARRAY:
    case RZ_CODEC_STRUCT:
        break;
    }
    if (*out_done) {
        io->sum += sum;
        io->count += selected;
    }
    return RUZU_OK;
}
