/* SPDX-License-Identifier: MIT */
/*
 * Column readers: pinned windows, splitting requests into parts and chunks, validity, and the way down nested types.
 */
#include "storage/column/reader.h"

#include <inttypes.h>

/* ---- creation ---- */

static ruzu_status colread_init(rz_col_reader *reader, rz_mem *mem, rz_pool *pool, const rz_type *type, const char *what, rz_error *err)
{
    reader->mem = mem;
    reader->pool = pool;
    reader->type = type;
    reader->what = what;
    reader->physical = (rz_physical)type->physical;
    reader->size = rz_physical_size(reader->physical);
    reader->values = (uint64_t *)rz_mem_calloc(mem, RZ_VECTOR_CAPACITY + 1, sizeof *reader->values);
    reader->lengths = (uint32_t *)rz_mem_calloc(mem, RZ_VECTOR_CAPACITY + 1, sizeof *reader->lengths);
    if (reader->values == NULL || reader->lengths == NULL) {
        return rz_error_no_memory(err, "creating a column reader");
    }
    if (reader->physical == RZ_PHYS_LIST) {
        reader->positions = (uint32_t *)rz_mem_calloc(mem, RZ_VECTOR_CAPACITY, sizeof *reader->positions);
        RZ_TRY_ALLOC(reader->positions, err, "creating a column reader");
    }
    uint32_t child_count = rz_column_child_count(type);
    if (child_count == 0) {
        return RUZU_OK;
    }
    reader->children = (rz_col_reader *)rz_mem_calloc(mem, child_count, sizeof *reader->children);
    RZ_TRY_ALLOC(reader->children, err, "creating a column reader");
    reader->child_count = child_count;
    for (uint32_t i = 0; i < child_count; i++) {
        RZ_TRY(colread_init(&reader->children[i], mem, pool, rz_column_child_type(type, i), what, err)); /* as deep as the type */
    }
    return RUZU_OK;
}

ruzu_status rz_col_reader_create(rz_mem *mem, rz_pool *pool, const rz_type *type, const char *what, rz_col_reader **out, rz_error *err)
{
    *out = NULL;
    rz_col_reader *reader = (rz_col_reader *)rz_mem_calloc(mem, 1, sizeof *reader);
    RZ_TRY_ALLOC(reader, err, "creating a column reader");
    reader->mem = mem;
    reader->pool = pool;
    ruzu_status status = colread_init(reader, mem, pool, type, what, err);
    if (status != RUZU_OK) {
        rz_col_reader_free(reader);
        return status;
    }
    *out = reader;
    return RUZU_OK;
}

void rz_col_reader_release(rz_col_reader *reader)
{
    for (uint32_t i = 0; i < RZ_SECTION_COUNT; i++) {
        for (uint32_t j = 0; j < RZ_COL_WINDOWS; j++) {
            if (reader->streams[i].windows[j].pin.page_count != 0) {
                rz_pool_unpin(reader->pool, &reader->streams[i].windows[j].pin);
            }
        }
    }
    for (uint32_t i = 0; i < reader->child_count; i++) {
        rz_col_reader_release(&reader->children[i]);
    }
    rz_col_overlay_reader_release(reader);
}

static void colread_deinit(rz_col_reader *reader)
{
    rz_mem_free(reader->mem, reader->values, (RZ_VECTOR_CAPACITY + 1) * sizeof *reader->values);
    rz_mem_free(reader->mem, reader->lengths, (RZ_VECTOR_CAPACITY + 1) * sizeof *reader->lengths);
    rz_mem_free(reader->mem, reader->positions, RZ_VECTOR_CAPACITY * sizeof *reader->positions);
    rz_col_dictionary_free(reader);
    rz_col_overlay_reader_free(reader);
    for (uint32_t i = 0; i < reader->child_count; i++) {
        if (reader->children[i].mem != NULL) {
            colread_deinit(&reader->children[i]);
        }
    }
    rz_mem_free(reader->mem, reader->children, reader->child_count * sizeof *reader->children);
}

void rz_col_reader_free(rz_col_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    rz_col_reader_release(reader);
    colread_deinit(reader);
    rz_mem_free(reader->mem, reader, sizeof *reader);
}

