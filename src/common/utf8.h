/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 and the few Unicode tables the dialect needs.
 */
#ifndef RZ_COMMON_UTF8_H
#define RZ_COMMON_UTF8_H

#include "os/compiler.h"

/* True when data is well-formed UTF-8 (Unicode 15, table 3-7). */
bool rz_utf8_valid(const char *data, size_t size);
/* Offset of the first ill-formed byte, or size. */
size_t rz_utf8_valid_prefix(const char *data, size_t size);
/* Decodes one code point at data[0..size); returns its length in bytes, 0 when size is 0 or the bytes are ill-formed. */
size_t rz_utf8_decode(const char *data, size_t size, uint32_t *out_code_point);
/* Writes code_point to out (room for 4) and returns the number of bytes; 0 for surrogates and values beyond U+10FFFF. */
size_t rz_utf8_encode(uint32_t code_point, char *out);
/* Number of code points in well-formed text. */
size_t rz_utf8_count(const char *data, size_t size);
/* Byte offset of code point number idx (0-based), size when there are fewer. */
size_t rz_utf8_offset(const char *data, size_t size, uint64_t idx);
/* Unicode simple case mapping. */
uint32_t rz_unicode_lower(uint32_t code_point);
uint32_t rz_unicode_upper(uint32_t code_point);
/* Identifier classes of dialect §1: ID_Start or Pc; ID_Continue or Sc. */
bool rz_unicode_id_start(uint32_t code_point);
bool rz_unicode_id_part(uint32_t code_point);
bool rz_unicode_space(uint32_t code_point);

#endif
