/* SPDX-License-Identifier: MIT */
/*
 * storage/table: node tables, relationship tables and CSR adjacency, with multi-version visibility.
 *
 * Purpose   one column store (rz_rows: row groups on pages + an appended tail in memory, addressed by a dense offset, with version stamps) serves nodes and
 *           relationships; a relationship table (one FROM/TO pair) adds two CSR indexes, forward and backward, that hold topology only.
 * Owns      table versions (immutable lists of row groups, CSR groups and index levels, pinned by readers), in-memory deltas, version stamps.
 * Must not  know queries, the catalog or transactions: a snapshot is a plain struct, an undo entry carries its own functions.
 * Enter by  rz_ntab_create / _open, rz_ntab_reader_create …, rz_ntab_insert, rz_rtab_insert, the bulk writers, rz_ntab_checkpoint.
 * Threads   any number of readers at once, each with its own reader object, without locks; one writer at a time; a checkpoint beside them.
 * More      docs/architecture.md ("Tables and versions"), docs/file-format.md ("Tables", "CSR groups").
 */
#ifndef RZ_STORAGE_TABLE_TABLE_H
#define RZ_STORAGE_TABLE_TABLE_H

#include "storage/column/column.h"
#include "storage/index/index.h"

/* ---- snapshots and undo: what a table knows of transactions ---- */

/* Stamps are commit timestamps (1, 2, …) or, with this bit, the id of a transaction that has not committed. */
#define RZ_STAMP_UNCOMMITTED (UINT64_C(1) << 63)
#define RZ_STAMP_NEVER UINT64_MAX /* deleted never; inserted and rolled back */

typedef struct rz_snapshot {
    uint64_t timestamp; /* sees what was committed up to here */
    uint64_t own_stamp; /* RZ_STAMP_UNCOMMITTED | transaction id of the reader's own writes; 0 for none */
} rz_snapshot;

static inline bool rz_stamp_visible(uint64_t stamp, const rz_snapshot *snapshot)
{
    return stamp <= snapshot->timestamp + (RZ_MUTANT_IS(18) ? 1u : 0u) || (stamp == snapshot->own_stamp && stamp != 0);
}

/* One change of a transaction: commit gives its stamps their timestamp, undo takes it back. Neither can fail or allocate. What may fail is done before: prepare, of all
 * changes, at the beginning of a commit; after a failure all are rolled back. */
typedef struct rz_undo rz_undo;
struct rz_undo {
    rz_undo *next;                                       /* newest first */
    ruzu_status (*prepare)(rz_undo *undo, rz_error *err); /* NULL: nothing to prepare */
    void (*commit)(rz_undo *undo, uint64_t commit_timestamp);
    void (*rollback)(rz_undo *undo);
};

/* What a writer hands to every change: its stamp, its arena, and the list that commit and rollback walk. */
typedef struct rz_writer {
    rz_snapshot snapshot;  /* own_stamp is set */
    rz_arena *arena;       /* transaction lifetime */
    rz_undo *undo;         /* newest first; the changes push themselves */
} rz_writer;

/* ---- definitions ---- */

typedef struct rz_column_def {
    uint32_t id;         /* never reused within a table */
    const char *name;    /* for messages */
    const rz_type *type; /* SERIAL columns are filled by the table when the caller passes NULL for their vector */
} rz_column_def;

/* Where a table's data lives. */
typedef struct rz_table_env {
    rz_mem *mem;
    rz_disk *disk;
    rz_pool *pool;
} rz_table_env;

typedef struct rz_ntab rz_ntab;
typedef struct rz_rtab rz_rtab;

/* What a bulk load leaves for the log: a self-contained description that the replay functions understand, and the page ranges that it names. They are held
 * (rz_disk_hold) and stay in use until the transaction has ended, whatever it does to the rows meanwhile; before it commits they have to be marked with
 * rz_disk_mark_logged. */
typedef struct rz_bulk_log {
    rz_str redo;                    /* initialised and freed by the caller */
    RZ_ARRAY(rz_page_range) ranges; /* in arena */
    rz_arena *arena;
} rz_bulk_log;

