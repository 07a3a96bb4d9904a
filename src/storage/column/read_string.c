/* SPDX-License-Identifier: MIT */
/*
 * Reading strings: plain ones with offsets, dictionaries, constants. Long ones are copied into the heap of the vector.
 *
 * Offsets come from disk: each pair is checked (ascending, inside the bytes, length below 4 GiB) before a byte is looked at. A string may be
 * longer than a window; it is then copied window by window.
 */
#include "storage/column/reader.h"

#define COLSTR_SLACK 16u /* bytes that may be looked at behind the last string */
#define COLSTR_DICTIONARY_MAX ((uint64_t)4 * 1024 * 1024) /* bytes of a decoded dictionary; larger ones are read in place */

static inline rz_string *colstr_out(const rz_col_target *target, uint32_t i)
{
    return &((rz_string *)target->out->data)[rz_col_target_at(target, i)];
}

static ruzu_status colstr_bad_offsets(const rz_col_reader *reader, const rz_part *part, rz_error *err)
{
    return rz_col_corrupt(reader, part, "the offsets of strings are out of order", err);
}

/* A string of up to 12 bytes at p, of which 12 may be read. */
static inline rz_string colstr_inline(const uint8_t *p, uint32_t length)
{
    uint64_t head = rz_load_u32(p), rest = rz_load_u64(p + 4);
    head &= length >= 4 ? UINT64_C(0xffffffff) : (UINT64_C(1) << (8 * length)) - 1;
    rest &= length >= 12 ? UINT64_MAX : length <= 4 ? 0 : (UINT64_C(1) << (8 * (length - 4))) - 1;
    rz_string s;
    s.length = length;
    uint32_t prefix = (uint32_t)head;
    memcpy(s.prefix, &prefix, sizeof s.prefix);
    memcpy(&s.u, &rest, sizeof s.u);
    return s;
}

/* Copies bytes [off, off + size) of the bytes section, window by window (of so many bytes, whole pages). */
static ruzu_status colstr_copy_by(rz_col_reader *reader, const rz_part *part, uint64_t off, uint64_t size, uint64_t window, char *out, rz_error *err)
{
    while (size != 0) {
        uint64_t n = window - (part->section_off[RZ_SECTION_BYTES] + off) % RZ_PAGE_SIZE;
        n = n < size ? n : size;
        const uint8_t *data = NULL;
        RZ_TRY(rz_col_fetch(reader, part, RZ_SECTION_BYTES, off, n, true, &data, err));
        memcpy(out, data, n);
        out += n;
        off += n;
        size -= n;
    }
    return RUZU_OK;
}

static ruzu_status colstr_copy(rz_col_reader *reader, const rz_part *part, uint64_t off, uint64_t size, char *out, rz_error *err)
{
    return colstr_copy_by(reader, part, off, size, RZ_COL_WINDOW_BYTES, out, err);
}

static ruzu_status colstr_constant(const rz_part *part, uint32_t count, const rz_col_target *target, rz_error *err)
{
    uint32_t length = (uint32_t)part->byte_count; /* at most RZ_CONSTANT_STRING_MAX */
    const char *text = (const char *)part->text;
    if (length > RZ_STRING_INLINE) {
        text = (const char *)rz_arena_dup(target->out->heap, text, length);
        RZ_TRY_ALLOC(text, err, "reading strings");
    }
    rz_string value = rz_string_make(text, length);
    for (uint32_t i = 0; i < count; i++) {
        *colstr_out(target, i) = value;
    }
    return RUZU_OK;
}

/* ---- plain, whole chunks ---- */

