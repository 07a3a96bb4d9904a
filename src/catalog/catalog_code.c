/* SPDX-License-Identifier: MIT */
/*
 * The catalog's bytes (docs/file-format.md, "Catalog"): all integers little-endian, texts as u32 length + bytes.
 *
 *   u32 next id, u32 next object id, u64 version
 *   u32 tables    each: u8 kind, u32 id, text name, text comment, u32 next property id, u32 key, u8 flags (1 one_src, 2 one_dst), u8 storage direction,
 *                       u32 properties (u32 id, text name, type, u8 has default [, text]), u32 pairs (u32 id, u32 src, u32 dst)
 *   u32 sequences each: u32 id, text name, i64 start, increment, minimum, maximum, next, u8 flags (1 cycle, 2 used, 4 implicit)
 *   u32 macros    each: text name, text statement
 *   u32 types     each: text name, type
 */
#include "catalog/entry.h"

static void put_u8(rz_str *out, uint8_t value)
{
    rz_str_append(out, (const char *)&value, 1);
}

static void put_u32(rz_str *out, uint32_t value)
{
    char bytes[4];
    rz_store_u32(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

static void put_u64(rz_str *out, uint64_t value)
{
    char bytes[8];
    rz_store_u64(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

static void put_text(rz_str *out, const char *text)
{
    size_t length = strlen(text);
    put_u32(out, (uint32_t)length);
    rz_str_append(out, text, length);
}

static void encode_table(const rz_cat_table *table, rz_str *out)
{
    put_u8(out, (uint8_t)table->kind);
    put_u32(out, table->id);
    put_text(out, table->name);
    put_text(out, table->comment);
    put_u32(out, table->next_property_id);
    put_u32(out, table->key);
    put_u8(out, (uint8_t)((table->one_src ? 1 : 0) | (table->one_dst ? 2 : 0)));
    put_u8(out, table->storage_direction);
    put_u32(out, table->property_count);
    for (uint32_t i = 0; i < table->property_count; i++) {
        const rz_cat_property *property = &table->properties[i];
        put_u32(out, property->id);
        put_text(out, property->name);
        rz_type_encode(property->type, out);
        put_u8(out, property->default_text != NULL);
        if (property->default_text != NULL) {
            put_text(out, property->default_text);
        }
    }
    put_u32(out, table->pair_count);
    for (uint32_t i = 0; i < table->pair_count; i++) {
        put_u32(out, table->pairs[i].id);
        put_u32(out, table->pairs[i].src_table);
        put_u32(out, table->pairs[i].dst_table);
    }
}

static void encode_sequence(const rz_cat_sequence *sequence, rz_str *out)
{
    put_u32(out, sequence->id);
    put_text(out, sequence->name);
    put_u64(out, (uint64_t)sequence->start);
    put_u64(out, (uint64_t)sequence->increment);
    put_u64(out, (uint64_t)sequence->minimum);
    put_u64(out, (uint64_t)sequence->maximum);
    put_u64(out, (uint64_t)sequence->current);
    put_u8(out, (uint8_t)((sequence->cycle ? 1 : 0) | (sequence->used ? 2 : 0) | (sequence->implicit ? 4 : 0)));
}

void rz_catalog_encode(const rz_catalog *catalog, rz_str *out)
{
    put_u32(out, catalog->next_id);
    put_u32(out, catalog->next_object_id);
    put_u64(out, catalog->version);
    put_u32(out, catalog->tables.count);
    for (uint32_t i = 0; i < catalog->tables.count; i++) {
        encode_table(&catalog->tables.items[i]->u.table, out);
    }
    put_u32(out, catalog->sequences.count);
    for (uint32_t i = 0; i < catalog->sequences.count; i++) {
        encode_sequence(&catalog->sequences.items[i]->u.sequence, out);
    }
    put_u32(out, catalog->macros.count);
    for (uint32_t i = 0; i < catalog->macros.count; i++) {
        put_text(out, catalog->macros.items[i]->u.macro.name);
        put_text(out, catalog->macros.items[i]->u.macro.text);
    }
    put_u32(out, catalog->types.count);
    for (uint32_t i = 0; i < catalog->types.count; i++) {
        put_text(out, catalog->types.items[i]->u.type.name);
        rz_type_encode(catalog->types.items[i]->u.type.type, out);
    }
}

/* ---- decoding ---- */

static ruzu_status catalog_corrupt(rz_error *err, const char *what)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the catalog is damaged: %s.", what);
}

static ruzu_status get_text(rz_reader *reader, rz_arena *arena, const char **out, rz_error *err)
{
    uint32_t length = rz_read_u32(reader);
    const char *bytes = (const char *)rz_read_bytes(reader, length);
    *out = "";
    if (bytes == NULL || memchr(bytes, 0, length) != NULL) {
        return catalog_corrupt(err, "a name ends outside of it");
    }
    *out = rz_arena_strndup(arena, bytes, length);
    RZ_TRY_ALLOC(*out, err, "loading the catalog");
    return RUZU_OK;
}

/* A count of items of at least min_bytes each: refuses what the bytes left cannot hold. */
static ruzu_status get_count(rz_reader *reader, size_t min_bytes, uint32_t *out, rz_error *err)
{
    *out = rz_read_u32(reader);
    if (reader->failed || *out > (reader->size - reader->off) / min_bytes) {
        return catalog_corrupt(err, "a list is longer than the bytes it stands in");
    }
    return RUZU_OK;
}

static ruzu_status decode_table(rz_reader *reader, rz_arena *arena, uint32_t next_id, rz_cat_table *table, rz_error *err)
{
    uint8_t kind = rz_read_u8(reader);
    table->kind = kind == 0 ? RZ_CAT_NODE_TABLE : RZ_CAT_REL_TABLE;
    table->id = rz_read_u32(reader);
    RZ_TRY(get_text(reader, arena, &table->name, err));
    RZ_TRY(get_text(reader, arena, &table->comment, err));
    table->next_property_id = rz_read_u32(reader);
    table->key = rz_read_u32(reader);
    uint8_t flags = rz_read_u8(reader);
    table->one_src = (flags & 1) != 0;
    table->one_dst = (flags & 2) != 0;
    table->storage_direction = rz_read_u8(reader);
    RZ_TRY(get_count(reader, 10, &table->property_count, err));
    table->properties = RZ_NEW_ARRAY(arena, rz_cat_property, table->property_count);
    RZ_TRY_ALLOC(table->properties, err, "loading the catalog");
    for (uint32_t i = 0; i < table->property_count; i++) {
        rz_cat_property *property = &table->properties[i];
        property->id = rz_read_u32(reader);
        RZ_TRY(get_text(reader, arena, &property->name, err));
        RZ_TRY(rz_type_decode(reader, arena, &property->type, err));
        if (rz_read_u8(reader) != 0) {
            RZ_TRY(get_text(reader, arena, &property->default_text, err));
        }
        if (property->id >= table->next_property_id) {
            return catalog_corrupt(err, "a column id is out of range");
        }
    }
    RZ_TRY(get_count(reader, 12, &table->pair_count, err));
    table->pairs = RZ_NEW_ARRAY(arena, rz_cat_pair, table->pair_count);
    RZ_TRY_ALLOC(table->pairs, err, "loading the catalog");
    for (uint32_t i = 0; i < table->pair_count; i++) {
        table->pairs[i].id = rz_read_u32(reader);
        table->pairs[i].src_table = rz_read_u32(reader);
        table->pairs[i].dst_table = rz_read_u32(reader);
        if (table->pairs[i].id >= next_id || table->pairs[i].src_table >= next_id || table->pairs[i].dst_table >= next_id) {
            return catalog_corrupt(err, "a FROM/TO pair names an unknown table");
        }
    }
    bool node_ok = table->kind == RZ_CAT_NODE_TABLE && table->key < table->property_count && table->pair_count == 0;
    if (reader->failed || kind > 1 || table->id >= next_id || (table->kind == RZ_CAT_NODE_TABLE && !node_ok)) {
        return catalog_corrupt(err, "a table's definition does not fit together");
    }
    return RUZU_OK;
}

static ruzu_status decode_sequence(rz_reader *reader, rz_arena *arena, rz_cat_sequence *sequence, rz_error *err)
{
    sequence->id = rz_read_u32(reader);
    RZ_TRY(get_text(reader, arena, &sequence->name, err));
    sequence->start = (int64_t)rz_read_u64(reader);
    sequence->increment = (int64_t)rz_read_u64(reader);
    sequence->minimum = (int64_t)rz_read_u64(reader);
    sequence->maximum = (int64_t)rz_read_u64(reader);
    sequence->current = (int64_t)rz_read_u64(reader);
    uint8_t flags = rz_read_u8(reader);
    sequence->cycle = (flags & 1) != 0;
    sequence->used = (flags & 2) != 0;
    sequence->implicit = (flags & 4) != 0;
    if (reader->failed) {
        return catalog_corrupt(err, "a sequence ends outside of it");
    }
    bool in_range = sequence->increment != 0 && sequence->minimum <= sequence->current && sequence->current <= sequence->maximum &&
                    sequence->minimum <= sequence->start && sequence->start <= sequence->maximum;
    return in_range ? RUZU_OK : catalog_corrupt(err, "a sequence is outside of its bounds");
}

static ruzu_status decode_lists(rz_reader *reader, rz_arena *arena, rz_catalog *catalog, rz_error *err)
{
    uint32_t count = 0;
    cat_entry *entry = NULL;
    RZ_TRY(get_count(reader, 20, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        rz_cat_table table = {0};
        RZ_TRY(decode_table(reader, arena, catalog->next_id, &table, err));
        RZ_TRY(rz_cat_entry_table(catalog->mem, &table, &entry, err));
        RZ_TRY(rz_catalog_adopt(catalog, &catalog->tables, entry, err));
    }
    RZ_TRY(get_count(reader, 40, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        rz_cat_sequence sequence = {0};
        RZ_TRY(decode_sequence(reader, arena, &sequence, err));
        RZ_TRY(rz_cat_entry_sequence(catalog->mem, &sequence, &entry, err));
        RZ_TRY(rz_catalog_adopt(catalog, &catalog->sequences, entry, err));
    }
    RZ_TRY(get_count(reader, 8, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        rz_cat_macro macro = {0};
        RZ_TRY(get_text(reader, arena, &macro.name, err));
        RZ_TRY(get_text(reader, arena, &macro.text, err));
        RZ_TRY(rz_cat_entry_macro(catalog->mem, &macro, &entry, err));
        RZ_TRY(rz_catalog_adopt(catalog, &catalog->macros, entry, err));
    }
    RZ_TRY(get_count(reader, 5, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        rz_cat_type type = {0};
        RZ_TRY(get_text(reader, arena, &type.name, err));
        RZ_TRY(rz_type_decode(reader, arena, &type.type, err));
        RZ_TRY(rz_cat_entry_type(catalog->mem, &type, &entry, err));
        RZ_TRY(rz_catalog_adopt(catalog, &catalog->types, entry, err));
    }
    return RUZU_OK;
}

ruzu_status rz_catalog_decode(rz_mem *mem, const void *data, size_t size, rz_catalog **out, rz_error *err)
{
    *out = NULL;
    rz_catalog *catalog = NULL;
    rz_arena arena;
    rz_arena_init(&arena, mem);
    rz_reader reader;
    rz_reader_init(&reader, data, size);
    ruzu_status status = RUZU_OK;
    RZ_TRY_GOTO(rz_catalog_create(mem, &catalog, err));
    catalog->next_id = rz_read_u32(&reader);
    catalog->next_object_id = rz_read_u32(&reader);
    catalog->version = rz_read_u64(&reader);
    if (reader.failed || catalog->next_id > RZ_ID_MAX_TABLE + 1) {
        status = catalog_corrupt(err, "its head is out of range");
        goto cleanup;
    }
    RZ_TRY_GOTO(decode_lists(&reader, &arena, catalog, err));
    if (reader.off != reader.size) {
        status = catalog_corrupt(err, "bytes are left at its end");
        goto cleanup;
    }
    RZ_TRY_GOTO(rz_catalog_adopted(catalog, err));
    *out = catalog;
    catalog = NULL;
cleanup:
    rz_catalog_release(catalog);
    rz_arena_free(&arena);
    return status;
}
