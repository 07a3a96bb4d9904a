/* SPDX-License-Identifier: MIT */
/*
 * common: what every module uses and no database word appears in.
 *
 * Purpose   status and error context, memory accounts and arenas, string builder, arrays, hashing and checksums, bitmaps and bounded
 *           readers, UTF-8.
 * Must not  know types of values, pages, tables or queries.
 * Threads   everything is used by one thread at a time, except rz_mem accounts, whose counters are atomic.
 * Lifetime  an arena or builder borrows its account; errors are plain structs of the caller.
 * More      docs/architecture.md ("Memory and errors").
 */
#ifndef RZ_COMMON_COMMON_H
#define RZ_COMMON_COMMON_H

#include "os/compiler.h"

#include "common/array.h"
#include "common/bits.h"
#include "common/error.h"
#include "common/find.h"
#include "common/hash.h"
#include "common/mem.h"
#include "common/mem_maps.h"
#include "common/str.h"
#include "common/utf8.h"

#endif