ruzu_status rz_col_corrupt(const rz_col_reader *reader, const rz_part *part, const char *problem, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s, segment at page %" PRIu64 ": %s", reader->what, part->pages.range.start,
                        problem);
}

/* ---- windows ---- */

static ruzu_status colread_pin(rz_col_reader *reader, const rz_part *part, uint64_t first, uint32_t count, bool scan, rz_pin *out, rz_error *err)
{
    return scan ? rz_pool_pin_scan(reader->pool, &part->pages, first, count, reader->what, out, err)
                : rz_pool_pin(reader->pool, &part->pages, first, count, reader->what, out, err);
}

static void colread_unpin_section(rz_col_reader *reader, rz_section section)
{
    for (uint32_t i = 0; i < RZ_COL_WINDOWS; i++) {
        rz_pin *pin = &reader->streams[section].windows[i].pin;
        if (pin->page_count != 0) {
            rz_pool_unpin(reader->pool, pin);
        }
    }
}

/* Pins what is needed and no more. In a full pool the section's other windows make room: nobody looks into them now. */
static ruzu_status colread_pin_least(rz_col_reader *reader, const rz_part *part, rz_section section, uint64_t first, uint32_t count, bool scan,
                                     rz_col_window *window, rz_error *err)
{
    rz_error ignored;
    rz_error_init(&ignored);
    ruzu_status status = colread_pin(reader, part, first, count, scan, &window->pin, &ignored);
    if (status == RUZU_ERROR_NO_MEMORY || status == RUZU_ERROR_LIMIT) {
        memset(&window->pin, 0, sizeof window->pin);
        colread_unpin_section(reader, section);
        status = colread_pin(reader, part, first, count, scan, &window->pin, err);
    } else if (status != RUZU_OK) {
        rz_error_copy(err, &ignored);
    }
    if (status != RUZU_OK) {
        memset(&window->pin, 0, sizeof window->pin);
    }
    return status;
}

/* The window that holds pages [first, first + count) of the part. When one has to be opened and the pool has room, it is pages
 * [wide_first, wide_first + wide_count), which include those. */
static ruzu_status colread_window(rz_col_reader *reader, const rz_part *part, rz_section section, uint64_t first, uint64_t count, uint64_t wide_first,
                                  uint64_t wide_count, bool scan, const rz_col_window **out, rz_error *err)
{
    rz_col_stream *stream = &reader->streams[section];
    uint64_t page = part->pages.range.start + first;

    for (uint32_t i = 0; i < RZ_COL_WINDOWS; i++) {
        uint32_t at = (stream->last + i) % RZ_COL_WINDOWS;
        const rz_col_window *window = &stream->windows[at];
        if (page >= window->first_page && page + count <= window->first_page + window->pin.page_count) {
            stream->last = at;
            *out = window;
            return RUZU_OK;
        }
    }
    if (count > RZ_WINDOW_PAGES || first + count > part->pages.range.count) { /* guards against a defect here: sizes were checked */
        return rz_col_corrupt(reader, part, "a section leaves its pages", err);
    }
    wide_count = wide_count < RZ_WINDOW_PAGES ? wide_count : RZ_WINDOW_PAGES;
    wide_count = wide_count < part->pages.range.count - wide_first ? wide_count : part->pages.range.count - wide_first;
    rz_col_window *window = &stream->windows[stream->next];
    stream->last = stream->next;
    stream->next = (stream->next + 1) % RZ_COL_WINDOWS;
    if (window->pin.page_count != 0) {
        rz_pool_unpin(reader->pool, &window->pin);
    }
    memset(&window->pin, 0, sizeof window->pin);
    if (scan && count > RZ_COL_AHEAD_PAGES) { /* long texts: a scan does not come back, and its windows would be most of a small pool */
        colread_unpin_section(reader, section);
    }
    if (wide_count > count && wide_first <= first && wide_first + wide_count >= first + count) {
        rz_error ignored;
        rz_error_init(&ignored);
        ruzu_status status = colread_pin(reader, part, wide_first, (uint32_t)wide_count, scan, &window->pin, &ignored);
        if (status == RUZU_OK) {
            window->first_page = part->pages.range.start + wide_first;
            *out = window;
            return RUZU_OK;
        }
        /* Reading ahead must not fail a reader that does not need those pages. */
        memset(&window->pin, 0, sizeof window->pin);
    }
    window->first_page = page;
    *out = window;
    return colread_pin_least(reader, part, section, first, (uint32_t)count, scan, window, err);
}

