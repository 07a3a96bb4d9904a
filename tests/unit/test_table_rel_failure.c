/* SPDX-License-Identifier: MIT */
/*
 * Relationship tables where something fails: every allocation refused once, every write to the file failing once, damaged directories.
 */
#include "unit/rel_model.h"

static uint64_t refuse_after;
static bool refuse(void *user, size_t size)
{
    (void)user;
    (void)size;
    return refuse_after-- == 0;
}

static void refused_memory_changes_nothing(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(true);
    fx_begin();
    load(table, 60);
    insert(table, 20);
    commit();
    uint32_t n = 8;
    bool done = false;
    for (uint64_t limit = 0; !done; limit++) {
        rz_str directory;
        rz_rtab_bulk *bulk = NULL;
        uint64_t loaded;
        rz_str_init(&directory, &fx.mem);
        rz_error_init(&fx.err);
        reset_vectors();
        for (uint32_t i = 0; i < n; i++) {
            srcs[i] = i * 100 % NODES;
            dsts[i] = i * 7;
            fill_row(values, i, i + 3);
        }
        fx_begin();
        refuse_after = limit;
        rz_mem_set_test_hook(refuse, NULL);
        ruzu_status status = rz_rtab_insert(table, &fx.writer, srcs, dsts, values, &(rz_sel){NULL, n}, NULL, &fx.err);
        for (uint64_t rel = 0; rel < edge_end && status == RUZU_OK; rel += 7) {
            rz_id id = rel, src = edges[rel].src, dst = edges[rel].dst;
            uint64_t deleted = 0;
            status = rz_rtab_delete(table, &fx.writer, &src, &dst, &id, &(rz_sel){NULL, 1}, &deleted, &fx.err);
        }
        if (status == RUZU_OK) {
            status = rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err);
        }
        if (status == RUZU_OK) {
            status = rz_rtab_bulk_append(bulk, srcs, dsts, values, &(rz_sel){NULL, n}, &fx.err);
            if (status == RUZU_OK) {
                status = rz_rtab_bulk_finish(bulk, NULL, &loaded, &fx.err);
            } else {
                rz_rtab_bulk_abort(bulk);
            }
        }
        if (status == RUZU_OK) {
            status = rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err);
        }
        rz_mem_set_test_hook(NULL, NULL);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY);
        done = status == RUZU_OK;
        rollback();
        rz_str_free(&directory);
        rz_snapshot now = fx_snapshot();
        check_table(table, &now, 1);
    }
    rz_rtab_destroy(table);
}

/* Every write to the file fails once; the table is as before then, and no page is lost. */
static void failed_writes_change_nothing(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(true);
    fx_begin();
    load(table, 300);
    insert(table, 20);
    commit();
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    rz_rtab_trim(table, fx.timestamp);
    fx_header();
    fx_header();
    bool done = false;
    for (uint64_t nth = 1; !done; nth++) {
        uint64_t loaded, sources[4] = {1, NODES - 1, NODES / 2, 1}, targets[4] = {2, 3, 3, 2};
        rz_rtab_bulk *bulk = NULL;
        reset_vectors();
        for (uint32_t i = 0; i < 4; i++) {
            fill_row(values, i, i);
        }
        fx_begin(); /* committed, not on pages yet: for the checkpoint to fold */
        insert(table, 30);
        commit();
        uint64_t used = fx_used_pages();
        fx_begin();
        FX_OK(rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
        FX_OK(rz_rtab_bulk_append(bulk, sources, targets, values, &(rz_sel){NULL, 4}, &fx.err));
        rz_error_init(&fx.err);
        fx.fs->fail_errno = EIO;
        fx.fs->fail_at = fx.fs->ops + nth;
        ruzu_status status = rz_rtab_bulk_finish(bulk, NULL, &loaded, &fx.err);
        if (status == RUZU_OK) {
            rz_str_clear(&directory);
            status = rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err);
            done = status == RUZU_OK;
        }
        fx.fs->fail_at = 0;
        CHECK(status == RUZU_OK || status == RUZU_ERROR_IO);
        rollback();
        if (!done) {
            CHECK_EQ_U64(fx_used_pages(), used);
        }
        rz_snapshot now = fx_snapshot();
        check_table(table, &now, 1);
    }
    table = checkpoint_and_reopen(table);
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, 2);
    rz_str_free(&directory);
    rz_rtab_destroy(table);
}

static void damaged_directories_are_refused(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(false);
    rz_rtab_def def = define(false);
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    fx_begin();
    load(table, 3000);
    insert(table, 100);
    commit();
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    fx_header();
    rz_rtab_destroy(table);
    for (uint64_t round = 0; round < volume(400); round++) {
        rz_reader bytes_reader;
        uint8_t *bytes = (uint8_t *)rz_arena_dup(&fx.arena, directory.data, directory.length);
        size_t length = directory.length;
        if (round % 4 == 0) {
            length = fx_below(length);
        } else {
            bytes[fx_below(length)] ^= (uint8_t)(1u << fx_below(8));
        }
        fx_reopen();
        rz_reader_init(&bytes_reader, bytes, length);
        rz_error_init(&fx.err);
        ruzu_status status = rz_rtab_open(&fx.env, &def, &bytes_reader, &table, &fx.err);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
        CHECK(round % 4 != 0 || status == RUZU_ERROR_CORRUPT);
        if (status == RUZU_OK) { /* a base or a CRC was changed, perhaps: reading ends in a result or an error */
            rz_rtab_reader *reader = NULL;
            rz_snapshot now = fx_snapshot();
            FX_OK(rz_rtab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
            for (uint32_t d = 0; d < 2; d++) {
                for (uint64_t node = 0; node < NODES; node += 13) {
                    uint64_t neighbours[64], rels[64];
                    rz_id id = node;
                    rz_slice slice;
                    rz_error_init(&fx.err);
                    status = rz_adj_lookup(reader, (rz_direction)d, &id, &(rz_sel){NULL, 1}, &slice, &fx.err);
                    CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
                    if (status == RUZU_OK) {
                        uint32_t first, found, count = slice.length < 64 ? slice.length : 64;
                        status = rz_adj_read(reader, (rz_direction)d, &slice, 0, count, 0, neighbours, 0, rels, &fx.err);
                        CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
                        rz_error_init(&fx.err);
                        status = rz_adj_find(reader, (rz_direction)d, &slice, node, &first, &found, &fx.err);
                        CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
                    }
                }
            }
            rz_rtab_reader_free(reader);
            rz_rtab_destroy(table);
        }
    }
    rz_str_free(&directory);
}

int main(void)
{
    RUN_TABLE(refused_memory_changes_nothing);
    RUN_TABLE(failed_writes_change_nothing);
    RUN_TABLE(damaged_directories_are_refused);
    model_reset();
    return CHECK_DONE();
}
