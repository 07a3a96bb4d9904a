/* SPDX-License-Identifier: MIT */
/*
 * The POSIX file layer when the operating system misbehaves. The linker leads the calls to the functions below
 * (--wrap): each one first does what its script says (one entry a call), then goes on to the C library.
 */
#include "os/os.h"

#include "unit/check.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PASS = 0, SHORT = -1, NOTHING = -2 }; /* other entries: an errno */

typedef struct call_script {
    const int *entries;
    size_t count;
    size_t next; /* calls seen while a script was set */
} call_script;

static call_script read_script;
static call_script write_script;
static call_script sync_script;
static call_script fallocate_script;
static call_script random_script;
static call_script close_script;
static call_script truncate_script;

/* The names are the linker's. */
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t off);
ssize_t __real_pread(int fd, void *buffer, size_t size, off_t off);
ssize_t __wrap_pwrite(int fd, const void *buffer, size_t size, off_t off);
ssize_t __real_pwrite(int fd, const void *buffer, size_t size, off_t off);
int __wrap_fdatasync(int fd);
int __real_fdatasync(int fd);
int __wrap_fsync(int fd);
int __real_fsync(int fd);
int __wrap_fallocate(int fd, int mode, off_t off, off_t size);
int __real_fallocate(int fd, int mode, off_t off, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __real_ftruncate(int fd, off_t size);
ssize_t __wrap_getrandom(void *out, size_t size, unsigned flags);
ssize_t __real_getrandom(void *out, size_t size, unsigned flags);
int __wrap_close(int fd);
int __real_close(int fd);

/* The entry for this call. */
static int script_take(call_script *script)
{
    if (script->entries == NULL) {
        return PASS;
    }
    size_t at = script->next++;
    return at < script->count ? script->entries[at] : PASS;
}

static void script_set(call_script *script, const int *entries, size_t count)
{
    script->entries = entries;
    script->count = count;
    script->next = 0;
}

#define SCRIPT(script, ...) script_set(&(script), (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))
#define NO_SCRIPT(script) script_set(&(script), NULL, 0)

/* What the call is to do: true when it is over, with its result and errno set. */
static bool script_decides(int entry, long *out_result)
{
    *out_result = 0;
    if (entry > 0) {
        errno = entry;
        *out_result = -1;
    }
    return entry > 0 || entry == NOTHING;
}

ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t off)
{
    long result;
    int entry = script_take(&read_script);
    if (script_decides(entry, &result)) {
        return result;
    }
    return __real_pread(fd, buffer, entry == SHORT ? (size + 2) / 3 : size, off);
}

ssize_t __wrap_pwrite(int fd, const void *buffer, size_t size, off_t off)
{
    long result;
    int entry = script_take(&write_script);
    if (script_decides(entry, &result)) {
        return result;
    }
    return __real_pwrite(fd, buffer, entry == SHORT ? (size + 2) / 3 : size, off);
}

int __wrap_fdatasync(int fd)
{
    long result;
    return script_decides(script_take(&sync_script), &result) ? (int)result : __real_fdatasync(fd);
}

int __wrap_fsync(int fd)
{
    long result;
    return script_decides(script_take(&sync_script), &result) ? (int)result : __real_fsync(fd);
}

int __wrap_fallocate(int fd, int mode, off_t off, off_t size)
{
    long result;
    return script_decides(script_take(&fallocate_script), &result) ? (int)result : __real_fallocate(fd, mode, off, size);
}

int __wrap_ftruncate(int fd, off_t size)
{
    long result;
    return script_decides(script_take(&truncate_script), &result) ? (int)result : __real_ftruncate(fd, size);
}

ssize_t __wrap_getrandom(void *out, size_t size, unsigned flags)
{
    long result;
    int entry = script_take(&random_script);
    if (script_decides(entry, &result)) {
        return result;
    }
    return __real_getrandom(out, entry == SHORT ? (size + 2) / 3 : size, flags);
}

/* Closes in any case, as the kernel does, and then reports what the script says. */
int __wrap_close(int fd)
{
    long result;
    int entry = script_take(&close_script);
    int closed = __real_close(fd);
    return script_decides(entry, &result) ? (int)result : closed;
}

