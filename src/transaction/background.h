/* SPDX-License-Identifier: MIT */
/*
 * A thread of the database that sleeps until its work is due (private to the module). It is started by the first call that needs it, so that a database that never does pays nothing.
 */
#ifndef RZ_TRANSACTION_BACKGROUND_H
#define RZ_TRANSACTION_BACKGROUND_H

#include "common/common.h"
#include "os/os.h"
#include "transaction/transaction.h"

typedef struct rz_background_task {
    uint64_t (*left_us)(rz_store *store); /* microseconds until the work is due; 0: it is; UINT64_MAX: not before a wake. Called under the lock: takes no other */
    void (*work)(rz_store *store);        /* without the lock */
} rz_background_task;

typedef struct rz_background {
    const rz_background_task *task; /* immutable, as the next two */
    rz_store *store;
    bool in_thread; /* false: there is never a thread, and whoever has work does it */
    rz_mutex lock;  /* guards what follows */
    rz_cond wake;
    bool started;
    bool stop;
    rz_thread thread;
} rz_background;

/* `store` and `task` outlive it. RUZU_ERROR_NO_MEMORY. */
RZ_NODISCARD ruzu_status rz_background_init(rz_background *background, rz_store *store, const rz_background_task *task, bool in_thread);
void rz_background_stop(rz_background *background); /* waits for work under way; no other begins */
void rz_background_deinit(rz_background *background);
/* What left_us goes by has changed: the thread asks it again. False: there is no thread, and none can be had. */
bool rz_background_wake(rz_background *background);

#endif
