/* SPDX-License-Identifier: MIT */
/*
 * A model of relationship tables for tests: the relationships in the order in which they were made, with the stamps of their lives, sorted anew for every check; and
 * the operations that change table and model together. Places of deleted relationships may be used again: then several of them have had the same rel offset.
 */
#ifndef RZ_TESTS_REL_MODEL_H
#define RZ_TESTS_REL_MODEL_H

#include "storage/table/rtab.h"
#include "unit/table_fixture.h"

#include <stdlib.h>

enum { COL_WEIGHT, COL_NOTE, COL_NUMBER, COL_COUNT };

#define BATCH RZ_VECTOR_CAPACITY
#define NODES (RZ_CSR_GROUP_NODES * UINT64_C(5) / 2)
#define PAIR 77u

/* Percent of the usual work: sanitizers make less do. */
static uint64_t volume(uint64_t usual)
{
    const char *text = getenv("RZ_TEST_VOLUME");
    uint64_t percent = text == NULL ? 100 : (uint64_t)atoi(text);
    uint64_t scaled = usual * percent / 100;
    return percent == 0 || percent >= 100 ? usual : scaled == 0 ? 1 : scaled;
}

/* ---- the model ---- */

/* Stamps as the table has them; what the open transaction did has the stamp MODEL_OWN. */
#define MODEL_OWN (UINT64_MAX - 1)
#define MODEL_NEVER UINT64_MAX
#define MODEL_NONE UINT32_MAX

typedef struct edge {
    uint64_t src, dst, rel;
    int64_t weight;      /* when it was inserted; unique */
    uint64_t born, died; /* stamps */
    uint32_t update;     /* the newest one, or MODEL_NONE */
    uint64_t before;     /* the one that had the place before: its number + 1; 0: none */
    bool replaced;       /* another one has the place */
} edge;

typedef struct edge_update {
    uint64_t rel, stamp;
    int64_t weight;
    uint32_t before; /* the one before, of the same relationship */
} edge_update;

static edge *edges;
static uint64_t edge_end, edge_capacity;
static uint64_t place_end; /* rel offsets in use are below */
static uint64_t places_reused;
static edge_update *updates;
static uint32_t update_count, update_capacity;
static int64_t next_weight;
static rz_column_def columns[COL_COUNT];

static void model_reset(void)
{
    free(edges);
    free(updates);
    edges = NULL;
    updates = NULL;
    edge_end = edge_capacity = place_end = places_reused = 0;
    update_count = update_capacity = 0;
    next_weight = 1;
}

static void model_push(uint64_t src, uint64_t dst, int64_t weight)
{
    if (edge_end == edge_capacity) {
        edge_capacity = edge_capacity == 0 ? 1024 : edge_capacity * 2;
        edges = (edge *)realloc(edges, edge_capacity * sizeof *edges);
    }
    edges[edge_end] = (edge){.src = src, .dst = dst, .rel = place_end++, .weight = weight, .born = MODEL_OWN, .died = MODEL_NEVER, .update = MODEL_NONE};
    edge_end++;
}

/* The newest relationships, `count` of them, have got these places: used ones, of relationships whose end is known to all, then new ones. */
static void model_place(const rz_id *ids, const uint32_t *rows, uint32_t count)
{
    uint64_t first = edge_end - count;
    uint64_t next = place_end - count;
    for (uint32_t i = 0; i < count; i++) {
        edge *e = &edges[first + i];
        e->rel = rz_id_offset(ids[rows[i]]);
        CHECK_EQ_U64(ids[rows[i]], rz_id_make(PAIR, e->rel));
        if (e->rel >= place_end - count) {
            CHECK_EQ_U64(e->rel, next++);
            continue;
        }
        uint64_t old = first;
        while (old > 0 && (edges[old - 1].rel != e->rel || edges[old - 1].replaced)) {
            old--;
        }
        CHECK(old > 0 && edges[old - 1].died <= fx.timestamp);
        edges[old - 1].replaced = true;
        e->before = old;
        places_reused++;
    }
    place_end = next;
}

static void model_update(uint64_t rel, int64_t weight)
{
    if (update_count == update_capacity) {
        update_capacity = update_capacity == 0 ? 256 : update_capacity * 2;
        updates = (edge_update *)realloc(updates, update_capacity * sizeof *updates);
    }
    updates[update_count] = (edge_update){rel, MODEL_OWN, weight, edges[rel].update};
    edges[rel].update = update_count++;
}

