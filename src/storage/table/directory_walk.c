/* SPDX-License-Identifier: MIT */
/*
 * Walking the directories of node tables and FROM/TO pairs for the page ranges that they name, without making tables of
 * them: for whoever looks at a file or copies one (check, backup). The form is that of rows_fold.c, ntab.c, csr_fold.c,
 * csr_group.c and csr_overlay.c (docs/file-format.md, "Tables" and "CSR groups"); a change there is a change here, and the test of the walk
 * fails without it, because every byte of a directory must be accounted for.
 */
#include "storage/table/csr.h"
#include "storage/table/rows.h"

#define WALK_NTAB_MAGIC      UINT32_C(0x5441544e) /* "NTAT" */
#define WALK_RTAB_MAGIC      UINT32_C(0x54415452) /* "RTAT" */
#define WALK_ROWS_DELETED    1u
#define WALK_ROWS_OVERLAYS   2u
#define WALK_CSR_GROUP_BYTES 40u /* of a CSR group before its extents */
#define WALK_CSR_OVERLAY_BYTES 56u /* the same of an overlay */

static ruzu_status directory_corrupt(const char *what, const char *problem, rz_error *err)
{
    return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: %s", what, problem);
}

/* "table T, column c" for the ranges of a column. */
static ruzu_status directory_column_texts(const rz_table_layout_def *def, rz_arena *arena, const char ***out, rz_error *err)
{
    const char **texts = RZ_NEW_ARRAY(arena, const char *, (size_t)def->column_count + 1);
    RZ_TRY_ALLOC(texts, err, "reading a directory");
    for (uint32_t i = 0; i < def->column_count; i++) {
        texts[i] = rz_arena_printf(arena, "%s, column %s", def->what, def->columns[i].name);
        RZ_TRY_ALLOC(texts[i], err, "reading a directory");
    }
    *out = texts;
    return RUZU_OK;
}

static ruzu_status directory_walk_groups(const rz_table_layout_def *def, rz_reader *reader, uint32_t group_count, uint64_t row_end,
                                         const char *const *texts, const rz_page_walk *walk, rz_error *err)
{
    for (uint32_t g = 0; g < group_count; g++) {
        uint64_t left = row_end - (uint64_t)g * RZ_ROW_GROUP_ROWS;
        uint32_t rows = rz_read_u32(reader);
        uint8_t flags = rz_read_u8(reader);
        if (reader->failed || rows != (left < RZ_ROW_GROUP_ROWS ? left : RZ_ROW_GROUP_ROWS) || (flags & ~(WALK_ROWS_DELETED | WALK_ROWS_OVERLAYS)) != 0) {
            return directory_corrupt(def->what, "a row group of the directory is damaged", err);
        }
        if ((flags & WALK_ROWS_DELETED) != 0) {
            (void)rz_read_bytes(reader, (rows + 7) / 8);
        }
        bool overlays = (flags & WALK_ROWS_OVERLAYS) != 0;
        const uint8_t *overlaid = overlays ? (const uint8_t *)rz_read_bytes(reader, (def->column_count + (size_t)7) / 8) : NULL;
        if (overlays && overlaid == NULL) {
            return directory_corrupt(def->what, "a row group of the directory is damaged", err);
        }
        for (uint32_t i = 0; i < def->column_count; i++) {
            rz_page_walk column = {.fn = walk->fn, .user = walk->user, .what = texts[i]};
            RZ_TRY(rz_segment_walk(reader, def->columns[i].type, &column, err));
            if (overlaid != NULL && (overlaid[i / 8] >> (i % 8) & 1) != 0) {
                RZ_TRY(rz_segment_overlay_walk(reader, def->columns[i].type, &column, err));
            }
        }
    }
    return RUZU_OK;
}

