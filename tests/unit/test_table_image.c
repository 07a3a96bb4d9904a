/* SPDX-License-Identifier: MIT */
/*
 * Images of the changes in memory of CSR groups: how often they are made, counted, and that lists read by them are right, on one thread and on several, beside a writer.
 */
#include "unit/rel_model.h"

#define IMAGE_LOAD (RZ_CSR_GROUP_NODES < 1000 ? 3000u : 20000u)
#define IMAGE_CHANGES (RZ_CSR_GROUP_NODES < 1000 ? 400u : 4000u)
#define IMAGE_READERS 2u
#define IMAGE_LONGEST 65536u

typedef struct image_reader {
    rz_rtab *table;
    rz_snapshot snapshot;
    uint32_t passes;
    uint64_t sums[2];      /* of what was read, by direction; the same in each pass */
    uint32_t slow[2];      /* nodes that the last pass looked at one by one */
    uint64_t wrong;
} image_reader;

static uint64_t image_mix(uint64_t sum, uint64_t bound, uint64_t neighbour, uint64_t rel)
{
    return rz_hash_u64(sum ^ bound) + rz_hash_u64(neighbour * 3 + rel * 5);
}

/* All lists of one direction. */
static uint64_t image_pass(image_reader *who, rz_rtab_reader *reader, rz_direction direction, uint64_t *lists, rz_error *err)
{
    rz_id ids[BATCH];
    rz_slice slices[BATCH];
    uint64_t sum = 0;
    for (uint64_t first = 0; first < NODES; first += BATCH) {
        uint32_t count = NODES - first < BATCH ? (uint32_t)(NODES - first) : BATCH;
        for (uint32_t i = 0; i < count; i++) {
            ids[i] = first + i;
        }
        who->wrong += rz_adj_lookup(reader, direction, ids, &(rz_sel){NULL, count}, slices, err) != RUZU_OK;
        for (uint32_t i = 0; i < count && who->wrong == 0; i++) {
            uint32_t length = slices[i].length;
            who->wrong += length > IMAGE_LONGEST || rz_adj_read(reader, direction, &slices[i], 0, length, 0, lists, 0, lists + IMAGE_LONGEST, err) != RUZU_OK;
            for (uint32_t k = 0; k < length && who->wrong == 0; k++) {
                sum = image_mix(sum, first + i, lists[k], lists[IMAGE_LONGEST + k]);
            }
        }
    }
    return sum;
}

/* A reader after another, each over everything. */
static void image_read(void *argument)
{
    image_reader *who = (image_reader *)argument;
    rz_mem mem;
    rz_error err;
    rz_error_init(&err);
    rz_mem_init(&mem, NULL, UINT64_MAX);
    uint64_t *lists = (uint64_t *)rz_mem_alloc(&mem, 2 * IMAGE_LONGEST * sizeof *lists);
    for (uint32_t pass = 0; pass < who->passes && lists != NULL; pass++) {
        rz_rtab_reader *reader = NULL;
        if (rz_rtab_reader_create(who->table, &who->snapshot, &mem, &reader, &err) != RUZU_OK) {
            who->wrong++;
            break;
        }
        for (uint32_t d = 0; d < 2; d++) {
            uint64_t sum = image_pass(who, reader, (rz_direction)d, lists, &err);
            who->wrong += pass != 0 && sum != who->sums[d];
            who->sums[d] = sum;
            who->slow[d] = reader->csr.sides[d].slow;
        }
        rz_rtab_reader_free(reader);
    }
    who->wrong += lists == NULL;
    rz_mem_free(&mem, lists, 2 * IMAGE_LONGEST * sizeof *lists);
    who->wrong += atomic_load(&mem.used) != 0;
}

static uint64_t image_model_sum(rz_direction direction, const rz_snapshot *snapshot)
{
    uint64_t count, sum = 0;
    edge *sorted = sorted_edges(direction, snapshot, &count);
    for (uint64_t i = 0; i < count; i++) {
        sum = image_mix(sum, bound_of(&sorted[i], direction), neighbour_of(&sorted[i], direction), sorted[i].rel);
    }
    free(sorted);
    return sum;
}

