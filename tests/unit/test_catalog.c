/* SPDX-License-Identifier: MIT */
/*
 * Catalog versions: editing copies, look-ups, ids, bytes and damaged bytes.
 */
#include "catalog/catalog.h"

#include "check.h"

#include <stdlib.h>

static rz_mem test_mem;

static rz_cat_table person_table(rz_cat_property properties[2])
{
    properties[0] = (rz_cat_property){.name = "id", .type = rz_type_of(RUZU_TYPE_SERIAL)};
    properties[1] = (rz_cat_property){.name = "Name", .type = RZ_STRING, .default_text = "'nobody'"};
    return (rz_cat_table){.kind = RZ_CAT_NODE_TABLE, .name = "Person", .properties = properties, .property_count = 2};
}

static void add_person(rz_catalog *catalog, uint32_t *out_id)
{
    rz_error err;
    rz_error_init(&err);
    rz_cat_property properties[2];
    rz_cat_table table = person_table(properties);
    const rz_cat_table *added = NULL;
    CHECK(rz_catalog_add_table(catalog, &table, &added, &err) == RUZU_OK);
    *out_id = added == NULL ? RZ_NO_TABLE : added->id;
}

static const rz_cat_table *add_knows(rz_catalog *catalog, uint32_t person)
{
    rz_error err;
    rz_error_init(&err);
    rz_cat_property since = {.name = "since", .type = rz_type_of(RUZU_TYPE_DATE)};
    rz_cat_pair pairs[2] = {{.id = UINT32_MAX, .src_table = person, .dst_table = person}, {.id = UINT32_MAX, .src_table = person, .dst_table = person}};
    rz_cat_table table = {.kind = RZ_CAT_REL_TABLE, .name = "Knows", .properties = &since, .property_count = 1, .pairs = pairs, .pair_count = 2, .one_dst = true};
    const rz_cat_table *added = NULL;
    CHECK(rz_catalog_add_table(catalog, &table, &added, &err) == RUZU_OK);
    return added;
}

static void editing_leaves_the_old_version_alone(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_catalog *first = NULL;
    rz_catalog *second = NULL;
    uint32_t person = 0;
    CHECK(rz_catalog_create(&test_mem, &first, &err) == RUZU_OK);
    CHECK(rz_catalog_edit(first, &second, &err) == RUZU_OK);
    add_person(second, &person);
    CHECK(rz_catalog_find_table(first, "Person") == NULL);
    CHECK(rz_catalog_find_table(second, "pERSON") != NULL);
    CHECK(rz_catalog_version(second) > rz_catalog_version(first));
    CHECK(rz_catalog_find_sequence(second, "Person_id_serial") != NULL);
    rz_catalog_release(first);
    CHECK_STR(rz_catalog_node_table(second, person)->name, "Person");
    rz_catalog_release(second);
}

static void ids_are_shared_by_tables_and_pairs_and_never_reused(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_catalog *catalog = NULL;
    uint32_t person = 0;
    CHECK(rz_catalog_create(&test_mem, &catalog, &err) == RUZU_OK);
    add_person(catalog, &person);
    const rz_cat_table *knows = add_knows(catalog, person);
    CHECK_EQ_U64(knows->pairs[0].id, person + 1);
    CHECK_EQ_U64(knows->pairs[1].id, person + 2);
    const rz_cat_pair *pair = NULL;
    CHECK(rz_catalog_rel_of_pair(catalog, person + 2, &pair) == knows);
    CHECK(pair == &knows->pairs[1]);
    CHECK(rz_catalog_rel_of_pair(catalog, person, NULL) == NULL);
    CHECK(rz_catalog_node_table(catalog, person + 1) == NULL);
    CHECK(rz_catalog_drop_table(catalog, knows->id, &err) == RUZU_OK);
    CHECK(rz_catalog_find_table(catalog, "Knows") == NULL);
    knows = add_knows(catalog, person);
    CHECK_EQ_U64(knows->pairs[0].id, person + 3);
    rz_catalog_release(catalog);
}

