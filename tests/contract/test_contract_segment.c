/* SPDX-License-Identifier: MIT */
/*
 * The bytes of small segments, metadata and pages, for every codec. A change here is a change of the file format: raise its version and keep reading
 * the old bytes. (Group sizes are part of the format, so builds with shrunk limits are left out where a block matters; these segments have one.)
 *
 * In the metadata, pages are shown as beginning at page 2 and with CRC 0: both depend on the file.
 */
#include "unit/column_fixture.h"

#include "storage/column/segment.h"

static void contract_normalise(rz_segment *segment)
{
    static const uint32_t zeros[8] = {0};
    for (uint32_t i = 0; i < segment->part_count; i++) {
        if (segment->parts[i].pages.range.count != 0) {
            CHECK(segment->parts[i].pages.range.count <= 8);
            segment->parts[i].pages.range.start = 2;
            segment->parts[i].pages.crcs = zeros;
        }
    }
    for (uint32_t i = 0; i < segment->child_count; i++) {
        contract_normalise(&segment->children[i]);
    }
}

static void contract_hex(const uint8_t *data, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *out++ = digits[data[i] >> 4];
        *out++ = digits[data[i] & 15];
    }
    *out = '\0';
}

/* Checks the used bytes of the first part's page and that the rest is zero; then the metadata. */
static void contract_expect(const rz_vec *vec, uint32_t rows, const char *page_hex, const char *metadata_hex)
{
    static uint8_t page[RZ_PAGE_SIZE];
    static char hex[2 * RZ_PAGE_SIZE + 1];
    rz_segment *segment = fx_build(vec, rows);
    rz_part *part = &segment->parts[0];
    size_t used = strlen(page_hex) / 2;
    CHECK_EQ_U64(part->pages.range.count, used == 0 ? 0 : 1);
    CHECK_EQ_U64(part->size_bytes, used);
    if (part->pages.range.count == 1) {
        FX_OK(rz_disk_read(fx.disk, part->pages.range.start, 1, page, &fx.err));
        contract_hex(page, used, hex);
        CHECK_STR(hex, page_hex);
        size_t rest = 0;
        for (size_t i = used; i < RZ_PAGE_SIZE; i++) {
            rest += page[i] != 0;
        }
        CHECK_EQ_U64(rest, 0);
    }
    contract_normalise(segment);
    rz_str bytes;
    rz_str_init(&bytes, &fx.mem);
    rz_segment_encode(segment, &bytes);
    CHECK(bytes.length < RZ_PAGE_SIZE);
    contract_hex((const uint8_t *)bytes.data, bytes.length, hex);
    CHECK_STR(hex, metadata_hex);
    rz_str_free(&bytes);
}

static rz_vec *contract_int64s(const int64_t *values, uint32_t count)
{
    rz_vec *vec = fx_vec(RZ_INT64, count);
    memcpy(vec->data, values, count * sizeof *values);
    return vec;
}

static void contract_constant(void)
{
    const int64_t values[3] = {-2, -2, -2};
    contract_expect(contract_int64s(values, 3), 3, "",
                    "0300000000000000000000000000000001000000010000000300000000000000000000000000000000000000feffffffffffffff00000000"
                    "0000000000000000000000000000000001feffffffffffff7ffeffffffffffff7f00");
}

static void contract_constant_with_nulls(void)
{
    const int64_t values[3] = {5, 0, 5};
    rz_vec *vec = contract_int64s(values, 3);
    rz_vec_set_null(vec, 1);
    contract_expect(vec, 3, "0500000000000000",
                    "0300000000000000010000000000000001000000010000010300000001000000000000000000000000000000050000000000000000000000"
                    "0000000002000000000000000100000000000000010500000000000080050000000000008000");
}

static void contract_all_null(void)
{
    const int64_t values[2] = {0, 0};
    rz_vec *vec = contract_int64s(values, 2);
    rz_vec_set_null(vec, 0);
    rz_vec_set_null(vec, 1);
    contract_expect(vec, 2, "",
                    "0200000000000000020000000000000001000000010000000200000002000000000000000000000000000000000000000000000000000000"
                    "0000000000000000000000000000000001ffffffffffffffff000000000000000000");
}

static void contract_sequence(void)
{
    const int64_t values[4] = {10, 7, 4, 1};
    contract_expect(contract_int64s(values, 4), 4, "",
                    "04000000000000000000000000000000010000000200000004000000000000000000000000000000000000000a00000000000000fdffffff"
                    "ffffffff0000000000000000000000000101000000000000800a0000000000008000");
}

