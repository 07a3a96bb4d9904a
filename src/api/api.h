/* SPDX-License-Identifier: MIT */
/*
 * api: what ruzu.h promises: databases, connections, statements, results, values.
 *
 * Purpose   handles and their life cycles; sessions (options, transaction, kept plans); runs statements from text to result by way of
 *           parser, binder, planner, executor and catalog; renders results.
 * Owns      the database object (store, scheduler, options), connections, prepared statements, results.
 * Must not  know how operators, tables or files work.
 * Main      rz_db, ruzu_conn, ruzu_stmt, ruzu_result; rz_script (a text, parsed), rz_plan_slot (a statement bound and planned), rz_run (one under way).
 * Enter by  the functions of ruzu.h. Nothing in src/ includes this header but this folder.
 * Threads   a connection with its statements and results belongs to one thread at a time; what connections share is in rz_db. A second
 *           thread (or a callback) that enters a busy connection is refused (conn->busy).
 * Lifetime  rz_db lives while it has connections. Closing a connection empties its statements and results; the handles stay until freed.
 * Memory    database account (rz_store_mem) → connection → statement. Results are charged to the database, since they outlive the statement.
 *           Handles themselves come from the process's root account, since they may outlive the store.
 * More      docs/c-api.md, docs/architecture.md ("Life of a query").
 */
#ifndef RZ_API_API_H
#define RZ_API_API_H

#include "binder/binder.h"
#include "executor/executor.h"
#include "planner/planner.h"
#include "transaction/transaction.h"

/* ---- options (dialect §16.1) ---- */

typedef enum rz_option_id {
    RZ_OPTION_THREADS,
    RZ_OPTION_TIMEOUT,
    RZ_OPTION_WARNING_LIMIT,
    RZ_OPTION_PROGRESS_BAR,
    RZ_OPTION_MAX_DEPTH,
    RZ_OPTION_RECURSIVE_SEMANTIC,
    RZ_OPTION_RECURSIVE_FACTOR,
    RZ_OPTION_SPARSE_FRONTIER,
    RZ_OPTION_SEMI_MASK,
    RZ_OPTION_ZONE_MAP,
    RZ_OPTION_PLAN_OPTIMIZER,
    RZ_OPTION_DEBUG_PLAN_RULES,
    RZ_OPTION_INTERNAL_CATALOG,
    RZ_OPTION_NO_MAP_KEY_CHECK,
    RZ_OPTION_HOME_DIRECTORY,
    RZ_OPTION_FILE_SEARCH_PATH,
    RZ_OPTION_MATCH_MODE,
    RZ_OPTION_COLLECT_EMPTY_LIST,
    RZ_OPTION_NAN_ORDER,
    RZ_OPTION_MEMORY_LIMIT,
    RZ_OPTION_BUSY_TIMEOUT,
    RZ_OPTION_DOUBLE_FORMAT,
    RZ_OPTION_STRICT_KUZU,
    /* of the whole database, kept in rz_db */
    RZ_OPTION_CHECKPOINT_THRESHOLD,
    RZ_OPTION_AUTO_CHECKPOINT,
    RZ_OPTION_CHECKPOINT_ON_CLOSE,
    RZ_OPTION_SPILL_TO_DISK,
    RZ_OPTION_MULTI_WRITES,
    RZ_OPTION_WAL_SYNC,
    RZ_OPTION_COUNT
} rz_option_id;
#define RZ_OPTION_FIRST_OF_DATABASE RZ_OPTION_CHECKPOINT_THRESHOLD

/* Numbers, 0 or 1 for BOOL, the index of the choice for texts with a fixed set; texts of other options stand in ruzu_conn.texts. */
typedef struct rz_options {
    _Atomic uint64_t values[RZ_OPTION_COUNT];
} rz_options;

/* ---- databases ---- */

