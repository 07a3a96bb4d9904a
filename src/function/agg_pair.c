/* SPDX-License-Identifier: MIT */
/*
 * Aggregates over a sum, a difference or a product of two sides – sum(a.x * c.y) – whose values are not met row by row: where rows are all pairs of m values of one side with n of the other,
 * it is enough to know of each side how many values there are that are not NULL, their sum, the least and the greatest.
 *
 *   SIDE   that of one side, aggregated like anything else, and carried in records (agg_part.c)
 *   PAIR   that of the pairs: sum(x + y) = sum(x) * n + m * sum(y), sum(x * y) = sum(x) * sum(y), m * n of them, and extremes among the extremes
 *
 * Sides have at most 64 bits, so extremes of pairs are known exactly, and say whether any pair leaves the range of its type: evaluated row by row that pair would have been an error, and so it
 * is one when the result is read. If none does, there is no sum of fewer than 2^64 of them beyond 128 bits; so sums may go round, and only then do.
 */
#include "function/agg.h"

typedef struct agg_side_state {
    rz_int128 sum;
    int64_t least, greatest; /* of no values: INT64_MAX, INT64_MIN */
    uint64_t count;
    uint64_t unused;
} agg_side_state;

typedef struct agg_pair_state {
    rz_int128 sum;
    rz_int128 least, greatest; /* nothing when count is 0 */
    uint64_t count;            /* UINT64_MAX: too many */
    uint64_t unused;
} agg_pair_state;

RZ_STATIC_ASSERT(sizeof(agg_side_state) == 48 && sizeof(agg_pair_state) == 64, "states are multiples of 16 bytes");

/* Modulo 2^128. */
static inline rz_int128 agg_pair_add(rz_int128 a, rz_int128 b)
{
    return (rz_int128)((rz_uint128)a + (rz_uint128)b);
}

static inline rz_int128 agg_pair_multiply(rz_int128 a, rz_int128 b)
{
    return (rz_int128)((rz_uint128)a * (rz_uint128)b);
}

/* ---- sides ---- */

static const agg_side_state agg_side_none = {.least = INT64_MAX, .greatest = INT64_MIN};

static void agg_side_init(const rz_agg_bound *bound, uint8_t *state)
{
    (void)bound;
    memcpy(state, &agg_side_none, sizeof agg_side_none);
}

static inline void agg_side_take(agg_side_state *into, const agg_side_state *from, uint64_t times)
{
    into->sum = agg_pair_add(into->sum, agg_pair_multiply(from->sum, (rz_int128)times));
    into->count = rz_agg_add_counts(into->count, rz_agg_times_count(from->count, times));
    into->least = from->least < into->least ? from->least : into->least;
    into->greatest = from->greatest > into->greatest ? from->greatest : into->greatest;
}

static ruzu_status agg_side_rows(uint8_t *const *states, uint8_t *one, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights)
{
    rz_fn_reader reader = rz_fn_read(arg);
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&reader, row);
        if (!rz_fn_is_null_at(&reader, at)) {
            int64_t value = ((const int64_t *)reader.data)[at];
            const agg_side_state from = {.sum = value, .least = value, .greatest = value, .count = 1};
            agg_side_take((agg_side_state *)(void *)(one != NULL ? one : states[row]), &from, rz_agg_weight(weights, row));
        }
    }
    return RUZU_OK;
}

static ruzu_status agg_side_update(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    return agg_side_rows(states, NULL, arg, sel, weights);
}

static ruzu_status agg_side_update_one(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    return agg_side_rows(NULL, state, arg, sel, weights);
}

static ruzu_status agg_side_merge(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *into, const uint8_t *const *from, const uint64_t *times, uint32_t count, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    for (uint32_t i = 0; i < count; i++) {
        agg_side_take((agg_side_state *)(void *)into[i], (const agg_side_state *)(const void *)from[i], times[i]);
    }
    return RUZU_OK;
}

static ruzu_status agg_side_combine(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into, const uint8_t *from, rz_error *err)
{
    const uint64_t once = 1;
    agg_side_state copy; /* a spilled state need not be aligned */
    memcpy(&copy, from, sizeof copy);
    const uint8_t *aligned = (const uint8_t *)&copy;
    return agg_side_merge(bound, context, &into, &aligned, &once, 1, err);
}

/* A side by itself is nobody's answer. */
static ruzu_status agg_side_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out, uint32_t out_start, rz_error *err)
{
    (void)bound;
    (void)fn;
    (void)states;
    (void)count;
    (void)out;
    (void)out_start;
    return rz_error_set(err, RUZU_ERROR_INTERNAL, "one side of a pair was to be the result");
}

