/* SPDX-License-Identifier: MIT */
/*
 * What a simulated file system consists of (private to simfs.c, its operations, and simfs_test.c, what tests see of it).
 */
#ifndef RZ_TESTS_SIMFS_STATE_H
#define RZ_TESTS_SIMFS_STATE_H

#include "sim/simdisk.h"
#include "sim/simfs.h"

/* One call of the vfs, for simfs_describe. */
typedef struct sim_op {
    simfs_op_kind kind;
    char *path; /* owned */
    uint64_t off;
    uint64_t size;
} sim_op;

typedef struct sim_file {
    rz_vfs *vfs; /* first in every implementation */
    struct simfs *fs;
    struct sim_file *next;
    uint32_t inode;
    bool writable;
    bool late_failure; /* the next sync fails and loses what is pending */
    rz_lock_kind lock;
    char *path; /* owned: the name it was opened by */
} sim_file;

struct simfs {
    rz_vfs vfs;
    rz_mutex mutex;
    uint64_t seed;
    uint64_t random_count;
    uint64_t clock_us;
    sim_disk *base; /* the state before operation 0 */
    sim_disk *disk; /* the state now */
    sim_changes history;
    sim_disk *replay; /* base and the first replay_at changes of the history; NULL: not begun */
    size_t replay_at;
    sim_op *ops;
    size_t op_count;
    size_t op_capacity;
    sim_file *files; /* open handles */
    simfs_fault *faults;
    size_t fault_count;
    size_t fault_capacity;
    uint64_t fault_hits;
    bool power_off;
    uint64_t quota_bytes;
    uint64_t most_used_bytes;
};

/* Without "./" in front and without doubled or closing slashes; owned by the caller. The root is "". */
char *sim_normal_path(const char *path);
void sim_file_free(sim_file *file);
/* The table of functions. */
rz_vfs simfs_operations(simfs *fs);

#endif
