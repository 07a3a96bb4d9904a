/* SPDX-License-Identifier: MIT */
/*
 * What sorted lists have in common: every way against a search by hand, over lengths around the block sizes, dense and sparse lists, lists that touch at their ends only, and numbers up
 * to the largest.
 */
#include "executor/overlap.h"
#include "os/os.h"

#include "check.h"
#include "volume.h"

#include <string.h>

enum { OVERLAP_MOST = 700, OVERLAP_BITS = 1 << 14 };

static uint64_t overlap_state = 7;

static uint32_t overlap_random(uint32_t below)
{
    overlap_state = overlap_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((overlap_state >> 33) % below);
}

/* Strictly ascending; steps of 1 to `step`. */
static void overlap_fill(uint32_t *list, uint32_t count, uint32_t start, uint32_t step)
{
    for (uint32_t i = 0; i < count; i++) {
        list[i] = start;
        start += 1 + overlap_random(step);
    }
}

static uint32_t overlap_by_hand(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < a_count; i++) {
        for (uint32_t j = 0; j < b_count; j++) {
            if (a[i] == b[j]) {
                out[found++] = a[i];
            }
        }
    }
    return found;
}

typedef uint32_t (*overlap_fn)(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out);

static uint32_t overlap_any(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out)
{
    return out == NULL ? rz_overlap_count(a, a_count, b, b_count) : rz_overlap_list(a, a_count, b, b_count, out);
}

static uint32_t overlap_bits(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, uint32_t *out)
{
    static uint64_t bits[OVERLAP_BITS / 64];
    memset(bits, 0, sizeof bits);
    for (uint32_t i = 0; i < a_count; i++) {
        bits[a[i] / 64] |= UINT64_C(1) << (a[i] % 64);
    }
    return out == NULL ? rz_overlap_bits_count(bits, b, b_count) : rz_overlap_bits_list(bits, b, b_count, out);
}

static void overlap_check_way(overlap_fn way, const char *name, const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count, const uint32_t *want, uint32_t want_count)
{
    static uint32_t got[OVERLAP_MOST + RZ_OVERLAP_ROOM];
    uint32_t counted = way(a, a_count, b, b_count, NULL);
    uint32_t listed = way(a, a_count, b, b_count, got);
    check_count++;
    if (counted != want_count || listed != want_count || memcmp(got, want, want_count * sizeof *want) != 0) {
        check_failures++;
        (void)fprintf(stderr, "%s: %u and %u numbers: counted %u, listed %u, want %u\n", name, a_count, b_count, counted, listed, want_count);
    }
}

static void overlap_check(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
    static uint32_t want[OVERLAP_MOST + 1];
    uint32_t count = overlap_by_hand(a, a_count, b, b_count, want);
    overlap_check_way(overlap_any, "chosen", a, a_count, b, b_count, want, count);
    overlap_check_way(overlap_any, "chosen, turned", b, b_count, a, a_count, want, count);
    overlap_check_way(rz_overlap_merge_scalar, "merge", a, a_count, b, b_count, want, count);
    overlap_check_way(rz_overlap_gallop, "gallop", a, a_count, b, b_count, want, count);
    overlap_check_way(rz_overlap_gallop, "gallop, turned", b, b_count, a, a_count, want, count);
    if ((a_count == 0 || a[a_count - 1] < OVERLAP_BITS) && (b_count == 0 || b[b_count - 1] < OVERLAP_BITS)) {
        overlap_check_way(overlap_bits, "bitmap", a, a_count, b, b_count, want, count);
    }
#if defined(__x86_64__)
    if (rz_cpu()->avx2 && rz_cpu()->bmi2) {
        overlap_check_way(rz_overlap_merge_avx2, "AVX2", a, a_count, b, b_count, want, count);
    }
#endif
}

int main(void)
{
    static uint32_t a[OVERLAP_MOST];
    static uint32_t b[OVERLAP_MOST];
    static const uint32_t steps[] = {1, 2, 3, 9, 40};
    for (uint64_t round = 0; round < test_volume(20000, 4000); round++) {
        uint32_t a_count = overlap_random(round % 3 == 0 ? 20 : round % 64 == 1 ? OVERLAP_MOST : 80);
        uint32_t b_count = overlap_random(round % 5 == 0 ? 20 : round % 64 == 2 ? OVERLAP_MOST : 80);
        uint32_t top = round % 7 == 0 ? UINT32_MAX - 64 * OVERLAP_MOST : 0;
        overlap_fill(a, a_count, top + overlap_random(round % 11 == 0 ? 900 : 20), steps[overlap_random(5)]);
        overlap_fill(b, b_count, top + overlap_random(round % 13 == 0 ? 900 : 20), steps[overlap_random(5)]);
        overlap_check(a, a_count, b, b_count);
        overlap_check(a, a_count, a, a_count);
    }
    for (uint32_t i = 0; i < 33; i++) { /* the last of one is the first of the other, and the largest number there is */
        overlap_fill(a, i, 0, 1);
        overlap_fill(b, 33, i == 0 ? 0 : i - 1, 1);
        overlap_check(a, i, b, 33);
        overlap_fill(a, i, UINT32_MAX - i + 1, 1);
        overlap_fill(b, 33, UINT32_MAX - 32, 1);
        overlap_check(a, i, b, 33);
    }
    const uint32_t list[] = {3, 5, 9, 9 + 1, 400};
    CHECK_EQ_I64(rz_overlap_seek(list, 5, 0, 0), 0);
    CHECK_EQ_I64(rz_overlap_seek(list, 5, 0, 5), 1);
    CHECK_EQ_I64(rz_overlap_seek(list, 5, 1, 11), 4);
    CHECK_EQ_I64(rz_overlap_seek(list, 5, 2, 401), 5);
    CHECK_EQ_I64(rz_overlap_seek(list, 5, 5, 1), 5);
    return check_failures != 0;
}