#define RZ_NO_COLUMN UINT32_MAX

/* ---- node tables ---- */

/* key_column: index into columns of the primary key. Columns and names are copied. */
RZ_NODISCARD ruzu_status rz_ntab_create(const rz_table_env *env, uint32_t table_id, const char *name, const rz_column_def *columns, uint32_t column_count,
                                        uint32_t key_column, rz_ntab **out, rz_error *err);
void rz_ntab_destroy(rz_ntab *table);

/*
 * Inserts the selected rows. values[i] is the vector of columns[i] (cast to its type already), NULL for a SERIAL column to be numbered. Ids of the
 * new nodes go to out_ids[row] (may be NULL). Errors: CONSTRAINT "Found NULL, which violates the non-null constraint of the primary key column." /
 * "Found duplicated primary key value V, which violates the uniqueness constraint of the primary key column." (prefix Runtime exception); then the
 * statement rolls back.
 */
RZ_NODISCARD ruzu_status rz_ntab_insert(rz_ntab *table, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, rz_id *out_ids, rz_error *err);

/* Where the next row will lie; UINT64_MAX when the next rows will not lie one after the other. */
uint64_t rz_ntab_next_offset(const rz_ntab *table);

/* Fills exactly the places ids[row] (replay of a log): each is free or the next one at the end. CORRUPT otherwise. Keys were compared
 * with others when the insert was committed, and are not again. */
RZ_NODISCARD ruzu_status rz_ntab_insert_at(rz_ntab *table, rz_writer *writer, const rz_id *ids, rz_vec *const *values, const rz_sel *sel, rz_error *err);
/*
 * Sets column col_idx of the selected nodes: node ids[row] gets row `row` of values (of the column's type, any kind; NULL sets NULL). Nodes that the writer no longer
 * sees are passed over; of a node given twice the later row counts. The key column is checked like an insert's: CONSTRAINT for NULL and for duplicates.
 */
RZ_NODISCARD ruzu_status rz_ntab_update(rz_ntab *table, rz_writer *writer, uint32_t col_idx, const rz_id *ids, const rz_vec *values, const rz_sel *sel,
                                        rz_error *err);
/* Deletes the selected nodes, and adds how many to *io_count; those that the writer no longer sees are passed over. Their relationships are the caller's business. */
RZ_NODISCARD ruzu_status rz_ntab_delete(rz_ntab *table, rz_writer *writer, const rz_id *ids, const rz_sel *sel, uint64_t *io_count, rz_error *err);

/*
 * Bulk load (COPY): the same as inserting, in big batches: full row groups go to pages at once. Keys are checked at rz_ntab_bulk_append, errors have the prefix
 * Copy exception. With on_bad_row, rows whose key is NULL or a duplicate are skipped and reported (row of the batch, reason). One thread at a time.
 */
