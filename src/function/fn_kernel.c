/* SPDX-License-Identifier: MIT */
/*
 * What kernels of all families share: interruption, copying rows between vectors without copying string bytes, room for
 * new strings.
 */
#include "function/fn.h"

ruzu_status rz_fn_check_interrupt(const rz_fn_context *context, rz_error *err)
{
    uint32_t why = context->interrupted == NULL ? 0 : atomic_load_explicit(context->interrupted, memory_order_relaxed);
    if (RZ_LIKELY(why == 0)) { /* while a kernel works nobody else may be there to look at the clock */
        if (RZ_LIKELY(context->deadline_us == 0) || rz_now_monotonic_us() < context->deadline_us) {
            return RUZU_OK;
        }
        why = 2;
    }
    return rz_error_set(err, why == 1 ? RUZU_ERROR_INTERRUPTED : RUZU_ERROR_TIMEOUT, "Interrupted.");
}

ruzu_status rz_fn_new_string(rz_vec *out, uint64_t length, char **data, rz_error *err)
{
    *data = NULL;
    if (length > RZ_FN_MAX_STRING) {
        return rz_error_set(err, RUZU_ERROR_LIMIT,
                            "The maximum length of strings is %llu bytes. The string's length would be %llu.",
                            (unsigned long long)RZ_FN_MAX_STRING, (unsigned long long)length);
    }
    *data = (char *)rz_arena_alloc(out->heap, length == 0 ? 1 : (size_t)length);
    RZ_TRY_ALLOC(*data, err, "building a string");
    return RUZU_OK;
}

static bool fn_is_shared_by_copy(const rz_type *type)
{
    return type->physical != RZ_PHYS_NONE && type->physical != RZ_PHYS_LIST && type->physical != RZ_PHYS_STRUCT;
}

#define FN_COPY_LOOP(type)                               \
    for (uint32_t i = 0; i < count; i++) {               \
        ((type *)to)[i] = ((const type *)from)[rows[i]]; \
    }                                                    \
    break

typedef struct fn_bytes16 {
    uint64_t words[2];
} fn_bytes16;

/* Rows of `size` bytes gathered to consecutive places. */
static void fn_gather_bytes(void *to, const void *from, const uint32_t *rows, uint32_t count, uint32_t size)
{
    switch (size) {
    case 1: FN_COPY_LOOP(uint8_t);
    case 2: FN_COPY_LOOP(uint16_t);
    case 4: FN_COPY_LOOP(uint32_t);
    case 8: FN_COPY_LOOP(uint64_t);
    case 16: FN_COPY_LOOP(fn_bytes16);
    default:
        for (uint32_t i = 0; i < count; i++) {
            memcpy((uint8_t *)to + (size_t)i * size, (const uint8_t *)from + (size_t)rows[i] * size, size);
        }
    }
}
#undef FN_COPY_LOOP

ruzu_status rz_fn_copy_run(rz_vec *dst, uint32_t dst_start, const rz_vec *src, uint32_t first, uint32_t count,
                           rz_arena *scratch, rz_error *err)
{
    if (count == 0) {
        return RUZU_OK;
    }
    if (src->kind == RZ_VEC_FLAT && fn_is_shared_by_copy(src->type)) {
        uint32_t size = rz_type_size(src->type);
        memcpy((uint8_t *)dst->data + (size_t)dst_start * size, (const uint8_t *)src->data + (size_t)first * size,
               (size_t)count * size);
        for (uint32_t i = 0; src->validity != NULL && i < count; i++) {
            if (!rz_bit_get(src->validity, first + i)) {
                rz_vec_set_null(dst, dst_start + i);
            }
        }
        return RUZU_OK;
    }
    uint32_t *rows = RZ_NEW_ARRAY(scratch, uint32_t, count);
    RZ_TRY_ALLOC(rows, err, "copying rows");
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = first + i;
    }
    return rz_vec_gather(dst, dst_start, src, rows, count, err);
}

ruzu_status rz_fn_copy_row(rz_vec *dst, uint32_t row, const rz_vec *src, uint32_t src_row, rz_error *err)
{
    if (rz_vec_is_null(src, src_row)) {
        rz_vec_set_null(dst, row);
        return RUZU_OK;
    }
    if (!fn_is_shared_by_copy(src->type)) {
        return rz_vec_gather(dst, row, src, &src_row, 1, err);
    }
    rz_fn_reader reader = rz_fn_read(src);
    uint32_t at = rz_fn_at(&reader, src_row);
    fn_gather_bytes((uint8_t *)dst->data + (size_t)row * rz_type_size(dst->type), reader.data, &at, 1,
                    rz_type_size(src->type));
    return RUZU_OK;
}

ruzu_status rz_fn_copy_rows(rz_vec *dst, const rz_vec *src, const rz_sel *sel, rz_error *err)
{
    if (sel->rows == NULL && src->kind == RZ_VEC_FLAT && fn_is_shared_by_copy(src->type) && src->validity == NULL) {
        memcpy(dst->data, src->data, (size_t)sel->count * rz_type_size(src->type));
        return RUZU_OK;
    }
    if (sel->rows == NULL && !fn_is_shared_by_copy(src->type)) {
        return rz_vec_copy(dst, 0, src, sel, err);
    }
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        RZ_TRY(rz_fn_copy_row(dst, row, src, row, err));
    }
    return RUZU_OK;
}

ruzu_status rz_fn_copy_strided(rz_vec *dst, uint32_t start, uint32_t stride, const rz_vec *src, const rz_sel *sel,
                               rz_error *err)
{
    rz_fn_reader reader = rz_fn_read(src);
    bool words = fn_is_shared_by_copy(src->type) && rz_type_size(src->type) == 8 && reader.base->validity == NULL;
    for (uint32_t idx = 0; idx < sel->count; idx++) {
        uint32_t row = rz_sel_at(sel, idx);
        uint32_t to = start + idx * stride;
        if (words) {
            ((uint64_t *)dst->data)[to] = RZ_FN_GET(uint64_t, reader, row);
        } else {
            RZ_TRY(rz_fn_copy_row(dst, to, src, row, err));
        }
    }
    return RUZU_OK;
}
