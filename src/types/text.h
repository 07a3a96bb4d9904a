/* SPDX-License-Identifier: MIT */
/*
 * Private to types: text forms of single values over plain buffers. Readers return false for text that is not the
 * type's and raise no error (text_parse.c words it); they take text without the blanks around unless said otherwise.
 * Writers write to `out`, which has room for the given number of bytes, put no NUL, and return the length. All are
 * independent of the locale and allocate nothing.
 */
#ifndef RZ_TYPES_TEXT_H
#define RZ_TYPES_TEXT_H

#include "types/value.h"

/* ---- characters ---- */

static inline bool rz_text_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool rz_text_is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

/* Moves both ends over blanks. */
static inline void rz_text_trim(const char **text, size_t *length)
{
    const char *begin = *text;
    const char *end = begin + *length;
    while (begin < end && rz_text_is_space(*begin)) {
        begin++;
    }
    while (begin < end && rz_text_is_space(end[-1])) {
        end--;
    }
    *text = begin;
    *length = (size_t)(end - begin);
}

/* The length of text as shown in an error message (`%.*s`): long values are cut. */
static inline int rz_text_shown(size_t length)
{
    return length > 2000 ? 2000 : (int)length;
}

/* ---- integers: int128.c ---- */

#define RZ_TEXT_INT64_SIZE  20
#define RZ_TEXT_INT128_SIZE 40
size_t rz_text_write_u64(uint64_t value, char *out);
size_t rz_text_write_i64(int64_t value, char *out);
size_t rz_text_write_i128(rz_int128 value, char *out);
/* Magnitude of a run of digits (at least one, nothing else); false when there is another character or it does not fit.
 */
bool rz_text_read_u128(const char *text, size_t length, rz_uint128 *out);
/* [sign] digits. kuzu_numbers refuses a plus sign and needless leading zeros, as Kuzu does. */
bool rz_text_read_i128(const char *text, size_t length, bool kuzu_numbers, rz_int128 *out);
bool rz_text_read_i64(const char *text, size_t length, bool kuzu_numbers, int64_t *out);
bool rz_text_read_u64(const char *text, size_t length, bool kuzu_numbers, uint64_t *out);

/* ---- floating point: text_double.c, text_double_read.c ---- */

#define RZ_TEXT_DOUBLE_SIZE 32
#define RZ_TEXT_FIXED_SIZE  336 /* of rz_text_write_fixed */
size_t rz_text_write_double(double value, char *out);
size_t rz_text_write_float(float value, char *out);
/* With exactly `digits` (0 … 9) fraction digits, rounded half to even of the exact value, as "%.6f" would: error texts,
 * double_format. */
size_t rz_text_write_fixed(double value, uint32_t digits, char *out);
bool rz_text_read_double(const char *text, size_t length, bool kuzu_numbers, double *out);
bool rz_text_read_float(const char *text, size_t length, bool kuzu_numbers, float *out);

/* ---- decimals: decimal.c; values are unscaled ---- */

#define RZ_TEXT_DECIMAL_SIZE 48
size_t rz_text_write_decimal(rz_int128 value, uint32_t scale, char *out);
/* Extra fraction digits round half away from zero; false when the text is no number or has too many integer digits. */
bool rz_text_read_decimal(const char *text, size_t length, uint32_t precision, uint32_t scale, rz_int128 *out);
/* |value| < 10^precision. */
bool rz_decimal_fits(rz_int128 value, uint32_t precision);
/* From one scale to another, rounding half away from zero; false on overflow of 128 bits. */
bool rz_decimal_rescale(rz_int128 value, uint32_t from_scale, uint32_t to_scale, rz_int128 *out);
double rz_decimal_to_double(rz_int128 value, uint32_t scale);
/* The unscaled value at row `at` of flat data of a DECIMAL type, and back (which truncates: check rz_decimal_fits
 * before). */
