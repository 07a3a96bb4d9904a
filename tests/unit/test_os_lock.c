/* SPDX-License-Identifier: MIT */
/*
 * Locks where the kernel or the file system has not got the usual kind, who holds them, and absolute names. The linker leads fcntl to the function below.
 */
#include "os/os.h"

#include "unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char lock_folder[512];
static int lock_errno; /* what F_OFD_SETLK and F_OFD_GETLK fail with; 0: they work */

int __wrap_fcntl(int fd, int command, ...);
int __real_fcntl(int fd, int command, ...);

int __wrap_fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    int result = -1;
    if (command == F_OFD_SETLK || command == F_OFD_GETLK) {
        struct flock *lock = va_arg(args, struct flock *);
        errno = lock_errno;
        result = lock_errno != 0 ? -1 : __real_fcntl(fd, command, lock);
    } else {
        result = __real_fcntl(fd, command, va_arg(args, int));
    }
    va_end(args);
    return result;
}

static const char *lock_path(const char *name)
{
    static char path[4][PATH_MAX];
    static unsigned next = 0;
    char *out = path[next++ % 4];
    (void)snprintf(out, PATH_MAX, "%s/%s", lock_folder, name);
    return out;
}

static rz_file *lock_open(const char *name)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = NULL;
    CHECK_EQ_I64(vfs->open(vfs, lock_path(name), RZ_OPEN_WRITE | RZ_OPEN_CREATE, &file), RUZU_OK);
    if (file == NULL) {
        exit(1);
    }
    return file;
}

static void old_kernels_get_flock(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    lock_errno = EINVAL;
    rz_file *one = lock_open("flock");
    rz_file *two = lock_open("flock");
    CHECK_EQ_I64(vfs->lock(one, RZ_LOCK_EXCLUSIVE), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(two, RZ_LOCK_SHARED), RUZU_ERROR_LOCKED);
    rz_lock_kind kind = RZ_LOCK_SHARED;
    uint64_t process = 1;
    vfs->lock_holder(two, RZ_LOCK_SHARED, &kind, &process);
    CHECK_EQ_I64(kind, RZ_LOCK_NONE); /* nobody tells */
    CHECK_EQ_U64(process, 0);
    int fd = open(lock_path("flock"), O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_EQ_I64(close(fd), 0); /* another descriptor does not drop it */
    CHECK_EQ_I64(vfs->lock(two, RZ_LOCK_EXCLUSIVE), RUZU_ERROR_LOCKED);
    CHECK_EQ_I64(vfs->lock(one, RZ_LOCK_SHARED), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(two, RZ_LOCK_SHARED), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(one, RZ_LOCK_NONE), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(two, RZ_LOCK_EXCLUSIVE), RUZU_OK);
    CHECK_EQ_I64(vfs->close(two), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(one, RZ_LOCK_EXCLUSIVE), RUZU_OK);
    CHECK_EQ_I64(vfs->close(one), RUZU_OK);
    lock_errno = 0;
}

static void file_systems_without_locks_say_so(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    const int errors[] = {ENOLCK, EOPNOTSUPP, ENOSYS};
    for (int i = 0; i < 3; i++) {
        rz_file *file = lock_open("none");
        lock_errno = errors[i];
        CHECK_EQ_I64(vfs->lock(file, RZ_LOCK_EXCLUSIVE), RUZU_ERROR_IO);
        CHECK_EQ_I64(errno, errors[i]);
        lock_errno = 0;
        CHECK_EQ_I64(vfs->close(file), RUZU_OK);
    }
}

static void holders_are_told(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *one = lock_open("held");
    rz_file *two = lock_open("held");
    rz_lock_kind kind = RZ_LOCK_SHARED;
    uint64_t process = 1;
    vfs->lock_holder(two, RZ_LOCK_EXCLUSIVE, &kind, &process);
    CHECK_EQ_I64(kind, RZ_LOCK_NONE);
    CHECK_EQ_U64(process, 0);
    const rz_lock_kind kinds[] = {RZ_LOCK_SHARED, RZ_LOCK_EXCLUSIVE};
    for (int i = 0; i < 2; i++) {
        CHECK_EQ_I64(vfs->lock(one, kinds[i]), RUZU_OK);
        vfs->lock_holder(two, RZ_LOCK_EXCLUSIVE, &kind, &process);
        CHECK_EQ_I64(kind, kinds[i]);
        CHECK_EQ_U64(process, 0); /* a lock of a handle */
    }
    CHECK_EQ_I64(vfs->close(one), RUZU_OK);
    CHECK_EQ_I64(vfs->close(two), RUZU_OK);
}

/* Two processes share an inherited description; the child gives it up at once. */
static void children_give_up_handles(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    rz_file *file = lock_open("forked");
    rz_file *other = lock_open("forked");
    CHECK_EQ_I64(vfs->close(lock_open("closed")), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(file, RZ_LOCK_EXCLUSIVE), RUZU_OK);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        bool good = vfs->write(file, "x", 1, 0) == RUZU_ERROR_IO && errno == EBADF; /* no write behind the parent's back */
        rz_file *own = NULL;
        good = good && vfs->open(vfs, lock_path("forked"), RZ_OPEN_WRITE, &own) == RUZU_OK && vfs->write(own, "c", 1, 0) == RUZU_OK;
        good = good && vfs->lock(own, RZ_LOCK_SHARED) == RUZU_ERROR_LOCKED; /* the parent's */
        good = good && vfs->close(other) == RUZU_OK && vfs->close(own) == RUZU_OK;
        _exit(good ? 0 : 1);
    }
    int status = -1;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK_EQ_I64(status, 0);
    CHECK_EQ_I64(vfs->lock(other, RZ_LOCK_SHARED), RUZU_ERROR_LOCKED); /* the child's end dropped nothing */
    CHECK_EQ_I64(vfs->write(file, "p", 1, 0), RUZU_OK);
    CHECK_EQ_I64(vfs->close(file), RUZU_OK);
    CHECK_EQ_I64(vfs->lock(other, RZ_LOCK_SHARED), RUZU_OK);
    CHECK_EQ_I64(vfs->close(other), RUZU_OK);
}

