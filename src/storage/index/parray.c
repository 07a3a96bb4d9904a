/* SPDX-License-Identifier: MIT */
/*
 * Packed arrays on pages: layout, streaming writer, windows, directory form.
 *
 * The writer holds PARRAY_BYTES of packed pages and PARRAY_VALUES values, however large the object is: the sizes are known when it begins, so
 * the ranges are allocated then and filled front to back.
 */
#include "storage/index/parray.h"

#define PARRAY_VALUES 1024u                              /* values packed at a time: a multiple of 64 keeps pieces byte-aligned */
#define PARRAY_BYTES ((size_t)RZ_WINDOW_PAGES * RZ_PAGE_SIZE)
#define PARRAY_EXTENT_BYTES ((uint64_t)RZ_EXTENT_PAGES * RZ_PAGE_SIZE)
#define PARRAY_MAX_COUNT (UINT64_C(1) << 43)             /* values of an array: what 8 TiB could hold at a byte each */

/* ---- layout ---- */

static uint64_t parray_piece_bytes(uint64_t count, uint32_t width)
{
    return width == 0 || count == 0 ? 0 : rz_packed_bytes(count, width);
}

/* Values that fit an extent alone, as a multiple of 64. */
static uint64_t parray_per_extent(uint32_t width)
{
    return width == 0 ? UINT64_MAX : (PARRAY_EXTENT_BYTES - 16) * 8 / width / 64 * 64;
}

bool rz_parray_layout(rz_parray *arrays, uint32_t count, uint64_t *pages, uint32_t capacity, uint32_t *out_extents)
{
    uint64_t total = 0;
    *out_extents = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (arrays[i].count > PARRAY_MAX_COUNT || arrays[i].width > 64) {
            return false;
        }
        total += parray_piece_bytes(arrays[i].count, arrays[i].width);
    }
    if (total <= PARRAY_EXTENT_BYTES) {
        uint32_t off = 0;
        for (uint32_t i = 0; i < count; i++) {
            arrays[i].first_extent = 0;
            arrays[i].byte_off = off;
            arrays[i].per_extent = UINT64_MAX;
            off += (uint32_t)parray_piece_bytes(arrays[i].count, arrays[i].width);
        }
        if (total != 0) {
            if (pages != NULL && capacity != 0) {
                pages[0] = (total + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE;
            }
            *out_extents = 1;
        }
        return true;
    }
    uint64_t extent = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t per_extent = parray_per_extent(arrays[i].width);
        arrays[i].first_extent = (uint32_t)extent;
        arrays[i].byte_off = 0;
        arrays[i].per_extent = per_extent;
        for (uint64_t done = 0; done < arrays[i].count && arrays[i].width != 0; done += per_extent) {
            uint64_t left = arrays[i].count - done;
            uint64_t bytes = parray_piece_bytes(left < per_extent ? left : per_extent, arrays[i].width);
            if (pages != NULL && extent < capacity) {
                pages[extent] = (bytes + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE;
            }
            extent++;
        }
    }
    if (extent > UINT32_MAX / RZ_EXTENT_PAGES) {
        return false;
    }
    *out_extents = (uint32_t)extent;
    return true;
}

/* ---- extents ---- */

void rz_extents_free(rz_extents *extents, rz_mem *mem)
{
    if (extents->items != NULL) {
        rz_mem_free(mem, extents->items, extents->count * sizeof *extents->items);
        rz_mem_free(mem, extents->crcs, extents->page_count * sizeof *extents->crcs);
    }
    *extents = (rz_extents){0};
}

void rz_extents_give_back(const rz_extents *extents, rz_disk *disk, rz_pool *pool)
{
    for (uint32_t i = 0; i < extents->count; i++) {
        if (extents->items[i].range.count != 0) {
            rz_pool_drop(pool, extents->items[i].range);
            rz_disk_free(disk, extents->items[i].range);
        }
    }
}

