/* SPDX-License-Identifier: MIT */
/*
 * The bytes of the file header, metadata references and the free list, as docs/file-format.md gives them. A change here
 * is a change of the file format: it needs a new format version, and files of the old one must still open.
 */
#include "storage/page/disk.h"

#include "unit/check.h"
#include "unit/page_memfs.h"

static void check_hex(const uint8_t *bytes, size_t size, const char *const *lines)
{
    for (size_t off = 0; off < size; off += 32) {
        char got[65];
        for (size_t i = 0; i < 32; i++) {
            snprintf(got + 2 * i, 3, "%02x", off + i < size ? bytes[off + i] : 0);
        }
        CHECK_STR(got, lines[off / 32]);
    }
}

static rz_file_header contract_header(void)
{
    rz_file_header header;
    memset(&header, 0, sizeof header);
    header.format_version = 1;
    header.min_reader_version = 1;
    for (uint32_t i = 0; i < 16; i++) {
        header.uuid[i] = (uint8_t)(0xa0 + i);
    }
    header.number = 0x0102030405060708u;
    header.flags = RZ_HEADER_CLEAN;
    header.row_group_rows = 65536;
    header.csr_group_nodes = 2048;
    header.page_count = 1000;
    header.catalog = (rz_meta_ref){{10, 2}, 5000, 0x11111111};
    header.node_tables = (rz_meta_ref){{20, 3}, 9000, 0x22222222};
    header.rel_tables = (rz_meta_ref){{30, 4}, 13000, 0x33333333};
    header.free_space = (rz_meta_ref){{40, 1}, 24, 0x44444444};
    header.log_generation = 5;
    header.folded_lsn = 6;
    header.log_salts[0] = 0x5555555555555555u;
    header.log_salts[1] = 0x6666666666666666u;
    header.last_timestamp = 7;
    return header;
}

