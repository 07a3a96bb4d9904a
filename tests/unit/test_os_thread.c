/* SPDX-License-Identifier: MIT */
/*
 * Threads, mutexes, conditions, forks.
 */
#include "os/os.h"

#include "unit/check.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct counter {
    rz_mutex mutex;
    rz_cond cond;
    uint64_t value; /* guarded by mutex */
    bool go;        /* guarded by mutex */
} counter;

static void counter_init(counter *c)
{
    CHECK_EQ_I64(rz_mutex_init(&c->mutex), RUZU_OK);
    CHECK_EQ_I64(rz_cond_init(&c->cond), RUZU_OK);
    c->value = 0;
    c->go = false;
}

static void counter_destroy(counter *c)
{
    rz_cond_destroy(&c->cond);
    rz_mutex_destroy(&c->mutex);
}

static void count_up(void *arg)
{
    counter *c = (counter *)arg;
    rz_mutex_lock(&c->mutex);
    while (!c->go) {
        rz_cond_wait(&c->cond, &c->mutex);
    }
    rz_mutex_unlock(&c->mutex);
    for (int i = 0; i < 20000; i++) {
        rz_mutex_lock(&c->mutex);
        c->value++;
        rz_mutex_unlock(&c->mutex);
        if (i % 1000 == 0) {
            rz_thread_yield();
        }
    }
}

static void mutex_excludes(void)
{
    counter c;
    rz_thread threads[4];
    counter_init(&c);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ_I64(rz_thread_start(&threads[i], 0, count_up, &c), RUZU_OK);
    }
    rz_mutex_lock(&c.mutex);
    c.go = true;
    rz_cond_broadcast(&c.cond);
    rz_mutex_unlock(&c.mutex);
    for (int i = 0; i < 4; i++) {
        rz_thread_join(threads[i]);
    }
    CHECK_EQ_U64(c.value, 80000);
    counter_destroy(&c);
}

static void trylock_does_not_wait(void)
{
    rz_mutex mutex;
    CHECK_EQ_I64(rz_mutex_init(&mutex), RUZU_OK);
    CHECK(rz_mutex_trylock(&mutex));
    CHECK(!rz_mutex_trylock(&mutex));
    rz_mutex_unlock(&mutex);
    CHECK(rz_mutex_trylock(&mutex));
    rz_mutex_unlock(&mutex);
    rz_mutex_destroy(&mutex);
}

static void timed_wait_ends(void)
{
    counter c;
    counter_init(&c);
    rz_mutex_lock(&c.mutex);
    uint64_t before = rz_now_monotonic_us();
    while (rz_cond_wait_us(&c.cond, &c.mutex, 20000)) {
        /* a spurious wake-up: wait again */
    }
    CHECK(rz_now_monotonic_us() - before >= 20000);
    rz_mutex_unlock(&c.mutex);
    counter_destroy(&c);
}

static void set_go(void *arg)
{
    counter *c = (counter *)arg;
    rz_mutex_lock(&c->mutex);
    c->go = true;
    rz_cond_signal(&c->cond);
    rz_mutex_unlock(&c->mutex);
}

static void longest_wait_is_woken(void)
{
    counter c;
    counter_init(&c);
    rz_thread thread;
    rz_mutex_lock(&c.mutex);
    CHECK_EQ_I64(rz_thread_start(&thread, 0, set_go, &c), RUZU_OK);
    while (!c.go) {
        CHECK(rz_cond_wait_us(&c.cond, &c.mutex, UINT64_MAX));
    }
    rz_mutex_unlock(&c.mutex);
    rz_thread_join(thread);
    counter_destroy(&c);
}

static void note_signal_mask(void *arg)
{
    (void)pthread_sigmask(SIG_SETMASK, NULL, (sigset_t *)arg);
}

static void signals_of_the_host_stay_with_the_host(void)
{
    sigset_t before;
    sigset_t inside;
    sigset_t after;
    rz_thread thread;
    CHECK_EQ_I64(sigemptyset(&inside), 0);
    CHECK_EQ_I64(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
    CHECK_EQ_I64(rz_thread_start(&thread, 0, note_signal_mask, &inside), RUZU_OK);
    CHECK_EQ_I64(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    rz_thread_join(thread);
    CHECK_EQ_I64(sigismember(&inside, SIGINT), 1);
    CHECK_EQ_I64(sigismember(&inside, SIGTERM), 1);
    CHECK_EQ_I64(sigismember(&inside, SIGALRM), 1);
    CHECK_EQ_I64(sigismember(&inside, SIGSEGV), 0); /* the host's crash handler still works */
    for (int number = 1; number < 32; number++) {
        CHECK_EQ_I64(sigismember(&after, number), sigismember(&before, number));
    }
}

static void use_much_stack(void *arg)
{
    volatile char room[3 * 1024 * 1024];
    for (size_t i = 0; i < sizeof room; i += 4096) {
        room[i] = (char)i;
    }
    *(char *)arg = room[4096];
}

static void stack_is_as_large_as_asked(void)
{
    rz_thread thread;
    char seen = 1;
    CHECK_EQ_I64(rz_thread_start(&thread, 4u << 20, use_much_stack, &seen), RUZU_OK);
    rz_thread_join(thread);
    CHECK_EQ_I64(seen, 0);
    sigset_t inside;
    CHECK_EQ_I64(rz_thread_start(&thread, 1, note_signal_mask, &inside), RUZU_OK); /* raised to the system's minimum */
    rz_thread_join(thread);
}

static void refused_thread_is_a_limit(void)
{
    rz_thread thread;
    errno = 0;
    CHECK_EQ_I64(rz_thread_start(&thread, (size_t)1 << 47, set_go, NULL), RUZU_ERROR_LIMIT);
    CHECK(errno != 0);
}

static void child_has_another_fork_generation(void)
{
    uint32_t before = rz_fork_generation();
    pid_t child = fork();
    if (child == 0) {
        bool good = rz_fork_generation() == before + 1;
        pid_t grandchild = fork();
        if (grandchild == 0) {
            _exit(rz_fork_generation() == before + 2 ? 0 : 1);
        }
        int status = 1;
        good = good && waitpid(grandchild, &status, 0) == grandchild && status == 0;
        _exit(good ? 0 : 1);
    }
    int status = 1;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK_EQ_I64(status, 0);
    CHECK_EQ_U64(rz_fork_generation(), before);
}

int main(void)
{
    RUN(child_has_another_fork_generation);
    RUN(mutex_excludes);
    RUN(trylock_does_not_wait);
    RUN(timed_wait_ends);
    RUN(longest_wait_is_woken);
    RUN(signals_of_the_host_stay_with_the_host);
    RUN(stack_is_as_large_as_asked);
    RUN(refused_thread_is_a_limit);
    return CHECK_DONE();
}
