/* SPDX-License-Identifier: MIT */
/*
 * Hash tables of groups: probing, growing, retiring, merging.
 *
 * Finding goes in three passes over a batch. The first finds for each row an entry with its tag, or makes one with room for a group; the second fills the new groups, column by
 * column; the third compares the keys of all hits, column by column. As tags are whole hashes the third nearly never fails; the few rows for which it does are found one by
 * one.
 */
#include "executor/group_table.h"

#include <string.h>

#define GROUP_FIRST_BITS 5u
#define GROUP_AHEAD 16u        /* rows between prefetching an entry and looking at it */
#define GROUP_BLOCK (32u * 1024u)
#ifdef RZ_TINY
#define GROUP_MAP (64u * 1024u)
#else
#define GROUP_MAP (2u * 1024u * 1024u)
#endif

/* Memory of many retired groups, from the system itself: in huge pages, if it has them. */
typedef struct rz_group_map {
    struct rz_group_map *next;
    uint64_t unused; /* what follows is aligned */
} rz_group_map;

#define GROUP_NAME group_tags_i8
#define GROUP_TYPE int8_t
#include "executor/group_tags_tmpl.h"
#define GROUP_NAME group_tags_u8
#define GROUP_TYPE uint8_t
#include "executor/group_tags_tmpl.h"
#define GROUP_NAME group_tags_i16
#define GROUP_TYPE int16_t
#include "executor/group_tags_tmpl.h"
#define GROUP_NAME group_tags_u16
#define GROUP_TYPE uint16_t
#include "executor/group_tags_tmpl.h"
#define GROUP_NAME group_tags_i32
#define GROUP_TYPE int32_t
#include "executor/group_tags_tmpl.h"
#define GROUP_NAME group_tags_u32
#define GROUP_TYPE uint32_t
#include "executor/group_tags_tmpl.h"
#define GROUP_NAME group_tags_64
#define GROUP_TYPE int64_t
#include "executor/group_tags_tmpl.h"

/* Only types whose values are equal when their bytes are: not floats. */
static bool group_is_inline(const rz_type *type)
{
    switch ((rz_physical)type->physical) {
    case RZ_PHYS_BOOL:
    case RZ_PHYS_INT8:
    case RZ_PHYS_INT16:
    case RZ_PHYS_INT32:
    case RZ_PHYS_INT64:
    case RZ_PHYS_UINT8:
    case RZ_PHYS_UINT16:
    case RZ_PHYS_UINT32:
    case RZ_PHYS_UINT64: return true;
    case RZ_PHYS_NONE:
    case RZ_PHYS_INT128:
    case RZ_PHYS_FLOAT:
    case RZ_PHYS_DOUBLE:
    case RZ_PHYS_INTERVAL:
    case RZ_PHYS_STRING:
    case RZ_PHYS_REL:
    case RZ_PHYS_LIST:
    case RZ_PHYS_STRUCT: break;
    }
    return false;
}

void rz_group_tags(const rz_type *type, const rz_view *view, const rz_sel *sel, uint64_t *tags)
{
    switch ((int)type->physical) {
    case RZ_PHYS_INT8: group_tags_i8(view, sel, tags); return;
    case RZ_PHYS_BOOL:
    case RZ_PHYS_UINT8: group_tags_u8(view, sel, tags); return;
    case RZ_PHYS_INT16: group_tags_i16(view, sel, tags); return;
    case RZ_PHYS_UINT16: group_tags_u16(view, sel, tags); return;
    case RZ_PHYS_INT32: group_tags_i32(view, sel, tags); return;
    case RZ_PHYS_UINT32: group_tags_u32(view, sel, tags); return;
    default: group_tags_64(view, sel, tags); return;
    }
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
    layout->key_types = types;
    layout->key_count = key_count;
    layout->aggs = bounds;
    layout->agg_count = agg_count;
    layout->state_offs = offs;
    *out = layout;
    return RUZU_OK;
}

/* ---- life ---- */

ruzu_status rz_group_table_create(rz_mem *mem, const rz_group_layout *layout, uint32_t skip_bits, uint32_t max_bits, rz_group_table **out, rz_error *err)
{
    *out = (rz_group_table *)rz_mem_calloc(mem, 1, sizeof **out);
    RZ_TRY_ALLOC(*out, err, "grouping rows");
    (*out)->layout = layout;
    (*out)->mem = mem;
    (*out)->skip_bits = skip_bits;
    (*out)->first_bits = GROUP_FIRST_BITS;
    (*out)->max_bits = max_bits;
    (*out)->nursery.on = layout->movable && max_bits <= RZ_GROUP_LOCAL_BITS;
    rz_arena_init(&(*out)->arena, mem);
    return RUZU_OK;
}

