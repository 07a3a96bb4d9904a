/* SPDX-License-Identifier: MIT */
/*
 * Checking what tables say, as a transaction sees them: segments against their metadata, keys against the index, and the two
 * directions of a relationship table against each other and against its rows.
 *
 * The directions hold the same relationships when they do so as multisets: compared are the numbers of relationships and two
 * sums over hashes of (source, destination, relationship), so that no relationship has to be remembered. A wrong sum escapes
 * with a chance of 2^-128.
 */
#include "transaction/check.h"

#include <inttypes.h>

typedef struct logic_check {
    rz_txn *txn;
    rz_mem *mem;
    rz_inspector *inspector;
    rz_arena arena; /* of one table */
    rz_arena heap;  /* of one block */
} logic_check;

/* ---- keys ---- */

/* Every visible row of a block has a key, and the index finds the row by it. */
static ruzu_status logic_check_keys(logic_check *check, rz_ntab_reader *reader, uint32_t key, rz_vec *keys, uint64_t first, uint32_t count,
                                    const char *what, rz_error *err)
{
    uint32_t rows[RZ_VECTOR_CAPACITY];
    uint64_t offsets[RZ_VECTOR_CAPACITY];
    uint32_t visible = 0;
    rz_sel sel = {NULL, count};
    if (!rz_ntab_visible(reader, first, count, rows, &visible)) {
        sel = (rz_sel){rows, visible};
    }
    if (sel.count == 0) {
        return RUZU_OK;
    }
    ruzu_status status = rz_ntab_read(reader, key, first, count, keys, err);
    if (status == RUZU_OK) {
        status = rz_ntab_lookup(reader, keys, &sel, offsets, err);
    }
    if (status != RUZU_OK) {
        return rz_inspector_absorb(check->inspector, status, what, first, err);
    }
    for (uint32_t i = 0; i < sel.count; i++) {
        uint32_t row = rz_sel_at(&sel, i);
        const char *problem = NULL;
        if (keys->kind != RZ_VEC_SEQUENCE && rz_vec_is_null(keys, row)) {
            problem = "the primary key is NULL";
        } else if (offsets[row] == UINT64_MAX) {
            problem = "the primary-key index does not find the row";
        } else if (offsets[row] != first + row) {
            problem = "another row has the same primary key";
        }
        if (problem != NULL) {
            RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, what, RZ_NO_PLACE, first + row, err, "%s", problem));
        }
    }
    return RUZU_OK;
}

static ruzu_status logic_check_index(logic_check *check, rz_ntab *storage, const rz_cat_table *table, const char *what, rz_error *err)
{
    ruzu_status status = RUZU_OK;
    rz_ntab_reader *reader = NULL;
    rz_vec *keys = NULL;
    RZ_TRY(rz_ntab_reader_create(storage, rz_txn_snapshot(check->txn), check->mem, &reader, err));
    RZ_TRY_GOTO(rz_vec_create(&check->arena, &check->heap, table->properties[table->key].type, RZ_VECTOR_CAPACITY, &keys, err));
    uint64_t end = rz_ntab_offset_end(reader);
    for (uint64_t first = 0; first < end; first += RZ_VECTOR_CAPACITY) {
        uint32_t count = end - first < RZ_VECTOR_CAPACITY ? (uint32_t)(end - first) : RZ_VECTOR_CAPACITY;
        RZ_TRY_GOTO(rz_inspector_poll(check->inspector, err));
        RZ_TRY_GOTO(logic_check_keys(check, reader, table->key, keys, first, count, what, err));
        rz_ntab_reader_release(reader);
        rz_arena_reset(&check->heap);
    }
cleanup:
    rz_ntab_reader_free(reader);
    return status;
}

