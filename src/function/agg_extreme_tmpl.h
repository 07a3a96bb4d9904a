/* SPDX-License-Identifier: MIT */
/*
 * Template of MIN, MAX and ANY_VALUE of one type of fixed size: agg_{min,max,any}_S as rz_agg. Parameters, undefined at
 * the end:
 *
 *   RZ_E_T, RZ_E_S     the C type and the suffix S of the names
 *   RZ_E_LESS(a, b)    the sort order of dialect §12.3, of two lvalues
 *
 * Weights do not matter: a row counts as often as once.
 */
#define EXTREME_JOIN2(a, b) a##b
#define EXTREME_JOIN(a, b)  EXTREME_JOIN2(a, b)
#define EXTREME_NAME(stem)  EXTREME_JOIN(stem, RZ_E_S)
#define EXTREME_STATE       EXTREME_NAME(agg_extreme_state_)

typedef struct EXTREME_STATE {
    RZ_E_T value;
    uint64_t seen;
} EXTREME_STATE;

RZ_FORCE_INLINE void EXTREME_NAME(agg_extreme_take_)(rz_agg_extreme which, EXTREME_STATE *state, RZ_E_T value)
{
    bool better = which == RZ_AGG_MIN   ? RZ_E_LESS(value, state->value)
                  : which == RZ_AGG_MAX ? RZ_E_LESS(state->value, value)
                                        : false;
    if (state->seen == 0 || better) {
        state->value = value;
        state->seen = 1;
    }
}

RZ_FORCE_INLINE void EXTREME_NAME(agg_extreme_rows_)(rz_agg_extreme which, uint8_t *const *states, uint8_t *one,
                                                     const rz_vec *arg, const rz_sel *sel)
{
    rz_fn_reader reader = rz_fn_read(arg);
    const RZ_E_T *values = (const RZ_E_T *)reader.data;
    if (one != NULL && sel->count != 0 && arg->kind == RZ_VEC_FLAT && sel->rows == NULL &&
        reader.base->validity == NULL && which != RZ_AGG_ANY) {
        RZ_E_T best = values[0];
        for (uint32_t i = 1; i < sel->count; i++) {
            bool better = which == RZ_AGG_MIN ? RZ_E_LESS(values[i], best) : RZ_E_LESS(best, values[i]);
            best = better ? values[i] : best;
        }
        EXTREME_NAME(agg_extreme_take_)(which, (EXTREME_STATE *)(void *)one, best);
        return;
    }
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&reader, row);
        if (!rz_fn_is_null_at(&reader, at)) {
            EXTREME_NAME(agg_extreme_take_)
            (which, (EXTREME_STATE *)(void *)(one != NULL ? one : states[row]), values[at]);
        }
    }
}

#define EXTREME_FUNCTIONS(word, which)                                                                               \
    static ruzu_status EXTREME_NAME(agg_##word##_update_)(const rz_agg_bound *bound, rz_agg_context *context,        \
                                                          uint8_t *const *states, const rz_vec *arg,                 \
                                                          const rz_sel *sel, const uint64_t *weights, rz_error *err) \
    {                                                                                                                \
        (void)bound;                                                                                                 \
        (void)context;                                                                                               \
        (void)weights;                                                                                               \
        (void)err;                                                                                                   \
        EXTREME_NAME(agg_extreme_rows_)(which, states, NULL, arg, sel);                                              \
        return RUZU_OK;                                                                                              \
    }                                                                                                                \
    static ruzu_status EXTREME_NAME(agg_##word##_update_one_)(const rz_agg_bound *bound, rz_agg_context *context,    \
                                                              uint8_t *state, const rz_vec *arg, const rz_sel *sel,  \
                                                              const uint64_t *weights, rz_error *err)                \
    {                                                                                                                \
        (void)bound;                                                                                                 \
        (void)context;                                                                                               \
        (void)weights;                                                                                               \
        (void)err;                                                                                                   \
        EXTREME_NAME(agg_extreme_rows_)(which, NULL, state, arg, sel);                                               \
        return RUZU_OK;                                                                                              \
    }                                                                                                                \
    static ruzu_status EXTREME_NAME(agg_##word##_combine_)(const rz_agg_bound *bound, rz_agg_context *context,       \
                                                           uint8_t *into, const uint8_t *from_bytes, rz_error *err)  \
    {                                                                                                                \
        (void)bound;                                                                                                 \
        (void)context;                                                                                               \
        (void)err;                                                                                                   \
        EXTREME_STATE from;                                                                                          \
        memcpy(&from, from_bytes, sizeof from);                                                                      \
        if (from.seen != 0) {                                                                                        \
            EXTREME_NAME(agg_extreme_take_)(which, (EXTREME_STATE *)(void *)into, from.value);                       \
        }                                                                                                            \
        return RUZU_OK;                                                                                              \
    }                                                                                                                \
    static ruzu_status EXTREME_NAME(agg_##word##_merge_)(const rz_agg_bound *bound, rz_agg_context *context,         \
                                                         uint8_t *const *into, const uint8_t *const *from,           \
                                                         const uint64_t *times, uint32_t count, rz_error *err)       \
    {                                                                                                                \
        (void)bound;                                                                                                 \
        (void)context;                                                                                               \
        (void)times;                                                                                                 \
        (void)err;                                                                                                   \
        for (uint32_t i = 0; i < count; i++) {                                                                       \
            const EXTREME_STATE *state = (const EXTREME_STATE *)(const void *)from[i];                               \
            if (state->seen != 0) {                                                                                  \
                EXTREME_NAME(agg_extreme_take_)(which, (EXTREME_STATE *)(void *)into[i], state->value);              \
            }                                                                                                        \
        }                                                                                                            \
        return RUZU_OK;                                                                                              \
    }
EXTREME_FUNCTIONS(min, RZ_AGG_MIN)
EXTREME_FUNCTIONS(max, RZ_AGG_MAX)
EXTREME_FUNCTIONS(any, RZ_AGG_ANY)
#undef EXTREME_FUNCTIONS

static ruzu_status EXTREME_NAME(agg_extreme_finish_)(const rz_agg_bound *bound, const rz_fn_context *fn, uint8_t *const *states, uint32_t count,
                                                     rz_vec *out, uint32_t out_start, rz_error *err)
{
    (void)bound;
    (void)fn;
    (void)err;
    for (uint32_t i = 0; i < count; i++) {
        const EXTREME_STATE *state = (const EXTREME_STATE *)(const void *)states[i];
        if (state->seen == 0) {
            rz_vec_set_null(out, out_start + i);
        } else {
            ((RZ_E_T *)out->data)[out_start + i] = state->value;
        }
    }
    return RUZU_OK;
}

#define EXTREME_TABLE(text, word)                                                                                 \
    {                                                                                                             \
        text, true, agg_extreme_init, EXTREME_NAME(agg_##word##_update_), EXTREME_NAME(agg_##word##_update_one_), \
            EXTREME_NAME(agg_##word##_combine_), EXTREME_NAME(agg_extreme_finish_), NULL, NULL,                   \
            EXTREME_NAME(agg_##word##_merge_)                                                                     \
    }
static const rz_agg EXTREME_NAME(agg_extremes_)[RZ_AGG_EXTREME_COUNT] = {
    EXTREME_TABLE("MIN", min), EXTREME_TABLE("MAX", max), EXTREME_TABLE("ANY_VALUE", any)};
#undef EXTREME_TABLE

#undef EXTREME_JOIN2
#undef EXTREME_JOIN
#undef EXTREME_NAME
#undef EXTREME_STATE
#undef RZ_E_T
#undef RZ_E_S
#undef RZ_E_LESS
