/* SPDX-License-Identifier: MIT */
/*
 * os: the seam to the operating system, and the bottom of the module graph.
 *
 * Purpose   files (one table of functions, rz_vfs: the POSIX implementation here, a simulating one in tests/sim), anonymous memory maps,
 *           threads, mutexes and conditions, clocks, random bytes, CPU features, machine limits.
 * Owns      every system call of the library. A ctest looks at the objects' imports.
 * Must not  know databases; word messages for users (it returns a status and leaves errno; the caller knows the purpose).
 * Threads   all functions are thread-safe; one rz_file may be used by several threads at once (reads and writes carry their offset).
 * More      docs/architecture.md ("The file layer").
 */
#ifndef RZ_OS_OS_H
#define RZ_OS_OS_H

#include "os/compiler.h"

#include "ruzu.h"

#include <pthread.h>

/* ---- files ---- */

typedef struct rz_file rz_file; /* opaque, one layout per implementation; starts with a rz_vfs pointer (see rz_file_vfs) */

enum {
    RZ_OPEN_READ = 1u << 0,   /* read only, unless RZ_OPEN_WRITE is given too */
    RZ_OPEN_WRITE = 1u << 1,  /* read and write */
    RZ_OPEN_CREATE = 1u << 2, /* create when absent (mode 0600 & ~umask) */
    RZ_OPEN_EXCL = 1u << 3,   /* with CREATE: fail when present */
    RZ_OPEN_TEMP = 1u << 4    /* unlinked right after open: gone with the handle */
};

typedef enum rz_lock_kind { RZ_LOCK_NONE, RZ_LOCK_SHARED, RZ_LOCK_EXCLUSIVE } rz_lock_kind;

typedef struct rz_file_ident {
    uint64_t device;
    uint64_t inode;
    uint64_t link_count;
} rz_file_ident;

/* Called per directory entry; return false to stop. */
typedef bool (*rz_name_fn)(void *user, const char *name, bool is_directory);

/*
 * All persistent I/O goes through one table. A failure returns RUZU_ERROR_IO, RUZU_ERROR_DISK_FULL, RUZU_ERROR_LOCKED or
 * RUZU_ERROR_NO_MEMORY and leaves errno. No retry above this layer. (reliability: sync errors are final, the caller must poison.)
 */
typedef struct rz_vfs {
    uint32_t abi; /* 1 */
    void *ctx;
    ruzu_status (*open)(struct rz_vfs *vfs, const char *path, uint32_t flags, rz_file **out);
    ruzu_status (*close)(rz_file *file); /* frees the handle even when it fails */
    ruzu_status (*read)(rz_file *file, void *buffer, size_t size, uint64_t off, size_t *out_got); /* got < size only at the end */
    ruzu_status (*write)(rz_file *file, const void *buffer, size_t size, uint64_t off); /* all, or error with undefined content */
    ruzu_status (*sync)(rz_file *file, bool data_only);
    ruzu_status (*size)(rz_file *file, uint64_t *out_size);
    ruzu_status (*truncate)(rz_file *file, uint64_t size);
    ruzu_status (*reserve)(rz_file *file, uint64_t end); /* really allocates blocks up to end and grows the file */
    ruzu_status (*sync_dir)(struct rz_vfs *vfs, const char *path_of_file);
    ruzu_status (*remove)(struct rz_vfs *vfs, const char *path);
    ruzu_status (*rename)(struct rz_vfs *vfs, const char *from, const char *to);
    ruzu_status (*lock)(rz_file *file, rz_lock_kind kind); /* does not wait: RUZU_ERROR_LOCKED; NONE releases */
    /* May be NULL. What stands in the way of a lock of this kind: NONE when nothing does or nobody tells; process id 0: not told. */
    void (*lock_holder)(rz_file *file, rz_lock_kind wanted, rz_lock_kind *out_kind, uint64_t *out_process);
    /* May be NULL. The absolute name of a file that need not be there, links followed, so that neither chdir nor another way to the file changes what it means. */
    ruzu_status (*resolve)(struct rz_vfs *vfs, const char *path, char *out, size_t capacity);
    ruzu_status (*ident)(rz_file *file, rz_file_ident *out);
    ruzu_status (*ident_path)(struct rz_vfs *vfs, const char *path, rz_file_ident *out); /* RUZU_ERROR_IO with ENOENT when absent */
    ruzu_status (*is_directory)(struct rz_vfs *vfs, const char *path, bool *out); /* false too when absent */
    ruzu_status (*make_dir)(struct rz_vfs *vfs, const char *path);
    ruzu_status (*list)(struct rz_vfs *vfs, const char *directory, rz_name_fn fn, void *user);
    uint64_t (*monotonic_us)(struct rz_vfs *vfs); /* for intervals; NULL: rz_now_monotonic_us */
    uint64_t (*now_us)(struct rz_vfs *vfs); /* wall clock, microseconds since 1970 UTC */
    void (*random)(struct rz_vfs *vfs, void *out, size_t size);
    /* Advice; may be NULL. Drops what the system remembers of [off, off + size) (size 0: to the end) unless it waits to be written, so that reads see the disk: after a
     * failed sync the system may go on showing what never reached it. */
    void (*forget)(rz_file *file, uint64_t off, uint64_t size);
} rz_vfs;

