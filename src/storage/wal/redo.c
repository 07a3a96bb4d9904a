/* SPDX-License-Identifier: MIT */
/*
 * A transaction's records before they are written. What they will take in the log is summed up as they come, so that rz_wal_append can take the space before it
 * writes the first byte.
 */
#include "storage/wal/log.h"

#ifdef RZ_TINY
#define REDO_MEMORY ((size_t)2 * RZ_PAGE_SIZE)
#else
#define REDO_MEMORY ((size_t)1 << 20)
#endif

void rz_redo_init(rz_redo *redo, rz_mem *mem, rz_pool *pool)
{
    *redo = (rz_redo){0};
    /* The largest multiple of the page size: never reached. */
    rz_spool_init(&redo->spool, mem, pool, pool == NULL ? SIZE_MAX / 2 / RZ_PAGE_SIZE * RZ_PAGE_SIZE : REDO_MEMORY);
}

void rz_redo_deinit(rz_redo *redo)
{
    rz_spool_deinit(&redo->spool);
    *redo = (rz_redo){0};
}

void rz_redo_reset(rz_redo *redo)
{
    rz_spool spool = redo->spool;
    rz_spool_reset(&spool);
    *redo = (rz_redo){.spool = spool};
}

ruzu_status rz_redo_add(rz_redo *redo, rz_wal_type type, const void *payload, size_t size, rz_error *err)
{
    RZ_ASSERT(type != RZ_WAL_BEGIN && type != RZ_WAL_COMMIT);
    uint8_t head[REDO_HEAD];
    rz_store_u64(head, size);
    rz_store_u64(head + 8, (uint64_t)type);
    redo->failed = true;
    RZ_TRY(rz_spool_append(&redo->spool, head, sizeof head, err));
    RZ_TRY(rz_spool_append(&redo->spool, payload, size, err));
    redo->failed = false;
    redo->count++;
    redo->bytes += size;
    uint64_t whole = size / LOG_CHUNK; /* chunks that are full; an empty payload is one chunk */
    uint64_t rest = size % LOG_CHUNK;
    redo->log_bytes += whole * rz_log_record_size(LOG_CHUNK);
    redo->log_count += whole;
    if (rest != 0 || whole == 0) {
        redo->log_bytes += rz_log_record_size((uint32_t)rest);
        redo->log_count++;
    }
    return RUZU_OK;
}

#undef REDO_MEMORY
