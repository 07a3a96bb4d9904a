/* SPDX-License-Identifier: MIT */
/*
 * The numbers of a message: arrays by offset, as narrow as what has been added up so far allows.
 *
 * Rows meet nodes in any order, so what adding and looking up cost is how far apart the numbers lie. Most nodes stand for few rows: an array begins with a byte for each and is made
 * twice as wide when a sum does not fit, at most three times. Where that memory is refused everything moves to the map.
 */
#include "executor/message.h"

#define NUMBERS_BLOCK 1024u /* numbers that are added up together, after it is known that all sums fit */

/* ---- arrays ---- */

void rz_message_numbers_free(const rz_message *message, rz_message_table *table)
{
    rz_mem_free(message->mem, table->numbers, (size_t)table->size * table->width);
    table->numbers = NULL;
}

bool rz_message_numbers_make(const rz_message *message, uint64_t size, uint32_t width, rz_message_table *table)
{
    table->width = width;
    table->numbers = rz_mem_calloc(message->mem, (size_t)size, width);
    return table->numbers != NULL;
}

#define NUMBERS_COPY(from_type, to_type)                                                                               \
    do {                                                                                                               \
        const from_type *from = (const from_type *)table->numbers;                                                     \
        to_type *restrict to = (to_type *)wider;                                                                       \
        for (uint64_t i = 0; i < table->size; i++) {                                                                   \
            to[i] = from[i];                                                                                           \
        }                                                                                                              \
    } while (0)

/* Twice the width. False: memory is refused; nothing has changed. */
static bool numbers_widen(const rz_message *message, rz_message_table *table)
{
    uint32_t width = table->width * 2;
    void *wider = rz_mem_alloc(message->mem, (size_t)table->size * width);
    if (wider == NULL) {
        return false;
    }
    if (width == 2) {
        NUMBERS_COPY(uint8_t, uint16_t);
    } else if (width == 4) {
        NUMBERS_COPY(uint16_t, uint32_t);
    } else {
        NUMBERS_COPY(uint32_t, uint64_t);
    }
    rz_message_numbers_free(message, table);
    table->numbers = wider;
    table->width = width;
    return true;
}

static ruzu_status numbers_add_sparse(rz_message *message, rz_id id, uint64_t weight, rz_error *err)
{
    uint32_t idx = 0;
    bool is_new = false;
    RZ_TRY(rz_node_map_add(&message->map, id, &idx, &is_new, err));
    uint64_t *number = (uint64_t *)(void *)message->map.data + idx;
    *number = rz_message_add(*number, weight);
    return RUZU_OK;
}

/* Moves everything to the map. */
static ruzu_status numbers_make_sparse(rz_message *message, rz_error *err)
{
    message->sparse = true;
    for (uint32_t t = 0; t < message->table_count; t++) {
        rz_message_table *table = &message->tables[t];
        for (uint64_t offset = 0; table->numbers != NULL && offset < table->size; offset++) {
            uint64_t number = rz_message_number(table, offset);
            RZ_TRY(number == 0 ? RUZU_OK : numbers_add_sparse(message, rz_id_make(t, offset), number, err));
        }
        rz_message_numbers_free(message, table);
        table->size = 0;
    }
    return RUZU_OK;
}

/* ---- adding ---- */

/* Adds the rows of sel from number `first` on, up to one whose node is not of that table or whose sum does not fit. Returns that row's number. */
#define NUMBERS_ADD(name, type)                                                                                        \
    static uint32_t name(const rz_message_table *table, const rz_view *view, const rz_sel *sel, uint32_t first, const uint64_t *weights) \
    {                                                                                                                  \
        type *numbers = (type *)table->numbers;                                                                        \
        const rz_id *ids = (const rz_id *)view->data;                                                                  \
        const rz_id base = rz_id_make(rz_id_table(ids[rz_view_at(view, rz_sel_at(sel, first))]), 0);                   \
        const uint64_t size = table->size;                                                                             \
        uint32_t i = first;                                                                                            \
        for (; i < sel->count; i++) {                                                                                  \
            uint32_t row = rz_sel_at(sel, i);                                                                          \
            uint32_t at = rz_view_at(view, row);                                                                       \
            if (!rz_view_valid(view, at)) {                                                                            \
                continue;                                                                                              \
            }                                                                                                          \
            uint64_t offset = ids[at] - base;                                                                          \
            if (RZ_UNLIKELY(offset >= size)) {                                                                         \
                break;                                                                                                 \
            }                                                                                                          \
            uint64_t sum = rz_message_add(numbers[offset], weights == NULL ? 1 : weights[row]);                        \
            if (RZ_UNLIKELY((uint64_t)(type)sum != sum)) {                                                             \
                break;                                                                                                 \
            }                                                                                                          \
            numbers[offset] = (type)sum;                                                                               \
        }                                                                                                              \
        return i;                                                                                                      \
    }

NUMBERS_ADD(numbers_add_u8, uint8_t)
NUMBERS_ADD(numbers_add_u16, uint16_t)
NUMBERS_ADD(numbers_add_u32, uint32_t)
NUMBERS_ADD(numbers_add_u64, uint64_t)

