/* SPDX-License-Identifier: MIT */
/*
 * storage/page: pages, page ranges, the disk manager, free space and the file header.
 *
 * Purpose   the only code that knows file offsets. Hands out contiguous page ranges (best fit, coalesced; tail returned to the file system), writes and
 *           reads them, keeps the two header slots, and the rule that nothing a durable header relies on is overwritten.
 * Owns      the database file's handle, the free-space lists.
 * Must not  know tables, columns or the buffer pool.
 * Enter by  rz_disk_create / rz_disk_open, rz_disk_allocate, rz_disk_write, rz_disk_header_write, rz_disk_close.
 * Threads   every function may be called by any thread: one mutex guards the free lists; reads and writes take no lock.
 * More      docs/file-format.md (bytes), docs/architecture.md ("The file").
 */
#ifndef RZ_STORAGE_PAGE_PAGE_H
#define RZ_STORAGE_PAGE_PAGE_H

#include "common/common.h"
#include "os/os.h"

#define RZ_PAGE_SIZE 4096u
#define RZ_HEADER_SLOTS 2u          /* pages 0 and 1 */
#define RZ_REGION_PAGES 262144u     /* 1 GiB: a range never straddles a multiple of this (the pool's regions) */
#define RZ_FORMAT_VERSION 1u

#ifdef RZ_TINY
#define RZ_ROW_GROUP_ROWS 64u       /* rows of a row group */
#define RZ_CSR_GROUP_NODES 64u      /* bound nodes of a CSR group */
#else
#define RZ_ROW_GROUP_ROWS 65536u
#define RZ_CSR_GROUP_NODES 2048u
#endif

/* count contiguous pages; {0, 0} is "none". */
typedef struct rz_page_range {
    uint64_t start;
    uint64_t count;
} rz_page_range;

/* A metadata range: bytes in whole pages with one CRC over the bytes, named by its parent. */
typedef struct rz_meta_ref {
    rz_page_range range;
    uint64_t size_bytes; /* <= range.count * RZ_PAGE_SIZE */
    uint32_t crc;        /* CRC-32C over (start page number ‖ database uuid ‖ the bytes) */
} rz_meta_ref;

/* What a header slot says (the CRC and magic are added by the writer). Layout in docs/file-format.md; pinned by a contract test. */
typedef struct rz_file_header {
    uint32_t format_version;
    uint32_t min_reader_version;
    uint8_t uuid[16];
    uint64_t number;            /* rises with each header written */
    uint32_t flags;             /* RZ_HEADER_CLEAN */
    uint32_t row_group_rows;
    uint32_t csr_group_nodes;
    uint64_t page_count;        /* pages of the file in use, headers included */
    rz_meta_ref catalog;
    rz_meta_ref node_tables;
    rz_meta_ref rel_tables;
    rz_meta_ref free_space;
    uint64_t log_generation;
    uint64_t folded_lsn;
    uint64_t log_salts[2];      /* of log_generation and of the next one */
    uint64_t last_timestamp;    /* newest commit contained */
} rz_file_header;
#define RZ_HEADER_CLEAN 1u

typedef struct rz_disk rz_disk;

/* A new database: in memory when path is NULL, else the file is built as <path>.tmp, synced and renamed. Takes the exclusive lock. */
RZ_NODISCARD ruzu_status rz_disk_create(rz_vfs *vfs, rz_mem *mem, const char *path, rz_disk **out, rz_error *err);
/* Opens an existing file, takes the lock (exclusive, or shared when read_only), picks and validates the header and loads the free list.
 * Errors: VERSION (not a ruzu file; newer format; other group sizes), CORRUPT (no valid slot; ranges outside the file, zeroed or overlapping), LOCKED, IO. */
RZ_NODISCARD ruzu_status rz_disk_open(rz_vfs *vfs, rz_mem *mem, const char *path, bool read_only, rz_disk **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_disk_close(rz_disk *disk, rz_error *err); /* writes nothing; frees disk even when it fails */

bool rz_disk_in_memory(const rz_disk *disk);
bool rz_disk_read_only(const rz_disk *disk);
const char *rz_disk_path(const rz_disk *disk);
const rz_file_header *rz_disk_header(const rz_disk *disk); /* the newest written or picked */
uint64_t rz_disk_page_count(const rz_disk *disk);

/* count contiguous free pages, not straddling a region. New pages count as "fresh" (freed at once by rz_disk_free) until a header is written. */
RZ_NODISCARD ruzu_status rz_disk_allocate(rz_disk *disk, uint64_t count, rz_page_range *out, rz_error *err);
/* Gives a range back. Pages that a header slot may still refer to become reusable after the next rz_disk_header_write; fresh ones at once. */
void rz_disk_free(rz_disk *disk, rz_page_range range);
/* Reads or writes whole pages. CRCs are the caller's business (rz_page_crc). */
RZ_NODISCARD ruzu_status rz_disk_read(rz_disk *disk, uint64_t first_page, uint64_t count, void *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_disk_write(rz_disk *disk, uint64_t first_page, uint64_t count, const void *data, rz_error *err);
RZ_NODISCARD ruzu_status rz_disk_sync(rz_disk *disk, rz_error *err);
/* CRC-32C over (page number ‖ database uuid ‖ 4 KiB). */
uint32_t rz_page_crc(const rz_disk *disk, uint64_t page_number, const void *page);

/* Metadata: allocates, pads and writes size bytes as one contiguous range; reads one back and checks its CRC (CORRUPT names what). */
RZ_NODISCARD ruzu_status rz_meta_write(rz_disk *disk, const void *data, uint64_t size, rz_meta_ref *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_meta_read(rz_disk *disk, const rz_meta_ref *ref, const char *what, rz_arena *arena, const uint8_t **out, rz_error *err);
void rz_meta_ref_encode(const rz_meta_ref *ref, rz_str *out);
void rz_meta_ref_decode(rz_reader *reader, rz_meta_ref *out); /* sets reader->failed */

/* Marks a range as in use while metadata is loaded; CORRUPT when it leaves the file, touches the headers or overlaps one claimed before. */
RZ_NODISCARD ruzu_status rz_disk_claim(rz_disk *disk, rz_page_range range, const char *what, rz_error *err);

/*
 * Writes a header: serialises free space into a range of its own, syncs the data file, writes one slot, syncs, writes the other, syncs; then
 * the pages that the header before relied on and that were freed become reusable. number, page_count and free_space are filled in here.
 * Step order is the whole point: see docs/architecture.md ("Checkpoint").
 */
RZ_NODISCARD ruzu_status rz_disk_header_write(rz_disk *disk, const rz_file_header *header, rz_error *err);

#endif
