/* SPDX-License-Identifier: MIT */
/*
 * The table functions of this version (dialect §15.1): catalogue, diagnostics, warnings, settings.
 */
#include "executor/table_function.h"

#define LIST_OF_STRINGS RUZU_TYPE_LIST

static const rz_catalog *call_catalog(const rz_table_call *call)
{
    return rz_txn_catalog(call->exec->context->txn);
}

static const char *arg_text(rz_table_call *call, uint32_t idx)
{
    const rz_value *arg = &call->args[idx];
    const char *text = arg->is_null ? "" : rz_arena_strndup(call->arena, arg->u.text.data, (size_t)arg->u.text.length);
    return text == NULL ? "" : text;
}

static ruzu_status show_tables(rz_table_call *call, rz_error *err)
{
    const rz_catalog *catalog = call_catalog(call);
    for (uint32_t i = 0; i < rz_catalog_table_count(catalog); i++) {
        const rz_cat_table *table = rz_catalog_table_at(catalog, i);
        rz_value cells[] = {rz_cell_uint(table->id), rz_cell_text(table->name),
                            rz_cell_text(table->kind == RZ_CAT_NODE_TABLE ? "NODE" : "REL"),
                            rz_cell_text("local(ruzu)"), rz_cell_text(table->comment)};
        RZ_TRY(rz_table_emit(call, cells, err));
    }
    return RUZU_OK;
}

static ruzu_status find_table(rz_table_call *call, const rz_cat_table **out, rz_error *err)
{
    const char *name = arg_text(call, 0);
    *out = rz_catalog_find_table(call_catalog(call), name);
    return *out != NULL ? RUZU_OK : rz_error_set(err, RUZU_ERROR_CATALOG, "%s does not exist in catalog.", name);
}

static ruzu_status describe_table_info(const rz_catalog *catalog, const char *arg, rz_arena *arena, rz_table_layout *layout, rz_error *err)
{
    const rz_cat_table *table = rz_catalog_find_table(catalog, arg);
    if (table == NULL) {
        return rz_error_set(err, RUZU_ERROR_CATALOG, "%s does not exist in catalog.", arg);
    }
    return table->kind == RZ_CAT_NODE_TABLE ? rz_table_layout_add(layout, arena, "primary key", RZ_BOOL, err)
                                            : rz_table_layout_add(layout, arena, "storage_direction", RZ_STRING, err);
}

static ruzu_status table_info(rz_table_call *call, rz_error *err)
{
    static const char *const directions[] = {"both", "fwd", "bwd"};
    const rz_cat_table *table = NULL;
    RZ_TRY(find_table(call, &table, err));
    for (uint32_t i = 0; i < table->property_count; i++) {
        const rz_cat_property *property = &table->properties[i];
        rz_str type;
        rz_str_init(&type, call->exec->context->mem);
        rz_type_format(property->type, &type);
        const char *type_text = type.failed ? NULL : rz_arena_strndup(call->arena, rz_str_text(&type), type.length);
        rz_str_free(&type);
        RZ_TRY_ALLOC(type_text, err, "describing a table");
        /* Kuzu's relationships have a hidden property of number 0, their id. */
        bool is_node = table->kind == RZ_CAT_NODE_TABLE;
        rz_value cells[] = {rz_cell_int32((int32_t)property->id + (is_node ? 0 : 1)), rz_cell_text(property->name), rz_cell_text(type_text),
                            rz_cell_text(property->default_text == NULL ? "NULL" : property->default_text),
                            is_node ? rz_cell_bool(table->key == i) : rz_cell_text(directions[table->storage_direction < 3 ? table->storage_direction : 0])};
        RZ_TRY(rz_table_emit(call, cells, err));
    }
    return RUZU_OK;
}

