/* SPDX-License-Identifier: MIT */
/*
 * Memory accounts: the only caller of the C library's allocator. Arenas: arena.c.
 *
 * Counters carry no other data, so every access is relaxed; what they promise is that `used` is the sum of what is charged and
 * never passes `limit`.
 */
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

/* With asserts on, memory that was not written shows this, and freed memory too. Long blocks only at their beginning. */
#define MEM_FILL_BYTE 0xA5
#define MEM_FILL_MAX ((size_t)4096)

#define MEM_RECLAIM_TRIES 64u

static rz_mem mem_root = {.parent = NULL, .limit = UINT64_MAX};

/* The test hook: set only while no other thread allocates. */
static rz_mem_hook_fn mem_hook;
static void *mem_hook_user;

void rz_mem_init(rz_mem *mem, rz_mem *parent, uint64_t limit_bytes)
{
    mem->parent = parent;
    atomic_init(&mem->used, 0);
    atomic_init(&mem->peak, 0);
    mem->limit = limit_bytes;
    atomic_init(&mem->grace, 0);
    atomic_init(&mem->spilled, 0);
    mem->reclaim = NULL;
    mem->reclaim_user = NULL;
    mem->maps = NULL;
    mem->passive = false;
    mem->overdraft = false;
}

void rz_mem_init_overdraft(rz_mem *mem, rz_mem *parent)
{
    rz_mem_init(mem, parent, UINT64_MAX);
    mem->overdraft = true;
}

void rz_mem_init_passive(rz_mem *mem, rz_mem *parent)
{
    rz_mem_init(mem, parent, UINT64_MAX);
    mem->passive = true;
}

void rz_mem_set_reclaim(rz_mem *mem, rz_mem_reclaim_fn reclaim, void *user)
{
    mem->reclaim = reclaim;
    mem->reclaim_user = user;
}

void rz_mem_grant(rz_mem *mem, uint64_t bytes)
{
    atomic_fetch_add_explicit(&mem->grace, bytes, memory_order_relaxed);
}

void rz_mem_revoke(rz_mem *mem, uint64_t bytes)
{
    uint64_t before RZ_UNUSED = atomic_fetch_sub_explicit(&mem->grace, bytes, memory_order_relaxed);
    RZ_ASSERT(before >= bytes);
}

void rz_mem_note_spilled(rz_mem *mem, uint64_t bytes)
{
    atomic_fetch_add_explicit(&mem->spilled, bytes, memory_order_relaxed);
}

uint64_t rz_mem_spilled(const rz_mem *mem)
{
    return atomic_load_explicit(&mem->spilled, memory_order_relaxed);
}

uint64_t rz_mem_smallest_limit(const rz_mem *mem)
{
    uint64_t limit = UINT64_MAX;
    for (const rz_mem *account = mem; account != NULL; account = account->parent) {
        limit = account->limit < limit ? account->limit : limit;
    }
    return limit;
}

rz_mem *rz_mem_root(void)
{
    return &mem_root;
}

void rz_mem_set_test_hook(rz_mem_hook_fn hook, void *user)
{
    mem_hook = hook;
    mem_hook_user = user;
}

/* Charges one account; false when its limit would be passed. */
static void mem_note_peak(rz_mem *mem, uint64_t now)
{
    uint64_t peak = atomic_load_explicit(&mem->peak, memory_order_relaxed);
    while (now > peak && !atomic_compare_exchange_weak_explicit(&mem->peak, &peak, now, memory_order_relaxed,
                                                                memory_order_relaxed)) {
    }
}

static bool mem_charge_one(rz_mem *mem, uint64_t size)
{
    uint64_t now;
    if (mem->limit == UINT64_MAX) {
        now = atomic_fetch_add_explicit(&mem->used, size, memory_order_relaxed) + size;
    } else {
        uint64_t used = atomic_load_explicit(&mem->used, memory_order_relaxed);
        uint64_t grace = atomic_load_explicit(&mem->grace, memory_order_relaxed);
        uint64_t limit = grace < UINT64_MAX - mem->limit ? mem->limit + grace : UINT64_MAX;
        do {
            if (used > limit || size > limit - used) {
                return false;
            }
            now = used + size;
        } while (!atomic_compare_exchange_weak_explicit(&mem->used, &used, now, memory_order_relaxed,
                                                        memory_order_relaxed));
    }
    mem_note_peak(mem, now);
    return true;
}

