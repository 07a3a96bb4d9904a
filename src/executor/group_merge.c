/* SPDX-License-Identifier: MIT */
/*
 * Merging groups into a table by their keys as vectors, which serves keys of all types. Plain keys: group_unite.c.
 */
#include "executor/group_table.h"

ruzu_status rz_group_read_keys(const rz_group_layout *layout, uint8_t *const *groups, uint32_t count, rz_vec *const *keys, rz_error *err)
{
    const uint8_t *cursors[RZ_VECTOR_CAPACITY];
    for (uint32_t i = 0; i < count; i++) { /* merged groups lie anywhere */
        cursors[i] = groups[i] + layout->keys_off;
        RZ_PREFETCH(cursors[i]);
    }
    for (uint32_t k = 0; k < layout->key_count; k++) {
        if (keys[k] != NULL) {
            RZ_TRY(rz_row_values_read(cursors, count, false, keys[k], 0, err));
            continue;
        }
        for (uint32_t i = 0; i < count; i++) {
            cursors[i] = rz_row_value_skip(layout->key_types[k], cursors[i]);
        }
    }
    return RUZU_OK;
}

ruzu_status rz_group_combine(const rz_group_layout *layout, rz_agg_context *context, uint8_t *into, const uint8_t *from, rz_error *err)
{
    for (uint32_t a = 0; a < layout->agg_count; a++) {
        RZ_TRY(layout->aggs[a]->agg->combine(layout->aggs[a], context, into + layout->state_offs[a], from + layout->state_offs[a], err));
    }
    return RUZU_OK;
}

void rz_group_read_hashes(const rz_group_layout *layout, const uint8_t *const *stored, uint32_t count, rz_vec *const *keys, uint64_t *hashes)
{
    if (layout->inline_key) {
        rz_sel sel = {.rows = NULL, .count = count};
        rz_vec_hash(keys[0], &sel, hashes, false);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        hashes[i] = rz_load_u64(stored[i]);
    }
}

ruzu_status rz_group_merge(rz_group_table *table, rz_agg_context *context, uint8_t *const *groups, uint32_t count, rz_vec *const *keys, rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    if (layout->key_count == 0) {
        for (uint32_t i = 0; i < count; i++) {
            if (table->lone_group == NULL) {
                RZ_TRY(rz_group_set_lone(table, 0, groups[i], err));
            } else {
                RZ_TRY(rz_group_combine(layout, context, table->lone_group, groups[i], err));
            }
        }
        return RUZU_OK;
    }
    uint64_t hashes[RZ_VECTOR_CAPACITY] = {0};
    uint8_t *found[RZ_VECTOR_CAPACITY];
    const uint8_t *stored[RZ_VECTOR_CAPACITY];
    for (uint32_t k = 0; k < layout->key_count; k++) {
        rz_vec_reset(keys[k]);
    }
    for (uint32_t i = 0; i < count; i++) {
        stored[i] = groups[i] + layout->states_size;
        RZ_PREFETCH(stored[i]);
    }
    RZ_TRY(rz_group_read_keys(layout, groups, count, keys, err));
    rz_group_read_hashes(layout, stored, count, keys, hashes);
    rz_sel sel = {.rows = NULL, .count = count};
    RZ_TRY(rz_group_find(table, keys, hashes, &sel, groups, found, err));
    for (uint32_t i = 0; i < count; i++) {
        if (found[i] != groups[i]) {
            RZ_TRY(rz_group_combine(layout, context, found[i], groups[i], err));
        }
    }
    return RUZU_OK;
}
