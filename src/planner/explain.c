/* SPDX-License-Identifier: MIT */
/*
 * EXPLAIN: a plan as an indented tree, one operator a line: its name, its main arguments, the rows expected, and what a
 * note adds (PROFILE).
 */
#include "planner/planner.h"

static const char *explain_kind(rz_plan_kind kind)
{
    switch (kind) {
    case RZ_PLAN_SINGLE_ROW: return "SINGLE_ROW";
    case RZ_PLAN_EMPTY: return "EMPTY";
    case RZ_PLAN_ARGUMENT: return "ARGUMENT";
    case RZ_PLAN_NODE_SCAN: return "NODE_SCAN";
    case RZ_PLAN_TABLE_FUNCTION: return "TABLE_FUNCTION";
    case RZ_PLAN_FILE_SCAN: return "FILE_SCAN";
    case RZ_PLAN_NODE_LOOKUP: return "NODE_LOOKUP";
    case RZ_PLAN_EXPAND: return "EXPAND";
    case RZ_PLAN_EXPAND_INTO: return "EXPAND_INTO";
    case RZ_PLAN_INTERSECT: return "INTERSECT";
    case RZ_PLAN_DEGREE: return "DEGREE";
    case RZ_PLAN_COUNT_EXCEPT: return "COUNT_EXCEPT";
    case RZ_PLAN_RECURSIVE: return "RECURSIVE";
    case RZ_PLAN_FILTER: return "FILTER";
    case RZ_PLAN_PROJECT: return "PROJECT";
    case RZ_PLAN_UNWIND: return "UNWIND";
    case RZ_PLAN_TRIANGLE: return "TRIANGLE";
    case RZ_PLAN_CLOSED: return "CLOSED";
    case RZ_PLAN_COLLAPSE: return "COLLAPSE";
    case RZ_PLAN_MESSAGE_APPLY: return "MESSAGE_APPLY";
    case RZ_PLAN_MESSAGE: return "MESSAGE";
    case RZ_PLAN_REPEAT: return "REPEAT";
    case RZ_PLAN_LIMIT: return "LIMIT";
    case RZ_PLAN_APPLY: return "APPLY";
    case RZ_PLAN_AGGREGATE: return "AGGREGATE";
    case RZ_PLAN_SORT: return "SORT";
    case RZ_PLAN_HASH_JOIN: return "HASH_JOIN";
    case RZ_PLAN_JOIN_FILTER: return "JOIN_FILTER";
    case RZ_PLAN_REUSE: return "REUSE";
    case RZ_PLAN_UNION: return "UNION";
    case RZ_PLAN_BARRIER: return "BARRIER";
    case RZ_PLAN_INSERT: return "INSERT";
    case RZ_PLAN_SET: return "SET_PROPERTY";
    case RZ_PLAN_DELETE: return "DELETE";
    case RZ_PLAN_MERGE: return "MERGE";
    case RZ_PLAN_RESULT: return "RESULT";
    }
    return "?";
}

static const char *explain_name(const rz_plan *plan, uint32_t column)
{
    return column < plan->name_count && plan->names != NULL && plan->names[column] != NULL ? plan->names[column] : "";
}

static void explain_expr(const rz_expr *expr, rz_str *out)
{
    rz_str_append_text(out, expr->name != NULL && expr->name[0] != '\0' ? expr->name : "_");
}

static void explain_exprs(rz_expr *const *exprs, uint32_t count, rz_str *out)
{
    for (uint32_t i = 0; i < count; i++) {
        rz_str_append_text(out, i == 0 ? " " : ", ");
        explain_expr(exprs[i], out);
    }
}

/* ---- patterns ---- */

static void explain_tables(const rz_catalog *catalog, const uint32_t *tables, uint32_t count, rz_str *out)
{
    for (uint32_t i = 0; i < count; i++) {
        const rz_cat_table *table = rz_catalog_node_table(catalog, tables[i]);
        rz_str_append_text(out, i == 0 ? ":" : "|");
        rz_str_append_text(out, table == NULL ? "?" : table->name);
    }
}

