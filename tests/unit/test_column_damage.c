/* SPDX-License-Identifier: MIT */
/*
 * Damaged segments: flipped bits in metadata and pages. A flipped page bit is found by its CRC. Where the CRC is made to fit again, as a hostile file
 * would, structure checks must keep every read inside its section: any status is right, a sanitizer looks for the rest.
 */
#include "column_fixture.h"

#include "storage/column/segment.h"
#include "volume.h"

#define DAMAGE_ROWS 300u
#define DAMAGE_KINDS 14u

static const rz_type *damage_type(uint32_t kind)
{
    switch (kind) {
    case 0: return RZ_INT64;
    case 1: return RZ_BOOL;
    case 2: return rz_type_of(RUZU_TYPE_INT16); /* runs */
    case 3: return RZ_DOUBLE;                   /* runs */
    case 4: return RZ_INT64;                    /* dictionary */
    case 5: return RZ_DOUBLE;
    case 6: return RZ_STRING;
    case 7: return RZ_STRING; /* dictionary */
    case 8: return RZ_STRING; /* constant */
    case 9: return rz_type_list(&fx.arena, RZ_INT64);
    case 10: return rz_type_list(&fx.arena, RZ_STRING);
    case 11: return rz_type_array(&fx.arena, rz_type_of(RUZU_TYPE_INT32), 3);
    case 12: {
        rz_type_field fields[2] = {{"a", RZ_INT64}, {"b", RZ_STRING}};
        return rz_type_union(&fx.arena, fields, 2);
    }
    default: return rz_type_of(RUZU_TYPE_INT128);
    }
}

static void damage_fill_simple(rz_vec *vec, uint32_t kind, uint32_t row)
{
    uint64_t value = kind == 2 || kind == 3 ? rz_hash_u64(row / 40) : kind == 4 ? rz_hash_u64(rz_hash_u64(row) % 4) : rz_hash_u64(row);
    value = kind == 0 ? value % 1000 : value;
    value = vec->type->physical == RZ_PHYS_BOOL ? value & 1 : value;
    uint8_t bytes[16] = {0};
    rz_store_u64(bytes, value);
    memcpy((uint8_t *)vec->data + (size_t)row * rz_type_size(vec->type), bytes, rz_type_size(vec->type));
}

static void damage_fill(rz_vec *vec, uint32_t kind, uint32_t row)
{
    char text[64];
    uint32_t offset = 0;
    if (row % 11 == 5 && kind != 8) {
        rz_vec_set_null(vec, row);
        return;
    }
    if (vec->type->physical == RZ_PHYS_STRING) {
        int length = snprintf(text, sizeof text, "%.*s%u", (int)(row % 20), "abcdefghijklmnopqrstuvwxyz", kind == 7 ? row % 5 : kind == 8 ? 3 : row);
        FX_OK(rz_vec_set_string(vec, row, kind == 8 ? "always the same" : text, kind == 8 ? 15 : (size_t)length, &fx.err));
    } else if (vec->type->physical == RZ_PHYS_LIST) {
        uint32_t count = kind == 11 ? 3 : row % 4;
        FX_OK(rz_vec_list_reserve(vec, count, &offset, &fx.err));
        ((rz_list_entry *)vec->data)[row] = (rz_list_entry){offset, count};
        for (uint32_t i = 0; i < count; i++) {
            damage_fill(vec->children[0], 6, offset + i);
        }
    } else if (vec->type->physical == RZ_PHYS_STRUCT) {
        uint32_t tag = row % 2;
        rz_vec_set_null(vec->children[2 - tag], row);
        damage_fill_simple(vec->children[0], 6, row);
        ((uint8_t *)vec->children[0]->data)[row] = (uint8_t)tag;
        if (tag == 0) {
            damage_fill_simple(vec->children[1], 6, row);
        } else {
            FX_OK(rz_vec_set_string(vec->children[2], row, "member b of a union", 10 + row % 9, &fx.err));
        }
    } else {
        damage_fill_simple(vec, kind, row);
    }
}

static rz_vec *damage_model(uint32_t kind)
{
    rz_vec *vec = NULL;
    FX_OK(rz_vec_create(&fx.arena, &fx.arena, damage_type(kind), DAMAGE_ROWS, &vec, &fx.err));
    for (uint32_t row = 0; row < DAMAGE_ROWS; row++) {
        damage_fill(vec, kind, row);
    }
    return vec;
}

