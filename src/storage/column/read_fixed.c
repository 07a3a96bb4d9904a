/* SPDX-License-Identifier: MIT */
/*
 * Reading leaves of fixed size: whole chunks straight into the vector, and scattered rows.
 */
#include "storage/column/reader.h"

static inline uint8_t *colfix_out(const rz_col_reader *reader, const rz_col_target *target, uint32_t i)
{
    return (uint8_t *)target->out->data + (size_t)rz_col_target_at(target, i) * reader->size;
}

/* The bits of a constant that a row holds. */
static void colfix_constant(const rz_col_reader *reader, const rz_part *part, uint32_t count, const rz_col_target *target)
{
    uint8_t value[16];
    memcpy(value, part->base, sizeof value); /* little-endian: the low bytes come first */
    if (target->rows == NULL) {
        rz_colk_fill(reader->size, value, count, colfix_out(reader, target, 0));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        memcpy(colfix_out(reader, target, i), value, reader->size);
    }
}

/* ---- scattered reads ---- */

/* values[i] = packed value number values[i], where data begins with bit `skipped` of the array. */
static void colfix_gather_window(const uint8_t *data, uint64_t skipped, uint32_t width, uint64_t *values, uint32_t count)
{
    uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = values[i] * width - skipped;
        const uint8_t *p = data + (bit >> 3);
        uint32_t shift = (uint32_t)(bit & 7);
        uint64_t value = rz_load_u64(p) >> shift;
        if (shift + width > 64) {
            value |= (uint64_t)p[8] << (64 - shift);
        }
        values[i] = value & mask;
    }
}

ruzu_status rz_col_gather_packed(rz_col_reader *reader, const rz_part *part, rz_section section, uint32_t width, uint64_t *values, uint32_t count,
                                 rz_error *err)
{
    if (count == 0 || width == 0) {
        memset(values, 0, count * sizeof *values);
        return RUZU_OK;
    }
    uint64_t low = 0, high = 0;
    bool sorted = rz_col_bounds(values, count, &low, &high);
    uint64_t first = (low * width) >> 3, last = (high * width) >> 3;
    rz_col_access access;
    rz_col_access_begin(&access, reader, part, section, first, last + 8, count, sorted, err);
    if (access.low <= first && last + 9 <= access.high) { /* everything lies in the window */
        colfix_gather_window(access.data, access.low * 8, width, values, count);
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < count && access.status == RUZU_OK; i++) {
        values[i] = rz_col_access_packed(&access, values[i], width);
    }
    return access.status;
}

/* Value number values[i] of an array of plain values into each row. */
static ruzu_status colfix_pick(rz_col_reader *reader, const rz_part *part, rz_section section, const uint64_t *values, uint32_t count,
                               const rz_col_target *target, rz_error *err)
{
    uint64_t low = 0, high = 0;
    uint32_t size = reader->size;
    bool sorted = rz_col_bounds(values, count, &low, &high);
    rz_col_access access;
    rz_col_access_begin(&access, reader, part, section, low * size, high * size + size - 1, count, sorted, err);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *value = rz_col_access_get(&access, values[i] * size, size);
        if (value == NULL) {
            return access.status;
        }
        memcpy(colfix_out(reader, target, i), value, size);
    }
    return RUZU_OK;
}

