/* SPDX-License-Identifier: MIT */
/*
 * Template of summing one integer type into rz_agg_sum_state: agg_sum_update_S and agg_sum_update_one_S. Parameters,
 * undefined at the end:
 *
 *   RZ_S_T, RZ_S_S   the C type and the suffix S of the names
 *   RZ_S_WIDE        1 when the type has 128 bits, whose sums may overflow after a few values
 */
#define SUM_JOIN2(a, b) a##b
#define SUM_JOIN(a, b)  SUM_JOIN2(a, b)
#define SUM_NAME(stem)  SUM_JOIN(stem, RZ_S_S)

/* Without weights, 2^63 values of 64 bits fit into the sum: only wide types and products need the check. */
RZ_FORCE_INLINE bool SUM_NAME(agg_sum_add_)(rz_agg_sum_state *state, RZ_S_T value, uint64_t weight)
{
    state->count = rz_agg_add_counts(state->count, weight);
#if !RZ_S_WIDE
    if (RZ_LIKELY(weight == 1)) {
        state->sum += value;
        return false;
    }
#endif
    rz_int128 product;
    return rz_mul_overflow((rz_int128)value, (rz_int128)weight, &product) ||
           rz_add_overflow(state->sum, product, &state->sum);
}

static ruzu_status SUM_NAME(agg_sum_update_)(const rz_agg_bound *bound, rz_agg_context *context, uint8_t *const *states,
                                             const rz_vec *arg, const rz_sel *sel, const uint64_t *weights,
                                             rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader reader = rz_fn_read(arg);
    bool bad = false;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&reader, row);
        if (!rz_fn_is_null_at(&reader, at)) {
            rz_agg_sum_state *state = (rz_agg_sum_state *)(void *)states[row];
            bad |= SUM_NAME(agg_sum_add_)(state, ((const RZ_S_T *)reader.data)[at], rz_agg_weight(weights, row));
        }
    }
    return bad ? rz_agg_fail_sum(err) : RUZU_OK;
}

#if !RZ_S_WIDE
/* Consecutive values without NULLs: sums of the halves, which cannot overflow within a vector, and loops that
 * vectorise. */
static void SUM_NAME(agg_sum_block_)(rz_agg_sum_state *state, const RZ_S_T *values, uint32_t count)
{
    int64_t high = 0;
    uint64_t low = 0;
    for (uint32_t i = 0; i < count; i++) {
        low += (uint32_t)((uint64_t)values[i] & UINT32_MAX);
        high += (int64_t)((rz_int128)values[i] >> 32);
    }
    state->sum += (rz_int128)high * (INT64_C(1) << 32) + low;
    state->count = rz_agg_add_counts(state->count, count);
}
#endif

static ruzu_status SUM_NAME(agg_sum_update_one_)(const rz_agg_bound *bound, rz_agg_context *context,
                                                 uint8_t *state_bytes, const rz_vec *arg, const rz_sel *sel,
                                                 const uint64_t *weights, rz_error *err)
{
    (void)bound;
    (void)context;
    rz_fn_reader reader = rz_fn_read(arg);
    rz_agg_sum_state *state = (rz_agg_sum_state *)(void *)state_bytes;
#if !RZ_S_WIDE
    if (arg->kind == RZ_VEC_FLAT && sel->rows == NULL && reader.base->validity == NULL && weights == NULL) {
        SUM_NAME(agg_sum_block_)(state, (const RZ_S_T *)reader.data, sel->count);
        return RUZU_OK;
    }
#endif
    bool bad = false;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t at = rz_fn_at(&reader, row);
        if (!rz_fn_is_null_at(&reader, at)) {
            bad |= SUM_NAME(agg_sum_add_)(state, ((const RZ_S_T *)reader.data)[at], rz_agg_weight(weights, row));
        }
    }
    return bad ? rz_agg_fail_sum(err) : RUZU_OK;
}

#undef SUM_JOIN2
#undef SUM_JOIN
#undef SUM_NAME
#undef RZ_S_T
#undef RZ_S_S
#undef RZ_S_WIDE
