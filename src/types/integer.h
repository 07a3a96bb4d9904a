/* SPDX-License-Identifier: MIT */
/*
 * Integers of any width up to 64 bits as int64_t: one value, or the rows of a vector at once. What is asked is always the physical type, so dates, timestamps and
 * narrow decimals are integers too.
 */
#ifndef RZ_TYPES_INTEGER_H
#define RZ_TYPES_INTEGER_H

#include "types/type_list.h"
#include "types/vec.h"

/* Bytes of an integer of at most 64 bits; 0 for all other types, BOOL among them. */
uint32_t rz_integer_width(rz_physical physical, bool *out_signed);
/* Does an int64_t hold every value of the type? Of the integers all but UINT64 and INT128. */
bool rz_integer_fits_int64(rz_physical physical);

/* The number that stands at data[at]; values of a UINT64 above 2^63 - 1 come as the negative numbers of the same bits, BOOL as 0 or 1, and other types as 0. Not for
 * loops over rows: rz_integer_read asks for the type once. */
int64_t rz_integer_get(rz_physical physical, const void *data, uint32_t at);
/* The way back; bits that the type has no room for are dropped. False for other types: nothing is written. */
bool rz_integer_set(rz_physical physical, void *data, uint32_t at, int64_t value);
/* out[i] = the number of the selected row first + i, for `count` of them: as rz_integer_get of the view, whatever stands at NULLs. */
void rz_integer_read(rz_physical physical, const rz_view *view, const rz_sel *sel, uint32_t first, uint32_t count, int64_t *out);

#endif
