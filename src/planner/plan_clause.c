/* SPDX-License-Identifier: MIT */
/*
 * Clauses in order: each puts its operators on top of what the clauses before it made. And CREATE, and the barriers
 * around writes.
 *
 * A clause sees the writes of the clauses before it, all of them, and none of its own: so a barrier stands between a
 * write and the next reading clause, and below a write whose input reads what it writes (the "Halloween" problem).
 */
#include "planner/build.h"

/* ---- what a plan reads ---- */

static bool clause_hops_touch(const rz_hop *hops, uint32_t hop_count, const plan_set *tables)
{
    for (uint32_t i = 0; i < hop_count; i++) {
        if (rz_plan_set_has(tables, hops[i].pair)) {
            return true;
        }
    }
    return false;
}

static bool clause_tables_touch(const uint32_t *ids, uint32_t count, const plan_set *tables)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rz_plan_set_has(tables, ids[i])) {
            return true;
        }
    }
    return false;
}

/* Does the plan still read from some of the tables while its rows come out? What stands below a sink is finished by
 * then. */
static bool clause_reads(const rz_plan *plan, const plan_set *tables)
{
    switch (plan->kind) {
    case RZ_PLAN_BARRIER: return false;
    case RZ_PLAN_AGGREGATE:
    case RZ_PLAN_SORT:
        if (!plan->correlated) {
            return false;
        }
        break;
    case RZ_PLAN_TABLE_FUNCTION: return true;
    case RZ_PLAN_NODE_SCAN:
        if (clause_tables_touch(plan->u.scan.tables, plan->u.scan.table_count, tables)) {
            return true;
        }
        break;
    case RZ_PLAN_NODE_LOOKUP:
        if (clause_tables_touch(plan->u.lookup.tables, plan->u.lookup.table_count, tables)) {
            return true;
        }
        break;
    case RZ_PLAN_EXPAND:
    case RZ_PLAN_EXPAND_INTO:
    case RZ_PLAN_DEGREE:
        if (clause_hops_touch(plan->u.expand.hops, plan->u.expand.hop_count, tables)) {
            return true;
        }
        break;
    case RZ_PLAN_RECURSIVE:
        if (clause_hops_touch(plan->u.recursive.hops, plan->u.recursive.hop_count, tables)) {
            return true;
        }
        break;
    case RZ_PLAN_COUNT_EXCEPT:
        for (uint32_t i = 0; i < plan->u.except.other_count; i++) {
            if (clause_hops_touch(plan->u.except.others[i].hops, plan->u.except.others[i].hop_count, tables)) {
                return true;
            }
        }
        if (clause_hops_touch(plan->u.except.walk.hops, plan->u.except.walk.hop_count, tables)) {
            return true;
        }
        break;
    case RZ_PLAN_MESSAGE_APPLY: /* the message itself is complete before any row */
        return clause_hops_touch(plan->u.apply_message.walk.hops, plan->u.apply_message.walk.hop_count, tables) ||
               clause_reads(plan->children[0], tables);
    case RZ_PLAN_MESSAGE: return false;
    case RZ_PLAN_INTERSECT:
        for (uint32_t i = 0; i < plan->u.intersect.input_count; i++) {
            if (clause_hops_touch(plan->u.intersect.inputs[i].hops, plan->u.intersect.inputs[i].hop_count, tables)) {
                return true;
            }
        }
        break;
    case RZ_PLAN_TRIANGLE:
    case RZ_PLAN_CLOSED:
        if (clause_hops_touch(plan->u.triangle.expand.hops, plan->u.triangle.expand.hop_count, tables)) {
            return true;
        }
        break;
    case RZ_PLAN_HASH_JOIN: return clause_reads(plan->children[0], tables);
    case RZ_PLAN_SINGLE_ROW:
    case RZ_PLAN_EMPTY:
    case RZ_PLAN_ARGUMENT:
    case RZ_PLAN_FILE_SCAN:
    case RZ_PLAN_FILTER:
    case RZ_PLAN_JOIN_FILTER:
    case RZ_PLAN_REUSE:
    case RZ_PLAN_PROJECT:
    case RZ_PLAN_UNWIND:
    case RZ_PLAN_COLLAPSE:
    case RZ_PLAN_REPEAT:
    case RZ_PLAN_LIMIT:
    case RZ_PLAN_APPLY:
    case RZ_PLAN_UNION:
    case RZ_PLAN_INSERT:
    case RZ_PLAN_SET:
    case RZ_PLAN_DELETE:
    case RZ_PLAN_MERGE:
    case RZ_PLAN_RESULT: break;
    }
    for (uint32_t i = 0; i < plan->child_count; i++) {
        if (clause_reads(plan->children[i], tables)) {
            return true;
        }
    }
    return false;
}

