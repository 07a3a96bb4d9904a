/* SPDX-License-Identifier: MIT */
/*
 * From text to plan: parsing with the session's limits, binding against a transaction's catalog, planning with its statistics; and when a plan may be
 * used again.
 *
 * A plan depends on (1) the catalog version, (2) options that change what is bound or planned, (3) the types of the parameters, and their values where
 * the binder looked at them, (4) the sizes of the tables, which only make it slow. Files may change between two runs, so plans that read some are not kept.
 */
#include "api/api.h"

#include <string.h>

/* A table that grew or shrank by this factor makes plans be made anew … */
#define COMPILE_GROWTH 4u
/* … unless it is so small that no plan is bad. */
#define COMPILE_SMALL_ROWS 1000u

ruzu_status rz_script_parse(ruzu_conn *conn, const char *text, size_t length, rz_script *out, rz_error *err)
{
    rz_parse_limits limits;
    rz_parse_limits_init(&limits);
    limits.strict = rz_option_get(conn, RZ_OPTION_STRICT_KUZU) != 0;
    rz_arena_init(&out->arena, &conn->mem);
    out->ast = NULL;
    ruzu_status status = rz_parse(text, length, &out->arena, &limits, &out->ast, err);
    if (status == RUZU_OK && out->ast->statement_count == 0) {
        status = rz_error_set_as(err, RUZU_ERROR_PARSER, RUZU_ERROR_READ_ONLY, "Query is empty."); /* with the prefix "Connection exception: " */
    }
    if (status != RUZU_OK) {
        rz_script_free(out);
    }
    return status;
}

void rz_script_free(rz_script *script)
{
    rz_arena_free(&script->arena);
    script->ast = NULL;
}

/* ---- slots ---- */

void rz_plan_slot_init(rz_plan_slot *slot, rz_mem *mem)
{
    memset(slot, 0, sizeof *slot);
    rz_arena_init(&slot->arena, mem);
}

void rz_plan_slot_clear(rz_plan_slot *slot)
{
    rz_kept_exec_free(slot->kept);
    rz_arena_free(&slot->arena);
    rz_plan_slot_init(slot, slot->arena.mem);
}

static bool compile_sizes_alike(uint64_t then, uint64_t now)
{
    uint64_t less = then < now ? then : now;
    uint64_t more = then < now ? now : then;
    return more <= COMPILE_SMALL_ROWS || more / COMPILE_GROWTH <= less;
}

static bool compile_table_rows(const rz_txn *txn, uint32_t id, rz_table_stats *out)
{
    const rz_ntab *nodes = rz_txn_ntab(txn, id);
    const rz_rtab *rels = nodes == NULL ? rz_txn_rtab(txn, id) : NULL;
    memset(out, 0, sizeof *out);
    if (nodes != NULL) {
        rz_ntab_stats(nodes, out);
    } else if (rels != NULL) {
        rz_rtab_stats(rels, out);
    }
    return nodes != NULL || rels != NULL;
}