static char path[] = "/tmp/ruzu_test_faults_XXXXXX";
static rz_file *file;

static void reads_go_on_after_interruption_and_short_counts(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    char buffer[100] = "";
    size_t got = 0;
    CHECK_EQ_I64(vfs->write(file, "0123456789abcdefghij", 20, 0), RUZU_OK);
    SCRIPT(read_script, EINTR, SHORT, EINTR, EINTR, SHORT);
    CHECK_EQ_I64(vfs->read(file, buffer, 20, 0, &got), RUZU_OK);
    CHECK_EQ_U64(got, 20);
    CHECK_STR(buffer, "0123456789abcdefghij");
    CHECK_EQ_U64(read_script.next, 6);
    SCRIPT(read_script, SHORT, EIO);
    CHECK_EQ_I64(vfs->read(file, buffer, 20, 0, &got), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, EIO);
    CHECK_EQ_U64(got, 0);
    SCRIPT(read_script, ENOMEM);
    CHECK_EQ_I64(vfs->read(file, buffer, 20, 0, &got), RUZU_ERROR_NO_MEMORY);
    NO_SCRIPT(read_script);
}

static void writes_go_on_after_interruption_and_short_counts(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    char buffer[21] = "";
    size_t got = 0;
    SCRIPT(write_script, SHORT, EINTR, SHORT, SHORT);
    CHECK_EQ_I64(vfs->write(file, "ABCDEFGHIJKLMNOPQRST", 20, 0), RUZU_OK);
    CHECK_EQ_U64(write_script.next, 5);
    NO_SCRIPT(write_script);
    CHECK_EQ_I64(vfs->read(file, buffer, 20, 0, &got), RUZU_OK);
    CHECK_STR(buffer, "ABCDEFGHIJKLMNOPQRST");
    SCRIPT(write_script, SHORT, ENOSPC);
    CHECK_EQ_I64(vfs->write(file, "x", 1, 0), RUZU_OK);
    SCRIPT(write_script, SHORT, EDQUOT);
    CHECK_EQ_I64(vfs->write(file, "xyz", 3, 0), RUZU_ERROR_DISK_FULL);
    SCRIPT(write_script, EIO, EIO);
    CHECK_EQ_I64(vfs->write(file, "xyz", 3, 0), RUZU_ERROR_IO);
    CHECK_EQ_U64(write_script.next, 1); /* a failed write is not tried again */
    SCRIPT(write_script, SHORT, NOTHING); /* no progress without a reason: must not loop */
    CHECK_EQ_I64(vfs->write(file, "xyz", 3, 0), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, EIO);
    NO_SCRIPT(write_script);
}

static void failed_sync_is_not_tried_again(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    SCRIPT(sync_script, EIO, PASS);
    CHECK_EQ_I64(vfs->sync(file, true), RUZU_ERROR_IO);
    CHECK_EQ_U64(sync_script.next, 1);
    SCRIPT(sync_script, ENOSPC);
    CHECK_EQ_I64(vfs->sync(file, false), RUZU_ERROR_DISK_FULL);
    CHECK_EQ_U64(sync_script.next, 1);
    SCRIPT(sync_script, EINTR, PASS);
    CHECK_EQ_I64(vfs->sync(file, true), RUZU_OK);
    CHECK_EQ_U64(sync_script.next, 2);
    SCRIPT(sync_script, EIO);
    CHECK_EQ_I64(vfs->sync_dir(vfs, path), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, EIO);
    NO_SCRIPT(sync_script);
}

static uint64_t size_now(void)
{
    uint64_t size = 0;
    CHECK_EQ_I64(rz_vfs_posix()->size(file, &size), RUZU_OK);
    return size;
}

