/* SPDX-License-Identifier: MIT */
/*
 * Relationship tables against a model: the list of relationships by rel offset, sorted anew for every check. Inserts, loads (in memory and spilled), rollback,
 * snapshots, checkpoints beside transactions, reopening, hubs, parallel edges, self-loops, multiplicity, refused memory, a reader beside a writer.
 */
#include "storage/table/rtab.h"
#include "storage/table/sorter.h"
#include "unit/table_fixture.h"

#include <stdlib.h>

enum { COL_WEIGHT, COL_NOTE, COL_NUMBER, COL_COUNT };

#define BATCH RZ_VECTOR_CAPACITY
#define NODES (RZ_CSR_GROUP_NODES * UINT64_C(5) / 2)
#define PAIR 77u

/* ---- the model ---- */

typedef struct edge {
    uint64_t src, dst, rel;
    int64_t weight; /* unique */
} edge;

static edge *edges;
static uint64_t edge_end, edge_capacity, edge_committed;
static int64_t next_weight;
static rz_column_def columns[COL_COUNT];

static void model_reset(void)
{
    free(edges);
    edges = NULL;
    edge_end = edge_capacity = edge_committed = 0;
    next_weight = 1;
}

static void model_push(uint64_t src, uint64_t dst, int64_t weight)
{
    if (edge_end == edge_capacity) {
        edge_capacity = edge_capacity == 0 ? 1024 : edge_capacity * 2;
        edges = (edge *)realloc(edges, edge_capacity * sizeof *edges);
    }
    edges[edge_end] = (edge){src, dst, edge_end, weight};
    edge_end++;
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_forward(const void *a, const void *b)
{
    const edge *x = (const edge *)a, *y = (const edge *)b;
    int c = compare_u64(x->src, y->src);
    c = c != 0 ? c : compare_u64(x->dst, y->dst);
    return c != 0 ? c : compare_u64(x->rel, y->rel);
}

static int compare_backward(const void *a, const void *b)
{
    const edge *x = (const edge *)a, *y = (const edge *)b;
    int c = compare_u64(x->dst, y->dst);
    c = c != 0 ? c : compare_u64(x->src, y->src);
    return c != 0 ? c : compare_u64(x->rel, y->rel);
}

/* A node; few of them are taken often. */
static uint64_t any_node(void)
{
    switch (fx_below(4)) {
    case 0: return fx_below(5) * (NODES / 5);
    case 1: return NODES / 2 + fx_below(30);
    default: return fx_below(NODES);
    }
}

/* ---- properties follow from the weight ---- */

static void note_of(int64_t weight, char *out, size_t size)
{
    snprintf(out, size, weight % 2 == 0 ? "w%lld" : "the note of relationship %lld", (long long)weight);
}

static void fill_row(rz_vec **values, uint32_t row, int64_t weight)
{
    char text[64];
    fx_set_i64(values[COL_WEIGHT], row, weight);
    note_of(weight, text, sizeof text);
    if (weight % 5 == 3) {
        rz_vec_set_null(values[COL_NOTE], row);
    } else {
        fx_set_text(values[COL_NOTE], row, text);
    }
}

static rz_rtab_def define(bool with_columns)
{
    columns[COL_WEIGHT] = (rz_column_def){1, "weight", RZ_INT64};
    columns[COL_NOTE] = (rz_column_def){2, "note", RZ_STRING};
    columns[COL_NUMBER] = (rz_column_def){3, "number", rz_type_of(RUZU_TYPE_SERIAL)};
    return (rz_rtab_def){.pair_id = PAIR, .name = "Knows", .src_table = 1, .dst_table = 2, .columns = columns,
                         .column_count = with_columns ? COL_COUNT : 0};
}

static rz_rtab *create(bool with_columns)
{
    rz_rtab *table = NULL;
    rz_rtab_def def = define(with_columns);
    FX_OK(rz_rtab_create(&fx.env, &def, &table, &fx.err));
    return table;
}

/* ---- checking ---- */

/* Lists of one direction for the relationships [0, end), as arrays sorted by (bound, neighbour, rel). */
static edge *sorted_edges(rz_direction direction, uint64_t end)
{
    edge *sorted = (edge *)malloc((end + 1) * sizeof *sorted);
    if (end != 0) {
        memcpy(sorted, edges, end * sizeof *sorted);
    }
    qsort(sorted, end, sizeof *sorted, direction == RZ_FORWARD ? compare_forward : compare_backward);
    return sorted;
}

static uint64_t bound_of(const edge *e, rz_direction direction)
{
    return direction == RZ_FORWARD ? e->src : e->dst;
}

static uint64_t neighbour_of(const edge *e, rz_direction direction)
{
    return direction == RZ_FORWARD ? e->dst : e->src;
}

static const edge *list_of(const edge *sorted, uint64_t end, rz_direction direction, uint64_t bound, uint64_t *out_length)
{
    uint64_t low = 0, high = end;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (bound_of(&sorted[middle], direction) < bound) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint64_t last = low;
    while (last < end && bound_of(&sorted[last], direction) == bound) {
        last++;
    }
    *out_length = last - low;
    return sorted + low;
}

static void check_list(rz_rtab_reader *reader, rz_direction direction, const rz_slice *slice, const edge *list, uint64_t length)
{
    static uint64_t neighbours[5000], rels[5000];
    CHECK_EQ_U64(slice->length, length);
    if (slice->length != length) {
        return;
    }
    for (uint32_t round = 0; round < 3; round++) {
        uint64_t first = round == 0 ? 0 : fx_below(length + 1);
        uint64_t count = length - first < 5000 ? length - first : 5000;
        count = round == 0 ? count : fx_below(count + 1);
        bool with_rels = fx_below(3) != 0;
        uint64_t wrong = 0;
        FX_OK(rz_adj_read(reader, direction, slice, (uint32_t)first, (uint32_t)count, rz_id_make(2, 0), neighbours, rz_id_make(PAIR, 0),
                          with_rels ? rels : NULL, &fx.err));
        for (uint64_t i = 0; i < count; i++) {
            wrong += neighbours[i] != rz_id_make(2, neighbour_of(&list[first + i], direction));
            wrong += with_rels && rels[i] != rz_id_make(PAIR, list[first + i].rel);
        }
        CHECK_EQ_U64(wrong, 0);
    }
    for (uint32_t round = 0; round < 4; round++) {
        uint64_t wanted = length != 0 && round < 3 ? neighbour_of(&list[fx_below(length)], direction) : fx_below(NODES);
        uint32_t first = 9, count = 9;
        uint64_t expected_first = 0, expected_count = 0;
        FX_OK(rz_adj_find(reader, direction, slice, wanted, &first, &count, &fx.err));
        for (uint64_t i = 0; i < length; i++) {
            expected_count += neighbour_of(&list[i], direction) == wanted;
            expected_first += neighbour_of(&list[i], direction) < wanted;
        }
        CHECK_EQ_U64(count, expected_count);
        if (expected_count != 0) {
            CHECK_EQ_U64(first, expected_first);
        }
    }
}

/* All lists one after the other, in pieces of any size. */
static void check_expansion(rz_rtab_reader *reader, rz_direction direction, const rz_slice *slices, const rz_sel *sel, const edge *sorted, uint64_t end)
{
    static uint64_t neighbours[300], rels[300];
    static uint32_t parents[300];
    uint32_t at = 0, entry = 0, list_at = 0, list_entry = 0;
    while (at < sel->count) {
        uint32_t count = 0, capacity = 1 + (uint32_t)fx_below(300);
        bool with_rels = fx_below(2) == 0;
        uint64_t wrong = 0;
        FX_OK(rz_adj_expand(reader, direction, slices, sel, &at, &entry, capacity, rz_id_make(2, 0), neighbours, rz_id_make(PAIR, 0),
                            with_rels ? rels : NULL, parents, &count, &fx.err));
        CHECK(count == capacity || at == sel->count);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t length = 0;
            const edge *list = NULL;
            for (; list_at < sel->count; list_at++, list_entry = 0) {
                list = list_of(sorted, end, direction, slices[rz_sel_at(sel, list_at)].bound, &length);
                if (list_entry < length) {
                    break;
                }
            }
            wrong += list_at == sel->count || parents[i] != rz_sel_at(sel, list_at) ||
                     neighbours[i] != rz_id_make(2, neighbour_of(&list[list_entry], direction)) ||
                     (with_rels && rels[i] != rz_id_make(PAIR, list[list_entry].rel));
            list_entry++;
        }
        CHECK_EQ_U64(wrong, 0);
        if (wrong != 0 || (count == 0 && at < sel->count)) {
            CHECK(false);
            return;
        }
    }
}