static ruzu_status describe_connection(const rz_catalog *catalog, const char *arg, rz_arena *arena, rz_table_layout *layout, rz_error *err)
{
    (void)arena;
    (void)layout;
    const rz_cat_table *table = rz_catalog_find_table(catalog, arg);
    if (table == NULL) {
        return rz_error_set(err, RUZU_ERROR_CATALOG, "%s does not exist in catalog.", arg);
    }
    return table->kind == RZ_CAT_REL_TABLE ? RUZU_OK : rz_error_set(err, RUZU_ERROR_BINDER, "Show connection can only be called on a rel table!");
}

static ruzu_status show_connection(rz_table_call *call, rz_error *err)
{
    const rz_cat_table *table = NULL;
    const rz_catalog *catalog = call_catalog(call);
    RZ_TRY(find_table(call, &table, err));
    for (uint32_t i = 0; i < table->pair_count; i++) {
        const rz_cat_table *src = rz_catalog_node_table(catalog, table->pairs[i].src_table);
        const rz_cat_table *dst = rz_catalog_node_table(catalog, table->pairs[i].dst_table);
        rz_value cells[] = {rz_cell_text(src->name), rz_cell_text(dst->name),
                            rz_cell_text(src->properties[src->key].name), rz_cell_text(dst->properties[dst->key].name)};
        RZ_TRY(rz_table_emit(call, cells, err));
    }
    return RUZU_OK;
}

static ruzu_status describe_stats(const rz_catalog *catalog, const char *arg, rz_arena *arena, rz_table_layout *layout, rz_error *err)
{
    const rz_cat_table *table = rz_catalog_find_table(catalog, arg);
    if (table == NULL) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Table %s does not exist!", arg);
    }
    if (table->kind != RZ_CAT_NODE_TABLE) {
        return rz_error_set(err, RUZU_ERROR_BINDER, "Stats from a non-node table %s is not supported yet!", arg);
    }
    for (uint32_t i = 0; i < table->property_count; i++) {
        const char *name = rz_arena_printf(arena, "%s_distinct_count", table->properties[i].name);
        RZ_TRY_ALLOC(name, err, "binding a table function");
        RZ_TRY(rz_table_layout_add(layout, arena, name, RZ_INT64, err));
    }
    return RUZU_OK;
}

static ruzu_status stats_info(rz_table_call *call, rz_error *err)
{
    const rz_cat_table *table = NULL;
    const rz_exec_context *context = call->exec->context;
    RZ_TRY(find_table(call, &table, err));
    rz_value *cells = RZ_NEW_ARRAY(call->arena, rz_value, (size_t)table->property_count + 1);
    RZ_TRY_ALLOC(cells, err, "reading statistics");
    rz_ntab *storage = rz_txn_ntab(context->txn, table->id);
    uint64_t rows = 0;
    if (storage != NULL) {
        rz_ntab_reader *reader = NULL;
        RZ_TRY(rz_ntab_reader_create(storage, rz_txn_snapshot(context->txn), context->mem, &reader, err));
        rows = rz_ntab_visible_rows(reader);
        rz_ntab_reader_free(reader);
    }
    cells[0] = rz_cell_int((int64_t)rows);
    for (uint32_t i = 0; i < table->property_count; i++) {
        cells[i + 1] = rz_cell_int(storage == NULL ? 0 : (int64_t)rz_ntab_distinct(storage, i));
    }
    return rz_table_emit(call, cells, err);
}

static ruzu_status show_functions(rz_table_call *call, rz_error *err)
{
    const char *name = NULL;
    const char *kind = NULL;
    const char *signature = NULL;
    for (uint32_t i = 0; rz_fn_list(i, &name, &kind, &signature); i++) {
        rz_value cells[] = {rz_cell_text(name), rz_cell_text(kind), rz_cell_text(signature)};
        RZ_TRY(rz_table_emit(call, cells, err));
    }
    const rz_table_function *function = NULL;
    for (uint32_t i = 0; (function = rz_table_function_at(i)) != NULL; i++) {
        char *upper = rz_arena_strdup(call->arena, function->name);
        RZ_TRY_ALLOC(upper, err, "listing functions");
        for (char *c = upper; *c != '\0'; c++) {
            *c = rz_ascii_upper(*c);
        }
        rz_value cells[] = {rz_cell_text(upper),
                            rz_cell_text(function->standalone ? "STANDALONE TABLE FUNCTION" : "TABLE FUNCTION"),
                            rz_cell_text("")};
        RZ_TRY(rz_table_emit(call, cells, err));
    }
    return RUZU_OK;
}

