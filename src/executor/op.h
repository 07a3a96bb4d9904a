/* SPDX-License-Identifier: MIT */
/*
 * Operators: how the parts of a running plan fit together (private to the executor).
 *
 * A plan is cut at sinks (AGGREGATE, SORT, the build side of HASH_JOIN, BARRIER, RESULT, writes) into pipelines. Each worker of a pipeline builds its own chain of
 * rz_op objects from the sink's input down to the source and pulls chunks through it: op->next(input) …; what workers share (morsel cursors, hash tables)
 * is a per-plan-node object found by rz_exec_shared(). Pipelines run in dependency order: sinks below first.
 *
 * Contract of next(): *out is NULL at the end, else a chunk with at least one selected row whose columns are op->plan->columns in that order. The chunk and everything it
 * points to stay valid and unchanged until the next call of next(), rewind() or close() on the same op. An op never changes its input's chunk: it passes vectors on by
 * reference and makes selections of its own.
 *
 * rewind(): used inside APPLY; the chain starts again with new ARGUMENT rows. Sources other than ARGUMENT start over from their first row for this worker alone
 * (inside an APPLY a source is private to the chain: op->private_source is true and it hands itself all morsels).
 */
#ifndef RZ_EXECUTOR_OP_H
#define RZ_EXECUTOR_OP_H

#include "executor/executor.h"

typedef struct rz_exec rz_exec;
typedef struct rz_exec_call rz_exec_call;
typedef struct rz_spread rz_spread;
typedef struct rz_worker rz_worker;
typedef struct rz_op rz_op;
typedef struct rz_eval rz_eval;
typedef struct rz_op_class rz_op_class;
typedef struct rz_sink_class rz_sink_class;

/* One running statement; shared by its workers. */
struct rz_exec {
    const rz_exec_context *context;
    const rz_value *const *parameters; /* by index */
    rz_profile *profile;
    rz_arena arena;             /* the caller's thread only: what is set up between pipelines */
    void **shared;              /* by plan id; made by prepare functions before a pipeline's workers start */
    const rz_plan **plans;      /* by plan id */
    uint32_t plan_count;
    const rz_sink_class **sinks; /* by plan id: whose object shared[id] is, when it is a sink's; else NULL */
    _Atomic uint32_t failed;    /* a worker failed: the others stop at their next chunk */
    uint32_t vector_rows;       /* rows per chunk */
    struct rz_exec_pipeline *pipelines; /* in the order in which they run first; kept plans only, see exec_keep.c */
    bool keeps;                 /* this execution leaves its pipelines for the next one */
    rz_exec_call *call;         /* other threads that the running pipeline has not called yet */
    uint32_t worker_count;      /* the running pipeline has at most so many */
    rz_spread *spread;          /* the running pipeline's rows that are dealt out; NULL: none */
    bool in_stretches;          /* the running pipeline's source gives its order in stretches: rz_op_class.stretches */
};

/* One thread's share of a pipeline. Lives as long as the pipeline runs. */
struct rz_worker {
    rz_exec *exec;
    uint32_t idx;
    rz_arena arena;             /* operator state: freed with the worker */
    rz_fn_context fn;           /* scratch is reset by the pipeline loop after each chunk of the sink */
    rz_arena scratch;
    rz_ntab_reader **ntabs;     /* by table id, opened on first use: rz_worker_ntab */
    rz_rtab_reader **rtabs;     /* by pair id: rz_worker_rtab */
    uint32_t reader_slots;
    struct rz_text_use *texts;  /* columns of texts that its expressions read; see texts.c */
    uint64_t text_budget;       /* bytes that texts of one chunk should not pass */
    rz_eval *evals;             /* all compiled for this worker: rz_worker_close frees their heaps */
    rz_eval *varying;           /* those whose constant parts depend on parameters, the deepest first */
    rz_mem *account;            /* for what the operator or sink at work opens and others may share (readers, expressions): rz_exec_account of its node */
    const rz_plan *profiled;    /* PROFILE: the node at work, and what the arenas had given out when its work began */
    uint64_t arena_mark;
    uint64_t scratch_mark;
    uint64_t stretch;           /* exec->in_stretches: number of the one that the chain's last chunk is of */
};

/* The account of a plan node's own memory: under PROFILE each has one, a child of the statement's; else that itself. Same node, same account: at any time of the execution. */
rz_mem *rz_exec_account(const rz_exec *exec, const rz_plan *plan);

