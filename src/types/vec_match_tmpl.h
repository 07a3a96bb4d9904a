/* SPDX-License-Identifier: MIT */
/*
 * Comparison of candidate pairs of one fixed-size type. Included by vec_compare.c once per type with
 *   MATCH_NAME         the function's name
 *   MATCH_TYPE         the C type
 *   MATCH_EQUAL(x, y)  grouping equality of two values, by address
 *
 * Pair i is row a_at[i] of a and row b_at[i] of b. Moves the items whose pairs are equal to the front, returns how many.
 */

static uint32_t MATCH_NAME(const rz_vec *a, const uint32_t *RZ_RESTRICT a_at, const rz_vec *b, const uint32_t *RZ_RESTRICT b_at,
                           const uint32_t *items, uint32_t count, uint32_t *out)
{
    const MATCH_TYPE *a_data = (const MATCH_TYPE *)a->data;
    const MATCH_TYPE *b_data = (const MATCH_TYPE *)b->data;
    uint32_t kept = 0;
    if (a->validity == NULL && b->validity == NULL) {
        for (uint32_t i = 0; i < count; i++) {
            bool same = MATCH_EQUAL(&a_data[a_at[i]], &b_data[b_at[i]]);
            out[kept] = items[i];
            kept += same;
        }
        return kept;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool a_valid = a->validity == NULL || rz_bit_get(a->validity, a_at[i]);
        bool b_valid = b->validity == NULL || rz_bit_get(b->validity, b_at[i]);
        bool same = a_valid == b_valid && (!a_valid || MATCH_EQUAL(&a_data[a_at[i]], &b_data[b_at[i]]));
        out[kept] = items[i];
        kept += same;
    }
    return kept;
}

#undef MATCH_NAME
#undef MATCH_TYPE
#undef MATCH_EQUAL
