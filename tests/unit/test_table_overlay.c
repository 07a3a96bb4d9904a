/* SPDX-License-Identifier: MIT */
/*
 * Overlays of CSR groups: few changes are written beside a group, read merged, added to, and written into the group in the end; against a model.
 */
#include "unit/rel_model.h"

#define OVERLAY_LOAD (RZ_CSR_GROUP_NODES < 1000 ? 4000u : 40000u)

static uint32_t overlay_count(const rz_rtab *table)
{
    uint32_t count = 0;
    for (uint32_t d = 0; d < 2; d++) {
        const rz_csr_side *side = &table->csr.durable->sides[d];
        for (uint32_t g = 0; g < side->group_count; g++) {
            count += side->overlays[g] != NULL;
        }
    }
    return count;
}

/* A number that changes when a group is written anew. */
static uint64_t group_places(const rz_rtab *table)
{
    uint64_t sum = 0;
    for (uint32_t d = 0; d < 2; d++) {
        const rz_csr_side *side = &table->csr.durable->sides[d];
        for (uint32_t g = 0; g < side->group_count; g++) {
            sum = sum * 31 + (side->groups[g] == NULL ? 0 : side->groups[g]->extents.items[0].range.start);
        }
    }
    return sum;
}

static rz_rtab *overlay_reopen(rz_rtab *table)
{
    rz_rtab_def def = define(false);
    rz_str directory;
    rz_reader reader;
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    fx_header();
    rz_rtab_destroy(table);
    fx_reopen();
    rz_reader_init(&reader, (const uint8_t *)directory.data, directory.length);
    FX_OK(rz_rtab_open(&fx.env, &def, &reader, &table, &fx.err));
    rz_str_free(&directory);
    return table;
}

static rz_rtab *overlay_loaded(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(false);
    fx_begin();
    load(table, OVERLAY_LOAD);
    commit();
    return overlay_reopen(table);
}

static void overlay_changes(rz_rtab *table)
{
    insert(table, 1 + fx_below(OVERLAY_LOAD / 400));
    for (uint32_t i = 0; i < 10; i++) {
        delete_some(table, 1 + fx_below(OVERLAY_LOAD / 4000 + 1), false);
    }
}

/* Groups keep their pages for some checkpoints and get others in the end; readers see the right lists at every moment. */
static void overlays_come_and_go(void)
{
    rz_rtab *table = overlay_loaded();
    rz_rtab_reader *held = NULL;
    rz_snapshot held_snapshot = {0};
    uint32_t most = 0, kept = 0, moved = 0;
    CHECK_EQ_U64(overlay_count(table), 0);
    for (uint32_t round = 0; round < volume(60); round++) {
        rz_snapshot before = fx_snapshot();
        rz_str directory;
        uint64_t places = group_places(table);
        fx_begin();
        overlay_changes(table);
        check_table(table, &fx.writer.snapshot, 1); /* changes in memory above overlays */
        check_table(table, &before, 1);
        if (round % 5 == 4) {
            rollback();
        } else {
            commit();
        }
        rz_snapshot now = fx_snapshot();
        if (round % 7 == 0) {
            FX_OK(rz_rtab_reader_create(table, &now, &fx.mem, &held, &fx.err));
            held_snapshot = now;
        }
        rz_str_init(&directory, &fx.mem);
        FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
        rz_str_free(&directory);
        fx_header();
        check_table(table, &now, 2);
        check_table(table, &before, 1); /* an older version */
        kept += group_places(table) == places;
        moved += group_places(table) != places;
        most = overlay_count(table) > most ? overlay_count(table) : most;
        if (held != NULL && round % 7 == 5) {
            check_reader(held, &held_snapshot, 2);
            rz_rtab_reader_free(held);
            held = NULL;
        }
        if (held == NULL && round % 4 == 1) {
            rz_rtab_trim(table, now.timestamp);
            table = overlay_reopen(table);
            check_table(table, &now, 2);
        }
    }
    rz_rtab_reader_free(held);
    CHECK(most >= 2);
    CHECK(kept > 0);
    CHECK(volume(60) < 60 || moved > 0);
    rz_rtab_drop(overlay_reopen(table));
    fx_header();
    CHECK(fx_used_pages() <= 4); /* two header slots, the free list */
}

