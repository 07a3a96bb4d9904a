/* SPDX-License-Identifier: MIT */
/*
 * Types: names both ways, bytes both ways, comparison, copies, implicit casts and common types.
 */
#include "types_random.h"

static const rz_type *user_types[2]; /* MYINT and Pair of user_type */

static const rz_type *user_type(void *user, const char *name)
{
    CHECK(user == &user_types);
    if (rz_name_equal(name, "myint")) {
        return user_types[0];
    }
    return rz_name_equal(name, "my pair") ? user_types[1] : NULL;
}

static const rz_type *parse(const char *text)
{
    const rz_type *type = NULL;
    rz_error_init(&err);
    ruzu_status status = rz_type_parse(text, strlen(text), user_type, &user_types, &arena, &type, &err);
    CHECK((status == RUZU_OK) == (type != NULL));
    CHECK_EQ_U64(err.code, status);
    return type;
}

static const char *format(const rz_type *type)
{
    rz_str text;
    rz_str_init(&text, &mem);
    rz_type_format(type, &text);
    CHECK(!text.failed);
    const char *copy = rz_arena_strdup(&arena, rz_str_text(&text));
    rz_str_free(&text);
    return copy;
}

static void simple_types_know_their_layout(void)
{
    CHECK(RZ_INT64->physical == RZ_PHYS_INT64 && rz_type_size(RZ_INT64) == 8);
    CHECK(rz_type_of(RUZU_TYPE_UUID)->physical == RZ_PHYS_INT128 && rz_type_size(rz_type_of(RUZU_TYPE_UUID)) == 16);
    CHECK(rz_type_of(RUZU_TYPE_DATE)->physical == RZ_PHYS_INT32 && rz_type_of(RUZU_TYPE_SERIAL)->physical == RZ_PHYS_INT64);
    CHECK(rz_type_of(RUZU_TYPE_BLOB)->physical == RZ_PHYS_STRING && rz_type_size(RZ_ANY) == 1);
    for (uint32_t precision = 1; precision <= 38; precision++) {
        const rz_type *type = rz_type_decimal(&arena, (uint8_t)precision, 0);
        CHECK_EQ_U64(rz_type_size(type), precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16);
    }
    CHECK(rz_type_is_integer(rz_type_of(RUZU_TYPE_UINT8)) && !rz_type_is_integer(RZ_DOUBLE) && rz_type_is_numeric(RZ_DOUBLE));
}

static void names_are_read(void)
{
    static const char *const cases[][2] = {
        {"int", "INT32"},
        {"Boolean", "BOOL"},
        {" REAL ", "FLOAT"},
        {"float4", "FLOAT"},
        {"FLOAT8", "DOUBLE"},
        {"bytea", "BLOB"},
        {"Duration", "INTERVAL"},
        {"timestamp_s", "TIMESTAMP_SEC"},
        {"DECIMAL", "DECIMAL(18, 3)"},
        {"numeric ( 5,2 )", "DECIMAL(5, 2)"},
        {"DECIMAL(7)", "DECIMAL(7, 0)"},
        {"INT64[]", "INT64[]"},
        {"int64 [ ] [ 3 ]", "INT64[][3]"},
        {"vector(4)", "FLOAT[4]"},
        {"struct(a int,b struct(c string))", "STRUCT(a INT32, b STRUCT(c STRING))"},
        {"STRUCT(`x y` INT64, `select` DATE)", "STRUCT(`x y` INT64, select DATE)"},
        {"Map( string , int64[] )", "MAP(STRING, INT64[])"},
        {"UNION(num INT64, str STRING)[]", "UNION(num INT64, str STRING)[]"},
        {"STRUCT(int INT64, struct STRING)", "STRUCT(int INT64, struct STRING)"},
        {"myint", "INT16"},
        {"`my pair`[2]", "STRUCT(x INT64)[2]"},
        {"\n\tUUID\r\n", "UUID"},
    };
    rz_type_field field = {"x", RZ_INT64};
    user_types[0] = rz_type_of(RUZU_TYPE_INT16);
    user_types[1] = rz_type_struct(&arena, &field, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const rz_type *type = parse(cases[i][0]);
        CHECK_STR(type == NULL ? err.message : format(type), cases[i][1]);
    }
}

