/* SPDX-License-Identifier: MIT */
/*
 * Loads in the log: a history of loads and inserts is run, the process "crashes" (the file keeps what was written, memory is lost), and the log is replayed on what
 * the newest header says. Checkpoints come between in all the ways that matter: before, beside an open transaction, and published but never durable.
 */
#include "storage/table/ntab.h"
#include "unit/rel_model.h"

#define MOST_ENTRIES 200u

typedef enum entry_kind { ENTRY_NODES, ENTRY_RELS, ENTRY_INSERT, ENTRY_DELETE, ENTRY_UPDATE } entry_kind;

/* One record of the log. */
typedef struct log_entry {
    entry_kind kind;
    uint64_t timestamp; /* of its commit */
    rz_bulk_log load;
    uint64_t first, count; /* ENTRY_INSERT: relationships of the model, ENTRY_UPDATE: its updates */
    uint64_t *rels;        /* ENTRY_DELETE: count of them; log_arena */
} log_entry;

static log_entry *entries;
static uint32_t entry_count;
static rz_arena log_arena;
static uint64_t generation; /* of the log that commits go to; one that a header names replaces it */

/* What the newest durable header says. */
static rz_str saved_nodes, saved_rels;
static uint64_t saved_timestamp;

static uint64_t node_end, node_committed; /* keys follow from the offset */
static bool text_keys;
static uint64_t history_seed;
static rz_column_def node_columns[2];

static void key_text(uint64_t offset, char *out, size_t size)
{
    snprintf(out, size, offset % 3 == 0 ? "k%llu" : "the key of node number %llu", (unsigned long long)offset);
}

static rz_ntab *open_nodes(rz_reader *directory)
{
    rz_ntab *table = NULL;
    node_columns[0] = (rz_column_def){1, "key", text_keys ? RZ_STRING : RZ_INT64};
    node_columns[1] = (rz_column_def){2, "twice", RZ_INT64};
    if (directory == NULL) {
        FX_OK(rz_ntab_create(&fx.env, 1, "N", node_columns, 2, 0, &table, &fx.err));
    } else {
        FX_OK(rz_ntab_open(&fx.env, 1, "N", node_columns, 2, 0, directory, &table, &fx.err));
    }
    return table;
}

static log_entry *add_entry(entry_kind kind)
{
    if (entry_count == MOST_ENTRIES) {
        abort();
    }
    log_entry *entry = &entries[entry_count++];
    memset(entry, 0, sizeof *entry);
    entry->kind = kind;
    entry->timestamp = MODEL_OWN;
    rz_str_init(&entry->load.redo, &fx.mem);
    entry->load.arena = &log_arena;
    return entry;
}