ruzu_status rz_col_string_offsets(rz_col_reader *reader, const rz_part *part, rz_section section, uint32_t width, uint64_t first, uint32_t count,
                                  uint64_t *out_long, rz_error *err)
{
    uint64_t *offsets = reader->values;
    if (width == 0) {
        memset(offsets, 0, (count + 1) * sizeof *offsets);
    } else {
        const uint8_t *data = NULL;
        uint64_t aligned = first & ~UINT64_C(7); /* eight values are a whole number of bytes */
        uint64_t begin = (aligned * width) >> 3;
        RZ_TRY(rz_col_fetch(reader, part, section, begin, rz_packed_end_byte(first, (uint64_t)count + 1, width) - begin, true, &data, err));
        rz_unpack(data, first - aligned, (uint64_t)count + 1, width, 0, offsets);
    }
    uint64_t long_bytes = 0;
    bool bad = offsets[count] > part->byte_count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t length = offsets[i + 1] - offsets[i]; /* wraps to a huge one when out of order */
        bad |= length > UINT32_MAX;
        long_bytes += length > RZ_STRING_INLINE ? length : 0;
    }
    *out_long = long_bytes;
    return bad ? colstr_bad_offsets(reader, part, err) : RUZU_OK;
}

/* Strings [from, to) of the chunk, whose bytes [base, …) are in memory at data up to data_end. Returns where the heap goes on. */
static char *colstr_store(const uint64_t *offsets, uint32_t from, uint32_t to, const uint8_t *data, const uint8_t *data_end, char *heap,
                          const rz_col_target *target)
{
    uint64_t base = offsets[from];
    rz_string *out = colstr_out(target, 0);
    for (uint32_t i = from; i < to; i++) {
        const uint8_t *p = data + (offsets[i] - base);
        uint32_t length = (uint32_t)(offsets[i + 1] - offsets[i]);
        if (length > RZ_STRING_INLINE) {
            memcpy(heap, p, length);
            out[i].length = length;
            memcpy(out[i].prefix, p, sizeof out[i].prefix);
            out[i].u.data = heap;
            heap += length;
        } else if (data_end - p >= 12) {
            out[i] = colstr_inline(p, length);
        } else {
            out[i] = rz_string_make((const char *)p, length);
        }
    }
    return heap;
}

/* The same with all bytes copied at once, short strings too; the heap has room for COLSTR_SLACK bytes behind them. */
static char *colstr_store_all(const uint64_t *offsets, uint32_t from, uint32_t to, const uint8_t *data, char *heap, const rz_col_target *target)
{
    uint64_t base = offsets[from], size = offsets[to] - base;
    rz_string *out = colstr_out(target, 0);
    memcpy(heap, data, size);
    memset(heap + size, 0, COLSTR_SLACK); /* written over by what comes next */
    for (uint32_t i = from; i < to; i++) {
        const char *p = heap + (offsets[i] - base);
        uint32_t length = (uint32_t)(offsets[i + 1] - offsets[i]);
        rz_string text = colstr_inline((const uint8_t *)p, length);
        if (length > RZ_STRING_INLINE) {
            text.u.data = p;
        }
        out[i] = text;
    }
    return heap + size;
}

/* Strings [from, to) of the chunk, page by page: where the pool has no room for a window of several. */
static ruzu_status colstr_read_pages(rz_col_reader *reader, const rz_part *part, uint32_t from, uint32_t to, char **io_heap, const rz_col_target *target,
                                     rz_error *err)
{
    const uint64_t *offsets = reader->values;
    for (uint32_t i = from; i < to; i++) {
        char inlined[RZ_STRING_INLINE];
        uint64_t length = offsets[i + 1] - offsets[i];
        char *text = length > RZ_STRING_INLINE ? *io_heap : inlined;
        RZ_TRY(colstr_copy_by(reader, part, offsets[i], length, RZ_PAGE_SIZE, text, err));
        *colstr_out(target, i) = rz_string_make(text, (uint32_t)length);
        *io_heap += length > RZ_STRING_INLINE ? length : 0;
    }
    return RUZU_OK;
}

