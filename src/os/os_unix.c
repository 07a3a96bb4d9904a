/* SPDX-License-Identifier: MIT */
/*
 * The POSIX implementation of rz_vfs: with lock.c and resolve.c the only code of the library that opens,
 * reads, writes, syncs, locks or names files.
 *
 * Invariants
 *   (1) Descriptors are at least 3, so that a host that closed its standard streams never has its messages land in a database,
 *       and close on exec.
 *   (2) Interrupted and short transfers are continued here; nothing else is tried again.
 *   (3) Every open handle is in a list, by which a forked child gives up what it inherited (lock.c).
 *   (4) Failures leave errno and say nothing: the caller knows what it was doing.
 *
 * A handle is one small anonymous map, because this module lies below the allocator.
 */
#include "os/os.h"

#include "os/unix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIX_MAX_TRANSFER ((size_t)1 << 30) /* the kernel stops a little above 2 GiB anyway */

rz_vfs *rz_file_vfs(rz_file *file)
{
    return file->vfs;
}

ruzu_status rz_unix_status(void)
{
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* the file system's or the process's file size limit: no more room for this file either */
        return RUZU_ERROR_DISK_FULL;
    case ENOMEM:
        return RUZU_ERROR_NO_MEMORY;
    default:
        return RUZU_ERROR_IO;
    }
}

static bool unix_off_valid(uint64_t off, size_t size)
{
    if (off > INT64_MAX || size > (uint64_t)INT64_MAX - off) {
        errno = EOVERFLOW;
        return false;
    }
    return true;
}

/* Closes without disturbing errno, on the way out of a failure. */
static void unix_close_quietly(int fd)
{
    int saved = errno;
    (void)close(fd);
    errno = saved;
}

static int unix_open_fd(const char *path, int mode)
{
    int fd;
    do {
        fd = open(path, mode | O_CLOEXEC | O_NOCTTY, 0600);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0 || fd >= 3) {
        return fd;
    }
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* by (1) */
    unix_close_quietly(fd);
    return moved;
}

static ruzu_status unix_open(rz_vfs *vfs, const char *path, uint32_t flags, rz_file **out)
{
    *out = NULL;
    int mode = (flags & RZ_OPEN_WRITE) ? O_RDWR : O_RDONLY;
    if (flags & RZ_OPEN_TEMP) {
        mode = O_RDWR | O_CREAT | O_EXCL;
    }
    if (flags & RZ_OPEN_CREATE) {
        mode |= O_CREAT;
    }
    if (flags & RZ_OPEN_EXCL) {
        mode |= O_EXCL;
    }
    rz_file *file = (rz_file *)mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (file == MAP_FAILED) {
        return RUZU_ERROR_NO_MEMORY;
    }
    int fd = unix_open_fd(path, mode);
    if (fd >= 0 && (flags & RZ_OPEN_TEMP) && unlink(path) != 0) {
        unix_close_quietly(fd);
        fd = -1;
    }
    if (fd < 0) {
        int saved = errno;
        (void)munmap(file, sizeof *file);
        errno = saved;
        return rz_unix_status();
    }
    file->vfs = vfs;
    file->fd = fd;
    rz_unix_files_add(file);
    *out = file;
    return RUZU_OK;
}

static ruzu_status unix_close(rz_file *file)
{
    if (file == NULL) {
        return RUZU_OK;
    }
    rz_unix_files_remove(file);
    if (file->locked) {
        (void)rz_unix_lock(file, RZ_LOCK_NONE); /* a child that the host has forked may hold the description, and the lock with it */
    }
    /* Linux has released the descriptor when it reports EINTR: trying again could close somebody else's. */
    bool failed = file->fd >= 0 && close(file->fd) != 0 && errno != EINTR;
    int saved = errno;
    (void)munmap(file, sizeof *file);
    errno = saved;
    return failed ? rz_unix_status() : RUZU_OK;
}

