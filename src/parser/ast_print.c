/* SPDX-License-Identifier: MIT */
/*
 * Canonical text of queries and statements; expressions and patterns are in ast_print_expr.c.
 */
#include "parser/ast_print.h"

/* ---- clauses ---- */

static void ast_print_body(const rz_ast_body *body, rz_str *out)
{
    rz_str_append_text(out, body->distinct ? " DISTINCT" : "");
    if (body->star) {
        rz_str_append_text(out, body->item_count == 0 ? " *" : " *,");
    }
    for (uint32_t i = 0; i < body->item_count; i++) {
        rz_str_append_text(out, i == 0 ? " " : ", ");
        rz_ast_print_expr(body->items[i].expr, out);
        if (body->items[i].alias != NULL) {
            rz_str_append_text(out, " AS ");
            rz_ast_print_name(body->items[i].alias, out);
        }
    }
    for (uint32_t i = 0; i < body->order_count; i++) {
        static const char *const NULLS[] = {"", " NULLS FIRST", " NULLS LAST"};
        rz_str_append_text(out, i == 0 ? " ORDER BY " : ", ");
        rz_ast_print_expr(body->orders[i].expr, out);
        rz_str_append_text(out, body->orders[i].descending ? " DESC" : "");
        rz_str_append_text(out, NULLS[body->orders[i].nulls]);
    }
    if (body->skip != NULL) {
        rz_str_append_text(out, " SKIP ");
        rz_ast_print_expr(body->skip, out);
    }
    if (body->limit != NULL) {
        rz_str_append_text(out, " LIMIT ");
        rz_ast_print_expr(body->limit, out);
    }
    rz_ast_print_where(body->where, out);
}

static void ast_print_hint(const rz_ast_hint *hint, rz_str *out)
{
    if (hint->kind == RZ_AST_HINT_NAME) {
        rz_ast_print_name(hint->names[0], out);
        return;
    }
    /* Two MULTI_JOINs in a row would be one. */
    bool nested = hint->kind == RZ_AST_HINT_MULTI_JOIN && hint->left->kind == RZ_AST_HINT_MULTI_JOIN;
    rz_str_append_text(out, nested ? "(" : "");
    ast_print_hint(hint->left, out);
    rz_str_append_text(out, nested ? ")" : "");
    if (hint->kind == RZ_AST_HINT_JOIN) {
        bool tree = hint->right->kind != RZ_AST_HINT_NAME;
        rz_str_append_text(out, tree ? " JOIN (" : " JOIN ");
        ast_print_hint(hint->right, out);
        rz_str_append_text(out, tree ? ")" : "");
        return;
    }
    for (uint32_t i = 0; i < hint->name_count; i++) {
        rz_str_append_text(out, " MULTI_JOIN ");
        rz_ast_print_name(hint->names[i], out);
    }
}

static void ast_print_match(const rz_ast_match *match, rz_str *out)
{
    rz_str_append_text(out, match->optional ? "OPTIONAL MATCH " : "MATCH ");
    rz_ast_print_paths(match->paths, match->path_count, out);
    rz_ast_print_where(match->where, out);
    if (match->hint != NULL) {
        rz_str_append_text(out, " HINT ");
        ast_print_hint(match->hint, out);
    }
}

static void ast_print_call(const rz_ast_call *call, rz_str *out)
{
    rz_str_append_text(out, "CALL ");
    rz_ast_print_expr(call->function, out);
    if (call->has_yield) {
        rz_str_append_text(out, call->yield_star ? " YIELD *" : " YIELD ");
        for (uint32_t i = 0; i < call->yield_count; i++) {
            rz_str_append_text(out, i == 0 ? "" : ", ");
            rz_ast_print_name(call->yields[i].name, out);
            if (call->yields[i].alias != NULL) {
                rz_str_append_text(out, " AS ");
                rz_ast_print_name(call->yields[i].alias, out);
            }
        }
    }
    rz_ast_print_where(call->where, out);
}

