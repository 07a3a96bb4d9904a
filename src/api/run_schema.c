/* SPDX-License-Identifier: MIT */
/*
 * Statements that change the schema: the binder has checked them and made the definitions; here they are put into the transaction's catalog.
 */
#include "api/api.h"

/* ---- CREATE TABLE … AS query ---- */

/* Every column of the query goes to the property of the same place; of a relationship table the first two are the keys of its ends. */
static ruzu_status schema_fill(rz_run *run, const rz_cat_table *table, rz_error *err)
{
    rz_arena *arena = &run->slot->arena;
    uint32_t *idxs = RZ_NEW_ARRAY(arena, uint32_t, (size_t)table->property_count + 1);
    RZ_TRY_ALLOC(idxs, err, "filling a table");
    for (uint32_t i = 0; i < table->property_count; i++) {
        idxs[i] = i;
    }
    rz_bound_copy_from copy = {
        .table = table,
        .property_idxs = idxs,
        .column_count = table->property_count,
        .defaults = RZ_NEW_ARRAY(arena, rz_expr *, (size_t)table->property_count + 1),
        .query = run->slot->bound->u.table.query,
    };
    RZ_TRY_ALLOC(copy.defaults, err, "filling a table");
    uint64_t rows = 0;
    return rz_exec_copy_from(&run->exec, &copy, run->slot->plan, &rows, err);
}

static ruzu_status schema_create_table(rz_run *run, rz_catalog *catalog, rz_error *err)
{
    const rz_bound_statement *bound = run->slot->bound;
    const rz_cat_table *table = NULL;
    RZ_TRY(rz_catalog_add_table(catalog, bound->u.table.table, &table, err));
    RZ_TRY(rz_txn_sync_tables(run->txn, err));
    return bound->u.table.query == NULL ? RUZU_OK : schema_fill(run, table, err);
}

/* The storage of the column that ALTER TABLE added: rows that exist get the default, computed once or for each. */
static ruzu_status schema_add_column(rz_run *run, const rz_cat_table *table, rz_expr *value, rz_error *err)
{
    uint32_t idx = table->property_count - 1;
    rz_value fill = {.type = table->properties[idx].type, .is_null = true};
    bool constant = rz_expr_is_constant(value);
    if (constant) {
        RZ_TRY(rz_run_evaluate(run, value, &fill, err));
    }
    RZ_TRY(rz_txn_add_column(run->txn, table, idx, &fill, err));
    return constant ? RUZU_OK : rz_exec_fill_column(&run->exec, table, idx, value, err);
}

static ruzu_status schema_replace_table(rz_run *run, rz_catalog *catalog, rz_error *err)
{
    const rz_bound_statement *bound = run->slot->bound;
    const rz_cat_table *table = NULL;
    RZ_TRY(rz_catalog_replace_table(catalog, bound->u.table.table, &table, err));
    RZ_TRY(rz_txn_sync_tables(run->txn, err)); /* makes storage of pairs, drops that of columns */
    return bound->u.table.added_value == NULL ? RUZU_OK : schema_add_column(run, table, bound->u.table.added_value, err);
}

static ruzu_status schema_drop(rz_run *run, rz_catalog *catalog, rz_error *err)
{
    const rz_bound_statement *bound = run->slot->bound;
    switch (bound->u.drop.object) {
    case RZ_AST_OBJECT_TABLE:
        RZ_TRY(rz_catalog_drop_table(catalog, bound->u.drop.table_id, err));
        return rz_txn_sync_tables(run->txn, err);
    case RZ_AST_OBJECT_SEQUENCE: return rz_catalog_drop_sequence(catalog, bound->u.drop.name, err);
    case RZ_AST_OBJECT_MACRO: return rz_catalog_drop_macro(catalog, bound->u.drop.name, err);
    case RZ_AST_OBJECT_TYPE: return rz_catalog_drop_type(catalog, bound->u.drop.name, err);
    case RZ_AST_OBJECT_INDEX:
    case RZ_AST_OBJECT_CONSTRAINT: break;
    }
    return rz_error_set(err, RUZU_ERROR_NOT_IMPLEMENTED, "Indexes and constraints cannot be dropped in this version.");
}

ruzu_status rz_run_schema(rz_run *run, rz_error *err)
{
    const rz_bound_statement *bound = run->slot->bound;
    rz_catalog *catalog = NULL;
    RZ_TRY(rz_txn_edit_catalog(run->txn, &catalog, err));
    ruzu_status status = RUZU_OK;
    switch (bound->kind) {
    case RZ_BOUND_CREATE_TABLE: status = schema_create_table(run, catalog, err); break;
    case RZ_BOUND_ALTER:
    case RZ_BOUND_COMMENT: status = schema_replace_table(run, catalog, err); break;
    case RZ_BOUND_DROP: status = schema_drop(run, catalog, err); break;
    case RZ_BOUND_CREATE_SEQUENCE: status = rz_catalog_add_sequence(catalog, bound->u.sequence, err); break;
    case RZ_BOUND_CREATE_TYPE: status = rz_catalog_add_type(catalog, bound->u.type, err); break;
    case RZ_BOUND_CREATE_MACRO: status = rz_catalog_add_macro(catalog, bound->u.macro, err); break;
    case RZ_BOUND_QUERY:
    case RZ_BOUND_NOTHING:
    case RZ_BOUND_COPY_FROM:
    case RZ_BOUND_COPY_TO:
    case RZ_BOUND_SET_OPTION:
    case RZ_BOUND_STANDALONE_CALL:
    case RZ_BOUND_BEGIN:
    case RZ_BOUND_COMMIT:
    case RZ_BOUND_ROLLBACK:
    case RZ_BOUND_CHECKPOINT: return rz_error_set(err, RUZU_ERROR_INTERNAL, "not a statement that changes the schema");
    }
    RZ_TRY(status);
    return rz_run_message(run, bound->message == NULL ? "" : bound->message, err);
}
