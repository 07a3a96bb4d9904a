/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of the test that refuses memory (test_memory.c): what is done while one allocation after the other is refused.
 */
#ifndef RZ_TESTS_CRASH_MEMORY_H
#define RZ_TESTS_CRASH_MEMORY_H

#include "ruzu.h"

#include <stddef.h>
#include <stdint.h>

/* What a scenario begins with. */
typedef enum memory_base {
    MEMORY_NOTHING, /* no file */
    MEMORY_GRAPH,   /* a graph, closed */
    MEMORY_LOGGED,  /* the same, with changes and a new table that only the log has */
    MEMORY_BASES
} memory_base;

typedef enum memory_kind {
    MEMORY_READS,    /* text changes nothing, and is tried again and again on one database */
    MEMORY_WRITES,   /* text is one transaction: all of it or nothing */
    MEMORY_OPENS,    /* opening is what is short of memory */
    MEMORY_CLOSES,   /* … closing */
    MEMORY_PREPARES, /* text has parameters $id (INT64), $name (STRING), $list and $more */
    MEMORY_CONNECTS, /* a second connection, and text on it */
    MEMORY_BACKS_UP  /* text makes a copy at MEMORY_BACKUP_PATH */
} memory_kind;

typedef struct memory_scenario {
    const char *name;
    memory_kind kind;
    memory_base base;
    const char *setup;    /* run with memory; may leave a transaction open that text ends; NULL: nothing */
    const char *text;
    bool fails;           /* with memory too */
    bool reader;          /* meanwhile another connection reads what was there before */
    uint64_t most_points; /* for slow ones; 0: as many as any other */
} memory_scenario;

#define MEMORY_BACKUP_PATH "/data/copy.ruzu"

extern const memory_scenario memory_scenarios[];
extern const size_t memory_scenario_count;
extern const char *const memory_graph[];     /* NULL-terminated statements that make the graph … */
extern const char *const memory_logged[];    /* … and the changes in the log */
extern const char *const memory_questions[]; /* NULL-terminated queries whose answers are the state of a database */

typedef struct memory_file {
    const char *path;
    const char *text;
} memory_file;

extern const memory_file memory_files[];
extern const size_t memory_file_count;

#endif
