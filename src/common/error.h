/* SPDX-License-Identifier: MIT */
/*
 * Status and error context. A fallible function returns a ruzu_status and takes an `rz_error *` last;
 * the message is raised where the problem is found and travels up unchanged. The struct is caller-provided
 * and of fixed size, so that reporting "no memory" allocates nothing. First error wins.
 */
#ifndef RZ_COMMON_ERROR_H
#define RZ_COMMON_ERROR_H

#include "os/compiler.h"

#include "ruzu.h"

#define RZ_ERROR_NO_POSITION UINT32_MAX

typedef struct rz_error {
    ruzu_status code;    /* RUZU_OK: nothing raised */
    uint32_t position;   /* byte offset into the statement's text, or RZ_ERROR_NO_POSITION */
    char message[4096];  /* NUL-terminated, with the dialect's prefix ("Binder exception: …") */
} rz_error;

/* Makes err empty. Call before use: the struct needs no other construction and no destruction. */
void rz_error_init(rz_error *err);

/*
 * Raises an error: message = the prefix that belongs to code (dialect.md §19; some codes have none) + the formatted text.
 * Keeps an error already raised. err may be NULL (the message is dropped). Returns the code that stands in err afterwards
 * (code itself when err is NULL), so that callers write `return rz_error_set(err, RUZU_ERROR_BINDER, "…", …);`.
 */
ruzu_status rz_error_set(rz_error *err, ruzu_status code, const char *format, ...) RZ_PRINTF(3, 4) RZ_COLD;

/* The same with the prefix of another kind: a duplicate key is RUZU_ERROR_CONSTRAINT but reads "Runtime exception: …". */
ruzu_status rz_error_set_as(rz_error *err, ruzu_status code, ruzu_status prefix_of, const char *format, ...)
    RZ_PRINTF(4, 5) RZ_COLD;

/* The same with a position in the statement's text. */
ruzu_status rz_error_set_at(rz_error *err, ruzu_status code, uint32_t position, const char *format, ...)
    RZ_PRINTF(4, 5) RZ_COLD;

/* Raises RUZU_ERROR_NO_MEMORY ("out of memory while <what>"); allocates nothing. */
ruzu_status rz_error_no_memory(rz_error *err, const char *what) RZ_COLD;

/* Copies an error (a worker's into the statement's); keeps an error already raised in `to`. Returns to's code. */
ruzu_status rz_error_copy(rz_error *to, const rz_error *from);

/*
 * An error function never returns RUZU_OK. The compiler is told where it is called, so that after `RZ_TRY(create(&thing))` it
 * knows the thing to be there and does not warn about the path that cannot be.
 */
static inline ruzu_status rz_error_failed(ruzu_status status)
{
    RZ_ASSUME(status != RUZU_OK);
    return status;
}
#define rz_error_set(...) rz_error_failed(rz_error_set(__VA_ARGS__))
#define rz_error_set_as(...) rz_error_failed(rz_error_set_as(__VA_ARGS__))
#define rz_error_set_at(...) rz_error_failed(rz_error_set_at(__VA_ARGS__))
#define rz_error_no_memory(...) rz_error_failed(rz_error_no_memory(__VA_ARGS__))

/* The prefix of a kind, e.g. "Binder exception: ", or "". */
const char *rz_error_prefix(ruzu_status code);

/* Return at once on failure; nothing is held. */
#define RZ_TRY(expression)                                                                                             \
    do {                                                                                                               \
        ruzu_status rz_try_status_ = (expression);                                                                     \
        if (RZ_UNLIKELY(rz_try_status_ != RUZU_OK)) {                                                                  \
            return rz_try_status_;                                                                                     \
        }                                                                                                              \
    } while (0)

/* Set the local `status` and jump to `cleanup:` on failure. */
#define RZ_TRY_GOTO(expression)                                                                                        \
    do {                                                                                                               \
        status = (expression);                                                                                         \
        if (RZ_UNLIKELY(status != RUZU_OK)) {                                                                          \
            goto cleanup;                                                                                              \
        }                                                                                                              \
    } while (0)

/* Return RUZU_ERROR_NO_MEMORY when an allocation gave NULL. */
#define RZ_TRY_ALLOC(pointer, err, what)                                                                               \
    do {                                                                                                               \
        if (RZ_UNLIKELY((pointer) == NULL)) {                                                                          \
            return rz_error_no_memory(err, what);                                                                      \
        }                                                                                                              \
    } while (0)

#endif
