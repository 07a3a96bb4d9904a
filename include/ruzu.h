/* SPDX-License-Identifier: MIT */
/*
 * ruzu: an embeddable property-graph database. This is the whole public interface.
 *
 *     ruzu_conn *conn;
 *     ruzu_result *res;
 *     ruzu_open("social.ruzu", NULL, &conn);
 *     ruzu_query(conn, "MATCH (p:Person) RETURN p.name, p.age", &res);
 *     while (ruzu_result_next(res)) {
 *         printf("%s is %lld\n", ruzu_get_string(res, 0, NULL), (long long)ruzu_get_int64(res, 1));
 *     }
 *     ruzu_result_free(res);
 *     ruzu_close(conn);
 *
 * Rules that hold for every function, unless its comment says otherwise:
 *
 *   Errors    A function that can fail returns a ruzu_status, RUZU_OK (0) when it succeeded. The text is in ruzu_errmsg of the
 *             connection, valid until the next call on it. `out` arguments are set to NULL or 0 when a call fails.
 *             RUZU_ERROR_NO_MEMORY and RUZU_ERROR_MISUSE can come from any of them.
 *   Memory    Handles are freed by the function named at their type. What a function returns as `const` is borrowed. Free
 *             functions accept NULL.
 *   Text      In and out UTF-8, NUL-terminated; where a length is returned too, the text may contain NULs of its own.
 *   Threads   A connection, with its statements and results, is used by one thread at a time; several connections to one
 *             database may be used by several threads at once. Only ruzu_interrupt may be called while another thread uses
 *             the connection.
 *   Forks     After fork() the child must not use what the parent opened: every call on it fails with RUZU_ERROR_MISUSE.
 *   Process   Nothing here prints, exits, installs signal handlers, or changes the locale or the working directory.
 *
 * More: docs/c-api.md.
 */
#ifndef RUZU_H
#define RUZU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RUZU_API __attribute__((visibility("default")))
#else
#define RUZU_API
#endif

#define RUZU_VERSION_MAJOR 0
#define RUZU_VERSION_MINOR 1
#define RUZU_VERSION_PATCH 0

/* ---- opaque handles ---- */

typedef struct ruzu_conn ruzu_conn;     /* a connection; several may share one database. Freed by ruzu_close */
typedef struct ruzu_stmt ruzu_stmt;     /* a prepared statement of one connection. Freed by ruzu_stmt_free */
typedef struct ruzu_result ruzu_result; /* the result of one statement, complete when the call returns. Freed by ruzu_result_free */
typedef struct ruzu_value ruzu_value;   /* one value: borrowed from a result, or built for a parameter (freed by ruzu_value_free) */
typedef struct ruzu_type ruzu_type;     /* a logical type, borrowed */

/* What a program should do about a failure; the text is in ruzu_errmsg. */
typedef enum ruzu_status {
    RUZU_OK = 0,
    RUZU_ERROR_PARSER,          /* the statement's text is not in the language */
    RUZU_ERROR_BINDER,          /* a name, type or form does not fit the schema */
    RUZU_ERROR_CATALOG,         /* an object of the schema exists already, or does not exist */
    RUZU_ERROR_CONVERSION,      /* a value cannot be read as the wanted type */
    RUZU_ERROR_OVERFLOW,        /* a number does not fit its type */
    RUZU_ERROR_RUNTIME,         /* any other failure while the statement ran */
    RUZU_ERROR_COPY,            /* bad input of COPY or LOAD FROM */
    RUZU_ERROR_CONSTRAINT,      /* primary key, NOT NULL, multiplicity, or connected edges */
    RUZU_ERROR_TRANSACTION,     /* BEGIN, COMMIT or ROLLBACK at the wrong time; write in a read-only transaction */
    RUZU_ERROR_BUSY,            /* another transaction writes; try again */
    RUZU_ERROR_INTERRUPTED,     /* ruzu_interrupt was called */
    RUZU_ERROR_TIMEOUT,         /* the query timeout passed */
    RUZU_ERROR_NO_MEMORY,       /* the system or memory_limit refused memory */
    RUZU_ERROR_LIMIT,           /* a limit of the engine was passed; the message names it */
    RUZU_ERROR_IO,              /* the operating system reported an error on a file */
    RUZU_ERROR_DISK_FULL,       /* no space left for the file */
    RUZU_ERROR_POISONED,        /* an earlier failed sync or log write: no more writes through this handle */
    RUZU_ERROR_OUTCOME_UNKNOWN, /* the commit may or may not survive; reopen to see */
    RUZU_ERROR_CORRUPT,         /* the file is damaged; the message says where */
    RUZU_ERROR_VERSION,         /* the file was written by a later version, or is not a ruzu file */
    RUZU_ERROR_LOCKED,          /* another process, or this one, has the file open */
    RUZU_ERROR_READ_ONLY,       /* a write to a database opened read-only */
    RUZU_ERROR_MISUSE,          /* a call that the rules of this header forbid */
    RUZU_ERROR_NOT_IMPLEMENTED, /* part of the language that this version does not run */
    RUZU_ERROR_INTERNAL         /* a defect of ruzu: please report */
} ruzu_status;

