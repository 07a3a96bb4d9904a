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
    RUN(widths_are_exact);
    RUN(reader_stops_at_the_end);
    RUN(stores_are_little_endian);
    return CHECK_DONE();
}