static void ast_print_call_subquery(const rz_ast_call_subquery *call, rz_str *out)
{
    rz_str_append_text(out, "CALL ");
    if (call->has_imports) {
        rz_str_append_text(out, call->import_star ? "(*" : "(");
        rz_ast_print_names(call->imports, call->import_count, out);
        rz_str_append_text(out, ") ");
    }
    rz_str_append_text(out, "{ ");
    rz_ast_print_query(call->query, out);
    rz_str_append_text(out, " }");
}

static void ast_print_options(const rz_ast_options *options, const char *open, const char *close, rz_str *out)
{
    for (uint32_t i = 0; i < options->count; i++) {
        rz_str_append_text(out, i == 0 ? open : ", ");
        rz_ast_print_name(options->items[i].name, out);
        if (options->items[i].value != NULL) {
            rz_str_append_text(out, " = ");
            rz_ast_print_expr(options->items[i].value, out);
        }
    }
    rz_str_append_text(out, options->count == 0 ? "" : close);
}

static void ast_print_files(const rz_ast_source *source, const char *open, const char *close, rz_str *out)
{
    rz_str_append_text(out, open);
    for (uint32_t i = 0; i < source->file_count; i++) {
        rz_str_append_text(out, i == 0 ? "" : ", ");
        rz_ast_print_expr(source->files[i], out);
    }
    rz_str_append_text(out, close);
}

static void ast_print_source(const rz_ast_source *source, rz_str *out)
{
    rz_str_append_text(out, " FROM ");
    switch (source->kind) {
    case RZ_AST_SOURCE_FILES: ast_print_files(source, "[", "]", out); break;
    case RZ_AST_SOURCE_COLUMNS: ast_print_files(source, "(", ") BY COLUMN", out); break;
    case RZ_AST_SOURCE_QUERY:
        rz_str_append_char(out, '(');
        rz_ast_print_query(source->query, out);
        rz_str_append_char(out, ')');
        break;
    case RZ_AST_SOURCE_EXPRESSION: rz_ast_print_expr(source->expression, out); break;
    case RZ_AST_SOURCE_NAME:
        if (source->database != NULL) {
            rz_ast_print_name(source->database, out);
            rz_str_append_char(out, '.');
        }
        rz_ast_print_name(source->name, out);
        break;
    }
}

static void ast_print_load(const rz_ast_load *load, rz_str *out)
{
    rz_str_append_text(out, "LOAD");
    if (load->has_headers) {
        rz_str_append_text(out, " WITH HEADERS (");
        for (uint32_t i = 0; i < load->header_count; i++) {
            rz_str_append_text(out, i == 0 ? "" : ", ");
            rz_ast_print_name(load->headers[i].name, out);
            rz_str_append_char(out, ' ');
            rz_str_append(out, load->headers[i].type.data, load->headers[i].type.length);
        }
        rz_str_append_char(out, ')');
    }
    ast_print_source(&load->source, out);
    ast_print_options(&load->options, " (", ")", out);
    rz_ast_print_where(load->where, out);
}

static void ast_print_set(const char *word, const rz_ast_set *set, rz_str *out)
{
    for (uint32_t i = 0; i < set->item_count; i++) {
        const rz_ast_set_item *item = &set->items[i];
        rz_str_append_text(out, i == 0 ? word : ",");
        rz_str_append_char(out, ' ');
        rz_ast_print_operand(item->target, out);
        if (item->kind == RZ_AST_SET_LABEL) {
            rz_str_append_char(out, ':');
            rz_ast_print_labels(item->label, out);
        } else if (item->value != NULL) {
            rz_str_append_text(out, item->kind == RZ_AST_SET_MERGE ? " += " : " = ");
            rz_ast_print_expr(item->value, out);
        }
    }
}