/* Logical types. */
typedef enum ruzu_type_id {
    RUZU_TYPE_ANY = 0, /* the untyped NULL; as a result column it becomes STRING */
    RUZU_TYPE_BOOL,
    RUZU_TYPE_INT8,
    RUZU_TYPE_INT16,
    RUZU_TYPE_INT32,
    RUZU_TYPE_INT64,
    RUZU_TYPE_INT128,
    RUZU_TYPE_UINT8,
    RUZU_TYPE_UINT16,
    RUZU_TYPE_UINT32,
    RUZU_TYPE_UINT64,
    RUZU_TYPE_SERIAL, /* INT64 filled from an implicit sequence */
    RUZU_TYPE_FLOAT,
    RUZU_TYPE_DOUBLE,
    RUZU_TYPE_DECIMAL,
    RUZU_TYPE_STRING,
    RUZU_TYPE_BLOB,
    RUZU_TYPE_UUID,
    RUZU_TYPE_DATE,          /* days since 1970-01-01 */
    RUZU_TYPE_TIMESTAMP,     /* microseconds since 1970-01-01 00:00:00 UTC */
    RUZU_TYPE_TIMESTAMP_SEC, /* seconds */
    RUZU_TYPE_TIMESTAMP_MS,  /* milliseconds */
    RUZU_TYPE_TIMESTAMP_NS,  /* nanoseconds */
    RUZU_TYPE_TIMESTAMP_TZ,  /* microseconds, shown with +00 */
    RUZU_TYPE_INTERVAL,
    RUZU_TYPE_LIST,
    RUZU_TYPE_ARRAY,
    RUZU_TYPE_STRUCT,
    RUZU_TYPE_MAP,
    RUZU_TYPE_UNION,
    RUZU_TYPE_INTERNAL_ID,
    RUZU_TYPE_NODE,
    RUZU_TYPE_REL,
    RUZU_TYPE_RECURSIVE_REL
} ruzu_type_id;

/* ---- plain structs ---- */

/* Bytes of a STRING or BLOB in column-wise reading; not NUL-terminated. */
typedef struct ruzu_string {
    const char *data;
    uint64_t length; /* bytes */
} ruzu_string;

/* An INTERVAL: three parts that do not turn into each other. */
typedef struct ruzu_interval {
    int32_t months;
    int32_t days;
    int64_t microseconds;
} ruzu_interval;

/* A UUID: its bytes in the order of its text. */
typedef struct ruzu_uuid {
    uint8_t bytes[16];
} ruzu_uuid;

/* A 128-bit integer in two's complement: INT128, and the unscaled value of a DECIMAL of more than 18 digits. */
typedef struct ruzu_int128 {
    uint64_t low;
    int64_t high;
} ruzu_int128;

/* The identity of a node or relationship, shown as table:offset. Valid while it exists; not a key to keep. */
typedef struct ruzu_internal_id {
    uint64_t table;
    uint64_t offset;
} ruzu_internal_id;

/* ---- opening ---- */

/* ruzu_config.wal_sync: what a commit waits for. */
enum {
    RUZU_SYNC_FULL = 0,   /* the log is on the disk: an acknowledged commit survives power loss */
    RUZU_SYNC_NORMAL = 1, /* the log is synced once a second: power loss may cost the newest commits, never consistency */
    RUZU_SYNC_OFF = 2     /* no syncs: consistent after a crash of the process only */
};

/* ruzu_config.flags */
enum {
    RUZU_OPEN_READ_ONLY = 1 << 0,              /* no writes; several processes may read together */
    RUZU_OPEN_NO_CREATE = 1 << 1,              /* the file must exist */
    RUZU_OPEN_NO_AUTO_CHECKPOINT = 1 << 2,     /* only CHECKPOINT and close write the data file */
    RUZU_OPEN_NO_CHECKPOINT_ON_CLOSE = 1 << 3, /* leave the log for the next open */
    RUZU_OPEN_RECOVER_PREFIX = 1 << 4,         /* accept the intact beginning of a damaged log, keeping a copy of it */
    RUZU_OPEN_UNSAFE_NO_LOCK = 1 << 5,         /* open even where the file system cannot lock: you see to it that nobody else does */
    RUZU_OPEN_LOCK_CONFIGURATION = 1 << 6      /* refuse CALL option = value: for hosts that run foreign statements */
};

