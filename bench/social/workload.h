/* SPDX-License-Identifier: MIT */
/* The questions that ruzu and the kernels are both asked: their text, their right answers, and what ruzu is to reach. */
#ifndef RZ_BENCH_WORKLOAD_H
#define RZ_BENCH_WORKLOAD_H

#include "arrays.h"

/* A question of one statement. */
typedef struct question {
    const char *name;
    const char *cypher;
    kernel *by_hand;        /* NULL: nobody wrote one */
    double times_kernel;    /* the goal: so many times the kernel on one thread, plus 1 ms; 0: goal_ms */
    double goal_ms;         /* on a machine where the kernel takes reference_ms */
    double reference_ms;    /* 0: unknown */
    const char *expected;   /* rows, values joined by '|', rows ended by '\n', for seed 42 and expected_scale; NULL: the number of the kernel is the answer */
    double expected_scale;
} question;

/* A table: from and to are NULL for node tables. */
typedef struct table_source {
    const char *ddl;
    const char *name, *from, *to;
    const char *file;
} table_source;

typedef struct workload {
    const char *name;
    char delimiter;
    const table_source *tables;
    size_t table_count;
    const question *questions;
    size_t question_count;
} workload;

extern const workload workload_lsqb;
extern const workload workload_study;
extern const workload workload_joins; /* over the study graph: by value, and cycles */
extern const workload workload_scans; /* over the persons of the study graph */

#endif
