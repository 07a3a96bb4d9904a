/* SPDX-License-Identifier: MIT */
/*
 * Hash quality and stability; CRC-32C against known answers and against itself.
 */
#include "common/common.h"

#include "unit/check.h"

#include <stdlib.h>

static uint64_t random_state = 20240229;

static uint64_t random_next(void)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(random_state);
}

static void fill_random(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)random_next();
    }
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t count_equal_neighbours(uint64_t *hashes, size_t count)
{
    uint64_t equal = 0;
    qsort(hashes, count, sizeof *hashes, compare_u64);
    for (size_t i = 1; i < count; i++) {
        equal += hashes[i] == hashes[i - 1];
    }
    return equal;
}

/* These values stand in index pages: if this test fails, the file format has changed. */
static void hash_values_are_pinned(void)
{
    uint8_t bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + 1);
    }
    CHECK_EQ_U64(rz_hash_u64(1), UINT64_C(0x5692161d100b05e5));
    CHECK_EQ_U64(rz_hash_combine(1, 2), UINT64_C(0x975835de1c9756ce));
    CHECK_EQ_U64(rz_hash_bytes(NULL, 0), UINT64_C(0xb1e3b434d744d488));
    CHECK_EQ_U64(rz_hash_bytes(bytes, 1), UINT64_C(0x1133add8c90dc6bd));
    CHECK_EQ_U64(rz_hash_bytes(bytes, 5), UINT64_C(0xc31e979bda055a6a));
    CHECK_EQ_U64(rz_hash_bytes(bytes, 13), UINT64_C(0x69cd449f4c0339b6));
    CHECK_EQ_U64(rz_hash_bytes(bytes, 17), UINT64_C(0xbcd80931fee175b3));
    CHECK_EQ_U64(rz_hash_bytes(bytes, 32), UINT64_C(0x4b37bc19d3ddcc6d));
    CHECK_EQ_U64(rz_hash_bytes(bytes, 33), UINT64_C(0x5822712a59d64053));
    CHECK_EQ_U64(rz_hash_bytes(bytes, 200), UINT64_C(0x9e5d363d37bf150a));
}

static void hash_does_not_depend_on_alignment(void)
{
    static uint8_t bytes[400];
    static uint8_t moved[420];
    fill_random(bytes, sizeof bytes);
    for (size_t size = 0; size <= 300; size++) {
        for (size_t shift = 1; shift < 16; shift += 3) {
            memcpy(moved + shift, bytes, size);
            moved[shift - 1] = (uint8_t)random_next(); /* nor on what stands around */
            moved[shift + size] = (uint8_t)random_next();
            CHECK_EQ_U64(rz_hash_bytes(moved + shift, size), rz_hash_bytes(bytes, size));
        }
    }
}

/* Flipping any input bit flips about half of the output bits: 64 trials average within 6 of 32. */
static void every_input_bit_reaches_every_output(void)
{
    static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 47, 48, 49, 63, 64, 65, 96, 97, 130};
    uint8_t bytes[130];
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        size_t size = sizes[s];
        for (size_t bit = 0; bit < size * 8; bit++) {
            uint64_t flipped = 0;
            uint64_t ever = 0;
            for (int trial = 0; trial < 64; trial++) {
                fill_random(bytes, size);
                uint64_t before = rz_hash_bytes(bytes, size);
                bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
                uint64_t change = before ^ rz_hash_bytes(bytes, size);
                flipped += rz_popcount64(change);
                ever |= change;
            }
            CHECK(flipped > 26 * 64 && flipped < 38 * 64);
            CHECK_EQ_U64(ever, UINT64_MAX);
        }
    }
}

static void patterned_keys_do_not_collide(void)
{
    enum { COUNT = 300000 };
    uint64_t *hashes = (uint64_t *)malloc(COUNT * sizeof *hashes);
    CHECK(hashes != NULL);
    if (hashes == NULL) {
        return;
    }
    char text[64];
    for (uint64_t i = 0; i < COUNT; i++) {
        int length = snprintf(text, sizeof text, "user_%08" PRIu64 "@example.org", i);
        hashes[i] = rz_hash_bytes(text, (size_t)length);
    }
    CHECK_EQ_U64(count_equal_neighbours(hashes, COUNT), 0);
    for (uint64_t i = 0; i < COUNT; i++) { /* zeros of every length, and a single bit in them */
        static uint8_t zeros[1200];
        size_t size = 8 + (size_t)(i / 8 % 1000);
        uint64_t idx = i / 8000;
        zeros[idx % size] = (uint8_t)(1u << (i % 8));
        hashes[i] = rz_hash_bytes(zeros, size) + (idx >= size ? i : 0);
        zeros[idx % size] = 0;
    }
    CHECK(count_equal_neighbours(hashes, COUNT) < COUNT / 100);
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t key = i << 20;
        hashes[i] = rz_hash_bytes(&key, sizeof key);
    }
    CHECK_EQ_U64(count_equal_neighbours(hashes, COUNT), 0);
    for (uint64_t i = 0; i < COUNT; i++) {
        hashes[i] = rz_hash_combine(i % 1000, i / 1000);
    }
    CHECK_EQ_U64(count_equal_neighbours(hashes, COUNT), 0);
    free(hashes);
}

