/* SPDX-License-Identifier: MIT */
/*
 * See flusher.h.
 */
#include "transaction/store.h"

/* A simulated file system brings a clock for intervals along. */
static uint64_t flusher_now(const rz_store *store)
{
    return store->vfs->monotonic_us == NULL ? rz_now_monotonic_us() : store->vfs->monotonic_us(store->vfs);
}

/* Microseconds until the sync is due; 0: it is; UINT64_MAX: nobody waits for one. */
static uint64_t flusher_left(rz_store *store)
{
    uint64_t since = atomic_load_explicit(&store->flusher.since_us, memory_order_relaxed);
    if (since == 0) {
        return UINT64_MAX;
    }
    uint64_t passed = flusher_now(store) - since;
    return passed >= RZ_FLUSH_INTERVAL_US ? 0 : RZ_FLUSH_INTERVAL_US - passed;
}

void rz_store_flush_due(rz_store *store)
{
    if (flusher_left(store) != 0) {
        return;
    }
    /* Disarmed first: a commit made from now on may not be in this sync, and arms the timer again. */
    if (atomic_exchange_explicit(&store->flusher.since_us, 0, memory_order_acq_rel) == 0) {
        return;
    }
    rz_error failure; /* kept as the cause of the poisoning: whoever writes next hears of it */
    rz_error_init(&failure);
    ruzu_status status = rz_store_sync_log(store, &failure);
    (void)status;
}

const rz_background_task rz_flusher_task = {.left_us = flusher_left, .work = rz_store_flush_due};

void rz_store_flush_later(rz_store *store)
{
    uint64_t unarmed = 0;
    uint64_t now = flusher_now(store);
    if (atomic_compare_exchange_strong_explicit(&store->flusher.since_us, &unarmed, now == 0 ? 1 : now, memory_order_acq_rel, memory_order_relaxed)) {
        (void)rz_background_wake(&store->flusher.background); /* without a thread the next commit that finds the time past syncs */
    }
}