bool rz_plan_is_single(const rz_plan *plan)
{
    while ((plan->kind == RZ_PLAN_NODE_LOOKUP && plan->u.lookup.table_count == 1) || plan->kind == RZ_PLAN_FILTER || plan->kind == RZ_PLAN_PROJECT ||
           plan->kind == RZ_PLAN_INSERT || plan->kind == RZ_PLAN_SET || plan->kind == RZ_PLAN_DELETE ||
           plan->kind == RZ_PLAN_BARRIER) {
        plan = plan->children[0];
    }
    if (plan->kind == RZ_PLAN_APPLY) {
        bool inner_goes_out = plan->u.apply.kind == RZ_APPLY_OPTIONAL || plan->u.apply.kind == RZ_APPLY_JOIN;
        return rz_plan_is_single(plan->children[0]) && (!inner_goes_out || rz_plan_is_single(plan->children[1]));
    }
    return plan->kind == RZ_PLAN_SINGLE_ROW || plan->kind == RZ_PLAN_EMPTY ||
           (plan->kind == RZ_PLAN_AGGREGATE && plan->u.aggregate.key_count == 0);
}

ruzu_status rz_plan_settle(plan_arm *arm, rz_error *err)
{
    return arm->writing ? rz_plan_barrier(arm, err) : RUZU_OK;
}

/* ---- CREATE ---- */

ruzu_status rz_plan_prepare_create(plan_arm *arm, const rz_bound_create *create, rz_bound_create **out, rz_error *err)
{
    rz_arena *arena = arm->planner->arena;
    rz_bound_create *copy = (rz_bound_create *)rz_arena_dup(arena, create, sizeof *create);
    RZ_TRY_ALLOC(copy, err, "planning CREATE");
    copy->nodes = RZ_NEW_ARRAY(arena, rz_bound_insert_node, create->node_count);
    copy->rels = RZ_NEW_ARRAY(arena, rz_bound_insert_rel, create->rel_count);
    if (copy->nodes == NULL || copy->rels == NULL) {
        return rz_error_no_memory(err, "planning CREATE");
    }
    for (uint32_t i = 0; i < create->node_count; i++) {
        copy->nodes[i] = create->nodes[i];
        const rz_cat_table *table = rz_catalog_node_table(arm->planner->context->catalog, create->nodes[i].table);
        if (table == NULL) {
            return rz_error_set(err, RUZU_ERROR_INTERNAL, "node table %u is not in the catalog",
                                create->nodes[i].table);
        }
        RZ_TRY(rz_plan_prepare_exprs(arm, create->nodes[i].values, table->property_count, &copy->nodes[i].values, err));
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        copy->rels[i] = create->rels[i];
        const rz_cat_table *table =
            create->rels[i].pair_count == 0
                ? NULL
                : rz_catalog_rel_of_pair(arm->planner->context->catalog, create->rels[i].pairs[0].id, NULL);
        RZ_TRY(rz_plan_prepare_exprs(arm, create->rels[i].values, table == NULL ? 0 : table->property_count,
                                     &copy->rels[i].values, err));
    }
    *out = copy;
    return RUZU_OK;
}

ruzu_status rz_plan_create_paths(plan_arm *arm, const rz_bound_create *create, const plan_set *after, rz_error *err)
{
    for (uint32_t i = 0; i < create->path_count; i++) {
        if (rz_plan_set_has(after, create->paths[i].column)) {
            RZ_TRY(rz_plan_project(arm->planner, arm->cur, &create->paths[i].expr, &create->paths[i].column, 1,
                                   &arm->cur, err));
        }
    }
    return RUZU_OK;
}

