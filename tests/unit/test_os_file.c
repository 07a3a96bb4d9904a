/* SPDX-License-Identifier: MIT */
/*
 * The POSIX file layer: transfers, descriptors, locks, names, space.
 */
#include "os/os.h"

#include "os/unix.h"

#include "unit/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char test_dir[] = "/tmp/ruzu_test_file_XXXXXX";

static const char *test_path(const char *name)
{
    static char paths[4][PATH_MAX]; /* a few results at a time */
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, PATH_MAX, "%s/%s", test_dir, name);
    return path;
}

static rz_file *must_open(const char *path, uint32_t flags)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = NULL;
    ruzu_status status = vfs->open(vfs, path, flags, &file);
    CHECK_EQ_I64(status, RUZU_OK);
    if (file == NULL) {
        fprintf(stderr, "cannot open %s: %s\n", path, strerror(errno));
        exit(1);
    }
    return file;
}

static void reads_what_was_written(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = must_open(test_path("a"), RZ_OPEN_READ | RZ_OPEN_WRITE | RZ_OPEN_CREATE);
    CHECK(rz_file_vfs(file) == vfs);
    CHECK_EQ_I64(vfs->write(file, "hello world", 11, 100), RUZU_OK);
    char buffer[32];
    size_t got = 0;
    CHECK_EQ_I64(vfs->read(file, buffer, 5, 106, &got), RUZU_OK);
    CHECK_EQ_U64(got, 5);
    CHECK(memcmp(buffer, "world", 5) == 0);
    CHECK_EQ_I64(vfs->read(file, buffer, 32, 105, &got), RUZU_OK);
    CHECK_EQ_U64(got, 6); /* fewer only at the end */
    CHECK_EQ_I64(vfs->read(file, buffer, 4, 50, &got), RUZU_OK);
    CHECK_EQ_U64(got, 4);
    CHECK(memcmp(buffer, "\0\0\0\0", 4) == 0);
    CHECK_EQ_I64(vfs->read(file, buffer, 4, 1000, &got), RUZU_OK);
    CHECK_EQ_U64(got, 0);
    uint64_t size = 0;
    CHECK_EQ_I64(vfs->size(file, &size), RUZU_OK);
    CHECK_EQ_U64(size, 111);
    vfs->forget(file, 0, 0); /* whether written back or not, nothing is lost */
    CHECK_EQ_I64(vfs->sync(file, true), RUZU_OK);
    vfs->forget(file, 100, 11);
    CHECK_EQ_I64(vfs->read(file, buffer, 32, 100, &got), RUZU_OK);
    CHECK(got == 11 && memcmp(buffer, "hello world", 11) == 0);
    CHECK_EQ_I64(vfs->truncate(file, 102), RUZU_OK);
    CHECK_EQ_I64(vfs->size(file, &size), RUZU_OK);
    CHECK_EQ_U64(size, 102);
    CHECK_EQ_I64(vfs->sync(file, true), RUZU_OK);
    CHECK_EQ_I64(vfs->sync(file, false), RUZU_OK);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
    CHECK_EQ_I64(vfs->close(NULL), RUZU_OK);
}

static void offsets_beyond_the_largest_file_are_refused(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = must_open(test_path("a"), RZ_OPEN_WRITE);
    char byte = 0;
    size_t got = 7;
    CHECK_EQ_I64(vfs->read(file, &byte, 1, UINT64_MAX, &got), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, EOVERFLOW);
    CHECK_EQ_U64(got, 0);
    CHECK_EQ_I64(vfs->write(file, &byte, 1, (uint64_t)INT64_MAX), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->truncate(file, UINT64_MAX), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->reserve(file, UINT64_MAX), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
}

static void open_flags_do_what_they_say(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = NULL;
    CHECK_EQ_I64(vfs->open(vfs, test_path("absent"), RZ_OPEN_WRITE, &file), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, ENOENT);
    CHECK(file == NULL);
    CHECK_EQ_I64(vfs->open(vfs, test_path("a"), RZ_OPEN_WRITE | RZ_OPEN_CREATE | RZ_OPEN_EXCL, &file), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, EEXIST);
    file = must_open(test_path("new"), RZ_OPEN_WRITE | RZ_OPEN_CREATE | RZ_OPEN_EXCL);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
    struct stat info;
    CHECK_EQ_I64(stat(test_path("new"), &info), 0);
    CHECK_EQ_I64(info.st_mode & 077, 0);
    file = must_open(test_path("new"), RZ_OPEN_READ);
    CHECK_EQ_I64(vfs->write(file, "x", 1, 0), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, EBADF);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
}

static void temporary_file_has_no_name(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = must_open(test_path("spill"), RZ_OPEN_TEMP);
    CHECK(access(test_path("spill"), F_OK) != 0);
    CHECK_EQ_I64(vfs->write(file, "spilled", 7, 4096), RUZU_OK);
    char buffer[8] = "";
    size_t got = 0;
    CHECK_EQ_I64(vfs->read(file, buffer, 7, 4096, &got), RUZU_OK);
    CHECK_STR(buffer, "spilled");
    rz_file_ident ident;
    CHECK_EQ_I64(vfs->ident(file, &ident), RUZU_OK);
    CHECK_EQ_U64(ident.link_count, 0);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
}

/* The number of this process's descriptors that are not closed on exec, from 3 on. */
static int inheritable_descriptors(void)
{
    int count = 0;
    for (int fd = 3; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);
        count += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return count;
}

static void descriptors_are_high_and_not_inherited(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    int before = inheritable_descriptors();
    rz_file *file = must_open(test_path("a"), RZ_OPEN_WRITE);
    CHECK_EQ_I64(inheritable_descriptors(), before);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);

    pid_t child = fork();
    if (child == 0) {
        (void)close(0);
        (void)close(1);
        rz_file *low = NULL;
        bool good = vfs->open(vfs, test_path("a"), RZ_OPEN_WRITE, &low) == RUZU_OK;
        good = good && fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0; /* neither number was taken */
        good = good && vfs->write(low, "z", 1, 0) == RUZU_OK && inheritable_descriptors() == before;
        good = good && vfs->close(low) == RUZU_OK;
        _exit(good ? 0 : 1);
    }
    int status = 0;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK_EQ_I64(status, 0);
}

