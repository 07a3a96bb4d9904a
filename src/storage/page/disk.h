/* SPDX-License-Identifier: MIT */
/*
 * Private to storage/page: the disk object and what its files share.
 *
 * Where a page of the file can be (all sets guarded by `mutex`; each page is in exactly one of the first four):
 *
 *     free      reusable now
 *     used      given out by rz_disk_allocate or claimed; ranges of directories not read yet are in no set at all
 *     pending   freed, but a header slot or a live log may still refer to it
 *     closing   only while a header is being written: what was pending when that began
 *
 *     rz_disk_allocate: free -> used, fresh          rz_disk_free: used -> free when fresh, else -> pending
 *     rz_disk_claim: (none) -> used                  header begins: pending -> closing; ends: closing -> free
 *
 * and some used pages have marks besides:
 *
 *     fresh     no header slot and no log record refers to it
 *     held      the next header will not refer to it (rz_disk_hold)
 *     logged    a record of a live log names it (pages keep this mark when they are freed)
 *     awaited   claimed for a record that is yet to be replayed
 *
 * fresh is decided by this set alone, never by comparing page numbers. While a header is being written, it may refer to
 * any page that was allocated before: `fresh` starts empty then and takes only what is allocated meanwhile; the others
 * wait in `fresh_before` for the case of failure. Likewise a hold that begins meanwhile comes too late for that header:
 * `held_next`.
 */
#ifndef RZ_STORAGE_PAGE_DISK_H
#define RZ_STORAGE_PAGE_DISK_H

#include "storage/page/page.h"

#include <stdatomic.h>

#define DISK_SPARE_NODES   256u /* kept for operations that must not fail for want of memory */
#define DISK_GROWTH_PAGES  256u /* the file grows by at least so many */
#define DISK_REGION_BLOCK  64u
#define DISK_REGION_BLOCKS (RZ_MAX_PAGES / RZ_REGION_PAGES / DISK_REGION_BLOCK)

/* Pages of a database in memory: a map of 1 GiB a region, each page charged to the account while it is in use. */
typedef struct rz_memory_block {
    uint8_t *_Atomic regions[DISK_REGION_BLOCK];
} rz_memory_block;
typedef struct rz_memory_regions {
    /* atomic, both levels: released by the allocator under the disk's mutex, acquired by readers */
    rz_memory_block *_Atomic blocks[DISK_REGION_BLOCKS];
} rz_memory_regions;

struct rz_disk {
    rz_vfs *vfs;   /* borrowed */
    rz_mem *mem;   /* borrowed */
    rz_file *file; /* owned; NULL in memory */
    char *path;    /* owned; ":memory:" in memory */
    size_t path_size;
    bool in_memory; /* immutable after open, like everything above */
    bool read_only;
    bool damaged; /* opened by rz_disk_open_damaged */
    uint64_t private_first; /* read-only: pages from here on are in memory, this process's own (recovery's); else UINT64_MAX */
    uint8_t uuid[16]; /* a copy that does not change */
    rz_memory_regions regions;

    rz_mutex header_mutex; /* one header at a time; taken before mutex */
    rz_file_header header; /* of the newest header */
    uint32_t picked_slot;  /* the slot that surely holds it */
    uint32_t bad_slots;
    bool stale_slot;      /* the other slot is a valid, older header: mended before anything that it relies on is reused */
    _Atomic bool settled; /* both slots are known to be durable and equal, or the other is not valid; release by rz_disk_settle */
    bool writing_header; /* guarded by mutex */

    rz_mutex mutex;
    rz_page_nodes nodes;
    rz_space space; /* its free set is "free" above, its end the page count */
    rz_space private_space; /* from private_first on */
    rz_page_set used;
    rz_page_set pending;
    rz_page_set closing;
    rz_page_set fresh;
    rz_page_set fresh_before;
    rz_page_set held;
    rz_page_set held_next;
    rz_page_set awaited;
    rz_page_set logged[2]; /* by log generation & 1: at most two logs live */
    uint64_t logged_generation[2];
    uint64_t max_pages;
    uint64_t file_pages;   /* length of the file, at least space.end */
    uint64_t memory_pages; /* charged for a database in memory */
    uint64_t lost_pages;
    rz_corruption corruptions[RZ_CORRUPTIONS]; /* newest first */
    uint32_t corruption_count;
    uint32_t guards; /* rz_disk_guard_begin; while there are any, no page that left a header becomes free */

