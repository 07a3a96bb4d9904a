/* SPDX-License-Identifier: MIT */
/*
 * storage/page: pages, page ranges, the disk manager, free space and the file header.
 *
 * Purpose   the only code that knows file offsets. Hands out contiguous page ranges (best fit, coalesced; tail returned
 *           to the file system), writes and reads them, keeps the two header slots, and the rule that nothing a durable
 *           header relies on is overwritten.
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
#include "storage/page/space.h" /* RZ_PAGE_SIZE, RZ_REGION_PAGES, rz_page_range; sets and spaces of pages */

#define RZ_HEADER_SLOTS   2u /* pages 0 and 1 */
#define RZ_FORMAT_VERSION 3u

#ifdef RZ_TINY
#    define RZ_ROW_GROUP_ROWS  64u /* rows of a row group */
#    define RZ_CSR_GROUP_NODES 64u /* bound nodes of a CSR group */
#else
#    define RZ_ROW_GROUP_ROWS  65536u
#    define RZ_CSR_GROUP_NODES 2048u
#endif

/* A metadata range: bytes in whole pages with one CRC over the bytes, named by its parent. */
typedef struct rz_meta_ref {
    rz_page_range range;
    uint64_t size_bytes; /* <= range.count * RZ_PAGE_SIZE */
    uint32_t crc;        /* CRC-32C over (start page number ‖ database uuid ‖ the bytes) */
} rz_meta_ref;

/* What a header slot says (the CRC and magic are added by the writer). Layout in docs/file-format.md; pinned by a
 * contract test. */
typedef struct rz_file_header {
    uint32_t format_version;
    uint32_t min_reader_version;
    uint8_t uuid[16];
    uint64_t number; /* rises with each header written */
    uint32_t flags;  /* RZ_HEADER_CLEAN */
    uint32_t row_group_rows;
    uint32_t csr_group_nodes;
    uint64_t page_count; /* pages of the file in use, headers included */
    rz_meta_ref catalog;
    rz_meta_ref node_tables;
    rz_meta_ref rel_tables;
    rz_meta_ref free_space;
    uint64_t log_generation;
    uint64_t folded_lsn;
    uint64_t log_salts[2];   /* of log_generation and of the next one */
    uint64_t last_timestamp; /* newest commit contained */
} rz_file_header;
#define RZ_HEADER_CLEAN 1u

typedef struct rz_disk rz_disk;

/* Whether path names a database file to open: an absent or empty file is none (rz_disk_create makes one of it). */
RZ_NODISCARD ruzu_status rz_disk_probe(rz_vfs *vfs, const char *path, bool *out_present, rz_error *err);
/* A new database: in memory when path is NULL, else the file is built as <path>.tmp, synced and renamed. Takes the
 * exclusive lock. Its header is clean, names log generation 1 and no metadata. IO when path names a file that is not
 * empty. */
RZ_NODISCARD ruzu_status rz_disk_create(rz_vfs *vfs, rz_mem *mem, const char *path, rz_disk **out, rz_error *err);
/* flags of rz_disk_create_as and rz_disk_open_as */
enum {
    RZ_DISK_READ_ONLY = 1u << 0,
    RZ_DISK_UNSAFE_NO_LOCK = 1u << 1 /* write even where the file system cannot lock */
};
RZ_NODISCARD ruzu_status rz_disk_create_as(rz_vfs *vfs, rz_mem *mem, const char *path, uint32_t flags, rz_disk **out,
                                           rz_error *err);
/* Opens an existing file, takes the lock (exclusive, or shared when read_only), picks and validates the header and
 * loads the free list. The ranges that the header names are claimed here; mends nothing. Errors: VERSION (not a ruzu
 * file; newer format; other group sizes), CORRUPT (no valid slot; ranges outside the file, zeroed or overlapping),
 * LOCKED, IO (a file system without locks among it, unless RZ_DISK_UNSAFE_NO_LOCK or read-only). */
RZ_NODISCARD ruzu_status rz_disk_open(rz_vfs *vfs, rz_mem *mem, const char *path, bool read_only, rz_disk **out,
                                      rz_error *err);
