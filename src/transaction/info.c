/* SPDX-License-Identifier: MIT */
/*
 * What a store tells of its logs.
 */
#include "transaction/store.h"

#include <string.h>

void rz_store_log_info_get(rz_store *store, rz_store_log_info *out)
{
    memset(out, 0, sizeof *out);
    if (store->wal == NULL) {
        return;
    }
    rz_wal_positions positions;
    rz_wal_positions_get(store->wal, &positions);
    out->exists = true;
    out->generation = positions.generation;
    out->size_bytes = positions.size_bytes;
    out->recovered_commits = store->recovered.commits; /* as below: immutable after open */
    out->recovery_folds = store->recovery_folds;
    out->discarded_bytes = store->recovered.discarded_bytes;
    out->damaged = store->recovered.damaged;
    out->damaged_generation = store->recovered.damaged_generation;
    out->lost_commits = store->recovered.lost_commits;
}
