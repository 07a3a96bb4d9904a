/* SPDX-License-Identifier: MIT */
/*
 * Comparisons with a constant on encoded values: the constant is moved into the space of the codec once, then packed differences, codes and runs are tested
 * as they lie in the pages. What passes stays set in a bitmap; nothing is decoded.
 *
 * Keys (zone.h) make every comparison a range of unsigned numbers. A packed value is a difference to the least value of its part, so its key is the key of the
 * base plus the difference, without wrapping around.
 */
#include "storage/column/reader.h"
#include "storage/column/zone.h"

bool rz_col_range_make(const rz_type *type, rz_compare_op op, const rz_value *value, rz_col_range *out)
{
    rz_physical physical = (rz_physical)type->physical;
    *out = (rz_col_range){.low = 1, .high = 0, .text = NULL};
    if (!rz_column_is_packable(physical) || value->is_null || value->type->physical != type->physical) {
        return false;
    }
    uint64_t key = rz_zone_bits_to_key(physical, rz_zone_value_bits(physical, value));
    switch (op) {
    case RZ_CMP_EQ:
    case RZ_CMP_NE:
        *out = (rz_col_range){.low = key, .high = key, .outside = op == RZ_CMP_NE};
        return true;
    case RZ_CMP_LT:
        if (key != 0) {
            *out = (rz_col_range){.low = 0, .high = key - 1};
        }
        return true;
    case RZ_CMP_LE:
        *out = (rz_col_range){.low = 0, .high = key};
        return true;
    case RZ_CMP_GT:
        if (key != UINT64_MAX) {
            *out = (rz_col_range){.low = key + 1, .high = UINT64_MAX};
        }
        return true;
    case RZ_CMP_GE:
        *out = (rz_col_range){.low = key, .high = UINT64_MAX};
        return true;
    }
    return false;
}

rz_range_match rz_zone_match(const rz_type *type, const rz_zone *zone, const rz_col_range *range)
{
    rz_physical physical = (rz_physical)type->physical;
    if (zone->all_null) {
        return RZ_RANGE_NONE;
    }
    if (!rz_column_is_packable(physical)) {
        return RZ_RANGE_SOME;
    }
    uint64_t low = rz_zone_bits_to_key(physical, zone->min_bits), high = rz_zone_bits_to_key(physical, zone->max_bits);
    bool apart = range->low > range->high || high < range->low || low > range->high;
    bool inside = !apart && low >= range->low && high <= range->high;
    if (range->outside ? inside : apart) {
        return RZ_RANGE_NONE;
    }
    return (range->outside ? apart : inside) && zone->null_count == 0 ? RZ_RANGE_ALL : RZ_RANGE_SOME;
}

static bool filter_passes(const rz_col_range *range, uint64_t key)
{
    return (range->low <= key && key <= range->high) != range->outside;
}

/* The base's low bytes are the value; whether its sign was widened does not matter then. */
static uint64_t filter_base_key(const rz_col_reader *reader, const rz_part *part)
{
    return rz_zone_bits_to_key(reader->physical, rz_colk_value(reader->physical, part->base, 0));
}

/* The range among differences to the base, [*out_low, *out_low + *out_span], cut to those of `width` bits; false when there is none. */
static bool filter_differences(const rz_col_range *range, uint64_t base_key, uint32_t width, uint64_t *out_low, uint64_t *out_span)
{
    uint64_t most = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    if (range->low > range->high || range->high < base_key) {
        return false;
    }
    uint64_t low = range->low > base_key ? range->low - base_key : 0;
    uint64_t high = range->high - base_key < most ? range->high - base_key : most;
    *out_low = low;
    *out_span = high - low;
    return low <= high;
}

static ruzu_status filter_bitpacked(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_range *range, uint64_t *bits,
                                    rz_error *err)
{
    uint64_t low = 0, span = 0;
    if (!filter_differences(range, filter_base_key(reader, part), part->width, &low, &span)) {
        if (!range->outside) {
            rz_colk_set_bits(bits, 0, count, false);
        }
        return RUZU_OK;
    }
    const uint8_t *data = NULL;
    uint64_t first = 0;
    RZ_TRY(rz_col_fetch_packed(reader, part, RZ_SECTION_DATA, row, count, part->width, &data, &first, err));
    rz_packed_match(data, first, count, part->width, low, span, range->outside, bits);
    return RUZU_OK;
}