/* Names of the hops' relationship tables, each once. */
static void explain_rel_tables(const rz_catalog *catalog, const rz_hop *hops, uint32_t count, rz_str *out)
{
    bool first = true;
    for (uint32_t i = 0; i < count; i++) {
        const rz_cat_table *table = rz_catalog_rel_of_pair(catalog, hops[i].pair, NULL);
        bool known = false;
        for (uint32_t j = 0; j < i && !known; j++) {
            known = rz_catalog_rel_of_pair(catalog, hops[j].pair, NULL) == table;
        }
        if (!known) {
            rz_str_append_text(out, first ? ":" : "|");
            rz_str_append_text(out, table == NULL ? "?" : table->name);
            first = false;
        }
    }
}

static void explain_arrow(const rz_plan *plan, const rz_catalog *catalog, const rz_hop *hops, uint32_t count,
                          uint32_t rel, const rz_bound_recursive *recursive, rz_str *out)
{
    bool forward = false;
    bool backward = false;
    for (uint32_t i = 0; i < count; i++) {
        forward |= hops[i].direction == RZ_FORWARD;
        backward |= hops[i].direction == RZ_BACKWARD;
    }
    rz_str_append_text(out, backward && !forward ? "<-[" : "-[");
    rz_str_append_text(out, rel == RZ_NO_COLUMN_ID ? "" : explain_name(plan, rel));
    explain_rel_tables(catalog, hops, count, out);
    if (recursive != NULL) {
        static const char *const semantics[] = {[RZ_PATH_WALK] = "",
                                                [RZ_PATH_TRAIL] = " TRAIL",
                                                [RZ_PATH_ACYCLIC] = " ACYCLIC",
                                                [RZ_PATH_SHORTEST] = " SHORTEST",
                                                [RZ_PATH_ALL_SHORTEST] = " ALL SHORTEST",
                                                [RZ_PATH_WSHORTEST] = " WSHORTEST",
                                                [RZ_PATH_ALL_WSHORTEST] = " ALL WSHORTEST"};
        rz_str_append_format(out, "*%s %u..%u", semantics[recursive->semantic], recursive->lower, recursive->upper);
    }
    rz_str_append_text(out, forward && !backward ? "]->" : "]-");
}

static void explain_node(const rz_plan *plan, uint32_t column, rz_str *out)
{
    rz_str_append_format(out, "(%s)", column == RZ_NO_COLUMN_ID ? "" : explain_name(plan, column));
}

static void explain_walk(const rz_plan *plan, const rz_catalog *catalog, const rz_plan_expand *expand, uint32_t to,
                         rz_str *out)
{
    rz_str_append_char(out, ' ');
    explain_node(plan, expand->from, out);
    explain_arrow(plan, catalog, expand->hops, expand->hop_count, expand->rel, NULL, out);
    explain_node(plan, to, out);
}

static const char *explain_operator(rz_compare_op op)
{
    switch (op) {
    case RZ_CMP_EQ: return "=";
    case RZ_CMP_NE: return "<>";
    case RZ_CMP_LT: return "<";
    case RZ_CMP_LE: return "<=";
    case RZ_CMP_GT: return ">";
    case RZ_CMP_GE: return ">=";
    }
    return "?";
}

static void explain_scan(const rz_plan *plan, const rz_catalog *catalog, rz_str *out)
{
    rz_str_append_format(out, " (%s", explain_name(plan, plan->u.scan.column));
    explain_tables(catalog, plan->u.scan.tables, plan->u.scan.table_count, out);
    rz_str_append_char(out, ')');
    for (uint32_t i = 0; i < plan->u.scan.zone_count; i++) {
        const rz_plan_zone *zone = &plan->u.scan.zones[i];
        const rz_cat_table *table = NULL;
        uint32_t column_idx = RZ_NO_COLUMN;
        for (uint32_t t = 0; t < plan->u.scan.table_count && column_idx == RZ_NO_COLUMN; t++) {
            table = rz_catalog_node_table(catalog, plan->u.scan.tables[t]);
            column_idx = zone->column_idxs[t];
        }
        bool known = table != NULL && column_idx != RZ_NO_COLUMN && column_idx < table->property_count;
        rz_str_append_format(out, "%s%s %s ", i == 0 ? " zones " : ", ",
                             known ? table->properties[column_idx].name : "?", explain_operator(zone->op));
        explain_expr(zone->value, out);
    }
    rz_str_append_text(out, plan->u.scan.top != NULL ? " bounded by SORT" : "");
    for (uint32_t i = 0; i < plan->u.scan.bound_count; i++) {
        const rz_plan *join = plan->u.scan.bounds[i].join;
        uint32_t key = join->u.join.bounds[plan->u.scan.bounds[i].bound];
        rz_str_append_text(out, i == 0 ? " within " : ", ");
        explain_expr(join->u.join.probe_keys[key], out);
        rz_str_append_text(out, " of ");
        explain_expr(join->u.join.build_keys[key], out);
    }
}

