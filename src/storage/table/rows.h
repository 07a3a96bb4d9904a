/* SPDX-License-Identifier: MIT */
/*
 * The row store: row groups on pages, a tail in memory, version stamps; shared by node and relationship tables.
 *
 *   rz_rows ── current ──► rz_rows_version { groups[0 … n), tail }       group = { base on pages (its first base_rows rows), patches, stamps }
 *                 durable ► rz_rows_version    what the newest directory says (bases only)
 *
 * Invariants
 *   (1) Offsets [0, end) exist. A group has RZ_ROW_GROUP_ROWS of them, but for the last. Rows [group's first, + base_rows) are on pages, rows
 *       from tail->first to end are in the tail; the two may overlap (a checkpoint wrote rows that the tail still has).
 *   (2) Places are appended in the order of transactions: a snapshot sees all places below some offset. In a place there is a row for it unless the row
 *       was deleted, or the place was given to another row that it does not see (stamps.h). Only stores with `reuse` set do the latter.
 *   (3) A version is immutable; publishing replaces `current`. Stamps and patches objects travel from version to version.
 *   (4) Rows at or beyond committed_end belong to the one open write transaction; nobody else looks at them, so rollback may reuse their places.
 *   (5) A value is the newest patch that the snapshot sees (rows_patch.h), else what base or tail has. A base has all updates committed up to the
 *       group's `folded` and no newer one, so snapshots below it cannot read the version (`oldest`); tail rows have none.
 *   (6) What a fold wrote over updates waits in `durable` until no snapshot is older than the fold; only then it replaces a base of `current`.
 *   (7) A place whose row is deleted is given to another row (reused) only when the deletion stands in a directory that a durable header names
 *       (rz_rows_saved) and no snapshot is older than it (rz_rows_trim). The new row's values are patches of all columns. A table with a
 *       SERIAL column never does it: there value = offset.
 *   (8) Columns have positions that they keep while the store is open: one that is added gets the next, one that is dropped leaves its behind. A row without a
 *       value of a column (its base has no segment of it) has the column's `fill`. The lists of columns are replaced, not changed, when one is added: what
 *       stands in them stays where it is for readers that hold no lock.
 *
 * Locks: write_lock is held by whoever adds rows or replaces the version (writer, undo, checkpoint's last step); pin_lock for the instant in which
 * `current` is read or replaced. Order: write_lock, pin_lock. Readers take pin_lock when they are created and nothing afterwards. What a transaction
 * changes after it created a reader, that reader may show or not: create a new one.
 */
#ifndef RZ_STORAGE_TABLE_ROWS_H
#define RZ_STORAGE_TABLE_ROWS_H

#include "os/os.h"
#include "storage/table/rows_patch.h"
#include "storage/table/sketch.h"
#include "storage/table/stamps.h"
#include "storage/table/table.h"
#include "storage/table/tail.h"

/* Bytes that changes of an open transaction may take in one structure of a table before they go to pages: a share of the database's memory. */
uint64_t rz_table_change_budget(const rz_table_env *env);

/* Where metadata of segments lies: as long as one of those that were written together. */
typedef struct rz_row_home {
    _Atomic uint32_t refs;
    rz_mem *mem;
    rz_mem pages; /* account of what says where segments are: a checkpoint must not be refused it (rz_rows_build_column) */
    rz_arena arena;
} rz_row_home;

/* One column of one row group, on pages. Bases share it. */
typedef struct rz_row_segment {
    _Atomic uint32_t refs;
    rz_row_home *home;  /* counted; this lies in it */
    rz_segment *data;   /* home's; NULL while it is being written */
    struct rz_row_segment *under; /* counted: `data` is an overlay over this one's, whose pages stay this one's; NULL: none */
} rz_row_segment;

/* The one that has the pages of the base. */
static inline rz_row_segment *rz_row_segment_root(const rz_row_segment *segment)
{
    return segment->under != NULL ? segment->under : (rz_row_segment *)(uintptr_t)segment;
}