RZ_NODISCARD ruzu_status rz_worker_ntab(rz_worker *worker, uint32_t table_id, rz_ntab_reader **out, rz_error *err);
RZ_NODISCARD ruzu_status rz_worker_rtab(rz_worker *worker, uint32_t pair_id, rz_rtab_reader **out, rz_error *err);
/* Closes a table's reader, because this worker has just written to the table: the next use opens one that sees the new rows. Nobody may hold the old one. */
void rz_worker_forget_ntab(rz_worker *worker, uint32_t table_id);
void rz_worker_forget_rtab(rz_worker *worker, uint32_t pair_id);
/* Long texts (texts.c): vectors hold copies of them, so sources of rows keep their chunks short where expressions read such. */
/* An expression of this worker reads that column of a node table. */
RZ_NODISCARD ruzu_status rz_texts_note(rz_worker *worker, uint32_t table_id, uint32_t column_idx, const rz_type *type, rz_error *err);
/* How many of the rows [first, first + count) of a node table a chunk should have: at least one, fewer than count when their texts pass the budget. */
RZ_NODISCARD ruzu_status rz_texts_fit(rz_worker *worker, rz_ntab_reader *reader, uint32_t table_id, uint64_t first, uint32_t count, uint32_t *out_count,
                                      rz_error *err);
/* Bytes that copies of texts may take in one chunk of an execution with that account. */
uint64_t rz_texts_budget(const rz_mem *mem, uint32_t threads);
/* RUZU_OK, or INTERRUPTED / TIMEOUT ("Interrupted.") when the statement should stop. Cheap: call once a chunk and at least every 4,096 inner iterations. */
RZ_NODISCARD ruzu_status rz_exec_poll(const rz_exec *exec, rz_error *err);

struct rz_op_class {
    const char *name;
    size_t size; /* of the op's struct, which begins with rz_op */
    ruzu_status (*open)(rz_op *op, rz_error *err);  /* inputs are open; takes memory from op->worker->arena */
    ruzu_status (*next)(rz_op *op, rz_chunk **out, rz_error *err);
    ruzu_status (*rewind)(rz_op *op, rz_error *err); /* inputs are rewound by rz_op_rewind first; NULL: nothing to do */
    void (*close)(rz_op *op);                        /* pins, accounts; may be NULL */
    /* An execution has ended and the chain stays for another one (inputs come first): as rewind, and nothing may be remembered that was read from tables, computed
     * from parameters or found in a sink's shared object; the op's own shared object is as prepare made it. NULL: plans with this op are not kept. */
    ruzu_status (*restart)(rz_op *op, rz_error *err);
    /* Once a statement, before any worker of the pipeline starts: makes the node's shared object (exec->shared[plan->id]). NULL: none. */
    ruzu_status (*prepare)(rz_exec *exec, const rz_plan *plan, void **out_shared, rz_error *err);
    void (*destroy)(rz_exec *exec, void *shared);    /* of what prepare made; at the end of the statement, also after failures */
    uint64_t (*units)(const rz_exec *exec, const rz_plan *plan); /* sources: pieces of work to divide; NULL: 1 */
    /* Sources whose order matters: into how many pieces it can be cut, with exec->in_stretches set; asked right before the pipeline runs. NULL: none. */
    uint64_t (*stretches)(const rz_exec *exec, const rz_plan *plan);
    bool single_worker;                              /* a pipeline with this op runs on one worker: it writes, or each worker would give all of its rows */
};

struct rz_op {
    const rz_op_class *class;
    const rz_plan *plan;
    rz_worker *worker;
    rz_op *input;          /* the first child's op, or NULL */
    rz_op *inner;          /* APPLY: chain of children[1] */
    rz_op *outer;          /* inside an APPLY: the APPLY op whose rows ARGUMENT shows; else NULL */
    bool private_source;
    bool opened;           /* open was called: close must be */
    rz_chunk *chunk;       /* output; columns as plan->columns */
    rz_arena heap;         /* string bytes of the output: reset by the op at each next() */
    uint64_t rows_out;     /* for PROFILE */
    uint64_t time_ns;
};

static inline rz_mem *rz_op_account(const rz_op *op)
{
    return rz_exec_account(op->worker->exec, op->plan);
}

