/* SPDX-License-Identifier: MIT */
/*
 * The bytes of small tables: directories, CSR groups and index levels. A change here is a change of the file format: raise its version and keep reading
 * the old bytes. (Group sizes are part of the format; these tables have one group whatever the build.)
 *
 * In the directories, places and CRCs of pages are shown as zeros: both depend on the file.
 */
#include "storage/table/ntab.h"
#include "storage/table/rtab.h"
#include "unit/table_fixture.h"

static void contract_hex(const uint8_t *data, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *out++ = digits[data[i] >> 4];
        *out++ = digits[data[i] & 15];
    }
    *out = '\0';
}

/* Compares bytes of a directory, after blanking the `blank_count` places (offset, size). */
static void contract_directory(const rz_str *bytes, size_t first, size_t size, const size_t (*blanks)[2], uint32_t blank_count, const char *expected)
{
    static uint8_t copy[4096];
    static char hex[8193];
    CHECK(first + size <= bytes->length && size <= sizeof copy);
    memcpy(copy, bytes->data + first, size);
    for (uint32_t i = 0; i < blank_count; i++) {
        memset(copy + blanks[i][0] - first, 0, blanks[i][1]);
    }
    contract_hex(copy, size, hex);
    CHECK_STR(hex, expected);
}

/* The one page of extents: its first bytes, and zeros behind them. */
static void contract_page(const rz_extents *extents, const char *expected)
{
    static uint8_t page[RZ_PAGE_SIZE];
    static char hex[2 * RZ_PAGE_SIZE + 1];
    size_t used = strlen(expected) / 2, rest = 0;
    CHECK_EQ_U64(extents->count, 1);
    CHECK_EQ_U64(extents->page_count, 1);
    FX_OK(rz_disk_read(fx.disk, extents->items[0].range.start, 1, page, &fx.err));
    contract_hex(page, used, hex);
    CHECK_STR(hex, expected);
    for (size_t i = used; i < RZ_PAGE_SIZE; i++) {
        rest += page[i] != 0;
    }
    CHECK_EQ_U64(rest, 0);
    CHECK_EQ_U64(extents->crcs[0], rz_page_crc(fx.disk, extents->items[0].range.start, page));
}

/*
 * Relationships 3 -> 10, 3 -> 10, 3 -> 14, 5 -> 11, loaded, so with rel offsets 0 … 3; then 5 -> 10 inserted, rel offset 4.
 */
static void relationship_table(void)
{
    rz_rtab *table = NULL;
    rz_rtab_bulk *bulk = NULL;
    rz_rtab_def def = {.pair_id = 3, .name = "R", .src_table = 1, .dst_table = 2};
    rz_str bytes;
    uint64_t loaded;
    static const uint64_t src[4] = {5, 3, 3, 3}, dst[4] = {11, 14, 10, 10};
    rz_str_init(&bytes, &fx.mem);
    FX_OK(rz_rtab_create(&fx.env, &def, &table, &fx.err));
    fx_begin();
    FX_OK(rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
    FX_OK(rz_rtab_bulk_append(bulk, src, dst, NULL, &(rz_sel){NULL, 4}, &fx.err));
    FX_OK(rz_rtab_bulk_finish(bulk, NULL, &loaded, &fx.err));
    fx_commit();
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &bytes, &fx.err));

    /* "RTAT", version; rows: end, columns, groups; the group's rows, flags. */
    static const size_t blanks[4][2] = {{78, 8}, {90, 4}, {143, 8}, {155, 4}};
    CHECK_EQ_U64(bytes.length, 159);
    contract_directory(&bytes, 0, 29, NULL, 0, "5254415401000000" "0400000000000000" "00000000" "01000000" "04000000" "00");
    /* Forward: one group, present; 6 lists, 2 not empty, longest 3; implicit rel offsets, neighbours of 3 bits, … 4 edges, from 10, rel offsets from 0;
     * one extent: start, pages, CRC. */
    contract_directory(&bytes, 29, 65, blanks, 2,
                       "01000000" "01" "06000000" "02000000" "03000000" "01" "03" "00" "00" "0400000000000000" "0a00000000000000" "0000000000000000"
                       "01000000" "0000000000000000" "01000000" "00000000");
    /* Backward: 15 lists, 3 not empty; rel offsets 0, 1, 3, 2 of 2 bits. */
    contract_directory(&bytes, 94, 65, blanks + 2, 2,
                       "01000000" "01" "0f000000" "03000000" "02000000" "00" "02" "02" "00" "0400000000000000" "0300000000000000" "0000000000000000"
                       "01000000" "0000000000000000" "01000000" "00000000");

    /* Starts 0 0 0 0 3 3 4 of 3 bits; neighbours 0 0 4 1 of 3 bits. Each array is whole words and one of zeros. */
    contract_page(&table->csr.durable->sides[RZ_FORWARD].groups[0]->extents,
                  "00b0110000000000" "0000000000000000" "0003000000000000" "0000000000000000");
    /* Starts of 0 … 15: eleven 0, then 2 3 3 3 4 of 3 bits; neighbours 0 0 2 0 of 2 bits; rel offsets 0 1 3 2. */
    contract_page(&table->csr.durable->sides[RZ_BACKWARD].groups[0]->extents,
                  "00000000b48d0000" "0000000000000000" "2000000000000000" "0000000000000000" "b400000000000000" "0000000000000000");

    /* One more relationship: rel offsets are stored now. */
    static rz_id one_src = 5, one_dst = 10;
    fx_begin();
    FX_OK(rz_rtab_insert(table, &fx.writer, &one_src, &one_dst, NULL, &(rz_sel){NULL, 1}, NULL, &fx.err));
    fx_commit();
    rz_str_clear(&bytes);
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &bytes, &fx.err));
    contract_directory(&bytes, 29, 65, blanks, 2,
                       "01000000" "01" "06000000" "02000000" "03000000" "00" "03" "03" "00" "0500000000000000" "0a00000000000000" "0000000000000000"
                       "01000000" "0000000000000000" "01000000" "00000000");
    /* Starts 0 0 0 0 3 3 5; neighbours 0 0 4 0 1; rel offsets 0 1 2 4 3. */
    contract_page(&table->csr.durable->sides[RZ_FORWARD].groups[0]->extents,
                  "00b0150000000000" "0000000000000000" "0011000000000000" "0000000000000000" "8838000000000000" "0000000000000000");
    rz_str_free(&bytes);
    rz_rtab_destroy(table);
}

