/* SPDX-License-Identifier: MIT */
/*
 * The assertion header of the unit tests: a failed check prints both values with file and line and makes main return 1.
 */
#ifndef RZ_TESTS_CHECK_H
#define RZ_TESTS_CHECK_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Atomic: threads of a test may check too. */
static _Atomic int check_failures = 0;
static _Atomic int check_count = 0;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        check_count++;                                                                                                 \
        if (!(condition)) {                                                                                            \
            check_failures++;                                                                                          \
            fprintf(stderr, "%s:%d: %s is false\n", __FILE__, __LINE__, #condition);                                   \
        }                                                                                                              \
    } while (0)

#define CHECK_EQ_I64(got, want)                                                                                        \
    do {                                                                                                               \
        int64_t check_got_ = (int64_t)(got), check_want_ = (int64_t)(want);                                            \
        check_count++;                                                                                                 \
        if (check_got_ != check_want_) {                                                                               \
            check_failures++;                                                                                          \
            fprintf(stderr, "%s:%d: %s is %" PRId64 ", expected %" PRId64 "\n", __FILE__, __LINE__, #got, check_got_,  \
                    check_want_);                                                                                      \
        }                                                                                                              \
    } while (0)

#define CHECK_EQ_U64(got, want)                                                                                        \
    do {                                                                                                               \
        uint64_t check_got_ = (uint64_t)(got), check_want_ = (uint64_t)(want);                                         \
        check_count++;                                                                                                 \
        if (check_got_ != check_want_) {                                                                               \
            check_failures++;                                                                                          \
            fprintf(stderr, "%s:%d: %s is %" PRIu64 ", expected %" PRIu64 "\n", __FILE__, __LINE__, #got, check_got_,  \
                    check_want_);                                                                                      \
        }                                                                                                              \
    } while (0)

#define CHECK_STR(got, want)                                                                                           \
    do {                                                                                                               \
        const char *check_got_ = (got), *check_want_ = (want);                                                         \
        check_count++;                                                                                                 \
        if (check_got_ == NULL || strcmp(check_got_, check_want_) != 0) {                                              \
            check_failures++;                                                                                          \
            fprintf(stderr, "%s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, #got,                        \
                    check_got_ == NULL ? "(null)" : check_got_, check_want_);                                          \
        }                                                                                                              \
    } while (0)

/* Runs one test function and names it when it fails. */
#define RUN(test)                                                                                                      \
    do {                                                                                                               \
        int check_before_ = check_failures;                                                                            \
        test();                                                                                                        \
        if (check_failures != check_before_) {                                                                         \
            fprintf(stderr, "FAILED: %s\n", #test);                                                                    \
        }                                                                                                              \
    } while (0)

/* The last line of main. */
#define CHECK_DONE() (printf("%d checks, %d failed\n", check_count, check_failures), check_failures != 0)

#endif
