/* SPDX-License-Identifier: MIT */
/*
 * What the parts of check, backup and salvage have in common (private to the module).
 */
#ifndef RZ_TRANSACTION_CHECK_H
#define RZ_TRANSACTION_CHECK_H

#include "transaction/image.h"

/* The file by way of the header in force: see image_check.c. Not for a database in memory. */
RZ_NODISCARD ruzu_status rz_image_check(rz_disk *disk, rz_mem *mem, rz_inspector *inspector, rz_error *err);
/* What tables say of themselves and each other, as the transaction sees it: see logic_check.c. */
RZ_NODISCARD ruzu_status rz_logic_check(rz_txn *txn, rz_mem *mem, rz_inspector *inspector, rz_error *err);

#endif
