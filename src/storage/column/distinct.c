/* SPDX-License-Identifier: MIT */
/*
 * Distinct values of a part.
 *
 * The sample: m rows at equal distances. If the part had d values of equal frequency, about m * m / (2 * d) of the sampled rows would repeat
 * another one, so fewer repeats than half of that for d = limit mean "too many". Values that repeat in runs escape such a sample; the share of
 * rows equal to their successor finds those.
 */
#include "storage/column/distinct.h"

#define DISTINCT_SAMPLE 1024u
#define DISTINCT_SAMPLE_SLOTS 2048u

typedef struct distinct_column {
    const uint8_t *data;
    const uint64_t *validity;
    uint32_t size;
    bool string;
} distinct_column;

static inline const uint8_t *distinct_at(const distinct_column *column, uint64_t row)
{
    return column->data + row * column->size;
}

static uint64_t distinct_hash(const distinct_column *column, uint64_t row)
{
    const uint8_t *value = distinct_at(column, row);
    uint32_t size = column->size;
    if (column->string) {
        const rz_string *string = (const rz_string *)(const void *)value;
        if (string->length > RZ_STRING_INLINE) {
            return rz_hash_bytes(string->u.data, string->length);
        }
    }
    uint64_t hash = 0;
    for (; size >= 8; size -= 8, value += 8) {
        hash = rz_hash_combine(hash, rz_load_u64(value));
    }
    if (size != 0) {
        uint64_t last = 0;
        memcpy(&last, value, size);
        hash = rz_hash_combine(hash, last);
    }
    return hash;
}

static bool distinct_equal(const distinct_column *column, uint64_t a, uint64_t b)
{
    if (column->string) {
        return rz_string_equal((const rz_string *)(const void *)distinct_at(column, a), (const rz_string *)(const void *)distinct_at(column, b));
    }
    return memcmp(distinct_at(column, a), distinct_at(column, b), column->size) == 0;
}

static inline bool distinct_valid(const distinct_column *column, uint64_t row)
{
    return column->validity == NULL || rz_bit_get(column->validity, row);
}

/* Whether a sample allows that there are at most `limit` values. */
static bool distinct_sample(const distinct_column *column, uint64_t first, uint32_t rows, uint32_t limit)
{
    uint16_t slots[DISTINCT_SAMPLE_SLOTS] = {0}; /* sample number + 1 */
    uint32_t taken = 0, repeats = 0, in_run = 0;

    for (uint32_t i = 0; i < DISTINCT_SAMPLE; i++) {
        uint64_t row = first + (uint64_t)i * rows / DISTINCT_SAMPLE;
        if (!distinct_valid(column, row)) {
            continue;
        }
        taken++;
        if (row + 1 < first + rows && distinct_valid(column, row + 1) && distinct_equal(column, row, row + 1)) {
            in_run++;
        }
        uint32_t slot = (uint32_t)distinct_hash(column, row) % DISTINCT_SAMPLE_SLOTS;
        while (slots[slot] != 0) {
            uint64_t other = first + (uint64_t)(slots[slot] - 1) * rows / DISTINCT_SAMPLE;
            if (distinct_equal(column, row, other)) {
                repeats++;
                break;
            }
            slot = (slot + 1) % DISTINCT_SAMPLE_SLOTS;
        }
        if (slots[slot] == 0) {
            slots[slot] = (uint16_t)(i + 1);
        }
    }
    uint64_t expected = (uint64_t)taken * taken / 2 / (limit == 0 ? 1 : limit);
    return repeats * 2 >= expected || in_run * 2 >= taken;
}

/* Codes and entries; false when there are more than the limit. slots: mask + 1 zeroed entries, at least twice the limit. */
static bool distinct_assign(const distinct_column *column, uint64_t first, uint32_t *slots, uint32_t mask, rz_distinct *out)
{
    uint64_t last = UINT64_MAX; /* row of the last value */
    uint32_t code = 0;
    for (uint32_t i = 0; i < out->rows; i++) {
        uint64_t row = first + i;
        if (distinct_valid(column, row) && (last == UINT64_MAX || !distinct_equal(column, row, last))) {
            uint32_t slot = (uint32_t)distinct_hash(column, row) & mask;
            while (slots[slot] != 0 && !distinct_equal(column, row, out->entries[slots[slot] - 1])) {
                slot = (slot + 1) & mask;
            }
            if (slots[slot] == 0) {
                if (out->count == out->limit) {
                    return false;
                }
                out->entries[out->count++] = (uint32_t)row;
                slots[slot] = out->count;
            }
            code = slots[slot] - 1;
            last = row;
        }
        out->codes[i] = code;
    }
    return true;
}

ruzu_status rz_distinct_find(rz_col_builder *builder, const rz_builder_node *node, uint64_t first, uint32_t rows, uint32_t limit, rz_distinct *out,
                             bool *out_found, rz_error *err)
{
    distinct_column column = {node->data, node->validity, node->size, node->physical == RZ_PHYS_STRING};
    memset(out, 0, sizeof *out);
    *out_found = false;
    if (limit == 0 || (rows > 2 * DISTINCT_SAMPLE && !distinct_sample(&column, first, rows, limit))) {
        return RUZU_OK;
    }
    uint32_t slot_count = 16;
    while (slot_count / 2 < limit && slot_count < UINT32_C(1) << 31) {
        slot_count *= 2;
    }
    out->mem = builder->mem;
    out->rows = rows;
    out->limit = limit;
    out->codes = (uint32_t *)rz_mem_alloc(builder->mem, (size_t)rows * sizeof *out->codes);
    out->entries = (uint32_t *)rz_mem_alloc(builder->mem, (size_t)limit * sizeof *out->entries);
    uint32_t *slots = (uint32_t *)rz_mem_calloc(builder->mem, slot_count, sizeof *slots);
    bool no_memory = out->codes == NULL || out->entries == NULL || slots == NULL;
    if (!no_memory) {
        *out_found = distinct_assign(&column, first, slots, slot_count - 1, out);
    }
    rz_mem_free(builder->mem, slots, (size_t)slot_count * sizeof *slots);
    if (!*out_found) {
        rz_distinct_free(out);
    }
    return no_memory ? rz_error_no_memory(err, "encoding a column") : RUZU_OK;
}

void rz_distinct_free(rz_distinct *distinct)
{
    if (distinct->mem != NULL) {
        rz_mem_free(distinct->mem, distinct->codes, (size_t)distinct->rows * sizeof *distinct->codes);
        rz_mem_free(distinct->mem, distinct->entries, (size_t)distinct->limit * sizeof *distinct->entries);
    }
    memset(distinct, 0, sizeof *distinct);
}
