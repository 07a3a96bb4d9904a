/* SPDX-License-Identifier: MIT */
/*
 * Threads, mutexes and conditions over pthreads, and the fork generation.
 *
 * A failing lock, unlock or wait means a broken or misused mutex, which is a defect of the program: asserted, not reported.
 */
#include "os/os.h"

#include "os/unix.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREAD_DEFAULT_STACK ((size_t)1 << 20)
#define THREAD_LONGEST_WAIT_US (UINT64_C(1000000) * 1000000000u) /* about 30 years: keeps the deadline inside time_t */

/* Instrumented frames are several times larger. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define THREAD_STACK_FACTOR 4
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define THREAD_STACK_FACTOR 4
#endif
#endif
#ifndef THREAD_STACK_FACTOR
#define THREAD_STACK_FACTOR 1
#endif

/* ---- mutexes and conditions ---- */

ruzu_status rz_mutex_init(rz_mutex *mutex)
{
    pthread_mutexattr_t attributes;
    if (pthread_mutexattr_init(&attributes) != 0) {
        return RUZU_ERROR_NO_MEMORY;
    }
#ifdef RZ_ASSERTS
    (void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK); /* a second lock by its holder is reported */
#endif
    int result = pthread_mutex_init(&mutex->handle, &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    return result == 0 ? RUZU_OK : RUZU_ERROR_NO_MEMORY;
}

void rz_mutex_destroy(rz_mutex *mutex)
{
    int result RZ_UNUSED = pthread_mutex_destroy(&mutex->handle);
    RZ_ASSERT(result == 0);
}

void rz_mutex_lock(rz_mutex *mutex)
{
    int result RZ_UNUSED = pthread_mutex_lock(&mutex->handle);
    RZ_ASSERT(result == 0);
}

bool rz_mutex_trylock(rz_mutex *mutex)
{
    return pthread_mutex_trylock(&mutex->handle) == 0;
}

void rz_mutex_unlock(rz_mutex *mutex)
{
    int result RZ_UNUSED = pthread_mutex_unlock(&mutex->handle);
    RZ_ASSERT(result == 0);
}

ruzu_status rz_cond_init(rz_cond *cond)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return RUZU_ERROR_NO_MEMORY;
    }
    int result = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (result == 0) {
        result = pthread_cond_init(&cond->handle, &attributes);
    }
    (void)pthread_condattr_destroy(&attributes);
    return result == 0 ? RUZU_OK : RUZU_ERROR_NO_MEMORY;
}

void rz_cond_destroy(rz_cond *cond)
{
    int result RZ_UNUSED = pthread_cond_destroy(&cond->handle);
    RZ_ASSERT(result == 0);
}

void rz_cond_wait(rz_cond *cond, rz_mutex *mutex)
{
    int result RZ_UNUSED = pthread_cond_wait(&cond->handle, &mutex->handle);
    RZ_ASSERT(result == 0);
}

bool rz_cond_wait_us(rz_cond *cond, rz_mutex *mutex, uint64_t timeout_us)
{
    struct timespec deadline;
    if (timeout_us > THREAD_LONGEST_WAIT_US) {
        timeout_us = THREAD_LONGEST_WAIT_US;
    }
    uint64_t end_us = rz_now_monotonic_us() + timeout_us;
    deadline.tv_sec = (time_t)(end_us / 1000000u);
    deadline.tv_nsec = (long)(end_us % 1000000u) * 1000;
    int result = pthread_cond_timedwait(&cond->handle, &mutex->handle, &deadline);
    RZ_ASSERT(result == 0 || result == ETIMEDOUT);
    return result == 0;
}

void rz_cond_signal(rz_cond *cond)
{
    int result RZ_UNUSED = pthread_cond_signal(&cond->handle);
    RZ_ASSERT(result == 0);
}

void rz_cond_broadcast(rz_cond *cond)
{
    int result RZ_UNUSED = pthread_cond_broadcast(&cond->handle);
    RZ_ASSERT(result == 0);
}