static void header_bytes_stay_as_they_are(void)
{
    static const char *const golden[16] = {
        "52555a5544420000"
        "0100000001000000"
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
        "0807060504030201"
        "01000000"
        "00000100"
        "00080000"
        "00000000"
        "e803000000000000",
        "0a00000000000000"
        "0200000000000000"
        "8813000000000000"
        "11111111"
        "00000000",
        "1400000000000000"
        "0300000000000000"
        "2823000000000000"
        "22222222"
        "00000000",
        "1e00000000000000"
        "0400000000000000"
        "c832000000000000"
        "33333333"
        "00000000",
        "2800000000000000"
        "0100000000000000"
        "1800000000000000"
        "44444444"
        "00000000",
        "0500000000000000"
        "0600000000000000"
        "5555555555555555"
        "6666666666666666",
        "0700000000000000"
        "000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "00000000000000000000000000000000000000000000000000000000"
        "59becbe2",
    };
    rz_file_header header = contract_header();
    uint8_t page[RZ_PAGE_SIZE];
    rz_header_encode(&header, page);
    check_hex(page, 512, golden);
    for (uint32_t i = 512; i < RZ_PAGE_SIZE; i++) {
        CHECK_EQ_U64(page[i], 0);
    }
    rz_file_header back;
    CHECK_EQ_I64(rz_header_decode(page, &back), RZ_SLOT_VALID);
    CHECK(memcmp(&back.uuid, &header.uuid, sizeof back.uuid) == 0);
    CHECK_EQ_U64(back.number, header.number);
    CHECK_EQ_U64(back.flags, header.flags);
    CHECK_EQ_U64(back.page_count, header.page_count);
    CHECK_EQ_U64(back.rel_tables.range.start, 30);
    CHECK_EQ_U64(back.free_space.crc, 0x44444444);
    CHECK_EQ_U64(back.log_generation, 5);
    CHECK_EQ_U64(back.folded_lsn, 6);
    CHECK_EQ_U64(back.log_salts[1], 0x6666666666666666u);
    CHECK_EQ_U64(back.last_timestamp, 7);
    /* Any changed bit of the first sector makes the slot invalid. */
    for (uint32_t bit = 0; bit < 512 * 8; bit++) {
        page[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        CHECK(rz_header_decode(page, &back) != RZ_SLOT_VALID);
        page[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

static void metadata_reference_bytes_stay_as_they_are(void)
{
    static const char *const golden[1] = {"0a0000000000000002000000000000008813000000000000"
                                          "78563412"
                                          "00000000"};
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_str text;
    rz_str_init(&text, &mem);
    rz_meta_ref ref = {{10, 2}, 5000, 0x12345678};
    rz_meta_ref_encode(&ref, &text);
    CHECK_EQ_U64(text.length, 28);
    check_hex((const uint8_t *)text.data, 28, golden);
    rz_str_free(&text);
}

static void free_list_bytes_stay_as_they_are(void)
{
    /* Free: page 2, and 4 … 7, of which page 4 held the list before. */
    static const char *const golden[2] = {
        "0200000000000000"
        "0200000000000000"
        "0100000000000000"
        "0400000000000000",
        "0400000000000000"
        "000000000000000000000000000000000000000000000000",
    };
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_error err;
    rz_error_init(&err);
    memfs *fs = memfs_new(99);
    rz_disk *disk = NULL;
    CHECK_EQ_I64(rz_disk_create(&fs->vfs, &mem, "x.ruzu", &disk, &err), RUZU_OK);
    rz_page_range range;
    CHECK_EQ_I64(rz_disk_allocate(disk, 20, &range, &err), RUZU_OK);
    rz_disk_free(disk, (rz_page_range){4, 1});
    rz_file_header header = *rz_disk_header(disk);
    CHECK_EQ_I64(rz_disk_header_write(disk, &header, &err), RUZU_OK);
    CHECK_EQ_U64(rz_disk_header(disk)->free_space.range.start, 4);
    rz_disk_free(disk, (rz_page_range){2, 1});
    rz_disk_free(disk, (rz_page_range){5, 3});
    CHECK_EQ_I64(rz_disk_header_write(disk, &header, &err), RUZU_OK);
    rz_meta_ref list = rz_disk_header(disk)->free_space;
    uint8_t page[RZ_PAGE_SIZE];
    CHECK_EQ_U64(list.range.count, 1);
    CHECK_EQ_U64(list.size_bytes, 40);
    CHECK_EQ_I64(rz_disk_read(disk, list.range.start, 1, page, &err), RUZU_OK);
    check_hex(page, 40, golden);
    CHECK_EQ_I64(rz_disk_close(disk, &err), RUZU_OK);
    memfs_free(fs);
}

static void checksums_stay_as_they_are(void)
{
    rz_mem mem;
    rz_mem_init(&mem, NULL, UINT64_MAX);
    rz_error err;
    rz_error_init(&err);
    rz_disk *disk = NULL;
    CHECK_EQ_I64(rz_disk_create(NULL, &mem, NULL, &disk, &err), RUZU_OK);
    for (uint32_t i = 0; i < 16; i++) {
        disk->uuid[i] = (uint8_t)(0xa0 + i);
    }
    /* CRC-32C over the number (u64), the uuid and the bytes. */
    uint8_t zeros[RZ_PAGE_SIZE] = {0};
    CHECK_EQ_U64(rz_page_crc(disk, 0x0102030405060708u, zeros), 752053009u);
    CHECK_EQ_U64(rz_meta_crc(disk, 7, "ruzu", 4), 614838280u);
    CHECK_EQ_I64(rz_disk_close(disk, &err), RUZU_OK);
}

int main(void)
{
    RUN(header_bytes_stay_as_they_are);
    RUN(metadata_reference_bytes_stay_as_they_are);
    RUN(free_list_bytes_stay_as_they_are);
    RUN(checksums_stay_as_they_are);
    return CHECK_DONE();
}