static void check_properties(rz_rtab_reader *reader, uint64_t end)
{
    static rz_id rels[BATCH];
    uint32_t count = 1 + (uint32_t)fx_below(BATCH);
    rz_arena kept = fx.arena;
    rz_arena_init(&fx.arena, &fx.mem);
    rz_arena_reset(&fx.heap);
    rz_vec *out[COL_COUNT];
    for (uint32_t i = 0; i < count; i++) {
        rels[i] = rz_id_make(PAIR, fx_below(end));
    }
    for (uint32_t c = 0; c < COL_COUNT; c++) {
        out[c] = fx_vec(columns[c].type, BATCH);
        FX_OK(rz_rtab_gather(reader, c, rels, &(rz_sel){NULL, count}, out[c], &fx.err));
    }
    for (uint32_t i = 0; i < count; i++) {
        const edge *e = &edges[rz_id_offset(rels[i])];
        char text[64];
        CHECK_EQ_I64(fx_i64(out[COL_WEIGHT], i), e->weight);
        CHECK_EQ_I64(fx_i64(out[COL_NUMBER], i), (int64_t)e->rel);
        CHECK_EQ_U64(rz_vec_is_null(out[COL_NOTE], i), e->weight % 5 == 3);
        if (e->weight % 5 != 3) {
            const rz_string *s = (const rz_string *)out[COL_NOTE]->data + i;
            note_of(e->weight, text, sizeof text);
            CHECK(s->length == strlen(text) && memcmp(rz_string_data(s), text, s->length) == 0);
        }
    }
    rz_arena_free(&fx.arena);
    fx.arena = kept;
}

