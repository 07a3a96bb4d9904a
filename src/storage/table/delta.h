/* SPDX-License-Identifier: MIT */
/*
 * Adjacency changes in memory: per bound node and direction, the relationships inserted and those deleted since the last checkpoint.
 *
 *   rz_delta ── sides[direction] ── marks: a bitmap per CSR group, "this node has changes"     (what the fast path looks at)
 *                                └─ table: bound node ► rz_delta_node ► entries  (neighbour, rel offset), in the order of insertion
 *                                                                    └► removals (neighbour, rel offset, when), in the order of deletion
 *
 * Who sees an entry is decided by the relationship's row: rel offsets rise along the entries, and a snapshot sees a prefix of rel offsets (rows.h, (2)). Who sees a
 * removal is decided by its own stamp, shared by what was deleted together; stamps rise along the removals, too. So what a snapshot sees of either is found by
 * halving, and the length of a list is a subtraction: each removal that counts takes away one relationship that the snapshot would see otherwise, on pages or
 * among the entries.
 *
 * A relationship in the place of a deleted one (rows.h, (7)) has a rel offset that does not rise: it stands among the removals, with a stamp and a flag
 * that says that it is there from then on.
 *
 * One thread writes, under the table's write lock; readers take no lock. Grown arrays are left in the arena for readers that are still in them. Rollback
 * takes entries and removals off the end; what is written there later no older reader sees, so it does not matter to it which of the two it meets.
 */
#ifndef RZ_STORAGE_TABLE_DELTA_H
#define RZ_STORAGE_TABLE_DELTA_H

#include "storage/table/table.h"

typedef struct rz_delta_entry {
    _Atomic uint64_t neighbour;
    _Atomic uint64_t rel;
} rz_delta_entry;

/* Relationships deleted together. Outlives its transaction in every delta that names it. */
typedef struct rz_delta_stamp {
    rz_mem *mem;
    _Atomic uint32_t refs;
    uint64_t sequence;      /* rises: a reader of the same transaction that was made before does not see it */
    _Atomic uint64_t stamp; /* of the transaction, then of its commit; RZ_STAMP_NEVER once rolled back */
    uint64_t seen;          /* writer only: number of the delta that was the last to keep it */
} rz_delta_stamp;

#define RZ_DELTA_REVIVED (UINT64_C(1) << 62) /* in rel offsets of removals: the place has this relationship now */

typedef struct rz_delta_removal {
    _Atomic uint64_t neighbour;
    _Atomic uint64_t rel; /* with RZ_DELTA_REVIVED */
    _Atomic(rz_delta_stamp *) when; /* kept by the delta */
} rz_delta_removal;

typedef struct rz_delta_node rz_delta_node;
typedef struct rz_delta_group rz_delta_group;
struct rz_delta_node {
    uint64_t bound;
    rz_delta_node *next;              /* the node added before it */
    rz_delta_node *group_next;        /* the same among those of its group */
    rz_delta_group *group;            /* writer only */
    uint32_t capacity;                /* writer only */
    uint32_t removal_capacity;        /* writer only */
    _Atomic uint32_t count;           /* release after the entry is written */
    _Atomic uint32_t removal_count;   /* the same */
    _Atomic bool revived;             /* some removal is none; set before it counts */
    _Atomic(rz_delta_entry *) entries;
    _Atomic(rz_delta_removal *) removals;
};

typedef struct rz_delta_table {
    uint32_t bits;
    _Atomic(rz_delta_node *) slots[];
} rz_delta_table;

/*
 * The changes of a CSR group's lists in order, for those who read many of them: made by a reader (delta_image.c), shared by all who see the same. It holds for a view
 * that sees all of them, as long as nothing else was changed in the group. Immutable, counted.
 */
typedef struct rz_delta_image {
    _Atomic uint32_t refs;
    rz_mem *mem;
    size_t bytes;
    uint64_t changes;                  /* of the group when it was made */
    uint64_t min_rel, max_rel;         /* of the entries; UINT64_MAX and 0: none */
    const rz_delta_stamp *oldest, *newest; /* of the removals; NULL: none. The delta keeps them */
    uint32_t node_count;               /* nodes with changes, in order */
    uint64_t bits[RZ_CSR_GROUP_NODES / 64 + 1];   /* which these are; one word more, so that the group's end has a rank, too */
    uint16_t before[RZ_CSR_GROUP_NODES / 64 + 1]; /* how many are before each word's */
    uint64_t *neighbours;              /* by change, as in rz_delta_changes: all nodes' one behind the other */
    uint64_t *rels;
    uint32_t *starts;                  /* by node with changes: its first one; one more says where the last one's end */
    int32_t *lengthens;                /* by node with changes: what they add to the length of its list */
    uint16_t *nodes;                   /* by node with changes: its number in the group */
    uint16_t *owners;                  /* by change: the same */
} rz_delta_image;

