/* SPDX-License-Identifier: MIT */
/*
 * What the tests on a simulated disk share: opening a workload's database, asking its questions, the files that its steps load.
 * Memory of the tests themselves comes from malloc: it is none of the engine's.
 */
#ifndef RZ_TESTS_CRASH_CRASH_RUN_H
#define RZ_TESTS_CRASH_CRASH_RUN_H

#include "api/api.h"

#include "crash.h"
#include "sim/simfs.h"

#define CRASH_DB_PATH    "/data/db.ruzu"
#define CRASH_MOST_STEPS 62u

typedef struct crash_text {
    char *data;
    size_t length;
    size_t capacity;
} crash_text;

void crash_text_add(crash_text *out, const char *data, size_t length);
void crash_text_free(crash_text *out);
bool crash_text_same(const crash_text *a, const crash_text *b);

/* With one thread, so that the operations come in one order and checkpoints run where they are started. */
ruzu_status crash_open(simfs *fs, const char *path, const crash_workload *workload, ruzu_conn **out);
/* Appends the answers to all questions; one that fails answers with its error. Returns RUZU_OK, or a failure of the file system that one of them met. */
ruzu_status crash_ask(ruzu_conn *conn, const crash_workload *workload, crash_text *out);
/* Whether the check finds no error; else appends what it found. Right after a power loss one copy of the header may be torn. */
bool crash_sound(ruzu_conn *conn, bool torn_header, crash_text *problems);
/* /data and crash_files, durable. */
void crash_make_files(simfs *fs);

/* What does not depend on the state of a disk: reading and writing failed there, or is refused since it failed. */
bool crash_is_disk_failure(ruzu_status status);

#endif
