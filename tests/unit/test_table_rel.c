/* SPDX-License-Identifier: MIT */
/*
 * Relationship tables against a model: the list of relationships by rel offset, sorted anew for every check. Inserts, loads (in memory and spilled), rollback,
 * snapshots, checkpoints beside transactions, reopening, hubs, parallel edges, self-loops, multiplicity, a reader beside a writer.
 */
#include "storage/table/sorter.h"
#include "unit/rel_model.h"

static void lists_come_back(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(true);
    rz_snapshot empty = fx_snapshot();
    check_table(table, &empty, 2);
    fx_begin();
    insert(table, 40);
    check_table(table, &fx.writer.snapshot, 3);
    check_table(table, &empty, 2);
    commit();
    rz_snapshot first = fx_snapshot();
    check_table(table, &first, 3);
    fx_begin();
    load(table, 3000);
    check_table(table, &fx.writer.snapshot, 3);
    check_table(table, &first, 3);
    commit();
    rz_snapshot second = fx_snapshot();
    check_table(table, &empty, 2);
    check_table(table, &first, 3);
    check_table(table, &second, 5);
    table = checkpoint_and_reopen(table);
    check_table(table, &second, 5);
    rz_table_stats stats;
    rz_rtab_stats(table, &stats);
    CHECK_EQ_U64(stats.rows, edge_end);
    for (uint32_t d = 0; d < 2; d++) {
        uint64_t count;
        edge *sorted = sorted_edges((rz_direction)d, &second, &count);
        uint64_t bound = 0, longest = 0, length;
        for (uint64_t i = 0; i < edge_end; i += length) {
            (void)list_of(sorted, edge_end, (rz_direction)d, bound_of(&sorted[i], (rz_direction)d), &length);
            bound++;
            longest = length > longest ? length : longest;
        }
        CHECK_EQ_U64(stats.bound_nodes[d], bound);
        CHECK_EQ_U64(stats.max_degree[d], longest);
        free(sorted);
    }
    rz_rtab_destroy(table);
}

static void random_history(bool with_columns, uint32_t steps, uint64_t most)
{
    enum { HELD = 3 };
    rz_rtab_reader *held[HELD] = {0};
    rz_snapshot held_snapshot[HELD] = {0};
    uint64_t folded = 0; /* timestamp of the last checkpoint */
    model_reset();
    make_vectors();
    rz_rtab *table = create(with_columns);
    for (uint32_t step = 0; step < steps; step++) {
        rz_snapshot before = fx_snapshot();
        fx_begin();
        for (uint64_t changes = 1 + fx_below(3); changes > 0; changes--) {
            switch (fx_below(with_columns ? 11 : 9)) {
            case 0: load(table, fx_below(most)); break;
            case 1: load(table, fx_below(10)); break;
            case 2: insert(table, fx_below(most / 8)); break;
            case 3: delete_some(table, fx_below(most / 2), false); break;
            case 4: delete_some(table, fx_below(30), false); break;
            case 5: delete_some(table, edge_end, true); break;
            case 9: update_some(table, fx_below(30)); break;
            case 10: update_some(table, fx_below(most / 4)); break;
            default: insert(table, fx_below(20)); break;
            }
            if (edge_end > 8 * most) {
                break;
            }
        }
        check_table(table, &fx.writer.snapshot, 1);
        if (fx_below(3) == 0) { /* a checkpoint beside the transaction */
            rz_str directory;
            rz_str_init(&directory, &fx.mem);
            folded = fx_below(2) == 0 ? fx.timestamp : folded + fx_below(fx.timestamp - folded + 1);
            FX_OK(rz_rtab_checkpoint(table, folded, &directory, &fx.err));
            rz_str_free(&directory);
            fx_header();
            check_table(table, &fx.writer.snapshot, 1);
            insert(table, fx_below(20));
            delete_some(table, fx_below(20), false);
            check_table(table, &fx.writer.snapshot, 1);
        }
        check_table(table, &before, 1);
        if (fx_below(3) == 0) {
            rollback();
        } else {
            commit();
        }
        rz_snapshot now = fx_snapshot();
        check_table(table, &now, 1);
        uint32_t which = (uint32_t)fx_below(HELD);
        if (held[which] != NULL) {
            check_reader(held[which], &held_snapshot[which], 1);
            rz_rtab_reader_free(held[which]);
            held[which] = NULL;
        }
        if (fx_below(3) == 0) {
            FX_OK(rz_rtab_reader_create(table, &now, &fx.mem, &held[which], &fx.err));
            held_snapshot[which] = now;
        }
        uint64_t oldest = now.timestamp;
        bool no_held = true;
        for (uint32_t i = 0; i < HELD; i++) {
            no_held &= held[i] == NULL;
            oldest = held[i] != NULL && held_snapshot[i].timestamp < oldest ? held_snapshot[i].timestamp : oldest;
        }
        if (fx_below(2) == 0) {
            rz_rtab_trim(table, oldest);
            folded = oldest > folded ? oldest : folded;
            check_table(table, &now, 1);
        }
        if (no_held && fx_below(2) == 0) {
            table = checkpoint_and_reopen(table);
            folded = fx.timestamp;
            check_table(table, &now, 1);
        }
    }
    for (uint32_t i = 0; i < HELD; i++) {
        if (held[i] != NULL) {
            check_reader(held[i], &held_snapshot[i], 2);
        }
        rz_rtab_reader_free(held[i]);
    }
    rz_rtab_drop(checkpoint_and_reopen(table));
    fx_header();
    CHECK(fx_used_pages() <= 4); /* two header slots, the free list */
}

