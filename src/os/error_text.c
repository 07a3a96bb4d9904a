/* SPDX-License-Identifier: MIT */
/*
 * Words for errno values. strerror is neither thread-safe nor independent of the locale, and strerror_r comes in two
 * shapes; the causes that a file or a map can fail with are few, so they stand here.
 */
#include "os/os.h"

#include <errno.h>
#include <stdio.h>

static const char *error_text_known(int errno_value)
{
    switch (errno_value) {
    case EACCES: return "permission denied";
    case EAGAIN: return "resource temporarily unavailable";
    case EBADF: return "bad file descriptor";
    case EBUSY: return "device or resource busy";
    case EDQUOT: return "disk quota exceeded";
    case EEXIST: return "file exists";
    case EFBIG: return "file too large";
    case EINTR: return "interrupted";
    case EINVAL: return "invalid argument";
    case EIO: return "input/output error";
    case EISDIR: return "is a directory";
    case ELOOP: return "too many symbolic links";
    case EMFILE: return "too many open files in this process";
    case ENAMETOOLONG: return "file name too long";
    case ENFILE: return "too many open files in the system";
    case ENODEV: return "no such device";
    case ENOENT: return "no such file or directory";
    case ENOLCK: return "no locks available";
    case ENOMEM: return "out of memory";
    case ENOSPC: return "no space left on device";
    case ENOSYS: return "not supported by the system";
    case ENOTDIR: return "a part of the path is not a directory";
    case ENOTEMPTY: return "directory not empty";
    case ENXIO: return "no such device or address";
    case EOPNOTSUPP: return "not supported by the file system";
    case EOVERFLOW: return "offset or size too large";
    case EPERM: return "operation not permitted";
    case EROFS: return "read-only file system";
    case ESTALE: return "stale file handle";
    case ETXTBSY: return "file is being executed";
    case EXDEV: return "not on the same file system";
    default: return NULL;
    }
}

const char *rz_os_error_text(int errno_value, char *buffer, size_t size)
{
    const char *known = error_text_known(errno_value);
    if (size == 0) {
        return "";
    }
    if (known != NULL) {
        (void)snprintf(buffer, size, "%s", known);
    } else if (errno_value == 0) {
        (void)snprintf(buffer, size, "unknown cause");
    } else {
        (void)snprintf(buffer, size, "system error %d", errno_value);
    }
    return buffer;
}