static void group_free_list(rz_mem *mem, rz_group_list *list)
{
    rz_mem_free(mem, list->groups, list->capacity * sizeof *list->groups);
    memset(list, 0, sizeof *list);
}

void rz_group_table_close(rz_group_table *table)
{
    if (table->entries != NULL) {
        rz_mem_free(table->mem, table->entries, sizeof(rz_group_entry) << table->bits);
    }
    table->entries = NULL;
    table->bits = 0;
    table->count = table->limit = 0;
}

void rz_group_table_hand_on(rz_group_table *table, rz_group_table *next)
{
    if (table->entries == NULL || next->entries != NULL || next->first_bits != table->bits || table->layout != next->layout) {
        rz_group_table_close(table);
        return;
    }
    memset(table->entries, 0, sizeof(rz_group_entry) << table->bits);
    next->entries = table->entries;
    next->bits = table->bits;
    next->limit = table->limit;
    table->entries = NULL;
    rz_group_table_close(table);
}

static size_t group_nursery_bytes(uint32_t block)
{
    return block == 0 ? GROUP_BLOCK / 16 : GROUP_BLOCK; /* most tables are small */
}

void rz_group_table_clear(rz_group_table *table)
{
    rz_group_table_close(table);
    group_free_list(table->mem, &table->list);
    for (uint32_t p = 0; table->parts != NULL && p < RZ_SPILL_PARTS; p++) {
        group_free_list(table->mem, &table->parts[p]);
    }
    rz_mem_free(table->mem, table->parts, RZ_SPILL_PARTS * sizeof *table->parts);
    table->parts = NULL;
    table->lone_group = NULL;
    table->next = table->end = table->moved = table->moved_end = NULL;
    for (uint32_t i = 0; i < table->nursery.count; i++) {
        rz_mem_free(table->mem, table->nursery.blocks[i], group_nursery_bytes(i));
    }
    table->nursery.count = table->nursery.used = 0;
    while (table->maps != NULL) {
        rz_group_map *map = table->maps;
        table->maps = map->next;
        rz_map_release(map, GROUP_MAP);
        rz_mem_uncharge(table->mem, GROUP_MAP);
    }
    table->map_bytes = 0;
    rz_arena_free(&table->arena);
}

void rz_group_table_free(rz_group_table *table)
{
    if (table != NULL) {
        rz_group_table_clear(table);
        rz_mem_free(table->mem, table, sizeof *table);
    }
}

void rz_group_table_expect(rz_group_table *table, uint64_t count)
{
    while (table->first_bits < RZ_GROUP_LOCAL_BITS && (UINT64_C(1) << table->first_bits) * 5 / 8 < count) {
        table->first_bits++;
    }
}

uint64_t rz_group_table_bytes(const rz_group_table *table)
{
    uint64_t bytes = table->arena.used_bytes + table->map_bytes + (table->nursery.count == 0 ? 0 : GROUP_BLOCK / 16 + (uint64_t)(table->nursery.count - 1) * GROUP_BLOCK) + (table->entries == NULL ? 0 : sizeof(rz_group_entry) << table->bits) + table->list.capacity * sizeof(uint8_t *);
    for (uint32_t p = 0; table->parts != NULL && p < RZ_SPILL_PARTS; p++) {
        bytes += table->parts[p].capacity * sizeof(uint8_t *);
    }
    return bytes;
}

static ruzu_status group_list_reserve(rz_mem *mem, rz_group_list *list, uint64_t extra, rz_error *err)
{
    uint64_t need = list->count + extra;
    if (need <= list->capacity) {
        return RUZU_OK;
    }
    uint64_t capacity = list->capacity * 2 < need ? need : list->capacity * 2;
    uint8_t **groups = (uint8_t **)rz_mem_realloc(mem, list->groups, list->capacity * sizeof *groups, capacity * sizeof *groups);
    RZ_TRY_ALLOC(groups, err, "grouping rows");
    list->groups = groups;
    list->capacity = capacity;
    return RUZU_OK;
}

/* ---- entries ---- */

/* Where a hash would like to be. */
static inline uint64_t group_home(const rz_group_table *table, uint64_t hash)
{
    return (hash << table->skip_bits) >> (64 - table->bits);
}

static inline uint64_t group_entry_hash(const rz_group_layout *layout, const rz_group_entry *entry)
{
    return layout->inline_key ? rz_hash_u64(entry->tag) : entry->tag;
}