/* Sequential keys fill buckets by low bits and by high bits about as evenly as chance: chi-squared of 1,024 buckets. */
static void sequential_keys_spread(void)
{
    enum { BUCKETS = 1024, KEYS = 200000 };
    static uint32_t low[BUCKETS];
    static uint32_t high[BUCKETS];
    for (uint64_t i = 0; i < KEYS; i++) {
        uint64_t hash = rz_hash_bytes(&i, sizeof i);
        low[hash % BUCKETS]++;
        high[hash >> 54]++;
    }
    double expected = (double)KEYS / BUCKETS;
    double chi_low = 0;
    double chi_high = 0;
    for (int i = 0; i < BUCKETS; i++) {
        chi_low += ((double)low[i] - expected) * ((double)low[i] - expected) / expected;
        chi_high += ((double)high[i] - expected) * ((double)high[i] - expected) / expected;
    }
    CHECK(chi_low > 800 && chi_low < 1250); /* 1,023 degrees of freedom: five standard deviations of 45 */
    CHECK(chi_high > 800 && chi_high < 1250);
}

static uint32_t crc_bit_by_bit(uint32_t crc, const uint8_t *data, size_t size)
{
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
        }
    }
    return ~crc;
}

/* RFC 3720, appendix B.4, and the check value of the polynomial. */
static void crc_has_the_known_answers(void)
{
    uint8_t bytes[32];
    CHECK_EQ_U64(rz_crc32c(0, "123456789", 9), 0xE3069283u);
    memset(bytes, 0, 32);
    CHECK_EQ_U64(rz_crc32c(0, bytes, 32), 0x8A9136AAu);
    memset(bytes, 0xFF, 32);
    CHECK_EQ_U64(rz_crc32c(0, bytes, 32), 0x62A8AB43u);
    for (int i = 0; i < 32; i++) {
        bytes[i] = (uint8_t)i;
    }
    CHECK_EQ_U64(rz_crc32c(0, bytes, 32), 0x46DD794Eu);
    CHECK_EQ_U64(rz_crc32c(0, NULL, 0), 0);
    CHECK_EQ_U64(rz_crc32c(77, bytes, 0), 77);
}

static void crc_versions_agree(void)
{
    static uint8_t bytes[20000];
    fill_random(bytes, sizeof bytes);
    for (size_t size = 0; size < 600; size++) {
        uint32_t want = crc_bit_by_bit(5, bytes + size % 9, size);
        CHECK_EQ_U64(rz_crc32c(5, bytes + size % 9, size), want);
        CHECK_EQ_U64(rz_crc32c_scalar(5, bytes + size % 9, size), want);
    }
    for (int i = 0; i < 200; i++) {
        size_t size = (size_t)(random_next() % 19000);
        size_t off = (size_t)(random_next() % 1000);
        uint32_t begin = (uint32_t)random_next();
        CHECK_EQ_U64(rz_crc32c(begin, bytes + off, size), rz_crc32c_scalar(begin, bytes + off, size));
    }
    CHECK_EQ_U64(rz_crc32c(0, bytes, 4096), crc_bit_by_bit(0, bytes, 4096));
    CHECK_EQ_U64(rz_crc32c(0, bytes, 4080), crc_bit_by_bit(0, bytes, 4080));
}

static void crc_of_parts_is_crc_of_whole(void)
{
    static uint8_t bytes[9000];
    fill_random(bytes, sizeof bytes);
    uint32_t whole = rz_crc32c(0, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 111) {
        CHECK_EQ_U64(rz_crc32c(rz_crc32c(0, bytes, cut), bytes + cut, sizeof bytes - cut), whole);
        CHECK_EQ_U64(rz_crc32c_scalar(rz_crc32c(0, bytes, cut), bytes + cut, sizeof bytes - cut), whole);
    }
}

int main(void)
{
    RUN(hash_values_are_pinned);
    RUN(hash_does_not_depend_on_alignment);
    RUN(every_input_bit_reaches_every_output);
    RUN(patterned_keys_do_not_collide);
    RUN(sequential_keys_spread);
    RUN(crc_has_the_known_answers);
    RUN(crc_versions_agree);
    RUN(crc_of_parts_is_crc_of_whole);
    return CHECK_DONE();
}