/* One row's weight to the node's number, whatever that takes. */
static ruzu_status numbers_add_one(rz_message *message, rz_id id, uint64_t weight, rz_error *err)
{
    uint32_t t = rz_id_table(id);
    uint64_t offset = rz_id_offset(id);
    if (!message->sparse && (t >= message->table_count || offset >= message->tables[t].size)) {
        return RUZU_OK;
    }
    while (!message->sparse) {
        rz_message_table *table = &message->tables[t];
        uint64_t sum = rz_message_add(rz_message_number(table, offset), weight);
        uint8_t *place = (uint8_t *)table->numbers + offset * table->width;
        if (table->width == 8) {
            rz_store_u64(place, sum);
            return RUZU_OK;
        }
        if (sum >> (table->width * 8) == 0) {
            memcpy(place, &sum, table->width); /* little-endian: bits.c */
            return RUZU_OK;
        }
        RZ_TRY(numbers_widen(message, table) ? RUZU_OK : numbers_make_sparse(message, err));
    }
    return numbers_add_sparse(message, id, weight, err);
}

ruzu_status rz_message_numbers_add(rz_message *message, const rz_view *view, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    const rz_id *ids = (const rz_id *)view->data;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t at = rz_view_at(view, row);
        if (!rz_view_valid(view, at)) {
            continue;
        }
        uint32_t t = rz_id_table(ids[at]);
        const rz_message_table *table = !message->sparse && t < message->table_count ? &message->tables[t] : NULL;
        switch (table == NULL || table->size == 0 ? 0 : table->width) { /* moves i to the row that must be added by itself */
        case 1: i = numbers_add_u8(table, view, sel, i, weights); break;
        case 2: i = numbers_add_u16(table, view, sel, i, weights); break;
        case 4: i = numbers_add_u32(table, view, sel, i, weights); break;
        case 8: i = numbers_add_u64(table, view, sel, i, weights); break;
        }
        if (i < sel->count) {
            row = rz_sel_at(sel, i);
            RZ_TRY(numbers_add_one(message, ids[rz_view_at(view, row)], weights == NULL ? 1 : weights[row], err));
        }
    }
    return RUZU_OK;
}

/* ---- adding up ---- */

/* Adds a block of numbers, unless some sum does not fit: what an addition carries out of the top bit says so, without comparisons that compilers do not do side by side. */
#define NUMBERS_UNITE(name, type)                                                                                      \
    static bool name(type *restrict into, const type *restrict from, uint64_t count)                                   \
    {                                                                                                                  \
        type carries = 0;                                                                                              \
        for (uint64_t i = 0; i < count; i++) {                                                                         \
            type sum = (type)(into[i] + from[i]);                                                                      \
            carries |= (type)((into[i] & from[i]) | ((into[i] | from[i]) & ~sum));                                     \
        }                                                                                                              \
        if (carries >> (sizeof(type) * 8 - 1) != 0) {                                                                  \
            return false;                                                                                              \
        }                                                                                                              \
        for (uint64_t i = 0; i < count; i++) {                                                                         \
            into[i] = (type)(into[i] + from[i]);                                                                       \
        }                                                                                                              \
        return true;                                                                                                   \
    }

NUMBERS_UNITE(numbers_unite_u8, uint8_t)
NUMBERS_UNITE(numbers_unite_u16, uint16_t)
NUMBERS_UNITE(numbers_unite_u32, uint32_t)

static bool numbers_unite_u64(uint64_t *restrict into, const uint64_t *restrict from, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        into[i] = rz_message_add(into[i], from[i]);
    }
    return true;
}

static bool numbers_unite_block(const rz_message_table *into, const rz_message_table *from, uint64_t first, uint64_t count)
{
    switch (into->width) {
    case 1: return numbers_unite_u8((uint8_t *)into->numbers + first, (const uint8_t *)from->numbers + first, count);
    case 2: return numbers_unite_u16((uint16_t *)into->numbers + first, (const uint16_t *)from->numbers + first, count);
    case 4: return numbers_unite_u32((uint32_t *)into->numbers + first, (const uint32_t *)from->numbers + first, count);
    default: return numbers_unite_u64((uint64_t *)into->numbers + first, (const uint64_t *)from->numbers + first, count);
    }
}

/* Adds as many numbers as can be added array to array: *out_done of them. */
static void numbers_unite(const rz_message *message, rz_message_table *into, rz_message *other, rz_message_table *from, uint64_t count, uint64_t *out_done)
{
    *out_done = 0;
    for (;;) {
        bool wide = true;
        while (wide && from->width < into->width) {
            wide = numbers_widen(other, from);
        }
        while (wide && into->width < from->width) {
            wide = numbers_widen(message, into);
        }
        if (!wide) {
            return;
        }
        while (*out_done < count) {
            uint64_t take = count - *out_done < NUMBERS_BLOCK ? count - *out_done : NUMBERS_BLOCK;
            if (!numbers_unite_block(into, from, *out_done, take)) {
                break;
            }
            *out_done += take;
        }
        if (*out_done == count || !numbers_widen(message, into)) {
            return;
        }
    }
}

