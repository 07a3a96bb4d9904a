/* SPDX-License-Identifier: MIT */
/*
 * Files as the CSV reader sees them: opened, checked to be text, read in order.
 */
#include "io/csv.h"

#include <errno.h>
#include <string.h>

/* The name's ending without the dot, in place; NULL when there is none. */
static const char *csv_file_ending(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash == NULL ? path : slash, '.');
    return dot == NULL || dot[1] == '\0' ? NULL : dot + 1;
}

static ruzu_status csv_file_check_kind(const char *kind, rz_error *err)
{
    static const char *const known[] = {"parquet", "npy", "json", "jsonl", "ndjson"};
    if (rz_name_equal(kind, "csv")) {
        return RUZU_OK;
    }
    if (rz_name_equal(kind, "gz")) {
        return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Reading compressed files is not supported in this version.");
    }
    for (uint32_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (rz_name_equal(kind, known[i])) {
            return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Reading files of type %s is not supported in this version.", known[i]);
        }
    }
    return rz_error_set(err, RUZU_ERROR_BINDER, "Cannot load from file type %s. If it contains comma-separated values, say so by (file_format='csv').", kind);
}

ruzu_status rz_csv_check_format(const char *const *paths, uint32_t path_count, const char *file_format, rz_error *err)
{
    if (file_format != NULL) {
        return csv_file_check_kind(file_format, err);
    }
    const char *first = csv_file_ending(paths[0]);
    if (first == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Cannot infer the format of the given file. Please set the file format explicitly by (file_format=<type>).");
    }
    for (uint32_t i = 1; i < path_count; i++) {
        const char *ending = csv_file_ending(paths[i]);
        if (ending == NULL || !rz_name_equal(first, ending)) {
            return rz_error_set(err, RUZU_ERROR_BINDER, "Loading files with different types is not currently supported.");
        }
    }
    return csv_file_check_kind(first, err);
}

static ruzu_status csv_file_failed(const char *action, const char *path, ruzu_status status, int number, rz_error *err)
{
    char text[128];
    return rz_error_set(err, status, "Cannot %s file. path: %s - Error %d: %s", action, path, number, rz_os_error_text(number, text, sizeof text));
}

ruzu_status rz_csv_file_open(rz_vfs *vfs, const char *path, csv_file *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    errno = 0;
    rz_file *handle = NULL;
    ruzu_status status = vfs->open(vfs, path, RZ_OPEN_READ, &handle);
    if (status != RUZU_OK) {
        return csv_file_failed("open", path, status, errno, err);
    }
    out->handle = handle;
    out->path = path;
    status = vfs->size(handle, &out->size);
    if (status != RUZU_OK) {
        int number = errno;
        rz_csv_file_close(out);
        return csv_file_failed("read", path, status, number, err);
    }
    unsigned char magic[2] = {0, 0};
    size_t got = 0;
    status = vfs->read(handle, magic, sizeof magic, 0, &got);
    if (status != RUZU_OK) {
        int number = errno;
        rz_csv_file_close(out);
        return csv_file_failed("read", path, status, number, err);
    }
    if (got == 2 && magic[0] == 0x1f && magic[1] == 0x8b) {
        rz_csv_file_close(out);
        return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Reading compressed files is not supported in this version: %s.", path);
    }
    return RUZU_OK;
}

ruzu_status rz_csv_file_read(csv_file *file, char *out, size_t size, size_t *out_got, rz_error *err)
{
    *out_got = 0;
    errno = 0;
    rz_vfs *vfs = rz_file_vfs(file->handle);
    ruzu_status status = vfs->read(file->handle, out, size, file->off, out_got);
    if (status != RUZU_OK) {
        return csv_file_failed("read", file->path, status, errno, err);
    }
    file->off += *out_got;
    return RUZU_OK;
}

void rz_csv_file_close(csv_file *file)
{
    if (file->handle != NULL) {
        (void)rz_file_vfs(file->handle)->close(file->handle); /* nothing was written: a failure loses nothing */
        file->handle = NULL;
    }
}