static void explain_recursive(const rz_plan *plan, const rz_catalog *catalog, rz_str *out)
{
    const rz_plan_recursive *recursive = &plan->u.recursive;
    rz_str_append_char(out, ' ');
    explain_node(plan, recursive->from, out);
    explain_arrow(plan, catalog, recursive->hops, recursive->hop_count, recursive->path, recursive->spec, out);
    explain_node(plan, recursive->to, out);
    rz_str_append_text(out, recursive->to_bound ? " to known" : "");
    rz_str_append_text(out, recursive->count_ends ? " number of distinct ends" : recursive->distinct_ends ? " distinct ends" : "");
}

static void explain_except(const rz_plan *plan, const rz_catalog *catalog, rz_str *out)
{
    const rz_plan_except *except = &plan->u.except;
    explain_walk(plan, catalog, &except->walk, except->walk.to, out);
    for (uint32_t i = 0; i < except->other_count; i++) {
        rz_str_append_text(out, except->pairs ? " times others" : " without");
        explain_walk(plan, catalog, &except->others[i], except->others[i].to, out);
    }
    for (uint32_t i = 0; i < except->node_count; i++) {
        rz_str_append_text(out, " without ");
        explain_node(plan, except->nodes[i], out);
    }
}

/* ---- messages ---- */

static void explain_message_apply(const rz_plan *plan, const rz_catalog *catalog, rz_str *out)
{
    static const char *const modes[] = {[RZ_MESSAGE_INNER] = "",
                                        [RZ_MESSAGE_OPTIONAL] = " OPTIONAL",
                                        [RZ_MESSAGE_SEMI] = " SEMI",
                                        [RZ_MESSAGE_ANTI] = " ANTI"};
    const rz_plan_message_apply *apply = &plan->u.apply_message;
    rz_str_append_text(out, modes[apply->mode]);
    if (apply->walk.hop_count != 0) {
        explain_walk(plan, catalog, &apply->walk, apply->walk.to, out);
    } else {
        rz_str_append_char(out, ' ');
        explain_node(plan, apply->walk.from, out);
    }
    rz_str_append_text(out, apply->less_child != 0 ? " less" : "");
}

static void explain_message(const rz_plan *plan, const rz_catalog *catalog, rz_str *out)
{
    const rz_type *type = NULL;
    const rz_plan *input = plan->children[0];
    for (uint32_t i = 0; i < input->column_count; i++) {
        type = input->columns[i] == plan->u.message.key ? input->types[i] : type;
    }
    rz_str_append_format(out, " BY (%s", explain_name(plan, plan->u.message.key));
    if (type != NULL) {
        explain_tables(catalog, type->tables, type->table_count, out);
    }
    rz_str_append_text(out, plan->u.message.sparse ? ") sparse" : ")");
    if (plan->u.message.value_count != 0) {
        rz_str_append_char(out, ':');
        explain_exprs(plan->u.message.values, plan->u.message.value_count, out);
    }
}

/* ---- other arguments ---- */

static void explain_apply(const rz_plan *plan, rz_str *out)
{
    static const char *const kinds[] = {
        [RZ_APPLY_OPTIONAL] = "OPTIONAL", [RZ_APPLY_EXISTS] = "EXISTS", [RZ_APPLY_COUNT] = "COUNT",
        [RZ_APPLY_COLLECT] = "COLLECT",   [RZ_APPLY_SEMI] = "SEMI",     [RZ_APPLY_ANTI] = "ANTI",
        [RZ_APPLY_JOIN] = "JOIN"};
    rz_str_append_format(out, " %s", kinds[plan->u.apply.kind]);
}