static void bad_names_are_refused(void)
{
    static const struct {
        const char *text;
        ruzu_status status;
        const char *message;
    } cases[] = {
        {"foo", RUZU_ERROR_CATALOG, "Catalog exception: foo is neither an internal type nor a user defined type."},
        {"Foo[]", RUZU_ERROR_CATALOG, "Catalog exception: Foo is neither an internal type nor a user defined type."},
        {"`INT64`", RUZU_ERROR_CATALOG, "Catalog exception: INT64 is neither an internal type nor a user defined type."},
        {"NODE", RUZU_ERROR_CATALOG, "Catalog exception: NODE is neither an internal type nor a user defined type."},
        {"ANY", RUZU_ERROR_CATALOG, "Catalog exception: ANY is neither an internal type nor a user defined type."},
        {"", RUZU_ERROR_CATALOG, "Catalog exception:  is neither an internal type nor a user defined type."},
        {"12", RUZU_ERROR_CATALOG, "Catalog exception: 12 is neither an internal type nor a user defined type."},
        {"INT64[0]", RUZU_ERROR_BINDER, "Binder exception: The number of elements in an array must be greater than 0. Given: 0."},
        {"INT64[-1]", RUZU_ERROR_BINDER, "Binder exception: The number of elements in an array must be greater than 0. Given: -1."},
        {"INT64[4294967296]", RUZU_ERROR_LIMIT, NULL},
        {"INT64[99999999999999999999]", RUZU_ERROR_LIMIT, NULL},
        {"DECIMAL(39, 1)", RUZU_ERROR_BINDER, "Binder exception: Precision of decimal must be no greater than 38"},
        {"DECIMAL(0)", RUZU_ERROR_BINDER, NULL},
        {"DECIMAL(5, 6)", RUZU_ERROR_BINDER, NULL},
        {"DECIMAL(5, -1)", RUZU_ERROR_BINDER, NULL},
        {"DECIMAL()", RUZU_ERROR_BINDER, NULL},
        {"INT64[", RUZU_ERROR_BINDER, NULL},
        {"INT64]", RUZU_ERROR_BINDER, NULL},
        {"INT64 INT64", RUZU_ERROR_BINDER, NULL},
        {"STRUCT", RUZU_ERROR_BINDER, NULL},
        {"STRUCT()", RUZU_ERROR_BINDER, NULL},
        {"STRUCT(a INT64", RUZU_ERROR_BINDER, NULL},
        {"STRUCT(a INT64,)", RUZU_ERROR_BINDER, NULL},
        {"STRUCT(`a INT64)", RUZU_ERROR_BINDER, NULL},
        {"STRUCT(a INT64, A STRING)", RUZU_ERROR_BINDER, "Binder exception: Duplicate field name: A."},
        {"MAP(INT64)", RUZU_ERROR_BINDER, NULL},
        {"MAP(INT64, INT64, INT64)", RUZU_ERROR_BINDER, NULL},
        {"VECTOR", RUZU_ERROR_BINDER, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(parse(cases[i].text) == NULL);
        CHECK_EQ_U64(err.code, cases[i].status);
        if (cases[i].message != NULL) {
            CHECK_STR(err.message, cases[i].message);
        }
    }
}

static const char *repeat(const char *head, const char *part, uint32_t count, const char *middle, const char *tail)
{
    rz_str text;
    rz_str_init(&text, &mem);
    rz_str_append_text(&text, head);
    for (uint32_t i = 0; i < count; i++) {
        rz_str_append_text(&text, part);
    }
    rz_str_append_text(&text, middle);
    for (uint32_t i = 0; i < count; i++) {
        rz_str_append_text(&text, tail);
    }
    const char *copy = rz_arena_strdup(&arena, rz_str_text(&text));
    rz_str_free(&text);
    return copy;
}

static void nesting_and_fields_are_limited(void)
{
    const rz_type *type = parse(repeat("INT64", "[]", 64, "", ""));
    CHECK(type != NULL && rz_type_depth(type) == 64);
    CHECK(parse(repeat("INT64", "[]", 65, "", "")) == NULL && err.code == RUZU_ERROR_LIMIT);
    CHECK(parse(repeat("INT64", "[]", 100000, "", "")) == NULL && err.code == RUZU_ERROR_LIMIT);
    type = parse(repeat("", "STRUCT(a ", 64, "INT64", ")"));
    CHECK(type != NULL && rz_type_depth(type) == 64);
    CHECK(parse(repeat("", "STRUCT(a ", 64, "INT64[]", ")")) == NULL && err.code == RUZU_ERROR_LIMIT);
    CHECK(parse(repeat("", "STRUCT(a ", 100000, "INT64", ")")) == NULL && err.code == RUZU_ERROR_LIMIT);
    type = parse(repeat("", "MAP(INT64, ", 32, "INT64", ")"));
    CHECK(type != NULL && rz_type_depth(type) == 64);
    CHECK(parse(repeat("", "MAP(INT64, ", 33, "INT64", ")")) == NULL && err.code == RUZU_ERROR_LIMIT);

    rz_str text;
    rz_str_init(&text, &mem);
    rz_str_append_text(&text, "UNION(");
    for (uint32_t i = 0; i < 256; i++) {
        rz_str_append_format(&text, "%sm%u INT64", i == 0 ? "" : ", ", i);
    }
    rz_str_append_text(&text, ")");
    CHECK(parse(rz_str_text(&text)) == NULL);
    CHECK_STR(err.message, "Binder exception: Too many fields in UNION definition (max 255, got 256)");
    rz_str_free(&text);
}

static void format_and_parse_agree(void)
{
    for (uint32_t round = 0; round < 500; round++) {
        const rz_type *type = random_type(&arena, 5, true);
        const char *text = format(type);
        const rz_type *again = parse(text);
        CHECK(again != NULL && rz_type_equal(type, again));
        CHECK_STR(again == NULL ? "" : format(again), text);
        const rz_type *clone = rz_type_clone(&arena, type);
        CHECK(clone != type && rz_type_equal(type, clone));
    }
}

static void types_differ_where_they_should(void)
{
    const char *const texts[] = {"INT64",    "SERIAL",         "INT64[]",        "INT64[2]",       "INT64[3]",
                                 "INT32[]",  "DECIMAL(5, 1)",  "DECIMAL(5, 2)",  "DECIMAL(6, 1)",  "STRUCT(a INT64)",
                                 "STRUCT(b INT64)", "STRUCT(a INT32)", "UNION(a INT64)", "MAP(INT64, INT64)", "STRUCT(a INT64, b INT64)"};
    const uint32_t count = sizeof texts / sizeof texts[0];
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < count; j++) {
            CHECK(rz_type_equal(parse(texts[i]), parse(texts[j])) == (i == j));
        }
    }
    CHECK(rz_type_equal(parse("STRUCT(a INT64)"), parse("STRUCT(A INT64)")));
    CHECK_EQ_I64(rz_type_find_field(parse("STRUCT(a INT64, Name STRING)"), "nAME"), 1);
    CHECK_EQ_I64(rz_type_find_field(parse("STRUCT(a INT64)"), "b"), -1);
    uint32_t tables[2] = {1, 2};
    const rz_type *node = rz_type_node(&arena, tables, 2), *rel = rz_type_rel(&arena, tables, 1);
    CHECK(rz_type_equal(node, rz_type_node(&arena, tables, 1)));
    CHECK(rz_type_has_graph_ref(node) && rz_type_has_graph_ref(rz_type_list(&arena, rz_type_path(&arena, node, rel))));
    rz_type_field id = {"_ID", rz_type_of(RUZU_TYPE_INTERNAL_ID)};
    const rz_type *value = rz_type_graph_value(&arena, RUZU_TYPE_NODE, &id, 1);
    CHECK(!rz_type_has_graph_ref(value) && !rz_type_equal(node, value));
    CHECK_STR(format(value), "NODE");
    CHECK_STR(format(rz_type_list(&arena, rz_type_path(&arena, node, rel))), "RECURSIVE_REL[]");
}

