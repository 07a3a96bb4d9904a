/* SPDX-License-Identifier: MIT */
/*
 * Tests of strings on encoded values: equality, order, beginnings, ends and parts of texts.
 *
 * Plain texts lie one behind the other, so a part is searched for in all of them at once; the offsets say which text a place belongs to, and a place that
 * reaches into the next text is none. Of a dictionary each entry is tested when it is first met, the verdicts are kept while reading goes on in
 * the same part. No string is made in either case.
 */
#include "storage/column/reader.h"

enum { TEXT_UNKNOWN = 0, TEXT_FAILS = 1, TEXT_PASSES = 2 };

bool rz_col_text_init(rz_col_text *text, rz_mem *mem, const rz_type *type, rz_text_op op, rz_compare_op compare, bool negated, const rz_value *value)
{
    memset(text, 0, sizeof *text);
    if (type->id != RUZU_TYPE_STRING || value->is_null || value->type->id != RUZU_TYPE_STRING || value->u.text.length > UINT32_MAX) {
        return false;
    }
    text->op = op;
    text->compare = compare;
    text->negated = negated;
    text->part = rz_string_make(value->u.text.data, (uint32_t)value->u.text.length);
    text->mem = mem;
    return true;
}

void rz_col_text_deinit(rz_col_text *text)
{
    rz_mem_free(text->mem, text->verdicts, text->capacity);
    text->verdicts = NULL;
    text->capacity = 0;
}

static bool text_is_in_order(rz_compare_op op, int order)
{
    switch (op) {
    case RZ_CMP_EQ: return order == 0;
    case RZ_CMP_NE: return order != 0;
    case RZ_CMP_LT: return order < 0;
    case RZ_CMP_LE: return order <= 0;
    case RZ_CMP_GT: return order > 0;
    case RZ_CMP_GE: return order >= 0;
    }
    return false;
}

/* As rz_string_compare. */
static int text_compare(const char *data, size_t length, const char *part, size_t part_length)
{
    size_t shorter = length < part_length ? length : part_length;
    int order = shorter == 0 ? 0 : memcmp(data, part, shorter);
    return order != 0 ? order : (length > part_length) - (length < part_length);
}

bool rz_col_text_passes(const rz_col_text *text, const char *data, size_t length)
{
    const char *part = rz_string_data(&text->part);
    size_t size = text->part.length;
    bool found = false;
    switch (text->op) {
    case RZ_TEXT_COMPARE:
        if (text->compare == RZ_CMP_EQ || text->compare == RZ_CMP_NE) {
            found = (length == size && (size == 0 || memcmp(data, part, size) == 0)) == (text->compare == RZ_CMP_EQ);
        } else {
            found = text_is_in_order(text->compare, text_compare(data, length, part, size));
        }
        break;
    case RZ_TEXT_STARTS: found = length >= size && (size == 0 || memcmp(data, part, size) == 0); break;
    case RZ_TEXT_ENDS: found = length >= size && (size == 0 || memcmp(data + (length - size), part, size) == 0); break;
    case RZ_TEXT_CONTAINS: found = size == 0 || (length >= size && rz_find(data, length, 0, part, size) != RZ_FIND_NONE); break;
    }
    return found != text->negated;
}

/* ---- plain ---- */

/* Texts [from, to), whose bytes lie at data. Bits of those that contain the part are set in `passes`. */
static void text_search_run(const rz_col_text *text, const uint64_t *offsets, uint32_t from, uint32_t to, const char *data, uint64_t *passes)
{
    const char *part = rz_string_data(&text->part);
    size_t part_size = text->part.length, size = offsets[to] - offsets[from], at = 0;
    uint64_t base = offsets[from];
    uint32_t i = from;
    while ((at = rz_find(data, size, at, part, part_size)) != RZ_FIND_NONE) {
        while (offsets[i + 1] - base <= at) { /* there is one: at < size */
            i++;
        }
        if (at + part_size <= offsets[i + 1] - base) {
            rz_bit_set(passes, i);
            at = offsets[i + 1] - base;
        } else {
            at++;
        }
    }
}

static void text_test_run(const rz_col_text *text, const uint64_t *offsets, uint32_t from, uint32_t to, const char *data, uint64_t *passes)
{
    if (text->op == RZ_TEXT_CONTAINS && !text->negated && text->part.length != 0) {
        text_search_run(text, offsets, from, to, data, passes);
        return;
    }
    const char *part = rz_string_data(&text->part);
    size_t size = text->part.length;
    uint64_t base = offsets[from];
    if (text->op == RZ_TEXT_COMPARE && (text->compare == RZ_CMP_EQ || text->compare == RZ_CMP_NE) && size != 0) { /* most differ in length or at once */
        bool wanted = (text->compare == RZ_CMP_EQ) != text->negated;
        for (uint32_t i = from; i < to; i++) {
            const char *p = data + (offsets[i] - base);
            bool equal = offsets[i + 1] - offsets[i] == size && p[0] == part[0] && memcmp(p, part, size) == 0;
            passes[i / 64] |= (uint64_t)(equal == wanted) << (i % 64);
        }
        return;
    }
    for (uint32_t i = from; i < to; i++) {
        bool passed = rz_col_text_passes(text, data + (offsets[i] - base), offsets[i + 1] - offsets[i]);
        passes[i / 64] |= (uint64_t)passed << (i % 64);
    }
}

