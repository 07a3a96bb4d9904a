/* SPDX-License-Identifier: MIT */
/*
 * Arenas: blocks of doubling size, given out front to back, freed together.
 *
 * Large requests get a block of their own behind the head, so that the head's free space is not lost to them. Blocks start
 * small (an idle connection's arena is cheap) and double up to 256 KiB (a query of many nodes asks the allocator rarely).
 */
#include "common/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef RZ_TINY
#define ARENA_FIRST_BLOCK ((size_t)256) /* an arena for every 64 rows */
#else
#define ARENA_FIRST_BLOCK ((size_t)2048)
#endif
#define ARENA_LAST_BLOCK ((size_t)256 * 1024)

/* Blocks, with this header, in bytes. Data follows the header. */
struct rz_arena_block {
    rz_arena_block *next; /* owned */
    size_t size_bytes;    /* with the header */
};

RZ_STATIC_ASSERT(sizeof(rz_arena_block) == 16, "data behind the header is 16-byte aligned");

static char *arena_block_data(rz_arena_block *block)
{
    return (char *)block + sizeof *block;
}

void rz_arena_init(rz_arena *arena, rz_mem *mem)
{
    arena->mem = mem;
    arena->head = NULL;
    arena->next = NULL;
    arena->end = NULL;
    arena->used_bytes = 0;
}

static void arena_free_chain(rz_arena *arena, rz_arena_block *block)
{
    while (block != NULL) {
        rz_arena_block *next = block->next;
        rz_mem_free(arena->mem, block, block->size_bytes);
        block = next;
    }
}

void rz_arena_free(rz_arena *arena)
{
    arena_free_chain(arena, arena->head);
    rz_arena_init(arena, arena->mem);
}

void rz_arena_reset(rz_arena *arena)
{
    rz_arena_block *head = arena->head;
    arena->used_bytes = 0;
    if (head == NULL) {
        return;
    }
    arena_free_chain(arena, head->next);
    head->next = NULL;
    arena->next = arena_block_data(head);
    arena->end = (char *)head + head->size_bytes;
#ifdef RZ_ASSERTS
    memset(arena->next, 0xA5, (size_t)(arena->end - arena->next)); /* use after reset shows */
#endif
}

/* A new block for at least `bytes` of data; NULL when memory is refused. */
static rz_arena_block *arena_new_block(rz_arena *arena, size_t size_bytes)
{
    rz_arena_block *block = (rz_arena_block *)rz_mem_alloc(arena->mem, size_bytes);
    if (block != NULL) {
        block->next = NULL;
        block->size_bytes = size_bytes;
    }
    return block;
}

/* The size of the next ordinary block: double the head's, within bounds. */
static size_t arena_next_block_bytes(const rz_arena *arena)
{
    if (arena->head == NULL) {
        return ARENA_FIRST_BLOCK;
    }
    size_t doubled = arena->head->size_bytes * 2;
    return doubled < ARENA_LAST_BLOCK ? doubled : ARENA_LAST_BLOCK;
}

/* Takes `bytes` at the given alignment from the head's free space; NULL when they do not fit. */
static void *arena_take(rz_arena *arena, size_t bytes, size_t align)
{
    if (arena->next == NULL) {
        return NULL;
    }
    size_t padding = (size_t)(-(uintptr_t)arena->next & (align - 1));
    size_t room = (size_t)(arena->end - arena->next);
    if (padding > room || bytes > room - padding) {
        return NULL;
    }
    char *memory = arena->next + padding;
    arena->next = memory + bytes;
    arena->used_bytes += padding + bytes;
    return memory;
}

void *rz_arena_alloc_slow(rz_arena *arena, size_t size, size_t align)
{
    RZ_ASSERT(align >= 16 && (align & (align - 1)) == 0);
    if (size > PTRDIFF_MAX / 2 || align > PTRDIFF_MAX / 4) {
        return NULL;
    }
    size_t bytes = (size + 15u) & ~(size_t)15u;
    void *memory = arena_take(arena, bytes, align);
    if (memory != NULL) {
        return memory;
    }
    size_t needed = sizeof(rz_arena_block) + bytes + (align - 16);
    size_t ordinary = arena_next_block_bytes(arena);
    if (arena->head != NULL && needed > ordinary / 4) {
        rz_arena_block *own = arena_new_block(arena, needed);
        if (own == NULL) {
            return NULL;
        }
        own->next = arena->head->next;
        arena->head->next = own;
        arena->used_bytes += bytes;
        char *data = arena_block_data(own);
        return data + (size_t)(-(uintptr_t)data & (align - 1));
    }
    rz_arena_block *block = arena_new_block(arena, needed > ordinary ? needed : ordinary);
    if (block == NULL) {
        return NULL;
    }
    block->next = arena->head;
    arena->head = block;
    arena->next = arena_block_data(block);
    arena->end = (char *)block + block->size_bytes;
    return arena_take(arena, bytes, align);
}

void *rz_arena_calloc(rz_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (rz_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    void *memory = rz_arena_alloc(arena, bytes);
    if (memory != NULL) {
        memset(memory, 0, bytes);
    }
    return memory;
}

void *rz_arena_dup(rz_arena *arena, const void *data, size_t size)
{
    void *memory = rz_arena_alloc(arena, size);
    if (memory != NULL && size > 0) {
        memcpy(memory, data, size);
    }
    return memory;
}

char *rz_arena_strndup(rz_arena *arena, const char *text, size_t length)
{
    char *copy = length == SIZE_MAX ? NULL : (char *)rz_arena_alloc(arena, length + 1);
    if (copy != NULL) {
        if (length > 0) {
            memcpy(copy, text, length);
        }
        copy[length] = '\0';
    }
    return copy;
}

char *rz_arena_strdup(rz_arena *arena, const char *text)
{
    return rz_arena_strndup(arena, text, strlen(text));
}

char *rz_arena_printf(rz_arena *arena, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = length < 0 ? NULL : (char *)rz_arena_alloc(arena, (size_t)length + 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    va_end(args);
    return text;
}