ruzu_status rz_extents_claim(const rz_extents *extents, rz_disk *disk, bool logged, const char *what, rz_error *err)
{
    for (uint32_t i = 0; i < extents->count; i++) {
        rz_page_range range = extents->items[i].range;
        RZ_TRY(logged ? rz_disk_take_logged(disk, range, what, err) : rz_disk_claim(disk, range, what, err));
    }
    return RUZU_OK;
}

void rz_extents_hold(const rz_extents *extents, rz_disk *disk)
{
    for (uint32_t i = 0; i < extents->count; i++) {
        rz_error ignored;
        rz_error_init(&ignored);
        if (rz_disk_hold(disk, extents->items[i].range, &ignored) != RUZU_OK) {
            return;
        }
    }
}

void rz_extents_unhold(const rz_extents *extents, rz_disk *disk)
{
    for (uint32_t i = 0; i < extents->count; i++) {
        rz_disk_unhold(disk, extents->items[i].range);
    }
}

uint64_t rz_extents_bytes(const rz_extents *extents)
{
    return extents->count * sizeof *extents->items + extents->page_count * sizeof *extents->crcs;
}

/* Memory for the extents of a layout, counts set and CRCs unset. */
static ruzu_status extents_prepare(rz_parray *arrays, uint32_t count, rz_mem *mem, rz_extents *out, rz_error *err)
{
    uint32_t extent_count = 0;
    *out = (rz_extents){0};
    if (!rz_parray_layout(arrays, count, NULL, 0, &extent_count)) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "a packed array is larger than a file can be.");
    }
    if (extent_count == 0) {
        return RUZU_OK;
    }
    uint64_t *pages = (uint64_t *)rz_mem_alloc(mem, extent_count * sizeof *pages);
    RZ_TRY_ALLOC(pages, err, "writing packed arrays");
    rz_stored_pages *items = (rz_stored_pages *)rz_mem_calloc(mem, extent_count, sizeof *items);
    uint64_t page_count = 0;
    (void)rz_parray_layout(arrays, count, pages, extent_count, &extent_count);
    for (uint32_t i = 0; i < extent_count; i++) {
        page_count += pages[i];
    }
    uint32_t *crcs = (uint32_t *)rz_mem_alloc(mem, page_count * sizeof *crcs);
    if (items == NULL || crcs == NULL) {
        rz_mem_free(mem, items, extent_count * sizeof *items);
        rz_mem_free(mem, crcs, page_count * sizeof *crcs);
        rz_mem_free(mem, pages, extent_count * sizeof *pages);
        return rz_error_no_memory(err, "writing packed arrays");
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < extent_count; i++) {
        items[i].crcs = crcs + at;
        items[i].range.count = pages[i];
        at += (uint32_t)pages[i];
    }
    rz_mem_free(mem, pages, extent_count * sizeof *pages);
    *out = (rz_extents){.items = items, .crcs = crcs, .count = extent_count, .page_count = at};
    return RUZU_OK;
}

static void extents_append_u32(rz_str *out, uint32_t value)
{
    char bytes[4];
    rz_store_u32(bytes, value);
    rz_str_append(out, bytes, sizeof bytes);
}

void rz_extents_encode(const rz_extents *extents, rz_str *out)
{
    extents_append_u32(out, extents->count);
    for (uint32_t i = 0; i < extents->count; i++) {
        char bytes[8];
        rz_store_u64(bytes, extents->items[i].range.start);
        rz_str_append(out, bytes, sizeof bytes);
        extents_append_u32(out, (uint32_t)extents->items[i].range.count);
    }
    for (uint32_t i = 0; i < extents->page_count; i++) {
        extents_append_u32(out, extents->crcs[i]);
    }
}

