/* SPDX-License-Identifier: MIT */
/*
 * Compiler attributes and builtins: the only place where GNU spellings and feature-test macros stand.
 * Every file of the project includes this first, directly or through os/os.h or common/common.h.
 */
#ifndef RZ_OS_COMPILER_H
#define RZ_OS_COMPILER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* NOLINT: the feature-test macro must have this name */
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/mutant.h"

#define RZ_LIKELY(x) __builtin_expect(!!(x), 1)
#define RZ_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define RZ_NODISCARD __attribute__((warn_unused_result))
#define RZ_PRINTF(format_idx, first_arg) __attribute__((format(printf, format_idx, first_arg)))
#define RZ_FORCE_INLINE static inline __attribute__((always_inline))
#define RZ_NOINLINE __attribute__((noinline))
#define RZ_ALIGNED(n) __attribute__((aligned(n)))
#define RZ_UNUSED __attribute__((unused))
#define RZ_COLD __attribute__((cold))
#define RZ_NORETURN __attribute__((noreturn))
#define RZ_RESTRICT __restrict__
#define RZ_TARGET(isa) __attribute__((target(isa)))
#define RZ_FALLTHROUGH __attribute__((fallthrough))
#define RZ_PREFETCH(address) __builtin_prefetch(address)
#define RZ_STATIC_ASSERT(condition, text) _Static_assert(condition, text)

#if defined(__clang__)
#define RZ_GUARDED_BY(lock) __attribute__((guarded_by(lock)))
#define RZ_NO_SANITIZE(what) __attribute__((no_sanitize(what)))
#else
#define RZ_GUARDED_BY(lock)
#define RZ_NO_SANITIZE(what) __attribute__((no_sanitize(what)))
#endif

/* 128-bit integers: available on every 64-bit target of gcc and clang; `__extension__` keeps -Wpedantic quiet. */
__extension__ typedef __int128 rz_int128;
__extension__ typedef unsigned __int128 rz_uint128;

static inline uint32_t rz_ctz64(uint64_t x)
{
    return (uint32_t)__builtin_ctzll(x);
}

static inline uint32_t rz_clz64(uint64_t x)
{
    return (uint32_t)__builtin_clzll(x);
}

static inline uint32_t rz_popcount64(uint64_t x)
{
    return (uint32_t)__builtin_popcountll(x);
}

#define rz_add_overflow(a, b, out) __builtin_add_overflow(a, b, out)
#define rz_sub_overflow(a, b, out) __builtin_sub_overflow(a, b, out)
#define rz_mul_overflow(a, b, out) __builtin_mul_overflow(a, b, out)

/* Tells the compiler what it cannot see. Only for what the very next call guarantees: a lie is undefined behaviour. */
#define RZ_ASSUME(condition) ((condition) ? (void)0 : __builtin_unreachable())

/* RZ_ASSERT states what the programmer guarantees; compiled out unless RZ_ASSERTS is defined (debug, asan, tsan, tiny). */
#ifdef RZ_ASSERTS
RZ_NORETURN void rz_assert_failed(const char *condition, const char *file, int line);
#define RZ_ASSERT(condition) ((condition) ? (void)0 : rz_assert_failed(#condition, __FILE__, __LINE__))
#else
#define RZ_ASSERT(condition) ((void)sizeof(!(condition)))
#endif

#endif
