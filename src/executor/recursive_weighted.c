/* SPDX-License-Identifier: MIT */
/*
 * Cheapest paths (Dijkstra): WSHORTEST gives one path of minimal cost to each node, ALL WSHORTEST all of them. Weights are not negative.
 *
 * What is settled is a *label*: a node with a number of relationships and a cost. WSHORTEST needs one a node, ALL WSHORTEST one for each length of a cheapest path. But paths have an upper bound
 * of relationships: the cheapest way to a node may be too long to go on from, while a dearer, shorter one is not. So when a search meets the bound it begins again and is *exact*: then a node
 * keeps all labels, of which each dearer one must be shorter.
 *
 * Answers are given when the search is over. Paths of equal cost are walked backwards over links; with weights of 0 they could go in circles, so a path that meets a
 * node twice is left out.
 */
#include "executor/recursive.h"

#include <string.h>

#define WEIGHTED_NONE UINT32_MAX

typedef struct weighted_node {
    double best;         /* least cost of its labels */
    uint32_t label;      /* first of its labels, or WEIGHTED_NONE */
    uint32_t passes;     /* node filters: 0 not known, 1 passes, 2 does not */
} weighted_node;

typedef struct weighted_label {
    double cost;
    uint32_t node;
    uint32_t length;
    uint32_t next;       /* of the node's labels */
    uint32_t link;       /* first of its links */
    bool settled;
} weighted_label;

typedef struct weighted_link {
    rz_id rel;
    uint32_t parent;     /* a label */
    uint32_t next;
    bool forward;
} weighted_link;

typedef struct weighted_item {
    double cost;
    uint32_t length;
    uint32_t label;
} weighted_item;

/* A growing array. */
typedef struct weighted_array {
    void *items;
    uint32_t count;
    uint32_t capacity;
} weighted_array;

typedef struct search_weighted {
    rz_node_map seen;        /* node → weighted_node; the source is number 0 */
    weighted_array labels;
    weighted_array links;
    weighted_array heap;
    bool all;
    bool exact;
    bool searched;
    uint32_t at;             /* node whose answers are given */
    uint32_t label;          /* ALL: the node's label whose paths are given */
    bool in_label;
    double best;             /* of the node */
    uint32_t *way;           /* links of the current path; way[length - 1] enters its end */
    rz_id *nodes;
    rz_rel_ref *rels;
    rz_frontier frontier;
    rz_step_batch batch;
} search_weighted;

static ruzu_status weighted_open(rz_recur *recur, void *search, rz_error *err)
{
    search_weighted *weighted = (search_weighted *)search;
    rz_arena *arena = &recur->op.worker->arena;
    uint32_t upper = recur->spec->spec->upper;
    rz_node_map_init(&weighted->seen, recur->mem, recur->op.worker, sizeof(weighted_node));
    weighted->all = recur->spec->spec->semantic == RZ_PATH_ALL_WSHORTEST && !recur->spec->distinct_ends;
    weighted->way = RZ_NEW_ARRAY(arena, uint32_t, (size_t)upper + 1);
    weighted->nodes = RZ_NEW_ARRAY(arena, rz_id, (size_t)upper + 1);
    weighted->rels = RZ_NEW_ARRAY(arena, rz_rel_ref, (size_t)upper + 1);
    if (weighted->way == NULL || weighted->nodes == NULL || weighted->rels == NULL) {
        return rz_error_no_memory(err, "building a search");
    }
    RZ_TRY(rz_steps_make_frontier(&recur->steps, 1, &weighted->frontier, err));
    return rz_steps_make_batch(&recur->steps, RZ_VECTOR_CAPACITY, true, &weighted->batch, err);
}

static void weighted_close(rz_recur *recur, void *search)
{
    search_weighted *weighted = (search_weighted *)search;
    if (weighted->seen.mem != NULL) {
        rz_node_map_free(&weighted->seen);
        rz_mem_free(recur->mem, weighted->labels.items, weighted->labels.capacity * sizeof(weighted_label));
        rz_mem_free(recur->mem, weighted->links.items, weighted->links.capacity * sizeof(weighted_link));
        rz_mem_free(recur->mem, weighted->heap.items, weighted->heap.capacity * sizeof(weighted_item));
    }
}

