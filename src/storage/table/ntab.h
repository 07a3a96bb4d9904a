/* SPDX-License-Identifier: MIT */
/*
 * Inside of node tables: rows, the key column and its index.
 *
 * Keys. A candidate of the index counts when its row exists (for a reader: is visible) and its key equals the wanted one. So entries of deleted rows, and of keys that
 * a row had before an update or an earlier row had in its place, lead nowhere; older snapshots still find rows by them. A SERIAL key that was numbered by the
 * table equals the row's offset and is not in the index; keys given explicitly are, and then the index is asked first. So while the index of a SERIAL
 * key is empty, value = offset holds for all rows.
 */
#ifndef RZ_STORAGE_TABLE_NTAB_H
#define RZ_STORAGE_TABLE_NTAB_H

#include "storage/table/rows.h"

typedef struct rz_ntab_keys rz_ntab_keys;

struct rz_ntab {
    rz_rows rows;
    uint32_t table_id;
    uint32_t key_column;   /* or RZ_NO_COLUMN */
    bool serial_key;
    rz_idx *idx;           /* owned; NULL without key */
    rz_mutex fold_lock;    /* one checkpoint at a time */
    /* The writer's. */
    uint64_t *hashes;      /* owned; by row of the batch */
    uint32_t *slots;       /* owned: duplicates within a batch */
    uint32_t hash_capacity;
    rz_ntab_keys *keys;    /* of the open transaction; in its arena; NULL: it has put nothing into the index */
};

/* Looks keys up; one thread. */
typedef struct rz_key_finder {
    const rz_ntab *table;
    rz_mem *mem;
    rz_idx_reader *index;   /* owned; created on first use */
    rz_arena arena;         /* the vector */
    rz_arena heap;          /* its strings */
    rz_vec *candidates;     /* keys of candidate rows */
    uint64_t *hashes;       /* owned */
    uint32_t hash_capacity;
    rz_id *ids;             /* owned, RZ_VECTOR_CAPACITY: candidate rows */
    uint32_t *wanted;       /* owned, RZ_VECTOR_CAPACITY: whose keys they may have */
} rz_key_finder;

void rz_key_finder_init(rz_key_finder *finder, const rz_ntab *table, rz_mem *mem);
void rz_key_finder_deinit(rz_key_finder *finder);
/* The index as it is now instead of as it was when first used. */
void rz_key_finder_refresh(rz_key_finder *finder);
void rz_key_finder_release(rz_key_finder *finder);
/* Between suspend and resume nothing of the table is held, and only deinit may follow. */
void rz_key_finder_suspend(rz_key_finder *finder);
void rz_key_finder_resume(rz_key_finder *finder);
/* out_offsets[row] of the selected rows: where reader sees the key, or UINT64_MAX (NULL keys too). hashes: rz_key_hash of the keys, or NULL. */
RZ_NODISCARD ruzu_status rz_key_find(rz_key_finder *finder, rz_rows_reader *reader, const rz_vec *keys, const rz_sel *sel, const uint64_t *hashes,
                                     uint64_t *out_offsets, rz_error *err);

/* The error of a duplicate or missing key; prefix_of: RUZU_ERROR_RUNTIME or RUZU_ERROR_COPY. */
ruzu_status rz_key_duplicate(const rz_ntab *table, const rz_vec *keys, uint32_t row, ruzu_status prefix_of, rz_error *err) RZ_COLD;
ruzu_status rz_key_missing(ruzu_status prefix_of, rz_error *err) RZ_COLD;
/* Makes table->hashes and slots large enough for rows below row_count. */
RZ_NODISCARD ruzu_status rz_ntab_reserve_hashes(rz_ntab *table, uint32_t row_count, rz_error *err);

struct rz_ntab_reader {
    rz_ntab *table;
    rz_mem *mem;
    rz_rows_reader rows;
    rz_key_finder finder;
};

#endif