static ruzu_status colstr_read_plain(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_target *target, rz_error *err)
{
    const uint64_t *offsets = reader->values;
    uint64_t long_bytes = 0;
    RZ_TRY(rz_col_string_offsets(reader, part, RZ_SECTION_DATA, part->width, row, count, &long_bytes, err));
    char *heap = NULL;
    uint64_t all_bytes = offsets[count] - offsets[0];
    bool copies_all = long_bytes > all_bytes / 2; /* one copy of everything is cheaper than many of parts */
    if (long_bytes != 0) {
        heap = (char *)rz_arena_alloc(target->out->heap, copies_all ? all_bytes + COLSTR_SLACK : long_bytes);
        RZ_TRY_ALLOC(heap, err, "reading strings");
    }
    uint32_t i = 0;
    while (i < count) {
        /* As many strings as one window holds. */
        uint64_t room = RZ_COL_WINDOW_BYTES - (part->section_off[RZ_SECTION_BYTES] + offsets[i]) % RZ_PAGE_SIZE;
        uint32_t to = count;
        if (offsets[count] - offsets[i] > room) {
            to = i;
            while (offsets[to + 1] - offsets[i] <= room) {
                to++;
            }
        }
        if (to == i) {
            uint64_t length = offsets[i + 1] - offsets[i];
            rz_error refused;
            rz_error_init(&refused);
            ruzu_status status = colstr_copy(reader, part, offsets[i], length, heap, &refused);
            if (status == RUZU_ERROR_NO_MEMORY || status == RUZU_ERROR_LIMIT) {
                RZ_TRY(colstr_read_pages(reader, part, i, i + 1, &heap, target, err));
            } else if (status != RUZU_OK) {
                return rz_error_copy(err, &refused);
            } else {
                *colstr_out(target, i) = rz_string_make(heap, (uint32_t)length);
                heap += length;
            }
            i++;
            continue;
        }
        const uint8_t *data = NULL;
        uint64_t size = offsets[to] - offsets[i];
        rz_error refused;
        rz_error_init(&refused);
        ruzu_status status = size == 0 ? RUZU_OK : rz_col_fetch(reader, part, RZ_SECTION_BYTES, offsets[i], size, true, &data, &refused);
        if (status == RUZU_ERROR_NO_MEMORY || status == RUZU_ERROR_LIMIT) {
            RZ_TRY(colstr_read_pages(reader, part, i, to, &heap, target, err));
        } else if (status != RUZU_OK) {
            return rz_error_copy(err, &refused);
        } else if (size != 0) {
            heap = copies_all ? colstr_store_all(offsets, i, to, data, heap, target) : colstr_store(offsets, i, to, data, data + size, heap, target);
        } else {
            memset(colstr_out(target, i), 0, (to - i) * sizeof(rz_string));
        }
        i = to;
    }
    return RUZU_OK;
}

/* ---- scattered ---- */

