/* SPDX-License-Identifier: MIT */
/*
 * Reading an image's metadata: catalog, lists, directories, and which pages they reach.
 */
#include "transaction/image.h"

#define IMAGE_ENTRY_BYTES 32u /* of a list: id, reference */

ruzu_status rz_image_init(rz_image *image, rz_mem *mem, rz_disk *disk, const rz_file_header *header, rz_error *err)
{
    uint64_t seed = 0;
    *image = (rz_image){.mem = mem, .disk = disk, .header = *header};
    if (rz_disk_vfs(disk) != NULL) {
        rz_disk_vfs(disk)->random(rz_disk_vfs(disk), &seed, sizeof seed);
    }
    rz_page_nodes_init(&image->nodes, mem, seed);
    rz_page_set_init(&image->reached, &image->nodes, false);
    image->buffer = (uint8_t *)rz_mem_alloc(mem, (size_t)RZ_IMAGE_CHUNK * RZ_PAGE_SIZE);
    RZ_TRY_ALLOC(image->buffer, err, "reading a database file");
    return RUZU_OK;
}

void rz_image_deinit(rz_image *image)
{
    if (image->mem == NULL) {
        return;
    }
    rz_catalog_release(image->catalog);
    rz_mem_free(image->mem, image->buffer, (size_t)RZ_IMAGE_CHUNK * RZ_PAGE_SIZE);
    rz_page_nodes_deinit(&image->nodes);
    *image = (rz_image){0};
}

ruzu_status rz_image_reach(rz_image *image, rz_page_range range, const char *what, rz_error *err)
{
    const char *problem = NULL;
    if (!rz_page_range_valid(range, RZ_HEADER_SLOTS, image->header.page_count)) {
        problem = "is not inside the file";
    } else if (rz_page_set_overlaps(&image->reached, range)) {
        problem = "overlaps another one";
    }
    if (problem != NULL) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: file '%s' page %llu (%s): its range of %llu pages %s", rz_disk_path(image->disk),
                            (unsigned long long)range.start, what, (unsigned long long)range.count, problem);
    }
    if (!rz_page_nodes_reserve(&image->nodes, 4) || !rz_page_set_add(&image->reached, range)) {
        return rz_error_no_memory(err, "reading a database file");
    }
    return RUZU_OK;
}

ruzu_status rz_image_read(rz_image *image, const rz_meta_ref *ref, const char *what, rz_arena *arena, const uint8_t **out, rz_error *err)
{
    *out = (const uint8_t *)"";
    if (ref->range.count == 0 && ref->range.start == 0 && ref->size_bytes == 0) {
        return RUZU_OK;
    }
    RZ_TRY(rz_image_reach(image, ref->range, what, err));
    return rz_meta_read(image->disk, ref, what, arena, out, err);
}

ruzu_status rz_image_read_catalog(rz_image *image, rz_error *err)
{
    rz_arena arena;
    rz_arena_init(&arena, image->mem);
    const uint8_t *bytes = NULL;
    const rz_meta_ref *ref = &image->header.catalog;
    ruzu_status status = rz_image_read(image, ref, "the catalog", &arena, &bytes, err);
    if (status == RUZU_OK && ref->range.count == 0) {
        status = rz_disk_header_empty(image->disk, &image->header, err);
    }
    if (status == RUZU_OK) {
        status = ref->range.count == 0 ? rz_catalog_create(image->mem, &image->catalog, err)
                                       : rz_catalog_decode(image->mem, bytes, (size_t)ref->size_bytes, &image->catalog, err);
    }
    rz_arena_free(&arena);
    return status;
}

ruzu_status rz_image_list_count(rz_reader *list, const char *what, uint32_t *out, rz_error *err)
{
    *out = list->size == 0 ? 0 : rz_read_u32(list);
    if (list->failed || *out != (list->size - list->off) / IMAGE_ENTRY_BYTES || (list->size - list->off) % IMAGE_ENTRY_BYTES != 0) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: the list of %s does not have the length of its tables", what);
    }
    return RUZU_OK;
}

/* The columns that the catalog gives a table. */
static ruzu_status image_layout(const rz_image *image, const rz_cat_table *table, uint32_t id, rz_arena *arena, rz_table_layout_def *out, rz_error *err)
{
    bool is_node = table->kind == RZ_CAT_NODE_TABLE;
    rz_column_def *columns = RZ_NEW_ARRAY(arena, rz_column_def, (size_t)table->property_count + 1);
    const char *what = is_node ? rz_arena_printf(arena, "table %s", table->name)
                               : rz_arena_printf(arena, "relationship table %s (pair %u)", table->name, id);
    if (columns == NULL || what == NULL) {
        return rz_error_no_memory(err, "reading a database file");
    }
    for (uint32_t i = 0; i < table->property_count; i++) {
        columns[i] = (rz_column_def){.id = table->properties[i].id, .name = table->properties[i].name, .type = table->properties[i].type};
    }
    *out = (rz_table_layout_def){.mem = image->mem,
                                 .what = what,
                                 .is_node = is_node,
                                 .key_column = is_node ? table->key : RZ_NO_COLUMN,
                                 .columns = columns,
                                 .column_count = table->property_count};
    return RUZU_OK;
}

ruzu_status rz_image_list_next(const rz_image *image, rz_reader *list, bool nodes, rz_arena *arena, rz_image_entry *out, rz_error *err)
{
    *out = (rz_image_entry){.id = rz_read_u32(list), .ref_off = list->off};
    rz_meta_ref_decode(list, &out->directory);
    const rz_cat_table *table = nodes ? rz_catalog_node_table(image->catalog, out->id) : rz_catalog_rel_of_pair(image->catalog, out->id, NULL);
    if (list->failed || table == NULL) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s %u has storage but is not in the catalog", nodes ? "node table" : "pair",
                            out->id);
    }
    return image_layout(image, table, out->id, arena, &out->def, err);
}
