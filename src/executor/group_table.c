/* SPDX-License-Identifier: MIT */
/*
 * Hash tables of groups: probing, growing, retiring.
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
#define GROUP_SCATTER 8u       /* times as many rows as a full table has are scattered before it tries again */

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
    rz_group_store_init(&(*out)->store, mem, &(*out)->arena);
    return RUZU_OK;
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
    rz_group_list_free(table->mem, &table->list);
    for (uint32_t p = 0; table->parts != NULL && p < RZ_SPILL_PARTS; p++) {
        rz_group_list_free(table->mem, &table->parts[p].list);
    }
    rz_mem_free(table->mem, table->parts, RZ_SPILL_PARTS * sizeof *table->parts);
    table->parts = NULL;
    table->lone_group = NULL;
    table->next = table->end = NULL;
    table->found_rows = 0;
    for (uint32_t i = 0; i < table->nursery.count; i++) {
        rz_mem_free(table->mem, table->nursery.blocks[i], group_nursery_bytes(i));
    }
    table->nursery.count = table->nursery.used = 0;
    rz_group_store_clear(&table->store);
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
    uint64_t bytes = table->arena.used_bytes + table->store.map_bytes + table->list.capacity * sizeof(uint8_t *);
    bytes += table->nursery.count == 0 ? 0 : GROUP_BLOCK / 16 + (uint64_t)(table->nursery.count - 1) * GROUP_BLOCK;
    bytes += table->entries == NULL ? 0 : sizeof(rz_group_entry) << table->bits;
    for (uint32_t p = 0; table->parts != NULL && p < RZ_SPILL_PARTS; p++) {
        bytes += table->parts[p].list.capacity * sizeof(uint8_t *);
    }
    return bytes;
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

/* ---- retiring ---- */

static ruzu_status group_use_parts(rz_group_table *table, rz_error *err)
{
    if (table->parts == NULL) {
        table->parts = (rz_group_part *)rz_mem_calloc(table->mem, RZ_SPILL_PARTS, sizeof *table->parts);
        RZ_TRY_ALLOC(table->parts, err, "grouping rows");
    }
    return RUZU_OK;
}

/* The groups of the entries to the parts; with `move`, copies of them. */
static ruzu_status group_retire_entries(rz_group_table *table, bool move, rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    uint64_t size = table->count == 0 ? 0 : UINT64_C(1) << table->bits;
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
        rz_group_part *part = &table->parts[rz_spill_part(group_entry_hash(table->layout, entry))];
        if (!move) {
            if (RZ_UNLIKELY(part->list.count == part->list.capacity)) {
                RZ_TRY(rz_group_list_reserve(table->mem, &part->list, share, err));
            }
            part->list.groups[part->list.count++] = entry->group;
            continue;
        }
        size_t group_size = rz_group_size(layout, entry->group); /* it had as much where it was made */
        uint8_t *copy = rz_group_part_add(part, &table->store, group_size);
        RZ_TRY_ALLOC(copy, err, "grouping rows");
        memcpy(copy, entry->group, group_size);
    }
    return RUZU_OK;
}

static ruzu_status group_retire(rz_group_table *table, bool move, rz_error *err)
{
    RZ_ASSERT(table->skip_bits == 0);
    RZ_TRY(group_use_parts(table, err));
    RZ_TRY(group_retire_entries(table, move, err));
    if (table->lone_group != NULL) {
        rz_group_list *part = &table->parts[rz_spill_part(table->lone_hash)].list;
        RZ_TRY(rz_group_list_reserve(table->mem, part, 1, err));
        part->groups[part->count++] = table->lone_group;
        table->lone_group = NULL;
    }
    if (table->count != 0) {
        memset(table->entries, 0, sizeof(rz_group_entry) << table->bits);
    }
    table->count = 0;
    table->list.count = 0;
    table->found_rows = 0;
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

ruzu_status rz_group_retire_where_they_are(rz_group_table *table, rz_error *err)
{
    return group_retire(table, false, err);
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
    size = rz_group_round(table->layout, size);
    if (RZ_UNLIKELY((size_t)(table->end - table->next) < size)) {
        return group_alloc_block(table, size);
    }
    uint8_t *group = table->next;
    table->next += size;
    return group;
}

static size_t group_size_of_row(const rz_group_layout *layout, rz_vec *const *keys, uint32_t row)
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
    for (uint32_t i = 0; i < count && layout->movable; i++) {
        memcpy(groups[rows[i]], layout->fresh, layout->states_size);
    }
    for (uint32_t a = 0; a < layout->agg_count && !layout->movable; a++) {
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
        RZ_TRY(rz_group_list_reserve(table->mem, &table->list, table->limit, err));
    }
    table->entries[at].tag = tag;
    table->entries[at].group = group;
    table->list.groups[table->list.count++] = group;
    table->count++;
    return RUZU_OK;
}