static ruzu_status logic_check_node_table(logic_check *check, const rz_cat_table *table, rz_error *err)
{
    rz_ntab *storage = rz_txn_ntab(check->txn, table->id);
    const char *what = rz_arena_printf(&check->arena, "table %s", table->name);
    RZ_TRY_ALLOC(what, err, "checking a table");
    if (storage == NULL) {
        return rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, what, RZ_NO_PLACE, RZ_NO_PLACE, err, "it has no storage");
    }
    RZ_TRY(rz_ntab_check_segments(storage, check->inspector, err));
    return logic_check_index(check, storage, table, what, err);
}

/* ---- relationships ---- */

/* One direction of a pair. */
typedef struct logic_side {
    uint64_t edges;
    uint64_t sums[2];  /* over (source, destination, relationship) */
    uint64_t rel_sum;  /* over relationships */
    bool incomplete;   /* some list could not be read */
} logic_side;

typedef struct logic_pair {
    rz_rtab_reader *rels;
    rz_ntab_reader *ends[2]; /* source, destination */
    bool one[2];             /* by direction: at most one relationship a bound node */
    const char *what;
    logic_side sides[2];
    /* A batch. */
    rz_id *ids;
    rz_slice *slices;
    uint64_t *neighbours;
    uint64_t *offsets;
    uint32_t *parents;
} logic_pair;

static ruzu_status logic_edge_problem(logic_check *check, const logic_pair *pair, uint32_t direction, uint64_t bound, const char *problem, rz_error *err)
{
    static const char *const names[2] = {"forward", "backward"};
    return rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, pair->what, RZ_NO_PLACE, bound, err, "%s adjacency: %s", names[direction], problem);
}

/* The entries of a batch; last_* carry over from the batch before (parent UINT64_MAX: none). */
typedef struct logic_last {
    uint64_t bound, neighbour, rel;
    bool any;
} logic_last;

static ruzu_status logic_check_edges(logic_check *check, logic_pair *pair, uint32_t direction, uint64_t first, uint32_t count, logic_last *last,
                                     rz_error *err)
{
    logic_side *side = &pair->sides[direction];
    const rz_ntab_reader *other = pair->ends[1 - direction];
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bound = first + pair->parents[i], neighbour = pair->neighbours[i], rel = pair->offsets[i];
        bool same = last->any && last->bound == bound;
        const char *problem = NULL;
        if (!rz_ntab_is_visible(other, neighbour)) {
            problem = "a neighbour does not exist";
        } else if (same && (neighbour < last->neighbour || (neighbour == last->neighbour && rel <= last->rel))) {
            problem = "the list is not in order";
        } else if (!same && !rz_ntab_is_visible(pair->ends[direction], bound)) {
            problem = "a node that does not exist has relationships";
        } else if (same && pair->one[direction]) {
            problem = "the node has more relationships than the multiplicity of the table allows";
        }
        if (problem != NULL) {
            RZ_TRY(logic_edge_problem(check, pair, direction, bound, problem, err));
        }
        *last = (logic_last){bound, neighbour, rel, true};
        uint64_t src = direction == RZ_FORWARD ? bound : neighbour, dst = direction == RZ_FORWARD ? neighbour : bound;
        uint64_t hash = rz_hash_combine(rz_hash_combine(rz_hash_u64(src), dst), rel);
        side->sums[0] += hash;
        side->sums[1] += rz_hash_u64(hash);
        side->rel_sum += rz_hash_u64(rel);
    }
    side->edges += count;
    return RUZU_OK;
}

/* The lists of nodes [first, first + count). */
static ruzu_status logic_check_lists(logic_check *check, logic_pair *pair, uint32_t direction, uint64_t first, uint32_t count, rz_error *err)
{
    rz_sel sel = {NULL, count};
    logic_last last = {0};
    uint32_t at = 0, entry = 0;
    for (uint32_t i = 0; i < count; i++) {
        pair->ids[i] = rz_id_make(0, first + i);
    }
    ruzu_status status = rz_adj_lookup(pair->rels, (rz_direction)direction, pair->ids, &sel, pair->slices, err);
    while (status == RUZU_OK && at < sel.count) {
        uint32_t got = 0;
        status = rz_adj_expand(pair->rels, (rz_direction)direction, pair->slices, &sel, &at, &entry, RZ_VECTOR_CAPACITY, 0, pair->neighbours, 0,
                               pair->offsets, pair->parents, &got, err);
        if (status == RUZU_OK) {
            RZ_TRY(logic_check_edges(check, pair, direction, first, got, &last, err));
        }
    }
    rz_rtab_reader_release(pair->rels);
    if (status != RUZU_OK) {
        pair->sides[direction].incomplete = true;
        return rz_inspector_absorb(check->inspector, status, pair->what, first, err);
    }
    return RUZU_OK;
}