static void ast_print_clause(const rz_ast_clause *clause, rz_str *out)
{
    switch (clause->kind) {
    case RZ_AST_CLAUSE_MATCH: ast_print_match(&clause->match, out); break;
    case RZ_AST_CLAUSE_UNWIND:
        rz_str_append_text(out, "UNWIND ");
        rz_ast_print_expr(clause->unwind.list, out);
        rz_str_append_text(out, " AS ");
        rz_ast_print_name(clause->unwind.variable, out);
        break;
    case RZ_AST_CLAUSE_CALL: ast_print_call(&clause->call, out); break;
    case RZ_AST_CLAUSE_CALL_SUBQUERY: ast_print_call_subquery(&clause->call_subquery, out); break;
    case RZ_AST_CLAUSE_LOAD: ast_print_load(&clause->load, out); break;
    case RZ_AST_CLAUSE_CREATE:
        rz_str_append_text(out, "CREATE ");
        rz_ast_print_paths(clause->create.paths, clause->create.path_count, out);
        break;
    case RZ_AST_CLAUSE_MERGE:
        rz_str_append_text(out, "MERGE ");
        rz_ast_print_paths(clause->merge.paths, clause->merge.path_count, out);
        ast_print_set(" ON MATCH SET", &clause->merge.on_match, out);
        ast_print_set(" ON CREATE SET", &clause->merge.on_create, out);
        break;
    case RZ_AST_CLAUSE_SET: ast_print_set("SET", &clause->set, out); break;
    case RZ_AST_CLAUSE_REMOVE: ast_print_set("REMOVE", &clause->set, out); break;
    case RZ_AST_CLAUSE_DELETE:
        rz_str_append_text(out, clause->del.detach ? "DETACH DELETE" : "DELETE");
        for (uint32_t i = 0; i < clause->del.expr_count; i++) {
            rz_str_append_text(out, i == 0 ? " " : ", ");
            rz_ast_print_expr(clause->del.exprs[i], out);
        }
        break;
    case RZ_AST_CLAUSE_FOREACH:
        rz_str_append_text(out, "FOREACH (");
        rz_ast_print_name(clause->foreach.variable, out);
        rz_str_append_text(out, " IN ");
        rz_ast_print_expr_no_pipe(clause->foreach.list, out);
        rz_str_append_text(out, " |");
        for (uint32_t i = 0; i < clause->foreach.clause_count; i++) {
            rz_str_append_char(out, ' ');
            ast_print_clause(clause->foreach.clauses[i], out);
        }
        rz_str_append_char(out, ')');
        break;
    case RZ_AST_CLAUSE_WITH:
        rz_str_append_text(out, "WITH");
        ast_print_body(&clause->body, out);
        break;
    case RZ_AST_CLAUSE_RETURN:
        rz_str_append_text(out, "RETURN");
        ast_print_body(&clause->body, out);
        break;
    case RZ_AST_CLAUSE_FINISH: rz_str_append_text(out, "FINISH"); break;
    }
}

void rz_ast_print_query(const rz_ast_query *query, rz_str *out)
{
    for (uint32_t i = 0; i < query->arm_count; i++) {
        const rz_ast_single_query *arm = query->arms[i];
        if (i != 0) {
            rz_str_append_text(out, arm->union_all ? " UNION ALL " : " UNION ");
        }
        for (uint32_t k = 0; k < arm->clause_count; k++) {
            rz_str_append_text(out, k == 0 ? "" : " ");
            ast_print_clause(arm->clauses[k], out);
        }
    }
}

/* ---- definitions ---- */

static void ast_print_if(bool present, const char *text, rz_str *out)
{
    rz_str_append_text(out, present ? text : "");
}

/* "word [IF …] name" */
static void ast_print_object(const char *word, bool guarded, const char *guard, const char *name, rz_str *out)
{
    rz_str_append_text(out, word);
    ast_print_if(guarded, guard, out);
    if (name != NULL) {
        rz_str_append_char(out, ' ');
        rz_ast_print_name(name, out);
    }
}

static void ast_print_column(const rz_ast_column *column, rz_str *out)
{
    rz_ast_print_name(column->name, out);
    rz_str_append_char(out, ' ');
    rz_str_append(out, column->type.data, column->type.length);
    if (column->default_value != NULL) {
        rz_str_append_text(out, " DEFAULT ");
        rz_ast_print_expr(column->default_value, out);
    }
    ast_print_if(column->unique, " UNIQUE", out);
    ast_print_if(column->not_null, " NOT NULL", out);
}

