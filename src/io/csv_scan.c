/* SPDX-License-Identifier: MIT */
/*
 * Cuts files into blocks of whole records and hands them out in order.
 *
 * A worker that needs a block takes the lock and reads it into its own buffer: what the last block left over, then the file, up to a block's size and a little more; from the
 * block's size on the first record end is looked for, and what lies behind it waits for the next block. Records are walked by their quotes only (rz_csv_walk), so this part runs
 * at several GB/s and the parsing outside of the lock is what takes time.
 *
 * A record that does not end within CSV_RECORD_LIMIT has a quote too many, most likely. Then the block ends at a line end, and its reader reports the record and goes on behind
 * its first line.
 */
#include "io/csv_scan.h"

#include <string.h>

/* What is parsed of a block takes a few times its size: little memory, small blocks. */
static size_t scan_block_bytes(const rz_mem *mem)
{
    uint64_t share = rz_mem_smallest_limit(mem) / CSV_BLOCK_SHARE;
    share = share < CSV_BLOCK_SIZE ? share : CSV_BLOCK_SIZE;
    return share < CSV_READ_AHEAD ? CSV_READ_AHEAD : (size_t)share;
}

ruzu_status rz_csv_open(rz_vfs *vfs, rz_mem *mem, const char *const *paths, uint32_t path_count, const rz_csv_options *options, const rz_type *const *types,
                        uint32_t column_count, rz_warnings *warnings, uint64_t query_id, rz_csv_scan **out, rz_error *err)
{
    *out = NULL;
    RZ_TRY(rz_csv_check_format(paths, path_count, options->file_format, err));
    uint64_t total = 0;
    for (uint32_t i = 0; i < path_count; i++) {
        csv_file file;
        RZ_TRY(rz_csv_file_open(vfs, paths[i], &file, err));
        total += file.size;
        rz_csv_file_close(&file);
    }
    rz_csv_scan *scan = (rz_csv_scan *)rz_mem_calloc(mem, 1, sizeof *scan);
    RZ_TRY_ALLOC(scan, err, "opening files");
    if (rz_mutex_init(&scan->lock) != RUZU_OK) {
        rz_mem_free(mem, scan, sizeof *scan);
        return rz_error_no_memory(err, "opening files");
    }
    scan->vfs = vfs;
    scan->mem = mem;
    scan->paths = paths;
    scan->path_count = path_count;
    scan->options = *options;
    scan->dialect.delimiter = options->delimiter;
    scan->dialect.quote = options->quote;
    scan->dialect.escape = options->escape;
    scan->types = types;
    scan->column_count = column_count;
    scan->warnings = warnings;
    scan->query_id = query_id;
    scan->total_bytes = total;
    scan->block_bytes = scan_block_bytes(mem);
    scan->null_is_empty = options->null_string_count == 1 && options->null_strings[0][0] == '\0';
    atomic_init(&scan->done_bytes, 0);
    *out = scan;
    return RUZU_OK;
}

void rz_csv_close(rz_csv_scan *scan)
{
    if (scan != NULL) {
        rz_csv_file_close(&scan->file);
        rz_mem_free(scan->mem, scan->carry, scan->carry_capacity);
        rz_mutex_destroy(&scan->lock);
        rz_mem_free(scan->mem, scan, sizeof *scan);
    }
}

uint64_t rz_csv_total_bytes(const rz_csv_scan *scan)
{
    return scan->total_bytes;
}

uint64_t rz_csv_done_bytes(const rz_csv_scan *scan)
{
    return atomic_load_explicit(&scan->done_bytes, memory_order_relaxed);
}

uint32_t rz_csv_max_readers(const rz_csv_scan *scan)
{
    if (!scan->options.parallel) {
        return 1;
    }
    uint64_t most = rz_mem_smallest_limit(scan->mem) / CSV_READER_BYTES + 1;
    uint64_t blocks = scan->total_bytes / scan->block_bytes + 1;
    most = blocks < most ? blocks : most;
    return most < 1024 ? (uint32_t)most : 1024;
}

/* ---- reading ahead; the lock is held ---- */

static ruzu_status scan_reserve(rz_csv_scan *scan, csv_block *block, size_t capacity, rz_error *err)
{
    if (capacity <= block->capacity) {
        return RUZU_OK;
    }
    size_t old = block->data == NULL ? 0 : block->capacity + CSV_PADDING;
    char *data = (char *)rz_mem_realloc(scan->mem, block->data, old, capacity + CSV_PADDING);
    RZ_TRY_ALLOC(data, err, "reading files");
    block->data = data;
    block->capacity = capacity;
    return RUZU_OK;
}

/* Reads until the block holds `want` bytes or the file ends, and puts the padding behind them. */
static ruzu_status scan_fill(rz_csv_scan *scan, csv_block *block, size_t want, rz_error *err)
{
    RZ_TRY(scan_reserve(scan, block, want, err));
    while (!scan->at_end && block->size < want) {
        size_t asked = want - block->size;
        size_t got = 0;
        RZ_TRY(rz_csv_file_read(&scan->file, block->data + block->size, asked, &got, err));
        block->size += got;
        scan->at_end = got < asked;
    }
    memset(block->data + block->size, '\n', CSV_PADDING);
    return RUZU_OK;
}

static void scan_drop_front(rz_csv_scan *scan, csv_block *block, size_t count)
{
    block->size -= count;
    memmove(block->data, block->data + count, block->size + CSV_PADDING);
    atomic_fetch_add_explicit(&scan->done_bytes, count, memory_order_relaxed);
}