/* Segments of one row group. */
typedef struct rz_row_base {
    _Atomic uint32_t refs;
    uint64_t rows;               /* every segment has at least so many */
    uint32_t column_count;
    rz_row_home *home;           /* counted: for segments that are added */
    rz_row_segment *segments[];  /* counted; by column; NULL by (8) */
} rz_row_base;

static inline rz_row_segment *rz_row_base_segment(const rz_row_base *base, uint32_t column) /* NULL: rows have the column's fill */
{
    return column < base->column_count ? base->segments[column] : NULL;
}

/* Since when a column is there, until when, and the value of rows that have none. */
typedef struct rz_row_life {
    _Atomic uint64_t added;   /* stamp: 0 of columns that the store was opened with; NEVER: taken back */
    _Atomic uint64_t dropped; /* stamp; NEVER: it is not */
    const rz_vec *fill;       /* CONSTANT; arena. NULL: rows without a value do not exist */
    rz_vec *nothing;          /* CONSTANT NULL, what rows get once the column is gone; arena; NULL before */
} rz_row_life;

typedef struct rz_row_group {
    rz_row_base *base;   /* counted; NULL: no row on pages */
    uint32_t base_rows;  /* of the base that count: <= base->rows */
    uint64_t folded;     /* updates up to here are in the base */
    rz_patches *patches; /* counted; NULL: no updates */
    rz_stamps *stamps;   /* counted; NULL: everybody sees all rows */
} rz_row_group;

/* What the open transaction updated (rows_shed.c). */
typedef struct rz_rows_changes {
    rz_undo head; /* first */
    struct rz_rows *rows;
    RZ_ARRAY(rz_patch *) patches; /* counted; what is not shed yet */
    uint64_t bytes;               /* about what they take */
    rz_patch *marker;             /* counted; the stamp of what was shed; NULL: nothing was */
} rz_rows_changes;

typedef struct rz_rows_version {
    _Atomic uint32_t refs;
    uint32_t group_count;
    uint64_t oldest;    /* snapshots below this cannot read it: stamps or updates up to here have been dropped */
    rz_tail *tail;      /* counted; NULL: nothing in memory */
    rz_row_group groups[];
} rz_rows_version;

typedef struct rz_rows rz_rows;
typedef struct rz_rows_reader rz_rows_reader;
struct rz_rows {
    rz_table_env env;
    rz_arena arena;              /* definitions */
    const char *title;           /* "table T"; arena */
    /* By column; lists in the arena, replaced as a whole by (8) under write_lock, the count last; read without a lock. */
    _Atomic(rz_column_def *) columns;
    _Atomic(const char **) column_texts; /* "table T, column c" */
    _Atomic(rz_row_life **) lives;
    _Atomic(rz_tail_layout *) layout;
    _Atomic(rz_sketch **) sketches;      /* NULL where values are not counted */
    _Atomic uint32_t column_count;
    _Atomic uint32_t gone;       /* columns that somebody does not see, or will not: 0: positions are the catalog's */
    rz_vec **placed;             /* arena; the writer's scratch of rz_rows_place */
    uint32_t placed_capacity;
    bool reuse;                  /* set once, before the first insert: places of deleted rows are used again */
    rz_mutex write_lock;
    rz_mutex pin_lock;
    rz_rows_version *current;    /* pin_lock */
    rz_rows_version *durable;    /* replaced by a checkpoint under write_lock; NULL: none */
    rz_rows_version *before;     /* write_lock: what the open transaction's rollback returns to; NULL: `current` */
    rz_rows_changes *changes;    /* write_lock: the open transaction's, in its arena; NULL: it has updated nothing */
    _Atomic uint64_t end;           /* release by the writer */
    _Atomic uint64_t committed_end; /* release by commit */
    _Atomic uint64_t deletes;       /* delete marks ever set: 0 lets readers skip them */
    _Atomic uint64_t committed_deletes; /* of them, places that are empty now */
    _Atomic uint64_t newest_change; /* timestamp of the newest commit that changed something */
    _Atomic uint64_t folded_to;     /* timestamp of the newest directory */
    _Atomic uint64_t oldest_snapshot; /* changed under write_lock; see rz_ntab_trim */
    uint64_t saved_to;           /* write_lock: a durable header names a directory of this timestamp (rz_rows_saved) */
    uint64_t holes_limit;        /* write_lock: rows deleted up to here are looked for … */
    uint64_t holes_at;           /* … from this offset on */
    bool keep_pages;             /* set while destroying */
};