/* The changes in memory of a group; NULL: none. */
static rz_delta_group *image_group(const rz_rtab *table, uint32_t direction, uint64_t group)
{
    return rz_delta_group_of(&table->csr.head->delta->sides[direction], group);
}

static uint64_t images_made(const rz_rtab *table, uint64_t *out_groups)
{
    uint64_t made = 0;
    *out_groups = 0;
    for (uint32_t d = 0; d < 2; d++) {
        for (uint64_t g = 0; g <= NODES / RZ_CSR_GROUP_NODES; g++) {
            rz_delta_group *group = image_group(table, d, g);
            *out_groups += group != NULL;
            made += group == NULL ? 0 : atomic_load_explicit(&group->images, memory_order_relaxed);
        }
    }
    return made;
}

static rz_rtab *image_changed_table(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(false);
    fx_begin();
    load(table, IMAGE_LOAD);
    commit();
    fx_begin();
    insert(table, IMAGE_CHANGES);
    delete_some(table, IMAGE_CHANGES / 2, false);
    commit();
    return table;
}

/* However many read at the same time: one makes the image of a group, everybody has it, and after a while nobody looks nodes up one by one. */
static void threads_make_each_image_once(void)
{
    for (uint64_t round = 0; round < volume(8); round++) {
        static image_reader readers[IMAGE_READERS];
        rz_thread threads[IMAGE_READERS];
        rz_rtab *table = image_changed_table();
        rz_snapshot now = fx_snapshot();
        uint64_t groups;
        CHECK_EQ_U64(images_made(table, &groups), 0);
        for (uint32_t i = 0; i < IMAGE_READERS; i++) {
            readers[i] = (image_reader){.table = table, .snapshot = now, .passes = 6};
            FX_OK(rz_thread_start(&threads[i], 0, image_read, &readers[i]));
        }
        for (uint32_t i = 0; i < IMAGE_READERS; i++) {
            rz_thread_join(threads[i]);
        }
        for (uint32_t i = 0; i < IMAGE_READERS; i++) {
            CHECK_EQ_U64(readers[i].wrong, 0);
            for (uint32_t d = 0; d < 2; d++) {
                CHECK_EQ_U64(readers[i].sums[d], image_model_sum((rz_direction)d, &now));
            }
        }
        uint64_t made = images_made(table, &groups);
        CHECK(groups >= 4);
        CHECK_EQ_U64(made, groups);
        image_reader last = {.table = table, .snapshot = now, .passes = 1};
        image_read(&last);
        CHECK_EQ_U64(last.wrong, 0);
        CHECK_EQ_U64(last.slow[0] + last.slow[1], 0);
        CHECK_EQ_U64(images_made(table, &groups), made);
        rz_rtab_destroy(table);
    }
}

/* Somebody changes a group all the time: making its image anew is not worth it for few look-ups, and readers of before keep theirs. */
static void changing_groups_get_few_images(void)
{
    rz_rtab *table = image_changed_table();
    rz_snapshot before = fx_snapshot();
    image_reader warm = {.table = table, .snapshot = before, .passes = 8};
    uint64_t groups;
    image_read(&warm);
    CHECK_EQ_U64(warm.wrong, 0);
    uint64_t made = images_made(table, &groups), looked_up = 0;
    CHECK_EQ_U64(made, groups);
    rz_rtab_reader *held = NULL;
    FX_OK(rz_rtab_reader_create(table, &before, &fx.mem, &held, &fx.err));
    check_reader(held, &before, 1);
    for (uint32_t round = 0; round < 300; round++) {
        fx_begin();
        insert(table, 1);
        commit();
        rz_snapshot now = fx_snapshot();
        rz_rtab_reader *reader = NULL;
        FX_OK(rz_rtab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
        for (uint32_t i = 0; i < RZ_CSR_GROUP_NODES / 16; i++) {
            rz_id id = fx_below(RZ_CSR_GROUP_NODES);
            rz_slice slice;
            FX_OK(rz_adj_lookup(reader, RZ_FORWARD, &id, &(rz_sel){NULL, 1}, &slice, &fx.err));
        }
        looked_up += reader->csr.sides[0].slow;
        rz_rtab_reader_free(reader);
    }
    /* Five that are cheaper, and at most one for as many look-ups as the group has nodes with changes. */
    uint64_t again = atomic_load_explicit(&image_group(table, 0, 0)->images, memory_order_relaxed);
    uint64_t nodes = atomic_load_explicit(&image_group(table, 0, 0)->node_count, memory_order_relaxed);
    CHECK(looked_up != 0);
    CHECK(nodes < 2 || again <= 6 + 2 * looked_up / (nodes / 2)); /* small groups may have one node with changes */
    check_reader(held, &before, 1);
    rz_rtab_reader_free(held);
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, 2);
    rz_rtab_destroy(table);
}