/* Entry values[i] (below the number of entries) of offsets section + bytes section into each row. */
static ruzu_status colstr_gather_entries(rz_col_reader *reader, const rz_part *part, rz_section section, uint32_t width, uint32_t count,
                                         const rz_col_target *target, rz_error *err)
{
    uint64_t *values = reader->values;
    uint32_t *lengths = reader->lengths;
    uint64_t low = 0, high = 0, long_bytes = 0;
    bool sorted = rz_col_bounds(values, count, &low, &high);
    rz_col_access access;
    rz_col_access_begin(&access, reader, part, section, (low * width) >> 3, (((high + 1) * width) >> 3) + 8, count, sorted, err);
    uint64_t lowest = UINT64_MAX, highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t begin = rz_col_access_packed(&access, values[i], width);
        uint64_t end = rz_col_access_packed(&access, values[i] + 1, width);
        RZ_TRY(access.status);
        if (begin > end || end > part->byte_count || end - begin > UINT32_MAX) {
            return colstr_bad_offsets(reader, part, err);
        }
        values[i] = begin;
        lengths[i] = (uint32_t)(end - begin);
        long_bytes += lengths[i] > RZ_STRING_INLINE ? lengths[i] : 0;
        lowest = begin < lowest ? begin : lowest;
        highest = end > highest ? end : highest;
    }
    char *heap = NULL;
    if (long_bytes != 0) {
        heap = (char *)rz_arena_alloc(target->out->heap, long_bytes);
        RZ_TRY_ALLOC(heap, err, "reading strings");
    }
    if (highest == 0 || lowest >= highest) { /* only empty strings: there may be no byte to look at */
        for (uint32_t i = 0; i < count; i++) {
            *colstr_out(target, i) = rz_string_make("", 0);
        }
        return RUZU_OK;
    }
    rz_col_access_begin(&access, reader, part, RZ_SECTION_BYTES, lowest, highest - 1, count, sorted, err);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = lengths[i];
        const uint8_t *p = NULL;
        if (length > RZ_COL_WINDOW_BYTES - RZ_PAGE_SIZE) {
            RZ_TRY(colstr_copy(reader, part, values[i], length, heap, err));
            access.low = 1; /* its window may be gone */
            access.high = 0;
        } else if (length != 0) {
            p = rz_col_access_get(&access, values[i], length);
            if (p == NULL) {
                return access.status;
            }
            if (length > RZ_STRING_INLINE) {
                memcpy(heap, p, length);
            }
        }
        if (length > RZ_STRING_INLINE) {
            *colstr_out(target, i) = rz_string_make(heap, length);
            heap += length;
        } else {
            *colstr_out(target, i) = rz_string_make((const char *)p, length);
        }
    }
    return RUZU_OK;
}

/* ---- dictionaries ---- */

void rz_col_dictionary_free(rz_col_reader *reader)
{
    rz_col_dictionary *dictionary = &reader->dictionary;
    size_t count = dictionary->count;
    rz_mem_free(reader->mem, dictionary->entries, count * sizeof *dictionary->entries);
    rz_mem_free(reader->mem, dictionary->epochs, count * sizeof *dictionary->epochs);
    rz_mem_free(reader->mem, dictionary->offsets, (count + 1) * sizeof *dictionary->offsets);
    rz_mem_free(reader->mem, dictionary->bytes, dictionary->byte_count);
    uint32_t epoch = dictionary->epoch;
    memset(dictionary, 0, sizeof *dictionary);
    dictionary->epoch = epoch;
}

/* Reads all entries in. */
static ruzu_status colstr_dictionary_load(rz_col_reader *reader, const rz_part *part, rz_error *err)
{
    rz_col_dictionary *dictionary = &reader->dictionary;
    size_t count = part->aux_count;
    dictionary->count = part->aux_count;
    dictionary->byte_count = part->byte_count;
    dictionary->entries = (rz_string *)rz_mem_calloc(reader->mem, count, sizeof *dictionary->entries);
    dictionary->epochs = (uint32_t *)rz_mem_calloc(reader->mem, count, sizeof *dictionary->epochs);
    dictionary->offsets = (uint64_t *)rz_mem_calloc(reader->mem, count + 1, sizeof *dictionary->offsets);
    dictionary->bytes = (char *)rz_mem_alloc(reader->mem, part->byte_count);
    if (dictionary->entries == NULL || dictionary->epochs == NULL || dictionary->offsets == NULL || dictionary->bytes == NULL) {
        return rz_error_no_memory(err, "reading a dictionary");
    }
    for (uint32_t first = 0; first < part->aux_count; first += RZ_VECTOR_CAPACITY) {
        uint32_t n = part->aux_count - first < RZ_VECTOR_CAPACITY ? part->aux_count - first : RZ_VECTOR_CAPACITY;
        uint64_t long_bytes = 0;
        RZ_TRY(rz_col_string_offsets(reader, part, RZ_SECTION_AUX, part->aux_width, first, n, &long_bytes, err));
        memcpy(dictionary->offsets + first, reader->values, ((size_t)n + 1) * sizeof *dictionary->offsets);
    }
    RZ_TRY(colstr_copy(reader, part, 0, part->byte_count, dictionary->bytes, err));
    for (size_t i = 0; i < count; i++) {
        uint32_t length = (uint32_t)(dictionary->offsets[i + 1] - dictionary->offsets[i]);
        dictionary->entries[i] = rz_string_make(dictionary->bytes + dictionary->offsets[i], length);
        dictionary->epochs[i] = dictionary->epoch - 1;
    }
    dictionary->present = true;
    return RUZU_OK;
}

