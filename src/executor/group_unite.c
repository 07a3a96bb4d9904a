/* SPDX-License-Identifier: MIT */
/*
 * Uniting groups by the bytes of their keys.
 */
#include "executor/group_unite.h"

#include <inttypes.h>
#include <string.h>

#define UNITE_FIRST_BITS 6u
#define UNITE_GUESS_BITS 16u /* beyond, slots grow when they must: there may be few groups of many rows each */
#define UNITE_AHEAD 16u      /* groups between prefetching a slot and looking at it */

void rz_group_unite_init(rz_group_unite *unite, rz_mem *mem, const rz_group_layout *layout)
{
    *unite = (rz_group_unite){.mem = mem, .layout = layout};
}

void rz_group_unite_deinit(rz_group_unite *unite)
{
    if (unite->slots != NULL) {
        rz_mem_free(unite->mem, unite->slots, sizeof *unite->slots << unite->bits);
    }
    unite->slots = NULL;
}

static inline uint64_t unite_home(const rz_group_unite *unite, uint64_t hash)
{
    return (hash << unite->skip_bits) >> (64 - unite->bits);
}

static inline uint64_t unite_slot(uint64_t hash, uint64_t position)
{
    return hash << 32 | (position + 1);
}

/* Empty slots, 1 << bits of them. */
static ruzu_status unite_take_slots(rz_group_unite *unite, uint32_t bits, rz_error *err)
{
    if (unite->slots != NULL && unite->bits == bits) {
        memset(unite->slots, 0, sizeof *unite->slots << bits);
        return RUZU_OK;
    }
    rz_group_unite_deinit(unite);
    unite->slots = (uint64_t *)rz_mem_calloc(unite->mem, (size_t)1 << bits, sizeof *unite->slots);
    RZ_TRY_ALLOC(unite->slots, err, "grouping rows");
    unite->bits = bits;
    unite->limit = (UINT64_C(1) << bits) * 5 / 8;
    return RUZU_OK;
}

static ruzu_status unite_grow(rz_group_unite *unite, const rz_group_list *list, rz_error *err)
{
    if (unite->limit >= UINT32_MAX / 2) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "One part of an aggregation has more than %" PRIu64 " groups.", unite->limit);
    }
    RZ_TRY(unite_take_slots(unite, unite->bits + 2, err));
    uint64_t mask = (UINT64_C(1) << unite->bits) - 1;
    for (uint64_t i = 0; i < list->count; i++) {
        uint64_t hash = rz_group_hash(unite->layout, list->groups[i]);
        uint64_t at = unite_home(unite, hash);
        while (unite->slots[at] != 0) {
            at = (at + 1) & mask;
        }
        unite->slots[at] = unite_slot(hash, i);
    }
    return RUZU_OK;
}

static bool unite_is_same(const rz_group_layout *layout, const uint8_t *a, const uint8_t *b)
{
    a += layout->keys_off;
    b += layout->keys_off;
    size_t size = rz_group_keys_size(layout, a);
    return rz_group_keys_size(layout, b) == size && memcmp(a, b, size) == 0;
}

/* The group of the same key, or NULL: then this one was added to the list. */
static inline uint8_t *unite_find(rz_group_unite *unite, uint8_t *group, uint64_t hash, rz_group_list *list)
{
    uint64_t mask = (UINT64_C(1) << unite->bits) - 1;
    uint64_t at = unite_home(unite, hash);
    for (; unite->slots[at] != 0; at = (at + 1) & mask) {
        uint64_t slot = unite->slots[at];
        if (slot >> 32 == (hash & UINT32_MAX)) {
            uint8_t *other = list->groups[(slot & UINT32_MAX) - 1];
            if (rz_group_hash(unite->layout, other) == hash && unite_is_same(unite->layout, other, group)) {
                return other;
            }
        }
    }
    unite->slots[at] = unite_slot(hash, list->count);
    list->groups[list->count++] = group;
    return NULL;
}

static ruzu_status unite_batch(rz_group_unite *unite, rz_agg_context *context, uint8_t *const *groups, uint32_t count, rz_group_list *list, rz_error *err)
{
    const rz_group_layout *layout = unite->layout;
    RZ_TRY(rz_group_list_reserve(unite->mem, list, count, err));
    for (uint32_t i = 0; i < count; i++) {
        if (i + UNITE_AHEAD < count) {
            RZ_PREFETCH(&unite->slots[unite_home(unite, rz_group_hash(layout, groups[i + UNITE_AHEAD]))]);
        }
        if (RZ_UNLIKELY(list->count >= unite->limit)) {
            RZ_TRY(unite_grow(unite, list, err));
        }
        uint8_t *found = unite_find(unite, groups[i], rz_group_hash(layout, groups[i]), list);
        if (found != NULL) {
            RZ_TRY(rz_group_combine(layout, context, found, groups[i], err));
        }
    }
    return RUZU_OK;
}

static uint64_t unite_count(const rz_group_table *table, uint32_t part)
{
    return part == RZ_GROUP_WHOLE ? table->list.count : rz_group_part_count(&table->parts[part]);
}

ruzu_status rz_group_unite_run(rz_group_unite *unite, const rz_exec *exec, rz_agg_context *context, rz_group_table *const *tables, uint32_t table_count, uint32_t part,
                               rz_group_list *out, rz_error *err)
{
    uint8_t *groups[RZ_VECTOR_CAPACITY];
    uint64_t total = 0;
    uint32_t bits = UNITE_FIRST_BITS;
    RZ_ASSERT(unite->layout->plain_keys);
    for (uint32_t t = 0; t < table_count; t++) {
        total += unite_count(tables[t], part);
    }
    while (bits < UNITE_GUESS_BITS && (UINT64_C(1) << bits) * 5 / 8 < total) {
        bits++;
    }
    unite->skip_bits = part == RZ_GROUP_WHOLE ? 0 : RZ_SPILL_BITS;
    RZ_TRY(unite_take_slots(unite, bits, err));
    RZ_TRY(rz_group_list_reserve(unite->mem, out, total < unite->limit ? total : unite->limit, err));
    for (uint32_t t = 0; t < table_count; t++) {
        rz_group_cursor cursor;
        if (part == RZ_GROUP_WHOLE) {
            rz_group_cursor_open_list(&cursor, unite->layout, &tables[t]->list);
        } else {
            rz_group_cursor_open(&cursor, unite->layout, &tables[t]->parts[part]);
        }
        for (uint32_t count; (count = rz_group_cursor_next(&cursor, groups, RZ_VECTOR_CAPACITY)) != 0;) {
            RZ_TRY(rz_exec_poll(exec, err));
            RZ_TRY(unite_batch(unite, context, groups, count, out, err));
        }
    }
    return RUZU_OK;
}
