/* SPDX-License-Identifier: MIT */
/* What the parts of the comparison share: the open database, timing, and the table of results. */
#ifndef RZ_BENCH_COMPARE_H
#define RZ_BENCH_COMPARE_H

#include "arrays.h"
#include "ruzu.h"
#include "workload.h"

#include <stdio.h>

#define MAX_RUNS 99
#define MAX_ROWS 64

typedef enum churn { CHURN_NONE, CHURN_UNFOLDED, CHURN_FOLDED, CHURN_FULL } churn;

typedef struct compare_options {
    const char *directory; /* data and databases live here: DIRECTORY/SCALE/… */
    double scale;
    uint64_t seed;
    int runs;
    uint64_t pool;         /* bytes, 0: ruzu's default */
    double pool_share;     /* of the database file, 0: as `pool` says */
    churn churned;
    const char *only;      /* comma-separated names of questions; NULL: all */
    FILE *json;            /* NULL, or a line for each row of the table */
} compare_options;

/* One row of the table. Times in milliseconds, or operations a second when `per_second`. A goal of 0 is none. */
typedef struct compare_row {
    const char *section, *name;
    const char *verdict;    /* "right", "unchecked", "WRONG" */
    double one_thread, two_threads, kernel;
    double times_kernel, goal_ms, reference_ms;
    bool per_second;
} compare_row;

typedef struct comparison {
    const compare_options *options;
    ruzu_conn *conn;
    compare_row rows[MAX_ROWS];
    size_t row_count;
    size_t wrong;
} comparison;

void compare_fail(const char *what, const char *why);
/* Runs a statement whose result nobody wants; ends the program when it fails. */
void compare_run(comparison *run, const char *cypher);
/* The middle of `count` times; sorts them. */
double compare_median(double *times, int count);
/* Whether the question is among those asked for. */
bool compare_wanted(const comparison *run, const char *name);
void compare_add(comparison *run, const compare_row *row);
/* Prints the rows of a section, whose goals in milliseconds grow with what this machine's kernels take more than the reference. */
void compare_print(const comparison *run, const char *section, size_t first_row);

/* Copies the database's relationships and properties by changing, deleting and inserting, so that the graph is the same afterwards: compare_churn.c. */
void compare_churn(comparison *run, const workload *work);
/* The questions of one statement each. */
void compare_questions(comparison *run, const char *section, const workload *work, const void *arrays);
/* What PROFILE takes more for the questions of these names (NULL: all), or those that were asked for: compare_profile.c. */
void compare_profile(comparison *run, const workload *work, const char *const *names, size_t count);
/* Walks, reachability and shortest paths; look-ups by key and hops: compare_search.c. */
void compare_recursive(comparison *run, const study_arrays *arrays);
void compare_points(comparison *run, const study_arrays *arrays);

#endif
