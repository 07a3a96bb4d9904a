/* SPDX-License-Identifier: MIT */
/*
 * Automatic checkpoints: when the log has grown enough, in a thread of the database (private to the module).
 */
#ifndef RZ_TRANSACTION_AUTO_CHECKPOINT_H
#define RZ_TRANSACTION_AUTO_CHECKPOINT_H

#include "common/common.h"
#include "os/os.h"
#include "transaction/transaction.h"

typedef struct rz_auto_checkpoint {
    bool in_thread;              /* else the committing thread does it */
    rz_mutex lock;               /* guards what follows */
    rz_cond wake;
    bool started;                /* thread is running; it is started by the first checkpoint */
    bool wanted;
    bool stop;
    rz_thread thread;
} rz_auto_checkpoint;

RZ_NODISCARD ruzu_status rz_auto_checkpoint_init(rz_auto_checkpoint *checkpointer, bool in_thread);
void rz_auto_checkpoint_stop(rz_auto_checkpoint *checkpointer); /* waits for a checkpoint under way; no other begins */
void rz_auto_checkpoint_deinit(rz_auto_checkpoint *checkpointer);
/* After a commit: starts a checkpoint when the log is long enough. Never fails: a checkpoint that fails is tried again after a later commit. */
void rz_store_consider_checkpoint(rz_store *store);

#endif