/* The sum over the relationships that are visible as rows. */
static ruzu_status logic_rel_rows(logic_check *check, const logic_pair *pair, uint64_t *out_count, uint64_t *out_sum, rz_error *err)
{
    uint32_t rows[RZ_VECTOR_CAPACITY];
    uint64_t end = rz_rtab_offset_end(pair->rels);
    *out_count = 0;
    *out_sum = 0;
    for (uint64_t first = 0; first < end; first += RZ_VECTOR_CAPACITY) {
        uint32_t count = end - first < RZ_VECTOR_CAPACITY ? (uint32_t)(end - first) : RZ_VECTOR_CAPACITY;
        uint32_t visible = 0;
        rz_sel sel = {NULL, count};
        RZ_TRY(rz_inspector_poll(check->inspector, err));
        if (!rz_rtab_visible(pair->rels, first, count, rows, &visible)) {
            sel = (rz_sel){rows, visible};
        }
        for (uint32_t i = 0; i < sel.count; i++) {
            *out_sum += rz_hash_u64(first + rz_sel_at(&sel, i));
        }
        *out_count += sel.count;
    }
    return RUZU_OK;
}

static ruzu_status logic_compare(logic_check *check, const logic_pair *pair, rz_error *err)
{
    const logic_side *sides = pair->sides;
    uint64_t rows = 0, sum = 0;
    RZ_TRY(logic_rel_rows(check, pair, &rows, &sum, err));
    for (uint32_t direction = 0; direction < 2; direction++) {
        if (!sides[direction].incomplete && (sides[direction].edges != rows || sides[direction].rel_sum != sum)) {
            RZ_TRY(rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, pair->what, RZ_NO_PLACE, RZ_NO_PLACE, err,
                                       "%s adjacency: its %" PRIu64 " entries are not the %" PRIu64 " relationships of the table",
                                       direction == RZ_FORWARD ? "forward" : "backward", sides[direction].edges, rows));
        }
    }
    bool complete = !sides[0].incomplete && !sides[1].incomplete;
    if (complete && (sides[0].edges != sides[1].edges || sides[0].sums[0] != sides[1].sums[0] || sides[0].sums[1] != sides[1].sums[1])) {
        return rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, pair->what, RZ_NO_PLACE, RZ_NO_PLACE, err,
                                   "forward and backward adjacency do not hold the same relationships (%" PRIu64 " and %" PRIu64 ")", sides[0].edges,
                                   sides[1].edges);
    }
    return RUZU_OK;
}

static ruzu_status logic_pair_open(logic_check *check, const rz_cat_pair *from, logic_pair *pair, rz_error *err)
{
    rz_ntab *ends[2] = {rz_txn_ntab(check->txn, from->src_table), rz_txn_ntab(check->txn, from->dst_table)};
    const rz_snapshot *snapshot = rz_txn_snapshot(check->txn);
    for (uint32_t i = 0; i < 2; i++) {
        if (ends[i] == NULL) {
            return rz_error_set(err, RUZU_ERROR_CORRUPT, "a node table of the relationships has no storage");
        }
        RZ_TRY(rz_ntab_reader_create(ends[i], snapshot, check->mem, &pair->ends[i], err));
    }
    RZ_TRY(rz_rtab_reader_create(rz_txn_rtab(check->txn, from->id), snapshot, check->mem, &pair->rels, err));
    pair->ids = RZ_NEW_ARRAY(&check->arena, rz_id, RZ_VECTOR_CAPACITY);
    pair->slices = RZ_NEW_ARRAY(&check->arena, rz_slice, RZ_VECTOR_CAPACITY);
    pair->neighbours = RZ_NEW_ARRAY(&check->arena, uint64_t, RZ_VECTOR_CAPACITY);
    pair->offsets = RZ_NEW_ARRAY(&check->arena, uint64_t, RZ_VECTOR_CAPACITY);
    pair->parents = RZ_NEW_ARRAY(&check->arena, uint32_t, RZ_VECTOR_CAPACITY);
    bool all = pair->ids != NULL && pair->slices != NULL && pair->neighbours != NULL && pair->offsets != NULL && pair->parents != NULL;
    return all ? RUZU_OK : rz_error_no_memory(err, "checking a relationship table");
}