/* 4,000 relationships (i mod 2,000) -> (7 i mod 2,000) loaded; then 0 -> 0, rel offset 0, is deleted, and 5 -> 1,999 inserted, rel offset 4,000. */
static void overlay(void)
{
    rz_rtab *table = NULL;
    rz_rtab_bulk *bulk = NULL;
    rz_rtab_def def = {.pair_id = 3, .name = "R", .src_table = 1, .dst_table = 2};
    rz_str bytes;
    uint64_t loaded, deleted = 0;
    static uint64_t src[4000], dst[4000];
    static rz_id zero = 0, from = 5, to = 1999;
    for (uint64_t i = 0; i < 4000; i++) {
        src[i] = i % 2000;
        dst[i] = i * 7 % 2000;
    }
    rz_str_init(&bytes, &fx.mem);
    FX_OK(rz_rtab_create(&fx.env, &def, &table, &fx.err));
    fx_begin();
    FX_OK(rz_rtab_bulk_begin(table, &fx.writer, &bulk, &fx.err));
    for (uint32_t i = 0; i < 4000; i += RZ_VECTOR_CAPACITY) {
        uint32_t count = 4000 - i < RZ_VECTOR_CAPACITY ? 4000 - i : RZ_VECTOR_CAPACITY;
        FX_OK(rz_rtab_bulk_append(bulk, src + i, dst + i, NULL, &(rz_sel){NULL, count}, &fx.err));
    }
    FX_OK(rz_rtab_bulk_finish(bulk, NULL, &loaded, &fx.err));
    fx_commit();
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &bytes, &fx.err));
    fx_begin();
    FX_OK(rz_rtab_delete(table, &fx.writer, &zero, &zero, &zero, &(rz_sel){NULL, 1}, &deleted, &fx.err));
    FX_OK(rz_rtab_insert(table, &fx.writer, &from, &to, NULL, &(rz_sel){NULL, 1}, NULL, &fx.err));
    fx_commit();
    rz_str_clear(&bytes);
    FX_OK(rz_rtab_checkpoint(table, fx.timestamp, &bytes, &fx.err));
    const rz_csr_side *side = &table->csr.durable->sides[RZ_FORWARD];
    if (RZ_CSR_GROUP_NODES == 2048) { /* else there are other groups */
        CHECK(side->overlays[0] != NULL);
        rz_str_clear(&bytes);
        rz_csr_overlay_encode(side->overlays[0], &bytes);
        /* 6 lists; merged 2,000 that are not empty, longest 3; removals, neighbours of 11 bits, rel offsets of 12; 4,000 edges, 2 entries, 1 page written,
         * neighbours and rel offsets from 0; one extent. */
        static const size_t blanks[2][2] = {{60, 8}, {72, 4}};
        CHECK_EQ_U64(bytes.length, 76);
        contract_directory(&bytes, 0, 76, blanks, 2,
                           "06000000" "d0070000" "03000000" "01" "0b" "0c" "00" "a00f000000000000" "0200000000000000" "0100000000000000"
                           "0000000000000000" "0000000000000000" "01000000" "0000000000000000" "01000000" "00000000");
        /* Starts 0 0 | 1 1 | 1 1 | 1 1 | 1 1 | 1 2 | 2 of 2 bits; neighbours 0 1999; rel offsets 0 4000. */
        contract_page(&side->overlays[0]->extents, "5055950200000000" "0000000000000000" "00783e0000000000" "0000000000000000" "0000fa0000000000"
                                                   "0000000000000000");
    }
    rz_str_free(&bytes);
    rz_rtab_destroy(table);
}

