/* SPDX-License-Identifier: MIT */
/*
 * See flusher.h.
 */
#include "transaction/store.h"

ruzu_status rz_flusher_init(rz_flusher *flusher, bool in_thread)
{
    flusher->in_thread = in_thread;
    ruzu_status status = rz_mutex_init(&flusher->lock);
    if (status == RUZU_OK && rz_cond_init(&flusher->wake) != RUZU_OK) {
        rz_mutex_destroy(&flusher->lock);
        status = RUZU_ERROR_NO_MEMORY;
    }
    return status;
}

void rz_flusher_stop(rz_flusher *flusher)
{
    rz_mutex_lock(&flusher->lock);
    bool started = flusher->started;
    flusher->started = false;
    flusher->stop = true;
    rz_cond_signal(&flusher->wake);
    rz_mutex_unlock(&flusher->lock);
    if (started) {
        rz_thread_join(flusher->thread);
    }
}

void rz_flusher_deinit(rz_flusher *flusher)
{
    rz_cond_destroy(&flusher->wake);
    rz_mutex_destroy(&flusher->lock);
}

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

static void flusher_main(void *arg)
{
    rz_store *store = (rz_store *)arg;
    rz_flusher *flusher = &store->flusher;
    rz_mutex_lock(&flusher->lock);
    while (!flusher->stop) {
        uint64_t left = flusher_left(store);
        if (left == 0) {
            rz_mutex_unlock(&flusher->lock);
            rz_store_flush_due(store);
            rz_mutex_lock(&flusher->lock);
        } else if (left == UINT64_MAX) {
            rz_cond_wait(&flusher->wake, &flusher->lock);
        } else {
            (void)rz_cond_wait_us(&flusher->wake, &flusher->lock, left);
        }
    }
    rz_mutex_unlock(&flusher->lock);
}

void rz_store_flush_later(rz_store *store)
{
    rz_flusher *flusher = &store->flusher;
    uint64_t unarmed = 0;
    uint64_t now = flusher_now(store);
    if (!atomic_compare_exchange_strong_explicit(&flusher->since_us, &unarmed, now == 0 ? 1 : now, memory_order_acq_rel, memory_order_relaxed) ||
        !flusher->in_thread) {
        return;
    }
    rz_mutex_lock(&flusher->lock); /* the thread looks at the time under it: it cannot miss this */
    if (!flusher->started && !flusher->stop) {
        flusher->started = rz_thread_start(&flusher->thread, 0, flusher_main, store) == RUZU_OK;
    }
    rz_cond_signal(&flusher->wake);
    rz_mutex_unlock(&flusher->lock);
}