/* What a CSR group's nodes have in common. */
struct rz_delta_group {
    _Atomic uint64_t bits[RZ_CSR_GROUP_NODES / 64]; /* marks: the node has changes */
    _Atomic(rz_delta_node *) newest;
    _Atomic uint32_t node_count;
    _Atomic uint64_t changes;          /* made, those by rollbacks too */
    _Atomic(rz_delta_image *) image;   /* counted; read and replaced under image_lock, but for a look whether there is one */
    _Atomic bool imaging;              /* somebody is making one */
    _Atomic uint32_t images;           /* times that one was begun */
    _Atomic uint64_t looked_up;        /* nodes looked at one by one since then */
};

typedef struct rz_delta_marks {
    uint64_t group_count;
    _Atomic(rz_delta_group *) groups[]; /* NULL: no changes */
} rz_delta_marks;

typedef struct rz_delta_side {
    _Atomic(rz_delta_marks *) marks;
    _Atomic(rz_delta_table *) table;
    _Atomic(rz_delta_node *) newest; /* list of all nodes */
    _Atomic uint32_t node_count;
} rz_delta_side;

typedef struct rz_delta_stamps rz_delta_stamps; /* those that a delta keeps */
struct rz_delta_stamps {
    rz_delta_stamps *next;
    rz_delta_stamp *stamp; /* counted */
};

typedef struct rz_delta {
    rz_mem *mem;
    _Atomic uint32_t refs;
    _Atomic uint64_t edges;    /* inserted and not rolled back */
    _Atomic uint64_t removals; /* the same */
    rz_arena arena;            /* writer only */
    rz_delta_stamps *stamps;   /* writer only; arena */
    uint64_t number;           /* writer only: unlike those of other deltas with the same stamps */
    uint64_t copies;           /* writer only: attempts */
    rz_mutex image_lock;       /* last of all locks */
    rz_delta_side sides[2];
} rz_delta;

/* What counts for somebody: a reader, or a fold. */
typedef struct rz_delta_view {
    uint64_t first_rel;    /* entries from here … */
    uint64_t end_rel;      /* … to here */
    uint64_t folded_time;  /* removals up to here are on pages */
    uint64_t sequence_end; /* uncommitted removals from here on do not count */
    rz_snapshot snapshot;
} rz_delta_view;

rz_delta *rz_delta_create(rz_mem *mem); /* NULL when memory is refused */
void rz_delta_acquire(rz_delta *delta);
void rz_delta_release(rz_delta *delta); /* NULL is fine */

/* Appends an entry to bound's list. False: memory refused. */
RZ_NODISCARD bool rz_delta_add(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t neighbour, uint64_t rel);
/* Takes the newest entry of bound's list off when it is rel. */
void rz_delta_pop(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t rel);
/* The stamp of a deletion, with one reference. NULL when memory is refused. */
rz_delta_stamp *rz_delta_stamp_create(rz_mem *mem, uint64_t sequence, uint64_t stamp);
void rz_delta_stamp_release(rz_delta_stamp *stamp); /* NULL is fine */
/* Appends a removal to bound's list, or with RZ_DELTA_REVIVED in rel a relationship in a place that was used before. False: memory refused. */
RZ_NODISCARD bool rz_delta_remove(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t neighbour, uint64_t rel, rz_delta_stamp *when);
/* Takes the newest removal of bound's list off when it is that one. */
void rz_delta_unremove(rz_delta *delta, rz_direction direction, uint64_t bound, uint64_t rel, const rz_delta_stamp *when);
/* A copy of what counts for the view. NULL when memory is refused. */
rz_delta *rz_delta_copy_view(rz_delta *delta, const rz_delta_view *view);
/* The same of the entries with rel offsets from first_rel on and of the removals that are newer than folded_time, or uncommitted. */
rz_delta *rz_delta_copy_from(rz_delta *delta, uint64_t first_rel, uint64_t folded_time);

/* bound's node, or NULL. */
const rz_delta_node *rz_delta_find(const rz_delta_side *side, uint64_t bound);