ruzu_status rz_col_fetch(rz_col_reader *reader, const rz_part *part, rz_section section, uint64_t off, uint64_t size, bool scan, const uint8_t **out,
                         rz_error *err)
{
    uint64_t begin = part->section_off[section] + off;
    uint64_t first = begin / RZ_PAGE_SIZE;
    uint64_t count = (begin + (size == 0 ? 1 : size) - 1) / RZ_PAGE_SIZE - first + 1;
    const rz_col_window *window = NULL;
    *out = NULL;
    RZ_TRY(colread_window(reader, part, section, first, count, first, scan ? RZ_COL_AHEAD_PAGES : count, scan, &window, err));
    *out = window->pin.data + (begin - (window->first_page - part->pages.range.start) * RZ_PAGE_SIZE);
    return RUZU_OK;
}

bool rz_col_bounds(const uint64_t *values, uint32_t count, uint64_t *out_low, uint64_t *out_high)
{
    uint64_t low = values[0], high = values[0];
    bool sorted = true;
    for (uint32_t i = 1; i < count; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
        sorted &= values[i] >= values[i - 1];
    }
    *out_low = low;
    *out_high = high;
    return sorted;
}

void rz_col_access_begin(rz_col_access *access, rz_col_reader *reader, const rz_part *part, rz_section section, uint64_t lowest, uint64_t highest,
                         uint64_t count, bool sorted, rz_error *err)
{
    access->reader = reader;
    access->part = part;
    access->section = section;
    access->data = NULL;
    access->low = 1;
    access->high = 0;
    access->status = RUZU_OK;
    access->err = err;
    access->window_pages = 1;
    access->first_page = (part->section_off[section] + lowest) / RZ_PAGE_SIZE;
    uint64_t pages = (part->section_off[section] + highest) / RZ_PAGE_SIZE - access->first_page + 1;
    if (pages == 1) {
        return;
    }
    if (pages <= RZ_WINDOW_PAGES && pages <= 2 * count) {
        /* One window over everything serves rows in any order. (When the pool has no room for it, windows are opened as they are needed.) */
        access->window_pages = (uint32_t)pages;
        (void)rz_col_access_miss(access, lowest, 1);
    } else if (pages <= RZ_COL_WINDOWS * RZ_WINDOW_PAGES && pages <= count) {
        access->window_pages = RZ_WINDOW_PAGES; /* all windows together cover everything */
    } else if (sorted && pages <= 2 * count) {
        access->window_pages = RZ_COL_AHEAD_PAGES;
    } /* else few rows far from each other: page by page */
}

const uint8_t *rz_col_access_miss(rz_col_access *access, uint64_t off, uint64_t size)
{
    const rz_part *part = access->part;
    if (access->status != RUZU_OK) {
        return NULL;
    }
    uint64_t section_off = part->section_off[access->section];
    uint64_t begin = section_off + off;
    uint64_t first = begin / RZ_PAGE_SIZE;
    uint64_t end = begin + (size == 0 ? 1 : size);
    if (end > part->size_bytes) {
        end = part->size_bytes; /* packed values fetch a byte more than they need; the page has it */
    }
    uint64_t count = begin >= end ? 1 : (end - 1) / RZ_PAGE_SIZE - first + 1;
    const rz_col_window *window = NULL;
    uint64_t wide_first = first;
    if (access->window_pages > 1 && first >= access->first_page) {
        wide_first = first - (first - access->first_page) % access->window_pages;
    }
    access->status = colread_window(access->reader, part, access->section, first, count, wide_first, access->window_pages, false, &window, access->err);
    if (access->status != RUZU_OK) {
        return NULL;
    }
    uint64_t low = (window->first_page - part->pages.range.start) * RZ_PAGE_SIZE;
    uint64_t high = low + (uint64_t)window->pin.page_count * RZ_PAGE_SIZE;
    access->data = window->pin.data + (low < section_off ? section_off - low : 0);
    access->low = low < section_off ? 0 : low - section_off;
    access->high = high - section_off;
    return access->data + (off - access->low);
}

