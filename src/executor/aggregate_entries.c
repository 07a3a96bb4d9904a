/* SPDX-License-Identifier: MIT */
/*
 * Grouping by the entries of dictionary vectors.
 *
 * All keys must go by one index (columns that came through one expansion share it) or be constant. Entries are worth the detour when there are at most half as
 * many as rows. Which entries occur is asked of the selected rows, since others may never have been computed.
 */
#include "executor/aggregate_entries.h"

#include <string.h>

#define ENTRIES_ROWS_MIN 16u /* rows of a chunk below which nothing is won */

ruzu_status rz_aggregate_entries_create(rz_arena *arena, const rz_group_layout *layout, rz_aggregate_entries **out, rz_error *err)
{
    *out = RZ_NEW(arena, rz_aggregate_entries);
    RZ_TRY_ALLOC(*out, err, "preparing an aggregation");
    (*out)->keys = RZ_NEW_ARRAY(arena, rz_vec *, layout->key_count);
    RZ_TRY_ALLOC((*out)->keys, err, "preparing an aggregation");
    for (uint32_t k = 0; k < layout->key_count; k++) {
        RZ_TRY(rz_vec_create_empty(arena, arena, layout->key_types[k], &(*out)->keys[k], err));
    }
    return RUZU_OK;
}

/* The index that all keys go by; NULL when there is none. */
static const uint32_t *entries_index(rz_vec *const *keys, uint32_t key_count)
{
    const uint32_t *index = NULL;
    for (uint32_t k = 0; k < key_count; k++) {
        const rz_vec *key = keys[k];
        if (key->kind == RZ_VEC_CONSTANT) {
            continue;
        }
        if (key->kind != RZ_VEC_DICTIONARY || key->dictionary->kind != RZ_VEC_FLAT || key->dictionary->capacity > RZ_VECTOR_CAPACITY ||
            (index != NULL && key->index != index)) {
            return NULL;
        }
        index = key->index;
    }
    return index;
}

/* Entries that the rows show, ascending; how many. */
static uint32_t entries_collect(rz_aggregate_entries *entries, const uint32_t *index, const rz_sel *sel)
{
    uint32_t end = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t entry = index[rz_sel_at(sel, i)];
        entries->marks[entry] = 1;
        end = entry >= end ? entry + 1 : end;
    }
    uint32_t count = 0;
    for (uint32_t e = 0; e < end; e++) {
        entries->used[count] = e;
        count += entries->marks[e];
    }
    memset(entries->marks, 0, end);
    return count;
}

ruzu_status rz_aggregate_entries_find(rz_aggregate_entries *entries, rz_group_table *table, rz_vec *const *keys, const rz_sel *sel, rz_aggregate_slots *slots,
                                      uint64_t *hashes, uint8_t **groups, rz_entries_found *out, rz_error *err)
{
    uint32_t key_count = table->layout->key_count;
    const uint32_t *index = sel->count < ENTRIES_ROWS_MIN ? NULL : entries_index(keys, key_count);
    *out = RZ_ENTRIES_NONE;
    if (index == NULL) {
        return RUZU_OK;
    }
    rz_sel used = {.rows = entries->used, .count = entries_collect(entries, index, sel)};
    if (used.count > sel->count / 2) {
        return RUZU_OK;
    }
    for (uint32_t k = 0; k < key_count; k++) {
        rz_vec_reset(entries->keys[k]);
        rz_vec_reference(entries->keys[k], keys[k]->kind == RZ_VEC_CONSTANT ? keys[k] : keys[k]->dictionary);
        rz_vec_hash(entries->keys[k], &used, entries->hashes, k != 0);
    }
    RZ_TRY(rz_group_find(table, entries->keys, entries->hashes, &used, NULL, entries->groups, err));
    uint32_t end = used.rows[used.count - 1] + 1;
    if (slots != NULL && end <= RZ_AGG_SLOTS_MAX) {
        for (uint32_t i = 0; i < used.count; i++) {
            slots->groups[used.rows[i]] = entries->groups[used.rows[i]];
        }
        rz_aggregate_slots_number(slots, index, sel, end);
        *out = RZ_ENTRIES_SLOTS;
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint32_t entry = index[row];
        hashes[row] = entries->hashes[entry];
        groups[row] = entries->groups[entry];
    }
    *out = RZ_ENTRIES_ROWS;
    return RUZU_OK;
}
