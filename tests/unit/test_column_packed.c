/* SPDX-License-Identifier: MIT */
/*
 * Packed integers: every width, from anywhere, by every variant, without touching a byte beyond the array.
 */
#include "storage/column/packed.h"

#include "check.h"

#define PACKED_TEST_VALUES 700u

static uint64_t packed_state = 7;

static uint64_t packed_random(void)
{
    packed_state += UINT64_C(0x9e3779b97f4a7c15);
    return rz_hash_u64(packed_state);
}

static uint64_t packed_mask(uint32_t width)
{
    return width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

static void packed_sizes_are_words_and_padding(void)
{
    CHECK_EQ_U64(rz_packed_bytes(0, 17), 8);
    CHECK_EQ_U64(rz_packed_bytes(10, 0), 8);
    CHECK_EQ_U64(rz_packed_bytes(1, 1), 16);
    CHECK_EQ_U64(rz_packed_bytes(64, 1), 16);
    CHECK_EQ_U64(rz_packed_bytes(65, 1), 24);
    CHECK_EQ_U64(rz_packed_bytes(3, 64), 32);
}

static void packed_bits_lie_where_the_format_says(void)
{
    const uint64_t values[5] = {1, 2, 3, 4, 5};
    uint8_t out[16];
    rz_pack(values, 5, 3, out);
    /* 101 100 011 010 001 from the low bit up */
    CHECK_EQ_U64(rz_load_u64(out), 0x58d1);
    CHECK_EQ_U64(rz_load_u64(out + 8), 0);
}

static void packed_values_come_back_at_every_width(void)
{
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    uint64_t values[PACKED_TEST_VALUES], got[PACKED_TEST_VALUES], scalar[PACKED_TEST_VALUES];
    uint32_t narrow[PACKED_TEST_VALUES];
    for (uint32_t width = 0; width <= 64; width++) {
        uint32_t count = 1 + (uint32_t)(packed_random() % PACKED_TEST_VALUES);
        for (uint32_t i = 0; i < count; i++) {
            values[i] = packed_random() & packed_mask(width);
        }
        /* Exactly as long as promised, so that a sanitizer sees a step too far. */
        size_t size = rz_packed_bytes(count, width);
        uint8_t *data = (uint8_t *)rz_mem_alloc(&mem, size);
        rz_pack(values, count, width, data);
        bool same = true;
        for (uint32_t i = 0; i < count; i++) {
            same = same && rz_packed_get(data, i, width) == values[i];
        }
        for (uint32_t round = 0; round < 60; round++) {
            uint64_t first = packed_random() % count, n = packed_random() % (round % 2 == 0 ? 40 : count) % (count - first + 1);
            uint64_t base = round % 3 == 0 ? 0 : packed_random();
            if (round == 0) {
                first = 0;
                n = count;
            }
            rz_unpack(data, first, n, width, base, got);
            rz_unpack_scalar(data, first, n, width, base, scalar);
            for (uint64_t i = 0; i < n; i++) {
                same = same && got[i] == values[first + i] + base && scalar[i] == got[i];
            }
            if (width <= 32) {
                rz_unpack_u32(data, first, n, width, (uint32_t)base, narrow);
                for (uint64_t i = 0; i < n; i++) {
                    same = same && narrow[i] == (uint32_t)(values[first + i] + base);
                }
                rz_unpack_u32_scalar(data, first, n, width, (uint32_t)base, narrow);
                for (uint64_t i = 0; i < n; i++) {
                    same = same && narrow[i] == (uint32_t)(values[first + i] + base);
                }
            }
        }
        if (!same) {
            fprintf(stderr, "width %u, %u values\n", width, count);
        }
        CHECK(same);
        rz_mem_free(&mem, data, size);
    }
}

static void packed_bits_become_bytes(void)
{
    uint64_t values[PACKED_TEST_VALUES];
    uint8_t data[PACKED_TEST_VALUES / 8 + 24], out[PACKED_TEST_VALUES];
    for (uint32_t i = 0; i < PACKED_TEST_VALUES; i++) {
        values[i] = packed_random() & 1;
    }
    rz_pack(values, PACKED_TEST_VALUES, 1, data);
    for (uint32_t first = 0; first < 70; first++) {
        uint32_t count = PACKED_TEST_VALUES - first - (uint32_t)(packed_random() % 20);
        rz_unpack_bits(data, first, count, out);
        uint32_t wrong = 0;
        for (uint32_t i = 0; i < count; i++) {
            wrong += out[i] != values[first + i];
        }
        CHECK_EQ_U64(wrong, 0);
    }
}

#if defined(__x86_64__)
static void packed_vector_variants_do_their_share(void)
{
    if (!rz_cpu()->avx2) {
        return;
    }
    static uint64_t values[512], got[512];
    static uint32_t narrow[512];
    static uint8_t data[512 * 8 + 8];
    for (uint32_t width = 1; width <= 57; width++) {
        for (uint32_t i = 0; i < 512; i++) {
            values[i] = packed_random() & packed_mask(width);
        }
        rz_pack(values, 512, width, data);
        uint64_t done = rz_unpack_avx2(data, 3, 500, width, 9, got);
        CHECK(done % 4 == 0 && done <= 500 && done + 128 > 500);
        uint32_t wrong = 0;
        for (uint64_t i = 0; i < done; i++) {
            wrong += got[i] != values[3 + i] + 9;
        }
        if (width <= 25) {
            done = rz_unpack_u32_avx2(data, 3, 500, width, 9, narrow);
            CHECK(done % 8 == 0 && done <= 500 && done + 128 > 500);
            for (uint64_t i = 0; i < done; i++) {
                wrong += narrow[i] != (uint32_t)values[3 + i] + 9;
            }
        }
        CHECK_EQ_U64(wrong, 0);
    }
}
#endif

int main(void)
{
    RUN(packed_sizes_are_words_and_padding);
    RUN(packed_bits_lie_where_the_format_says);
    RUN(packed_values_come_back_at_every_width);
    RUN(packed_bits_become_bytes);
#if defined(__x86_64__)
    RUN(packed_vector_variants_do_their_share);
#endif
    return CHECK_DONE();
}
