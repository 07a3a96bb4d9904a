/* SPDX-License-Identifier: MIT */
/*
 * Values of sequences inside a transaction.
 *
 * A transaction keeps what its sequences have come to in a list of its own, beside the catalog: so nextval costs no copy of the schema, a rollback forgets it, and a
 * commit writes one value a sequence. Settling puts the list into the catalog that the commit publishes; its version stays the same unless the schema changed
 * too, so that plans remain good. Values are by sequence id, which is never used again: one that was dropped takes its values along.
 */
#ifndef RZ_TRANSACTION_SEQUENCE_H
#define RZ_TRANSACTION_SEQUENCE_H

#include "transaction/transaction.h"

/* What a transaction has done to a sequence. */
typedef struct rz_sequence_change {
    uint32_t id;
    const char *name; /* in the transaction's arena; once settled, in its catalog */
    int64_t current;  /* the last value given */
    bool used;
} rz_sequence_change;

/* Sets a sequence's state (replay of a log). */
RZ_NODISCARD ruzu_status rz_txn_set_sequence(rz_txn *txn, const char *name, int64_t current, bool used, rz_error *err);
/* What has been done, for the log: after settling one entry for each sequence that still exists. */
const rz_sequence_change *rz_txn_sequence_changes(const rz_txn *txn, uint32_t *out_count);
/* Before the commit writes anything: puts the values into the catalog to be published. */
RZ_NODISCARD ruzu_status rz_txn_settle_sequences(rz_txn *txn, rz_error *err);

#endif