/* ---- validity ---- */

/* The own bitmap of a flat vector, all ones for the rows that nobody has written yet. */
static uint64_t *colread_own_validity(rz_vec *out)
{
    if (out->validity == NULL) {
        memset(out->validity_buffer, 0xff, RZ_BITMAP_WORDS((size_t)out->capacity) * sizeof *out->validity_buffer);
        out->validity = out->validity_buffer;
    }
    RZ_ASSERT(out->validity == out->validity_buffer);
    return out->validity;
}

static void colread_set_validity(const rz_col_target *target, uint32_t count, bool valid)
{
    if (valid && target->out->validity == NULL) {
        return;
    }
    uint64_t *bits = colread_own_validity(target->out);
    if (target->rows == NULL) {
        rz_colk_set_bits(bits, target->start, count, valid);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (valid) {
            rz_bit_set(bits, target->rows[i]);
        } else {
            rz_bit_clear(bits, target->rows[i]);
        }
    }
}

static ruzu_status colread_validity(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, const rz_col_target *target, rz_error *err)
{
    if (!part->has_validity) {
        colread_set_validity(target, count, part->null_count == 0);
        return RUZU_OK;
    }
    const uint8_t *bits = NULL;
    RZ_TRY(rz_col_fetch(reader, part, RZ_SECTION_VALIDITY, row / 8, (row + count + 7) / 8 - row / 8, true, &bits, err));
    if (target->out->validity != NULL || !rz_colk_all_bits(bits, row % 8, count)) { /* loops over vectors without NULLs are the fast ones */
        rz_colk_copy_bits(colread_own_validity(target->out), target->start, bits, row % 8, count);
    }
    return RUZU_OK;
}

/* Rows in reader->values. */
static ruzu_status colread_gather_validity(rz_col_reader *reader, const rz_part *part, uint32_t count, const rz_col_target *target, rz_error *err)
{
    if (!part->has_validity) {
        colread_set_validity(target, count, part->null_count == 0);
        return RUZU_OK;
    }
    rz_col_access access;
    rz_col_access_begin(&access, reader, part, RZ_SECTION_VALIDITY, 0, (part->rows - 1) / 8, count, false, err);
    uint64_t *bits = target->out->validity == NULL ? NULL : colread_own_validity(target->out); /* wanted from the first NULL on */
    for (uint32_t i = 0; i < count; i++) {
        uint64_t row = reader->values[i];
        const uint8_t *byte = rz_col_access_get(&access, row / 8, 1);
        if (byte == NULL) {
            return access.status;
        }
        uint32_t at = rz_col_target_at(target, i);
        if (((*byte >> (row % 8)) & 1u) == 0) {
            bits = bits != NULL ? bits : colread_own_validity(target->out);
            rz_bit_clear(bits, at);
        } else if (bits != NULL) {
            rz_bit_set(bits, at);
        }
    }
    return RUZU_OK;
}

/* ---- trees ---- */

/* Strings copied into a heap by an earlier call are not to be shown by this one. */
static void colread_next_call(rz_col_reader *reader)
{
    reader->dictionary.epoch++;
    if (reader->dictionary.epoch == 0) { /* the stamps of 2^32 calls ago would look fresh */
        rz_col_dictionary_free(reader);
    }
}

/* Tags choose a child by number wherever the vector goes, so they must name one. */
static ruzu_status colread_check_tags(const rz_col_reader *reader, const rz_segment *segment, const rz_col_target *target, uint32_t count, rz_error *err)
{
    const uint8_t *tags = (const uint8_t *)target->out->children[0]->data;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = rz_col_target_at(target, i);
        if (tags[at] >= segment->type->field_count && (target->out->validity == NULL || rz_bit_get(target->out->validity, at))) {
            return rz_col_corrupt(reader, &segment->parts[0], "a tag of a union names no member", err);
        }
    }
    return RUZU_OK;
}

