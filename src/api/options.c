/* SPDX-License-Identifier: MIT */
/*
 * Options of CALL option = value and current_setting (dialect §16.1): one table of names, types and defaults.
 *
 * Texts from a fixed set are kept as the index of the choice; other texts stand beside (conn->texts).
 */
#include "api/api.h"

#include <string.h>

typedef enum option_kind { OPTION_BOOL, OPTION_UINT64, OPTION_INT64, OPTION_CHOICE, OPTION_TEXT } option_kind;

#define OPTION_MAX_CHOICES 3u

typedef struct option_info {
    const char *name;
    option_kind kind;
    uint64_t fallback;     /* value at the beginning */
    bool shapes_plans;     /* kept plans do not survive a change */
    const char *choices[OPTION_MAX_CHOICES]; /* of OPTION_CHOICE */
} option_info;

static const option_info option_table[RZ_OPTION_COUNT] = {
    [RZ_OPTION_THREADS] = {.name = "threads", .kind = OPTION_UINT64},
    [RZ_OPTION_TIMEOUT] = {.name = "timeout", .kind = OPTION_UINT64},
    [RZ_OPTION_WARNING_LIMIT] = {.name = "warning_limit", .kind = OPTION_UINT64, .fallback = 8192},
    [RZ_OPTION_PROGRESS_BAR] = {.name = "progress_bar", .kind = OPTION_BOOL},
    [RZ_OPTION_MAX_DEPTH] = {.name = "var_length_extend_max_depth", .kind = OPTION_INT64, .fallback = 30, .shapes_plans = true},
    [RZ_OPTION_RECURSIVE_SEMANTIC] = {.name = "recursive_pattern_semantic", .kind = OPTION_CHOICE, .shapes_plans = true, .choices = {"WALK", "TRAIL", "ACYCLIC"}},
    [RZ_OPTION_RECURSIVE_FACTOR] = {.name = "recursive_pattern_factor", .kind = OPTION_INT64, .fallback = 100},
    [RZ_OPTION_SPARSE_FRONTIER] = {.name = "sparse_frontier_threshold", .kind = OPTION_INT64, .fallback = 1000},
    [RZ_OPTION_SEMI_MASK] = {.name = "enable_semi_mask", .kind = OPTION_BOOL, .fallback = 1, .shapes_plans = true},
    [RZ_OPTION_ZONE_MAP] = {.name = "enable_zone_map", .kind = OPTION_BOOL, .fallback = 1, .shapes_plans = true},
    [RZ_OPTION_PLAN_OPTIMIZER] = {.name = "enable_plan_optimizer", .kind = OPTION_BOOL, .fallback = 1, .shapes_plans = true},
    [RZ_OPTION_DEBUG_PLAN_RULES] = {.name = "debug_plan_rules", .kind = OPTION_UINT64, .fallback = UINT32_MAX, .shapes_plans = true},
    [RZ_OPTION_INTERNAL_CATALOG] = {.name = "enable_internal_catalog", .kind = OPTION_BOOL},
    [RZ_OPTION_NO_MAP_KEY_CHECK] = {.name = "disable_map_key_check", .kind = OPTION_BOOL, .fallback = 1, .shapes_plans = true},
    [RZ_OPTION_HOME_DIRECTORY] = {.name = "home_directory", .kind = OPTION_TEXT},
    [RZ_OPTION_FILE_SEARCH_PATH] = {.name = "file_search_path", .kind = OPTION_TEXT, .shapes_plans = true},
    [RZ_OPTION_MATCH_MODE] = {.name = "match_mode", .kind = OPTION_CHOICE, .shapes_plans = true, .choices = {"walk", "trail"}},
    [RZ_OPTION_COLLECT_EMPTY_LIST] = {.name = "collect_empty_list", .kind = OPTION_BOOL, .fallback = 1, .shapes_plans = true},
    [RZ_OPTION_NAN_ORDER] = {.name = "nan_order", .kind = OPTION_CHOICE, .choices = {"largest"}},
    [RZ_OPTION_MEMORY_LIMIT] = {.name = "memory_limit", .kind = OPTION_UINT64, .shapes_plans = true},
    [RZ_OPTION_BUSY_TIMEOUT] = {.name = "busy_timeout", .kind = OPTION_UINT64},
    [RZ_OPTION_DOUBLE_FORMAT] = {.name = "double_format", .kind = OPTION_CHOICE, .choices = {"shortest", "fixed6"}},
    [RZ_OPTION_STRICT_KUZU] = {.name = "strict_kuzu", .kind = OPTION_BOOL, .shapes_plans = true},
    [RZ_OPTION_CHECKPOINT_THRESHOLD] = {.name = "checkpoint_threshold", .kind = OPTION_INT64},
    [RZ_OPTION_AUTO_CHECKPOINT] = {.name = "auto_checkpoint", .kind = OPTION_BOOL, .fallback = 1},
    [RZ_OPTION_CHECKPOINT_ON_CLOSE] = {.name = "force_checkpoint_on_close", .kind = OPTION_BOOL, .fallback = 1},
    [RZ_OPTION_SPILL_TO_DISK] = {.name = "spill_to_disk", .kind = OPTION_BOOL, .fallback = 1},
    [RZ_OPTION_MULTI_WRITES] = {.name = "debug_enable_multi_writes", .kind = OPTION_BOOL},
    [RZ_OPTION_WAL_SYNC] = {.name = "wal_sync", .kind = OPTION_CHOICE, .choices = {"full", "normal", "off"}},
};

