/* SPDX-License-Identifier: MIT */
/*
 * Salvage of files whose metadata is damaged: lists of tables, a table's directory.
 */
#include "crash/named.h"

#include "transaction/store.h"
#include "unit/volume.h"

#define SALVAGE_OUT  "/data/out.ruzu"
#define SALVAGE_ROWS 5000

static simfs *salvage_disk(rz_page_range *out_directory, rz_page_range *out_list)
{
    simfs *fs = named_disk();
    ruzu_conn *conn = named_open(fs);
    named_run(conn, "CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING, v INT64); CREATE NODE TABLE Q(id INT64 PRIMARY KEY); CREATE REL TABLE K(FROM P TO Q)");
    named_run(conn, "UNWIND range(1, 5000) AS i CREATE (:P {id: i, name: 'name ' + string(i * 7), v: i * 1000}); UNWIND range(1, 10) AS i CREATE (:Q {id: i})");
    named_run(conn, "MATCH (p:P), (q:Q {id: 1}) WHERE p.id <= 100 CREATE (p)-[:K]->(q); CHECKPOINT");
    rz_store *store = conn->db->store;
    *out_directory = rz_store_table(store, 0)->directory.range;
    *out_list = rz_disk_header(rz_store_disk(store))->node_tables.range;
    CHECK(rz_store_table(store, 0)->ntab != NULL);
    named_close(conn);
    conn = named_open(fs); /* the last checkpoint may have written them elsewhere */
    store = conn->db->store;
    *out_directory = rz_store_table(store, 0)->directory.range;
    *out_list = rz_disk_header(rz_store_disk(store))->node_tables.range;
    named_close(conn);
    return fs;
}

typedef struct salvage_answer {
    ruzu_status status;
    rz_salvage_totals totals;
    bool said; /* the table P was reported with a reason */
    int64_t right; /* rows of P as they were */
    int64_t rows;
} salvage_answer;

static void salvage_hear(void *user, const rz_salvaged *table)
{
    salvage_answer *answer = (salvage_answer *)user;
    answer->said = answer->said || (table->is_table && strcmp(table->table, "P") == 0 && table->reason[0] != '\0');
}

static salvage_answer salvage_try(simfs *fs)
{
    salvage_answer answer = {.right = -1, .rows = -1};
    rz_error err;
    rz_error_init(&err);
    rz_store_options options = {.vfs = simfs_vfs(fs), .path = NAMED_PATH, .pool_size_bytes = UINT64_C(4) << 20};
    answer.status = rz_store_salvage(&options, SALVAGE_OUT, salvage_hear, &answer, &answer.totals, &err);
    if (answer.status == RUZU_OK) {
        ruzu_conn *conn = NULL;
        CHECK_EQ_I64(named_try_open(fs, SALVAGE_OUT, 0, &conn), RUZU_OK);
        answer.rows = named_number(conn, "MATCH (p:P) RETURN count(*)");
        answer.right = named_number(conn, "MATCH (p:P) WHERE p.name = 'name ' + string(p.id % 10000 * 7) AND p.v = p.id % 10000 * 1000 RETURN count(*)");
        CHECK_EQ_I64(named_number(conn, "MATCH (q:Q) RETURN count(*)"), 10); /* other tables are whole */
        named_sound(conn, false);
        named_close(conn);
    }
    return answer;
}

/* Each directory that a list names has a checksum of its own. */
static void a_damaged_list_costs_the_damaged_entry_at_most(void)
{
    rz_page_range directory, list;
    simfs *fs = salvage_disk(&directory, &list);
    uint8_t bit = 0;
    uint64_t second = list.start * RZ_PAGE_SIZE + 4 + 32; /* the entry of the second table */
    simfs *copy = simfs_copy(fs);
    CHECK(simfs_peek(copy, NAMED_PATH, second + 31, &bit, 1));
    bit ^= 1;
    CHECK(simfs_poke(copy, NAMED_PATH, second + 31, &bit, 1));
    rz_error err;
    rz_error_init(&err);
    salvage_answer answer = {0};
    rz_store_options options = {.vfs = simfs_vfs(copy), .path = NAMED_PATH, .pool_size_bytes = UINT64_C(4) << 20};
    CHECK_EQ_I64(rz_store_salvage(&options, SALVAGE_OUT, salvage_hear, &answer, &answer.totals, &err), RUZU_OK);
    CHECK(answer.totals.problems > 0);
    ruzu_conn *conn = NULL;
    CHECK_EQ_I64(named_try_open(copy, SALVAGE_OUT, 0, &conn), RUZU_OK);
    CHECK_EQ_I64(named_number(conn, "MATCH (p:P) WHERE p.v = p.id * 1000 RETURN count(*)"), SALVAGE_ROWS);
    named_sound(conn, false);
    named_close(conn);
    simfs_free(copy);
    simfs_free(fs);
}

static void most_damage_to_a_directory_costs_little(void)
{
    rz_page_range directory, list;
    simfs *fs = salvage_disk(&directory, &list);
    CHECK_EQ_I64(salvage_try(fs).right, SALVAGE_ROWS);
    CHECK_EQ_I64(simfs_vfs(fs)->remove(simfs_vfs(fs), SALVAGE_OUT), RUZU_OK);
    uint64_t bytes = 0;
    uint8_t byte = 0;
    for (uint64_t at = 0; at < directory.count * RZ_PAGE_SIZE; at++) {
        CHECK(simfs_peek(fs, NAMED_PATH, directory.start * RZ_PAGE_SIZE + at, &byte, 1));
        bytes = byte != 0 ? at + 1 : bytes;
    }
    uint64_t tries = test_volume(200, 20);
    uint64_t whole = 0, most = 0, none = 0;
    for (uint64_t i = 0; i < tries; i++) {
        simfs *copy = simfs_copy(fs);
        uint64_t at = directory.start * RZ_PAGE_SIZE + i * bytes / tries;
        CHECK(simfs_peek(copy, NAMED_PATH, at, &byte, 1));
        byte ^= (uint8_t)(1u << (i % 8));
        CHECK(simfs_poke(copy, NAMED_PATH, at, &byte, 1));
        salvage_answer answer = salvage_try(copy);
        CHECK_EQ_I64(answer.status, RUZU_OK);
        CHECK(answer.said); /* the report names the table, whatever was read */
        CHECK(answer.totals.opened_damaged && answer.totals.tables_damaged >= 1);
        whole += answer.right == SALVAGE_ROWS;
        most += answer.rows >= SALVAGE_ROWS * 9 / 10;
        none += answer.rows == 0;
        simfs_free(copy);
    }
    printf("of %d damaged directories %d gave everything, %d nine rows of ten, %d nothing\n", (int)tries, (int)whole, (int)most, (int)none);
    CHECK(most * 2 > tries);
    CHECK(whole * 3 > tries);
    simfs_free(fs);
}

int main(void)
{
    RUN(a_damaged_list_costs_the_damaged_entry_at_most);
    RUN(most_damage_to_a_directory_costs_little);
    return CHECK_DONE();
}