bool rz_plan_slot_fits(const rz_plan_slot *slot, const ruzu_conn *conn, const rz_txn *txn, const rz_bind_parameter *parameters, uint32_t parameter_count)
{
    if (!slot->filled || !slot->keep || slot->option_epoch != conn->option_epoch || slot->parameter_count != parameter_count ||
        slot->catalog_version != rz_catalog_version(rz_txn_catalog(txn))) {
        return false;
    }
    for (uint32_t i = 0; i < parameter_count; i++) {
        if (!rz_type_equal(slot->parameters[i].type, parameters[i].value->type) ||
            (slot->values_used && !rz_value_equal(&slot->parameters[i], parameters[i].value))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < slot->sizes.count; i++) {
        rz_table_stats stats;
        if (!compile_table_rows(txn, slot->sizes.items[i].id, &stats) || !compile_sizes_alike(slot->sizes.items[i].rows, stats.rows)) {
            return false;
        }
    }
    return true;
}

/* ---- binding ---- */

typedef struct compile_state {
    ruzu_conn *conn;
    rz_txn *txn;
    rz_plan_slot *slot;
    rz_mem *mem;
} compile_state;

/* rz_bind_file_fn: names and types of a file's columns, as its first lines show them. */
static ruzu_status compile_file(void *user, const rz_bound_files *files, rz_arena *arena, const char *const **out_names, const rz_type *const **out_types,
                                uint32_t *out_count, rz_error *err)
{
    const compile_state *state = (const compile_state *)user;
    rz_file_policy policy = {
        .vfs = rz_store_vfs(state->conn->db->store),
        .allowed = state->conn->db->file_access,
        .search_path = rz_option_text(state->conn, RZ_OPTION_FILE_SEARCH_PATH),
    };
    return rz_file_bind(&policy, state->mem, files, arena, out_names, out_types, out_count, err);
}

/* rz_bind_table_function_fn: the columns of some functions depend on the schema. */
static ruzu_status compile_table_function(void *user, const char *name, const rz_value *const *args, const char *const *arg_names, uint32_t arg_count,
                                          rz_arena *arena, const char *const **out_names, const rz_type *const **out_types, uint32_t *out_count, bool *out_standalone, rz_error *err)
{
    const compile_state *state = (const compile_state *)user;
    return rz_table_function_bind(rz_txn_catalog(state->txn), name, args, arg_names, arg_count, arena, out_names, out_types, out_count, out_standalone, err);
}

static rz_path_semantic compile_semantic(uint64_t choice)
{
    return choice == 0 ? RZ_PATH_WALK : choice == 1 ? RZ_PATH_TRAIL : RZ_PATH_ACYCLIC; /* the order of the option's choices */
}

static ruzu_status compile_bind(compile_state *state, const rz_ast_script *script, const rz_ast_statement *statement, const rz_bind_parameter *parameters,
                                uint32_t parameter_count, rz_error *err)
{
    ruzu_conn *conn = state->conn;
    rz_arena scratch;
    rz_arena_init(&scratch, state->mem);
    rz_fn_context fn = {
        .mem = state->mem,
        .scratch = &scratch,
        .now_us = rz_txn_start_us(state->txn),
        .interrupted = &conn->interrupted,
        .map_key_check = rz_option_get(conn, RZ_OPTION_NO_MAP_KEY_CHECK) == 0,
    };
    rz_conn_next_seed(conn, fn.random_state);
    fn.random_state[0] |= 1; /* the generator must not start from zero */
    const rz_bind_options options = {
        .strict_kuzu = rz_option_get(conn, RZ_OPTION_STRICT_KUZU) != 0,
        .match_mode_trail = rz_option_get(conn, RZ_OPTION_MATCH_MODE) == 1,
        .collect_empty_list = rz_option_get(conn, RZ_OPTION_COLLECT_EMPTY_LIST) != 0,
        .recursive_semantic = compile_semantic(rz_option_get(conn, RZ_OPTION_RECURSIVE_SEMANTIC)),
        .max_recursive_depth = (uint32_t)rz_option_get(conn, RZ_OPTION_MAX_DEPTH),
    };
    const rz_bind_context context = {
        .catalog = rz_txn_catalog(state->txn),
        .options = &options,
        .parameters = parameters,
        .parameter_count = parameter_count,
        .table_function = compile_table_function,
        .file = compile_file,
        .user = state,
        .fn = &fn,
        .values_used = &state->slot->values_used,
    };
    ruzu_status status = rz_bind(&context, script, statement, &state->slot->arena, &state->slot->bound, err);
    rz_arena_free(&scratch);
    return status;
}

/* ---- parameters ---- */

/* What the plan refers to are copies: the caller's values and types change between two executions. */
static ruzu_status compile_copy_parameters(rz_plan_slot *slot, const rz_bind_parameter *parameters, uint32_t count, rz_bind_parameter **out, rz_error *err)
{
    slot->parameters = RZ_NEW_ARRAY(&slot->arena, rz_value, count);
    *out = RZ_NEW_ARRAY(&slot->arena, rz_bind_parameter, count);
    if (slot->parameters == NULL || *out == NULL) {
        return rz_error_no_memory(err, "binding parameters");
    }
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(rz_value_clone(parameters[i].value, &slot->arena, &slot->parameters[i], err));
        (*out)[i].value = &slot->parameters[i];
        (*out)[i].name = rz_arena_strdup(&slot->arena, parameters[i].name);
        RZ_TRY_ALLOC((*out)[i].name, err, "binding parameters");
    }
    slot->parameter_count = count;
    return RUZU_OK;
}

/* ---- planning ---- */