/* kind and name: for messages ("table", "Person"). */
RZ_NODISCARD ruzu_status rz_rows_init(rz_rows *rows, const rz_table_env *env, const char *kind, const char *name, const rz_column_def *columns,
                                      uint32_t column_count, rz_error *err);
void rz_rows_deinit(rz_rows *rows, bool give_back);

rz_rows_version *rz_rows_pin(rz_rows *rows);
void rz_rows_unpin(rz_rows *rows, rz_rows_version *version); /* NULL is fine */
static inline uint64_t rz_rows_end(const rz_rows *rows)
{
    return atomic_load_explicit(&rows->end, memory_order_acquire);
}

/* ---- adding rows (rows_write.c) ---- */

/* Appends the selected rows; *out_first is the offset of the first one. A NULL vector numbers its column. */
RZ_NODISCARD ruzu_status rz_rows_append(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, uint64_t *out_first, rz_error *err);
/* The same into places of deleted rows first, where the store reuses them: out_offsets[i] is where the i-th selected row went. */
RZ_NODISCARD ruzu_status rz_rows_insert(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, uint64_t *out_offsets,
                                        rz_error *err);
/* The i-th selected row to exactly offsets[i]: the places at the end, in any order and without gaps, or places of rows that the writer sees deleted. CORRUPT
 * otherwise. For replaying a log. */
RZ_NODISCARD ruzu_status rz_rows_insert_at(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const rz_sel *sel, const uint64_t *offsets,
                                           rz_error *err);

/* What a base is made of beside rows. */
typedef struct rz_rows_source {
    const rz_row_base *base;
    uint64_t folded;      /* updates up to here are in it */
    const bool *touched;  /* by column: it is to be written; the others are shared */
    uint32_t column_count;
    bool clears;          /* texts and lists of deleted rows are to leave: no overlays of such columns */
    bool whole;           /* no overlays at all */
} rz_rows_source;

/*
 * A base from rows [first, first + count) of one group: the values that snapshot sees in the version (a snapshot {0, 0} leaves updates aside), rows below
 * `end`. With a source (NULL: none), only touched columns are written, as overlays of its columns where that is less (rows_overlay.c). Columns that nobody sees any more are left out. blank: of rows that the
 * snapshot sees deleted no texts and lists are kept, so older snapshots cannot read the base.
 */
RZ_NODISCARD ruzu_status rz_rows_build_base(rz_rows *rows, rz_rows_version *version, uint64_t end, const rz_snapshot *snapshot, uint64_t first,
                                            uint32_t count, const rz_rows_source *source, bool blank, rz_row_base **out, rz_error *err);
