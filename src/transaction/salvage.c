/* SPDX-License-Identifier: MIT */
/*
 * Salvage: what can still be read of a damaged file goes into a new database, through the ordinary write path, which builds
 * keys, indexes and both directions of the relationships anew.
 *
 *   catalog   from the header in force, or from the other copy; without it nothing can be read, for it says what there is
 *   nodes     block by block. A value that cannot be read becomes NULL; a row whose key cannot be read is lost
 *   rels      from the forward lists; where some cannot be read, the backward ones give what is missing. A relationship is lost
 *             when both lists are, or one of its nodes
 *
 * A table's directory whose checksum is wrong is used all the same when it can be decoded: it mostly says which checksums pages have, so pages are still verified. The report calls such a table
 * damaged. One that cannot be decoded is lost, for nothing else says what pages mean.
 *
 * Offsets change, because lost rows leave no holes: `kept` tells which old rows are there, and their number below an offset is
 * the new one. The input is opened read-only. When it opens as a database its logs are replayed (in memory); else they
 * are left alone and the report says so.
 */
#include "transaction/store.h"

#include <errno.h>
#include <string.h>

#define SALVAGE_BUSY_US UINT64_C(1000000)

/* Which rows of a node table were taken over. */
typedef struct salvage_nodes {
    uint64_t *kept;    /* owned: bitmap by old offset */
    uint64_t *before;  /* owned: kept rows below each word */
    size_t words;
    uint64_t end;      /* old offsets are below */
    uint64_t count;
} salvage_nodes;

typedef struct salvage_run {
    rz_mem *mem;
    rz_store *from;
    rz_store *to;
    rz_txn *reading;
    rz_salvage_fn report;
    void *user;
    rz_salvage_totals *totals;
    salvage_nodes *nodes;   /* owned: by table id */
    uint32_t id_end;
    rz_arena arena;         /* of one table */
    rz_arena heap;          /* of one block */
    rz_salvaged table;      /* being copied */
    char reason[512];       /* why something of it was lost: the first cause */
} salvage_run;

/* ---- keeping account ---- */

/* A failure of reading becomes the reason for a loss; any other one is returned. */
static ruzu_status salvage_absorb(salvage_run *run, ruzu_status status, rz_error *err)
{
    if (status != RUZU_ERROR_CORRUPT) {
        return status;
    }
    if (run->reason[0] == '\0') {
        rz_error_plain_text(err, run->reason, sizeof run->reason);
    }
    rz_error_init(err);
    return RUZU_OK;
}

static void salvage_because(salvage_run *run, const char *reason)
{
    if (run->reason[0] == '\0') {
        memcpy(run->reason, reason, strlen(reason) + 1);
    }
}

static void salvage_begin_table(salvage_run *run, const char *name, bool is_node)
{
    run->table = (rz_salvaged){.is_table = true, .table = name, .is_node = is_node, .reason = run->reason};
    run->reason[0] = '\0';
}

static void salvage_end_table(salvage_run *run)
{
    rz_salvage_totals *totals = run->totals;
    if (run->table.rows_lost != 0) {
        salvage_because(run, "one of its nodes is lost"); /* nothing of its own was damaged */
    }
    totals->rows += run->table.rows;
    totals->rows_lost += run->table.rows_lost;
    totals->values_lost += run->table.values_lost;
    totals->tables++;
    totals->tables_damaged += run->reason[0] != '\0';
    if (run->report != NULL) {
        run->report(run->user, &run->table);
    }
    rz_arena_reset(&run->arena);
    rz_arena_reset(&run->heap);
}

/* ---- values ---- */

typedef ruzu_status (*salvage_gather_fn)(void *reader, uint32_t column, const rz_id *ids, const rz_sel *sel, rz_vec *out, rz_error *err);

static ruzu_status salvage_gather_node(void *reader, uint32_t column, const rz_id *ids, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    return rz_ntab_gather((rz_ntab_reader *)reader, column, ids, sel, out, err);
}