/* How to open a database. Fill it by ruzu_config_init, then change fields; 0 (or NULL) stands for the default in brackets. */
typedef struct ruzu_config {
    size_t struct_size;            /* sizeof(ruzu_config), set by ruzu_config_init: tells which version of this header you use */
    uint64_t buffer_pool_size;     /* bytes [80 % of the memory of the machine or its cgroup] */
    uint64_t memory_limit;         /* bytes for pages, operators, results and changes together [buffer_pool_size]; cached pages give way first */
    uint64_t max_db_size;          /* bytes the file may reach [8 TiB] */
    uint64_t checkpoint_threshold; /* bytes of log that start a checkpoint [16 MiB] */
    uint32_t max_threads;          /* that one statement may use [cores] */
    uint32_t busy_timeout_ms;      /* a writer's wait for its turn, then RUZU_ERROR_BUSY [5,000; UINT32_MAX: do not wait] */
    uint32_t lock_timeout_ms;      /* wait for another process to close the file, then RUZU_ERROR_LOCKED [do not wait] */
    uint32_t wal_sync;             /* RUZU_SYNC_* */
    uint32_t flags;                /* RUZU_OPEN_* */
    const char *file_access;       /* directories that COPY and LOAD FROM may read, ':' between them; NULL: all; "": none. Copied */
} ruzu_config;

/* Fills *config with defaults and its struct_size. Thread-safe. */
RUZU_API void ruzu_config_init(ruzu_config *config);

/*
 * Opens a database and returns its first connection.
 *
 * path    a file, created when absent; a directory, or a name that ends in '/': the file data.ruzu in it; NULL, "" or
 *         ":memory:": a database in memory, gone with its last connection. Copied.
 * config  NULL: all defaults. Copied.
 * out     the connection, to be closed by ruzu_close.
 *
 * Errors (text by ruzu_open_errmsg): LOCKED (open in another process, or in this one: use ruzu_connect for more connections),
 * VERSION (not a ruzu file, or of a later version), CORRUPT, IO, DISK_FULL, READ_ONLY (RUZU_OPEN_READ_ONLY in memory), MISUSE
 * (struct_size, unknown flags). Thread-safe.
 */
RUZU_API ruzu_status ruzu_open(const char *path, const ruzu_config *config, ruzu_conn **out);

/* Another connection to conn's database, for another thread or another transaction. Options of the session start from their defaults. */
RUZU_API ruzu_status ruzu_connect(ruzu_conn *conn, ruzu_conn **out);

/*
 * Closes a connection: rolls an open transaction back, and ends its statements and results (their handles must still be freed, all
 * else that is asked of them gives MISUSE or nothing). The last connection of a database writes a checkpoint and closes the file. conn is freed even when this
 * fails; the text of the error is then in ruzu_open_errmsg. NULL is fine.
 */
RUZU_API ruzu_status ruzu_close(ruzu_conn *conn);

/* The text of the last error on conn: "" when the last call on it succeeded. With the dialect's prefix ("Binder exception: …"). */
RUZU_API const char *ruzu_errmsg(const ruzu_conn *conn);
/* The status of the last call on conn. */
RUZU_API ruzu_status ruzu_errcode(const ruzu_conn *conn);
/* Why the last ruzu_open (or ruzu_close) of this thread failed; "" when it did not. Valid until this thread's next one. */
RUZU_API const char *ruzu_open_errmsg(void);
/* "binder" for RUZU_ERROR_BINDER, "ok" for RUZU_OK: lower case, without prefix; static. */
RUZU_API const char *ruzu_status_name(ruzu_status status);
/* "0.1.0"; static. */
RUZU_API const char *ruzu_version(void);
/* The version of the file format that this library writes; it reads all versions up to this one. */
RUZU_API uint32_t ruzu_storage_version(void);

/* ---- running statements ---- */

/*
 * Runs one or more statements, separated by semicolons. Each runs in a transaction of its own, unless BEGIN TRANSACTION has opened one.
 *
 * cypher  the text; need not stay valid.
 * out     the result of the first statement; those of the others follow by ruzu_result_next_result. To be freed by
 *         ruzu_result_free. May be NULL when nobody wants the rows.
 *
 * The first statement that fails ends the call with its error; statements before it stay done. A failure inside an explicit
 * transaction rolls the whole transaction back and ends it (ruzu_in_transaction tells). The plan of a single query is kept and
 * found again by its text.
 * Errors: whatever statements can meet: PARSER, BINDER, CATALOG, CONVERSION, OVERFLOW, RUNTIME, COPY, CONSTRAINT, TRANSACTION, BUSY,
 * INTERRUPTED, TIMEOUT, LIMIT, IO, DISK_FULL, POISONED, OUTCOME_UNKNOWN, CORRUPT, READ_ONLY, NOT_IMPLEMENTED.
 */