rz_vfs *rz_vfs_posix(void);        /* the operating system's files; static, never freed */
rz_vfs *rz_file_vfs(rz_file *file); /* every implementation's rz_file begins with its rz_vfs pointer */

/* Words for an errno value into buffer, cut to size; the same in every locale. Returns buffer. */
const char *rz_os_error_text(int errno_value, char *buffer, size_t size);

/* ---- anonymous memory maps ---- */

/* Reserves size bytes of zero memory (NORESERVE, no huge pages); NULL with errno when refused. */
void *rz_map_reserve(size_t size);
/* The same for what will be touched all over: aligned so that the system may use huge pages, which make it pay for memory once in hundreds of pages. */
void *rz_map_reserve_huge(size_t size);
void rz_map_release(void *address, size_t size);
/* Gives the physical memory of whole pages back; they read as zero afterwards. */
void rz_map_drop(void *address, size_t size);

/* ---- threads ---- */

typedef struct rz_mutex {
    pthread_mutex_t handle;
} rz_mutex;
typedef struct rz_cond {
    pthread_cond_t handle;
} rz_cond;
typedef struct rz_thread {
    pthread_t handle;
} rz_thread;
typedef void (*rz_thread_fn)(void *arg);

ruzu_status rz_mutex_init(rz_mutex *mutex);
void rz_mutex_destroy(rz_mutex *mutex);
void rz_mutex_lock(rz_mutex *mutex);
bool rz_mutex_trylock(rz_mutex *mutex);
void rz_mutex_unlock(rz_mutex *mutex);
ruzu_status rz_cond_init(rz_cond *cond); /* on the monotonic clock */
void rz_cond_destroy(rz_cond *cond);
void rz_cond_wait(rz_cond *cond, rz_mutex *mutex);
bool rz_cond_wait_us(rz_cond *cond, rz_mutex *mutex, uint64_t timeout_us); /* false: timed out */
void rz_cond_signal(rz_cond *cond);
void rz_cond_broadcast(rz_cond *cond);
/* Starts a thread with all signals blocked; stack_size 0: 1 MiB. RUZU_ERROR_LIMIT when the system refuses. */
ruzu_status rz_thread_start(rz_thread *out, size_t stack_size, rz_thread_fn fn, void *arg);
void rz_thread_join(rz_thread thread);
void rz_thread_yield(void);
/*
 * Counts forks seen by this process's ancestors: differs between parent and child (pthread_atfork). In the child every rz_file of rz_vfs_posix that the
 * parent had open is closed, so that it neither keeps the parent's locks nor can write to the parent's files.
 */
uint32_t rz_fork_generation(void);
/* The lock of the process's own registers (open files, open databases). fork() waits for it, so that a child finds them whole: a few instructions only, no I/O. */
void rz_process_lock(void);
void rz_process_unlock(void);

/* ---- clocks and the machine ---- */

uint64_t rz_now_monotonic_us(void);
uint64_t rz_now_monotonic_ns(void); /* of the same clock */
uint64_t rz_now_wall_us(void);
uint32_t rz_cpu_count(void);          /* CPUs this process may run on; at least 1 */
uint64_t rz_machine_memory(void);     /* bytes: the machine's, or its cgroup's limit when smaller */
uint32_t rz_process_id(void);

typedef struct rz_cpu_features {
    bool sse42;
    bool avx2;
    bool avx512; /* F, BW, DQ and VL */
    bool bmi2;
    bool arm_crc;
} rz_cpu_features;
const rz_cpu_features *rz_cpu(void); /* found once; static */

#endif
