/* SPDX-License-Identifier: MIT */
/*
 * Accounts, arenas and arena arrays.
 */
#include "common/common.h"

#include "os/os.h"

#include "unit/check.h"

static uint64_t mem_used(rz_mem *mem)
{
    return atomic_load(&mem->used);
}

static void charges_go_to_the_whole_chain(void)
{
    rz_mem database;
    rz_mem query;
    uint64_t root_before = mem_used(rz_mem_root());
    rz_mem_init(&database, rz_mem_root(), UINT64_MAX);
    rz_mem_init(&query, &database, UINT64_MAX);
    void *a = rz_mem_alloc(&query, 100);
    void *b = rz_mem_alloc(&database, 50);
    CHECK(a != NULL && b != NULL);
    CHECK_EQ_U64(((uintptr_t)a | (uintptr_t)b) & 15, 0);
    CHECK_EQ_U64(mem_used(&query), 100);
    CHECK_EQ_U64(mem_used(&database), 150);
    CHECK_EQ_U64(mem_used(rz_mem_root()) - root_before, 150);
    rz_mem_free(&query, a, 100);
    rz_mem_free(&database, b, 50);
    rz_mem_free(&database, NULL, 12345);
    CHECK_EQ_U64(mem_used(&database), 0);
    CHECK_EQ_U64(atomic_load(&database.peak), 150);
    CHECK_EQ_U64(atomic_load(&query.peak), 100);
    CHECK_EQ_U64(mem_used(rz_mem_root()), root_before);
}

static void limit_anywhere_in_the_chain_refuses(void)
{
    rz_mem database;
    rz_mem query;
    rz_mem_init(&database, NULL, 1000);
    rz_mem_init(&query, &database, UINT64_MAX);
    void *a = rz_mem_alloc(&query, 900);
    CHECK(a != NULL);
    CHECK(rz_mem_alloc(&query, 101) == NULL);
    CHECK_EQ_U64(mem_used(&query), 900); /* the query's charge was undone */
    CHECK(rz_mem_charge(&query, 100));
    CHECK(!rz_mem_charge(&query, 1));
    CHECK(!rz_mem_charge(&query, UINT64_MAX));
    rz_mem_uncharge(&query, 100);
    rz_mem_free(&query, a, 900);
    CHECK_EQ_U64(mem_used(&database), 0);
    CHECK_EQ_U64(atomic_load(&database.peak), 1000);
}

/* What somebody else keeps and gives back when asked, in pieces of at least 100 bytes. */
typedef struct mem_keeper {
    rz_mem own;
    uint64_t kept;
    uint64_t times;
} mem_keeper;

static uint64_t mem_keeper_give(void *user, uint64_t size)
{
    mem_keeper *keeper = (mem_keeper *)user;
    uint64_t given = size < 100 ? 100 : size;
    given = given < keeper->kept ? given : keeper->kept;
    keeper->kept -= given;
    keeper->times++;
    rz_mem_uncharge(&keeper->own, given);
    return given;
}

