/* SPDX-License-Identifier: MIT */
/*
 * function: scalar and aggregate functions behind one registry of static tables.
 *
 * Purpose   names, overloads and kernels over vectors. Operators are functions too ("+", EQUALS, …, dialect §13.1).
 * Must not  know expressions, plans, tables or the catalog. Functions that need them (id, label, properties, nextval, list_transform and other
 *           lambda functions, COALESCE's laziness, CASE) are expression kinds of the binder and evaluator; the registry still lists them (kind REWRITE).
 * Enter by  rz_fn_resolve at bind time; fn->run per chunk; rz_agg_resolve and the agg callbacks.
 * Threads   tables are immutable; a bound function is immutable and shared by workers; scratch comes from the caller's context.
 * More      docs/cypher.md ("Functions").
 */
#ifndef RZ_FUNCTION_FUNCTION_H
#define RZ_FUNCTION_FUNCTION_H

#include "types/types.h"

/* What a running function may use; one per worker and query. */
typedef struct rz_fn_context {
    rz_mem *mem;             /* the query's account */
    rz_arena *scratch;       /* reset after each chunk */
    uint64_t now_us;         /* start of the transaction: current_timestamp, current_date */
    uint64_t random_state[2]; /* xoroshiro state of this worker, seeded at query start */
    const _Atomic uint32_t *interrupted; /* non-zero: stop soon with RUZU_ERROR_INTERRUPTED (1) or _TIMEOUT (2); may be NULL */
    uint64_t deadline_us;    /* monotonic: stop with RUZU_ERROR_TIMEOUT then; 0: none */
    bool map_key_check;      /* option disable_map_key_check=false */
} rz_fn_context;

typedef struct rz_fn rz_fn;

/* A function chosen for given argument types. */
typedef struct rz_fn_bound {
    const rz_fn *fn;
    const rz_type *result;          /* in the arena or static */
    const rz_type **arg_types;      /* the caller casts argument i to this before calling run */
    uint32_t arg_count;
    const void *data;               /* the function's own bind data (compiled pattern, unit, struct layout), immutable */
} rz_fn_bound;

enum {
    RZ_FN_VOLATILE = 1u << 0,   /* another result at each call (random, gen_random_uuid): never folded, once a row */
    RZ_FN_NULL_AWARE = 1u << 1, /* sees NULL arguments; otherwise the caller leaves rows with a NULL argument out of sel and sets them NULL */
    RZ_FN_CAN_FAIL = 1u << 2,   /* may raise an error for some values (division, overflow): not moved before filters */
    RZ_FN_REWRITE = 1u << 3     /* listed here, made into an expression kind by the binder: run is NULL */
};

/* Evaluates the selected rows: args[i] is FLAT, CONSTANT or DICTIONARY of bound->arg_types[i]; out is FLAT, reset, of bound->result: write the same rows. */
typedef ruzu_status (*rz_fn_run)(const rz_fn_bound *bound, rz_fn_context *context, const rz_vec *const *args, const rz_sel *sel, rz_vec *out, rz_error *err);

/* One argument as the binder knows it. */
typedef struct rz_fn_arg {
    const rz_type *type;
    const rz_value *constant; /* its value when it is a literal or folded constant, else NULL */
    const char *name;         /* `name := e`, or of a variable/property for struct_pack; NULL otherwise */
    bool named;               /* given as name := e */
    bool open_list;           /* a list literal without a typed element, [] or [NULL]: its element type may become any other */
} rz_fn_arg;

struct rz_fn {
    const char *name;         /* canonical, upper case; operators as in dialect §13.1 ("+", "EQUALS") */
    uint32_t flags;
    rz_fn_run run;
};

/* True when a scalar function of this name (any case, aliases included) exists. */
bool rz_fn_exists(const char *name);
/* Canonical upper-case name of a function or alias ("array_cat" → "LIST_CONCAT", "abs" → "ABS"), or NULL. */
const char *rz_fn_canonical_name(const char *name);

/*
 * Chooses the overload (dialect §10.2: sum of costs, ties as said there) and binds it. All memory from arena. Errors: Catalog "function F does not exist." (upper-cased), Binder with the
 * three-line "Function F did not receive correct arguments:" text of §19.2, or the function's own message.
 */
