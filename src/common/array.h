/* SPDX-License-Identifier: MIT */
/*
 * Growing array of pointers or items in an arena, by macro: the struct is declared per use, e.g.
 *     RZ_ARRAY(rz_expr *) items;        … RZ_ARRAY_PUSH(&items, arena, expr) is false when memory is refused.
 * Old buffers stay in the arena until it is freed, so growth doubles.
 */
#ifndef RZ_COMMON_ARRAY_H
#define RZ_COMMON_ARRAY_H

#include "common/mem.h"

#define RZ_ARRAY(item_type)                                                                                            \
    struct {                                                                                                           \
        item_type *items;                                                                                              \
        uint32_t count;                                                                                                \
        uint32_t capacity;                                                                                             \
    }

/* Makes room for one more item of item_size bytes; false when memory is refused. Used by RZ_ARRAY_PUSH. */
RZ_NODISCARD bool rz_array_grow(rz_arena *arena, void **items, uint32_t count, uint32_t *capacity, size_t item_size);

#define RZ_ARRAY_PUSH(array, arena, item)                                                                              \
    ((array)->count < (array)->capacity ||                                                                             \
             rz_array_grow(arena, (void **)&(array)->items, (array)->count, &(array)->capacity,                        \
                           sizeof(*(array)->items))                                                                    \
         ? ((array)->items[(array)->count++] = (item), true)                                                           \
         : false)

/* The same struct with items that one owner allocates from an account, for lists that outgrow an arena: room for `more` items (false: memory is refused); gives the memory back. */
RZ_NODISCARD bool rz_list_grow(rz_mem *mem, void **items, uint32_t count, uint32_t *capacity, uint32_t more, size_t item_size);

#define RZ_LIST_RESERVE(list, mem, more)                                                                               \
    ((list)->capacity - (list)->count >= (more) ||                                                                     \
     rz_list_grow(mem, (void **)&(list)->items, (list)->count, &(list)->capacity, more, sizeof(*(list)->items)))

#define RZ_LIST_FREE(list, mem) rz_mem_free(mem, (void *)(list)->items, (list)->capacity * sizeof(*(list)->items))

#endif
