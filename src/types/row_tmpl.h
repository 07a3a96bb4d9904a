/* SPDX-License-Identifier: MIT */
/*
 * Row form of values of one fixed-size type. Included by row.c once per type with
 *   ROW_NAME(stem)   the function's name for a stem
 *   ROW_TYPE         the C type
 *   ROW_MOVE         when defined, the functions that write and read
 *   ROW_EQUAL(x, y)  when defined (grouping equality of two values, by address), the function that compares
 */

#ifdef ROW_MOVE
static void ROW_NAME(row_write)(const rz_vec *base, const uint32_t *at, uint32_t start, uint32_t count, uint8_t **cursors)
{
    const ROW_TYPE *data = (const ROW_TYPE *)base->data;
    if (base->validity == NULL) {
        for (uint32_t i = 0; i < count; i++) {
            uint8_t *out = cursors[i];
            *out = ROW_VALUE;
            memcpy(out + 1, &data[at == NULL ? start + i : at[i]], sizeof *data);
            cursors[i] = out + 1 + sizeof *data;
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = at == NULL ? start + i : at[i];
        uint8_t *out = cursors[i];
        if (rz_bit_get(base->validity, row)) {
            *out = ROW_VALUE;
            memcpy(out + 1, &data[row], sizeof *data);
            cursors[i] = out + 1 + sizeof *data;
        } else {
            *out = ROW_NULL;
            cursors[i] = out + 1;
        }
    }
}

static void ROW_NAME(row_read)(const uint8_t **cursors, uint32_t count, rz_vec *vec, uint32_t start_row)
{
    ROW_TYPE *data = (ROW_TYPE *)vec->data + start_row;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *in = cursors[i];
        if (RZ_LIKELY(*in == ROW_VALUE)) {
            memcpy(&data[i], in + 1, sizeof *data);
            cursors[i] = in + 1 + sizeof *data;
        } else {
            rz_vec_set_null(vec, start_row + i);
            cursors[i] = in + 1;
        }
    }
}
#undef ROW_MOVE
#endif

#ifdef ROW_EQUAL
static uint32_t ROW_NAME(row_match)(const uint8_t **cursors, const rz_vec *base, const uint32_t *at, const uint32_t *items, uint32_t count,
                                    uint32_t *out)
{
    const ROW_TYPE *data = (const ROW_TYPE *)base->data;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t item = items[i];
        const uint8_t *in = cursors[item];
        bool valid = base->validity == NULL || rz_bit_get(base->validity, at[i]);
        if (valid != (*in == ROW_VALUE)) {
            continue;
        }
        in++;
        if (valid) {
            ROW_TYPE value;
            memcpy(&value, in, sizeof value);
            if (!(ROW_EQUAL(&value, &data[at[i]]))) {
                continue;
            }
            in += sizeof value;
        }
        cursors[item] = in;
        out[kept++] = item;
    }
    return kept;
}
#undef ROW_EQUAL
#endif

#undef ROW_NAME
#undef ROW_TYPE
