/* SPDX-License-Identifier: MIT */
/*
 * The disk below simfs: what a file system has durably, what is still pending, and what a power loss may leave of it.
 *
 * A disk is a deterministic function of the changes applied to it, so a run is replayed to any point from its list of changes.
 *
 *   inode      durable contents + list of pending changes (write, truncate, reserve) = current contents
 *   directory  durable names + list of pending operations (create, unlink, rename, mkdir) = current names
 *   sync       pending changes of one inode become durable;  sync_dir: pending operations of one directory do
 *
 * Names lead to inodes, not to contents: a file removed and created again is another inode, and when the removal is lost the
 * first one is back. Contents are blocks shared between copies until written, so that thousands of crash states are cheap.
 *
 * Single-threaded, except that blocks and changes may be shared with disks used by other threads.
 */
#ifndef RZ_TESTS_SIM_SIMDISK_H
#define RZ_TESTS_SIM_SIMDISK_H

#include "sim/simfs.h"

enum { SIM_BLOCK = 4096, SIM_SECTOR = 512, SIM_STALE_MAX = 64 };

#define SIM_NO_INODE UINT32_MAX

typedef struct sim_block {
    _Atomic uint32_t refs;
    uint8_t bytes[SIM_BLOCK];
} sim_block;

/* The bytes of a file. A missing block is a hole; it reads as zero and takes no space. */
typedef struct sim_content {
    uint64_t size;
    sim_block **blocks; /* owned references */
    uint64_t block_count;
    uint64_t allocated; /* blocks that are there */
} sim_content;

typedef enum sim_change_kind {
    SIM_CREATE,       /* inode under path (a temporary file: path NULL) */
    SIM_WRITE,        /* data at off */
    SIM_TRUNCATE,     /* to size */
    SIM_RESERVE,      /* blocks up to size */
    SIM_SYNC,         /* of inode */
    SIM_FORGET,       /* what was lost is no longer read either, in [off, off + size), size 0: anywhere */
    SIM_LOSE_PENDING, /* a failed sync: pending changes will never be durable, though they can still be read */
    SIM_UNLINK,       /* path */
    SIM_RENAME,       /* path to new_path */
    SIM_MKDIR,        /* path */
    SIM_SYNC_DIR      /* path is the directory */
} sim_change_kind;

/* One change, immutable once made. Shared by the history and by the pending lists of disks. */
typedef struct sim_change {
    _Atomic uint32_t refs;
    sim_change_kind kind;
    uint64_t op; /* number of the operation that made it */
    uint32_t inode;
    uint64_t off;
    uint64_t size;
    char *path;     /* owned */
    char *new_path; /* owned */
    uint8_t *data;  /* owned: size bytes */
} sim_change;

typedef struct sim_changes {
    sim_change **items; /* owned references */
    size_t count;
    size_t capacity;
} sim_changes;

typedef struct sim_inode {
    sim_content current;
    sim_content durable;
    sim_changes pending;
    bool diverged; /* some change was lost: current is no longer durable + pending */
} sim_inode;

typedef struct sim_name {
    char *path;     /* owned */
    uint32_t inode; /* SIM_NO_INODE: a directory */
} sim_name;

typedef struct sim_names {
    sim_name *items;
    size_t count;
    size_t capacity;
} sim_names;

typedef struct sim_disk {
    sim_inode **inodes; /* owned; an inode lives as long as the disk, since a lost unlink may bring it back */
    uint32_t inode_count;
    uint32_t inode_capacity;
    sim_names current;
    sim_names durable;
    sim_changes dir_pending;
    sim_block *stale[SIM_STALE_MAX]; /* owned references: contents that space held before it was given back or overwritten */
    uint32_t stale_next;
    bool sync_creates; /* syncing a new file makes its name durable, as ext4 does */
} sim_disk;

/* Memory of the simulator: ends the program when there is none. */
void *sim_alloc(size_t size);
char *sim_strdup(const char *text);

sim_disk *sim_disk_create(void);
void sim_disk_free(sim_disk *disk);
sim_disk *sim_disk_clone(const sim_disk *disk);

/* The path's name among names, or NULL. */
const sim_name *sim_names_find(const sim_names *names, const char *path);
/* The directory part of path, "" for none; owned by the caller. */
char *sim_parent(const char *path);

sim_change *sim_change_create(sim_change_kind kind, uint64_t op, uint32_t inode);
void sim_change_release(sim_change *change);
void sim_changes_push(sim_changes *changes, sim_change *change); /* takes a reference of its own */
void sim_changes_clear(sim_changes *changes);
void sim_changes_free(sim_changes *changes);

/* Carries the change out: on the current state, on the pending lists, or on the durable state. */
void sim_disk_apply(sim_disk *disk, sim_change *change);

void sim_content_read(const sim_content *content, uint64_t off, void *out, size_t size); /* within the file's size */
void sim_content_write(sim_content *content, uint64_t off, const void *data, uint64_t size);
/* Blocks that writing [off, off + size) would add. */
uint64_t sim_content_missing(const sim_content *content, uint64_t off, uint64_t size);

/* What is left after the power went off: a disk with nothing pending. Deterministic in (disk, model, seed). */
sim_disk *sim_disk_crash(const sim_disk *disk, simfs_model model, uint64_t seed);

#endif
