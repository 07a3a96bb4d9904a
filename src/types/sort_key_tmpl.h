/* SPDX-License-Identifier: MIT */
/*
 * Keys of many values of one fixed-size type. Included by sort_key.c once per type with
 *   KEY_NAME        the function's name
 *   KEY_TYPE        the C type
 *   KEY_PUT(v, flip, out) writes the key of a value, KEY_WIDTH bytes
 *   KEY_WIDTH       its bytes
 */

static void KEY_NAME(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, const sort_key_form *form, uint8_t *out,
                     size_t stride)
{
    const KEY_TYPE *data = (const KEY_TYPE *)base->data;
    for (uint32_t i = 0; i < count; i++, out += stride) {
        uint32_t row = at == NULL ? start + i : at[i];
        if (base->validity != NULL && !rz_bit_get(base->validity, row)) {
            out[0] = form->null_marker;
            memset(out + 1, 0, KEY_WIDTH);
            continue;
        }
        out[0] = KEY_MARK_VALUE;
        KEY_PUT(data[row], form->flip, out + 1);
    }
}

#undef KEY_NAME
#undef KEY_TYPE
#undef KEY_PUT
#undef KEY_WIDTH
