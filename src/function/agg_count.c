/* SPDX-License-Identifier: MIT */
/*
 * COUNT_STAR and COUNT: the state is a number of rows, weights added. Where that cannot be counted it stays at the largest number: an error only where the number is wanted.
 */
#include "function/agg.h"

/* A row stands for one, unless it has a weight: only those can be too many. */
static void agg_count_add(uint8_t *state, uint64_t number)
{
    uint64_t count = 0;
    rz_store_u64(state, rz_add_overflow(rz_load_u64(state), number, &count) ? UINT64_MAX : count);
}

static void agg_count_init(const rz_agg_bound *bound, uint8_t *state)
{
    memset(state, 0, bound->state_size);
}

static ruzu_status agg_count_star_update(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states,
                                         const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)arg;
    (void)err;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        agg_count_add(states[row], rz_agg_weight(weights, row));
    }
    return RUZU_OK;
}

static uint64_t agg_count_weights(const rz_sel *sel, const uint64_t *weights)
{
    uint64_t count = 0;
    uint64_t sum = 0;
    if (weights == NULL) {
        return sel->count;
    }
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        count = rz_add_overflow(count, weights[rz_sel_at(sel, idx)], &sum) ? UINT64_MAX : sum;
    }
    return count;
}

static ruzu_status agg_count_star_update_one(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state,
                                             const rz_vec *arg, const rz_sel *sel, const uint64_t *weights,
                                             rz_error *err)
{
    (void)bound;
    (void)context;
    (void)arg;
    (void)err;
    agg_count_add(state, agg_count_weights(sel, weights));
    return RUZU_OK;
}

/* No row of the argument can be NULL. */
static bool agg_count_is_full(const rz_fn_reader *reader)
{
    return reader->base->type->physical != RZ_PHYS_NONE && reader->base->validity == NULL;
}

static ruzu_status agg_count_update(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states,
                                    const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    rz_fn_reader reader = rz_fn_read(arg);
    if (agg_count_is_full(&reader)) {
        return agg_count_star_update(bound, context, states, arg, sel, weights, err);
    }
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint64_t weight = rz_fn_is_null_at(&reader, rz_fn_at(&reader, row)) ? 0 : rz_agg_weight(weights, row);
        agg_count_add(states[row], weight);
    }
    return RUZU_OK;
}

static ruzu_status agg_count_update_one(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state,
                                        const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    rz_fn_reader reader = rz_fn_read(arg);
    if (agg_count_is_full(&reader)) {
        return agg_count_star_update_one(bound, context, state, arg, sel, weights, err);
    }
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        agg_count_add(state, rz_fn_is_null_at(&reader, rz_fn_at(&reader, row)) ? 0 : rz_agg_weight(weights, row));
    }
    return RUZU_OK;
}

static ruzu_status agg_count_combine(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into,
                                     const uint8_t *from, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    agg_count_add(into, rz_load_u64(from));
    return RUZU_OK;
}

static ruzu_status agg_count_merge(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *into,
                                   const uint8_t *const *from, const uint64_t *times, uint32_t count, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t product = 0;
        agg_count_add(into[i], rz_mul_overflow(times[i], rz_load_u64(from[i]), &product) ? UINT64_MAX : product);
    }
    return RUZU_OK;
}

static ruzu_status agg_count_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out,
                                    uint32_t out_start, rz_error *err)
{
    (void)fn;
    (void)bound;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number = rz_load_u64(states[i]);
        if (RZ_UNLIKELY(number > INT64_MAX)) {
            return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of rows is not within INT64 range.");
        }
        ((uint64_t *)out->data)[out_start + i] = number;
    }
    return RUZU_OK;
}

static const rz_agg agg_count_star = {"COUNT_STAR",
                                      true,
                                      agg_count_init,
                                      agg_count_star_update,
                                      agg_count_star_update_one,
                                      agg_count_combine,
                                      agg_count_finish,
                                      NULL,
                                      NULL,
                                      agg_count_merge};
static const rz_agg agg_count = {
    "COUNT", true, agg_count_init, agg_count_update, agg_count_update_one, agg_count_combine, agg_count_finish,
    NULL,    NULL,           agg_count_merge};

ruzu_status rz_agg_bind_count(const char *name, const rz_type *arg_type, rz_arena *arena, rz_agg_bound *out,
                              rz_error *err)
{
    (void)name;
    (void)arena;
    (void)err;
    out->agg = arg_type == NULL ? &agg_count_star : &agg_count;
    out->arg_type = arg_type;
    out->result = RZ_INT64;
    out->state_size = 16;
    return RUZU_OK;
}
