/* SPDX-License-Identifier: MIT */
/*
 * Sets and spaces of pages against a naive bitmap.
 */
#include "storage/page/page.h"

#include "unit/check.h"

#define SPACE_TEST_PAGES 2048u

static uint64_t space_test_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(*state);
}

typedef struct space_fixture {
    rz_mem mem;
    rz_page_nodes nodes;
} space_fixture;

static void space_fixture_init(space_fixture *fixture)
{
    rz_mem_init(&fixture->mem, NULL, UINT64_MAX);
    rz_page_nodes_init(&fixture->nodes, &fixture->mem, 42);
}

static void space_fixture_deinit(space_fixture *fixture)
{
    rz_page_nodes_deinit(&fixture->nodes);
    CHECK_EQ_U64(atomic_load(&fixture->mem.used), 0);
}

static uint64_t model_count(const uint8_t *model, rz_page_range range)
{
    uint64_t count = 0;
    for (uint64_t i = range.start; i < rz_page_range_end(range); i++) {
        count += model[i];
    }
    return count;
}

static void check_set_equals_model(const rz_page_set *set, const uint8_t *model)
{
    rz_page_range range = {0, 0};
    uint64_t expected_pages = 0;
    uint64_t page = 0;
    uint64_t ranges = 0;
    CHECK(rz_page_set_verify(set));
    for (uint64_t i = 0; i < SPACE_TEST_PAGES; i++) {
        expected_pages += model[i];
    }
    CHECK_EQ_U64(set->page_count, expected_pages);
    for (uint64_t i = 0; i < SPACE_TEST_PAGES;) {
        if (!model[i]) {
            i++;
            continue;
        }
        uint64_t end = i;
        while (end < SPACE_TEST_PAGES && model[end]) {
            end++;
        }
        CHECK(rz_page_set_next(set, page, &range));
        CHECK_EQ_U64(range.start, i);
        CHECK_EQ_U64(range.count, end - i);
        page = end;
        i = end;
        ranges++;
    }
    CHECK(!rz_page_set_next(set, page, &range));
    CHECK_EQ_U64(set->range_count, ranges);
}

static void check_best_fit(const rz_page_set *set, const uint8_t *model, uint64_t count)
{
    rz_page_range best = {0, 0};
    for (uint64_t i = 0; i < SPACE_TEST_PAGES;) {
        uint64_t end = i;
        while (end < SPACE_TEST_PAGES && model[end]) {
            end++;
        }
        if (end - i >= count && (best.count == 0 || end - i < best.count)) {
            best = (rz_page_range){i, end - i};
        }
        i = end + 1;
    }
    rz_page_range found;
    bool any = rz_page_set_best_fit(set, count, &found);
    CHECK_EQ_U64(any, best.count > 0);
    CHECK_EQ_U64(found.start, best.start);
    CHECK_EQ_U64(found.count, best.count);
}

static void set_equals_bitmap_after_random_steps(void)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        space_fixture fixture;
        space_fixture_init(&fixture);
        rz_page_set set;
        rz_page_set_init(&set, &fixture.nodes, true);
        static uint8_t model[SPACE_TEST_PAGES];
        memset(model, 0, sizeof model);
        uint64_t random = seed;
        int before = check_failures;
        for (uint32_t step = 0; step < 4000; step++) {
            rz_page_range range;
            range.start = space_test_random(&random) % SPACE_TEST_PAGES;
            range.count = 1 + space_test_random(&random) % 40;
            if (rz_page_range_end(range) > SPACE_TEST_PAGES) {
                range.count = SPACE_TEST_PAGES - range.start;
            }
            uint64_t inside = model_count(model, range);
            CHECK_EQ_U64(rz_page_set_overlaps(&set, range), inside > 0);
            CHECK_EQ_U64(rz_page_set_contains(&set, range), inside == range.count);
            if (inside == 0) {
                CHECK(rz_page_set_add(&set, range));
                memset(model + range.start, 1, range.count);
            } else if (space_test_random(&random) % 2 == 0) {
                CHECK_EQ_U64(rz_page_set_cut(&set, range), inside);
                memset(model + range.start, 0, range.count);
            }
            check_best_fit(&set, model, 1 + space_test_random(&random) % 60);
            if (step % 64 == 0) {
                check_set_equals_model(&set, model);
            }
        }
        check_set_equals_model(&set, model);
        rz_page_set_clear(&set);
        CHECK_EQ_U64(set.range_count + set.page_count, 0);
        CHECK(rz_page_set_verify(&set));
        space_fixture_deinit(&fixture);
        if (check_failures != before) {
            fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
        }
    }
}