static ruzu_status group_grow(rz_group_table *table, rz_error *err)
{
    uint32_t bits = table->bits == 0 ? table->first_bits : table->bits < 20 ? table->bits + 2 : table->bits + 1;
    bits = bits > table->max_bits ? table->max_bits : bits;
    rz_group_entry *entries = (rz_group_entry *)rz_mem_calloc(table->mem, (size_t)1 << bits, sizeof *entries);
    RZ_TRY_ALLOC(entries, err, "grouping rows");
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    uint64_t old_count = table->entries == NULL ? 0 : UINT64_C(1) << table->bits;
    for (uint64_t i = 0; i < old_count; i++) {
        const rz_group_entry *entry = &table->entries[i];
        if (entry->group == NULL) {
            continue;
        }
        uint64_t at = (group_entry_hash(table->layout, entry) << table->skip_bits) >> (64 - bits);
        while (entries[at].group != NULL) {
            at = (at + 1) & mask;
        }
        entries[at] = *entry;
    }
    if (table->entries != NULL) {
        rz_mem_free(table->mem, table->entries, sizeof *entries << table->bits);
    }
    table->entries = entries;
    table->bits = bits;
    table->limit = (UINT64_C(1) << bits) * 5 / 8;
    return RUZU_OK;
}

/* The table is full: a larger one, or an empty one. */
static ruzu_status group_make_room(rz_group_table *table, rz_error *err)
{
    return table->bits < table->max_bits ? group_grow(table, err) : rz_group_retire(table, err);
}

static size_t group_keys_size(const rz_group_layout *layout, const uint8_t *keys)
{
    const uint8_t *end = keys;
    for (uint32_t k = 0; k < layout->key_count; k++) {
        end = rz_row_value_skip(layout->key_types[k], end);
    }
    return (size_t)(end - keys);
}

/* States are aligned. */
static size_t group_round(const rz_group_layout *layout, size_t size)
{
    return layout->states_size == 0 ? size : (size + 15) & ~(size_t)15;
}

/* Room for retired groups, each of which is smaller than a block. */
static bool group_moved_block(rz_group_table *table)
{
    rz_group_map *map = NULL;
    if (table->arena.used_bytes >= GROUP_MAP && rz_mem_charge(table->mem, GROUP_MAP)) {
        map = (rz_group_map *)rz_map_reserve_huge(GROUP_MAP);
        if (map == NULL) {
            rz_mem_uncharge(table->mem, GROUP_MAP);
        }
    }
    if (map != NULL) {
        map->next = table->maps;
        table->maps = map;
        table->map_bytes += GROUP_MAP;
        table->moved = (uint8_t *)(map + 1);
        table->moved_end = (uint8_t *)map + GROUP_MAP;
        return true;
    }
    table->moved = (uint8_t *)rz_arena_alloc(&table->arena, GROUP_BLOCK);
    table->moved_end = table->moved == NULL ? NULL : table->moved + GROUP_BLOCK;
    return table->moved != NULL;
}

/* A copy of a group behind the one before it. */
static uint8_t *group_move(rz_group_table *table, const uint8_t *group)
{
    const rz_group_layout *layout = table->layout;
    size_t size = layout->fixed_size != 0 ? layout->fixed_size : layout->keys_off + group_keys_size(layout, group + layout->keys_off);
    size = group_round(layout, size); /* it had as much */
    if (RZ_UNLIKELY((size_t)(table->moved_end - table->moved) < size) && !group_moved_block(table)) {
        return NULL;
    }
    uint8_t *copy = table->moved;
    table->moved += size;
    memcpy(copy, group, size);
    return copy;
}

/* The groups of the entries to the parts; with `move`, copies of them. */
static ruzu_status group_retire_entries(rz_group_table *table, bool move, rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    uint64_t size = table->entries == NULL ? 0 : UINT64_C(1) << table->bits;
    uint64_t share = table->count / RZ_SPILL_PARTS + 16;
    for (uint64_t i = 0; i < size; i++) { /* in the order of hashes, but for a few that were moved on */
        const rz_group_entry *entry = &table->entries[i];
        if (move && i + GROUP_AHEAD < size && entry[GROUP_AHEAD].group != NULL) {
            RZ_PREFETCH(entry[GROUP_AHEAD].group);
            RZ_PREFETCH(entry[GROUP_AHEAD].group + layout->keys_off);
        }
        if (entry->group == NULL) {
            continue;
        }
        rz_group_list *part = &table->parts[rz_spill_part(group_entry_hash(table->layout, entry))];
        if (RZ_UNLIKELY(part->count == part->capacity)) {
            RZ_TRY(group_list_reserve(table->mem, part, share, err));
        }
        uint8_t *group = move ? group_move(table, entry->group) : entry->group;
        RZ_TRY_ALLOC(group, err, "grouping rows");
        part->groups[part->count++] = group;
    }
    return RUZU_OK;
}