static void explain_join(const rz_plan *plan, rz_str *out)
{
    static const char *const kinds[] = {[RZ_JOIN_INNER] = "INNER",
                                        [RZ_JOIN_LEFT] = "LEFT",
                                        [RZ_JOIN_SEMI] = "SEMI",
                                        [RZ_JOIN_ANTI] = "ANTI",
                                        [RZ_JOIN_CROSS] = "CROSS"};
    rz_str_append_format(out, " %s", kinds[plan->u.join.kind]);
    for (uint32_t i = 0; i < plan->u.join.key_count; i++) {
        rz_str_append_text(out, i == 0 ? " " : ", ");
        explain_expr(plan->u.join.probe_keys[i], out);
        rz_str_append_text(out, " = ");
        explain_expr(plan->u.join.build_keys[i], out);
    }
}

static void explain_join_filter(const rz_plan *plan, rz_str *out)
{
    const rz_plan *join = plan->u.join_filter.join;
    const rz_plan_sieve *sieve = &join->u.join.sieves[plan->u.join_filter.sieve];
    for (uint32_t i = 0; i < sieve->key_count; i++) {
        rz_str_append_text(out, i == 0 ? " " : ", ");
        explain_expr(join->u.join.probe_keys[sieve->keys[i]], out);
        rz_str_append_text(out, " among ");
        explain_expr(join->u.join.build_keys[sieve->keys[i]], out);
    }
}

/* What is kept is shown below the first one; the others say of which columns it is. */
static void explain_reuse(const rz_plan *plan, rz_str *out)
{
    const rz_plan *source = plan->u.reuse.source;
    rz_str_append_text(out, source == NULL ? " keeps" : " of kept");
    for (uint32_t i = 0; i < plan->column_count; i++) {
        rz_str_append_format(out, "%s%s", i == 0 ? " " : ", ", explain_name(plan, plan->columns[i]));
        if (source != NULL) {
            rz_str_append_format(out, " = %s", explain_name(source, source->children[0]->columns[plan->u.reuse.positions[i]]));
        }
    }
}

static void explain_correlated(const rz_plan *plan, rz_str *out)
{
    rz_str_append_text(out, plan->correlated ? " PER ROW" : "");
}

static void explain_aggregate(const rz_plan *plan, rz_str *out)
{
    uint32_t keys = 0;
    explain_correlated(plan, out);
    for (uint32_t i = 0; i < plan->u.aggregate.key_count; i++) {
        if (plan->correlated && plan->u.aggregate.key_columns[i] == plan->row_number) {
            continue; /* that is what PER ROW says */
        }
        const char *before = plan->u.aggregate.aggregate_count == 0 ? " DISTINCT" : " BY";
        rz_str_append_text(out, keys++ == 0 ? before : ",");
        rz_str_append_char(out, ' ');
        explain_expr(plan->u.aggregate.keys[i], out);
    }
    if (plan->u.aggregate.aggregate_count != 0) {
        rz_str_append_text(out, keys != 0 ? ":" : "");
        explain_exprs(plan->u.aggregate.aggregates, plan->u.aggregate.aggregate_count, out);
    }
}

static void explain_bounds(const rz_expr *skip, const rz_expr *limit, rz_str *out)
{
    if (skip != NULL) {
        rz_str_append_text(out, " SKIP ");
        explain_expr(skip, out);
    }
    if (limit != NULL) {
        rz_str_append_text(out, " LIMIT ");
        explain_expr(limit, out);
    }
}

static void explain_sort(const rz_plan *plan, rz_str *out)
{
    explain_correlated(plan, out);
    for (uint32_t i = 0; i < plan->u.sort.order_count; i++) {
        rz_str_append_text(out, i == 0 ? " " : ", ");
        explain_expr(plan->u.sort.orders[i].expr, out);
        rz_str_append_text(out, plan->u.sort.orders[i].descending ? " DESC" : "");
    }
    explain_bounds(plan->u.sort.skip, plan->u.sort.limit, out);
}