/* Charges the whole chain, or nothing; returns the account that refused. */
static rz_mem *mem_charge_chain(rz_mem *mem, uint64_t size)
{
    for (rz_mem *account = mem; account != NULL; account = account->parent) {
        if (!mem_charge_one(account, size)) {
            for (rz_mem *charged = mem; charged != account; charged = charged->parent) {
                atomic_fetch_sub_explicit(&charged->used, size, memory_order_relaxed);
            }
            return account;
        }
    }
    return NULL;
}

/* True when memory was given back, so that asking again makes sense. */
static RZ_COLD bool mem_reclaim(const rz_mem *mem, const rz_mem *refused, uint64_t size)
{
    for (const rz_mem *account = mem; account != refused; account = account->parent) {
        if (account->passive) {
            return false;
        }
    }
    return refused->reclaim != NULL && size <= refused->limit && refused->reclaim(refused->reclaim_user, size) > 0;
}

/* Whatever the limits say. */
static bool mem_charge_all(rz_mem *mem, uint64_t size)
{
    for (rz_mem *account = mem; account != NULL; account = account->parent) {
        mem_note_peak(account, atomic_fetch_add_explicit(&account->used, size, memory_order_relaxed) + size);
    }
    return true;
}

bool rz_mem_charge(rz_mem *mem, uint64_t size)
{
    /* What one thread gives back another may take, so a second look can be in vain; not without end. */
    for (uint32_t tries = 0; tries < MEM_RECLAIM_TRIES; tries++) {
        const rz_mem *refused = mem_charge_chain(mem, size);
        if (RZ_LIKELY(refused == NULL)) {
            return true;
        }
        if (!mem_reclaim(mem, refused, size)) {
            break;
        }
    }
    return mem->overdraft && mem_charge_all(mem, size);
}

void rz_mem_uncharge(rz_mem *mem, uint64_t size)
{
    for (rz_mem *account = mem; account != NULL; account = account->parent) {
        uint64_t before RZ_UNUSED = atomic_fetch_sub_explicit(&account->used, size, memory_order_relaxed);
        RZ_ASSERT(before >= size);
    }
}

static void mem_fill(void *memory, size_t size)
{
#ifdef RZ_ASSERTS
    memset(memory, MEM_FILL_BYTE, size < MEM_FILL_MAX ? size : MEM_FILL_MAX);
#else
    (void)memory;
    (void)size;
#endif
}

bool rz_mem_admit(rz_mem *mem, size_t asked, uint64_t charge)
{
    if (mem_hook != NULL && mem_hook(mem_hook_user, asked)) {
        return false;
    }
    return rz_mem_charge(mem, charge);
}

/* malloc is 16-byte aligned on every 64-bit system we know; the type that stands for its promise is max_align_t. */
RZ_STATIC_ASSERT(_Alignof(max_align_t) >= 16, "allocations are promised to be 16-byte aligned");

void *rz_mem_alloc(rz_mem *mem, size_t size)
{
    if (size > PTRDIFF_MAX || !rz_mem_admit(mem, size, size)) {
        return NULL;
    }
    void *memory = malloc(size == 0 ? 1 : size);
    if (memory == NULL) {
        rz_mem_uncharge(mem, size);
        return NULL;
    }
    mem_fill(memory, size);
    return memory;
}

void *rz_mem_calloc(rz_mem *mem, size_t count, size_t size)
{
    size_t bytes;
    if (rz_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX || !rz_mem_admit(mem, bytes, bytes)) {
        return NULL;
    }
    void *memory = calloc(bytes == 0 ? 1 : bytes, 1);
    if (memory == NULL) {
        rz_mem_uncharge(mem, bytes);
    }
    return memory;
}

void *rz_mem_realloc(rz_mem *mem, void *memory, size_t old_size, size_t new_size)
{
    if (memory == NULL) {
        return rz_mem_alloc(mem, new_size);
    }
    uint64_t growth = new_size > old_size ? new_size - old_size : 0;
    if (new_size > PTRDIFF_MAX || !rz_mem_admit(mem, new_size, growth)) {
        return NULL;
    }
    void *moved = realloc(memory, new_size == 0 ? 1 : new_size);
    if (moved == NULL) {
        rz_mem_uncharge(mem, growth);
        return NULL;
    }
    if (new_size < old_size) {
        rz_mem_uncharge(mem, old_size - new_size);
    } else {
        mem_fill((char *)moved + old_size, new_size - old_size);
    }
    return moved;
}

void rz_mem_free(rz_mem *mem, void *memory, size_t size)
{
    if (memory != NULL) {
        mem_fill(memory, size);
        free(memory);
        rz_mem_uncharge(mem, size);
    }
}
