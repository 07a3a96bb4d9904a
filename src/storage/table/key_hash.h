/* SPDX-License-Identifier: MIT */
/*
 * Hashes of primary keys. They stand in the file (index levels), so they are made of rz_hash_u64, rz_hash_combine and rz_hash_bytes only, which are part of the format;
 * rz_vec_hash may change. Equal keys (rz_vec_equal) have equal hashes.
 */
#ifndef RZ_STORAGE_TABLE_KEY_HASH_H
#define RZ_STORAGE_TABLE_KEY_HASH_H

#include "types/types.h"

/* Hash of each selected row (of any kind of vector) into hashes[row]; NULLs get some value. */
void rz_key_hash(const rz_vec *keys, const rz_sel *sel, uint64_t *hashes);

#endif