ruzu_status rz_group_set_lone(rz_group_table *table, uint64_t hash, uint8_t *group, rz_error *err)
{
    RZ_TRY(rz_group_list_reserve(table->mem, &table->list, 1, err));
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
    return rz_group_set_lone(table, 0, group, err);
}

/* ---- finding ---- */

/* A group for a row that has none: given, or new with room for its keys, which are filled later (the row is added to `made`). */
static inline uint8_t *group_take(rz_group_table *table, rz_vec *const *keys, uint32_t row, uint8_t *const *given, uint32_t *made, uint32_t *made_count)
{
    if (given != NULL) {
        return given[row];
    }
    made[(*made_count)++] = row;
    return group_alloc(table, group_size_of_row(table->layout, keys, row));
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
                RZ_TRY(rz_group_set_lone(table, hashes[row], group, err));
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

/* A group for each row behind those of its part: nobody asks whether there is one. */
static ruzu_status group_scatter(rz_group_table *table, rz_vec *const *keys, const uint64_t *hashes, const rz_sel *sel, uint8_t **groups, rz_error *err)
{
    const rz_group_layout *layout = table->layout;
    size_t sizes[RZ_VECTOR_CAPACITY];
    uint8_t *cursors[RZ_VECTOR_CAPACITY];
    size_t fixed = layout->fixed_size != 0 ? rz_group_round(layout, layout->fixed_size) : 0;
    for (uint32_t i = 0; i < sel->count && fixed == 0; i++) {
        sizes[i] = layout->keys_off;
    }
    for (uint32_t k = 0; k < layout->key_count && fixed == 0; k++) {
        rz_row_values_size(keys[k], sel, sizes);
    }
    RZ_TRY(group_use_parts(table, err));
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        uint64_t hash = hashes[row];
        uint8_t *group = rz_group_part_add(&table->parts[rz_spill_part(hash)], &table->store, fixed != 0 ? fixed : rz_group_round(layout, sizes[i]));
        RZ_TRY_ALLOC(group, err, "grouping rows");
        for (uint32_t at = 0; at < layout->states_size; at += 16) {
            memcpy(group + at, layout->fresh + at, 16);
        }
        rz_store_u64(group + layout->states_size, hash);
        cursors[i] = group + layout->keys_off;
        groups[row] = group;
    }
    for (uint32_t k = 0; k < layout->key_count; k++) {
        rz_row_values_write(keys[k], sel, cursors);
    }
    return RUZU_OK;
}

/* The table may be full soon. Most of its groups have met one row: what it does costs more than it saves. */
static ruzu_status group_retire_full(rz_group_table *table, rz_error *err)
{
    if (table->found_rows < table->count + table->count / 2) {
        table->scatter_rows = GROUP_SCATTER * table->found_rows;
    }
    return rz_group_retire(table, err);
}

ruzu_status rz_group_find(rz_group_table *table, rz_vec *const *keys, const uint64_t *hashes, const rz_sel *sel, uint8_t *const *given, uint8_t **groups, rz_error *err)
{
    if (table->entries == NULL) {
        RZ_TRY(group_grow(table, err));
    }
    if (table->nursery.on) { /* not among the rows: their groups would move */
        if (table->scatter_rows == 0 && table->count + sel->count > (UINT64_C(1) << table->max_bits) * 5 / 8) {
            RZ_TRY(group_retire_full(table, err));
        }
        if (table->scatter_rows != 0) {
            table->scatter_rows -= table->scatter_rows < sel->count ? table->scatter_rows : sel->count;
            return group_scatter(table, keys, hashes, sel, groups, err);
        }
    }
    table->found_rows += sel->count;
    return table->layout->inline_key ? group_find_inline(table, keys, hashes, sel, given, groups, err)
                                     : group_find_generic(table, keys, hashes, sel, given, groups, err);
}