static void option_store(rz_options *options, rz_option_id id, uint64_t value)
{
    atomic_store_explicit(&options->values[id], value, memory_order_relaxed);
}

/* The store goes by some of the database's options. */
static void option_configure_store(const rz_db *db)
{
    const _Atomic uint64_t *values = db->options.values;
    rz_store_settings settings = {
        .wal_sync = (rz_sync_level)atomic_load_explicit(&values[RZ_OPTION_WAL_SYNC], memory_order_relaxed),
        .auto_checkpoint = atomic_load_explicit(&values[RZ_OPTION_AUTO_CHECKPOINT], memory_order_relaxed) != 0,
        .checkpoint_on_close = atomic_load_explicit(&values[RZ_OPTION_CHECKPOINT_ON_CLOSE], memory_order_relaxed) != 0,
        .spill_to_disk = atomic_load_explicit(&values[RZ_OPTION_SPILL_TO_DISK], memory_order_relaxed) != 0,
        .checkpoint_threshold_bytes = atomic_load_explicit(&values[RZ_OPTION_CHECKPOINT_THRESHOLD], memory_order_relaxed),
    };
    rz_store_configure(db->store, &settings);
}

void rz_options_init_session(ruzu_conn *conn)
{
    for (uint32_t id = 0; id < RZ_OPTION_FIRST_OF_DATABASE; id++) {
        option_store(&conn->options, (rz_option_id)id, option_table[id].fallback);
    }
    option_store(&conn->options, RZ_OPTION_THREADS, conn->db->max_threads);
    option_store(&conn->options, RZ_OPTION_MEMORY_LIMIT, conn->db->memory_limit);
    option_store(&conn->options, RZ_OPTION_BUSY_TIMEOUT, conn->db->busy_timeout_ms);
}

void rz_options_init_database(rz_db *db, const ruzu_config *config)
{
    for (uint32_t id = RZ_OPTION_FIRST_OF_DATABASE; id < RZ_OPTION_COUNT; id++) {
        option_store(&db->options, (rz_option_id)id, option_table[id].fallback);
    }
    option_store(&db->options, RZ_OPTION_CHECKPOINT_THRESHOLD, config->checkpoint_threshold);
    option_store(&db->options, RZ_OPTION_AUTO_CHECKPOINT, (config->flags & RUZU_OPEN_NO_AUTO_CHECKPOINT) == 0);
    option_store(&db->options, RZ_OPTION_CHECKPOINT_ON_CLOSE, (config->flags & RUZU_OPEN_NO_CHECKPOINT_ON_CLOSE) == 0);
    option_store(&db->options, RZ_OPTION_SPILL_TO_DISK, !db->in_memory);
    option_store(&db->options, RZ_OPTION_WAL_SYNC, config->wal_sync);
    option_configure_store(db);
}

void rz_options_free_texts(ruzu_conn *conn)
{
    for (uint32_t id = 0; id < RZ_OPTION_COUNT; id++) {
        if (conn->texts[id] != NULL) {
            rz_mem_free(&conn->mem, conn->texts[id], strlen(conn->texts[id]) + 1);
            conn->texts[id] = NULL;
        }
    }
}