ruzu_status rz_extents_decode(rz_reader *reader, rz_parray *arrays, uint32_t count, rz_mem *mem, const char *what, rz_extents *out, rz_error *err)
{
    *out = (rz_extents){0};
    uint32_t extent_count = rz_read_u32(reader);
    uint32_t expected = 0;
    if (reader->failed || !rz_parray_layout(arrays, count, NULL, 0, &expected) || extent_count != expected ||
        (uint64_t)extent_count * 12 > reader->size - reader->off) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the list of page ranges is damaged.", what);
    }
    rz_extents extents;
    RZ_TRY(extents_prepare(arrays, count, mem, &extents, err));
    bool good = true;
    for (uint32_t i = 0; i < extent_count; i++) {
        extents.items[i].range.start = rz_read_u64(reader);
        good &= rz_read_u32(reader) == extents.items[i].range.count;
    }
    for (uint32_t i = 0; i < extents.page_count && !reader->failed; i++) {
        extents.crcs[i] = rz_read_u32(reader);
    }
    if (!good || reader->failed) {
        rz_extents_free(&extents, mem);
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: the sizes of its page ranges are wrong.", what);
    }
    *out = extents;
    return RUZU_OK;
}

/* ---- writing ---- */

void rz_parray_writer_init(rz_parray_writer *writer, rz_mem *mem, rz_disk *disk)
{
    *writer = (rz_parray_writer){.mem = mem, .disk = disk};
}

void rz_parray_abort(rz_parray_writer *writer)
{
    for (uint32_t i = 0; i < writer->extents.count; i++) {
        if (writer->extents.items[i].range.start != 0) {
            rz_disk_free(writer->disk, writer->extents.items[i].range);
        }
    }
    rz_extents_free(&writer->extents, writer->mem);
    writer->array_count = 0;
}

void rz_parray_writer_deinit(rz_parray_writer *writer)
{
    if (writer->mem == NULL) {
        return;
    }
    rz_parray_abort(writer);
    rz_mem_free(writer->mem, writer->values, PARRAY_VALUES * sizeof *writer->values);
    rz_mem_free(writer->mem, writer->bytes, PARRAY_BYTES + PARRAY_VALUES * 8 + 64);
    *writer = (rz_parray_writer){0};
}

ruzu_status rz_parray_begin(rz_parray_writer *writer, rz_parray *arrays, uint32_t count, rz_error *err)
{
    RZ_ASSERT(writer->array_count == 0 && count <= RZ_PARRAY_MAX);
    if (writer->values == NULL) {
        writer->values = (uint64_t *)rz_mem_alloc(writer->mem, PARRAY_VALUES * sizeof *writer->values);
        RZ_TRY_ALLOC(writer->values, err, "writing packed arrays");
    }
    if (writer->bytes == NULL) { /* rz_pack may write the values of one batch and its padding behind the full pages */
        writer->bytes = (uint8_t *)rz_mem_alloc(writer->mem, PARRAY_BYTES + PARRAY_VALUES * 8 + 64);
        RZ_TRY_ALLOC(writer->bytes, err, "writing packed arrays");
    }
    RZ_TRY(extents_prepare(arrays, count, writer->mem, &writer->extents, err));
    writer->arrays = arrays;
    writer->array_count = count;
    writer->array = 0;
    writer->value = 0;
    writer->buffered = 0;
    writer->fill = 0;
    writer->extent = 0;
    writer->extent_page = 0;
    writer->crc_count = 0;
    for (uint32_t i = 0; i < writer->extents.count; i++) {
        rz_page_range range;
        ruzu_status status = rz_disk_allocate(writer->disk, writer->extents.items[i].range.count, &range, err);
        if (status != RUZU_OK) {
            rz_parray_abort(writer);
            return status;
        }
        writer->extents.items[i].range = range;
    }
    return RUZU_OK;
}

