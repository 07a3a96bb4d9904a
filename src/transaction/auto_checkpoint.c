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

static uint64_t auto_left(rz_store *store)
{
    return atomic_load_explicit(&store->checkpointer.wanted, memory_order_relaxed) ? 0 : UINT64_MAX;
}

static void auto_work(rz_store *store)
{
    auto_run(store);
    atomic_store_explicit(&store->checkpointer.wanted, false, memory_order_relaxed);
}

const rz_background_task rz_auto_checkpoint_task = {.left_us = auto_left, .work = auto_work};

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
    bool here = pressed;
    if (!here && !atomic_exchange_explicit(&checkpointer->wanted, true, memory_order_relaxed) && !rz_background_wake(&checkpointer->background)) {
        atomic_store_explicit(&checkpointer->wanted, false, memory_order_relaxed);
        here = true;
    }
    if (here) {
        auto_run(store);
    }
}