static void model_commit(uint64_t timestamp)
{
    for (uint64_t i = 0; i < edge_end; i++) {
        edges[i].born = edges[i].born == MODEL_OWN ? timestamp : edges[i].born;
        edges[i].died = edges[i].died == MODEL_OWN ? timestamp : edges[i].died;
    }
    for (uint32_t i = update_count; i-- > 0 && updates[i].stamp == MODEL_OWN;) {
        updates[i].stamp = timestamp;
    }
}

static void model_rollback(void)
{
    for (; update_count > 0 && updates[update_count - 1].stamp == MODEL_OWN; update_count--) {
        edges[updates[update_count - 1].rel].update = updates[update_count - 1].before;
    }
    for (; edge_end > 0 && edges[edge_end - 1].born == MODEL_OWN; edge_end--) {
        if (edges[edge_end - 1].before != 0) {
            edges[edges[edge_end - 1].before - 1].replaced = false;
        } else {
            place_end--;
        }
    }
    for (uint64_t i = 0; i < edge_end; i++) {
        edges[i].died = edges[i].died == MODEL_OWN ? MODEL_NEVER : edges[i].died;
    }
}

static bool model_sees(uint64_t stamp, const rz_snapshot *snapshot)
{
    return stamp <= snapshot->timestamp || (stamp == MODEL_OWN && snapshot->own_stamp != 0);
}

static bool model_visible(const edge *e, const rz_snapshot *snapshot)
{
    return model_sees(e->born, snapshot) && !model_sees(e->died, snapshot);
}

static uint64_t model_count(const rz_snapshot *snapshot)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < edge_end; i++) {
        count += model_visible(&edges[i], snapshot);
    }
    return count;
}

