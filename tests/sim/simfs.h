/* SPDX-License-Identifier: MIT */
/*
 * simfs: an rz_vfs in memory that loses power, runs out of space and fails on request.
 *
 * A test runs a workload on simfs_vfs(), notes simfs_op_count() at each acknowledgement, and then asks for the file system as a
 * power loss after the first k operations could have left it: simfs_crash(fs, k, model, seed), for any k, as often as it likes,
 * without running the workload again. Crash points of one run are best asked for in ascending order (each is then one step).
 *
 * Every call of the vfs is one operation, numbered from 0, and every number can be made to fail (simfs_add_fault).
 * Deterministic: the same calls on a simfs of the same seed give the same bytes, times and random numbers.
 * Threads: the vfs may be used by several threads (one lock); order then decides numbers. The simfs_* functions are for a
 * moment when no other thread is in the vfs.
 */
#ifndef RZ_TESTS_SIM_SIMFS_H
#define RZ_TESTS_SIM_SIMFS_H

#include "os/os.h"

typedef struct simfs simfs;

simfs *simfs_create(uint64_t seed);
void simfs_free(simfs *fs); /* handles still open are freed too; NULL is fine */
rz_vfs *simfs_vfs(simfs *fs);

/* ---- operations ---- */

typedef enum simfs_op_kind {
    SIMFS_OP_OPEN,
    SIMFS_OP_CLOSE,
    SIMFS_OP_READ,
    SIMFS_OP_WRITE,
    SIMFS_OP_SYNC,
    SIMFS_OP_SIZE,
    SIMFS_OP_TRUNCATE,
    SIMFS_OP_RESERVE,
    SIMFS_OP_SYNC_DIR,
    SIMFS_OP_REMOVE,
    SIMFS_OP_RENAME,
    SIMFS_OP_LOCK,
    SIMFS_OP_IDENT,
    SIMFS_OP_IDENT_PATH,
    SIMFS_OP_IS_DIRECTORY,
    SIMFS_OP_MAKE_DIR,
    SIMFS_OP_LIST
} simfs_op_kind;

#define SIMFS_KIND(kind) (UINT32_C(1) << (kind)) /* for simfs_fault.kinds */

uint64_t simfs_op_count(const simfs *fs);
simfs_op_kind simfs_op_kind_at(const simfs *fs, uint64_t op);
/* "17: write db.ruzu at 4096, 512 bytes"; for the message of a failed test. Returns out. */
const char *simfs_describe(const simfs *fs, uint64_t op, char *out, size_t capacity);
/* The smallest k > after (k ≤ op_count) whose state differs from the one before it, i.e. operation k − 1 changed something;
 * UINT64_MAX when there is none. Together with k = 0 these are all crash points worth trying. */
uint64_t simfs_next_crash_point(const simfs *fs, uint64_t after);

/* ---- power loss ---- */

typedef enum simfs_model {
    SIMFS_KEEP,       /* everything written is there */
    SIMFS_DROP,       /* nothing is there that was not synced, names included */
    SIMFS_PREFIX,     /* of each inode and directory the changes up to some point */
    SIMFS_SUBSET,     /* each unsynced change kept, dropped, or (a write) torn at 512-byte sectors, in any order */
    SIMFS_SUBSET_DIR, /* the same, and the last operations of each directory lost */
    SIMFS_GROW,       /* files have their new size, the new space reads as zero; inside the old size as SUBSET */
    SIMFS_GARBAGE,    /* as SUBSET, sectors of torn writes that are missing hold random bytes */
    SIMFS_STALE       /* as SUBSET, missing sectors of new space show what the disk held there before */
} simfs_model;

enum { SIMFS_MODEL_COUNT = SIMFS_STALE + 1 };

const char *simfs_model_name(simfs_model model);
bool simfs_model_is_random(simfs_model model); /* false: one seed is enough */

/* The file system after a power loss following the first k operations: a new simfs (free it), nothing pending, no locks. */
simfs *simfs_crash(simfs *fs, uint64_t k, simfs_model model, uint64_t seed);

/* ---- faults ---- */

typedef enum simfs_action {
    SIMFS_FAIL,        /* the operation does nothing and reports error_number */
    SIMFS_SHORT_WRITE, /* a write stores some beginning of its bytes, then reports error_number */
    SIMFS_BIT_ROT,     /* a read succeeds with one bit flipped */
    SIMFS_POWER_OFF    /* this and every later operation reports EIO and does nothing */
} simfs_action;

/* What a failed sync (SIMFS_FAIL of SIMFS_OP_SYNC) leaves behind. */
typedef enum simfs_sync_failure {
    SIMFS_SYNC_KEEP, /* changes stay pending: a later sync would store them */
    SIMFS_SYNC_LOSE, /* changes count as stored and are not: the kernel marked the pages clean */
    SIMFS_SYNC_LATE  /* this sync succeeds; the next one of the file fails and loses what was written in between */
} simfs_sync_failure;

#define SIMFS_ANY_OP UINT64_MAX

typedef struct simfs_fault {
    uint64_t op;       /* number of the operation, or SIMFS_ANY_OP */
    uint32_t kinds;    /* SIMFS_KIND bits; 0: any */
    const char *path;  /* part of the path, or NULL for any; must outlive the fault */
    uint32_t skip;     /* matching operations let through first */
    bool forever;      /* all matching operations from then on; else once */
    simfs_action action;
    int error_number;
    simfs_sync_failure sync_failure;
} simfs_fault;

void simfs_add_fault(simfs *fs, simfs_fault fault);
void simfs_clear_faults(simfs *fs); /* power is on again too */
uint64_t simfs_fault_hits(const simfs *fs); /* since the file system was made */

size_t simfs_open_count(const simfs *fs); /* handles not closed yet */

/* Space for file contents in bytes, in 4 KiB blocks; UINT64_MAX (at first): no limit. More than it: ENOSPC. */
void simfs_set_quota(simfs *fs, uint64_t bytes);
uint64_t simfs_used_bytes(const simfs *fs);
uint64_t simfs_most_used_bytes(const simfs *fs);

/* Syncing a new file makes its name durable too, as ext4 does. Off at first: POSIX promises nothing of the kind.
 * Set before the first operation. */
void simfs_set_sync_creates(simfs *fs, bool on);

/* ---- looking in and damaging, without operations ---- */

bool simfs_exists(const simfs *fs, const char *path);
uint64_t simfs_file_size(const simfs *fs, const char *path); /* 0 when absent */
/* Bytes of a file as a program would read them now; false when they are not all there. */
bool simfs_peek(const simfs *fs, const char *path, uint64_t off, void *out, size_t size);
/* Durably replaces bytes, within the file's size: damage. The history so far is forgotten (crash points start anew). */
bool simfs_poke(simfs *fs, const char *path, uint64_t off, const void *data, size_t size);
/* A copy as it is now, with everything durable: for trying one damage after another. */
simfs *simfs_copy(const simfs *fs);
/* The clock of now_us; it advances by one microsecond a call. */
void simfs_set_clock(simfs *fs, uint64_t now_us);

#endif