/* The class that runs a plan node. */
const rz_op_class *rz_op_class_of(rz_plan_kind kind);
const rz_op_class *rz_op_class_for(const rz_plan *plan); /* the same, where that depends on more than the kind */
/* Builds and opens the chain for a plan (down to its source) for one worker. */
RZ_NODISCARD ruzu_status rz_op_build(rz_worker *worker, const rz_plan *plan, rz_op *outer, rz_op **out, rz_error *err);
void rz_op_close(rz_op *op); /* the whole chain; NULL is fine */
RZ_NODISCARD ruzu_status rz_op_rewind(rz_op *op, rz_error *err);
RZ_NODISCARD ruzu_status rz_op_restart(rz_op *op, rz_error *err); /* of the whole chain, from its source up */
/* A restart for ops that remember nothing but where they are. */
RZ_NODISCARD ruzu_status rz_op_restart_plain(rz_op *op, rz_error *err);
/* Calls class->next with accounting; every operator pulls its input through this. */
RZ_NODISCARD ruzu_status rz_op_next(rz_op *op, rz_chunk **out, rz_error *err);
/* Rows of a chunk, each as often as its weight says. */
uint64_t rz_chunk_weight(const rz_chunk *chunk);
/* Position of a column in a plan node's output, or -1. */
int32_t rz_plan_position(const rz_plan *plan, uint32_t column);
/* Makes op->chunk with an empty (referencing) vector per plan column; own_columns get buffers of vector_rows rows. */
RZ_NODISCARD ruzu_status rz_op_make_chunk(rz_op *op, const uint32_t *own_columns, uint32_t own_count, rz_error *err);

/* For each output column its position in the input's chunk, or -1 for what this op makes itself. */
RZ_NODISCARD ruzu_status rz_op_map_input(rz_op *op, const int32_t **out_positions, rz_error *err);
/* Shows the input's vectors (by the positions above), rows, selection and weights in op->chunk: the start of row-by-row operators. */
void rz_op_pass(rz_op *op, const rz_chunk *input, const int32_t *positions);

/* Column `position` of the input as something that is no SEQUENCE; flattened copies live in flats[position] (an array by input position). */
RZ_NODISCARD ruzu_status rz_op_flat_input(rz_op *op, rz_chunk *input, int32_t position, rz_vec **flats, rz_vec **out, rz_error *err);

/* The classes, one per file op_<name>.c. rz_op_build dispatches on plan->kind. */
extern const rz_op_class rz_op_single_row, rz_op_empty, rz_op_argument, rz_op_node_scan, rz_op_table_function, rz_op_file_scan;
extern const rz_op_class rz_op_node_lookup, rz_op_expand, rz_op_expand_into, rz_op_intersect, rz_op_degree, rz_op_count_except, rz_op_recursive;
extern const rz_op_class rz_op_filter, rz_op_join_filter, rz_op_project, rz_op_unwind, rz_op_collapse, rz_op_message_apply, rz_op_repeat, rz_op_limit, rz_op_apply,
    rz_op_union;
extern const rz_op_class rz_op_triangle, rz_op_closed, rz_op_aggregate, rz_op_sort, rz_op_hash_join, rz_op_barrier; /* the source side; their sinks are below */
extern const rz_op_class rz_op_reuse;
extern const rz_op_class rz_op_collect; /* AGGREGATE and SORT inside an APPLY */
extern const rz_op_class rz_op_insert, rz_op_set, rz_op_delete, rz_op_merge;

/* The rows that an APPLY runs its inner plan for just now; columns as apply->input->plan. */
const rz_chunk *rz_apply_outer(const rz_op *apply);

/* ---- sinks ---- */

/* The consuming side of a plan node. `shared` is the node's shared object, `local` a worker's own. */
struct rz_sink_class {
    ruzu_status (*prepare)(rz_exec *exec, const rz_plan *plan, void **out_shared, rz_error *err); /* once, before the workers */
    ruzu_status (*open)(rz_worker *worker, const rz_plan *plan, void *shared, void **out_local, rz_error *err);
    ruzu_status (*consume)(rz_worker *worker, void *shared, void *local, const rz_chunk *chunk, rz_error *err);
    ruzu_status (*combine)(rz_worker *worker, void *shared, void *local, rz_error *err); /* the worker's input has ended; called concurrently */
    void (*close)(rz_worker *worker, void *local); /* always, at the worker's end: frees what combine did not hand over; NULL: nothing to do */
    ruzu_status (*finish)(rz_exec *exec, const rz_plan *plan, void *shared, rz_error *err); /* once, after all workers */
    void (*destroy)(rz_exec *exec, void *shared); /* at the end of the statement, also after failures */
    /* Another execution begins, with this one worker: both objects as prepare and open left them. NULL: plans with this sink are not kept. */
    ruzu_status (*restart)(rz_worker *worker, void *shared, void *local, rz_error *err);
    bool single_worker; /* the pipeline must run on one worker (writes; order matters) */
    bool keeps_order;   /* consume looks at worker->stretch, and rows of lower stretches come first at the end */
};
extern const rz_sink_class rz_sink_message, rz_sink_triangle, rz_sink_aggregate, rz_sink_sort, rz_sink_hash_build, rz_sink_reuse, rz_sink_barrier, rz_sink_result;

