/* SPDX-License-Identifier: MIT */
/*
 * The log's timer for wal_sync=normal: what was committed is durable a second later, whether or not anybody commits again (private to the module).
 *
 * A commit that does not wait for the disk arms the timer, unless it is armed. A thread of its own – a checkpoint may take longer than the second – syncs when the time has come; a
 * commit that finds the time past does it itself, which is all there is where threads are not wanted or cannot be had.
 */
#ifndef RZ_TRANSACTION_FLUSHER_H
#define RZ_TRANSACTION_FLUSHER_H

#include "common/common.h"
#include "transaction/background.h"

#define RZ_FLUSH_INTERVAL_US UINT64_C(1000000)

typedef struct rz_flusher {
    _Atomic uint64_t since_us; /* when the oldest commit that is not synced was made, on the store's clock; 0: not armed. relaxed: a time, and nothing else, goes by it */
    rz_background background;
} rz_flusher;

extern const rz_background_task rz_flusher_task;

/* After a commit that was not synced: arms the timer. */
void rz_store_flush_later(rz_store *store);
/* Syncs the log when the time has come. A failure poisons the store, as that of any sync of the log. */
void rz_store_flush_due(rz_store *store);

#endif