static void ranges_do_not_join_across_a_region_border(void)
{
    space_fixture fixture;
    space_fixture_init(&fixture);
    rz_page_set set;
    rz_page_set_init(&set, &fixture.nodes, true);
    CHECK(rz_page_set_add(&set, (rz_page_range){RZ_REGION_PAGES - 5, 5}));
    CHECK(rz_page_set_add(&set, (rz_page_range){RZ_REGION_PAGES, 7}));
    CHECK_EQ_U64(set.range_count, 2);
    CHECK(rz_page_set_add(&set, (rz_page_range){RZ_REGION_PAGES - 9, 4}));
    CHECK_EQ_U64(set.range_count, 2);
    CHECK(rz_page_set_verify(&set));
    /* A cut may cross it all the same. */
    CHECK_EQ_U64(rz_page_set_cut(&set, (rz_page_range){RZ_REGION_PAGES - 2, 4}), 4);
    CHECK_EQ_U64(set.page_count, 12);
    CHECK(rz_page_set_verify(&set));
    space_fixture_deinit(&fixture);
}

static void range_checks_know_every_way_to_be_wrong(void)
{
    CHECK(rz_page_range_valid((rz_page_range){2, 1}, 2, 3));
    CHECK(!rz_page_range_valid((rz_page_range){2, 0}, 2, 3));
    CHECK(!rz_page_range_valid((rz_page_range){1, 1}, 2, 3));
    CHECK(!rz_page_range_valid((rz_page_range){3, 1}, 2, 3));
    CHECK(!rz_page_range_valid((rz_page_range){2, 2}, 2, 3));
    CHECK(!rz_page_range_valid((rz_page_range){2, UINT64_MAX}, 2, 3));
    CHECK(!rz_page_range_valid((rz_page_range){UINT64_MAX, 1}, 2, 3));
    CHECK(rz_page_range_valid((rz_page_range){RZ_REGION_PAGES - 1, 1}, 2, RZ_REGION_PAGES * 2));
    CHECK(!rz_page_range_valid((rz_page_range){RZ_REGION_PAGES - 1, 2}, 2, RZ_REGION_PAGES * 2));
}

/* A space against a bitmap: allocations do not overlap, best fit is taken, the end grows only when nothing fits. */
static void space_equals_bitmap_after_random_steps(void)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        space_fixture fixture;
        space_fixture_init(&fixture);
        rz_space space;
        rz_space_init(&space, &fixture.nodes, 2);
        static uint8_t used[SPACE_TEST_PAGES];
        memset(used, 0, sizeof used);
        rz_page_range live[256];
        uint32_t live_count = 0;
        uint64_t random = seed * 77;
        int before = check_failures;
        for (uint32_t step = 0; step < 3000; step++) {
            uint64_t choice = space_test_random(&random);
            if (live_count == 0 || (choice % 2 == 0 && live_count < 256)) {
                uint64_t count = 1 + choice / 7 % 12;
                rz_page_range fit;
                bool fits = rz_page_set_best_fit(&space.free, count, &fit);
                uint64_t end = space.end;
                rz_page_range range;
                bool done = rz_space_allocate(&space, count, SPACE_TEST_PAGES, &range);
                if (!done) {
                    CHECK(!fits);
                    CHECK(end + count > SPACE_TEST_PAGES);
                    continue;
                }
                CHECK_EQ_U64(range.count, count);
                CHECK_EQ_U64(model_count(used, range), 0);
                CHECK(!fits || range.start == fit.start);
                CHECK(fits == (space.end == end));
                memset(used + range.start, 1, range.count);
                live[live_count++] = range;
            } else {
                uint32_t idx = (uint32_t)(choice / 3 % live_count);
                CHECK(rz_space_give(&space, live[idx]));
                memset(used + live[idx].start, 0, live[idx].count);
                live[idx] = live[--live_count];
            }
            if (step % 100 == 99) {
                (void)rz_space_trim(&space);
                CHECK(space.end == 2 || used[space.end - 1]);
            }
            CHECK_EQ_U64(space.free.page_count + model_count(used, (rz_page_range){0, SPACE_TEST_PAGES}),
                         space.end - 2);
            CHECK(rz_page_set_verify(&space.free));
        }
        while (live_count > 0) {
            CHECK(rz_space_give(&space, live[--live_count]));
        }
        CHECK_EQ_U64(space.free.range_count, space.end > 2);
        (void)rz_space_trim(&space);
        CHECK_EQ_U64(space.end, 2);
        CHECK_EQ_U64(space.free.page_count, 0);
        space_fixture_deinit(&fixture);
        if (check_failures != before) {
            fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
        }
    }
}

