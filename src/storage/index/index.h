/* SPDX-License-Identifier: MIT */
/*
 * storage/index: the primary-key hash index: immutable hash segments in few levels on pages, plus an in-memory part.
 *
 * Purpose   maps a key's 64-bit hash to candidate row offsets. Entries are hints: the caller tests each candidate for visibility and compares the key with the column.
 *           Also home of packed arrays on pages (parray.h), of which levels and CSR groups are made.
 * Model     the upper 32 bits of the hash count (H). A level is a sorted array of (H, offset), cut into a power-of-two number of buckets by the upper bits of H;
 *           a bucket's entries hold the rest of H and the offset, packed. A new level is merged with its successor while that is less than RZ_IDX_RATIO times as
 *           large. The in-memory part takes inserts since the last checkpoint; probes see both. An entry may be found twice (in memory and in a level), and entries of keys
 *           that rows no longer have are found too.
 * Must not  know tables, types or transactions: it sees hashes and offsets.
 * Enter by  rz_idx_create / _open, rz_idx_insert, rz_idx_reader_create, rz_idx_probe, rz_idx_fold_prepare.
 * Threads   one writer beside any number of readers without locks (a mutex is taken for the instant in which a version is pinned or replaced);
 *           a checkpoint (rz_idx_fold_…) beside both. A version (list of levels, in-memory part) is pinned by each reader.
 * More      docs/file-format.md ("Primary-key index").
 */
#ifndef RZ_STORAGE_INDEX_INDEX_H
#define RZ_STORAGE_INDEX_INDEX_H

#include "storage/buffer/buffer.h"
#include "storage/column/column.h"
#include "storage/index/parray.h"

typedef struct rz_idx rz_idx;

#define RZ_IDX_MAX_OFFSET ((UINT64_C(1) << 40) - 3) /* rows a table can have */
#define RZ_IDX_RATIO 8u
#define RZ_IDX_MAX_LEVELS 24u

/* what: e.g. "table Person, primary key"; copied. */
RZ_NODISCARD ruzu_status rz_idx_create(rz_mem *mem, rz_disk *disk, rz_pool *pool, const char *what, rz_idx **out, rz_error *err);
/* From directory bytes; claims its ranges. Offsets are below row_end (CORRUPT otherwise, found when probed). */
RZ_NODISCARD ruzu_status rz_idx_open(rz_mem *mem, rz_disk *disk, rz_pool *pool, const char *what, rz_reader *reader, uint64_t row_end, rz_idx **out,
                                     rz_error *err);
/* Nobody reads any more. With give_back the pages go back to the disk. */
void rz_idx_destroy(rz_idx *idx, bool give_back);
/* No entry at all, neither in memory nor on pages. */
bool rz_idx_is_empty(rz_idx *idx);
uint64_t rz_idx_memory_bytes(rz_idx *idx); /* of the in-memory part */

/* ---- hash tables in memory ---- */

/* A table of (H, offset) entries that one thread fills and probes before anybody else sees it: the keys of a bulk load. */
typedef struct rz_idx_table rz_idx_table;
RZ_NODISCARD ruzu_status rz_idx_table_create(rz_mem *mem, rz_idx_table **out, rz_error *err);
void rz_idx_table_free(rz_idx_table *table);
uint64_t rz_idx_table_count(const rz_idx_table *table);
void rz_idx_table_prefetch(const rz_idx_table *table, uint64_t hash);
RZ_NODISCARD ruzu_status rz_idx_table_insert(rz_idx_table *table, uint64_t hash, uint64_t offset, rz_error *err);
/* The candidates of hash, one after the other: start with *cursor = 0; false when there is no further one. */
bool rz_idx_table_next(const rz_idx_table *table, uint64_t hash, uint64_t *cursor, uint64_t *out_offset);

/* ---- writing: one thread at a time ---- */

/* Row first_offset + i has the key hashes[i]. */
RZ_NODISCARD ruzu_status rz_idx_insert(rz_idx *idx, const uint64_t *hashes, uint32_t count, uint64_t first_offset, rz_error *err);
/* Row offsets[i] has the key hashes[i]. */
RZ_NODISCARD ruzu_status rz_idx_insert_each(rz_idx *idx, const uint64_t *hashes, const uint64_t *offsets, uint32_t count, rz_error *err);
/* Takes such entries back (rollback); cannot fail, entries that are not there are passed over. One that a fold has taken in the meantime stays: a hint that
 * leads nowhere. */
void rz_idx_remove_each(rz_idx *idx, const uint64_t *hashes, const uint64_t *offsets, uint32_t count);
void rz_idx_remove(rz_idx *idx, const uint64_t *hashes, uint32_t count, uint64_t first_offset);

/*
 * The in-memory entries go to pages (idx_shed.c). row_first: rows from there on are the open transaction's, which ends with one of the other two; so do the levels of such
 * rows. Not beside a fold. *out_shed false: there are too many levels, everything is as it was.
 */