rz_int128 rz_decimal_load(const void *data, rz_physical physical, uint32_t at);
void rz_decimal_store(void *data, rz_physical physical, uint32_t at, rz_int128 value);

/* ---- calendar: calendar.c, timestamp.c, interval.c ---- */

#define RZ_TEXT_DATE_SIZE      24
#define RZ_TEXT_TIMESTAMP_SIZE 48
#define RZ_TEXT_INTERVAL_SIZE  112
size_t rz_text_write_date(int32_t days, char *out);
size_t rz_text_write_timestamp(ruzu_type_id unit, int64_t value, char *out);
size_t rz_text_write_interval(rz_interval value, char *out);
/* Reads a date at the beginning of text; returns the bytes it takes, 0 when there is none. */
size_t rz_text_scan_date(const char *text, size_t length, int32_t *out_days);
bool rz_text_read_date(const char *text, size_t length, int32_t *out_days);
typedef enum rz_text_time_status {
    RZ_TEXT_TIME_OK,
    RZ_TEXT_TIME_INVALID,
    RZ_TEXT_TIME_RANGE
} rz_text_time_status;
rz_text_time_status rz_text_read_timestamp(const char *text, size_t length, ruzu_type_id unit, int64_t *out);
/* h:m:s[.f] with any number of hours when `hours_max` is INT64_MAX; returns the bytes read, 0 when there is no time.
 * Fraction in ns. */
size_t rz_text_scan_time(const char *text, size_t length, int64_t hours_max, int64_t *out_seconds, int32_t *out_nanos);
RZ_NODISCARD ruzu_status rz_text_read_interval(const char *text, size_t length, rz_interval *out, rz_error *err);

/* ---- bytes: uuid.c, blob.c ---- */

#define RZ_TEXT_UUID_SIZE 36
size_t rz_text_write_uuid(rz_int128 value, char *out);
bool rz_text_read_uuid(const char *text, size_t length, rz_int128 *out);
/* Bytes of the rendering. */
size_t rz_text_blob_size(const char *data, size_t length);
size_t rz_text_write_blob(const char *data, size_t length, char *out);
/* Reads a blob's text: *out_size bytes to out, which has room for `length`; out may be text itself. */
RZ_NODISCARD ruzu_status rz_text_read_blob(const char *text, size_t length, char *out, size_t *out_size, rz_error *err);

/* ---- rendering of any type: text_render.c ---- */

/* Bytes that rz_text_write_scalar may write for a value of the type, or 0 when it has no bound (STRING, BLOB and nested
 * types). */
size_t rz_text_scalar_size(const rz_type *type);
/* Writes a value of flat data; not NULL, of a type that has a bound. */
size_t rz_text_write_scalar(const rz_type *type, const void *data, uint32_t at, char *out);
/* As rz_text_append, but with the form that CAST(… AS STRING) gives relationships. */
void rz_text_append_cast(const rz_vec *vec, uint32_t row, rz_str *out);

/* ---- reading of nested types: text_parse_nested.c ---- */

typedef struct rz_text_reader {
    bool list_unbraced; /* lists may come without brackets, at any depth */
    char delimiter;     /* between elements of lists */
    bool kuzu_numbers;
} rz_text_reader;

/* "Cast failed. x is not in T range." with the type of vec. */
ruzu_status rz_text_not_in_range(const char *text, size_t length, const rz_vec *vec, rz_error *err) RZ_COLD;

/* Dispatches on the type of vec; row becomes valid unless the text means NULL. */
RZ_NODISCARD ruzu_status rz_text_read_value(const char *text, size_t length, const rz_text_reader *reader, rz_vec *vec,
                                            uint32_t row, rz_error *err);
RZ_NODISCARD ruzu_status rz_text_read_nested(const char *text, size_t length, const rz_text_reader *reader, rz_vec *vec,
                                             uint32_t row, rz_error *err);

#endif
