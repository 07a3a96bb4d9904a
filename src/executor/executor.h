/* SPDX-License-Identifier: MIT */
/*
 * executor: runs plans: expression evaluation, operators, pipelines, the worker threads, spilling.
 *
 * Purpose   turns a plan into a result set inside one transaction, with bounded memory, on the caller's thread and, when there is enough work, on more.
 * Owns      the thread pool (rz_sched, one a database), result sets.
 * Must not  know the text of queries or sessions.
 * Enter by  rz_sched_create, rz_exec_run, rz_result_set_*; rz_exec_copy_from; rz_table_function_bind.
 * Threads   one rz_exec_run per transaction at a time; several transactions run at once.
 * More      docs/architecture.md ("Executor").
 */
#ifndef RZ_EXECUTOR_EXECUTOR_H
#define RZ_EXECUTOR_EXECUTOR_H

#include "io/io.h"
#include "planner/planner.h"
#include "transaction/transaction.h"

/* ---- worker threads ---- */

typedef struct rz_sched rz_sched; /* threads start when first needed, sleep between pipelines */

RZ_NODISCARD ruzu_status rz_sched_create(rz_mem *mem, uint32_t max_threads, rz_sched **out, rz_error *err);
void rz_sched_destroy(rz_sched *sched); /* joins all; nothing may be running */
uint32_t rz_sched_threads(const rz_sched *sched);
void rz_sched_set_threads(rz_sched *sched, uint32_t max_threads);

/* ---- result sets ---- */

/* Rows of a finished statement, complete and independent of the transaction; spilled to temp pages when large. One thread at a time. */
typedef struct rz_result_set rz_result_set;

uint64_t rz_result_set_rows(const rz_result_set *set);
void rz_result_set_free(rz_result_set *set); /* NULL is fine */
void rz_result_set_rewind(rz_result_set *set);
/* Makes a set that nobody reads any more empty for the next execution of its plan (rz_exec_context.recycled); false when it is too large to wait for that. */
bool rz_result_set_recycle(rz_result_set *set);
/* The next chunk of up to RZ_VECTOR_CAPACITY rows (flat vectors of the result types), valid until the next call; NULL at the end. */
RZ_NODISCARD ruzu_status rz_result_set_next(rz_result_set *set, const rz_chunk **out, rz_error *err);
/* A set built by hand (DDL messages, explain): one STRING column. */
RZ_NODISCARD ruzu_status rz_result_set_from_text(rz_mem *mem, rz_pool *pool, const char *const *rows, uint32_t row_count, rz_result_set **out, rz_error *err);

/* ---- running ---- */

typedef int (*rz_progress_fn)(void *user, double fraction, uint64_t rows, const char *phase); /* non-zero: stop */

/* What table functions may ask of the session. */
typedef struct rz_session {
    /* Appends the value of an option (current_setting), named in any case, as text; false: there is no such option. */
    bool (*setting)(void *user, const char *name, rz_str *out);
    void *user;
} rz_session;

/* What a statement needs from its session. */
typedef struct rz_exec_context {
    rz_txn *txn;
    rz_sched *sched;
    rz_mem *mem;                    /* the query's account */
    rz_result_set *recycled;        /* rz_exec_run_kept, second execution and later: an empty set of the same plan, or NULL; taken over in any case */
    rz_mem *result_mem;             /* what the result set is charged to: it outlives the query */
    const rz_bind_parameter *parameters;
    uint32_t parameter_count;
    uint32_t max_threads;           /* for this statement */
    uint32_t vector_rows;           /* 0: RZ_VECTOR_CAPACITY; a smaller cap for tests */
    _Atomic uint32_t *interrupted;  /* 1: interrupted, 2: timeout (set by the deadline check) */
    uint64_t deadline_us;           /* monotonic; 0: none */
    bool map_key_check;
    rz_progress_fn progress;
    void *progress_user;
    rz_warnings *warnings;          /* io.h: bad rows of IGNORE_ERRORS */
    const rz_file_policy *files;    /* io.h: which files may be read */
    uint64_t query_id;              /* number of the statement in its connection, from 0: stands in warnings */
    const rz_session *session;      /* for table functions that show session state; may be NULL */
    uint64_t random_seed[2];        /* of the statement's random numbers; both 0: the system is asked */
} rz_exec_context;

/* Runs a plan; *out is NULL for a query without RETURN. profile: NULL, or a place for actual figures shown by PROFILE. */
typedef struct rz_profile rz_profile;
RZ_NODISCARD ruzu_status rz_profile_create(rz_arena *arena, rz_mem *mem, uint32_t plan_count, rz_profile **out,
                                           rz_error *err); /* plan_count: ids are below it; mem: the account of the execution */
void rz_profile_note(void *profile, const rz_plan *op, rz_str *out); /* a rz_plan_note_fn */
RZ_NODISCARD ruzu_status rz_exec_run(const rz_exec_context *context, const rz_plan *plan, rz_profile *profile, rz_result_set **out, rz_error *err);

/*
 * The same for plans that are run often: operators and buffers stay for the next execution of the same plan, at *io_kept (NULL at first; NULL again after a
 * failure). The plan must live longer and rz_exec_can_keep. mem: what is kept is charged to a child of it, with the limit of context->mem. Between executions
 * nothing of the database is held; one that is freed may even outlive the plan's tables.
 */
typedef struct rz_kept_exec rz_kept_exec;
bool rz_exec_can_keep(const rz_plan *plan);
RZ_NODISCARD ruzu_status rz_exec_run_kept(const rz_exec_context *context, rz_mem *mem, const rz_plan *plan, rz_kept_exec **io_kept, rz_result_set **out,
                                          rz_error *err);
uint64_t rz_kept_exec_bytes(const rz_kept_exec *kept);
/* False: it was made for fewer threads, and has to be freed before the plan runs. */
bool rz_kept_exec_fits(const rz_kept_exec *kept, const rz_exec_context *context);
void rz_kept_exec_free(rz_kept_exec *kept); /* NULL is fine */

/* COPY table FROM files or a query's plan (plan NULL: files). Rows copied in *out_rows. */
RZ_NODISCARD ruzu_status rz_exec_copy_from(const rz_exec_context *context, const rz_bound_copy_from *copy, const rz_plan *plan, uint64_t *out_rows, rz_error *err);

/* Sets a property of all nodes that exist to the value of an expression without columns, computed for each row. */
RZ_NODISCARD ruzu_status rz_exec_fill_column(const rz_exec_context *context, const rz_cat_table *table, uint32_t property_idx, const rz_expr *value,
                                             rz_error *err);

/* For the binder: names and types of the columns of LOAD FROM's files (a rz_bind_file_fn whose user knows policy and mem). */
RZ_NODISCARD ruzu_status rz_file_bind(const rz_file_policy *policy, rz_mem *mem, const rz_bound_files *files, rz_arena *arena, const char *const **out_names,
                                      const rz_type *const **out_types, uint32_t *out_count, rz_error *err);

/* ---- table functions ---- */

/* For the binder: what a table function produces (the rest of a rz_bind_table_function_fn, whose user knows the catalog). */
RZ_NODISCARD ruzu_status rz_table_function_bind(const rz_catalog *catalog, const char *name, const rz_value *const *args, const char *const *arg_names,
                                                uint32_t arg_count, rz_arena *arena, const char *const **out_names, const rz_type *const **out_types, uint32_t *out_count, bool *out_standalone,
                                                rz_error *err);

#endif