static ruzu_status group_retire(rz_group_table *table, bool move, rz_error *err)
{
    RZ_ASSERT(table->skip_bits == 0);
    if (table->parts == NULL) {
        table->parts = (rz_group_list *)rz_mem_calloc(table->mem, RZ_SPILL_PARTS, sizeof *table->parts);
        RZ_TRY_ALLOC(table->parts, err, "grouping rows");
    }
    RZ_TRY(group_retire_entries(table, move, err));
    if (table->lone_group != NULL) {
        rz_group_list *part = &table->parts[rz_spill_part(table->lone_hash)];
        RZ_TRY(group_list_reserve(table->mem, part, 1, err));
        part->groups[part->count++] = table->lone_group;
        table->lone_group = NULL;
    }
    if (table->entries != NULL) {
        memset(table->entries, 0, sizeof(rz_group_entry) << table->bits);
    }
    table->count = 0;
    table->list.count = 0;
    if (move) {
#ifdef RZ_ASSERTS
        for (uint32_t i = 0; i < table->nursery.used; i++) {
            memset(table->nursery.blocks[i], 0xA5, group_nursery_bytes(i)); /* use of a group that has moved shows */
        }
#endif
        table->nursery.used = 0;
        table->next = table->end = NULL;
    }
    return RUZU_OK;
}

ruzu_status rz_group_retire(rz_group_table *table, rz_error *err)
{
    return group_retire(table, table->nursery.on, err);
}

/* ---- making groups ---- */

/* The next block of the nursery; NULL when there is none: large groups are not worth moving. */
static uint8_t *group_nursery_block(rz_group_table *table)
{
    rz_group_nursery *nursery = &table->nursery;
    if (nursery->used == RZ_GROUP_NURSERY_BLOCKS) {
        return NULL;
    }
    if (nursery->used == nursery->count) {
        uint8_t *block = (uint8_t *)rz_mem_alloc(table->mem, group_nursery_bytes(nursery->count));
        if (block == NULL) {
            return NULL;
        }
        nursery->blocks[nursery->count++] = block;
    }
    return nursery->blocks[nursery->used++];
}

/* Memory of a group that does not fit behind the last one. */
static uint8_t *group_alloc_block(rz_group_table *table, size_t size)
{
    uint8_t *memory = NULL;
    size_t block = size > GROUP_BLOCK / 4 ? size : table->arena.used_bytes < GROUP_BLOCK ? GROUP_BLOCK / 16 + size : GROUP_BLOCK;
    while (table->nursery.on && memory == NULL) { /* the first block may be too small for it */
        uint32_t used = table->nursery.used;
        memory = block == size ? NULL : group_nursery_block(table);
        if (memory == NULL) {
            table->nursery.on = false; /* for good: groups stay where they are */
        } else if (group_nursery_bytes(used) < size) {
            memory = NULL;
        } else {
            block = group_nursery_bytes(used);
        }
    }
    memory = memory == NULL ? (uint8_t *)rz_arena_alloc(&table->arena, block) : memory;
    if (memory == NULL || block == size) {
        return memory;
    }
    table->next = memory + size;
    table->end = memory + block;
    return memory;
}

/* Memory of a group. */
static uint8_t *group_alloc(rz_group_table *table, size_t size)
{
    size = group_round(table->layout, size);
    if (RZ_UNLIKELY((size_t)(table->end - table->next) < size)) {
        return group_alloc_block(table, size);
    }
    uint8_t *group = table->next;
    table->next += size;
    return group;
}

static size_t group_size(const rz_group_layout *layout, rz_vec *const *keys, uint32_t row)
{
    if (layout->fixed_size != 0) {
        return layout->fixed_size; /* a NULL needs less */
    }
    size_t size = layout->keys_off;
    for (uint32_t k = 0; k < layout->key_count; k++) {
        size += rz_row_value_size(keys[k], row);
    }
    return size;
}