    uint32_t open_flags; /* RZ_DISK_*; immutable after open, as is lock */
    rz_lock_kind lock;

    _Atomic uint32_t poison_state; /* DISK_POISON_*: nothing more is promised to be durable; 2 releases poison */
    _Atomic bool full;
    rz_error poison;               /* the first cause; written once, by whoever went from 0 to 1 */
};

/* disk.c */
RZ_COLD ruzu_status rz_disk_io_error(rz_error *err, ruzu_status status, int errno_value, const char *operation,
                                     const char *path, uint64_t off, uint64_t size);
RZ_NODISCARD ruzu_status rz_disk_alloc(rz_mem *mem, rz_vfs *vfs, const char *path, rz_disk **out, rz_error *err);
void rz_disk_destroy(rz_disk *disk); /* closes the file without a word */

/* share.c: locks the open file in the way that flags ask for; LOCKED names who is in the way */
RZ_NODISCARD ruzu_status rz_disk_lock(rz_vfs *vfs, rz_file *file, const char *path, uint32_t flags,
                                      rz_lock_kind *out_kind, rz_error *err);
/* Whether the path names the open file; true when that cannot be told. */
bool rz_disk_named(const rz_disk *disk);
RZ_COLD ruzu_status rz_disk_locked_error(rz_error *err, const char *path, rz_lock_kind kind, uint64_t process);

/* share.c: the failure of a call that must not fail: words it, poisons with it, raises it */
RZ_COLD ruzu_status rz_disk_fatal(rz_disk *disk, ruzu_status status, int errno_value, const char *operation, uint64_t off,
                                  uint64_t size, rz_error *err);

/* allocate.c: mutex held; max_pages instead of the disk's own */
RZ_NODISCARD ruzu_status rz_disk_allocate_locked(rz_disk *disk, uint64_t count, uint64_t max_pages, rz_page_range *out,
                                                 rz_error *err);

/* memory.c: regions of a database in memory, and of private pages */
uint8_t *rz_memory_page(rz_disk *disk, uint64_t page);
RZ_NODISCARD ruzu_status rz_memory_add(rz_disk *disk, rz_page_range range, rz_error *err); /* mutex held */
void rz_memory_drop(rz_disk *disk, rz_page_range range);
void rz_memory_release(rz_disk *disk);

/* header.c */
void rz_header_encode(const rz_file_header *header, uint8_t *page);
typedef enum rz_slot_state {
    RZ_SLOT_VALID,
    RZ_SLOT_FOREIGN, /* no magic */
    RZ_SLOT_LATER,   /* magic, and a format version that this build does not know */
    RZ_SLOT_DAMAGED
} rz_slot_state;
rz_slot_state rz_header_decode(const uint8_t *page, rz_file_header *out);
/* The fields, whatever the checksum says; false: no magic. */
bool rz_header_decode_anyway(const uint8_t *page, rz_file_header *out);
/* Whether this build understands the header's version and group sizes (VERSION). */
RZ_NODISCARD ruzu_status rz_header_fits(const rz_disk *disk, const rz_file_header *header, rz_error *err);
RZ_NODISCARD ruzu_status rz_header_pick(rz_disk *disk, const uint8_t *slots, rz_error *err);
void rz_header_fill_new(rz_vfs *vfs, rz_file_header *out);
RZ_NODISCARD ruzu_status rz_header_claim(rz_disk *disk, rz_error *err);

/* meta.c */
uint32_t rz_meta_crc(const rz_disk *disk, uint64_t start_page, const void *data, uint64_t size);

/* free_list.c: the free-space range of a header */
RZ_NODISCARD ruzu_status rz_free_list_load(rz_disk *disk, rz_error *err);
/* Room for the list of all that the next header counts as free. */
uint64_t rz_free_list_bound(const rz_disk *disk);
/* Writes it to out (at least the bound, zeroed) and says where the header's pages end: free pages at the end are left
 * out. */
uint64_t rz_free_list_encode(const rz_disk *disk, uint8_t *out, uint64_t *out_page_count);

#endif