/* Brings what rz_delta_find and the functions below will look at nearer, a step at a time: 0 the place in the table, 1 the node, 2 its changes. Each step wants the one
 * before it to have arrived. */
void rz_delta_prefetch(const rz_delta_side *side, uint64_t bound, uint32_t step);

/* True when the node may have changes: a load or two. */
static inline bool rz_delta_marked(const rz_delta_side *side, uint64_t bound)
{
    const rz_delta_marks *marks = atomic_load_explicit(&side->marks, memory_order_acquire);
    uint64_t group = bound / RZ_CSR_GROUP_NODES;
    if (marks == NULL || group >= marks->group_count) {
        return false;
    }
    const rz_delta_group *changed = atomic_load_explicit(&marks->groups[group], memory_order_acquire);
    uint64_t local = bound % RZ_CSR_GROUP_NODES;
    return changed != NULL && (atomic_load_explicit(&changed->bits[local / 64], memory_order_relaxed) >> (local % 64) & 1) != 0;
}

/* The group's changes, or NULL when it has none. */
static inline rz_delta_group *rz_delta_group_of(const rz_delta_side *side, uint64_t group_idx)
{
    const rz_delta_marks *marks = atomic_load_explicit(&side->marks, memory_order_acquire);
    return marks == NULL || group_idx >= marks->group_count ? NULL : atomic_load_explicit(&marks->groups[group_idx], memory_order_acquire);
}

/* The entries that count: *out_first and how many. node may be NULL. */
uint32_t rz_delta_inserted(const rz_delta_node *node, const rz_delta_view *view, const rz_delta_entry **out_first);
/* The removals that count. */
uint32_t rz_delta_removed(const rz_delta_node *node, const rz_delta_view *view, const rz_delta_removal **out_first);
/* How many of them are relationships in places used before. */
uint32_t rz_delta_revived(const rz_delta_node *node, const rz_delta_removal *removals, uint32_t count);
/* Whether anything counts at all; a quick answer, which may be a wrong yes. */
bool rz_delta_any(const rz_delta *delta, const rz_delta_view *view);

#define RZ_DELTA_REMOVED (UINT64_C(1) << 63) /* in rel offsets of changes: a removal from what is on pages */

/* A node's changes that count, sorted by (neighbour, rel offset); entries that are removed again are left out. */
typedef struct rz_delta_changes {
    uint32_t count;
    uint32_t capacity;
    uint64_t *neighbours; /* owned; all arrays are one allocation */
    uint64_t *rels;       /* with RZ_DELTA_REMOVED */
    uint64_t *scratch[2];
    uint32_t *order;
} rz_delta_changes;

/* Replaces what is there. False: memory refused. */
RZ_NODISCARD bool rz_delta_load(rz_delta_changes *changes, rz_mem *mem, const rz_delta_node *node, const rz_delta_view *view);
/* Room for `count` changes; what was there is lost. False: memory refused. */
RZ_NODISCARD bool rz_delta_changes_reserve(rz_delta_changes *changes, rz_mem *mem, uint64_t count);
void rz_delta_changes_free(rz_delta_changes *changes, rz_mem *mem);

/* ---- images of groups (delta_image.c) ---- */

/* The image that holds for the view, counted; NULL when there is none. Any thread. */
rz_delta_image *rz_delta_image_get(rz_delta *delta, rz_delta_group *group, const rz_delta_view *view);
/* Makes one, for this view and whoever sees the same, and returns it counted; NULL when the view does not see all of the changes, when something is changed or
 * another thread makes one meanwhile, or memory is refused. Any thread. `scratch` and `mem`: as for rz_delta_load. */
rz_delta_image *rz_delta_image_make(rz_delta *delta, rz_delta_group *group, const rz_delta_view *view, rz_delta_changes *scratch, rz_mem *mem);
void rz_delta_image_release(rz_delta_image *image); /* NULL is fine */

/* How many nodes with changes are before node `local` of the group, which may be the one behind the last. */
static inline uint32_t rz_delta_image_rank(const rz_delta_image *image, uint32_t local)
{
    return image->before[local / 64] + rz_popcount64(image->bits[local / 64] & ((UINT64_C(1) << (local % 64)) - 1));
}

static inline bool rz_delta_image_has(const rz_delta_image *image, uint32_t local)
{
    return (image->bits[local / 64] >> (local % 64) & 1) != 0;
}

/* Whether the removal is one that the view's snapshot sees and that is not on pages yet. */
bool rz_delta_removal_counts(const rz_delta_stamp *when, const rz_delta_view *view);

#endif
