/* SPDX-License-Identifier: MIT */
/*
 * The topology of a relationship table: CSR groups on pages in both directions, versions of them, and the changes in memory.
 *
 *   rz_csr ── head ──► rz_csr_version ──older──► rz_csr_version …       newest first; a reader takes the first whose stamp it sees
 *                        ├─ sides[direction].groups[bound / RZ_CSR_GROUP_NODES]
 *                        └─ delta (shared by neighbours in the chain when it could not be replaced)
 *
 * Invariants
 *   (1) A version's groups hold the relationships with rel offsets below folded_end and those of bulk loads committed with it or before, but for those
 *       deleted up to folded_time; the others that a snapshot sees are in its delta, with rel offsets in [folded_end, the reader's visible end). Later
 *       deletions are in its delta too.
 *   (2) Stamps fall along the chain. Versions of open transactions come first, so a checkpoint publishes below them.
 *   (3) A group's lists are sorted by (neighbour, rel offset); groups are immutable and counted.
 *   (4) The version that the newest directory describes is held by `durable`.
 *   (5) A group may have an *overlay*: what checkpoints have inserted into it and removed from it since it was written (csr_overlay.c). What it removes is in
 *       the group, what it inserts is not; readers see the lists merged. Both are immutable; versions that differ in the overlay only share the group.
 *
 * Locks, in this order: fold_lock (whoever builds a version, from beginning to end: a bulk load's finish or a checkpoint), write_lock (delta, chain), pin_lock
 * (head and the chain's links, for an instant).
 */
#ifndef RZ_STORAGE_TABLE_CSR_H
#define RZ_STORAGE_TABLE_CSR_H

#include "os/os.h"
#include "storage/buffer/buffer.h"
#include "storage/table/delta.h"
#include "storage/table/sorter.h"
#include "storage/table/table.h"

enum { RZ_CSR_STARTS = 0, RZ_CSR_NEIGHBOURS = 1, RZ_CSR_RELS = 2 };

/* Lists of RZ_CSR_GROUP_NODES consecutive bound nodes; or an overlay, the changes of them. */
typedef struct rz_csr_group {
    _Atomic uint32_t refs;
    uint32_t nodes;       /* lists: nodes beyond have none (or no changes); 1 … RZ_CSR_GROUP_NODES */
    uint32_t bound_nodes; /* lists that are not empty; of an overlay: of the merged lists, as the next one and edges */
    uint32_t max_degree;
    bool held;            /* fold_lock: rz_disk_hold was called: no directory names it */
    bool implicit_rels;   /* rel offset = arrays[RZ_CSR_RELS].base + position; nothing is stored */
    bool removals;        /* overlay: two starts a node, of what is inserted and of what is removed; else one */
    uint64_t edges;
    uint64_t entries;     /* overlay: inserted and removed; else 0 */
    uint64_t written;     /* overlay: pages of all overlays since the group was written, this one's included */
    rz_parray arrays[3];  /* starts (nodes + 1; of an overlay with removals 2 × nodes + 1), neighbours, rel offsets */
    rz_extents extents;
} rz_csr_group;

typedef struct rz_csr_side {
    uint32_t group_count;
    rz_csr_group **groups;   /* owned array, counted groups; NULL: no relationship */
    rz_csr_group **overlays; /* owned array, as long, counted; NULL: the group is all there is */
    uint64_t edges;
    uint64_t bound_nodes;
    uint64_t max_degree;
    uint64_t page_count;
} rz_csr_side;

typedef struct rz_csr_version rz_csr_version;
struct rz_csr_version {
    _Atomic uint32_t refs;
    _Atomic uint64_t stamp;  /* who sees it; release when its transaction commits */
    uint64_t folded_end;
    uint64_t folded_time;
    rz_csr_version *older;   /* counted; pin_lock */
    rz_delta *delta;         /* counted; replaced under fold_lock, write_lock and pin_lock (csr_shed.c), the same but for what was not committed */
    rz_csr_side sides[2];
};