static ruzu_status unix_read(rz_file *file, void *buffer, size_t size, uint64_t off, size_t *out_got)
{
    *out_got = 0;
    if (!unix_off_valid(off, size)) {
        return RUZU_ERROR_IO;
    }
    size_t done = 0;
    while (done < size) {
        size_t part = size - done < UNIX_MAX_TRANSFER ? size - done : UNIX_MAX_TRANSFER;
        ssize_t got = pread(file->fd, (char *)buffer + done, part, (off_t)(off + done));
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return rz_unix_status();
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    *out_got = done;
    return RUZU_OK;
}

static ruzu_status unix_write(rz_file *file, const void *buffer, size_t size, uint64_t off)
{
    if (!unix_off_valid(off, size)) {
        return RUZU_ERROR_IO;
    }
    size_t done = 0;
    while (done < size) {
        size_t part = size - done < UNIX_MAX_TRANSFER ? size - done : UNIX_MAX_TRANSFER;
        ssize_t put = pwrite(file->fd, (const char *)buffer + done, part, (off_t)(off + done));
        if (put < 0) {
            if (errno == EINTR) {
                continue;
            }
            return rz_unix_status();
        }
        if (put == 0) {
            errno = EIO; /* no progress and no reason: going on could last forever */
            return RUZU_ERROR_IO;
        }
        done += RZ_MUTANT_IS(10) ? part : (size_t)put;
    }
    return RUZU_OK;
}

static ruzu_status unix_sync_fd(int fd, bool data_only)
{
    int result;
    do {
        result = data_only ? fdatasync(fd) : fsync(fd);
    } while (result != 0 && errno == EINTR); /* an interrupted wait has reported nothing yet: not a second try of a failed sync */
    return result == 0 ? RUZU_OK : rz_unix_status();
}

static ruzu_status unix_sync(rz_file *file, bool data_only)
{
    return unix_sync_fd(file->fd, data_only);
}

static ruzu_status unix_size(rz_file *file, uint64_t *out_size)
{
    struct stat info;
    *out_size = 0;
    if (fstat(file->fd, &info) != 0) {
        return rz_unix_status();
    }
    *out_size = (uint64_t)info.st_size;
    return RUZU_OK;
}

static ruzu_status unix_truncate(rz_file *file, uint64_t size)
{
    if (!unix_off_valid(size, 0)) {
        return RUZU_ERROR_IO;
    }
    int result;
    do {
        result = ftruncate(file->fd, (off_t)size);
    } while (result != 0 && errno == EINTR);
    if (size < atomic_load_explicit(&file->reserved, memory_order_relaxed)) {
        atomic_store_explicit(&file->reserved, size, memory_order_relaxed);
    }
    return result == 0 ? RUZU_OK : rz_unix_status();
}

ruzu_status rz_unix_fill(rz_file *file, uint64_t from, uint64_t end)
{
    static const char zeros[65536];
    while (from < end) {
        size_t part = end - from < sizeof zeros ? (size_t)(end - from) : sizeof zeros;
        RZ_UNIX_TRY(unix_write(file, zeros, part, from));
        from += part;
    }
    return RUZU_OK;
}

static ruzu_status unix_reserve(rz_file *file, uint64_t end)
{
    uint64_t old_size = 0;
    if (!unix_off_valid(end, 0)) {
        return RUZU_ERROR_IO;
    }
    /* Only what is not known to be there: a log that grows step by step must not walk all its blocks at each step. */
    uint64_t from = atomic_load_explicit(&file->reserved, memory_order_relaxed);
    if (end <= from) {
        return RUZU_OK;
    }
    RZ_UNIX_TRY(unix_size(file, &old_size));
    int result;
    do {
        result = fallocate(file->fd, 0, (off_t)from, (off_t)(end - from));
    } while (result != 0 && errno == EINTR);
    if (result == 0) {
        atomic_store_explicit(&file->reserved, end, memory_order_relaxed);
        return RUZU_OK;
    }
    ruzu_status status = rz_unix_status();
    if (errno == EOPNOTSUPP || errno == ENOSYS) {
        status = rz_unix_fill(file, old_size, end); /* a file system without preallocation: what was written is allocated */
    }
    if (status != RUZU_OK && end > old_size) {
        /* Give back what a partial reservation took: a full disk must not stay full because of a failed request. */
        int saved = errno;
        (void)unix_truncate(file, old_size);
        errno = saved;
    }
    return status;
}

static ruzu_status unix_sync_dir(rz_vfs *vfs RZ_UNUSED, const char *path_of_file)
{
    char directory[PATH_MAX];
    if (!rz_unix_parent(path_of_file, directory, sizeof directory)) {
        return RUZU_ERROR_IO;
    }
    int fd = unix_open_fd(directory, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return rz_unix_status();
    }
    ruzu_status status = unix_sync_fd(fd, false);
    unix_close_quietly(fd);
    return status;
}

static ruzu_status unix_remove(rz_vfs *vfs RZ_UNUSED, const char *path)
{
    return unlink(path) == 0 ? RUZU_OK : rz_unix_status();
}

static ruzu_status unix_rename(rz_vfs *vfs RZ_UNUSED, const char *from, const char *to)
{
    return rename(from, to) == 0 ? RUZU_OK : rz_unix_status();
}

static void unix_fill_ident(const struct stat *info, rz_file_ident *out)
{
    out->device = (uint64_t)info->st_dev;
    out->inode = (uint64_t)info->st_ino;
    out->link_count = (uint64_t)info->st_nlink;
}

static ruzu_status unix_ident(rz_file *file, rz_file_ident *out)
{
    struct stat info;
    memset(out, 0, sizeof *out);
    if (fstat(file->fd, &info) != 0) {
        return rz_unix_status();
    }
    unix_fill_ident(&info, out);
    return RUZU_OK;
}

static ruzu_status unix_ident_path(rz_vfs *vfs RZ_UNUSED, const char *path, rz_file_ident *out)
{
    struct stat info;
    memset(out, 0, sizeof *out);
    if (stat(path, &info) != 0) {
        return rz_unix_status();
    }
    unix_fill_ident(&info, out);
    return RUZU_OK;
}

static ruzu_status unix_is_directory(rz_vfs *vfs RZ_UNUSED, const char *path, bool *out)
{
    struct stat info;
    *out = false;
    if (stat(path, &info) != 0) {
        return errno == ENOENT || errno == ENOTDIR ? RUZU_OK : rz_unix_status();
    }
    *out = S_ISDIR(info.st_mode);
    return RUZU_OK;
}

static ruzu_status unix_make_dir(rz_vfs *vfs RZ_UNUSED, const char *path)
{
    return mkdir(path, 0700) == 0 ? RUZU_OK : rz_unix_status();
}

/* Whether an entry names a directory, links followed; an entry that vanished meanwhile is none. */
static bool unix_entry_is_directory(DIR *stream, const struct dirent *entry)
{
    if (entry->d_type == DT_DIR) {
        return true;
    }
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK) {
        return false;
    }
    struct stat info;
    return fstatat(dirfd(stream), entry->d_name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

static ruzu_status unix_list(rz_vfs *vfs RZ_UNUSED, const char *directory, rz_name_fn fn, void *user)
{
    int fd = unix_open_fd(directory, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return rz_unix_status();
    }
    DIR *stream = fdopendir(fd);
    if (stream == NULL) {
        unix_close_quietly(fd);
        return rz_unix_status();
    }
    ruzu_status status = RUZU_OK;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL) {
            status = errno == 0 ? RUZU_OK : rz_unix_status();
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (!fn(user, entry->d_name, unix_entry_is_directory(stream, entry))) {
            break;
        }
    }
    int saved = errno;
    (void)closedir(stream);
    errno = saved;
    return status;
}

static uint64_t unix_now_us(rz_vfs *vfs RZ_UNUSED)
{
    return rz_now_wall_us();
}

static void unix_random(rz_vfs *vfs RZ_UNUSED, void *out, size_t size)
{
    uint8_t *bytes = (uint8_t *)out;
    size_t done = 0;
    while (done < size) {
        ssize_t got = getrandom(bytes + done, size - done, 0);
        if (got > 0) {
            done += (size_t)got;
        } else if (got < 0 && errno != EINTR) {
            break;
        }
    }
    if (done == size) {
        return;
    }
    /* A sandbox may refuse the call. These bytes only have to differ between databases and runs, so clocks and the process id,
     * stirred by a multiplicative generator, do. */
    uint64_t state = rz_now_monotonic_us() ^ (rz_now_wall_us() << 20) ^ ((uint64_t)rz_process_id() << 44);
    for (; done < size; done++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[done] = (uint8_t)(state >> 56);
    }
}

static void unix_forget(rz_file *file, uint64_t off, uint64_t size)
{
    if (unix_off_valid(off, 0) && unix_off_valid(size, 0)) {
        (void)posix_fadvise(file->fd, (off_t)off, (off_t)size, POSIX_FADV_DONTNEED);
    }
}

rz_vfs *rz_vfs_posix(void)
{
    static rz_vfs posix = {
        .abi = 1,
        .ctx = NULL,
        .open = unix_open,
        .close = unix_close,
        .read = unix_read,
        .write = unix_write,
        .sync = unix_sync,
        .size = unix_size,
        .truncate = unix_truncate,
        .reserve = unix_reserve,
        .sync_dir = unix_sync_dir,
        .remove = unix_remove,
        .rename = unix_rename,
        .lock = rz_unix_lock,
        .lock_holder = rz_unix_lock_holder,
        .resolve = rz_unix_resolve,
        .ident = unix_ident,
        .ident_path = unix_ident_path,
        .is_directory = unix_is_directory,
        .make_dir = unix_make_dir,
        .list = unix_list,
        .now_us = unix_now_us,
        .random = unix_random,
        .forget = unix_forget,
    };
    return &posix;
}