RZ_NODISCARD ruzu_status rz_fn_resolve(const char *name, const rz_fn_arg *args, uint32_t arg_count, rz_arena *arena, rz_fn_bound *out, rz_error *err);

/* ---- aggregates ---- */

typedef struct rz_agg rz_agg;
typedef struct rz_agg_bound {
    const rz_agg *agg;
    const rz_type *result;
    const rz_type *arg_type; /* the caller casts the argument to this; NULL for COUNT(*) */
    uint32_t state_size;     /* bytes, multiple of 16; states are 16-aligned */
    bool collect_empty_list;
    const struct rz_agg_bound *part_of; /* an aggregate over records: of what states, and where in a record; see rz_agg_part */
    uint32_t part_offset;
    const struct rz_agg_pair *pair;     /* an aggregate over pairs; see rz_agg_pair_bind */
} rz_agg_bound;

/* Memory for states that own some (collect, min/max of strings): arena is one worker's, as long-lived as its partition of groups. */
typedef struct rz_agg_context {
    rz_arena *arena;
    rz_fn_context *fn;
} rz_agg_context;

struct rz_agg {
    const char *name; /* COUNT_STAR, COUNT, SUM, AVG, MIN, MAX, COLLECT, … */
    bool plain_state; /* the state is self-contained bytes (may be moved and spilled by memcpy) */
    void (*init)(const rz_agg_bound *bound, uint8_t *state);
    /* states[row] for each selected row; arg of bound->arg_type (any kind but SEQUENCE; NULL rows are ignored by the aggregate); weights[row] times (NULL: once). */
    ruzu_status (*update)(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err);
    /* All selected rows into one state: the path of ungrouped aggregates. */
    ruzu_status (*update_one)(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err);
    /* into += from (another worker's or a spilled one). May keep pointers into from's memory only when plain_state is false and both arenas live on. */
    ruzu_status (*combine)(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into, const uint8_t *from, rz_error *err);
    /* Row out_start + i of out (FLAT) from states[i]. fn: whether to stop, for those that may take long. */
    ruzu_status (*finish)(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out, uint32_t out_start, rz_error *err);
    /* For states that are not plain: bytes of the state for spilling, and back into an initialised state. */
    void (*save)(const rz_agg_bound *bound, const uint8_t *state, rz_str *out);
    ruzu_status (*load)(const rz_agg_bound *bound, rz_agg_context *context, rz_reader *reader, uint8_t *state, rz_error *err);
    /* into[i] += times[i] * from[i], as if what made from[i] had come so often. NULL: that cannot be said. */
    ruzu_status (*merge)(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *into, const uint8_t *const *from, const uint64_t *times, uint32_t count,
                         rz_error *err);
};

/*
 * Parts: aggregates computed ahead for each node, to be merged into others. A record is 16-aligned memory that begins with the number of rows it stands for (uint64_t, at least 1) and the address
 * of the rz_error that evaluating an argument for one of them raised (uint64_t, 0: none; it may end behind its message). Then the states mean nothing: whoever takes the record in fails. States
 * follow at offsets that are multiples of 16. An aggregate over records takes their addresses as UINT64 (0 or NULL: no rows) from rows whose weights are multiples of that number: a row
 * stands for weight / number copies of the record.
 */
#define RZ_AGG_RECORD_HEAD 16u
/* Can states be merged so that no sum goes beyond its range unless the number of rows does? */
bool rz_agg_has_parts(const rz_agg_bound *bound);
/* The aggregate `of` (arena: outlives *out) over records that have its state at `offset`. */
void rz_agg_part(const rz_agg_bound *of, uint32_t offset, rz_agg_bound *out);
/* What the record of a row of an aggregate over records or pairs keeps: the address of an rz_error, or 0. */
uint64_t rz_agg_failure(const rz_agg_bound *bound, const rz_vec *arg, uint32_t row);

/*
 * Pairs: aggregates over x + y, x - y or x * y of integers where what a row stands for is all pairs of values of x with values of y. Each side is one value, or what an aggregate of its own (rz_agg_side,
 * over INT64) knows of all of them in a record. The argument is a STRUCT of two: INT64 values, or addresses of records as UINT64, two different ones if both are. Weights are multiples of the
 * numbers of both.
 */