ruzu_status rz_message_numbers_merge(rz_message *into, rz_message *from, rz_error *err)
{
    const uint64_t *numbers = (const uint64_t *)(const void *)from->map.data;
    for (uint32_t i = 0; i < from->map.count; i++) {
        RZ_TRY(numbers_add_one(into, from->map.ids[i], numbers[i], err));
    }
    for (uint32_t t = 0; t < from->table_count; t++) {
        rz_message_table *table = &from->tables[t];
        uint64_t both = table->size < into->tables[t].size ? table->size : into->tables[t].size; /* one snapshot, one size; 0: sparse */
        uint64_t done = 0;
        if (both != 0) {
            numbers_unite(into, &into->tables[t], from, table, both, &done);
        }
        for (uint64_t offset = done; offset < table->size; offset++) {
            uint64_t number = rz_message_number(table, offset);
            RZ_TRY(number == 0 ? RUZU_OK : numbers_add_one(into, rz_id_make(t, offset), number, err));
        }
    }
    return RUZU_OK;
}

/* ---- looking up ---- */

/* Places become their numbers; sums[i] the sum of the first i, where there are sums. Returns all bits that numbers have. */
#define NUMBERS_FETCH(name, type)                                                                                      \
    static uint64_t name(const rz_message_table *table, uint64_t *restrict io, uint64_t *restrict sums, uint32_t count)  \
    {                                                                                                                  \
        const type *numbers = (const type *)table->numbers;                                                            \
        uint64_t sum = 0, all = 0, size = table->size;                                                                 \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            uint64_t number = RZ_LIKELY(io[i] < size) ? numbers[io[i]] : 0;                                            \
            io[i] = number;                                                                                            \
            all |= number;                                                                                             \
            sum += number;                                                                                             \
            sums[i + 1] = sum;                                                                                         \
        }                                                                                                              \
        return all;                                                                                                    \
    }                                                                                                                  \
    static void name##_only(const rz_message_table *table, uint64_t *io, uint32_t count)                               \
    {                                                                                                                  \
        const type *numbers = (const type *)table->numbers;                                                            \
        uint64_t size = table->size;                                                                                   \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            io[i] = io[i] < size ? numbers[io[i]] : 0;                                                                 \
        }                                                                                                              \
    }

NUMBERS_FETCH(numbers_fetch_u8, uint8_t)
NUMBERS_FETCH(numbers_fetch_u16, uint16_t)
NUMBERS_FETCH(numbers_fetch_u32, uint32_t)
NUMBERS_FETCH(numbers_fetch_u64, uint64_t)

void rz_message_fetch(const rz_message *message, uint32_t table_id, uint64_t *io, uint32_t count)
{
    if (message->sparse) {
        for (uint32_t i = 0; i < count; i++) {
            io[i] = rz_message_find_sparse(message, rz_id_make(table_id, io[i]));
        }
        return;
    }
    const rz_message_table *table = table_id < message->table_count ? &message->tables[table_id] : NULL;
    switch (table == NULL || table->size == 0 ? 0 : table->width) {
    case 0: memset(io, 0, count * sizeof *io); break;
    case 1: numbers_fetch_u8_only(table, io, count); break;
    case 2: numbers_fetch_u16_only(table, io, count); break;
    case 4: numbers_fetch_u32_only(table, io, count); break;
    case 8: numbers_fetch_u64_only(table, io, count); break;
    }
}

bool rz_message_fetch_sums(const rz_message *message, uint32_t table_id, uint64_t *io, uint64_t *sums, uint32_t count)
{
    const rz_message_table *table = table_id < message->table_count ? &message->tables[table_id] : NULL;
    uint64_t all = 0;
    sums[0] = 0;
    switch (table == NULL || table->size == 0 ? 0 : table->width) {
    case 0:
        memset(io, 0, count * sizeof *io);
        memset(sums, 0, (count + (size_t)1) * sizeof *sums);
        break;
    case 1: all = numbers_fetch_u8(table, io, sums, count); break;
    case 2: all = numbers_fetch_u16(table, io, sums, count); break;
    case 4: all = numbers_fetch_u32(table, io, sums, count); break;
    case 8: all = numbers_fetch_u64(table, io, sums, count); break;
    }
    return all >> 32 != 0; /* RZ_VECTOR_CAPACITY smaller ones are far from going round */
}

/* ---- what is the same everywhere ---- */

/* Mostly the second number says no. */
uint64_t rz_message_numbers_every(const rz_message_table *table)
{
    uint64_t every = 0, gaps = 0;
    for (uint64_t offset = 0; offset < table->size && gaps <= table->gaps; offset++) {
        uint64_t number = rz_message_number(table, offset);
        if (number == 0) {
            gaps++;
            continue;
        }
        every = every == 0 ? number : every;
        if (number != every) {
            return 0;
        }
    }
    return gaps == table->gaps && every != RZ_MESSAGE_TOO_MANY ? every : 0;
}