/* rz_plan_stats_fn; remembers what was asked for. */
static ruzu_status compile_stats(void *user, uint32_t id, rz_table_stats *out)
{
    compile_state *state = (compile_state *)user;
    rz_plan_slot *slot = state->slot;
    if (!compile_table_rows(state->txn, id, out)) {
        return RUZU_OK; /* made in this transaction, or dropped: an empty table */
    }
    for (uint32_t i = 0; i < slot->sizes.count; i++) {
        if (slot->sizes.items[i].id == id) {
            return RUZU_OK;
        }
    }
    rz_plan_size size = {.id = id, .rows = out->rows};
    return RZ_ARRAY_PUSH(&slot->sizes, &slot->arena, size) ? RUZU_OK : RUZU_ERROR_NO_MEMORY;
}

/* rz_plan_column_stats_fn. */
static ruzu_status compile_column_stats(void *user, uint32_t id, uint32_t column_idx, rz_column_stats *out)
{
    const compile_state *state = (const compile_state *)user;
    const rz_ntab *nodes = rz_txn_ntab(state->txn, id);
    const rz_rtab *rels = nodes == NULL ? rz_txn_rtab(state->txn, id) : NULL;
    memset(out, 0, sizeof *out);
    if (nodes != NULL) {
        rz_ntab_column_stats(nodes, column_idx, out);
    } else if (rels != NULL) {
        rz_rtab_column_stats(rels, column_idx, out);
    }
    return RUZU_OK;
}

static rz_bound_query *compile_query_of(const rz_bound_statement *bound)
{
    switch (bound->kind) {
    case RZ_BOUND_QUERY: return bound->u.query;
    case RZ_BOUND_CREATE_TABLE: return bound->u.table.query;
    case RZ_BOUND_COPY_FROM: return bound->u.copy_from.query;
    case RZ_BOUND_COPY_TO: return bound->u.copy_to.query;
    case RZ_BOUND_DROP:
    case RZ_BOUND_ALTER:
    case RZ_BOUND_COMMENT:
    case RZ_BOUND_CREATE_SEQUENCE:
    case RZ_BOUND_CREATE_TYPE:
    case RZ_BOUND_CREATE_MACRO:
    case RZ_BOUND_NOTHING:
    case RZ_BOUND_SET_OPTION:
    case RZ_BOUND_STANDALONE_CALL:
    case RZ_BOUND_BEGIN:
    case RZ_BOUND_COMMIT:
    case RZ_BOUND_ROLLBACK:
    case RZ_BOUND_CHECKPOINT: break;
    }
    return NULL;
}

static bool compile_reads_outside(const rz_plan *plan)
{
    if (plan->kind == RZ_PLAN_FILE_SCAN || plan->kind == RZ_PLAN_TABLE_FUNCTION) {
        return true;
    }
    for (uint32_t i = 0; i < plan->child_count; i++) {
        if (compile_reads_outside(plan->children[i])) {
            return true;
        }
    }
    return false;
}

ruzu_status rz_compile(ruzu_conn *conn, rz_txn *txn, rz_mem *mem, const rz_ast_script *script, const rz_ast_statement *statement,
                       const rz_bind_parameter *parameters, uint32_t parameter_count, rz_plan_slot *slot, rz_error *err)
{
    rz_plan_slot_clear(slot);
    compile_state state = {.conn = conn, .txn = txn, .slot = slot, .mem = mem};
    rz_bind_parameter *copies = NULL;
    RZ_TRY(compile_copy_parameters(slot, parameters, parameter_count, &copies, err));
    RZ_TRY(compile_bind(&state, script, statement, copies, parameter_count, err));
    const rz_bound_query *query = compile_query_of(slot->bound);
    if (query != NULL) {
        const rz_plan_context context = {
            .catalog = rz_txn_catalog(txn),
            .stats = compile_stats,
            .column_stats = compile_column_stats,
            .user = &state,
            .rules = rz_option_rules(conn),
            .eager = rz_option_eager_rules(conn),
            .memory_bytes = rz_mem_smallest_limit(mem),
            .column_count = &slot->bound->column_count,
        };
        RZ_TRY(rz_plan_query(&context, query, &slot->arena, &slot->plan, err));
    }
    slot->catalog_version = rz_catalog_version(rz_txn_catalog(txn));
    slot->option_epoch = conn->option_epoch;
    slot->keep = slot->bound->kind == RZ_BOUND_QUERY && slot->bound->explain == RZ_AST_EXPLAIN_NONE && !compile_reads_outside(slot->plan);
    slot->can_keep = slot->keep && rz_exec_can_keep(slot->plan);
    slot->serial = ++conn->plan_serial;
    slot->filled = true;
    return RUZU_OK;
}
