/* SPDX-License-Identifier: MIT */
/*
 * storage/index: the primary-key hash index: immutable hash segments in few levels on pages, plus an in-memory part.
 *
 * Purpose   maps a key's 64-bit hash to candidate row offsets. Entries are hints: the caller tests each candidate for visibility and compares the key with the column.
 * Model     a level = a power-of-two number of one-page buckets (with overflow into neighbours), entries (fingerprint, offset) packed; a level is merged into the next
 *           when it outgrows 1/8 of it. The in-memory part takes inserts since the last checkpoint; lookups see both.
 * Must not  know tables, types or transactions: it sees hashes and offsets.
 * Threads   one writer beside any number of readers without locks; a version (list of levels) is immutable.
 * More      docs/file-format.md ("Primary-key index").
 */
#ifndef RZ_STORAGE_INDEX_INDEX_H
#define RZ_STORAGE_INDEX_INDEX_H

#include "storage/buffer/buffer.h"
#include "storage/column/column.h"

typedef struct rz_idx rz_idx; /* the module's author completes this header: create/open/destroy, insert, remove, probe (batched), bulk build, checkpoint, encode/decode */

#endif