RZ_NODISCARD ruzu_status rz_idx_shed(rz_idx *idx, uint64_t row_first, bool *out_shed, rz_error *err);
void rz_idx_shed_commit(rz_idx *idx);
void rz_idx_shed_rollback(rz_idx *idx); /* cannot fail */

/* A bulk load's keys: written as one level and published (entries are hints, so before the commit); those of a small table go to the in-memory part.
 * *out_added is what commit and rollback need (in arena; NULL for an empty table). */
typedef struct rz_idx_added rz_idx_added;
RZ_NODISCARD ruzu_status rz_idx_add_level(rz_idx *idx, const rz_idx_table *table, rz_arena *arena, rz_idx_added **out_added, rz_error *err);
/* The same with all entries in the in-memory part. */
RZ_NODISCARD ruzu_status rz_idx_add_entries(rz_idx *idx, const rz_idx_table *table, rz_arena *arena, rz_idx_added **out_added, rz_error *err);
/* The extents of the level that was written, and its directory form into out; NULL when there is none. Until commit or rollback. */
const rz_extents *rz_idx_added_encode(const rz_idx_added *added, rz_str *out);
/* Publishes a level from its directory form, as rz_idx_add_level had done; its pages are taken with rz_disk_take_logged. Offsets are in [row_first, row_end), CORRUPT
 * otherwise. *out_added is NULL, and the pages are free again, when the index has no room for a further level: then the keys have to be added anew. */
RZ_NODISCARD ruzu_status rz_idx_replay_level(rz_idx *idx, rz_reader *reader, uint64_t row_first, uint64_t row_end, rz_arena *arena,
                                             rz_idx_added **out_added, rz_error *err);
void rz_idx_added_commit(rz_idx_added *added);   /* drops what rollback would need */
void rz_idx_added_rollback(rz_idx_added *added); /* takes the level out; cannot fail */

/* ---- reading: one reader a thread ---- */

typedef struct rz_idx_reader rz_idx_reader;

RZ_NODISCARD ruzu_status rz_idx_reader_create(rz_idx *idx, rz_mem *mem, rz_idx_reader **out, rz_error *err); /* pins the newest version */
void rz_idx_reader_free(rz_idx_reader *reader);
void rz_idx_reader_release(rz_idx_reader *reader); /* drops page pins, keeps the version */
void rz_idx_reader_suspend(rz_idx_reader *reader); /* drops page pins and the version, keeps buffers: only _resume, _close and _free may follow */
void rz_idx_reader_resume(rz_idx_reader *reader);  /* pins the newest version again */
void rz_idx_reader_close(rz_idx_reader *reader);   /* drops page pins and the version: only _refresh and _free may follow */
void rz_idx_reader_refresh(rz_idx_reader *reader); /* the newest version instead of the one pinned */

typedef struct rz_idx_hit {
    uint64_t offset;
    uint32_t row; /* of hashes */
} rz_idx_hit;

/* Candidates of hashes[row] of the selected rows; *out_hits (ascending by nothing in particular) is the reader's until the next call. */
RZ_NODISCARD ruzu_status rz_idx_probe(rz_idx_reader *reader, const uint64_t *hashes, const rz_sel *sel, const rz_idx_hit **out_hits,
                                      uint32_t *out_count, rz_error *err);

/* ---- checkpoint ---- */

/* What a checkpoint is about to publish. */
typedef struct rz_idx_fold rz_idx_fold;

/* Whether nobody will ever look for the row at `offset` by the entries that are in levels when a fold begins. */
typedef bool (*rz_idx_gone_fn)(void *user, uint64_t offset);
/* Writes the in-memory entries with offsets below row_end as a level, merges levels that have grown; nothing is published yet. Entries that are inserted from
 * now on belong to the next fold, whatever their offsets. gone (NULL: none is): entries of such rows are left out where levels are merged. */
RZ_NODISCARD ruzu_status rz_idx_fold_prepare(rz_idx *idx, uint64_t row_end, rz_idx_gone_fn gone, void *user, rz_idx_fold **out, rz_error *err);
void rz_idx_fold_encode(const rz_idx_fold *fold, rz_str *out);
void rz_idx_fold_publish(rz_idx_fold *fold); /* frees fold; cannot fail */
void rz_idx_fold_abort(rz_idx_fold *fold);   /* gives the pages written back; NULL is fine */

typedef struct rz_idx_stats {
    uint64_t memory_entries;
    uint64_t level_entries;
    uint32_t level_count;
    uint64_t level_pages;
} rz_idx_stats;
void rz_idx_stats_get(rz_idx *idx, rz_idx_stats *out);

/* Calls walk for every page range of the encoded index at the reader, which it moves behind it (CORRUPT: it ends too early). */
RZ_NODISCARD ruzu_status rz_idx_walk(rz_reader *reader, const rz_page_walk *walk, rz_error *err);

#endif