static void strings_compare_by_bytes(void)
{
    static const char *const texts[] = {"", "\x01", "a", "a\x01", "ab", "abcd", "abcde", "abcdefghijkl", "abcdefghijklm", "abcdefghijkln", "b", "\xC3\xA9"};
    const uint32_t count = sizeof texts / sizeof texts[0];
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < count; j++) {
            rz_string a = rz_string_make(texts[i], (uint32_t)strlen(texts[i])), b = rz_string_make(texts[j], (uint32_t)strlen(texts[j]));
            CHECK_EQ_I64(model_sign(rz_string_compare(&a, &b)), (i > j) - (i < j));
            CHECK(rz_string_equal(&a, &b) == (i == j));
        }
    }
    rz_string zero = rz_string_make("a\0", 2), plain = rz_string_make("a", 1);
    CHECK(rz_string_compare(&zero, &plain) > 0 && !rz_string_equal(&zero, &plain));
}

/* ---- bytes ---- */

static void decoded_types_equal_what_was_encoded(void)
{
    for (uint32_t round = 0; round < 500; round++) {
        const rz_type *type = random_type(&arena, 5, false), *again = NULL;
        rz_str bytes, second;
        rz_str_init(&bytes, &mem);
        rz_str_init(&second, &mem);
        rz_type_encode(type, &bytes);
        rz_reader reader;
        rz_reader_init(&reader, bytes.data, bytes.length);
        CHECK(rz_type_decode(&reader, &arena, &again, &err) == RUZU_OK);
        CHECK(reader.off == bytes.length && again != NULL && rz_type_equal(type, again));
        rz_type_encode(again, &second);
        CHECK(second.length == bytes.length && memcmp(second.data, bytes.data, bytes.length) == 0);
        rz_str_free(&bytes);
        rz_str_free(&second);
    }
}

