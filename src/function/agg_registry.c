/* SPDX-License-Identifier: MIT */
/*
 * The names of aggregates, their binding and messages, and the list of all functions for show_functions().
 */
#include "function/agg.h"

static const char *const agg_sum_signatures[] = {
    "(INT128) -> INT128",   "(INT64) -> INT128",
    "(INT32) -> INT128",    "(INT16) -> INT128",
    "(INT8) -> INT128",     "(SERIAL) -> INT128",
    "(UINT64) -> INT128",   "(UINT32) -> INT128",
    "(UINT16) -> INT128",   "(UINT8) -> INT128",
    "(DOUBLE) -> DOUBLE",   "(FLOAT) -> DOUBLE",
    "(DECIMAL) -> DECIMAL", NULL,
};
static const char *const agg_number_signatures[] = {
    "(INT128) -> DOUBLE",  "(INT64) -> DOUBLE",
    "(INT32) -> DOUBLE",   "(INT16) -> DOUBLE",
    "(INT8) -> DOUBLE",    "(SERIAL) -> DOUBLE",
    "(UINT64) -> DOUBLE",  "(UINT32) -> DOUBLE",
    "(UINT16) -> DOUBLE",  "(UINT8) -> DOUBLE",
    "(DOUBLE) -> DOUBLE",  "(FLOAT) -> DOUBLE",
    "(DECIMAL) -> DOUBLE", NULL,
};
static const char *const agg_extreme_signatures[] = {
    "(BOOL) -> BOOL",
    "(INT64) -> INT64",
    "(INT32) -> INT32",
    "(INT16) -> INT16",
    "(INT8) -> INT8",
    "(UINT64) -> UINT64",
    "(UINT32) -> UINT32",
    "(UINT16) -> UINT16",
    "(UINT8) -> UINT8",
    "(INT128) -> INT128",
    "(DOUBLE) -> DOUBLE",
    "(FLOAT) -> FLOAT",
    "(DECIMAL) -> DECIMAL",
    "(DATE) -> DATE",
    "(TIMESTAMP) -> TIMESTAMP",
    "(TIMESTAMP_NS) -> TIMESTAMP_NS",
    "(TIMESTAMP_MS) -> TIMESTAMP_MS",
    "(TIMESTAMP_SEC) -> TIMESTAMP_SEC",
    "(TIMESTAMP_TZ) -> TIMESTAMP_TZ",
    "(INTERVAL) -> INTERVAL",
    "(BLOB) -> BLOB",
    "(UUID) -> UUID",
    "(STRING) -> STRING",
    "(SERIAL) -> SERIAL",
    "(LIST) -> LIST",
    "(ARRAY) -> ARRAY",
    NULL,
};
static const char *const agg_count_star_signatures[] = {"() -> INT64", NULL};
static const char *const agg_count_signatures[] = {"(ANY) -> INT64", NULL};
static const char *const agg_any_signatures[] = {"(ANY) -> ANY", NULL};
static const char *const agg_collect_signatures[] = {"(ANY) -> LIST", NULL};

typedef struct agg_entry {
    const char *name;
    rz_agg_bind bind;
    const char *const *signatures;
} agg_entry;

static const agg_entry agg_entries[] = {
    {"COUNT_STAR", rz_agg_bind_count, agg_count_star_signatures},
    {"COUNT", rz_agg_bind_count, agg_count_signatures},
    {"SUM", rz_agg_bind_sum, agg_sum_signatures},
    {"AVG", rz_agg_bind_avg, agg_number_signatures},
    {"MIN", rz_agg_bind_extreme, agg_extreme_signatures},
    {"MAX", rz_agg_bind_extreme, agg_extreme_signatures},
    {"COLLECT", rz_agg_bind_collect, agg_collect_signatures},
    {"ANY_VALUE", rz_agg_bind_extreme, agg_any_signatures},
    {"STDEV", rz_agg_bind_deviation, agg_number_signatures},
    {"STDEVP", rz_agg_bind_deviation, agg_number_signatures},
};
#define AGG_ENTRY_COUNT (sizeof agg_entries / sizeof agg_entries[0])

static const agg_entry *agg_find(const char *name)
{
    for (size_t i = 0; i < AGG_ENTRY_COUNT; i++) {
        if (rz_name_equal(agg_entries[i].name, name)) {
            return &agg_entries[i];
        }
    }
    return NULL;
}

bool rz_agg_exists(const char *name)
{
    return agg_find(name) != NULL;
}

const char *rz_agg_canonical_name(const char *name)
{
    const agg_entry *entry = agg_find(name);
    return entry == NULL ? NULL : entry->name;
}

static ruzu_status agg_fail_arguments(const agg_entry *entry, const rz_type *arg_type, rz_error *err)
{
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    rz_str_append_format(&text, "Function %s did not receive correct arguments:\nActual:   (", entry->name);
    if (arg_type != NULL && arg_type->id == RUZU_TYPE_ANY) {
        rz_str_append_text(&text, "ANY");
    } else if (arg_type != NULL) {
        rz_type_format(arg_type, &text);
    }
    rz_str_append_text(&text, ")\nExpected: ");
    for (uint32_t i = 0; entry->signatures[i] != NULL; i++) {
        rz_str_append_format(&text, "%sDISTINCT %s\n          %s", i == 0 ? "" : "\n          ", entry->signatures[i],
                             entry->signatures[i]);
    }
    ruzu_status status = text.failed ? rz_error_no_memory(err, "wording a message")
                                     : rz_error_set(err, RUZU_ERROR_BINDER, "%s", rz_str_text(&text));
    rz_str_free(&text);
    return status;
}

ruzu_status rz_agg_resolve(const char *name, const rz_type *arg_type, bool collect_empty_list, rz_arena *arena,
                           rz_agg_bound *out, rz_error *err)
{
    memset(out, 0, sizeof *out);
    const agg_entry *entry = agg_find(name);
    if (entry == NULL) {
        char *upper = rz_arena_strdup(arena, name);
        RZ_TRY_ALLOC(upper, err, "binding an aggregate");
        for (char *c = upper; *c != '\0'; c++) {
            *c = rz_ascii_upper(*c);
        }
        return rz_error_set(err, RUZU_ERROR_CATALOG, "function %s does not exist.", upper);
    }
    out->collect_empty_list = collect_empty_list;
    if (arg_type == NULL && entry->bind != rz_agg_bind_count) {
        return agg_fail_arguments(entry, arg_type, err);
    }
    ruzu_status status = entry->bind(entry->name, arg_type, arena, out, err);
    return status == RUZU_ERROR_BINDER ? agg_fail_arguments(entry, arg_type, err) : status;
}

bool rz_fn_list(uint32_t idx, const char **out_name, const char **out_kind, const char **out_signature)
{
    const rz_fn_def *def;
    if (rz_fn_list_scalar(idx, out_name, &def)) {
        *out_kind = (def->fn.flags & RZ_FN_REWRITE) != 0 ? "REWRITE FUNCTION" : "SCALAR FUNCTION";
        *out_signature = def->signature;
        return true;
    }
    idx -= rz_fn_list_scalar_count();
    for (size_t i = 0; i < AGG_ENTRY_COUNT; i++) {
        for (uint32_t j = 0; agg_entries[i].signatures[j] != NULL; j++, idx--) {
            if (idx == 0) {
                *out_name = agg_entries[i].name;
                *out_kind = "AGGREGATE FUNCTION";
                *out_signature = agg_entries[i].signatures[j];
                return true;
            }
        }
    }
    return false;
}