bool rz_rows_value_grows(const rz_type *type); /* whether values take room of their own: texts, lists, structs */
void rz_row_base_release(rz_rows *rows, rz_row_base *base); /* NULL is fine; the last one gives the pages back */
/* No header names the segment's pages, but they are in use (rz_disk_hold): all but those that are `named`'s as well (NULL: all). */
void rz_row_segment_hold(rz_rows *rows, const rz_row_segment *segment, const rz_row_segment *named);
/* The ranges that only this segment gives back: of its overlay, or of all of it when it has none. */
RZ_NODISCARD ruzu_status rz_row_segment_own_ranges(const rz_row_segment *segment, rz_range_fn fn, void *user, rz_error *err);
/* Pages that were written and are not wanted. */
void rz_row_pages_give_back(rz_rows *rows, const rz_segment *segment);
/* An empty base to be filled with segments. NULL when memory is refused. */
rz_row_base *rz_row_base_create(rz_rows *rows, uint32_t column_count);
/* A segment to be written (data, in base->home->arena) as a column of the base. */
RZ_NODISCARD ruzu_status rz_row_base_add(rz_row_base *base, uint32_t column, rz_row_segment **out, rz_error *err);
/* A version with room for group_count groups: the first `copied` are from's, with references; the tail is not copied. */
rz_rows_version *rz_rows_version_create(rz_rows *rows, const rz_rows_version *from, uint32_t copied, uint32_t group_count);
/* The same groups and the same tail. */
rz_rows_version *rz_rows_version_clone(rz_rows *rows, const rz_rows_version *from);
/* Replaces the current version (the reference moves). */
void rz_rows_publish(rz_rows *rows, rz_rows_version *version);
/* Adds the undo entry for rows [first, first + count), or makes the newest one longer. */
RZ_NODISCARD ruzu_status rz_rows_push_append(rz_rows *rows, rz_writer *writer, uint64_t first, uint64_t count, rz_error *err);
/* Before the first version published for a transaction: rollback will return to the current one. */
RZ_NODISCARD ruzu_status rz_rows_push_before(rz_rows *rows, rz_writer *writer, rz_error *err);
/* A commit with this timestamp changed something. Under write_lock. */
void rz_rows_note_change(rz_rows *rows, uint64_t commit_timestamp);

/* ---- updating and deleting (rows_update.c) ---- */

/* Sets a column of the selected rows: row offset(ids[row]) gets row `row` of values (any kind). Rows that the writer does not see are passed over; of one
 * given twice the later value counts. */
RZ_NODISCARD ruzu_status rz_rows_update(rz_rows *rows, rz_writer *writer, uint32_t column, const rz_id *ids, const rz_vec *values, const rz_sel *sel,
                                        rz_error *err);
/* Marks a row as deleted; one that the writer does not see is passed over. */
RZ_NODISCARD ruzu_status rz_rows_delete(rz_rows *rows, rz_writer *writer, uint64_t offset, rz_error *err);
/* The same for the selected rows; adds to *io_count how many were there. */
RZ_NODISCARD ruzu_status rz_rows_delete_many(rz_rows *rows, rz_writer *writer, const rz_id *ids, const rz_sel *sel, uint64_t *io_count, rz_error *err);
/* Whether the writer sees the row now. */
bool rz_rows_writer_sees(rz_rows *rows, const rz_writer *writer, uint64_t offset);
/* Up to `wanted` places that may be reused, ascending, into out; returns how many. Under write_lock. */
uint32_t rz_rows_find_holes(rz_rows *rows, uint32_t wanted, uint64_t *out);
/* Row positions[i] of values into the empty place offsets[i]; ascending, each once. Under write_lock. */
RZ_NODISCARD ruzu_status rz_rows_fill(rz_rows *rows, rz_writer *writer, rz_vec *const *values, const uint32_t *positions, const uint64_t *offsets,
                                      uint32_t count, rz_error *err);

/* ---- large transactions (rows_shed.c) ---- */

/* Room for a further patch in the transaction's list; then the patch (the reference moves). Under write_lock, as what follows. */
RZ_NODISCARD ruzu_status rz_rows_changes_reserve(rz_rows *rows, rz_writer *writer, rz_error *err);
void rz_rows_changes_add(rz_rows *rows, rz_patch *patch);
/* What the transaction updated goes to pages when it is much. */
RZ_NODISCARD ruzu_status rz_rows_consider_shed(rz_rows *rows, rz_writer *writer, rz_error *err);
/* The overlay's segment of the column, or NULL; overlay may be NULL. */
const rz_row_segment *rz_patch_overlay_segment(const rz_patch_overlay *overlay, uint32_t column);
/* The newest object whose overlay has the column for the snapshot; NULL: what base and tail have counts. */
const rz_patches *rz_rows_overlaid(const rz_row_group *group, uint32_t column, const rz_snapshot *snapshot);
/* An overlay's segment that holds exactly what the snapshot sees of the column in rows [0, count); NULL: none does. */
rz_row_segment *rz_rows_adoptable(const rz_row_group *group, uint32_t column, const rz_snapshot *snapshot, uint32_t count);
/* A column of rows [first, first + count) of one group, as the reader sees them, becomes a segment of base. */
RZ_NODISCARD ruzu_status rz_rows_build_column(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, bool blank, rz_row_base *base,
                                              rz_error *err);