static void contract_bitpacked(void)
{
    const int64_t values[5] = {-1, 4, 0, 99, 2};
    rz_vec *vec = contract_int64s(values, 5);
    rz_vec_set_null(vec, 3); /* stored as the 0 before it */
    contract_expect(vec, 5, "170000000000000068320000000000000000000000000000",
                    "0500000000000000010000000000000001000000030300010500000001000000000000000000000000000000ffffffffffffffff00000000"
                    "000000000200000000000000010000000000000001ffffffffffffff7f040000000000008000");
}

static void contract_bitmap(void)
{
    rz_vec *vec = fx_vec(RZ_BOOL, 8);
    memcpy(vec->data, "\1\0\1\1\0\0\1\0", 8);
    contract_expect(vec, 8, "4d000000000000000000000000000000",
                    "0800000000000000000000000000000001000000030100000800000000000000000000000000000000000000000000000000000000000000"
                    "0000000002000000000000000100000000000000010000000000000000010000000000000000");
}

#ifndef RZ_TINY
static void contract_rle(void)
{
    int64_t values[200];
    for (uint32_t i = 0; i < 200; i++) {
        values[i] = i < 120 ? 1000 : i < 150 ? 1003 : 1001;
    }
    contract_expect(contract_int64s(values, 200), 200, "7896c8000000000000000000000000001c000000000000000000000000000000",
                    "c80000000000000000000000000000000100000004080200c800000000000000030000000000000000000000e80300000000000000000000"
                    "000000000200000000000000010000000000000001e803000000000080eb0300000000008000");
}

static void contract_dictionary_of_strings(void)
{
    static const char *const words[3] = {"red", "a word of twenty char", ""};
    rz_vec *vec = fx_vec(RZ_STRING, 12);
    for (uint32_t i = 0; i < 12; i++) {
        const char *word = words[i * i % 3 + (i == 8)];
        FX_OK(rz_vec_set_string(vec, i, word, strlen(word), &fx.err));
    }
    contract_expect(vec, 12, "1445520000000000000000000000000060600c000000000000000000000000007265646120776f7264206f66207477656e74792063686172",
                    "0c00000000000000000000000000000001000000050205000c00000000000000030000001800000000000000000000000000000000000000"
                    "000000000200000000000000010000000000000000");
}

static void contract_dictionary_of_doubles(void)
{
    rz_vec *vec = fx_vec(RZ_DOUBLE, 32);
    for (uint32_t i = 0; i < 32; i++) {
        ((double *)vec->data)[i] = i % 3 == 0 ? 1.5 : i % 3 == 1 ? -2.0 : 0.25;
    }
    contract_expect(vec, 32, "24499224499224490000000000000000000000000000f83f00000000000000c0000000000000d03f",
                    "2000000000000000000000000000000001000000050200002000000000000000030000000000000000000000000000000000000000000000"
                    "000000000200000000000000010000000000000001ffffffffffffff3f000000000000f8bf00");
}
#endif

static void contract_plain_strings(void)
{
    static const char *const words[4] = {"one", "", "a longer one", "xyz"};
    rz_vec *vec = fx_vec(RZ_STRING, 4);
    for (uint32_t i = 0; i < 4; i++) {
        FX_OK(rz_vec_set_string(vec, i, words[i], strlen(words[i]), &fx.err));
    }
    contract_expect(vec, 4, "608c27010000000000000000000000006f6e6561206c6f6e676572206f6e6578797a000000000000",
                    "0400000000000000000000000000000001000000060500000400000000000000000000001200000000000000000000000000000000000000"
                    "000000000200000000000000010000000000000000");
}

static void contract_constant_string(void)
{
    rz_vec *vec = fx_vec(RZ_STRING, 2);
    FX_OK(rz_vec_set_string(vec, 0, "same", 4, &fx.err));
    FX_OK(rz_vec_set_string(vec, 1, "same", 4, &fx.err));
    contract_expect(vec, 2, "",
                    "0200000000000000000000000000000001000000010000000200000000000000000000000400000000000000000000000000000000000000"
                    "0000000000000000000000000000000073616d6500");
}

static void contract_plain_doubles(void)
{
    rz_vec *vec = fx_vec(RZ_DOUBLE, 2);
    ((double *)vec->data)[0] = 1.0;
    ((double *)vec->data)[1] = -0.5;
    contract_expect(vec, 2, "000000000000f03f000000000000e0bf",
                    "0200000000000000000000000000000001000000060000000200000000000000000000000000000000000000000000000000000000000000"
                    "000000000200000000000000010000000000000001ffffffffffff1f40000000000000f0bf00");
}

