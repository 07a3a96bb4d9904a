/* SPDX-License-Identifier: MIT */
/*
 * Growth of arena arrays.
 */
#include "common/array.h"

#include <string.h>

#define ARRAY_FIRST_CAPACITY 4u

bool rz_array_grow(rz_arena *arena, void **items, uint32_t count, uint32_t *capacity, size_t item_size)
{
    RZ_ASSERT(count <= *capacity);
    if (*capacity == UINT32_MAX) {
        return false;
    }
    uint32_t wanted = *capacity > UINT32_MAX / 2 ? UINT32_MAX : *capacity * 2;
    if (wanted < ARRAY_FIRST_CAPACITY) {
        wanted = ARRAY_FIRST_CAPACITY;
    }
    size_t bytes;
    if (rz_mul_overflow((size_t)wanted, item_size, &bytes)) {
        return false;
    }
    void *grown = rz_arena_alloc(arena, bytes);
    if (grown == NULL) {
        return false;
    }
    /* The caller's pointer has the type of its items, not void *: it is read and written as bytes. */
    void *old;
    memcpy(&old, items, sizeof old);
    if (count > 0) {
        memcpy(grown, old, (size_t)count * item_size);
    }
    memcpy(items, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}

bool rz_list_grow(rz_mem *mem, void **items, uint32_t count, uint32_t *capacity, uint32_t more, size_t item_size)
{
    RZ_ASSERT(count <= *capacity);
    if (more > UINT32_MAX / 2 || count > UINT32_MAX / 2 - more) {
        return false;
    }
    uint32_t wanted = count + more > 2 * count ? count + more : 2 * count;
    size_t bytes;
    if (rz_mul_overflow((size_t)wanted, item_size, &bytes)) {
        return false;
    }
    void *old;
    memcpy(&old, items, sizeof old);
    void *grown = rz_mem_realloc(mem, old, *capacity * item_size, bytes);
    if (grown == NULL) {
        return false;
    }
    memcpy(items, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}