static void space_skips_the_rest_of_a_region(void)
{
    space_fixture fixture;
    space_fixture_init(&fixture);
    rz_space space;
    rz_space_init(&space, &fixture.nodes, 2);
    rz_page_range a;
    rz_page_range b;
    rz_page_range c;
    rz_page_range d;
    CHECK(rz_space_allocate(&space, RZ_REGION_PAGES - 10, RZ_MAX_PAGES, &a));
    CHECK_EQ_U64(a.start, 2);
    CHECK(rz_space_allocate(&space, 20, RZ_MAX_PAGES, &b));
    CHECK_EQ_U64(b.start, RZ_REGION_PAGES);
    CHECK_EQ_U64(space.free.page_count, 8);
    CHECK(rz_space_allocate(&space, 8, RZ_MAX_PAGES, &c));
    CHECK_EQ_U64(c.start, RZ_REGION_PAGES - 8);
    /* A whole region fits only into one. */
    CHECK(rz_space_allocate(&space, RZ_REGION_PAGES, RZ_MAX_PAGES, &d));
    CHECK_EQ_U64(d.start, 2 * RZ_REGION_PAGES);
    CHECK(!rz_space_allocate(&space, RZ_REGION_PAGES + 1, RZ_MAX_PAGES, &d));
    CHECK(!rz_space_allocate(&space, 0, RZ_MAX_PAGES, &d));
    CHECK(!rz_space_allocate(&space, RZ_REGION_PAGES, 3 * RZ_REGION_PAGES, &d));
    CHECK(rz_page_set_verify(&space.free));
    space_fixture_deinit(&fixture);
}

static void space_extends_a_free_tail(void)
{
    space_fixture fixture;
    space_fixture_init(&fixture);
    rz_space space;
    rz_space_init(&space, &fixture.nodes, 2);
    rz_page_range a;
    rz_page_range b;
    CHECK(rz_space_allocate(&space, 10, RZ_MAX_PAGES, &a));
    CHECK(rz_space_allocate(&space, 10, RZ_MAX_PAGES, &b));
    CHECK(rz_space_give(&space, b));
    CHECK(rz_space_allocate(&space, 30, RZ_MAX_PAGES, &b));
    CHECK_EQ_U64(b.start, 12);
    CHECK_EQ_U64(space.end, 42);
    CHECK_EQ_U64(space.free.page_count, 0);
    space_fixture_deinit(&fixture);
}

static bool refuse_all(void *user, size_t size)
{
    (void)user;
    (void)size;
    return true;
}

static void spares_serve_when_memory_is_refused(void)
{
    space_fixture fixture;
    space_fixture_init(&fixture);
    rz_page_set set;
    rz_page_set_init(&set, &fixture.nodes, false);
    CHECK(rz_page_nodes_reserve(&fixture.nodes, 3));
    uint64_t spares = fixture.nodes.spare_count;
    rz_mem_set_test_hook(refuse_all, NULL);
    uint64_t added = 0;
    while (rz_page_set_add(&set, (rz_page_range){10 + added * 10, 3})) {
        added++;
    }
    CHECK_EQ_U64(added, spares);
    CHECK_EQ_U64(set.range_count, spares);
    CHECK(rz_page_set_verify(&set));
    /* Without a spare, pages behind the cut go too: never the other way round. */
    CHECK_EQ_U64(rz_page_set_cut(&set, (rz_page_range){11, 1}), 2);
    CHECK(rz_page_set_contains(&set, (rz_page_range){10, 1}));
    CHECK(!rz_page_set_overlaps(&set, (rz_page_range){11, 2}));
    CHECK(rz_page_set_verify(&set));
    rz_mem_set_test_hook(NULL, NULL);
    space_fixture_deinit(&fixture);
}

int main(void)
{
    RUN(set_equals_bitmap_after_random_steps);
    RUN(ranges_do_not_join_across_a_region_border);
    RUN(range_checks_know_every_way_to_be_wrong);
    RUN(space_equals_bitmap_after_random_steps);
    RUN(space_skips_the_rest_of_a_region);
    RUN(space_extends_a_free_tail);
    RUN(spares_serve_when_memory_is_refused);
    return CHECK_DONE();
}