RUZU_API ruzu_status ruzu_query(ruzu_conn *conn, const char *cypher, ruzu_result **out);

/*
 * Prepares one statement with parameters ($name). Checked here: the text (PARSER). Names and types are looked at when it runs,
 * since they depend on the schema and on the parameters' types then.
 * out     to be freed by ruzu_stmt_free; belongs to conn and its thread.
 */
RUZU_API ruzu_status ruzu_prepare(ruzu_conn *conn, const char *cypher, ruzu_stmt **out);

/*
 * Set the parameter `name` (without the $). Values and names are copied; they stay until bound anew. Names that the statement does not
 * use are ignored.
 *   string     length in bytes; SIZE_MAX: up to the NUL. CONVERSION when the text is not UTF-8.
 *   date       days since 1970-01-01
 *   timestamp  microseconds since 1970-01-01 00:00:00 UTC
 *   uuid       16 bytes in the order of its text
 *   value      any type; the value stays the caller's
 */
RUZU_API ruzu_status ruzu_bind_null(ruzu_stmt *stmt, const char *name);
RUZU_API ruzu_status ruzu_bind_bool(ruzu_stmt *stmt, const char *name, bool value);
RUZU_API ruzu_status ruzu_bind_int64(ruzu_stmt *stmt, const char *name, int64_t value);
RUZU_API ruzu_status ruzu_bind_double(ruzu_stmt *stmt, const char *name, double value);
RUZU_API ruzu_status ruzu_bind_string(ruzu_stmt *stmt, const char *name, const char *text, size_t length);
RUZU_API ruzu_status ruzu_bind_date(ruzu_stmt *stmt, const char *name, int32_t days);
RUZU_API ruzu_status ruzu_bind_timestamp(ruzu_stmt *stmt, const char *name, int64_t microseconds);
RUZU_API ruzu_status ruzu_bind_interval(ruzu_stmt *stmt, const char *name, int32_t months, int32_t days,
                                        int64_t microseconds);
RUZU_API ruzu_status ruzu_bind_uuid(ruzu_stmt *stmt, const char *name, const uint8_t *bytes);
RUZU_API ruzu_status ruzu_bind_blob(ruzu_stmt *stmt, const char *name, const void *data, size_t size);
RUZU_API ruzu_status ruzu_bind_value(ruzu_stmt *stmt, const char *name, const ruzu_value *value);

/*
 * Runs the statement with the parameters bound. The plan is kept and used again until the schema, the size of the tables or the type of
 * a parameter changes. Results of earlier executions stay valid. out and errors as for ruzu_query; a parameter that is not bound:
 * RUNTIME.
 */
RUZU_API ruzu_status ruzu_execute(ruzu_stmt *stmt, ruzu_result **out);
/* Frees the statement; its results stay valid. NULL is fine, and so is a statement whose connection was closed. */
RUZU_API void ruzu_stmt_free(ruzu_stmt *stmt);

/*
 * Stops the statement that conn is running, if any: it fails with RUZU_ERROR_INTERRUPTED soon ("Interrupted."). May be called from any thread
 * and from a signal handler, as long as conn is not being closed.
 */
RUZU_API void ruzu_interrupt(ruzu_conn *conn);
/* Statements on conn that take longer fail with RUZU_ERROR_TIMEOUT; 0: no limit (default). The same as CALL timeout = n. */
RUZU_API void ruzu_set_query_timeout(ruzu_conn *conn, uint64_t milliseconds);

/*
 * Called now and then while a long statement runs, on the thread that called ruzu_query or ruzu_execute.
 *   fraction  of the work done, 0 … 1; negative when unknown
 *   rows      handled so far
 *   phase     what is going on ("copy"); borrowed
 * Returns 0 to go on, anything else to stop the statement (RUZU_ERROR_INTERRUPTED). Must not use the connection.
 */
typedef int (*ruzu_progress_fn)(void *user, double fraction, uint64_t rows, const char *phase);
/* Sets the function for conn; NULL: none (default). */
RUZU_API void ruzu_set_progress(ruzu_conn *conn, ruzu_progress_fn fn, void *user);

/* ---- results ---- */

