/* SPDX-License-Identifier: MIT */
/*
 * Writing the page range of a part.
 */
#include "storage/column/writer.h"

void rz_col_writer_begin(rz_col_writer *writer, rz_disk *disk, uint8_t *buffer, rz_page_range range, uint32_t *crcs, rz_error *err)
{
    writer->disk = disk;
    writer->buffer = buffer;
    writer->fill = 0;
    writer->next_page = 0;
    writer->range = range;
    writer->crcs = crcs;
    writer->status = RUZU_OK;
    writer->err = err;
}

/* Writes `count` pages from data; they follow what was written before. */
static void writer_put_pages(rz_col_writer *writer, const uint8_t *data, uint64_t count)
{
    if (writer->status != RUZU_OK || count == 0) {
        return;
    }
    RZ_ASSERT(writer->next_page + count <= writer->range.count);
    uint64_t page = writer->range.start + writer->next_page;
    for (uint64_t i = 0; i < count; i++) {
        writer->crcs[writer->next_page + i] = rz_page_crc(writer->disk, page + i, data + i * RZ_PAGE_SIZE);
    }
    writer->status = rz_disk_write(writer->disk, page, count, data, writer->err);
    writer->next_page += count;
}

/* Makes room for size (at most a page or two) more bytes in the buffer. */
static void writer_need(rz_col_writer *writer, size_t size)
{
    if (writer->fill + size > RZ_COL_WRITER_BYTES) {
        size_t pages = writer->fill / RZ_PAGE_SIZE;
        size_t bytes = pages * RZ_PAGE_SIZE;
        writer_put_pages(writer, writer->buffer, pages);
        memmove(writer->buffer, writer->buffer + bytes, writer->fill - bytes);
        writer->fill -= bytes;
    }
}

void rz_col_writer_bytes(rz_col_writer *writer, const void *data, uint64_t size)
{
    const uint8_t *bytes = (const uint8_t *)data;
    while (size != 0) {
        writer_need(writer, 1);
        uint64_t room = RZ_COL_WRITER_BYTES - writer->fill;
        size_t n = (size_t)(size < room ? size : room);
        memcpy(writer->buffer + writer->fill, bytes, n);
        writer->fill += n;
        bytes += n;
        size -= n;
    }
}

void rz_col_writer_values(rz_col_writer *writer, const uint64_t *values, uint32_t count, uint32_t width)
{
    RZ_ASSERT(count <= RZ_COL_WRITER_VALUES);
    size_t size = rz_packed_bytes(count, width);
    writer_need(writer, size);
    rz_pack(values, count, width, writer->buffer + writer->fill);
    writer->fill += size - 8; /* the padding comes once, behind the last value */
}

void rz_col_writer_packed_end(rz_col_writer *writer)
{
    static const uint8_t zeros[8] = {0};
    rz_col_writer_bytes(writer, zeros, sizeof zeros);
}

void rz_col_writer_align(rz_col_writer *writer)
{
    static const uint8_t zeros[8] = {0};
    rz_col_writer_bytes(writer, zeros, (8 - writer->fill % 8) % 8);
}

ruzu_status rz_col_writer_end(rz_col_writer *writer)
{
    if (writer->fill != 0) {
        size_t pages = (writer->fill + RZ_PAGE_SIZE - 1) / RZ_PAGE_SIZE;
        memset(writer->buffer + writer->fill, 0, pages * RZ_PAGE_SIZE - writer->fill);
        writer_put_pages(writer, writer->buffer, pages);
        writer->fill = 0;
    }
    RZ_ASSERT(writer->status != RUZU_OK || writer->next_page == writer->range.count);
    return writer->status;
}