typedef struct rz_db {
    rz_store *store;            /* owned */
    rz_sched *sched;            /* owned */
    rz_mutex lock;
    uint32_t connection_count;  /* guarded by lock */
    uint32_t fork_generation;   /* immutable after open, as all below but options */
    bool in_memory;
    bool read_only;
    bool configuration_locked;
    uint32_t max_threads;
    uint64_t memory_limit;      /* bytes */
    uint64_t busy_timeout_ms;
    char *file_access;          /* owned; NULL: all files */
    struct rz_db *next_open;    /* registry of open files: guarded by the process lock, as is ident */
    rz_file_ident ident;        /* zeros while it is not known */
    char *path;                 /* owned; absolute, NULL in memory */
    rz_vfs *vfs;                /* borrowed */
    rz_options options;         /* those of the database only; atomic: any connection sets and reads */
} rz_db;

/* The file that a path means, in the arena; NULL: a database in memory. create: a folder that the path ends in is made. */
RZ_NODISCARD ruzu_status rz_db_resolve_path(rz_vfs *vfs, const char *path, bool create, rz_arena *arena, const char **out, rz_error *err);
/* path and config as for ruzu_open, the file being one of vfs, which must outlive db; config has been checked and completed. */
RZ_NODISCARD ruzu_status rz_db_open(rz_vfs *vfs, const char *path, const ruzu_config *config, rz_db **out, rz_error *err);
/* Ends one connection's use; the last one closes the store and frees db, also on failure. */
RZ_NODISCARD ruzu_status rz_db_release(rz_db *db, rz_error *err);

/* ---- statements: from text to plan ---- */

/* A text, parsed. Immutable once made. */
typedef struct rz_script {
    rz_arena arena; /* holds the tree */
    rz_ast_script *ast;
} rz_script;

/* How many rows a table or pair had when a plan was made. */
typedef struct rz_plan_size {
    uint32_t id;
    uint64_t rows;
} rz_plan_size;

/* One statement, bound and planned; may be run again as long as rz_plan_slot_fits says so. */
typedef struct rz_plan_slot {
    rz_arena arena;             /* everything below */
    bool filled;
    bool keep;                  /* may be run again at all */
    bool values_used;           /* by the binder: fits these values of the parameters only */
    rz_bound_statement *bound;
    rz_plan *plan;              /* of its query; NULL when it has none */
    uint64_t catalog_version;
    uint64_t option_epoch;
    rz_value *parameters;       /* copies */
    uint32_t parameter_count;
    RZ_ARRAY(rz_plan_size) sizes;
    uint64_t serial;            /* of the plan in its connection, from 1 on */
    bool can_keep;              /* the plan's execution */
    uint64_t runs;              /* executions begun */
    rz_kept_exec *kept;         /* owned; operators left for the next execution, or NULL */
} rz_plan_slot;

void rz_plan_slot_init(rz_plan_slot *slot, rz_mem *mem);
void rz_plan_slot_clear(rz_plan_slot *slot);

/* A plan kept for its text. */
typedef struct rz_kept_plan {
    uint64_t hash;              /* of the text */
    uint64_t last_use;          /* conn->statement_count then */
    size_t length;
    char *text;                 /* in script.arena */
    rz_script script;
    rz_plan_slot slot;
} rz_kept_plan;

#ifdef RZ_TINY
#define RZ_KEPT_PLANS 2u
#define RZ_SPARE_RESULTS 2u
#else
#define RZ_KEPT_PLANS 64u
#define RZ_SPARE_RESULTS 8u
#endif
#define RZ_KEPT_EXEC_SHARE 16u                        /* of the smallest memory limit that all kept executions of a connection may take … */
#define RZ_KEPT_EXEC_MOST (UINT64_C(64) * 1024 * 1024) /* … and no more than this */
#define RZ_KEPT_PLAN_MAX_TEXT (64u * 1024u) /* bytes; longer texts are rarely sent twice */

/* ---- connections ---- */

