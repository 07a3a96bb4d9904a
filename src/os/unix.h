/* SPDX-License-Identifier: MIT */
/*
 * Private to os: parts of the POSIX implementation that its tests reach into.
 */
#ifndef RZ_OS_UNIX_H
#define RZ_OS_UNIX_H

#include "os/os.h"

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