/* Fills the new groups of some rows. */
static void group_fill(const rz_group_layout *layout, rz_vec *const *keys, const uint64_t *hashes, const uint32_t *rows, uint32_t count, uint8_t *const *groups)
{
    uint8_t *cursors[RZ_VECTOR_CAPACITY];
    rz_sel sel = {.rows = rows, .count = count};
    for (uint32_t a = 0; a < layout->agg_count; a++) {
        for (uint32_t i = 0; i < count; i++) {
            layout->aggs[a]->agg->init(layout->aggs[a], groups[rows[i]] + layout->state_offs[a]);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        cursors[i] = groups[rows[i]] + layout->keys_off;
    }
    for (uint32_t i = 0; i < count && !layout->inline_key; i++) {
        rz_store_u64(cursors[i] - 8, hashes[rows[i]]);
    }
    for (uint32_t k = 0; k < layout->key_count; k++) {
        rz_row_values_write(keys[k], &sel, cursors);
    }
}

/* Puts a group into the empty entry at `at`, or, when the table is full, into its place in another one. */
static ruzu_status group_insert(rz_group_table *table, uint64_t at, uint64_t hash, uint64_t tag, uint8_t *group, rz_error *err)
{
    if (RZ_UNLIKELY(table->count >= table->limit)) {
        RZ_TRY(group_make_room(table, err));
        uint64_t mask = (UINT64_C(1) << table->bits) - 1;
        at = group_home(table, hash);
        while (table->entries[at].group != NULL) {
            at = (at + 1) & mask;
        }
    }
    if (RZ_UNLIKELY(table->list.count == table->list.capacity)) {
        RZ_TRY(group_list_reserve(table->mem, &table->list, table->limit, err));
    }
    table->entries[at].tag = tag;
    table->entries[at].group = group;
    table->list.groups[table->list.count++] = group;
    table->count++;
    return RUZU_OK;
}

static ruzu_status group_set_lone(rz_group_table *table, uint64_t hash, uint8_t *group, rz_error *err)
{
    RZ_TRY(group_list_reserve(table->mem, &table->list, 1, err));
    table->list.groups[table->list.count++] = group;
    table->lone_group = group;
    table->lone_hash = hash;
    return RUZU_OK;
}

ruzu_status rz_group_find_lone(rz_group_table *table, rz_error *err)
{
    if (table->lone_group != NULL) {
        return RUZU_OK;
    }
    uint8_t *group = group_alloc(table, table->layout->keys_off);
    RZ_TRY_ALLOC(group, err, "grouping rows");
    const uint64_t hash = 0;
    const uint32_t row = 0;
    group_fill(table->layout, NULL, &hash, &row, 1, &group);
    return group_set_lone(table, 0, group, err);
}

/* ---- finding ---- */

/* A group for a row that has none: given, or new with room for its keys, which are filled later (the row is added to `made`). */
static inline uint8_t *group_take(rz_group_table *table, rz_vec *const *keys, uint32_t row, uint8_t *const *given, uint32_t *made, uint32_t *made_count)
{
    if (given != NULL) {
        return given[row];
    }
    made[(*made_count)++] = row;
    return group_alloc(table, group_size(table->layout, keys, row));
}

static ruzu_status group_find_inline(rz_group_table *table, rz_vec *const *keys, const uint64_t *hashes, const rz_sel *sel, uint8_t *const *given, uint8_t **groups,
                                     rz_error *err)
{
    uint64_t tags[RZ_VECTOR_CAPACITY];
    uint32_t made[RZ_VECTOR_CAPACITY] = {0};
    uint32_t made_count = 0;
    rz_view view;
    rz_vec_view(keys[0], &view);
    rz_group_tags(keys[0]->type, &view, sel, tags);
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        if (i + GROUP_AHEAD < sel->count) {
            RZ_PREFETCH(&table->entries[group_home(table, hashes[rz_sel_at(sel, i + GROUP_AHEAD)])]);
        }
        uint8_t *group = NULL;
        if (view.validity != NULL && !rz_bit_get(view.validity, rz_view_at(&view, row))) {
            if (table->lone_group == NULL) {
                group = group_take(table, keys, row, given, made, &made_count);
                RZ_TRY_ALLOC(group, err, "grouping rows");
                RZ_TRY(group_set_lone(table, hashes[row], group, err));
            }
            groups[row] = table->lone_group;
            continue;
        }
        uint64_t hash = hashes[row]; /* = rz_hash_u64(tags[i]) */
        uint64_t mask = (UINT64_C(1) << table->bits) - 1;
        uint64_t at = group_home(table, hash);
        while (table->entries[at].group != NULL && table->entries[at].tag != tags[i]) {
            at = (at + 1) & mask;
        }
        group = table->entries[at].group;
        if (group == NULL) {
            group = group_take(table, keys, row, given, made, &made_count);
            RZ_TRY_ALLOC(group, err, "grouping rows");
            RZ_TRY(group_insert(table, at, hash, tags[i], group, err));
        }
        groups[row] = group;
    }
    group_fill(table->layout, keys, hashes, made, made_count, groups);
    return RUZU_OK;
}