/* The run that holds row: the first whose end is above it. Ends are untrusted: the answer is below the number of runs in any case. */
static uint64_t colfix_find_run(rz_col_access *ends, const rz_part *part, uint64_t row)
{
    uint64_t low = 0, high = part->aux_count - 1;
    while (low < high && ends->status == RUZU_OK) {
        uint64_t middle = low + (high - low) / 2;
        if (rz_col_access_packed(ends, middle, part->width) > row) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static void colfix_ends_begin(rz_col_access *ends, rz_col_reader *reader, const rz_part *part, uint32_t count, rz_error *err)
{
    uint64_t last = ((uint64_t)(part->aux_count - 1) * part->width) >> 3;
    rz_col_access_begin(ends, reader, part, RZ_SECTION_DATA, 0, last + 8, (uint64_t)count * 8, false, err);
}

/* Turns rows into the numbers of their runs. Sorted rows stay in their run or look for it behind. */
static ruzu_status colfix_runs(rz_col_reader *reader, const rz_part *part, uint64_t *values, uint32_t count, rz_error *err)
{
    rz_col_access ends;
    colfix_ends_begin(&ends, reader, part, count, err);
    uint64_t run = 0, run_begin = 1, run_end = 0; /* rows known to be in `run` */
    for (uint32_t i = 0; i < count && ends.status == RUZU_OK; i++) {
        uint64_t row = values[i];
        if (row < run_begin || row >= run_end) {
            run = colfix_find_run(&ends, part, row);
            run_begin = row;
            run_end = rz_col_access_packed(&ends, run, part->width);
        }
        values[i] = run;
    }
    return ends.status;
}

static ruzu_status colfix_check_codes(const rz_col_reader *reader, const rz_part *part, const uint64_t *codes, uint32_t count, rz_error *err)
{
    uint64_t highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        highest = codes[i] > highest ? codes[i] : highest;
    }
    return highest < part->aux_count ? RUZU_OK : rz_col_corrupt(reader, part, "a dictionary code is out of range", err);
}

/* values[i] + base into each row. */
static void colfix_store(const rz_col_reader *reader, const rz_part *part, uint64_t *values, uint32_t count, const rz_col_target *target)
{
    if (reader->physical == RZ_PHYS_INT128) {
        rz_uint128 base = ((rz_uint128)part->base[1] << 64) | part->base[0];
        rz_uint128 *out = (rz_uint128 *)target->out->data;
        for (uint32_t i = 0; i < count; i++) {
            out[rz_col_target_at(target, i)] = base + values[i];
        }
        return;
    }
    if (part->base[0] != 0) {
        for (uint32_t i = 0; i < count; i++) {
            values[i] += part->base[0];
        }
    }
    if (target->rows == NULL) {
        rz_colk_narrow(reader->size, values, count, colfix_out(reader, target, 0));
    } else {
        rz_colk_scatter(reader->size, values, target->rows, count, target->out->data);
    }
}

ruzu_status rz_col_gather_fixed(rz_col_reader *reader, const rz_part *part, uint32_t count, const rz_col_target *target, rz_error *err)
{
    uint64_t *values = reader->values;
    switch ((rz_codec)part->codec) {
    case RZ_CODEC_CONSTANT:
        colfix_constant(reader, part, count, target);
        return RUZU_OK;
    case RZ_CODEC_SEQUENCE:
        for (uint32_t i = 0; i < count; i++) {
            values[i] *= part->base[1];
        }
        colfix_store(reader, part, values, count, target);
        return RUZU_OK;
    case RZ_CODEC_BITPACKED:
        RZ_TRY(rz_col_gather_packed(reader, part, RZ_SECTION_DATA, part->width, values, count, err));
        colfix_store(reader, part, values, count, target);
        return RUZU_OK;
    case RZ_CODEC_RLE:
        RZ_TRY(colfix_runs(reader, part, values, count, err));
        if (!rz_column_is_packable(reader->physical)) {
            return colfix_pick(reader, part, RZ_SECTION_AUX, values, count, target, err);
        }
        RZ_TRY(rz_col_gather_packed(reader, part, RZ_SECTION_AUX, part->aux_width, values, count, err));
        colfix_store(reader, part, values, count, target);
        return RUZU_OK;
    case RZ_CODEC_DICTIONARY:
        RZ_TRY(rz_col_gather_packed(reader, part, RZ_SECTION_DATA, part->width, values, count, err));
        RZ_TRY(colfix_check_codes(reader, part, values, count, err));
        return colfix_pick(reader, part, RZ_SECTION_AUX, values, count, target, err);
    case RZ_CODEC_PLAIN:
        return colfix_pick(reader, part, RZ_SECTION_DATA, values, count, target, err);
    case RZ_CODEC_LIST:
    case RZ_CODEC_ARRAY:
    case RZ_CODEC_STRUCT:
        break;
    }
    return rz_col_corrupt(reader, part, "unknown codec", err);
}

/* ---- whole chunks ---- */

ruzu_status rz_col_fetch_packed(rz_col_reader *reader, const rz_part *part, rz_section section, uint64_t first, uint32_t count, uint32_t width,
                                const uint8_t **out, uint64_t *out_first, rz_error *err)
{
    /* Eight values are a whole number of bytes, so counting can begin anew at every multiple of eight. */
    uint64_t aligned = first & ~UINT64_C(7);
    uint64_t begin = (aligned * width) >> 3;
    uint64_t end = rz_packed_end_byte(first, count, width);
    *out_first = first - aligned;
    return rz_col_fetch(reader, part, section, begin, end - begin, true, out, err);
}

static ruzu_status colfix_read_bitpacked(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_target *target,
                                         rz_error *err)
{
    const uint8_t *data = NULL;
    uint64_t first = 0;
    uint8_t *out = colfix_out(reader, target, 0);
    RZ_TRY(rz_col_fetch_packed(reader, part, RZ_SECTION_DATA, row, count, part->width, &data, &first, err));
    if (reader->physical == RZ_PHYS_BOOL) {
        rz_unpack_bits(data, first, count, out);
    } else if (reader->size == 8) {
        rz_unpack(data, first, count, part->width, part->base[0], (uint64_t *)(void *)out);
    } else if (reader->size == 4 && part->width <= 32) {
        rz_unpack_u32(data, first, count, part->width, (uint32_t)part->base[0], (uint32_t *)(void *)out);
    } else if (reader->size < 4 && part->width <= 32) {
        rz_unpack_u32(data, first, count, part->width, (uint32_t)part->base[0], reader->lengths);
        rz_colk_narrow_u32(reader->size, reader->lengths, count, out);
    } else {
        rz_unpack(data, first, count, part->width, 0, reader->values);
        colfix_store(reader, part, reader->values, count, target);
    }
    return RUZU_OK;
}

static void colfix_read_sequence(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_target *target)
{
    uint64_t base = part->base[0], step = part->base[1];
    uint64_t *values = reader->size == 8 ? (uint64_t *)target->out->data + target->start : reader->values;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = base + (row + (uint64_t)i) * step;
    }
    if (values == reader->values) {
        rz_colk_narrow(reader->size, values, count, colfix_out(reader, target, 0));
    }
}