static void load_nodes(rz_ntab *table, uint64_t count, log_entry *entry)
{
    rz_ntab_bulk *bulk = NULL;
    uint64_t loaded, first = node_end;
    rz_vec *batch[2] = {fx_vec(text_keys ? RZ_STRING : RZ_INT64, BATCH), fx_vec(RZ_INT64, BATCH)};
    FX_OK(rz_ntab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
    while (count != 0) {
        uint32_t n = count < BATCH ? (uint32_t)count : BATCH;
        rz_vec_reset(batch[0]);
        rz_vec_reset(batch[1]);
        for (uint32_t i = 0; i < n; i++) {
            char text[64];
            key_text(node_end + i, text, sizeof text);
            if (text_keys) {
                fx_set_text(batch[0], i, text);
            } else {
                fx_set_i64(batch[0], i, (int64_t)(node_end + i) * 7);
            }
            fx_set_i64(batch[1], i, (int64_t)(node_end + i) * 2);
        }
        FX_OK(rz_ntab_bulk_append(bulk, batch, &(rz_sel){NULL, n}, NULL, NULL, &fx.err));
        rz_arena_reset(&fx.heap);
        node_end += n;
        count -= n;
    }
    FX_OK(rz_ntab_bulk_finish(bulk, entry == NULL ? NULL : &entry->load, &loaded, &fx.err));
    CHECK_EQ_U64(loaded, node_end - first);
}

static void check_nodes(rz_ntab *table, uint64_t end)
{
    rz_ntab_reader *reader = NULL;
    rz_snapshot now = fx_snapshot();
    rz_vec *keys = fx_vec(text_keys ? RZ_STRING : RZ_INT64, BATCH), *twice = fx_vec(RZ_INT64, BATCH);
    uint64_t offsets[BATCH], wanted[BATCH];
    FX_OK(rz_ntab_reader_create(table, &now, &fx.mem, &reader, &fx.err));
    CHECK_EQ_U64(rz_ntab_visible_rows(reader), end);
    for (uint32_t round = 0; round < 20; round++) {
        rz_vec_reset(keys);
        for (uint32_t i = 0; i < BATCH; i++) {
            char text[64];
            wanted[i] = fx_below(end + end / 8 + 1);
            key_text(wanted[i], text, sizeof text);
            if (text_keys) {
                fx_set_text(keys, i, text);
            } else {
                fx_set_i64(keys, i, (int64_t)wanted[i] * 7);
            }
        }
        FX_OK(rz_ntab_lookup(reader, keys, &(rz_sel){NULL, BATCH}, offsets, &fx.err));
        uint64_t wrong = 0;
        for (uint32_t i = 0; i < BATCH; i++) {
            wrong += offsets[i] != (wanted[i] < end ? wanted[i] : UINT64_MAX);
        }
        CHECK_EQ_U64(wrong, 0);
        rz_arena_reset(&fx.heap);
    }
    for (uint64_t first = 0; first < end; first += BATCH) {
        uint32_t n = end - first < BATCH ? (uint32_t)(end - first) : BATCH;
        uint64_t wrong = 0;
        FX_OK(rz_ntab_read(reader, 1, first, n, twice, &fx.err));
        for (uint32_t i = 0; i < n; i++) {
            wrong += fx_i64(twice, twice->kind == RZ_VEC_CONSTANT ? 0 : i) != (int64_t)(first + i) * 2;
        }
        CHECK_EQ_U64(wrong, 0);
    }
    rz_ntab_reader_free(reader);
}

/* ---- transactions with a log ---- */

static void commit_logged(void)
{
    for (uint32_t i = 0; i < entry_count; i++) {
        log_entry *entry = &entries[i];
        if (entry->timestamp != MODEL_OWN) {
            continue;
        }
        for (uint32_t r = 0; r < entry->load.ranges.count; r++) {
            FX_OK(rz_disk_mark_logged(fx.disk, entry->load.ranges.items[r], generation, &fx.err));
        }
        entry->timestamp = fx.timestamp + 1;
    }
    commit();
    node_committed = node_end;
}

static void rollback_logged(void)
{
    while (entry_count > 0 && entries[entry_count - 1].timestamp == MODEL_OWN) {
        rz_str_free(&entries[--entry_count].load.redo);
    }
    rollback();
    node_end = node_committed;
}

/* A header that names the next log: the one before is dead. */
static void write_header(void)
{
    rz_file_header header = *rz_disk_header(fx.disk);
    header.log_generation = ++generation;
    FX_OK(rz_disk_header_write(fx.disk, &header, &fx.err));
    CHECK(rz_disk_verify(fx.disk));
}

/* Folds both tables; the header comes only when durable. */
static void checkpoint_both(rz_ntab *nodes, rz_rtab *rels, bool durable)
{
    rz_str directories[2];
    rz_str_init(&directories[0], &fx.mem);
    rz_str_init(&directories[1], &fx.mem);
    FX_OK(rz_ntab_checkpoint(nodes, fx.timestamp, &directories[0], &fx.err));
    FX_OK(rz_rtab_checkpoint(rels, fx.timestamp, &directories[1], &fx.err));
    if (durable) {
        write_header();
        rz_str_clear(&saved_nodes);
        rz_str_clear(&saved_rels);
        rz_str_append(&saved_nodes, directories[0].data, directories[0].length);
        rz_str_append(&saved_rels, directories[1].data, directories[1].length);
        saved_timestamp = fx.timestamp;
    }
    rz_str_free(&directories[0]);
    rz_str_free(&directories[1]);
}

static void insert_logged(rz_rtab *rels, uint64_t count)
{
    log_entry *entry = add_entry(ENTRY_INSERT);
    entry->first = edge_end;
    insert(rels, count);
    entry->count = edge_end - entry->first;
}

static void delete_logged(rz_rtab *rels, uint64_t count, bool hub)
{
    log_entry *entry = add_entry(ENTRY_DELETE);
    bool *before = (bool *)calloc(edge_end + 1, sizeof *before);
    for (uint64_t i = 0; i < edge_end; i++) {
        before[i] = edges[i].died != MODEL_NEVER;
    }
    delete_some(rels, count, hub);
    entry->rels = RZ_NEW_ARRAY(&log_arena, uint64_t, edge_end);
    for (uint64_t i = 0; i < edge_end; i++) {
        if (!before[i] && edges[i].died != MODEL_NEVER) {
            entry->rels[entry->count++] = i;
        }
    }
    free(before);
}

static void update_logged(rz_rtab *rels, uint64_t count)
{
    log_entry *entry = add_entry(ENTRY_UPDATE);
    entry->first = update_count;
    update_some(rels, count);
    entry->count = update_count - entry->first;
}

static void change_something(rz_ntab *nodes, rz_rtab *rels, uint64_t most)
{
    switch (fx_below(10)) {
    case 0: load_nodes(nodes, 1 + fx_below(20), add_entry(ENTRY_NODES)); break;
    case 1: load_nodes(nodes, 1 + fx_below(most), add_entry(ENTRY_NODES)); break;
    case 2: load_logged(rels, 1 + fx_below(most), any_node, &add_entry(ENTRY_RELS)->load); break;
    case 3: load_logged(rels, fx_below(12), any_node, &add_entry(ENTRY_RELS)->load); break;
    case 4: delete_logged(rels, fx_below(most / 4), false); break;
    case 5: delete_logged(rels, fx_below(20), false); break;
    case 6: delete_logged(rels, edge_end, true); break;
    case 7: update_logged(rels, fx_below(60)); break;
    default: insert_logged(rels, fx_below(40)); break;
    }
}

/* ---- the crash ---- */

static void replay_insert(rz_rtab *rels, const log_entry *entry)
{
    for (uint64_t i = 0; i < entry->count; i++) {
        const edge *e = &edges[entry->first + i];
        rz_id src = rz_id_make(1, e->src), dst = rz_id_make(2, e->dst), id = rz_id_make(PAIR, e->rel);
        reset_vectors();
        fill_row(values, 0, e->weight);
        FX_OK(rz_rtab_insert_at(rels, &fx.writer, &src, &dst, &id, values, &(rz_sel){NULL, 1}, &fx.err));
    }
}

static void replay_delete(rz_rtab *rels, const log_entry *entry)
{
    uint64_t deleted = 0;
    for (uint64_t i = 0; i < entry->count; i++) {
        const edge *e = &edges[entry->rels[i]];
        rz_id src = rz_id_make(1, e->src), dst = rz_id_make(2, e->dst), id = rz_id_make(PAIR, e->rel);
        FX_OK(rz_rtab_delete(rels, &fx.writer, &src, &dst, &id, &(rz_sel){NULL, 1}, &deleted, &fx.err));
    }
    CHECK_EQ_U64(deleted, entry->count);
}

static void replay_update(rz_rtab *rels, const log_entry *entry)
{
    for (uint64_t i = 0; i < entry->count; i++) {
        rz_id id = rz_id_make(PAIR, updates[entry->first + i].rel);
        reset_vectors();
        fx_set_i64(values[COL_WEIGHT], 0, updates[entry->first + i].weight);
        FX_OK(rz_rtab_update(rels, &fx.writer, COL_WEIGHT, &id, values[COL_WEIGHT], &(rz_sel){NULL, 1}, &fx.err));
    }
}

static void reopen_saved(rz_ntab **out_nodes, rz_rtab **out_rels)
{
    rz_reader reader;
    rz_rtab_def def = define(true);
    fx_reopen();
    for (uint32_t i = 0; i < entry_count; i++) {
        for (uint32_t r = 0; entries[i].timestamp > saved_timestamp && r < entries[i].load.ranges.count; r++) {
            FX_OK(rz_disk_claim_logged(fx.disk, entries[i].load.ranges.items[r], generation, "a load", &fx.err));
        }
    }
    rz_reader_init(&reader, saved_nodes.data, saved_nodes.length);
    *out_nodes = open_nodes(&reader);
    rz_reader_init(&reader, saved_rels.data, saved_rels.length);
    FX_OK(rz_rtab_open(&fx.env, &def, &reader, out_rels, &fx.err));
}

static void replay_all(rz_ntab *nodes, rz_rtab *rels)
{
    fx.timestamp = saved_timestamp;
    for (uint32_t i = 0; i < entry_count; i++) {
        const log_entry *entry = &entries[i];
        rz_reader redo;
        rz_reader_init(&redo, entry->load.redo.data, entry->load.redo.length);
        if (entry->timestamp <= saved_timestamp) {
            continue;
        }
        if (i == 0 || entries[i - 1].timestamp != entry->timestamp) {
            fx.timestamp = entry->timestamp - 1;
            fx_begin();
        }
        switch (entry->kind) {
        case ENTRY_NODES: FX_OK(rz_ntab_bulk_replay(nodes, &fx.writer, &redo, &fx.err)); break;
        case ENTRY_RELS: FX_OK(rz_rtab_bulk_replay(rels, &fx.writer, &redo, &fx.err)); break;
        case ENTRY_INSERT: replay_insert(rels, entry); redo.off = redo.size; break;
        case ENTRY_DELETE: replay_delete(rels, entry); redo.off = redo.size; break;
        case ENTRY_UPDATE: replay_update(rels, entry); redo.off = redo.size; break;
        }
        CHECK_EQ_U64(redo.off, redo.size);
        if (i + 1 == entry_count || entries[i + 1].timestamp != entry->timestamp) {
            fx_commit();
        }
    }
}

static void history_and_crash(uint32_t steps, uint64_t most)
{
    rz_ntab *nodes = open_nodes(NULL);
    rz_rtab *rels = create(true);
    fx_begin();
    load_nodes(nodes, most, add_entry(ENTRY_NODES));
    load_logged(rels, 2 * most, any_node, &add_entry(ENTRY_RELS)->load);
    insert_logged(rels, 100);
    commit_logged();
    checkpoint_both(nodes, rels, true);
    for (uint32_t step = 0; step < steps; step++) {
        fx_begin();
        for (uint64_t changes = 1 + fx_below(4); changes > 0; changes--) {
            change_something(nodes, rels, most);
        }
        if (fx_below(3) == 0) { /* beside the transaction */
            checkpoint_both(nodes, rels, fx_below(2) == 0);
            change_something(nodes, rels, most / 4);
        }
        if (fx_below(4) == 0) {
            rollback_logged();
        } else {
            commit_logged();
        }
        if (fx_below(5) == 0) {
            checkpoint_both(nodes, rels, fx_below(3) == 0);
        }
        if (fx_below(3) == 0) {
            rz_ntab_trim(nodes, fx.timestamp);
            rz_rtab_trim(rels, fx.timestamp);
        }
    }
    uint64_t timestamp = fx.timestamp;
    check_nodes(nodes, node_end);
    for (uint32_t crash = 0; crash < 2; crash++) { /* the second one during the first recovery */
        rz_ntab_destroy(nodes);
        rz_rtab_destroy(rels);
        reopen_saved(&nodes, &rels);
        replay_all(nodes, rels);
        fx.timestamp = timestamp;
        rz_snapshot now = fx_snapshot();
        check_nodes(nodes, node_end);
        check_table(rels, &now, 4);
    }
    checkpoint_both(nodes, rels, true);
    rz_ntab_destroy(nodes);
    rz_rtab_destroy(rels);
    reopen_saved(&nodes, &rels);
    rz_snapshot now = fx_snapshot();
    check_nodes(nodes, node_end);
    check_table(rels, &now, 4);
    rz_ntab_drop(nodes);
    rz_rtab_drop(rels);
    write_header();
    write_header();
    CHECK(fx_used_pages() <= 4);
}

static void begin_log(void)
{
    model_reset();
    make_vectors();
    entries = (log_entry *)calloc(MOST_ENTRIES, sizeof *entries);
    entry_count = 0;
    node_end = node_committed = 0;
    saved_timestamp = 0;
    generation = 1;
    rz_arena_init(&log_arena, &fx.mem);
    rz_str_init(&saved_nodes, &fx.mem);
    rz_str_init(&saved_rels, &fx.mem);
}

static void end_log(void)
{
    for (uint32_t i = 0; i < entry_count; i++) {
        rz_str_free(&entries[i].load.redo);
    }
    free(entries);
    rz_arena_free(&log_arena);
    rz_str_free(&saved_nodes);
    rz_str_free(&saved_rels);
}


static void loads_are_replayed(void)
{
    begin_log();
    fx.random_state = history_seed * 1000;
    text_keys = history_seed % 2 == 0;
    history_and_crash(12, RZ_ROW_GROUP_ROWS < 1000 ? 300 : history_seed == 5 ? 70000 : 3000);
    end_log();
}

/* ---- damage ---- */

static void damaged_descriptions_are_refused(void)
{
    begin_log();
    text_keys = true;
    rz_ntab *nodes = open_nodes(NULL);
    rz_rtab *rels = create(true);
    uint64_t most = RZ_ROW_GROUP_ROWS < 1000 ? 300 : 2000;
    fx_begin();
    load_nodes(nodes, 50, NULL);
    load(rels, 2 * most);
    uint64_t before = edge_end;
    commit();
    node_committed = node_end;
    checkpoint_both(nodes, rels, true);
    fx_begin();
    load_nodes(nodes, most, add_entry(ENTRY_NODES));
    load_logged(rels, most, any_node, &add_entry(ENTRY_RELS)->load);
    load_logged(rels, 5, any_node, &add_entry(ENTRY_RELS)->load); /* by value */
    commit_logged();
    CHECK_EQ_U64(entries[2].load.ranges.count, 0);
    CHECK(entries[1].load.ranges.count != 0);
    uint64_t refused = 0;
    for (uint64_t round = 0; round < volume(300); round++) {
        rz_ntab_destroy(nodes);
        rz_rtab_destroy(rels);
        reopen_saved(&nodes, &rels);
        fx.timestamp = saved_timestamp;
        fx_begin();
        uint32_t damaged = (uint32_t)(round % 3);
        ruzu_status status = RUZU_OK;
        for (uint32_t i = 0; i <= damaged && status == RUZU_OK; i++) {
            rz_reader redo;
            size_t length = entries[i].load.redo.length;
            uint8_t *bytes = (uint8_t *)rz_arena_dup(&fx.arena, entries[i].load.redo.data, length);
            bool truncated = i == damaged && round % 2 == 0;
            if (truncated) {
                length = fx_below(length);
            } else if (i == damaged) {
                bytes[fx_below(4) == 0 ? fx_below(64) : fx_below(length)] ^= (uint8_t)(1u << fx_below(8));
            }
            rz_reader_init(&redo, bytes, length);
            rz_error_init(&fx.err);
            status = entries[i].kind == ENTRY_NODES ? rz_ntab_bulk_replay(nodes, &fx.writer, &redo, &fx.err)
                                                    : rz_rtab_bulk_replay(rels, &fx.writer, &redo, &fx.err);
            CHECK(!truncated || status == RUZU_ERROR_CORRUPT);
            CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
            refused += status == RUZU_ERROR_CORRUPT;
        }
        fx_rollback();
        rz_snapshot now = {.timestamp = saved_timestamp};
        rz_rtab_reader *reader = NULL;
        FX_OK(rz_rtab_reader_create(rels, &now, &fx.mem, &reader, &fx.err));
        CHECK_EQ_U64(rz_rtab_visible_rows(reader), before);
        rz_rtab_reader_free(reader);
    }
    CHECK(refused >= volume(300) / 2);
    rz_ntab_destroy(nodes);
    rz_rtab_destroy(rels);
    end_log();
}

/* ---- refused memory ---- */

static uint64_t refuse_after;

static bool refuse(void *user, size_t size)
{
    (void)user;
    (void)size;
    return refuse_after-- == 0;
}

/* Loads once more what is there already, in other places, with a description. */
static ruzu_status try_load(rz_ntab *nodes, rz_rtab *rels, rz_vec *const *batch, uint32_t count, rz_bulk_log *log)
{
    rz_ntab_bulk *node_bulk = NULL;
    rz_rtab_bulk *rel_bulk = NULL;
    uint64_t loaded, ends[BATCH];
    RZ_TRY(rz_ntab_bulk_begin(nodes, &fx.writer, &node_bulk, &fx.err));
    ruzu_status status = rz_ntab_bulk_append(node_bulk, batch, &(rz_sel){NULL, count}, NULL, NULL, &fx.err);
    if (status != RUZU_OK) {
        rz_ntab_bulk_abort(node_bulk);
        return status;
    }
    RZ_TRY(rz_ntab_bulk_finish(node_bulk, log, &loaded, &fx.err));
    for (uint32_t i = 0; i < count; i++) {
        ends[i] = i;
    }
    for (uint32_t round = 0; round < 2; round++) { /* groups, then by value */
        uint32_t n = round == 0 ? count : 1;
        RZ_TRY(rz_rtab_bulk_begin(rels, &fx.writer, &rel_bulk, &fx.err));
        status = rz_rtab_bulk_append(rel_bulk, ends, ends, values, &(rz_sel){NULL, n}, &fx.err);
        if (status != RUZU_OK) {
            rz_rtab_bulk_abort(rel_bulk);
            return status;
        }
        RZ_TRY(rz_rtab_bulk_finish(rel_bulk, log, &loaded, &fx.err));
    }
    return RUZU_OK;
}

static void refused_memory_changes_nothing(void)
{
    begin_log();
    text_keys = true;
    rz_ntab *nodes = open_nodes(NULL);
    rz_rtab *rels = create(true);
    fx_begin();
    load_nodes(nodes, 40, NULL);
    load(rels, 200);
    commit();
    node_committed = node_end;
    checkpoint_both(nodes, rels, true);
    rz_vec *batch[2] = {fx_vec(RZ_STRING, BATCH), fx_vec(RZ_INT64, BATCH)};
    uint32_t count = BATCH < 30 ? BATCH : 30;
    bool done = false;
    for (uint64_t limit = 0; !done; limit += limit < 50 ? 1 : 5) {
        reset_vectors();
        for (uint32_t i = 0; i < count; i++) {
            char text[64];
            key_text(1000 + i, text, sizeof text);
            fx_set_text(batch[0], i, text);
            fx_set_i64(batch[1], i, (int64_t)i);
            fill_row(values, i, i);
        }
        rz_bulk_log log = {.arena = &log_arena};
        rz_str_init(&log.redo, &fx.mem);
        fx_begin();
        rz_error_init(&fx.err);
        refuse_after = limit;
        rz_mem_set_test_hook(refuse, NULL);
        ruzu_status status = try_load(nodes, rels, batch, count, &log);
        rz_mem_set_test_hook(NULL, NULL);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY);
        done = status == RUZU_OK;
        fx_rollback();
        rz_str_free(&log.redo);
        rz_snapshot now = fx_snapshot();
        check_table(rels, &now, 1);
        check_nodes(nodes, node_end);
    }
    fx_begin();
    load_nodes(nodes, 30, add_entry(ENTRY_NODES));
    load_logged(rels, 30, any_node, &add_entry(ENTRY_RELS)->load);
    load_logged(rels, 1, any_node, &add_entry(ENTRY_RELS)->load);
    commit_logged();
    uint64_t timestamp = fx.timestamp;
    done = false;
    for (uint64_t limit = 0; !done; limit += limit < 50 ? 1 : 5) {
        ruzu_status status = RUZU_OK;
        rz_ntab_destroy(nodes);
        rz_rtab_destroy(rels);
        reopen_saved(&nodes, &rels);
        fx.timestamp = saved_timestamp;
        fx_begin();
        rz_error_init(&fx.err);
        refuse_after = limit;
        rz_mem_set_test_hook(refuse, NULL);
        for (uint32_t i = 0; i < entry_count && status == RUZU_OK; i++) {
            rz_reader redo;
            rz_reader_init(&redo, entries[i].load.redo.data, entries[i].load.redo.length);
            status = entries[i].kind == ENTRY_NODES ? rz_ntab_bulk_replay(nodes, &fx.writer, &redo, &fx.err)
                                                    : rz_rtab_bulk_replay(rels, &fx.writer, &redo, &fx.err);
        }
        rz_mem_set_test_hook(NULL, NULL);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY);
        done = status == RUZU_OK;
        if (done) {
            fx_commit();
        } else {
            fx_rollback();
        }
        rz_snapshot now = fx_snapshot();
        check_table(rels, &now, 1);
        check_nodes(nodes, done ? node_end : 40);
    }
    CHECK_EQ_U64(fx.timestamp, timestamp);
    rz_ntab_destroy(nodes);
    rz_rtab_destroy(rels);
    end_log();
}

int main(void)
{
    for (history_seed = 1; history_seed <= volume(9); history_seed++) {
        RUN_TABLE(loads_are_replayed);
    }
    RUN_TABLE(damaged_descriptions_are_refused);
    RUN_TABLE(refused_memory_changes_nothing);
    model_reset();
    return CHECK_DONE();
}