/* What an overlay has changed is taken back: the group is as it was, without one. A list that loses everything, and comes back. */
static void overlays_cancel(void)
{
    rz_rtab *table = overlay_loaded();
    uint64_t places = group_places(table), first = edge_end;
    fx_begin();
    insert(table, 30);
    commit();
    table = overlay_reopen(table);
    CHECK(overlay_count(table) != 0);
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, 3);
    fx_begin();
    for (uint64_t i = first; i < edge_end; i++) {
        rz_id src = edges[i].src, dst = edges[i].dst, rel = edges[i].rel;
        uint64_t deleted = 0;
        FX_OK(rz_rtab_delete(table, &fx.writer, &src, &dst, &rel, &(rz_sel){NULL, 1}, &deleted, &fx.err));
        CHECK_EQ_U64(deleted, 1);
        edges[i].died = MODEL_OWN;
    }
    check_table(table, &fx.writer.snapshot, 3);
    commit();
    table = overlay_reopen(table);
    now = fx_snapshot();
    check_table(table, &now, 3);
    CHECK_EQ_U64(overlay_count(table), 0);
    CHECK_EQ_U64(group_places(table), places);
    rz_rtab_destroy(table);
}

/* A load merges overlays into the groups that it writes. */
static void loads_end_overlays(void)
{
    rz_rtab *table = overlay_loaded();
    fx_begin();
    overlay_changes(table);
    commit();
    table = overlay_reopen(table);
    CHECK(overlay_count(table) != 0);
    fx_begin();
    load(table, OVERLAY_LOAD);
    commit();
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, 3);
    table = overlay_reopen(table);
    check_table(table, &now, 3);
    CHECK_EQ_U64(overlay_count(table), 0);
    rz_rtab_destroy(table);
}

static void fold_whole(rz_rtab *table)
{
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_rtab_checkpoint_whole(table, fx.timestamp, &directory, &fx.err));
    rz_str_free(&directory);
    fx_header();
}

/* A whole fold leaves no overlay, whether there are changes above them or not; who reads meanwhile sees what he saw, and what is folded is there again. */
static void whole_folds_end_overlays(void)
{
    for (uint32_t round = 0; round < 3; round++) {
        rz_rtab *table = overlay_loaded();
        fx_begin();
        overlay_changes(table);
        commit();
        table = overlay_reopen(table);
        CHECK(overlay_count(table) != 0);
        CHECK(rz_rtab_layered(table));
        rz_rtab_reader *held = NULL;
        rz_snapshot before = fx_snapshot();
        FX_OK(rz_rtab_reader_create(table, &before, &fx.mem, &held, &fx.err));
        check_reader(held, &before, 3);
        if (round != 0) {
            fx_begin();
            overlay_changes(table);
            commit();
        }
        if (round == 2) { /* some that are not committed */
            fx_begin();
            overlay_changes(table);
        }
        rz_snapshot now = fx_snapshot();
        fold_whole(table);
        CHECK_EQ_U64(overlay_count(table), 0);
        CHECK(!rz_rtab_layered(table));
        check_reader(held, &before, 3);
        check_table(table, &now, 3);
        if (round == 2) {
            check_table(table, &fx.writer.snapshot, 3);
            commit();
            now = fx_snapshot();
            fold_whole(table);
            CHECK_EQ_U64(overlay_count(table), 0);
        }
        uint64_t places = group_places(table);
        fold_whole(table); /* there is nothing left to do */
        CHECK_EQ_U64(group_places(table), places);
        rz_rtab_reader_free(held);
        rz_rtab_trim(table, now.timestamp);
        table = overlay_reopen(table);
        CHECK_EQ_U64(overlay_count(table), 0);
        check_table(table, &now, 3);
        rz_rtab_drop(table);
        fx_header();
        CHECK(fx_used_pages() <= 4);
    }
}