/* Texts from i on whose bytes one window holds: the first that it does not; i itself when it is too long. */
static uint32_t text_window_end(const rz_part *part, const uint64_t *offsets, uint32_t i, uint32_t count)
{
    uint64_t room = RZ_COL_WINDOW_BYTES - (part->section_off[RZ_SECTION_BYTES] + offsets[i]) % RZ_PAGE_SIZE;
    if (offsets[count] - offsets[i] <= room) {
        return count;
    }
    uint32_t to = i;
    while (offsets[to + 1] - offsets[i] <= room) {
        to++;
    }
    return to;
}

static ruzu_status text_filter_plain(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_text *text, uint64_t *passes,
                                     bool *out_done, rz_error *err)
{
    uint64_t long_bytes = 0;
    RZ_TRY(rz_col_string_offsets(reader, part, RZ_SECTION_DATA, part->width, row, count, &long_bytes, err));
    const uint64_t *offsets = reader->values;
    for (uint32_t i = 0; i < count;) {
        uint32_t to = text_window_end(part, offsets, i, count);
        const uint8_t *data = (const uint8_t *)"";
        if (to == i) {
            return RUZU_OK; /* one does not fit: whoever reads them puts it together */
        }
        if (offsets[to] != offsets[i]) {
            RZ_TRY(rz_col_fetch(reader, part, RZ_SECTION_BYTES, offsets[i], offsets[to] - offsets[i], true, &data, err));
        }
        text_test_run(text, offsets, i, to, (const char *)data, passes);
        i = to;
    }
    *out_done = true;
    return RUZU_OK;
}

/* ---- dictionaries ---- */

/* Verdicts for the part of the reader's dictionary; false where there is no memory for them. */
static bool text_use_verdicts(rz_col_text *text, const rz_col_dictionary *dictionary)
{
    if (text->verdicts != NULL && text->key_page == dictionary->key_page && text->key_hash == dictionary->key_hash && text->capacity >= dictionary->count) {
        return true;
    }
    if (text->capacity < dictionary->count || text->capacity / 4 > dictionary->count) {
        rz_col_text_deinit(text);
    }
    if (text->verdicts == NULL) {
        text->verdicts = (uint8_t *)rz_mem_alloc(text->mem, dictionary->count);
        if (text->verdicts == NULL) {
            return false;
        }
        text->capacity = dictionary->count;
    }
    memset(text->verdicts, TEXT_UNKNOWN, dictionary->count);
    text->key_page = dictionary->key_page;
    text->key_hash = dictionary->key_hash;
    return true;
}

static ruzu_status text_filter_dictionary(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, rz_col_text *text, uint64_t *passes,
                                          bool *out_done, rz_error *err)
{
    bool use = false;
    RZ_TRY(rz_col_dictionary_use(reader, part, count, &use, err));
    const rz_col_dictionary *dictionary = &reader->dictionary;
    if (!use || !text_use_verdicts(text, dictionary)) {
        return RUZU_OK;
    }
    RZ_TRY(rz_col_read_codes(reader, part, row, count, err));
    const uint32_t *codes = reader->lengths;
    uint8_t *verdicts = text->verdicts;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t code = codes[i];
        if (RZ_UNLIKELY(verdicts[code] == TEXT_UNKNOWN)) {
            uint64_t begin = dictionary->offsets[code];
            bool passed = rz_col_text_passes(text, dictionary->bytes + begin, dictionary->offsets[code + 1] - begin);
            verdicts[code] = passed ? TEXT_PASSES : TEXT_FAILS;
        }
        passes[i / 64] |= (uint64_t)(verdicts[code] == TEXT_PASSES) << (i % 64);
    }
    *out_done = true;
    return RUZU_OK;
}

/* ---- entry point ---- */

static ruzu_status text_filter_codec(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, rz_col_text *text, uint64_t *passes,
                                     bool *out_done, rz_error *err)
{
    if (part->null_count == part->rows) {
        *out_done = true;
        return RUZU_OK;
    }
    switch ((rz_codec)part->codec) {
    case RZ_CODEC_CONSTANT:
        *out_done = true;
        if (rz_col_text_passes(text, (const char *)part->text, part->byte_count)) {
            rz_colk_set_bits(passes, 0, count, true);
        }
        return RUZU_OK;
    case RZ_CODEC_PLAIN:
        return text_filter_plain(reader, part, row, count, text, passes, out_done, err);
    case RZ_CODEC_DICTIONARY:
        return text_filter_dictionary(reader, part, row, count, text, passes, out_done, err);
    case RZ_CODEC_SEQUENCE:
    case RZ_CODEC_BITPACKED:
    case RZ_CODEC_RLE:
    case RZ_CODEC_LIST:
    case RZ_CODEC_ARRAY:
    case RZ_CODEC_STRUCT:
        break;
    }
    return RUZU_OK;
}

ruzu_status rz_col_filter_text(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, rz_col_text *text, uint64_t *bits,
                               bool *out_done, rz_error *err)
{
    uint64_t passes[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)] = {0};
    RZ_TRY(text_filter_codec(reader, part, row, count, text, passes, out_done, err));
    for (uint32_t i = 0; i < RZ_BITMAP_WORDS(count) && *out_done; i++) { /* bits behind the last row are nobody's */
        uint64_t beyond = i == count / 64 ? UINT64_MAX << (count % 64) : 0;
        bits[i] &= passes[i] | beyond;
    }
    return RUZU_OK;
}
