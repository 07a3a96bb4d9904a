/* SPDX-License-Identifier: MIT */
/*
 * The catalog's bytes (docs/file-format.md, "Catalog"): one object of each kind, pinned byte for byte and read back.
 */
#include "catalog/catalog.h"

#include "unit/check.h"

static rz_mem test_mem;

static ruzu_status make_catalog(rz_catalog **out, rz_error *err)
{
    const rz_cat_table *added = NULL;
    RZ_TRY(rz_catalog_create(&test_mem, out, err));
    rz_cat_property properties[2] = {{.name = "id", .type = RZ_INT64}, {.name = "n", .type = RZ_STRING, .default_text = "'x'"}};
    rz_cat_table node = {.kind = RZ_CAT_NODE_TABLE, .name = "P", .properties = properties, .property_count = 2, .comment = "c"};
    RZ_TRY(rz_catalog_add_table(*out, &node, &added, err));
    rz_cat_pair pair = {.id = UINT32_MAX, .src_table = 0, .dst_table = 0};
    rz_cat_table rel = {.kind = RZ_CAT_REL_TABLE, .name = "K", .pairs = &pair, .pair_count = 1, .one_dst = true};
    RZ_TRY(rz_catalog_add_table(*out, &rel, &added, err));
    rz_cat_sequence sequence = {.name = "s", .start = 3, .increment = 2, .minimum = 1, .maximum = 9, .current = 5, .used = true};
    RZ_TRY(rz_catalog_add_sequence(*out, &sequence, err));
    rz_cat_macro macro = {.name = "M", .text = "t"};
    RZ_TRY(rz_catalog_add_macro(*out, &macro, err));
    rz_cat_type type = {.name = "T", .type = rz_type_of(RUZU_TYPE_DATE)};
    return rz_catalog_add_type(*out, &type, err);
}

/* Lines as in the table of docs/file-format.md. */
static const char *const expected =
    "02000000" "01000000" "0000000000000000"                       /* next id, next object id, version */
    "02000000"                                                     /* tables */
    "00" "00000000" "01000000" "50" "01000000" "63"                /* node table 0, "P", "c" */
    "02000000" "00000000" "00" "00"                                /* next property id, key, flags, direction */
    "02000000"                                                     /* properties */
    "00000000" "02000000" "6964" "05" "00"                         /* id INT64 */
    "01000000" "01000000" "6e" "0f" "01" "03000000" "277827"       /* n STRING DEFAULT 'x' */
    "00000000"                                                     /* pairs */
    "01" "01000000" "01000000" "4b" "00000000"                     /* relationship table 1, "K", no comment */
    "00000000" "00000000" "02" "00"                                /* flags: one_dst */
    "00000000"                                                     /* properties */
    "01000000" "01000000" "00000000" "00000000"                    /* one pair: id 1, from 0, to 0 */
    "01000000"                                                     /* sequences */
    "00000000" "01000000" "73" "0300000000000000" "0200000000000000" "0100000000000000" "0900000000000000" "0500000000000000" "02"
    "01000000" "01000000" "4d" "01000000" "74"                     /* macros: "M", "t" */
    "01000000" "01000000" "54" "12";                               /* types: "T", DATE */

static void catalog_bytes_are_as_documented(void)
{
    rz_error err;
    rz_error_init(&err);
    rz_catalog *catalog = NULL;
    rz_str bytes;
    rz_str hex;
    rz_str_init(&bytes, &test_mem);
    rz_str_init(&hex, &test_mem);
    CHECK(make_catalog(&catalog, &err) == RUZU_OK);
    rz_catalog_encode(catalog, &bytes);
    for (size_t i = 0; i < bytes.length; i++) {
        rz_str_append_format(&hex, "%02x", (unsigned)(unsigned char)bytes.data[i]);
    }
    CHECK_STR(rz_str_text(&hex), expected);
    rz_str_free(&hex);
    rz_str_free(&bytes);
    rz_catalog_release(catalog);
}

int main(void)
{
    rz_mem_init(&test_mem, rz_mem_root(), UINT64_MAX);
    RUN(catalog_bytes_are_as_documented);
    CHECK_EQ_U64(atomic_load(&test_mem.used), 0);
    return CHECK_DONE();
}