static void ast_print_pair(const rz_ast_from_to *pair, rz_str *out)
{
    rz_str_append_text(out, "FROM ");
    rz_ast_print_name(pair->from, out);
    rz_str_append_text(out, " TO ");
    rz_ast_print_name(pair->to, out);
}

static void ast_print_as_query(const rz_ast_query *query, rz_str *out)
{
    if (query != NULL) {
        rz_str_append_text(out, " AS ");
        rz_ast_print_query(query, out);
    }
}

static void ast_print_node_table(const rz_ast_create_node_table *table, rz_str *out)
{
    ast_print_object("CREATE NODE TABLE", table->if_not_exists, " IF NOT EXISTS", table->name, out);
    if (table->query == NULL) {
        rz_str_append_text(out, " (");
        for (uint32_t i = 0; i < table->column_count; i++) {
            ast_print_column(&table->columns[i], out);
            rz_str_append_text(out, ", ");
        }
        rz_str_append_text(out, "PRIMARY KEY (");
        rz_ast_print_names(table->keys, table->key_count, out);
        rz_str_append_text(out, "))");
    }
    ast_print_as_query(table->query, out);
}

static void ast_print_rel_table(const rz_ast_create_rel_table *table, rz_str *out)
{
    ast_print_object(table->group ? "CREATE REL TABLE GROUP" : "CREATE REL TABLE", table->if_not_exists,
                     " IF NOT EXISTS", table->name, out);
    for (uint32_t i = 0; i < table->pair_count; i++) {
        rz_str_append_text(out, i == 0 ? " (" : ", ");
        ast_print_pair(&table->pairs[i], out);
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        rz_str_append_text(out, ", ");
        ast_print_column(&table->columns[i], out);
    }
    if (table->multiplicity != NULL) {
        rz_str_append_text(out, ", ");
        rz_ast_print_name(table->multiplicity, out);
    }
    rz_str_append_char(out, ')');
    ast_print_options(&table->options, " WITH (", ")", out);
    ast_print_as_query(table->query, out);
}

static void ast_print_number_option(const char *word, const rz_ast_expr *value, rz_str *out)
{
    if (value != NULL) {
        rz_str_append_text(out, word);
        rz_ast_print_expr(value, out);
    }
}

static void ast_print_sequence(const rz_ast_create_sequence *sequence, rz_str *out)
{
    ast_print_object("CREATE SEQUENCE", sequence->if_not_exists, " IF NOT EXISTS", sequence->name, out);
    ast_print_number_option(" INCREMENT BY ", sequence->increment, out);
    ast_print_number_option(" MINVALUE ", sequence->min_value, out);
    ast_print_if(sequence->no_min_value, " NO MINVALUE", out);
    ast_print_number_option(" MAXVALUE ", sequence->max_value, out);
    ast_print_if(sequence->no_max_value, " NO MAXVALUE", out);
    ast_print_number_option(" START WITH ", sequence->start, out);
    ast_print_if(sequence->has_cycle, sequence->cycle ? " CYCLE" : " NO CYCLE", out);
}

static void ast_print_macro(const rz_ast_create_macro *macro, rz_str *out)
{
    ast_print_object("CREATE MACRO", macro->if_not_exists, " IF NOT EXISTS", macro->name, out);
    rz_str_append_char(out, '(');
    for (uint32_t i = 0; i < macro->param_count; i++) {
        rz_str_append_text(out, i == 0 ? "" : ", ");
        rz_ast_print_name(macro->params[i], out);
        if (macro->defaults[i] != NULL) {
            rz_str_append_text(out, " := ");
            rz_ast_print_expr(macro->defaults[i], out);
        }
    }
    rz_str_append_text(out, ") AS ");
    rz_ast_print_expr(macro->body, out);
}

/* " FOR (v:Label) <word> (v.a, v.b)" */
static void ast_print_for(const char *label, bool on_rel, const char *word, const char *const *properties,
                          uint32_t count, rz_str *out)
{
    rz_str_append_text(out, on_rel ? " FOR ()-[v:" : " FOR (v:");
    rz_ast_print_name(label, out);
    rz_str_append_format(out, on_rel ? "]-() %s (" : ") %s (", word);
    for (uint32_t i = 0; i < count; i++) {
        rz_str_append_text(out, i == 0 ? "v." : ", v.");
        rz_ast_print_name(properties[i], out);
    }
    rz_str_append_char(out, ')');
}

