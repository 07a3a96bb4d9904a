/* SPDX-License-Identifier: MIT */
/*
 * See background.h.
 */
#include "transaction/background.h"

ruzu_status rz_background_init(rz_background *background, rz_store *store, const rz_background_task *task, bool in_thread)
{
    background->task = task;
    background->store = store;
    background->in_thread = in_thread;
    ruzu_status status = rz_mutex_init(&background->lock);
    if (status == RUZU_OK && rz_cond_init(&background->wake) != RUZU_OK) {
        rz_mutex_destroy(&background->lock);
        status = RUZU_ERROR_NO_MEMORY;
    }
    return status;
}

void rz_background_stop(rz_background *background)
{
    rz_mutex_lock(&background->lock);
    bool started = background->started;
    background->started = false;
    background->stop = true;
    rz_cond_signal(&background->wake);
    rz_mutex_unlock(&background->lock);
    if (started) {
        rz_thread_join(background->thread);
    }
}

void rz_background_deinit(rz_background *background)
{
    rz_cond_destroy(&background->wake);
    rz_mutex_destroy(&background->lock);
}

static void background_main(void *arg)
{
    rz_background *background = (rz_background *)arg;
    rz_mutex_lock(&background->lock);
    while (!background->stop) {
        uint64_t left = background->task->left_us(background->store);
        if (left == 0) {
            rz_mutex_unlock(&background->lock);
            background->task->work(background->store);
            rz_mutex_lock(&background->lock);
        } else if (left == UINT64_MAX) {
            rz_cond_wait(&background->wake, &background->lock);
        } else {
            (void)rz_cond_wait_us(&background->wake, &background->lock, left);
        }
    }
    rz_mutex_unlock(&background->lock);
}

bool rz_background_wake(rz_background *background)
{
    if (!background->in_thread) {
        return false;
    }
    rz_mutex_lock(&background->lock); /* the thread asks left_us under it: it cannot miss the change */
    if (!background->started && !background->stop) {
        background->started = rz_thread_start(&background->thread, 0, background_main, background) == RUZU_OK;
    }
    bool runs = background->started;
    rz_cond_signal(&background->wake);
    rz_mutex_unlock(&background->lock);
    return runs;
}
