/* SPDX-License-Identifier: MIT */
/*
 * Warnings of a connection: the rows that IGNORE_ERRORS left out.
 *
 * Kept in the order they came up to the limit; the rest is only counted. Texts lie in an arena that clear empties.
 */
#include "io/io.h"

#include <string.h>

struct rz_warnings {
    rz_mem *mem;
    rz_mutex lock;
    rz_arena arena;                /* guarded by lock, as all below */
    RZ_ARRAY(rz_warning) list;
    uint64_t limit;
    uint64_t total;
};

ruzu_status rz_warnings_create(rz_mem *mem, uint64_t limit, rz_warnings **out, rz_error *err)
{
    *out = NULL;
    rz_warnings *warnings = (rz_warnings *)rz_mem_calloc(mem, 1, sizeof *warnings);
    RZ_TRY_ALLOC(warnings, err, "keeping warnings");
    if (rz_mutex_init(&warnings->lock) != RUZU_OK) {
        rz_mem_free(mem, warnings, sizeof *warnings);
        return rz_error_no_memory(err, "keeping warnings");
    }
    warnings->mem = mem;
    warnings->limit = limit;
    rz_arena_init(&warnings->arena, mem);
    *out = warnings;
    return RUZU_OK;
}

void rz_warnings_free(rz_warnings *warnings)
{
    if (warnings != NULL) {
        rz_arena_free(&warnings->arena);
        rz_mutex_destroy(&warnings->lock);
        rz_mem_free(warnings->mem, warnings, sizeof *warnings);
    }
}

void rz_warnings_clear(rz_warnings *warnings)
{
    rz_mutex_lock(&warnings->lock);
    rz_arena_free(&warnings->arena);
    memset(&warnings->list, 0, sizeof warnings->list);
    rz_mutex_unlock(&warnings->lock);
}

void rz_warnings_add(rz_warnings *warnings, uint64_t query_id, const char *message, const char *file, uint64_t line, const char *record, size_t record_length)
{
    rz_mutex_lock(&warnings->lock);
    warnings->total++;
    if (warnings->list.count < warnings->limit && warnings->list.count < UINT32_MAX) {
        rz_warning warning = {
            .query_id = query_id,
            .message = rz_arena_strdup(&warnings->arena, message),
            .file = rz_arena_strdup(&warnings->arena, file == NULL ? "" : file),
            .line = line,
            .record = rz_arena_strndup(&warnings->arena, record == NULL ? "" : record, record == NULL ? 0 : record_length),
        };
        /* Without memory the warning is only counted: it must not fail the statement that goes on in spite of errors. */
        if (warning.message != NULL && warning.file != NULL && warning.record != NULL) {
            (void)RZ_ARRAY_PUSH(&warnings->list, &warnings->arena, warning);
        }
    }
    rz_mutex_unlock(&warnings->lock);
}

uint64_t rz_warnings_count(rz_warnings *warnings)
{
    rz_mutex_lock(&warnings->lock);
    uint64_t count = warnings->list.count;
    rz_mutex_unlock(&warnings->lock);
    return count;
}

uint64_t rz_warnings_total(rz_warnings *warnings)
{
    rz_mutex_lock(&warnings->lock);
    uint64_t total = warnings->total;
    rz_mutex_unlock(&warnings->lock);
    return total;
}

void rz_warnings_set_limit(rz_warnings *warnings, uint64_t limit)
{
    rz_mutex_lock(&warnings->lock);
    warnings->limit = limit;
    if (warnings->list.count > limit) {
        warnings->list.count = (uint32_t)limit;
    }
    rz_mutex_unlock(&warnings->lock);
}

bool rz_warnings_get(rz_warnings *warnings, uint64_t idx, rz_warning *out)
{
    rz_mutex_lock(&warnings->lock);
    bool found = idx < warnings->list.count;
    if (found) {
        *out = warnings->list.items[idx];
    }
    rz_mutex_unlock(&warnings->lock);
    return found;
}