/* The reader shows relationships [0, end) of the model. */
static void check_reader(rz_rtab_reader *reader, uint64_t end, uint32_t rounds)
{
    static rz_id ids[BATCH];
    static rz_slice slices[BATCH];
    static uint64_t degrees[BATCH];
    CHECK_EQ_U64(rz_rtab_visible_rows(reader), end);
    for (uint32_t d = 0; d < 2; d++) {
        rz_direction direction = (rz_direction)d;
        edge *sorted = sorted_edges(direction, end);
        for (uint32_t round = 0; round < rounds; round++) {
            uint32_t count = 1 + (uint32_t)fx_below(BATCH < 60 ? BATCH : 60);
            uint32_t rows[64], chosen = 0;
            for (uint32_t i = 0; i < count; i++) { /* runs of neighbours, and nodes beyond all groups */
                ids[i] = rz_id_make(1, i > 0 && fx_below(12) != 0 ? rz_id_offset(ids[i - 1]) + 1 : fx_below(20) == 0 ? NODES * 3 : any_node());
                if (fx_below(8) != 0) {
                    rows[chosen++] = i;
                }
            }
            rz_sel sel = {rows, chosen};
            FX_OK(rz_adj_lookup(reader, direction, ids, &sel, slices, &fx.err));
            memset(degrees, 0, sizeof degrees);
            for (uint32_t i = 0; i < count; i++) {
                degrees[i] = 5; /* added to */
            }
            FX_OK(rz_adj_degrees(reader, direction, ids, &sel, degrees, &fx.err));
            for (uint32_t i = 0; i < chosen; i++) {
                uint64_t length;
                const edge *list = list_of(sorted, end, direction, rz_id_offset(ids[rows[i]]), &length);
                CHECK_EQ_U64(degrees[rows[i]], length + 5);
                CHECK_EQ_U64(slices[rows[i]].bound, rz_id_offset(ids[rows[i]]));
                if (i % 4 == 0 || length > 100) {
                    check_list(reader, direction, &slices[rows[i]], list, length);
                } else {
                    CHECK_EQ_U64(slices[rows[i]].length, length);
                }
            }
            check_expansion(reader, direction, slices, &sel, sorted, end);
            uint64_t first = fx_below(NODES);
            uint32_t range = 1 + (uint32_t)fx_below(BATCH);
            memset(degrees, 0, sizeof degrees);
            FX_OK(rz_adj_degrees_range(reader, direction, first, range, degrees, &fx.err));
            for (uint32_t i = 0; i < range; i++) {
                uint64_t length;
                (void)list_of(sorted, end, direction, first + i, &length);
                CHECK_EQ_U64(degrees[i], length);
            }
            if (round % 3 == 1) {
                rz_rtab_reader_release(reader);
            }
        }
        free(sorted);
    }
    if (end != 0 && reader->table->rows.column_count != 0) {
        check_properties(reader, end);
    }
}