RZ_NODISCARD ruzu_status rz_disk_open_as(rz_vfs *vfs, rz_mem *mem, const char *path, uint32_t flags, rz_disk **out,
                                         rz_error *err);
RZ_NODISCARD ruzu_status rz_disk_close(rz_disk *disk,
                                       rz_error *err); /* writes nothing; frees disk even when it fails */

bool rz_disk_in_memory(const rz_disk *disk);
bool rz_disk_read_only(const rz_disk *disk);
const char *rz_disk_path(const rz_disk *disk); /* ":memory:" for one in memory */
rz_vfs *rz_disk_vfs(const rz_disk *disk);      /* may be NULL in memory */
/* The newest written or picked; rewritten by rz_disk_header_write, so the caller sees to it that none is under way. */
const rz_file_header *rz_disk_header(const rz_disk *disk);
uint64_t rz_disk_page_count(const rz_disk *disk);
/* The file may not grow beyond this many bytes (default and maximum 8 TiB): RUZU_ERROR_LIMIT from rz_disk_allocate. */
void rz_disk_set_max_size(rz_disk *disk, uint64_t size_bytes);
/* Takes space from the file system for page_count pages beyond those in use: DISK_FULL here, not later. Given back by
 * the next header. */
RZ_NODISCARD ruzu_status rz_disk_reserve(rz_disk *disk, uint64_t page_count, rz_error *err);

/*
 * Sees to it, once after opening, that both header slots are durable and equal: a crash between the two writes of a header leaves an older one, and what that relies on (pages that
 * are free by the newer one, the older log) must not be reused while it could still be needed. rz_disk_allocate and rz_disk_header_write begin with it; call it before a log is begun.
 */
RZ_NODISCARD ruzu_status rz_disk_settle(rz_disk *disk, rz_error *err);
/* count contiguous free pages, not straddling a region. New pages count as "fresh" (freed at once by rz_disk_free)
 * until a header is written. Of a disk opened read-only they are private: in memory, behind the file's end, gone with the
 * disk (recovery writes some when it replays a log). */
RZ_NODISCARD ruzu_status rz_disk_allocate(rz_disk *disk, uint64_t count, rz_page_range *out, rz_error *err);
/* Gives a range (or a part of one) back. Pages that a header slot may still refer to become reusable after the next
 * rz_disk_header_write; fresh ones at once. Does not fail: should memory for the note of it be refused, the pages stay
 * unused until the file is rewritten. */
void rz_disk_free(rz_disk *disk, rz_page_range range);
/*
 * The range is in use, but the headers written from now on do not refer to it: pages of a load that is not committed,
 * or of an old version that a snapshot reads. Those headers list the pages as free, so that a crash does not lose them.
 * Ends with rz_disk_free or rz_disk_mark_logged; once a header was written, rz_disk_free makes the pages reusable at
 * once. A checkpoint therefore holds what its header replaces, writes the header, and then frees it when no snapshot
 * needs it (or, after a failure, unholds it and frees the new ranges).
 */
RZ_NODISCARD ruzu_status rz_disk_hold(rz_disk *disk, rz_page_range range, rz_error *err);
/* Takes a hold back, because the header that was to drop the range was not written: the next one refers to it again. */
void rz_disk_unhold(rz_disk *disk, rz_page_range range);
/*
 * A record of the log of this generation names the range: even when freed, it is not reused before a header with a
 * higher log generation is in both slots, because replay will ask for it. Call it before the record is written.
 */
RZ_NODISCARD ruzu_status rz_disk_mark_logged(rz_disk *disk, rz_page_range range, uint64_t log_generation,
                                             rz_error *err);
/* The same for a range found in a record during replay: takes it in use wherever it lies, also behind the header's page
 * count. CORRUPT when the file does not have it or something else uses it. */
RZ_NODISCARD ruzu_status rz_disk_claim_logged(rz_disk *disk, rz_page_range range, uint64_t log_generation,
                                              const char *what, rz_error *err);