/* 0 for statements without rows (writes without RETURN, transaction control). */
RUZU_API size_t ruzu_result_column_count(const ruzu_result *res);
/* The column's name; NULL when there is no such column. Borrowed: as long as the result. */
RUZU_API const char *ruzu_result_column_name(const ruzu_result *res, size_t col);
/* The column's type; NULL when there is no such column. Borrowed: as long as the result. */
RUZU_API const ruzu_type *ruzu_result_column_type(const ruzu_result *res, size_t col);
RUZU_API uint64_t ruzu_result_row_count(const ruzu_result *res);
/* Moves to the next row (the first, at the first call). False at the end, or on an error: ruzu_result_status tells. */
RUZU_API bool ruzu_result_next(ruzu_result *res);
/* RUZU_OK, or why ruzu_result_next, ruzu_result_next_chunk or a getter that needed memory failed; text by ruzu_errmsg. */
RUZU_API ruzu_status ruzu_result_status(const ruzu_result *res);
/* Back to before the first row; clears the status. */
RUZU_API void ruzu_result_rewind(ruzu_result *res);
/* The result of the next statement of the same ruzu_query, NULL after the last. Belongs to the first result and is freed with it. */
RUZU_API ruzu_result *ruzu_result_next_result(ruzu_result *res);

/*
 * The current row's values. Without a current row, or with a column that does not exist, they give NULL's: true, false, 0, "" and NULL.
 *   is_null  true for NULL
 *   bool     BOOL; numbers: not zero
 *   int64    integers and BOOL; FLOAT, DOUBLE and DECIMAL cut toward zero; what is beyond INT64 becomes its end. DATE: days; TIMESTAMP and its
 *            variants: the count in their unit. 0 for all other types
 *   double   numbers and BOOL; 0 for all other types
 *   string   any type: its text; *length (may be NULL) in bytes. "" for NULL. Valid until the next row, the end of the result or its rewind
 *   value    any type: the value, nested values included; NULL when memory is refused. Valid as long as string
 */
RUZU_API bool ruzu_is_null(const ruzu_result *res, size_t col);
RUZU_API bool ruzu_get_bool(const ruzu_result *res, size_t col);
RUZU_API int64_t ruzu_get_int64(const ruzu_result *res, size_t col);
RUZU_API double ruzu_get_double(const ruzu_result *res, size_t col);
RUZU_API const char *ruzu_get_string(const ruzu_result *res, size_t col, size_t *length);
RUZU_API const ruzu_value *ruzu_get_value(const ruzu_result *res, size_t col);

/*
 * Column-wise reading: goes to the next chunk and returns its rows (at most 2,048), 0 at the end or on an error (ruzu_result_status).
 * Not to be mixed with ruzu_result_next before a rewind.
 */
RUZU_API size_t ruzu_result_next_chunk(ruzu_result *res);
/*
 * The chunk's values of a column as a C array: BOOL as uint8_t; integers, FLOAT, DOUBLE and SERIAL (int64_t) by their width; INT128 as
 * ruzu_int128; DECIMAL unscaled, int16_t up to 4 digits, int32_t up to 9, int64_t up to 18, else ruzu_int128; DATE as int32_t; TIMESTAMP
 * and variants as int64_t; INTERVAL, UUID, INTERNAL_ID as their structs; STRING and BLOB as ruzu_string. NULL for nested types. Values
 * at NULL positions mean nothing. Valid until the next chunk, rewind or the end of the result.
 */
RUZU_API const void *ruzu_chunk_data(const ruzu_result *res, size_t col);
/* Bit i%64 of word i/64 is 1 when row i has a value; NULL: all have (or there is no such column). Valid as ruzu_chunk_data. */
RUZU_API const uint64_t *ruzu_chunk_validity(const ruzu_result *res, size_t col);

/* Milliseconds spent on parsing, binding and planning (0 when a kept plan was used) … */
RUZU_API double ruzu_result_compile_ms(const ruzu_result *res);
/* … and on running, commit included. */
RUZU_API double ruzu_result_execute_ms(const ruzu_result *res);

typedef enum ruzu_format {
    RUZU_FORMAT_BOX = 0,  /* a table with drawn lines, for people */
    RUZU_FORMAT_CSV,      /* header line; fields quoted where needed; NULL empty, "" the empty text */
    RUZU_FORMAT_TSV,      /* header line; \t \n \r \\ escaped; NULL as \N */
    RUZU_FORMAT_JSON,     /* an array of objects */
    RUZU_FORMAT_JSONL,    /* an object a line */
    RUZU_FORMAT_MARKDOWN, /* a table */
    RUZU_FORMAT_HTML,     /* a <table> */
    RUZU_FORMAT_LINES     /* names, then rows, joined by '|', without escapes */
} ruzu_format;