static void check_table(rz_rtab *table, const rz_snapshot *snapshot, uint64_t end, uint32_t rounds)
{
    rz_rtab_reader *reader = NULL;
    FX_OK(rz_rtab_reader_create(table, snapshot, &fx.mem, &reader, &fx.err));
    check_reader(reader, end, rounds);
    rz_rtab_reader_free(reader);
}

/* ---- changes ---- */

static rz_vec *values[COL_COUNT];
static rz_id srcs[BATCH], dsts[BATCH];

static void make_vectors(void)
{
    values[COL_WEIGHT] = fx_vec(RZ_INT64, BATCH);
    values[COL_NOTE] = fx_vec(RZ_STRING, BATCH);
    values[COL_NUMBER] = NULL;
}

static void reset_vectors(void)
{
    rz_vec_reset(values[COL_WEIGHT]);
    rz_vec_reset(values[COL_NOTE]);
    rz_arena_reset(&fx.heap);
}

static void insert(rz_rtab *table, uint64_t count)
{
    static rz_id ids[BATCH];
    uint32_t rows[BATCH];
    while (count != 0) {
        uint32_t n = 1 + (uint32_t)fx_below(count < BATCH ? count : BATCH);
        uint32_t chosen = 0;
        reset_vectors();
        for (uint32_t i = 0; i < n; i++) {
            srcs[i] = rz_id_make(1, any_node());
            dsts[i] = rz_id_make(2, fx_below(10) == 0 ? rz_id_offset(srcs[i]) : any_node());
            fill_row(values, i, next_weight);
            if (fx_below(4) != 0) {
                rows[chosen++] = i;
                model_push(rz_id_offset(srcs[i]), rz_id_offset(dsts[i]), next_weight);
            }
            next_weight++;
        }
        FX_OK(rz_rtab_insert(table, &fx.writer, srcs, dsts, values, &(rz_sel){rows, chosen}, ids, &fx.err));
        for (uint32_t i = 0; i < chosen; i++) {
            CHECK_EQ_U64(ids[rows[i]], rz_id_make(PAIR, edge_end - chosen + i));
        }
        count -= n;
    }
}

