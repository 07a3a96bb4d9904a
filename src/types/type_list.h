/* SPDX-License-Identifier: MIT */
/*
 * The physical types with a C value of their own, as X-macro lists: kernels and dispatch tables are instantiated from them.
 */
#ifndef RZ_TYPES_TYPE_LIST_H
#define RZ_TYPES_TYPE_LIST_H

#include "types/type.h"

/* X(name in function names, name in RZ_PHYS_*, C type); ordered by `<`. */
#define RZ_FOR_EACH_INTEGER_64(X)                                                                                      \
    X(int8, INT8, int8_t)                                                                                              \
    X(int16, INT16, int16_t)                                                                                           \
    X(int32, INT32, int32_t)                                                                                           \
    X(int64, INT64, int64_t)                                                                                           \
    X(uint8, UINT8, uint8_t)                                                                                           \
    X(uint16, UINT16, uint16_t)                                                                                        \
    X(uint32, UINT32, uint32_t)                                                                                        \
    X(uint64, UINT64, uint64_t)

#define RZ_FOR_EACH_INTEGER(X)                                                                                         \
    RZ_FOR_EACH_INTEGER_64(X)                                                                                          \
    X(int128, INT128, rz_int128)

#define RZ_FOR_EACH_FLOAT(X)                                                                                           \
    X(float, FLOAT, float)                                                                                             \
    X(double, DOUBLE, double)

/* All of fixed size: a row is one value of the C type. */
#define RZ_FOR_EACH_FIXED(X)                                                                                           \
    X(bool, BOOL, uint8_t)                                                                                             \
    RZ_FOR_EACH_INTEGER(X)                                                                                             \
    RZ_FOR_EACH_FLOAT(X)                                                                                               \
    X(interval, INTERVAL, rz_interval)                                                                                 \
    X(rel, REL, rz_rel_ref)

#endif