/* Reads everything by blocks and some rows scattered. Returns the first failure; *out_same tells whether values equal the model's. */
static ruzu_status damage_read(const rz_segment *segment, const rz_vec *model, bool *out_same)
{
    rz_col_reader *reader = NULL;
    rz_vec *out = fx_vec(model->type, RZ_VECTOR_CAPACITY);
    uint64_t rows = rz_segment_rows(segment);
    ruzu_status status = RUZU_OK;
    *out_same = rows == DAMAGE_ROWS;
    FX_OK(rz_col_reader_create(&fx.mem, fx.pool, model->type, "damaged", &reader, &fx.err));
    for (uint64_t first = 0; status == RUZU_OK && first < rows && first < 4 * DAMAGE_ROWS; first += RZ_VECTOR_CAPACITY) {
        uint32_t n = rows - first < RZ_VECTOR_CAPACITY ? (uint32_t)(rows - first) : RZ_VECTOR_CAPACITY;
        rz_vec_reset(out);
        rz_error_init(&fx.err);
        status = rz_col_read(reader, segment, first, n, out, 0, &fx.err);
        for (uint32_t i = 0; status == RUZU_OK && *out_same && i < n; i++) {
            *out_same = first + i < DAMAGE_ROWS && fx_same_row(out, i, model, (uint32_t)first + i);
        }
    }
    for (uint32_t round = 0; status == RUZU_OK && rows != 0 && round < 3; round++) {
        uint32_t wanted[RZ_VECTOR_CAPACITY];
        uint32_t n = round == 0 ? 3 : RZ_VECTOR_CAPACITY;
        for (uint32_t i = 0; i < n; i++) {
            wanted[i] = (uint32_t)(fx_random() % rows);
        }
        rz_vec_reset(out);
        rz_error_init(&fx.err);
        status = rz_col_gather(reader, segment, wanted, NULL, n, out, &fx.err);
        for (uint32_t i = 0; status == RUZU_OK && *out_same && i < n; i++) {
            *out_same = fx_same_row(out, i, model, wanted[i]);
        }
    }
    rz_col_reader_free(reader);
    return status;
}

static bool damage_is_expected(ruzu_status status)
{
    return status == RUZU_OK || status == RUZU_ERROR_CORRUPT || status == RUZU_ERROR_NO_MEMORY || status == RUZU_ERROR_LIMIT;
}

/* ---- metadata ---- */

static void damage_metadata_bits(void)
{
    for (uint32_t kind = 0; kind < DAMAGE_KINDS; kind++) {
        rz_vec *model = damage_model(kind);
        rz_segment *segment = fx_build(model, DAMAGE_ROWS);
        rz_str bytes;
        rz_str_init(&bytes, &fx.mem);
        rz_segment_encode(segment, &bytes);
        uint64_t limit = fx.mem.limit;
        rz_arena place;
        rz_arena_init(&place, &fx.mem);
        uint32_t found = 0, tried = 0;
        size_t bits = bytes.length * 8;
        size_t step = bits / 1500 + 1;
        for (size_t bit = 0; bit < bits; bit += step) {
            bytes.data[bit / 8] = (char)(bytes.data[bit / 8] ^ (1 << (bit % 8)));
            rz_reader reader;
            rz_reader_init(&reader, bytes.data, bytes.length);
            rz_segment *decoded = NULL;
            rz_error_init(&fx.err);
            ruzu_status status = rz_segment_decode(&reader, model->type, &place, &decoded, &fx.err);
            CHECK(status == RUZU_OK || status == RUZU_ERROR_CORRUPT);
            tried++;
            if (status == RUZU_OK) {
                bool same = false;
                fx.mem.limit = atomic_load(&fx.mem.used) + (UINT64_C(64) << 20); /* counts may ask for any memory */
                status = damage_read(decoded, model, &same);
                fx.mem.limit = limit;
                CHECK(damage_is_expected(status) || status == RUZU_ERROR_IO);
            }
            found += status != RUZU_OK;
            bytes.data[bit / 8] = (char)(bytes.data[bit / 8] ^ (1 << (bit % 8)));
            rz_arena_reset(&place);
            rz_arena_reset(&fx.heap);
        }
        CHECK(found * 10 > tried); /* the rest: bases, zones, which only the CRC of the directory guards */
        for (size_t length = 0; length < bytes.length; length++) { /* cut short anywhere */
            rz_reader reader;
            rz_reader_init(&reader, bytes.data, length);
            rz_segment *decoded = NULL;
            rz_error_init(&fx.err);
            CHECK_EQ_I64(rz_segment_decode(&reader, model->type, &place, &decoded, &fx.err), RUZU_ERROR_CORRUPT);
            rz_arena_reset(&place);
        }
        rz_arena_free(&place);
        rz_str_free(&bytes);
        rz_arena_reset(&fx.arena);
    }
}