/* Whoever replays the record takes the range as its own, once: CORRUPT when it was not claimed so, or has been taken. */
RZ_NODISCARD ruzu_status rz_disk_take_logged(rz_disk *disk, rz_page_range range, const char *what, rz_error *err);
/*
 * Records that have been replayed so far are contained in the header that is written next, so that nobody will ask for the pages that they name: those that are
 * freed may be reused like any other once it stands in both slots. Pages that are still awaited keep their mark. Should that header fail, the database must be opened anew.
 */
RZ_NODISCARD ruzu_status rz_disk_forget_replayed(rz_disk *disk, rz_error *err);
/* Reads or writes whole pages. CRCs are the caller's business (rz_page_crc). */
RZ_NODISCARD ruzu_status rz_disk_read(rz_disk *disk, uint64_t first_page, uint64_t count, void *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_disk_write(rz_disk *disk, uint64_t first_page, uint64_t count, const void *data,
                                       rz_error *err);
RZ_NODISCARD ruzu_status rz_disk_sync(rz_disk *disk, rz_error *err);
/* CRC-32C over (page number ‖ database uuid ‖ 4 KiB). */
uint32_t rz_page_crc(const rz_disk *disk, uint64_t page_number, const void *page);

/* Metadata: allocates, pads and writes size bytes as one contiguous range; reads one back and checks its CRC (CORRUPT
 * names what). */
RZ_NODISCARD ruzu_status rz_meta_write(rz_disk *disk, const void *data, uint64_t size, rz_meta_ref *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_meta_read(rz_disk *disk, const rz_meta_ref *ref, const char *what, rz_arena *arena,
                                      const uint8_t **out, rz_error *err);
void rz_meta_ref_encode(const rz_meta_ref *ref, rz_str *out);
void rz_meta_ref_decode(rz_reader *reader, rz_meta_ref *out); /* sets reader->failed */

/* A header without a catalog is that of a database in which nothing was ever committed: CORRUPT when it says otherwise. */
RZ_NODISCARD ruzu_status rz_disk_header_empty(const rz_disk *disk, const rz_file_header *header, rz_error *err);

/* Marks a range as in use while metadata is loaded; CORRUPT when it leaves the file, touches the headers or overlaps
 * one claimed before. */
RZ_NODISCARD ruzu_status rz_disk_claim(rz_disk *disk, rz_page_range range, const char *what, rz_error *err);

/*
 * Writes a header: serialises free space into a range of its own, syncs the data file, writes one slot, syncs, writes
 * the other, syncs; then the pages that the header before relied on and that were freed before the call become
 * reusable, and the free tail of the file is cut off. uuid, number, versions, group sizes, page_count and free_space
 * are filled in here. An error before the first slot leaves everything as it was; a later one, or a failed sync, is
 * final: everything that writes a header or syncs returns RUZU_ERROR_POISONED afterwards. Step order is the whole
 * point: see docs/architecture.md ("Checkpoint").
 */
RZ_NODISCARD ruzu_status rz_disk_header_write(rz_disk *disk, const rz_file_header *header, rz_error *err);

/* ---- health and sharing (reliability: the states of a handle) ---- */

/*
 * Poisons the database: from now on everything that writes, syncs or checkpoints refuses with RUZU_ERROR_POISONED and
 * this cause (the first one stays). For a failed sync, a failed write of header or log that could not be undone, a file
 * that has lost its name. Only opening again ends it. Allocates nothing; thread-safe. This is the only way to do it, for
 * the log as well, so that there is one flag to look at: the top of every write path calls rz_disk_check_healthy.
 */
void rz_disk_poison(rz_disk *disk, const rz_error *cause);
bool rz_disk_is_poisoned(const rz_disk *disk);
/* RUZU_OK, or POISONED with the first cause. */
RZ_NODISCARD ruzu_status rz_disk_check_healthy(const rz_disk *disk, rz_error *err);
/*
 * The error of a commit that may or may not survive: OUTCOME_UNKNOWN with the cause (that of the failed sync). For the
 * committer; everybody after it gets POISONED. Poisons too.
 */
RZ_COLD ruzu_status rz_disk_outcome_unknown(rz_disk *disk, const rz_error *cause, rz_error *err);
/* The last reservation of space in the data file or the log worked (or did not): told by db_info, nothing else. */
void rz_disk_note_space(rz_disk *disk, bool enough);
/*
 * Whether path still names the open file. Poisons and returns POISONED ("was renamed or removed while open") when not:
 * a checkpoint would go where nobody looks for it, and the logs beside the name belong to another file by now. Called
 * before each checkpoint and before a log is created. In memory: RUZU_OK.
 */
RZ_NODISCARD ruzu_status rz_disk_check_name(rz_disk *disk, rz_error *err);

typedef enum rz_disk_health { RZ_DISK_HEALTHY, RZ_DISK_FULL, RZ_DISK_POISONED } rz_disk_health;
typedef struct rz_disk_share {
    rz_disk_health health;
    rz_lock_kind lock;    /* NONE: in memory, or a file system without locks */
    rz_file_ident ident;  /* of the open file, as it is now; zeros in memory */
    const char *cause;    /* of the poisoning, else NULL; as long as the disk */
} rz_disk_share;
void rz_disk_share_get(rz_disk *disk, rz_disk_share *out);
/* What the user should know of how the file is shared; NULL: nothing. Static. Of a database with a file. */
const char *rz_disk_share_warning(const rz_disk_share *share);

typedef struct rz_disk_stats {
    uint64_t page_count; /* as rz_disk_page_count */
    uint64_t free_pages; /* reusable now */
    uint64_t free_ranges;
    uint64_t pending_pages; /* freed, waiting for a header */
    uint64_t held_pages;    /* in use, but not by the next header */
    uint64_t lost_pages;    /* freed when there was no memory to note it */
    uint32_t bad_slots;     /* damaged header slots found at open; the next header written mends them */
} rz_disk_stats;
void rz_disk_stats_get(rz_disk *disk, rz_disk_stats *out);
/* Walks the structures in memory; false when an invariant is broken. For tests. */
bool rz_disk_verify(rz_disk *disk);

/* ---- looking at a file as it stands: check, backup, salvage (inspect.c) ---- */

typedef enum rz_severity { RZ_SEVERITY_WARNING, RZ_SEVERITY_ERROR } rz_severity;
#define RZ_NO_PLACE UINT64_MAX

/* Something that a check found. Texts are borrowed for the call. */
typedef struct rz_problem {
    rz_severity severity;
    const char *object; /* "header", "table Person, column name" */
    uint64_t page;      /* of the file, or RZ_NO_PLACE */
    uint64_t offset;    /* of the row or node in its table, or RZ_NO_PLACE */
    const char *text;
} rz_problem;

/* Where problems go, and who may stop a check. Every structure that can be checked gets one. */
typedef struct rz_inspector {
    ruzu_status (*report)(void *user, const rz_problem *problem, rz_error *err);
    ruzu_status (*poll)(void *user, rz_error *err); /* asked now and then: a failure ends the check; may be NULL */
    void *user;
    uint64_t errors; /* reported so far */
    uint64_t warnings;
} rz_inspector;

RZ_NODISCARD ruzu_status rz_inspector_report(rz_inspector *inspector, rz_severity severity, const char *object,
                                             uint64_t page, uint64_t offset, rz_error *err, const char *format, ...)
    RZ_PRINTF(7, 8);
void rz_error_plain_text(const rz_error *err, char *out, size_t size); /* without "corrupt database: " and the like */
RZ_NODISCARD ruzu_status rz_inspector_poll(rz_inspector *inspector, rz_error *err);
/* Takes a failure of reading what is checked as a finding, and clears it: CORRUPT is reported, anything else (no
 * memory, interrupted, a failing disk) is returned. */
RZ_NODISCARD ruzu_status rz_inspector_absorb(rz_inspector *inspector, ruzu_status status, const char *object,
                                             uint64_t offset, rz_error *err);

/* Pages that failed their checksum since the file was opened, newest first, as many as RZ_CORRUPTIONS: CALL corruption_log(). A page that fails again moves to the front.
 * Any thread. */
#define RZ_CORRUPTIONS 64u
typedef struct rz_corruption {
    uint64_t time_us; /* of the last time, wall clock */
    uint64_t page;
    uint32_t crc;
    uint32_t expected;
    char what[128];
} rz_corruption;
void rz_disk_note_corruption(rz_disk *disk, uint64_t page, const char *what, uint32_t crc, uint32_t expected);
bool rz_disk_corruption_at(rz_disk *disk, uint32_t idx, rz_corruption *out); /* false: there are no more */

/*
 * Directories of tables name page ranges together with the CRCs of their pages. Each module walks its own part of the
 * bytes and calls fn for every range: crcs are u32, little-endian, one a page, inside the bytes that are walked.
 */
typedef struct rz_page_walk {
    ruzu_status (*fn)(void *user, rz_page_range range, const uint8_t *crcs, const char *what, rz_error *err);
    void *user;
    const char *what; /* whose bytes: "table Person, column name" */
} rz_page_walk;
/* Calls fn when the range is none of the empty ones; CORRUPT when the bytes end before the CRCs do. */
RZ_NODISCARD ruzu_status rz_page_walk_range(const rz_page_walk *walk, rz_reader *reader, rz_page_range range,
                                            rz_error *err);

/*
 * Until rz_disk_guard_end, no page that the newest header reaches is reused, so that the file can be read by way of
 * that header while others write. *out is that header; *out_slots says for each slot whether it is valid and holds it.
 * Waits for a header that is being written. Not for a database in memory (MISUSE). Guards may overlap.
 */
typedef struct rz_slot_look {
    bool valid;
    bool current; /* the same number as the header in force */
} rz_slot_look;
RZ_NODISCARD ruzu_status rz_disk_guard_begin(rz_disk *disk, rz_file_header *out, rz_slot_look out_slots[RZ_HEADER_SLOTS],
                                             rz_error *err);
void rz_disk_guard_end(rz_disk *disk);

/*
 * Opens a file that rz_disk_open may refuse, read-only with the shared lock, for check and salvage: a header whose
 * own checksum is wrong will do when the catalog that it names verifies, ranges may reach beyond the end of the file
 * (reading there is CORRUPT), and the free list is left alone. VERSION and CORRUPT when nothing can be made of it.
 */
RZ_NODISCARD ruzu_status rz_disk_open_damaged(rz_vfs *vfs, rz_mem *mem, const char *path, rz_disk **out, rz_error *err);

/* The ranges of a header's free list, checked by themselves (rising, inside the file); reports what is wrong. */
RZ_NODISCARD ruzu_status rz_free_list_inspect(rz_disk *disk, const rz_file_header *header, rz_page_set *out,
                                              rz_inspector *inspector, rz_error *err);
/* Adds the pages that no header and no free list needs to know: those that records of a live log name. When the file alone
 * cannot tell (its header is not clean, and this process has not read the logs), all pages are added. */
RZ_NODISCARD ruzu_status rz_disk_known_pages(rz_disk *disk, rz_page_set *io_set, rz_error *err);
/* A new header for a copy of the file: a uuid and log salts of its own, clean, log generation 1. */
void rz_header_for_copy(rz_vfs *vfs, const rz_file_header *from, rz_file_header *out);
/* The bytes of a header slot (one page), and the CRCs of pages and metadata under another uuid than the disk's. */
void rz_header_bytes(const rz_file_header *header, uint8_t *page);
/*
 * rz_meta_read for a salvage: bytes whose checksum is wrong are reported, and given all the same (*out_bad). Whoever decodes them finds out what of them still makes sense: most bytes of a
 * directory are checksums of pages and bounds of values, damage to which costs those pages, or nothing.
 */
RZ_NODISCARD ruzu_status rz_meta_read_damaged(rz_disk *disk, const rz_meta_ref *ref, const char *what, rz_arena *arena, rz_inspector *inspector,
                                              const uint8_t **out, bool *out_bad, rz_error *err);
uint32_t rz_page_crc_of(const uint8_t uuid[16], uint64_t page_number, const void *page);
uint32_t rz_meta_crc_of(const uint8_t uuid[16], uint64_t start_page, const void *data, uint64_t size);

#endif