/* The column of a group's rows [0, count) that was updated in (after, the reader's timestamp], as an overlay of `source` (rows_overlay.c). *out_done is false, and nothing is
 * written, where it had better be written anew. */
RZ_NODISCARD ruzu_status rz_rows_overlay_column(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, uint64_t after, rz_row_segment *source,
                                                rz_row_base *base, bool *out_done, rz_error *err);

/* ---- columns that come and go (rows_columns.c) ---- */

/* What the lists have of one column, in the arena. */
RZ_NODISCARD ruzu_status rz_rows_define_column(rz_rows *rows, const rz_column_def *from, rz_column_def *column, const char **text, rz_sketch **sketch,
                                               rz_error *err);

/* Adds a column behind the others; nothing happens when the writer sees one of that id. Row 0 of fill is the value of the rows that exist. */
RZ_NODISCARD ruzu_status rz_rows_add_column(rz_rows *rows, rz_writer *writer, const rz_column_def *column, const rz_vec *fill, rz_error *err);
/* Drops the columns that the writer sees and whose id is not among ids. */
RZ_NODISCARD ruzu_status rz_rows_keep_columns(rz_rows *rows, rz_writer *writer, const uint32_t *ids, uint32_t count, rz_error *err);
static inline bool rz_row_life_visible(const rz_row_life *life, const rz_snapshot *snapshot)
{
    return rz_stamp_visible(atomic_load_explicit(&life->added, memory_order_acquire), snapshot) &&
           !rz_stamp_visible(atomic_load_explicit(&life->dropped, memory_order_acquire), snapshot);
}
/* Whether the writer has the column. */
static inline bool rz_rows_shows(const rz_rows *rows, const rz_writer *writer, uint32_t column)
{
    return rows->gone == 0 || rz_row_life_visible(rows->lives[column], &writer->snapshot);
}
/* How many it has. */
uint32_t rz_rows_shown(const rz_rows *rows, const rz_writer *writer);
/* Position of the idx-th column that the snapshot sees. */
uint32_t rz_rows_position(const rz_rows *rows, const rz_snapshot *snapshot, uint32_t idx);
/* Vectors by the columns that the writer sees → by position: the same list, or one that is good until the next call. */
RZ_NODISCARD ruzu_status rz_rows_place(rz_rows *rows, const rz_writer *writer, rz_vec *const *values, rz_vec *const **out, rz_error *err);
/* Whether pages need values of the column: a snapshot at `timestamp` sees it, or some other that there is, or may yet be. */
bool rz_rows_needs_column(const rz_rows *rows, uint32_t column, uint64_t timestamp);
/* The fill of the column into rows out_rows[i] (NULL: first_out + i) of a FLAT vector. */
RZ_NODISCARD ruzu_status rz_rows_put_fill(const rz_rows *rows, uint32_t column, const uint32_t *out_rows, uint32_t first_out, uint32_t count, rz_vec *out,
                                          rz_error *err);

/* ---- bulk (rows_bulk.c) ---- */