/* The whole result as text, to be freed by ruzu_free; leaves the result rewound. NULL when it fails (ruzu_result_status). */
RUZU_API char *ruzu_result_to_string(ruzu_result *res, ruzu_format format);
/* Frees a result, with those that follow it. NULL is fine, and so is a result whose connection was closed. */
RUZU_API void ruzu_result_free(ruzu_result *res);
/* Frees what a function said is to be freed by this. NULL is fine. Thread-safe. */
RUZU_API void ruzu_free(void *memory);

/* ---- values ---- */

/*
 * Reading. Asked for something that the value is not, or of NULL, these give NULL's: false, 0, "" or NULL, and leave *out as it was. What they return
 * is borrowed from the value. Thread-safe as long as nobody frees the value.
 */
RUZU_API const ruzu_type *ruzu_value_type(const ruzu_value *value);
RUZU_API bool ruzu_value_is_null(const ruzu_value *value);
RUZU_API bool ruzu_value_get_bool(const ruzu_value *value);     /* as ruzu_get_bool … */
RUZU_API int64_t ruzu_value_get_int64(const ruzu_value *value); /* … ruzu_get_int64 */
RUZU_API uint64_t ruzu_value_get_uint64(const ruzu_value *value); /* the same for what is beyond INT64; negative numbers give 0 */
RUZU_API double ruzu_value_get_double(const ruzu_value *value); /* … ruzu_get_double */
RUZU_API const char *ruzu_value_get_string(const ruzu_value *value, size_t *length); /* of a STRING; *length may be NULL */
RUZU_API const void *ruzu_value_get_blob(const ruzu_value *value, size_t *size);     /* of a BLOB */
RUZU_API int32_t ruzu_value_get_date(const ruzu_value *value);      /* days since 1970-01-01 */
RUZU_API int64_t ruzu_value_get_timestamp(const ruzu_value *value); /* microseconds, whatever the variant's unit */
RUZU_API bool ruzu_value_get_interval(const ruzu_value *value, ruzu_interval *out);
RUZU_API bool ruzu_value_get_uuid(const ruzu_value *value, ruzu_uuid *out);
RUZU_API bool ruzu_value_get_int128(const ruzu_value *value, ruzu_int128 *out); /* integers; DECIMAL unscaled */
RUZU_API bool ruzu_value_get_internal_id(const ruzu_value *value, ruzu_internal_id *out);

RUZU_API size_t ruzu_value_list_size(const ruzu_value *list); /* LIST and ARRAY */
RUZU_API const ruzu_value *ruzu_value_list_element(const ruzu_value *list, size_t idx);

/* STRUCT; a UNION as a struct of one field, its active member. */
RUZU_API size_t ruzu_value_struct_field_count(const ruzu_value *value);
RUZU_API const char *ruzu_value_struct_field_name(const ruzu_value *value, size_t idx);
RUZU_API const ruzu_value *ruzu_value_struct_field_value(const ruzu_value *value, size_t idx);

RUZU_API size_t ruzu_value_map_size(const ruzu_value *map);
RUZU_API const ruzu_value *ruzu_value_map_key(const ruzu_value *map, size_t idx);
RUZU_API const ruzu_value *ruzu_value_map_value(const ruzu_value *map, size_t idx);

/* Properties are those of the value's table in schema order; where a pattern had several labels, also the others' (NULL then). */
RUZU_API const ruzu_value *ruzu_value_node_id(const ruzu_value *node); /* an INTERNAL_ID */
RUZU_API const char *ruzu_value_node_label(const ruzu_value *node);
RUZU_API size_t ruzu_value_node_property_count(const ruzu_value *node);
RUZU_API const char *ruzu_value_node_property_name(const ruzu_value *node, size_t idx);
RUZU_API const ruzu_value *ruzu_value_node_property_value(const ruzu_value *node, size_t idx);
RUZU_API const ruzu_value *ruzu_value_node_property(const ruzu_value *node, const char *name); /* in any case; NULL: none */

RUZU_API const ruzu_value *ruzu_value_rel_id(const ruzu_value *rel);  /* INTERNAL_IDs: of the relationship, */
RUZU_API const ruzu_value *ruzu_value_rel_src(const ruzu_value *rel); /* its source node */
RUZU_API const ruzu_value *ruzu_value_rel_dst(const ruzu_value *rel); /* and its destination node */
RUZU_API const char *ruzu_value_rel_label(const ruzu_value *rel);
RUZU_API size_t ruzu_value_rel_property_count(const ruzu_value *rel);
RUZU_API const char *ruzu_value_rel_property_name(const ruzu_value *rel, size_t idx);
RUZU_API const ruzu_value *ruzu_value_rel_property_value(const ruzu_value *rel, size_t idx);
RUZU_API const ruzu_value *ruzu_value_rel_property(const ruzu_value *rel, const char *name);