static const rz_agg agg_side = {"SIDE", true, agg_side_init, agg_side_update, agg_side_update_one, agg_side_combine, agg_side_finish, NULL, NULL, agg_side_merge};

void rz_agg_side(rz_agg_bound *out)
{
    *out = (rz_agg_bound){.agg = &agg_side, .result = RZ_INT64, .arg_type = RZ_INT64, .state_size = sizeof(agg_side_state)};
}

/* ---- pairs ---- */

static void agg_pair_init(const rz_agg_bound *bound, uint8_t *state)
{
    (void)bound;
    memset(state, 0, sizeof(agg_pair_state));
}

static inline void agg_pair_take(agg_pair_state *into, const agg_pair_state *from, uint64_t times)
{
    if (from->count == 0) {
        return;
    }
    bool first = into->count == 0;
    into->least = first || from->least < into->least ? from->least : into->least;
    into->greatest = first || from->greatest > into->greatest ? from->greatest : into->greatest;
    into->sum = agg_pair_add(into->sum, agg_pair_multiply(from->sum, (rz_int128)times));
    into->count = rz_agg_add_counts(into->count, rz_agg_times_count(from->count, times));
}

/* What all pairs of the one's values and the other's are; both have some. */
static void agg_pair_cross(rz_agg_pair_op op, const agg_side_state *a, const agg_side_state *b, agg_pair_state *out)
{
    const rz_int128 a_count = (rz_int128)a->count, b_count = (rz_int128)b->count;
    const rz_int128 a_sum = agg_pair_multiply(a->sum, b_count), b_sum = agg_pair_multiply(b->sum, a_count);
    out->count = rz_agg_times_count(a->count, b->count);
    switch (op) {
    case RZ_AGG_PAIR_ADD:
        out->sum = agg_pair_add(a_sum, b_sum);
        out->least = (rz_int128)a->least + b->least;
        out->greatest = (rz_int128)a->greatest + b->greatest;
        break;
    case RZ_AGG_PAIR_SUBTRACT:
        out->sum = (rz_int128)((rz_uint128)a_sum - (rz_uint128)b_sum);
        out->least = (rz_int128)a->least - b->greatest;
        out->greatest = (rz_int128)a->greatest - b->least;
        break;
    case RZ_AGG_PAIR_MULTIPLY: {
        const rz_int128 corners[4] = {(rz_int128)a->least * b->least, (rz_int128)a->least * b->greatest, (rz_int128)a->greatest * b->least, (rz_int128)a->greatest * b->greatest};
        out->sum = agg_pair_multiply(a->sum, b->sum);
        out->least = out->greatest = corners[0];
        for (uint32_t i = 1; i < 4; i++) {
            out->least = corners[i] < out->least ? corners[i] : out->least;
            out->greatest = corners[i] > out->greatest ? corners[i] : out->greatest;
        }
        break;
    }
    }
}

/* One side's place in the argument. */
typedef struct agg_pair_reader {
    rz_fn_reader values; /* of the structs' child */
    bool recorded;
    uint32_t offset;
} agg_pair_reader;

static agg_pair_reader agg_pair_open(const rz_agg_bound *bound, const rz_fn_reader *structs, uint32_t side)
{
    return (agg_pair_reader){.values = rz_fn_read(structs->base->children[side]), .recorded = bound->pair->recorded[side], .offset = bound->pair->offsets[side]};
}

/* The record of the struct at `at`; NULL: none. */
static const uint8_t *agg_pair_record(const agg_pair_reader *reader, uint32_t at)
{
    uint32_t place = rz_fn_at(&reader->values, at);
    return rz_fn_is_null_at(&reader->values, place) ? NULL : (const uint8_t *)(uintptr_t)((const uint64_t *)reader->values.data)[place];
}

/* The side's values of a row, and how many rows its record stands for. NULL: none. */
static const agg_side_state *agg_pair_side(const agg_pair_reader *reader, uint32_t at, agg_side_state *room, uint64_t *out_rows, const uint8_t **out_record)
{
    *out_rows = 1;
    *out_record = NULL;
    if (reader->recorded) {
        const uint8_t *record = agg_pair_record(reader, at);
        if (record == NULL) {
            return NULL;
        }
        *out_record = record;
        *out_rows = rz_load_u64(record);
        return (const agg_side_state *)(const void *)(record + reader->offset);
    }
    uint32_t place = rz_fn_at(&reader->values, at);
    if (rz_fn_is_null_at(&reader->values, place)) {
        return NULL;
    }
    int64_t value = ((const int64_t *)reader->values.data)[place];
    *room = (agg_side_state){.sum = value, .least = value, .greatest = value, .count = 1};
    return room;
}