static void memory_is_asked_back_before_the_limit_refuses(void)
{
    rz_mem database;
    rz_mem query;
    mem_keeper keeper = {.kept = 0, .times = 0};
    rz_mem_init(&database, NULL, 1000);
    rz_mem_init(&query, &database, 800);
    rz_mem_init_passive(&keeper.own, &database);
    rz_mem_set_reclaim(&database, mem_keeper_give, &keeper);
    CHECK_EQ_U64(rz_mem_smallest_limit(&query), 800);
    CHECK_EQ_U64(rz_mem_smallest_limit(&keeper.own), 1000);

    CHECK(rz_mem_charge(&keeper.own, 900));
    keeper.kept = 900;
    CHECK(rz_mem_charge(&query, 100)); /* fits: nobody is asked */
    CHECK_EQ_U64(keeper.times, 0);
    CHECK(rz_mem_charge(&query, 10));
    CHECK_EQ_U64(keeper.times, 1);
    CHECK_EQ_U64(keeper.kept, 800);
    CHECK(rz_mem_charge(&query, 600)); /* more than one piece */
    CHECK_EQ_U64(atomic_load(&database.used), 710 + keeper.kept);

    uint64_t times = keeper.times;
    CHECK(!rz_mem_charge(&query, 100)); /* the query's own limit: what the other keeps does not help */
    CHECK(!rz_mem_charge(&database, 1001));
    uint64_t room = 1000 - atomic_load(&database.used);
    CHECK(!rz_mem_charge(&keeper.own, room + 1)); /* he is not asked for his own sake */
    CHECK_EQ_U64(keeper.times, times);
    CHECK(!rz_mem_charge(&database, 291)); /* all that he has is not enough */
    CHECK_EQ_U64(keeper.kept, 0);
    CHECK_EQ_U64(atomic_load(&database.used), 710);
    CHECK(rz_mem_charge(&database, 290));
    rz_mem_set_reclaim(&database, NULL, NULL);
    CHECK(!rz_mem_charge(&database, 1));
    rz_mem_uncharge(&database, 290);
    rz_mem_uncharge(&query, 710);
    CHECK_EQ_U64(atomic_load(&database.used), 0);
}

static void sizes_of_nothing_and_of_too_much(void)
{
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    void *empty = rz_mem_alloc(&mem, 0);
    CHECK(empty != NULL);
    rz_mem_free(&mem, empty, 0);
    empty = rz_mem_calloc(&mem, 0, 8);
    CHECK(empty != NULL);
    rz_mem_free(&mem, empty, 0);
    CHECK(rz_mem_calloc(&mem, SIZE_MAX / 2, 3) == NULL);
    CHECK(rz_mem_alloc(&mem, SIZE_MAX) == NULL);
    CHECK(rz_mem_alloc(&mem, PTRDIFF_MAX / 2) == NULL); /* the system refuses: nothing stays charged */
    CHECK_EQ_U64(mem_used(&mem), 0);
    char *zeros = (char *)rz_mem_calloc(&mem, 10, 10);
    CHECK(zeros != NULL);
    for (size_t i = 0; zeros != NULL && i < 100; i++) {
        CHECK_EQ_I64(zeros[i], 0);
    }
    rz_mem_free(&mem, zeros, 100);
}

static void realloc_keeps_contents_and_charge(void)
{
    rz_mem mem;
    rz_mem_init(&mem, NULL, 1000);
    char *memory = (char *)rz_mem_realloc(&mem, NULL, 0, 10);
    CHECK(memory != NULL);
    memcpy(memory, "123456789", 10);
    char *grown = (char *)rz_mem_realloc(&mem, memory, 10, 500);
    CHECK(grown != NULL);
    CHECK_STR(grown, "123456789");
    CHECK_EQ_U64(mem_used(&mem), 500);
    CHECK(rz_mem_realloc(&mem, grown, 500, 1001) == NULL);
    CHECK_STR(grown, "123456789"); /* the old one stays valid */
    CHECK_EQ_U64(mem_used(&mem), 500);
    char *shrunk = (char *)rz_mem_realloc(&mem, grown, 500, 10);
    CHECK_STR(shrunk, "123456789");
    CHECK_EQ_U64(mem_used(&mem), 10);
    rz_mem_free(&mem, shrunk, 10);
    CHECK_EQ_U64(mem_used(&mem), 0);
}

typedef struct failing_hook {
    int countdown; /* the allocation that makes it 0 fails */
    int calls;
} failing_hook;

static bool fail_at_zero(void *user, size_t size)
{
    failing_hook *hook = (failing_hook *)user;
    CHECK(size < 1 << 20);
    hook->calls++;
    return --hook->countdown == 0;
}