static ruzu_status salvage_gather_rel(void *reader, uint32_t column, const rz_id *ids, const rz_sel *sel, rz_vec *out, rz_error *err)
{
    return rz_rtab_gather((rz_rtab_reader *)reader, column, ids, sel, out, err);
}

/* Reads what can be read of the selected rows, by halves: rows that cannot are NULL and get their bit in bad. */
static ruzu_status salvage_gather(salvage_run *run, salvage_gather_fn gather, void *reader, uint32_t column, const rz_id *ids, const rz_sel *sel,
                                  rz_vec *out, uint64_t *bad, rz_error *err)
{
    struct {
        uint32_t first, count;
    } todo[64]; /* halving 2^32 rows never needs more */
    uint32_t depth = 1;
    todo[0].first = 0;
    todo[0].count = sel->count;
    while (depth != 0) {
        uint32_t first = todo[depth - 1].first, count = todo[--depth].count;
        if (count == 0) {
            continue;
        }
        rz_sel part = {sel->rows + first, count};
        ruzu_status status = gather(reader, column, ids, &part, out, err);
        if (status == RUZU_OK) {
            continue;
        }
        RZ_TRY(salvage_absorb(run, status, err));
        if (count == 1) {
            rz_vec_set_null(out, part.rows[0]);
            rz_bit_set(bad, part.rows[0]);
            continue;
        }
        todo[depth].first = first + count / 2;
        todo[depth++].count = count - count / 2;
        todo[depth].first = first;
        todo[depth++].count = count / 2;
    }
    return RUZU_OK;
}

/* Texts that are not UTF-8 count as damaged: nothing lets them into a database. */
static ruzu_status salvage_texts(salvage_run *run, const rz_sel *sel, rz_vec *out, uint64_t *bad, rz_error *err)
{
    if (out->type->id != RUZU_TYPE_STRING) {
        return RUZU_OK;
    }
    RZ_TRY(rz_vec_flatten(out, sel, err));
    const rz_string *texts = (const rz_string *)out->data;
    for (uint32_t i = 0; i < sel->count; i++) {
        uint32_t row = rz_sel_at(sel, i);
        if (!rz_vec_is_null(out, row) && !rz_utf8_valid(rz_string_data(&texts[row]), texts[row].length)) {
            rz_vec_set_null(out, row);
            rz_bit_set(bad, row);
            salvage_because(run, "a text is not UTF-8");
        }
    }
    return RUZU_OK;
}

static ruzu_status salvage_vectors(salvage_run *run, const rz_cat_table *table, rz_vec ***out, rz_error *err)
{
    rz_vec **values = RZ_NEW_ARRAY(&run->arena, rz_vec *, (size_t)table->property_count + 1);
    RZ_TRY_ALLOC(values, err, "salvaging a table");
    for (uint32_t i = 0; i < table->property_count; i++) {
        RZ_TRY(rz_vec_create(&run->arena, &run->heap, table->properties[i].type, RZ_VECTOR_CAPACITY, &values[i], err));
    }
    *out = values;
    return RUZU_OK;
}

/* ---- nodes ---- */

static ruzu_status salvage_nodes_init(salvage_nodes *nodes, rz_mem *mem, uint64_t end, rz_error *err)
{
    nodes->end = end;
    nodes->words = (size_t)RZ_BITMAP_WORDS(end) + 1;
    nodes->kept = (uint64_t *)rz_mem_calloc(mem, nodes->words, sizeof *nodes->kept);
    nodes->before = (uint64_t *)rz_mem_calloc(mem, nodes->words, sizeof *nodes->before);
    return nodes->kept == NULL || nodes->before == NULL ? rz_error_no_memory(err, "salvaging a table") : RUZU_OK;
}

static void salvage_nodes_number(salvage_nodes *nodes)
{
    for (size_t i = 0; i < nodes->words; i++) {
        nodes->before[i] = nodes->count;
        nodes->count += rz_bits_count(&nodes->kept[i], 64);
    }
}