static uint64_t history_seed;

static void random_histories(void)
{
    bool with_columns = history_seed % 2 == 0;
    fx.random_state = history_seed * 1000003;
    random_history(with_columns, 30, RZ_ROW_GROUP_ROWS < 1000 ? 400 : history_seed < 2 ? volume(8000) : 700);
}

static void checkpoints_without_changes_write_nothing(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(true);
    rz_str first, second;
    rz_str_init(&first, &fx.mem);
    rz_str_init(&second, &fx.mem);
    fx_begin();
    load(table, 4000);
    insert(table, 300);
    commit();
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &first, &fx.err));
    rz_rtab_trim(table, fx.timestamp);
    fx_header();
    fx_header();
    uint64_t used = fx_used_pages();
    uint64_t ops = fx.fs->ops;
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &second, &fx.err));
    CHECK_EQ_U64(fx.fs->ops, ops);
    CHECK(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
    for (uint32_t round = 0; round < 20; round++) { /* the file does not grow with the number of checkpoints */
        fx_begin();
        insert(table, 3);
        commit();
        rz_str_clear(&second);
        FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &second, &fx.err));
        rz_rtab_trim(table, fx.timestamp);
        fx_header();
    }
    fx_header();
    CHECK(fx_used_pages() <= used + 16);
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, 4);
    CHECK(rz_rtab_memory_bytes(table) < 100000);
    rz_str_free(&first);
    rz_str_free(&second);
    rz_rtab_destroy(table);
}

static void rollback_gives_pages_back(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(true);
    fx_begin();
    load(table, 500);
    insert(table, 50);
    commit();
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    rz_rtab_trim(table, fx.timestamp);
    fx_header();
    fx_header();
    uint64_t used = fx_used_pages();
    for (uint32_t round = 0; round < 5; round++) {
        fx_begin();
        load(table, 2 * RZ_ROW_GROUP_ROWS);
        insert(table, 100);
        load(table, 1000);
        CHECK(fx_used_pages() > used);
        rollback();
        CHECK_EQ_U64(fx_used_pages(), used);
    }
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, 4);
    rz_str_free(&directory);
    rz_rtab_destroy(table);
}

static uint64_t hub_node(void)
{
    return fx_below(20) == 0 ? fx_below(NODES) : 7;
}

