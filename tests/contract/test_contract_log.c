/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a log as docs/file-format.md describes them: a header, two transactions (one with a record that is cut), and columns. Bytes written here must be read by every later build,
 * and written by it.
 */
#include "storage/wal/log.h"
#include "types/types.h"

#include "sim/simfs.h"
#include "unit/check.h"

#include <stdlib.h>

#define LOG_PATH "/db.ruzu"

static rz_error err;

static void check_hex(const uint8_t *bytes, size_t size, const char *const *golden, uint32_t lines)
{
    size_t at = 0;
    for (uint32_t line = 0; line < lines; line++) {
        for (const char *p = golden[line]; *p != '\0'; p += 2) {
            char digits[3] = {p[0], p[1], '\0'};
            uint8_t want = (uint8_t)strtoul(digits, NULL, 16);
            if (at < size && bytes[at] != want) {
                fprintf(stderr, "byte %zu is %02x, expected %02x\n", at, bytes[at], want);
                CHECK(false);
            }
            at++;
        }
    }
    CHECK_EQ_U64(at, size);
}

static const char *const golden_header[] = {
    "52555a5557414c00"                 /* magic */
    "0100000000000000"                 /* version */
    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf" /* uuid */
    "0300000000000000"                 /* generation */
    "8877665544332211"                 /* salt */
    "2a00000000000000",                /* first LSN */
};

#define GOLDEN_HEADER_CRC 0xa09397f9u
#define GOLDEN_RECORDS    208u

static const char *const golden_records[] = {
    "08000000010000002a00000000000000090000000000000000000000611b000000000000c9c06bde", /* BEGIN */
    "05000000050000002b000000000000000900000000000000c9c06bde68656c6c6f0000008e447cc9", /* INSERT_NODES, 5 bytes */
    "00000000040000002c0000000000000009000000000000008e447cc9d8c71f90", /* SEQUENCE, empty */
    "18000000020000002d000000000000000900000000000000d8c71f90611b000000000000000200000000000000020000000000000b412f63", /* COMMIT */
    "08000000010000002e000000000000000a000000000000000b412f63621b00000000000053128612", /* BEGIN of the next */
};

#ifndef RZ_TINY
/* The first 65,504 bytes of a payload of 65,507. */
static const char *const golden_cut[] = {"e0ff00000c0001002f000000000000000a0000000000000053128612"};

/* Its other three, and the COMMIT. */
static const char *const golden_end[] = {
    "030000000c00000030000000000000000a00000000000000d87b2e1b010101000000000076f8c110",
    "180000000200000031000000000000000a0000000000000076f8c110621b000000000000a802000000000000a8020000000000000b496c4e",
};
#endif

static rz_file_header contract_header(void)
{
    rz_file_header header;
    memset(&header, 0, sizeof header);
    for (uint32_t i = 0; i < 16; i++) {
        header.uuid[i] = (uint8_t)(0xa0 + i);
    }
    header.log_generation = 3;
    header.folded_lsn = 41;
    header.log_salts[0] = 0x1122334455667788u;
    header.log_salts[1] = 5;
    header.flags = RZ_HEADER_CLEAN;
    return header;
}

typedef struct contract_seen {
    uint64_t commits;
    uint64_t records;
    uint64_t sum;
} contract_seen;

static ruzu_status contract_see(void *user, const rz_wal_record *record, rz_error *error)
{
    contract_seen *seen = (contract_seen *)user;
    (void)error;
    seen->records++;
    seen->commits += record->type == RZ_WAL_COMMIT;
    CHECK(record->timestamp == 7000 + record->txid);
    for (size_t i = 0; i < record->size; i++) {
        seen->sum += record->payload[i];
    }
    return RUZU_OK;
}