/* One row whose tag was met with other keys. */
static ruzu_status group_find_one(rz_group_table *table, rz_vec *const *keys, const uint64_t *hashes, uint32_t row, uint8_t *const *given, uint8_t **groups, rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    uint64_t hash = hashes[row];
    uint64_t mask = (UINT64_C(1) << table->bits) - 1;
    uint64_t at = group_home(table, hash);
    for (; table->entries[at].group != NULL; at = (at + 1) & mask) {
        if (table->entries[at].tag != hash) {
            continue;
        }
        const uint8_t *data = table->entries[at].group + layout->keys_off;
        uint32_t k = 0;
        while (k < layout->key_count && rz_row_value_equal(data, keys[k], row, &data)) {
            k++;
        }
        if (k == layout->key_count) {
            groups[row] = table->entries[at].group;
            return RUZU_OK;
        }
    }
    uint32_t made[1];
    uint32_t made_count = 0;
    groups[row] = group_take(table, keys, row, given, made, &made_count);
    RZ_TRY_ALLOC(groups[row], err, "grouping rows");
    group_fill(layout, keys, hashes, made, made_count, groups);
    return group_insert(table, at, hash, hash, groups[row], err);
}

static ruzu_status group_find_generic(rz_group_table *table, rz_vec *const *keys, const uint64_t *hashes, const rz_sel *sel, uint8_t *const *given, uint8_t **groups,
                                      rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    const uint8_t *cursors[RZ_VECTOR_CAPACITY];
    uint32_t rows[RZ_VECTOR_CAPACITY];
    uint32_t items[RZ_VECTOR_CAPACITY];
    uint32_t made[RZ_VECTOR_CAPACITY] = {0};
    uint32_t made_count = 0;
    uint32_t hits = 0;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        if (i + GROUP_AHEAD < sel->count) {
            RZ_PREFETCH(&table->entries[group_home(table, hashes[rz_sel_at(sel, i + GROUP_AHEAD)])]);
        }
        uint64_t hash = hashes[row];
        uint64_t mask = (UINT64_C(1) << table->bits) - 1;
        uint64_t at = group_home(table, hash);
        while (table->entries[at].group != NULL && table->entries[at].tag != hash) {
            at = (at + 1) & mask;
        }
        uint8_t *group = table->entries[at].group;
        if (group != NULL) { /* compared below */
            rows[hits] = row;
            items[hits] = hits;
            cursors[hits++] = group + layout->keys_off;
            RZ_PREFETCH(group + layout->keys_off);
        } else {
            group = group_take(table, keys, row, given, made, &made_count);
            RZ_TRY_ALLOC(group, err, "grouping rows");
            RZ_TRY(group_insert(table, at, hash, hash, group, err));
        }
        groups[row] = group;
    }
    group_fill(layout, keys, hashes, made, made_count, groups);
    uint32_t kept = hits;
    for (uint32_t k = 0; k < layout->key_count && kept != 0; k++) {
        kept = rz_row_values_match(cursors, keys[k], rows, items, kept);
    }
    for (uint32_t i = 0, j = 0; kept != hits && i < hits; i++) {
        if (j < kept && items[j] == i) {
            j++;
            continue;
        }
        RZ_TRY(group_find_one(table, keys, hashes, rows[i], given, groups, err));
    }
    return RUZU_OK;
}

ruzu_status rz_group_find(rz_group_table *table, rz_vec *const *keys, const uint64_t *hashes, const rz_sel *sel, uint8_t *const *given, uint8_t **groups, rz_error *err)
{
    if (table->entries == NULL) {
        RZ_TRY(group_grow(table, err));
    }
    if (table->nursery.on && table->count + sel->count > (UINT64_C(1) << table->max_bits) * 5 / 8) {
        RZ_TRY(rz_group_retire(table, err)); /* not among the rows: their groups would move */
    }
    return table->layout->inline_key ? group_find_inline(table, keys, hashes, sel, given, groups, err)
                                     : group_find_generic(table, keys, hashes, sel, given, groups, err);
}

/* ---- merging ---- */

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

static ruzu_status group_combine(const rz_group_layout *layout, rz_agg_context *context, uint8_t *into, const uint8_t *from, rz_error *err)
{
    for (uint32_t a = 0; a < layout->agg_count; a++) {
        RZ_TRY(layout->aggs[a]->agg->combine(layout->aggs[a], context, into + layout->state_offs[a], from + layout->state_offs[a], err));
    }
    return RUZU_OK;
}

/* Hashes of keys that were read into rows 0 … of vectors: those stored with the groups (at hash_cursors), or computed again. */
static void group_read_hashes(const rz_group_layout *layout, const uint8_t *const *stored, uint32_t count, rz_vec *const *keys, uint64_t *hashes)
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