static void names_are_unique_without_case(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_catalog *catalog = NULL;
    uint32_t person = 0;
    CHECK(rz_catalog_create(&test_mem, &catalog, &err) == RUZU_OK);
    add_person(catalog, &person);
    rz_cat_property properties[2];
    rz_cat_table table = person_table(properties);
    const rz_cat_table *added = NULL;
    table.name = "PERSON";
    CHECK(rz_catalog_add_table(catalog, &table, &added, &err) == RUZU_ERROR_BINDER);
    CHECK_STR(err.message, "Binder exception: PERSON already exists in catalog.");
    rz_catalog_release(catalog);
}

static void fill(rz_catalog *catalog)
{
    rz_error err;
    rz_error_init(&err);
    uint32_t person = 0;
    add_person(catalog, &person);
    add_knows(catalog, person);
    rz_cat_macro macro = {.name = "ADDX", .text = "CREATE MACRO addx(x) AS x + 1"};
    CHECK(rz_catalog_add_macro(catalog, &macro, &err) == RUZU_OK);
    rz_cat_type type = {.name = "Mood", .type = RZ_STRING};
    CHECK(rz_catalog_add_type(catalog, &type, &err) == RUZU_OK);
    rz_cat_sequence sequence = {.name = "s", .start = 5, .increment = -2, .minimum = -9, .maximum = 7, .cycle = true};
    CHECK(rz_catalog_add_sequence(catalog, &sequence, &err) == RUZU_OK);
    CHECK(rz_catalog_set_sequence(catalog, "S", 3, true, &err) == RUZU_OK);
}

static void sequences_of_serial_columns_follow_their_table(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_catalog *catalog = NULL;
    const rz_cat_table *table = NULL;
    CHECK(rz_catalog_create(&test_mem, &catalog, &err) == RUZU_OK);
    rz_cat_property properties[3] = {{.name = "id", .type = rz_type_of(RUZU_TYPE_SERIAL)}, {.name = "n", .type = RZ_INT64}};
    rz_cat_table made = {.kind = RZ_CAT_NODE_TABLE, .name = "T", .properties = properties, .property_count = 2, .comment = ""};
    CHECK(rz_catalog_add_table(catalog, &made, &table, &err) == RUZU_OK);
    const rz_cat_sequence *sequence = rz_catalog_serial_sequence(catalog, table, 0);
    CHECK(sequence != NULL && sequence->implicit && !sequence->used);
    CHECK_STR(sequence->name, "T_id_serial");
    CHECK(rz_catalog_serial_sequence(catalog, table, 1) == NULL);
    CHECK(rz_catalog_set_sequence(catalog, "t_ID_serial", 41, true, &err) == RUZU_OK);

    rz_cat_table changed = *table; /* renamed, with one more column */
    memcpy(properties, table->properties, 2 * sizeof properties[0]);
    properties[0].name = "number";
    properties[2] = (rz_cat_property){.id = UINT32_MAX, .name = "more", .type = rz_type_of(RUZU_TYPE_SERIAL)};
    changed.name = "U";
    changed.properties = properties;
    changed.property_count = 3;
    CHECK(rz_catalog_replace_table(catalog, &changed, &table, &err) == RUZU_OK);
    CHECK(rz_catalog_find_sequence(catalog, "T_id_serial") == NULL);
    sequence = rz_catalog_serial_sequence(catalog, table, 0);
    CHECK(sequence != NULL && sequence->used);
    CHECK_STR(sequence->name, "U_number_serial");
    CHECK_EQ_I64(sequence->current, 41);
    CHECK(rz_catalog_serial_sequence(catalog, table, 2) != NULL);

    CHECK(rz_catalog_drop_sequence(catalog, "U_number_serial", &err) == RUZU_OK); /* and made again with another start */
    CHECK(rz_catalog_serial_sequence(catalog, table, 0) == NULL);
    rz_cat_sequence again = {.name = "u_NUMBER_serial", .start = 7, .increment = 3, .minimum = 1, .maximum = 100};
    CHECK(rz_catalog_add_sequence(catalog, &again, &err) == RUZU_OK);
    sequence = rz_catalog_serial_sequence(catalog, table, 0);
    CHECK(sequence != NULL && sequence->implicit && !sequence->used);
    CHECK_EQ_I64(sequence->current, 7);

    memcpy(properties, table->properties, 2 * sizeof properties[0]); /* the last column goes, and its sequence */
    changed = *table;
    changed.properties = properties;
    changed.property_count = 2;
    CHECK(rz_catalog_replace_table(catalog, &changed, &table, &err) == RUZU_OK);
    CHECK_EQ_U64(rz_catalog_sequence_count(catalog), 1);
    CHECK(rz_catalog_drop_table(catalog, table->id, &err) == RUZU_OK);
    CHECK_EQ_U64(rz_catalog_sequence_count(catalog), 0);
    rz_catalog_release(catalog);
}