static inline weighted_label *weighted_labels(search_weighted *weighted)
{
    return (weighted_label *)weighted->labels.items;
}
static inline weighted_link *weighted_links(search_weighted *weighted)
{
    return (weighted_link *)weighted->links.items;
}
static inline weighted_node *weighted_nodes(search_weighted *weighted)
{
    return (weighted_node *)(void *)weighted->seen.data;
}

/* Room for one more item. */
static ruzu_status weighted_reserve(rz_mem *mem, weighted_array *array, size_t size, rz_error *err)
{
    if (array->count < array->capacity) {
        return RUZU_OK;
    }
    uint64_t capacity = array->capacity == 0 ? 64 : (uint64_t)array->capacity * 2;
    if (capacity > UINT32_MAX) {
        return rz_error_set(err, RUZU_ERROR_LIMIT, "A search touches more than 4 billion relationships.");
    }
    void *items = rz_mem_realloc(mem, array->items, array->capacity * size, (size_t)capacity * size);
    RZ_TRY_ALLOC(items, err, "searching paths");
    array->items = items;
    array->capacity = (uint32_t)capacity;
    return RUZU_OK;
}

/* ---- the queue: a binary heap by (cost, length); outdated items are skipped when they come up ---- */

static bool weighted_before(const weighted_item *a, const weighted_item *b)
{
    return a->cost < b->cost || (a->cost <= b->cost && a->length < b->length);
}