typedef struct rz_csr {
    rz_table_env env;
    const char *what[2];       /* borrowed: "relationship table T, forward adjacency" */
    rz_mutex fold_lock;
    rz_mutex write_lock;
    rz_mutex pin_lock;
    rz_csr_version *head;      /* pin_lock */
    rz_csr_version *durable;   /* fold_lock; NULL: none */
    _Atomic uint64_t sequence; /* of deletions; written under write_lock */
    _Atomic uint64_t oldest_snapshot;
    bool keep_pages;
} rz_csr;

RZ_NODISCARD ruzu_status rz_csr_init(rz_csr *csr, const rz_table_env *env, const char *forward_text, const char *backward_text, rz_error *err);
void rz_csr_deinit(rz_csr *csr, bool give_back);

/* ---- versions (csr.c) ---- */

/* The newest version that the snapshot sees; NULL when versions that old are gone. */
rz_csr_version *rz_csr_pin(rz_csr *csr, const rz_snapshot *snapshot);
/* The same with its changes in memory, counted; for those who do not have fold_lock. */
rz_csr_version *rz_csr_pin_with(rz_csr *csr, const rz_snapshot *snapshot, rz_delta **out_delta);
void rz_csr_unpin(rz_csr *csr, rz_csr_version *version); /* NULL is fine */
/* An empty version. NULL when memory is refused. */
rz_csr_version *rz_csr_version_create(rz_csr *csr, uint64_t stamp, uint64_t folded_end, uint64_t folded_time, rz_delta *delta);
/* Whether some group has an overlay. */
bool rz_csr_side_overlaid(const rz_csr_side *side);
/* Sums over the groups. */
void rz_csr_side_sum(rz_csr_side *side);
/* Puts a finished version (its reference moves) into the chain, below those with greater stamps. Under write_lock. */
void rz_csr_publish(rz_csr *csr, rz_csr_version *version);
void rz_csr_unlink(rz_csr *csr, rz_csr_version *version); /* takes one out (rollback) */
/* Unlinks versions that no snapshot from oldest_snapshot on needs. */
void rz_csr_retire(rz_csr *csr);
/* Relationship rel from src to dst, in both directions. Under write_lock. */
RZ_NODISCARD ruzu_status rz_csr_insert(rz_csr *csr, uint64_t src, uint64_t dst, uint64_t rel, rz_error *err);
/* Takes the newest insert back (rollback). Under write_lock. */
void rz_csr_uninsert(rz_csr *csr, uint64_t src, uint64_t dst, uint64_t rel);
/* A stamp for deletions of a writer, with one reference; NULL when memory is refused. Under write_lock. */
rz_delta_stamp *rz_csr_begin_delete(rz_csr *csr, const rz_writer *writer);
/* Deletes a relationship that is there. Under write_lock. */
RZ_NODISCARD ruzu_status rz_csr_delete(rz_csr *csr, uint64_t src, uint64_t dst, uint64_t rel, rz_delta_stamp *when, rz_error *err);
/* Takes the newest deletion back. Under write_lock. */
void rz_csr_undelete(rz_csr *csr, uint64_t src, uint64_t dst, uint64_t rel, const rz_delta_stamp *when);

/* ---- groups (csr_group.c) ---- */

#define RZ_EDGE_BATCH 1024u

/* Edges in the order (bound, neighbour, rel). To a merge an edge with RZ_DELTA_REMOVED in rel says that the edge goes. */
typedef struct rz_edge_batch {
    uint32_t count;
    uint64_t bound[RZ_EDGE_BATCH];
    uint64_t neighbour[RZ_EDGE_BATCH];
    uint64_t rel[RZ_EDGE_BATCH];
} rz_edge_batch;

/* Fills the batch; count 0 at the end. */
typedef ruzu_status (*rz_edge_pull_fn)(void *user, rz_edge_batch *batch, rz_error *err);

typedef struct rz_csr_builder {
    rz_csr *csr;
    rz_parray_writer writer;
    rz_spool neighbours; /* uint64_t each */
    rz_spool rels;
    uint32_t *counts;    /* owned; RZ_CSR_GROUP_NODES: list lengths */
    uint64_t *starts;    /* owned; RZ_CSR_GROUP_NODES + 1 */
    uint32_t nodes;
    uint64_t edges;
    uint64_t min_neighbour, max_neighbour, min_rel, max_rel;
    bool implicit_rels;
} rz_csr_builder;