static void test_hook_fails_the_chosen_allocation(void)
{
    rz_mem mem;
    failing_hook hook = {2, 0};
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_mem_set_test_hook(fail_at_zero, &hook);
    void *a = rz_mem_alloc(&mem, 10);
    void *b = rz_mem_alloc(&mem, 10);
    void *c = rz_mem_calloc(&mem, 1, 10);
    CHECK(a != NULL && b == NULL && c != NULL);
    hook.countdown = 1;
    CHECK(rz_mem_realloc(&mem, a, 10, 20) == NULL);
    CHECK_EQ_U64(mem_used(&mem), 20);
    CHECK_EQ_I64(hook.calls, 4);
    rz_mem_set_test_hook(NULL, NULL);
    rz_mem_free(&mem, a, 10);
    rz_mem_free(&mem, c, 10);
}

static void charge_many_times(void *arg)
{
    rz_mem *mem = (rz_mem *)arg;
    for (int i = 0; i < 20000; i++) {
        if (rz_mem_charge(mem, 7)) {
            CHECK(mem_used(mem) <= 20);
            rz_mem_uncharge(mem, 7);
        }
    }
}

static void limit_holds_between_threads(void)
{
    rz_mem mem;
    rz_thread threads[3];
    rz_mem_init(&mem, rz_mem_root(), 20);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_I64(rz_thread_start(&threads[i], 0, charge_many_times, &mem), RUZU_OK);
    }
    for (int i = 0; i < 3; i++) {
        rz_thread_join(threads[i]);
    }
    CHECK_EQ_U64(mem_used(&mem), 0);
    CHECK(atomic_load(&mem.peak) <= 20);
}

static void arena_gives_aligned_separate_memory(void)
{
    rz_mem mem;
    rz_arena arena;
    enum { COUNT = 2000 };
    static uint8_t *blocks[COUNT];
    static size_t sizes[COUNT];
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_arena_init(&arena, &mem);
    CHECK_EQ_U64(mem_used(&mem), 0);
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = i % 50 == 49 ? 5000 * (i % 7) : i % 97;
        blocks[i] = (uint8_t *)rz_arena_alloc(&arena, sizes[i]);
        CHECK(blocks[i] != NULL);
        CHECK_EQ_U64((uintptr_t)blocks[i] & 15, 0);
        memset(blocks[i], (int)(i & 255), sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < sizes[i]; k++) {
            if (blocks[i][k] != (i & 255)) {
                CHECK_EQ_U64(blocks[i][k], i & 255);
                break;
            }
        }
    }
    CHECK(arena.used_bytes <= mem_used(&mem));
    rz_arena_free(&arena);
    CHECK_EQ_U64(mem_used(&mem), 0);
    CHECK(rz_arena_alloc(&arena, 1) != NULL); /* usable afterwards */
    rz_arena_free(&arena);
    CHECK_EQ_U64(mem_used(&mem), 0);
}

static void arena_honours_larger_alignment(void)
{
    rz_mem mem;
    rz_arena arena;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_arena_init(&arena, &mem);
    for (size_t align = 16; align <= 4096; align *= 2) {
        for (size_t size = 1; size < 40000; size = size * 3 + 5) {
            char *memory = (char *)rz_arena_alloc_slow(&arena, size, align);
            CHECK(memory != NULL);
            CHECK_EQ_U64((uintptr_t)memory & (align - 1), 0);
            memset(memory, 1, size);
        }
    }
    rz_arena_free(&arena);
    CHECK_EQ_U64(mem_used(&mem), 0);
}

static void arena_reset_keeps_little(void)
{
    rz_mem mem;
    rz_arena arena;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_arena_init(&arena, &mem);
    rz_arena_reset(&arena); /* of an empty one */
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 10000; i++) {
            CHECK(rz_arena_alloc(&arena, 100) != NULL);
        }
        CHECK(rz_arena_alloc(&arena, 3 << 20) != NULL);
        CHECK(arena.used_bytes >= 1000000 + (3 << 20));
        rz_arena_reset(&arena);
        CHECK_EQ_U64(arena.used_bytes, 0);
        CHECK(mem_used(&mem) <= 1 << 20);
        CHECK(mem_used(&mem) > 0);
    }
    rz_arena_free(&arena);
    CHECK_EQ_U64(mem_used(&mem), 0);
}

