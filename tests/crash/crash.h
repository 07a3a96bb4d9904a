/* SPDX-License-Identifier: MIT */
/*
 * Workloads whose states after a power loss are looked at one by one (crash_enum.c). A workload is a list of steps, each one transaction: a statement, or several
 * between BEGIN TRANSACTION and COMMIT. What the database must hold after each step is found by running the same steps in memory and asking the workload's questions.
 */
#ifndef RZ_TESTS_CRASH_CRASH_H
#define RZ_TESTS_CRASH_CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A step is statements separated by ';', or one of
 *     @reopen          closes and opens the database
 *     @reader begin    a second connection begins a read-only transaction, and notes the answers; `@reader end` asks again (they must be the same) and ends it
 *     @fail statement  the statement must fail and change nothing
 */
typedef struct crash_workload {
    const char *name;
    const char *const *setup;      /* NULL-terminated; crash points within it are not looked at, unless it is empty */
    const char *const *steps;      /* NULL-terminated */
    const char *const *questions;  /* NULL-terminated queries in a total order; one that fails answers with its error */
    const char *probe;             /* a statement that must work after recovery, whatever the state */
    uint64_t checkpoint_threshold; /* bytes of log; 0: none but those of the steps and of closing */
} crash_workload;

/* CSV files that the steps load. */
typedef struct crash_file {
    const char *path;
    const char *text; /* the content; NULL: generated rows "i,person i,3i", or with `pairs` "i,j,i" */
    uint32_t rows;
    bool pairs;
} crash_file;

extern const crash_workload crash_workloads[];
extern const size_t crash_workload_count;
extern const crash_file crash_files[];
extern const size_t crash_file_count;

#endif