static void ast_print_create_index(const rz_ast_create_index *index, rz_str *out)
{
    ast_print_object(index->unique ? "CREATE UNIQUE INDEX" : "CREATE INDEX", false, "", index->name, out);
    ast_print_if(index->if_not_exists, " IF NOT EXISTS", out);
    ast_print_for(index->label, index->on_rel, "ON", index->properties, index->property_count, out);
}

static void ast_print_create_constraint(const rz_ast_create_constraint *constraint, rz_str *out)
{
    ast_print_object("CREATE CONSTRAINT", false, "", constraint->name, out);
    ast_print_if(constraint->if_not_exists, " IF NOT EXISTS", out);
    ast_print_for(constraint->label, constraint->on_rel, "REQUIRE", constraint->properties, constraint->property_count,
                  out);
    rz_str_append_text(out, constraint->kind == RZ_AST_CONSTRAINT_UNIQUE ? " IS UNIQUE" : " IS NOT NULL");
}

static void ast_print_drop(const rz_ast_drop *drop, rz_str *out)
{
    static const char *const WORDS[] = {"TABLE", "SEQUENCE", "MACRO", "TYPE", "INDEX", "CONSTRAINT"};
    rz_str_append_text(out, "DROP ");
    ast_print_object(WORDS[drop->object], drop->if_exists, " IF EXISTS", drop->name, out);
}

static void ast_print_alter(const rz_ast_alter *alter, rz_str *out)
{
    bool adds = alter->kind == RZ_AST_ALTER_ADD_COLUMN || alter->kind == RZ_AST_ALTER_ADD_PAIR;
    const char *guard = !alter->if_exists_guard ? "" : adds ? "IF NOT EXISTS " : "IF EXISTS ";
    rz_str_append_text(out, "ALTER TABLE ");
    rz_ast_print_name(alter->table, out);
    switch (alter->kind) {
    case RZ_AST_ALTER_ADD_COLUMN:
        rz_str_append_format(out, " ADD %s", guard);
        ast_print_column(&alter->column, out);
        return;
    case RZ_AST_ALTER_ADD_PAIR:
        rz_str_append_format(out, " ADD %s", guard);
        ast_print_pair(&alter->pair, out);
        return;
    case RZ_AST_ALTER_DROP_PAIR:
        rz_str_append_format(out, " DROP %s", guard);
        ast_print_pair(&alter->pair, out);
        return;
    case RZ_AST_ALTER_DROP_COLUMN:
        rz_str_append_format(out, " DROP %s", guard);
        rz_ast_print_name(alter->name, out);
        return;
    case RZ_AST_ALTER_RENAME_TABLE:
        rz_str_append_text(out, " RENAME TO ");
        rz_ast_print_name(alter->new_name, out);
        return;
    case RZ_AST_ALTER_RENAME_COLUMN:
        rz_str_append_text(out, " RENAME ");
        rz_ast_print_name(alter->name, out);
        rz_str_append_text(out, " TO ");
        rz_ast_print_name(alter->new_name, out);
        return;
    case RZ_AST_ALTER_COLUMN_TYPE:
    case RZ_AST_ALTER_SET_DEFAULT:
    case RZ_AST_ALTER_DROP_DEFAULT:
    case RZ_AST_ALTER_SET_NOT_NULL:
    case RZ_AST_ALTER_DROP_NOT_NULL: break;
    }
    rz_str_append_text(out, " ALTER ");
    rz_ast_print_name(alter->name, out);
    if (alter->kind == RZ_AST_ALTER_COLUMN_TYPE) {
        rz_str_append_text(out, " TYPE ");
        rz_str_append(out, alter->column.type.data, alter->column.type.length);
    } else if (alter->kind == RZ_AST_ALTER_SET_DEFAULT) {
        rz_str_append_text(out, " SET DEFAULT ");
        rz_ast_print_expr(alter->column.default_value, out);
    }
    ast_print_if(alter->kind == RZ_AST_ALTER_DROP_DEFAULT, " DROP DEFAULT", out);
    ast_print_if(alter->kind == RZ_AST_ALTER_SET_NOT_NULL, " SET NOT NULL", out);
    ast_print_if(alter->kind == RZ_AST_ALTER_DROP_NOT_NULL, " DROP NOT NULL", out);
}

