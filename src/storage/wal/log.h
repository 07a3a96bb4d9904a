/* SPDX-License-Identifier: MIT */
/*
 * Private to storage/wal: the bytes of a log and the object.
 *
 * A log file, little-endian:
 *
 *     off  size  meaning
 *       0     8  "RUZUWAL" 0
 *       8     4  format version          12     4  zero
 *      16    16  uuid of the database
 *      32     8  generation
 *      40     8  salt
 *      48     8  first LSN: no record has a smaller one
 *      56   452  zero
 *     508     4  CRC-32C of bytes 0 … 507
 *     512        records, each at a multiple of 8:
 *
 *       0     4  size of the payload
 *       4     2  type                     6     2  flags; 1: the payload goes on in the next record (of the same type)
 *       8     8  LSN
 *      16     8  transaction
 *      24     4  CRC of the record before, whatever log it stands in; 0: there is none, or its log is gone
 *      28     n  payload
 *           0…7  zeros, so that the next record begins at a multiple of 8
 *  end-4     4  CRC-32C of (salt: u64 ‖ offset of the record in the file: u64 ‖ the record's bytes before this)
 *
 *     BEGIN   payload: commit timestamp u64
 *     COMMIT  payload: commit timestamp u64, offset of its BEGIN u64, offset up to which the file was known to be synced when this was written u64
 *
 * LSNs rise by one from record to record and run on from log to log. A record of at most 64 KiB with everything; longer payloads are cut.
 */
#ifndef RZ_STORAGE_WAL_LOG_H
#define RZ_STORAGE_WAL_LOG_H

#include "storage/wal/wal.h"

#define LOG_VERSION      1u
#define LOG_HEADER_BYTES 512u /* one sector; the records begin behind it */
#define LOG_HEAD         28u  /* of a record, before the payload */
#define LOG_TAIL         4u
#define LOG_RECORD_MAX   65536u
#define LOG_PAYLOAD_MAX  (LOG_RECORD_MAX - LOG_HEAD - LOG_TAIL)
#ifdef RZ_TINY
#define LOG_CHUNK  232u /* payload bytes of a record that goes on */
#define LOG_STEP   UINT64_C(4096) /* the file grows by */
#else
#define LOG_CHUNK  LOG_PAYLOAD_MAX
#define LOG_STEP   (UINT64_C(1) << 20)
#endif
#define LOG_BEGIN_PAYLOAD  8u
#define LOG_COMMIT_PAYLOAD 24u
#define LOG_MORE           1u /* flag */

#define REDO_HEAD 16u /* of a record in a redo's spool */

/* Bytes in the log of a record with this payload. */
static inline uint32_t rz_log_record_size(uint32_t payload)
{
    return (LOG_HEAD + payload + LOG_TAIL + 7u) & ~7u;
}

#endif