/* ---- absolute names ---- */

static void expect_resolved(const char *path, const char *expected)
{
    char out[PATH_MAX];
    rz_vfs *vfs = rz_vfs_posix();
    CHECK_EQ_I64(vfs->resolve(vfs, path, out, sizeof out), RUZU_OK);
    CHECK_STR(out, expected);
}

static void expect_unresolved(const char *path, size_t capacity, int error)
{
    char out[PATH_MAX];
    rz_vfs *vfs = rz_vfs_posix();
    CHECK_EQ_I64(vfs->resolve(vfs, path, out, capacity), RUZU_ERROR_IO);
    CHECK_EQ_I64(errno, error);
}

static void names_become_absolute(void)
{
    rz_vfs *vfs = rz_vfs_posix();
    CHECK_EQ_I64(vfs->close(lock_open("there")), RUZU_OK);
    CHECK_EQ_I64(mkdir(lock_path("folder"), 0700), 0);
    CHECK_EQ_I64(symlink("../there", lock_path("folder/to-there")), 0);
    CHECK_EQ_I64(symlink("absent", lock_path("folder/to-absent")), 0);
    CHECK_EQ_I64(symlink(lock_path("folder/to-absent"), lock_path("to-to-absent")), 0);
    CHECK_EQ_I64(symlink("circle", lock_path("circle")), 0);
    CHECK_EQ_I64(symlink("/absent-in-the-root", lock_path("to-root")), 0);
    expect_resolved(lock_path("there"), lock_path("there"));
    expect_resolved(lock_path("absent"), lock_path("absent"));
    expect_resolved(lock_path("folder/../there"), lock_path("there"));
    expect_resolved(lock_path("folder/.././absent"), lock_path("absent"));
    expect_resolved(lock_path("folder/to-there"), lock_path("there"));
    expect_resolved(lock_path("folder/to-absent"), lock_path("folder/absent"));
    expect_resolved(lock_path("to-to-absent"), lock_path("folder/absent"));
    expect_resolved(lock_path("to-root"), "/absent-in-the-root");
    expect_resolved("/absent-in-the-root", "/absent-in-the-root");
    char here[PATH_MAX];
    CHECK(getcwd(here, sizeof here) != NULL);
    CHECK_EQ_I64(chdir(lock_folder), 0);
    expect_resolved("there", lock_path("there"));
    expect_resolved("./absent", lock_path("absent"));
    expect_resolved("folder/to-absent", lock_path("folder/absent"));
    CHECK_EQ_I64(chdir(here), 0);
    expect_unresolved(lock_path("circle"), PATH_MAX, ELOOP);
    expect_unresolved(lock_path("no/such/folder"), PATH_MAX, ENOENT);
    expect_unresolved(lock_path("there/below"), PATH_MAX, ENOTDIR);
    expect_unresolved(lock_path("there"), 5, ENAMETOOLONG);
    expect_unresolved(lock_path("absent"), 5, ENAMETOOLONG);
    static char longer[PATH_MAX + 10];
    memset(longer, 'a', sizeof longer - 1);
    expect_unresolved(longer, PATH_MAX, ENAMETOOLONG);
}

int main(void)
{
    char folder[] = "/tmp/ruzu_lock_XXXXXX";
    static char whole[PATH_MAX];
    if (mkdtemp(folder) == NULL || realpath(folder, whole) == NULL) {
        perror(folder);
        return 1;
    }
    (void)snprintf(lock_folder, sizeof lock_folder, "%.500s", whole);
    RUN(children_give_up_handles);
    RUN(old_kernels_get_flock);
    RUN(file_systems_without_locks_say_so);
    RUN(holders_are_told);
    RUN(names_become_absolute);
    char command[PATH_MAX];
    (void)snprintf(command, sizeof command, "rm -r '%s'", lock_folder);
    CHECK_EQ_I64(system(command), 0);
    return CHECK_DONE();
}
