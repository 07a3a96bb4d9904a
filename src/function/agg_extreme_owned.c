/* SPDX-License-Identifier: MIT */
/*
 * MIN, MAX and ANY_VALUE of strings and of nested values, whose states own memory of the worker's arena.
 *
 * A string is kept in a buffer that doubles, so that a long series of new minima costs no more than twice the longest.
 * A nested value is kept as a vector of one row; each better value is a copy, and what it replaces stays in the arena.
 */
#include "function/agg.h"

/* ---- strings ---- */

typedef struct agg_string_state {
    char *data; /* arena: the worker's; NULL: no value yet */
    uint64_t length;
    uint64_t capacity;
    uint64_t unused;
} agg_string_state;

typedef struct agg_nested_state {
    rz_vec *value; /* one row, in the arena; NULL: no value yet */
    uint64_t unused;
} agg_nested_state;

RZ_STATIC_ASSERT(sizeof(agg_string_state) == RZ_AGG_STRING_STATE_SIZE, "size of the state");
RZ_STATIC_ASSERT(sizeof(agg_nested_state) == RZ_AGG_NESTED_STATE_SIZE, "size of the state");

static void agg_owned_init(const rz_agg_bound *bound, uint8_t *state)
{
    memset(state, 0, bound->state_size);
}

/* These are about to copy texts: a call for each costs little beside. */
static ruzu_status agg_owned_merge(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *into,
                                   const uint8_t *const *from, const uint64_t *times, uint32_t count, rz_error *err)
{
    (void)times;
    for (uint32_t i = 0; i < count; i++) {
        RZ_TRY(bound->agg->combine(bound, context, into[i], from[i], err));
    }
    return RUZU_OK;
}

static rz_agg_extreme agg_owned_kind(const rz_agg_bound *bound)
{
    return bound->agg->name[0] == 'A' ? RZ_AGG_ANY : bound->agg->name[1] == 'I' ? RZ_AGG_MIN : RZ_AGG_MAX;
}

static ruzu_status agg_string_take(const rz_agg_bound *bound, rz_arena *arena, agg_string_state *state,
                                   const char *data, uint64_t length, rz_error *err)
{
    if (state->data != NULL) {
        rz_agg_extreme which = agg_owned_kind(bound);
        uint64_t shorter = length < state->length ? length : state->length;
        int order = memcmp(data, state->data, (size_t)shorter);
        order = order != 0 ? order : (length > state->length) - (length < state->length);
        if (which == RZ_AGG_ANY || (which == RZ_AGG_MIN ? order >= 0 : order <= 0)) {
            return RUZU_OK;
        }
    }
    if (state->data == NULL || length > state->capacity) {
        uint64_t capacity = state->capacity * 2 > length ? state->capacity * 2 : length < 16 ? 16 : length;
        char *grown = (char *)rz_arena_alloc(arena, (size_t)capacity);
        RZ_TRY_ALLOC(grown, err, "aggregating strings");
        state->data = grown;
        state->capacity = capacity;
    }
    memcpy(state->data, data, (size_t)length);
    state->length = length;
    return RUZU_OK;
}

static ruzu_status agg_string_rows(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states,
                                   uint8_t *one, const rz_vec *arg, const rz_sel *sel, rz_error *err)
{
    rz_fn_reader reader = rz_fn_read(arg);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&reader, row);
        if (rz_fn_is_null_at(&reader, at)) {
            continue;
        }
        const rz_string *text = &((const rz_string *)reader.data)[at];
        agg_string_state *state = (agg_string_state *)(void *)(one != NULL ? one : states[row]);
        RZ_TRY(agg_string_take(bound, context->arena, state, rz_string_data(text), text->length, err));
    }
    return RUZU_OK;
}

static ruzu_status agg_string_update(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states,
                                     const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)weights;
    return agg_string_rows(bound, context, states, NULL, arg, sel, err);
}

