/* SPDX-License-Identifier: MIT */
/*
 * User-perceived characters (extended grapheme clusters, Unicode Standard Annex 29): what positions in strings count
 * (dialect §13.3). ASCII is one byte each; ill-formed bytes count one by one.
 */
#ifndef RZ_FUNCTION_GRAPHEME_H
#define RZ_FUNCTION_GRAPHEME_H

#include "common/common.h"

/* End of the cluster that begins at offset < size. */
size_t rz_grapheme_next(const char *data, size_t size, size_t offset);
/* Number of clusters. */
size_t rz_grapheme_count(const char *data, size_t size);
/* Byte offset of cluster number idx (0-based); size when there are fewer. */
size_t rz_grapheme_offset(const char *data, size_t size, uint64_t idx);
bool rz_text_is_ascii(const char *data, size_t size);

#endif
