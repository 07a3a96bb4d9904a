/* SPDX-License-Identifier: MIT */
/*
 * Paths one by one: depth-first over an explicit stack. Each place of the stack holds a window of its node's relationships, so memory is bounded by the upper bound, and
 * the search stops and goes on between any two answers.
 *
 * TRAIL: no relationship twice. ACYCLIC: no node twice among those between the two ends. When only the set of end nodes matters, each is given once.
 */
#include "executor/recursive.h"

#ifdef RZ_TINY
#define TRAIL_WINDOW 4u
#else
#define TRAIL_WINDOW 128u
#endif

typedef struct trail_place {
    rz_id node;
    rz_rel_ref rel;        /* by which the node was reached */
    rz_frontier frontier;
    rz_step_batch window;
    uint32_t *passing;     /* positions in the window whose node may be left again; ascending */
    uint32_t passing_count;
    uint32_t at_passing;
    uint32_t at;           /* next step of the window */
    bool made;
} trail_place;

typedef struct search_trails {
    trail_place *places;   /* upper of them: the last step needs none */
    uint32_t place_count;
    uint32_t top;          /* places in use */
    bool start;            /* the zero-length path is due */
    rz_id *nodes;          /* of an answer */
    rz_rel_ref *rels;
    rz_node_map given;     /* distinct ends */
} search_trails;

static ruzu_status trails_open(rz_recur *recur, void *search, rz_error *err)
{
    search_trails *trails = (search_trails *)search;
    rz_arena *arena = &recur->op.worker->arena;
    uint32_t upper = recur->spec->spec->upper;
    rz_node_map_init(&trails->given, recur->mem, recur->op.worker, 0);
    trails->place_count = upper;
    trails->places = RZ_NEW_ARRAY(arena, trail_place, upper);
    trails->nodes = RZ_NEW_ARRAY(arena, rz_id, upper);
    trails->rels = RZ_NEW_ARRAY(arena, rz_rel_ref, upper);
    return trails->places != NULL && trails->nodes != NULL && trails->rels != NULL ? RUZU_OK : rz_error_no_memory(err, "building a search");
}

static void trails_close(rz_recur *recur, void *search)
{
    (void)recur;
    search_trails *trails = (search_trails *)search;
    if (trails->given.mem != NULL) {
        rz_node_map_free(&trails->given);
    }
}

/* Puts a node on the stack. */
static ruzu_status trails_push(rz_recur *recur, search_trails *trails, rz_id node, rz_rel_ref rel, rz_error *err)
{
    trail_place *place = &trails->places[trails->top];
    if (!place->made) {
        RZ_TRY(rz_steps_make_frontier(&recur->steps, 1, &place->frontier, err));
        RZ_TRY(rz_steps_make_batch(&recur->steps, TRAIL_WINDOW, true, &place->window, err));
        place->passing = RZ_NEW_ARRAY(&recur->op.worker->arena, uint32_t, TRAIL_WINDOW);
        RZ_TRY_ALLOC(place->passing, err, "building a search");
        place->made = true;
    }
    place->node = node;
    place->rel = rel;
    place->at = 0;
    place->window.count = 0;
    trails->top++;
    return rz_steps_begin(&recur->steps, &place->frontier, &place->node, 1, err);
}

static ruzu_status trails_begin(rz_recur *recur, void *search, rz_error *err)
{
    search_trails *trails = (search_trails *)search;
    const rz_bound_recursive *spec = recur->spec->spec;
    trails->top = 0;
    trails->start = spec->lower == 0;
    rz_node_map_reset(&trails->given);
    return spec->upper == 0 ? RUZU_OK : trails_push(recur, trails, recur->from, (rz_rel_ref){0, 0, 0}, err);
}

/* Fills the top's window; window.count 0 at its end. */
static ruzu_status trails_refill(rz_recur *recur, search_trails *trails, trail_place *place, rz_error *err)
{
    RZ_TRY(rz_steps_read(&recur->steps, &place->frontier, TRAIL_WINDOW, &place->window, err));
    place->at = 0;
    place->at_passing = 0;
    place->passing_count = 0;
    if (place->window.count != 0 && trails->top < trails->place_count && rz_steps_filters_nodes(&recur->steps)) {
        return rz_steps_filter_nodes(&recur->steps, place->window.to, place->window.count, place->passing, &place->passing_count, err);
    }
    return RUZU_OK;
}