RUZU_API const ruzu_value *ruzu_value_path_nodes(const ruzu_value *path); /* lists of nodes */
RUZU_API const ruzu_value *ruzu_value_path_rels(const ruzu_value *path);  /* and relationships */

/* The value's text, as ruzu_get_string; to be freed by ruzu_free. NULL when memory is refused. */
RUZU_API char *ruzu_value_to_string(const ruzu_value *value);

/*
 * Building, for ruzu_bind_value. The result is the caller's, to be freed by ruzu_value_free; arguments are copied. NULL when memory is
 * refused or the arguments do not fit together. Thread-safe.
 *   string    length SIZE_MAX: up to the NUL; must be UTF-8
 *   list      elements get their common type (NULL: they have none); without elements: a list of untyped NULLs
 *   struct    count fields
 *   map       count keys, none of them NULL or twice, each with its value
 *   from_text text read as a value of the named type ("DECIMAL(10, 2)", "INT64[]"), as CAST does
 */
RUZU_API ruzu_value *ruzu_value_create_null(void);
RUZU_API ruzu_value *ruzu_value_create_bool(bool value);
RUZU_API ruzu_value *ruzu_value_create_int64(int64_t value);
RUZU_API ruzu_value *ruzu_value_create_double(double value);
RUZU_API ruzu_value *ruzu_value_create_string(const char *text, size_t length);
RUZU_API ruzu_value *ruzu_value_create_blob(const void *data, size_t size);
RUZU_API ruzu_value *ruzu_value_create_date(int32_t days);
RUZU_API ruzu_value *ruzu_value_create_timestamp(int64_t microseconds);
RUZU_API ruzu_value *ruzu_value_create_interval(int32_t months, int32_t days, int64_t microseconds);
RUZU_API ruzu_value *ruzu_value_create_uuid(const uint8_t *bytes);
RUZU_API ruzu_value *ruzu_value_create_list(const ruzu_value *const *elements, size_t count);
RUZU_API ruzu_value *ruzu_value_create_struct(const char *const *names, const ruzu_value *const *values, size_t count);
RUZU_API ruzu_value *ruzu_value_create_map(const ruzu_value *const *keys, const ruzu_value *const *values, size_t count);
RUZU_API ruzu_value *ruzu_value_create_from_text(const char *type, const char *text, size_t length);
/* Frees a value that was built; never one borrowed from a result or another value. NULL is fine. */
RUZU_API void ruzu_value_free(ruzu_value *value);

/* ---- types ---- */

/* RUZU_TYPE_ANY for NULL. (Named _get_id since ruzu_type_id is the enumeration.) All thread-safe; NULL and 0 for what a type has not. */
RUZU_API ruzu_type_id ruzu_type_get_id(const ruzu_type *type);
/* The name as typeof() shows it: "INT64[]", "STRUCT(a INT64)". Valid until the calling thread's next call of this; cut at 1,023 bytes. */
RUZU_API const char *ruzu_type_name(const ruzu_type *type);
/* LIST, ARRAY: the elements' type; MAP: that of its entries, a STRUCT of KEY and VALUE. */
RUZU_API const ruzu_type *ruzu_type_child(const ruzu_type *type);
/* STRUCT, UNION, NODE, REL, RECURSIVE_REL: fields. */
RUZU_API size_t ruzu_type_field_count(const ruzu_type *type);
RUZU_API const char *ruzu_type_field_name(const ruzu_type *type, size_t idx);
RUZU_API const ruzu_type *ruzu_type_field_type(const ruzu_type *type, size_t idx);
RUZU_API uint64_t ruzu_type_array_length(const ruzu_type *type);
RUZU_API uint32_t ruzu_type_decimal_precision(const ruzu_type *type);
RUZU_API uint32_t ruzu_type_decimal_scale(const ruzu_type *type);

/* ---- maintenance ---- */

/*
 * Writes everything committed to the database file; readers go on meanwhile. The same as the statement CHECKPOINT.
 * Errors: TRANSACTION (conn has a transaction open), BUSY (a writer did not finish in time), READ_ONLY, IO, DISK_FULL, POISONED.
 */
RUZU_API ruzu_status ruzu_checkpoint(ruzu_conn *conn);
/*
 * Looks for damage in the open database; statements go on meanwhile. The same as CALL check_database([deep := true]).
 * deep    false: the file (both copies of the header, the checksum of every page, free space, the lists of tables); true: also
 *         what the tables say (values against statistics, keys against the index, both directions of the relationships)
 * out     a row (severity, object, page, offset, problem) for each thing found; no row: the database is sound. To be freed by
 *         ruzu_result_free
 * Damage that is found is no error of this call. Errors: IO, INTERRUPTED, TIMEOUT.
 */