ruzu_status rz_col_dictionary_use(rz_col_reader *reader, const rz_part *part, uint32_t count, bool *out_use, rz_error *err)
{
    rz_col_dictionary *dictionary = &reader->dictionary;
    /* Parts are known by their pages and what those must contain: an address could be taken by another one meanwhile. */
    uint64_t hash = part->aux_count;
    for (uint64_t i = 0; i < part->pages.range.count; i++) {
        hash = (hash ^ part->pages.crcs[i]) * UINT64_C(0x9e3779b97f4a7c15);
    }
    if (dictionary->key_page != part->pages.range.start || dictionary->key_hash != hash) {
        rz_col_dictionary_free(reader);
        dictionary->key_page = part->pages.range.start;
        dictionary->key_hash = hash;
    }
    *out_use = dictionary->present;
    if (dictionary->present) {
        return RUZU_OK;
    }
    dictionary->rows_seen += count;
    if (dictionary->rows_seen >= part->aux_count / 4 && part->byte_count + part->aux_count * (uint64_t)28 <= COLSTR_DICTIONARY_MAX) {
        ruzu_status status = colstr_dictionary_load(reader, part, err);
        if (status != RUZU_OK) {
            rz_col_dictionary_free(reader);
            return status;
        }
        *out_use = true;
    }
    return RUZU_OK;
}

/* Codes (checked) to strings. Each long entry is copied into the heap once a call. */
static ruzu_status colstr_dictionary_store(rz_col_reader *reader, const uint32_t *codes, uint32_t count, const rz_col_target *target, rz_error *err)
{
    rz_col_dictionary *dictionary = &reader->dictionary;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t code = codes[i];
        rz_string *entry = &dictionary->entries[code];
        if (entry->length > RZ_STRING_INLINE && dictionary->epochs[code] != dictionary->epoch) {
            char *bytes = (char *)rz_arena_dup(target->out->heap, dictionary->bytes + dictionary->offsets[code], entry->length);
            RZ_TRY_ALLOC(bytes, err, "reading strings");
            entry->u.data = bytes;
            dictionary->epochs[code] = dictionary->epoch;
        }
        *colstr_out(target, i) = *entry;
    }
    return RUZU_OK;
}

/* Codes in reader->values, from wherever they were read, into reader->lengths. */
static ruzu_status colstr_check_codes(rz_col_reader *reader, const rz_part *part, uint32_t count, rz_error *err)
{
    uint64_t highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        highest = reader->values[i] > highest ? reader->values[i] : highest;
    }
    if (highest >= part->aux_count) {
        return rz_col_corrupt(reader, part, "a dictionary code is out of range", err);
    }
    rz_colk_narrow(sizeof *reader->lengths, reader->values, count, reader->lengths);
    return RUZU_OK;
}

ruzu_status rz_col_read_codes(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, rz_error *err)
{
    const uint8_t *data = NULL;
    uint64_t first = 0;
    uint32_t highest = 0;
    if (part->width > 32) {
        return rz_col_corrupt(reader, part, "a dictionary code is out of range", err);
    }
    if (part->width == 0) {
        memset(reader->lengths, 0, count * sizeof *reader->lengths);
    } else {
        RZ_TRY(rz_col_fetch_packed(reader, part, RZ_SECTION_DATA, row, count, part->width, &data, &first, err));
        rz_unpack_u32(data, first, count, part->width, 0, reader->lengths);
    }
    for (uint32_t i = 0; i < count; i++) {
        highest = reader->lengths[i] > highest ? reader->lengths[i] : highest;
    }
    return highest < part->aux_count ? RUZU_OK : rz_col_corrupt(reader, part, "a dictionary code is out of range", err);
}