static void log_bytes_stay_as_they_are(void)
{
    simfs *fs = simfs_create(1);
    rz_file_header header = contract_header();
    rz_wal *wal = NULL;
    rz_wal_found found;
    contract_seen seen = {0, 0, 0};
    rz_error_init(&err);
    CHECK(rz_wal_open(simfs_vfs(fs), rz_mem_root(), LOG_PATH, false, &wal, &err) == RUZU_OK);
    CHECK(rz_wal_recover(wal, &header, false, contract_see, &seen, &found, &err) == RUZU_OK);
    CHECK(rz_wal_resume(wal, &err) == RUZU_OK);
    rz_redo redo;
    uint64_t lsn = 0;
    rz_redo_init(&redo, rz_mem_root(), NULL);
    CHECK(rz_redo_add(&redo, RZ_WAL_INSERT_NODES, "hello", 5, &err) == RUZU_OK);
    CHECK(rz_redo_add(&redo, RZ_WAL_SEQUENCE, "", 0, &err) == RUZU_OK);
    CHECK(rz_wal_append(wal, &redo, 9, 7009, &lsn, &err) == RUZU_OK);
    CHECK_EQ_U64(lsn, 45);
    CHECK(rz_wal_sync(wal, lsn, &err) == RUZU_OK);
    rz_redo_reset(&redo);
    uint8_t *big = (uint8_t *)calloc(1, 65504 + 3);
    memset(big, 1, 65504 + 3);
    CHECK(rz_redo_add(&redo, RZ_WAL_BULK_RELS, big, 65504 + 3, &err) == RUZU_OK);
    CHECK(rz_wal_append(wal, &redo, 10, 7010, &lsn, &err) == RUZU_OK);
    rz_redo_deinit(&redo);
    free(big);

    uint8_t bytes[LOG_HEADER_BYTES];
    CHECK(simfs_peek(fs, LOG_PATH ".wal", 0, bytes, sizeof bytes));
    check_hex(bytes, 56, golden_header, 1);
    for (uint32_t i = 56; i < 508; i++) {
        CHECK_EQ_U64(bytes[i], 0);
    }
    CHECK_EQ_U64(rz_load_u32(bytes + 508), GOLDEN_HEADER_CRC);
    uint8_t records[GOLDEN_RECORDS];
    CHECK(simfs_peek(fs, LOG_PATH ".wal", LOG_HEADER_BYTES, records, sizeof records));
    check_hex(records, sizeof records, golden_records, sizeof golden_records / sizeof golden_records[0]);
#ifndef RZ_TINY /* which cuts records earlier */
    uint8_t cut[LOG_HEAD];
    CHECK(simfs_peek(fs, LOG_PATH ".wal", LOG_HEADER_BYTES + GOLDEN_RECORDS, cut, sizeof cut));
    check_hex(cut, sizeof cut, golden_cut, 1);
    CHECK_EQ_U64(rz_wal_size_bytes(wal), GOLDEN_RECORDS + 65536 + 40 + 56);
    uint8_t end[96];
    CHECK(simfs_peek(fs, LOG_PATH ".wal", LOG_HEADER_BYTES + GOLDEN_RECORDS + 65536, end, sizeof end));
    check_hex(end, sizeof end, golden_end, sizeof golden_end / sizeof golden_end[0]);
#endif
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    header.flags = 0;
    CHECK(rz_wal_open(simfs_vfs(fs), rz_mem_root(), LOG_PATH, true, &wal, &err) == RUZU_OK);
    CHECK(rz_wal_recover(wal, &header, false, contract_see, &seen, &found, &err) == RUZU_OK);
    CHECK_EQ_U64(seen.commits, 2);
    CHECK_EQ_U64(seen.records, 7);
    CHECK_EQ_U64(seen.sum, 532 + 65504 + 3);
    CHECK(rz_wal_close(wal, false, &err) == RUZU_OK);
    simfs_free(fs);
}

