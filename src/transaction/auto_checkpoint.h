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
    _Atomic uint64_t wait_bytes; /* after a failure: no other try before the log has this length; 0: none failed. relaxed, as the next */
    _Atomic uint32_t failures;   /* in a row */
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
/*
 * After a commit: starts a checkpoint when the log is long enough. Never fails. What kept a checkpoint from ending – a full disk, most likely – is there at the next commit as well,
 * and a try costs as much as a checkpoint does: it is tried again when the log has grown by as much as a checkpoint waits for, then by twice that, and so on.
 */
void rz_store_consider_checkpoint(rz_store *store);
/* A checkpoint, automatic or not, has succeeded: there is nothing to wait for. */
void rz_auto_checkpoint_forgive(rz_auto_checkpoint *checkpointer);

#endif