RZ_NODISCARD ruzu_status rz_csr_builder_init(rz_csr_builder *builder, rz_csr *csr, rz_error *err);
void rz_csr_builder_deinit(rz_csr_builder *builder);
/* The next edges of one group, in order; locals: bound % RZ_CSR_GROUP_NODES. */
RZ_NODISCARD ruzu_status rz_csr_builder_add(rz_csr_builder *builder, const uint64_t *bounds, const uint64_t *neighbours, const uint64_t *rels,
                                            uint32_t count, rz_error *err);
/* Writes the group and starts over; NULL in *out when nothing was added. */
RZ_NODISCARD ruzu_status rz_csr_builder_finish(rz_csr_builder *builder, rz_csr_group **out, rz_error *err);
void rz_csr_group_release(rz_csr *csr, rz_csr_group *group); /* NULL is fine */
void rz_csr_group_encode(const rz_csr_group *group, rz_str *out);
/* logged: the bytes are from a log, not from a directory. */
RZ_NODISCARD ruzu_status rz_csr_group_decode(rz_csr *csr, rz_reader *reader, uint32_t direction, uint64_t rel_end, bool logged,
                                             rz_csr_group **out, rz_error *err);

/* ---- overlays (csr_overlay.c) ---- */

/* Changes of a group's lists in memory, in the order of edges; RZ_DELTA_REMOVED in rel. */
typedef struct rz_csr_changes {
    rz_mem *mem;
    uint64_t count, capacity;
    uint64_t *bounds; /* owned; all three are one allocation */
    uint64_t *neighbours;
    uint64_t *rels;
} rz_csr_changes;

void rz_csr_changes_deinit(rz_csr_changes *changes); /* memory only; empty afterwards */
/* Room for `count` changes; what is there stays. False: memory refused. */
RZ_NODISCARD bool rz_csr_changes_reserve(rz_csr_changes *changes, uint64_t count);
/* Changes `first`, then `second`: what the latter takes back is left out. */
RZ_NODISCARD ruzu_status rz_csr_changes_merge(const rz_csr_changes *first, const rz_csr_changes *second, rz_csr_changes *out, rz_error *err);
/* All changes of an overlay. */
RZ_NODISCARD ruzu_status rz_csr_overlay_load(rz_csr *csr, uint32_t direction, const rz_csr_group *overlay, uint64_t group_idx, rz_csr_changes *out,
                                             rz_error *err);
/* At most so many changes can be an overlay of the group: more are not worth collecting. */
uint64_t rz_csr_overlay_most(const rz_csr_group *group, uint64_t group_idx);
/* Writes the overlay with all `changes` of the group, whose starts are given; `old` is the one that it replaces (NULL: none). NULL in *out when the group
 * had better be written anew. */
RZ_NODISCARD ruzu_status rz_csr_overlay_write(const rz_csr_group *group, uint64_t group_idx, const uint64_t *starts, const rz_csr_group *old,
                                              const rz_csr_changes *changes, rz_mem *mem, rz_parray_writer *writer, rz_csr_group **out,
                                              rz_error *err);
void rz_csr_overlay_encode(const rz_csr_group *overlay, rz_str *out);
RZ_NODISCARD ruzu_status rz_csr_overlay_decode(rz_csr *csr, rz_reader *reader, uint32_t direction, uint64_t rel_end, rz_csr_group **out, rz_error *err);

/* ---- reading in order (csr_group.c) ---- */

/* Reads a group's edges in order, an overlay's changes merged in. */
typedef struct rz_csr_cursor {
    rz_csr *csr;
    const rz_csr_group *group; /* borrowed; NULL: at its end */
    const rz_csr_group *overlay; /* borrowed; NULL: none */
    rz_csr_changes changes;    /* the overlay's */
    uint64_t next_change;
    rz_edge_batch *base;       /* owned; made for the first overlay: edges of the group that are not given out yet */
    uint32_t base_at;
    uint64_t first_bound;      /* of the group */
    rz_window windows[3];
    uint64_t *starts;          /* owned; RZ_CSR_GROUP_NODES + 1 */
    uint64_t position;         /* of the first edge behind the batch */
    uint32_t local;            /* list that `position` is in, or before */
    uint32_t direction;
} rz_csr_cursor;