static ruzu_status agg_string_update_one(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state,
                                         const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)weights;
    return agg_string_rows(bound, context, NULL, state, arg, sel, err);
}

static ruzu_status agg_string_combine(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into,
                                      const uint8_t *from_bytes, rz_error *err)
{
    const agg_string_state *from = (const agg_string_state *)(const void *)from_bytes;
    return from->data == NULL ? RUZU_OK
                              : agg_string_take(bound, context->arena, (agg_string_state *)(void *)into, from->data,
                                                from->length, err);
}

static ruzu_status agg_string_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out,
                                     uint32_t out_start, rz_error *err)
{
    (void)fn;
    (void)bound;
    for (uint32_t i = 0; i < count; i++) {
        const agg_string_state *state = (const agg_string_state *)(const void *)states[i];
        if (state->data == NULL) {
            rz_vec_set_null(out, out_start + i);
        } else {
            RZ_TRY(rz_vec_set_string(out, out_start + i, state->data, (size_t)state->length, err));
        }
    }
    return RUZU_OK;
}

/* Saved: 1 byte whether there is a value, 8 bytes its length, the value. */
static void agg_string_save(const rz_agg_bound *bound, const uint8_t *state_bytes, rz_str *out)
{
    (void)bound;
    const agg_string_state *state = (const agg_string_state *)(const void *)state_bytes;
    rz_str_append_char(out, state->data != NULL ? 1 : 0);
    rz_str_append(out, (const char *)&state->length, sizeof state->length);
    rz_str_append(out, state->data == NULL ? "" : state->data, (size_t)state->length);
}

static ruzu_status agg_string_load(const rz_agg_bound *bound, rz_agg_context *context, rz_reader *reader,
                                   uint8_t *state, rz_error *err)
{
    bool seen = rz_read_u8(reader) != 0;
    uint64_t length = rz_read_u64(reader);
    const char *data = (const char *)rz_read_bytes(reader, (size_t)length);
    if (reader->failed) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "A spilled aggregate is cut off.");
    }
    return seen ? agg_string_take(bound, context->arena, (agg_string_state *)(void *)state, data, length, err)
                : RUZU_OK;
}

const rz_agg rz_agg_string_extremes[RZ_AGG_EXTREME_COUNT] = {
    {"MIN", false, agg_owned_init, agg_string_update, agg_string_update_one, agg_string_combine, agg_string_finish,
     agg_string_save, agg_string_load, agg_owned_merge},
    {"MAX", false, agg_owned_init, agg_string_update, agg_string_update_one, agg_string_combine, agg_string_finish,
     agg_string_save, agg_string_load, agg_owned_merge},
    {"ANY_VALUE", false, agg_owned_init, agg_string_update, agg_string_update_one, agg_string_combine,
     agg_string_finish, agg_string_save, agg_string_load, agg_owned_merge},
};

/* ---- nested values ---- */

static ruzu_status agg_nested_take(const rz_agg_bound *bound, rz_arena *arena, agg_nested_state *state,
                                   const rz_vec *vec, uint32_t row, rz_error *err)
{
    if (state->value != NULL) {
        rz_agg_extreme which = agg_owned_kind(bound);
        int order = which == RZ_AGG_ANY ? 0 : rz_vec_compare(vec, row, state->value, 0);
        if (which == RZ_AGG_ANY || (which == RZ_AGG_MIN ? order >= 0 : order <= 0)) {
            return RUZU_OK;
        }
    }
    rz_vec *value;
    RZ_TRY(rz_vec_create(arena, arena, bound->arg_type, 1, &value, err));
    RZ_TRY(rz_vec_gather(value, 0, vec, &row, 1, err));
    state->value = value;
    return RUZU_OK;
}

static ruzu_status agg_nested_rows(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states,
                                   uint8_t *one, const rz_vec *arg, const rz_sel *sel, rz_error *err)
{
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        if (!rz_vec_is_null(arg, row)) {
            agg_nested_state *state = (agg_nested_state *)(void *)(one != NULL ? one : states[row]);
            RZ_TRY(agg_nested_take(bound, context->arena, state, arg, row, err));
        }
    }
    return RUZU_OK;
}