ruzu_status rz_plan_create(plan_arm *arm, const rz_bound_create *create, const plan_set *after, rz_error *err)
{
    rz_planner *planner = arm->planner;
    RZ_TRY(rz_plan_check_sink(arm, "CREATE", err));
    rz_bound_create *prepared = NULL;
    RZ_TRY(rz_plan_prepare_create(arm, create, &prepared, err));
    plan_set tables = {0};
    for (uint32_t i = 0; i < create->node_count; i++) {
        rz_plan_set_add(planner, &tables, create->nodes[i].table);
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        for (uint32_t p = 0; p < create->rels[i].pair_count; p++) {
            rz_plan_set_add(planner, &tables, create->rels[i].pairs[p].id);
        }
    }
    if (!rz_plan_is_single(arm->cur) && clause_reads(arm->cur, &tables)) {
        RZ_TRY(rz_plan_barrier(arm, err));
    }
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_INSERT, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.insert = prepared;
    for (uint32_t i = 0; i < create->node_count; i++) {
        RZ_TRY(rz_plan_add_column(planner, arm->cur, create->nodes[i].column, err));
        rz_plan_set_add(planner, &planner->present, create->nodes[i].column);
    }
    for (uint32_t i = 0; i < create->rel_count; i++) {
        RZ_TRY(rz_plan_add_column(planner, arm->cur, create->rels[i].column, err));
    }
    arm->writing = true;
    RZ_TRY(rz_plan_create_paths(arm, create, after, err));
    return rz_plan_check(planner, err);
}

/* ---- sources ---- */

static ruzu_status clause_unwind(plan_arm *arm, const rz_bound_unwind *unwind, rz_error *err)
{
    rz_expr *list = unwind->list;
    RZ_TRY(rz_plan_prepare_expr(arm, &list, err));
    RZ_TRY(rz_plan_node(arm->planner, RZ_PLAN_UNWIND, arm->cur, NULL, &arm->cur, err));
    arm->cur->u.unwind.list = list;
    arm->cur->u.unwind.column = unwind->column;
    arm->cur->rows *= 10;
    rz_plan_learn(arm->planner, unwind->column, unwind->list->type->child, NULL);
    return rz_plan_add_column(arm->planner, arm->cur, unwind->column, err);
}

static ruzu_status clause_filter(plan_arm *arm, rz_expr *const *predicates, uint32_t count, rz_error *err)
{
    rz_expr **prepared = NULL;
    double selectivity = 1;
    for (uint32_t i = 0; i < count; i++) {
        selectivity *= rz_plan_selectivity(arm->planner, predicates[i]);
    }
    RZ_TRY(rz_plan_prepare_exprs(arm, predicates, count, &prepared, err));
    return rz_plan_filter(arm->planner, arm->cur, prepared, count, selectivity, &arm->cur, err);
}

static ruzu_status clause_call(plan_arm *arm, const rz_bound_call *call, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_bound_call *copy = (rz_bound_call *)rz_arena_dup(planner->arena, call, sizeof *call);
    RZ_TRY_ALLOC(copy, err, "planning CALL");
    RZ_TRY(rz_plan_prepare_exprs(arm, call->args, call->arg_count, &copy->args, err));
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_TABLE_FUNCTION, rz_plan_is_unit(arm->cur) ? NULL : arm->cur, NULL, &arm->cur,
                        err));
    arm->cur->u.call = copy;
    arm->cur->rows *= 10;
    for (uint32_t i = 0; i < call->column_count; i++) {
        RZ_TRY(rz_plan_add_column(planner, arm->cur, call->columns[i], err));
    }
    return clause_filter(arm, call->predicates, call->predicate_count, err);
}