RZ_NODISCARD ruzu_status rz_csr_cursor_init(rz_csr_cursor *cursor, rz_csr *csr, uint32_t direction, rz_error *err);
void rz_csr_cursor_deinit(rz_csr_cursor *cursor);
RZ_NODISCARD ruzu_status rz_csr_cursor_open(rz_csr_cursor *cursor, const rz_csr_group *group, const rz_csr_group *overlay, uint32_t group_idx,
                                            rz_error *err);
RZ_NODISCARD ruzu_status rz_csr_cursor_pull(rz_csr_cursor *cursor, rz_edge_batch *batch, rz_error *err);

/* ---- merging (csr_merge.c) ---- */

typedef enum rz_csr_merge_mode {
    RZ_CSR_MERGE_TOUCHED,  /* a group that is touched is written anew and has no overlay afterwards */
    RZ_CSR_MERGE_OVERLAYS, /* few changes of a group become an overlay of it */
    RZ_CSR_MERGE_WHOLE     /* no group has an overlay afterwards */
} rz_csr_merge_mode;

/* Groups of `base` with the edges that pull gives merged in: into `out` (counted groups; base's where nothing was added). On failure out is empty. */
RZ_NODISCARD ruzu_status rz_csr_merge(rz_csr *csr, uint32_t direction, const rz_csr_side *base, rz_csr_merge_mode mode, rz_edge_pull_fn pull, void *user,
                                      rz_csr_side *out, rz_error *err);
/* Makes the side's arrays at least `count` groups long. False: memory refused. */
RZ_NODISCARD bool rz_csr_side_reserve(rz_csr *csr, rz_csr_side *side, uint64_t count);
void rz_csr_side_release(rz_csr *csr, rz_csr_side *side);
/* The same for the changes of delta that count for the view (csr_fold.c). */
RZ_NODISCARD ruzu_status rz_csr_merge_delta(rz_csr *csr, uint32_t direction, const rz_csr_side *base, rz_csr_merge_mode mode, const rz_delta *delta,
                                            const rz_delta_view *view, rz_csr_side *out, rz_error *err);

/* ---- large transactions (csr_shed.c) ---- */

/* Relationships of the open transaction that nobody has looked at yet: not in memory, not in groups. Their rel offsets are first_rel, first_rel + 1 … */
typedef struct rz_csr_waiting {
    rz_mem *mem;             /* NULL: there are none, and nothing to free */
    uint64_t first_rel;
    uint64_t count;
    rz_sorter sorters[2];    /* by direction */
    rz_sorted_batch *batch;  /* owned */
} rz_csr_waiting;

#define RZ_CSR_MOST_WAITING UINT32_MAX

RZ_NODISCARD ruzu_status rz_csr_waiting_init(rz_csr_waiting *waiting, const rz_table_env *env, uint64_t first_rel, size_t budget, rz_error *err);
void rz_csr_waiting_deinit(rz_csr_waiting *waiting);
/* At most RZ_EDGE_BATCH, and RZ_CSR_MOST_WAITING together. */
RZ_NODISCARD ruzu_status rz_csr_waiting_add(rz_csr_waiting *waiting, const uint64_t *src, const uint64_t *dst, uint32_t count, rz_error *err);

/*
 * Makes the newest version's changes, and what waits (its sorters are used up, also by a failure), a version of groups that the writer sees; *io_version, the one it
 * made so before or NULL, is replaced. Rel offsets below committed_end are committed, those below rel_end exist. Under fold_lock.
 */
RZ_NODISCARD ruzu_status rz_csr_shed(rz_csr *csr, const rz_snapshot *writer, uint64_t committed_end, uint64_t rel_end, rz_csr_waiting *waiting,
                                     rz_csr_version **io_version, rz_error *err);
void rz_csr_shed_commit(rz_csr *csr, rz_csr_version *version, uint64_t commit_timestamp);
void rz_csr_shed_rollback(rz_csr *csr, rz_csr_version *version); /* cannot fail */

/* ---- loads in the log (csr_log.c) ---- */

