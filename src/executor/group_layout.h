/* SPDX-License-Identifier: MIT */
/*
 * What a group consists of (private to the executor); immutable, shared by tables.
 *
 *   group     states (16-aligned, state_size each) | hash u64, unless the key is inline | keys in row form
 */
#ifndef RZ_EXECUTOR_GROUP_LAYOUT_H
#define RZ_EXECUTOR_GROUP_LAYOUT_H

#include "executor/op.h"

typedef struct rz_group_layout {
    const rz_type *const *key_types;
    uint32_t key_count;
    bool inline_key;               /* one key of at most 8 bytes that is compared as an integer */
    bool plain_keys;               /* not inline, and equal keys have equal bytes in row form */
    bool text_key;                 /* one key, a STRING */
    const rz_agg_bound **aggs;
    const uint32_t *state_offs;
    uint32_t agg_count;
    uint32_t states_size;          /* of all; multiple of 16 */
    uint32_t keys_off;             /* behind the states and the hash */
    uint32_t fixed_size;           /* of a whole group when all keys are of fixed size, else 0 */
    bool movable;                  /* a group is nothing but its bytes, and its key is not inline */
    uint8_t *fresh;                /* movable: states that have met no row */
} rz_group_layout;

/* Types are borrowed. aggs may be empty. */
RZ_NODISCARD ruzu_status rz_group_layout_create(rz_arena *arena, const rz_type *const *key_types, uint32_t key_count, const rz_agg_bound *const *aggs, uint32_t agg_count,
                                                rz_group_layout **out, rz_error *err);
/* The tags of the selected rows of an inline key, one after the other. */
static inline void rz_group_tags(const rz_type *type, const rz_view *view, const rz_sel *sel, uint64_t *tags)
{
    rz_integer_read((rz_physical)type->physical, view, sel, 0, sel->count, (int64_t *)tags);
}

/* Bytes of the keys in row form that begin here. */
static inline size_t rz_group_keys_size(const rz_group_layout *layout, const uint8_t *keys)
{
    if (layout->text_key) {
        return rz_row_string_size(keys);
    }
    const uint8_t *end = keys;
    for (uint32_t k = 0; k < layout->key_count; k++) {
        end = rz_row_value_skip(layout->key_types[k], end);
    }
    return (size_t)(end - keys);
}

/* States are aligned. */
static inline size_t rz_group_round(const rz_group_layout *layout, size_t size)
{
    return layout->states_size == 0 ? size : (size + 15) & ~(size_t)15;
}

/* Bytes of a group, those behind it that align the next one included. */
static inline size_t rz_group_size(const rz_group_layout *layout, const uint8_t *group)
{
    size_t size = layout->fixed_size != 0 ? layout->fixed_size : layout->keys_off + rz_group_keys_size(layout, group + layout->keys_off);
    return rz_group_round(layout, size);
}

static inline uint64_t rz_group_hash(const rz_group_layout *layout, const uint8_t *group)
{
    return rz_load_u64(group + layout->states_size);
}

#endif