/* The new offset of an old one; UINT64_MAX: lost. */
static uint64_t salvage_new_offset(const salvage_nodes *nodes, uint64_t offset)
{
    if (offset >= nodes->end || !rz_bit_get(nodes->kept, offset)) {
        return UINT64_MAX;
    }
    return nodes->before[offset / 64] + rz_bits_count(&nodes->kept[offset / 64], offset % 64);
}

typedef struct salvage_block {
    salvage_run *run;
    const rz_cat_table *table;
    rz_ntab_reader *reader;
    rz_ntab_bulk *bulk;
    rz_vec **values;
    salvage_nodes *nodes;
    uint64_t first;
    rz_id ids[RZ_VECTOR_CAPACITY];
    uint32_t rows[RZ_VECTOR_CAPACITY];
    uint64_t bad[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
} salvage_block;

/* The new database does not take the row: the key is NULL, or there twice. */
static void salvage_bad_row(void *user, uint32_t row, const char *reason)
{
    salvage_block *block = (salvage_block *)user;
    uint64_t offset = block->first + row;
    if (rz_bit_get(block->nodes->kept, offset)) {
        rz_bit_clear(block->nodes->kept, offset);
        block->run->table.rows_lost++;
        block->run->table.rows--;
    }
    if (strlen(reason) < sizeof block->run->reason) {
        salvage_because(block->run, reason);
    }
}

static uint32_t salvage_count_bad(const salvage_block *block, uint32_t count)
{
    return (uint32_t)rz_bits_count(block->bad, count);
}

/* One column of the selected rows: at once, or value by value where something is damaged. bad is clear before. */
static ruzu_status salvage_block_column(salvage_block *block, uint32_t column, const rz_sel *sel, uint32_t count, rz_error *err)
{
    salvage_run *run = block->run;
    rz_vec *out = block->values[column];
    ruzu_status status = rz_ntab_read(block->reader, column, block->first, count, out, err);
    if (status != RUZU_OK) {
        RZ_TRY(salvage_absorb(run, status, err));
        rz_vec_reset(out);
        RZ_TRY(salvage_gather(run, salvage_gather_node, block->reader, column, block->ids, sel, out, block->bad, err));
    }
    return salvage_texts(run, sel, out, block->bad, err);
}

static ruzu_status salvage_block_copy(salvage_block *block, uint32_t count, rz_error *err)
{
    salvage_run *run = block->run;
    uint32_t visible = count;
    uint32_t key = block->table->key;
    if (rz_ntab_visible(block->reader, block->first, count, block->rows, &visible)) {
        visible = count;
        for (uint32_t i = 0; i < count; i++) {
            block->rows[i] = i;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        block->ids[i] = rz_id_make(block->table->id, block->first + i);
    }
    rz_sel sel = {block->rows, visible};
    memset(block->bad, 0, sizeof block->bad);
    RZ_TRY(salvage_block_column(block, key, &sel, count, err));
    uint32_t kept = 0; /* rows without a key are lost */
    for (uint32_t i = 0; i < visible; i++) {
        block->rows[kept] = block->rows[i];
        kept += !rz_bit_get(block->bad, block->rows[i]);
    }
    run->table.rows_lost += visible - kept;
    sel.count = kept;
    for (uint32_t i = 0; i < block->table->property_count; i++) {
        if (i != key) {
            memset(block->bad, 0, sizeof block->bad);
            RZ_TRY(salvage_block_column(block, i, &sel, count, err));
            run->table.values_lost += salvage_count_bad(block, count);
        }
    }
    for (uint32_t i = 0; i < kept; i++) {
        rz_bit_set(block->nodes->kept, block->first + block->rows[i]);
    }
    run->table.rows += kept;
    return kept == 0 ? RUZU_OK : rz_ntab_bulk_append(block->bulk, block->values, &sel, salvage_bad_row, block, err);
}

static ruzu_status salvage_node_rows(salvage_block *block, rz_error *err)
{
    uint64_t end = block->nodes->end;
    for (uint64_t first = 0; first < end; first += RZ_VECTOR_CAPACITY) {
        block->first = first;
        RZ_TRY(salvage_block_copy(block, end - first < RZ_VECTOR_CAPACITY ? (uint32_t)(end - first) : RZ_VECTOR_CAPACITY, err));
        rz_ntab_reader_release(block->reader);
        for (uint32_t i = 0; i < block->table->property_count; i++) {
            rz_vec_reset(block->values[i]);
        }
        rz_arena_reset(&block->run->heap);
    }
    return RUZU_OK;
}

static ruzu_status salvage_copy_nodes(salvage_run *run, const rz_cat_table *table, rz_txn *writing, rz_error *err)
{
    rz_ntab *from = rz_txn_ntab(run->reading, table->id);
    rz_ntab *to = rz_txn_ntab(writing, table->id);
    salvage_block *block = RZ_NEW(&run->arena, salvage_block);
    RZ_TRY_ALLOC(block, err, "salvaging a table");
    if (from == NULL || to == NULL) {
        salvage_because(run, "its directory cannot be read");
        return salvage_nodes_init(&run->nodes[table->id], run->mem, 0, err);
    }
    ruzu_status status = RUZU_OK;
    uint64_t rows = 0;
    *block = (salvage_block){.run = run, .table = table, .nodes = &run->nodes[table->id]};
    RZ_TRY_GOTO(salvage_vectors(run, table, &block->values, err));
    RZ_TRY_GOTO(rz_ntab_reader_create(from, rz_txn_snapshot(run->reading), run->mem, &block->reader, err));
    RZ_TRY_GOTO(salvage_nodes_init(block->nodes, run->mem, rz_ntab_offset_end(block->reader), err));
    RZ_TRY_GOTO(rz_ntab_bulk_begin(to, rz_txn_writer(writing), &block->bulk, err));
    RZ_TRY_GOTO(salvage_node_rows(block, err));
    rz_ntab_bulk *bulk = block->bulk;
    block->bulk = NULL; /* freed by finishing, whatever it says */
    RZ_TRY_GOTO(rz_ntab_bulk_finish(bulk, NULL, &rows, err));
    salvage_nodes_number(block->nodes);
cleanup:
    rz_ntab_bulk_abort(block->bulk);
    rz_ntab_reader_free(block->reader);
    return status;
}

/* ---- relationships ---- */

typedef struct salvage_pair {
    salvage_run *run;
    const rz_cat_table *table;
    const rz_cat_pair *pair;
    rz_rtab_reader *reader;
    rz_rtab_bulk *bulk;
    rz_vec **values;
    const salvage_nodes *ends[2];
    uint64_t *done;       /* owned: bitmap by old rel offset */
    size_t done_words;
    uint64_t end;         /* old rel offsets are below */
    bool damaged;         /* some list of this direction could not be read */
    rz_id ids[RZ_VECTOR_CAPACITY];
    rz_slice slices[RZ_VECTOR_CAPACITY];
    uint64_t neighbours[RZ_VECTOR_CAPACITY];
    uint64_t rels[RZ_VECTOR_CAPACITY];
    uint32_t parents[RZ_VECTOR_CAPACITY];
    uint64_t src[RZ_VECTOR_CAPACITY];
    uint64_t dst[RZ_VECTOR_CAPACITY];
    rz_id rel_ids[RZ_VECTOR_CAPACITY];
    uint32_t rows[RZ_VECTOR_CAPACITY];
    uint64_t bad[RZ_BITMAP_WORDS(RZ_VECTOR_CAPACITY)];
} salvage_pair;

/* Relationships src[i] → dst[i], rel_ids[i], i < count, with their properties. */
static ruzu_status salvage_append_edges(salvage_pair *pair, uint32_t count, rz_error *err)
{
    salvage_run *run = pair->run;
    if (count == 0) {
        return RUZU_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        pair->rows[i] = i;
    }
    rz_sel sel = {pair->rows, count};
    for (uint32_t i = 0; i < pair->table->property_count; i++) {
        rz_vec_reset(pair->values[i]);
        memset(pair->bad, 0, sizeof pair->bad);
        RZ_TRY(salvage_gather(run, salvage_gather_rel, pair->reader, i, pair->rel_ids, &sel, pair->values[i], pair->bad, err));
        RZ_TRY(salvage_texts(run, &sel, pair->values[i], pair->bad, err));
        run->table.values_lost += rz_bits_count(pair->bad, count);
    }
    RZ_TRY(rz_rtab_bulk_append(pair->bulk, pair->src, pair->dst, pair->values, &sel, err));
    run->table.rows += count;
    rz_rtab_reader_release(pair->reader);
    rz_arena_reset(&run->heap);
    return RUZU_OK;
}

/* A batch of entries of the lists of nodes first …: those that are new and whose nodes are there. */
static ruzu_status salvage_edges(salvage_pair *pair, uint32_t direction, uint64_t first, uint32_t count, rz_error *err)
{
    uint32_t taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t rel = pair->rels[i];
        uint64_t ends[2] = {first + pair->parents[i], pair->neighbours[i]};
        uint64_t src = salvage_new_offset(pair->ends[0], ends[direction]);
        uint64_t dst = salvage_new_offset(pair->ends[1], ends[1 - direction]);
        if (rel >= pair->end || rz_bit_get(pair->done, rel)) {
            continue;
        }
        if (src == UINT64_MAX || dst == UINT64_MAX) {
            salvage_because(pair->run, "one of its nodes is lost");
            continue;
        }
        rz_bit_set(pair->done, rel);
        pair->src[taken] = src;
        pair->dst[taken] = dst;
        pair->rel_ids[taken++] = rz_id_make(pair->pair->id, rel);
    }
    return salvage_append_edges(pair, taken, err);
}

static ruzu_status salvage_lists(salvage_pair *pair, uint32_t direction, uint64_t first, uint32_t count, rz_error *err)
{
    rz_sel sel = {NULL, count};
    uint32_t at = 0, entry = 0;
    for (uint32_t i = 0; i < count; i++) {
        pair->ids[i] = rz_id_make(0, first + i);
    }
    ruzu_status status = rz_adj_lookup(pair->reader, (rz_direction)direction, pair->ids, &sel, pair->slices, err);
    while (status == RUZU_OK && at < sel.count) {
        uint32_t got = 0;
        status = rz_adj_expand(pair->reader, (rz_direction)direction, pair->slices, &sel, &at, &entry, RZ_VECTOR_CAPACITY, 0, pair->neighbours, 0,
                               pair->rels, pair->parents, &got, err);
        if (status == RUZU_OK) {
            RZ_TRY(salvage_edges(pair, direction, first, got, err));
        }
    }
    rz_rtab_reader_release(pair->reader);
    if (status == RUZU_OK) {
        return RUZU_OK;
    }
    pair->damaged = true;
    RZ_TRY(salvage_absorb(pair->run, status, err));
    return RUZU_OK;
}

static ruzu_status salvage_direction(salvage_pair *pair, uint32_t direction, rz_error *err)
{
    uint64_t end = pair->ends[direction]->end;
    pair->damaged = false;
    for (uint64_t first = 0; first < end; first += RZ_VECTOR_CAPACITY) {
        uint32_t count = end - first < RZ_VECTOR_CAPACITY ? (uint32_t)(end - first) : RZ_VECTOR_CAPACITY;
        RZ_TRY(salvage_lists(pair, direction, first, count, err));
    }
    return RUZU_OK;
}

static ruzu_status salvage_pair_run(salvage_pair *pair, rz_rtab *from, rz_rtab *to, rz_txn *writing, rz_error *err)
{
    salvage_run *run = pair->run;
    uint64_t rows = 0;
    uint64_t already = run->table.rows;
    RZ_TRY(salvage_vectors(run, pair->table, &pair->values, err));
    RZ_TRY(rz_rtab_reader_create(from, rz_txn_snapshot(run->reading), run->mem, &pair->reader, err));
    pair->end = rz_rtab_offset_end(pair->reader);
    pair->done_words = (size_t)RZ_BITMAP_WORDS(pair->end) + 1;
    pair->done = (uint64_t *)rz_mem_calloc(run->mem, pair->done_words, sizeof *pair->done);
    RZ_TRY_ALLOC(pair->done, err, "salvaging a relationship table");
    RZ_TRY(rz_rtab_bulk_begin(to, rz_txn_writer(writing), &pair->bulk, err));
    RZ_TRY(salvage_direction(pair, RZ_FORWARD, err));
    if (pair->damaged) {
        RZ_TRY(salvage_direction(pair, RZ_BACKWARD, err));
    }
    rz_rtab_bulk *bulk = pair->bulk;
    pair->bulk = NULL;
    RZ_TRY(rz_rtab_bulk_finish(bulk, NULL, &rows, err));
    uint64_t visible = rz_rtab_visible_rows(pair->reader), taken = run->table.rows - already;
    run->table.rows_lost += visible > taken ? visible - taken : 0;
    return RUZU_OK;
}

static ruzu_status salvage_copy_pair(salvage_run *run, const rz_cat_table *table, const rz_cat_pair *from, rz_txn *writing, rz_error *err)
{
    rz_rtab *storage = rz_txn_rtab(run->reading, from->id);
    rz_rtab *to = rz_txn_rtab(writing, from->id);
    if (storage == NULL || to == NULL) {
        salvage_because(run, "its directory cannot be read");
        return RUZU_OK;
    }
    salvage_pair *pair = RZ_NEW(&run->arena, salvage_pair);
    RZ_TRY_ALLOC(pair, err, "salvaging a relationship table");
    pair->run = run;
    pair->table = table;
    pair->pair = from;
    pair->ends[0] = &run->nodes[from->src_table];
    pair->ends[1] = &run->nodes[from->dst_table];
    ruzu_status status = salvage_pair_run(pair, storage, to, writing, err);
    rz_rtab_bulk_abort(pair->bulk);
    rz_rtab_reader_free(pair->reader);
    rz_mem_free(run->mem, pair->done, pair->done_words * sizeof *pair->done);
    return status;
}

/* ---- the whole ---- */

/* The schema as it was, with all its ids. */
static ruzu_status salvage_schema(salvage_run *run, rz_error *err)
{
    rz_txn *txn = NULL;
    rz_catalog *ignored = NULL;
    rz_catalog *catalog = NULL;
    rz_str bytes;
    RZ_TRY(rz_txn_begin(run->to, true, SALVAGE_BUSY_US, &txn, err));
    rz_str_init(&bytes, run->mem);
    ruzu_status status = rz_txn_edit_catalog(txn, &ignored, err);
    if (status == RUZU_OK) {
        rz_catalog_encode(rz_txn_catalog(run->reading), &bytes);
        status = bytes.failed ? rz_error_no_memory(err, "salvaging the schema")
                              : rz_catalog_decode(&run->to->mem, rz_str_text(&bytes), bytes.length, &catalog, err);
    }
    if (status == RUZU_OK) {
        rz_catalog_release(txn->catalog);
        txn->catalog = catalog;
        status = rz_txn_sync_tables(txn, err);
    }
    rz_str_free(&bytes);
    if (status != RUZU_OK) {
        rz_txn_rollback(txn);
        return status;
    }
    return rz_txn_commit(txn, err);
}

/* What a damaged directory led to was read, page by page with the checksums it gives; that it says what the pages mean is not certain. */
static void salvage_doubt(salvage_run *run, const rz_cat_table *table)
{
    const store_table *storage = table->kind == RZ_CAT_NODE_TABLE ? rz_store_table(run->from, table->id) : NULL;
    bool doubtful = storage != NULL && storage->doubtful;
    for (uint32_t i = 0; i < table->pair_count && table->kind == RZ_CAT_REL_TABLE; i++) {
        storage = rz_store_table(run->from, table->pairs[i].id);
        doubtful = doubtful || (storage != NULL && storage->doubtful);
    }
    if (doubtful) {
        salvage_because(run, "its directory is damaged: rows may be missing, and what was read could not be verified in full");
    }
}

static ruzu_status salvage_table(salvage_run *run, const rz_cat_table *table, rz_error *err)
{
    rz_txn *writing = NULL;
    ruzu_status status = RUZU_OK;
    salvage_begin_table(run, table->name, table->kind == RZ_CAT_NODE_TABLE);
    salvage_doubt(run, table);
    RZ_TRY(rz_txn_begin(run->to, true, SALVAGE_BUSY_US, &writing, err));
    if (table->kind == RZ_CAT_NODE_TABLE) {
        status = salvage_copy_nodes(run, table, writing, err);
    }
    for (uint32_t i = 0; i < table->pair_count && table->kind == RZ_CAT_REL_TABLE && status == RUZU_OK; i++) {
        status = salvage_copy_pair(run, table, &table->pairs[i], writing, err);
    }
    if (status != RUZU_OK) {
        rz_txn_rollback(writing);
        return status;
    }
    RZ_TRY(rz_txn_commit(writing, err));
    salvage_end_table(run);
    return RUZU_OK;
}

static ruzu_status salvage_tables(salvage_run *run, rz_error *err)
{
    const rz_catalog *catalog = rz_txn_catalog(run->reading);
    run->id_end = rz_catalog_id_end(catalog);
    run->nodes = (salvage_nodes *)rz_mem_calloc(run->mem, run->id_end, sizeof *run->nodes);
    RZ_TRY_ALLOC(run->nodes, err, "salvaging a database");
    RZ_TRY(salvage_schema(run, err));
    for (uint32_t kind = 0; kind < 2; kind++) { /* nodes before what is between them */
        for (uint32_t i = 0; i < rz_catalog_table_count(catalog); i++) {
            const rz_cat_table *table = rz_catalog_table_at(catalog, i);
            if ((table->kind == RZ_CAT_NODE_TABLE) == (kind == 0)) {
                RZ_TRY(salvage_table(run, table, err));
            }
        }
    }
    return RUZU_OK;
}

/* Reports what cannot be opened, as losses without a table. */
static ruzu_status salvage_note(void *user, const rz_problem *problem, rz_error *err)
{
    (void)err;
    salvage_run *run = (salvage_run *)user;
    run->totals->problems++;
    rz_salvaged note = {.table = problem->object, .reason = problem->text};
    if (run->report != NULL) {
        run->report(run->user, &note);
    }
    return RUZU_OK;
}

/* As a database, logs and all, or with what is intact at their beginning; else what of it can be opened. */
static ruzu_status salvage_open(salvage_run *run, const rz_store_options *options, rz_error *err)
{
    rz_store_options reading = *options;
    rz_inspector inspector = {.report = salvage_note, .user = run};
    reading.read_only = true;
    reading.no_create = true;
    ruzu_status status = rz_store_open(&reading, &run->from, err);
    if (status != RUZU_ERROR_CORRUPT) {
        return status;
    }
    RZ_TRY(rz_inspector_absorb(&inspector, status, "database", RZ_NO_PLACE, err));
    reading.recover_prefix = true;
    status = rz_store_open(&reading, &run->from, err);
    if (status != RUZU_ERROR_CORRUPT) {
        return status;
    }
    rz_error_init(err); /* the same as before, or as below */
    run->totals->opened_damaged = true;
    reading.salvage = &inspector;
    return rz_store_open(&reading, &run->from, err);
}

static ruzu_status salvage_close_output(salvage_run *run, ruzu_status status, rz_error *err)
{
    if (run->to == NULL) {
        return status;
    }
    rz_error closing;
    rz_error_init(&closing);
    ruzu_status closed = rz_store_close(run->to, &closing);
    return status == RUZU_OK && closed != RUZU_OK ? rz_error_copy(err, &closing) : status;
}

static ruzu_status salvage_io(ruzu_status status, const char *operation, const char *path, rz_error *err)
{
    char cause[64];
    int errno_value = errno;
    return rz_error_set(err, status, "Cannot %s file '%s': %s", operation, path, rz_os_error_text(errno_value, cause, sizeof cause));
}

/* Everything from open to closed; the new database stands at temporary. */
static ruzu_status salvage_into(salvage_run *run, const rz_store_options *options, const char *temporary, rz_error *err)
{
    rz_store_options writing = *options;
    writing.path = temporary;
    writing.read_only = false;
    writing.no_create = false;
    ruzu_status status = salvage_open(run, options, err);
    if (status == RUZU_OK) {
        run->mem = rz_store_mem(run->from);
        rz_arena_init(&run->arena, run->mem);
        rz_arena_init(&run->heap, run->mem);
        status = rz_store_open(&writing, &run->to, err);
    }
    if (status == RUZU_OK) {
        status = rz_txn_begin(run->from, false, 0, &run->reading, err);
    }
    if (status == RUZU_OK) {
        status = salvage_tables(run, err);
        rz_txn_rollback(run->reading);
    }
    status = salvage_close_output(run, status, err);
    if (run->from != NULL) {
        for (uint32_t i = 0; i < run->id_end && run->nodes != NULL; i++) {
            rz_mem_free(run->mem, run->nodes[i].kept, run->nodes[i].words * sizeof(uint64_t));
            rz_mem_free(run->mem, run->nodes[i].before, run->nodes[i].words * sizeof(uint64_t));
        }
        rz_mem_free(run->mem, run->nodes, run->id_end * sizeof *run->nodes);
        rz_arena_free(&run->arena);
        rz_arena_free(&run->heap);
        rz_error ignored; /* it was only read */
        rz_error_init(&ignored);
        (void)!rz_store_close(run->from, &ignored);
    }
    return status;
}

ruzu_status rz_store_salvage(const rz_store_options *options, const char *to_path, rz_salvage_fn report, void *user, rz_salvage_totals *out, rz_error *err)
{
    rz_vfs *vfs = options->vfs;
    bool present = false;
    rz_arena arena;
    *out = (rz_salvage_totals){0};
    RZ_TRY(rz_disk_probe(vfs, to_path, &present, err));
    if (present) {
        return rz_error_set(err, RUZU_ERROR_IO, "Cannot create file '%s': File exists", to_path);
    }
    salvage_run *run = (salvage_run *)rz_mem_calloc(rz_mem_root(), 1, sizeof *run);
    RZ_TRY_ALLOC(run, err, "salvaging a database");
    run->report = report;
    run->user = user;
    run->totals = out;
    rz_arena_init(&arena, rz_mem_root());
    ruzu_status status = RUZU_OK;
    const char *temporary = rz_arena_printf(&arena, "%s.part", to_path);
    if (temporary == NULL) {
        status = rz_error_no_memory(err, "salvaging a database");
    } else {
        (void)vfs->remove(vfs, temporary); /* of an earlier attempt that was cut off */
        status = salvage_into(run, options, temporary, err);
        if (status == RUZU_OK && vfs->rename(vfs, temporary, to_path) != RUZU_OK) {
            status = salvage_io(RUZU_ERROR_IO, "rename", temporary, err);
        }
        if (status == RUZU_OK && vfs->sync_dir(vfs, to_path) != RUZU_OK) {
            status = salvage_io(RUZU_ERROR_IO, "sync the directory of", to_path, err);
        }
        if (status != RUZU_OK) {
            (void)vfs->remove(vfs, temporary);
        }
    }
    rz_arena_free(&arena);
    rz_mem_free(rz_mem_root(), run, sizeof *run);
    return status;
}