static ruzu_status colread_chunk(rz_col_reader *reader, const rz_segment *segment, const rz_part *part, uint32_t row, uint32_t count,
                                 const rz_col_target *target, rz_error *err)
{
    RZ_TRY(colread_validity(reader, part, row, count, target, err));
    if (reader->physical == RZ_PHYS_STRUCT) {
        return RUZU_OK;
    }
    if (reader->physical == RZ_PHYS_LIST) {
        return rz_col_read_lists(reader, segment, part, row, count, target, err);
    }
    if (part->null_count == part->rows) {
        if (reader->size != 0) {
            memset((uint8_t *)target->out->data + (size_t)target->start * reader->size, 0, (size_t)count * reader->size);
        }
        return RUZU_OK;
    }
    return reader->physical == RZ_PHYS_STRING ? rz_col_read_strings(reader, part, row, count, target, err)
                                              : rz_col_read_fixed(reader, part, row, count, target, err);
}

ruzu_status rz_col_read_tree(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint64_t count, rz_vec *out, uint32_t out_start,
                             rz_error *err)
{
    if (count == 0) {
        return RUZU_OK;
    }
    if (reader->physical == RZ_PHYS_NONE) {
        rz_vec_set_all_null(out);
        return RUZU_OK;
    }
    RZ_ASSERT(out->kind == RZ_VEC_FLAT && (uint64_t)out_start + count <= out->capacity);
    colread_next_call(reader);
    rz_col_target target = {out, NULL, out_start};
    const rz_part *part = rz_segment_part_at(segment, first);
    uint64_t row = first, end = first + count;
    while (row < end) {
        uint64_t part_end = part->first_row + part->rows;
        uint64_t n = (part_end < end ? part_end : end) - row;
        n = n < RZ_VECTOR_CAPACITY ? n : RZ_VECTOR_CAPACITY;
        RZ_TRY(colread_chunk(reader, segment, part, (uint32_t)(row - part->first_row), (uint32_t)n, &target, err));
        row += n;
        target.start += (uint32_t)n;
        part += row == part_end;
    }
    if (reader->physical == RZ_PHYS_STRUCT) {
        for (uint32_t i = 0; i < reader->child_count; i++) {
            RZ_TRY(rz_col_read_tree(&reader->children[i], &segment->children[i], first, count, out->children[i], out_start, err));
        }
        if (reader->type->id == RUZU_TYPE_UNION) {
            target.start = out_start;
            return colread_check_tags(reader, segment, &target, (uint32_t)count, err);
        }
    }
    return RUZU_OK;
}

/* Rows in reader->values. */
static ruzu_status colread_gather_chunk(rz_col_reader *reader, const rz_segment *segment, const rz_part *part, uint32_t count,
                                        const rz_col_target *target, rz_error *err)
{
    RZ_TRY(colread_gather_validity(reader, part, count, target, err));
    if (reader->physical == RZ_PHYS_STRUCT) {
        return RUZU_OK;
    }
    if (reader->physical == RZ_PHYS_LIST) {
        return rz_col_gather_lists(reader, segment, part, count, target, err);
    }
    if (part->null_count == part->rows) {
        for (uint32_t i = 0; i < count; i++) {
            memset((uint8_t *)target->out->data + (size_t)rz_col_target_at(target, i) * reader->size, 0, reader->size);
        }
        return RUZU_OK;
    }
    return reader->physical == RZ_PHYS_STRING ? rz_col_gather_strings(reader, part, count, target, err)
                                              : rz_col_gather_fixed(reader, part, count, target, err);
}