static void arena_refuses_when_memory_does(void)
{
    rz_mem mem;
    rz_arena arena;
    rz_mem_init(&mem, NULL, 10000);
    rz_arena_init(&arena, &mem);
    CHECK(rz_arena_alloc(&arena, 20000) == NULL);
    CHECK(rz_arena_alloc(&arena, 100) != NULL);
    CHECK(rz_arena_alloc(&arena, 20000) == NULL);
    CHECK(rz_arena_alloc(&arena, SIZE_MAX) == NULL);
    CHECK(rz_arena_alloc(&arena, SIZE_MAX - 20) == NULL);
    CHECK(rz_arena_calloc(&arena, SIZE_MAX / 4, 5) == NULL);
    CHECK(rz_arena_strndup(&arena, "", SIZE_MAX) == NULL);
    CHECK(rz_arena_printf(&arena, "%20000d", 1) == NULL);
    int given = 0;
    while (rz_arena_alloc(&arena, 64) != NULL) {
        given++;
    }
    CHECK(given > 50);
    CHECK(mem_used(&mem) <= 10000);
    rz_arena_free(&arena);
    CHECK_EQ_U64(mem_used(&mem), 0);
}

static void arena_copies_text(void)
{
    rz_mem mem;
    rz_arena arena;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_arena_init(&arena, &mem);
    CHECK_STR(rz_arena_strdup(&arena, "hello"), "hello");
    CHECK_STR(rz_arena_strdup(&arena, ""), "");
    CHECK_STR(rz_arena_strndup(&arena, "hello", 3), "hel");
    CHECK_STR(rz_arena_printf(&arena, "%s-%d", "a", 5), "a-5");
    int *numbers = RZ_NEW_ARRAY(&arena, int, 1000);
    CHECK(numbers != NULL);
    for (int i = 0; numbers != NULL && i < 1000; i++) {
        CHECK_EQ_I64(numbers[i], 0);
    }
    int seven = 7;
    int *copy = (int *)rz_arena_dup(&arena, &seven, sizeof seven);
    CHECK(copy != NULL && *copy == 7);
    rz_arena_free(&arena);
}

static void array_grows_and_keeps_its_items(void)
{
    rz_mem mem;
    rz_arena arena;
    rz_mem_init(&mem, NULL, 200000);
    rz_arena_init(&arena, &mem);
    RZ_ARRAY(uint64_t) array = {NULL, 0, 0};
    uint64_t pushed = 0;
    while (RZ_ARRAY_PUSH(&array, &arena, pushed * 3)) {
        pushed++;
    }
    CHECK(pushed > 4000); /* until memory was refused */
    CHECK_EQ_U64(array.count, pushed);
    for (uint64_t i = 0; i < pushed; i++) {
        CHECK_EQ_U64(array.items[i], i * 3);
    }
    CHECK(!RZ_ARRAY_PUSH(&array, &arena, UINT64_C(1)));
    CHECK_EQ_U64(array.count, pushed);
    uint32_t full = UINT32_MAX;
    void *items = array.items;
    CHECK(!rz_array_grow(&arena, &items, 0, &full, 1));
    rz_arena_free(&arena);
}

/* ---- maps ---- */