/* Keys 7, 8, 9; row 1 is deleted. */
static void node_table(void)
{
    rz_ntab *table = NULL;
    rz_column_def column = {5, "id", RZ_INT64};
    rz_str bytes, segment;
    rz_vec *keys = fx_vec(RZ_INT64, 8);
    rz_str_init(&bytes, &fx.mem);
    rz_str_init(&segment, &fx.mem);
    FX_OK(rz_ntab_create(&fx.env, 1, "N", &column, 1, 0, &table, &fx.err));
    for (uint32_t i = 0; i < 3; i++) {
        fx_set_i64(keys, i, 7 + (int64_t)i);
    }
    fx_begin();
    FX_OK(rz_ntab_insert(table, &fx.writer, &keys, &(rz_sel){NULL, 3}, NULL, &fx.err));
    fx_commit();
    fx_begin();
    FX_OK(rz_rows_delete(&table->rows, &fx.writer, 1, &fx.err));
    fx_commit();
    FX_OK(rz_ntab_checkpoint(table, fx.timestamp, &bytes, &fx.err));
    rz_segment_encode(table->rows.durable->groups[0].base->segments[0]->data, &segment); /* its own contract: test_contract_segment */

    /* "NTAT", version, key column; rows: end, columns, their ids, groups; the group's rows, flags, deleted rows. */
    contract_directory(&bytes, 0, 38, NULL, 0,
                       "4e544154" "01000000" "00000000" "0300000000000000" "01000000" "05000000" "01000000" "03000000" "01" "02");
    CHECK(memcmp(bytes.data + 38, segment.data, segment.length) == 0);
    size_t at = 38 + segment.length;
    uint32_t set = 0;
    for (uint32_t i = 0; i < RZ_SKETCH_REGISTERS; i++) {
        set += bytes.data[at + i] != 0;
    }
    CHECK_EQ_U64(set, 3);
    at += RZ_SKETCH_REGISTERS;
    /* The index: one level; 3 entries, offsets 0 … 2, 0 bucket bits, offsets of 2 bits, starts of 2 bits; one extent. */
    size_t blanks[2][2] = {{at + 36, 8}, {at + 48, 4}};
    CHECK_EQ_U64(bytes.length, at + 52);
    contract_directory(&bytes, at, 52, (const size_t(*)[2])blanks, 2,
                       "01000000" "0300000000000000" "0000000000000000" "0200000000000000" "00" "02" "02" "00"
                       "01000000" "0000000000000000" "01000000" "00000000");
    /* Entries of 34 bits: the upper 32 bits of the key's hash, then the offset, ascending; starts 0 3. The hashes, checked from their definition: */
    uint64_t entries[3];
    for (uint32_t i = 0; i < 3; i++) {
        entries[i] = rz_hash_u64(7 + i) >> 32 << 2 | i;
    }
    CHECK_EQ_U64(entries[0], UINT64_C(0x4ab8c08c));
    CHECK_EQ_U64(entries[1], UINT64_C(0x355ac7eed));
    CHECK_EQ_U64(entries[2], UINT64_C(0x209b1aafe));
    rz_idx_stats stats;
    rz_idx_stats_get(table->idx, &stats);
    CHECK_EQ_U64(stats.level_pages, 1);
    static uint8_t page[RZ_PAGE_SIZE];
    char hex[100];
    FX_OK(rz_disk_read(fx.disk, rz_load_u64(bytes.data + at + 36), 1, page, &fx.err));
    contract_hex(page, 40, hex);
    CHECK_STR(hex, "8cc0b84af8abc626" "d8eec75a35000000" "0000000000000000" "0c00000000000000" "0000000000000000");
    rz_str_free(&bytes);
    rz_str_free(&segment);
    rz_ntab_destroy(table);
}

int main(void)
{
    RUN_TABLE(relationship_table);
    RUN_TABLE(overlay);
    RUN_TABLE(node_table);
    return CHECK_DONE();
}
