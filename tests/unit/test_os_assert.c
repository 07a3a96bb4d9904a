/* SPDX-License-Identifier: MIT */
/*
 * RZ_ASSERT: ends the program with its place and condition where asserts are on, costs and evaluates nothing elsewhere.
 */
#include "os/os.h"

#include "unit/check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int evaluations;

static bool evaluated(bool value)
{
    evaluations++;
    return value;
}

static void true_assert_passes(void)
{
    CHECK(evaluated(true)); /* the counter works */
    evaluations = 0;
    RZ_ASSERT(evaluated(true));
#ifdef RZ_ASSERTS
    CHECK_EQ_I64(evaluations, 1);
#else
    CHECK_EQ_I64(evaluations, 0);
#endif
}

static void false_assert_ends_the_program(void)
{
#ifdef RZ_ASSERTS
    int ends[2];
    CHECK_EQ_I64(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(ends[1], STDERR_FILENO);
        RZ_ASSERT(evaluated(false));
        _exit(0);
    }
    (void)close(ends[1]);
    char text[512];
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], text + length, sizeof text - 1 - length)) > 0) {
        length += (size_t)got;
    }
    text[length] = '\0';
    (void)close(ends[0]);
    int status = 0;
    CHECK_EQ_I64(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(text, "test_os_assert.c:") != NULL);
    CHECK(strstr(text, ": assertion failed: evaluated(false)\n") != NULL);
#else
    evaluations = 0;
    RZ_ASSERT(evaluated(false));
    CHECK_EQ_I64(evaluations, 0);
#endif
}

int main(void)
{
    RUN(true_assert_passes);
    RUN(false_assert_ends_the_program);
    return CHECK_DONE();
}