static void maps_given_back_are_used_again(void)
{
    rz_mem database;
    rz_mem query;
    rz_mem_maps maps;
    rz_mem_init(&database, NULL, UINT64_MAX);
    rz_mem_init(&query, &database, UINT64_MAX);
    CHECK_EQ_U64(rz_mem_maps_init(&maps, &database, 2 * RZ_MEM_MAP_BYTES + 1), RUZU_OK);
    void *taken[3];
    for (int i = 0; i < 3; i++) {
        taken[i] = rz_mem_map_alloc(&query);
        CHECK(taken[i] != NULL);
        memset(taken[i], 0xE7, RZ_MEM_MAP_BYTES);
    }
    CHECK_EQ_U64(mem_used(&query), 3 * RZ_MEM_MAP_BYTES);
    for (int i = 0; i < 3; i++) { /* room for two */
        rz_mem_map_free(&query, taken[i]);
    }
    CHECK_EQ_U64(mem_used(&query), 0);
    CHECK_EQ_U64(mem_used(&database), 2 * RZ_MEM_MAP_BYTES);
    CHECK_EQ_U64(rz_mem_maps_bytes(&maps), 2 * RZ_MEM_MAP_BYTES);
    CHECK(rz_mem_map_alloc(&query) == taken[1]);
    CHECK(rz_mem_map_alloc(&query) == taken[0]);
    CHECK_EQ_U64(rz_mem_maps_bytes(&maps), 0);
    rz_mem_map_free(&query, taken[0]);
    rz_mem_map_free(&query, taken[1]);
    rz_mem_map_free(&query, NULL);
    CHECK_EQ_U64(rz_mem_maps_release(&maps, 1), RZ_MEM_MAP_BYTES);
    CHECK_EQ_U64(rz_mem_maps_bytes(&maps), RZ_MEM_MAP_BYTES);
    rz_mem_maps_deinit(&maps);
    rz_mem_maps_deinit(&maps);
    CHECK_EQ_U64(mem_used(&database), 0);
}

static uint64_t maps_give_back(void *user, uint64_t size)
{
    return rz_mem_maps_release((rz_mem_maps *)user, size);
}

static bool maps_refuse(void *user, size_t size)
{
    (void)user;
    return size == RZ_MEM_MAP_BYTES;
}

static void kept_maps_give_way(void)
{
    rz_mem database;
    rz_mem query;
    rz_mem_maps maps;
    rz_mem_init(&database, NULL, 2 * RZ_MEM_MAP_BYTES);
    rz_mem_init(&query, &database, UINT64_MAX);
    CHECK_EQ_U64(rz_mem_maps_init(&maps, &database, UINT64_MAX), RUZU_OK);
    rz_mem_set_reclaim(&database, maps_give_back, &maps);
    void *first = rz_mem_map_alloc(&query);
    void *second = rz_mem_map_alloc(&query);
    CHECK(first != NULL && second != NULL);
    CHECK(rz_mem_map_alloc(&query) == NULL);
    rz_mem_map_free(&query, first);
    rz_mem_map_free(&query, second);
    CHECK(rz_mem_charge(&query, RZ_MEM_MAP_BYTES + 1)); /* needs the room of both */
    CHECK_EQ_U64(rz_mem_maps_bytes(&maps), 0);
    rz_mem_uncharge(&query, RZ_MEM_MAP_BYTES + 1);
    first = rz_mem_map_alloc(&query);
    rz_mem_map_free(&query, first);
    rz_mem_set_test_hook(maps_refuse, NULL);
    CHECK(rz_mem_map_alloc(&query) == NULL); /* whatever is kept */
    rz_mem_set_test_hook(NULL, NULL);
    CHECK_EQ_U64(mem_used(&query), 0);
    rz_mem_maps_deinit(&maps);
    CHECK_EQ_U64(mem_used(&database), 0);
}

int main(void)
{
    RUN(charges_go_to_the_whole_chain);
    RUN(limit_anywhere_in_the_chain_refuses);
    RUN(memory_is_asked_back_before_the_limit_refuses);
    RUN(sizes_of_nothing_and_of_too_much);
    RUN(realloc_keeps_contents_and_charge);
    RUN(test_hook_fails_the_chosen_allocation);
    RUN(limit_holds_between_threads);
    RUN(arena_gives_aligned_separate_memory);
    RUN(arena_honours_larger_alignment);
    RUN(arena_reset_keeps_little);
    RUN(arena_refuses_when_memory_does);
    RUN(arena_copies_text);
    RUN(array_grows_and_keeps_its_items);
    RUN(maps_given_back_are_used_again);
    RUN(kept_maps_give_way);
    return CHECK_DONE();
}
