/* SPDX-License-Identifier: MIT */
/*
 * Locks of files, and the list of open handles.
 *
 * Locks are open-file-description locks: they belong to the handle, not to the process, so that closing another descriptor of the file does not drop them
 * (classic record locks vanish then), and two handles of one process exclude each other. They cover one byte far behind any data. A kernel that does not know
 * them gets flock, which has the same two properties.
 *
 * A forked child shares its parent's descriptions. Nothing good can come of that: the lock would outlive the parent's crash as long as the child runs, and a
 * write through the child would be one behind the parent's back. So the child closes what it inherited, before fork() returns there. (exec closes by O_CLOEXEC.)
 */
#include "os/unix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_OFF ((off_t)1 << 62)

/* ---- the list of open handles ---- */

static rz_file *lock_files; /* guarded by the process lock */

void rz_unix_files_add(rz_file *file)
{
    rz_process_lock();
    file->prev = NULL;
    file->next = lock_files;
    if (lock_files != NULL) {
        lock_files->prev = file;
    }
    lock_files = file;
    rz_process_unlock();
}

void rz_unix_files_remove(rz_file *file)
{
    rz_process_lock();
    if (file->prev != NULL) {
        file->prev->next = file->next;
    } else if (lock_files == file) { /* not so for a handle of the process before fork() */
        lock_files = file->next;
    }
    if (file->next != NULL) {
        file->next->prev = file->prev;
    }
    rz_process_unlock();
}

void rz_unix_files_forget(void)
{
    for (rz_file *file = lock_files; file != NULL;) {
        rz_file *next = file->next;
        (void)close(file->fd);
        file->fd = -1; /* whoever uses the handle all the same gets EBADF */
        file->locked = false;
        file->prev = NULL;
        file->next = NULL;
        file = next;
    }
    lock_files = NULL;
}

/* ---- locks ---- */

static void lock_request(struct flock *out, rz_lock_kind kind)
{
    memset(out, 0, sizeof *out); /* l_pid must be 0 for this kind of lock */
    out->l_whence = SEEK_SET;
    out->l_start = LOCK_OFF;
    out->l_len = 1;
    switch (kind) {
    case RZ_LOCK_NONE: out->l_type = F_UNLCK; break;
    case RZ_LOCK_SHARED: out->l_type = F_RDLCK; break;
    case RZ_LOCK_EXCLUSIVE: out->l_type = F_WRLCK; break;
    }
}

static int lock_flock(int fd, rz_lock_kind kind)
{
    switch (kind) {
    case RZ_LOCK_NONE: return flock(fd, LOCK_UN);
    case RZ_LOCK_SHARED: return flock(fd, LOCK_SH | LOCK_NB);
    case RZ_LOCK_EXCLUSIVE: return flock(fd, LOCK_EX | LOCK_NB);
    }
    errno = EINVAL;
    return -1;
}

ruzu_status rz_unix_lock(rz_file *file, rz_lock_kind kind)
{
    struct flock request;
    int result = -1;
    if (!file->flocked) {
        lock_request(&request, kind);
        do {
            result = fcntl(file->fd, RZ_MUTANT_IS(19) ? F_SETLK : F_OFD_SETLK, &request);
        } while (result != 0 && errno == EINTR);
        file->flocked = result != 0 && errno == EINVAL; /* a kernel before 3.15 */
    }
    if (file->flocked) {
        do {
            result = lock_flock(file->fd, kind);
        } while (result != 0 && errno == EINTR);
    }
    if (result == 0) {
        file->locked = kind != RZ_LOCK_NONE;
        return RUZU_OK;
    }
    return errno == EAGAIN || errno == EACCES ? RUZU_ERROR_LOCKED : rz_unix_status();
}

void rz_unix_lock_holder(rz_file *file, rz_lock_kind wanted, rz_lock_kind *out_kind, uint64_t *out_process)
{
    *out_kind = RZ_LOCK_NONE;
    *out_process = 0;
    if (file->flocked || wanted == RZ_LOCK_NONE) {
        return;
    }
    struct flock request;
    int result;
    lock_request(&request, wanted);
    do {
        result = fcntl(file->fd, F_OFD_GETLK, &request);
    } while (result != 0 && errno == EINTR);
    if (result == 0 && request.l_type != F_UNLCK) {
        *out_kind = request.l_type == F_WRLCK ? RZ_LOCK_EXCLUSIVE : RZ_LOCK_SHARED;
        *out_process = request.l_pid > 0 ? (uint64_t)request.l_pid : 0; /* -1: the lock of a handle, not of a process */
    }
}
