/* SPDX-License-Identifier: MIT */
/*
 * Hash of values of one fixed-size type. Included by vec_hash.c once per type with
 *   HASH_NAME     the function's name
 *   HASH_TYPE     the C type
 *   HASH_VALUE(v) its hash
 */

static void HASH_NAME(const rz_vec *base, const uint32_t *RZ_RESTRICT at, uint32_t start, uint32_t count, uint64_t *RZ_RESTRICT out)
{
    const HASH_TYPE *RZ_RESTRICT data = (const HASH_TYPE *)base->data;
    if (at == NULL) {
        data += start;
        for (uint32_t i = 0; i < count; i++) {
            out[i] = HASH_VALUE(data[i]);
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            out[i] = HASH_VALUE(data[at[i]]);
        }
    }
}

#undef HASH_NAME
#undef HASH_TYPE
#undef HASH_VALUE