static ruzu_status show_sequences(rz_table_call *call, rz_error *err)
{
    const rz_catalog *catalog = call_catalog(call);
    for (uint32_t i = 0; i < rz_catalog_sequence_count(catalog); i++) {
        const rz_cat_sequence *sequence = rz_catalog_sequence_at(catalog, i);
        rz_value cells[] = {rz_cell_text(sequence->name),   rz_cell_text("local(ruzu)"),
                            rz_cell_int(sequence->start),   rz_cell_int(sequence->increment),
                            rz_cell_int(sequence->minimum), rz_cell_int(sequence->maximum),
                            rz_cell_bool(sequence->cycle)};
        RZ_TRY(rz_table_emit(call, cells, err));
    }
    return RUZU_OK;
}

static ruzu_status show_macros(rz_table_call *call, rz_error *err)
{
    const rz_catalog *catalog = call_catalog(call);
    for (uint32_t i = 0; i < rz_catalog_macro_count(catalog); i++) {
        const rz_cat_macro *macro = rz_catalog_macro_at(catalog, i);
        rz_value cells[] = {rz_cell_text(macro->name), rz_cell_text(macro->text)};
        RZ_TRY(rz_table_emit(call, cells, err));
    }
    return RUZU_OK;
}

static ruzu_status show_warnings(rz_table_call *call, rz_error *err)
{
    rz_warnings *warnings = call->exec->context->warnings;
    rz_warning warning;
    for (uint64_t i = 0; warnings != NULL && rz_warnings_get(warnings, i, &warning); i++) {
        rz_value cells[] = {rz_cell_uint(warning.query_id), rz_cell_text(warning.message), rz_cell_text(warning.file),
                            rz_cell_uint(warning.line), rz_cell_text(warning.record)};
        RZ_TRY(rz_table_emit(call, cells, err));
    }
    return RUZU_OK;
}

/* The column is named as the option. */
static ruzu_status describe_setting(const rz_catalog *catalog, const char *arg, rz_arena *arena, rz_table_layout *layout, rz_error *err)
{
    (void)catalog;
    return rz_table_layout_add(layout, arena, arg, RZ_STRING, err);
}

static ruzu_status current_setting(rz_table_call *call, rz_error *err)
{
    const rz_session *session = call->exec->context->session;
    const char *name = arg_text(call, 0);
    rz_str value;
    rz_str_init(&value, call->exec->context->mem);
    bool known = session != NULL && session->setting(session->user, name, &value);
    const char *text = known && !value.failed ? rz_arena_strndup(call->arena, rz_str_text(&value), value.length) : NULL;
    rz_str_free(&value);
    if (!known) {
        return rz_error_set(err, RUZU_ERROR_RUNTIME, "Invalid option name: %s.", name);
    }
    RZ_TRY_ALLOC(text, err, "reading a setting");
    rz_value cells[] = {rz_cell_text(text)};
    return rz_table_emit(call, cells, err);
}

static ruzu_status db_version(rz_table_call *call, rz_error *err)
{
    const char *text =
        rz_arena_printf(call->arena, "%d.%d.%d", RUZU_VERSION_MAJOR, RUZU_VERSION_MINOR, RUZU_VERSION_PATCH);
    RZ_TRY_ALLOC(text, err, "reading the version");
    rz_value cells[] = {rz_cell_text(text)};
    return rz_table_emit(call, cells, err);
}