/* The table's group with the keys of `group`, which becomes one of the table's if there is none. Equal keys have equal bytes. */
static ruzu_status group_merge_one(rz_group_table *table, uint8_t *group, uint8_t **out, rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    uint64_t hash = rz_load_u64(group + layout->states_size);
    uint64_t mask = (UINT64_C(1) << table->bits) - 1;
    uint64_t at = group_home(table, hash);
    size_t size = 0;
    for (; table->entries[at].group != NULL; at = (at + 1) & mask) {
        if (table->entries[at].tag != hash) {
            continue;
        }
        uint8_t *other = table->entries[at].group;
        size = size == 0 ? group_keys_size(layout, group + layout->keys_off) : size;
        if (group_keys_size(layout, other + layout->keys_off) == size && memcmp(other + layout->keys_off, group + layout->keys_off, size) == 0) {
            *out = other;
            return RUZU_OK;
        }
    }
    *out = group;
    return group_insert(table, at, hash, hash, group, err);
}

/* Merges groups by the bytes of their keys: nothing is read into vectors. */
static ruzu_status group_merge_bytes(rz_group_table *table, rz_agg_context *context, uint8_t *const *groups, uint32_t count, rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    if (table->entries == NULL) {
        RZ_TRY(group_grow(table, err));
    }
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *found = NULL;
        if (i + 2 * GROUP_AHEAD < count) {
            RZ_PREFETCH(groups[i + 2 * GROUP_AHEAD] + layout->states_size);
        }
        if (i + GROUP_AHEAD < count) {
            RZ_PREFETCH(&table->entries[group_home(table, rz_load_u64(groups[i + GROUP_AHEAD] + layout->states_size))]);
        }
        RZ_TRY(group_merge_one(table, groups[i], &found, err));
        if (found != groups[i]) {
            RZ_TRY(group_combine(layout, context, found, groups[i], err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_group_merge(rz_group_table *table, rz_agg_context *context, uint8_t *const *groups, uint32_t count, rz_vec *const *keys, rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    if (layout->key_count == 0) {
        for (uint32_t i = 0; i < count; i++) {
            if (table->lone_group == NULL) {
                RZ_TRY(group_set_lone(table, 0, groups[i], err));
            } else {
                RZ_TRY(group_combine(layout, context, table->lone_group, groups[i], err));
            }
        }
        return RUZU_OK;
    }
    if (layout->plain_keys) {
        return group_merge_bytes(table, context, groups, count, err);
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
    group_read_hashes(layout, stored, count, keys, hashes);
    rz_sel sel = {.rows = NULL, .count = count};
    RZ_TRY(rz_group_find(table, keys, hashes, &sel, groups, found, err));
    for (uint32_t i = 0; i < count; i++) {
        if (found[i] != groups[i]) {
            RZ_TRY(group_combine(layout, context, found[i], groups[i], err));
        }
    }
    return RUZU_OK;
}

/* ---- spilling ---- */

/* A record: hash unless the key is inline, for each aggregate its state (plain: the bytes; else length u32 and what save wrote), keys. */
static ruzu_status group_write(const rz_group_layout *layout, const uint8_t *group, rz_str *text, rz_records *records, rz_error *err)
{
    rz_str_clear(text);
    rz_str_append(text, (const char *)group + layout->states_size, layout->keys_off - layout->states_size);
    for (uint32_t a = 0; a < layout->agg_count; a++) {
        const rz_agg_bound *bound = layout->aggs[a];
        const uint8_t *state = group + layout->state_offs[a];
        if (bound->agg->plain_state) {
            rz_str_append(text, (const char *)state, bound->state_size);
            continue;
        }
        size_t start = text->length;
        uint8_t length[4] = {0};
        rz_str_append(text, (const char *)length, sizeof length);
        bound->agg->save(bound, state, text);
        if (!text->failed) {
            rz_store_u32(text->data + start, (uint32_t)(text->length - start - 4));
        }
    }
    const uint8_t *keys = group + layout->keys_off;
    const uint8_t *end = keys;
    for (uint32_t k = 0; k < layout->key_count; k++) {
        end = rz_row_value_skip(layout->key_types[k], end);
    }
    rz_str_append(text, (const char *)keys, (size_t)(end - keys));
    if (text->failed) {
        return rz_error_no_memory(err, "spilling groups");
    }
    if (text->length > INT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A group of %zu bytes is larger than the limit of 2 GiB.", text->length);
    }
    uint8_t *place = NULL;
    RZ_TRY(rz_records_add(records, (uint32_t)text->length, &place, err));
    memcpy(place, text->data, text->length);
    return RUZU_OK;
}

ruzu_status rz_group_spill(rz_group_table *table, rz_mem *mem, rz_pool *pool, rz_records **records, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_str text;
    rz_str_init(&text, mem);
    RZ_TRY_GOTO(group_retire(table, false, err)); /* they leave memory */
    for (uint32_t p = 0; p < RZ_SPILL_PARTS; p++) {
        const rz_group_list *part = &table->parts[p];
        if (part->count != 0 && records[p] == NULL) {
            RZ_TRY_GOTO(rz_records_create_part(mem, pool, &records[p], err));
        }
        for (uint64_t i = 0; i < part->count; i++) {
            RZ_TRY_GOTO(group_write(table->layout, part->groups[i], &text, records[p], err));
        }
        if (records[p] != NULL) {
            rz_records_seal(records[p]);
        }
    }
    rz_group_table_clear(table);
cleanup:
    rz_str_free(&text);
    return status;
}

/* Reads the states of a record into `states` (laid out as in a group) and returns where its keys begin in *out_keys. */
static ruzu_status group_read_states(const rz_group_layout *layout, rz_agg_context *context, const uint8_t *record, uint32_t size, uint8_t *states,
                                     const uint8_t **out_keys, rz_error *err)
{
    rz_reader reader;
    rz_reader_init(&reader, record, size);
    (void)rz_read_bytes(&reader, layout->keys_off - layout->states_size);
    for (uint32_t a = 0; a < layout->agg_count; a++) {
        const rz_agg_bound *bound = layout->aggs[a];
        uint8_t *state = states + layout->state_offs[a];
        if (bound->agg->plain_state) {
            const void *bytes = rz_read_bytes(&reader, bound->state_size);
            if (bytes != NULL) {
                memcpy(state, bytes, bound->state_size);
            }
            continue;
        }
        uint32_t length = rz_read_u32(&reader);
        const void *bytes = rz_read_bytes(&reader, length);
        if (bytes != NULL) {
            rz_reader part;
            rz_reader_init(&part, bytes, length);
            bound->agg->init(bound, state);
            RZ_TRY(bound->agg->load(bound, context, &part, state, err));
        }
    }
    if (reader.failed) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "a spilled group is damaged");
    }
    *out_keys = record + reader.off;
    return RUZU_OK;
}

/* Merges records[0..count), which are valid together. */
static ruzu_status group_load_batch(rz_group_table *table, rz_agg_context *context, const uint8_t *const *records, const uint32_t *sizes, uint32_t count, uint8_t *states,
                                    rz_vec *const *keys, rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    uint64_t hashes[RZ_VECTOR_CAPACITY] = {0};
    uint8_t *found[RZ_VECTOR_CAPACITY];
    const uint8_t *cursors[RZ_VECTOR_CAPACITY];
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(group_read_states(layout, context, records[i], sizes[i], states + (size_t)i * layout->states_size, &cursors[i], err));
    }
    for (uint32_t k = 0; k < layout->key_count; k++) {
        rz_vec_reset(keys[k]);
        RZ_TRY(rz_row_values_read(cursors, count, false, keys[k], 0, err));
    }
    group_read_hashes(layout, records, count, keys, hashes);
    rz_sel sel = {.rows = NULL, .count = count};
    RZ_TRY(rz_group_find(table, keys, hashes, &sel, NULL, found, err));
    for (uint32_t i = 0; i < count && layout->agg_count != 0; i++) {
        RZ_TRY(group_combine(layout, context, found[i], states + (size_t)i * layout->states_size, err));
    }
    return RUZU_OK;
}

ruzu_status rz_group_load(rz_group_table *table, const rz_exec *exec, rz_agg_context *context, rz_records *records, rz_vec *const *keys, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    const uint8_t *batch[RZ_VECTOR_CAPACITY];
    uint32_t sizes[RZ_VECTOR_CAPACITY];
    size_t state_bytes = (size_t)table->layout->states_size * RZ_VECTOR_CAPACITY;
    rz_records_cursor cursor = {0};
    uint8_t *states = (uint8_t *)rz_mem_alloc(table->mem, state_bytes);
    RZ_TRY_ALLOC(states, err, "reading spilled groups");
    rz_records_open(records, &cursor);
    uint32_t count = 0;
    for (;;) {
        const uint8_t *record = NULL;
        uint32_t size = 0;
        bool block_end = false;
        RZ_TRY_GOTO(rz_records_next(&cursor, count != 0, &record, &size, &block_end, err));
        if (record != NULL) {
            batch[count] = record;
            sizes[count++] = size;
        }
        if (count == RZ_VECTOR_CAPACITY || (record == NULL && count != 0)) {
            RZ_TRY_GOTO(rz_exec_poll(exec, err));
            RZ_TRY_GOTO(group_load_batch(table, context, batch, sizes, count, states, keys, err));
            count = 0;
        } else if (record == NULL) {
            break;
        }
    }
cleanup:
    rz_records_close(&cursor);
    rz_mem_free(table->mem, states, state_bytes);
    return status;
}