static void damaged_bytes_are_refused_or_another_type(void)
{
    uint64_t refused = 0;
    for (uint32_t round = 0; round < 300; round++) {
        const rz_type *type = random_type(&arena, 4, false), *again = NULL;
        rz_str bytes;
        rz_str_init(&bytes, &mem);
        rz_type_encode(type, &bytes);
        rz_reader reader;
        for (size_t length = 0; length < bytes.length; length++) {
            char *exact = (char *)rz_mem_alloc(&mem, length); /* its own block, so that a sanitizer sees reads beyond */
            memcpy(exact, bytes.data, length);
            rz_reader_init(&reader, exact, length);
            rz_error_init(&err);
            CHECK_EQ_U64(rz_type_decode(&reader, &arena, &again, &err), RUZU_ERROR_CORRUPT);
            CHECK(again == NULL && err.code == RUZU_ERROR_CORRUPT);
            rz_mem_free(&mem, exact, length);
        }
        for (uint32_t i = 0; i < 50; i++) {
            char *damaged = (char *)rz_mem_alloc(&mem, bytes.length);
            memcpy(damaged, bytes.data, bytes.length);
            damaged[random_below((uint32_t)bytes.length)] = (char)random_u64();
            rz_reader_init(&reader, damaged, bytes.length);
            rz_error_init(&err);
            ruzu_status status = rz_type_decode(&reader, &arena, &again, &err);
            CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
            refused += status != RUZU_OK;
            if (status == RUZU_OK) {
                rz_str second;
                rz_str_init(&second, &mem);
                rz_type_encode(again, &second);
                CHECK(second.length == reader.off && memcmp(second.data, damaged, second.length) == 0);
                rz_str_free(&second);
            }
            rz_mem_free(&mem, damaged, bytes.length);
        }
        rz_str_free(&bytes);
    }
    CHECK(refused > 1000);
}

static void decoding_is_bounded(void)
{
    char deep[5000];
    memset(deep, RUZU_TYPE_LIST, sizeof deep);
    rz_reader reader;
    const rz_type *type = NULL;
    rz_reader_init(&reader, deep, sizeof deep);
    CHECK_EQ_U64(rz_type_decode(&reader, &arena, &type, &err), RUZU_ERROR_CORRUPT);
    rz_error_init(&err);
    const uint8_t wide[] = {RUZU_TYPE_STRUCT, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0};
    rz_reader_init(&reader, wide, sizeof wide);
    CHECK_EQ_U64(rz_type_decode(&reader, &arena, &type, &err), RUZU_ERROR_CORRUPT);
}

/* ---- implicit casts ---- */