static ruzu_status catalog_version(rz_table_call *call, rz_error *err)
{
    rz_value cells[] = {rz_cell_int((int64_t)rz_catalog_version(call_catalog(call)))};
    return rz_table_emit(call, cells, err);
}

static ruzu_status buffer_pool_stats(rz_table_call *call, rz_error *err)
{
    rz_pool_stats stats;
    rz_pool_stats_get(rz_store_pool(rz_txn_store(call->exec->context->txn)), &stats);
    uint64_t all = stats.hits + stats.misses;
    rz_value cells[] = {rz_cell_uint(stats.pages_total),
                        rz_cell_uint(stats.pages_used),
                        rz_cell_uint(stats.hits),
                        rz_cell_uint(stats.misses),
                        rz_cell_uint(stats.evictions),
                        rz_cell_uint(stats.dirty_writes),
                        rz_cell_double(all == 0 ? 0.0 : (double)stats.hits / (double)all)};
    return rz_table_emit(call, cells, err);
}

static ruzu_status bm_info(rz_table_call *call, rz_error *err)
{
    rz_store *store = rz_txn_store(call->exec->context->txn);
    rz_pool_stats stats;
    rz_pool_stats_get(rz_store_pool(store), &stats);
    rz_value cells[] = {rz_cell_uint(stats.pages_total * RZ_PAGE_SIZE),
                        rz_cell_uint(atomic_load_explicit(&rz_store_mem(store)->used, memory_order_relaxed))};
    return rz_table_emit(call, cells, err);
}

static ruzu_status file_info(rz_table_call *call, rz_error *err)
{
    rz_value cells[] = {rz_cell_uint(rz_disk_page_count(rz_store_disk(rz_txn_store(call->exec->context->txn))))};
    return rz_table_emit(call, cells, err);
}

static ruzu_status db_info_row(rz_table_call *call, const char *name, const char *format, uint64_t number,
                               rz_error *err)
{
    const char *value = rz_arena_printf(call->arena, "%llu%s", (unsigned long long)number, format);
    RZ_TRY_ALLOC(value, err, "describing the database");
    rz_value cells[] = {rz_cell_text(name), rz_cell_text(value)};
    return rz_table_emit(call, cells, err);
}

static ruzu_status db_info_text(rz_table_call *call, const char *name, const char *value, rz_error *err)
{
    rz_value cells[] = {rz_cell_text(name), rz_cell_text(value)};
    return rz_table_emit(call, cells, err);
}

static ruzu_status db_info_log(rz_table_call *call, rz_error *err)
{
    rz_store_log_info info;
    rz_store_log_info_get(rz_txn_store(call->exec->context->txn), &info);
    if (!info.exists) {
        return RUZU_OK;
    }
    RZ_TRY(db_info_row(call, "log generation", "", info.generation, err));
    RZ_TRY(db_info_row(call, "log bytes", "", info.size_bytes, err));
    RZ_TRY(db_info_row(call, "commits recovered", "", info.recovered_commits, err));
    RZ_TRY(db_info_row(call, "checkpoints while recovering", "", info.recovery_folds, err));
    RZ_TRY(db_info_row(call, "log bytes discarded", "", info.discarded_bytes, err));
    if (info.damaged) {
        RZ_TRY(db_info_row(call, "damaged log accepted", "", info.damaged_generation, err));
        RZ_TRY(db_info_row(call, "commits behind the damage", "", info.lost_commits, err));
    }
    return RUZU_OK;
}