struct ruzu_conn {
    rz_db *db;                  /* shared; outlives the connection */
    rz_mem mem;                 /* account of the connection */
    rz_mem kept_mem;            /* … and of what executions leave for the next ones, a child of it */
    uint64_t plan_serial;       /* of the last plan made */
    rz_options options;         /* those of the session only */
    char *texts[RZ_OPTION_COUNT]; /* owned, on mem; NULL: "" */
    uint64_t option_epoch;      /* rises when an option changes that plans depend on */
    rz_txn *txn;                /* explicit transaction, or NULL */
    uint64_t txn_version;       /* catalog version that it began with */
    uint64_t statement_count;   /* statements run so far: number of the next one */
    rz_warnings *warnings;      /* owned */
    uint64_t random_seed[2];    /* of the next statement; from the system when the connection is made */
    rz_progress_fn progress;
    void *progress_user;
    _Atomic uint32_t interrupted; /* set by any thread, cleared when a call begins */
    _Atomic uint32_t busy;      /* a call is under way */
    rz_error error;             /* of the last call */
    rz_kept_plan *kept[RZ_KEPT_PLANS]; /* owned; NULL entries are free */
    ruzu_stmt *stmts;           /* all that live, linked */
    ruzu_result *results;
    ruzu_result *spares[RZ_SPARE_RESULTS]; /* owned: freed ones that wait for their plan's next execution; NULL entries are free */
    uint32_t next_spare;        /* to be replaced next */
};

/* ruzu_open on the files of any vfs, which must outlive the connection: how tests run the whole engine on a file system that loses power. */
RZ_NODISCARD ruzu_status rz_conn_open(rz_vfs *vfs, const char *path, const ruzu_config *config, ruzu_conn **out);

/* Begins a call on conn: refuses NULL, other processes and busy connections, clears the error. Every RUZU_OK needs a rz_conn_leave. */
RZ_NODISCARD ruzu_status rz_conn_enter(ruzu_conn *conn);
/* What ruzu_open_errmsg says from now on. */
void rz_conn_keep_open_error(const rz_error *err);
/* Ends it; returns status, and sees to it that conn->error says the same. */
ruzu_status rz_conn_leave(ruzu_conn *conn, ruzu_status status);
/* The same process and not busy: for calls that cannot fail. */
bool rz_conn_usable(const ruzu_conn *conn);
void rz_conn_end_txn(ruzu_conn *conn); /* rolls the explicit transaction back, if any */
uint64_t rz_conn_busy_timeout_us(const ruzu_conn *conn);
void rz_conn_next_seed(ruzu_conn *conn, uint64_t seed[2]); /* another one at each call */

void rz_options_init_session(ruzu_conn *conn);
void rz_options_init_database(rz_db *db, const ruzu_config *config); /* and tells the store */
void rz_options_free_texts(ruzu_conn *conn);
bool rz_option_find(const char *name, rz_option_id *out);
uint64_t rz_option_get(const ruzu_conn *conn, rz_option_id id);
const char *rz_option_text(const ruzu_conn *conn, rz_option_id id); /* of a text option; never NULL */
/* Casts value implicitly to the option's type and sets it. shown: the expression's text for messages. */
RZ_NODISCARD ruzu_status rz_option_set(ruzu_conn *conn, rz_option_id id, const rz_value *value, const char *shown, rz_error *err);
bool rz_option_setting(void *user, const char *name, rz_str *out); /* rz_session.setting; user is the connection */
uint32_t rz_option_rules(const ruzu_conn *conn);                   /* RZ_RULE_* of the planner */
bool rz_option_eager_rules(const ruzu_conn *conn);                 /* bit 32 of debug_plan_rules: rules apply whatever they cost */

/* ---- compiling ---- */

/* limits of the session; mem: where the tree is charged. */
RZ_NODISCARD ruzu_status rz_script_parse(ruzu_conn *conn, const char *text, size_t length, rz_script *out, rz_error *err);
void rz_script_free(rz_script *script);

/* Binds and plans into slot (cleared before). txn gives catalog and statistics; mem is the statement's account, for scratch. */
RZ_NODISCARD ruzu_status rz_compile(ruzu_conn *conn, rz_txn *txn, rz_mem *mem, const rz_ast_script *script, const rz_ast_statement *statement,
                                    const rz_bind_parameter *parameters, uint32_t parameter_count, rz_plan_slot *slot, rz_error *err);