static ruzu_status clause_load(plan_arm *arm, const rz_bound_load *load, rz_error *err)
{
    rz_planner *planner = arm->planner;
    rz_plan *scan = NULL;
    RZ_TRY(rz_plan_node(planner, RZ_PLAN_FILE_SCAN, NULL, NULL, &scan, err));
    scan->u.load = load;
    scan->rows = 10000;
    for (uint32_t i = 0; i < load->column_count; i++) {
        RZ_TRY(rz_plan_add_column(planner, scan, load->columns[i], err));
    }
    if (rz_plan_is_unit(arm->cur)) {
        arm->cur = scan;
    } else {
        double rows = arm->cur->rows * scan->rows;
        RZ_TRY(rz_plan_node(planner, RZ_PLAN_HASH_JOIN, arm->cur, scan, &arm->cur, err));
        arm->cur->u.join.kind = RZ_JOIN_CROSS;
        arm->cur->rows = rows;
    }
    return clause_filter(arm, load->predicates, load->predicate_count, err);
}

/* ---- the list ---- */

/* Consecutive MATCH clauses are one pattern; as many as can be merged from clause `first` on. */
static uint32_t clause_match_run(const rz_planner *planner, const rz_bound_single_query *query, uint32_t first)
{
    uint32_t count = 1;
    while (rz_plan_rule(planner, RZ_RULE_JOIN_ORDER) && query->clauses[first].u.match.hint == NULL &&
           first + count < query->clause_count && query->clauses[first + count].kind == RZ_BOUND_MATCH &&
           !query->clauses[first + count].u.match.optional && query->clauses[first + count].u.match.hint == NULL) {
        count++;
    }
    return count;
}

/* Are the rows of the pattern that begins with clause `first` only grouped and aggregated? *out_end: where. */
static bool clause_is_counted(const rz_bound_single_query *query, uint32_t first, uint32_t *out_end)
{
    uint32_t i = first;
    while (i < query->clause_count && query->clauses[i].kind == RZ_BOUND_MATCH) {
        i++;
    }
    *out_end = i;
    return i < query->clause_count && query->clauses[i].kind == RZ_BOUND_PROJECTION &&
           (query->clauses[i].u.projection.grouped || query->clauses[i].u.projection.distinct);
}

static ruzu_status clause_match(plan_arm *arm, const rz_bound_single_query *query, uint32_t *io_idx,
                                const plan_set *needs, rz_error *err)
{
    const rz_bound_match *match = &query->clauses[*io_idx].u.match;
    RZ_TRY(rz_plan_settle(arm, err));
    uint32_t end = 0;
    arm->counted = !arm->inside_apply && clause_is_counted(query, *io_idx, &end);
    uint32_t count = match->optional ? 1 : clause_match_run(arm->planner, query, *io_idx);
    if (arm->counted) {
        RZ_TRY(rz_carry_find(arm, query, *io_idx + count - 1, end, needs, err));
    }
    if (match->optional) {
        return rz_plan_optional(arm, match, &needs[*io_idx], err);
    }
    const rz_bound_match **matches = RZ_NEW_ARRAY(arm->planner->arena, const rz_bound_match *, count);
    RZ_TRY_ALLOC(matches, err, "planning MATCH");
    for (uint32_t i = 0; i < count; i++) {
        matches[i] = &query->clauses[*io_idx + i].u.match;
    }
    *io_idx += count - 1;
    return rz_plan_match(arm, matches, count, &needs[*io_idx], err);
}

/* WITH that does nothing but name what goes on. */
static bool clause_only_names(const rz_bound_clause *clause)
{
    if (clause->kind != RZ_BOUND_PROJECTION) {
        return false;
    }
    const rz_bound_projection *projection = &clause->u.projection;
    bool plain = !projection->is_return && !projection->grouped && !projection->distinct && projection->order_count == 0 &&
                 projection->skip == NULL && projection->limit == NULL && projection->predicate_count == 0;
    for (uint32_t i = 0; plain && i < projection->item_count; i++) {
        const rz_bound_item *item = &projection->items[i];
        plain = item->expr->kind == RZ_EXPR_COLUMN && item->expr->u.column == item->column;
    }
    return plain;
}

