/* SPDX-License-Identifier: MIT */
/*
 * One part of the groups that tables have let go of (private to the executor): those of equal upper hash bits.
 *
 *   part      block → block → …   groups side by side, in the order they came: nothing points to them, who reads them walks
 *             list                groups that stay where they were made: those that cannot be moved, or are too large
 *   store     where the blocks of all parts of a table come from: its arena, and when there are many, maps of huge pages
 *
 * Blocks grow with the part, so that few groups take little memory and many have little between them.
 */
#ifndef RZ_EXECUTOR_GROUP_PART_H
#define RZ_EXECUTOR_GROUP_PART_H

#include "executor/group_layout.h"

typedef struct rz_group_list {
    uint8_t **groups;
    uint64_t count;
    uint64_t capacity;
} rz_group_list;

RZ_NODISCARD ruzu_status rz_group_list_reserve(rz_mem *mem, rz_group_list *list, uint64_t extra, rz_error *err);
void rz_group_list_free(rz_mem *mem, rz_group_list *list); /* leaves an empty one */

typedef struct rz_group_block {
    struct rz_group_block *next;
    uint64_t used; /* bytes of groups, once another block follows; groups begin behind this head */
} rz_group_block;

typedef struct rz_group_store {
    rz_mem *mem;
    rz_arena *arena;           /* borrowed: the table's */
    struct rz_group_map *maps; /* owned */
    uint64_t map_bytes;
    uint8_t *next, *end;       /* free room in the last map */
} rz_group_store;

void rz_group_store_init(rz_group_store *store, rz_mem *mem, rz_arena *arena);
void rz_group_store_clear(rz_group_store *store);

typedef struct rz_group_part {
    rz_group_block *first, *last;
    uint8_t *next, *end;       /* free room in the last block */
    uint32_t block_bytes;      /* of the last block */
    uint64_t count;            /* groups in blocks */
    rz_group_list list;
} rz_group_part;

/* A block with room for `size` bytes behind the others; false when memory is refused. */
RZ_NODISCARD bool rz_group_part_extend(rz_group_part *part, rz_group_store *store, size_t size);

/* Room for a group of `size` bytes behind the one before it; NULL when memory is refused. */
static inline uint8_t *rz_group_part_add(rz_group_part *part, rz_group_store *store, size_t size)
{
    if (RZ_UNLIKELY((size_t)(part->end - part->next) < size) && !rz_group_part_extend(part, store, size)) {
        return NULL;
    }
    uint8_t *group = part->next;
    part->next += size;
    part->count++;
    return group;
}

static inline uint64_t rz_group_part_count(const rz_group_part *part)
{
    return part->count + part->list.count;
}

/* Walks over the groups of a part, or of a list alone. */
typedef struct rz_group_cursor {
    const rz_group_layout *layout;
    const rz_group_part *part;   /* NULL: a list */
    const rz_group_block *block; /* the next one */
    uint8_t *at, *end;           /* groups of the block before it that are left */
    const rz_group_list *list;
    uint64_t list_at;
} rz_group_cursor;

void rz_group_cursor_open(rz_group_cursor *cursor, const rz_group_layout *layout, const rz_group_part *part);
void rz_group_cursor_open_list(rz_group_cursor *cursor, const rz_group_layout *layout, const rz_group_list *list);
/* The next groups, at most `most`; how many; 0: the end. */
uint32_t rz_group_cursor_next(rz_group_cursor *cursor, uint8_t **groups, uint32_t most);

#endif