ruzu_status rz_col_gather_tree(rz_col_reader *reader, const rz_segment *segment, const uint32_t *rows, const uint32_t *out_rows, uint32_t out_start,
                               uint32_t count, rz_vec *out, rz_error *err)
{
    if (reader->physical == RZ_PHYS_NONE) {
        rz_vec_set_all_null(out);
        return RUZU_OK;
    }
    RZ_ASSERT(out->kind == RZ_VEC_FLAT);
    colread_next_call(reader);
    uint32_t done = 0;
    while (done < count) {
        /* The next rows that lie in one part. */
        const rz_part *part = rz_segment_part_at(segment, rows[done]);
        uint32_t most = count - done < RZ_VECTOR_CAPACITY ? count - done : RZ_VECTOR_CAPACITY;
        uint32_t n = 0;
        while (n < most && rows[done + n] - part->first_row < part->rows) { /* smaller rows wrap around */
            reader->values[n] = rows[done + n] - part->first_row;
            n++;
        }
        rz_col_target target = {out, out_rows == NULL ? NULL : out_rows + done, out_start + done};
        RZ_TRY(colread_gather_chunk(reader, segment, part, n, &target, err));
        done += n;
    }
    if (reader->physical == RZ_PHYS_STRUCT) {
        for (uint32_t i = 0; i < reader->child_count; i++) {
            RZ_TRY(rz_col_gather_tree(&reader->children[i], &segment->children[i], rows, out_rows, out_start, count, out->children[i], err));
        }
        if (reader->type->id == RUZU_TYPE_UNION && count != 0) {
            rz_col_target target = {out, out_rows, out_start};
            return colread_check_tags(reader, segment, &target, count, err);
        }
    }
    return RUZU_OK;
}

/* ---- entry points ---- */

static ruzu_status colread_outside(const rz_col_reader *reader, uint64_t row, const rz_segment *segment, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: row %" PRIu64 " is wanted of a segment of %" PRIu64 " rows", reader->what, row,
                        segment->rows);
}

ruzu_status rz_col_read(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, rz_vec *out, uint32_t out_start, rz_error *err)
{
    if (count > segment->rows || first > segment->rows - count) {
        return colread_outside(reader, first + count, segment, err);
    }
    RZ_TRY(rz_col_read_tree(reader, segment, first, count, out, out_start, err));
    return RZ_LIKELY(segment->overlay == NULL) ? RUZU_OK : rz_col_overlay_read(reader, segment, first, count, out, out_start, err);
}

ruzu_status rz_col_gather(rz_col_reader *reader, const rz_segment *segment, const uint32_t *rows, const uint32_t *out_rows, uint32_t count, rz_vec *out,
                          rz_error *err)
{
    uint32_t highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        highest = rows[i] > highest ? rows[i] : highest;
    }
    if (count != 0 && highest >= segment->rows) {
        return colread_outside(reader, highest, segment, err);
    }
    /* Neighbouring rows, as sorted offsets often are, are read like a block. */
    if (count > 1 && out_rows == NULL && highest - rows[0] == count - 1) {
        uint32_t i = 1;
        while (i < count && rows[i] == rows[0] + i) {
            i++;
        }
        if (i == count) {
            return rz_col_read(reader, segment, rows[0], count, out, 0, err);
        }
    }
    RZ_TRY(rz_col_gather_tree(reader, segment, rows, out_rows, 0, count, out, err));
    return RZ_LIKELY(segment->overlay == NULL) ? RUZU_OK : rz_col_overlay_gather(reader, segment, rows, out_rows, count, out, err);
}

/* Lists and structures are not looked into: texts in them take what they take on the average. */
static bool colread_nested(const rz_col_reader *reader)
{
    return reader->physical == RZ_PHYS_LIST || reader->physical == RZ_PHYS_STRUCT;
}

ruzu_status rz_col_text_bytes(rz_col_reader *reader, const rz_segment *segment, uint64_t first, uint32_t count, uint64_t *io_bytes, rz_error *err)
{
    if (count > segment->rows || first > segment->rows - count) {
        return colread_outside(reader, first + count, segment, err);
    }
    if (colread_nested(reader)) {
        *io_bytes += count == 0 ? 0 : (rz_segment_page_count(segment) * RZ_PAGE_SIZE / segment->rows + 1) * count;
    }
    if (reader->physical != RZ_PHYS_STRING) {
        return RUZU_OK;
    }
    for (uint32_t done = 0; done < count;) {
        const rz_part *part = rz_segment_part_at(segment, first + done);
        uint32_t row = (uint32_t)(first + done - part->first_row);
        uint32_t take = count - done < part->rows - row ? count - done : part->rows - row;
        if (part->null_count != part->rows) {
            RZ_TRY(rz_col_string_bytes(reader, part, row, take, io_bytes, err));
        }
        done += take;
    }
    return RZ_LIKELY(segment->overlay == NULL) ? RUZU_OK : rz_col_overlay_bytes(reader, segment, first, count, io_bytes, err);
}