static uint64_t agg_pair_failed(const uint8_t *record)
{
    return record == NULL ? 0 : rz_load_u64(record + sizeof(uint64_t));
}

uint64_t rz_agg_failure(const rz_agg_bound *bound, const rz_vec *arg, uint32_t row)
{
    if (bound->pair == NULL) {
        rz_fn_reader reader = rz_fn_read(arg);
        uint32_t at = rz_fn_at(&reader, row);
        return rz_fn_is_null_at(&reader, at) ? 0 : agg_pair_failed((const uint8_t *)(uintptr_t)((const uint64_t *)reader.data)[at]);
    }
    rz_fn_reader structs = rz_fn_read(arg);
    uint64_t failure = 0;
    for (uint32_t side = 0; side < 2 && failure == 0; side++) {
        const agg_pair_reader reader = agg_pair_open(bound, &structs, side);
        failure = reader.recorded ? agg_pair_failed(agg_pair_record(&reader, rz_fn_at(&structs, row))) : 0;
    }
    return failure;
}

static ruzu_status agg_pair_rows(const rz_agg_bound *bound, uint8_t *const *states, uint8_t *one, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    rz_fn_reader structs = rz_fn_read(arg);
    const agg_pair_reader readers[2] = {agg_pair_open(bound, &structs, 0), agg_pair_open(bound, &structs, 1)};
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&structs, row);
        agg_side_state room[2];
        agg_pair_state pairs = {0};
        uint64_t rows[2];
        const uint8_t *records[2];
        const agg_side_state *a = agg_pair_side(&readers[0], at, &room[0], &rows[0], &records[0]);
        const agg_side_state *b = agg_pair_side(&readers[1], at, &room[1], &rows[1], &records[1]);
        uint64_t failure = agg_pair_failed(records[0]) != 0 ? agg_pair_failed(records[0]) : agg_pair_failed(records[1]);
        if (RZ_UNLIKELY(failure != 0)) {
            return rz_agg_fail_kept(failure, err);
        }
        if (a == NULL || b == NULL || a->count == 0 || b->count == 0) {
            continue;
        }
        uint64_t weight = rz_agg_weight(weights, row);
        uint64_t product = rows[0] * rows[1]; /* what the weight is a multiple of */
        agg_pair_cross(bound->pair->op, a, b, &pairs);
        agg_pair_take((agg_pair_state *)(void *)(one != NULL ? one : states[row]), &pairs, weight == product ? 1 : weight / product);
    }
    return RUZU_OK;
}

static ruzu_status agg_pair_update(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)context;
    return agg_pair_rows(bound, states, NULL, arg, sel, weights, err);
}

static ruzu_status agg_pair_update_one(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *state, const rz_vec *arg, const rz_sel *sel, const uint64_t *weights, rz_error *err)
{
    (void)context;
    return agg_pair_rows(bound, NULL, state, arg, sel, weights, err);
}

static ruzu_status agg_pair_merge(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *into, const uint8_t *const *from, const uint64_t *times, uint32_t count, rz_error *err)
{
    (void)bound;
    (void)context;
    (void)err;
    for (uint32_t i = 0; i < count; i++) {
        agg_pair_take((agg_pair_state *)(void *)into[i], (const agg_pair_state *)(const void *)from[i], times[i]);
    }
    return RUZU_OK;
}

static ruzu_status agg_pair_combine(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *into, const uint8_t *from, rz_error *err)
{
    const uint64_t once = 1;
    agg_pair_state copy;
    memcpy(&copy, from, sizeof copy);
    const uint8_t *aligned = (const uint8_t *)&copy;
    return agg_pair_merge(bound, context, &into, &aligned, &once, 1, err);
}

/* ---- results ---- */

/* A value that evaluating row by row would have refused. */
static ruzu_status agg_pair_check(const rz_agg_bound *bound, const agg_pair_state *state, rz_error *err)
{
    bool is_signed = false;
    uint32_t bits = 8 * rz_integer_width(bound->pair->type->physical, &is_signed);
    rz_int128 greatest = ((rz_int128)1 << (is_signed ? bits - 1 : bits)) - 1;
    rz_int128 least = is_signed ? -greatest - 1 : 0;
    if (RZ_LIKELY(state->least >= least && state->greatest <= greatest)) {
        return state->count == UINT64_MAX ? rz_agg_fail_sum(err) : RUZU_OK;
    }
    rz_str text;
    rz_str_init(&text, rz_mem_root());
    rz_str_append_text(&text, "Value ");
    rz_text_append_int128(state->least < least ? state->least : state->greatest, &text);
    rz_str_append_text(&text, " is not within ");
    rz_type_format(bound->pair->type, &text);
    ruzu_status status = text.failed ? rz_error_no_memory(err, "wording a message") : rz_error_set(err, RUZU_ERROR_OVERFLOW, "%s range.", rz_str_text(&text));
    rz_str_free(&text);
    return status;
}