static void explain_create(const rz_plan *plan, const rz_catalog *catalog, const rz_bound_create *create, rz_str *out)
{
    for (uint32_t i = 0; i < create->node_count; i++) {
        rz_str_append_format(out, "%s(%s", i == 0 ? " " : ", ", explain_name(plan, create->nodes[i].column));
        explain_tables(catalog, &create->nodes[i].table, 1, out);
        rz_str_append_char(out, ')');
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        const rz_cat_table *table =
            create->rels[i].pair_count == 0 ? NULL : rz_catalog_rel_of_pair(catalog, create->rels[i].pairs[0].id, NULL);
        rz_str_append_text(out, i + create->node_count == 0 ? " " : ", ");
        explain_node(plan, create->rels[i].src_column, out);
        rz_str_append_format(out, "-[%s:%s]->", explain_name(plan, create->rels[i].column),
                             table == NULL ? "?" : table->name);
        explain_node(plan, create->rels[i].dst_column, out);
    }
}

static void explain_set(const rz_plan *plan, const rz_bound_set *set, rz_str *out)
{
    for (uint32_t i = 0; i < set->item_count; i++) {
        const rz_bound_set_item *item = &set->items[i];
        rz_str_append_format(out, "%s%s.%s = ", i == 0 ? " " : ", ", explain_name(plan, item->target), item->property);
        explain_expr(item->value, out);
    }
}

static void explain_merge(const rz_plan *plan, const rz_catalog *catalog, rz_str *out)
{
    const rz_bound_merge *merge = plan->u.merge.bound;
    explain_create(plan, catalog, &merge->create, out);
    if (merge->on_match.item_count != 0) {
        rz_str_append_text(out, " ON MATCH SET");
        explain_set(plan, &merge->on_match, out);
    }
    if (merge->on_create.item_count != 0) {
        rz_str_append_text(out, " ON CREATE SET");
        explain_set(plan, &merge->on_create, out);
    }
}

static void explain_triangle(const rz_plan *plan, const rz_catalog *catalog, rz_str *out)
{
    explain_walk(plan, catalog, &plan->u.triangle.expand, RZ_NO_COLUMN_ID, out);
    if (plan->u.triangle.key != RZ_NO_COLUMN_ID) {
        rz_str_append_format(out, " within (%s)", explain_name(plan, plan->u.triangle.key));
    }
    if (plan->u.triangle.corner != RZ_NO_COLUMN_ID) {
        rz_str_append_format(out, " at (%s)", explain_name(plan, plan->u.triangle.corner));
    }
    if (plan->kind == RZ_PLAN_CLOSED) {
        const char *ends = plan->u.triangle.next ? plan->u.triangle.itself ? "next to it or in it" : "next to it" : "in it";
        rz_str_append_format(out, " two steps, ending %s", ends);
    }
}

