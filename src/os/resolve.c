/* SPDX-License-Identifier: MIT */
/*
 * Absolute names of files: what a path means stays the same when the host changes its working directory, and the files beside a database (its logs) are
 * the same whichever symbolic link led to it.
 */
#include "os/unix.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESOLVE_MAX_LINKS 40

bool rz_unix_parent(const char *path, char *out, size_t capacity)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 1 : (slash == path ? 1 : (size_t)(slash - path));
    if (length >= capacity) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(out, slash == NULL ? "." : path, length);
    out[length] = '\0';
    return true;
}

/* directory + "/" + name into out, which may be name's own buffer. */
static bool resolve_join(const char *directory, const char *name, char *out, size_t capacity)
{
    size_t head = strcmp(directory, "/") == 0 ? 0 : strlen(directory);
    size_t tail = strlen(name) + 1;
    if (head + 1 + tail > capacity) {
        errno = ENAMETOOLONG;
        return false;
    }
    memmove(out + head + 1, name, tail);
    memcpy(out, directory, head);
    out[head] = '/';
    return true;
}

/* The parent's true name and the last part of name, which is absent. */
static bool resolve_absent(const char *name, char *out, size_t capacity)
{
    char parent[PATH_MAX];
    char whole[PATH_MAX];
    const char *slash = strrchr(name, '/');
    return rz_unix_parent(name, parent, sizeof parent) && realpath(parent, whole) != NULL &&
           resolve_join(whole, slash == NULL ? name : slash + 1, out, capacity);
}

ruzu_status rz_unix_resolve(rz_vfs *vfs RZ_UNUSED, const char *path, char *out, size_t capacity)
{
    char name[PATH_MAX];
    char other[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof name) {
        errno = ENAMETOOLONG;
        return RUZU_ERROR_IO;
    }
    memcpy(name, path, length + 1);
    for (int links = 0; links < RESOLVE_MAX_LINKS; links++) {
        if (realpath(name, other) != NULL) {
            length = strlen(other);
            if (length >= capacity) {
                errno = ENAMETOOLONG;
                return RUZU_ERROR_IO;
            }
            memcpy(out, other, length + 1);
            return RUZU_OK;
        }
        if (errno != ENOENT) {
            return rz_unix_status();
        }
        ssize_t size = readlink(name, other, sizeof other - 1);
        if (size < 0) { /* not a link, or absent itself */
            return resolve_absent(name, out, capacity) ? RUZU_OK : rz_unix_status();
        }
        /* A link to what is absent: a new file goes where it points, rather than in its place. */
        other[size] = '\0';
        char parent[PATH_MAX];
        bool fits = other[0] == '/' ? resolve_join("/", other + 1, name, sizeof name)
                                    : rz_unix_parent(name, parent, sizeof parent) && resolve_join(parent, other, name, sizeof name);
        if (!fits) {
            return RUZU_ERROR_IO;
        }
    }
    errno = ELOOP;
    return RUZU_ERROR_IO;
}
