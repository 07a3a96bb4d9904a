/* SPDX-License-Identifier: MIT */
/*
 * Parts of groups: blocks, where they come from, walking over them.
 */
#include "executor/group_part.h"

#include <string.h>

#ifdef RZ_TINY
#define PART_FIRST_BLOCK 64u
#define PART_LAST_BLOCK 512u
#else
#define PART_FIRST_BLOCK 1024u
#define PART_LAST_BLOCK (32u * 1024u)
#endif

/* The head of a map. */
typedef struct rz_group_map {
    struct rz_group_map *next;
    uint64_t unused; /* what follows is aligned */
} rz_group_map;

ruzu_status rz_group_list_reserve(rz_mem *mem, rz_group_list *list, uint64_t extra, rz_error *err)
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

void rz_group_list_free(rz_mem *mem, rz_group_list *list)
{
    rz_mem_free(mem, list->groups, list->capacity * sizeof *list->groups);
    memset(list, 0, sizeof *list);
}

/* ---- where blocks come from ---- */

void rz_group_store_init(rz_group_store *store, rz_mem *mem, rz_arena *arena)
{
    *store = (rz_group_store){.mem = mem, .arena = arena};
}

void rz_group_store_clear(rz_group_store *store)
{
    while (store->maps != NULL) {
        rz_group_map *map = store->maps;
        store->maps = map->next;
        rz_mem_map_free(store->mem, map);
    }
    store->map_bytes = 0;
    store->next = store->end = NULL;
}

static bool group_store_map(rz_group_store *store)
{
    rz_group_map *map = (rz_group_map *)rz_mem_map_alloc(store->mem);
    if (map == NULL) {
        return false;
    }
    map->next = store->maps;
    store->maps = map;
    store->map_bytes += RZ_MEM_MAP_BYTES;
    store->next = (uint8_t *)(map + 1);
    store->end = (uint8_t *)map + RZ_MEM_MAP_BYTES;
    return true;
}

static uint8_t *group_store_alloc(rz_group_store *store, size_t size)
{
    bool fits = (size_t)(store->end - store->next) >= size;
    if (!fits && size <= RZ_MEM_MAP_BYTES / 4 && store->arena->used_bytes >= RZ_MEM_MAP_BYTES / 8) {
        fits = group_store_map(store); /* a table that has let go of so much was full, and will be again */
    }
    if (!fits) {
        return (uint8_t *)rz_arena_alloc(store->arena, size);
    }
    uint8_t *memory = store->next;
    store->next += size;
    return memory;
}

/* ---- parts ---- */

bool rz_group_part_extend(rz_group_part *part, rz_group_store *store, size_t size)
{
    size_t block_bytes = part->last == NULL ? PART_FIRST_BLOCK : part->block_bytes < PART_LAST_BLOCK ? 2u * part->block_bytes : PART_LAST_BLOCK;
    size_t need = (sizeof(rz_group_block) + size + 15) & ~(size_t)15;
    rz_group_block *block = (rz_group_block *)group_store_alloc(store, need > block_bytes ? need : block_bytes);
    if (block == NULL) {
        return false;
    }
    block->next = NULL;
    block->used = 0;
    if (part->last == NULL) {
        part->first = block;
    } else {
        part->last->next = block;
        part->last->used = (uint64_t)(part->next - (uint8_t *)(part->last + 1));
    }
    part->last = block;
    part->block_bytes = (uint32_t)block_bytes; /* one group more than a block large is no reason to ask for more from now on */
    part->next = (uint8_t *)(block + 1);
    part->end = (uint8_t *)block + (need > block_bytes ? need : block_bytes);
    return true;
}

void rz_group_cursor_open(rz_group_cursor *cursor, const rz_group_layout *layout, const rz_group_part *part)
{
    *cursor = (rz_group_cursor){.layout = layout, .part = part, .block = part->first, .list = &part->list};
}

void rz_group_cursor_open_list(rz_group_cursor *cursor, const rz_group_layout *layout, const rz_group_list *list)
{
    *cursor = (rz_group_cursor){.layout = layout, .list = list};
}

/* Enters the next block; false when there is none. */
static bool cursor_enter(rz_group_cursor *cursor)
{
    const rz_group_block *block = cursor->block;
    if (block == NULL) {
        return false;
    }
    bool is_last = block == cursor->part->last;
    cursor->at = (uint8_t *)(uintptr_t)(block + 1);
    cursor->end = is_last ? cursor->part->next : cursor->at + block->used;
    cursor->block = block->next;
    return true;
}

uint32_t rz_group_cursor_next(rz_group_cursor *cursor, uint8_t **groups, uint32_t most)
{
    const rz_group_layout *layout = cursor->layout;
    uint32_t count = 0;
    while (count < most && (cursor->at != cursor->end || cursor_enter(cursor))) {
        uint8_t *at = cursor->at;
        for (; at != cursor->end && count < most; count++) {
            groups[count] = at;
            at += rz_group_size(layout, at);
        }
        cursor->at = at;
    }
    uint64_t left = cursor->list->count - cursor->list_at;
    uint32_t take = left < most - count ? (uint32_t)left : most - count;
    if (take != 0) {
        memcpy(groups + count, cursor->list->groups + cursor->list_at, take * sizeof *groups);
    }
    cursor->list_at += take;
    return count + take;
}