/* Entries are tested once, codes then choose among the results. */
static ruzu_status filter_dictionary(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_range *range, uint64_t *bits,
                                     rz_error *err)
{
    const uint8_t *data = NULL, *entries = NULL;
    uint64_t first = 0;
    uint32_t *codes = reader->lengths;
    uint8_t *passes = (uint8_t *)reader->values; /* RZ_VECTOR_CAPACITY fit */
    RZ_TRY(rz_col_fetch(reader, part, RZ_SECTION_AUX, 0, (uint64_t)part->aux_count * reader->size, false, &entries, err));
    for (uint32_t i = 0; i < part->aux_count; i++) {
        uint64_t bits_of = rz_colk_value(reader->physical, entries, i);
        passes[i] = filter_passes(range, rz_zone_bits_to_key(reader->physical, bits_of));
    }
    if (part->width == 0) {
        memset(codes, 0, count * sizeof *codes);
    } else {
        RZ_TRY(rz_col_fetch_packed(reader, part, RZ_SECTION_DATA, row, count, part->width, &data, &first, err));
        rz_unpack_u32(data, first, count, part->width, 0, codes);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (codes[i] >= part->aux_count) {
            return rz_col_corrupt(reader, part, "a dictionary code is out of range", err);
        }
        bits[i / 64] &= ~((uint64_t)!passes[codes[i]] << (i % 64));
    }
    return RUZU_OK;
}

static ruzu_status filter_codec(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_range *range, uint64_t *bits,
                                bool *out_done, rz_error *err)
{
    *out_done = true;
    if (part->null_count == part->rows) {
        rz_colk_set_bits(bits, 0, count, false);
        return RUZU_OK;
    }
    switch ((rz_codec)part->codec) {
    case RZ_CODEC_CONSTANT:
        if (!filter_passes(range, filter_base_key(reader, part))) {
            rz_colk_set_bits(bits, 0, count, false);
        }
        return RUZU_OK;
    case RZ_CODEC_BITPACKED:
        return filter_bitpacked(reader, part, row, count, range, bits, err);
    case RZ_CODEC_DICTIONARY:
        if (part->aux_count <= RZ_VECTOR_CAPACITY) {
            return filter_dictionary(reader, part, row, count, range, bits, err);
        }
        break;
    case RZ_CODEC_SEQUENCE:
    case RZ_CODEC_RLE:
    case RZ_CODEC_PLAIN:
    case RZ_CODEC_LIST:
    case RZ_CODEC_ARRAY:
    case RZ_CODEC_STRUCT:
        break;
    }
    *out_done = false;
    return RUZU_OK;
}

ruzu_status rz_col_filter(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, const rz_col_range *range, uint64_t *bits,
                          bool *out_done, rz_error *err)
{
    return RZ_LIKELY(segment->overlay == NULL) ? rz_col_filter_base(reader, segment, first, count, range, bits, out_done, err)
                                               : rz_col_overlay_filter(reader, segment, first, count, range, bits, out_done, err);
}

ruzu_status rz_col_filter_base(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, const rz_col_range *range, uint64_t *bits,
                               bool *out_done, rz_error *err)
{
    *out_done = false;
    if (count == 0 || count > RZ_VECTOR_CAPACITY || (range->text != NULL ? reader->physical != RZ_PHYS_STRING : !rz_column_is_packable(reader->physical)) ||
        first >= segment->rows || count > segment->rows - first) {
        return RUZU_OK;
    }
    const rz_part *part = rz_segment_part_at(segment, first);
    uint32_t row = (uint32_t)(first - part->first_row);
    if (count > part->rows - row) {
        return RUZU_OK;
    }
    if (range->text != NULL) {
        RZ_TRY(rz_col_filter_text(reader, part, row, count, range->text, bits, out_done, err));
    } else {
        RZ_TRY(filter_codec(reader, part, row, count, range, bits, out_done, err));
    }
    if (!*out_done || !part->has_validity) {
        return RUZU_OK;
    }
    const uint8_t *valid = NULL;
    RZ_TRY(rz_col_fetch(reader, part, RZ_SECTION_VALIDITY, row / 8, (row + count + 7) / 8 - row / 8, true, &valid, err));
    uint64_t mask[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)] = {0};
    rz_colk_copy_bits(mask, 0, valid, row % 8, count);
    for (uint32_t i = 0; i < RZ_BITMAP_WORDS(count); i++) {
        bits[i] &= mask[i];
    }
    return RUZU_OK;
}