static ruzu_status directory_walk_rows(const rz_table_layout_def *def, rz_reader *reader, const rz_page_walk *walk, uint64_t *out_rows, rz_error *err)
{
    rz_arena arena;
    const char **texts = NULL;
    uint64_t row_end = rz_read_u64(reader);
    bool good = rz_read_u32(reader) == def->column_count;
    for (uint32_t i = 0; i < def->column_count && good; i++) {
        good = rz_read_u32(reader) == def->columns[i].id;
    }
    uint32_t group_count = rz_read_u32(reader);
    if (!good) {
        return directory_corrupt(def->what, "its columns are not those of the catalog", err);
    }
    if (reader->failed || row_end > RZ_ID_OFFSET_MASK || group_count != (row_end + RZ_ROW_GROUP_ROWS - 1) / RZ_ROW_GROUP_ROWS) {
        return directory_corrupt(def->what, "the numbers of rows and of row groups do not fit", err);
    }
    *out_rows = row_end;
    rz_arena_init(&arena, def->mem);
    ruzu_status status = directory_column_texts(def, &arena, &texts, err);
    if (status == RUZU_OK) {
        status = directory_walk_groups(def, reader, group_count, row_end, texts, walk, err);
    }
    rz_arena_free(&arena);
    for (uint32_t i = 0; i < def->column_count; i++) {
        (void)(rz_sketch_takes(def->columns[i].type) ? rz_read_bytes(reader, RZ_SKETCH_REGISTERS) : NULL);
    }
    return status;
}

static ruzu_status directory_walk_topology(const rz_table_layout_def *def, rz_reader *reader, const rz_page_walk *walk, rz_error *err)
{
    static const char *const sides[2] = {"forward adjacency", "backward adjacency"};
    for (uint32_t direction = 0; direction < 2; direction++) {
        rz_arena arena;
        rz_arena_init(&arena, def->mem);
        const char *text = rz_arena_printf(&arena, "%s, %s", def->what, sides[direction]);
        rz_page_walk side = {.fn = walk->fn, .user = walk->user, .what = text == NULL ? sides[direction] : text};
        uint32_t count = rz_read_u32(reader);
        ruzu_status status = RUZU_OK;
        for (uint32_t g = 0; g < count && status == RUZU_OK && !reader->failed; g++) {
            uint8_t present = rz_read_u8(reader);
            if (present != 0) {
                (void)rz_read_bytes(reader, WALK_CSR_GROUP_BYTES);
                status = rz_extents_walk(reader, &side, err);
            }
            if (present == 2 && status == RUZU_OK) {
                (void)rz_read_bytes(reader, WALK_CSR_OVERLAY_BYTES);
                status = rz_extents_walk(reader, &side, err);
            }
        }
        rz_arena_free(&arena);
        RZ_TRY(status);
    }
    return RUZU_OK;
}

ruzu_status rz_table_directory_walk(const rz_table_layout_def *def, rz_reader *reader, const rz_page_walk *walk, uint64_t *out_rows, rz_error *err)
{
    *out_rows = 0;
    bool good = rz_read_u32(reader) == (def->is_node ? WALK_NTAB_MAGIC : WALK_RTAB_MAGIC);
    good = rz_read_u32(reader) == 1 && good;
    good = (!def->is_node || rz_read_u32(reader) == def->key_column) && good;
    if (reader->failed || !good) {
        return directory_corrupt(def->what, "its directory is of another kind", err);
    }
    RZ_TRY(directory_walk_rows(def, reader, walk, out_rows, err));
    if (!def->is_node) {
        RZ_TRY(directory_walk_topology(def, reader, walk, err));
    } else if (def->key_column != RZ_NO_COLUMN) {
        rz_arena arena;
        rz_arena_init(&arena, def->mem);
        const char *text = rz_arena_printf(&arena, "%s, primary-key index", def->what);
        rz_page_walk keys = {.fn = walk->fn, .user = walk->user, .what = text == NULL ? "primary-key index" : text};
        ruzu_status status = rz_idx_walk(reader, &keys, err);
        rz_arena_free(&arena);
        RZ_TRY(status);
    }
    if (reader->failed || reader->off != reader->size) {
        return directory_corrupt(def->what, "its directory does not have the length that its contents need", err);
    }
    return RUZU_OK;
}