static ruzu_status logic_check_topology(logic_check *check, logic_pair *pair, rz_error *err)
{
    for (uint32_t direction = 0; direction < 2; direction++) {
        uint64_t end = rz_ntab_offset_end(pair->ends[direction]);
        for (uint64_t first = 0; first < end; first += RZ_VECTOR_CAPACITY) {
            uint32_t count = end - first < RZ_VECTOR_CAPACITY ? (uint32_t)(end - first) : RZ_VECTOR_CAPACITY;
            RZ_TRY(rz_inspector_poll(check->inspector, err));
            RZ_TRY(logic_check_lists(check, pair, direction, first, count, err));
        }
    }
    return logic_compare(check, pair, err);
}

static ruzu_status logic_check_pair(logic_check *check, const rz_cat_table *table, const rz_cat_pair *from, rz_error *err)
{
    rz_rtab *storage = rz_txn_rtab(check->txn, from->id);
    const char *what = rz_arena_printf(&check->arena, "relationship table %s (pair %" PRIu32 ")", table->name, from->id);
    RZ_TRY_ALLOC(what, err, "checking a table");
    if (storage == NULL) {
        return rz_inspector_report(check->inspector, RZ_SEVERITY_ERROR, what, RZ_NO_PLACE, RZ_NO_PLACE, err, "it has no storage");
    }
    RZ_TRY(rz_rtab_check_segments(storage, check->inspector, err));
    logic_pair pair = {.what = what, .one = {table->one_dst, table->one_src}};
    ruzu_status status = logic_pair_open(check, from, &pair, err);
    if (status == RUZU_OK) {
        status = logic_check_topology(check, &pair, err);
    }
    rz_rtab_reader_free(pair.rels);
    rz_ntab_reader_free(pair.ends[0]);
    rz_ntab_reader_free(pair.ends[1]);
    return rz_inspector_absorb(check->inspector, status, what, RZ_NO_PLACE, err);
}

/* ---- the whole ---- */

static ruzu_status logic_check_table(logic_check *check, const rz_cat_table *table, rz_error *err)
{
    if (table->kind == RZ_CAT_NODE_TABLE) {
        return logic_check_node_table(check, table, err);
    }
    for (uint32_t i = 0; i < table->pair_count; i++) {
        RZ_TRY(logic_check_pair(check, table, &table->pairs[i], err));
    }
    return RUZU_OK;
}

ruzu_status rz_logic_check(rz_txn *txn, rz_mem *mem, rz_inspector *inspector, rz_error *err)
{
    logic_check check = {.txn = txn, .mem = mem, .inspector = inspector};
    const rz_catalog *catalog = rz_txn_catalog(txn);
    rz_arena_init(&check.arena, mem);
    rz_arena_init(&check.heap, mem);
    ruzu_status status = RUZU_OK;
    for (uint32_t i = 0; i < rz_catalog_table_count(catalog) && status == RUZU_OK; i++) {
        status = logic_check_table(&check, rz_catalog_table_at(catalog, i), err);
        rz_arena_reset(&check.arena);
        rz_arena_reset(&check.heap);
    }
    rz_arena_free(&check.arena);
    rz_arena_free(&check.heap);
    return status;
}