/* Checked codes of the rows stand in reader->lengths. */
static ruzu_status colstr_from_codes(rz_col_reader *reader, const rz_part *part, uint32_t count, const rz_col_target *target, rz_error *err)
{
    bool use = false;
    RZ_TRY(rz_col_dictionary_use(reader, part, count, &use, err));
    if (use) {
        return colstr_dictionary_store(reader, reader->lengths, count, target, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        reader->values[i] = reader->lengths[i];
    }
    return colstr_gather_entries(reader, part, RZ_SECTION_AUX, part->aux_width, count, target, err);
}

/* ---- entry points ---- */

ruzu_status rz_col_read_strings(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_target *target, rz_error *err)
{
    if (part->codec == RZ_CODEC_CONSTANT) {
        return colstr_constant(part, count, target, err);
    }
    if (part->codec == RZ_CODEC_PLAIN) {
        return colstr_read_plain(reader, part, row, count, target, err);
    }
    if (part->codec != RZ_CODEC_DICTIONARY) {
        return rz_col_corrupt(reader, part, "unknown codec", err);
    }
    RZ_TRY(rz_col_read_codes(reader, part, row, count, err));
    return colstr_from_codes(reader, part, count, target, err);
}

ruzu_status rz_col_gather_strings(rz_col_reader *reader, const rz_part *part, uint32_t count, const rz_col_target *target, rz_error *err)
{
    if (part->codec == RZ_CODEC_CONSTANT) {
        return colstr_constant(part, count, target, err);
    }
    if (part->codec == RZ_CODEC_PLAIN) {
        return colstr_gather_entries(reader, part, RZ_SECTION_DATA, part->width, count, target, err);
    }
    if (part->codec != RZ_CODEC_DICTIONARY) {
        return rz_col_corrupt(reader, part, "unknown codec", err);
    }
    RZ_TRY(rz_col_gather_packed(reader, part, RZ_SECTION_DATA, part->width, reader->values, count, err));
    RZ_TRY(colstr_check_codes(reader, part, count, err));
    return colstr_from_codes(reader, part, count, target, err);
}

#define COLSTR_ENTRIES_BYTES 16384u /* of all texts of a dictionary that is copied for a chunk */

/* All texts of the reader's dictionary into rows 0 … of entries, and NULL behind them. */
static ruzu_status colstr_put_entries(const rz_col_dictionary *dictionary, rz_vec *entries, rz_error *err)
{
    char *bytes = (char *)rz_arena_dup(entries->heap, dictionary->bytes, dictionary->byte_count);
    if (dictionary->byte_count != 0) {
        RZ_TRY_ALLOC(bytes, err, "reading strings");
    }
    rz_string *out = (rz_string *)entries->data;
    for (uint32_t i = 0; i < dictionary->count; i++) {
        uint64_t begin = dictionary->offsets[i];
        out[i] = rz_string_make(bytes + begin, (uint32_t)(dictionary->offsets[i + 1] - begin));
    }
    rz_vec_set_null(entries, dictionary->count);
    return RUZU_OK;
}

/* NULL rows show the entry behind the dictionary's. */
static ruzu_status colstr_null_codes(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, uint32_t *codes, rz_error *err)
{
    const uint8_t *valid = NULL;
    uint64_t mask[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)] = {0};
    RZ_TRY(rz_col_fetch(reader, part, RZ_SECTION_VALIDITY, row / 8, (row + count + 7) / 8 - row / 8, true, &valid, err));
    rz_colk_copy_bits(mask, 0, valid, row % 8, count);
    for (uint32_t i = 0; i < count; i++) {
        codes[i] = rz_bit_get(mask, i) ? codes[i] : part->aux_count;
    }
    return RUZU_OK;
}

