/* SPDX-License-Identifier: MIT */
/*
 * Single boxed values (rz_value = ruzu_value): literals, parameters, values of the public API. Text forms both ways, casts, and the calendar.
 */
#ifndef RZ_TYPES_VALUE_H
#define RZ_TYPES_VALUE_H

#include "types/vec.h"

typedef struct ruzu_value rz_value;
struct ruzu_value {
    const rz_type *type;
    bool is_null;
    union {
        bool boolean;
        int8_t i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;
        rz_int128 i128;
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        float f32;
        double f64;
        rz_interval interval;
        rz_rel_ref rel;
        struct {
            const char *data; /* STRING, BLOB: not NUL-terminated */
            uint64_t length;
        } text;
        struct {
            rz_value *items; /* LIST, ARRAY: elements; MAP: entry structs; STRUCT: fields; UNION: items[0] = tag (UINT8), items[1] = active member */
            uint32_t count;
        } nested;
    } u;
};

/* Boxes row of vec (any kind) in the arena, strings copied. */
RZ_NODISCARD ruzu_status rz_value_from_vec(const rz_vec *vec, uint32_t row, rz_arena *arena, rz_value *out, rz_error *err);
/* Stores a value into a row of a FLAT vector of the same type; string bytes are copied to the heap. */
RZ_NODISCARD ruzu_status rz_value_to_vec(const rz_value *value, rz_vec *vec, uint32_t row, rz_error *err);
/* A deep copy that stands alone: text, items and types too. */
RZ_NODISCARD ruzu_status rz_value_clone(const rz_value *value, rz_arena *arena, rz_value *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_value_cast(const rz_value *value, const rz_type *to, rz_arena *arena, rz_value *out, rz_error *err);
/* Grouping equality: NULL equals NULL of any type, else types must be equal; NaN equals NaN. */
bool rz_value_equal(const rz_value *a, const rz_value *b);

/* ---- text ---- */

/* Appends the rendering of dialect §11; NULL appends nothing. Also renders value forms of NODE, REL, RECURSIVE_REL. */
void rz_text_append(const rz_vec *vec, uint32_t row, rz_str *out);
void rz_text_append_value(const rz_value *value, rz_str *out);
void rz_text_append_double(double value, rz_str *out); /* shortest round-trip text, §11 */
void rz_text_append_float(float value, rz_str *out);
void rz_text_append_int128(rz_int128 value, rz_str *out);
/* With exactly `digits` (0 … 9) fraction digits, as "%.6f" would: option double_format='fixed6' and error texts. */
void rz_text_append_fixed(double value, uint32_t digits, rz_str *out);

/* How lists and other nested values are spelled in CSV fields. */
typedef struct rz_text_options {
    bool list_unbraced;
    char delimiter; /* between unbraced elements */
    bool kuzu_numbers; /* refuse numbers with a plus sign or needless leading zeros, which Kuzu takes for text: for sniffing column types */
} rz_text_options;

/* Reads text (dialect §9.1) as a value of vec's type into row of a FLAT vector. Errors: Conversion or Overflow with the texts of §19.6-7. options may be NULL. */
RZ_NODISCARD ruzu_status rz_text_parse(const char *text, size_t length, const rz_text_options *options, rz_vec *vec, uint32_t row, rz_error *err);

/* Numbers alone, without blanks around (literals, JSON); DOUBLE exactly rounded. False when the text is something else or out of range. */
bool rz_text_parse_int64(const char *text, size_t length, int64_t *out);
bool rz_text_parse_int128(const char *text, size_t length, rz_int128 *out);
bool rz_text_parse_double(const char *text, size_t length, double *out);

/* ---- casts (dialect §10.1) ---- */

/* True when an explicit cast exists. */
bool rz_cast_exists(const rz_type *from, const rz_type *to);
/* The same, raising the reason when there is none. */
RZ_NODISCARD ruzu_status rz_cast_check(const rz_type *from, const rz_type *to, rz_error *err);
/* Raises "Unsupported casting function from A to B.". */
ruzu_status rz_cast_unsupported(const rz_type *from, const rz_type *to, rz_error *err);
/* Casts the selected rows of `in` (any kind) into `out` (FLAT, same positions). With try_cast a value that does not convert becomes NULL, else it is an error. */
RZ_NODISCARD ruzu_status rz_cast(const rz_vec *in, const rz_sel *sel, bool try_cast, rz_vec *out, rz_error *err);

/* ---- calendar and arithmetic on dates ---- */

bool rz_date_from_civil(int64_t year, int64_t month, int64_t day, int32_t *out_days); /* proleptic Gregorian; false when impossible or out of range */
/* "Date out of range: y-m-d." */
ruzu_status rz_date_out_of_range(int64_t year, int64_t month, int64_t day, rz_error *err);
void rz_date_to_civil(int32_t days, int32_t *out_year, int32_t *out_month, int32_t *out_day);
RZ_NODISCARD ruzu_status rz_date_add_interval(int32_t date, rz_interval interval, int sign, int32_t *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_timestamp_add_interval(int64_t micros, rz_interval interval, int sign, int64_t *out, rz_error *err);
RZ_NODISCARD ruzu_status rz_interval_add(rz_interval a, rz_interval b, int sign, rz_interval *out, rz_error *err);
int rz_interval_compare(rz_interval a, rz_interval b); /* 30 days = 1 month, 24 h = 1 day */
/* Units of intervals and of date_part / date_trunc (dialect §13.7). */
typedef enum rz_date_unit {
    RZ_UNIT_MILLENNIUM,
    RZ_UNIT_CENTURY,
    RZ_UNIT_DECADE,
    RZ_UNIT_YEAR,
    RZ_UNIT_QUARTER,
    RZ_UNIT_MONTH,
    RZ_UNIT_WEEK,
    RZ_UNIT_DAY,
    RZ_UNIT_HOUR,
    RZ_UNIT_MINUTE,
    RZ_UNIT_SECOND,
    RZ_UNIT_MILLISECOND,
    RZ_UNIT_MICROSECOND
} rz_date_unit;
/* By name in any case; false when there is none ("Unrecognized interval specifier string: x."). */
bool rz_date_unit_find(const char *name, size_t length, rz_date_unit *out);
/* Of the TIMESTAMP family to µs, rounding toward minus infinity; values beyond what µs can hold become the nearest that they can. */
int64_t rz_timestamp_to_micros(ruzu_type_id unit, int64_t value);
/* And back; false when the unit (NS) cannot hold it. */
bool rz_timestamp_from_micros(ruzu_type_id unit, int64_t micros, int64_t *out);
/* Midnight of a date in µs; false when µs cannot hold it. */
bool rz_timestamp_from_date(int32_t days, int64_t *out_micros);
int32_t rz_timestamp_to_date(int64_t micros); /* days, rounding toward minus infinity */
rz_int128 rz_pow10_i128(uint32_t exponent);              /* exponent <= 38 */
uint8_t rz_decimal_physical(uint8_t precision);           /* rz_physical */

#endif