bool rz_option_find(const char *name, rz_option_id *out)
{
    for (uint32_t id = 0; id < RZ_OPTION_COUNT; id++) {
        if (rz_name_equal(option_table[id].name, name)) {
            *out = (rz_option_id)id;
            return true;
        }
    }
    return false;
}

uint64_t rz_option_get(const ruzu_conn *conn, rz_option_id id)
{
    const rz_options *options = id < RZ_OPTION_FIRST_OF_DATABASE ? &conn->options : &conn->db->options;
    return atomic_load_explicit(&options->values[id], memory_order_relaxed);
}

const char *rz_option_text(const ruzu_conn *conn, rz_option_id id)
{
    return conn->texts[id] == NULL ? "" : conn->texts[id];
}

/* ---- setting ---- */

static ruzu_type_id option_type(option_kind kind)
{
    switch (kind) {
    case OPTION_BOOL: return RUZU_TYPE_BOOL;
    case OPTION_UINT64: return RUZU_TYPE_UINT64;
    case OPTION_INT64: return RUZU_TYPE_INT64;
    case OPTION_CHOICE:
    case OPTION_TEXT: return RUZU_TYPE_STRING;
    }
    return RUZU_TYPE_STRING;
}

static ruzu_status option_choose(const option_info *info, const rz_value *value, uint64_t *out, rz_error *err)
{
    for (uint32_t i = 0; i < OPTION_MAX_CHOICES && info->choices[i] != NULL; i++) {
        if (rz_name_equal_n(info->choices[i], strlen(info->choices[i]), value->u.text.data, (size_t)value->u.text.length)) {
            *out = i;
            return RUZU_OK;
        }
    }
    int shown = value->u.text.length > 200 ? 200 : (int)value->u.text.length;
    if (info == &option_table[RZ_OPTION_RECURSIVE_SEMANTIC]) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Cannot parse %.*s as a path semantic. Supported inputs are [WALK, TRAIL, ACYCLIC]", shown,
                            value->u.text.data);
    }
    return rz_error_set(err, RUZU_ERROR_BINDER, "Invalid value %.*s for option %s. Supported values are: %s%s%s%s%s.", shown, value->u.text.data, info->name,
                        info->choices[0], info->choices[1] == NULL ? "" : ", ", info->choices[1] == NULL ? "" : info->choices[1],
                        info->choices[2] == NULL ? "" : ", ", info->choices[2] == NULL ? "" : info->choices[2]);
}

static ruzu_status option_set_text(ruzu_conn *conn, rz_option_id id, const rz_value *value, rz_error *err)
{
    size_t length = (size_t)value->u.text.length;
    char *copy = (char *)rz_mem_alloc(&conn->mem, length + 1);
    RZ_TRY_ALLOC(copy, err, "setting an option");
    memcpy(copy, value->u.text.data, length);
    copy[length] = '\0';
    if (memchr(copy, '\0', length) != NULL) {
        rz_mem_free(&conn->mem, copy, length + 1);
        return rz_error_set(err, RUZU_ERROR_BINDER, "The value of option %s contains a NUL.", option_table[id].name);
    }
    if (conn->texts[id] != NULL) {
        rz_mem_free(&conn->mem, conn->texts[id], strlen(conn->texts[id]) + 1);
    }
    conn->texts[id] = copy;
    return RUZU_OK;
}

/* What may not be set, or not here. */
static ruzu_status option_check(const ruzu_conn *conn, rz_option_id id, uint64_t number, rz_error *err)
{
    if (id == RZ_OPTION_SPILL_TO_DISK && number != 0 && conn->db->in_memory) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "Cannot set spill_to_disk to true for an in-memory database!");
    }
    if (id == RZ_OPTION_SPILL_TO_DISK && number != 0 && conn->db->read_only) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "Cannot set spill_to_disk to true for a read only database!");
    }
    if (id == RZ_OPTION_MAX_DEPTH && (number == 0 || number > 1000)) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "var_length_extend_max_depth must be between 1 and 1000.");
    }
    if (option_table[id].kind == OPTION_INT64 && (int64_t)number < 0) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "The value of option %s must not be negative.", option_table[id].name);
    }
    return RUZU_OK;
}