/* Sources with work to divide give it out in morsels through an object in exec->shared: a plain atomic cursor. */
typedef struct rz_morsel_source {
    _Atomic uint64_t next; /* next unit (block of rows) */
    uint64_t count;        /* units in all */
} rz_morsel_source;

void *rz_exec_shared(const rz_exec *exec, const rz_plan *plan);
/* Takes the next unit: false when none is left. Private sources count in *private_next instead of the shared cursor. */
static inline bool rz_morsel_take(rz_morsel_source *source, bool is_private, uint64_t *private_next, uint64_t *out_unit)
{
    *out_unit = is_private ? (*private_next)++ : atomic_fetch_add_explicit(&source->next, 1, memory_order_relaxed);
    return *out_unit < source->count;
}

/* ---- expressions ---- */

/* Compiles an expression for chunks laid out as `columns` (ids, in order). Constant parts are folded once here. */
RZ_NODISCARD ruzu_status rz_eval_create(rz_worker *worker, const rz_expr *expr, const uint32_t *columns, uint32_t column_count, rz_eval **out, rz_error *err);
/* Evaluates for the rows of sel. *out: a vector of the expression's type with those rows, of any kind but SEQUENCE, valid until the next run of the same eval
 * or of the chunk's end. */
RZ_NODISCARD ruzu_status rz_eval_run(rz_eval *eval, const rz_chunk *input, const rz_sel *sel, rz_vec **out, rz_error *err);
/* Keeps the rows of *sel where the BOOL expression is TRUE: writes them to rows (room for sel->count) and points sel there. */
RZ_NODISCARD ruzu_status rz_eval_filter(rz_eval *eval, const rz_chunk *input, rz_sel *sel, uint32_t *rows, rz_error *err);
void rz_eval_close_all(rz_worker *worker);
/* The parameters may have other values now: computes constant parts anew. */
RZ_NODISCARD ruzu_status rz_eval_restart_all(rz_worker *worker, rz_error *err);
/* A constant expression's value (SKIP, LIMIT, options). */
RZ_NODISCARD ruzu_status rz_eval_constant(rz_worker *worker, const rz_expr *expr, rz_arena *arena, rz_value *out, rz_error *err);
/* The same of one that was compiled, for chunks without columns: where it is asked in each execution. */
RZ_NODISCARD ruzu_status rz_eval_constant_run(rz_eval *eval, rz_arena *arena, rz_value *out, rz_error *err);

/* ---- rows kept for later: sorting, building, buffering, results ---- */

/* Rows as bytes in blocks, appended by one thread, read by any after rz_rowset_seal. Blocks go to temp pages of the pool when the query's budget asks for it. */
typedef struct rz_rowset rz_rowset;
RZ_NODISCARD ruzu_status rz_rowset_create(rz_mem *mem, rz_pool *pool, const rz_type *const *types, uint32_t column_count, rz_rowset **out, rz_error *err);
void rz_rowset_free(rz_rowset *rows);
/* Appends the selected rows of vecs (one per column, any kind). */
RZ_NODISCARD ruzu_status rz_rowset_append(rz_rowset *rows, rz_vec *const *vecs, const rz_sel *sel, rz_error *err);
/* Moves all of from's rows behind those of rows; frees from. Cheap: blocks change hands. */
RZ_NODISCARD ruzu_status rz_rowset_take(rz_rowset *rows, rz_rowset *from, rz_error *err);
/* The same, but from stays, empty, with memory that rows had. */
RZ_NODISCARD ruzu_status rz_rowset_move(rz_rowset *rows, rz_rowset *from, rz_error *err);
void rz_rowset_clear(rz_rowset *rows); /* no rows */
void rz_rowset_seal(rz_rowset *rows); /* no more rows for now: all of it may be spilled */
uint64_t rz_rowset_count(const rz_rowset *rows);
uint64_t rz_rowset_bytes(const rz_rowset *rows); /* in memory */
/* Reading: cursors are independent. */
typedef struct rz_rowset_cursor {
    uint64_t block;
    uint64_t off;  /* in the block */
    uint64_t row;  /* rows given so far */
} rz_rowset_cursor; /* zero-initialised: before the first row */
/* Reads up to max rows from the cursor into rows 0… of the FLAT vectors; 0 at the end. */
RZ_NODISCARD ruzu_status rz_rowset_read(rz_rowset *rows, rz_rowset_cursor *cursor, rz_vec *const *vecs, uint32_t max, uint32_t *out_count, rz_error *err);

#endif
