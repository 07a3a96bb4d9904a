/* SPDX-License-Identifier: MIT */
/*
 * See crash_run.h.
 */
#include "crash_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void crash_text_add(crash_text *out, const char *data, size_t length)
{
    if (out->length + length + 1 > out->capacity) {
        out->capacity = (out->length + length + 1) * 2;
        out->data = (char *)realloc(out->data, out->capacity);
        if (out->data == NULL) {
            abort();
        }
    }
    memcpy(out->data + out->length, data, length);
    out->length += length;
    out->data[out->length] = '\0';
}

void crash_text_free(crash_text *out)
{
    free(out->data);
    memset(out, 0, sizeof *out);
}

bool crash_text_same(const crash_text *a, const crash_text *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

bool crash_is_disk_failure(ruzu_status status)
{
    return status == RUZU_ERROR_IO || status == RUZU_ERROR_DISK_FULL || status == RUZU_ERROR_POISONED || status == RUZU_ERROR_OUTCOME_UNKNOWN;
}

ruzu_status crash_open(simfs *fs, const char *path, const crash_workload *workload, ruzu_conn **out)
{
    ruzu_config config;
    ruzu_config_init(&config);
    config.max_threads = 1;
    config.buffer_pool_size = 1 << 20;
    config.memory_limit = 64 << 20;
    if (workload->checkpoint_threshold != 0) {
        config.checkpoint_threshold = workload->checkpoint_threshold;
    } else {
        config.flags |= RUZU_OPEN_NO_AUTO_CHECKPOINT;
    }
    return rz_conn_open(simfs_vfs(fs), path, &config, out);
}

ruzu_status crash_ask(ruzu_conn *conn, const crash_workload *workload, crash_text *out)
{
    ruzu_status failure = RUZU_OK;
    for (size_t q = 0; workload->questions[q] != NULL; q++) {
        ruzu_result *result = NULL;
        ruzu_status status = ruzu_query(conn, workload->questions[q], &result);
        if (status == RUZU_OK) {
            char *shown = ruzu_result_to_string(result, RUZU_FORMAT_TSV);
            crash_text_add(out, shown == NULL ? "?" : shown, shown == NULL ? 1 : strlen(shown));
            ruzu_free(shown);
        } else {
            crash_text_add(out, ruzu_errmsg(conn), strlen(ruzu_errmsg(conn)));
            failure = crash_is_disk_failure(status) ? status : failure;
        }
        crash_text_add(out, "\n", 1);
        ruzu_result_free(result);
    }
    return failure;
}

bool crash_sound(ruzu_conn *conn, bool torn_header, crash_text *problems)
{
    ruzu_result *result = NULL;
    const char *query = torn_header ? "CALL check_database(deep := true) WHERE severity <> 'warning' AND object <> 'header' RETURN *"
                                    : "CALL check_database(deep := true) WHERE severity <> 'warning' RETURN *";
    if (ruzu_query(conn, query, &result) != RUZU_OK) {
        crash_text_add(problems, ruzu_errmsg(conn), strlen(ruzu_errmsg(conn)));
        return false;
    }
    bool empty = ruzu_result_row_count(result) == 0;
    if (!empty) {
        char *shown = ruzu_result_to_string(result, RUZU_FORMAT_TSV);
        crash_text_add(problems, shown == NULL ? "?" : shown, shown == NULL ? 1 : strlen(shown));
        ruzu_free(shown);
    }
    ruzu_result_free(result);
    return empty;
}

void crash_make_files(simfs *fs)
{
    rz_vfs *vfs = simfs_vfs(fs);
    if (vfs->make_dir(vfs, "/data") != RUZU_OK || vfs->sync_dir(vfs, "/data") != RUZU_OK) {
        abort();
    }
    for (size_t f = 0; f < crash_file_count; f++) {
        crash_text content = {0};
        const crash_file *file = &crash_files[f];
        for (uint32_t i = 1; file->text == NULL && i <= file->rows; i++) {
            char line[80];
            int length = file->pairs ? snprintf(line, sizeof line, "%u,%u,%u\n", i, (i * 7 + 3) % file->rows + 1, i)
                                     : snprintf(line, sizeof line, "%u,person %u from a file,%u\n", i, i, i * 3);
            crash_text_add(&content, line, (size_t)length);
        }
        if (file->text != NULL) {
            crash_text_add(&content, file->text, strlen(file->text));
        }
        rz_file *handle = NULL;
        if (vfs->open(vfs, file->path, RZ_OPEN_WRITE | RZ_OPEN_CREATE, &handle) != RUZU_OK || vfs->write(handle, content.data, content.length, 0) != RUZU_OK ||
            vfs->sync(handle, false) != RUZU_OK || vfs->close(handle) != RUZU_OK) {
            abort();
        }
        crash_text_free(&content);
    }
    if (vfs->sync_dir(vfs, "/data/x") != RUZU_OK) {
        abort();
    }
}
