/* SPDX-License-Identifier: MIT */
/*
 * Automatic checkpoints: when the log has grown enough, in a thread of the database (private to the module).
 */
#ifndef RZ_TRANSACTION_AUTO_CHECKPOINT_H
#define RZ_TRANSACTION_AUTO_CHECKPOINT_H

#include "common/common.h"
#include "transaction/background.h"

typedef struct rz_auto_checkpoint {
    _Atomic uint64_t wait_bytes; /* after a failure: no other try before the log has this length; 0: none failed. relaxed, as the next */
    _Atomic uint32_t failures;   /* in a row */
    _Atomic bool wanted;         /* the thread is to make one, or makes it. relaxed: the background's lock orders it, and one that is seen late is wanted again at the next commit */
    rz_background background;
} rz_auto_checkpoint;

extern const rz_background_task rz_auto_checkpoint_task;

/*
 * After a commit: starts a checkpoint when the log is long enough. Never fails. What kept a checkpoint from ending – a full disk, most likely – is there at the next commit as well,
 * and a try costs as much as a checkpoint does: it is tried again when the log has grown by as much as a checkpoint waits for, then by twice that, and so on.
 */
void rz_store_consider_checkpoint(rz_store *store);
/* A checkpoint, automatic or not, has succeeded: there is nothing to wait for. */
void rz_auto_checkpoint_forgive(rz_auto_checkpoint *checkpointer);

#endif