/* Whether a filled slot may be run in txn, whose catalog is a published one, with these parameters. */
bool rz_plan_slot_fits(const rz_plan_slot *slot, const ruzu_conn *conn, const rz_txn *txn, const rz_bind_parameter *parameters, uint32_t parameter_count);

/* The kept plan for a text, or NULL. */
rz_kept_plan *rz_kept_find(ruzu_conn *conn, const char *text, size_t length, uint64_t hash);
/* Takes a parsed script over as a new kept plan (the least recently used one goes). NULL when memory is refused: script stays the caller's. */
rz_kept_plan *rz_kept_add(ruzu_conn *conn, const char *text, size_t length, uint64_t hash, rz_script *script);
/* Gives up executions that are kept for other texts than current's, the one that was not used for longest first, until all that the connection keeps takes no more than `most` bytes. */
void rz_kept_make_room(ruzu_conn *conn, const rz_plan_slot *current, uint64_t most);
void rz_kept_clear(ruzu_conn *conn);

/* ---- running ---- */

/* One statement under way. */
typedef struct rz_run {
    ruzu_conn *conn;
    const rz_ast_script *script;
    const rz_ast_statement *statement;
    const rz_bind_parameter *parameters;
    uint32_t parameter_count;
    rz_plan_slot *slot;
    rz_txn *txn;
    rz_mem mem;                 /* account of the statement */
    rz_session session;
    rz_file_policy files;
    rz_exec_context exec;       /* complete once txn is set */
    uint64_t compile_us;
    ruzu_result *result;        /* owned until handed out */
} rz_run;

/* Runs one statement; on success *out is its result. On failure transactions have been ended as dialect §18 says. */
RZ_NODISCARD ruzu_status rz_run_statement(ruzu_conn *conn, const rz_ast_script *script, const rz_ast_statement *statement,
                                          const rz_bind_parameter *parameters, uint32_t parameter_count, rz_plan_slot *slot, ruzu_result **out,
                                          rz_error *err);
/* One row, one STRING column named `result`. */
RZ_NODISCARD ruzu_status rz_run_message(rz_run *run, const char *message, rz_error *err);
/* Rows of one STRING column. */
RZ_NODISCARD ruzu_status rz_run_texts(rz_run *run, const char *column, const char *const *texts, uint32_t count, rz_error *err);

/* The value of a constant expression, in the slot's arena. */
RZ_NODISCARD ruzu_status rz_run_evaluate(rz_run *run, rz_expr *expr, rz_value *out, rz_error *err);

/* Statements that change the schema; run->slot is filled. */
RZ_NODISCARD ruzu_status rz_run_schema(rz_run *run, rz_error *err);
RZ_NODISCARD ruzu_status rz_run_copy_from(rz_run *run, rz_error *err);
RZ_NODISCARD ruzu_status rz_run_option(rz_run *run, rz_error *err);
RZ_NODISCARD ruzu_status rz_run_standalone_call(rz_run *run, rz_error *err);
RZ_NODISCARD ruzu_status rz_run_backup(rz_run *run, rz_error *err); /* straight from the tree; maintain.c */

/* ---- prepared statements ---- */

struct ruzu_stmt {
    ruzu_conn *conn;            /* NULL once it was closed */
    ruzu_stmt *prev, *next;     /* of conn->stmts */
    rz_script script;
    rz_plan_slot slot;
    struct rz_binding *bindings; /* owned: parameters by order of their first binding */
    uint32_t binding_count;
    uint32_t binding_capacity;
    rz_bind_parameter *parameters; /* binding_capacity of them, what bindings say */
};

void rz_stmt_detach(ruzu_stmt *stmt); /* frees all but the handle */

/* ---- results ---- */

typedef enum rz_cursor_mode { RZ_CURSOR_START, RZ_CURSOR_ROWS, RZ_CURSOR_CHUNKS, RZ_CURSOR_END } rz_cursor_mode;

