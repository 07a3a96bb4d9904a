/* SPDX-License-Identifier: MIT */
/*
 * Automatic checkpoints.
 *
 * On a large graph random writes touch every group, so a checkpoint costs by the size of the file: it waits for the larger of the threshold and 1/32 of the file, but no
 * longer than 64 MiB of log, so that recovery stays quick. With little memory it waits no longer than changes in memory leave room (pressure.c).
 */
#include "transaction/store.h"

#define AUTO_FILE_SHARE 32u
#define AUTO_MOST_BYTES ((uint64_t)64 << 20)
#define AUTO_RETRY_LEAST ((uint64_t)64 << 10) /* of log, before a checkpoint that failed is tried again */
#define AUTO_RETRY_DOUBLINGS 12u

ruzu_status rz_auto_checkpoint_init(rz_auto_checkpoint *checkpointer, bool in_thread)
{
    checkpointer->in_thread = in_thread;
    ruzu_status status = rz_mutex_init(&checkpointer->lock);
    if (status == RUZU_OK && rz_cond_init(&checkpointer->wake) != RUZU_OK) {
        rz_mutex_destroy(&checkpointer->lock);
        status = RUZU_ERROR_NO_MEMORY;
    }
    return status;
}

void rz_auto_checkpoint_stop(rz_auto_checkpoint *checkpointer)
{
    rz_mutex_lock(&checkpointer->lock);
    bool started = checkpointer->started;
    checkpointer->started = false;
    checkpointer->stop = true;
    rz_cond_signal(&checkpointer->wake);
    rz_mutex_unlock(&checkpointer->lock);
    if (started) {
        rz_thread_join(checkpointer->thread);
    }
}

void rz_auto_checkpoint_deinit(rz_auto_checkpoint *checkpointer)
{
    rz_cond_destroy(&checkpointer->wake);
    rz_mutex_destroy(&checkpointer->lock);
}

static uint64_t auto_threshold(rz_store *store)
{
    uint64_t threshold = atomic_load_explicit(&store->checkpoint_threshold, memory_order_relaxed);
    uint64_t share = rz_disk_page_count(store->disk) * RZ_PAGE_SIZE / AUTO_FILE_SHARE;
    share = share < AUTO_MOST_BYTES ? share : AUTO_MOST_BYTES;
    return threshold != 0 && threshold < share ? share : threshold;
}

void rz_auto_checkpoint_forgive(rz_auto_checkpoint *checkpointer)
{
    atomic_store_explicit(&checkpointer->failures, 0, memory_order_relaxed);
    atomic_store_explicit(&checkpointer->wait_bytes, 0, memory_order_relaxed);
}

static void auto_run(rz_store *store)
{
    rz_auto_checkpoint *checkpointer = &store->checkpointer;
    /* Whatever goes wrong is found again, or has poisoned the store: the transaction that gave the cause is durable and was acknowledged. */
    rz_error ignored;
    rz_error_init(&ignored);
    if (rz_store_checkpoint(store, &ignored) == RUZU_OK) {
        return;
    }
    uint32_t failures = atomic_fetch_add_explicit(&checkpointer->failures, 1, memory_order_relaxed);
    uint64_t step = auto_threshold(store);
    step = step < AUTO_RETRY_LEAST ? AUTO_RETRY_LEAST : step;
    step <<= failures < AUTO_RETRY_DOUBLINGS ? failures : AUTO_RETRY_DOUBLINGS;
    step = step < AUTO_MOST_BYTES ? step : AUTO_MOST_BYTES;
    atomic_store_explicit(&checkpointer->wait_bytes, rz_wal_size_bytes(store->wal) + step, memory_order_relaxed);
}

static void auto_main(void *arg)
{
    rz_store *store = (rz_store *)arg;
    rz_auto_checkpoint *checkpointer = &store->checkpointer;
    rz_mutex_lock(&checkpointer->lock);
    while (!checkpointer->stop) {
        if (!checkpointer->wanted) {
            rz_cond_wait(&checkpointer->wake, &checkpointer->lock);
            continue;
        }
        rz_mutex_unlock(&checkpointer->lock);
        auto_run(store);
        rz_mutex_lock(&checkpointer->lock);
        checkpointer->wanted = false;
    }
    rz_mutex_unlock(&checkpointer->lock);
}

/* Whether the log has grown to where a checkpoint is due. */
static bool auto_log_due(rz_store *store)
{
    uint64_t length = rz_wal_size_bytes(store->wal);
    return length >= auto_threshold(store) && length >= atomic_load_explicit(&store->checkpointer.wait_bytes, memory_order_relaxed);
}

void rz_store_consider_checkpoint(rz_store *store)
{
    rz_auto_checkpoint *checkpointer = &store->checkpointer;
    if (store->wal == NULL || !atomic_load_explicit(&store->auto_checkpoint, memory_order_relaxed)) {
        return;
    }
    /* Who fills memory faster than the thread empties it makes room himself: he waits for the thread's checkpoint, if there is one. */
    bool pressed = rz_store_memory_pressed(store);
    if (!pressed && !auto_log_due(store)) {
        return;
    }
    bool here = !checkpointer->in_thread || pressed;
    rz_mutex_lock(&checkpointer->lock);
    if (!here && !checkpointer->started) {
        checkpointer->started = rz_thread_start(&checkpointer->thread, 0, auto_main, store) == RUZU_OK;
        here = !checkpointer->started;
    }
    if (!here && !checkpointer->wanted) {
        checkpointer->wanted = true;
        rz_cond_signal(&checkpointer->wake);
    }
    rz_mutex_unlock(&checkpointer->lock);
    if (here) {
        auto_run(store);
    }
}