static ruzu_status weighted_push(rz_recur *recur, search_weighted *weighted, uint32_t label, rz_error *err)
{
    RZ_TRY(weighted_reserve(recur->mem, &weighted->heap, sizeof(weighted_item), err));
    const weighted_label *of = &weighted_labels(weighted)[label];
    weighted_item item = {.cost = of->cost, .length = of->length, .label = label};
    weighted_item *items = (weighted_item *)weighted->heap.items;
    uint32_t at = weighted->heap.count++;
    while (at > 0 && weighted_before(&item, &items[(at - 1) / 2])) {
        items[at] = items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    items[at] = item;
    return RUZU_OK;
}

static weighted_item weighted_pop(search_weighted *weighted)
{
    weighted_item *items = (weighted_item *)weighted->heap.items;
    weighted_item top = items[0];
    weighted_item moved = items[--weighted->heap.count];
    uint32_t at = 0;
    for (uint32_t child = 1; child < weighted->heap.count; child = 2 * at + 1) {
        if (child + 1 < weighted->heap.count && weighted_before(&items[child + 1], &items[child])) {
            child++;
        }
        if (!weighted_before(&items[child], &moved)) {
            break;
        }
        items[at] = items[child];
        at = child;
    }
    items[at] = moved;
    return top;
}

/* ---- searching ---- */

static ruzu_status weighted_new_label(rz_recur *recur, search_weighted *weighted, uint32_t node, double cost, uint32_t length, uint32_t *out, rz_error *err)
{
    RZ_TRY(weighted_reserve(recur->mem, &weighted->labels, sizeof(weighted_label), err));
    *out = weighted->labels.count++;
    weighted_labels(weighted)[*out] =
        (weighted_label){.cost = cost, .node = node, .length = length, .next = weighted_nodes(weighted)[node].label, .link = WEIGHTED_NONE};
    weighted_nodes(weighted)[node].label = *out;
    return RUZU_OK;
}

static ruzu_status weighted_begin_search(rz_recur *recur, search_weighted *weighted, bool exact, rz_error *err)
{
    uint32_t node = 0;
    uint32_t label = 0;
    bool is_new = false;
    rz_node_map_reset(&weighted->seen);
    weighted->labels.count = weighted->links.count = weighted->heap.count = 0;
    weighted->searched = weighted->in_label = false;
    weighted->exact = exact;
    weighted->at = 1; /* the source is no answer */
    RZ_TRY(rz_node_map_add(&weighted->seen, recur->from, &node, &is_new, err));
    weighted_nodes(weighted)[node] = (weighted_node){.label = WEIGHTED_NONE, .passes = 1};
    RZ_TRY(weighted_new_label(recur, weighted, node, 0, 0, &label, err));
    return weighted_push(recur, weighted, label, err);
}

static ruzu_status weighted_begin(rz_recur *recur, void *search, rz_error *err)
{
    return weighted_begin_search(recur, (search_weighted *)search, false, err);
}

/* Has the node been reached in a way that makes this one useless? */
static bool weighted_is_dominated(search_weighted *weighted, uint32_t node, double cost, uint32_t length)
{
    const weighted_label *labels = weighted_labels(weighted);
    if (!weighted->exact) {
        return cost > weighted_nodes(weighted)[node].best;
    }
    for (uint32_t l = weighted_nodes(weighted)[node].label; l != WEIGHTED_NONE; l = labels[l].next) {
        if (labels[l].settled && labels[l].length <= length && (weighted->all ? labels[l].cost < cost : labels[l].cost <= cost)) {
            return true;
        }
    }
    return false;
}

/* A way into a node: makes, improves or joins the label with its length. */
static ruzu_status weighted_relax(rz_recur *recur, search_weighted *weighted, uint32_t parent, uint32_t i, rz_error *err)
{
    const rz_step_batch *batch = &weighted->batch;
    double cost = weighted_labels(weighted)[parent].cost + batch->costs[i];
    uint32_t length = weighted_labels(weighted)[parent].length + 1;
    uint32_t node = 0;
    bool is_new = false;
    RZ_TRY(rz_node_map_add(&weighted->seen, batch->to[i], &node, &is_new, err));
    if (is_new) {
        weighted_nodes(weighted)[node].label = WEIGHTED_NONE;
        weighted_nodes(weighted)[node].best = cost;
    }
    if (node == 0 || weighted_is_dominated(weighted, node, cost, length)) { /* no cheapest path comes back to the source */
        return RUZU_OK;
    }
    uint32_t label = weighted_nodes(weighted)[node].label;
    bool one_label = !weighted->exact && !weighted->all;
    while (label != WEIGHTED_NONE && !one_label && weighted_labels(weighted)[label].length != length) {
        label = weighted_labels(weighted)[label].next;
    }
    bool queue = true;
    weighted_nodes(weighted)[node].best = cost < weighted_nodes(weighted)[node].best ? cost : weighted_nodes(weighted)[node].best;
    if (label == WEIGHTED_NONE) {
        RZ_TRY(weighted_new_label(recur, weighted, node, cost, length, &label, err));
    } else if (weighted_labels(weighted)[label].cost > cost || (one_label && !weighted_labels(weighted)[label].settled && weighted_labels(weighted)[label].length > length)) {
        weighted_labels(weighted)[label].cost = cost; /* not settled: labels are settled by ascending cost */
        weighted_labels(weighted)[label].length = length;
        weighted_labels(weighted)[label].link = WEIGHTED_NONE;
    } else if (weighted->all && weighted_labels(weighted)[label].cost >= cost) {
        queue = false;
    } else {
        return RUZU_OK;
    }
    if (recur->with_path || weighted->all) {
        RZ_TRY(weighted_reserve(recur->mem, &weighted->links, sizeof(weighted_link), err));
        weighted_label *into = &weighted_labels(weighted)[label];
        weighted_links(weighted)[weighted->links.count] =
            (weighted_link){.rel = batch->rels[i], .parent = parent, .next = into->link, .forward = batch->forward[i]};
        into->link = weighted->links.count++;
    }
    return queue ? weighted_push(recur, weighted, label, err) : RUZU_OK;
}

static ruzu_status weighted_passes(rz_recur *recur, search_weighted *weighted, uint32_t node, bool *out, rz_error *err)
{
    *out = true;
    if (node == 0 || !rz_steps_filters_nodes(&recur->steps)) {
        return RUZU_OK;
    }
    if (weighted_nodes(weighted)[node].passes == 0) {
        uint32_t kept[1];
        uint32_t count = 0;
        RZ_TRY(rz_steps_filter_nodes(&recur->steps, weighted->seen.ids + node, 1, kept, &count, err));
        weighted_nodes(weighted)[node].passes = count != 0 ? 1 : 2;
    }
    *out = weighted_nodes(weighted)[node].passes == 1;
    return RUZU_OK;
}

static ruzu_status weighted_search(rz_recur *recur, search_weighted *weighted, rz_error *err)
{
    bool found = false;
    double found_cost = 0;
    while (weighted->heap.count != 0) {
        weighted_item item = weighted_pop(weighted);
        weighted_label *label = &weighted_labels(weighted)[item.label];
        if (found && item.cost > found_cost) {
            break;
        }
        if (label->settled || label->cost < item.cost || label->length < item.length || weighted_is_dominated(weighted, label->node, label->cost, label->length)) {
            continue;
        }
        label->settled = true;
        uint32_t length = label->length;
        uint32_t node = label->node;
        rz_id id = weighted->seen.ids[node];
        if (recur->spec->to_bound && id == recur->target && !found) {
            found = true;
            found_cost = item.cost;
            if (!weighted->all) {
                break;
            }
        }
        bool passes = false;
        RZ_TRY(weighted_passes(recur, weighted, node, &passes, err));
        if (passes && length == recur->spec->spec->upper && !weighted->exact) { /* a shorter way could go on */
            found = false;
            RZ_TRY(weighted_begin_search(recur, weighted, true, err));
            continue;
        }
        if (!passes || length == recur->spec->spec->upper) {
            continue;
        }
        RZ_TRY(rz_steps_begin(&recur->steps, &weighted->frontier, &id, 1, err));
        for (;;) {
            RZ_TRY(rz_steps_read(&recur->steps, &weighted->frontier, RZ_VECTOR_CAPACITY, &weighted->batch, err));
            if (weighted->batch.count == 0) {
                break;
            }
            for (uint32_t i = 0; i < weighted->batch.count; i++) {
                RZ_TRY(weighted_relax(recur, weighted, item.label, i, err));
            }
        }
    }
    weighted->searched = true;
    return RUZU_OK;
}

/* ---- answers ---- */

/* The node's cheapest settled label; of equal ones the shortest. WEIGHTED_NONE: it was not settled. */
static uint32_t weighted_best(search_weighted *weighted, uint32_t node)
{
    const weighted_label *labels = weighted_labels(weighted);
    uint32_t best = WEIGHTED_NONE;
    for (uint32_t l = weighted_nodes(weighted)[node].label; l != WEIGHTED_NONE; l = labels[l].next) {
        if (labels[l].settled && (best == WEIGHTED_NONE || labels[l].cost < labels[best].cost ||
                                  (labels[l].cost <= labels[best].cost && labels[l].length < labels[best].length))) {
            best = l;
        }
    }
    return best;
}

static void weighted_descend(search_weighted *weighted, uint32_t level)
{
    for (; level > 1; level--) {
        const weighted_link *link = &weighted_links(weighted)[weighted->way[level - 1]];
        weighted->way[level - 2] = weighted_labels(weighted)[link->parent].link;
    }
}

static bool weighted_next_way(search_weighted *weighted, uint32_t length)
{
    for (uint32_t level = 1; level <= length; level++) {
        uint32_t next = weighted_links(weighted)[weighted->way[level - 1]].next;
        if (next != WEIGHTED_NONE) {
            weighted->way[level - 1] = next;
            weighted_descend(weighted, level);
            return true;
        }
    }
    return false;
}

/* Writes the current path to `label`; false when it meets a node twice. */
static bool weighted_write_way(search_weighted *weighted, uint32_t label)
{
    uint32_t length = weighted_labels(weighted)[label].length;
    rz_id to = weighted->seen.ids[weighted_labels(weighted)[label].node];
    rz_id end = to;
    for (uint32_t level = length; level > 0; level--) {
        const weighted_link *link = &weighted_links(weighted)[weighted->way[level - 1]];
        rz_id from = weighted->seen.ids[weighted_labels(weighted)[link->parent].node];
        weighted->rels[level - 1] = rz_recur_rel(from, to, link->rel, link->forward);
        if (level > 1) {
            weighted->nodes[level - 2] = from;
            bool twice = from == end;
            for (uint32_t i = level - 1; i < length - 1; i++) {
                twice = twice || weighted->nodes[i] == from;
            }
            if (twice) {
                return false;
            }
        }
        to = from;
    }
    return true;
}

/* The next label of the node with the node's cost, from `label` on. */
static uint32_t weighted_seek_label(search_weighted *weighted, uint32_t label)
{
    const weighted_label *labels = weighted_labels(weighted);
    while (label != WEIGHTED_NONE && !(labels[label].settled && labels[label].cost <= weighted->best)) {
        label = labels[label].next;
    }
    return label;
}

/* One answer, or a step towards the next. */
static ruzu_status weighted_give(rz_recur *recur, search_weighted *weighted, rz_error *err)
{
    rz_recur_answer answer = {.to = weighted->seen.ids[weighted->at], .count = 1, .nodes = weighted->nodes, .rels = weighted->rels};
    if (!weighted->in_label) {
        uint32_t best = weighted_best(weighted, weighted->at);
        if (best == WEIGHTED_NONE) {
            weighted->at++;
            return RUZU_OK;
        }
        weighted->best = weighted_labels(weighted)[best].cost;
        weighted->label = weighted->all ? weighted_seek_label(weighted, weighted_nodes(weighted)[weighted->at].label) : best;
        weighted->in_label = true;
        uint32_t length = weighted_labels(weighted)[weighted->label].length;
        weighted->way[length - 1] = weighted_labels(weighted)[weighted->label].link;
        if (recur->with_path || weighted->all) {
            weighted_descend(weighted, length);
        }
    }
    uint32_t length = weighted_labels(weighted)[weighted->label].length;
    answer.length = length;
    answer.cost = weighted->best;
    if (!weighted->all) {
        if (recur->with_path) {
            (void)weighted_write_way(weighted, weighted->label);
        }
        weighted->in_label = false;
        weighted->at++;
        return rz_recur_answer_add(recur, &answer, err);
    }
    if (weighted_write_way(weighted, weighted->label)) {
        RZ_TRY(rz_recur_answer_add(recur, &answer, err));
    }
    if (weighted_next_way(weighted, length)) {
        return RUZU_OK;
    }
    weighted->label = weighted_seek_label(weighted, weighted_labels(weighted)[weighted->label].next);
    if (weighted->label == WEIGHTED_NONE) {
        weighted->in_label = false;
        weighted->at++;
    } else {
        length = weighted_labels(weighted)[weighted->label].length;
        weighted->way[length - 1] = weighted_labels(weighted)[weighted->label].link;
        weighted_descend(weighted, length);
    }
    return RUZU_OK;
}

static ruzu_status weighted_run(rz_recur *recur, void *search, bool *out_done, rz_error *err)
{
    search_weighted *weighted = (search_weighted *)search;
    if (!weighted->searched) {
        RZ_TRY(weighted_search(recur, weighted, err));
    }
    for (uint32_t i = 1; weighted->at < weighted->seen.count && !rz_recur_is_full(recur); i++) {
        if (i % 4096 == 0) {
            RZ_TRY(rz_exec_poll(recur->op.worker->exec, err));
        }
        if (!weighted->in_label && !rz_recur_accepts(recur, weighted->seen.ids[weighted->at])) {
            weighted->at++;
            continue;
        }
        RZ_TRY(weighted_give(recur, weighted, err));
    }
    *out_done = weighted->at >= weighted->seen.count;
    return RUZU_OK;
}

const rz_search_class rz_search_weighted = {
    .size = sizeof(search_weighted), .open = weighted_open, .begin = weighted_begin, .run = weighted_run, .close = weighted_close};