/* Images that cannot be had: of views that do not see everything, and while a transaction is open for all but its own. */
static void views_that_see_less(void)
{
    rz_rtab *table = image_changed_table();
    rz_snapshot before = fx_snapshot();
    fx_begin();
    insert(table, IMAGE_CHANGES / 4);
    delete_some(table, IMAGE_CHANGES / 8, false);
    for (uint32_t i = 0; i < 3; i++) {
        check_table(table, &before, 1);
        check_table(table, &fx.writer.snapshot, 1);
    }
    insert(table, 10);
    check_table(table, &fx.writer.snapshot, 2);
    rollback();
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, 2);
    fx_begin();
    insert(table, 10);
    commit();
    check_table(table, &before, 2);
    now = fx_snapshot();
    check_table(table, &now, 2);
    rz_rtab_destroy(table);
}

typedef struct image_watcher {
    rz_rtab *table;
    _Atomic uint64_t timestamp;
    _Atomic bool stop;
    uint64_t rounds, wrong, images;
} image_watcher;

/* Two readers of the same snapshot, beside a writer, must see the same: the second has images that the first one made, or makes them while the writer is at work. */
static void image_watch(void *argument)
{
    image_watcher *w = (image_watcher *)argument;
    while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
        image_reader who = {.table = w->table, .snapshot = {.timestamp = atomic_load_explicit(&w->timestamp, memory_order_acquire)}, .passes = 3};
        image_read(&who);
        w->wrong += who.wrong;
        w->rounds++;
    }
}

static void images_beside_a_writer(void)
{
    static image_watcher w;
    rz_thread thread;
    rz_rtab *table = image_changed_table();
    memset(&w, 0, sizeof w);
    w.table = table;
    atomic_store(&w.timestamp, fx_snapshot().timestamp);
    FX_OK(rz_thread_start(&thread, 0, image_watch, &w));
    for (uint64_t round = 0; round < volume(300); round++) {
        fx_begin();
        insert(table, 1 + fx_below(20));
        delete_some(table, 1 + fx_below(10), false);
        if (round % 3 == 0) {
            rollback();
        } else {
            commit();
            atomic_store_explicit(&w.timestamp, fx_snapshot().timestamp, memory_order_release);
        }
        for (uint32_t i = 0; round % 16 == 0 && i < 1000; i++) { /* so that images are finished, too */
            rz_thread_yield();
        }
    }
    atomic_store_explicit(&w.stop, true, memory_order_release);
    rz_thread_join(thread);
    CHECK_EQ_U64(w.wrong, 0);
    CHECK(w.rounds != 0);
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, 1);
    rz_rtab_destroy(table);
}

int main(void)
{
    if (FX_ONE_THREAD) {
        RUN_TABLE(changing_groups_get_few_images);
        RUN_TABLE(views_that_see_less);
    }
    RUN_TABLE(threads_make_each_image_once);
    RUN_TABLE(images_beside_a_writer);
    CHECK(!FX_ONE_THREAD || stretches_changed != 0);
    model_reset();
    return CHECK_DONE();
}
