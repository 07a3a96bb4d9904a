/* SPDX-License-Identifier: MIT */
/*
 * Reading LIST, MAP and ARRAY: entries of the rows, and their elements from the child segment.
 */
#include "storage/column/reader.h"

#define COLLIST_RANGE_MIN 64u /* elements: longer lists are read as a range, shorter ones are gathered together */

static ruzu_status collist_too_many(rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_LIMIT, "The lists of one vector may hold at most %u elements together.", UINT32_MAX);
}

/* Starts of rows [row, row + count] into reader->values, checked. */
static ruzu_status collist_starts(rz_col_reader *reader, const rz_part *part, uint32_t row, uint32_t count, rz_error *err)
{
    uint64_t *starts = reader->values;
    if (part->width == 0) {
        memset(starts, 0, (count + 1) * sizeof *starts);
        return RUZU_OK;
    }
    const uint8_t *data = NULL;
    uint64_t first = row & ~7u; /* eight values are a whole number of bytes */
    uint64_t begin = (first * part->width) >> 3;
    RZ_TRY(rz_col_fetch(reader, part, RZ_SECTION_DATA, begin, rz_packed_end_byte(row, (uint64_t)count + 1, part->width) - begin, true, &data, err));
    rz_unpack(data, row - first, (uint64_t)count + 1, part->width, 0, starts);
    bool bad = starts[count] > part->byte_count;
    for (uint32_t i = 0; i < count; i++) {
        bad |= starts[i] > starts[i + 1];
    }
    return bad ? rz_col_corrupt(reader, part, "the starts of lists are out of order", err) : RUZU_OK;
}

ruzu_status rz_col_read_lists(rz_col_reader *reader, const rz_segment *segment, const rz_part *part, uint32_t row, uint32_t count,
                              const rz_col_target *target, rz_error *err)
{
    rz_list_entry *entries = (rz_list_entry *)target->out->data + target->start;
    uint64_t first, total;
    uint32_t offset = 0;

    if (rz_column_is_array(reader->type)) {
        uint32_t length = reader->type->array_length;
        first = (part->first_row + row) * length;
        total = (uint64_t)count * length;
        if (total > UINT32_MAX) {
            return collist_too_many(err);
        }
        RZ_TRY(rz_vec_list_reserve(target->out, (uint32_t)total, &offset, err));
        for (uint32_t i = 0; i < count; i++) {
            entries[i] = (rz_list_entry){offset + i * length, length};
        }
    } else {
        RZ_TRY(collist_starts(reader, part, row, count, err));
        const uint64_t *starts = reader->values;
        first = part->first_element + starts[0];
        total = starts[count] - starts[0];
        RZ_TRY(rz_vec_list_reserve(target->out, (uint32_t)total, &offset, err)); /* elements of a part are at most 2^32 - 1 */
        for (uint32_t i = 0; i < count; i++) {
            entries[i] = (rz_list_entry){offset + (uint32_t)(starts[i] - starts[0]), (uint32_t)(starts[i + 1] - starts[i])};
        }
    }
    return rz_col_read_tree(&reader->children[0], &segment->children[0], first, total, target->out->children[0], offset, err);
}

/* Start (in the part) and length of each row in reader->values, to values and lengths. */
static ruzu_status collist_gather_starts(rz_col_reader *reader, const rz_part *part, uint32_t count, rz_error *err)
{
    uint64_t *values = reader->values;
    uint32_t *lengths = reader->lengths;
    uint32_t width = part->width;
    uint64_t low = 0, high = 0;
    bool sorted = rz_col_bounds(values, count, &low, &high);
    rz_col_access access;
    rz_col_access_begin(&access, reader, part, RZ_SECTION_DATA, (low * width) >> 3, (((high + 1) * width) >> 3) + 8, count, sorted, err);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t begin = rz_col_access_packed(&access, values[i], width);
        uint64_t end = rz_col_access_packed(&access, values[i] + 1, width);
        RZ_TRY(access.status);
        if (begin > end || end > part->byte_count) {
            return rz_col_corrupt(reader, part, "the starts of lists are out of order", err);
        }
        values[i] = begin;
        lengths[i] = (uint32_t)(end - begin);
    }
    return RUZU_OK;
}

/* The elements of lists (first element values[i], length lengths[i]) into the child from offset on. */
static ruzu_status collist_gather_elements(rz_col_reader *reader, const rz_segment *segment, uint32_t count, rz_vec *child, uint32_t offset, rz_error *err)
{
    rz_col_reader *elements = &reader->children[0];
    const rz_segment *child_segment = &segment->children[0];
    uint32_t fill = 0; /* positions collected; their elements go to offset … */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = reader->lengths[i];
        bool range = length >= COLLIST_RANGE_MIN || length > RZ_VECTOR_CAPACITY;
        if (range || fill + length > RZ_VECTOR_CAPACITY) {
            RZ_TRY(rz_col_gather_tree(elements, child_segment, reader->positions, NULL, offset, fill, child, err));
            offset += fill;
            fill = 0;
        }
        if (range) {
            RZ_TRY(rz_col_read_tree(elements, child_segment, reader->values[i], length, child, offset, err));
            offset += length;
            continue;
        }
        for (uint32_t j = 0; j < length; j++) {
            reader->positions[fill++] = (uint32_t)(reader->values[i] + j);
        }
    }
    return rz_col_gather_tree(elements, child_segment, reader->positions, NULL, offset, fill, child, err);
}

ruzu_status rz_col_gather_lists(rz_col_reader *reader, const rz_segment *segment, const rz_part *part, uint32_t count, const rz_col_target *target,
                                rz_error *err)
{
    rz_list_entry *entries = (rz_list_entry *)target->out->data;
    uint64_t *values = reader->values;
    uint64_t total = 0;

    if (rz_column_is_array(reader->type)) {
        for (uint32_t i = 0; i < count; i++) {
            values[i] = (part->first_row + values[i]) * reader->type->array_length;
            reader->lengths[i] = reader->type->array_length;
        }
    } else {
        RZ_TRY(collist_gather_starts(reader, part, count, err));
        for (uint32_t i = 0; i < count; i++) {
            values[i] += part->first_element;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        total += reader->lengths[i];
    }
    uint32_t offset = 0;
    if (total > UINT32_MAX) {
        return collist_too_many(err);
    }
    RZ_TRY(rz_vec_list_reserve(target->out, (uint32_t)total, &offset, err));
    uint32_t next = offset;
    for (uint32_t i = 0; i < count; i++) {
        entries[rz_col_target_at(target, i)] = (rz_list_entry){next, reader->lengths[i]};
        next += reader->lengths[i];
    }
    return collist_gather_elements(reader, segment, count, target->out->children[0], offset, err);
}
