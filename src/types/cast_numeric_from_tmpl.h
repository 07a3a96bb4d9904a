/* SPDX-License-Identifier: MIT */
/*
 * Template: the casts of one numeric type to all of them. Parameters CAST_FROM, CAST_FROM_NAME, CAST_FROM_REAL (see
 * cast_numeric_tmpl.h), undefined at the end.
 */

#define CAST_TO        int8_t
#define CAST_TO_NAME   int8
#define CAST_TO_REAL   0
#define CAST_TO_LOWEST -0x1p7
#define CAST_TO_LIMIT  0x1p7
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL
#undef CAST_TO_LOWEST
#undef CAST_TO_LIMIT

#define CAST_TO        int16_t
#define CAST_TO_NAME   int16
#define CAST_TO_REAL   0
#define CAST_TO_LOWEST -0x1p15
#define CAST_TO_LIMIT  0x1p15
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL
#undef CAST_TO_LOWEST
#undef CAST_TO_LIMIT

#define CAST_TO        int32_t
#define CAST_TO_NAME   int32
#define CAST_TO_REAL   0
#define CAST_TO_LOWEST -0x1p31
#define CAST_TO_LIMIT  0x1p31
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL
#undef CAST_TO_LOWEST
#undef CAST_TO_LIMIT

#define CAST_TO        int64_t
#define CAST_TO_NAME   int64
#define CAST_TO_REAL   0
#define CAST_TO_LOWEST -0x1p63
#define CAST_TO_LIMIT  0x1p63
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL
#undef CAST_TO_LOWEST
#undef CAST_TO_LIMIT

#define CAST_TO        rz_int128
#define CAST_TO_NAME   int128
#define CAST_TO_REAL   0
#define CAST_TO_LOWEST -0x1p127
#define CAST_TO_LIMIT  0x1p127
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL
#undef CAST_TO_LOWEST
#undef CAST_TO_LIMIT

#define CAST_TO        uint8_t
#define CAST_TO_NAME   uint8
#define CAST_TO_REAL   0
#define CAST_TO_LOWEST 0.0
#define CAST_TO_LIMIT  0x1p8
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL
#undef CAST_TO_LOWEST
#undef CAST_TO_LIMIT

#define CAST_TO        uint16_t
#define CAST_TO_NAME   uint16
#define CAST_TO_REAL   0
#define CAST_TO_LOWEST 0.0
#define CAST_TO_LIMIT  0x1p16
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL
#undef CAST_TO_LOWEST
#undef CAST_TO_LIMIT

#define CAST_TO        uint32_t
#define CAST_TO_NAME   uint32
#define CAST_TO_REAL   0
#define CAST_TO_LOWEST 0.0
#define CAST_TO_LIMIT  0x1p32
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL
#undef CAST_TO_LOWEST
#undef CAST_TO_LIMIT

#define CAST_TO        uint64_t
#define CAST_TO_NAME   uint64
#define CAST_TO_REAL   0
#define CAST_TO_LOWEST 0.0
#define CAST_TO_LIMIT  0x1p64
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL
#undef CAST_TO_LOWEST
#undef CAST_TO_LIMIT

#define CAST_TO      float
#define CAST_TO_NAME float
#define CAST_TO_REAL 1
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL

#define CAST_TO      double
#define CAST_TO_NAME double
#define CAST_TO_REAL 1
#include "types/cast_numeric_tmpl.h"
#undef CAST_TO
#undef CAST_TO_NAME
#undef CAST_TO_REAL

#undef CAST_FROM
#undef CAST_FROM_NAME
#undef CAST_FROM_REAL