/* ---- other statements ---- */

static void ast_print_text_literal(const char *text, rz_str *out)
{
    rz_ast_expr literal = {.kind = RZ_AST_EXPR_STRING, .height = 1};
    literal.value.string.data = text;
    literal.value.string.length = strlen(text);
    rz_ast_print_expr(&literal, out);
}

static void ast_print_extension(const rz_ast_extension *extension, rz_str *out)
{
    static const char *const WORDS[] = {"INSTALL ", "LOAD EXTENSION ", "UNINSTALL ", "UPDATE "};
    rz_str_append_text(out, extension->force ? "FORCE " : "");
    rz_str_append_text(out, WORDS[extension->action]);
    if (extension->is_path) {
        ast_print_text_literal(extension->name, out);
    } else {
        rz_ast_print_name(extension->name, out);
    }
    if (extension->repository != NULL) {
        rz_str_append_text(out, " FROM ");
        ast_print_text_literal(extension->repository, out);
    }
}

static void ast_print_copy_from(const rz_ast_copy_from *copy, rz_str *out)
{
    rz_str_append_text(out, "COPY ");
    rz_ast_print_name(copy->table, out);
    if (copy->has_columns) {
        rz_str_append_text(out, " (");
        rz_ast_print_names(copy->columns, copy->column_count, out);
        rz_str_append_char(out, ')');
    }
    ast_print_source(&copy->source, out);
    ast_print_options(&copy->options, " (", ")", out);
}

static void ast_print_attach(const rz_ast_attach *attach, rz_str *out)
{
    rz_str_append_text(out, "ATTACH ");
    rz_ast_print_expr(attach->path, out);
    if (attach->alias != NULL) {
        rz_str_append_text(out, " AS ");
        rz_ast_print_name(attach->alias, out);
    }
    rz_str_append_text(out, " (DBTYPE ");
    rz_ast_print_name(attach->type, out);
    ast_print_options(&attach->options, ", ", "", out);
    rz_str_append_char(out, ')');
}

static void ast_print_user(const char *word, const rz_ast_user *user, rz_str *out)
{
    ast_print_object(word, user->if_not_exists, " IF NOT EXISTS", user->name, out);
    if (user->password != NULL) {
        rz_str_append_text(out, " WITH PASSWORD ");
        rz_ast_print_expr(user->password, out);
    }
}

/* A word and an expression, for statements that are no more. */
static void ast_print_word_expr(const char *word, const rz_ast_expr *expr, rz_str *out)
{
    rz_str_append_text(out, word);
    rz_ast_print_expr(expr, out);
}

