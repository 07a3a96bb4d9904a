/* SPDX-License-Identifier: MIT */
/*
 * Memory: accounts that every allocation is charged to, and arenas. Only mem.c calls malloc.
 *
 * An account (rz_mem) knows its parent (query → database → process), a soft limit and what is in use; a charge goes to the
 * whole chain. Sized free keeps accounting exact without headers. Thread-safety: accounts are atomic; arenas belong to one thread.
 *
 * An account may have someone to ask for memory back before its limit refuses anything (the database's: the buffer pool, whose cached
 * pages give way). He is asked by whatever thread allocates, with whatever locks it holds: he takes only locks under which nothing is
 * charged but to a passive account, and waits for nobody.
 */
#ifndef RZ_COMMON_MEM_H
#define RZ_COMMON_MEM_H

#include "os/compiler.h"

#include <stdatomic.h>

/* Gives back at least size bytes of what is charged to the account, or what it can; 0 when nothing can be given back. */
typedef uint64_t (*rz_mem_reclaim_fn)(void *user, uint64_t size);

typedef struct rz_mem {
    struct rz_mem *parent;    /* borrowed: outlives this account; NULL at the root */
    _Atomic uint64_t used;    /* bytes charged here and below */
    _Atomic uint64_t peak;    /* highest value of used */
    uint64_t limit;           /* bytes; UINT64_MAX: none */
    _Atomic uint64_t grace;   /* bytes beyond the limit, for a while: rz_mem_grant */
    _Atomic uint64_t spilled; /* bytes that its holders had to move to a file: rz_mem_note_spilled */
    rz_mem_reclaim_fn reclaim; /* asked before limit refuses; NULL: nobody. Set while one thread knows the account */
    void *reclaim_user;
    struct rz_mem_maps *maps; /* where maps of this account and those below come from (mem_maps.h); NULL: its parents' */
    bool passive;             /* charges here never ask anyone: it is the account of who is asked */
    bool overdraft;           /* charges here are never refused for a limit's sake */
} rz_mem;

void rz_mem_init(rz_mem *mem, rz_mem *parent, uint64_t limit_bytes);
/* A child account whose charges are refused without anyone being asked to give memory back. */
void rz_mem_init_passive(rz_mem *mem, rz_mem *parent);
/* A child account that may pass its parents' limits, when nobody gives anything back: for little, or for what gives more back than it takes. */
void rz_mem_init_overdraft(rz_mem *mem, rz_mem *parent);
/* Only while no other thread charges the account or a child of it. NULL ends it. */
void rz_mem_set_reclaim(rz_mem *mem, rz_mem_reclaim_fn reclaim, void *user);

/* Until rz_mem_revoke, charges may pass the account's limit by so many bytes: for work that must not be refused, because it makes room. Not more than that, so whoever
 * asks for memory meanwhile is refused in the end. What was charged stays charged. */
void rz_mem_grant(rz_mem *mem, uint64_t bytes);
void rz_mem_revoke(rz_mem *mem, uint64_t bytes);

/* What was kept for this account's holders went to a file, because memory was short. For measurements only; parents are not told. */
void rz_mem_note_spilled(rz_mem *mem, uint64_t bytes);
uint64_t rz_mem_spilled(const rz_mem *mem);

/* The smallest limit on the way to the root; UINT64_MAX: none. What memory budgets are shares of. */
uint64_t rz_mem_smallest_limit(const rz_mem *mem);

/* The process's root account, for what belongs to no database. */
rz_mem *rz_mem_root(void);

/* Charges size to mem and its parents without allocating (frames of the buffer pool). False when a limit would be passed. */
RZ_NODISCARD bool rz_mem_charge(rz_mem *mem, uint64_t size);
void rz_mem_uncharge(rz_mem *mem, uint64_t size);
/* The same for memory that is got elsewhere than here: the test hook is asked for `asked` bytes, too. */
RZ_NODISCARD bool rz_mem_admit(rz_mem *mem, size_t asked, uint64_t charge);

/*
 * size bytes, 16-byte aligned, contents undefined; NULL when the limit or the system refuses (or the test hook says so).
 * size 0 gives a valid pointer. Free with the same account and the same size.
 */
RZ_NODISCARD void *rz_mem_alloc(rz_mem *mem, size_t size);
RZ_NODISCARD void *rz_mem_calloc(rz_mem *mem, size_t count, size_t size); /* zeroed; NULL on overflow too */
RZ_NODISCARD void *rz_mem_realloc(rz_mem *mem, void *memory, size_t old_size, size_t new_size); /* the old stays valid on NULL */
void rz_mem_free(rz_mem *mem, void *memory, size_t size); /* NULL is fine */

/* Test hook, called before each allocation; true makes it fail. Set it only while no other thread allocates. */
typedef bool (*rz_mem_hook_fn)(void *user, size_t size);
void rz_mem_set_test_hook(rz_mem_hook_fn hook, void *user);

/* ---- arenas: many small objects with one lifetime ---- */

typedef struct rz_arena_block rz_arena_block;

typedef struct rz_arena {
    rz_mem *mem;           /* borrowed */
    rz_arena_block *head;  /* owned; newest first */
    char *next;            /* free space of the head block: [next, end) */
    char *end;
    uint64_t used_bytes;   /* given out since the last reset */
} rz_arena;

void rz_arena_init(rz_arena *arena, rz_mem *mem); /* allocates nothing */
void rz_arena_free(rz_arena *arena);              /* frees all blocks; the arena is empty and usable afterwards */
void rz_arena_reset(rz_arena *arena);             /* forgets the contents, keeps one block for reuse */
RZ_NODISCARD void *rz_arena_alloc_slow(rz_arena *arena, size_t size, size_t align);

/* size bytes aligned to 16, contents undefined; NULL when memory is refused. Freed with the arena. */
RZ_NODISCARD static inline void *rz_arena_alloc(rz_arena *arena, size_t size)
{
    size_t aligned = (size + 15u) & ~(size_t)15u;
    if (RZ_LIKELY(aligned >= size && aligned <= (size_t)(arena->end - arena->next) && arena->next != NULL)) {
        void *memory = arena->next;
        arena->next += aligned;
        arena->used_bytes += aligned;
        return memory;
    }
    return rz_arena_alloc_slow(arena, size, 16);
}

/* count × size zeroed bytes; NULL on overflow or when memory is refused. */
RZ_NODISCARD void *rz_arena_calloc(rz_arena *arena, size_t count, size_t size);
/* A copy of size bytes. */
RZ_NODISCARD void *rz_arena_dup(rz_arena *arena, const void *data, size_t size);
/* A NUL-terminated copy of length bytes. */
RZ_NODISCARD char *rz_arena_strndup(rz_arena *arena, const char *text, size_t length);
RZ_NODISCARD char *rz_arena_strdup(rz_arena *arena, const char *text);
/* printf into the arena; NULL when memory is refused. */
RZ_NODISCARD char *rz_arena_printf(rz_arena *arena, const char *format, ...) RZ_PRINTF(2, 3);

#define RZ_NEW(arena, type) ((type *)rz_arena_calloc(arena, 1, sizeof(type)))
#define RZ_NEW_ARRAY(arena, type, count) ((type *)rz_arena_calloc(arena, count, sizeof(type)))

#endif
