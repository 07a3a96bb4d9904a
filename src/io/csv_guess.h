/* SPDX-License-Identifier: MIT */
/*
 * Types of values by their text (private to io).
 */
#ifndef RZ_IO_CSV_GUESS_H
#define RZ_IO_CSV_GUESS_H

#include "io/io.h"

/* What texts are tried on. */
typedef struct csv_guess csv_guess;

/* Everything lies in arena, which lives as long. */
RZ_NODISCARD ruzu_status rz_csv_guess_create(rz_arena *arena, const rz_text_options *text, csv_guess **out, rz_error *err);
/* The narrowest type that text is a value of; ANY for the empty text. NULL: no memory. */
RZ_NODISCARD const rz_type *rz_csv_guess_type(csv_guess *guess, const char *text, size_t length);
/* The type of a column with values of both. NULL: no memory. */
RZ_NODISCARD const rz_type *rz_csv_guess_combine(csv_guess *guess, const rz_type *a, const rz_type *b);
/* Can text be read as the type? False too when there is no memory. */
bool rz_csv_guess_fits(csv_guess *guess, const rz_type *type, const char *text, size_t length);

#endif
