/* SPDX-License-Identifier: MIT */
/*
 * Variable-length relationships that can only be one chain of tables.
 *
 * `(c:City)-[*1..2]->(co:Country)` walks over any relationships, but where the schema leaves one way from a city to a country (City, State, Country; one FROM/TO pair a
 * step; no table twice), the pattern is that chain of plain relationships: it can be walked from either end, reordered, counted. Each walk is one row of the chain and
 * the other way round, parallel relationships included; since no table comes twice, neither does a relationship, so trails and acyclic paths are the same walks.
 *
 * Only where nobody can look at the path, not even at its length: the relationship has no variable and is in no named path.
 */
#include "planner/join.h"

#include <string.h>

#define WALK_MOST_STEPS 8u /* longer chains stay searches */

typedef struct walk_chain {
    rz_hop hops[WALK_MOST_STEPS];
    uint32_t length; /* 0: none found */
} walk_chain;

static bool walk_in_tables(const rz_bound_node *node, uint32_t table)
{
    for (uint32_t i = 0; i < node->table_count; i++) {
        if (node->tables[i] == table) {
            return true;
        }
    }
    return false;
}

typedef struct walk_search {
    const rz_bound_edge *edge;
    const rz_bound_node *to;
    rz_hop hops[WALK_MOST_STEPS];
    walk_chain found;
    uint32_t found_count;
    uint32_t steps_left; /* of the search: schemas where many chains are tried are left alone */
} walk_search;

/* All chains of tables from `table` on, depth first; stops at the second one. A table that comes twice counts as a second one, since longer walks may go round. */
static void walk_try(walk_search *search, uint32_t table, uint32_t depth)
{
    const rz_bound_recursive *spec = search->edge->recursive;
    if (depth >= spec->lower && walk_in_tables(search->to, table)) {
        if (search->found_count++ == 0) {
            memcpy(search->found.hops, search->hops, sizeof search->hops);
            search->found.length = depth;
        }
    }
    for (uint32_t i = 0; i < search->edge->hop_count && depth < spec->upper && search->found_count < 2; i++) {
        const rz_hop *hop = &search->edge->hops[i];
        if (hop->from_table != table) {
            continue;
        }
        if (depth == WALK_MOST_STEPS || search->steps_left == 0) {
            search->found_count = 2;
            return;
        }
        search->steps_left--;
        search->hops[depth] = *hop;
        walk_try(search, hop->to_table, depth + 1);
    }
}

/* The only chain that the walk can be, without a table twice; length 0: there is none, or more than one. */
static walk_chain walk_find(const rz_bound_edge *edge, const rz_bound_node *from, const rz_bound_node *to)
{
    walk_search search = {.edge = edge, .to = to, .steps_left = 256};
    for (uint32_t i = 0; i < from->table_count; i++) {
        walk_try(&search, from->tables[i], 0);
    }
    const rz_hop *hops = search.found.hops;
    bool simple = search.found_count == 1;
    for (uint32_t i = 0; i < search.found.length && simple; i++) {
        for (uint32_t j = i; j < search.found.length; j++) {
            simple &= hops[i].from_table != hops[j].to_table;
        }
    }
    search.found.length = simple ? search.found.length : 0;
    return search.found;
}

/* Somebody looks at the path, or it is searched for under conditions. */
static bool walk_is_used(rz_planner *planner, const rz_bound_match *const *matches, uint32_t count, const rz_bound_edge *edge, const plan_set *after)
{
    plan_set used = {0};
    rz_plan_set_union(planner, &used, after);
    for (uint32_t m = 0; m < count; m++) {
        rz_plan_set_uses_all(planner, &used, matches[m]->predicates, matches[m]->predicate_count);
        for (uint32_t i = 0; i < matches[m]->pattern.path_count; i++) {
            rz_plan_set_uses(planner, &used, matches[m]->pattern.paths[i].expr);
        }
        for (uint32_t i = 0; i < matches[m]->pattern.edge_count; i++) {
            const rz_bound_recursive *other = matches[m]->pattern.edges[i].recursive;
            if (other != NULL) {
                rz_plan_set_uses_all(planner, &used, other->rel_filters, other->rel_filter_count);
                rz_plan_set_uses_all(planner, &used, other->node_filters, other->node_filter_count);
            }
        }
    }
    const rz_bound_recursive *spec = edge->recursive;
    return rz_plan_set_has(&used, edge->column) || (spec->cost_column != RZ_NO_COLUMN_ID && rz_plan_set_has(&used, spec->cost_column));
}

