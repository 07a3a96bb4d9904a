/* SPDX-License-Identifier: MIT */
/*
 * String builder (rz_str) over a memory account, and small text helpers.
 */
#ifndef RZ_COMMON_STR_H
#define RZ_COMMON_STR_H

#include "common/mem.h"

#include "ruzu.h"

/* A growing byte string, always NUL-terminated once it has a buffer. After a refused allocation `failed` is set, later appends do
 * nothing, and the owner checks once at the end: text building needs no test per append. */
typedef struct rz_str {
    rz_mem *mem;   /* borrowed */
    char *data;    /* owned; NULL while empty and nothing was appended */
    size_t length; /* bytes, without the NUL */
    size_t capacity;
    bool failed;
} rz_str;

void rz_str_init(rz_str *str, rz_mem *mem);
void rz_str_free(rz_str *str);
void rz_str_clear(rz_str *str);                       /* keeps the buffer, clears failed */
bool rz_str_reserve(rz_str *str, size_t extra_bytes); /* false (and failed) when memory is refused */
void rz_str_append(rz_str *str, const char *data, size_t length);
void rz_str_append_text(rz_str *str, const char *text); /* NUL-terminated */
void rz_str_append_char(rz_str *str, char c);
void rz_str_append_format(rz_str *str, const char *format, ...) RZ_PRINTF(2, 3);
const char *rz_str_text(const rz_str *str); /* never NULL: "" when empty */

/* ASCII case-insensitive comparison of names (dialect §1: the identifier case rule). */
bool rz_name_equal(const char *a, const char *b);
bool rz_name_equal_n(const char *a, size_t a_length, const char *b, size_t b_length);
uint64_t rz_name_hash(const char *name); /* equal for names that rz_name_equal says are equal */
char rz_ascii_lower(char c);
char rz_ascii_upper(char c);

#endif
