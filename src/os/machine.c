/* SPDX-License-Identifier: MIT */
/*
 * What the machine offers: CPUs, their instruction sets, and memory, within the limits of the process's control groups.
 *
 * Control groups come in two versions. /proc/self/cgroup has one line a hierarchy, `id:controllers:path`; version 2 is the line
 * `0::path`. A limit may stand at any level, so the path is walked up to the root of the mounted tree; levels that are not
 * mounted here (the host's part of the path, seen from a container) have no files and set nothing.
 */
#include "os/os.h"

#include "os/unix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

/* ---- control groups ---- */

/* The beginning of a small text file, NUL-terminated; false when it cannot be read. */
static bool machine_read_text(const char *path, char *out, size_t capacity)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    size_t length = 0;
    while (length + 1 < capacity) {
        ssize_t got = read(fd, out + length, capacity - 1 - length);
        if (got > 0) {
            length += (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            break;
        }
    }
    (void)close(fd);
    out[length] = '\0';
    return length > 0;
}

/* The decimal number at text, and where it ends; false when there is none or it does not fit ("max", "-1"). */
static bool machine_parse_u64(const char *text, uint64_t *out, const char **out_end)
{
    uint64_t value = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (rz_mul_overflow(value, UINT64_C(10), &value) || rz_add_overflow(value, (uint64_t)(*p - '0'), &value)) {
            return false;
        }
    }
    *out = value;
    *out_end = p;
    return p != text;
}

static bool machine_read_u64(const char *path, uint64_t *out)
{
    char text[64];
    const char *end;
    return machine_read_text(path, text, sizeof text) && machine_parse_u64(text, out, &end);
}

/* Whether name is one of the words of the comma-separated list [list, list + length). */
static bool machine_has_controller(const char *list, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    size_t begin = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i == length || list[i] == ',') {
            if (i - begin == name_length && memcmp(list + begin, name, name_length) == 0) {
                return true;
            }
            begin = i + 1;
        }
    }
    return false;
}

/*
 * Calls `level` with the folder of each level of every hierarchy that governs `controller`: folder is inside the version 2 tree
 * when unified, else inside the version 1 tree of that controller.
 */
typedef void (*machine_level_fn)(void *user, const char *folder, bool unified);

static void machine_walk_path(const char *root, const char *subtree, const char *path, size_t path_length, bool unified,
                              machine_level_fn level, void *user)
{
    char folder[PATH_MAX];
    size_t length = path_length;
    for (;;) {
        while (length > 0 && path[length - 1] == '/') {
            length--;
        }
        int written = snprintf(folder, sizeof folder, "%s%s%.*s", root, subtree, (int)length, path);
        if (written > 0 && (size_t)written < sizeof folder) {
            level(user, folder, unified);
        }
        if (length == 0) {
            return;
        }
        while (length > 0 && path[length - 1] != '/') {
            length--;
        }
    }
}

static void machine_walk_cgroups(const char *membership, const char *root, const char *controller,
                                 machine_level_fn level, void *user)
{
    char text[PATH_MAX * 2];
    char subtree[64];
    if (!machine_read_text(membership, text, sizeof text)) {
        return;
    }
    (void)snprintf(subtree, sizeof subtree, "/%s", controller);
    const char *line = text;
    while (*line != '\0') {
        const char *end = strchr(line, '\n');
        const char *next = end == NULL ? line + strlen(line) : end + 1;
        if (end == NULL) {
            end = next;
        }
        const char *list = memchr(line, ':', (size_t)(end - line));
        const char *path = list == NULL ? NULL : memchr(list + 1, ':', (size_t)(end - list - 1));
        if (path != NULL) {
            size_t list_length = (size_t)(path - list - 1);
            size_t path_length = (size_t)(end - path - 1);
            if (list_length == 0) {
                machine_walk_path(root, "", path + 1, path_length, true, level, user);
            } else if (machine_has_controller(list + 1, list_length, controller)) {
                machine_walk_path(root, subtree, path + 1, path_length, false, level, user);
            }
        }
        line = next;
    }
}

static void machine_memory_level(void *user, const char *folder, bool unified)
{
    uint64_t *least = (uint64_t *)user;
    char path[PATH_MAX];
    uint64_t limit;
    int written = snprintf(path, sizeof path, "%s/%s", folder, unified ? "memory.max" : "memory.limit_in_bytes");
    if (written > 0 && (size_t)written < sizeof path && machine_read_u64(path, &limit) && limit < *least) {
        *least = limit;
    }
}

uint64_t rz_unix_cgroup_memory(const char *membership, const char *root)
{
    uint64_t least = UINT64_MAX;
    machine_walk_cgroups(membership, root, "memory", machine_memory_level, &least);
    return least;
}

/* Version 2: "quota period" in cpu.max; version 1: two files. An unlimited quota is "max" or -1 and does not parse. */
static bool machine_read_quota(const char *folder, bool unified, uint64_t *out_quota, uint64_t *out_period)
{
    char path[PATH_MAX];
    char text[64];
    const char *end;
    int written = snprintf(path, sizeof path, "%s/%s", folder, unified ? "cpu.max" : "cpu.cfs_quota_us");
    if (written <= 0 || (size_t)written >= sizeof path || !machine_read_text(path, text, sizeof text) ||
        !machine_parse_u64(text, out_quota, &end)) {
        return false;
    }
    if (unified) {
        return *end == ' ' && machine_parse_u64(end + 1, out_period, &end);
    }
    written = snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    return written > 0 && (size_t)written < sizeof path && machine_read_u64(path, out_period);
}

static void machine_cpu_level(void *user, const char *folder, bool unified)
{
    uint32_t *least = (uint32_t *)user;
    uint64_t quota;
    uint64_t period;
    if (machine_read_quota(folder, unified, &quota, &period) && quota > 0 && period > 0) {
        uint64_t cpus = quota / period + (quota % period != 0);
        if (cpus < *least) {
            *least = (uint32_t)cpus;
        }
    }
}

uint32_t rz_unix_cgroup_cpus(const char *membership, const char *root)
{
    uint32_t least = UINT32_MAX;
    machine_walk_cgroups(membership, root, "cpu", machine_cpu_level, &least);
    return least;
}

/* ---- the machine ---- */

uint64_t rz_machine_memory(void)
{
    uint64_t least = rz_unix_cgroup_memory("/proc/self/cgroup", "/sys/fs/cgroup");
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_size = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page_size > 0 && (uint64_t)pages * (uint64_t)page_size < least) {
        least = (uint64_t)pages * (uint64_t)page_size;
    }
    return least;
}

uint32_t rz_cpu_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) { /* refused on machines with more CPUs than the set holds */
        count = CPU_COUNT(&allowed);
    }
    uint32_t quota = rz_unix_cgroup_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
    uint32_t cpus = count < 1 ? 1 : (uint32_t)count;
    return cpus < quota ? cpus : quota;
}

static rz_cpu_features machine_features; /* written once under machine_once, read afterwards */
static pthread_once_t machine_once = PTHREAD_ONCE_INIT;

static void machine_find_features(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    machine_features.sse42 = __builtin_cpu_supports("sse4.2") != 0;
    machine_features.avx2 = __builtin_cpu_supports("avx2") != 0;
    machine_features.bmi2 = __builtin_cpu_supports("bmi2") != 0;
    machine_features.avx512 = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                              __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
#elif defined(__aarch64__)
    machine_features.arm_crc = (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#endif
}

const rz_cpu_features *rz_cpu(void)
{
    (void)pthread_once(&machine_once, machine_find_features);
    return &machine_features;
}