static int64_t model_weight(const edge *e, const rz_snapshot *snapshot)
{
    for (uint32_t u = e->update; u != MODEL_NONE; u = updates[u].before) {
        if (model_sees(updates[u].stamp, snapshot)) {
            return updates[u].weight;
        }
    }
    return e->weight;
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

/* What the snapshot sees, sorted by (bound, neighbour, rel). */
static edge *sorted_edges(rz_direction direction, const rz_snapshot *snapshot, uint64_t *out_count)
{
    edge *sorted = (edge *)malloc((edge_end + 1) * sizeof *sorted);
    uint64_t count = 0;
    for (uint64_t i = 0; i < edge_end; i++) {
        if (model_visible(&edges[i], snapshot)) {
            sorted[count++] = edges[i];
        }
    }
    qsort(sorted, count, sizeof *sorted, direction == RZ_FORWARD ? compare_forward : compare_backward);
    *out_count = count;
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

static void check_properties(rz_rtab_reader *reader, const rz_snapshot *snapshot)
{
    static rz_id rels[BATCH];
    static uint64_t which[BATCH];
    uint32_t count = 0;
    rz_arena kept = fx.arena;
    rz_arena_init(&fx.arena, &fx.mem);
    rz_arena_reset(&fx.heap);
    rz_vec *out[COL_COUNT];
    for (uint32_t tries = 1 + (uint32_t)fx_below(BATCH); tries > 0; tries--) {
        uint64_t rel = fx_below(edge_end);
        if (model_visible(&edges[rel], snapshot)) {
            which[count] = rel;
            rels[count++] = rz_id_make(PAIR, edges[rel].rel);
        }
    }
    for (uint32_t c = 0; c < COL_COUNT; c++) {
        out[c] = fx_vec(columns[c].type, BATCH);
        FX_OK(rz_rtab_gather(reader, c, rels, &(rz_sel){NULL, count}, out[c], &fx.err));
    }
    for (uint32_t i = 0; i < count; i++) {
        const edge *e = &edges[which[i]];
        char text[64];
        CHECK_EQ_I64(fx_i64(out[COL_WEIGHT], i), model_weight(e, snapshot));
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

static uint64_t stretches_changed; /* that were had with changes */

static uint64_t stretch_number(uint64_t neighbour)
{
    return (neighbour + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Sums over the lists of nodes [first, first + count), from their pieces. */
static void check_stretch(rz_rtab_reader *reader, rz_direction direction, uint64_t first, uint32_t count, const edge *sorted, uint64_t end)
{
    static uint64_t starts[BATCH + 1], sums[BATCH], neighbours[BATCH];
    rz_adj_changes changes[2];
    rz_slice whole;
    bool done;
    FX_OK(rz_adj_stretch(reader, direction, first, count, starts, &whole, changes, &done, &fx.err));
    if (!done) {
        return;
    }
    memset(sums, 0, sizeof sums);
    for (uint32_t k = 0; k < 2; k++) {
        stretches_changed += changes[k].count != 0;
        for (uint32_t i = 0; i < changes[k].count; i++) {
            uint64_t number = stretch_number(changes[k].neighbours[i]);
            CHECK((uint32_t)(changes[k].nodes[i] - changes[k].first_node) < count);
            sums[changes[k].nodes[i] - changes[k].first_node] += (changes[k].rels[i] & RZ_ADJ_REMOVED) != 0 ? 0 - number : number;
        }
    }
    uint32_t list = 0;
    for (uint32_t at = 0; at < whole.length;) {
        uint32_t take = whole.length - at < BATCH ? whole.length - at : BATCH;
        FX_OK(rz_adj_read(reader, direction, &whole, at, take, 0, neighbours, 0, NULL, &fx.err));
        for (uint32_t i = 0; i < take; i++) {
            while (starts[list + 1] - starts[0] <= at + i) {
                list++;
            }
            sums[list] += stretch_number(neighbours[i]);
        }
        at += take;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t length, expected = 0;
        const edge *edges_of = list_of(sorted, end, direction, first + i, &length);
        for (uint64_t k = 0; k < length; k++) {
            expected += stretch_number(neighbour_of(&edges_of[k], direction));
        }
        CHECK_EQ_U64(sums[i], expected);
    }
}

/* The reader, made for the snapshot, shows what the model says. */
static void check_reader(rz_rtab_reader *reader, const rz_snapshot *snapshot, uint32_t rounds)
{
    uint64_t end = 0;
    static rz_id ids[BATCH];
    static rz_slice slices[BATCH];
    static uint64_t degrees[BATCH];
    CHECK_EQ_U64(rz_rtab_visible_rows(reader), model_count(snapshot));
    for (uint32_t d = 0; d < 2; d++) {
        rz_direction direction = (rz_direction)d;
        edge *sorted = sorted_edges(direction, snapshot, &end);
        for (uint32_t round = 0; round < rounds; round++) {
            uint32_t count = 1 + (uint32_t)fx_below(BATCH < 60 ? BATCH : 60);
            uint32_t rows[64], chosen = 0;
            uint32_t jumps = fx_below(2) == 0 ? 12 : 200, step = 1 + (uint32_t)fx_below(5), back = (uint32_t)fx_below(2);
            for (uint32_t i = 0; i < count; i++) { /* runs of neighbours, nodes close together in some order, and nodes beyond all groups */
                uint64_t near = i == 0 ? 0 : rz_id_offset(ids[i - 1]) + (step == 1 ? 1 : fx_below(step + back));
                near = back != 0 && near != 0 && fx_below(6) == 0 ? near - 1 : near;
                ids[i] = rz_id_make(1, i > 0 && fx_below(jumps) != 0 ? near : fx_below(20) == 0 ? NODES * 3 : any_node());
                if (fx_below(step < 3 ? 8 : 3) != 0) {
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
            check_stretch(reader, direction, fx_below(NODES), 1 + (uint32_t)fx_below(round % 2 == 0 ? BATCH : BATCH / 4 + 1), sorted, end);
            if (round % 3 == 1) {
                rz_rtab_reader_release(reader);
            }
        }
        free(sorted);
    }
    if (edge_end != 0 && reader->table->rows.column_count != 0) {
        check_properties(reader, snapshot);
    }
}

static void check_table(rz_rtab *table, const rz_snapshot *snapshot, uint32_t rounds)
{
    rz_rtab_reader *reader = NULL;
    FX_OK(rz_rtab_reader_create(table, snapshot, &fx.mem, &reader, &fx.err));
    check_reader(reader, snapshot, rounds);
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
        model_place(ids, rows, chosen);
        count -= n;
    }
}

/* Deletes relationships that are there, and some that are not any more. hub: those of one source, all of them. */
static void delete_some(rz_rtab *table, uint64_t count, bool hub)
{
    static rz_id rels[BATCH];
    uint64_t source = any_node();
    uint64_t at = edge_end == 0 ? 0 : fx_below(edge_end);
    while (count != 0 && edge_end != 0) {
        uint32_t n = 0, rows[BATCH], chosen = 0;
        uint64_t deleted = 0, expected = 0;
        while (n < BATCH && count != 0) {
            uint64_t rel = fx_below(3) == 0 ? fx_below(edge_end) : at++ % edge_end;
            count--;
            if ((hub && edges[rel].src != source) || edges[rel].replaced) {
                continue;
            }
            edge *e = &edges[rel];
            srcs[n] = rz_id_make(1, e->src);
            dsts[n] = rz_id_make(2, e->dst);
            rels[n] = rz_id_make(PAIR, e->rel);
            if (fx_below(5) != 0) {
                rows[chosen++] = n;
                expected += e->died == MODEL_NEVER;
                e->died = e->died == MODEL_NEVER ? MODEL_OWN : e->died;
            }
            n++;
        }
        FX_OK(rz_rtab_delete(table, &fx.writer, srcs, dsts, rels, &(rz_sel){rows, chosen}, &deleted, &fx.err));
        CHECK_EQ_U64(deleted, expected);
    }
}

/* Gives relationships another weight, some of them twice and some that are not there any more. */
static void update_some(rz_rtab *table, uint64_t count)
{
    static rz_id rels[BATCH];
    while (count != 0 && edge_end != 0) {
        uint32_t n = count < BATCH ? (uint32_t)count : BATCH, rows[BATCH], chosen = 0;
        uint64_t at = fx_below(edge_end);
        reset_vectors();
        for (uint32_t i = 0; i < n; i++) {
            uint64_t rel = fx_below(3) == 0 ? fx_below(edge_end) : at++ % edge_end;
            rels[i] = rz_id_make(PAIR, edges[rel].rel);
            fx_set_i64(values[COL_WEIGHT], i, -next_weight);
            if (fx_below(4) != 0 && !edges[rel].replaced) {
                rows[chosen++] = i;
                if (edges[rel].died == MODEL_NEVER) {
                    model_update(rel, -next_weight);
                }
            }
            next_weight++;
        }
        FX_OK(rz_rtab_update(table, &fx.writer, COL_WEIGHT, rels, values[COL_WEIGHT], &(rz_sel){rows, chosen}, &fx.err));
        count -= n;
    }
}

/* log: NULL, or where the load describes itself. */
static void load_logged(rz_rtab *table, uint64_t count, uint64_t (*pick)(void), rz_bulk_log *log)
{
    rz_rtab_bulk *bulk = NULL;
    uint64_t first = edge_end, first_place = place_end, loaded = 0;
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
    FX_OK(rz_rtab_bulk_finish(bulk, log, &loaded, &fx.err));
    CHECK_EQ_U64(loaded, edge_end - first);
    /* Rel offsets follow the forward order; among equals that of arrival. */
    if (edge_end != first) {
        qsort(edges + first, edge_end - first, sizeof *edges, compare_forward);
    }
    for (uint64_t i = first; i < edge_end; i++) {
        edges[i].rel = first_place + (i - first);
    }
}

static void load_between(rz_rtab *table, uint64_t count, uint64_t (*pick)(void))
{
    load_logged(table, count, pick, NULL);
}

static void load(rz_rtab *table, uint64_t count)
{
    load_between(table, count, any_node);
}

static void commit(void)
{
    fx_commit();
    model_commit(fx.timestamp);
}

static void rollback(void)
{
    fx_rollback();
    model_rollback();
}

/* The helpers above are not all used by every test. */
static inline void model_unused(void)
{
    (void)volume;
    (void)places_reused;
    (void)load;
    (void)insert;
    (void)delete_some;
    (void)rollback;
    (void)commit;
    (void)create;
    (void)check_table;
    (void)update_some;
    (void)model_unused;
}

/* ---- saving and opening ---- */

static inline rz_rtab *checkpoint_and_reopen(rz_rtab *table)
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

#endif