static void explain_arguments(const rz_plan *plan, const rz_catalog *catalog, rz_str *out)
{
    switch (plan->kind) {
    case RZ_PLAN_NODE_SCAN: explain_scan(plan, catalog, out); break;
    case RZ_PLAN_NODE_LOOKUP:
        rz_str_append_format(out, " (%s", explain_name(plan, plan->u.lookup.column));
        explain_tables(catalog, plan->u.lookup.tables, plan->u.lookup.table_count, out);
        rz_str_append_text(out, ") = ");
        explain_expr(plan->u.lookup.key, out);
        break;
    case RZ_PLAN_TABLE_FUNCTION: rz_str_append_format(out, " %s", plan->u.call->function); break;
    case RZ_PLAN_FILE_SCAN:
        for (uint32_t i = 0; i < plan->u.load->files.count; i++) {
            rz_str_append_format(out, "%s%s", i == 0 ? " " : ", ", plan->u.load->files.patterns[i]);
        }
        break;
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_EXPAND_INTO:
    case RZ_PLAN_DEGREE: explain_walk(plan, catalog, &plan->u.expand, plan->u.expand.to, out); break;
    case RZ_PLAN_MESSAGE_APPLY: explain_message_apply(plan, catalog, out); break;
    case RZ_PLAN_MESSAGE: explain_message(plan, catalog, out); break;
    case RZ_PLAN_INTERSECT:
        for (uint32_t i = 0; i < plan->u.intersect.input_count; i++) {
            rz_str_append_text(out, i == 0 ? "" : ",");
            explain_walk(plan, catalog, &plan->u.intersect.inputs[i], plan->u.intersect.to, out);
        }
        break;
    case RZ_PLAN_TRIANGLE:
    case RZ_PLAN_CLOSED: explain_triangle(plan, catalog, out); break;
    case RZ_PLAN_COUNT_EXCEPT: explain_except(plan, catalog, out); break;
    case RZ_PLAN_RECURSIVE: explain_recursive(plan, catalog, out); break;
    case RZ_PLAN_FILTER:
        explain_exprs(plan->u.filter.predicates, plan->u.filter.count, out);
        rz_str_append_text(out, plan->u.filter.per_node != RZ_NO_COLUMN_ID ? " once a node" : "");
        break;
    case RZ_PLAN_PROJECT: explain_exprs(plan->u.project.exprs, plan->u.project.count, out); break;
    case RZ_PLAN_UNWIND:
        rz_str_append_char(out, ' ');
        explain_expr(plan->u.unwind.list, out);
        break;
    case RZ_PLAN_LIMIT:
        explain_correlated(plan, out);
        explain_bounds(plan->u.limit.skip, plan->u.limit.limit, out);
        break;
    case RZ_PLAN_APPLY: explain_apply(plan, out); break;
    case RZ_PLAN_AGGREGATE: explain_aggregate(plan, out); break;
    case RZ_PLAN_SORT: explain_sort(plan, out); break;
    case RZ_PLAN_HASH_JOIN: explain_join(plan, out); break;
    case RZ_PLAN_JOIN_FILTER: explain_join_filter(plan, out); break;
    case RZ_PLAN_INSERT: explain_create(plan, catalog, plan->u.insert, out); break;
    case RZ_PLAN_MERGE: explain_merge(plan, catalog, out); break;
    case RZ_PLAN_SET: explain_set(plan, plan->u.set, out); break;
    case RZ_PLAN_DELETE:
        for (uint32_t i = 0; i < plan->u.del->count; i++) {
            rz_str_append_format(out, "%s%s", i == 0 ? plan->u.del->detach ? " DETACH " : " " : ", ",
                                 explain_name(plan, plan->u.del->columns[i]));
        }
        break;
    case RZ_PLAN_RESULT: explain_exprs(plan->u.result.exprs, plan->u.result.count, out); break;
    case RZ_PLAN_REUSE: explain_reuse(plan, out); break;
    case RZ_PLAN_SINGLE_ROW:
    case RZ_PLAN_EMPTY:
    case RZ_PLAN_ARGUMENT:
    case RZ_PLAN_COLLAPSE:
    case RZ_PLAN_REPEAT:
    case RZ_PLAN_UNION:
    case RZ_PLAN_BARRIER: break;
    }
}

static void explain_tree(const rz_plan *plan, const rz_catalog *catalog, rz_plan_note_fn note, void *user,
                         uint32_t depth, bool again, rz_str *out)
{
    for (uint32_t i = 0; i < depth; i++) {
        rz_str_append_text(out, "  ");
    }
    rz_str_append_text(out, explain_kind(plan->kind));
    explain_arguments(plan, catalog, out);
    rz_str_append_text(out, plan->hinted ? " HINT" : "");
    rz_str_append_text(out, plan->spread ? " SPREAD" : "");
    rz_str_append_text(out, again ? " as above" : "");
    rz_str_append_format(out, " {~%.0f rows%s}", plan->rows, plan->weighted ? ", weighted" : "");
    if (note != NULL) {
        rz_str_append_char(out, ' ');
        note(user, plan, out);
    }
    rz_str_append_char(out, '\n');
    for (uint32_t i = 0; i < plan->child_count && !again; i++) {
        bool known = i < 32 && (plan->again >> i & 1) != 0;
        explain_tree(plan->children[i], catalog, known ? NULL : note, user, depth + 1, known, out);
    }
}

void rz_plan_explain(const rz_plan *plan, const rz_catalog *catalog, rz_plan_note_fn note, void *user, rz_str *out)
{
    explain_tree(plan, catalog, note, user, 0, false, out);
}