/* Health and sharing: the only way in which a library that prints nothing can warn. */
static ruzu_status db_info_share(rz_table_call *call, rz_disk *disk, rz_error *err)
{
    static const char *const health[] = {[RZ_DISK_HEALTHY] = "healthy", [RZ_DISK_FULL] = "disk full", [RZ_DISK_POISONED] = "poisoned"};
    static const char *const locks[] = {[RZ_LOCK_NONE] = "none", [RZ_LOCK_SHARED] = "shared", [RZ_LOCK_EXCLUSIVE] = "exclusive"};
    rz_disk_share share;
    rz_disk_share_get(disk, &share);
    RZ_TRY(db_info_text(call, "health", health[share.health], err));
    if (share.cause != NULL) {
        RZ_TRY(db_info_text(call, "cause of poisoning", share.cause, err));
    }
    if (rz_disk_in_memory(disk)) {
        return RUZU_OK;
    }
    RZ_TRY(db_info_text(call, "lock", locks[share.lock], err));
    RZ_TRY(db_info_row(call, "names of the file", "", share.ident.link_count, err));
    RZ_TRY(db_info_log(call, err));
    if (rz_disk_share_warning(&share) != NULL) {
        RZ_TRY(db_info_text(call, "warning", rz_disk_share_warning(&share), err));
    }
    return RUZU_OK;
}

static ruzu_status db_info(rz_table_call *call, rz_error *err)
{
    rz_disk *disk = rz_store_disk(rz_txn_store(call->exec->context->txn));
    rz_disk_stats stats;
    rz_disk_stats_get(disk, &stats);
    rz_value path[] = {rz_cell_text("path"), rz_cell_text(rz_disk_path(disk))};
    RZ_TRY(rz_table_emit(call, path, err));
    RZ_TRY(db_info_row(call, "format version", "", RZ_FORMAT_VERSION, err));
    RZ_TRY(db_info_row(call, "pages", "", stats.page_count, err));
    RZ_TRY(db_info_row(call, "free pages", "", stats.free_pages, err));
    RZ_TRY(db_info_row(call, "damaged header slots", "", stats.bad_slots, err));
    return db_info_share(call, disk, err);
}

/* Also of standalone functions, which the api runs: they have no rows. */
static ruzu_status no_rows(rz_table_call *call, rz_error *err)
{
    (void)call;
    (void)err;
    return RUZU_OK;
}