static void full_device_is_disk_full(void)
{
    if (access("/dev/full", W_OK) != 0) {
        return; /* not on this system; the next test covers the status too */
    }
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = must_open("/dev/full", RZ_OPEN_WRITE);
    CHECK_EQ_I64(vfs->write(file, "x", 1, 0), RUZU_ERROR_DISK_FULL);
    CHECK_EQ_I64(errno, ENOSPC);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
}

static void failed_reserve_gives_space_back(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {1 << 20, 1 << 20};
        (void)signal(SIGXFSZ, SIG_IGN);
        bool good = setrlimit(RLIMIT_FSIZE, &limit) == 0;
        rz_file *file = NULL;
        uint64_t size = 0;
        good = good && vfs->open(vfs, test_path("small"), RZ_OPEN_WRITE | RZ_OPEN_CREATE, &file) == RUZU_OK;
        good = good && vfs->reserve(file, 65536) == RUZU_OK;
        good = good && vfs->reserve(file, 4 << 20) == RUZU_ERROR_DISK_FULL;
        good = good && vfs->size(file, &size) == RUZU_OK && size == 65536;
        good = good && rz_unix_fill(file, 65536, 2 << 20) == RUZU_ERROR_DISK_FULL;
        good = good && vfs->close(file) == RUZU_OK;
        _exit(good ? 0 : 1);
    }
    int status = 0;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK_EQ_I64(status, 0);
}

static void reserve_allocates_and_grows(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = must_open(test_path("reserved"), RZ_OPEN_WRITE | RZ_OPEN_CREATE);
    CHECK_EQ_I64(vfs->reserve(file, 1 << 20), RUZU_OK);
    struct stat info;
    CHECK_EQ_I64(stat(test_path("reserved"), &info), 0);
    CHECK_EQ_I64(info.st_size, 1 << 20);
    CHECK((int64_t)info.st_blocks * 512 >= 1 << 20);
    CHECK_EQ_I64(vfs->reserve(file, 4096), RUZU_OK); /* never shrinks */
    CHECK_EQ_I64(vfs->reserve(file, 2 << 20), RUZU_OK); /* grows from where it was … */
    CHECK_EQ_I64(stat(test_path("reserved"), &info), 0);
    CHECK_EQ_I64(info.st_size, 2 << 20);
    CHECK((int64_t)info.st_blocks * 512 >= 2 << 20);
    CHECK_EQ_I64(vfs->truncate(file, 65536), RUZU_OK); /* … also after a cut */
    CHECK_EQ_I64(vfs->reserve(file, 1 << 20), RUZU_OK);
    CHECK_EQ_I64(vfs->reserve(file, 0), RUZU_OK);
    CHECK_EQ_I64(stat(test_path("reserved"), &info), 0);
    CHECK_EQ_I64(info.st_size, 1 << 20);

    CHECK_EQ_I64(vfs->write(file, "x", 1, (1 << 20) - 1), RUZU_OK);
    CHECK_EQ_I64(rz_unix_fill(file, 1 << 20, (1 << 20) + 100000), RUZU_OK);
    uint64_t size = 0;
    CHECK_EQ_I64(vfs->size(file, &size), RUZU_OK);
    CHECK_EQ_U64(size, (1 << 20) + 100000);
    char two[2];
    size_t got = 0;
    CHECK_EQ_I64(vfs->read(file, two, 2, (1 << 20) - 1, &got), RUZU_OK);
    CHECK_EQ_I64(two[0], 'x'); /* what stood before is untouched */
    CHECK_EQ_I64(two[1], 0);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
}