typedef enum rz_agg_pair_op { RZ_AGG_PAIR_ADD, RZ_AGG_PAIR_SUBTRACT, RZ_AGG_PAIR_MULTIPLY } rz_agg_pair_op;
typedef enum rz_agg_pair_result { RZ_AGG_PAIR_COUNT, RZ_AGG_PAIR_SUM, RZ_AGG_PAIR_AVG, RZ_AGG_PAIR_MIN, RZ_AGG_PAIR_MAX } rz_agg_pair_result;
typedef struct rz_agg_pair {
    rz_agg_pair_op op;
    rz_agg_pair_result result;
    const rz_type *type; /* of x + y: values beyond its range are errors */
    bool recorded[2];    /* the side comes in records … */
    uint32_t offsets[2]; /* … where its state stands here */
} rz_agg_pair;
/* Can the aggregate over the function's result be made of its two arguments? *out: op, result and type. */
bool rz_agg_pairs(const rz_agg_bound *bound, const rz_fn_bound *function, rz_agg_pair *out);
void rz_agg_side(rz_agg_bound *out);
/* `of` made of pairs; pair and arg_type outlive *out. */
void rz_agg_pair_bind(const rz_agg_bound *of, const rz_agg_pair *pair, const rz_type *arg_type, rz_agg_bound *out);

/*
 * Few groups that are numbered by small slots: the rows of a chunk are added up by slot and then, once a chunk, into the states. For aggregates that can do so.
 */
typedef enum rz_agg_slot_kind { RZ_AGG_SLOTS_NONE, RZ_AGG_SLOTS_COUNT_STAR, RZ_AGG_SLOTS_COUNT, RZ_AGG_SLOTS_SUM } rz_agg_slot_kind;
#define RZ_AGG_SLOTS_MAX 512u
typedef struct rz_agg_slots {
    const uint16_t *slots;   /* of the selected rows, in order */
    const uint32_t *counts;  /* rows of each slot; 0: groups[slot] may be NULL */
    uint8_t *const *groups;  /* of each slot; the state stands at an offset */
    uint32_t count;          /* of slots, at most RZ_AGG_SLOTS_MAX */
} rz_agg_slots;
rz_agg_slot_kind rz_agg_slots_of(const rz_agg_bound *bound);
/* Each row counts once. False, and nothing is changed, when the chunk is none for this way (NULLs, huge values): then update must be called. */
bool rz_agg_update_slots(rz_agg_slot_kind kind, const rz_agg_bound *bound, const rz_agg_slots *slots, uint32_t state_off, const rz_vec *arg, const rz_sel *sel);

/* SUM and AVG of integers: `count` values of which only the sum is known. */
bool rz_agg_takes_totals(const rz_agg_bound *bound);
RZ_NODISCARD ruzu_status rz_agg_add_total(const rz_agg_bound *bound, uint8_t *state, rz_int128 sum, uint64_t count, rz_error *err);

bool rz_agg_exists(const char *name);
const char *rz_agg_canonical_name(const char *name);
/* arg_type NULL for COUNT(*). Errors as rz_fn_resolve. */
RZ_NODISCARD ruzu_status rz_agg_resolve(const char *name, const rz_type *arg_type, bool collect_empty_list, rz_arena *arena, rz_agg_bound *out, rz_error *err);

/* Enumerates the registry for show_functions(): kind is "SCALAR FUNCTION", "AGGREGATE FUNCTION" or "REWRITE FUNCTION". False at the end. */
bool rz_fn_list(uint32_t idx, const char **out_name, const char **out_kind, const char **out_signature);

/* ---- regular expressions (RE2 syntax, linear time), also for the shell's and catalog's needs ---- */

typedef struct rz_regex rz_regex; /* immutable once compiled; arena-owned */
/* Errors: Runtime with what is wrong and where; RUZU_ERROR_LIMIT beyond 10,000 states. */
RZ_NODISCARD ruzu_status rz_regex_compile(rz_arena *arena, const char *pattern, size_t length, rz_regex **out, rz_error *err);

#endif
