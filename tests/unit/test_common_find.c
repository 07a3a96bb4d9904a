/* SPDX-License-Identifier: MIT */
/*
 * Searching long runs of bytes: each variant against a search by hand, over lengths around the blocks of the vector kernel, with few letters (many candidates are
 * wrong) and more. Data lie at the end of exactly as much memory as they need, so that a sanitizer sees a step too far.
 */
#include "common/common.h"
#include "common/find.h"
#include "os/os.h"

#include "unit/check.h"

static size_t find_by_hand(const char *data, size_t size, size_t from, const char *part, size_t part_size)
{
    for (size_t at = from; at + part_size <= size; at++) {
        if (memcmp(data + at, part, part_size) == 0) {
            return at;
        }
    }
    return RZ_FIND_NONE;
}

static void places_are_found_like_by_hand(void)
{
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    uint64_t seed = 3;
    uint32_t found = 0, missed = 0;
    for (uint32_t round = 0; round < 30000; round++) {
        size_t size = rz_hash_u64(seed++) % (round % 50 == 0 ? 3000 : 300), part_size = 1 + rz_hash_u64(seed++) % (round % 9 == 0 ? 40 : 6);
        uint32_t letters = round % 7 == 0 ? 1 : 2 + round % 4;
        char part[64];
        char *data = (char *)rz_mem_alloc(&mem, size == 0 ? 1 : size);
        for (size_t i = 0; i < size; i++) {
            data[i] = (char)('a' + rz_hash_u64(seed++) % letters);
        }
        for (size_t i = 0; i < part_size; i++) {
            part[i] = (char)('a' + rz_hash_u64(seed++) % letters);
        }
        part[part_size / 2] = round % 7 == 0 ? 'b' : part[part_size / 2]; /* one letter only: every place looks right from its ends */
        if (round % 2 == 0 && part_size <= size) { /* one that is there, often at the very end */
            size_t at = round % 4 == 0 ? size - part_size : rz_hash_u64(seed++) % (size - part_size + 1);
            memcpy(data + at, part, part_size);
        }
        size_t from = round % 3 == 0 ? rz_hash_u64(seed++) % (size + 2) : 0;
        size_t expected = find_by_hand(data, size, from, part, part_size);
        CHECK_EQ_U64(rz_find(data, size, from, part, part_size), expected);
        CHECK_EQ_U64(rz_find_scalar(data, size, from, part, part_size), expected);
#if defined(__x86_64__)
        if (rz_cpu()->avx2) {
            CHECK_EQ_U64(rz_find_avx2(data, size, from, part, part_size), expected);
        }
#endif
        found += expected != RZ_FIND_NONE;
        missed += expected == RZ_FIND_NONE;
        rz_mem_free(&mem, data, size == 0 ? 1 : size);
    }
    CHECK(found > 5000 && missed > 5000);
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
}

int main(void)
{
    RUN(places_are_found_like_by_hand);
    return CHECK_DONE();
}