const rz_table_function rz_table_functions[] = {
    {"show_tables",
     0,
     false,
     show_tables,
     5,
     {{"id", RUZU_TYPE_UINT64},
      {"name", RUZU_TYPE_STRING},
      {"type", RUZU_TYPE_STRING},
      {"database name", RUZU_TYPE_STRING},
      {"comment", RUZU_TYPE_STRING}}, NULL},
    {"table_info",
     1,
     false,
     table_info,
     4,
     {{"property id", RUZU_TYPE_INT32},
      {"name", RUZU_TYPE_STRING},
      {"type", RUZU_TYPE_STRING},
      {"default expression", RUZU_TYPE_STRING}},
     describe_table_info},
    {"show_connection",
     1,
     false,
     show_connection,
     4,
     {{"source table name", RUZU_TYPE_STRING},
      {"destination table name", RUZU_TYPE_STRING},
      {"source table primary key", RUZU_TYPE_STRING},
      {"destination table primary key", RUZU_TYPE_STRING}},
     describe_connection},
    {"show_functions",
     0,
     false,
     show_functions,
     3,
     {{"name", RUZU_TYPE_STRING}, {"type", RUZU_TYPE_STRING}, {"signature", RUZU_TYPE_STRING}}, NULL},
    {"show_sequences",
     0,
     false,
     show_sequences,
     7,
     {{"name", RUZU_TYPE_STRING},
      {"database name", RUZU_TYPE_STRING},
      {"start value", RUZU_TYPE_INT64},
      {"increment", RUZU_TYPE_INT64},
      {"min value", RUZU_TYPE_INT64},
      {"max value", RUZU_TYPE_INT64},
      {"cycle", RUZU_TYPE_BOOL}}, NULL},
    {"show_macros", 0, false, show_macros, 2, {{"name", RUZU_TYPE_STRING}, {"definition", RUZU_TYPE_STRING}}, NULL},
    {"show_warnings",
     0,
     false,
     show_warnings,
     5,
     {{"query_id", RUZU_TYPE_UINT64},
      {"message", RUZU_TYPE_STRING},
      {"file_path", RUZU_TYPE_STRING},
      {"line_number", RUZU_TYPE_UINT64},
      {"skipped_line_or_record", RUZU_TYPE_STRING}}, NULL},
    {"clear_warnings", 0, true, no_rows, 0, {{NULL, RUZU_TYPE_ANY}}, NULL},
    {"current_setting", 1, false, current_setting, 0, {{NULL, RUZU_TYPE_ANY}}, describe_setting},
    {"stats_info", 1, false, stats_info, 1, {{"cardinality", RUZU_TYPE_INT64}}, describe_stats},
    {"db_version", 0, false, db_version, 1, {{"version", RUZU_TYPE_STRING}}, NULL},
    {"catalog_version", 0, false, catalog_version, 1, {{"version", RUZU_TYPE_INT64}}, NULL},
    {"buffer_pool_stats",
     0,
     false,
     buffer_pool_stats,
     7,
     {{"pages_total", RUZU_TYPE_UINT64},
      {"pages_used", RUZU_TYPE_UINT64},
      {"hits", RUZU_TYPE_UINT64},
      {"misses", RUZU_TYPE_UINT64},
      {"evictions", RUZU_TYPE_UINT64},
      {"dirty_writes", RUZU_TYPE_UINT64},
      {"hit_rate", RUZU_TYPE_DOUBLE}}, NULL},
    {"bm_info", 0, false, bm_info, 2, {{"mem_limit", RUZU_TYPE_UINT64}, {"mem_usage", RUZU_TYPE_UINT64}}, NULL},
    {"file_info", 0, false, file_info, 1, {{"num_pages", RUZU_TYPE_UINT64}}, NULL},
    {"db_info", 0, false, db_info, 2, {{"name", RUZU_TYPE_STRING}, {"value", RUZU_TYPE_STRING}}, NULL},
    {"check_database",
     0,
     false,
     rz_produce_check_database,
     5,
     {{"severity", RUZU_TYPE_STRING},
      {"object", RUZU_TYPE_STRING},
      {"page", RUZU_TYPE_UINT64},
      {"offset", RUZU_TYPE_UINT64},
      {"problem", RUZU_TYPE_STRING}},
     NULL},
    {"corruption_log",
     0,
     false,
     rz_produce_corruption_log,
     3,
     {{"time", RUZU_TYPE_TIMESTAMP}, {"page", RUZU_TYPE_UINT64}, {"problem", RUZU_TYPE_STRING}},
     NULL},
    {"show_attached_databases",
     0,
     false,
     no_rows,
     2,
     {{"name", RUZU_TYPE_STRING}, {"database type", RUZU_TYPE_STRING}}, NULL},
    {"show_loaded_extensions",
     0,
     false,
     no_rows,
     3,
     {{"extension name", RUZU_TYPE_STRING},
      {"extension source", RUZU_TYPE_STRING},
      {"extension path", RUZU_TYPE_STRING}}, NULL},
    {"show_official_extensions",
     0,
     false,
     no_rows,
     2,
     {{"name", RUZU_TYPE_STRING}, {"description", RUZU_TYPE_STRING}},
     NULL},
    {"show_projected_graphs", 0, false, no_rows, 2, {{"name", RUZU_TYPE_STRING}, {"type", RUZU_TYPE_STRING}}, NULL},
    {"show_indexes",
     0,
     false,
     no_rows,
     6,
     {{"table_name", RUZU_TYPE_STRING},
      {"index_name", RUZU_TYPE_STRING},
      {"index_type", RUZU_TYPE_STRING},
      {"property_names", LIST_OF_STRINGS},
      {"extension_loaded", RUZU_TYPE_BOOL},
      {"index_definition", RUZU_TYPE_STRING}}, NULL},
    {NULL, 0, false, NULL, 0, {{NULL, RUZU_TYPE_ANY}}, NULL}};