static void contract_lists(void)
{
    rz_vec *vec = fx_vec(rz_type_list(&fx.arena, RZ_INT64), 3);
    uint32_t offset = 0;
    FX_OK(rz_vec_list_reserve(vec, 3, &offset, &fx.err));
    ((rz_list_entry *)vec->data)[0] = (rz_list_entry){0, 2};
    ((rz_list_entry *)vec->data)[1] = (rz_list_entry){2, 0};
    ((rz_list_entry *)vec->data)[2] = (rz_list_entry){2, 1};
    ((int64_t *)vec->children[0]->data)[0] = 7;
    ((int64_t *)vec->children[0]->data)[1] = 7;
    ((int64_t *)vec->children[0]->data)[2] = 7;
    contract_expect(vec, 3, "e8000000000000000000000000000000",
                    "0300000000000000000000000000000001000000070200000300000000000000000000000300000000000000000000000000000000000000"
                    "0000000002000000000000000100000000000000000300000000000000000000000000000001000000010000000300000000000000000000"
                    "00000000000000000007000000000000000000000000000000000000000000000000000000");
}

static void contract_structs(void)
{
    rz_type_field fields[2] = {{"a", RZ_BOOL}, {"b", rz_type_array(&fx.arena, rz_type_of(RUZU_TYPE_UINT8), 2)}};
    rz_vec *vec = fx_vec(rz_type_struct(&fx.arena, fields, 2), 2);
    uint32_t offset = 0;
    FX_OK(rz_vec_list_reserve(vec->children[1], 4, &offset, &fx.err));
    ((rz_list_entry *)vec->children[1]->data)[0] = (rz_list_entry){0, 2};
    ((rz_list_entry *)vec->children[1]->data)[1] = (rz_list_entry){2, 2};
    memcpy(vec->children[1]->children[0]->data, "\1\2\3\4", 4);
    rz_vec_set_null(vec, 1);
    contract_expect(vec, 2, "0100000000000000",
                    "0200000000000000010000000000000001000000090000010200000001000000000000000000000000000000000000000000000000000000"
                    "0000000002000000000000000100000000000000000200000000000000010000000000000001000000010000010200000001000000000000"
                    "0000000000000000000000000000000000000000000000000002000000000000000100000000000000020000000000000001000000000000"
                    "0001000000080000010200000001000000000000000000000000000000000000000000000000000000000000000200000000000000010000"
                    "0000000000040000000000000002000000000000000100000003010001040000000200000000000000000000000000000001000000000000"
                    "00000000000000000002000000000000000100000000000000");
}

static void contract_overlay(void)
{
    static const int64_t before[4] = {5, 5, 5, 5}, values[2] = {7, 9};
    static char hex[2 * RZ_PAGE_SIZE + 1];
    rz_vec *numbers = fx_vec(rz_type_of(RUZU_TYPE_UINT32), 2);
    rz_segment *rows, *over, *merged = NULL;
    ((uint32_t *)numbers->data)[0] = 1;
    ((uint32_t *)numbers->data)[1] = 3;
    rows = fx_build(numbers, 2);
    over = fx_build(contract_int64s(values, 2), 2);
    contract_normalise(rows);
    contract_normalise(over);
    FX_OK(rz_segment_overlay_make(fx_build(contract_int64s(before, 4), 4), rows, over, 6, &fx.mem, &fx.arena, &merged, &fx.err));
    rz_str bytes;
    rz_str_init(&bytes, &fx.mem);
    rz_segment_overlay_encode(merged, &bytes);
    contract_hex((const uint8_t *)bytes.data, bytes.length, hex);
    CHECK_STR(hex,
                   "0600000000000000020000000000000000000000000000000100000003020000020000000000000000000000000000000000000001000000"
                   "0000000000000000000000000200000000000000010000000000000001010000000000000003000000000000000002000000000000000000"
                   "0000000000000100000003020000020000000000000000000000000000000000000007000000000000000000000000000000020000000000"
                   "00000100000000000000010700000000000080090000000000008000");
    rz_str_free(&bytes);
}

int main(void)
{
    RUN_COLUMN(contract_constant);
    RUN_COLUMN(contract_constant_with_nulls);
    RUN_COLUMN(contract_all_null);
    RUN_COLUMN(contract_sequence);
    RUN_COLUMN(contract_bitpacked);
    RUN_COLUMN(contract_bitmap);
#ifndef RZ_TINY
    RUN_COLUMN(contract_rle);
    RUN_COLUMN(contract_dictionary_of_strings);
    RUN_COLUMN(contract_dictionary_of_doubles);
#endif
    RUN_COLUMN(contract_plain_strings);
    RUN_COLUMN(contract_constant_string);
    RUN_COLUMN(contract_plain_doubles);
    RUN_COLUMN(contract_lists);
    RUN_COLUMN(contract_structs);
    RUN_COLUMN(contract_overlay);
    return CHECK_DONE();
}