/* The status of asking for a lock on path in a child process. */
static int lock_in_child(const char *path, rz_lock_kind kind)
{
    pid_t child = fork();
    if (child == 0) {
        rz_vfs *vfs = rz_vfs_posix();
        rz_file *file = NULL;
        ruzu_status status = vfs->open(vfs, path, RZ_OPEN_WRITE, &file);
        if (status == RUZU_OK) {
            status = vfs->lock(file, kind);
        }
        _exit((int)status);
    }
    int status = 0;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void locks_exclude_handles_and_processes(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    const char *path = test_path("locked");
    rz_file *first = must_open(path, RZ_OPEN_WRITE | RZ_OPEN_CREATE);
    rz_file *second = must_open(path, RZ_OPEN_WRITE);
    CHECK_EQ_I64(vfs->lock(first, RZ_LOCK_EXCLUSIVE), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(first, RZ_LOCK_EXCLUSIVE), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(second, RZ_LOCK_SHARED), RUZU_ERROR_LOCKED);
    CHECK_EQ_I64(lock_in_child(path, RZ_LOCK_SHARED), RUZU_ERROR_LOCKED);
    CHECK_EQ_I64(vfs->lock(first, RZ_LOCK_SHARED), RUZU_OK); /* to the weaker kind */
    CHECK_EQ_I64(vfs->lock(second, RZ_LOCK_SHARED), RUZU_OK);
    CHECK_EQ_I64(lock_in_child(path, RZ_LOCK_SHARED), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(first, RZ_LOCK_EXCLUSIVE), RUZU_ERROR_LOCKED);
    CHECK_EQ_I64(vfs->lock(second, RZ_LOCK_NONE), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(first, RZ_LOCK_EXCLUSIVE), RUZU_OK);
    CHECK_EQ_I64(vfs->close(second), RUZU_OK);
    CHECK_EQ_I64(lock_in_child(path, RZ_LOCK_EXCLUSIVE), RUZU_ERROR_LOCKED);
    CHECK_EQ_I64(vfs->close(first), RUZU_OK);
    CHECK_EQ_I64(lock_in_child(path, RZ_LOCK_EXCLUSIVE), RUZU_OK);
}

/* Classic record locks vanish when any descriptor of the file is closed. */
static void close_other_fd_keeps_lock(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    const char *path = test_path("locked");
    rz_file *file = must_open(path, RZ_OPEN_WRITE);
    CHECK_EQ_I64(vfs->lock(file, RZ_LOCK_EXCLUSIVE), RUZU_OK);
    int other = open(path, O_RDWR | O_CLOEXEC);
    CHECK(other >= 0);
    CHECK_EQ_I64(close(other), 0);
    CHECK_EQ_I64(lock_in_child(path, RZ_LOCK_EXCLUSIVE), RUZU_ERROR_LOCKED);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
}

static void lock_on_wrong_handle_is_an_error(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = must_open(test_path("locked"), RZ_OPEN_READ);
    CHECK_EQ_I64(vfs->lock(file, RZ_LOCK_EXCLUSIVE), RUZU_ERROR_IO); /* needs a handle that may write */
    CHECK_EQ_I64(vfs->lock(file, RZ_LOCK_SHARED), RUZU_OK);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
}

typedef struct seen_names {
    int files;
    int directories;
    int calls;
    int stop_after;
} seen_names;

static bool see_name(void *user, const char *name, bool is_directory)
{
    seen_names *seen = (seen_names *)user;
    seen->calls++;
    if (name[0] == 'n' && name[1] == '_') {
        seen->files += !is_directory;
        seen->directories += is_directory;
    }
    return seen->calls != seen->stop_after;
}

static void names_come_and_go(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    bool directory = false;
    CHECK_EQ_I64(vfs->make_dir(vfs, test_path("d")), RUZU_OK);
    CHECK_EQ_I64(vfs->make_dir(vfs, test_path("d")), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->make_dir(vfs, test_path("d/n_sub")), RUZU_OK);
    CHECK_EQ_I64(vfs->is_directory(vfs, test_path("d"), &directory), RUZU_OK);
    CHECK(directory);
    CHECK_EQ_I64(vfs->is_directory(vfs, test_path("a"), &directory), RUZU_OK);
    CHECK(!directory);
    CHECK_EQ_I64(vfs->is_directory(vfs, test_path("nowhere"), &directory), RUZU_OK);
    CHECK(!directory);
    CHECK_EQ_I64(vfs->is_directory(vfs, test_path("a/below"), &directory), RUZU_OK);
    CHECK(!directory);

    CHECK_EQ_I64(vfs->close(must_open(test_path("d/n_1"), RZ_OPEN_WRITE | RZ_OPEN_CREATE)), RUZU_OK);
    CHECK_EQ_I64(vfs->close(must_open(test_path("d/n_2"), RZ_OPEN_WRITE | RZ_OPEN_CREATE)), RUZU_OK);
    CHECK_EQ_I64(symlink("n_sub", test_path("d/n_link")), 0);
    seen_names seen = {0, 0, 0, 0};
    CHECK_EQ_I64(vfs->list(vfs, test_path("d"), see_name, &seen), RUZU_OK);
    CHECK_EQ_I64(seen.files, 2);
    CHECK_EQ_I64(seen.directories, 2); /* the link leads to one */
    CHECK_EQ_I64(seen.calls, 4);       /* no "." and ".." */
    seen_names first = {0, 0, 0, 1};
    CHECK_EQ_I64(vfs->list(vfs, test_path("d"), see_name, &first), RUZU_OK);
    CHECK_EQ_I64(first.calls, 1);
    CHECK_EQ_I64(vfs->list(vfs, test_path("nowhere"), see_name, &seen), RUZU_ERROR_IO);

    rz_file_ident before;
    rz_file_ident after;
    CHECK_EQ_I64(vfs->ident_path(vfs, test_path("d/n_1"), &before), RUZU_OK);
    CHECK_EQ_I64(vfs->rename(vfs, test_path("d/n_1"), test_path("d/n_2")), RUZU_OK);
    CHECK_EQ_I64(vfs->ident_path(vfs, test_path("d/n_2"), &after), RUZU_OK);
    CHECK_EQ_U64(before.inode, after.inode);
    CHECK_EQ_U64(before.device, after.device);
    CHECK_EQ_U64(after.link_count, 1);
    CHECK_EQ_I64(vfs->sync_dir(vfs, test_path("d/n_2")), RUZU_OK);
    CHECK_EQ_I64(vfs->sync_dir(vfs, "no_slash"), RUZU_OK);
    CHECK_EQ_I64(vfs->sync_dir(vfs, "/tmp"), RUZU_OK);
    CHECK_EQ_I64(vfs->sync_dir(vfs, test_path("nowhere/x")), RUZU_ERROR_IO);
    CHECK_EQ_I64(vfs->ident_path(vfs, test_path("d/n_1"), &after), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, ENOENT);
    CHECK_EQ_I64(vfs->remove(vfs, test_path("d/n_2")), RUZU_OK);
    CHECK_EQ_I64(vfs->remove(vfs, test_path("d/n_2")), RUZU_ERROR_IO);
}

static void path_that_is_too_long_is_refused(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    static char path[PATH_MAX + 100];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[PATH_MAX + 50] = '/';
    CHECK_EQ_I64(vfs->sync_dir(vfs, path), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, ENAMETOOLONG);
}

static void clock_and_random_give_something(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    uint64_t a = 0;
    uint64_t b = 0;
    vfs->random(vfs, &a, sizeof a);
    vfs->random(vfs, &b, sizeof b);
    CHECK(a != b);
    CHECK(vfs->now_us(vfs) > UINT64_C(1600000000000000));
    CHECK_EQ_U64(vfs->abi, 1);
}

int main(void)
{
    if (mkdtemp(test_dir) == NULL) {
        perror("mkdtemp");
        return 1;
    }
    RUN(reads_what_was_written);
    RUN(offsets_beyond_the_largest_file_are_refused);
    RUN(open_flags_do_what_they_say);
    RUN(temporary_file_has_no_name);
    RUN(descriptors_are_high_and_not_inherited);
    RUN(full_device_is_disk_full);
    RUN(failed_reserve_gives_space_back);
    RUN(reserve_allocates_and_grows);
    RUN(locks_exclude_handles_and_processes);
    RUN(close_other_fd_keeps_lock);
    RUN(lock_on_wrong_handle_is_an_error);
    RUN(names_come_and_go);
    RUN(path_that_is_too_long_is_refused);
    RUN(clock_and_random_give_something);
    static const char *const files[] = {"a", "new", "small", "reserved", "locked", "d/n_link"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        CHECK_EQ_I64(unlink(test_path(files[i])), 0);
    }
    CHECK_EQ_I64(rmdir(test_path("d/n_sub")), 0);
    CHECK_EQ_I64(rmdir(test_path("d")), 0);
    CHECK_EQ_I64(rmdir(test_dir), 0); /* nothing else was left */
    return CHECK_DONE();
}