static void load_between(rz_rtab *table, uint64_t count, uint64_t (*pick)(void))
{
    rz_rtab_bulk *bulk = NULL;
    uint64_t first = edge_end, loaded = 0;
    uint64_t sources[BATCH], targets[BATCH];
    FX_OK(rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
    while (count != 0) {
        uint32_t n = 1 + (uint32_t)fx_below(count < BATCH ? count : BATCH);
        uint32_t rows[BATCH], chosen = 0;
        bool gaps = fx_below(4) == 0;
        reset_vectors();
        for (uint32_t i = 0; i < n; i++) {
            sources[i] = pick();
            targets[i] = fx_below(10) == 0 ? sources[i] : any_node();
            fill_row(values, i, next_weight);
            if (!gaps || fx_below(3) != 0) {
                rows[chosen++] = i;
                model_push(sources[i], targets[i], next_weight);
            }
            next_weight++;
        }
        rz_sel sel = {gaps ? rows : NULL, chosen};
        FX_OK(rz_rtab_bulk_append(bulk, sources, targets, values, &sel, &fx.err));
        count -= n;
    }
    FX_OK(rz_rtab_bulk_finish(bulk, &loaded, &fx.err));
    CHECK_EQ_U64(loaded, edge_end - first);
    /* Rel offsets follow the forward order; among equals that of arrival. */
    if (edge_end != first) {
        qsort(edges + first, edge_end - first, sizeof *edges, compare_forward);
    }
    for (uint64_t i = first; i < edge_end; i++) {
        edges[i].rel = i;
    }
}

static void load(rz_rtab *table, uint64_t count)
{
    load_between(table, count, any_node);
}

static void commit(void)
{
    fx_commit();
    edge_committed = edge_end;
}

static void rollback(void)
{
    fx_rollback();
    edge_end = edge_committed;
}

static rz_rtab *checkpoint_and_reopen(rz_rtab *table)
{
    rz_str directory;
    rz_rtab *opened = NULL;
    rz_rtab_def def = define(table->rows.column_count != 0);
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    fx_header();
    rz_rtab_destroy(table);
    fx_reopen();
    rz_reader reader;
    rz_reader_init(&reader, directory.data, directory.length);
    FX_OK(rz_rtab_open(&fx.env, &def, &reader, &opened, &fx.err));
    CHECK_EQ_U64(reader.off, directory.length);
    CHECK(!rz_rtab_changed(opened));
    rz_str_free(&directory);
    return opened;
}

/* ---- tests ---- */

static void lists_come_back(void)
{
    model_reset();
    make_vectors();
    rz_rtab *table = create(true);
    rz_snapshot empty = fx_snapshot();
    check_table(table, &empty, 0, 2);
    fx_begin();
    insert(table, 40);
    check_table(table, &fx.writer.snapshot, edge_end, 3);
    check_table(table, &empty, 0, 2);
    commit();
    rz_snapshot first = fx_snapshot();
    uint64_t first_end = edge_end;
    check_table(table, &first, first_end, 3);
    fx_begin();
    load(table, 3000);
    check_table(table, &fx.writer.snapshot, edge_end, 3);
    check_table(table, &first, first_end, 3);
    commit();
    rz_snapshot second = fx_snapshot();
    check_table(table, &empty, 0, 2);
    check_table(table, &first, first_end, 3);
    check_table(table, &second, edge_end, 5);
    table = checkpoint_and_reopen(table);
    check_table(table, &second, edge_end, 5);
    rz_table_stats stats;
    rz_rtab_stats(table, &stats);
    CHECK_EQ_U64(stats.rows, edge_end);
    for (uint32_t d = 0; d < 2; d++) {
        edge *sorted = sorted_edges((rz_direction)d, edge_end);
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
    uint64_t held_end[HELD] = {0}, held_time[HELD] = {0};
    model_reset();
    make_vectors();
    rz_rtab *table = create(with_columns);
    for (uint32_t step = 0; step < steps; step++) {
        rz_snapshot before = fx_snapshot();
        fx_begin();
        for (uint64_t changes = 1 + fx_below(3); changes > 0; changes--) {
            switch (fx_below(5)) {
            case 0: load(table, fx_below(most)); break;
            case 1: load(table, fx_below(10)); break;
            case 2: insert(table, fx_below(most / 8)); break;
            default: insert(table, fx_below(20)); break;
            }
            if (edge_end > 8 * most) {
                break;
            }
        }
        check_table(table, &fx.writer.snapshot, edge_end, 1);
        if (fx_below(3) == 0) { /* a checkpoint beside the transaction */
            rz_str directory;
            rz_str_init(&directory, &fx.mem);
            FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
            rz_str_free(&directory);
            fx_header();
            check_table(table, &fx.writer.snapshot, edge_end, 1);
            insert(table, fx_below(20));
            check_table(table, &fx.writer.snapshot, edge_end, 1);
        }
        check_table(table, &before, edge_committed, 1);
        if (fx_below(3) == 0) {
            rollback();
        } else {
            commit();
        }
        rz_snapshot now = fx_snapshot();
        check_table(table, &now, edge_end, 1);
        uint32_t which = (uint32_t)fx_below(HELD);
        if (held[which] != NULL) {
            check_reader(held[which], held_end[which], 1);
            rz_rtab_reader_free(held[which]);
            held[which] = NULL;
        }
        if (fx_below(3) == 0) {
            FX_OK(rz_rtab_reader_create(table, &now, &fx.mem, &held[which], &fx.err));
            held_end[which] = edge_end;
            held_time[which] = now.timestamp;
        }
        uint64_t oldest = now.timestamp;
        bool no_held = true;
        for (uint32_t i = 0; i < HELD; i++) {
            no_held &= held[i] == NULL;
            oldest = held[i] != NULL && held_time[i] < oldest ? held_time[i] : oldest;
        }
        if (fx_below(2) == 0) {
            rz_rtab_trim(table, oldest);
            check_table(table, &now, edge_end, 1);
        }
        if (no_held && fx_below(2) == 0) {
            table = checkpoint_and_reopen(table);
            check_table(table, &now, edge_end, 1);
        }
    }
    for (uint32_t i = 0; i < HELD; i++) {
        if (held[i] != NULL) {
            check_reader(held[i], held_end[i], 2);
        }
        rz_rtab_reader_free(held[i]);
    }
    rz_rtab_drop(checkpoint_and_reopen(table));
    fx_header();
    CHECK(fx_used_pages() <= 4); /* two header slots, the free list */
}

static void a_random_history_with_properties(void)
{
    random_history(true, 30, RZ_ROW_GROUP_ROWS < 1000 ? 400 : 6000);
}

static void a_random_history_without_properties(void)
{
    random_history(false, 30, RZ_ROW_GROUP_ROWS < 1000 ? 600 : 8000);
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
    check_table(table, &now, edge_end, 4);
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
    check_table(table, &now, edge_end, 4);
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
    uint64_t count = RZ_ROW_GROUP_ROWS < 1000 ? 150000 : 250000;
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
    edge *sorted = sorted_edges(RZ_FORWARD, edge_end);
    uint64_t length;
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
            FX_FAILS(rz_rtab_bulk_finish(bulk, &loaded, &fx.err), RUZU_ERROR_CONSTRAINT, text);
            fx_rollback();
            fx_begin();
            srcs[0] = def.one_dst ? 50 : 51, dsts[0] = def.one_dst ? 52 : 53;
            srcs[1] = def.one_dst ? 50 : 54, dsts[1] = def.one_dst ? 55 : 53;
            FX_OK(rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
            FX_OK(rz_rtab_bulk_append(bulk, srcs, dsts, values, &(rz_sel){NULL, 2}, &fx.err));
            snprintf(text, sizeof text, fwd_text, "Copy", def.one_dst ? 50 : 53, way);
            FX_FAILS(rz_rtab_bulk_finish(bulk, &loaded, &fx.err), RUZU_ERROR_CONSTRAINT, text);
            fx_rollback();
            /* What does not collide goes in, and out again. */
            fx_begin();
            srcs[0] = 100, dsts[0] = 200;
            FX_OK(rz_rtab_insert(table, &fx.writer, srcs, dsts, values, &(rz_sel){NULL, 1}, NULL, &fx.err));
            FX_OK(rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
            srcs[0] = 101, dsts[0] = 201;
            FX_OK(rz_rtab_bulk_append(bulk, srcs, dsts, values, &(rz_sel){NULL, 1}, &fx.err));
            FX_OK(rz_rtab_bulk_finish(bulk, &loaded, &fx.err));
            fx_rollback();
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
    uint64_t count = RZ_ROW_GROUP_ROWS < 1000 ? 4000 : 60000;
    for (uint32_t round = 0; round < 2; round++) {
        fx_begin();
        load(table, count);
        insert(table, 50);
        commit();
        rz_snapshot now = fx_snapshot();
        check_table(table, &now, edge_end, 3);
    }
    table = checkpoint_and_reopen(table);
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, edge_end, 3);
    rz_rtab_destroy(table);
}

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
        if (status == RUZU_OK) {
            status = rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err);
        }
        if (status == RUZU_OK) {
            status = rz_rtab_bulk_append(bulk, srcs, dsts, values, &(rz_sel){NULL, n}, &fx.err);
            if (status == RUZU_OK) {
                status = rz_rtab_bulk_finish(bulk, &loaded, &fx.err);
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
        check_table(table, &now, edge_end, 1);
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
        ruzu_status status = rz_rtab_bulk_finish(bulk, &loaded, &fx.err);
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
        check_table(table, &now, edge_end, 1);
    }
    table = checkpoint_and_reopen(table);
    rz_snapshot now = fx_snapshot();
    check_table(table, &now, edge_end, 2);
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
    for (uint32_t round = 0; round < 400; round++) {
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

/* ---- a reader beside a writer ---- */

typedef struct watcher {
    rz_rtab *table;
    _Atomic uint64_t timestamp;
    _Atomic bool stop;
    _Atomic bool gone;
    _Atomic uint64_t rounds;
    uint64_t wrong;
} watcher;

#define RING UINT64_C(100) /* commit c adds, for every node i < RING, i -> (i + c) % RING; the node's list has c entries then */

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
        w->wrong += rz_rtab_visible_rows(reader) != commits * RING;
        for (uint32_t d = 0; d < 2; d++) {
            w->wrong += rz_adj_lookup(reader, (rz_direction)d, ids, &(rz_sel){NULL, RING}, slices, &err) != RUZU_OK;
            for (uint64_t i = 0; i < RING; i++) {
                w->wrong += slices[i].length != commits;
                uint32_t count = slices[i].length < 8192 ? slices[i].length : 8192;
                w->wrong += rz_adj_read(reader, (rz_direction)d, &slices[i], 0, count, 0, neighbours, 0, rels, &err) != RUZU_OK;
                for (uint32_t k = 0; k < count; k++) {
                    uint64_t src = d == 0 ? i : neighbours[k], dst = d == 0 ? neighbours[k] : i;
                    uint64_t commit_number = rels[k] / RING; /* commit c has rels c * RING + i */
                    w->wrong += rels[k] % RING != src || (src + commit_number) % RING != dst;
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
    static uint64_t from[RING], to[RING];
    memset(&w, 0, sizeof w);
    FX_OK(rz_rtab_create(&fx.env, &def, &w.table, &fx.err));
    rz_str_init(&directory, &fx.mem);
    FX_OK(rz_thread_start(&thread, 0, watch, &w));
    watch_wait(&w, 1);
    for (uint64_t c = 0; c < 800; c++) {
        for (uint32_t kept = 0; kept < 2; kept++) {
            fx_begin();
            for (uint64_t i = 0; i < RING; i++) {
                from[i] = i;
                to[i] = (i + c + (kept == 0)) % RING;
            }
            if (c % 50 == 49) { /* loads are sorted by source, which is the order of `from` */
                rz_rtab_bulk *bulk = NULL;
                uint64_t loaded;
                FX_OK(rz_rtab_bulk_begin(w.table, &fx.writer, &bulk, &fx.err));
                FX_OK(rz_rtab_bulk_append(bulk, from, to, values, &(rz_sel){NULL, RING}, &fx.err));
                FX_OK(rz_rtab_bulk_finish(bulk, &loaded, &fx.err));
            } else {
                FX_OK(rz_rtab_insert(w.table, &fx.writer, from, to, values, &(rz_sel){NULL, RING}, NULL, &fx.err));
            }
            if (kept == 0) {
                fx_rollback();
            }
        }
        fx_commit();
        atomic_store_explicit(&w.timestamp, fx.timestamp, memory_order_release);
        if (c % 40 == 39) {
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
    uint64_t old_end = edge_end;
    fx_begin();
    insert(table, 50);
    commit();
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &directory, &fx.err));
    rz_snapshot now = fx_snapshot();
    check_table(table, &old, old_end, 2);
    check_table(table, &now, edge_end, 2);
    rz_rtab_trim(table, old.timestamp);
    check_table(table, &old, old_end, 2);
    FX_OK(rz_rtab_reader_create(table, &old, &fx.mem, &reader, &fx.err));
    rz_rtab_trim(table, now.timestamp);
    check_reader(reader, old_end, 2); /* keeps what it has */
    rz_rtab_reader_free(reader);
    rz_error_init(&fx.err);
    CHECK_EQ_I64(rz_rtab_reader_create(table, &old, &fx.mem, &reader, &fx.err), RUZU_ERROR_INTERNAL);
    check_table(table, &now, edge_end, 2);
    rz_str_free(&directory);
    rz_rtab_destroy(table);
}

int main(void)
{
    RUN_TABLE(sorters_sort);
    RUN_TABLE(lists_come_back);
    RUN_TABLE(a_random_history_with_properties);
    RUN_TABLE(a_random_history_without_properties);
    RUN_TABLE(checkpoints_without_changes_write_nothing);
    RUN_TABLE(rollback_gives_pages_back);
    RUN_TABLE_WITH(a_hub_larger_than_the_pool, UINT64_C(256) << 10);
    RUN_TABLE(multiplicity_is_kept);
    RUN_TABLE_WITH(loads_spill, UINT64_C(1) << 20);
    RUN_TABLE(refused_memory_changes_nothing);
    RUN_TABLE(failed_writes_change_nothing);
    RUN_TABLE(damaged_directories_are_refused);
    RUN_TABLE_IN_MEMORY(readers_beside_a_writer);
    RUN_TABLE(trimmed_snapshots_are_refused);
    model_reset();
    return CHECK_DONE();
}