static ruzu_status agg_nested_update(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states,
                                     const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)weights;
    return agg_nested_rows(bound, context, states, NULL, arg, sel, err);
}

static ruzu_status agg_nested_update_one(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state,
                                         const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)weights;
    return agg_nested_rows(bound, context, NULL, state, arg, sel, err);
}

static ruzu_status agg_nested_combine(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into,
                                      const uint8_t *from_bytes, rz_error *err)
{
    const agg_nested_state *from = (const agg_nested_state *)(const void *)from_bytes;
    return from->value == NULL
               ? RUZU_OK
               : agg_nested_take(bound, context->arena, (agg_nested_state *)(void *)into, from->value, 0, err);
}

static ruzu_status agg_nested_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out,
                                     uint32_t out_start, rz_error *err)
{
    (void)fn;
    (void)bound;
    uint32_t first = 0;
    for (uint32_t i = 0; i < count; i++) {
        const agg_nested_state *state = (const agg_nested_state *)(const void *)states[i];
        if (state->value == NULL) {
            rz_vec_set_null(out, out_start + i);
        } else {
            RZ_TRY(rz_vec_gather(out, out_start + i, state->value, &first, 1, err));
        }
    }
    return RUZU_OK;
}

/* Saved: 1 byte whether there is a value, 8 bytes the size of its row form, that. */
static void agg_nested_save(const rz_agg_bound *bound, const uint8_t *state_bytes, rz_str *out)
{
    (void)bound;
    const agg_nested_state *state = (const agg_nested_state *)(const void *)state_bytes;
    uint64_t size = state->value == NULL ? 0 : rz_row_value_size(state->value, 0);
    rz_str_append_char(out, state->value != NULL ? 1 : 0);
    rz_str_append(out, (const char *)&size, sizeof size);
    if (size != 0 && rz_str_reserve(out, (size_t)size)) {
        (void)rz_row_value_write(state->value, 0, (uint8_t *)out->data + out->length);
        out->length += (size_t)size;
        out->data[out->length] = '\0';
    }
}

static ruzu_status agg_nested_load(const rz_agg_bound *bound, rz_agg_context *context, rz_reader *reader,
                                   uint8_t *state, rz_error *err)
{
    bool seen = rz_read_u8(reader) != 0;
    uint64_t size = rz_read_u64(reader);
    const uint8_t *data = (const uint8_t *)rz_read_bytes(reader, (size_t)size);
    if (reader->failed) {
        return rz_error_set(err, RUZU_ERROR_INTERNAL, "A spilled aggregate is cut off.");
    }
    if (!seen) {
        return RUZU_OK;
    }
    rz_vec *value;
    const uint8_t *end;
    RZ_TRY(rz_vec_create(context->arena, context->arena, bound->arg_type, 1, &value, err));
    RZ_TRY(rz_row_value_read(data, true, value, 0, &end, err));
    ((agg_nested_state *)(void *)state)->value = value;
    return RUZU_OK;
}

const rz_agg rz_agg_nested_extremes[RZ_AGG_EXTREME_COUNT] = {
    {"MIN", false, agg_owned_init, agg_nested_update, agg_nested_update_one, agg_nested_combine, agg_nested_finish,
     agg_nested_save, agg_nested_load, agg_owned_merge},
    {"MAX", false, agg_owned_init, agg_nested_update, agg_nested_update_one, agg_nested_combine, agg_nested_finish,
     agg_nested_save, agg_nested_load, agg_owned_merge},
    {"ANY_VALUE", false, agg_owned_init, agg_nested_update, agg_nested_update_one, agg_nested_combine,
     agg_nested_finish, agg_nested_save, agg_nested_load, agg_owned_merge},
};
