/* SPDX-License-Identifier: MIT */
/*
 * Searching for a part of a text: every length of text and part up to some blocks of the vector kernel, against a search by hand. Texts lie at the end of
 * exactly as much memory as they need, so that a sanitizer sees a step too far.
 */
#include "function/search.h"

#include "unit/check.h"

static bool search_by_hand(const char *data, size_t size, const char *part, size_t part_size)
{
    for (size_t at = 0; at + part_size <= size; at++) {
        if (memcmp(data + at, part, part_size) == 0) {
            return true;
        }
    }
    return false;
}

static void parts_are_found_where_they_are(void)
{
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    uint64_t seed = 5;
    uint32_t found = 0;
    for (uint32_t round = 0; round < 40000; round++) {
        size_t size = rz_hash_u64(seed++) % 90, part_size = rz_hash_u64(seed++) % 9;
        uint32_t letters = 2 + round % 3; /* few of them: many candidates are wrong */
        char part[16];
        char *text = (char *)rz_mem_alloc(&mem, size == 0 ? 1 : size);
        for (size_t i = 0; i < size; i++) {
            text[i] = (char)('a' + rz_hash_u64(seed++) % letters);
        }
        for (size_t i = 0; i < part_size; i++) {
            part[i] = (char)('a' + rz_hash_u64(seed++) % letters);
        }
        if (round % 2 == 0 && part_size <= size && size != 0) { /* one that is there, often at the very end */
            size_t at = round % 4 == 0 ? size - part_size : rz_hash_u64(seed++) % (size - part_size + 1);
            memcpy(part, text + at, part_size);
        }
        bool expected = search_by_hand(text, size, part, part_size);
        CHECK(rz_search_contains(text, size, part, part_size) == expected);
        const char *place = rz_search(text, size, part, part_size);
        CHECK((place != NULL) == expected);
        CHECK(place == NULL || memcmp(place, part, part_size) == 0);
        found += expected;
        rz_mem_free(&mem, text, size == 0 ? 1 : size);
    }
    CHECK(found > 10000 && found < 39000);
    CHECK_EQ_U64(atomic_load(&mem.used), 0);
}

int main(void)
{
    RUN(parts_are_found_where_they_are);
    return CHECK_DONE();
}