static ruzu_status agg_pair_write(const rz_agg_bound *bound, const agg_pair_state *state, rz_vec *out, uint32_t row, rz_error *err)
{
    switch (bound->pair->result) {
    case RZ_AGG_PAIR_COUNT:
        if (state->count > INT64_MAX) {
            return rz_error_set(err, RUZU_ERROR_OVERFLOW, "The number of rows is not within INT64 range.");
        }
        ((int64_t *)out->data)[row] = (int64_t)state->count;
        return RUZU_OK;
    case RZ_AGG_PAIR_SUM: ((rz_int128 *)out->data)[row] = state->sum; return RUZU_OK;
    case RZ_AGG_PAIR_AVG: ((double *)out->data)[row] = rz_agg_mean(state->sum, state->count); return RUZU_OK;
    case RZ_AGG_PAIR_MIN:
    case RZ_AGG_PAIR_MAX: {
        rz_int128 value = bound->pair->result == RZ_AGG_PAIR_MIN ? state->least : state->greatest;
        return rz_integer_set(bound->pair->type->physical, out->data, row, (int64_t)value) ? RUZU_OK : rz_error_set(err, RUZU_ERROR_INTERNAL, "an extreme is out of range");
    }
    }
    return RUZU_OK;
}

static ruzu_status agg_pair_finish(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count, rz_vec *out, uint32_t out_start, rz_error *err)
{
    (void)fn;
    for (uint32_t i = 0; i < count; i++) {
        const agg_pair_state *state = (const agg_pair_state *)(const void *)states[i];
        if (state->count == 0 && bound->pair->result != RZ_AGG_PAIR_COUNT) {
            rz_vec_set_null(out, out_start + i);
            continue;
        }
        RZ_TRY(state->count == 0 ? RUZU_OK : agg_pair_check(bound, state, err));
        RZ_TRY(agg_pair_write(bound, state, out, out_start + i, err));
    }
    return RUZU_OK;
}

static const rz_agg agg_pair = {"PAIR", true, agg_pair_init, agg_pair_update, agg_pair_update_one, agg_pair_combine, agg_pair_finish, NULL, NULL, agg_pair_merge};

/* ---- binding ---- */

static bool agg_pair_is_integer(const rz_type *type)
{
    switch ((ruzu_type_id)type->id) {
    case RUZU_TYPE_INT8:
    case RUZU_TYPE_INT16:
    case RUZU_TYPE_INT32:
    case RUZU_TYPE_INT64:
    case RUZU_TYPE_UINT8:
    case RUZU_TYPE_UINT16:
    case RUZU_TYPE_UINT32: return true;
    default: return false;
    }
}

bool rz_agg_pairs(const rz_agg_bound *bound, const rz_fn_bound *function, rz_agg_pair *out)
{
    static const struct {
        const char *name;
        rz_agg_pair_result result;
    } results[] = {{"COUNT", RZ_AGG_PAIR_COUNT}, {"SUM", RZ_AGG_PAIR_SUM}, {"AVG", RZ_AGG_PAIR_AVG}, {"MIN", RZ_AGG_PAIR_MIN}, {"MAX", RZ_AGG_PAIR_MAX}};
    static const struct {
        const char *name;
        rz_agg_pair_op op;
    } operators[] = {{"+", RZ_AGG_PAIR_ADD}, {"-", RZ_AGG_PAIR_SUBTRACT}, {"*", RZ_AGG_PAIR_MULTIPLY}};
    bool found[2] = {false, false};
    *out = (rz_agg_pair){.type = function->result};
    for (uint32_t i = 0; i < sizeof results / sizeof *results; i++) {
        if (strcmp(bound->agg->name, results[i].name) == 0) {
            out->result = results[i].result;
            found[0] = true;
        }
    }
    for (uint32_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (strcmp(function->fn->name, operators[i].name) == 0) {
            out->op = operators[i].op;
            found[1] = true;
        }
    }
    return found[0] && found[1] && function->arg_count == 2 && agg_pair_is_integer(function->arg_types[0]) && agg_pair_is_integer(function->arg_types[1]) &&
           agg_pair_is_integer(function->result) && (bound->arg_type == NULL || rz_type_equal(bound->arg_type, function->result));
}

void rz_agg_pair_bind(const rz_agg_bound *of, const rz_agg_pair *pair, const rz_type *arg_type, rz_agg_bound *out)
{
    *out = (rz_agg_bound){.agg = &agg_pair, .result = of->result, .arg_type = arg_type, .state_size = sizeof(agg_pair_state), .pair = pair};
}