typedef struct rz_rows_bulk rz_rows_bulk;
RZ_NODISCARD ruzu_status rz_rows_bulk_begin(rz_rows *rows, rz_writer *writer, rz_rows_bulk **out, rz_error *err);
/* The next rows, in order; of a table without columns values is NULL. */
RZ_NODISCARD ruzu_status rz_rows_bulk_append(rz_rows_bulk *bulk, rz_vec *const *values, const rz_sel *sel, rz_error *err);
uint64_t rz_rows_bulk_next(const rz_rows_bulk *bulk); /* offset of the next row */
/* Values of a column of rows appended so far that have gone to pages or to the tail, for offsets below rz_rows_bulk_stored. */
uint64_t rz_rows_bulk_stored(const rz_rows_bulk *bulk);
RZ_NODISCARD ruzu_status rz_rows_bulk_read(rz_rows_bulk *bulk, uint32_t column, uint64_t offset, rz_vec *out, uint32_t out_row, rz_error *err);
/* log NULL: not logged. Frees bulk, also on failure. */
RZ_NODISCARD ruzu_status rz_rows_bulk_finish(rz_rows_bulk *bulk, rz_bulk_log *log, rz_error *err);
/* The rows that a description names, [*out_first, *out_end). */
RZ_NODISCARD ruzu_status rz_rows_bulk_replay(rz_rows *rows, rz_writer *writer, rz_reader *redo, uint64_t *out_first,
                                             uint64_t *out_end, rz_error *err);
void rz_rows_bulk_abort(rz_rows_bulk *bulk);

/* ---- reading (rows_read.c) ---- */

/* Committed rows that are not deleted; distinct values of a column (0: unknown); memory held for changes. Approximate, without a reader. */
uint64_t rz_rows_live_count(const rz_rows *rows);
void rz_rows_column_stats(const rz_rows *rows, uint32_t col_idx, rz_column_stats *out); /* see table.h */
uint64_t rz_rows_distinct(const rz_rows *rows, uint32_t column);
uint64_t rz_rows_memory_bytes(rz_rows *rows);

struct rz_rows_reader {
    rz_rows *rows;
    rz_rows_version *version; /* pinned */
    rz_mem *mem;
    rz_snapshot snapshot;
    uint64_t end;             /* visible rows are below */
    bool any_deletes;
    uint32_t column_count;    /* when it was made */
    uint32_t *positions;      /* owned; of the columns that the snapshot sees; NULL: the numbers are the positions */
    rz_col_reader **columns;  /* owned; by position, created on first use */
    uint32_t *scratch;        /* owned: three arrays of RZ_VECTOR_CAPACITY for gathering */
    uint32_t *group_starts;   /* owned */
    uint32_t group_starts_count; /* at least group_count + 1 when made */
};