/* ---- threads ---- */

/* What a new thread needs to know, in a map of its own: this module lies below the allocator. The thread unmaps it. */
typedef struct thread_start {
    rz_thread_fn fn;
    void *arg;
} thread_start;

static void *thread_main(void *memory)
{
    thread_start start = *(thread_start *)memory;
    (void)munmap(memory, sizeof(thread_start));
    start.fn(start.arg);
    return NULL;
}

/* The host's signals are for the host's threads. Left open: those that a fault in this very thread raises, because blocked they
 * would end the process without reaching the host's crash handler. */
static void thread_blocked_signals(sigset_t *out)
{
    static const int own_faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    (void)sigfillset(out);
    for (size_t i = 0; i < sizeof own_faults / sizeof own_faults[0]; i++) {
        (void)sigdelset(out, own_faults[i]);
    }
}

static size_t thread_stack_bytes(size_t stack_size)
{
    size_t bytes = (stack_size == 0 ? THREAD_DEFAULT_STACK : stack_size) * THREAD_STACK_FACTOR;
    size_t least = (size_t)PTHREAD_STACK_MIN + 16384;
    if (bytes < least) {
        bytes = least;
    }
    return (bytes + 65535u) & ~(size_t)65535u;
}

ruzu_status rz_thread_start(rz_thread *out, size_t stack_size, rz_thread_fn fn, void *arg)
{
    pthread_attr_t attributes;
    thread_start *start = (thread_start *)mmap(NULL, sizeof *start, PROT_READ | PROT_WRITE,
                                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) {
        return RUZU_ERROR_LIMIT;
    }
    if (pthread_attr_init(&attributes) != 0) {
        (void)munmap(start, sizeof *start);
        return RUZU_ERROR_LIMIT;
    }
    start->fn = fn;
    start->arg = arg;

    sigset_t blocked;
    sigset_t before;
    thread_blocked_signals(&blocked);
    (void)pthread_sigmask(SIG_SETMASK, &blocked, &before); /* the new thread inherits the mask */
    int result = pthread_attr_setstacksize(&attributes, thread_stack_bytes(stack_size));
    if (result == 0) {
        result = pthread_create(&out->handle, &attributes, thread_main, start);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    if (result != 0) {
        (void)munmap(start, sizeof *start);
        errno = result;
        return RUZU_ERROR_LIMIT;
    }
    return RUZU_OK;
}

void rz_thread_join(rz_thread thread)
{
    int result RZ_UNUSED = pthread_join(thread.handle, NULL);
    RZ_ASSERT(result == 0);
}

void rz_thread_yield(void)
{
    (void)sched_yield();
}

/* ---- forks ---- */

/* Written by the only thread of a new child, read afterwards: atomic for form's sake. */
static _Atomic uint32_t fork_generation;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static rz_mutex fork_process_lock = {PTHREAD_MUTEX_INITIALIZER};

static void fork_in_child(void)
{
    atomic_fetch_add_explicit(&fork_generation, 1, memory_order_relaxed);
    rz_unix_files_forget();
    rz_mutex_unlock(&fork_process_lock);
}

static void fork_prepare(void)
{
    rz_mutex_lock(&fork_process_lock);
}

static void fork_in_parent(void)
{
    rz_mutex_unlock(&fork_process_lock);
}

static void fork_watch(void)
{
    /* Refused for want of memory: forks then go unnoticed, which costs a diagnosis and no correctness. */
    (void)pthread_atfork(fork_prepare, fork_in_parent, fork_in_child);
}

uint32_t rz_fork_generation(void)
{
    (void)pthread_once(&fork_once, fork_watch);
    return atomic_load_explicit(&fork_generation, memory_order_relaxed);
}

void rz_process_lock(void)
{
    (void)pthread_once(&fork_once, fork_watch);
    rz_mutex_lock(&fork_process_lock);
}

void rz_process_unlock(void)
{
    rz_mutex_unlock(&fork_process_lock);
}
