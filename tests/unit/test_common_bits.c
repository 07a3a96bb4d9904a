/* SPDX-License-Identifier: MIT */
/*
 * Bitmaps and the bounded reader.
 */
#include "common/common.h"

#include "unit/check.h"

static void bits_are_counted_up_to_the_end(void)
{
    uint64_t bits[4] = {0, 0, 0, 0};
    uint64_t set = 0;
    for (uint64_t i = 0; i < 256; i++) {
        if (i % 3 == 0 || i == 64) {
            rz_bit_set(bits, i);
        }
    }
    for (uint64_t count = 0; count <= 256; count++) {
        CHECK_EQ_U64(rz_bits_count(bits, count), set);
        set += count < 256 && rz_bit_get(bits, count);
    }
    rz_bit_clear(bits, 64);
    CHECK(!rz_bit_get(bits, 64));
    CHECK_EQ_U64(rz_bits_count(bits, 256), 86);
    CHECK_EQ_U64(RZ_BITMAP_WORDS(0), 0);
    CHECK_EQ_U64(RZ_BITMAP_WORDS(64), 1);
    CHECK_EQ_U64(RZ_BITMAP_WORDS(65), 2);
}

static void positions_and_bytes_agree_with_the_bits(void)
{
    uint64_t seed = 7;
    for (uint32_t round = 0; round < 300; round++) {
        uint64_t bits[6], again[6];
        uint8_t bytes[384];
        uint32_t places[384], scalar[384];
        uint32_t count = (uint32_t)(rz_hash_u64(seed++) % 377), wanted = 0, wrong = 0;
        for (uint32_t i = 0; i < 6; i++) {
            bits[i] = round % 4 == 0 ? 0 : rz_hash_u64(seed++);
            bits[i] &= round % 4 == 1 ? rz_hash_u64(seed++) : UINT64_MAX;
        }
        uint32_t found = rz_bits_positions(bits, count, places);
        CHECK_EQ_U64(rz_bits_positions_scalar(bits, count, scalar), found);
        for (uint32_t i = 0; i < count; i++) {
            bytes[i] = (uint8_t)(rz_bit_get(bits, i) ? 1u << i % 8 : 0u);
            if (rz_bit_get(bits, i)) {
                wrong += wanted >= found || places[wanted] != i || scalar[wanted] != i;
                wanted++;
            }
        }
        CHECK_EQ_U64(wanted, found);
        rz_bits_from_bytes(bytes, count, again);
        for (uint32_t i = 0; i < RZ_BITMAP_WORDS(count) * 64; i++) {
            wrong += rz_bit_get(again, i) != (i < count && rz_bit_get(bits, i));
        }
        CHECK_EQ_U64(wrong, 0);
    }
}

static void widths_are_exact(void)
{
    CHECK_EQ_U64(rz_bit_width(0), 0);
    CHECK_EQ_U64(rz_bit_width(1), 1);
    CHECK_EQ_U64(rz_bit_width(255), 8);
    CHECK_EQ_U64(rz_bit_width(256), 9);
    CHECK_EQ_U64(rz_bit_width(UINT64_MAX), 64);
}

static void reader_stops_at_the_end(void)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    rz_reader reader;
    rz_reader_init(&reader, bytes, sizeof bytes);
    CHECK_EQ_U64(rz_read_u8(&reader), 1);
    CHECK_EQ_U64(rz_read_u16(&reader), 0x0302);
    CHECK_EQ_U64(rz_read_u32(&reader), 0x07060504);
    CHECK_EQ_U64(rz_read_u64(&reader), UINT64_C(0x0F0E0D0C0B0A0908));
    CHECK(!reader.failed);
    CHECK_EQ_U64(rz_read_u16(&reader), 0); /* one byte is left */
    CHECK(reader.failed);
    CHECK_EQ_U64(rz_read_u8(&reader), 0); /* and the failure is sticky */
    rz_reader_init(&reader, bytes, sizeof bytes);
    CHECK(rz_read_bytes(&reader, SIZE_MAX) == NULL);
    rz_reader_init(&reader, bytes, sizeof bytes);
    CHECK(rz_read_bytes(&reader, sizeof bytes) == bytes);
    CHECK(rz_read_bytes(&reader, 0) != NULL);
    CHECK(!reader.failed);
}

static void stores_are_little_endian(void)
{
    uint8_t bytes[8];
    rz_store_u64(bytes, UINT64_C(0x0807060504030201));
    for (uint8_t i = 0; i < 8; i++) {
        CHECK_EQ_U64(bytes[i], i + 1u);
    }
    rz_store_u32(bytes + 1, 0xAABBCCDDu);
    CHECK_EQ_U64(bytes[1], 0xDD);
    CHECK_EQ_U64(rz_load_u32(bytes + 1), 0xAABBCCDDu);
    rz_store_u16(bytes, 0x1234);
    CHECK_EQ_U64(rz_load_u16(bytes), 0x1234);
    CHECK_EQ_U64(bytes[0], 0x34);
}

int main(void)
{
    RUN(bits_are_counted_up_to_the_end);
    RUN(positions_and_bytes_agree_with_the_bits);
    RUN(widths_are_exact);
    RUN(reader_stops_at_the_end);
    RUN(stores_are_little_endian);
    return CHECK_DONE();
}