RUZU_API ruzu_status ruzu_check(ruzu_conn *conn, bool deep, ruzu_result **out);
/*
 * Copies the database, as the newest commit left it, to a new file: a checkpoint, then every page, verified. Statements on other
 * connections go on meanwhile. The copy is complete and synced when it gets its name; it is a database of its own, for
 * ruzu_open. The same as the statement BACKUP DATABASE TO 'path'. The progress function (phase "backup") may stop it.
 * to_path  must not exist
 * Errors: those of ruzu_checkpoint; IO (to_path exists), CORRUPT (a page of the database is damaged: nothing is left at to_path),
 * DISK_FULL, INTERRUPTED, TIMEOUT, MISUSE (conn's database is in memory).
 */
RUZU_API ruzu_status ruzu_backup(ruzu_conn *conn, const char *to_path);

/* Something that ruzu_check_file found. Borrowed for the call, texts too. */
typedef struct ruzu_problem {
    size_t struct_size;
    bool is_error;      /* false: a warning; no data are concerned */
    const char *object; /* "table Person, column name" */
    uint64_t page;      /* of the file; UINT64_MAX: none in particular */
    uint64_t offset;    /* of the row or node in its table; UINT64_MAX: none in particular */
    const char *text;
} ruzu_problem;
/* Returns 0 to go on, anything else to stop the check (INTERRUPTED). */
typedef int (*ruzu_problem_fn)(void *user, const ruzu_problem *problem);
/*
 * The same as ruzu_check for a file that nobody has open for writing, however damaged it is. The file is opened read-only.
 * fn            called for each problem; NULL: only count
 * out_problems  how many; may be NULL
 * Errors (text by ruzu_open_errmsg): VERSION (not a ruzu file, or of a later version), LOCKED, IO, INTERRUPTED. Thread-safe.
 */
RUZU_API ruzu_status ruzu_check_file(const char *path, bool deep, ruzu_problem_fn fn, void *user, uint64_t *out_problems);

/* What ruzu_salvage made of one table, or found elsewhere. Borrowed for the call, texts too. */
typedef struct ruzu_salvaged {
    size_t struct_size;
    bool is_table;        /* false: something about the rest of the database; table and reason say what */
    const char *table;
    uint64_t rows;        /* taken over */
    uint64_t rows_lost;   /* as far as is known */
    uint64_t values_lost; /* of rows taken over: they are NULL now */
    const char *reason;   /* why something was lost: the first cause; "" when nothing was */
} ruzu_salvaged;
typedef void (*ruzu_salvage_fn)(void *user, const ruzu_salvaged *table);
/* The sums. Set struct_size before the call. */
typedef struct ruzu_salvage_report {
    size_t struct_size; /* sizeof(ruzu_salvage_report) */
    uint64_t tables;
    uint64_t tables_damaged; /* of which something was lost */
    uint64_t problems;       /* of the rest of the database: headers, logs, lists of tables */
    uint64_t rows;
    uint64_t rows_lost;
    uint64_t values_lost;
} ruzu_salvage_report;
/*
 * Reads what can still be read of a damaged file into a new database; the file is opened read-only and left as it is. Indexes and
 * the opposite direction of relationships are built anew; values that cannot be read become NULL, rows whose key cannot be read
 * are left out, with their relationships.
 * to_path  must not exist; it appears when everything is done
 * fn       called for each table; may be NULL
 * out      the sums; may be NULL
 * Errors (text by ruzu_open_errmsg): CORRUPT (no header, or no catalog, can be read: nothing can be recovered), VERSION, LOCKED, IO, DISK_FULL.
 * Thread-safe.
 */
RUZU_API ruzu_status ruzu_salvage(const char *path, const char *to_path, ruzu_salvage_fn fn, void *user, ruzu_salvage_report *out);

/* Whether BEGIN TRANSACTION is in force on conn; errors end transactions, and this tells. */
RUZU_API bool ruzu_in_transaction(const ruzu_conn *conn);

/* Counters of the buffer pool since the database was opened. Set struct_size before the call. */
typedef struct ruzu_buffer_stats {
    size_t struct_size;    /* sizeof(ruzu_buffer_stats) */
    uint64_t page_size;    /* bytes */
    uint64_t pages_total;  /* that the pool may hold */
    uint64_t pages_used;
    uint64_t hits;
    uint64_t misses;
    uint64_t evictions;
    uint64_t dirty_writes; /* temporary pages written to make room */
} ruzu_buffer_stats;

/* Fills *out as far as its struct_size goes; a struct_size of another header's version is fine, one that is too small for itself is left alone. */
RUZU_API void ruzu_buffer_pool_stats(const ruzu_conn *conn, ruzu_buffer_stats *out);

#ifdef __cplusplus
}
#endif

#endif