/* What a column gave for the current row (chunk), made when first asked for. */
typedef struct rz_result_column {
    const char *name;
    const rz_type *type;
    rz_str text;                /* of row text_row */
    rz_value value;             /* of row value_row, in result->row_arena */
    void *data;                 /* chunk data that had to be converted, of chunk data_chunk */
    uint64_t text_row;          /* serial numbers; 0: none */
    uint64_t value_row;
    uint64_t data_chunk;
} rz_result_column;

struct ruzu_result {
    ruzu_conn *conn;            /* NULL once it was closed */
    rz_mem *mem;                /* account of the database */
    ruzu_result *prev, *next;   /* of conn->results */
    ruzu_result *following;     /* owned: the next statement's result */
    bool chained;               /* belongs to the result before it */
    uint64_t plan_serial;       /* of the plan it came from, if it may be used again; else 0 */
    bool fixed_doubles;         /* option double_format = 'fixed6' */
    rz_arena arena;             /* names, types, columns, chunk data */
    rz_arena row_arena;         /* boxed values of the current row */
    rz_result_column *columns;
    uint32_t column_count;
    rz_result_set *set;         /* owned; NULL: no rows */
    uint64_t row_count;
    const rz_chunk *chunk;      /* current, or NULL */
    uint32_t position;          /* of the current row among the chunk's selected ones */
    uint64_t serial;            /* of the current row; rises, never repeats */
    uint64_t chunk_serial;
    rz_cursor_mode mode;
    ruzu_status status;
    double compile_ms;
    double execute_ms;
};

/* Takes set over (NULL: no rows), also on failure. Names and types are copied. */
RZ_NODISCARD ruzu_status rz_result_create(ruzu_conn *conn, const char *const *names, const rz_type *const *types, uint32_t count, rz_result_set *set,
                                          ruzu_result **out, rz_error *err);
void rz_result_detach(ruzu_result *result); /* frees all but the handle */
/* A freed result of the plan, out of conn->spares, or NULL; its set is empty. */
ruzu_result *rz_result_take_spare(ruzu_conn *conn, uint64_t plan_serial);
/* Makes it a result again, with the rows its set has got. */
void rz_result_revive(ruzu_conn *conn, ruzu_result *result);
/* Ends one that was taken and whose set is gone. */
void rz_result_drop_spare(ruzu_result *result);
void rz_result_clear_spares(ruzu_conn *conn);
/* The value of a column of the current row, or NULL (no row, no column, no memory: result->status then). */
const rz_value *rz_result_value(ruzu_result *result, size_t col);
/* Its text; "" for NULL or when there is none. */
const char *rz_result_cell(ruzu_result *result, size_t col, size_t *length);
/* A failure met by a getter or the cursor: kept in the result, worded in the connection. */
void rz_result_fail(ruzu_result *result, const rz_error *err);

/* The formats of ruzu_result_to_string; the result is rewound before and after. Memory: out->failed. */
RZ_NODISCARD ruzu_status rz_result_write_box(ruzu_result *result, rz_str *out);
RZ_NODISCARD ruzu_status rz_result_write_delimited(ruzu_result *result, ruzu_format format, rz_str *out);
RZ_NODISCARD ruzu_status rz_result_write_json(ruzu_result *result, bool lines, rz_str *out);
/* Moves on; RUZU_OK with *out_more false at the end. */
RZ_NODISCARD ruzu_status rz_result_step(ruzu_result *result, bool *out_more);

/* Numbers of any numeric value, as ruzu_get_int64 and ruzu_get_double say. */
int64_t rz_value_as_int64(const rz_value *value);
double rz_value_as_double(const rz_value *value);

rz_int128 rz_uuid_from_bytes(const uint8_t *bytes); /* 16 of them, in the order of the text */
void rz_uuid_to_bytes(rz_int128 value, uint8_t *bytes);

/* A NUL-terminated copy for ruzu_free; NULL when memory is refused. */
char *rz_public_text(const char *data, size_t length);

#endif