/* What the snapshot sees. INTERNAL when versions that old are gone. */
RZ_NODISCARD ruzu_status rz_rows_reader_init(rz_rows_reader *reader, rz_rows *rows, const rz_snapshot *snapshot, rz_mem *mem, rz_error *err);
/* Everything that exists, as the one writer sees it. */
RZ_NODISCARD ruzu_status rz_rows_reader_init_newest(rz_rows_reader *reader, rz_rows *rows, rz_mem *mem, rz_error *err);
void rz_rows_reader_deinit(rz_rows_reader *reader);
void rz_rows_reader_release(rz_rows_reader *reader);
/* Gives version and page pins back, keeps the buffers. Until it is resumed only deinit may follow; then the table need not exist any more. */
void rz_rows_reader_suspend(rz_rows_reader *reader);
/* As init, for another snapshot of the same table. On failure only suspend and deinit may follow. */
RZ_NODISCARD ruzu_status rz_rows_reader_resume(rz_rows_reader *reader, const rz_snapshot *snapshot, rz_error *err);
/* First offset that the snapshot does not see, by (2). */
uint64_t rz_rows_visible_end(const rz_rows_version *version, uint64_t end, const rz_snapshot *snapshot);
uint64_t rz_rows_visible_count(const rz_rows_reader *reader);
bool rz_rows_visible_range(const rz_rows_reader *reader, uint64_t first, uint32_t count, uint32_t *rows, uint32_t *out_count);
static inline bool rz_rows_is_visible(const rz_rows_reader *reader, uint64_t offset)
{
    if (offset >= reader->end) {
        return false;
    }
    return !reader->any_deletes || rz_stamps_alive(reader->version->groups[offset / RZ_ROW_GROUP_ROWS].stamps,
                                                   (uint32_t)(offset % RZ_ROW_GROUP_ROWS), &reader->snapshot);
}
/* Position of the idx-th column that the reader's snapshot sees. What follows takes positions. */
static inline uint32_t rz_rows_reader_position(const rz_rows_reader *reader, uint32_t idx)
{
    return reader->positions == NULL ? idx : reader->positions[idx];
}
/* The vector is reset first. */
RZ_NODISCARD ruzu_status rz_rows_read(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, rz_vec *out, rz_error *err);
/* rz_ntab_text_bytes */
RZ_NODISCARD ruzu_status rz_rows_text_bytes(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, uint64_t *io_bytes, rz_error *err);
RZ_NODISCARD ruzu_status rz_rows_gather(rz_rows_reader *reader, uint32_t column, const rz_id *ids, const rz_sel *sel, rz_vec *out, rz_error *err);
bool rz_rows_zone(const rz_rows_reader *reader, uint32_t column, uint64_t first, rz_zone *out);
/* rz_ntab_read_entries */
RZ_NODISCARD ruzu_status rz_rows_read_entries(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, rz_vec *entries, uint32_t *codes,
                                              bool *out_done, rz_error *err);
/* rz_ntab_sum */
RZ_NODISCARD ruzu_status rz_rows_sum(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, const uint64_t *bits, rz_col_total *io, bool *out_done,
                                     rz_error *err);
/* rz_ntab_filter */
RZ_NODISCARD ruzu_status rz_rows_filter(rz_rows_reader *reader, uint32_t column, uint64_t first, uint32_t count, const rz_col_range *range, uint64_t *bits,
                                        bool *out_done, rz_error *err);

/* ---- checkpoint (rows_fold.c) ---- */

typedef struct rz_rows_fold {
    rz_rows *rows;
    rz_snapshot snapshot;
    rz_rows_version *base;    /* pinned */
    rz_rows_version *durable; /* owned until published */
    uint32_t column_count;    /* when it began */
    uint64_t row_end;         /* rows the directory will have */
    uint64_t newest_stamp;    /* of those */
    bool whole;               /* columns with overlays are written anew */
} rz_rows_fold;

/* Writes what was committed up to timestamp (not below that of the fold before) and is not on pages yet; nothing is published. On failure fold is
 * empty. whole: no column has an overlay afterwards. */
RZ_NODISCARD ruzu_status rz_rows_fold_prepare(rz_rows *rows, uint64_t timestamp, bool whole, rz_rows_fold *fold, rz_error *err);
void rz_rows_fold_encode(const rz_rows_fold *fold, rz_str *out);
/* What the column's position will be when the directory is read. */
uint32_t rz_rows_fold_position(const rz_rows_fold *fold, uint32_t column);
void rz_rows_fold_publish(rz_rows_fold *fold); /* cannot fail; fold is empty afterwards */
void rz_rows_fold_abort(rz_rows_fold *fold);   /* an empty one is fine */
/* Fills an empty store from directory bytes; claims the ranges. */
RZ_NODISCARD ruzu_status rz_rows_decode(rz_rows *rows, rz_reader *reader, rz_error *err);
/* Snapshots older than oldest_timestamp take no more readers: stamps that all others see and updates that nobody needs are dropped. */
void rz_rows_trim(rz_rows *rows, uint64_t oldest_timestamp);
/* A durable header names the newest directory. */
void rz_rows_saved(rz_rows *rows);
/* Whether some column of the newest directory has an overlay. */
bool rz_rows_layered(rz_rows *rows);
/* Whether anything was committed that the newest directory does not say. */
bool rz_rows_changed(const rz_rows *rows);

#endif