/* ---- pages ---- */

typedef struct damage_pages {
    rz_part *parts[64];
    uint32_t count;
} damage_pages;

static void damage_collect(rz_segment *segment, damage_pages *pages)
{
    for (uint32_t i = 0; i < segment->part_count && pages->count < 64; i++) {
        if (segment->parts[i].pages.range.count != 0) {
            pages->parts[pages->count++] = &segment->parts[i];
        }
    }
    for (uint32_t i = 0; i < segment->child_count; i++) {
        damage_collect(&segment->children[i], pages);
    }
}

/* Flips a bit of the used bytes of a page, then reads, then repairs the page. */
static void damage_page_bit(rz_segment *segment, const rz_vec *model, rz_part *part, bool fit_crc)
{
    uint64_t off = fx_random() % part->size_bytes;
    uint64_t page_idx = off / RZ_PAGE_SIZE;
    uint64_t number = part->pages.range.start + page_idx;
    rz_page_range range = {number, 1};
    uint32_t crcs[64];
    const uint32_t *kept = part->pages.crcs;
    static uint8_t page[RZ_PAGE_SIZE];

    CHECK(part->pages.range.count <= 64);
    memcpy(crcs, kept, part->pages.range.count * sizeof crcs[0]);
    FX_OK(rz_disk_read(fx.disk, number, 1, page, &fx.err));
    uint8_t before = page[off % RZ_PAGE_SIZE];
    page[off % RZ_PAGE_SIZE] = (uint8_t)(fx_below(4) == 0 ? fx_random() : before ^ (1u << fx_below(8)));
    FX_OK(rz_disk_write(fx.disk, number, 1, page, &fx.err));
    rz_pool_drop(fx.pool, range);
    if (fit_crc) {
        crcs[page_idx] = rz_page_crc(fx.disk, number, page);
        part->pages.crcs = crcs;
    }
    bool same = false, changed = page[off % RZ_PAGE_SIZE] != before;
    ruzu_status status = damage_read(segment, model, &same);
    CHECK(damage_is_expected(status));
    if (!fit_crc) {
        CHECK_EQ_I64(status, changed ? RUZU_ERROR_CORRUPT : RUZU_OK);
        CHECK(changed || same);
        CHECK(!changed || strstr(fx.err.message, "damaged") != NULL);
    }
    page[off % RZ_PAGE_SIZE] = before;
    FX_OK(rz_disk_write(fx.disk, number, 1, page, &fx.err));
    rz_pool_drop(fx.pool, range);
    part->pages.crcs = kept;
}

static void damage_page_bits(void)
{
    for (uint32_t kind = 0; kind < DAMAGE_KINDS; kind++) {
        rz_vec *model = damage_model(kind);
        rz_segment *segment = fx_build(model, DAMAGE_ROWS);
        damage_pages pages = {.count = 0};
        damage_collect(segment, &pages);
        for (uint32_t round = 0; pages.count != 0 && round < test_volume(400, 40); round++) {
            damage_page_bit(segment, model, pages.parts[fx_below(pages.count)], round % 8 != 0);
            rz_arena_reset(&fx.heap);
        }
        bool same = false;
        CHECK_EQ_I64(damage_read(segment, model, &same), RUZU_OK);
        CHECK(same);
        rz_arena_reset(&fx.arena);
    }
}

int main(void)
{
    RUN_COLUMN(damage_metadata_bits);
    RUN_COLUMN(damage_page_bits);
    return CHECK_DONE();
}
