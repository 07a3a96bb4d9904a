/* SPDX-License-Identifier: MIT */
/*
 * Private to os: parts of the POSIX implementation that its tests reach into.
 */
#ifndef RZ_OS_UNIX_H
#define RZ_OS_UNIX_H

#include "os/os.h"

#include <stdatomic.h>

struct rz_file {
    rz_vfs *vfs;         /* borrowed: first in every implementation */
    int fd;              /* -1: a handle of the process before fork() */
    bool locked;
    bool flocked;        /* by flock: the kernel has no open-file-description locks */
    _Atomic uint64_t reserved; /* blocks before this offset are known to be allocated: relaxed, a smaller value only costs time */
    struct rz_file *prev; /* all open ones, guarded by the process lock */
    struct rz_file *next;
};

/* The status that belongs to the errno of a failed call. */
ruzu_status rz_unix_status(void);

/* rz_vfs.lock, .lock_holder and .resolve (lock.c, resolve.c) */
ruzu_status rz_unix_lock(rz_file *file, rz_lock_kind kind);
void rz_unix_lock_holder(rz_file *file, rz_lock_kind wanted, rz_lock_kind *out_kind, uint64_t *out_process);
ruzu_status rz_unix_resolve(rz_vfs *vfs, const char *path, char *out, size_t capacity);
/* The directory part of path into out: "." when there is none. False with errno when it is too long. */
bool rz_unix_parent(const char *path, char *out, size_t capacity);

/* The list of open handles. Forgetting: in a new child, whose only thread has the process lock. */
void rz_unix_files_add(rz_file *file);
void rz_unix_files_remove(rz_file *file);
void rz_unix_files_forget(void);

/* Return at once on failure; this module lies below common/error.h. */
#define RZ_UNIX_TRY(expression)                                                                                        \
    do {                                                                                                               \
        ruzu_status rz_unix_status_ = (expression);                                                                    \
        if (rz_unix_status_ != RUZU_OK) {                                                                              \
            return rz_unix_status_;                                                                                    \
        }                                                                                                              \
    } while (0)

/* Writes zeros over [from, end) of a file of rz_vfs_posix: how space is reserved where the file system cannot preallocate. */
ruzu_status rz_unix_fill(rz_file *file, uint64_t from, uint64_t end);

/*
 * The smallest memory limit in bytes that the control groups named in the file `membership` (/proc/self/cgroup) set in the tree
 * `root` (/sys/fs/cgroup), ancestors included; UINT64_MAX when there is none. Versions 1 and 2.
 */
uint64_t rz_unix_cgroup_memory(const char *membership, const char *root);

/* The same for CPU time: the quota in CPUs, rounded up; UINT32_MAX when there is none. */
uint32_t rz_unix_cgroup_cpus(const char *membership, const char *root);

#endif
