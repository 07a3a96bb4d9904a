/* SPDX-License-Identifier: MIT */
/*
 * What groups consist of.
 */
#include "executor/group_layout.h"

#include <string.h>

/* Only types whose values are equal when their bytes are: not floats. */
static bool group_is_inline(const rz_type *type)
{
    bool is_signed = false;
    return type->physical == RZ_PHYS_BOOL || rz_integer_width((rz_physical)type->physical, &is_signed) != 0;
}

ruzu_status rz_group_layout_create(rz_arena *arena, const rz_type *const *key_types, uint32_t key_count, const rz_agg_bound *const *aggs, uint32_t agg_count,
                                   rz_group_layout **out, rz_error *err)
{
    rz_group_layout *layout = RZ_NEW(arena, rz_group_layout);
    uint32_t *offs = RZ_NEW_ARRAY(arena, uint32_t, agg_count);
    const rz_type **types = RZ_NEW_ARRAY(arena, const rz_type *, key_count);
    const rz_agg_bound **bounds = RZ_NEW_ARRAY(arena, const rz_agg_bound *, agg_count);
    if (layout == NULL || offs == NULL || types == NULL || bounds == NULL) {
        return rz_error_no_memory(err, "preparing an aggregation");
    }
    layout->movable = key_count != 0;
    for (uint32_t i = 0; i < agg_count; i++) {
        bounds[i] = aggs[i];
        offs[i] = layout->states_size;
        layout->states_size += (aggs[i]->state_size + 15u) & ~15u;
        layout->movable = layout->movable && aggs[i]->agg->plain_state;
    }
    layout->inline_key = key_count == 1 && group_is_inline(key_types[0]);
    layout->movable = layout->movable && !layout->inline_key;
    layout->plain_keys = key_count != 0 && !layout->inline_key;
    layout->text_key = key_count == 1 && key_types[0]->physical == RZ_PHYS_STRING;
    for (uint32_t i = 0; i < key_count; i++) {
        layout->plain_keys = layout->plain_keys &&
                             (group_is_inline(key_types[i]) || key_types[i]->physical == RZ_PHYS_STRING || key_types[i]->physical == RZ_PHYS_INT128);
    }
    layout->keys_off = layout->states_size + (layout->inline_key ? 0u : 8u);
    layout->fixed_size = layout->keys_off;
    bool fixed = true;
    for (uint32_t i = 0; i < key_count; i++) {
        types[i] = key_types[i];
        rz_physical physical = (rz_physical)types[i]->physical;
        fixed = fixed && physical != RZ_PHYS_NONE && physical != RZ_PHYS_STRING && physical != RZ_PHYS_LIST && physical != RZ_PHYS_STRUCT;
        layout->fixed_size += fixed ? 1 + rz_type_size(types[i]) : 0;
    }
    layout->fixed_size = fixed ? layout->fixed_size : 0;
    layout->fresh = (uint8_t *)rz_arena_alloc(arena, layout->states_size == 0 ? 1 : layout->states_size);
    RZ_TRY_ALLOC(layout->fresh, err, "preparing an aggregation");
    memset(layout->fresh, 0, layout->states_size);
    for (uint32_t i = 0; i < agg_count && layout->movable; i++) {
        aggs[i]->agg->init(aggs[i], layout->fresh + offs[i]);
    }
    layout->key_types = types;
    layout->key_count = key_count;
    layout->aggs = bounds;
    layout->agg_count = agg_count;
    layout->state_offs = offs;
    *out = layout;
    return RUZU_OK;
}
