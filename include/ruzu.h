/* SPDX-License-Identifier: MIT */
/*
 * ruzu: an embeddable property-graph database. This is the whole public interface.
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

typedef struct ruzu_conn ruzu_conn;     /* a connection; several may share one database */
typedef struct ruzu_stmt ruzu_stmt;     /* a prepared statement, owned by a connection */
typedef struct ruzu_result ruzu_result; /* the result of one statement, complete when the call returns */
typedef struct ruzu_value ruzu_value;   /* one value: borrowed from a result, or owned (built for a parameter) */
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

#ifdef __cplusplus
}
#endif

#endif
