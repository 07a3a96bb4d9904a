/* SPDX-License-Identifier: MIT */
/*
 * types: logical and physical types, vectors and chunks, single values, casts, text forms, calendar.
 *
 * Purpose   everything that is true of values wherever they lie: in a vector, a literal, a file or a result.
 * Owns      the static simple types; nothing else outlives its arena.
 * Must not  know tables, pages, expressions or functions.
 * Enter by  rz_type_of / rz_type_list …, rz_vec_create, rz_vec_view, rz_cast, rz_text_append, rz_text_parse.
 * Threads   types are immutable and shared; vectors and values belong to one thread.
 * More      docs/architecture.md ("Values and vectors"), docs/cypher.md ("Data types").
 */
#ifndef RZ_TYPES_TYPES_H
#define RZ_TYPES_TYPES_H

#include "types/integer.h"
#include "types/type.h"
#include "types/value.h"
#include "types/vec.h"

#endif