/* Writes the first `pages` pages of the buffer and moves the rest of it to the front. */
static ruzu_status parray_flush(rz_parray_writer *writer, size_t pages, rz_error *err)
{
    uint64_t first = writer->extents.items[writer->extent].range.start + writer->extent_page;
    RZ_TRY(rz_disk_write(writer->disk, first, pages, writer->bytes, err));
    for (size_t i = 0; i < pages; i++) {
        writer->extents.crcs[writer->crc_count++] = rz_page_crc(writer->disk, first + i, writer->bytes + i * RZ_PAGE_SIZE);
    }
    writer->extent_page += pages;
    size_t written = pages * RZ_PAGE_SIZE;
    if (writer->fill > written) {
        memmove(writer->bytes, writer->bytes + written, writer->fill - written);
        writer->fill -= written;
    } else {
        writer->fill = 0;
    }
    return RUZU_OK;
}

/* The extent has all its bytes: its last page is filled with zeros. */
static ruzu_status parray_end_extent(rz_parray_writer *writer, rz_error *err)
{
    size_t pages = (writer->fill + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE;
    if (pages != 0) {
        memset(writer->bytes + writer->fill, 0, pages * RZ_PAGE_SIZE - writer->fill);
        RZ_TRY(parray_flush(writer, pages, err));
    }
    RZ_ASSERT(writer->extent_page == writer->extents.items[writer->extent].range.count);
    writer->extent++;
    writer->extent_page = 0;
    return RUZU_OK;
}

/* Packs the buffered values. ends_piece: they are the last of their piece, which is then padded. */
static ruzu_status parray_pack(rz_parray_writer *writer, bool ends_piece, rz_error *err)
{
    const rz_parray *array = &writer->arrays[writer->array];
    size_t padding = 0;
    if (array->width != 0) {
        rz_pack(writer->values, writer->buffered, array->width, writer->bytes + writer->fill);
        size_t bytes = (size_t)(((uint64_t)writer->buffered * array->width + 63) / 64 * 8);
        writer->fill += bytes;
        padding = 8; /* rz_pack has written it */
    }
    writer->buffered = 0;
    if (ends_piece) {
        writer->fill += padding;
    }
    return writer->fill >= PARRAY_BYTES ? parray_flush(writer, PARRAY_BYTES / RZ_PAGE_SIZE, err) : RUZU_OK;
}

/* Called when `value` has reached the end of a piece, or of the array. */
static ruzu_status parray_end_piece(rz_parray_writer *writer, rz_error *err)
{
    const rz_parray *array = &writer->arrays[writer->array];
    bool spread = array->per_extent != UINT64_MAX;
    RZ_TRY(parray_pack(writer, true, err));
    if (spread && array->width != 0) {
        RZ_TRY(parray_end_extent(writer, err));
    }
    if (writer->value == array->count) {
        writer->array++;
        writer->value = 0;
    }
    return RUZU_OK;
}

/* Arrays without values end by themselves. */
static void parray_skip_empty(rz_parray_writer *writer)
{
    while (writer->array < writer->array_count && writer->arrays[writer->array].count == 0) {
        writer->array++;
    }
}

/* How many of `count` values go into the buffer next: at most to its end, the piece's, and the array's. */
static uint64_t parray_room(const rz_parray_writer *writer, uint64_t count, bool *out_ends_piece)
{
    const rz_parray *array = &writer->arrays[writer->array];
    uint64_t piece_left = array->count - writer->value;
    if (array->per_extent != UINT64_MAX) {
        uint64_t left = array->per_extent - writer->value % array->per_extent;
        piece_left = left < piece_left ? left : piece_left;
    }
    uint64_t take = PARRAY_VALUES - writer->buffered;
    take = take < count ? take : count;
    *out_ends_piece = take >= piece_left;
    return take < piece_left ? take : piece_left;
}

ruzu_status rz_parray_push(rz_parray_writer *writer, const uint64_t *values, uint64_t count, rz_error *err)
{
    while (count != 0) {
        bool ends_piece;
        parray_skip_empty(writer);
        RZ_ASSERT(writer->array < writer->array_count);
        uint64_t take = parray_room(writer, count, &ends_piece);
        uint64_t base = writer->arrays[writer->array].base;
        uint64_t *to = writer->values + writer->buffered;
        for (uint64_t i = 0; i < take; i++) {
            to[i] = values[i] - base;
        }
        writer->buffered += (uint32_t)take;
        writer->value += take;
        values += take;
        count -= take;
        if (ends_piece) {
            RZ_TRY(parray_end_piece(writer, err));
        } else if (writer->buffered == PARRAY_VALUES) {
            RZ_TRY(parray_pack(writer, false, err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_parray_push_u32(rz_parray_writer *writer, const uint32_t *values, uint64_t count, rz_error *err)
{
    uint64_t wide[256];
    while (count != 0) {
        uint64_t take = count < 256 ? count : 256;
        for (uint64_t i = 0; i < take; i++) {
            wide[i] = values[i];
        }
        RZ_TRY(rz_parray_push(writer, wide, take, err));
        values += take;
        count -= take;
    }
    return RUZU_OK;
}

ruzu_status rz_parray_finish(rz_parray_writer *writer, rz_extents *out, rz_error *err)
{
    parray_skip_empty(writer);
    RZ_ASSERT(writer->array == writer->array_count);
    if (writer->extent < writer->extents.count) { /* the shared extent of a small object */
        RZ_TRY(parray_end_extent(writer, err));
    }
    *out = writer->extents;
    writer->extents = (rz_extents){0};
    writer->array_count = 0;
    return RUZU_OK;
}

/* ---- reading ---- */

void rz_window_release(rz_window *window, rz_pool *pool)
{
    if (window->pages != NULL) {
        rz_pool_unpin(pool, &window->pin);
        window->pages = NULL;
        window->first_byte = 0;
        window->end_byte = 0;
    }
}

ruzu_status rz_window_pin(rz_window *window, const rz_window_source *source, const rz_stored_pages *pages, uint64_t first_byte,
                          uint64_t end_byte, uint64_t ahead_bytes, rz_error *err)
{
    uint64_t first = first_byte / RZ_PAGE_SIZE;
    uint64_t needed = (end_byte + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE - first;
    uint64_t left = pages->range.count - first;
    uint64_t count = needed + ahead_bytes / RZ_PAGE_SIZE;
    rz_window_release(window, source->pool);
    if (RZ_UNLIKELY(first >= pages->range.count || needed > left || needed > RZ_WINDOW_PAGES)) {
        return rz_error_set(err, RUZU_ERROR_CORRUPT, "corrupt database: %s: a position lies outside its page range.", source->what);
    }
    count = count > RZ_WINDOW_PAGES ? RZ_WINDOW_PAGES : count;
    count = count > left ? left : count;
    RZ_TRY(rz_pool_pin(source->pool, pages, first, (uint32_t)count, source->what, &window->pin, err));
    window->pages = pages;
    window->extent_data = window->pin.data - first * RZ_PAGE_SIZE;
    window->first_byte = first * RZ_PAGE_SIZE;
    window->end_byte = (first + count) * RZ_PAGE_SIZE;
    return RUZU_OK;
}

ruzu_status rz_parray_read(rz_window *window, const rz_window_source *source, const rz_extents *extents, const rz_parray *array, uint64_t first,
                           uint64_t count, uint64_t base, uint64_t *out, rz_error *err)
{
    while (count != 0) {
        const uint8_t *data;
        uint64_t local;
        uint64_t take = count < RZ_WINDOW_VALUES ? count : RZ_WINDOW_VALUES;
        if (array->per_extent != UINT64_MAX) {
            uint64_t piece_left = array->per_extent - first % array->per_extent;
            take = take < piece_left ? take : piece_left;
        }
        uint64_t ahead = (count - take) * array->width / 8;
        RZ_TRY(rz_parray_cover(window, source, extents, array, first, take, ahead, &data, &local, err));
        rz_unpack(data, local, take, array->width, array->base + base, out);
        first += take;
        count -= take;
        out += take;
    }
    return RUZU_OK;
}