typedef struct rz_ntab_bulk rz_ntab_bulk;
typedef void (*rz_bad_row_fn)(void *user, uint32_t row, const char *reason);
RZ_NODISCARD ruzu_status rz_ntab_bulk_begin(rz_ntab *table, rz_writer *writer, rz_ntab_bulk **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_ntab_bulk_append(rz_ntab_bulk *bulk, rz_vec *const *values, const rz_sel *sel, rz_bad_row_fn on_bad_row, void *user, rz_error *err);
uint64_t rz_ntab_bulk_next_offset(const rz_ntab_bulk *bulk); /* where the next row will lie */
/* log NULL: not logged. Frees bulk, also on failure. */
RZ_NODISCARD ruzu_status rz_ntab_bulk_finish(rz_ntab_bulk *bulk, rz_bulk_log *log, uint64_t *out_rows, rz_error *err);
void rz_ntab_bulk_abort(rz_ntab_bulk *bulk);
/* Does what a load did, from its description, in a writing transaction and on the state that the load found. Its ranges have been claimed
 * (rz_disk_claim_logged) before anything was replayed. CORRUPT when it does not fit the table; then the transaction rolls back. */
RZ_NODISCARD ruzu_status rz_ntab_bulk_replay(rz_ntab *table, rz_writer *writer, rz_reader *redo, rz_error *err);

/*
 * Columns that come and go. A column that is added stands behind the others; the rows that exist have row 0 of fill in it. Whatever has the number of a column (col_idx,
 * values) counts those that the writer's or the reader's snapshot sees, in the order in which they were added. Repeating a change does nothing.
 */
RZ_NODISCARD ruzu_status rz_ntab_add_column(rz_ntab *table, rz_writer *writer, const rz_column_def *column, const rz_vec *fill, rz_error *err);
/* Drops the columns whose id is not among ids. Not the key. */
RZ_NODISCARD ruzu_status rz_ntab_keep_columns(rz_ntab *table, rz_writer *writer, const uint32_t *ids, uint32_t count, rz_error *err);

/* ---- reading rows: one object a worker ---- */

typedef struct rz_ntab_reader rz_ntab_reader;

/* Pins the version that belongs to the snapshot until freed. */
RZ_NODISCARD ruzu_status rz_ntab_reader_create(rz_ntab *table, const rz_snapshot *snapshot, rz_mem *mem, rz_ntab_reader **out, rz_error *err);
void rz_ntab_reader_free(rz_ntab_reader *reader);
void rz_ntab_reader_release(rz_ntab_reader *reader); /* drops page pins, keeps buffers */
/*
 * A reader kept for the next statement: suspended it holds nothing of the table, which may even go (then only free may follow); resume makes it a reader of
 * the same table for another snapshot, with the buffers it has. When resume fails, only suspend and free may follow.
 */
void rz_ntab_reader_suspend(rz_ntab_reader *reader);
RZ_NODISCARD ruzu_status rz_ntab_reader_resume(rz_ntab_reader *reader, const rz_snapshot *snapshot, rz_error *err);

/* Offsets that exist for this snapshot are all below this (visible or not). */
uint64_t rz_ntab_offset_end(const rz_ntab_reader *reader);
uint64_t rz_ntab_visible_rows(const rz_ntab_reader *reader); /* exact number of visible rows */
/* Which of [first, first + count) are visible: returns true when all are; else writes the visible positions (0-based from first) to rows and their number to *out_count. */
bool rz_ntab_visible(const rz_ntab_reader *reader, uint64_t first, uint32_t count, uint32_t *rows, uint32_t *out_count);
bool rz_ntab_is_visible(const rz_ntab_reader *reader, uint64_t offset);
/* Column col_idx of rows [first, first + count) into rows 0… of out (FLAT, or CONSTANT where the whole block is). count <= RZ_VECTOR_CAPACITY. */
RZ_NODISCARD ruzu_status rz_ntab_read(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, uint32_t count, rz_vec *out, rz_error *err);
/* Adds to *io_bytes what reading those rows takes for texts, rather more than less. Texts that are in memory only are left out: they are a small share of it anyway. */
RZ_NODISCARD ruzu_status rz_ntab_text_bytes(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, uint32_t count, uint64_t *io_bytes, rz_error *err);
/* As rz_ntab_read, but codes over entries, for text columns that repeat few: see rz_col_read_entries. *out_done is false where that cannot be done: changes in memory, other
 * codecs, more than one block. */
RZ_NODISCARD ruzu_status rz_ntab_read_entries(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, uint32_t count, rz_vec *entries, uint32_t *codes,
                                              bool *out_done, rz_error *err);
/* Column col_idx of offsets (ids[row] & RZ_ID_OFFSET_MASK for the selected rows) into the same rows of out (FLAT); other rows stay as
 * they are, so that several tables can fill one vector: the caller resets it. Offsets beyond the end: CORRUPT. */
RZ_NODISCARD ruzu_status rz_ntab_gather(rz_ntab_reader *reader, uint32_t col_idx, const rz_id *ids, const rz_sel *sel, rz_vec *out, rz_error *err);
/* Zone map of the block of RZ_VECTOR_CAPACITY rows that holds offset first; false when unknown or when the block has in-memory changes. */
bool rz_ntab_zone(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, rz_zone *out);
/* Clears bit i (< count) where offset first + i fails the condition or is NULL, comparing encoded values; by zones alone where they decide. *out_done is false,
 * and nothing is changed, where that cannot be done: changes in memory, other codecs, more than one block. Visibility is not looked at. */
RZ_NODISCARD ruzu_status rz_ntab_filter(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, uint32_t count, const rz_col_range *range, uint64_t *bits,
                                        bool *out_done, rz_error *err);
/* Adds the values of offsets [first, first + count) whose bits are set (bits NULL: all), as they are encoded. *out_done is false, and nothing is added, where that cannot be
 * done: as for rz_ntab_filter, and where a column has an overlay. Visibility is not looked at. */
RZ_NODISCARD ruzu_status rz_ntab_sum(rz_ntab_reader *reader, uint32_t col_idx, uint64_t first, uint32_t count, const uint64_t *bits, rz_col_total *io,
                                     bool *out_done, rz_error *err);
/* Primary-key look-up: keys (of the key's type, any kind) of the selected rows; out_offsets[row] = offset or UINT64_MAX (NULL keys too). */
RZ_NODISCARD ruzu_status rz_ntab_lookup(rz_ntab_reader *reader, const rz_vec *keys, const rz_sel *sel, uint64_t *out_offsets, rz_error *err);

/* ---- relationship tables: one per FROM/TO pair ---- */

typedef enum rz_direction { RZ_FORWARD = 0, RZ_BACKWARD = 1 } rz_direction;

typedef struct rz_rtab_def {
    uint32_t pair_id;   /* table id in the rz_id of its relationships */
    const char *name;   /* for messages: the relationship table's name */
    uint32_t src_table; /* node table ids */
    uint32_t dst_table;
    bool one_src;       /* a destination node has at most one incoming relationship (ONE on the source side) */
    bool one_dst;       /* a source node has at most one outgoing relationship */
    const rz_column_def *columns;
    uint32_t column_count;
} rz_rtab_def;

RZ_NODISCARD ruzu_status rz_rtab_create(const rz_table_env *env, const rz_rtab_def *def, rz_rtab **out, rz_error *err);
void rz_rtab_destroy(rz_rtab *table);

/* Inserts the selected rows between existing nodes: src[row], dst[row] are ids (table part ignored). Errors: CONSTRAINT for multiplicity (dialect §7). */
RZ_NODISCARD ruzu_status rz_rtab_insert(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, rz_vec *const *values, const rz_sel *sel,
                                        rz_id *out_ids, rz_error *err);

/* As rz_ntab_next_offset. */
uint64_t rz_rtab_next_offset(const rz_rtab *table);

/* Replay: fills exactly the places of rel_ids, as rz_ntab_insert_at. */
RZ_NODISCARD ruzu_status rz_rtab_insert_at(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, const rz_id *rel_ids, rz_vec *const *values,
                                           const rz_sel *sel, rz_error *err);
/* Property col_idx of the selected relationships; as rz_ntab_update. */
RZ_NODISCARD ruzu_status rz_rtab_update(rz_rtab *table, rz_writer *writer, uint32_t col_idx, const rz_id *rels, const rz_vec *values, const rz_sel *sel,
                                        rz_error *err);
/* Deletes relationship rels[row] from src[row] to dst[row] for the selected rows, and adds how many to *io_count; those that the writer no longer sees are passed over. */
RZ_NODISCARD ruzu_status rz_rtab_delete(rz_rtab *table, rz_writer *writer, const rz_id *src, const rz_id *dst, const rz_id *rels, const rz_sel *sel,
                                        uint64_t *io_count, rz_error *err);

/* Bulk load: append in any order (one thread at a time), finish builds both CSR directions by radix partitioning and writes properties in forward order. */
typedef struct rz_rtab_bulk rz_rtab_bulk;
RZ_NODISCARD ruzu_status rz_rtab_bulk_begin(rz_rtab *table, rz_writer *writer, rz_rtab_bulk **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_rtab_bulk_append(rz_rtab_bulk *bulk, const uint64_t *src_offsets, const uint64_t *dst_offsets, rz_vec *const *values, const rz_sel *sel,
                                             rz_error *err);
/* As rz_ntab_bulk_finish. A load that is small against the table goes where rz_rtab_insert's relationships go, and into the log by value. */
RZ_NODISCARD ruzu_status rz_rtab_bulk_finish(rz_rtab_bulk *bulk, rz_bulk_log *log, uint64_t *out_rows, rz_error *err);
void rz_rtab_bulk_abort(rz_rtab_bulk *bulk);
RZ_NODISCARD ruzu_status rz_rtab_bulk_replay(rz_rtab *table, rz_writer *writer, rz_reader *redo, rz_error *err);

/* As rz_ntab_add_column. */
RZ_NODISCARD ruzu_status rz_rtab_add_column(rz_rtab *table, rz_writer *writer, const rz_column_def *column, const rz_vec *fill, rz_error *err);
RZ_NODISCARD ruzu_status rz_rtab_keep_columns(rz_rtab *table, rz_writer *writer, const uint32_t *ids, uint32_t count, rz_error *err);

typedef struct rz_rtab_reader rz_rtab_reader; /* properties and adjacency in both directions, of one worker */

RZ_NODISCARD ruzu_status rz_rtab_reader_create(rz_rtab *table, const rz_snapshot *snapshot, rz_mem *mem, rz_rtab_reader **out, rz_error *err);
void rz_rtab_reader_free(rz_rtab_reader *reader);
void rz_rtab_reader_release(rz_rtab_reader *reader);
void rz_rtab_reader_suspend(rz_rtab_reader *reader); /* as for node tables */
RZ_NODISCARD ruzu_status rz_rtab_reader_resume(rz_rtab_reader *reader, const rz_snapshot *snapshot, rz_error *err);

uint64_t rz_rtab_visible_rows(const rz_rtab_reader *reader);
/* Property col_idx of relationships (offset part of rels[row]) into the same rows of out; as rz_ntab_gather. */
RZ_NODISCARD ruzu_status rz_rtab_gather(rz_rtab_reader *reader, uint32_t col_idx, const rz_id *rels, const rz_sel *sel, rz_vec *out, rz_error *err);

/* An adjacency list not yet enumerated: a place, not a pointer; holds no pin. */
typedef struct rz_slice {
    uint64_t bound;   /* offset of the bound node */
    uint64_t start;   /* first position in the group's arrays (base part) */
    uint32_t length;  /* visible relationships, in-memory ones included */
    uint32_t base_length; /* == length when the node has no changes in memory, so that all of them are side by side on pages; private */
} rz_slice;

/* Slices of the bound nodes (offset part of ids[row]) of the selected rows into slices[row]. Offsets beyond the CSR give empty slices. */
RZ_NODISCARD ruzu_status rz_adj_lookup(rz_rtab_reader *reader, rz_direction direction, const rz_id *ids, const rz_sel *sel, rz_slice *slices, rz_error *err);
/* Entries [first, first + count) of the slice, sorted by (neighbour offset, rel offset): neighbour offsets + neighbour_base into neighbours, and rel offsets + rel_base into rels
 * when rels is not NULL. (Pass rz_id_make(table, 0) as base to get packed ids.) */
RZ_NODISCARD ruzu_status rz_adj_read(rz_rtab_reader *reader, rz_direction direction, const rz_slice *slice, uint32_t first, uint32_t count, uint64_t neighbour_base,
                                     uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err);
/*
 * Entries of many slices, one list after the other, as an expansion wants them: up to `capacity` entries from entry *io_entry of the slice of the selected row number *io_at
 * on; both are moved to where the next call goes on (*io_at == sel->count: all read). parents[i] (may be NULL) is the row whose slice entry i is from, the rest as
 * in rz_adj_read. Lists of consecutive nodes are unpacked in one go, so this is much faster than reading short lists one by one.
 */
RZ_NODISCARD ruzu_status rz_adj_expand(rz_rtab_reader *reader, rz_direction direction, const rz_slice *slices, const rz_sel *sel, uint32_t *io_at, uint32_t *io_entry,
                                       uint32_t capacity, uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, uint32_t *parents,
                                       uint32_t *out_count, rz_error *err);
/* Lengths only: degrees[row] += list length of the node (so several tables add up). */
RZ_NODISCARD ruzu_status rz_adj_degrees(rz_rtab_reader *reader, rz_direction direction, const rz_id *ids, const rz_sel *sel, uint64_t *degrees, rz_error *err);
/* Lengths of the consecutive nodes [first, first + count): out[i] += length. The fast path of whole-table counts. */
RZ_NODISCARD ruzu_status rz_adj_degrees_range(rz_rtab_reader *reader, rz_direction direction, uint64_t first, uint32_t count, uint64_t *out, rz_error *err);
/* What has become of lists since they were written: change i adds neighbours[i] to the list of node number nodes[i] - first_node, or takes it away. */
typedef struct rz_adj_changes {
    uint32_t count;
    uint32_t first_node;
    const uint64_t *neighbours;
    const uint64_t *rels;  /* RZ_ADJ_REMOVED: taken away; the other bits may be anything */
    const uint16_t *nodes;
} rz_adj_changes;
#define RZ_ADJ_REMOVED (UINT64_C(1) << 63)
/*
 * The lists of the consecutive nodes [first, first + count), count 1 … RZ_VECTOR_CAPACITY, as one slice: node first + i has its entries from starts[i] - starts[0] to
 * starts[i + 1] - starts[0] (room for count + 1), with changes of two kinds, in changes[0] and changes[1], each in any order, which hold until something else than this slice is read. For sums over lists, which
 * can be made from these pieces without merging them. *out_whole false: they cannot be had like that, because they are of several groups or others are changing them.
 */
RZ_NODISCARD ruzu_status rz_adj_stretch(rz_rtab_reader *reader, rz_direction direction, uint64_t first, uint32_t count, uint64_t *starts, rz_slice *out,
                                        rz_adj_changes *changes, bool *out_whole, rz_error *err);
/* Where neighbour (an offset) stands in the slice: the entries [*out_first, *out_first + *out_count), count 0 when it is no neighbour. Binary search. */
RZ_NODISCARD ruzu_status rz_adj_find(rz_rtab_reader *reader, rz_direction direction, const rz_slice *slice, uint64_t neighbour, uint32_t *out_first, uint32_t *out_count,
                                     rz_error *err);

/* ---- saving and loading ---- */

/* Folds everything committed up to timestamp into new segments and groups on free pages, publishes the new version and appends the table's directory (for its
 * metadata range) to out. Only touched row groups and CSR groups are rewritten. On failure nothing changes. Old pages are freed when the last reader of the
 * old version is gone. timestamp is not below that of the checkpoint before, nor below what has been trimmed. */
RZ_NODISCARD ruzu_status rz_ntab_checkpoint(rz_ntab *table, uint64_t timestamp, rz_str *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_rtab_checkpoint(rz_rtab *table, uint64_t timestamp, rz_str *out, rz_error *err);
/* The same, and what earlier checkpoints wrote beside columns and CSR groups is written into them: afterwards they are read as after loading. */
RZ_NODISCARD ruzu_status rz_ntab_checkpoint_whole(rz_ntab *table, uint64_t timestamp, rz_str *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_rtab_checkpoint_whole(rz_rtab *table, uint64_t timestamp, rz_str *out, rz_error *err);
bool rz_ntab_layered(rz_ntab *table); /* there is such; under the caller's turn to checkpoint */
bool rz_rtab_layered(rz_rtab *table);
/* Rebuilds a table from its directory bytes; claims every range it names (CORRUPT on overlap). Costs O(row groups), reads no data. */
RZ_NODISCARD ruzu_status rz_ntab_open(const rz_table_env *env, uint32_t table_id, const char *name, const rz_column_def *columns, uint32_t column_count,
                                      uint32_t key_column, rz_reader *directory, rz_ntab **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_rtab_open(const rz_table_env *env, const rz_rtab_def *def, rz_reader *directory, rz_rtab **out, rz_error *err);
/* Gives all pages back (after DROP TABLE has become durable and invisible); destroys the table. */
void rz_ntab_drop(rz_ntab *table);
void rz_rtab_drop(rz_rtab *table);
bool rz_ntab_changed(const rz_ntab *table); /* since its last checkpoint */
/* The bytes of the last checkpoint stand in a durable header: from now on, places of nodes whose deletion they contain may be used again. */
void rz_ntab_saved(rz_ntab *table);
bool rz_rtab_changed(const rz_rtab *table);
void rz_rtab_saved(rz_rtab *table); /* as rz_ntab_saved */
/*
 * Snapshots older than oldest_timestamp take no more readers: versions and stamps that only they could need are given back (pages at once, or when the last open
 * reader of them leaves). Before the first call everything is kept. A reader for an older snapshot is refused afterwards (RUZU_ERROR_INTERNAL), so the
 * caller passes the oldest snapshot that is open, or the newest timestamp when none is.
 */
void rz_ntab_trim(rz_ntab *table, uint64_t oldest_timestamp);
void rz_rtab_trim(rz_rtab *table, uint64_t oldest_timestamp);
/* Memory held for what is not on pages yet: rows, index entries, adjacency. For deciding when to checkpoint. */
uint64_t rz_ntab_memory_bytes(rz_ntab *table);
uint64_t rz_rtab_memory_bytes(rz_rtab *table);

/* Statistics for the planner, approximate, without a reader. */
typedef struct rz_table_stats {
    uint64_t rows;
    uint64_t bound_nodes[2];   /* rel tables: nodes with at least one relationship, by direction */
    uint64_t max_degree[2];
} rz_table_stats;
void rz_ntab_stats(const rz_ntab *table, rz_table_stats *out);
void rz_rtab_stats(const rz_rtab *table, rz_table_stats *out);
/* Of a column's committed values, approximate, without a reader: for the planner. */
typedef struct rz_column_stats {
    uint64_t distinct; /* 0: unknown */
    double null_share; /* of the rows on pages */
    bool has_range;    /* numbers, dates and times of which some are on pages: smallest and largest there, as stored */
    double min, max;
} rz_column_stats;
void rz_ntab_column_stats(const rz_ntab *table, uint32_t col_idx, rz_column_stats *out);
void rz_rtab_column_stats(const rz_rtab *table, uint32_t col_idx, rz_column_stats *out);
/* Distinct values of a column, estimated (HyperLogLog or the dictionary); 0 when unknown. */
uint64_t rz_ntab_distinct(const rz_ntab *table, uint32_t col_idx);

/* ---- check and backup ---- */

/* What the directory of a table is read by. */
typedef struct rz_table_layout_def {
    rz_mem *mem;
    const char *what;             /* "table Person", for messages */
    bool is_node;
    uint32_t key_column;          /* node tables, or RZ_NO_COLUMN */
    const rz_column_def *columns; /* as the catalog has them */
    uint32_t column_count;
} rz_table_layout_def;
/* Calls walk for every page range that a directory names, and makes sure that every byte of it is understood (CORRUPT). */
RZ_NODISCARD ruzu_status rz_table_directory_walk(const rz_table_layout_def *def, rz_reader *reader, const rz_page_walk *walk, uint64_t *out_rows,
                                                 rz_error *err);
/* Reads all segments of the newest version and compares them with their metadata. Damage is reported; fails only where the check cannot go on. */
RZ_NODISCARD ruzu_status rz_ntab_check_segments(rz_ntab *table, rz_inspector *inspector, rz_error *err);
RZ_NODISCARD ruzu_status rz_rtab_check_segments(rz_rtab *table, rz_inspector *inspector, rz_error *err);
/* Relationships by offset, as rz_ntab_offset_end and rz_ntab_visible. */
uint64_t rz_rtab_offset_end(const rz_rtab_reader *reader);
bool rz_rtab_visible(const rz_rtab_reader *reader, uint64_t first, uint32_t count, uint32_t *rows, uint32_t *out_count);

#endif