void rz_ast_print_statement(const rz_ast_statement *statement, rz_str *out)
{
    static const char *const EXPLAINS[] = {"", "EXPLAIN ", "EXPLAIN LOGICAL ", "PROFILE "};
    rz_str_append_text(out, EXPLAINS[statement->explain]);
    switch (statement->kind) {
    case RZ_AST_STATEMENT_QUERY: rz_ast_print_query(statement->query, out); break;
    case RZ_AST_STATEMENT_CREATE_NODE_TABLE: ast_print_node_table(&statement->create_node_table, out); break;
    case RZ_AST_STATEMENT_CREATE_REL_TABLE: ast_print_rel_table(&statement->create_rel_table, out); break;
    case RZ_AST_STATEMENT_CREATE_SEQUENCE: ast_print_sequence(&statement->create_sequence, out); break;
    case RZ_AST_STATEMENT_CREATE_TYPE:
        ast_print_object("CREATE TYPE", statement->create_type.if_not_exists, " IF NOT EXISTS",
                         statement->create_type.name, out);
        rz_str_append_text(out, " AS ");
        rz_str_append(out, statement->create_type.type.data, statement->create_type.type.length);
        break;
    case RZ_AST_STATEMENT_CREATE_MACRO: ast_print_macro(&statement->create_macro, out); break;
    case RZ_AST_STATEMENT_CREATE_INDEX: ast_print_create_index(&statement->create_index, out); break;
    case RZ_AST_STATEMENT_CREATE_CONSTRAINT: ast_print_create_constraint(&statement->create_constraint, out); break;
    case RZ_AST_STATEMENT_CREATE_USER: ast_print_user("CREATE USER", &statement->user, out); break;
    case RZ_AST_STATEMENT_CREATE_ROLE: ast_print_user("CREATE ROLE", &statement->user, out); break;
    case RZ_AST_STATEMENT_DROP: ast_print_drop(&statement->drop, out); break;
    case RZ_AST_STATEMENT_ALTER: ast_print_alter(&statement->alter, out); break;
    case RZ_AST_STATEMENT_COMMENT:
        ast_print_object("COMMENT ON TABLE", false, "", statement->comment.table, out);
        ast_print_word_expr(" IS ", statement->comment.comment, out);
        break;
    case RZ_AST_STATEMENT_COPY_FROM: ast_print_copy_from(&statement->copy_from, out); break;
    case RZ_AST_STATEMENT_COPY_TO:
        rz_str_append_text(out, "COPY (");
        rz_ast_print_query(statement->copy_to.query, out);
        ast_print_word_expr(") TO ", statement->copy_to.path, out);
        ast_print_options(&statement->copy_to.options, " (", ")", out);
        break;
    case RZ_AST_STATEMENT_EXPORT_DATABASE:
        ast_print_word_expr("EXPORT DATABASE ", statement->export_database.path, out);
        ast_print_options(&statement->export_database.options, " (", ")", out);
        break;
    case RZ_AST_STATEMENT_IMPORT_DATABASE: ast_print_word_expr("IMPORT DATABASE ", statement->path, out); break;
    case RZ_AST_STATEMENT_ATTACH: ast_print_attach(&statement->attach, out); break;
    case RZ_AST_STATEMENT_DETACH: ast_print_object("DETACH", false, "", statement->name, out); break;
    case RZ_AST_STATEMENT_USE: ast_print_object("USE", false, "", statement->name, out); break;
    case RZ_AST_STATEMENT_CALL: ast_print_call(&statement->call, out); break;
    case RZ_AST_STATEMENT_SET_OPTION:
        ast_print_object("CALL", false, "", statement->set_option.name, out);
        ast_print_word_expr(" = ", statement->set_option.value, out);
        break;
    case RZ_AST_STATEMENT_BEGIN:
        rz_str_append_text(out, statement->begin.read_only ? "BEGIN TRANSACTION READ ONLY" : "BEGIN TRANSACTION");
        break;
    case RZ_AST_STATEMENT_COMMIT: rz_str_append_text(out, "COMMIT"); break;
    case RZ_AST_STATEMENT_ROLLBACK: rz_str_append_text(out, "ROLLBACK"); break;
    case RZ_AST_STATEMENT_CHECKPOINT: rz_str_append_text(out, "CHECKPOINT"); break;
    case RZ_AST_STATEMENT_EXTENSION: ast_print_extension(&statement->extension, out); break;
    case RZ_AST_STATEMENT_VACUUM: rz_str_append_text(out, "VACUUM"); break;
    case RZ_AST_STATEMENT_ANALYZE: ast_print_object("ANALYZE", false, "", statement->name, out); break;
    case RZ_AST_STATEMENT_BACKUP_DATABASE: ast_print_word_expr("BACKUP DATABASE TO ", statement->path, out); break;
    }
    rz_str_append_char(out, ';');
}

void rz_ast_print(const rz_ast_script *script, rz_str *out)
{
    for (uint32_t i = 0; i < script->statement_count; i++) {
        rz_str_append_text(out, i == 0 ? "" : "\n");
        rz_ast_print_statement(script->statements[i], out);
    }
}