static void a_fork_has_the_same_version_and_values_of_its_own(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_catalog *catalog = NULL;
    rz_catalog *fork = NULL;
    CHECK(rz_catalog_create(&test_mem, &catalog, &err) == RUZU_OK);
    fill(catalog);
    CHECK(rz_catalog_fork(catalog, &fork, &err) == RUZU_OK);
    CHECK_EQ_U64(rz_catalog_version(fork), rz_catalog_version(catalog));
    CHECK(rz_catalog_set_sequence(fork, "s", -9, true, &err) == RUZU_OK);
    CHECK_EQ_I64(rz_catalog_find_sequence(catalog, "s")->current, 3);
    CHECK_EQ_I64(rz_catalog_find_sequence(fork, "s")->current, -9);
    CHECK(rz_catalog_find_table(fork, "person") == rz_catalog_find_table(catalog, "person"));
    CHECK(rz_catalog_set_sequence(fork, "nothing", 1, true, &err) == RUZU_ERROR_CATALOG);
    rz_catalog_release(fork);
    rz_catalog_release(catalog);
}

static void a_sequence_outside_of_its_bounds_is_damage(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_catalog *catalog = NULL;
    rz_catalog *copy = NULL;
    rz_str bytes;
    rz_str_init(&bytes, &test_mem);
    CHECK(rz_catalog_create(&test_mem, &catalog, &err) == RUZU_OK);
    fill(catalog);
    CHECK(rz_catalog_set_sequence(catalog, "s", 8, true, &err) == RUZU_OK); /* its bounds are -9 and 7 */
    rz_catalog_encode(catalog, &bytes);
    CHECK(rz_catalog_decode(&test_mem, bytes.data, bytes.length, &copy, &err) == RUZU_ERROR_CORRUPT);
    CHECK(copy == NULL);
    rz_str_free(&bytes);
    rz_catalog_release(catalog);
}

static void bytes_come_back_as_the_same_catalog(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_catalog *catalog = NULL;
    rz_catalog *copy = NULL;
    rz_str bytes;
    rz_str again;
    rz_str_init(&bytes, &test_mem);
    rz_str_init(&again, &test_mem);
    CHECK(rz_catalog_create(&test_mem, &catalog, &err) == RUZU_OK);
    fill(catalog);
    rz_catalog_encode(catalog, &bytes);
    CHECK(rz_catalog_decode(&test_mem, bytes.data, bytes.length, &copy, &err) == RUZU_OK);
    rz_catalog_encode(copy, &again);
    CHECK(bytes.length == again.length && memcmp(bytes.data, again.data, bytes.length) == 0);
    const rz_cat_table *knows = rz_catalog_find_table(copy, "knows");
    CHECK(knows != NULL && knows->one_dst && !knows->one_src && knows->pair_count == 2);
    CHECK_STR(rz_catalog_find_table(copy, "person")->properties[1].default_text, "'nobody'");
    CHECK_EQ_I64(rz_catalog_find_sequence(copy, "s")->current, 3);
    CHECK_STR(rz_catalog_find_macro(copy, "addx")->text, "CREATE MACRO addx(x) AS x + 1");
    rz_str_free(&bytes);
    rz_str_free(&again);
    rz_catalog_release(catalog);
    rz_catalog_release(copy);
}

