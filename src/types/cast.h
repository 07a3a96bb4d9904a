/* SPDX-License-Identifier: MIT */
/*
 * Private to types: the parts of rz_cast. Each takes a job and writes the selected rows of job->out, validity included.
 */
#ifndef RZ_TYPES_CAST_H
#define RZ_TYPES_CAST_H

#include "types/text.h"

typedef struct rz_cast_job {
    const rz_type *from;
    rz_view view;  /* of the input */
    rz_sel sel;    /* rows, the same in input and output */
    bool try_cast; /* failures become NULL; only for casts of single values */
    rz_vec *out;
} rz_cast_job;

/* Sets the validity of the selected output rows from the input's. */
void rz_cast_copy_validity(const rz_cast_job *job);
/* What a failed value does: NULL for its row, or the error's status (raised already unless it becomes NULL). */
static inline bool rz_cast_is_value_error(ruzu_status status)
{
    return status == RUZU_ERROR_CONVERSION || status == RUZU_ERROR_OVERFLOW || status == RUZU_ERROR_PARSER;
}

/* Between integers, FLOAT and DOUBLE (INT128 included): cast_numeric.c. */
RZ_NODISCARD ruzu_status rz_cast_numeric(const rz_cast_job *job, rz_error *err);
/* From or to DECIMAL, the other side DECIMAL, integer, FLOAT or DOUBLE: cast_decimal.c. */
RZ_NODISCARD ruzu_status rz_cast_decimal(const rz_cast_job *job, rz_error *err);
/* To LIST, ARRAY, STRUCT, MAP from the same kind; to UNION from anything: cast_nested.c. Not try_cast. */
RZ_NODISCARD ruzu_status rz_cast_nested(const rz_cast_job *job, rz_error *err);
/* Is there such a cast; raises the reason when not (err may be NULL). For nested types of both sides, or `to` a UNION.
 */
RZ_NODISCARD ruzu_status rz_cast_check_nested(const rz_type *from, const rz_type *to, rz_error *err);

/* "Value V is not within T range", with V from the input's row `at`. */
ruzu_status rz_cast_out_of_range(const rz_cast_job *job, uint32_t at, rz_error *err) RZ_COLD;
/* Text of a number for error messages (doubles with six fraction digits); room for RZ_TEXT_FIXED_SIZE. */
size_t rz_cast_write_number(const rz_cast_job *job, uint32_t at, char *out) RZ_COLD;

#endif