/* One list larger than the pool, in several extents when those are small. */
static void a_hub_larger_than_the_pool(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(false);
    uint64_t count = volume(RZ_ROW_GROUP_ROWS < 1000 ? 150000 : 250000);
    fx_begin();
    load_between(table, count, hub_node);
    commit();
    rz_snapshot now = fx_snapshot();
    table = checkpoint_and_reopen(table);
    fx_begin();
    insert(table, 200);
    load_between(table, count / 10, hub_node);
    commit();
    now = fx_snapshot();

    rz_rtab_reader *reader = NULL;
    FX_OK(rz_rtab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
    uint64_t count_seen, length;
    edge *sorted = sorted_edges(RZ_FORWARD, &now, &count_seen);
    const edge *list = list_of(sorted, edge_end, RZ_FORWARD, 7, &length);
    rz_id id = rz_id_make(1, 7);
    rz_slice slice;
    FX_OK(rz_adj_lookup(reader, RZ_FORWARD, &id, &(rz_sel){NULL, 1}, &slice, &fx.err));
    CHECK_EQ_U64(slice.length, length);
    uint64_t *neighbours = (uint64_t *)malloc(length * 8), *rels = (uint64_t *)malloc(length * 8);
    uint64_t wrong = 0;
    for (uint64_t first = 0; first < length; first += BATCH) {
        uint32_t n = length - first < BATCH ? (uint32_t)(length - first) : BATCH;
        FX_OK(rz_adj_read(reader, RZ_FORWARD, &slice, (uint32_t)first, n, 0, neighbours + first, 0, rels + first, &fx.err));
    }
    for (uint64_t i = 0; i < length; i++) {
        wrong += neighbours[i] != list[i].dst || rels[i] != list[i].rel;
    }
    CHECK_EQ_U64(wrong, 0);
    FX_OK(rz_adj_read(reader, RZ_FORWARD, &slice, 0, (uint32_t)length, 0, neighbours, 0, NULL, &fx.err)); /* all at once */
    for (uint64_t i = 0; i < length; i++) {
        wrong += neighbours[i] != list[i].dst;
    }
    CHECK_EQ_U64(wrong, 0);
    for (uint32_t round = 0; round < 200; round++) {
        uint64_t wanted = fx_below(NODES + 5), expected = 0;
        uint32_t first, found;
        for (uint64_t i = 0; i < length; i++) {
            expected += list[i].dst == wanted;
        }
        FX_OK(rz_adj_find(reader, RZ_FORWARD, &slice, wanted, &first, &found, &fx.err));
        CHECK_EQ_U64(found, expected);
        CHECK(found == 0 || list[first].dst == wanted);
    }
    free(neighbours);
    free(rels);
    free(sorted);
    rz_rtab_reader_free(reader);
    rz_rtab_drop(checkpoint_and_reopen(table));
}

static uint64_t same_node(void)
{
    return fx_below(9) == 0 ? any_node() : 7;
}

/* Many relationships between the same two nodes, of which some go and some come. */
static void parallel_relationships(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(false);
    fx_begin();
    for (uint32_t i = 0; i < 3; i++) {
        load_between(table, 2000, same_node);
    }
    commit();
    for (uint32_t round = 0; round < 6; round++) {
        fx_begin();
        for (uint32_t i = 0; i < BATCH; i++) {
            srcs[i] = rz_id_make(1, 7);
            dsts[i] = rz_id_make(2, 7);
        }
        static rz_id ids[BATCH];
        static uint32_t rows[BATCH];
        FX_OK(rz_rtab_insert(table, &fx.writer, srcs, dsts, values, &(rz_sel){NULL, BATCH}, ids, &fx.err));
        for (uint32_t i = 0; i < BATCH; i++) {
            model_push(7, 7, next_weight++);
            rows[i] = i;
        }
        model_place(ids, rows, BATCH);
        delete_some(table, 600, false);
        check_table(table, &fx.writer.snapshot, 4);
        if (round % 3 == 1) {
            rollback();
        } else {
            commit();
        }
        rz_snapshot now = fx_snapshot();
        check_table(table, &now, 4);
        if (round % 2 == 1) {
            table = checkpoint_and_reopen(table);
            check_table(table, &now, 4);
        }
    }
    rz_rtab_destroy(table);
}

static void save(rz_rtab *table)
{
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    rz_str_free(&directory);
    fx_header();
    rz_rtab_saved(table);
}

/*
 * The place of a deleted relationship is given to another one only when the deletion is durable and nobody is there who sees the first one; then nobody sees the
 * one for the other, not after a rollback, and not after a checkpoint either.
 */
static void rel_offset_reuse_revives_nothing(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(false);
    rz_rtab_reader *old = NULL;
    fx_begin();
    load(table, 2000);
    commit();
    for (uint32_t round = 0; round < 4; round++) {
        save(table);
        rz_snapshot before = fx_snapshot();
        rz_rtab_trim(table, before.timestamp);
        FX_OK(rz_rtab_reader_create(table, &before, &fx.mem, &old, &fx.err));
        fx_begin();
        delete_some(table, edge_end / 3, false);
        commit();
        uint64_t reused = places_reused;
        fx_begin();
        insert(table, 30);
        CHECK(round != 0 || places_reused == reused); /* the deletion is in no header */
        commit();
        save(table);
        fx_begin();
        insert(table, 30);
        CHECK(round != 0 || places_reused == reused); /* somebody sees what was deleted */
        commit();
        check_reader(old, &before, 3);
        rz_rtab_reader_free(old);
        rz_snapshot now = fx_snapshot();
        rz_rtab_trim(table, now.timestamp);
        FX_OK(rz_rtab_reader_create(table, &now, &fx.mem, &old, &fx.err));
        reused = places_reused;
        fx_begin();
        insert(table, 100);
        CHECK(places_reused > reused);
        check_table(table, &fx.writer.snapshot, 3);
        check_table(table, &now, 3);
        check_reader(old, &now, 3);
        rollback();
        check_table(table, &now, 5);
        fx_begin();
        insert(table, 100);
        delete_some(table, 40, false);
        check_table(table, &fx.writer.snapshot, 3);
        commit();
        rz_snapshot later = fx_snapshot();
        check_reader(old, &now, 3);
        check_table(table, &later, 3);
        save(table);
        check_reader(old, &now, 3);
        check_table(table, &now, 3);
        check_table(table, &later, 5);
        rz_rtab_reader_free(old);
        if (round % 2 == 1) {
            table = checkpoint_and_reopen(table);
            check_table(table, &later, 5);
        }
    }
    rz_rtab_destroy(table);
}

static const char fwd_text[] = "%s exception: Node(nodeOffset: %d) has more than one neighbour in table Knows in the %s direction, which "
                                    "violates the rel multiplicity constraint.";

static void multiplicity_is_kept(void)
{
    char text[200];
    model_reset();
    make_vectors();
    for (uint32_t kind = 1; kind < 4; kind++) {
        rz_rtab_def def = define(false);
        rz_rtab *table = NULL;
        rz_rtab_bulk *bulk = NULL;
        rz_id last_rel = 0;
        uint64_t loaded;
        def.one_dst = (kind & 1) != 0;
        def.one_src = (kind & 2) != 0;
        FX_OK(rz_rtab_create(&fx.env, &def, &table, &fx.err));
        fx_begin();
        srcs[0] = 4, dsts[0] = 8;
        srcs[1] = 5, dsts[1] = 9;
        FX_OK(rz_rtab_insert(table, &fx.writer, srcs, dsts, values, &(rz_sel){NULL, 2}, NULL, &fx.err));
        fx_commit();
        for (uint32_t round = 0; round < 2; round++) { /* the first relationships in memory, then on pages */
            const char *way = def.one_dst ? "fwd" : "bwd";
            /* Within one batch, against the table, by load within itself and against the table. */
            fx_begin();
            srcs[0] = def.one_dst ? 20 : 21, dsts[0] = def.one_dst ? 30 : 31;
            srcs[1] = def.one_dst ? 20 : 22, dsts[1] = def.one_dst ? 32 : 31;
            snprintf(text, sizeof text, fwd_text, "Runtime", def.one_dst ? 20 : 31, way);
            FX_FAILS(rz_rtab_insert(table, &fx.writer, srcs, dsts, values, &(rz_sel){NULL, 2}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
            fx_rollback();
            fx_begin();
            srcs[0] = def.one_dst ? 4 : 40, dsts[0] = def.one_dst ? 40 : 8;
            snprintf(text, sizeof text, fwd_text, "Runtime", def.one_dst ? 4 : 8, way);
            FX_FAILS(rz_rtab_insert(table, &fx.writer, srcs, dsts, values, &(rz_sel){NULL, 1}, NULL, &fx.err), RUZU_ERROR_CONSTRAINT, text);
            fx_rollback();
            fx_begin();
            FX_OK(rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
            FX_OK(rz_rtab_bulk_append(bulk, srcs, dsts, values, &(rz_sel){NULL, 1}, &fx.err));
            snprintf(text, sizeof text, fwd_text, "Copy", def.one_dst ? 4 : 8, way);
            FX_FAILS(rz_rtab_bulk_finish(bulk, NULL, &loaded, &fx.err), RUZU_ERROR_CONSTRAINT, text);
            fx_rollback();
            fx_begin();
            srcs[0] = def.one_dst ? 50 : 51, dsts[0] = def.one_dst ? 52 : 53;
            srcs[1] = def.one_dst ? 50 : 54, dsts[1] = def.one_dst ? 55 : 53;
            FX_OK(rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
            FX_OK(rz_rtab_bulk_append(bulk, srcs, dsts, values, &(rz_sel){NULL, 2}, &fx.err));
            snprintf(text, sizeof text, fwd_text, "Copy", def.one_dst ? 50 : 53, way);
            FX_FAILS(rz_rtab_bulk_finish(bulk, NULL, &loaded, &fx.err), RUZU_ERROR_CONSTRAINT, text);
            fx_rollback();
            /* What does not collide goes in, and out again. */
            fx_begin();
            srcs[0] = 100, dsts[0] = 200;
            FX_OK(rz_rtab_insert(table, &fx.writer, srcs, dsts, values, &(rz_sel){NULL, 1}, NULL, &fx.err));
            FX_OK(rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
            srcs[0] = 101, dsts[0] = 201;
            FX_OK(rz_rtab_bulk_append(bulk, srcs, dsts, values, &(rz_sel){NULL, 1}, &fx.err));
            FX_OK(rz_rtab_bulk_finish(bulk, NULL, &loaded, &fx.err));
            fx_rollback();
            /* A deleted relationship makes room for another one: seen by the same transaction, inserted and by a load. */
            for (uint32_t kept = 0; kept < 2; kept++) {
                uint64_t deleted = 0;
                rz_id rel = round == 0 ? 0 : last_rel;
                fx_begin();
                srcs[0] = 4, dsts[0] = 8;
                FX_OK(rz_rtab_delete(table, &fx.writer, srcs, dsts, &rel, &(rz_sel){NULL, 1}, &deleted, &fx.err));
                CHECK_EQ_U64(deleted, 1);
                if (kept == 0) {
                    FX_OK(rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
                    FX_OK(rz_rtab_bulk_append(bulk, srcs, dsts, values, &(rz_sel){NULL, 1}, &fx.err));
                    FX_OK(rz_rtab_bulk_finish(bulk, NULL, &loaded, &fx.err));
                    fx_rollback();
                } else {
                    FX_OK(rz_rtab_insert(table, &fx.writer, srcs, dsts, values, &(rz_sel){NULL, 1}, &last_rel, &fx.err));
                    fx_commit();
                }
            }
            rz_str directory;
            rz_str_init(&directory, &fx.mem);
            FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
            rz_str_free(&directory);
        }
        rz_rtab_drop(table);
    }
}

/* A sorter gives pairs in order and with their rows, spilled or not. */
static void sorters_sort(void)
{
    for (uint32_t kind = 0; kind < 6; kind++) {
        bool with_rows = kind % 3 == 1, with_tags = kind % 3 == 2;
        size_t budget = kind < 3 ? (size_t)1 << 30 : 9000;
        uint64_t total = 5000, seen = 0;
        rz_sorter sorter;
        rz_sorted_batch *batch = RZ_NEW(&fx.arena, rz_sorted_batch);
        rz_sorter_init(&sorter, &fx.mem, fx.pool, budget, with_tags, with_rows, false);
        for (uint64_t i = 0; i < total;) {
            uint64_t firsts[50], seconds[50];
            uint32_t tags[50], n = 1 + (uint32_t)fx_below(50);
            n = n < total - i ? n : (uint32_t)(total - i);
            size_t sizes[50];
            for (uint32_t k = 0; k < n; k++) {
                firsts[k] = fx_below(40);
                seconds[k] = fx_below(3) == 0 ? UINT64_C(4000000000) + fx_below(10) : fx_below(30);
                tags[k] = (uint32_t)(i + k);
                sizes[k] = 4 + fx_below(30);
            }
            if (!with_rows) {
                FX_OK(rz_sorter_add(&sorter, firsts, seconds, tags, n, &fx.err));
            }
            for (uint32_t k = 0; k < n && with_rows;) {
                uint8_t *places[50];
                uint32_t taken = 0;
                FX_OK(rz_sorter_add_rows(&sorter, firsts + k, seconds + k, sizes + k, n - k, places, &taken, &fx.err));
                for (uint32_t t = 0; t < taken; t++) {
                    memset(places[t], (int)sizes[k + t], sizes[k + t]);
                    rz_store_u32(places[t], tags[k + t]);
                }
                k += taken;
            }
            i += n;
        }
        FX_OK(rz_sorter_sort(&sorter, &fx.err));
        CHECK_EQ_U64(rz_sorter_in_memory(&sorter), kind < 3);
        uint64_t last_first = 0, last_second = 0;
        uint32_t last_tag = 0;
        for (;;) {
            FX_OK(rz_sorter_pull(&sorter, batch, &fx.err));
            if (batch->count == 0) {
                break;
            }
            for (uint32_t i = 0; i < batch->count; i++, seen++) {
                uint32_t tag = with_rows ? rz_load_u32(batch->row[i]) : batch->tag[i];
                bool same = batch->first[i] == last_first && batch->second[i] == last_second;
                CHECK(batch->first[i] > last_first || (batch->first[i] == last_first && batch->second[i] >= last_second));
                if ((with_rows || with_tags) && same && seen != 0) {
                    CHECK(tag > last_tag);
                }
                last_first = batch->first[i];
                last_second = batch->second[i];
                last_tag = tag;
            }
        }
        CHECK_EQ_U64(seen, total);
        rz_sorter_deinit(&sorter);
    }
    rz_sorter sorter;
    uint64_t wide = UINT64_C(1) << 32, zero = 0;
    rz_sorter_init(&sorter, &fx.mem, fx.pool, 1 << 20, false, false, false);
    rz_error_init(&fx.err);
    CHECK_EQ_I64(rz_sorter_add(&sorter, &wide, &zero, NULL, 1, &fx.err), RUZU_ERROR_LIMIT);
    rz_sorter_deinit(&sorter);
}

/* More relationships than the memory of a load takes: sorted runs are merged. */
static void loads_spill(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(true);
    uint64_t count = RZ_ROW_GROUP_ROWS < 1000 ? 4000 : 25000 + volume(35000);
    for (uint32_t round = 0; round < 2; round++) {
        fx_begin();
        load(table, count);
        insert(table, 50);
        commit();
        rz_snapshot now = fx_snapshot();
        check_table(table, &now, 3);
    }
    table = checkpoint_and_reopen(table);
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, 3);
    rz_rtab_destroy(table);
}

/* ---- a reader beside a writer ---- */

typedef struct watcher {
    rz_rtab *table;
    _Atomic uint64_t timestamp;
    _Atomic bool stop;
    _Atomic bool gone;
    _Atomic uint64_t rounds;
    uint64_t wrong;
} watcher;

/* Commit c adds, for every node i < RING, relationship c * RING + i: i -> (i + c) % RING. Commit c + 3 deletes those of commit c when c is odd. */
#define RING UINT64_C(100)

static bool ring_has(uint64_t c, uint64_t commits)
{
    return c < commits && (c % 2 == 0 || c + 3 >= commits);
}

static void watch(void *arg)
{
    watcher *w = (watcher *)arg;
    rz_mem mem;
    rz_error err;
    static rz_id ids[RING];
    static rz_slice slices[RING];
    static uint64_t neighbours[8192], rels[8192];
    rz_mem_init(&mem, NULL, UINT64_MAX);
    for (uint64_t i = 0; i < RING; i++) {
        ids[i] = i;
    }
    while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
        rz_rtab_reader *reader = NULL;
        uint64_t commits = atomic_load_explicit(&w->timestamp, memory_order_acquire);
        rz_snapshot snapshot = {.timestamp = commits};
        rz_error_init(&err);
        if (rz_rtab_reader_create(w->table, &snapshot, &mem, &reader, &err) != RUZU_OK) {
            w->wrong++;
            break;
        }
        uint64_t alive = 0;
        for (uint64_t c = 0; c < commits; c++) {
            alive += ring_has(c, commits);
        }
        w->wrong += rz_rtab_visible_rows(reader) != alive * RING;
        for (uint32_t d = 0; d < 2; d++) {
            w->wrong += rz_adj_lookup(reader, (rz_direction)d, ids, &(rz_sel){NULL, RING}, slices, &err) != RUZU_OK;
            for (uint64_t i = 0; i < RING; i++) {
                w->wrong += slices[i].length != alive;
                uint32_t count = slices[i].length < 8192 ? slices[i].length : 8192;
                w->wrong += rz_adj_read(reader, (rz_direction)d, &slices[i], 0, count, 0, neighbours, 0, rels, &err) != RUZU_OK;
                for (uint32_t k = 0; k < count; k++) {
                    uint64_t src = d == 0 ? i : neighbours[k], dst = d == 0 ? neighbours[k] : i;
                    uint64_t commit_number = rels[k] / RING; /* commit c has rels c * RING + i */
                    w->wrong += rels[k] % RING != src || (src + commit_number) % RING != dst || !ring_has(commit_number, commits);
                    w->wrong += k > 0 && neighbours[k] < neighbours[k - 1];
                }
            }
        }
        rz_rtab_reader_free(reader);
        atomic_fetch_add(&w->rounds, 1);
    }
    w->wrong += atomic_load(&mem.used) != 0;
    atomic_store(&w->gone, true);
}

/* Until the watcher has looked so often, or given up. */
static void watch_wait(watcher *w, uint64_t rounds)
{
    while (atomic_load(&w->rounds) < rounds && !atomic_load(&w->gone)) {
        rz_thread_yield();
    }
}

static void readers_beside_a_writer(void)
{
    static watcher w;
    rz_thread thread;
    rz_str directory;
    rz_rtab_def def = define(false);
    static uint64_t from[RING], to[RING], gone[RING];
    memset(&w, 0, sizeof w);
    FX_OK(rz_rtab_create(&fx.env, &def, &w.table, &fx.err));
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_thread_start(&thread, 0, watch, &w));
    watch_wait(&w, 1);
    for (uint64_t c = 0; c < volume(800); c++) {
        for (uint32_t kept = 0; kept < 2; kept++) {
            fx_begin();
            for (uint64_t i = 0; c >= 3 && c % 2 == 0 && i < RING; i++) {
                from[i] = i;
                to[i] = (i + c - 3) % RING;
                gone[i] = (c - 3) * RING + i;
            }
            if (c >= 3 && c % 2 == 0) {
                uint64_t deleted = 0;
                FX_OK(rz_rtab_delete(w.table, &fx.writer, from, to, gone, &(rz_sel){NULL, RING}, &deleted, &fx.err));
                CHECK_EQ_U64(deleted, RING);
            }
            for (uint64_t i = 0; i < RING; i++) {
                from[i] = i;
                to[i] = (i + c + (kept == 0)) % RING;
            }
            if (c % 50 == 49) { /* loads are sorted by source, which is the order of `from` */
                rz_rtab_bulk *bulk = NULL;
                uint64_t loaded;
                FX_OK(rz_rtab_bulk_begin(w.table, &fx.writer, &bulk, &fx.err));
                FX_OK(rz_rtab_bulk_append(bulk, from, to, values, &(rz_sel){NULL, RING}, &fx.err));
                FX_OK(rz_rtab_bulk_finish(bulk, NULL, &loaded, &fx.err));
            } else {
                FX_OK(rz_rtab_insert(w.table, &fx.writer, from, to, values, &(rz_sel){NULL, RING}, NULL, &fx.err));
            }
            if (kept == 0) {
                fx_rollback();
            }
        }
        fx_commit();
        atomic_store_explicit(&w.timestamp, fx.timestamp, memory_order_release);
        if (c % 20 == 19) {
            rz_str_clear(&directory);
            FX_OK(rz_rtab_checkpoint(w.table, fx.timestamp, &directory, &fx.err));
            fx_header();
        }
    }
    watch_wait(&w, atomic_load(&w.rounds) + 2);
    atomic_store_explicit(&w.stop, true, memory_order_release);
    rz_thread_join(thread);
    CHECK_EQ_U64(w.wrong, 0);
    rz_str_free(&directory);
    rz_rtab_destroy(w.table);
}

static void trimmed_snapshots_are_refused(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(false);
    rz_rtab_reader *reader = NULL;
    rz_str directory;
    rz_str_init(&directory, &fx.mem);
    fx_begin();
    insert(table, 50);
    commit();
    rz_snapshot old = fx_snapshot();
    fx_begin();
    insert(table, 50);
    commit();
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    rz_snapshot now = fx_snapshot();
    check_table(table, &old, 2);
    check_table(table, &now, 2);
    rz_rtab_trim(table, old.timestamp);
    check_table(table, &old, 2);
    FX_OK(rz_rtab_reader_create(table, &old, &fx.mem, &reader, &fx.err));
    rz_rtab_trim(table, now.timestamp);
    check_reader(reader, &old, 2); /* keeps what it has */
    rz_rtab_reader_free(reader);
    rz_error_init(&fx.err);
    CHECK_EQ_I64(rz_rtab_reader_create(table, &old, &fx.mem, &reader, &fx.err), RUZU_ERROR_INTERNAL);
    check_table(table, &now, 2);
    rz_str_free(&directory);
    rz_rtab_destroy(table);
}

int main(void)
{
    if (FX_ONE_THREAD) {
        RUN_TABLE(sorters_sort);
        RUN_TABLE(lists_come_back);
        for (history_seed = 0; history_seed < volume(20); history_seed++) {
            RUN_TABLE(random_histories);
        }
        RUN_TABLE(checkpoints_without_changes_write_nothing);
        RUN_TABLE(rollback_gives_pages_back);
        RUN_TABLE_WITH(a_hub_larger_than_the_pool, UINT64_C(256) << 10);
        RUN_TABLE(parallel_relationships);
        RUN_TABLE(rel_offset_reuse_revives_nothing);
        RUN_TABLE(multiplicity_is_kept);
        RUN_TABLE_WITH(loads_spill, UINT64_C(1) << 20);
        RUN_TABLE(trimmed_snapshots_are_refused);
    }
    RUN_TABLE_IN_MEMORY(readers_beside_a_writer);
    model_reset();
    return CHECK_DONE();
}
