/* SPDX-License-Identifier: MIT */
/*
 * Preloaded by kill_loop.py: ends the process by SIGKILL at the n-th call that changes files.
 *
 *   RUZU_KILL_AT=n       counted from 1; absent or 0: never
 *   RUZU_KILL_HOW=…      before the call, in the midst of it (a write stores its first half only), or after it: before, half, after
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* RTLD_NEXT */
#endif

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h> /* rename */
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static _Atomic long kill_left = -1; /* calls still let through; -1: not read from the environment yet */

static void kill_now(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;) {
        (void)pause();
    }
}

/* Whether this call is the one. */
static int kill_is_due(void)
{
    const char *at = getenv("RUZU_KILL_AT");
    long number = at == NULL ? 0 : strtol(at, NULL, 10);
    if (number <= 0) {
        return 0;
    }
    long expected = -1;
    (void)atomic_compare_exchange_strong(&kill_left, &expected, number);
    return atomic_fetch_sub(&kill_left, 1) == 1;
}

static int kill_how(const char *how)
{
    const char *wanted = getenv("RUZU_KILL_HOW");
    return strcmp(wanted == NULL ? "before" : wanted, how) == 0;
}

/* The C library's function of this name into the function pointer at out. */
static void kill_find(const char *name, void *out)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) {
        kill_now();
    }
    memcpy(out, &function, sizeof function); /* ISO C has no cast from one kind of pointer to the other; POSIX says that the bytes do */
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t off)
{
    ssize_t (*real)(int, const void *, size_t, off_t) = NULL;
    kill_find("pwrite", &real);
    if (!kill_is_due()) {
        return real(fd, data, size, off);
    }
    if (kill_how("half")) {
        (void)real(fd, data, size / 2, off);
    } else if (kill_how("after")) {
        (void)real(fd, data, size, off);
    }
    kill_now();
    return -1;
}

/* The calls that are either done or not. */
#define KILL_AROUND(name, call)                                                                                        \
    kill_find(name, &real);                                                                                            \
    if (!kill_is_due()) {                                                                                              \
        return call;                                                                                                   \
    }                                                                                                                  \
    if (kill_how("after")) {                                                                                           \
        (void)(call);                                                                                                  \
    }                                                                                                                  \
    kill_now();                                                                                                        \
    return -1

int fdatasync(int fd)
{
    int (*real)(int) = NULL;
    KILL_AROUND("fdatasync", real(fd));
}

int fsync(int fd)
{
    int (*real)(int) = NULL;
    KILL_AROUND("fsync", real(fd));
}

int ftruncate(int fd, off_t size)
{
    int (*real)(int, off_t) = NULL;
    KILL_AROUND("ftruncate", real(fd, size));
}

int fallocate(int fd, int mode, off_t off, off_t size)
{
    int (*real)(int, int, off_t, off_t) = NULL;
    KILL_AROUND("fallocate", real(fd, mode, off, size));
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = NULL;
    KILL_AROUND("rename", real(from, to));
}

int unlink(const char *path)
{
    int (*real)(const char *) = NULL;
    KILL_AROUND("unlink", real(path));
}