/* What follows from a new value outside the table. */
static void option_apply(ruzu_conn *conn, rz_option_id id, uint64_t number)
{
    if (id == RZ_OPTION_WARNING_LIMIT) {
        rz_warnings_set_limit(conn->warnings, number);
    }
    if (id >= RZ_OPTION_FIRST_OF_DATABASE) {
        option_configure_store(conn->db);
    }
    if (option_table[id].shapes_plans) {
        conn->option_epoch++;
        rz_kept_clear(conn);
    }
}

static ruzu_status option_set_cast(ruzu_conn *conn, rz_option_id id, const rz_value *value, rz_error *err)
{
    uint64_t number = 0;
    switch (option_table[id].kind) {
    case OPTION_BOOL: number = value->u.boolean ? 1 : 0; break;
    case OPTION_UINT64: number = value->u.u64; break;
    case OPTION_INT64: number = (uint64_t)value->u.i64; break;
    case OPTION_CHOICE: RZ_TRY(option_choose(&option_table[id], value, &number, err)); break;
    case OPTION_TEXT: RZ_TRY(option_set_text(conn, id, value, err)); break;
    }
    RZ_TRY(option_check(conn, id, number, err));
    if (id == RZ_OPTION_THREADS) {
        number = number == 0 ? conn->db->max_threads : number;
    }
    option_store(id < RZ_OPTION_FIRST_OF_DATABASE ? &conn->options : &conn->db->options, id, number);
    option_apply(conn, id, number);
    return RUZU_OK;
}

ruzu_status rz_option_set(ruzu_conn *conn, rz_option_id id, const rz_value *value, const char *shown, rz_error *err)
{
    const rz_type *type = rz_type_of(option_type(option_table[id].kind));
    if (conn->db->configuration_locked) {
        return rz_error_set(err, RUZU_ERROR_MISUSE, "Cannot set option %s: the configuration of this database is locked.", option_table[id].name);
    }
    if (value->is_null) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "The value of option %s must not be NULL.", option_table[id].name);
    }
    if (!rz_type_widens(value->type, type) && !(rz_type_is_integer(value->type) && rz_type_is_integer(type))) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Expression %s has data type %s but expected %s. Implicit cast is not supported.", shown,
                            rz_type_id_name((ruzu_type_id)value->type->id), rz_type_id_name((ruzu_type_id)type->id));
    }
    rz_arena arena;
    rz_arena_init(&arena, &conn->mem);
    rz_value cast;
    ruzu_status status = rz_value_cast(value, type, &arena, &cast, err);
    if (status == RUZU_OK) {
        status = option_set_cast(conn, id, &cast, err);
    }
    rz_arena_free(&arena);
    return status;
}

/* ---- reading ---- */

bool rz_option_setting(void *user, const char *name, rz_str *out)
{
    const ruzu_conn *conn = (const ruzu_conn *)user;
    rz_option_id id;
    if (!rz_option_find(name, &id)) {
        return false;
    }
    uint64_t value = rz_option_get(conn, id);
    switch (option_table[id].kind) {
    case OPTION_BOOL: rz_str_append_text(out, value != 0 ? "True" : "False"); break;
    case OPTION_UINT64: rz_str_append_format(out, "%llu", (unsigned long long)value); break;
    case OPTION_INT64: rz_str_append_format(out, "%lld", (long long)value); break;
    case OPTION_CHOICE: rz_str_append_text(out, option_table[id].choices[value]); break;
    case OPTION_TEXT: rz_str_append_text(out, rz_option_text(conn, id)); break;
    }
    return true;
}

uint32_t rz_option_rules(const ruzu_conn *conn)
{
    if (rz_option_get(conn, RZ_OPTION_PLAN_OPTIMIZER) == 0) {
        return 0;
    }
    uint32_t rules = (uint32_t)rz_option_get(conn, RZ_OPTION_DEBUG_PLAN_RULES);
    if (rz_option_get(conn, RZ_OPTION_ZONE_MAP) == 0) {
        rules &= ~(uint32_t)(RZ_RULE_ZONES | RZ_RULE_BOUNDS);
    }
    if (rz_option_get(conn, RZ_OPTION_SEMI_MASK) == 0) {
        rules &= ~(uint32_t)(RZ_RULE_SEMI | RZ_RULE_SIEVE | RZ_RULE_BOUNDS);
    }
    return rules;
}

bool rz_option_eager_rules(const ruzu_conn *conn)
{
    return rz_option_get(conn, RZ_OPTION_DEBUG_PLAN_RULES) > UINT32_MAX;
}
