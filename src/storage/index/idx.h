/* SPDX-License-Identifier: MIT */
/*
 * Inside of the index: tables, levels, versions.
 *
 *   rz_idx ── current ──► rz_idx_version { levels[0 … n), table, frozen }      levels: newest and smallest first
 *
 * A version is immutable except that the writer adds to its table. Versions, levels and tables are counted by reference; the counts are atomic,
 * the pointer `current` is replaced and read under idx->lock only.
 */
#ifndef RZ_STORAGE_INDEX_IDX_H
#define RZ_STORAGE_INDEX_IDX_H

#include "storage/index/index.h"

#include "os/os.h"

/* ---- tables (idx_table.c) ---- */

#define RZ_IDX_PARTS 256u /* by the upper 8 bits of the hash */

/*
 * One part: open addressing with linear probing over 2^bits slots; the home slot is given by the bits of the hash below the part's. A slot is 0 (free),
 * IDX_SLOT_DEAD, or (24 bits of the hash below the part's << 40 | offset + 1): enough to place it again in a larger part without the key.
 */
typedef struct rz_idx_part rz_idx_part;
struct rz_idx_part {
    rz_idx_part *retired;  /* the smaller one it replaced, kept for readers; NULL in a private table */
    uint32_t bits;
    uint32_t used;         /* slots that are not free; writer only */
    _Atomic uint64_t slots[];
};

struct rz_idx_table {
    rz_mem *mem;
    _Atomic uint32_t refs;
    bool shared;                     /* readers may be there: replaced parts are retired, not freed */
    _Atomic uint64_t count;          /* live entries */
    _Atomic uint64_t bytes;
    _Atomic(rz_idx_part *) parts[RZ_IDX_PARTS]; /* NULL: empty. release by the writer, acquire by readers */
};

void rz_idx_table_acquire(rz_idx_table *table);
void rz_idx_table_remove(rz_idx_table *table, uint64_t hash, uint64_t offset);
/* Copies the live entries of a part with offsets in [first, end) as slots with the 24 + 40 layout but the offset itself (not + 1), unsorted; room for
 * part_capacity of them. */
uint64_t rz_idx_table_part_capacity(const rz_idx_table *table, uint32_t part);
uint64_t rz_idx_table_copy_part(const rz_idx_table *table, uint32_t part, uint64_t first, uint64_t end, uint64_t *out);
/* Whether the table has an entry copied so. */
bool rz_idx_table_has_copied(const rz_idx_table *table, uint32_t part, uint64_t entry);
/* Inserts, or removes, an entry copied so. */
void rz_idx_table_remove_copied(rz_idx_table *table, uint32_t part, uint64_t entry);
RZ_NODISCARD ruzu_status rz_idx_table_insert_copied(rz_idx_table *table, uint32_t part, uint64_t entry, rz_error *err);

/* ---- levels (idx_level.c) ---- */

typedef struct rz_idx_level {
    _Atomic uint32_t refs;
    uint64_t count;
    uint64_t max_offset;
    uint64_t min_offset;
    uint64_t folded_below;   /* a fold's: entries with smaller offsets are in levels of the directory, too; else 0 */
    uint32_t bucket_bits;
    uint32_t offset_width;
    rz_parray arrays[2]; /* entries, starts of the buckets (2^bucket_bits + 1) */
    rz_extents extents;
} rz_idx_level;

/* Sorted entries (H ascending, then offset), in batches; *out_count 0 at the end. */
typedef struct rz_idx_entry {
    uint64_t offset;
    uint32_t hash; /* H */
} rz_idx_entry;
typedef ruzu_status (*rz_idx_pull_fn)(void *user, const rz_idx_entry **out_entries, uint32_t *out_count, rz_error *err);

typedef struct rz_idx_level_source {
    rz_idx_pull_fn pull;
    void *user;
    uint64_t count; /* exact */
    uint64_t min_offset, max_offset;
} rz_idx_level_source;

/* count >= 1. */
RZ_NODISCARD ruzu_status rz_idx_level_write(rz_idx *idx, const rz_idx_level_source *source, rz_idx_level **out, rz_error *err);
void rz_idx_level_release(rz_idx *idx, rz_idx_level *level); /* the last one gives the pages back, unless idx->keep_pages */
void rz_idx_level_encode(const rz_idx_level *level, rz_str *out);
/* logged: the bytes are from a log, not from a directory. */
RZ_NODISCARD ruzu_status rz_idx_level_decode(rz_idx *idx, rz_reader *reader, uint64_t row_end, bool logged, rz_idx_level **out, rz_error *err);

/* Iterates over a level's entries in order. */
typedef struct rz_idx_level_cursor rz_idx_level_cursor;
RZ_NODISCARD ruzu_status rz_idx_level_cursor_create(rz_idx *idx, const rz_idx_level *level, rz_idx_level_cursor **out, rz_error *err);
void rz_idx_level_cursor_free(rz_idx_level_cursor *cursor); /* NULL is fine */
RZ_NODISCARD ruzu_status rz_idx_level_cursor_pull(void *cursor, const rz_idx_entry **out_entries, uint32_t *out_count, rz_error *err);