/* Leaves out the byte order mark and the lines of option SKIP. */
static ruzu_status scan_skip_lines(rz_csv_scan *scan, csv_block *block, size_t want, rz_error *err)
{
    if (block->size >= 3 && memcmp(block->data, "\xEF\xBB\xBF", 3) == 0) {
        scan_drop_front(scan, block, 3);
    }
    uint64_t left = scan->options.skip;
    size_t at = 0;
    while (left != 0 && block->size != 0) {
        const char *found = csv_find_end(block->data + at, '\n');
        size_t stop = (size_t)(found - block->data);
        bool whole = stop < block->size && (scan->at_end || *found == '\n' || stop + 1 < block->size);
        if (whole) {
            at = (size_t)(csv_skip_newline(found, block->data + block->size) - block->data);
            scan->line++;
            left--;
        }
        if (!whole || left == 0) {
            scan_drop_front(scan, block, whole ? at : stop < block->size ? stop : block->size);
            at = 0;
            RZ_TRY(scan_fill(scan, block, want, err));
        }
    }
    return RUZU_OK;
}

/* Where the block ends: behind the first record end at or behind block_bytes, or at the file's end. */
static ruzu_status scan_find_end(rz_csv_scan *scan, csv_block *block, size_t *out_end, rz_error *err)
{
    csv_walk walk = {0, false};
    if (block->size > scan->block_bytes) {
        rz_csv_walk(&scan->dialect, block->data, scan->block_bytes - 1, block->size, &walk);
    } else if (scan->at_end) {
        *out_end = block->size;
        return RUZU_OK;
    }
    for (;;) {
        if (rz_csv_walk_record(&scan->dialect, block->data, block->size, scan->at_end, &walk)) {
            *out_end = walk.at < block->size ? walk.at : block->size;
            return RUZU_OK;
        }
        if (scan->at_end) { /* an open quote: the reader says so */
            *out_end = block->size;
            return RUZU_OK;
        }
        if (block->size - scan->block_bytes > CSV_RECORD_LIMIT) {
            break;
        }
        RZ_TRY(scan_fill(scan, block, block->size + block->size / 2, err));
    }
    size_t end = block->size - 1; /* what stands behind the last byte is not known */
    while (end > 0 && !(csv_is_newline(block->data[end - 1]) && (block->data[end - 1] == '\n' || block->data[end] != '\n'))) {
        end--;
    }
    if (end == 0) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "File %s has a line of more than %u bytes.", scan->file.path, CSV_RECORD_LIMIT);
    }
    *out_end = end;
    return RUZU_OK;
}

/* Keeps what is behind the block's end for the next one. */
static ruzu_status scan_keep_rest(rz_csv_scan *scan, csv_block *block, size_t end, rz_error *err)
{
    size_t rest = block->size - end;
    if (rest > scan->carry_capacity) {
        char *carry = (char *)rz_mem_alloc(scan->mem, rest);
        RZ_TRY_ALLOC(carry, err, "reading files");
        rz_mem_free(scan->mem, scan->carry, scan->carry_capacity);
        scan->carry = carry;
        scan->carry_capacity = rest;
    }
    if (rest != 0) {
        memcpy(scan->carry, block->data + end, rest);
    }
    scan->carry_size = rest;
    block->size = end;
    memset(block->data + end, '\n', CSV_PADDING);
    return RUZU_OK;
}

static ruzu_status scan_take(rz_csv_scan *scan, csv_block *block, bool *out_any, rz_error *err)
{
    const size_t want = scan->block_bytes + CSV_READ_AHEAD;
    for (;;) {
        if (scan->file.handle == NULL) {
            if (scan->next_path == scan->path_count) {
                return RUZU_OK;
            }
            RZ_TRY(rz_csv_file_open(scan->vfs, scan->paths[scan->next_path++], &scan->file, err));
            scan->line = 1;
            scan->at_start = true;
            scan->at_end = false;
            scan->carry_size = 0;
        }
        block->size = 0;
        RZ_TRY(scan_reserve(scan, block, scan->carry_size > want ? scan->carry_size : want, err));
        if (scan->carry_size != 0) {
            memcpy(block->data, scan->carry, scan->carry_size);
        }
        block->size = scan->carry_size;
        RZ_TRY(scan_fill(scan, block, want, err));
        block->is_first = scan->at_start;
        if (scan->at_start) {
            RZ_TRY(scan_skip_lines(scan, block, want, err));
            scan->at_start = false;
        }
        size_t end = 0;
        RZ_TRY(scan_find_end(scan, block, &end, err));
        RZ_TRY(scan_keep_rest(scan, block, end, err));
        block->path = scan->file.path;
        block->line = scan->line;
        scan->line += rz_csv_count_lines(block->data, block->size);
        if (scan->at_end && scan->carry_size == 0) {
            rz_csv_file_close(&scan->file);
        }
        if (block->size != 0) {
            block->number = scan->next_block++;
            *out_any = true;
            return RUZU_OK;
        }
    }
}

ruzu_status rz_csv_take_block(rz_csv_scan *scan, csv_block *block, bool *out_any, rz_error *err)
{
    *out_any = false;
    rz_mutex_lock(&scan->lock);
    ruzu_status status = scan_take(scan, block, out_any, err);
    rz_mutex_unlock(&scan->lock);
    return status;
}