static void check_column(const rz_vec *vec, uint32_t count, const char *golden)
{
    rz_str out;
    rz_str_init(&out, rz_mem_root());
    rz_sel sel = {NULL, count};
    rz_vec_encode(vec, &sel, &out);
    check_hex((const uint8_t *)out.data, out.length, &golden, 1);
    rz_str_free(&out);
}

static void column_bytes_stay_as_they_are(void)
{
    rz_arena arena;
    rz_arena_init(&arena, rz_mem_root());
    rz_error_init(&err);
    rz_vec *vec = NULL;
    CHECK(rz_vec_create(&arena, &arena, rz_type_of(RUZU_TYPE_INT16), 4, &vec, &err) == RUZU_OK);
    for (uint32_t i = 0; i < 4; i++) {
        ((int16_t *)vec->data)[i] = (int16_t)(i - 1);
    }
    check_column(vec, 4, "00" "ffff" "0000" "0100" "0200");
    rz_vec_set_null(vec, 2);
    check_column(vec, 4, "01" "0b" "ffff" "0000" "0200");
    rz_vec_set_constant(vec);
    ((int16_t *)vec->data)[0] = 3;
    check_column(vec, 4, "02" "0300");
    rz_vec_set_all_null(vec);
    check_column(vec, 4, "03" "00");

    char text[130];
    memset(text, 'x', sizeof text);
    CHECK(rz_vec_create(&arena, &arena, RZ_STRING, 2, &vec, &err) == RUZU_OK);
    CHECK(rz_vec_set_string(vec, 0, text, 130, &err) == RUZU_OK);
    CHECK(rz_vec_set_string(vec, 1, "ab", 2, &err) == RUZU_OK);
    rz_vec *list = NULL;
    uint32_t offset = 0;
    CHECK(rz_vec_create(&arena, &arena, rz_type_list(&arena, RZ_STRING), 2, &list, &err) == RUZU_OK);
    CHECK(rz_vec_list_reserve(list, 2, &offset, &err) == RUZU_OK);
    CHECK(rz_vec_copy(list->children[0], 0, vec, &(rz_sel){NULL, 2}, &err) == RUZU_OK);
    ((rz_list_entry *)list->data)[0] = (rz_list_entry){0, 0};
    ((rz_list_entry *)list->data)[1] = (rz_list_entry){1, 1};
    check_column(list, 2, "00" "0001" "00" "02" "6162");

    rz_type_field members[2] = {{"a", rz_type_of(RUZU_TYPE_INT8)}, {"b", RZ_STRING}};
    rz_vec *choice = NULL;
    CHECK(rz_vec_create(&arena, &arena, rz_type_union(&arena, members, 2), 3, &choice, &err) == RUZU_OK);
    uint8_t *tags = (uint8_t *)choice->children[0]->data;
    tags[0] = 1;
    tags[1] = 0;
    rz_vec_set_null(choice->children[1], 0);
    ((int8_t *)choice->children[1]->data)[1] = -2;
    rz_vec_set_null(choice->children[2], 1);
    CHECK(rz_vec_set_string(choice->children[2], 0, "u", 1, &err) == RUZU_OK);
    rz_vec_set_null(choice, 2);
    check_column(choice, 3, "01" "03" "0100" "00" "fe" "00" "01" "75");
    rz_vec *record = NULL;
    CHECK(rz_vec_create(&arena, &arena, rz_type_struct(&arena, members, 2), 2, &record, &err) == RUZU_OK);
    ((int8_t *)record->children[0]->data)[0] = 5;
    CHECK(rz_vec_set_string(record->children[1], 0, "v", 1, &err) == RUZU_OK);
    rz_vec_set_null(record, 1);
    check_column(record, 2, "01" "01" "00" "05" "00" "01" "76");
    check_column(record, 0, "00");
    rz_arena_free(&arena);
}

int main(void)
{
    RUN(log_bytes_stay_as_they_are);
    RUN(column_bytes_stay_as_they_are);
    return CHECK_DONE();
}