static void damaged_bytes_are_refused_or_still_a_catalog(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_catalog *catalog = NULL;
    rz_str bytes;
    rz_str_init(&bytes, &test_mem);
    CHECK(rz_catalog_create(&test_mem, &catalog, &err) == RUZU_OK);
    fill(catalog);
    rz_catalog_encode(catalog, &bytes);
    uint32_t refused = 0;
    for (size_t cut = 0; cut < bytes.length; cut++) {
        rz_catalog *damaged = NULL;
        rz_error_init(&err);
        refused += rz_catalog_decode(&test_mem, bytes.data, cut, &damaged, &err) == RUZU_ERROR_CORRUPT;
        rz_catalog_release(damaged);
    }
    CHECK_EQ_U64(refused, bytes.length);
    for (size_t at = 0; at < bytes.length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            rz_catalog *damaged = NULL;
            rz_error_init(&err);
            bytes.data[at] = (char)(bytes.data[at] ^ (1 << bit));
            ruzu_status status = rz_catalog_decode(&test_mem, bytes.data, bytes.length, &damaged, &err);
            CHECK((status == RUZU_OK) == (damaged != NULL));
            bytes.data[at] = (char)(bytes.data[at] ^ (1 << bit));
            rz_catalog_release(damaged);
        }
    }
    rz_str_free(&bytes);
    rz_catalog_release(catalog);
}

typedef struct refusal {
    uint64_t left;
} refusal;

static bool refuse_nth(void *user, size_t size)
{
    (void)size;
    refusal *hook = (refusal *)user;
    return hook->left != 0 && --hook->left == 0;
}

static void every_refused_allocation_is_survived(void)
{
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        rz_error err;
        rz_error_init(&err);
        rz_catalog *catalog = NULL;
        rz_catalog *edited = NULL;
        refusal hook = {.left = n};
        rz_mem_set_test_hook(refuse_nth, &hook);
        ruzu_status status = rz_catalog_create(&test_mem, &catalog, &err);
        rz_cat_property properties[2];
        rz_cat_table table = person_table(properties);
        const rz_cat_table *added = NULL;
        status = status == RUZU_OK ? rz_catalog_add_table(catalog, &table, &added, &err) : status;
        status = status == RUZU_OK ? rz_catalog_edit(catalog, &edited, &err) : status;
        rz_mem_set_test_hook(NULL, NULL);
        CHECK(status == RUZU_OK || status == RUZU_ERROR_NO_MEMORY);
        rz_catalog_release(edited);
        rz_catalog_release(catalog);
        CHECK_EQ_U64(atomic_load(&test_mem.used), 0);
        done = status == RUZU_OK;
    }
}

int main(void)
{
    rz_mem_init(&test_mem, rz_mem_root(), UINT64_MAX);
    RUN(editing_leaves_the_old_version_alone);
    RUN(ids_are_shared_by_tables_and_pairs_and_never_reused);
    RUN(names_are_unique_without_case);
    RUN(sequences_of_serial_columns_follow_their_table);
    RUN(a_fork_has_the_same_version_and_values_of_its_own);
    RUN(a_sequence_outside_of_its_bounds_is_damage);
    RUN(bytes_come_back_as_the_same_catalog);
    RUN(damaged_bytes_are_refused_or_still_a_catalog);
    RUN(every_refused_allocation_is_survived);
    CHECK_EQ_U64(atomic_load(&test_mem.used), 0);
    return CHECK_DONE();
}