static ruzu_status colfix_read_rle(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_target *target, rz_error *err)
{
    bool packable = rz_column_is_packable(reader->physical);
    uint32_t size = reader->size;
    uint8_t *out = colfix_out(reader, target, 0);
    rz_col_access ends, aux;
    colfix_ends_begin(&ends, reader, part, count, err);
    uint64_t last_value = packable ? (((uint64_t)(part->aux_count - 1) * part->aux_width) >> 3) + 8 : (uint64_t)part->aux_count * size - 1;
    rz_col_access_begin(&aux, reader, part, RZ_SECTION_AUX, 0, last_value, count, true, err);

    uint64_t run = colfix_find_run(&ends, part, row);
    uint64_t at = row, end = (uint64_t)row + count;
    while (at < end) {
        uint64_t run_end = run < part->aux_count ? rz_col_access_packed(&ends, run, part->width) : 0;
        RZ_TRY(ends.status);
        if (run_end <= at) {
            return rz_col_corrupt(reader, part, "the runs of values do not follow each other", err);
        }
        uint64_t n = (run_end < end ? run_end : end) - at;
        if (packable) {
            uint64_t value = rz_col_access_packed(&aux, run, part->aux_width) + part->base[0];
            RZ_TRY(aux.status);
            rz_colk_fill(size, &value, n, out);
        } else {
            const uint8_t *value = rz_col_access_get(&aux, run * size, size);
            if (value == NULL) {
                return aux.status;
            }
            rz_colk_fill(size, value, n, out);
        }
        out += n * size;
        at += n;
        run++;
    }
    return RUZU_OK;
}

static ruzu_status colfix_read_dictionary(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_target *target,
                                          rz_error *err)
{
    const uint8_t *data = NULL;
    uint64_t first = 0;
    uint32_t *codes = reader->lengths;
    if (part->width == 0) {
        memset(codes, 0, count * sizeof *codes);
    } else {
        RZ_TRY(rz_col_fetch_packed(reader, part, RZ_SECTION_DATA, row, count, part->width, &data, &first, err));
        rz_unpack_u32(data, first, count, part->width, 0, codes);
    }
    uint32_t highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        highest = codes[i] > highest ? codes[i] : highest;
    }
    if (highest >= part->aux_count) {
        return rz_col_corrupt(reader, part, "a dictionary code is out of range", err);
    }
    uint64_t bytes = (uint64_t)part->aux_count * reader->size;
    if (bytes <= RZ_COL_WINDOW_BYTES - RZ_PAGE_SIZE && count >= part->aux_count / 8) {
        const uint8_t *entries = NULL;
        RZ_TRY(rz_col_fetch(reader, part, RZ_SECTION_AUX, 0, bytes, false, &entries, err));
        rz_colk_pick(reader->size, entries, codes, count, colfix_out(reader, target, 0));
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        reader->values[i] = codes[i];
    }
    return colfix_pick(reader, part, RZ_SECTION_AUX, reader->values, count, target, err);
}

ruzu_status rz_col_read_fixed(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_target *target, rz_error *err)
{
    const uint8_t *data = NULL;
    switch ((rz_codec)part->codec) {
    case RZ_CODEC_CONSTANT:
        colfix_constant(reader, part, count, target);
        return RUZU_OK;
    case RZ_CODEC_SEQUENCE:
        colfix_read_sequence(reader, part, row, count, target);
        return RUZU_OK;
    case RZ_CODEC_BITPACKED:
        return colfix_read_bitpacked(reader, part, row, count, target, err);
    case RZ_CODEC_RLE:
        return colfix_read_rle(reader, part, row, count, target, err);
    case RZ_CODEC_DICTIONARY:
        return colfix_read_dictionary(reader, part, row, count, target, err);
    case RZ_CODEC_PLAIN:
        RZ_TRY(rz_col_fetch(reader, part, RZ_SECTION_DATA, (uint64_t)row * reader->size, (uint64_t)count * reader->size, true, &data, err));
        memcpy(colfix_out(reader, target, 0), data, (size_t)count * reader->size);
        return RUZU_OK;
    case RZ_CODEC_LIST:
    case RZ_CODEC_ARRAY:
    case RZ_CODEC_STRUCT:
        break;
    }
    return rz_col_corrupt(reader, part, "unknown codec", err);
}