/* The groups of `fresh` that `base` has not. */
RZ_NODISCARD ruzu_status rz_csr_load_describe(rz_csr *csr, const rz_csr_version *base, const rz_csr_version *fresh, rz_bulk_log *log,
                                              rz_error *err);
/* What a load of relationships [first_rel, end_rel) made of its base, made of `base`: into fresh->sides. CORRUPT when the description does not say that. */
RZ_NODISCARD ruzu_status rz_csr_load_replay(rz_csr *csr, const rz_csr_version *base, uint64_t first_rel, uint64_t end_rel, rz_reader *redo,
                                            rz_csr_version *fresh, rz_error *err);

/* ---- checkpoint (csr_fold.c) ---- */

typedef struct rz_csr_fold {
    rz_csr *csr;
    rz_csr_version *base;  /* pinned */
    rz_csr_version *fresh; /* owned; base with a reference when nothing has changed */
} rz_csr_fold;

/* Folds the relationships below rel_end, the newest of which has newest_stamp, and what was deleted up to timestamp; with `whole` all overlays, too; see table.h.
 * Holds fold_lock until published or aborted. */
RZ_NODISCARD ruzu_status rz_csr_fold_prepare(rz_csr *csr, uint64_t timestamp, uint64_t rel_end, uint64_t newest_stamp, bool whole, rz_csr_fold *fold,
                                             rz_error *err);
void rz_csr_fold_encode(const rz_csr_fold *fold, rz_str *out);
void rz_csr_fold_publish(rz_csr_fold *fold); /* cannot fail */
void rz_csr_fold_abort(rz_csr_fold *fold);   /* an empty one is fine */
RZ_NODISCARD ruzu_status rz_csr_decode(rz_csr *csr, rz_reader *reader, uint64_t rel_end, rz_error *err);

/* ---- reading (csr_reader.c, csr_lookup.c, csr_read.c, csr_changed.c) ---- */

#define RZ_CSR_KINDS 6u            /* the three arrays of a group, then those of its overlay */
#define RZ_CSR_FIRST_WINDOWS 4u    /* per kind of array, to begin with */
#define RZ_CSR_MOST_WINDOWS 1024u
#define RZ_CSR_MERGED 4u
#define RZ_CSR_COPY 4u             /* entries of a short list that are copied whether they are there or not */

/* The visible changes of one node, sorted, with their places in the base list and in the merged one. Behind the last change both say where the lists end. */
typedef struct rz_csr_merged {
    bool used;
    uint64_t bound;
    rz_delta_changes changes; /* owned */
    uint32_t capacity;        /* of places */
    uint64_t *places;         /* owned, with `at`: base entries before it */
    uint64_t *at;             /* entries of the merged list before it */
} rz_csr_merged;

/* An image that holds for a reader, which sees the same as long as it lives. */
typedef struct rz_csr_kept_image {
    uint64_t group_idx;
    rz_delta_image *image; /* counted; NULL: none */
} rz_csr_kept_image;

typedef struct rz_csr_side_reader {
    const rz_csr_side *side;
    const rz_delta_side *changes; /* NULL: none */
    rz_window_source source;
    /* The group looked at last. */
    uint64_t group_idx;           /* UINT64_MAX: none */
    const rz_csr_group *group;    /* NULL: it has no relationship */
    const uint8_t *starts;        /* its packed starts, covered by a window */
    uint32_t starts_width;
    uint32_t overlay_width;       /* of its starts */
    const rz_csr_group *overlay;  /* of the group; NULL: none */
    const uint8_t *overlay_starts; /* covered by a window, too */
    const rz_delta_image *image;  /* of its changes in memory, one of `images`; NULL: none that holds */
    rz_delta_group *changed;      /* its changes in memory, looked up without an image; else NULL */
    rz_csr_kept_image *images;    /* owned unless `first_image`: image_slots of them, by group, direct-mapped */
    rz_csr_kept_image first_image;
    uint32_t image_slots;         /* a power of two */
    /* Nodes of the group that is to be entered that are about to be looked at, as far as is known: so many of `coming_span` from number coming_first on. */
    uint32_t coming, coming_first, coming_span;
    uint32_t slow_here;           /* nodes of `changed` that were looked at one by one since it was entered */
    uint32_t slow;                /* nodes with changes that were looked at one by one */
    uint64_t last_end;            /* position behind the last read in `group`, to tell sequential reads */
    /* Windows by group, direct-mapped; more of them when pins are made often, and whole groups where the whole side fits the budget. */
    rz_window *windows;           /* owned unless `first`: window_count for each kind of array */
    uint32_t window_count;        /* a power of two */
    uint32_t pins_made;           /* since the windows grew */
    uint32_t pins_narrow;         /* pins of no more than was needed, since the reader began */
    uint32_t budget_pages;        /* pinned at a time */
    uint32_t pinned_pages;
    bool pin_groups;
    rz_window first[RZ_CSR_KINDS * RZ_CSR_FIRST_WINDOWS];
    rz_csr_merged merged[RZ_CSR_MERGED];
    uint32_t next_merged;
    bool overlaid;                /* some group has an overlay */
    rz_delta_changes combined;    /* owned: for merging overlay and memory */
    uint64_t *scratch;            /* owned: lists on their way through a merge */
    uint64_t scratch_count;
    uint64_t buffer[RZ_VECTOR_CAPACITY + RZ_CSR_COPY];
} rz_csr_side_reader;