/* Filters inside a search may look at what was found before it: that must stay before it. */
static bool clause_filters_search(const rz_bound_clause *clause)
{
    const rz_bound_pattern *pattern = &clause->u.match.pattern;
    bool filters = false;
    for (uint32_t i = 0; i < pattern->edge_count; i++) {
        const rz_bound_recursive *recursive = pattern->edges[i].recursive;
        filters = filters || (recursive != NULL && (recursive->rel_filter_count != 0 || recursive->node_filter_count != 0));
    }
    return filters;
}

/* Takes such clauses out between two MATCH clauses, which are one pattern then: what they hide has been hidden by
 * name already. */
static ruzu_status clause_join_withs(rz_planner *planner, rz_bound_single_query *io, rz_error *err)
{
    rz_bound_clause *clauses = RZ_NEW_ARRAY(planner->arena, rz_bound_clause, io->clause_count);
    RZ_TRY_ALLOC(clauses, err, "planning a query");
    uint32_t count = 0;
    for (uint32_t i = 0; i < io->clause_count; i++) {
        bool between = count != 0 && clauses[count - 1].kind == RZ_BOUND_MATCH && i + 1 < io->clause_count &&
                       io->clauses[i + 1].kind == RZ_BOUND_MATCH && !clause_filters_search(&io->clauses[i + 1]);
        if (!between || !rz_plan_rule(planner, RZ_RULE_JOIN_WITH) || !clause_only_names(&io->clauses[i])) {
            clauses[count++] = io->clauses[i];
        }
    }
    io->clauses = clauses;
    io->clause_count = count;
    return RUZU_OK;
}

ruzu_status rz_plan_clauses(plan_arm *arm, const rz_bound_single_query *query, const plan_set *after, bool skip_return,
                            rz_error *err)
{
    plan_set *needs = NULL;
    rz_bound_single_query shown = *query;
    if (skip_return && query->clause_count != 0 &&
        query->clauses[query->clause_count - 1].kind == RZ_BOUND_PROJECTION) {
        shown.clause_count--;
    }
    RZ_TRY(clause_join_withs(arm->planner, &shown, err));
    RZ_TRY(rz_plan_needs(arm->planner, &shown, after, &needs, err));
    for (uint32_t i = 0; i < shown.clause_count; i++) {
        const rz_bound_clause *clause = &shown.clauses[i];
        arm->after = &needs[i];
        arm->counted = false;
        RZ_TRY(rz_plan_settle_changes(arm, clause, err));
        switch (clause->kind) {
        case RZ_BOUND_MATCH: RZ_TRY(clause_match(arm, &shown, &i, needs, err)); break;
        case RZ_BOUND_UNWIND: RZ_TRY(clause_unwind(arm, &clause->u.unwind, err)); break;
        case RZ_BOUND_CALL:
            RZ_TRY(rz_plan_settle(arm, err));
            RZ_TRY(clause_call(arm, &clause->u.call, err));
            break;
        case RZ_BOUND_CALL_SUBQUERY:
            RZ_TRY(rz_plan_settle(arm, err));
            RZ_TRY(rz_plan_call_subquery(arm, clause->u.subquery, err));
            break;
        case RZ_BOUND_LOAD:
            RZ_TRY(rz_plan_check_sink(arm, "LOAD FROM", err));
            RZ_TRY(clause_load(arm, &clause->u.load, err));
            break;
        case RZ_BOUND_CREATE: RZ_TRY(rz_plan_create(arm, &clause->u.create, &needs[i], err)); break;
        case RZ_BOUND_SET: RZ_TRY(rz_plan_set_clause(arm, &clause->u.set, err)); break;
        case RZ_BOUND_DELETE: RZ_TRY(rz_plan_delete(arm, &clause->u.del, err)); break;
        case RZ_BOUND_MERGE: RZ_TRY(rz_plan_merge(arm, &clause->u.merge, &needs[i], err)); break;
        case RZ_BOUND_PROJECTION:
            RZ_TRY(rz_plan_projection(arm, &clause->u.projection, err));
            rz_carry_forget(arm);
            break;
        case RZ_BOUND_FINISH: break;
        }
    }
    return RUZU_OK;
}