static bool trails_has_rel(const search_trails *trails, rz_id rel)
{
    for (uint32_t i = 1; i < trails->top; i++) {
        if (trails->places[i].rel.rel == rel) {
            return true;
        }
    }
    return false;
}

/* Is the node one of those between the ends? */
static bool trails_has_node(const search_trails *trails, rz_id node)
{
    for (uint32_t i = 1; i < trails->top; i++) {
        if (trails->places[i].node == node) {
            return true;
        }
    }
    return false;
}

/* The path on the stack and one more step. */
static ruzu_status trails_give(rz_recur *recur, search_trails *trails, rz_id to, rz_rel_ref rel, rz_error *err)
{
    rz_recur_answer answer = {.to = to, .length = trails->top, .count = 1, .nodes = trails->nodes, .rels = trails->rels};
    if (recur->spec->distinct_ends) {
        uint32_t idx = 0;
        bool is_new = false;
        RZ_TRY(rz_node_map_add(&trails->given, to, &idx, &is_new, err));
        if (!is_new) {
            return RUZU_OK;
        }
    }
    for (uint32_t i = 1; i < trails->top && recur->with_path; i++) {
        trails->nodes[i - 1] = trails->places[i].node;
        trails->rels[i - 1] = trails->places[i].rel;
    }
    trails->rels[trails->top - 1] = rel;
    return rz_recur_answer_add(recur, &answer, err);
}

/* Takes the next step of the top of the stack. */
static ruzu_status trails_step(rz_recur *recur, search_trails *trails, trail_place *place, rz_error *err)
{
    const rz_bound_recursive *spec = recur->spec->spec;
    uint32_t i = place->at++;
    bool passes = true;
    if (trails->top < trails->place_count && rz_steps_filters_nodes(&recur->steps)) {
        passes = place->at_passing < place->passing_count && place->passing[place->at_passing] == i;
        place->at_passing += passes;
    }
    rz_id to = place->window.to[i];
    rz_rel_ref rel = rz_recur_rel(place->node, to, place->window.rels[i], place->window.forward[i]);
    if (spec->semantic == RZ_PATH_TRAIL && trails_has_rel(trails, rel.rel)) {
        return RUZU_OK;
    }
    if (trails->top >= spec->lower && rz_recur_accepts(recur, to)) {
        RZ_TRY(trails_give(recur, trails, to, rel, err));
    }
    if (!passes || trails->top == trails->place_count || (spec->semantic == RZ_PATH_ACYCLIC && trails_has_node(trails, to))) {
        return RUZU_OK;
    }
    return trails_push(recur, trails, to, rel, err);
}

static ruzu_status trails_run(rz_recur *recur, void *search, bool *out_done, rz_error *err)
{
    search_trails *trails = (search_trails *)search;
    if (trails->start) {
        trails->start = false;
        rz_recur_answer answer = {.to = recur->from, .length = 0, .count = 1, .nodes = trails->nodes, .rels = trails->rels};
        if (rz_recur_accepts(recur, recur->from)) {
            uint32_t idx = 0;
            bool is_new = false;
            RZ_TRY(rz_node_map_add(&trails->given, recur->from, &idx, &is_new, err));
            RZ_TRY(rz_recur_answer_add(recur, &answer, err));
        }
    }
    while (trails->top != 0 && !rz_recur_is_full(recur)) {
        trail_place *place = &trails->places[trails->top - 1];
        if (place->at == place->window.count) {
            RZ_TRY(trails_refill(recur, trails, place, err));
            if (place->window.count == 0) {
                trails->top--;
                continue;
            }
        }
        RZ_TRY(trails_step(recur, trails, place, err));
    }
    *out_done = trails->top == 0;
    return RUZU_OK;
}

const rz_search_class rz_search_trails = {.size = sizeof(search_trails), .open = trails_open, .begin = trails_begin, .run = trails_run, .close = trails_close};