typedef struct rz_csr_reader {
    rz_csr *csr;
    rz_csr_version *version; /* pinned */
    rz_delta *delta;         /* counted: the version's when the reader was made */
    rz_mem *mem;
    rz_delta_view view;      /* what counts of the version's delta */
    rz_csr_side_reader sides[2];
} rz_csr_reader;

/* visible_end: rel offsets from there on are not seen. */
RZ_NODISCARD ruzu_status rz_csr_reader_init(rz_csr_reader *reader, rz_csr *csr, const rz_snapshot *snapshot, uint64_t visible_end, rz_mem *mem,
                                            rz_error *err);
void rz_csr_reader_deinit(rz_csr_reader *reader);
void rz_csr_reader_release(rz_csr_reader *reader);
/* Gives version and page pins back, keeps the buffers. Until it is resumed only deinit may follow; then the table need not exist any more. */
void rz_csr_reader_suspend(rz_csr_reader *reader);
RZ_NODISCARD ruzu_status rz_csr_reader_resume(rz_csr_reader *reader, const rz_snapshot *snapshot, uint64_t visible_end, rz_error *err);
RZ_NODISCARD ruzu_status rz_csr_lookup(rz_csr_reader *reader, rz_direction direction, const rz_id *ids, const rz_sel *sel, rz_slice *slices,
                                       rz_error *err);
RZ_NODISCARD ruzu_status rz_csr_read(rz_csr_reader *reader, rz_direction direction, const rz_slice *slice, uint32_t first, uint32_t count,
                                     uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base, uint64_t *rels, rz_error *err);
RZ_NODISCARD ruzu_status rz_csr_expand(rz_csr_reader *reader, rz_direction direction, const rz_slice *slices, const rz_sel *sel, uint32_t *io_at,
                                       uint32_t *io_entry, uint32_t capacity, uint64_t neighbour_base, uint64_t *neighbours, uint64_t rel_base,
                                       uint64_t *rels, uint32_t *parents, uint32_t *out_count, rz_error *err);
RZ_NODISCARD ruzu_status rz_csr_degrees(rz_csr_reader *reader, rz_direction direction, const rz_id *ids, const rz_sel *sel, uint64_t *degrees,
                                        rz_error *err);
RZ_NODISCARD ruzu_status rz_csr_degrees_range(rz_csr_reader *reader, rz_direction direction, uint64_t first, uint32_t count, uint64_t *out,
                                              rz_error *err);
RZ_NODISCARD ruzu_status rz_csr_stretch(rz_csr_reader *reader, rz_direction direction, uint64_t first, uint32_t count, uint64_t *starts, rz_slice *out,
                                        rz_adj_changes *changes, bool *out_whole, rz_error *err);
RZ_NODISCARD ruzu_status rz_csr_find(rz_csr_reader *reader, rz_direction direction, const rz_slice *slice, uint64_t neighbour, uint32_t *out_first,
                                     uint32_t *out_count, rz_error *err);

#endif
