/* SPDX-License-Identifier: MIT */
/*
 * Template of adding up integers of one type by slot. Parameters, undefined at the end:
 *
 *   RZ_S_T, RZ_S_S   the C type and the suffix S of the names
 */
#define SLOTS_JOIN2(a, b) a##b
#define SLOTS_JOIN(a, b)  SLOTS_JOIN2(a, b)
#define SLOTS_NAME(stem)  SLOTS_JOIN(stem, RZ_S_S)

/* Whether a vector's worth of the values can be added up in 64 bits. */
static bool SLOTS_NAME(agg_slots_small_)(const RZ_S_T *values, const rz_sel *sel)
{
    uint64_t bits = 0;
    if (sizeof(RZ_S_T) < 8) {
        return true;
    }
    for (uint32_t i = 0; i < sel->count && sel->rows == NULL; i++) {
        int64_t value = (int64_t)values[i];
        bits |= (uint64_t)(value ^ (value >> 63));
    }
    for (uint32_t i = 0; i < sel->count && sel->rows != NULL; i++) {
        int64_t value = (int64_t)values[sel->rows[i]];
        bits |= (uint64_t)(value ^ (value >> 63));
    }
    return bits < (UINT64_C(1) << 48);
}

static void SLOTS_NAME(agg_slots_add_)(const RZ_S_T *RZ_RESTRICT values, const rz_sel *sel, const uint16_t *RZ_RESTRICT slots, int64_t *RZ_RESTRICT sums)
{
    if (sel->rows == NULL) {
        uint32_t i = 0;
        for (; i + 4 <= sel->count; i += 4) { /* compilers do not unroll it by themselves: they see a store that the next load may want */
            sums[slots[i]] += (int64_t)values[i];
            sums[slots[i + 1]] += (int64_t)values[i + 1];
            sums[slots[i + 2]] += (int64_t)values[i + 2];
            sums[slots[i + 3]] += (int64_t)values[i + 3];
        }
        for (; i < sel->count; i++) {
            sums[slots[i]] += (int64_t)values[i];
        }
        return;
    }
    for (uint32_t i = 0; i < sel->count; i++) {
        sums[slots[i]] += (int64_t)values[sel->rows[i]];
    }
}

#undef SLOTS_JOIN2
#undef SLOTS_JOIN
#undef SLOTS_NAME
#undef RZ_S_T
#undef RZ_S_S
