/* SPDX-License-Identifier: MIT */
/*
 * A crew: threads that help one operator with a piece of its work (private to the executor).
 *
 * Pipelines divide their sources among workers; a pipeline that begins at one row has nothing to divide, though a single row may be the start of a search through the whole graph. An operator with
 * such a piece of work hands it to a crew: its own thread works on it at once, and threads of the pool that are free join in, each with a worker and an object of its own. What the members share is
 * the operator's business: a cursor over parts, which each takes until none is left, and results that every member keeps to itself until all have ended.
 *
 *   operator: rz_crew_run ── member 0 (the operator's worker) ── takes parts … ── waits for those that joined ── collects what each has found
 *   free thread:     └ joins ── member 1 ── takes parts …
 */
#ifndef RZ_EXECUTOR_CREW_H
#define RZ_EXECUTOR_CREW_H

#include "executor/op.h"

typedef struct rz_crew rz_crew;

typedef struct rz_crew_class {
    size_t size; /* of a member's object, which is zeroed before open */
    /* On the thread of the member, the first time it works. A member that cannot be opened does not work until the crew has been suspended; for member 0 that is a failure. */
    ruzu_status (*open)(void *user, rz_worker *worker, void *member, rz_error *err);
    /* Takes parts until none is left or rz_crew_has_failed. */
    ruzu_status (*work)(void *user, void *member, uint32_t idx, rz_error *err);
    void (*close)(void *user, void *member); /* also after open failed */
} rz_crew_class;

/*
 * worker: the operator's, whose arena holds the crew. rz_crew_close must follow before that worker is closed. Members that memory is refused for are left out; it fails where
 * there would be none.
 */
RZ_NODISCARD ruzu_status rz_crew_create(rz_worker *worker, const rz_crew_class *class, void *user, rz_crew **out, rz_error *err);
void rz_crew_close(rz_crew *crew); /* NULL is fine */
/* An execution of a kept plan has ended: nothing of the database is held until the crew works again. NULL is fine. */
void rz_crew_suspend(rz_crew *crew);
/* Might anybody join? Not when the pipeline has workers enough of its own. */
bool rz_crew_has_others(const rz_crew *crew);
/* Works; with `others`, threads that are free are called, which costs tens of microseconds. Returns when all have ended, with the first failure. */
RZ_NODISCARD ruzu_status rz_crew_run(rz_crew *crew, bool others, rz_error *err);
/* For members at work: another one has failed. */
bool rz_crew_has_failed(const rz_crew *crew);
/* The object of the member number idx, below rz_crew_size; NULL: it has never worked. While nobody works. */
void *rz_crew_member(const rz_crew *crew, uint32_t idx);
uint32_t rz_crew_size(const rz_crew *crew);

#endif