/* Every bit of an overlay's page counts: reading ends in an error, never in other lists. */
static void damaged_overlays_are_found(void)
{
    rz_rtab *table = overlay_loaded();
    rz_rtab_def def = define(false);
    fx_begin();
    overlay_changes(table);
    commit();
    table = overlay_reopen(table);
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    fx_header();
    uint64_t page = 0;
    for (uint32_t g = 0; g < table->csr.durable->sides[0].group_count; g++) {
        const rz_csr_group *overlay = table->csr.durable->sides[0].overlays[g];
        page = overlay != NULL ? overlay->extents.items[0].range.start : page;
    }
    rz_rtab_destroy(table);
    CHECK(page != 0);
    uint8_t bytes[RZ_PAGE_SIZE];
    FX_OK(rz_disk_read(fx.disk, page, 1, bytes, &fx.err));
    bytes[fx_below(100)] ^= (uint8_t)(1u << fx_below(8));
    FX_OK(rz_disk_write(fx.disk, page, 1, bytes, &fx.err));
    fx_reopen();
    rz_reader in;
    rz_reader_init(&in, (const uint8_t *)directory.data, directory.length);
    FX_OK(rz_rtab_open(&fx.env, &def, &in, &table, &fx.err));
    rz_rtab_reader *reader = NULL;
    rz_snapshot now = fx_snapshot();
    FX_OK(rz_rtab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
    uint32_t refused = 0;
    for (uint64_t node = 0; node < NODES; node++) {
        rz_id id = node;
        rz_slice slice;
        rz_error_init(&fx.err);
        ruzu_status status = rz_adj_lookup(reader, RZ_FORWARD, &id, &(rz_sel){NULL, 1}, &slice, &fx.err);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
        refused += status == RUZU_ERROR_CORRUPT;
    }
    CHECK(refused != 0);
    rz_rtab_reader_free(reader);
    rz_str_free(&directory);
    rz_rtab_destroy(table);
}

/* A directory with overlays, cut off or with a bit changed: an error, or lists that can be read. */
static void damaged_directories_with_overlays(void)
{
    rz_rtab *table = overlay_loaded();
    rz_rtab_def def = define(false);
    rz_str directory;
    fx_begin();
    overlay_changes(table);
    commit();
    table = overlay_reopen(table);
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    fx_header();
    rz_rtab_destroy(table);
    for (uint64_t round = 0; round < volume(300); round++) {
        rz_reader in;
        uint8_t *bytes = (uint8_t *)rz_arena_dup(&fx.arena, directory.data, directory.length);
        size_t length = round % 4 == 0 ? fx_below(directory.length) : directory.length;
        bytes[fx_below(length)] ^= (uint8_t)(round % 4 == 0 ? 0 : 1u << fx_below(8));
        fx_reopen();
        rz_reader_init(&in, bytes, length);
        rz_error_init(&fx.err);
        ruzu_status status = rz_rtab_open(&fx.env, &def, &in, &table, &fx.err);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
        CHECK(round % 4 != 0 || status == RUZU_ERROR_CORRUPT);
        if (status != RUZU_OK) {
            continue;
        }
        rz_rtab_reader *reader = NULL;
        rz_snapshot now = fx_snapshot();
        FX_OK(rz_rtab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
        for (uint64_t node = 0; node < NODES; node += 7) {
            static uint64_t neighbours[RZ_VECTOR_CAPACITY], rels[RZ_VECTOR_CAPACITY];
            rz_id id = node;
            rz_slice slice;
            rz_direction direction = (rz_direction)(node % 2);
            rz_error_init(&fx.err);
            status = rz_adj_lookup(reader, direction, &id, &(rz_sel){NULL, 1}, &slice, &fx.err);
            if (status == RUZU_OK) {
                uint32_t first, found, count = slice.length < RZ_VECTOR_CAPACITY ? slice.length : RZ_VECTOR_CAPACITY;
                status = rz_adj_read(reader, direction, &slice, 0, count, 0, neighbours, 0, rels, &fx.err);
                CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
                rz_error_init(&fx.err);
                status = rz_adj_find(reader, direction, &slice, node / 2, &first, &found, &fx.err);
            }
            CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
        }
        rz_rtab_reader_free(reader);
        rz_rtab_destroy(table);
    }
    rz_str_free(&directory);
}

int main(void)
{
    if (FX_ONE_THREAD) {
        RUN_TABLE(overlays_come_and_go);
        RUN_TABLE_WITH(overlays_come_and_go, UINT64_C(512) << 10); /* hardly any frames */
        RUN_TABLE(overlays_cancel);
        RUN_TABLE(loads_end_overlays);
        RUN_TABLE(whole_folds_end_overlays);
        RUN_TABLE(damaged_overlays_are_found);
        RUN_TABLE(damaged_directories_with_overlays);
    }
    CHECK(!FX_ONE_THREAD || stretches_changed != 0);
    model_reset();
    return CHECK_DONE();
}