static void costs_follow_the_table(void)
{
    static const struct {
        const char *from, *to;
        uint32_t cost;
    } cases[] = {
        {"INT64", "INT64", 0},
        {"INT32", "INT64", 101},
        {"INT8", "INT16", 100},
        {"UINT8", "INT32", 102},
        {"INT64", "SERIAL", 0},
        {"SERIAL", "INT64", 0},
        {"INT32", "SERIAL", 110},
        {"UINT64", "INT128", 103},
        {"INT64", "DECIMAL(5, 2)", 104},
        {"INT64", "DOUBLE", 105},
        {"INT64", "FLOAT", 110},
        {"DATE", "TIMESTAMP", 120},
        {"TIMESTAMP_NS", "TIMESTAMP", 120},
        {"UUID", "STRING", 149},
        {"INT64", "STRING", 149},
        {"BOOL", "STRING", 149},
        {"INT64[]", "INT64[3]", 160},
        {"INT64[3]", "INT64[]", 160},
        {"INT32[]", "INT64[]", 160},
        {"STRUCT(a INT32)", "STRUCT(a INT64)", 160},
        {"INT64", "INT32", RZ_CAST_IMPOSSIBLE},
        {"DOUBLE", "FLOAT", RZ_CAST_IMPOSSIBLE},
        {"DOUBLE", "INT64", RZ_CAST_IMPOSSIBLE},
        {"INT64", "UINT64", RZ_CAST_IMPOSSIBLE},
        {"STRING", "INT64", RZ_CAST_IMPOSSIBLE},
        {"BLOB", "STRING", RZ_CAST_IMPOSSIBLE},
        {"BOOL", "INT64", RZ_CAST_IMPOSSIBLE},
        {"TIMESTAMP", "DATE", RZ_CAST_IMPOSSIBLE},
        {"INT64[2]", "INT64[3]", RZ_CAST_IMPOSSIBLE},
        {"STRUCT(a INT32)", "STRUCT(b INT64)", RZ_CAST_IMPOSSIBLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_EQ_U64(rz_type_implicit_cost(parse(cases[i].from), parse(cases[i].to)), cases[i].cost);
    }
    CHECK_EQ_U64(rz_type_implicit_cost(RZ_ANY, RZ_STRING), 1);
    CHECK_EQ_U64(rz_type_implicit_cost(RZ_STRING, RZ_ANY), 1);
    CHECK(rz_type_widens(parse("INT32"), parse("INT64")) && rz_type_widens(parse("UUID"), RZ_STRING) && !rz_type_widens(RZ_INT64, RZ_STRING));
    CHECK(rz_type_widens(rz_type_list(&arena, RZ_ANY), parse("STRING[]")));
}

static void common_types_follow_the_table(void)
{
    static const char *const cases[][3] = {
        {"INT64", "INT64", "INT64"},
        {"INT32", "INT64", "INT64"},
        {"INT32", "SERIAL", "INT64"},
        {"INT8", "UINT8", "INT16"},
        {"INT16", "UINT16", "INT32"},
        {"INT8", "UINT32", "INT64"},
        {"INT64", "UINT64", "INT128"},
        {"INT8", "UINT64", "INT128"},
        {"INT32", "UINT8", "INT32"},
        {"UINT8", "UINT32", "UINT32"},
        {"INT128", "DOUBLE", "DOUBLE"},
        {"FLOAT", "DOUBLE", "DOUBLE"},
        {"INT64", "FLOAT", "FLOAT"},
        {"DECIMAL(5, 2)", "DOUBLE", "DOUBLE"},
        {"DECIMAL(5, 2)", "DECIMAL(7, 1)", "DECIMAL(8, 2)"},
        {"DECIMAL(5, 2)", "INT64", "DECIMAL(21, 2)"},
        {"DECIMAL(38, 0)", "DECIMAL(38, 38)", "DECIMAL(38, 38)"},
        {"DATE", "TIMESTAMP_SEC", "TIMESTAMP_SEC"},
        {"TIMESTAMP_NS", "TIMESTAMP", "TIMESTAMP_NS"},
        {"TIMESTAMP_TZ", "TIMESTAMP", "TIMESTAMP_TZ"},
        {"UUID", "STRING", "STRING"},
        {"INT32[]", "DOUBLE[]", "DOUBLE[]"},
        {"INT32[2]", "DOUBLE[2]", "DOUBLE[2]"},
        {"INT32[2]", "DOUBLE[3]", "DOUBLE[]"},
        {"INT32[2]", "INT32[]", "INT32[]"},
        {"STRUCT(a INT32, b DATE)", "STRUCT(A DOUBLE, b TIMESTAMP)", "STRUCT(a DOUBLE, b TIMESTAMP)"},
        {"MAP(INT32, INT8)", "MAP(INT64, UINT8)", "MAP(INT64, INT16)"},
        {"INT64", "STRING", NULL},
        {"INT64", "BOOL", NULL},
        {"INT64", "INT64[]", NULL},
        {"STRUCT(a INT64)", "STRUCT(b INT64)", NULL},
        {"STRUCT(a INT64)", "STRUCT(a INT64, b INT64)", NULL},
        {"DATE", "INTERVAL", NULL},
        {"BLOB", "STRING", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint32_t turn = 0; turn < 2; turn++) {
            const rz_type *type = rz_type_common(&arena, parse(cases[i][turn]), parse(cases[i][1 - turn]));
            if (cases[i][2] == NULL) {
                CHECK(type == NULL);
            } else {
                CHECK(type != NULL && rz_type_equal(type, parse(cases[i][2])));
            }
        }
    }
    CHECK(rz_type_common(&arena, RZ_ANY, RZ_INT64) == RZ_INT64 && rz_type_common(&arena, RZ_INT64, RZ_ANY) == RZ_INT64);
}

static void common_graph_types_have_the_tables_of_both(void)
{
    static const uint32_t low[] = {1, 3}, high[] = {2, 3, 9}, both[] = {1, 2, 3, 9};
    const rz_type *a = rz_type_node(&arena, low, 2), *b = rz_type_node(&arena, high, 3);
    const rz_type *node = rz_type_common(&arena, a, b);
    CHECK(node != NULL && node->table_count == 4 && memcmp(node->tables, both, sizeof both) == 0);
    CHECK(rz_type_common(&arena, a, a) == a);
    const rz_type *list = rz_type_common(&arena, rz_type_list(&arena, a), rz_type_list(&arena, b));
    CHECK(list != NULL && list->child->table_count == 4);
    const rz_type *r = rz_type_rel(&arena, low, 2), *s = rz_type_rel(&arena, high, 3);
    const rz_type *path = rz_type_common(&arena, rz_type_path(&arena, a, r), rz_type_path(&arena, b, s));
    CHECK(path != NULL && path->id == RUZU_TYPE_RECURSIVE_REL && path->fields[1].type->child->table_count == 4);
    CHECK(rz_type_common(&arena, a, r) == NULL);
}

/* ---- refused memory ---- */

static rz_str refused_bytes; /* of the common type below */

static ruzu_status use_types(rz_arena *place, rz_error *error)
{
    static const char text[] = "STRUCT(a MAP(INT32, STRING[3]), b UNION(n DECIMAL(5, 2), m INT64[]))";
    static const char other[] = "STRUCT(a MAP(INT64, STRING[]), b UNION(n DECIMAL(5, 2), m INT64[]))";
    const rz_type *a = NULL, *b = NULL, *decoded = NULL;
    RZ_TRY(rz_type_parse(text, sizeof text - 1, NULL, NULL, place, &a, error));
    RZ_TRY(rz_type_parse(other, sizeof other - 1, NULL, NULL, place, &b, error));
    const rz_type *common = rz_type_common(place, a, b);
    RZ_TRY_ALLOC(common, error, "testing");
    const rz_type *clone = rz_type_clone(place, common);
    RZ_TRY_ALLOC(clone, error, "testing");
    rz_reader reader;
    rz_reader_init(&reader, refused_bytes.data, refused_bytes.length);
    RZ_TRY(rz_type_decode(&reader, place, &decoded, error));
    CHECK(rz_type_equal(decoded, clone));
    return RUZU_OK;
}

static void refused_memory_is_an_error(void)
{
    rz_str_init(&refused_bytes, &mem);
    rz_type_encode(parse("STRUCT(a MAP(INT64, STRING[]), b UNION(n DECIMAL(5, 2), m INT64[]))"), &refused_bytes);
    CHECK(!refused_bytes.failed);
    refuse_memory_everywhere(use_types);
    rz_str_free(&refused_bytes);

    rz_str small;
    rz_str_init(&small, &mem);
    uint64_t left = 0;
    rz_mem_set_test_hook(refuse_nth, &left);
    rz_type_encode(RZ_INT64, &small);
    rz_mem_set_test_hook(NULL, NULL);
    CHECK(small.failed);
    rz_str_free(&small);
}

int main(void)
{
    random_seed(31);
    RUN_IN_ARENA(simple_types_know_their_layout);
    RUN_IN_ARENA(names_are_read);
    RUN_IN_ARENA(bad_names_are_refused);
    RUN_IN_ARENA(nesting_and_fields_are_limited);
    RUN_IN_ARENA(format_and_parse_agree);
    RUN_IN_ARENA(types_differ_where_they_should);
    RUN_IN_ARENA(strings_compare_by_bytes);
    RUN_IN_ARENA(decoded_types_equal_what_was_encoded);
    RUN_IN_ARENA(damaged_bytes_are_refused_or_another_type);
    RUN_IN_ARENA(decoding_is_bounded);
    RUN_IN_ARENA(costs_follow_the_table);
    RUN_IN_ARENA(common_types_follow_the_table);
    RUN_IN_ARENA(common_graph_types_have_the_tables_of_both);
    RUN_IN_ARENA(refused_memory_is_an_error);
    return CHECK_DONE();
}