ruzu_status rz_col_read_entries(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, rz_vec *entries, uint32_t *codes,
                                bool *out_done, rz_error *err)
{
    *out_done = false;
    if (reader->physical != RZ_PHYS_STRING || count > RZ_VECTOR_CAPACITY || first >= segment->rows || count > segment->rows - first) {
        return RUZU_OK;
    }
    const rz_part *part = rz_segment_part_at(segment, first);
    uint32_t row = (uint32_t)(first - part->first_row);
    uint32_t changed = 0;
    bool use = false;
    if (count > part->rows - row || part->codec != RZ_CODEC_DICTIONARY || part->null_count == part->rows || part->aux_count >= count / 4 ||
        part->byte_count > COLSTR_ENTRIES_BYTES) {
        return RUZU_OK;
    }
    if (segment->overlay != NULL) {
        RZ_TRY(rz_col_overlay_count(reader, segment, first, count, &changed, err));
    }
    if (part->aux_count + 1 + changed > entries->capacity || part->aux_count + changed >= count / 2) {
        return RUZU_OK;
    }
    RZ_TRY(rz_col_dictionary_use(reader, part, count, &use, err));
    if (!use) {
        return RUZU_OK;
    }
    RZ_TRY(rz_col_read_codes(reader, part, row, count, err));
    memcpy(codes, reader->lengths, count * sizeof *codes);
    rz_vec_reset(entries);
    RZ_TRY(colstr_put_entries(&reader->dictionary, entries, err));
    *out_done = true;
    if (part->has_validity) {
        RZ_TRY(colstr_null_codes(reader, part, row, count, codes, err));
    }
    return changed == 0 ? RUZU_OK : rz_col_overlay_entries(reader, segment, first, count, entries, part->aux_count + 1, codes, err);
}

/* ---- how long texts are ---- */

/* Rows of a dictionary. A decoded one copies an entry once a call; before that, each row copies its own. */
static ruzu_status colstr_code_bytes(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, uint64_t *io_bytes, rz_error *err)
{
    rz_col_access access;
    if (count >= part->aux_count / 4 && part->byte_count + part->aux_count * (uint64_t)28 <= COLSTR_DICTIONARY_MAX) {
        *io_bytes += part->byte_count; /* so many rows decode it */
        return RUZU_OK;
    }
    RZ_TRY(rz_col_read_codes(reader, part, row, count, err));
    rz_col_access_begin(&access, reader, part, RZ_SECTION_AUX, 0, (((uint64_t)part->aux_count * part->aux_width) >> 3) + 8, count, false, err);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t begin = rz_col_access_packed(&access, reader->lengths[i], part->aux_width);
        uint64_t end = rz_col_access_packed(&access, reader->lengths[i] + UINT64_C(1), part->aux_width);
        RZ_TRY(access.status);
        if (begin > end || end > part->byte_count) {
            return colstr_bad_offsets(reader, part, err);
        }
        *io_bytes += end - begin;
    }
    return RUZU_OK;
}

ruzu_status rz_col_string_bytes(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, uint64_t *io_bytes, rz_error *err)
{
    uint64_t long_bytes = 0;
    switch (part->codec) {
    case RZ_CODEC_PLAIN:
        RZ_TRY(rz_col_string_offsets(reader, part, RZ_SECTION_DATA, part->width, row, count, &long_bytes, err));
        *io_bytes += long_bytes;
        return RUZU_OK;
    case RZ_CODEC_DICTIONARY: return colstr_code_bytes(reader, part, row, count, io_bytes, err);
    default: return RUZU_OK; /* a constant is short, and there once */
    }
}