static inline rz_idx_level_source rz_idx_level_cursor_source(rz_idx_level_cursor *cursor, const rz_idx_level *level)
{
    return (rz_idx_level_source){.pull = rz_idx_level_cursor_pull, .user = cursor, .count = level->count, .min_offset = level->min_offset,
                                 .max_offset = level->max_offset};
}

/* ---- versions (idx.c) ---- */

typedef struct rz_idx_version {
    _Atomic uint32_t refs;
    uint32_t level_count;
    rz_idx_level *levels[RZ_IDX_MAX_LEVELS]; /* each with a reference */
    rz_idx_table *table;                     /* with a reference */
    rz_idx_table *frozen;                    /* with a reference: what a fold is writing, or failed to; nobody changes it. NULL: none */
} rz_idx_version;

#define RZ_IDX_OWN_LEVELS 8u /* of an open transaction; then they are merged */

struct rz_idx {
    rz_mem *mem;
    rz_disk *disk;
    rz_pool *pool;
    const char *what; /* owned copy */
    size_t what_size;
    rz_mutex lock;
    rz_idx_version *current; /* guarded by lock; with a reference */
    bool keep_pages;         /* set while destroying: levels leave their pages alone */
    /* The open transaction's, by its thread only: what it shed for itself (idx_shed.c). */
    rz_idx_level *own[RZ_IDX_OWN_LEVELS]; /* with a reference each */
    uint32_t own_count;
    rz_idx_version *spare;   /* owned: what rollback publishes */
};

/* Entries of a table in order (idx_source.c): those with offsets in [first, end). */
typedef struct rz_idx_table_source {
    rz_mem *mem;
    const rz_idx_table *table;
    uint64_t first, end;
    uint32_t part;      /* the next one to sort */
    uint64_t *keys;     /* owned: the sorted part, and scratch behind it */
    uint64_t capacity;  /* of each half */
    uint64_t count, at; /* of keys */
    uint32_t offset_width;
    rz_idx_entry *entries; /* owned: the batch */
} rz_idx_table_source;
/* Counts the entries: out->count (0: nothing to write), min_offset, max_offset; out->pull and user are set to read them. */
RZ_NODISCARD ruzu_status rz_idx_table_source_init(rz_idx_table_source *source, rz_mem *mem, const rz_idx_table *table, uint64_t first, uint64_t end,
                                                  rz_idx_level_source *out, rz_error *err);
void rz_idx_table_source_deinit(rz_idx_table_source *source);

/* Several sources merged. */
typedef struct rz_idx_merge_source {
    uint32_t count;
    rz_idx_level_source inputs[2 * RZ_IDX_MAX_LEVELS + 1];
    const rz_idx_entry *batch[2 * RZ_IDX_MAX_LEVELS + 1];
    uint32_t left[2 * RZ_IDX_MAX_LEVELS + 1]; /* of the batch */
    bool ended[2 * RZ_IDX_MAX_LEVELS + 1];
    rz_mem *mem;
    rz_idx_entry *entries; /* owned: the batch given out */
} rz_idx_merge_source;
RZ_NODISCARD ruzu_status rz_idx_merge_source_init(rz_idx_merge_source *merge, rz_mem *mem, rz_idx_level_source *out, rz_error *err);
void rz_idx_merge_source_deinit(rz_idx_merge_source *merge);

/* Entries of a level with offsets in [first, end), but for those of rows that are gone (idx_source.c). */
typedef struct rz_idx_part_source {
    rz_idx_level_cursor *cursor; /* owned */
    rz_mem *mem;
    uint64_t first, end;
    rz_idx_gone_fn gone;         /* NULL: none is */
    void *user;
    uint64_t *dropped;           /* owned: a bit an entry of the level: it is gone. What is gone may come back, but is asked for once */
    uint64_t dropped_words;
    uint64_t position;           /* of the next entry */
    bool counting;
    rz_idx_entry *entries;       /* owned: the batch */
    rz_idx_level_source source;  /* count 0: there are none */
} rz_idx_part_source;
/* On failure, and when there are none, there is nothing to free. */
RZ_NODISCARD ruzu_status rz_idx_part_source_init(rz_idx_part_source *part, rz_idx *idx, const rz_idx_level *level, uint64_t first, uint64_t end,
                                                 rz_idx_gone_fn gone, void *user, rz_error *err);
void rz_idx_part_source_deinit(rz_idx_part_source *part);

rz_idx_version *rz_idx_pin(rz_idx *idx);
rz_idx_version *rz_idx_version_create(rz_idx *idx); /* empty, one reference; NULL when memory is refused */
void rz_idx_version_add(rz_idx_version *version, rz_idx_level *level);
bool rz_idx_version_has(const rz_idx_version *version, const rz_idx_level *level);
bool rz_idx_is_full(rz_idx *idx); /* no room for further levels before the next fold */
void rz_idx_unpin(rz_idx *idx, rz_idx_version *version);

#endif