static void reserve_does_without_preallocation(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    CHECK_EQ_I64(vfs->truncate(file, 0), RUZU_OK);
    CHECK_EQ_I64(vfs->write(file, "head", 4, 0), RUZU_OK);
    SCRIPT(fallocate_script, EINTR, EOPNOTSUPP);
    CHECK_EQ_I64(vfs->reserve(file, 200000), RUZU_OK);
    CHECK_EQ_U64(fallocate_script.next, 2);
    CHECK_EQ_U64(size_now(), 200000);
    struct stat info;
    CHECK_EQ_I64(stat(path, &info), 0);
    CHECK((int64_t)info.st_blocks * 512 >= 200000);
    char buffer[6] = "xxxxx";
    size_t got = 0;
    CHECK_EQ_I64(vfs->read(file, buffer, 5, 0, &got), RUZU_OK);
    CHECK_STR(buffer, "head");

    SCRIPT(fallocate_script, ENOSYS);
    SCRIPT(write_script, PASS, ENOSPC); /* full half way: what was taken is given back */
    CHECK_EQ_I64(vfs->reserve(file, 400000), RUZU_ERROR_DISK_FULL);
    CHECK_EQ_I64(errno, ENOSPC);
    CHECK_EQ_U64(size_now(), 200000);
    SCRIPT(fallocate_script, ENOSPC);
    NO_SCRIPT(write_script);
    CHECK_EQ_I64(vfs->reserve(file, 400000), RUZU_ERROR_DISK_FULL);
    CHECK_EQ_U64(size_now(), 200000);
    SCRIPT(fallocate_script, EIO);
    CHECK_EQ_I64(vfs->reserve(file, 100), RUZU_ERROR_IO);
    CHECK_EQ_U64(size_now(), 200000);
    NO_SCRIPT(fallocate_script);
    SCRIPT(truncate_script, EINTR, PASS);
    CHECK_EQ_I64(vfs->truncate(file, 10), RUZU_OK);
    SCRIPT(truncate_script, EIO);
    CHECK_EQ_I64(vfs->truncate(file, 5), RUZU_ERROR_IO);
    CHECK_EQ_U64(size_now(), 10);
    NO_SCRIPT(truncate_script);
}

static void random_bytes_come_even_when_refused(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    uint8_t a[64] = {0};
    uint8_t b[64] = {0};
    SCRIPT(random_script, EINTR, SHORT, EINTR);
    vfs->random(vfs, a, sizeof a);
    CHECK_EQ_U64(random_script.next, 4);
    SCRIPT(random_script, ENOSYS);
    vfs->random(vfs, a, sizeof a);
    CHECK_EQ_I64(usleep(2), 0);
    SCRIPT(random_script, SHORT, EPERM);
    vfs->random(vfs, b, sizeof b);
    NO_SCRIPT(random_script);
    CHECK(memcmp(a, b, sizeof a) != 0);
    uint32_t zeros = 0;
    for (size_t i = 0; i < sizeof a; i++) {
        zeros += (a[i] == 0) + (b[i] == 0);
    }
    CHECK(zeros < 10);
}

static void close_frees_the_handle_even_when_it_fails(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *other = NULL;
    CHECK_EQ_I64(vfs->open(vfs, path, RZ_OPEN_WRITE, &other), RUZU_OK);
    SCRIPT(close_script, EIO);
    CHECK_EQ_I64(vfs->close(other), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, EIO);
    CHECK_EQ_U64(close_script.next, 1);
    CHECK_EQ_I64(vfs->open(vfs, path, RZ_OPEN_WRITE, &other), RUZU_OK);
    SCRIPT(close_script, EINTR);
    CHECK_EQ_I64(vfs->close(other), RUZU_OK); /* the descriptor is gone: a second try could close another one */
    CHECK_EQ_U64(close_script.next, 1);
    NO_SCRIPT(close_script);
}

int main(void)
{
    int made = mkstemp(path);
    if (made < 0 || close(made) != 0) {
        perror("mkstemp");
        return 1;
    }
    CHECK_EQ_I64(rz_vfs_posix()->open(rz_vfs_posix(), path, RZ_OPEN_WRITE, &file), RUZU_OK);
    RUN(reads_go_on_after_interruption_and_short_counts);
    RUN(writes_go_on_after_interruption_and_short_counts);
    RUN(failed_sync_is_not_tried_again);
    RUN(reserve_does_without_preallocation);
    RUN(random_bytes_come_even_when_refused);
    RUN(close_frees_the_handle_even_when_it_fails);
    CHECK_EQ_I64(rz_vfs_posix()->close(file), RUZU_OK);
    CHECK_EQ_I64(unlink(path), 0);
    return CHECK_DONE();
}