static bool walk_is_plain(const rz_bound_recursive *spec)
{
    bool counts_all = spec->semantic == RZ_PATH_WALK || spec->semantic == RZ_PATH_TRAIL || spec->semantic == RZ_PATH_ACYCLIC;
    return counts_all && spec->rel_filter_count == 0 && spec->node_filter_count == 0 && spec->weight == NULL;
}

/* The edge as the chain's edges, with nodes between them, behind what the pattern has. The pattern's arrays have room. */
static ruzu_status walk_replace(rz_planner *planner, rz_bound_pattern *pattern, uint32_t edge_idx, const walk_chain *chain, rz_error *err)
{
    const rz_bound_edge walk = pattern->edges[edge_idx];
    rz_hop *hops = (rz_hop *)rz_arena_dup(planner->arena, chain->hops, chain->length * sizeof *hops);
    RZ_TRY_ALLOC(hops, err, "planning MATCH");
    uint32_t before = walk.from;
    for (uint32_t i = 0; i < chain->length; i++) {
        rz_bound_edge edge = {.from = before, .to = walk.to, .hops = &hops[i], .hop_count = 1};
        const rz_type *rel = rz_type_rel(planner->arena, &hops[i].pair, 1);
        RZ_TRY_ALLOC(rel, err, "planning MATCH");
        RZ_TRY(rz_plan_new_column(planner, rel, NULL, &edge.column, err));
        if (i + 1 < chain->length) {
            rz_bound_node node = {.tables = &hops[i].to_table, .table_count = 1};
            const rz_type *type = rz_type_node(planner->arena, node.tables, 1);
            RZ_TRY_ALLOC(type, err, "planning MATCH");
            RZ_TRY(rz_plan_new_column(planner, type, NULL, &node.column, err));
            edge.to = pattern->node_count;
            pattern->nodes[pattern->node_count++] = node;
        }
        before = edge.to;
        pattern->edges[i == 0 ? edge_idx : pattern->edge_count++] = edge;
    }
    return RUZU_OK;
}

static ruzu_status walk_unroll_match(rz_planner *planner, const rz_bound_match *const *matches, uint32_t count, const plan_set *after,
                                     const rz_bound_match **io, rz_error *err)
{
    const rz_bound_pattern *old = &(*io)->pattern;
    rz_bound_match *match = NULL;
    for (uint32_t e = 0; e < old->edge_count; e++) {
        const rz_bound_edge *edge = &old->edges[e];
        if (edge->recursive == NULL || edge->bound || edge->name != NULL || !walk_is_plain(edge->recursive) || walk_is_used(planner, matches, count, edge, after)) {
            continue;
        }
        walk_chain chain = walk_find(edge, &old->nodes[edge->from], &old->nodes[edge->to]);
        if (chain.length == 0) {
            continue;
        }
        if (match == NULL) {
            match = (rz_bound_match *)rz_arena_dup(planner->arena, *io, sizeof **io);
            RZ_TRY_ALLOC(match, err, "planning MATCH");
            size_t room = (size_t)old->edge_count * WALK_MOST_STEPS;
            match->pattern.nodes = RZ_NEW_ARRAY(planner->arena, rz_bound_node, old->node_count + room);
            match->pattern.edges = RZ_NEW_ARRAY(planner->arena, rz_bound_edge, room);
            if (match->pattern.nodes == NULL || match->pattern.edges == NULL) {
                return rz_error_no_memory(err, "planning MATCH");
            }
            memcpy(match->pattern.nodes, old->nodes, old->node_count * sizeof *old->nodes);
            memcpy(match->pattern.edges, old->edges, old->edge_count * sizeof *old->edges);
        }
        RZ_TRY(walk_replace(planner, &match->pattern, e, &chain, err));
    }
    *io = match == NULL ? *io : match;
    return RUZU_OK;
}

ruzu_status rz_join_unroll(rz_planner *planner, const rz_bound_match *const *matches, uint32_t count, const plan_set *after,
                           const rz_bound_match *const **out, rz_error *err)
{
    *out = matches;
    if (!rz_plan_rule(planner, RZ_RULE_UNROLL)) {
        return RUZU_OK;
    }
    const rz_bound_match **unrolled = RZ_NEW_ARRAY(planner->arena, const rz_bound_match *, count);
    RZ_TRY_ALLOC(unrolled, err, "planning MATCH");
    for (uint32_t m = 0; m < count; m++) {
        unrolled[m] = matches[m];
        RZ_TRY(walk_unroll_match(planner, matches, count, after, &unrolled[m], err));
    }
    *out = unrolled;
    return RUZU_OK;
}
